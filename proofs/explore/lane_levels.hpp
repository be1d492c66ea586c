// The search itself: level by level, any number of threads, for keys of one width.
#pragma once

#include "proofs/explore/exploration.hpp"
#include "proofs/explore/key_set.hpp"
#include "proofs/explore/lane_explorer.hpp"
#include "proofs/explore/lane_successors.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace halfclose::proofs {

/// A step that emits a goal.
struct Sighting {
  machine::OutputId output = 0;
  std::uint32_t level = 0;      ///< of the state before
  std::vector<ValueId> before;  ///< per lane
  system::Stimulus stimulus{};
};

/// What a search knows whatever the width of its keys.
struct LaneRun {
  LaneRun(const system::System& system, const Search& search, const LaneOptions& options);
  bool reduced() const { return ample != nullptr || orbits != nullptr; }

  const system::System& system;
  const Search& search;
  const LaneOptions& options;
  LaneMemo memo;
  std::unique_ptr<LaneAmple> ample;    ///< null: no partial-order reduction
  std::unique_ptr<LaneOrbits> orbits;  ///< null: no symmetry
  std::vector<std::string> refused;    ///< why a reduction is not used
  std::atomic<bool> tangled{false};    ///< the symmetries do not hold: the search is void
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  std::uint64_t missing;
  std::vector<Sighting> sightings;         ///< one per goal that was found
  std::vector<std::uint64_t> level_sizes;  ///< states per level
  std::uint64_t transitions = 0, bytes = 0;
  std::string limit;
  bool complete = false;
};

/// Places in the list of states to expand: [from, to).
struct Range {
  std::size_t from = 0, to = 0;
};

/// Total orders that do not depend on how values are numbered.
bool comes_before(system::Stimulus left, system::Stimulus right);
bool comes_before(const LaneMemo& memo, const Sighting& left, const Sighting& right);

/// Keys that one thread put into the set a moment ago. States that are expanded one after
/// the other have successors in common, so most that are not new are found here.
template <unsigned Words> class RecentKeys {
 public:
  /// The key is among them; from now on it is.
  bool knows(const Key<Words>& key, std::uint64_t hash) {
    Key<Words>& known = keys_[hash % kKeys];
    if (known == key) return true;
    known = key;
    return false;
  }
  void forget() { keys_.assign(kKeys, {}); }

 private:
  static constexpr std::size_t kKeys = 1u << 14;
  std::vector<Key<Words>> keys_ = std::vector<Key<Words>>(kKeys);
};

template <unsigned Words> class LaneLevels {
 public:
  /// @pre  `layout` is one for keys of this width
  LaneLevels(LaneRun& run, KeyLayout layout);
  /// Goes on where keys of another width became too narrow.
  template <unsigned Other> LaneLevels(LaneRun& run, KeyLayout layout, LaneLevels<Other>& narrower);

  /// A layout for the values the lanes have so far; nothing when they do not fit.
  static std::optional<KeyLayout> lay_out_for(const LaneMemo& memo,
                                              unsigned level_bits = kLevelBits);
  unsigned level_bits() const { return level_bits_; }
  std::uint64_t states() const { return states_.load(); }
  /// False when the lanes have too many values for keys of this width; true at the end.
  bool search();

  const KeySet<Words>& seen() const { return seen_; }
  const KeyLayout& layout() const { return layout_; }

 private:
  template <unsigned Other> friend class LaneLevels;
  static constexpr unsigned kLevelBits = 8;   // to begin with
  static constexpr std::size_t kBatch = 128;  // states that a thread claims at once
  static constexpr std::size_t kFlush = 256;  // successors that are inserted together
  static constexpr unsigned kThreadsMax = 256;
  static constexpr unsigned kFull = 80;  // percent

  struct Next {
    Key<Words> key;
    std::size_t home = 0;
  };
  struct Worker {
    Worker(LaneRun& run, const KeyLayout& layout)
        : successors(run.memo, layout, run.ample.get(), run.orbits.get()) {}
    LaneSuccessors<Words> successors;
    RecentKeys<Words> recent;
    std::vector<Next> buffer;
    std::vector<Key<Words>> fresh;
    std::uint64_t transitions = 0;
    std::vector<Sighting> sightings;
  };

  bool lay_out_again();
  template <unsigned From> void move_in(const KeySet<From>& from, const KeyLayout& layout);
  void enlarge();
  void adopt(KeySet<Words> larger);

  bool expand_level();
  void round();
  template <class Work> void with_each_worker(const Work& work);
  void work(std::size_t worker);
  bool claim(Range& range);
  bool process(Worker& worker, Range range);
  bool flush(Worker& worker);
  void sight(Worker& worker, const Key<Words>& before, system::Stimulus stimulus,
             std::uint64_t emitted);
  void check_limits();
  void interrupt() { interrupted_.store(true, std::memory_order_relaxed); }
  std::uint64_t bytes() const;
  void collect();
  void end_level();

  LaneRun& run_;
  unsigned level_bits_ = kLevelBits;
  KeyLayout layout_;
  KeySet<Words> seen_;
  std::vector<Key<Words>> frontier_;
  std::deque<Worker> workers_;

  std::uint32_t level_ = 0;                         ///< the one that is being expanded
  std::atomic<std::uint64_t> states_{1}, used_{1};  ///< seen; seen or about to be
  std::atomic<std::size_t> cursor_{0};
  std::atomic<bool> interrupted_{false}, full_{false};
  bool shared_ = false;
  std::mutex mutex_;
  std::vector<Range> again_;  ///< ranges of the frontier that were claimed and not done
  std::exception_ptr error_;
};

//--- layout -----------------------------------------------------------------------------------

template <unsigned Words>
LaneLevels<Words>::LaneLevels(LaneRun& run, KeyLayout layout)
    : run_(run), layout_(std::move(layout)) {
  seen_ = KeySet<Words>(1u << 12, layout_);
  std::vector<ValueId> values;
  for (std::size_t l = 0; l < run.memo.lanes(); ++l)
    values.push_back(run.memo.initial(l));
  frontier_ = {key_of<Words>(values, layout_)};
  seen_.insert(frontier_[0], seen_.home(frontier_[0]), 0, false);
  run.memo.watch(layout_.most_values());
  run.level_sizes = {1};
  for (unsigned w = 0; w < std::clamp(run.options.threads, 1u, kThreadsMax); ++w)
    workers_.emplace_back(run, layout_);
}

template <unsigned Words>
std::optional<KeyLayout> LaneLevels<Words>::lay_out_for(const LaneMemo& memo, unsigned level_bits) {
  std::vector<std::uint32_t> values;
  for (std::size_t l = 0; l < memo.lanes(); ++l)
    values.push_back(memo.values(l));
  return lay_out(values, Words, KeySet<Words>::reserved(level_bits));
}

/// The same state under another layout.
template <unsigned To, unsigned From>
Key<To> moved(const Key<From>& key, const KeyLayout& from, const KeyLayout& to) {
  std::array<ValueId, kLanesMax> values;
  for (std::size_t l = 0; l < from.lanes.size(); ++l)
    values[l] = value_in(key, from.lanes[l]);
  return key_of<To>({values.data(), from.lanes.size()}, to);
}

template <unsigned Words>
template <unsigned Other>
LaneLevels<Words>::LaneLevels(LaneRun& run, KeyLayout layout, LaneLevels<Other>& narrower)
    : run_(run),
      level_bits_(narrower.level_bits_),
      layout_(std::move(layout)),
      level_(narrower.level_),
      states_(narrower.states_.load()),
      used_(narrower.states_.load()),
      cursor_(narrower.cursor_.load()),
      again_(std::move(narrower.again_)) {
  run.memo.watch(layout_.most_values());
  move_in(narrower.seen_, narrower.layout_);
  for (const auto& key : narrower.frontier_)
    frontier_.push_back(moved<Words>(key, narrower.layout_, layout_));
  for (auto& old : narrower.workers_) {
    Worker& worker = workers_.emplace_back(run, layout_);
    worker.transitions = old.transitions;
    worker.sightings = std::move(old.sightings);
    for (const auto& key : old.fresh)
      worker.fresh.push_back(moved<Words>(key, narrower.layout_, layout_));
  }
}

template <unsigned Words>
template <unsigned From>
void LaneLevels<Words>::move_in(const KeySet<From>& from, const KeyLayout& layout) {
  seen_ = KeySet<Words>(from.capacity(), layout_);
  from.visit([&](const Key<From>& old, std::uint64_t level) {
    const Key<Words> key = moved<Words>(old, layout, layout_);
    seen_.insert(key, seen_.home(key), level, false);
  });
}

/// Wider places for the lanes, or for the level.
template <unsigned Words> bool LaneLevels<Words>::lay_out_again() {
  std::optional<KeyLayout> wider = lay_out_for(run_.memo, level_bits_);
  if (!wider) return false;
  const KeyLayout old = std::exchange(layout_, std::move(*wider));
  run_.memo.watch(layout_.most_values());
  const KeySet<Words> before = std::move(seen_);
  move_in(before, old);
  for (Key<Words>& key : frontier_)
    key = moved<Words>(key, old, layout_);
  for (Worker& worker : workers_) {
    for (Key<Words>& key : worker.fresh)
      key = moved<Words>(key, old, layout_);
    worker.recent.forget();
  }
  return true;
}

/// A larger set. As long as levels grow, as many states again are to come: the set doubles. After
/// that a third more keeps the memory near the need.
template <unsigned Words> void LaneLevels<Words>::enlarge() {
  constexpr std::size_t kLarge = 1u << 20;
  const std::vector<std::uint64_t>& levels = run_.level_sizes;
  const bool grows = levels.size() < 2 || levels.back() > levels[levels.size() - 2];
  const std::size_t old = seen_.capacity();
  auto fits = [&](std::size_t capacity) {
    return bytes() + (capacity - old) * sizeof(Key<Words>) <= run_.search.limits.bytes;
  };
  std::size_t capacity = 2 * old;
  if (old >= kLarge && (!grows || !fits(capacity))) capacity = old + old / 3;
  if (!fits(capacity)) {
    run_.limit = std::to_string(run_.search.limits.bytes) + " bytes";
    return;
  }
  KeySet<Words> larger(capacity, layout_);
  constexpr std::size_t kPiece = KeySet<Words>::kReleased;
  std::atomic<std::size_t> next{0};
  shared_ = workers_.size() > 1 && old >= run_.options.share_from;
  with_each_worker([&](std::size_t) {
    for (std::size_t at; (at = next.fetch_add(kPiece, std::memory_order_relaxed)) < old;) {
      const std::size_t end = std::min(at + kPiece, old);
      seen_.visit(at, end, [&](const Key<Words>& key, std::uint64_t level) {
        larger.insert(key, larger.home(key), level, shared_);
      });
      seen_.release(at, end);
    }
  });
  seen_ = std::move(larger);
}

//--- levels -----------------------------------------------------------------------------------

template <unsigned Words> bool LaneLevels<Words>::search() {
  const Search& search = run_.search;
  while (!frontier_.empty()) {
    if ((level_ + 2) >> level_bits_ != 0) {
      level_bits_ += 2;
      if (!lay_out_again()) return false;
    }
    if (!expand_level()) return false;
    if (run_.tangled) return true;
    collect();
    if (!run_.limit.empty()) break;
    end_level();
    if (search.stop_when_found && search.goals != 0 && run_.missing == 0) break;
    if (search.stop_at_first && !run_.sightings.empty()) break;
  }
  run_.complete = run_.limit.empty() && frontier_.empty();
  run_.bytes = bytes();
  return true;
}

/// Expands what is left of the level, however often the set or the keys must grow in between.
template <unsigned Words> bool LaneLevels<Words>::expand_level() {
  for (;;) {
    check_limits();
    if (!run_.limit.empty()) return true;
    round();
    if (error_ != nullptr) std::rethrow_exception(error_);
    if (!run_.limit.empty() || run_.tangled) return true;
    if (run_.memo.outgrown()) {
      if (!lay_out_again()) return false;
    } else if (full_.exchange(false)) {
      enlarge();
    } else {
      return true;
    }
  }
}

template <unsigned Words> void LaneLevels<Words>::round() {
  interrupted_ = false;
  const std::size_t left = frontier_.size() - std::min(cursor_.load(), frontier_.size());
  shared_ = workers_.size() > 1 && left >= run_.options.share_from;
  with_each_worker([this](std::size_t worker) { work(worker); });
}

/// On threads of their own when the work is shared.
template <unsigned Words>
template <class Work>
void LaneLevels<Words>::with_each_worker(const Work& work) {
  std::vector<std::thread> others;
  if (shared_) {
    for (std::size_t w = 1; w < workers_.size(); ++w)
      others.emplace_back(work, w);
  }
  work(0);
  for (std::thread& other : others)
    other.join();
}

template <unsigned Words> void LaneLevels<Words>::work(std::size_t worker) {
  try {
    Range range;
    for (unsigned batches = 1; claim(range); ++batches) {
      if (!process(workers_[worker], range)) return;
      if (worker == 0 && batches % 256 == 0) check_limits();
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    if (error_ == nullptr) error_ = std::current_exception();
    interrupt();
  }
}

template <unsigned Words> bool LaneLevels<Words>::claim(Range& range) {
  if (interrupted_.load(std::memory_order_relaxed)) return false;
  const std::size_t from = cursor_.fetch_add(kBatch, std::memory_order_relaxed);
  if (from < frontier_.size()) {
    range = {from, std::min(from + kBatch, frontier_.size())};
    return true;
  }
  const std::lock_guard lock(mutex_);
  if (again_.empty()) return false;
  range = again_.back();
  again_.pop_back();
  return true;
}

template <unsigned Words> bool LaneLevels<Words>::process(Worker& worker, Range range) {
  std::uint64_t transitions = 0;
  for (std::size_t at = range.from; at < range.to; ++at) {
    const Key<Words> before = frontier_[at];
    worker.successors.visit(
        before, [&](const LocalStep& step, std::uint64_t emitted, const Key<Words>& after) {
          ++transitions;
          if (emitted != 0 && run_.missing != 0) sight(worker, before, step.stimulus, emitted);
          if (after == before) return;
          const std::uint64_t hash = KeySet<Words>::hash(after);
          if (worker.recent.knows(after, hash)) return;
          const std::size_t home = seen_.home(hash);
          seen_.look_ahead(home);
          worker.buffer.push_back({after, home});
        });
    if (worker.buffer.size() < kFlush && at + 1 < range.to) continue;
    if (worker.successors.tangled()) {
      run_.tangled = true;
      interrupt();
    }
    const bool done = flush(worker);
    worker.buffer.clear();
    if (!done) {
      worker.recent.forget();
      const std::lock_guard lock(mutex_);
      again_.push_back(range);
      return false;
    }
    worker.transitions += std::exchange(transitions, 0);
    range.from = at + 1;
  }
  return true;
}

/// All of the buffer is inserted, or nothing: then the set is full or the keys are too narrow.
template <unsigned Words> bool LaneLevels<Words>::flush(Worker& worker) {
  const std::uint64_t size = worker.buffer.size();
  const std::uint64_t used = used_.fetch_add(size, std::memory_order_relaxed) + size;
  const bool full = used * 100 > seen_.capacity() * kFull;
  if (full || run_.memo.outgrown()) {
    used_.fetch_sub(size, std::memory_order_relaxed);
    if (full) full_.store(true, std::memory_order_relaxed);
    interrupt();
    return false;
  }
  const std::size_t before = worker.fresh.size();
  for (const Next& next : worker.buffer) {
    if (seen_.insert(next.key, next.home, level_ + 1, shared_)) worker.fresh.push_back(next.key);
  }
  const std::uint64_t fresh = worker.fresh.size() - before;
  used_.fetch_sub(size - fresh, std::memory_order_relaxed);
  states_.fetch_add(fresh, std::memory_order_relaxed);
  return true;
}

/// With symmetry the step stands for its images, each of which emits the image of what it emits.
template <unsigned Words>
void LaneLevels<Words>::sight(Worker& worker, const Key<Words>& before, system::Stimulus stimulus,
                              std::uint64_t emitted) {
  auto wanted_of = [&](std::uint64_t outputs) {
    const std::uint64_t together = run_.search.together;
    return (outputs & together) == together ? outputs & run_.missing : 0;
  };
  std::uint64_t hits = wanted_of(emitted);
  if (run_.orbits != nullptr) {
    for (const Automorphism& element : run_.orbits->group())
      hits |= wanted_of(element.emitted_of(emitted));
  }
  if (hits == 0) return;
  Sighting sighting{.level = level_, .stimulus = stimulus};
  for (const KeyLayout::Place place : layout_.lanes)
    sighting.before.push_back(value_in(before, place));
  for (std::uint64_t hit = hits; hit != 0; hit &= hit - 1) {
    sighting.output = static_cast<machine::OutputId>(__builtin_ctzll(hit));
    const auto known =
        std::find_if(worker.sightings.begin(), worker.sightings.end(),
                     [&](const Sighting& one) { return one.output == sighting.output; });
    if (known == worker.sightings.end())
      worker.sightings.push_back(sighting);
    else if (comes_before(run_.memo, sighting, *known))
      *known = sighting;
  }
}

template <unsigned Words> void LaneLevels<Words>::check_limits() {
  const Limits& limits = run_.search.limits;
  const std::uint64_t states = states_.load(std::memory_order_relaxed);
  const auto elapsed = std::chrono::steady_clock::now() - run_.start;
  if (states > limits.states)
    run_.limit = std::to_string(limits.states) + " states";
  else if (bytes() > limits.bytes)
    run_.limit = std::to_string(limits.bytes) + " bytes";
  else if (elapsed > std::chrono::milliseconds(limits.milliseconds))
    run_.limit = std::to_string(limits.milliseconds) + " ms";
  if (!run_.limit.empty()) return interrupt();
  if (run_.search.progress) {
    const std::uint64_t claimed = std::min(cursor_.load(), frontier_.size());
    run_.search.progress({states, run_.transitions + workers_[0].transitions * workers_.size(),
                          frontier_.size() - claimed, level_});
  }
}

template <unsigned Words> std::uint64_t LaneLevels<Words>::bytes() const {
  std::uint64_t keys = frontier_.capacity();
  // Another thread may be growing its own: what it had when the level began is near enough there.
  keys += workers_[0].fresh.capacity() * workers_.size();
  return seen_.bytes() + keys * sizeof(Key<Words>) + run_.memo.bytes();
}

/// What the threads counted and found on this level.
template <unsigned Words> void LaneLevels<Words>::collect() {
  std::vector<Sighting> best(64);
  for (Worker& worker : workers_) {
    run_.transitions += std::exchange(worker.transitions, 0);
    for (Sighting& one : worker.sightings) {
      Sighting& known = best[one.output];
      if (known.before.empty() || comes_before(run_.memo, one, known)) known = std::move(one);
    }
    worker.sightings.clear();
  }
  for (Sighting& one : best) {
    if (one.before.empty()) continue;
    run_.missing &= ~(std::uint64_t{1} << one.output);
    run_.sightings.push_back(std::move(one));
  }
}

template <unsigned Words> void LaneLevels<Words>::end_level() {
  frontier_.clear();
  for (Worker& worker : workers_) {
    if (frontier_.empty())
      frontier_.swap(worker.fresh);
    else
      frontier_.insert(frontier_.end(), worker.fresh.begin(), worker.fresh.end());
    worker.fresh.clear();
  }
  cursor_ = 0;
  if (frontier_.empty()) return;
  run_.level_sizes.push_back(frontier_.size());
  ++level_;
}

}  // namespace halfclose::proofs
