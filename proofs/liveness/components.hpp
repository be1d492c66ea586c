// Strongly connected components of a stored graph, without recursion.
#pragma once

#include <cstdint>
#include <vector>

namespace halfclose::proofs {

/// Rows of edges: those of node n are `to[first[n]]` to `to[first[n + 1] - 1]`.
struct Graph {
  std::vector<std::uint64_t> first{0};
  std::vector<std::uint32_t> to;
  std::size_t nodes() const { return first.size() - 1; }
};

struct Components {
  std::vector<std::uint32_t> of;  ///< per node
  std::uint32_t count = 0;
};

/// Tarjan's algorithm. @cost O(nodes + edges), 13 bytes per node besides the result
Components components_of(const Graph& graph);

}  // namespace halfclose::proofs
