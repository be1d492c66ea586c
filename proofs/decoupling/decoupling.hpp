// Non-interference: whether one side of a system can notice how the other side manages its part.
//
// The system with its private steps hidden is compared with the system that cannot take them. Every
// run of the second is one of the first; so the question is whether what the public side sees of a
// run with private steps is also seen of some run without (SNNI, Focardi and Gorrieri 1995).
// Abstracts from time: a run is an order of steps. docs/explanation/decoupling.md.
#pragma once

#include "proofs/decoupling/labelled_graph.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// One step of a run, with what is seen of it.
struct Moment {
  std::string what;  ///< the step, in words
  system::Stimulus stimulus{};
  bool hidden = false;
  std::vector<std::string> observed;
  bool operator==(const Moment&) const = default;
};

/// Two runs that look the same up to an observation that only the first can show.
struct PairOfRuns {
  std::vector<Moment> with, without;  ///< with private steps; without
  std::size_t shared = 0;             ///< observations that both have
  std::string impossible;             ///< the observation of `with` behind the shared ones
  std::vector<std::string> possible;  ///< all that may be seen there without private steps
};

struct DecouplingResult {
  enum class Verdict { decoupled, coupled, undecided };
  Verdict verdict = Verdict::undecided;
  std::string limit;               ///< of undecided
  std::optional<PairOfRuns> pair;  ///< of coupled: the first run is as short as can be
  /// Of decoupled: also no one who takes part in the observations can tell (branching
  /// bisimulation).
  bool equivalent = false;
  std::uint64_t states = 0, transitions = 0;  ///< of the system
  std::uint64_t hidden = 0;           ///< private transitions: without any, nothing is claimed
  std::uint64_t public_states = 0;    ///< reduced, without private steps
  std::uint64_t sets = 0, pairs = 0;  ///< of the comparison
};

/// Whether the private steps of `system` make no difference to what `interface` shows.
///
/// @param system  sealed; without observers, or they are part of the private side
/// @param limits  states, and pairs of the comparison, each; bytes; milliseconds, all together
/// @errors        std::logic_error when the system is wrong (System::step)
/// @cost          time and memory O(states x stimuli + pairs); pairs is exponential at worst
DecouplingResult decoupled(const system::System& system, const Interface& interface,
                           const Limits& limits = {});

/// Whether all that `part` shows, private steps or not, is shown by `whole` too: then what is
/// proved of the observations of `whole` holds of those of `part`. `hidden` of the interfaces: of
/// `whole` those steps are not taken.
DecouplingResult covered(const system::System& part, const Interface& of_part,
                         const system::System& whole, const Interface& of_whole,
                         const Limits& limits = {});

}  // namespace halfclose::proofs
