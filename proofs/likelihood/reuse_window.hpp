// For which idle times of a connection the next request on it is lost: from the System, not by
// hand.
//
// The System of a hop, with one thing changed: the client's idle timer, instead of closing the
// connection, sends the next request. Its length is the gap, from the moment the client has read a
// response to the moment it writes the next request on the same connection. The parametric engine
// then answers for which gaps the race can happen.
//
// Abstracts from: closes that no idleness causes (age, shutdown, request limits), pipelining.
#pragma once

#include "proofs/catalogue/catalogue.hpp"
#include "proofs/parametric/synthesis.hpp"

#include <string>
#include <vector>

namespace halfclose::proofs {

/// A closed interval of gaps, in microseconds; `to` may be system::kForever.
struct GapWindow {
  system::Time from = 0, to = 0;
  system::Time length() const { return to - from; }
  bool operator==(const GapWindow&) const = default;
};

/// What a delay and a stall are between their bounds.
enum class Spread : std::uint8_t {
  any,     ///< whatever makes the race happen: outside of the windows no request is lost
  middle,  ///< half way between them: as long as the windows are on average, for delays that are
           ///< independent and symmetric around there
};

struct ReuseWindows {
  std::vector<GapWindow> windows;  ///< disjoint, ascending
  bool cut = false;  ///< the client may close the connection itself before one of them ends
  bool exact = false;
  std::string limit{};  ///< not exact: what was hit
  /// The sum of their lengths; kForever when one has no end.
  system::Time length() const;
};

/// The races in which the server's idle close meets a request on a kept-alive connection.
std::vector<const Race*> reuse_races();

/// @param goals  set of observer outputs: any of them loses the request
/// @cost  some milliseconds
ReuseWindows reuse_windows(const deployment::HopSettings& settings, std::uint64_t goals,
                           Spread spread, const SynthesisLimits& limits = {});

/// Gaps of which a share is lost.
struct WeightedWindow {
  GapWindow window{};
  double share = 1;
};

struct UsualWindows {
  std::vector<WeightedWindow> windows;  ///< disjoint, ascending
  bool exact = false;
  /// What a gap has to fall into, on average: microseconds; infinite when one has no end.
  double length() const;
};

/// The windows on average over delays, stalls and timers that are uniform between their bounds.
/// Their length is linear in these as long as the client does not cut them: then they are those of
/// Spread::middle. Where it does, and one window has ends that are linear in them, that of `worst`
/// in pieces, each with the share of it that is lost in some thousand draws, always the same ones.
///
/// @param worst  of Spread::any, exact
/// @cost  some ten milliseconds
UsualWindows usual_windows(const deployment::HopSettings& settings, std::uint64_t goals,
                           const ReuseWindows& worst, const SynthesisLimits& limits = {});

}  // namespace halfclose::proofs
