// Which part of a system is private, and what of a step the other part can see.
//
// A step is seen as the word of its observations, in the order in which they happen; most steps
// have none. Different things may look the same: they then have one label.
#pragma once

#include "model/system/system.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// A component takes an event, or appends an output, perhaps during one event only.
struct Observed {
  system::Index component = system::kNone;
  std::optional<machine::EventId> event{};    ///< any when there is none and an output is given
  std::optional<machine::OutputId> output{};  ///< none: the event itself is seen
  std::string label;
};

struct Interface {
  std::string statement;     ///< what is claimed, one sentence
  std::string private_side;  ///< whose management is hidden: "the clients"
  std::string public_side;   ///< who must not notice: "the upstream connections"
  std::vector<Observed> observed;
  std::vector<system::Stimulus> hidden;  ///< private: management of the private side
};

/// The system without its observers: machines that only watch multiply states and change nothing.
///
/// @pre    no output of an observer has an effect
/// @errors std::logic_error when one has
system::System without_observers(system::System system);

}  // namespace halfclose::proofs
