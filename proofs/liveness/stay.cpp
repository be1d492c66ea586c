#include "proofs/liveness/stay.hpp"

#include <algorithm>

namespace halfclose::proofs {

using system::Clock;
using system::Occurrence;
using system::State;
using system::StepResult;
using system::Stimulus;
using system::System;

bool Stay::bad(const System& system, const State& state) const {
  return std::any_of(any_of.begin(), any_of.end(), [&](const Clause& clause) {
    return std::all_of(clause.in.begin(), clause.in.end(), [&](const auto& condition) {
      return condition.second[system.local(state, condition.first)];
    });
  });
}

bool Stay::ended_by(const System& system, const std::vector<Occurrence>& occurrences) const {
  return std::any_of(occurrences.begin(), occurrences.end(), [&](const Occurrence& one) {
    if (one.kind == Occurrence::Kind::renewed)
      return std::count(until_renewed.begin(), until_renewed.end(), one.index) > 0;
    if (one.kind != Occurrence::Kind::fired) return false;
    const auto& outputs = system.components[one.index].table->output_lists[one.outputs];
    return std::any_of(until_emitted.begin(), until_emitted.end(), [&](const Emission& emission) {
      return emission.component == one.index &&
             std::count(outputs.begin(), outputs.end(), emission.output) > 0;
    });
  });
}

namespace {

/// A run in progress that knows how many steps each clock has run, and each promise been open.
class Aged {
 public:
  Aged(const System& system, const std::vector<Promise>& promises)
      : system_(system),
        promises_(promises),
        state_(system.initial()),
        open_for_(promises.size(), 0) {
    system_.clocks(state_, clocks_);
    steps_.assign(clocks_.size(), 0);
  }

  const State& state() const { return state_; }

  /// @return false when the stimulus is not enabled
  bool step(Stimulus stimulus, std::vector<Occurrence>& occurrences) {
    std::vector<Stimulus> enabled;
    system_.enabled(state_, enabled);
    if (std::find(enabled.begin(), enabled.end(), stimulus) == enabled.end()) return false;
    for (std::size_t p = 0; p < promises_.size(); ++p) {
      const bool kept = stimulus.kind == Stimulus::Kind::choose && names(p, stimulus);
      open_for_[p] = kept || !open(p, enabled) ? 0 : open_for_[p] + 1;
    }
    // An application that was woken was served, though more may be left for it.
    const int served = system_.clock_of(clocks_, stimulus);
    if (served >= 0) steps_[static_cast<std::size_t>(served)] = -1;
    StepResult result;
    occurrences.clear();
    system_.step(state_, stimulus, result, &occurrences);
    std::vector<int> moved;
    for (const std::int16_t origin : result.clock_origins)
      moved.push_back(origin == system::kFresh ? 0 : steps_[static_cast<std::size_t>(origin)] + 1);
    state_ = result.state;
    steps_ = std::move(moved);
    system_.clocks(state_, clocks_);
    return true;
  }

  /// Empty, or what has been due for longer than `most` steps.
  std::string overdue(int most) const {
    for (std::size_t c = 0; c < clocks_.size(); ++c) {
      if (clocks_[c].hi >= system::kForever || steps_[c] <= most) continue;
      const bool timer = clocks_[c].kind == Clock::Kind::timer;
      return (timer ? "timer " + system_.timers[clocks_[c].index].name
                    : "queue " + system_.queues[clocks_[c].index].name) +
             " is due and never served";
    }
    std::vector<Stimulus> enabled;
    system_.enabled(state_, enabled);
    for (std::size_t p = 0; p < promises_.size(); ++p) {
      if (open(p, enabled) && open_for_[p] > most)
        return "the promise `" + promises_[p].text + "` is broken";
    }
    return {};
  }

 private:
  bool names(std::size_t promise, Stimulus stimulus) const {
    const auto& choices = promises_[promise].choices;
    return std::find(choices.begin(), choices.end(), stimulus.index) != choices.end();
  }
  bool open(std::size_t promise, const std::vector<Stimulus>& enabled) const {
    return std::any_of(enabled.begin(), enabled.end(), [&](Stimulus one) {
      return one.kind == Stimulus::Kind::choose && names(promise, one);
    });
  }

  const System& system_;
  const std::vector<Promise>& promises_;
  State state_;
  std::vector<Clock> clocks_;
  std::vector<int> steps_;     ///< per clock, since it was reset or served
  std::vector<int> open_for_;  ///< per promise
};

}  // namespace

std::string fault_of(const System& system, const Stay& stay, const std::vector<Promise>& promises,
                     const Lasso& lasso) {
  Aged run(system, promises);
  std::vector<Occurrence> occurrences;
  for (const Stimulus stimulus : lasso.prefix) {
    if (!run.step(stimulus, occurrences))
      return "`" + system.describe(stimulus) + "` of the prefix is not enabled";
  }
  const State entry = run.state();
  if (!stay.bad(system, entry)) return "the prefix does not lead into the stay";
  // One that rests waits for nothing: whatever is due at all is overdue.
  if (lasso.cycle.empty()) return run.overdue(-2);
  // A message moves up at least one place each time round; so does each urgent item.
  constexpr int kRounds = static_cast<int>(system::kQueueItems) + 2;
  for (int round = 0; round < kRounds; ++round) {
    for (const Stimulus stimulus : lasso.cycle) {
      if (!run.step(stimulus, occurrences))
        return "`" + system.describe(stimulus) + "` of the cycle is not enabled";
      if (!stay.bad(system, run.state()) || stay.ended_by(system, occurrences))
        return "`" + system.describe(stimulus) + "` of the cycle ends the stay";
    }
    if (run.state() != entry) return "the cycle does not return";
  }
  return run.overdue((kRounds - 1) * static_cast<int>(lasso.cycle.size()));
}

}  // namespace halfclose::proofs
