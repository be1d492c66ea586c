// Times for a path: one solution of the difference constraints that its clocks impose.
#pragma once

#include <optional>
#include <vector>

#include "proofs/explore/exploration.hpp"

namespace halfclose::proofs {

/// The earliest times at which the steps of `path` can happen, in order, from 0; microseconds, one per step.
/// Nothing when the bounds of the system allow no times for it.
///
/// @pre    every stimulus is enabled where the path takes it
/// @cost   O(steps x constraints)
std::optional<std::vector<system::Time>> schedule(const system::System& system, const Path& path);

}  // namespace halfclose::proofs
