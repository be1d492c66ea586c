// Two systems with the same stimuli, walked side by side: do they behave the same?
#pragma once

#include "proofs/explore/exploration.hpp"

namespace halfclose::proofs {

/// How far two systems agree; each value says all that the ones before it say.
enum class Likeness : std::uint8_t {
  differ,   ///< some run of one is none of the other, or emits something else
  untimed,  ///< the same runs and emissions; clocks are not reset alike
  timed,    ///< and on each step every clock goes on or starts anew in both
};

/// Walks every pair of states that one sequence of stimuli leads to. A stimulus has one outcome, so
/// when all pairs agree on what is enabled and emitted, the relation of the pairs is a
/// bisimulation: the locals may have other numbers, and no claim about runs and emissions can tell
/// the systems apart. With equal clocks none in time can.
///
/// @pre    both have the same queues, timers, choices and observers, with the same bounds
/// @param  limits  `states` counts pairs; beyond a limit the answer is `differ`
/// @cost   O(pairs x stimuli) steps of both
Likeness likeness(const system::System& one, const system::System& other, const Limits& limits);

}  // namespace halfclose::proofs
