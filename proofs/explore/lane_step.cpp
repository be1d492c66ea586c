#include "proofs/explore/lane_step.hpp"

#include <stdexcept>

namespace halfclose::proofs {

void LaneStepper::too_many() {
  throw std::logic_error("a step raises more than 64 events");
}

}  // namespace halfclose::proofs
