#include "proofs/parametric/polyhedra.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace halfclose::proofs {

using ppl::NNC_Polyhedron;

namespace {

/// Its initialisation, which a program gets by being linked with it, has every double rounded
/// upwards from then on: 0.04 would print as 0.040000000000000008. Polyhedra have whole
/// coefficients.
[[maybe_unused]] const bool kRoundsAsBefore = [] {
  ppl::restore_pre_PPL_rounding();
  return true;
}();

std::int64_t number_of(const ppl::Coefficient& coefficient) {
  if (!coefficient.fits_slong_p())
    throw std::length_error("a number of a region needs more than 63 bits");
  return coefficient.get_si();
}

Inequality inequality_of(const ppl::Constraint& constraint, std::size_t parameters) {
  Inequality made{.value = {.coefficients = std::vector<std::int64_t>(parameters),
                            .constant = number_of(constraint.inhomogeneous_term())},
                  .strict = constraint.is_strict_inequality()};
  for (std::size_t i = 0; i < parameters && i < constraint.space_dimension(); ++i)
    made.value.coefficients[i] = number_of(constraint.coefficient(ppl::Variable(i)));
  return made;
}

ppl::Linear_Expression expression_of(const ppl::Constraint& constraint) {
  ppl::Linear_Expression expression(constraint.inhomogeneous_term());
  for (std::size_t i = 0; i < constraint.space_dimension(); ++i)
    expression += constraint.coefficient(ppl::Variable(i)) * ppl::Variable(i);
  return expression;
}

/// Of a point: times its divisor.
ppl::Linear_Expression expression_of(const ppl::Generator& generator) {
  ppl::Linear_Expression expression(0);
  for (std::size_t i = 0; i < generator.space_dimension(); ++i)
    expression += generator.coefficient(ppl::Variable(i)) * ppl::Variable(i);
  return expression;
}

/// The pieces of `a` outside of the closed or open `b`: one per inequality of `b`, disjoint.
std::vector<NNC_Polyhedron> without(const NNC_Polyhedron& a, const NNC_Polyhedron& b) {
  std::vector<NNC_Polyhedron> pieces;
  NNC_Polyhedron rest = a;
  auto cut = [&](const ppl::Constraint& outside) {
    NNC_Polyhedron piece = rest;
    piece.add_constraint(outside);
    if (!piece.is_empty()) pieces.push_back(std::move(piece));
  };
  for (const ppl::Constraint& c : b.minimized_constraints()) {
    const ppl::Linear_Expression e = expression_of(c);
    if (c.is_equality()) {
      cut(e > 0);
      cut(e < 0);
    } else if (c.is_strict_inequality()) {
      cut(e <= 0);
    } else {
      cut(e < 0);
    }
    rest.add_constraint(c);
    if (rest.is_empty()) break;
  }
  return pieces;
}

/// One of the pieces of `a` that are in none of `cells` from `next` on; empty when there is none.
NNC_Polyhedron piece_outside(const NNC_Polyhedron& a, const std::vector<NNC_Polyhedron>& cells,
                             std::size_t next) {
  for (; next < cells.size(); ++next) {
    if (cells[next].is_disjoint_from(a)) continue;
    if (cells[next].contains(a)) return NNC_Polyhedron(a.space_dimension(), ppl::EMPTY);
    for (const NNC_Polyhedron& piece : without(a, cells[next])) {
      NNC_Polyhedron found = piece_outside(piece, cells, next + 1);
      if (!found.is_empty()) return found;
    }
    return NNC_Polyhedron(a.space_dimension(), ppl::EMPTY);
  }
  return a;
}

}  // namespace

ppl::Linear_Expression expression_of(const Linear& linear) {
  ppl::Linear_Expression expression(ppl::Coefficient(linear.constant));
  for (std::size_t i = 0; i < linear.coefficients.size(); ++i) {
    if (linear.coefficients[i] != 0)
      expression += ppl::Coefficient(linear.coefficients[i]) * ppl::Variable(i);
  }
  return expression;
}

ppl::Constraint constraint_of(const Inequality& inequality) {
  const ppl::Linear_Expression value = expression_of(inequality.value);
  return inequality.strict ? value > 0 : value >= 0;
}

NNC_Polyhedron polyhedron_of(const Cell& cell, std::size_t parameters) {
  NNC_Polyhedron made(parameters);
  for (const Inequality& inequality : cell)
    made.add_constraint(constraint_of(inequality));
  return made;
}

Cell cell_of(const NNC_Polyhedron& polyhedron, const NNC_Polyhedron& domain) {
  const std::size_t parameters = polyhedron.space_dimension();
  Cell all;
  for (const ppl::Constraint& c : polyhedron.minimized_constraints()) {
    all.push_back(inequality_of(c, parameters));
    if (!c.is_equality()) continue;
    all.push_back(all.back());
    for (std::int64_t& coefficient : all.back().value.coefficients)
      coefficient = -coefficient;
    all.back().value.constant = -all.back().value.constant;
  }
  std::sort(all.begin(), all.end(), [](const Inequality& a, const Inequality& b) {
    return std::tie(a.value.coefficients, a.value.constant, a.strict) >
           std::tie(b.value.coefficients, b.value.constant, b.strict);
  });
  for (std::size_t i = 0; i < all.size();) {
    NNC_Polyhedron others = domain;
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (k != i) others.add_constraint(constraint_of(all[k]));
    }
    if (others.relation_with(constraint_of(all[i])).implies(ppl::Poly_Con_Relation::is_included()))
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
  return all;
}

bool is_within(const NNC_Polyhedron& a, const std::vector<NNC_Polyhedron>& cells) {
  return piece_outside(a, cells, 0).is_empty();
}

NNC_Polyhedron point_outside(const NNC_Polyhedron& a, const std::vector<NNC_Polyhedron>& cells) {
  const NNC_Polyhedron piece = piece_outside(a, cells, 0);
  if (piece.is_empty()) return piece;
  // In the relative interior: the mean of all points, moved along all rays.
  ppl::Coefficient common = 1;
  unsigned points = 0;
  for (const ppl::Generator& g : piece.minimized_generators()) {
    if (!g.is_point() && !g.is_closure_point()) continue;
    ppl::lcm_assign(common, common, g.divisor());
    ++points;
  }
  ppl::Linear_Expression sum(0);
  for (const ppl::Generator& g : piece.minimized_generators()) {
    if (g.is_line()) continue;
    const ppl::Linear_Expression at = expression_of(g);
    if (g.is_ray())
      sum += ppl::Coefficient(common * points) * at;
    else
      sum += ppl::Coefficient(common / g.divisor()) * at;
  }
  NNC_Polyhedron made(piece.space_dimension(), ppl::EMPTY);
  made.add_generator(ppl::point(sum, ppl::Coefficient(common * points)));
  return made;
}

}  // namespace halfclose::proofs
