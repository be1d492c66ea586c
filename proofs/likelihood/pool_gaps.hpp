// How often a pool hands out a connection that was idle for a given time.
//
// Requests arrive at a pool as a Poisson process and keep a connection busy for an exponential
// time. Then the number of busy connections is a birth-death process, and what a connection waits
// for is a first passage of it:
//
//   last in, first out (mru)   a connection put back when k others are busy lies on top of all that
//                              were idle then; it is taken when k + 1 are busy again, whatever
//                              happens above it in between. Its gap is the passage from k to k + 1.
//   first in, first out        a connection put back as the i-th idle one is taken by the i-th
//                              arrival from then on.
//
// Abstracts from: connections that end for other reasons than the gap that is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace halfclose::proofs {

enum class PoolOrder : std::uint8_t { mru, fifo };

struct PoolLoad {
  double requests_per_s = 0;
  double busy_s = 0;  ///< how long a request keeps its connection, on average
  /// The pool has no more, and requests wait for one. With fifo it has as many all the time.
  /// Nothing: there is always one more, opened when none is idle.
  std::optional<unsigned> connections{};
  PoolOrder order = PoolOrder::mru;

  double busy() const { return requests_per_s * busy_s; }  ///< connections, on average
};

/// Beyond that many busy connections nothing is computed.
inline constexpr double kBusyMax = 10'000;

/// Gaps of more than `from_s` and at most `to_s`, which may be infinite.
struct Gaps {
  double from_s = 0, to_s = 0;
  double share = 1;  ///< of them, that counts
};

/// The requests that take a connection which was idle for one of `gaps`, per second. Exact but for
/// rounding.
///
/// @pre    0 < requests_per_s, 0 < busy_s, busy() <= kBusyMax; fewer busy than connections, of
///         which fifo states the number
/// @cost   microseconds; a second or two at ten thousand busy connections
/// @source Keilson, Markov Chain Models: Rarity and Exponentiality, 1979, chapter 5 (the passage
///         is a mixture of exponentials); docs/explanation/how-likely-a-race-is.md
double taken_per_s(const PoolLoad& load, std::span<const Gaps> gaps);

}  // namespace halfclose::proofs
