// Systems by name, of different size and shape: for exports, benchmarks and comparisons with other
// checkers.
#pragma once

#include "model/system/system.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

struct NamedSystem {
  std::string_view name;     ///< `hop/plain`
  std::string_view summary;  ///< one line
  std::function<system::System()> make;
};

/// The registry, smallest first within a family.
const std::vector<NamedSystem>& named_systems();
/// @return nullptr for a name that does not exist
const NamedSystem* find_named_system(std::string_view name);

}  // namespace halfclose::proofs
