#include "proofs/liveness/components.hpp"

#include <algorithm>

namespace halfclose::proofs {

Components components_of(const Graph& graph) {
  constexpr std::uint32_t kUnseen = 0;
  const std::size_t nodes = graph.nodes();
  Components result;
  result.of.assign(nodes, 0);
  std::vector<std::uint32_t> number(nodes, kUnseen), low(nodes, 0);
  std::vector<bool> open(nodes, false);  // on the stack: its component is not complete
  std::vector<std::uint32_t> stack;
  struct Visit {
    std::uint32_t node;
    std::uint64_t edge;
  };
  std::vector<Visit> visits;
  std::uint32_t next = 1;
  auto enter = [&](std::uint32_t node) {
    number[node] = low[node] = next++;
    open[node] = true;
    stack.push_back(node);
    visits.push_back({node, graph.first[node]});
  };
  for (std::uint32_t root = 0; root < nodes; ++root) {
    if (number[root] != kUnseen) continue;
    enter(root);
    while (!visits.empty()) {
      const std::uint32_t node = visits.back().node;
      if (visits.back().edge < graph.first[node + 1]) {
        const std::uint32_t to = graph.to[visits.back().edge++];
        if (number[to] == kUnseen) {
          enter(to);
        } else if (open[to]) {
          low[node] = std::min(low[node], number[to]);
        }
        continue;
      }
      visits.pop_back();
      if (!visits.empty()) low[visits.back().node] = std::min(low[visits.back().node], low[node]);
      if (low[node] != number[node]) continue;
      std::uint32_t member = 0;
      do {
        member = stack.back();
        stack.pop_back();
        open[member] = false;
        result.of[member] = result.count;
      } while (member != node);
      ++result.count;
    }
  }
  return result;
}

}  // namespace halfclose::proofs
