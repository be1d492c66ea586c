#include "proofs/likelihood/pool_gaps.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace halfclose::proofs {

namespace {

/// Powers of e below this are left out.
constexpr double kExponentMax = 60;

/// The passage of the busy process from k to k + 1, at rates `arrivals` up and j * `departures`
/// down.
///
/// Its transform is phi_k(s) = arrivals / D_k(s) where D_0 = arrivals + s and
/// D_j = arrivals + s + j * departures * (1 - arrivals / D_{j-1}). The D_j are also the pivots of
/// s - Q for the generator Q on 0..k, so the number of negative ones at s = -theta is the number of
/// exponents below theta (Sylvester), and the weight of an exponent in the density is arrivals /
/// D_k' there. All weights are positive: nothing cancels.
class Passage {
 public:
  Passage(unsigned k, double arrivals, double departures)
      : k_(k), arrivals_(arrivals), departures_(departures) {}

  unsigned exponents_below(double theta) const { return at(theta).negative; }

  /// The probability that it takes one of `gaps`, none of which begins before `from`.
  double within(double from, std::span<const Gaps> gaps) const {
    const double gershgorin = 2 * (arrivals_ + k_ * departures_) + arrivals_;
    const double most = from > 0 ? std::min(kExponentMax / from, gershgorin) : gershgorin;
    const unsigned count = exponents_below(most);
    const double finest = 1e-16 * gershgorin;  // what rounding leaves of a pivot
    double sum = 0, low = 0;
    for (unsigned i = 0; i < count; ++i) {
      double high = most;
      while (high - low > std::max(1e-13 * high, finest)) {
        const double middle = (low + high) / 2;
        (exponents_below(middle) > i ? high : low) = middle;
      }
      const double theta = high;
      const double weight = arrivals_ / at(theta).slope;
      for (const Gaps& one : gaps) {
        sum += one.share * weight * std::exp(-theta * one.from_s) *
               (-std::expm1(-theta * (one.to_s - one.from_s)) / theta);
      }
      low = theta;
    }
    return sum;
  }

 private:
  struct Pivots {
    unsigned negative = 0;
    double slope = 1;  ///< of the last, in s
  };

  Pivots at(double theta) const {
    constexpr double kTiny = std::numeric_limits<double>::min();
    Pivots all;
    double pivot = arrivals_ - theta;
    for (unsigned j = 0;; ++j) {
      if (pivot == 0) pivot = kTiny;
      all.negative += pivot < 0;
      if (j == k_) return all;
      const double down = (j + 1) * departures_;
      all.slope = 1 + down * (arrivals_ / pivot) * (all.slope / pivot);
      pivot = arrivals_ - theta + down * ((pivot - arrivals_) / pivot);
    }
  }

  unsigned k_;
  double arrivals_, departures_;
};

/// The probability that so many connections are busy: Poisson, or that of Erlang's delay system. In
/// logarithms.
class Occupancy {
 public:
  explicit Occupancy(const PoolLoad& load) : busy_(load.busy()) {
    if (!load.connections) {
      log_empty_ = -busy_;
      return;
    }
    const unsigned all = *load.connections;
    // The sum over the numbers below `all`, and the waiting ones as a geometric series.
    double most = 0;
    for (unsigned k = 0; k <= all; ++k)
      most = std::max(most, log_weight(k));
    double sum = std::exp(log_weight(all) - most) / (1 - busy_ / all);
    for (unsigned k = 0; k < all; ++k)
      sum += std::exp(log_weight(k) - most);
    log_empty_ = -most - std::log(sum);
  }
  double at(unsigned k) const { return std::exp(log_empty_ + log_weight(k)); }

 private:
  double log_weight(unsigned k) const { return k * std::log(busy_) - std::lgamma(k + 1.0); }

  double busy_, log_empty_ = 0;
};

double taken_mru(const PoolLoad& load, std::span<const Gaps> gaps) {
  double from = gaps.front().from_s;
  for (const Gaps& one : gaps)
    from = std::min(from, one.from_s);
  const double arrivals = load.requests_per_s, departures = 1 / load.busy_s, busy = load.busy();
  const Occupancy occupancy(load);
  const unsigned end = load.connections.value_or(std::numeric_limits<unsigned>::max());
  // The more are busy the longer the passage to one more: below some number none is that long.
  unsigned first = 0;
  if (from > 0) {
    unsigned above = static_cast<unsigned>(busy) + 1;
    auto may_last = [&](unsigned k) {
      return Passage(k, arrivals, departures).exponents_below(kExponentMax / from) > 0;
    };
    while (!may_last(above) && above < end)
      above *= 2;
    above = std::min(above, end);
    while (first < above) {
      const unsigned middle = first + (above - first) / 2;
      if (may_last(middle))
        above = middle;
      else
        first = middle + 1;
    }
  }
  double sum = 0;
  for (unsigned k = first; k < end; ++k) {
    const double rate = arrivals * occupancy.at(k);
    if (k > busy && rate <= 1e-18 * sum) break;
    if (k > busy && rate < 1e-40) break;
    sum += rate * Passage(k, arrivals, departures).within(from, gaps);
  }
  return sum;
}

/// The probability that `count` arrivals take longer than `time`: fewer than `count` come in it.
double longer(unsigned count, double arrivals, double time) {
  if (std::isinf(time)) return 0;
  const double mean = arrivals * time;
  if (mean <= 0) return count > 0 ? 1 : 0;
  double sum = 0;
  for (unsigned j = 0; j < count; ++j)
    sum += std::exp(j * std::log(mean) - mean - std::lgamma(j + 1.0));
  return std::min(sum, 1.0);
}

double taken_fifo(const PoolLoad& load, std::span<const Gaps> gaps) {
  const Occupancy occupancy(load);
  double sum = 0;
  for (unsigned k = 0; k < *load.connections; ++k) {
    const unsigned place = *load.connections - k;
    for (const Gaps& one : gaps) {
      sum += occupancy.at(k) * one.share *
             (longer(place, load.requests_per_s, one.from_s) -
              longer(place, load.requests_per_s, one.to_s));
    }
  }
  return load.requests_per_s * sum;
}

}  // namespace

double taken_per_s(const PoolLoad& load, std::span<const Gaps> gaps) {
  if (gaps.empty()) return 0;
  return load.order == PoolOrder::mru ? taken_mru(load, gaps) : taken_fifo(load, gaps);
}

}  // namespace halfclose::proofs
