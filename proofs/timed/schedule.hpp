// Times for a path: one solution of the difference constraints that its clocks impose.
#pragma once

#include "proofs/explore/exploration.hpp"

#include <optional>

namespace halfclose::proofs {

/// The earliest times at which the steps of `path` can happen, in order. Nothing when the bounds of
/// the system allow none.
///
/// @pre    every stimulus is enabled where the path takes it
/// @cost   O(steps x constraints), times a logarithm when the path has an aging step
std::optional<Schedule> schedule(const system::System& system, const Path& path);

}  // namespace halfclose::proofs
