#include "proofs/decoupling/decoupling.hpp"

#include "proofs/decoupling/automaton.hpp"

#include <algorithm>
#include <chrono>
#include <map>

namespace halfclose::proofs {

namespace {

using Set = std::vector<Node>;  ///< ascending
using SetId = std::uint32_t;
constexpr SetId kNoSet = 0xffffffff;

/// What a run without private steps may have become, given what was seen: made as it is needed.
class Beliefs {
 public:
  explicit Beliefs(const Automaton& automaton) : automaton_(automaton) { intern({0}); }

  const Set& operator[](SetId id) const { return *sets_[id]; }
  std::size_t size() const { return sets_.size(); }

  /// After one more observation; kNoSet when it cannot be.
  SetId after(SetId id, Label label) {
    const auto [it, fresh] = next_.try_emplace({id, label}, kNoSet);
    if (!fresh) return it->second;
    Set reached;
    for (const Node node : *sets_[id]) {
      for (const Arc& arc : automaton_.arcs[node]) {
        if (arc.label == label) reached.push_back(arc.to);
      }
    }
    if (!reached.empty()) it->second = intern(std::move(reached));
    return it->second;
  }

  std::vector<Label> possible(SetId id) const {
    std::vector<Label> labels;
    for (const Node node : *sets_[id]) {
      for (const Arc& arc : automaton_.arcs[node]) {
        if (arc.label != kSilent) labels.push_back(arc.label);
      }
    }
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    return labels;
  }

 private:
  SetId intern(Set set) {
    close(set);
    const auto [it, fresh] = index_.try_emplace(std::move(set), static_cast<SetId>(sets_.size()));
    if (fresh) sets_.push_back(&it->first);
    return it->second;
  }
  /// Silent steps may have followed.
  void close(Set& set) const {
    std::sort(set.begin(), set.end());
    set.erase(std::unique(set.begin(), set.end()), set.end());
    std::vector<Node> open = set;
    while (!open.empty()) {
      const Node node = open.back();
      open.pop_back();
      for (const Arc& arc : automaton_.arcs[node]) {
        if (arc.label != kSilent) break;  // silent ones come first
        const auto at = std::lower_bound(set.begin(), set.end(), arc.to);
        if (at != set.end() && *at == arc.to) continue;
        set.insert(at, arc.to);
        open.push_back(arc.to);
      }
    }
  }

  const Automaton& automaton_;
  std::map<Set, SetId> index_;
  std::vector<const Set*> sets_;
  std::map<std::pair<SetId, Label>, SetId> next_;
};

/// Where a run with private steps is, and what one without may have become.
struct Pair {
  Node node = 0;
  SetId belief = 0;
  std::uint32_t parent = 0;
  std::uint32_t edge = 0;  ///< from the parent
};

class Comparison {
 public:
  struct Side {
    const system::System& system;
    const LabelledGraph& graph;
  };
  Comparison(Side with, Side without, const Limits& limits,
             std::chrono::steady_clock::time_point start, DecouplingResult& result)
      : with_system_(with.system),
        without_system_(without.system),
        with_(with.graph),
        without_(without.graph),
        limits_(limits),
        start_(start),
        result_(result),
        automaton_(quotient(reachable(without.graph, false))),
        beliefs_(automaton_),
        seen_(with.graph.nodes()) {}

  /// Breadth first: the pair that differs has the shortest run with private steps.
  void run() {
    result_.public_states = automaton_.arcs.size();
    add({0, 0, 0, 0});
    for (std::size_t next = 0; next < pairs_.size() && !result_.pair; ++next) {
      const Pair pair = pairs_[next];
      for (auto e = with_.edges_at[pair.node]; e < with_.edges_at[pair.node + 1]; ++e) {
        const ObservedEdge& edge = with_.edges[e];
        SetId belief = pair.belief;
        if (edge.label != kSilent) belief = beliefs_.after(belief, edge.label);
        if (belief == kNoSet) {
          tell(static_cast<std::uint32_t>(next), e);
          break;
        }
        add({edge.to, belief, static_cast<std::uint32_t>(next), e});
      }
      if (exhausted(next)) break;
    }
    result_.sets = beliefs_.size();
    result_.pairs = pairs_.size();
    if (result_.pair) {
      result_.limit.clear();
      result_.verdict = DecouplingResult::Verdict::coupled;
    } else if (result_.limit.empty()) {
      result_.verdict = DecouplingResult::Verdict::decoupled;
    }
  }

 private:
  /// A pair is left out when one was seen with the same node and less to believe: whatever the new
  /// one leads to that differs, the old one leads to.
  void add(const Pair& pair) {
    auto& seen = seen_[pair.node];
    const Set& set = beliefs_[pair.belief];
    for (const SetId old : seen) {
      if (old == pair.belief) return;
      const Set& smaller = beliefs_[old];
      if (smaller.size() < set.size() &&
          std::includes(set.begin(), set.end(), smaller.begin(), smaller.end()))
        return;
    }
    seen.push_back(pair.belief);
    pairs_.push_back(pair);
  }

  bool exhausted(std::size_t next) {
    if (pairs_.size() > limits_.states) {
      result_.limit = std::to_string(limits_.states) + " pairs";
    } else if ((next & 0xfff) == 0) {
      if (pairs_.capacity() * (sizeof(Pair) + sizeof(SetId)) > limits_.bytes) {
        result_.limit = std::to_string(limits_.bytes) + " bytes";
      } else if (std::chrono::steady_clock::now() - start_ >
                 std::chrono::milliseconds(limits_.milliseconds)) {
        result_.limit = std::to_string(limits_.milliseconds) + " ms";
      }
    }
    return !result_.limit.empty();
  }

  using Edges = std::vector<std::uint32_t>;

  void tell(std::uint32_t pair, std::uint32_t edge) {
    Edges edges{edge};
    for (std::uint32_t p = pair; p != 0; p = pairs_[p].parent)
      edges.push_back(pairs_[p].edge);
    std::reverse(edges.begin(), edges.end());
    std::vector<Label> word;
    for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
      const Label label = with_.edges[edges[e]].label;
      if (label != kSilent) word.push_back(label);
    }
    PairOfRuns& told = result_.pair.emplace();
    told.shared = word.size();
    told.impossible = with_.labels[with_.edges[edge].label];
    for (const Label label : beliefs_.possible(pairs_[pair].belief))
      told.possible.push_back(without_.labels[label]);
    told.with = moments(with_system_, with_, edges);
    told.without = moments(without_system_, without_, shortest(word));
  }

  /// A shortest run without private steps that shows `word`.
  Edges shortest(const std::vector<Label>& word) const {
    struct Place {
      Node node;
      std::uint32_t matched, parent, edge;
    };
    std::vector<Place> places{{0, 0, 0, 0}};
    std::vector<std::vector<bool>> seen(word.size() + 1, std::vector<bool>(without_.nodes()));
    seen[0][0] = true;
    for (std::uint32_t next = 0; next < places.size(); ++next) {
      const Place place = places[next];
      if (place.matched == word.size()) {
        Edges edges;
        for (std::uint32_t p = next; p != 0; p = places[p].parent)
          edges.push_back(places[p].edge);
        std::reverse(edges.begin(), edges.end());
        return edges;
      }
      for (auto e = without_.edges_at[place.node]; e < without_.edges_at[place.node + 1]; ++e) {
        const ObservedEdge& edge = without_.edges[e];
        if (edge.hidden) continue;
        std::uint32_t matched = place.matched;
        if (edge.label != kSilent && edge.label != word[matched++]) continue;
        if (seen[matched][edge.to]) continue;
        seen[matched][edge.to] = true;
        places.push_back({edge.to, matched, next, e});
      }
    }
    return {};
  }

  /// Edges as steps; the last step is told to its end.
  static std::vector<Moment> moments(const system::System& system, const LabelledGraph& graph,
                                     Edges edges) {
    while (!edges.empty() && graph.edges[edges.back()].to >= graph.states)
      edges.push_back(graph.edges_at[graph.edges[edges.back()].to]);
    std::vector<Moment> result;
    for (const std::uint32_t e : edges) {
      const ObservedEdge& edge = graph.edges[e];
      if (edge.first)
        result.push_back({system.describe(edge.stimulus), edge.stimulus, edge.hidden, {}});
      if (edge.label != kSilent) result.back().observed.push_back(graph.labels[edge.label]);
    }
    return result;
  }

  const system::System& with_system_;
  const system::System& without_system_;
  const LabelledGraph& with_;
  const LabelledGraph& without_;
  const Limits& limits_;
  std::chrono::steady_clock::time_point start_;
  DecouplingResult& result_;
  Automaton automaton_;
  Beliefs beliefs_;
  std::vector<Pair> pairs_;
  std::vector<std::vector<SetId>> seen_;
};

}  // namespace

DecouplingResult decoupled(const system::System& system, const Interface& interface,
                           const Limits& limits) {
  const auto start = std::chrono::steady_clock::now();
  DecouplingResult result;
  std::vector<std::string> labels;
  const LabelledGraph graph = labelled_graph(system, interface, limits, labels);
  result.states = graph.states;
  result.transitions = graph.transitions;
  result.hidden = graph.hidden;
  result.limit = graph.limit;
  if (!graph.limit.empty()) return result;
  Comparison({system, graph}, {system, graph}, limits, start, result).run();
  if (result.verdict == DecouplingResult::Verdict::decoupled)
    result.equivalent = equivalent(reachable(graph, true), reachable(graph, false));
  return result;
}

DecouplingResult covered(const system::System& part, const Interface& of_part,
                         const system::System& whole, const Interface& of_whole,
                         const Limits& limits) {
  const auto start = std::chrono::steady_clock::now();
  DecouplingResult result;
  std::vector<std::string> labels;
  const LabelledGraph larger = labelled_graph(whole, of_whole, limits, labels);
  const LabelledGraph smaller = labelled_graph(part, of_part, limits, labels);
  result.states = smaller.states;
  result.transitions = smaller.transitions;
  result.hidden = smaller.hidden;
  result.limit = !larger.limit.empty() ? larger.limit : smaller.limit;
  if (!result.limit.empty()) return result;
  Comparison({part, smaller}, {whole, larger}, limits, start, result).run();
  return result;
}

}  // namespace halfclose::proofs
