// Explicit-state reachability without time: whatever may happen next, may.
#pragma once

#include "proofs/explore/exploration.hpp"
#include "proofs/explore/state_set.hpp"

namespace halfclose::proofs {

/// Explores every state reachable within the limits, breadth first: the paths found are shortest in
/// steps. For systems of one lane, whose states are as many as its values: `explore_lanes`
/// (lane_explorer.hpp) is for those of several, and its tests measure it against this.
///
/// @param system  sealed; read only
/// @param search  goals and limits
/// @param seen    when given, receives the reachable states
/// @return        `complete`, or the limit that was hit; never a verdict on less than was explored
/// @errors        std::logic_error when the system is wrong (System::step)
/// @cost          time O(states x stimuli), memory O(states)
Exploration explore(const system::System& system, const Search& search, StateSet* seen = nullptr);

}  // namespace halfclose::proofs
