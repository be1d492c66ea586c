#include "proofs/parametric/synthesis.hpp"

#include "proofs/parametric/polyhedra.hpp"
#include "proofs/parametric/symbolic_zone.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

using ppl::NNC_Polyhedron;
using Clock = std::chrono::steady_clock;

struct Node {
  std::uint32_t state = 0, parent = 0;
  const UntimedGraph::Step* step = nullptr;  ///< from the parent
  SymbolicZone zone;
};

class Synthesizer {
 public:
  Synthesizer(const ParametricSystem& system, const UntimedGraph& graph, std::uint64_t goals,
              const SynthesisLimits& limits)
      : system_(system),
        graph_(graph),
        goals_(goals),
        limits_(limits),
        leads_(graph.leads_to(goals)),
        domain_(polyhedron_of(system.domain, system.parameters.size())),
        forms_(system.domain, system.parameters.size()),
        with_all_(system, graph, forms_, BoundSet().set(), true) {}

  Synthesis run() {
    while (true) {
      ++result_.searches;
      if (search()) break;
      if (!result_.limit.empty()) break;
    }
    result_.exact = result_.limit.empty();
    result_.racy.parameters = system_.parameters.size();
    for (const NNC_Polyhedron& cell : racy_)
      result_.racy.cells.push_back(cell_of(cell, domain_));
    for (std::size_t b = 0; b < kBoundsMax; ++b) {
      if (!kept_[b]) continue;
      result_.timed.push_back(b < system::kTimersMax
                                  ? system_.system.timers[b].name
                                  : system_.system.queues[b - system::kTimersMax].name);
    }
    return std::move(result_);
  }

 private:
  /// @return false: clocks were added, or a limit was hit; else nothing is left outside of the racy
  ///         values
  bool search() {
    Forms forms(system_.domain, system_.parameters.size(), samples_);
    const SymbolicSteps steps(system_, graph_, forms, kept_, exactly_);
    mark(forms);
    std::vector<Node> nodes;
    std::vector<std::vector<std::uint32_t>> passed(graph_.states());
    std::set<FormSet> covered;  // conditions whose values are all racy
    auto keep = [&](std::uint32_t state, std::uint32_t parent, const UntimedGraph::Step* step,
                    SymbolicZone&& zone) {
      if (zone.empty || is_racy(steps, zone)) return;
      for (const std::uint32_t other : passed[state]) {
        if (steps.includes(nodes[other].zone, zone)) return;
      }
      passed[state].push_back(static_cast<std::uint32_t>(nodes.size()));
      nodes.push_back({state, parent, step, std::move(zone)});
      ++result_.polyhedra;
    };
    if (!leads_[0] || domain_.is_empty()) return true;
    keep(0, 0, nullptr, steps.initial());
    for (std::uint32_t next = 0; next < nodes.size(); ++next) {
      if (over_limit(nodes.size())) return false;
      const std::uint32_t state = nodes[next].state;
      for (auto step = graph_.begin(state); step != graph_.end(state); ++step) {
        if (step->emitted & goals_) {
          // Behind it values only become fewer: once all are racy it need not be followed.
          SymbolicZone zone = nodes[next].zone;
          steps.guard(state, *step, zone);
          if (zone.empty || is_racy(steps, zone)) continue;
          FormSet conditions = zone.conditions;
          std::sort(conditions.begin(), conditions.end());
          if (covered.contains(conditions)) continue;
          if (!reached(nodes, next, *step, values_of(conditions, forms), forms)) return false;
          covered.insert(std::move(conditions));
          continue;
        }
        if (leads_[step->target])
          keep(step->target, next, step, steps.after(state, *step, nodes[next].zone));
      }
    }
    return true;
  }

  /// A search believes that the goal can be reached here for `believed`.
  /// @return false: not for all of these, and clocks were added that show it
  bool reached(const std::vector<Node>& nodes, std::uint32_t at, const UntimedGraph::Step& last,
               const NNC_Polyhedron& believed, Forms& forms) {
    if (is_within(believed, racy_)) return true;
    std::vector<const UntimedGraph::Step*> run{&last};
    for (; at != 0; at = nodes[at].parent)
      run.push_back(nodes[at].step);
    std::reverse(run.begin(), run.end());
    const NNC_Polyhedron real = values_of(conditions_of(run, with_all_), forms_);
    if (!is_within(real, racy_)) {
      std::erase_if(racy_, [&](const NNC_Polyhedron& cell) { return real.contains(cell); });
      racy_.push_back(real);
      merge();
      mark(forms);
      Path path;
      for (const UntimedGraph::Step* step : run)
        path.push_back(step->stimulus);
      result_.runs.push_back(std::move(path));
    }
    const NNC_Polyhedron spurious = point_outside(believed, racy_);
    if (spurious.is_empty()) return true;
    refine(run, spurious);
    return false;
  }

  void mark(Forms& forms) {
    marks_.clear();
    for (const NNC_Polyhedron& cell : racy_) {
      marks_.emplace_back();
      for (const Inequality& inequality : cell_of(cell, domain_))
        marks_.back().push_back(forms.of(inequality.value));
    }
  }

  /// Two cells that are one polyhedron together become it.
  void merge() {
    for (std::size_t i = 0; i + 1 < racy_.size();) {
      NNC_Polyhedron both = racy_[i];
      if (both.upper_bound_assign_if_exact(racy_.back())) {
        racy_.erase(racy_.begin() + static_cast<std::ptrdiff_t>(i));
        racy_.back() = std::move(both);
        i = 0;
      } else {
        ++i;
      }
    }
  }

  /// Nothing: no value at all.
  std::optional<FormSet> conditions_of(const std::vector<const UntimedGraph::Step*>& run,
                                       const SymbolicSteps& steps) const {
    SymbolicZone zone = steps.initial();
    std::uint32_t state = 0;
    for (const UntimedGraph::Step* step : run) {
      if (step == run.back())
        steps.guard(state, *step, zone);
      else
        zone = steps.after(state, *step, zone);
      if (zone.empty) return std::nullopt;
      state = step->target;
    }
    return zone.conditions;
  }
  NNC_Polyhedron values_of(const std::optional<FormSet>& conditions, const Forms& forms) const {
    if (!conditions) return NNC_Polyhedron(system_.parameters.size(), ppl::EMPTY);
    NNC_Polyhedron values = domain_;
    for (const Forms::Id condition : *conditions)
      values.add_constraint(expression_of(forms[condition]) >= 0);
    return values;
  }

  /// Keeps as few clocks more as show that the run does not exist for `values`.
  void refine(const std::vector<const UntimedGraph::Step*>& run, const NNC_Polyhedron& values) {
    BoundSet on_the_way;
    std::uint32_t state = 0;
    for (const UntimedGraph::Step* step : run) {
      for (auto clock = graph_.clocks_begin(state); clock != graph_.clocks_end(state); ++clock)
        on_the_way.set(clock->bound);
      state = step->target;
    }
    BoundSet needed = on_the_way | kept_;
    auto exists = [&](const BoundSet& kept) {
      return !values_of(conditions_of(run, SymbolicSteps(system_, graph_, forms_, kept, true)),
                        forms_)
                  .is_disjoint_from(values);
    };
    if (exists(needed)) throw std::logic_error("a run exists for values that it excludes");
    for (std::size_t b = 0; b < kBoundsMax; ++b) {
      if (!needed[b] || kept_[b]) continue;
      BoundSet fewer = needed;
      fewer.reset(b);
      if (!exists(fewer)) needed = fewer;
    }
    if (needed == kept_) {
      if (exactly_) throw std::logic_error("clocks that are kept exclude a run that was found");
      // A form that was left out would have said so.
      Point sample = rounded(values);
      exactly_ = samples_.size() >= kSamplesMax ||
                 std::find(samples_.begin(), samples_.end(), sample) != samples_.end();
      samples_.push_back(std::move(sample));
    }
    kept_ = needed;
  }

  /// All values of a zone are known to be racy, by one cell.
  bool is_racy(const SymbolicSteps& steps, const SymbolicZone& zone) const {
    return std::any_of(marks_.begin(), marks_.end(),
                       [&](const FormSet& cell) { return steps.implies(zone.conditions, cell); });
  }

  /// Of a polyhedron that is one point.
  static Point rounded(const NNC_Polyhedron& point) {
    Point made(point.space_dimension());
    for (const ppl::Generator& g : point.minimized_generators()) {
      for (std::size_t p = 0; p < made.size(); ++p)
        made[p] = ppl::Coefficient(g.coefficient(ppl::Variable(p)) / g.divisor()).get_si();
    }
    return made;
  }

  bool over_limit(std::size_t nodes) {
    if (nodes > limits_.polyhedra)
      result_.limit = std::to_string(limits_.polyhedra) + " polyhedra";
    else if (Clock::now() - start_ > std::chrono::milliseconds(limits_.milliseconds))
      result_.limit = std::to_string(limits_.milliseconds) + " ms";
    return !result_.limit.empty();
  }

  const ParametricSystem& system_;
  const UntimedGraph& graph_;
  const std::uint64_t goals_;
  const SynthesisLimits limits_;
  const std::vector<bool> leads_;
  const NNC_Polyhedron domain_;
  Forms forms_;
  const SymbolicSteps with_all_;
  const Clock::time_point start_ = Clock::now();
  BoundSet kept_;
  bool exactly_ = false;  ///< a search that leaves forms out believed in what is not
  static constexpr std::size_t kSamplesMax = 64;
  std::vector<Point> samples_;  ///< where a search left out a form that counts
  std::vector<NNC_Polyhedron> racy_;
  std::vector<FormSet> marks_;  ///< of each what the domain does not imply
  Synthesis result_;
};

}  // namespace

Synthesis synthesize(const ParametricSystem& system, const UntimedGraph& graph, std::uint64_t goals,
                     const SynthesisLimits& limits) {
  return Synthesizer(system, graph, goals, limits).run();
}

}  // namespace halfclose::proofs
