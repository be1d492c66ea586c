#include "proofs/explore/lane_memo.hpp"

#include <algorithm>
#include <cstring>

namespace halfclose::proofs {

using system::Index;
using system::LaneStep;
using system::Raised;
using system::State;
using system::Stimulus;

LaneMemo::LaneMemo(const system::System& system) : system_(system), start_(system.initial()) {
  const std::size_t lanes = std::max<std::size_t>(system.lanes.size(), 1);
  for (std::size_t l = 0; l < lanes; ++l)
    of_lane_.emplace_back();
  share_values();
  for (std::size_t l = 0; l < lanes; ++l) {
    of_lane_[l].initial = intern(l, start_);
    of_lane_[l].turn.resize(system.queues.size());
    for (Index q = 0; q < system.queues.size(); ++q) {
      if (system.queues[q].lane != l || system.queues[q].kind != system::QueueKind::receive)
        continue;
      of_lane_[l].turn[q] = number_of(l, {.wake = q});
    }
  }
}

/// Values are kept per kind, so that those of one lane can be compared with those of another.
void LaneMemo::share_values() {
  for (std::size_t l = 0; l < lanes(); ++l) {
    for (std::size_t other = 0; other < l; ++other) {
      if (alike(other, l)) of_lane_[l].values = of_lane_[other].values;
    }
    if (of_lane_[l].values == nullptr) {
      of_lane_[l].values = std::make_shared<LaneValues>(system_.lane_bytes(static_cast<Index>(l)));
    }
  }
}

bool LaneMemo::alike(std::size_t left, std::size_t right) const {
  return left < system_.lanes.size() && right < system_.lanes.size() &&
         system_.lanes[left].kind != system::kNone &&
         system_.lanes[left].kind == system_.lanes[right].kind &&
         system_.lane_bytes(static_cast<Index>(left)) ==
             system_.lane_bytes(static_cast<Index>(right));
}

std::uint32_t LaneMemo::values(std::size_t lane) const {
  const std::lock_guard lock(mutex_);
  return of_lane_[lane].values->size();
}

void LaneMemo::watch(std::vector<std::uint32_t> most) {
  const std::lock_guard lock(mutex_);
  most_ = std::move(most);
  bool outgrown = false;
  for (std::size_t l = 0; l < lanes(); ++l)
    outgrown |= of_lane_[l].values->size() > most_[l];
  outgrown_.store(outgrown, std::memory_order_release);
}

State LaneMemo::state_of(std::size_t lane, ValueId id) const {
  State state = start_;
  system_.unpack_lane((*of_lane_[lane].values)[id], static_cast<Index>(lane), state);
  return state;
}

void LaneMemo::unpack(std::size_t lane, ValueId id, State& state) const {
  const std::lock_guard lock(mutex_);
  system_.unpack_lane((*of_lane_[lane].values)[id], static_cast<Index>(lane), state);
}

int LaneMemo::compare_bytes(std::size_t lane, ValueId left, ValueId right) const {
  const std::lock_guard lock(mutex_);
  const LaneValues& values = *of_lane_[lane].values;
  return std::memcmp(values[left], values[right], values.width());
}

ValueId LaneMemo::number(std::size_t lane, const State& state) {
  const std::lock_guard lock(mutex_);
  return intern(lane, state);
}

ValueId LaneMemo::intern(std::size_t lane, const State& state) {
  std::array<std::uint8_t, system::kStateBytes> value{};
  system_.pack_lane(state, static_cast<Index>(lane), value.data());
  OfLane& of = of_lane_[lane];
  const std::uint32_t before = of.values->size();
  const ValueId id = of.values->intern(value.data());
  if (id <= before) return id;
  for (std::size_t l = 0; l < lanes(); ++l) {
    // Another lane of the kind never looks a value up that it does not have, but it may have it
    // next.
    if (of_lane_[l].values != of.values) continue;
    of_lane_[l].known.reach(id);
    of_lane_[l].rows.reach(id);
    of_lane_[l].hashes.reach(id);
    of_lane_[l].hashes[id] = of.values->hash(value.data());
  }
  for (std::size_t l = 0; l < most_.size(); ++l) {
    if (of_lane_[l].values == of.values && id > most_[l])
      outgrown_.store(true, std::memory_order_release);
  }
  return id;
}

std::uint16_t LaneMemo::number_of(std::size_t lane, const Input& input) {
  std::vector<Input>& inputs = of_lane_[lane].inputs;
  const auto number = std::find(inputs.begin(), inputs.end(), input) - inputs.begin();
  if (number == static_cast<std::ptrdiff_t>(inputs.size())) inputs.push_back(input);
  return static_cast<std::uint16_t>(number);
}

/// A wake takes its turns until one of them raises something elsewhere: only then can another lane
/// come between.
LaneStep LaneMemo::turns(const State& state, Stimulus stimulus) const {
  LaneStep part;
  system_.step_lane(state, stimulus, part);
  while (stimulus.kind == Stimulus::Kind::wake && part.raised.empty() &&
         may_wake(part.state, stimulus.index)) {
    const State between = part.state;
    const std::uint64_t emitted = part.emitted;
    system_.step_lane(between, stimulus, part);
    part.emitted |= emitted;
  }
  return part;
}

LocalStep LaneMemo::local_step(std::size_t lane, const LaneStep& part) {
  LocalStep step;
  step.emitted = part.emitted;
  step.next = intern(lane, part.state);
  step.over = !system_.lanes.empty() && system_.over(part.state, static_cast<Index>(lane));
  if (part.raised.empty()) return step;
  std::vector<Arrival> raised;
  for (const Raised& one : part.raised) {
    const std::size_t to = system_.components[one.component].lane;
    raised.push_back({static_cast<std::uint16_t>(to), number_of(to, {.raised = one})});
  }
  const Arrival*& list = raised_[raised];
  if (list == nullptr) list = raised_lists_.emplace_back(raised).data();
  step.raised = list;
  step.raised_count = static_cast<std::uint16_t>(raised.size());
  return step;
}

const LaneValue& LaneMemo::compute(std::size_t lane, ValueId id) {
  const std::lock_guard lock(mutex_);
  OfLane& of = of_lane_[lane];
  if (const LaneValue* known = of.known[id].load(std::memory_order_relaxed)) return *known;
  const State state = state_of(lane, id);
  std::vector<Stimulus> stimuli;
  system_.enabled(state, stimuli);
  std::erase_if(stimuli, [&](Stimulus s) { return system_.lane_of(s) != lane; });
  LaneValue made;
  made.count = static_cast<std::uint32_t>(stimuli.size());
  made.own = std::make_unique<LocalStep[]>(stimuli.size());
  made.over = !system_.lanes.empty() && system_.over(state, static_cast<Index>(lane));
  for (std::size_t s = 0; s < stimuli.size(); ++s) {
    made.own[s] = local_step(lane, turns(state, stimuli[s]));
    made.own[s].stimulus = stimuli[s];
  }
  step_bytes_ += sizeof(LaneValue) + made.count * sizeof(LocalStep);
  const LaneValue& kept = of.made.emplace_back(std::move(made));
  of.known[id].store(&kept, std::memory_order_release);
  account();
  return kept;
}

const LocalStep& LaneMemo::compute(Arrival arrival, ValueId id) {
  const std::lock_guard lock(mutex_);
  OfLane& of = of_lane_[arrival.lane];
  const Row* row = of.rows[id].load(std::memory_order_relaxed);
  if (row == nullptr || arrival.number >= row->size) {
    Row wider;
    wider.size = static_cast<std::uint32_t>(of.inputs.size());
    wider.steps = std::make_unique<std::atomic<const LocalStep*>[]>(wider.size);
    for (std::uint32_t i = 0; row != nullptr && i < row->size; ++i)
      wider.steps[i] = row->steps[i].load(std::memory_order_relaxed);
    step_bytes_ += sizeof(Row) + wider.size * sizeof(void*);
    row = &of.made_rows.emplace_back(std::move(wider));
    of.rows[id].store(row, std::memory_order_release);
  }
  std::atomic<const LocalStep*>& cell = row->steps[arrival.number];
  if (const LocalStep* known = cell.load(std::memory_order_relaxed)) return *known;

  const Input input = of.inputs[arrival.number];
  const State state = state_of(arrival.lane, id);
  LocalStep step;
  if (input.wake == system::kNone) {
    LaneStep part;
    system_.step_lane(state, input.raised, part);
    step = local_step(arrival.lane, part);
  } else if (may_wake(state, input.wake)) {
    step = local_step(arrival.lane, turns(state, {Stimulus::Kind::wake, input.wake}));
  }
  step_bytes_ += sizeof(LocalStep);
  const LocalStep& kept = of.arrived.emplace_back(step);
  cell.store(&kept, std::memory_order_release);
  account();
  return kept;
}

const LocalStep& LaneMemo::restart(std::size_t lane) {
  OfLane& of = of_lane_[lane];
  if (const LocalStep* known = of.restarted.load(std::memory_order_acquire)) return *known;
  const std::lock_guard lock(mutex_);
  if (const LocalStep* known = of.restarted.load(std::memory_order_relaxed)) return *known;
  // A lane that is over has empty queues and no timer: all restarts are the same.
  LaneStep part;
  system_.restart_lane(start_, static_cast<Index>(lane), part);
  const LocalStep& kept = of.arrived.emplace_back(local_step(lane, part));
  of.restarted.store(&kept, std::memory_order_release);
  return kept;
}

void LaneMemo::account() {
  std::size_t bytes = step_bytes_;
  for (std::size_t l = 0; l < lanes(); ++l) {
    bytes += of_lane_[l].known.bytes() + of_lane_[l].rows.bytes() + of_lane_[l].hashes.bytes();
    const bool first =
        std::none_of(of_lane_.begin(), of_lane_.begin() + static_cast<long>(l),
                     [&](const OfLane& o) { return o.values == of_lane_[l].values; });
    if (first) bytes += of_lane_[l].values->bytes();
  }
  bytes_.store(bytes, std::memory_order_relaxed);
}

}  // namespace halfclose::proofs
