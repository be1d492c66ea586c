#include "proofs/catalogue/boundary.hpp"

#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>

namespace halfclose::proofs {

using system::Time;

system::System with_timer(system::System system, system::Index timer, Time delta) {
  system::Timer& moved = system.timers[timer];
  if (moved.off) return system;
  delta = std::max(delta, -moved.after);  // no timer is set to less than nothing
  moved.after += delta;
  moved.lo += delta;
  moved.hi += delta;
  return system;
}

Time beyond_all(const system::System& system) {
  Time sum = 3'600'000'000;
  for (const system::Timer& timer : system.timers) {
    if (!timer.off) sum += 4 * timer.hi;
  }
  return sum;
}

Edge find_edge(const system::System& system, system::Index timer, std::uint64_t race, Time delta,
               int toward, Time bound, const Limits& limits) {
  constexpr int kRoundsMax = 24;
  Time at = delta;
  for (int round = 0; round < kRoundsMax; ++round) {
    const Exploration here = explore_timed(
        with_timer(system, timer, at), {.goals = race, .stop_at_first = true, .limits = limits});
    if (here.found.empty()) {
      if (!here.complete) return {.undecided = true};
      return {.present_at = at - toward};
    }
    // As far as this one run can be stretched.
    const Path& path = here.found.front().path;
    auto feasible = [&](Time candidate) {
      return schedule(with_timer(system, timer, candidate), path).has_value();
    };
    if (feasible(bound)) return {};
    Time good = at, bad = bound;
    while ((bad - good) * toward > 1) {
      const Time middle = good + (bad - good) / 2;
      (feasible(middle) ? good : bad) = middle;
    }
    at = good + toward;
  }
  return {.undecided = true};
}

}  // namespace halfclose::proofs
