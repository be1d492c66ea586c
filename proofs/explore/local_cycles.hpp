// Which nodes of a small graph to take out so that no cycle is left.
#pragma once

#include <cstdint>
#include <vector>

namespace halfclose::proofs {

struct LabelledEdge {
  std::size_t from = 0, to = 0;
  std::uint32_t label = 0;
};

/// A set of nodes that every cycle passes through. Where taking out all sources of one label within
/// a strongly connected part does it, that label is taken which has the fewest; else node by node.
/// Depends on the numbers of nodes and labels only through their order.
/// @return  per node, whether it is in the set
std::vector<bool> cycle_breakers(std::size_t nodes, const std::vector<LabelledEdge>& edges);

/// Strongly connected parts; per node the number of its part.
std::vector<std::size_t> strong_parts(std::size_t nodes, const std::vector<LabelledEdge>& edges);

}  // namespace halfclose::proofs
