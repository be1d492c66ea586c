#include "proofs/timed/zone_explorer.hpp"

#include "proofs/explore/goals.hpp"
#include "proofs/timed/dbm.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

struct Node {
  std::uint32_t state = 0;
  std::uint32_t parent = 0;
  std::uint64_t bounds = 0;  ///< in the arena: the zone
  system::Stimulus stimulus{};
};

/// A zone in the list of its state: most are told apart by their sums, without touching the arena.
struct Passed {
  std::uint32_t node = 0;
  Dbm::Sums sums{};
};

/// A discrete state: what all of its zones share.
struct Place {
  std::uint64_t bounds = 0;  ///< of its clocks: the lower ones, then the upper ones
  std::uint32_t clocks = 0;
  std::uint32_t first_edge = 0, edges = 0;
  bool expanded = false;
  std::vector<Passed> passed{};
};

/// A stimulus in a discrete state. What it does is the same for all zones, and computed for the
/// first that allows it.
struct Edge {
  system::Stimulus stimulus{};
  std::int16_t clock = -1;  ///< of the source: it has to have reached its lower bound
  bool stepped = false, aged = false;
  std::uint32_t target = 0;
  std::uint64_t emitted = 0;
  std::uint64_t origins = 0;  ///< of the target's clocks
};

class ZoneGraph {
 public:
  ZoneGraph(const system::System& system, const Search& search, StateSet& states)
      : system_(system), search_(search), states_(states) {}

  Exploration run() {
    const auto start = std::chrono::steady_clock::now();
    Goals goals(search_);
    Dbm zone = initial_zone();
    std::size_t level_end = nodes_.size();
    std::size_t next = 0;
    for (; next < nodes_.size(); ++next) {
      if (next == level_end) {
        ++result_.depth;
        level_end = nodes_.size();
      }
      const Node node = nodes_[next];
      if (!places_[node.state].expanded) expand(node.state);
      const std::uint64_t source_bounds = places_[node.state].bounds;
      const std::uint32_t source_clocks = places_[node.state].clocks;
      const std::uint32_t first = places_[node.state].first_edge;
      for (std::uint32_t e = first; e < first + places_[node.state].edges; ++e) {
        Edge& edge = edges_[e];
        zone.load(static_cast<int>(source_clocks), &arena_[node.bounds]);
        if (edge.clock >= 0 &&
            !zone.constrain(0, edge.clock + 1,
                            at_most(-bounds_[source_bounds + static_cast<unsigned>(edge.clock)])))
          continue;
        if (!edge.stepped) take(edge, states_[node.state]);
        ++result_.transitions;
        goals.see(edge.emitted, result_,
                  [&] { return path_to(static_cast<std::uint32_t>(next), edge.stimulus); });
        const Place& target = places_[edge.target];
        Dbm reached = zone.moved(origins_.data() + edge.origins, static_cast<int>(target.clocks));
        if (edge.aged) reached.age(aging_in(edge.target).data());
        elapse(reached, target);
        keep(edge.target, reached, static_cast<std::uint32_t>(next), edge.stimulus);
      }
      if (goals.over(result_)) break;
      if (nodes_.size() > search_.limits.states || (next & 0x3ff) == 0) {
        if (over_limit(next, std::chrono::steady_clock::now() - start)) break;
      }
    }
    result_.complete = next == nodes_.size();
    result_.states = states_.size();
    result_.zones = nodes_.size();
    result_.bytes = bytes();
    return std::move(result_);
  }

 private:
  Dbm initial_zone() {
    const std::uint32_t initial = place_of(system_.initial());
    Dbm zone(static_cast<int>(places_[initial].clocks));
    elapse(zone, places_[initial]);
    keep(initial, zone, 0, {});
    return zone;
  }

  std::uint32_t place_of(const system::State& state) {
    const auto [index, fresh] = states_.insert(state);
    if (!fresh) return index;
    system_.clocks(state, clocks_);
    if (clocks_.size() > Dbm::kClocksMax)
      throw std::length_error("more than 24 clocks run in one state");
    places_.push_back(
        {.bounds = bounds_.size(), .clocks = static_cast<std::uint32_t>(clocks_.size())});
    for (const system::Clock& clock : clocks_)
      bounds_.push_back(clock.lo);
    for (const system::Clock& clock : clocks_)
      bounds_.push_back(clock.hi);
    return index;
  }
  const system::Time* lower(const Place& place) const { return bounds_.data() + place.bounds; }
  const system::Time* upper(const Place& place) const { return lower(place) + place.clocks; }

  void expand(std::uint32_t index) {
    const system::State state = states_[index];
    system_.clocks(state, clocks_);
    system_.enabled(state, stimuli_);
    Place& place = places_[index];
    place.expanded = true;
    place.first_edge = static_cast<std::uint32_t>(edges_.size());
    place.edges = static_cast<std::uint32_t>(stimuli_.size());
    for (const system::Stimulus stimulus : stimuli_) {
      edges_.push_back({.stimulus = stimulus,
                        .clock = static_cast<std::int16_t>(system_.clock_of(clocks_, stimulus))});
    }
  }
  void take(Edge& edge, const system::State& source) {
    system_.step(source, edge.stimulus, step_);
    edge.stepped = true;
    edge.aged = step_.aged;
    edge.emitted = step_.emitted;
    edge.target = place_of(step_.state);
    edge.origins = origins_.size();
    origins_.insert(origins_.end(), step_.clock_origins.begin(), step_.clock_origins.end());
  }
  std::array<bool, Dbm::kClocksMax> aging_in(std::uint32_t index) {
    std::array<bool, Dbm::kClocksMax> aging{};
    system_.clocks(states_[index], clocks_);
    for (std::size_t i = 0; i < clocks_.size(); ++i)
      aging[i] = system_.ages(clocks_[i]);
    return aging;
  }
  /// A clock keeps its upper bound for as long as it runs, so no step leads past one.
  void elapse(Dbm& zone, const Place& place) const {
    if (!zone.elapse(upper(place))) throw std::logic_error("a clock is past its upper bound");
  }

  /// Stores a zone unless one of its state already simulates it.
  void keep(std::uint32_t index, const Dbm& zone, std::uint32_t parent, system::Stimulus stimulus) {
    Place& place = places_[index];
    const std::size_t cells = zone.cells();
    const Dbm::Sums sums = zone.sums(upper(place));
    for (const Passed& other : place.passed) {
      if (exceeds(sums, other.sums)) continue;
      if (zone.simulated_by(&arena_[nodes_[other.node].bounds], lower(place), upper(place))) return;
    }
    place.passed.push_back({static_cast<std::uint32_t>(nodes_.size()), sums});
    nodes_.push_back({index, parent, arena_.size(), stimulus});
    arena_.insert(arena_.end(), zone.data(), zone.data() + cells);
  }

  static bool exceeds(const Dbm::Sums& a, const Dbm::Sums& b) {
    return a[0] > b[0] || a[1] > b[1] || a[2] > b[2] || a[3] > b[3];
  }

  Path path_to(std::uint32_t node, system::Stimulus last) const {
    Path path{last};
    for (; node != 0; node = nodes_[node].parent)
      path.push_back(nodes_[node].stimulus);
    std::reverse(path.begin(), path.end());
    return path;
  }

  std::uint64_t bytes() const {
    return states_.bytes() + nodes_.capacity() * sizeof(Node) + arena_.capacity() * sizeof(Bound) +
           nodes_.size() * sizeof(Passed) + places_.capacity() * sizeof(Place) +
           bounds_.capacity() * sizeof(system::Time) + edges_.capacity() * sizeof(Edge) +
           origins_.capacity() * sizeof(std::int16_t);
  }

  bool over_limit(std::size_t next, std::chrono::steady_clock::duration elapsed) {
    if (search_.progress && (next & 0xffff) == 0) {
      search_.progress(
          {nodes_.size(), result_.transitions, nodes_.size() - next - 1, result_.depth});
    }
    if (nodes_.size() > search_.limits.states) {
      result_.limit = std::to_string(search_.limits.states) + " zones";
    } else if (bytes() > search_.limits.bytes) {
      result_.limit = std::to_string(search_.limits.bytes) + " bytes";
    } else if (elapsed > std::chrono::milliseconds(search_.limits.milliseconds)) {
      result_.limit = std::to_string(search_.limits.milliseconds) + " ms";
    }
    return !result_.limit.empty();
  }

  const system::System& system_;
  const Search& search_;
  StateSet& states_;
  std::vector<Node> nodes_;
  std::vector<Bound> arena_;
  std::vector<Place> places_;  ///< by the index of the state
  std::vector<system::Time> bounds_;
  std::vector<Edge> edges_;
  std::vector<std::int16_t> origins_;
  std::vector<system::Clock> clocks_;
  std::vector<system::Stimulus> stimuli_;
  system::StepResult step_;
  Exploration result_;
};

}  // namespace

Exploration explore_timed(const system::System& system, const Search& search, StateSet* seen) {
  StateSet own(system.bytes());
  return ZoneGraph(system, search, seen != nullptr ? *seen : own).run();
}

}  // namespace halfclose::proofs
