#include "proofs/timed/schedule.hpp"

namespace halfclose::proofs {

namespace {

using system::Time;

/// t[to] >= t[from] + weight + aged * age
struct Edge {
  std::size_t from, to;
  Time weight;
  int aged = 0;
};

/// The constraints of a path. Event 0 is the start, event k + 1 is step k. Times are without the
/// age.
struct Constraints {
  std::vector<Edge> edges;
  std::size_t events = 1;
  std::size_t aged_event = 0;  ///< 0: no step ages
};

Constraints constraints_of(const system::System& system, const Path& path) {
  Constraints constraints;
  constraints.events = path.size() + 1;
  // The last aging step before a timer that ages expires; all the age there can be is put there.
  {
    system::State state = system.initial();
    system::StepResult step;
    std::size_t last = 0;
    for (std::size_t k = 0; k < path.size(); ++k) {
      const bool expires =
          path[k].kind == system::Stimulus::Kind::expire && (system.aging >> path[k].index & 1);
      if (expires) constraints.aged_event = last;
      system.step(state, path[k], step);
      if (step.aged) last = k + 1;
      state = step.state;
    }
  }
  system::State state = system.initial();
  std::vector<system::Clock> clocks;
  system.clocks(state, clocks);
  std::vector<std::size_t> reset_at(clocks.size(), 0);
  system::StepResult step;
  for (std::size_t k = 0; k < path.size(); ++k) {
    const std::size_t event = k + 1;
    constraints.edges.push_back({event - 1, event, 0});
    auto older = [&](std::size_t c) {
      const bool crosses = constraints.aged_event != 0 && reset_at[c] <= constraints.aged_event &&
                           event > constraints.aged_event;
      return crosses && system.ages(clocks[c]) ? 1 : 0;
    };
    for (std::size_t c = 0; c < clocks.size(); ++c) {
      if (clocks[c].hi < system::kForever)
        constraints.edges.push_back({event, reset_at[c], -clocks[c].hi, older(c)});
    }
    const int guarded = system.clock_of(clocks, path[k]);
    if (guarded >= 0)
      constraints.edges.push_back({reset_at[guarded], event, clocks[guarded].lo, -older(guarded)});

    system.step(state, path[k], step);
    std::vector<std::size_t> moved(step.clock_origins.size());
    for (std::size_t c = 0; c < moved.size(); ++c) {
      moved[c] = step.clock_origins[c] == system::kFresh ? event : reset_at[step.clock_origins[c]];
    }
    state = step.state;
    reset_at = std::move(moved);
    system.clocks(state, clocks);
  }
  return constraints;
}

struct Solution {
  std::optional<std::vector<Time>> times;  ///< earliest, per event
  int aged = 0;  ///< otherwise: more age makes it worse (positive) or better (negative)
};

/// Earliest times for one age, by relaxation; a cycle that forces time to grow for ever says how
/// age enters it.
Solution solve(const Constraints& constraints, Time age) {
  std::vector<Time> times(constraints.events, 0);
  std::vector<const Edge*> forced_by(constraints.events, nullptr);
  std::size_t touched = 0;
  for (std::size_t round = 0; round <= constraints.events; ++round) {
    bool changed = false;
    for (const Edge& edge : constraints.edges) {
      const Time earliest = times[edge.from] + edge.weight + edge.aged * age;
      if (times[edge.to] >= earliest) continue;
      times[edge.to] = earliest;
      forced_by[edge.to] = &edge;
      touched = edge.to;
      changed = true;
      if (edge.to != 0) continue;
      // The start itself is pushed back: the chain of causes from event 0 to event 0 is the
      // contradiction.
      int aged = edge.aged;
      for (std::size_t at = edge.from, hops = 0; at != 0 && hops <= constraints.events; ++hops) {
        if (forced_by[at] == nullptr) break;
        aged += forced_by[at]->aged;
        at = forced_by[at]->from;
      }
      return {.times = std::nullopt, .aged = aged};
    }
    if (!changed) return {.times = std::move(times)};
  }
  // Walk back far enough to stand on the cycle, then once around it.
  std::size_t at = touched;
  for (std::size_t i = 0; i < constraints.events && forced_by[at] != nullptr; ++i)
    at = forced_by[at]->from;
  int aged = 0;
  const std::size_t start = at;
  do {
    if (forced_by[at] == nullptr) break;
    aged += forced_by[at]->aged;
    at = forced_by[at]->from;
  } while (at != start);
  return {.times = std::nullopt, .aged = aged};
}

}  // namespace

std::optional<Schedule> schedule(const system::System& system, const Path& path) {
  const Constraints constraints = constraints_of(system, path);
  Time age = 0;
  Solution solution = solve(constraints, 0);
  if (!solution.times && constraints.aged_event != 0 && solution.aged < 0) {
    // The ages that work are an interval. Its upper end leaves the least to wait for in what is
    // shown.
    Time enough = -1, too_little = 0, too_much = 1;
    for (const system::Timer& timer : system.timers) {
      if (!timer.off) too_much += timer.hi;
    }
    while (too_much - too_little > 1) {
      const Time middle = too_little + (too_much - too_little) / 2;
      const Solution at_middle = solve(constraints, middle);
      if (at_middle.times) enough = middle;
      if (!at_middle.times && at_middle.aged == 0) return std::nullopt;
      (!at_middle.times && at_middle.aged > 0 ? too_much : too_little) = middle;
    }
    if (enough < 0) return std::nullopt;
    age = enough;
    solution = solve(constraints, age);
  }
  if (!solution.times) return std::nullopt;
  Schedule result{.times = {solution.times->begin() + 1, solution.times->end()}};
  if (age > 0) {
    result.aging = {constraints.aged_event - 1, age};
    for (std::size_t k = constraints.aged_event; k < result.times.size(); ++k)
      result.times[k] += age;
  }
  return result;
}

}  // namespace halfclose::proofs
