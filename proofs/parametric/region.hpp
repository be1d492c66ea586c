// Sets of parameter values: unions of conjunctions of linear inequalities.
//
// Plain data that is printed, stored and substituted into; the algebra on it uses polyhedra
// (polyhedra.hpp).
#pragma once

#include "model/system/system.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace halfclose::proofs {

/// A value per parameter: microseconds.
using Point = std::vector<system::Time>;

/// coefficients[i] * parameter i, summed up, + constant. Microseconds.
struct Linear {
  std::vector<std::int64_t> coefficients;
  std::int64_t constant = 0;

  std::int64_t at(const Point& point) const;
  bool operator==(const Linear&) const = default;
};

/// value > 0 when strict, else value >= 0.
struct Inequality {
  Linear value;
  bool strict = false;

  bool holds(const Point& point) const;
  bool operator==(const Inequality&) const = default;
};

/// All of them hold. Empty: everything.
using Cell = std::vector<Inequality>;
bool contains(const Cell& cell, const Point& point);

/// One of the cells holds. Empty: nothing. Cells may overlap.
struct Region {
  std::size_t parameters = 0;
  std::vector<Cell> cells;

  bool contains(const Point& point) const;
  bool operator==(const Region&) const = default;
};

/// What of `domain` is outside of `region`, as few cells that are each as large as the edges of
/// `region` let them be, without the inequalities that the domain implies. The order of cells, and
/// cells within others, make no difference.
///
/// @pre    the domain is closed (no strict inequality)
/// @errors std::length_error when there are more than a thousand cells, or a number needs more than
///         63 bits
/// @cost   the product of the inequalities of the cells of `region`, at worst
Region outside(const Region& region, const Cell& domain);

/// Both are the same set of values within `domain`.
bool equal_within(const Region& a, const Region& b, const Cell& domain);

}  // namespace halfclose::proofs
