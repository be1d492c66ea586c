// What may not last: a set of states that a run must not stay in for ever, and what fairness
// promises.
//
// Both are data. A property "eventually P" is the question whether a run can stay where P fails.
#pragma once

#include "model/system/system.hpp"
#include "proofs/explore/exploration.hpp"

#include <string>
#include <utility>
#include <vector>

namespace halfclose::proofs {

/// Holds in a state when each component named is in one of its locals (indexed by LocalId).
struct Clause {
  std::vector<std::pair<system::Index, std::vector<bool>>> in;
};

struct Stay {
  std::string name;            ///< `server kernel in CLOSE-WAIT`
  std::vector<Clause> any_of;  ///< a state is bad when one of them holds; none: no state is
  struct Emission {
    system::Index component;
    machine::OutputId output;
  };
  /// A step that emits one of these, or renews one of these lanes, ends the stay even when the
  /// states before and after it are bad: what waited then is not what waits now.
  std::vector<Emission> until_emitted{};
  std::vector<system::Index> until_renewed{};

  bool bad(const system::System& system, const system::State& state) const;
  /// Needs the occurrences of its steps to tell whether one ends it.
  bool watches_steps() const { return !until_emitted.empty() || !until_renewed.empty(); }
  bool ended_by(const system::System& system,
                const std::vector<system::Occurrence>& occurrences) const;
};

/// The environment promises that it does not wait for ever while one of these choices is open all
/// the time: sooner or later it makes one of them.
struct Promise {
  std::string text;  ///< `server answers`
  std::vector<system::Index> choices;
};
inline constexpr std::size_t kPromisesMax = 32;

/// A run that stays for ever: `prefix` once, then `cycle` again and again. An empty cycle is a run
/// that rests: nothing more has to happen.
struct Lasso {
  Path prefix, cycle;
};

/// Runs a lasso on the System alone, with none of the search's data.
///
/// Fair means: no clock with a finite bound runs for ever without being reset or served, and no
/// promise is broken. Checked by going round until the oldest message of a full queue must have
/// been delivered.
/// @return  what is wrong with it; empty when it is a fair run that stays for ever
std::string fault_of(const system::System& system, const Stay& stay,
                     const std::vector<Promise>& promises, const Lasso& lasso);

}  // namespace halfclose::proofs
