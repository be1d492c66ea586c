#include "proofs/parametric/region.hpp"

#include "proofs/parametric/polyhedra.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace halfclose::proofs {

using ppl::NNC_Polyhedron;

std::int64_t Linear::at(const Point& point) const {
  std::int64_t sum = constant;
  for (std::size_t i = 0; i < coefficients.size(); ++i)
    sum += coefficients[i] * point[i];
  return sum;
}

bool Inequality::holds(const Point& point) const {
  const std::int64_t at = value.at(point);
  return strict ? at > 0 : at >= 0;
}

bool contains(const Cell& cell, const Point& point) {
  return std::all_of(cell.begin(), cell.end(),
                     [&](const Inequality& inequality) { return inequality.holds(point); });
}

bool Region::contains(const Point& point) const {
  return std::any_of(cells.begin(), cells.end(),
                     [&](const Cell& cell) { return proofs::contains(cell, point); });
}

namespace {

/// Drops what another one contains.
void keep_largest(std::vector<NNC_Polyhedron>& cells) {
  for (std::size_t i = 0; i < cells.size();) {
    bool contained = false;
    for (std::size_t k = 0; k < cells.size() && !contained; ++k)
      contained = k != i && cells[k].contains(cells[i]);
    if (contained)
      cells.erase(cells.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
}

Inequality negated(Inequality inequality) {
  for (std::int64_t& coefficient : inequality.value.coefficients)
    coefficient = -coefficient;
  inequality.value.constant = -inequality.value.constant;
  inequality.strict = !inequality.strict;
  return inequality;
}

}  // namespace

Region outside(const Region& region, const Cell& domain) {
  constexpr std::size_t kCellsMax = 1'000;
  const NNC_Polyhedron all = polyhedron_of(domain, region.parameters);
  std::vector<NNC_Polyhedron> inside;
  for (const Cell& cell : region.cells) {
    inside.push_back(polyhedron_of(cell, region.parameters));
    inside.back().intersection_assign(all);
  }
  // A cell within another one would only cut what is outside of both into smaller pieces.
  keep_largest(inside);
  std::vector<NNC_Polyhedron> safe = {all};
  if (all.is_empty()) safe.clear();
  for (const NNC_Polyhedron& cell : inside) {
    std::vector<NNC_Polyhedron> next;
    for (const Inequality& inequality : cell_of(cell, all)) {
      for (const NNC_Polyhedron& one : safe) {
        NNC_Polyhedron piece = one;
        piece.add_constraint(constraint_of(negated(inequality)));
        if (!piece.is_empty()) next.push_back(std::move(piece));
      }
    }
    keep_largest(next);
    if (next.size() > kCellsMax) throw std::length_error("a region has more than 1,000 cells");
    safe = std::move(next);
  }
  std::vector<std::pair<Cell, NNC_Polyhedron>> made;
  for (NNC_Polyhedron& one : safe)
    made.emplace_back(cell_of(one, all), std::move(one));
  auto before = [](const Inequality& a, const Inequality& b) {
    return std::tie(a.value.coefficients, a.value.constant, a.strict) >
           std::tie(b.value.coefficients, b.value.constant, b.strict);
  };
  std::sort(made.begin(), made.end(), [&](const auto& a, const auto& b) {
    return std::lexicographical_compare(a.first.begin(), a.first.end(), b.first.begin(),
                                        b.first.end(), before);
  });
  // A cell that the others make up together says nothing of its own.
  for (std::size_t i = 0; i < made.size();) {
    std::vector<NNC_Polyhedron> others;
    for (std::size_t k = 0; k < made.size(); ++k) {
      if (k != i) others.push_back(made[k].second);
    }
    if (!others.empty() && is_within(made[i].second, others))
      made.erase(made.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;
  }
  Region outside{.parameters = region.parameters};
  for (auto& [cell, polyhedron] : made)
    outside.cells.push_back(std::move(cell));
  return outside;
}

bool equal_within(const Region& a, const Region& b, const Cell& domain) {
  const NNC_Polyhedron all = polyhedron_of(domain, a.parameters);
  auto pieces = [&](const Region& region) {
    std::vector<NNC_Polyhedron> made;
    for (const Cell& cell : region.cells) {
      made.push_back(polyhedron_of(cell, region.parameters));
      made.back().intersection_assign(all);
    }
    return made;
  };
  const std::vector<NNC_Polyhedron> of_a = pieces(a), of_b = pieces(b);
  auto covers = [](const std::vector<NNC_Polyhedron>& large,
                   const std::vector<NNC_Polyhedron>& small) {
    return std::all_of(small.begin(), small.end(),
                       [&](const NNC_Polyhedron& one) { return is_within(one, large); });
  };
  return covers(of_a, of_b) && covers(of_b, of_a);
}

}  // namespace halfclose::proofs
