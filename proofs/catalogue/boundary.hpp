// The edge of a race along one timer: how far the timer can move before the verdict changes.
#pragma once

#include "proofs/catalogue/catalogue.hpp"
#include "proofs/explore/exploration.hpp"

#include <optional>

namespace halfclose::proofs {

/// The system with one timer later by `delta` (earlier when negative, never set below zero).
system::System with_timer(system::System system, system::Index timer, system::Time delta);

/// Longer than any run of the system needs: beyond it more time changes nothing. Microseconds.
system::Time beyond_all(const system::System& system);

struct Edge {
  std::optional<system::Time>
      present_at{};  ///< the last delta at which the race happens; none: it always does
  bool undecided = false;
};

/// Walks from `delta`, where the race is known to happen, in direction `toward` (+1 or -1) up to
/// `bound`.
///
/// Each round takes the run that was found as far as its own constraints allow, and explores one
/// microsecond beyond; so the edge is confirmed on both sides by the engine, not derived from a
/// formula.
Edge find_edge(const system::System& system, system::Index timer, std::uint64_t race,
               system::Time delta, int toward, system::Time bound, const Limits& limits);

}  // namespace halfclose::proofs
