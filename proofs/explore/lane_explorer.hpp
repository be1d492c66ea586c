// Explicit-state reachability of a composed system: the lanes apart, their values numbered, a state
// one word.
#pragma once

#include "proofs/explore/exploration.hpp"

#include <functional>

namespace halfclose::proofs {

struct LaneOptions {
  unsigned threads = 1;
  std::size_t share_from = 4096;  ///< states of a level; a smaller one is left to one thread
  /// Of states that differ only in which lane is which, explores one: by System::symmetries, each
  /// verified first; one that does not hold is refused (Exploration::refused). What is found is
  /// searched for again without, so that paths name the lanes they run through.
  bool symmetry = false;
  /// Lets lanes wait where that changes no verdict (lane_ample.hpp). Fewer states and transitions
  /// are seen, and none that deadlocks is left out. A goal that is found is then searched for again
  /// without, so that its path is shortest.
  bool partial_order = false;
  /// Called for every state that was seen, after the search, in no particular order; may be empty.
  std::function<void(const system::State&)> reached{};
};

/// Explores every state reachable within the limits, breadth first and level by level: the paths
/// found are shortest in steps. Counts, depth and paths do not depend on the number of threads.
///
/// @param system   sealed; read only. Fast when it has lanes; without them `explore` is faster
/// @param search   goals and limits; when it stops, it stops at the end of a level
/// @param options  threads and reductions
/// @return         `complete`, or the limit that was hit; every path was executed again by
///                 System::step
/// @errors         std::logic_error when the system is wrong (System::step); std::length_error when
///                 it has more than 64 lanes
/// @cost           time O(states x stimuli), memory 10 to 14 bytes a state
/// @source         docs/explanation/performance.md
Exploration explore_lanes(const system::System& system, const Search& search,
                          const LaneOptions& options = {});

}  // namespace halfclose::proofs
