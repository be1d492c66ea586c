// The races and guarantees of one hop: names, statements, sources, and the timers that decide them.
//
// The definitions themselves are the observer's (model/monitor/hop_observer.hpp).
#pragma once

#include "model/deployment/hop_system.hpp"
#include "model/monitor/hop_observer.hpp"

#include <string_view>
#include <vector>

namespace halfclose::proofs {

/// A timer that can exclude a race: `safer` is the direction in which it does, +1 longer or -1
/// shorter.
struct Knob {
  deployment::hop::Timer timer;
  int safer;
};

/// What has to be possible besides the exchange itself. A race is judged with what it needs and no
/// more: a crash at any moment, say, would be in the way of every other verdict.
enum class Needs : std::uint8_t {
  nothing,
  waiting,   ///< requests that wait for the connection while it is busy
  shutdown,  ///< a graceful shutdown of the server
  crash,     ///< the end of the server's process
  removal,   ///< the server's removal from the load-balancing set, and its shutdown
};
/// The hop with exactly what `needs` says.
deployment::HopSettings with_needs(deployment::HopSettings hop, Needs needs);

enum class Outcome : std::uint8_t {
  request_lost,
  response_truncated,
  wrong_response,
  kept_waiting
};

struct Race {
  std::string_view slug;
  std::string_view number;  ///< as in the literature list of docs/reference/races.md
  monitor::Out output;
  std::string_view statement;  ///< over observations
  std::string_view source;
  Outcome outcome;
  /// The race is one against the close of a reusable connection: when no length of the closer's
  /// timers excludes it, the verdict is not-excludable.
  bool reuse;
  Needs needs;
  std::vector<Knob> knobs;
  std::vector<std::string_view> client_keys, server_keys;  ///< what it depends on
};

const std::vector<Race>& races();
const Race* find_race(std::string_view slug);

struct Guarantee {
  std::string_view slug;
  monitor::Out output;  ///< emitted when it breaks
  std::string_view statement;
  std::string_view source;
  Needs needs = Needs::nothing;
};

const std::vector<Guarantee>& guarantees();

constexpr std::uint64_t goal(monitor::Out output) {
  return 1ull << static_cast<unsigned>(output);
}

}  // namespace halfclose::proofs
