#include "proofs/explore/lane_ample.hpp"

#include "proofs/explore/local_cycles.hpp"

#include <algorithm>
#include <map>

namespace halfclose::proofs {

using machine::EventId;
using machine::LocalId;
using machine::Verdict;
using system::Action;
using system::Index;
using system::Stimulus;

namespace {

/// Where each event of each component may come from when one lane stays still.
class Causes {
 public:
  Causes(const system::System& system, Index still) {
    for (const system::Component& component : system.components)
      caused_.emplace_back(component.table->events.size(), false);
    for (Index c = 0; c < system.components.size(); ++c) {
      if (system.components[c].lane == still) continue;
      for (machine::OutputId o = 0; o < system.components[c].table->outputs.size(); ++o)
        add(system.bindings(c, o));
    }
    for (Index q = 0; q < system.queues.size(); ++q) {
      if (system.queues[q].lane == still) continue;
      for (system::Message m = 0; m < system.messages.size(); ++m)
        add(system.delivery(q, m));
    }
    for (Index t = 0; t < system.timers.size(); ++t) {
      if (system.lane_of_timer(t) != still)
        caused_[system.timers[t].owner][system.timers[t].event] = true;
    }
    for (const system::Choice& choice : system.choices) {
      if (system.components[choice.component].lane != still)
        caused_[choice.component][choice.event] = true;
    }
    for (Index l = 0; l < system.lanes.size(); ++l) {
      if (l != still) add(system.lanes[l].on_renewed);
    }
  }
  bool operator()(Index component, EventId event) const { return caused_[component][event]; }

 private:
  void add(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      if (action.kind != Action::Kind::raise) continue;
      caused_[action.target][action.event] = true;
      if (action.more_in != system::kNone) caused_[action.target][action.event_if_more] = true;
    }
  }
  std::vector<std::vector<bool>> caused_;  // [component][event]
};

bool raises_at(const system::System& system, const std::vector<Action>& actions, Index lane) {
  return std::any_of(actions.begin(), actions.end(), [&](const Action& action) {
    return action.kind == Action::Kind::raise && system.components[action.target].lane == lane;
  });
}

}  // namespace

LaneAmple::LaneAmple(const system::System& system, LaneMemo& memo, std::uint64_t visible)
    : system_(system), memo_(memo), visible_(visible) {
  for (std::size_t l = 0; l < memo.lanes(); ++l)
    of_lane_.emplace_back();
  for (const system::Component& component : system.components)
    disturbs_.emplace_back(component.table->locals.size(), 0);
  always_disturbs_.resize(memo.lanes());
  for (Index l = 0; l < memo.lanes(); ++l)
    find_disturbances(l);
}

/// Backwards over the table of each component outside the lane: the locals from which some run,
/// without any help of the lane, raises an event at it.
void LaneAmple::find_disturbances(Index lane) {
  const std::uint64_t bit = std::uint64_t{1} << lane;
  for (Index q = 0; q < system_.queues.size(); ++q) {
    if (system_.queues[q].lane == lane) continue;
    for (system::Message m = 0; m < system_.messages.size(); ++m) {
      if (raises_at(system_, system_.delivery(q, m), lane))
        always_disturbs_[system_.queues[q].lane] |= bit;
    }
  }
  for (Index l = 0; l < system_.lanes.size(); ++l) {
    if (l != lane && raises_at(system_, system_.lanes[l].on_renewed, lane))
      always_disturbs_[l] |= bit;
  }
  const Causes caused(system_, lane);
  for (Index c = 0; c < system_.components.size(); ++c) {
    const system::Component& component = system_.components[c];
    if (component.lane == lane) continue;
    const machine::Table& table = *component.table;
    std::vector<std::uint64_t>& disturbs = disturbs_[c];
    const bool renews = !system_.lanes.empty() && !system_.lanes[component.lane].over_in.empty();
    for (bool changed = true; changed;) {
      changed = false;
      for (LocalId local = 0; local < table.locals.size(); ++local) {
        if (disturbs[local] & bit) continue;
        bool reaches = renews && (disturbs[component.initial] & bit);
        for (EventId event = 0; event < table.events.size() && !reaches; ++event) {
          const machine::Cell& cell = table.at(local, event);
          if (cell.verdict != Verdict::taken || !caused(c, event)) continue;
          reaches = (disturbs[cell.next] & bit) != 0;
          for (const machine::OutputId output : table.outputs_of(cell))
            reaches |= raises_at(system_, system_.bindings(c, output), lane);
        }
        if (!reaches) continue;
        disturbs[local] |= bit;
        changed = true;
      }
    }
  }
}

std::uint64_t LaneAmple::disturbs(std::size_t lane, ValueId id) const {
  system::State state = system_.initial();
  memo_.unpack(lane, id, state);
  std::uint64_t lanes = always_disturbs_[lane];
  for (Index c = 0; c < system_.components.size(); ++c) {
    if (system_.components[c].lane == lane) lanes |= disturbs_[c][system_.local(state, c)];
  }
  return lanes;
}

bool LaneAmple::local(std::size_t lane, ValueId id) const {
  const LaneValue& value = memo_.value(lane, id);
  const auto steps = value.steps();
  return !value.over && !steps.empty() &&
         std::all_of(steps.begin(), steps.end(), [&](const LocalStep& step) {
           return step.raised_count == 0 && !step.over && (step.emitted & visible_) == 0;
         });
}

const LaneAmple::Value& LaneAmple::compute(std::size_t lane, ValueId id) {
  const std::lock_guard lock(mutex_);
  OfLane& of = of_lane_[lane];
  of.known.reach(id);
  if (const Value* known = of.known[id].load(std::memory_order_relaxed)) return *known;
  Value made{.disturbs = disturbs(lane, id), .enough = local(lane, id)};
  if (made.enough) {
    if (!std::binary_search(of.settled.begin(), of.settled.end(), id)) break_cycles(lane, id);
    made.enough = !std::binary_search(of.breakers.begin(), of.breakers.end(), id);
  }
  const Value& kept = of.made.emplace_back(made);
  of.known[id].store(&kept, std::memory_order_release);
  return kept;
}

/// The local steps from one value on, to their end: the parts of this graph in which cycles lie do
/// not depend on where one began, and neither do the breakers of a part.
void LaneAmple::break_cycles(std::size_t lane, ValueId from) {
  std::vector<ValueId> values{from};
  std::map<ValueId, std::size_t> node{{from, 0}};
  for (std::size_t next = 0; next < values.size(); ++next) {
    for (const LocalStep& step : memo_.value(lane, values[next]).steps()) {
      if (!node.contains(step.next) && local(lane, step.next)) {
        node[step.next] = 0;
        values.push_back(step.next);
      }
    }
  }
  std::sort(values.begin(), values.end(),
            [&](ValueId left, ValueId right) { return memo_.compare(lane, left, right) < 0; });
  for (std::size_t i = 0; i < values.size(); ++i)
    node[values[i]] = i;
  std::vector<LabelledEdge> edges;
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (const LocalStep& step : memo_.value(lane, values[i]).steps()) {
      const auto to = node.find(step.next);
      if (to == node.end()) continue;
      // Choices in the order of what they choose: the same order in every lane of a kind.
      const Stimulus stimulus = step.stimulus;
      std::uint32_t of = stimulus.index;
      if (stimulus.kind == Stimulus::Kind::choose) {
        const system::Choice& choice = system_.choices[stimulus.index];
        of = choice.component * 256u + choice.event;
      }
      edges.push_back({i, to->second, static_cast<std::uint32_t>(stimulus.kind) << 16 | of});
    }
  }
  const std::vector<bool> breaks = cycle_breakers(values.size(), edges);
  OfLane& lane_of = of_lane_[lane];
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (breaks[i]) lane_of.breakers.push_back(values[i]);
    lane_of.settled.push_back(values[i]);
  }
  for (std::vector<ValueId>* sorted : {&lane_of.breakers, &lane_of.settled}) {
    std::sort(sorted->begin(), sorted->end());
    sorted->erase(std::unique(sorted->begin(), sorted->end()), sorted->end());
  }
}

}  // namespace halfclose::proofs
