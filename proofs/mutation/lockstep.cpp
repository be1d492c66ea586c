#include "proofs/mutation/lockstep.hpp"

#include "proofs/explore/state_set.hpp"

#include <algorithm>
#include <stdexcept>
#include <unordered_set>

namespace halfclose::proofs {

using system::Clock;
using system::State;
using system::System;

namespace {

class Walk {
 public:
  Walk(const System& one, const System& other)
      : one_(one), other_(other), of_one_(one.bytes()), of_other_(other.bytes()) {}

  Likeness run(const Limits& limits) {
    meet(one_.initial(), other_.initial());
    Likeness result = Likeness::timed;
    for (std::size_t next = 0; next < pairs_.size(); ++next) {
      if (pairs_.size() > limits.states) return Likeness::differ;
      const auto [a, b] = pairs_[next];
      const Likeness here = compare(of_one_[a], of_other_[b]);
      if (here == Likeness::differ) return here;
      result = std::min(result, here);
    }
    return result;
  }

 private:
  void meet(const State& a, const State& b) {
    const std::uint32_t i = of_one_.insert(a).first, j = of_other_.insert(b).first;
    if (seen_.insert(std::uint64_t{i} << 32 | j).second) pairs_.emplace_back(i, j);
  }

  Likeness compare(const State& a, const State& b) {
    one_.enabled(a, stimuli_);
    other_.enabled(b, other_stimuli_);
    if (stimuli_ != other_stimuli_) return Likeness::differ;
    Likeness likeness = same_clocks(a, b) ? Likeness::timed : Likeness::untimed;
    for (const system::Stimulus stimulus : stimuli_) {
      one_.step(a, stimulus, step_);
      try {
        other_.step(b, stimulus, other_step_);
      } catch (const std::logic_error&) {
        return Likeness::differ;  // it no longer fits together
      }
      if (step_.emitted != other_step_.emitted) return Likeness::differ;
      if (step_.aged != other_step_.aged || step_.clock_origins != other_step_.clock_origins)
        likeness = Likeness::untimed;
      meet(step_.state, other_step_.state);
    }
    return likeness;
  }

  bool same_clocks(const State& a, const State& b) {
    one_.clocks(a, clocks_);
    other_.clocks(b, other_clocks_);
    return std::equal(clocks_.begin(), clocks_.end(), other_clocks_.begin(), other_clocks_.end(),
                      [](const Clock& x, const Clock& y) {
                        return x.kind == y.kind && x.index == y.index && x.position == y.position;
                      });
  }

  const System &one_, &other_;
  StateSet of_one_, of_other_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<system::Stimulus> stimuli_, other_stimuli_;
  system::StepResult step_, other_step_;
  std::vector<Clock> clocks_, other_clocks_;
};

}  // namespace

Likeness likeness(const System& one, const System& other, const Limits& limits) {
  return Walk(one, other).run(limits);
}

}  // namespace halfclose::proofs
