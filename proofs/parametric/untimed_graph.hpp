// The states and steps of a System when time is no constraint, with where the clocks come from.
#pragma once

#include "proofs/explore/exploration.hpp"
#include "proofs/explore/state_set.hpp"

#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// What bounds clocks: the timers, and behind them the queues.
inline constexpr std::size_t kBoundsMax = system::kTimersMax + system::kQueuesMax;
using BoundSet = std::bitset<kBoundsMax>;

class UntimedGraph {
 public:
  struct Step {
    system::Stimulus stimulus{};
    std::int16_t clock = -1;  ///< of the source: it has to have reached its lower bound
    bool aged = false;
    std::uint32_t target = 0;
    std::uint64_t emitted = 0;
    std::uint64_t origins = 0;  ///< where origins() of the target's clocks begin
  };
  struct Clock {
    std::uint8_t bound = 0;
    bool ages = false;
  };

  /// @param limits  states, bytes, milliseconds
  UntimedGraph(const system::System& system, const Limits& limits);

  bool complete() const { return limit_.empty(); }
  const std::string& limit() const { return limit_; }  ///< the one that was hit
  std::size_t states() const { return places_.size() - 1; }
  std::uint64_t emitted() const { return emitted_; }

  /// State 0 is the initial one.
  const Step* begin(std::uint32_t state) const { return &steps_[places_[state].first_step]; }
  const Step* end(std::uint32_t state) const { return &steps_[places_[state + 1].first_step]; }
  const Clock* clocks_begin(std::uint32_t state) const {
    return clocks_.data() + places_[state].first_clock;
  }
  const Clock* clocks_end(std::uint32_t state) const {
    return clocks_.data() + places_[state + 1].first_clock;
  }
  std::size_t clock_count(std::uint32_t state) const {
    return static_cast<std::size_t>(clocks_end(state) - clocks_begin(state));
  }
  /// Per clock of the target: the source's clock it was, or system::kFresh.
  const std::int16_t* origins(const Step& step) const { return origins_.data() + step.origins; }

  /// Per state: a step that emits something of `goals` can be reached from it.
  std::vector<bool> leads_to(std::uint64_t goals) const;

 private:
  struct Place {
    std::uint64_t first_step = 0, first_clock = 0;
  };

  std::vector<Place> places_;  ///< and one more, where the last ends
  std::vector<Step> steps_;
  std::vector<Clock> clocks_;
  std::vector<std::int16_t> origins_;
  std::uint64_t emitted_ = 0;
  std::string limit_;
};

}  // namespace halfclose::proofs
