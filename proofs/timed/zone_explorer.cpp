#include "proofs/timed/zone_explorer.hpp"

#include "proofs/timed/dbm.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

struct Node {
  std::uint32_t state = 0;
  std::uint32_t parent = 0;
  std::uint64_t bounds = 0;  ///< in the arena: the zone, then its extrapolation
  system::Stimulus stimulus{};
};

/// A zone in the list of its state: most are told apart by their sums, without touching the arena.
struct Passed {
  std::uint32_t node = 0;
  Dbm::Sums sums{};  ///< of the extrapolation
};

/// The bounds of the clocks of one state, as the matrix wants them.
struct Bounds {
  std::vector<system::Clock> clocks;
  std::array<system::Time, Dbm::kClocksMax> lower{}, upper{};
  std::array<bool, Dbm::kClocksMax> aging{};

  void read(const system::System& system, const system::State& state) {
    system.clocks(state, clocks);
    if (clocks.size() > Dbm::kClocksMax)
      throw std::length_error("more than 24 clocks run in one state");
    for (std::size_t i = 0; i < clocks.size(); ++i) {
      lower[i] = clocks[i].lo;
      upper[i] = clocks[i].hi;
      aging[i] = system.ages(clocks[i]);
    }
  }
};

class ZoneGraph {
 public:
  ZoneGraph(const system::System& system, const Search& search, StateSet& states)
      : system_(system), search_(search), states_(states) {}

  Exploration run() {
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t missing = search_.goals, missing_second = search_.second_goals;
    const system::State initial = system_.initial();
    target_.read(system_, initial);
    Dbm zone(static_cast<int>(target_.clocks.size()));
    if (zone.elapse(target_.upper.data())) keep(initial, zone, 0, {});

    std::vector<system::Stimulus> stimuli;
    system::StepResult step;
    std::size_t level_end = nodes_.size();
    std::size_t next = 0;
    for (; next < nodes_.size(); ++next) {
      if (next == level_end) {
        ++result_.depth;
        level_end = nodes_.size();
      }
      const Node node = nodes_[next];
      const system::State state = states_[node.state];
      source_.read(system_, state);
      system_.enabled(state, stimuli);
      for (const system::Stimulus stimulus : stimuli) {
        const int count = static_cast<int>(source_.clocks.size());
        zone.load(count, &arena_[node.bounds]);
        const int clock = system_.clock_of(source_.clocks, stimulus);
        if (clock >= 0 && !zone.constrain(0, clock + 1, at_most(-source_.clocks[clock].lo)))
          continue;
        system_.step(state, stimulus, step);
        ++result_.transitions;
        const auto node_index = static_cast<std::uint32_t>(next);
        if ((step.emitted & search_.together) == search_.together)
          collect(step.emitted, missing, node_index, stimulus, result_.found);
        if ((step.emitted & search_.second_together) == search_.second_together)
          collect(step.emitted, missing_second, node_index, stimulus, result_.found_second);
        target_.read(system_, step.state);
        Dbm reached =
            zone.moved(step.clock_origins.data(), static_cast<int>(step.clock_origins.size()));
        if (step.aged) reached.age(target_.aging.data());
        if (!reached.elapse(target_.upper.data())) continue;
        keep(step.state, reached, static_cast<std::uint32_t>(next), stimulus);
      }
      if (search_.stop_when_found && search_.goals != 0 && missing == 0) break;
      if (search_.stop_at_first && !result_.found.empty()) break;
      if (nodes_.size() > search_.limits.states || (next & 0x3ff) == 0) {
        if (over_limit(next, std::chrono::steady_clock::now() - start)) break;
      }
    }
    result_.complete = next == nodes_.size();
    result_.states = states_.size();
    result_.zones = nodes_.size();
    result_.bytes = bytes();
    return std::move(result_);
  }

 private:
  /// Stores a zone unless one of its state already covers it.
  void keep(const system::State& state, const Dbm& zone, std::uint32_t parent,
            system::Stimulus stimulus) {
    const auto [index, fresh] = states_.insert(state);
    if (fresh) passed_.emplace_back();
    const std::size_t cells = zone.cells();
    const Dbm::Sums sums = zone.sums();
    for (const Passed& other : passed_[index]) {
      if (exceeds(sums, other.sums)) continue;
      if (zone.within(&arena_[nodes_[other.node].bounds + cells])) return;
    }
    Dbm wider = zone;
    wider.extrapolate(target_.lower.data(), target_.upper.data());
    passed_[index].push_back({static_cast<std::uint32_t>(nodes_.size()), wider.sums()});
    nodes_.push_back({index, parent, arena_.size(), stimulus});
    arena_.insert(arena_.end(), zone.data(), zone.data() + cells);
    arena_.insert(arena_.end(), wider.data(), wider.data() + cells);
  }

  void collect(std::uint64_t emitted, std::uint64_t& missing, std::uint32_t node,
               system::Stimulus stimulus, std::vector<Found>& found) const {
    for (std::uint64_t hit = emitted & missing; hit != 0; hit &= hit - 1) {
      found.push_back(
          {static_cast<machine::OutputId>(__builtin_ctzll(hit)), path_to(node, stimulus)});
      missing &= ~(hit & -hit);
    }
  }

  static bool exceeds(const Dbm::Sums& a, const Dbm::Sums& b) {
    return a[0] > b[0] || a[1] > b[1] || a[2] > b[2] || a[3] > b[3];
  }

  Path path_to(std::uint32_t node, system::Stimulus last) const {
    Path path{last};
    for (; node != 0; node = nodes_[node].parent)
      path.push_back(nodes_[node].stimulus);
    std::reverse(path.begin(), path.end());
    return path;
  }

  std::uint64_t bytes() const {
    return states_.bytes() + nodes_.capacity() * sizeof(Node) + arena_.capacity() * sizeof(Bound) +
           nodes_.size() * sizeof(Passed);
  }

  bool over_limit(std::size_t next, std::chrono::steady_clock::duration elapsed) {
    if (search_.progress && (next & 0xffff) == 0) {
      search_.progress(
          {nodes_.size(), result_.transitions, nodes_.size() - next - 1, result_.depth});
    }
    if (nodes_.size() > search_.limits.states) {
      result_.limit = std::to_string(search_.limits.states) + " zones";
    } else if (bytes() > search_.limits.bytes) {
      result_.limit = std::to_string(search_.limits.bytes) + " bytes";
    } else if (elapsed > std::chrono::milliseconds(search_.limits.milliseconds)) {
      result_.limit = std::to_string(search_.limits.milliseconds) + " ms";
    }
    return !result_.limit.empty();
  }

  const system::System& system_;
  const Search& search_;
  StateSet& states_;
  std::vector<Node> nodes_;
  std::vector<Bound> arena_;
  std::vector<std::vector<Passed>> passed_;
  Bounds source_, target_;
  Exploration result_;
};

}  // namespace

Exploration explore_timed(const system::System& system, const Search& search, StateSet* seen) {
  StateSet own(system.bytes());
  return ZoneGraph(system, search, seen != nullptr ? *seen : own).run();
}

}  // namespace halfclose::proofs
