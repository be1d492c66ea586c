// A labelled graph reduced to what its observations can tell: branching bisimulation.
//
// Nodes that are equivalent have the same traces, and can be told apart by nobody who only sees and
// takes part in the observations; silence that goes on for ever is not seen.
#pragma once

#include "proofs/decoupling/labelled_graph.hpp"

#include <utility>
#include <vector>

namespace halfclose::proofs {

struct Arc {
  Label label = kSilent;
  Node to = 0;
  auto operator<=>(const Arc&) const = default;
};

/// Node 0 is the initial one.
struct Automaton {
  std::vector<std::vector<Arc>> arcs;  ///< [node], in ascending order
};

/// The part of `graph` that is reached with private steps, or without them.
Automaton reachable(const LabelledGraph& graph, bool with_hidden);

/// The class of every node: branching bisimulation, blind for divergence.
///
/// @cost time O(rounds x arcs x log), memory O(arcs); rounds is at most the number of classes
std::vector<Node> classes(const Automaton& automaton);

/// One node for each class.
Automaton quotient(const Automaton& automaton);

/// Whether the initial nodes of both are in one class.
bool equivalent(const Automaton& a, const Automaton& b);

}  // namespace halfclose::proofs
