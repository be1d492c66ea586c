// Witnesses as JSON, `halfclose-witness/1` for one hop with times and `halfclose-witness/2` for all
// others: docs/reference/witness.md has the schema.
//
// What is read may come from anybody. `from_json` answers for its form, `re_execute` for its truth.
#pragma once

#include "proofs/witness/witness.hpp"

#include <string_view>

namespace halfclose::proofs {

/// What fits on a line of 110 characters stands on one.
///
/// @param indent  blanks per level; negative for everything on one line
std::string to_json(const Witness& witness, int indent = 2);

/// Everything about a hop that its verdicts depend on, on one line.
std::string to_json(const deployment::HopSettings& settings);

struct LoadedWitness {
  std::optional<Witness> witness;
  std::string
      error;  ///< one line, empty when there is a witness: where, and the rule that is broken
};

/// Checks every member: none is missing or unknown, numbers are in range, and each stimulus of the
/// path bears the name it has on the system that the settings describe.
///
/// @errors  none thrown
LoadedWitness from_json(std::string_view text);

/// The rule that settings break which no chain could state; empty when there is none.
std::string check_settings(const Settings& settings);

}  // namespace halfclose::proofs
