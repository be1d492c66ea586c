// Schedules of a composed system: who goes first is chosen by numbers, by an adversary, or both.
//
// A schedule is a list of choices, each a number that picks one of the stimuli enabled then. Any
// list is a schedule of any system, so a list that fails shrinks freely: without some of its
// choices, or with smaller ones, it is a schedule still, and what it does is a path that
// System::step takes again.
#pragma once

#include "proofs/explore/exploration.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::test {

/// What is preferred, before the number of a choice picks among equals.
enum class Adversary : std::uint8_t {
  none,           ///< every enabled stimulus is as likely as another
  timers_first,   ///< a timer that may expire does
  deliver_last,   ///< messages stay on the wires for as long as anything else can happen
  starve_lane,    ///< nothing happens in one lane while another can go on
  priorities,     ///< as PCT: lanes have priorities, which change at few moments
  eager_callers,  ///< the environment does whatever it can before anything reacts
};
inline constexpr int kAdversaries = 6;

struct Schedule {
  Adversary adversary = Adversary::none;
  std::uint8_t seed = 0;  ///< which lane is starved; in what order lanes have priority
  std::vector<std::uint8_t> choices{};
};

/// What is wrong with a step: outputs that must not be emitted, or a component without a row.
struct Failure {
  std::uint64_t emitted = 0;
  std::string refused{};  ///< what System::step said
  bool operator==(const Failure&) const = default;
};

struct Run {
  proofs::Path path{};
  std::optional<Failure> failure{};  ///< of the last step
};

/// Runs until a step emits any of `outputs`, is refused, or the choices end.
Run run(const system::System& system, const Schedule& schedule, std::uint64_t outputs);

/// The path once more, by itself.
/// @return the failure of its last step; none when it has none, or when a stimulus was not enabled
std::optional<Failure> rerun(const system::System& system, const proofs::Path& path,
                             std::uint64_t outputs);

/// A path to the same failure from which no step, nor two neighbours, can be left out.
/// @pre rerun(system, path, outputs) fails
proofs::Path shortened(const system::System& system, proofs::Path path, std::uint64_t outputs);

/// Everything that the observers emit along the path.
std::uint64_t emitted_by(const system::System& system, const proofs::Path& path);

std::string told(const system::System& system, const proofs::Path& path);

}  // namespace halfclose::test
