// Writes what a proof by exploration rests on: the system, what it never emits, every state it can
// be in. `halfclose recheck` checks it again with code of its own (proofs/recheck).
//
// docs/reference/certificate.md is the format, byte by byte, and the meaning of a step.
#pragma once

#include "proofs/explore/state_set.hpp"

#include <ostream>
#include <string>

namespace halfclose::proofs {

struct Claim {
  std::string title;      ///< what is proved, for people: `alb->web: keepalive-reuse never happens`
  std::uint64_t bad = 0;  ///< set of observer outputs (StepResult::emitted) that are not emitted
};

/// Writes the certificate of a claim. Of each table it writes the rows that a step from one of the
/// states reads; the checker refuses a proof that needs another.
///
/// @param states  all reachable states, as `explore` gives them when it is complete. Nothing is
///                checked here: whether the set proves the claim is for the checker to say
/// @param out     binary; its state says whether everything was written
/// @errors        std::length_error when a name is longer than 65535 bytes, or a table has more
/// than
///                255 events or outputs or 65535 lists of outputs; std::logic_error when the system
///                is wrong (System::step)
/// @cost          one step per state and stimulus, and a sort; 4 bytes a state of memory
void write_certificate(const system::System& system, const StateSet& states, const Claim& claim,
                       std::ostream& out);

}  // namespace halfclose::proofs
