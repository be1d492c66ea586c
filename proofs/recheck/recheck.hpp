// Checks a certificate: the initial state is in the set, every step leads from the set into the
// set, and no step emits what must not be emitted. Then nothing reachable does.
#pragma once

#include "proofs/recheck/certificate.hpp"

#include <cstdint>
#include <string>

namespace halfclose::recheck {

struct Outcome {
  enum class Verdict : std::uint8_t { valid, invalid, undecided };
  Verdict verdict = Verdict::undecided;
  std::string
      reason;  ///< invalid: the state, the step, what is wrong, in lines; undecided: the limit
  std::uint64_t states = 0, steps = 0;  ///< looked at
};

/// @param milliseconds  time allowed
/// @cost   states x stimuli steps, each with one binary search
/// @errors Unreadable when a state is none of this system, or out of order; `offset` counts from
///         the first state
Outcome check(const Certificate& certificate, std::int64_t milliseconds);

}  // namespace halfclose::recheck
