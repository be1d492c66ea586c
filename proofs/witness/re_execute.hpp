// A witness run again on the tables: the check that it says what happens.
#pragma once

#include "proofs/witness/witness.hpp"

#include <string>

namespace halfclose::proofs {

/// Runs the path again, on the tables of today, and compares.
///
/// @return  empty when the bounds of every clock allow the times, if there are any, and everything
///          recorded happens again; otherwise the first difference, naming step and field. The
///          property, if an observer knows it, must be among the verdicts. Names, statement,
///          symptoms and fix are not judged.
/// @errors  none thrown
std::string re_execute(const Witness& witness);

/// The same on tables of another make: what a mutant does has no other.
///
/// @param stage  stage_of(witness.settings), some tables of its system exchanged
/// @pre          the witness has no times
std::string re_execute(const Witness& witness, const Stage& stage);

}  // namespace halfclose::proofs
