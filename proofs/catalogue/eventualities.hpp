// What must not last on a hop: sockets that are never given back, requests that wait for ever.
//
// Races and guarantees are about moments; these are about runs without end. The engine is
// proofs/liveness, which knows no protocol: here is what its states mean on a hop.
#pragma once

#include "model/deployment/hop_system.hpp"
#include "proofs/liveness/fair_stay.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

struct Eventuality {
  std::string_view slug;
  std::string_view race;    ///< the race that its violation is
  std::string_view number;  ///< as in the literature list of docs/reference/races.md; may be empty
  std::string_view statement;
  std::string_view source;
  /// One question for each end and each way to stay.
  std::vector<Stay> (*stays)(const system::System&, const deployment::Placement&);

  /// Operators know its violation by a name of its own.
  bool is_race() const { return !number.empty(); }
  /// What verdicts call it.
  std::string_view shown() const { return is_race() ? race : slug; }
};

const std::vector<Eventuality>& eventualities();
const Eventuality* find_eventuality(std::string_view slug);

/// What the applications are trusted to do some time; nothing says when.
struct Trust {
  bool server_answers = true;   ///< a request that the server has read
  bool client_finishes = true;  ///< the content of a request whose head is sent
};
/// @pre `place` is where a hop begins in `system`
std::vector<Promise> promises_of(const system::System& system, const deployment::Placement& place,
                                 const Trust& trust);

struct EndlessStay {
  std::string stay;  ///< in what the run stays
  Lasso lasso;
  Schedule schedule;  ///< times for the prefix and one round of the cycle
};

struct EventualityAnalysis {
  const Eventuality* eventuality = nullptr;
  Eventually verdict = Eventually::undecided;
  std::vector<EndlessStay> found{};  ///< violated: one for each way to stay
  std::string limit{};               ///< why not every question has an answer, if so
};

/// Judges one hop.
///
/// `holds` is a proof for the hop in time. A run that stays is `violated` when its prefix and three
/// rounds of its cycle have a schedule. When runs stay and none of those looked at has one, the
/// states that time allows are looked at alone; if that does not settle it the verdict is
/// undecided, and `limit` says so.
EventualityAnalysis analyse(const Eventuality& eventuality, const deployment::HopSettings& settings,
                            const Trust& trust = {}, const Limits& limits = {});

}  // namespace halfclose::proofs
