#include "proofs/timed/dbm.hpp"

#include <algorithm>

namespace halfclose::proofs {

void Dbm::load(int clocks, const Bound* bounds) {
  size_ = clocks + 1;
  if (bounds != data()) std::copy_n(bounds, cells(), bounds_.data());
}

bool Dbm::constrain(int i, int j, Bound bound) {
  if (bound >= at(i, j)) return true;
  if (add(bound, at(j, i)) < at_most(0)) return false;
  cell(i, j) = bound;
  // A single tighter bound: every path through it, O(n^2).
  for (int a = 0; a < size_; ++a) {
    const Bound to_i = add(at(a, i), bound);
    if (to_i >= kUnbounded) continue;
    for (int b = 0; b < size_; ++b)
      cell(a, b) = std::min(at(a, b), add(to_i, at(j, b)));
  }
  return true;
}

bool Dbm::elapse(const system::Time* upper) {
  for (int i = 1; i < size_; ++i)
    cell(i, 0) = kUnbounded;
  // Upper bounds come back through whichever clock is the first to reach its own.
  std::array<Bound, kClocksMax + 1> highest;
  for (int i = 1; i < size_; ++i) {
    highest[i] = kUnbounded;
    for (int j = 1; j < size_; ++j) {
      if (upper[j - 1] >= system::kForever) continue;
      highest[i] = std::min(highest[i], add(at(i, j), at_most(upper[j - 1])));
    }
  }
  for (int i = 1; i < size_; ++i) {
    cell(i, 0) = highest[i];
    if (add(highest[i], at(0, i)) < at_most(0)) return false;
  }
  for (int i = 1; i < size_; ++i) {
    for (int j = 1; j < size_; ++j)
      cell(i, j) = std::min(at(i, j), add(at(i, 0), at(0, j)));
  }
  return true;
}

void Dbm::age(const bool* aging) {
  for (int i = 1; i < size_; ++i) {
    if (!aging[i - 1]) continue;
    for (int j = 0; j < size_; ++j) {
      if (j == 0 || !aging[j - 1]) cell(i, j) = kUnbounded;
    }
  }
}

Dbm Dbm::moved(const std::int16_t* origins, int clocks) const {
  Dbm result;
  result.size_ = clocks + 1;
  std::array<int, kClocksMax + 1> from{};
  for (int k = 0; k < clocks; ++k)
    from[k + 1] = origins[k] == system::kFresh ? 0 : origins[k] + 1;
  for (int i = 0; i < result.size_; ++i) {
    for (int j = 0; j < result.size_; ++j)
      result.cell(i, j) = at(from[i], from[j]);
  }
  return result;
}

bool Dbm::simulated_by(const Bound* other, const system::Time* lower,
                       const system::Time* upper) const {
  for (int x = 0; x < size_; ++x) {
    const Bound least = at(0, x);
    if (x > 0 && least < at_most(-upper[x - 1])) continue;
    for (int y = 0; y < size_; ++y) {
      const Bound there = other[y * size_ + x];
      if (there < at(y, x) && (there & ~Bound{1}) + below(y > 0 ? -lower[y - 1] : 0) < least)
        return false;
    }
  }
  return true;
}

Dbm::Sums Dbm::sums(const system::Time* upper) const {
  Sums sums{};
  for (int j = 1; j < size_; ++j)
    sums[static_cast<std::size_t>(j) % sums.size()] += std::max(at(0, j), below(-upper[j - 1]));
  return sums;
}

bool Dbm::canonical() const {
  for (int i = 0; i < size_; ++i) {
    for (int j = 0; j < size_; ++j) {
      for (int k = 0; k < size_; ++k) {
        if (at(i, j) > add(at(i, k), at(k, j))) return false;
      }
    }
  }
  return true;
}

}  // namespace halfclose::proofs
