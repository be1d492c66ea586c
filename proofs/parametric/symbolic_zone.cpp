#include "proofs/parametric/symbolic_zone.hpp"

#include "proofs/parametric/polyhedra.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

Linear negated(Linear linear) {
  for (std::int64_t& coefficient : linear.coefficients)
    coefficient = -coefficient;
  linear.constant = -linear.constant;
  return linear;
}

}  // namespace

SymbolicSteps::SymbolicSteps(const ParametricSystem& system, const UntimedGraph& graph,
                             Forms& forms, const BoundSet& kept, bool exact)
    : domain_(system.domain),
      parameters_(system.parameters.size()),
      graph_(graph),
      forms_(forms),
      kept_(kept),
      exact_(exact),
      minus_lo_(kBoundsMax),
      hi_(kBoundsMax) {
  auto fill = [&](const std::vector<ParametricBounds>& bounds, std::size_t from) {
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      minus_lo_[from + i] = forms.of(negated(bounds[i].lo));
      hi_[from + i] = forms.of(bounds[i].hi);
    }
  };
  fill(system.timers, 0);
  fill(system.queues, system::kTimersMax);
}

std::size_t SymbolicSteps::row_of(std::uint32_t state, std::size_t clock) const {
  const UntimedGraph::Clock* clocks = graph_.clocks_begin(state);
  if (!kept_[clocks[clock].bound]) return 0;
  std::size_t row = 1;
  for (std::size_t i = 0; i < clock; ++i)
    row += kept_[clocks[i].bound];
  return row;
}

std::size_t SymbolicSteps::rows(std::uint32_t state) const {
  return static_cast<std::size_t>(
      std::count_if(graph_.clocks_begin(state), graph_.clocks_end(state),
                    [&](const UntimedGraph::Clock& clock) { return kept_[clock.bound]; }));
}

void SymbolicSteps::insert_least(FormSet& set, Forms::Id form) const {
  for (const Forms::Id one : set) {
    if (forms_.below(one, form)) return;
  }
  std::erase_if(set, [&](Forms::Id one) { return forms_.below(form, one); });
  set.push_back(form);
}

/// Where all of `conditions` hold. Looks at one of them at a time.
bool SymbolicSteps::below(Forms::Id a, Forms::Id b, const FormSet& conditions) const {
  return forms_.below(a, b) ||
         std::any_of(conditions.begin(), conditions.end(), [&](Forms::Id condition) {
           return forms_.below(forms_.sum(a, condition), b);
         });
}

void SymbolicSteps::insert_least(FormSet& set, Forms::Id form, const FormSet& conditions) const {
  for (const Forms::Id one : set) {
    if (below(one, form, conditions)) return;
  }
  std::erase_if(set, [&](Forms::Id one) { return below(form, one, conditions); });
  set.push_back(form);
}

/// Adds x_i - x_j <= bound, and what follows from it.
void SymbolicSteps::constrain(SymbolicZone& zone, std::size_t i, std::size_t j,
                              Forms::Id bound) const {
  for (const Forms::Id one : zone.at(i, j)) {
    if (forms_.below(one, bound)) return;
  }
  for (const Forms::Id back : zone.at(j, i)) {
    const Forms::Id cycle = forms_.sum(back, bound);
    if (forms_.always_negative(cycle)) {
      zone.empty = true;
      return;
    }
    if (!forms_.never_negative(cycle)) insert_least(zone.conditions, cycle);
  }
  const FormSet none = {forms_.zero()};
  for (std::size_t a = 0; a < zone.size(); ++a) {
    if (a == j) continue;  // around a cycle: no less
    const FormSet to_i = a == i ? none : zone.at(a, i);
    if (to_i.empty()) continue;
    for (std::size_t b = 0; b < zone.size(); ++b) {
      if (a == b || b == i) continue;
      const FormSet from_j = b == j ? none : zone.at(j, b);
      for (const Forms::Id before : to_i) {
        const Forms::Id up_to_j = forms_.sum(before, bound);
        for (const Forms::Id after : from_j)
          insert_least(zone.at(a, b), forms_.sum(up_to_j, after), zone.conditions);
      }
    }
  }
}

void SymbolicSteps::elapse(std::uint32_t state, SymbolicZone& zone) const {
  for (std::size_t k = 1; k < zone.size(); ++k)
    zone.at(k, 0).clear();
  std::size_t row = 0;
  for (auto clock = graph_.clocks_begin(state); clock != graph_.clocks_end(state); ++clock) {
    if (!kept_[clock->bound]) continue;
    constrain(zone, ++row, 0, hi_[clock->bound]);
    if (zone.empty) return;
  }
}

/// Drops the forms that are nowhere the least of their cell, and the conditions that follow from
/// others: comparing one with another does not find them all, and what is left over multiplies.
void SymbolicSteps::reduce(SymbolicZone& zone) const {
  constexpr std::size_t kFewConditions = 6, kFewForms = 3, kFewFormsToSolve = 12;
  if (zone.conditions.size() > kFewConditions) reduce_conditions(zone);
  std::vector<std::size_t> samples;
  for (std::size_t s = 0; s < forms_.samples() && !exact_; ++s) {
    if (std::all_of(zone.conditions.begin(), zone.conditions.end(),
                    [&](Forms::Id condition) { return forms_.at_sample(condition, s) >= 0; }))
      samples.push_back(s);
  }
  for (std::size_t i = 0; i < zone.size() && !zone.empty; ++i) {
    for (std::size_t j = 0; j < zone.size(); ++j) {
      if (i == j) continue;
      if (!samples.empty() && zone.at(i, j).size() > kFewForms) sample_cell(samples, zone.at(i, j));
      if (zone.at(i, j).size() > kFewFormsToSolve) reduce_cell(zone, zone.at(i, j));
    }
  }
}

void SymbolicSteps::sample_cell(const std::vector<std::size_t>& samples, FormSet& cell) const {
  std::vector<bool> least(cell.size());
  for (const std::size_t s : samples) {
    const auto at = std::min_element(cell.begin(), cell.end(), [&](Forms::Id a, Forms::Id b) {
      return forms_.at_sample(a, s) < forms_.at_sample(b, s);
    });
    least[static_cast<std::size_t>(at - cell.begin())] = true;
  }
  std::size_t k = 0;
  std::erase_if(cell, [&](Forms::Id) { return !least[k++]; });
}

void SymbolicSteps::reduce_conditions(SymbolicZone& zone) const {
  for (std::size_t i = 0; i < zone.conditions.size();) {
    ppl::MIP_Problem problem(parameters_);
    for (const Inequality& inequality : domain_)
      problem.add_constraint(constraint_of(inequality));
    for (std::size_t k = 0; k < zone.conditions.size(); ++k) {
      if (k != i) problem.add_constraint(expression_of(forms_[zone.conditions[k]]) >= 0);
    }
    problem.set_objective_function(expression_of(forms_[zone.conditions[i]]));
    problem.set_optimization_mode(ppl::MINIMIZATION);
    const ppl::MIP_Problem_Status status = problem.solve();
    if (status == ppl::UNFEASIBLE_MIP_PROBLEM) {
      zone.empty = true;
      return;
    }
    bool follows = false;
    if (status == ppl::OPTIMIZED_MIP_PROBLEM) {
      ppl::Coefficient numerator, denominator;
      problem.optimal_value(numerator, denominator);
      follows = numerator >= 0;
    }
    if (follows)
      zone.conditions.erase(zone.conditions.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
}

void SymbolicSteps::reduce_cell(const SymbolicZone& zone, FormSet& cell) const {
  const ppl::Variable room(parameters_);
  ppl::Constraint_System base;
  for (const Inequality& inequality : domain_)
    base.insert(constraint_of(inequality));
  for (const Forms::Id condition : zone.conditions)
    base.insert(expression_of(forms_[condition]) >= 0);
  base.insert(room <= 1);
  for (std::size_t i = 0; i < cell.size();) {
    ppl::MIP_Problem problem(parameters_ + 1);
    problem.add_constraints(base);
    const ppl::Linear_Expression one = expression_of(forms_[cell[i]]);
    for (std::size_t k = 0; k < cell.size(); ++k) {
      if (k != i) problem.add_constraint(expression_of(forms_[cell[k]]) - one >= room);
    }
    problem.set_objective_function(ppl::Linear_Expression(room));
    problem.set_optimization_mode(ppl::MAXIMIZATION);
    bool somewhere_least = false;
    if (problem.solve() == ppl::OPTIMIZED_MIP_PROBLEM) {
      ppl::Coefficient numerator, denominator;
      problem.optimal_value(numerator, denominator);
      somewhere_least = numerator > 0;
    }
    if (somewhere_least)
      ++i;
    else
      cell.erase(cell.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

SymbolicZone SymbolicSteps::initial() const {
  SymbolicZone zone(rows(0));
  for (std::size_t i = 0; i < zone.size(); ++i) {
    for (std::size_t j = 0; j < zone.size(); ++j) {
      if (i != j) zone.at(i, j) = {forms_.zero()};
    }
  }
  elapse(0, zone);
  return zone;
}

void SymbolicSteps::guard(std::uint32_t state, const UntimedGraph::Step& step,
                          SymbolicZone& zone) const {
  if (step.clock < 0) return;
  const std::size_t row = row_of(state, static_cast<std::size_t>(step.clock));
  if (row != 0) constrain(zone, 0, row, minus_lo_[graph_.clocks_begin(state)[step.clock].bound]);
}

SymbolicZone SymbolicSteps::after(std::uint32_t state, const UntimedGraph::Step& step,
                                  const SymbolicZone& before) const {
  SymbolicZone guarded = before;
  guard(state, step, guarded);
  if (guarded.empty) return guarded;

  // Row r of the result was row from[r], which is the reference for a clock that begins.
  std::vector<std::size_t> from = {0};
  std::vector<bool> aging = {false};
  const UntimedGraph::Clock* clocks = graph_.clocks_begin(step.target);
  const std::int16_t* origins = graph_.origins(step);
  for (std::size_t k = 0; k < graph_.clock_count(step.target); ++k) {
    if (!kept_[clocks[k].bound]) continue;
    aging.push_back(clocks[k].ages);
    if (origins[k] == system::kFresh) {
      from.push_back(0);
      continue;
    }
    from.push_back(row_of(state, static_cast<std::size_t>(origins[k])));
    if (from.back() == 0) throw std::logic_error("a clock comes from one of another bound");
  }
  SymbolicZone zone(from.size() - 1);
  zone.conditions = std::move(guarded.conditions);
  for (std::size_t i = 0; i < from.size(); ++i) {
    for (std::size_t j = 0; j < from.size(); ++j) {
      if (i == j) continue;
      if (from[i] == from[j])
        zone.at(i, j) = {forms_.zero()};
      else
        zone.at(i, j) = guarded.at(from[i], from[j]);
      // Any time may have passed for the one and none for the other.
      if (step.aged && aging[i] && !aging[j]) zone.at(i, j).clear();
    }
  }
  elapse(step.target, zone);
  if (!zone.empty) reduce(zone);
  return zone;
}

bool SymbolicSteps::implies(const FormSet& from, const FormSet& of) const {
  return std::all_of(of.begin(), of.end(), [&](Forms::Id condition) {
    return forms_.never_negative(condition) ||
           std::any_of(from.begin(), from.end(),
                       [&](Forms::Id one) { return forms_.below(one, condition); });
  });
}

bool SymbolicSteps::includes(const SymbolicZone& other, const SymbolicZone& zone) const {
  for (std::size_t i = 0; i < other.size(); ++i) {
    for (std::size_t j = 0; j < other.size(); ++j) {
      if (i == j) continue;
      const FormSet& bounds = zone.at(i, j);
      for (const Forms::Id limit : other.at(i, j)) {
        if (std::none_of(bounds.begin(), bounds.end(),
                         [&](Forms::Id one) { return forms_.below(one, limit); }))
          return false;
      }
    }
  }
  return implies(zone.conditions, other.conditions);
}

}  // namespace halfclose::proofs
