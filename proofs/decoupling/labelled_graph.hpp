// The steps of a system as a labelled graph: what an interface shows of each, and which are
// private.
#pragma once

#include "proofs/decoupling/interface.hpp"
#include "proofs/explore/exploration.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace halfclose::proofs {

using Label = std::uint16_t;
inline constexpr Label kSilent = 0;  ///< nothing is seen
using Node = std::uint32_t;

/// One step, or a part of one: a step with several observations is a chain of edges through nodes
/// of its own. The first edge of the chain has the stimulus.
struct ObservedEdge {
  Node to = 0;
  Label label = kSilent;
  bool hidden = false;  ///< the step is private
  bool first = true;    ///< else the rest of the word of a step
  system::Stimulus stimulus{};
};

struct LabelledGraph {
  std::vector<std::string> labels;      ///< [kSilent] is empty
  std::vector<std::uint32_t> edges_at;  ///< of node n: edges[edges_at[n] .. edges_at[n + 1])
  std::vector<ObservedEdge> edges;
  std::uint64_t states = 0;       ///< nodes 0 .. states-1 are states; 0 is the initial one
  std::uint64_t transitions = 0;  ///< steps
  std::uint64_t hidden = 0;       ///< of them private
  std::string limit;              ///< why it is not complete, if a limit was hit

  std::size_t nodes() const { return edges_at.size() - 1; }
};

/// @param labels  of graphs that are compared: equal texts have equal numbers; it grows
/// @errors std::logic_error when the system is wrong (System::step)
LabelledGraph labelled_graph(const system::System& system, const Interface& interface,
                             const Limits& limits, std::vector<std::string>& labels);

}  // namespace halfclose::proofs
