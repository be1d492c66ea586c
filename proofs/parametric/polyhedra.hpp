// The border to the Parma Polyhedra Library: for the sources of this folder only.
#pragma once

#include "proofs/parametric/region.hpp"

#include <ppl.hh>

namespace halfclose::proofs {

namespace ppl = Parma_Polyhedra_Library;

/// Parameter i is dimension i.
ppl::Linear_Expression expression_of(const Linear& linear);
ppl::Constraint constraint_of(const Inequality& inequality);
ppl::NNC_Polyhedron polyhedron_of(const Cell& cell, std::size_t parameters);

/// The inequalities of a polyhedron over parameters, an equality as two of them; those that
/// `domain` and the others imply are left out, and they are ordered.
/// @errors std::length_error when a number needs more than 63 bits
Cell cell_of(const ppl::NNC_Polyhedron& polyhedron, const ppl::NNC_Polyhedron& domain);

/// a is a subset of the union of `cells`.
bool is_within(const ppl::NNC_Polyhedron& a, const std::vector<ppl::NNC_Polyhedron>& cells);
/// A point of `a` that is in none of `cells`, as a polyhedron; empty when there is none.
ppl::NNC_Polyhedron point_outside(const ppl::NNC_Polyhedron& a,
                                  const std::vector<ppl::NNC_Polyhedron>& cells);

}  // namespace halfclose::proofs
