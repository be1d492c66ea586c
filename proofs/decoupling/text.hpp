// A refutation as text: both runs side by side, what both show on one line.
#pragma once

#include "proofs/decoupling/decoupling.hpp"

#include <string>

namespace halfclose::proofs {

/// @pre the result has a pair of runs
std::string render(const Interface& interface, const DecouplingResult& result);

}  // namespace halfclose::proofs
