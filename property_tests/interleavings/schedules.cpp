#include "property_tests/interleavings/schedules.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace halfclose::test {

using system::Index;
using system::State;
using system::StepResult;
using system::Stimulus;
using system::System;
using Kind = system::Stimulus::Kind;

namespace {

/// The higher, the later.
class Preference {
 public:
  Preference(const System& system, const Schedule& schedule)
      : system_(system), adversary_(schedule.adversary), priority_(system.lanes.size()) {
    std::iota(priority_.begin(), priority_.end(), 0);
    std::rotate(priority_.begin(), priority_.begin() + schedule.seed % priority_.size(),
                priority_.end());
  }

  int of(Stimulus stimulus) const {
    const Index lane = system_.lane_of(stimulus);
    switch (adversary_) {
      case Adversary::timers_first:
        return stimulus.kind == Kind::expire ? 0 : 1;
      case Adversary::deliver_last:
        return stimulus.kind == Kind::deliver ? 1 : 0;
      case Adversary::starve_lane:
        return priority_[lane] == 0 ? 1 : 0;
      case Adversary::priorities:
        return priority_[lane];
      case Adversary::eager_callers:
        return stimulus.kind == Kind::choose ? 0 : 1;
      case Adversary::none:
        break;
    }
    return 0;
  }
  /// Now and then the lane that went first goes last.
  void after(std::uint8_t choice) {
    if (adversary_ == Adversary::priorities && choice % 16 == 15)
      std::rotate(priority_.begin(), priority_.begin() + 1, priority_.end());
  }

 private:
  const System& system_;
  Adversary adversary_;
  std::vector<int> priority_;  // by lane
};

/// One step; its failure, if it has one.
std::optional<Failure> step(const System& system, const State& state, Stimulus stimulus,
                            std::uint64_t outputs, StepResult& result) {
  try {
    system.step(state, stimulus, result);
  } catch (const std::logic_error& error) {
    return Failure{.refused = error.what()};
  }
  if ((result.emitted & outputs) == 0) return {};
  return Failure{.emitted = result.emitted & outputs};
}

}  // namespace

Run run(const System& system, const Schedule& schedule, std::uint64_t outputs) {
  Run run;
  Preference preference(system, schedule);
  State state = system.initial();
  std::vector<Stimulus> enabled;
  StepResult result;
  for (const std::uint8_t choice : schedule.choices) {
    system.enabled(state, enabled);
    if (enabled.empty()) break;
    // An adversary that always had its way would keep most of what can happen from happening.
    if (choice % 4 != 0) {
      int best = preference.of(enabled.front());
      for (const Stimulus stimulus : enabled)
        best = std::min(best, preference.of(stimulus));
      enabled.erase(std::remove_if(enabled.begin(), enabled.end(),
                                   [&](Stimulus s) { return preference.of(s) != best; }),
                    enabled.end());
    }
    preference.after(choice);
    run.path.push_back(enabled[choice / 4 % enabled.size()]);
    run.failure = step(system, state, run.path.back(), outputs, result);
    if (run.failure) break;
    state = result.state;
  }
  return run;
}

std::optional<Failure> rerun(const System& system, const proofs::Path& path,
                             std::uint64_t outputs) {
  State state = system.initial();
  std::vector<Stimulus> enabled;
  StepResult result;
  for (std::size_t at = 0; at < path.size(); ++at) {
    system.enabled(state, enabled);
    if (std::find(enabled.begin(), enabled.end(), path[at]) == enabled.end()) return {};
    const auto failure = step(system, state, path[at], outputs, result);
    // A path that fails before its end is another one.
    if (failure && at + 1 < path.size()) return {};
    if (failure) return failure;
    state = result.state;
  }
  return {};
}

namespace {

/// The path without some of its steps, and without those that are not enabled for want of them; up
/// to the first failure.
Run without(const System& system, const proofs::Path& path, std::size_t from, std::size_t length,
            std::uint64_t outputs) {
  Run run;
  State state = system.initial();
  std::vector<Stimulus> enabled;
  StepResult result;
  for (std::size_t at = 0; at < path.size() && !run.failure; ++at) {
    if (at >= from && at < from + length) continue;
    system.enabled(state, enabled);
    if (std::find(enabled.begin(), enabled.end(), path[at]) == enabled.end()) continue;
    run.path.push_back(path[at]);
    run.failure = step(system, state, path[at], outputs, result);
    if (!run.failure) state = result.state;
  }
  return run;
}

}  // namespace

proofs::Path shortened(const System& system, proofs::Path path, std::uint64_t outputs) {
  const auto failure = rerun(system, path, outputs);
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t length = std::max<std::size_t>(path.size() / 2, 2); length > 0; length /= 2) {
      for (std::size_t from = 0; from + length <= path.size();) {
        Run less = without(system, path, from, length, outputs);
        if (less.failure != failure) {
          ++from;
          continue;
        }
        path = std::move(less.path);
        shorter = true;
      }
    }
  }
  return path;
}

std::uint64_t emitted_by(const System& system, const proofs::Path& path) {
  State state = system.initial();
  StepResult result;
  std::uint64_t emitted = 0;
  for (const Stimulus stimulus : path) {
    system.step(state, stimulus, result);
    emitted |= result.emitted;
    state = result.state;
  }
  return emitted;
}

std::string told(const System& system, const proofs::Path& path) {
  std::string text;
  State state = system.initial();
  StepResult result;
  for (const Stimulus stimulus : path) {
    text += "  " + system.describe(stimulus) + "\n";
    try {
      system.step(state, stimulus, result);
    } catch (const std::logic_error& error) {
      return text + error.what() + "\n";
    }
    state = result.state;
  }
  return text + system.describe(state);
}

}  // namespace halfclose::test
