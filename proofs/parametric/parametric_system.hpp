// A System whose bounds are linear in parameters instead of numbers.
#pragma once

#include "proofs/parametric/region.hpp"

#include <string>
#include <vector>

namespace halfclose::proofs {

struct ParametricBounds {
  Linear lo, hi;
};

struct ParametricSystem {
  const system::System&
      system;  ///< sealed; its own bounds are not read, but whether a timer is off
  std::vector<std::string> parameters;
  std::vector<ParametricBounds> timers, queues;  ///< of those that are not off
  Cell domain;  ///< what all values satisfy: not strict, and every parameter has a bound from below
};

}  // namespace halfclose::proofs
