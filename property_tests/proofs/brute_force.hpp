// The timed meaning of a System once more, without zones: integer clocks, one tick at a time, every
// schedule.
//
// Bounds are weak and integers, so what is reachable in dense time is reachable at integer times
// (Henzinger, Manna, Pnueli 1992). Only for small bounds.
#pragma once

#include "model/system/system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace halfclose::test {

struct BruteForce {
  std::uint64_t emitted = 0;  ///< set of observer outputs that some schedule emits
  std::size_t configurations = 0;
};

/// Nothing when there are more than `most` configurations.
inline std::optional<BruteForce> brute_force(const system::System& system, std::size_t most) {
  struct Configuration {
    system::State state;
    std::vector<std::int16_t> clocks;
  };
  auto key = [&](const Configuration& c) {
    std::string text(reinterpret_cast<const char*>(c.state.bytes.data()), system.bytes());
    text.append(reinterpret_cast<const char*>(c.clocks.data()),
                c.clocks.size() * sizeof(std::int16_t));
    return text;
  };
  BruteForce result;
  std::unordered_set<std::string> seen;
  std::vector<Configuration> open;
  auto reach = [&](Configuration c) {
    if (seen.insert(key(c)).second) open.push_back(std::move(c));
  };
  std::vector<system::Clock> clocks;
  system.clocks(system.initial(), clocks);
  reach({system.initial(), std::vector<std::int16_t>(clocks.size(), 0)});

  std::vector<system::Stimulus> stimuli;
  system::StepResult step;
  while (!open.empty()) {
    if (seen.size() > most) return std::nullopt;
    const Configuration at = std::move(open.back());
    open.pop_back();
    system.clocks(at.state, clocks);

    bool may_wait = true;
    for (std::size_t c = 0; c < clocks.size(); ++c)
      may_wait &= at.clocks[c] < clocks[c].hi;
    if (may_wait && !clocks.empty()) {
      Configuration later = at;
      for (auto& clock : later.clocks)
        ++clock;
      reach(std::move(later));
    }
    system.enabled(at.state, stimuli);
    const std::vector<system::Clock> before = clocks;
    for (const system::Stimulus stimulus : stimuli) {
      const int guarded = system.clock_of(before, stimulus);
      if (guarded >= 0 && at.clocks[guarded] < before[guarded].lo) continue;
      system.step(at.state, stimulus, step);
      result.emitted |= step.emitted;
      Configuration next{step.state, {}};
      for (const std::int16_t origin : step.clock_origins) {
        next.clocks.push_back(origin == system::kFresh ? std::int16_t{0} : at.clocks[origin]);
      }
      system.clocks(next.state, clocks);
      for (;;) {
        bool within = true;
        for (std::size_t c = 0; c < clocks.size(); ++c)
          within &= next.clocks[c] <= clocks[c].hi;
        if (!within) break;
        reach(next);
        bool grew = false;
        for (std::size_t c = 0; step.aged && c < clocks.size(); ++c) {
          if (!system.ages(clocks[c])) continue;
          ++next.clocks[c];
          grew = true;
        }
        if (!grew) break;
      }
    }
  }
  result.configurations = seen.size();
  return result;
}

}  // namespace halfclose::test
