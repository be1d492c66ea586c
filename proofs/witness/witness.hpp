// The one trace type: a run of a hop with times, as data. Every renderer and every replay reads
// this.
//
// It holds what is needed to run it again (settings and stimuli) and what happened (steps,
// segments, timers, calls, states). docs/reference/witness.md is the schema of its JSON form.
#pragma once

#include "model/deployment/hop_settings.hpp"
#include "proofs/explore/exploration.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

using system::Time;

/// The columns of a sequence diagram, left to right.
enum class Actor : std::uint8_t { client, client_kernel, server_kernel, server };
inline constexpr std::array<Actor, 4> kActors{Actor::client, Actor::client_kernel,
                                              Actor::server_kernel, Actor::server};

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
  };
  Kind kind = Kind::decides;
  Actor actor = Actor::client;
  std::string text{};
  std::string result{};  ///< of a call: ok, a byte count in words, or an errno name
  int segment = -1;      ///< index into Witness::segments
  bool operator==(const Happening&) const = default;
};

struct WitnessStep {
  Time at = 0;             ///< microseconds from the start
  std::string stimulus{};  ///< in words
  std::vector<Happening> happenings{};
  std::array<std::string, 4> states{};  ///< after the step, by actor: `CLOSE-WAIT`, `idle`
  bool operator==(const WitnessStep&) const = default;
};

struct Segment {
  std::string text;  ///< `request`, `FIN`, `RST`
  Actor from = Actor::client_kernel;
  Time sent = 0;
  std::optional<Time> arrived{};  ///< none: still in flight at the end
  bool operator==(const Segment&) const = default;
};

struct TimerUse {
  std::string symbol;  ///< `app.downstream.idle_timeout`
  Actor owner = Actor::client;
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
  std::string client_profile, server_profile;
  deployment::HopSettings settings;
  Path path;
  Aging aging{};  ///< behind this step the connection served other requests for a while
  std::vector<WitnessStep> steps;
  std::vector<Segment> segments;
  std::vector<TimerUse> timers;   ///< one per arming
  std::vector<Symptom> observed;  ///< what each side sees: errno, EOF
  std::vector<Symptom> symptoms;  ///< what each product shows or logs
  std::string fix;
};

/// Runs `path` on the hop's tables at `times` and writes down what happens.
///
/// @param settings  the hop; `path` must be enabled step by step
/// @param aging     the part of the past that is left out, if there is one
/// @param times     one per step, not decreasing (proofs/timed/schedule.hpp)
/// @return          a witness without property, profiles, symptoms and fix
Witness make_witness(const deployment::HopSettings& settings, const Path& path,
                     const std::vector<Time>& times, Aging aging = {});

/// `client->server`.
std::string hop_name(const Witness& witness);
std::string actor_name(const Witness& witness, Actor actor);

}  // namespace halfclose::proofs
