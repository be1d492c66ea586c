// The one trace type: a run of a hop or of a proxy between its hops, as data. Every renderer and
// every replay reads this.
//
// It holds what is needed to run it again (settings and stimuli) and what happened (steps,
// segments, timers, calls, states). docs/reference/witness.md is the schema of its JSON form.
#pragma once

#include "proofs/explore/exploration.hpp"
#include "proofs/witness/cast.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

using system::Time;

/// One thing that an actor did or learned.
struct Happening {
  enum class Kind : std::uint8_t {
    call,      ///< an application called its kernel: `text` is the call, `result` what it returned
    decides,   ///< an application acts of its own accord: sends, answers, closes
    learns,    ///< an application is told: what it read, end of file, an error
    expires,   ///< a timer of an application
    sends,     ///< a kernel puts a segment on the wire: `segment`
    receives,  ///< a kernel takes a segment off the wire: `segment`
    drops,     ///< bytes are lost: `text` says which
    verdict,   ///< the observer: a race happened, or a guarantee broke
    remark,    ///< which request the observer watches; a connection is over on both sides
  };
  Kind kind = Kind::decides;
  ActorId actor = 0;
  std::string text{};
  std::string result{};  ///< of a call: ok, a byte count in words, or an errno name
  int segment = -1;      ///< index into Witness::segments
  bool operator==(const Happening&) const = default;
};

struct WitnessStep {
  Time at = 0;             ///< microseconds from the start
  std::string stimulus{};  ///< in words
  std::vector<Happening> happenings{};
  std::vector<std::string> states{};  ///< after the step, by actor: `CLOSE-WAIT`, `idle`
  bool operator==(const WitnessStep&) const = default;
};

struct Segment {
  std::string text;  ///< `request`, `FIN`, `RST`
  ActorId from = 0;  ///< a kernel; it goes to that one's far end
  Time sent = 0;
  std::optional<Time> arrived{};  ///< none: still in flight at the end
  bool operator==(const Segment&) const = default;
};

struct TimerUse {
  std::string symbol;  ///< `app.downstream.idle_timeout`
  ActorId owner = 0;
  Time lo = 0, hi = 0;  ///< it may expire this long after it was armed
  Time armed = 0;
  std::optional<Time> expired{}, cancelled{};
  bool operator==(const TimerUse&) const = default;
};

struct Symptom {
  std::string who, text;
  bool operator==(const Symptom&) const = default;
};

struct Witness {
  std::string property;   ///< slug of the race or guarantee
  std::string statement;  ///< what it says, one sentence
  std::string client_profile, proxy_profile, server_profile;
  Settings settings;
  /// Steps have times. Else only their order is known, and every time above is the number of a
  /// step, from 0.
  bool timed = true;
  Path path;
  Aging aging{};  ///< behind this step the connection served other requests for a while
  std::vector<WitnessStep> steps;
  std::vector<Segment> segments;
  std::vector<TimerUse> timers;   ///< one per arming
  std::vector<Symptom> observed;  ///< what each side sees: errno, EOF
  std::vector<Symptom> symptoms;  ///< what each product shows or logs
  std::string fix;
};

/// Runs `path` on the tables of its system at `times` and writes down what happens.
///
/// @param settings  the hop or proxy; `path` must be enabled step by step
/// @param aging     the part of the past that is left out, if there is one
/// @param times     one per step, not decreasing (proofs/timed/schedule.hpp)
/// @return          a witness without property, profiles, symptoms and fix
Witness make_witness(const Settings& settings, const Path& path, const std::vector<Time>& times,
                     Aging aging = {});

/// The same without times: the order of the steps is all that is claimed.
Witness make_witness(const Settings& settings, const Path& path);

/// The same on tables of another make: what a mutant does.
///
/// @param stage  stage_of(settings), some tables of its system exchanged
Witness make_witness(const Settings& settings, const Stage& stage, const Path& path);

/// `client->server`, `client->proxy->origin`.
std::string chain_name(const Witness& witness);

}  // namespace halfclose::proofs
