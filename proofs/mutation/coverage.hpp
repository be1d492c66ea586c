// Which cells of the tables the reachable states of a system depend on.
#pragma once

#include "proofs/explore/exploration.hpp"

#include <vector>

namespace halfclose::proofs {

/// Per component, per cell of its table (Table::cells): it fired on a reachable step, or it decided
/// whether a choice is open in a reachable state.
///
/// A system whose tables differ in other cells only has the same reachable states, steps and
/// emissions: by induction over the length of a run, since a step reads no other cells.
struct Coverage {
  std::vector<std::vector<bool>> consulted;
  bool complete = false;  ///< false: a limit was hit, and nothing may be concluded
};

/// @errors std::logic_error when the system is wrong (System::step)
/// @cost   every reachable step is taken twice
Coverage coverage_of(const system::System& system, const Limits& limits);

}  // namespace halfclose::proofs
