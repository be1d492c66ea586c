// Reachability with time: the zone graph of a System.
//
// Every clock that runs in a state (System::clocks) must reach its lower bound before its step and
// may not pass its upper bound. All bounds are weak, so things due at the same instant happen in
// either order.
#pragma once

#include "proofs/explore/exploration.hpp"
#include "proofs/explore/state_set.hpp"

namespace halfclose::proofs {

/// Explores every state reachable in time, breadth first: the paths found are shortest in steps,
/// and each has a schedule (proofs/timed/schedule.hpp).
///
/// @param system  sealed; bounds in microseconds
/// @param search  goals and limits; `limits.states` counts zones
/// @param seen    when given, receives the discrete states that time allows
/// @return        `complete`, or the limit that was hit
/// @errors        std::logic_error when the system is wrong; std::length_error past 24 clocks in
/// one state
/// @source        Bengtsson and Yi 2004; Behrmann, Bouyer, Larsen, Pelanek 2006 (a-LU); Herbreteau,
///                Srivathsan, Walukiewicz 2012 (the test for it)
Exploration explore_timed(const system::System& system, const Search& search,
                          StateSet* seen = nullptr);

}  // namespace halfclose::proofs
