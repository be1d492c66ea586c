#include "proofs/explore/local_cycles.hpp"

#include <algorithm>
#include <map>

namespace halfclose::proofs {

namespace {

constexpr std::size_t kUnseen = ~std::size_t{0};

/// Tarjan's algorithm with its own stack: the graphs are paths of thousands of nodes.
class Tarjan {
 public:
  Tarjan(std::size_t nodes, const std::vector<LabelledEdge>& edges)
      : next_(nodes), index_(nodes, kUnseen), low_(nodes, 0), part_(nodes, kUnseen) {
    for (const LabelledEdge& edge : edges)
      next_[edge.from].push_back(edge.to);
    for (std::size_t node = 0; node < nodes; ++node) {
      if (index_[node] == kUnseen) walk_from(node);
    }
  }
  std::vector<std::size_t> parts() { return std::move(part_); }

 private:
  struct Frame {
    std::size_t node, edge;
  };
  void enter(std::size_t node) {
    index_[node] = low_[node] = count_++;
    open_.push_back(node);
    frames_.push_back({node, 0});
  }
  void walk_from(std::size_t root) {
    enter(root);
    while (!frames_.empty()) {
      const std::size_t node = frames_.back().node;
      if (frames_.back().edge < next_[node].size()) {
        const std::size_t to = next_[node][frames_.back().edge++];
        if (index_[to] == kUnseen)
          enter(to);
        else if (part_[to] == kUnseen)
          low_[node] = std::min(low_[node], index_[to]);
        continue;
      }
      frames_.pop_back();
      if (!frames_.empty())
        low_[frames_.back().node] = std::min(low_[frames_.back().node], low_[node]);
      if (low_[node] == index_[node]) close(node);
    }
  }
  void close(std::size_t root) {
    for (;;) {
      const std::size_t node = open_.back();
      open_.pop_back();
      part_[node] = parts_;
      if (node == root) break;
    }
    ++parts_;
  }

  std::vector<std::vector<std::size_t>> next_;
  std::vector<std::size_t> index_, low_, part_, open_;
  std::vector<Frame> frames_;
  std::size_t count_ = 0, parts_ = 0;
};

/// The edges that lie on a cycle when the nodes of `out` are taken away.
std::vector<LabelledEdge> on_cycles(std::size_t nodes, const std::vector<LabelledEdge>& edges,
                                    const std::vector<bool>& out) {
  std::vector<LabelledEdge> left;
  for (const LabelledEdge& edge : edges) {
    if (!out[edge.from] && !out[edge.to]) left.push_back(edge);
  }
  const std::vector<std::size_t> part = strong_parts(nodes, left);
  std::erase_if(left, [&](const LabelledEdge& edge) { return part[edge.from] != part[edge.to]; });
  return left;
}

}  // namespace

std::vector<std::size_t> strong_parts(std::size_t nodes, const std::vector<LabelledEdge>& edges) {
  return Tarjan(nodes, edges).parts();
}

std::vector<bool> cycle_breakers(std::size_t nodes, const std::vector<LabelledEdge>& edges) {
  std::vector<bool> out(nodes, false);
  for (;;) {
    const std::vector<LabelledEdge> cyclic = on_cycles(nodes, edges, out);
    if (cyclic.empty()) return out;
    // One part at a time: that of the first edge.
    const std::vector<std::size_t> part = strong_parts(nodes, cyclic);
    const std::size_t of = part[cyclic.front().from];
    std::vector<LabelledEdge> here;
    for (const LabelledEdge& edge : cyclic) {
      if (part[edge.from] == of) here.push_back(edge);
    }
    std::map<std::uint32_t, std::vector<std::size_t>> sources;
    for (const LabelledEdge& edge : here)
      sources[edge.label].push_back(edge.from);
    const std::vector<std::size_t>* best = nullptr;
    for (auto& [label, from] : sources) {
      std::sort(from.begin(), from.end());
      from.erase(std::unique(from.begin(), from.end()), from.end());
      if (best != nullptr && best->size() <= from.size()) continue;
      std::vector<bool> without(nodes, false);
      for (const std::size_t node : from)
        without[node] = true;
      if (on_cycles(nodes, here, without).empty()) best = &from;
    }
    if (best != nullptr) {
      for (const std::size_t node : *best)
        out[node] = true;
      continue;
    }
    std::vector<std::size_t> degree(nodes, 0);
    for (const LabelledEdge& edge : here) {
      ++degree[edge.from];
      ++degree[edge.to];
    }
    out[static_cast<std::size_t>(std::max_element(degree.begin(), degree.end()) - degree.begin())] =
        true;
  }
}

}  // namespace halfclose::proofs
