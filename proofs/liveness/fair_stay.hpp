// Can a run stay for ever? Fair cycles in the part of the reachable states that the run must leave.
//
// Time is left out, but not what it promises. A run is *fair* when
//   - no clock with a finite bound (an armed timer, the head of a wire, an application with
//     something to take) runs for ever without being reset or served; and
//   - no promise of the environment stays open for ever without being kept.
// Every run in which time goes on for ever is fair, so `holds` is a proof for the timed system too.
// Weak fairness of the stimulus alone would not be: it calls a timer unfairly treated that is armed
// anew before it expires, again and again, and so overlooks the runs that stay because of that.
// A timer that is off is never armed, and a bound of kForever promises nothing.
//
// A fair run that stays from some point on goes round within one strongly connected component of
// the bad states, and each thing that may not wait for ever is, somewhere in it, not waiting or
// served; in turn a component in which each is has a cycle through all those places. So it is
// enough to look at the maximal components. A run that ends is one that rests: then nothing may be
// due.
#pragma once

#include "proofs/explore/explorer.hpp"
#include "proofs/liveness/stay.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

enum class Eventually : std::uint8_t { holds, violated, undecided };

struct StayAnswer {
  Eventually verdict = Eventually::undecided;
  std::optional<Lasso> lasso{};  ///< violated: a shortest prefix, and a cycle that fairness allows
  std::string limit{};           ///< undecided: what was hit
  std::uint64_t runs = 0;        ///< that stay and were looked at
  std::uint64_t bad_states = 0, bad_transitions = 0;
  std::uint64_t components = 0;  ///< maximal strongly connected components of the bad states
};

/// The reachable states, once, for any number of questions.
class ReachableStates {
 public:
  /// Explores `system`, which must outlive this.
  /// @errors std::logic_error when the system is wrong (System::step)
  explicit ReachableStates(const system::System& system, const Limits& limits = {});
  /// The states that another engine found, in an order in which each but the first has a step from
  /// one before it. Steps that lead out of them do not happen.
  /// @pre every run that counts stays within `states`; `states` is what `exploration` has seen
  ReachableStates(const system::System& system, StateSet states, Exploration exploration,
                  const Limits& limits = {});

  const Exploration& exploration() const { return exploration_; }

  /// Tells whether a run that stays is to be shown: an engine with clocks may know that it is too
  /// fast or too slow to happen.
  using Accept = std::function<bool(const Lasso&)>;
  static constexpr std::uint64_t kRunsMax = 1000;

  /// Whether a fair run stays for ever.
  ///
  /// @param accept  asked about one run per state in which one can begin to stay, shortest prefix
  ///                first, until it says yes; after kRunsMax refusals, or the last, the answer is
  ///                undecided. Empty accepts the first
  /// @errors std::length_error for more than kPromisesMax promises; std::logic_error when the lasso
  ///         found is not one when run on the System again (fault_of): a bug of ours
  /// @cost   time and memory linear in the bad states and the transitions between them
  StayAnswer can_stay(const Stay& stay, const std::vector<Promise>& promises = {},
                      const Accept& accept = {}) const;

 private:
  const system::System& system_;
  Limits limits_;
  Exploration exploration_;
  bool closed_ = true;       ///< no step leads out of `states_`
  mutable StateSet states_;  ///< mutable: an index is looked up by inserting what is in it already
};

}  // namespace halfclose::proofs
