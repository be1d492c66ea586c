// What may be claimed of a system, and what proving a claim yields: a verdict with exact counts.
//
// A claim is written `KIND OBJECT`, as in `never keepalive-reuse`. A new kind of claim is one more
// entry of claim_kinds(): the manifest, the command and the mutants read everything from there.
#pragma once

#include "proofs/explore/exploration.hpp"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

enum class Finding : std::uint8_t { holds, broken, undecided };
/// `holds`, `broken`, `undecided`.
std::string_view finding_name(Finding finding);

struct Evidence {
  Finding finding = Finding::undecided;
  std::uint64_t states = 0;  ///< zones, of a claim in time; what a kind counts else, it says
  std::uint64_t transitions = 0;
  /// Of the shortest run that shows the claim or breaks it, where one does; else of the farthest
  /// state. Steps.
  std::uint32_t depth = 0;
  std::string limit{};  ///< undecided: what was hit
  bool operator==(const Evidence&) const = default;
};

/// One system and what was computed of it: claims on the same system share it.
class Subject {
 public:
  /// @param system  sealed; outlives this
  /// @param search  limits and progress; the goals are everything, whatever it says
  Subject(const system::System& system, Search search);

  const system::System& system() const { return system_; }
  const Limits& limits() const { return search_.limits; }
  /// All that is reachable, explored when first asked for.
  /// @errors std::logic_error when the system is wrong (System::step)
  const Exploration& reachable();
  /// The same within the bounds of the timers and wires.
  /// @errors also std::length_error past 24 clocks in one state
  const Exploration& reachable_in_time();
  /// Per place in StepResult::emitted: the reachable steps that emit it, and the states they lead
  /// to. Nothing when a limit was hit.
  struct Emission {
    std::uint64_t steps = 0, states = 0;
  };
  const std::optional<std::array<Emission, 64>>& emissions();

 private:
  const system::System& system_;
  Search search_;
  std::optional<Exploration> reachable_, reachable_in_time_;
  std::optional<std::array<Emission, 64>> emissions_;
};

struct ClaimKind {
  std::string_view word;     ///< `never`
  std::string_view object;   ///< what follows it, for messages: `OUTPUT [at COMPONENT] [in time]`
  std::string_view meaning;  ///< a sentence about OBJECT
  /// Empty when `object` means something in the system; else the rule that was broken.
  std::function<std::string(const system::System&, std::string_view object)> wrong_with;
  /// @pre wrong_with is empty
  std::function<Evidence(Subject&, std::string_view object)> prove;
};

const std::vector<ClaimKind>& claim_kinds();
/// @return nullptr for a word that is no kind
const ClaimKind* find_claim_kind(std::string_view word);

/// The observers' outputs that `object` names, as a set of places in StepResult::emitted: `OUTPUT`
/// of any observer, or `OUTPUT at COMPONENT`; ` in time` may follow. Zero when there is none.
std::uint64_t outputs_named(const system::System& system, std::string_view object);
/// The object of a claim ends with ` in time`.
bool is_in_time(std::string_view object);

}  // namespace halfclose::proofs
