// Difference-bound matrices: a zone is a conjunction of bounds x_i - x_j <= c or < c on clocks.
//
// Row and column 0 are the reference, whose value is zero. A canonical matrix has every bound as
// tight as the others imply. Times are microseconds in 64 bits: an hour and a tenth of a
// millisecond stand side by side.
#pragma once

#include "model/system/system.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace halfclose::proofs {

/// A bound: 2 * value, plus 1 when the value itself is allowed. A smaller number is a tighter
/// bound.
using Bound = std::int64_t;
inline constexpr Bound kUnbounded = INT64_MAX / 2;

constexpr Bound at_most(system::Time value) {
  return 2 * value + 1;
}
constexpr Bound below(system::Time value) {
  return 2 * value;
}
constexpr Bound add(Bound a, Bound b) {
  if (a >= kUnbounded || b >= kUnbounded) return kUnbounded;
  return (a & ~Bound{1}) + (b & ~Bound{1}) + (a & b & 1);
}

class Dbm {
 public:
  static constexpr int kClocksMax = 24;

  /// All `clocks` equal to zero.
  explicit Dbm(int clocks = 0) : size_(clocks + 1) {
    for (int i = 0; i < size_ * size_; ++i)
      bounds_[i] = at_most(0);
  }

  // A matrix has room for 24 clocks and mostly holds a few: only these are copied.
  Dbm(const Dbm& other) { load(other.clocks(), other.data()); }
  Dbm& operator=(const Dbm& other) {
    load(other.clocks(), other.data());
    return *this;
  }

  int clocks() const { return size_ - 1; }
  int size() const { return size_; }
  Bound at(int i, int j) const { return bounds_[i * size_ + j]; }
  const Bound* data() const { return bounds_.data(); }
  std::size_t cells() const { return static_cast<std::size_t>(size_) * size_; }
  void load(int clocks, const Bound* bounds);

  /// Adds x_i - x_j <= bound. @return false when nothing is left; the matrix is then meaningless.
  /// @pre canonical; @post canonical
  bool constrain(int i, int j, Bound bound);
  /// Lets time pass as long as every clock stays at or below its `upper` (index 1..clocks).
  /// @pre canonical, and within the bounds; @post canonical. @return false when nothing is left
  bool elapse(const system::Time* upper);
  /// Lets any one time pass for the clocks marked in `aging` (index 1..clocks) and none for the
  /// others.
  /// @pre canonical; @post canonical. Bounds from above are those of the next `elapse`.
  void age(const bool* aging);
  /// The zone after a step: clock k of the result was clock `origins[k]` before, or is zero
  /// (system::kFresh).
  Dbm moved(const std::int16_t* origins, int clocks) const;
  /// Whatever can happen from a valuation of this zone can happen from one of `other`: no guard can
  /// tell what is missing there (inclusion in the abstraction a-LU of Behrmann et al. 2006, by the
  /// test of Herbreteau, Srivathsan and Walukiewicz 2012).
  /// @pre both canonical, with clocks that may step from their `lower` on and must by their `upper`
  bool simulated_by(const Bound* other, const system::Time* lower, const system::Time* upper) const;
  /// The bounds from below, as far as guards tell them apart, added up in groups: a sum that
  /// exceeds its counterpart disproves `simulated_by`.
  using Sums = std::array<Bound, 4>;
  Sums sums(const system::Time* upper) const;
  bool canonical() const;

 private:
  Bound& cell(int i, int j) { return bounds_[i * size_ + j]; }

  int size_;
  std::array<Bound, (kClocksMax + 1) * (kClocksMax + 1)> bounds_;
};

}  // namespace halfclose::proofs
