#include "proofs/decoupling/automaton.hpp"

#include <algorithm>
#include <limits>
#include <map>

namespace halfclose::proofs {

namespace {

constexpr Node kNowhere = std::numeric_limits<Node>::max();

void tidy(std::vector<Arc>& arcs) {
  std::sort(arcs.begin(), arcs.end());
  arcs.erase(std::unique(arcs.begin(), arcs.end()), arcs.end());
}

/// Strongly connected components of the silent arcs: Tarjan's, without recursion. A component has a
/// higher number than those it leads to.
class SilentComponents {
 public:
  explicit SilentComponents(const Automaton& automaton)
      : of(automaton.arcs.size(), kNowhere),
        automaton_(automaton),
        order_(automaton.arcs.size(), 0),
        low_(automaton.arcs.size(), 0) {
    for (Node n = 0; n < automaton.arcs.size(); ++n) {
      if (order_[n] == 0) visit(n);
    }
  }

  std::vector<Node> of;
  Node count = 0;

 private:
  struct Frame {
    Node node;
    std::size_t arc;
  };

  void visit(Node root) {
    enter(root);
    while (!frames_.empty()) {
      Frame& frame = frames_.back();
      const auto& arcs = automaton_.arcs[frame.node];
      if (frame.arc < arcs.size() && arcs[frame.arc].label == kSilent) {
        const Node to = arcs[frame.arc++].to;
        if (order_[to] == 0) {
          enter(to);
        } else if (of[to] == kNowhere) {
          low_[frame.node] = std::min(low_[frame.node], order_[to]);
        }
        continue;
      }
      const Node node = frame.node;
      frames_.pop_back();
      if (!frames_.empty()) {
        Node& low = low_[frames_.back().node];
        low = std::min(low, low_[node]);
      }
      if (low_[node] == order_[node]) leave(node);
    }
  }
  void enter(Node node) {
    order_[node] = low_[node] = ++visited_;
    stack_.push_back(node);
    frames_.push_back({node, 0});
  }
  void leave(Node root) {
    for (;;) {
      const Node node = stack_.back();
      stack_.pop_back();
      of[node] = count;
      if (node == root) break;
    }
    ++count;
  }

  const Automaton& automaton_;
  std::vector<Node> order_, low_, stack_;
  std::vector<Frame> frames_;
  Node visited_ = 0;
};

/// Each component of silent arcs as one node; silent arcs lead to nodes of lower number only.
Automaton collapsed(const Automaton& automaton, const SilentComponents& components) {
  Automaton result;
  result.arcs.resize(components.count);
  for (Node n = 0; n < automaton.arcs.size(); ++n) {
    for (const Arc& arc : automaton.arcs[n]) {
      const Node from = components.of[n], to = components.of[arc.to];
      if (arc.label != kSilent || from != to) result.arcs[from].push_back({arc.label, to});
    }
  }
  for (auto& arcs : result.arcs)
    tidy(arcs);
  return result;
}

}  // namespace

Automaton reachable(const LabelledGraph& graph, bool with_hidden) {
  std::vector<Node> number(graph.nodes(), kNowhere), open{0};
  number[0] = 0;
  Automaton result;
  for (std::size_t next = 0; next < open.size(); ++next) {
    std::vector<Arc> arcs;
    for (auto e = graph.edges_at[open[next]]; e < graph.edges_at[open[next] + 1]; ++e) {
      const ObservedEdge& edge = graph.edges[e];
      if (edge.hidden && !with_hidden) continue;
      if (number[edge.to] == kNowhere) {
        number[edge.to] = static_cast<Node>(open.size());
        open.push_back(edge.to);
      }
      arcs.push_back({edge.label, number[edge.to]});
    }
    tidy(arcs);
    result.arcs.push_back(std::move(arcs));
  }
  return result;
}

std::vector<Node> classes(const Automaton& automaton) {
  const SilentComponents components(automaton);
  const Automaton dag = collapsed(automaton, components);
  std::vector<Node> of(dag.arcs.size(), 0), refined(dag.arcs.size());
  // What a node shows after inert silent steps, that is such as stay in its class.
  std::vector<std::vector<Arc>> shows(dag.arcs.size());
  std::size_t count = 1;
  for (;;) {
    std::map<std::pair<Node, std::vector<Arc>>, Node> index;
    for (Node n = 0; n < dag.arcs.size(); ++n) {
      auto& show = shows[n];
      show.clear();
      for (const Arc& arc : dag.arcs[n]) {
        if (arc.label == kSilent && of[arc.to] == of[n]) {
          show.insert(show.end(), shows[arc.to].begin(), shows[arc.to].end());
        } else {
          show.push_back({arc.label, of[arc.to]});
        }
      }
      tidy(show);
      refined[n] = index.try_emplace({of[n], show}, static_cast<Node>(index.size())).first->second;
    }
    of.swap(refined);
    if (index.size() == count) break;
    count = index.size();
  }
  std::vector<Node> result(automaton.arcs.size());
  for (Node n = 0; n < result.size(); ++n)
    result[n] = of[components.of[n]];
  return result;
}

Automaton quotient(const Automaton& automaton) {
  std::vector<Node> of = classes(automaton);
  // The class of the initial node comes first.
  const Node initial = of[0];
  for (Node& c : of)
    c = c == initial ? 0 : c == 0 ? initial : c;
  Automaton result;
  result.arcs.resize(*std::max_element(of.begin(), of.end()) + 1u);
  for (Node n = 0; n < of.size(); ++n) {
    for (const Arc& arc : automaton.arcs[n]) {
      if (arc.label != kSilent || of[n] != of[arc.to])
        result.arcs[of[n]].push_back({arc.label, of[arc.to]});
    }
  }
  for (auto& arcs : result.arcs)
    tidy(arcs);
  return result;
}

bool equivalent(const Automaton& a, const Automaton& b) {
  Automaton both = a;
  const auto offset = static_cast<Node>(a.arcs.size());
  for (const auto& arcs : b.arcs) {
    auto& moved = both.arcs.emplace_back(arcs);
    for (Arc& arc : moved)
      arc.to += offset;
  }
  const std::vector<Node> of = classes(both);
  return of[0] == of[offset];
}

}  // namespace halfclose::proofs
