// What exploring one hop says about every race and guarantee: verdicts without words and without
// names.
#pragma once

#include "proofs/catalogue/boundary.hpp"
#include "proofs/catalogue/mitigations.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

enum class Verdict : std::uint8_t {
  present,         ///< it happens, and a longer or shorter timer, or another behaviour, excludes it
  absent,          ///< it does not happen
  not_excludable,  ///< it happens, whatever the closer's timers
  undecided,       ///< a limit was hit
  masked,          ///< it happens, and a retry hides it from the client
};
std::string_view verdict_name(Verdict verdict);

/// A timer value at which the race stops: it happens at `delta` from the configured value, not
/// beyond.
struct Threshold {
  Knob knob;
  system::Time delta;
};

struct RaceAnalysis {
  const Race* race = nullptr;
  Verdict verdict = Verdict::undecided;
  bool absent_untimed = false;  ///< absent: no schedule at all leads there
  std::optional<Threshold>
      margin{};  ///< absent: how far that timer can move before the race happens
  std::vector<Threshold> thresholds{};  ///< present: timer values that exclude it
  std::vector<const Mitigation*> excluded_by{};
  bool advice_cut = false;  ///< a limit was hit while looking for what excludes it
  Path path{};              ///< when it happens: the shortest run
  Schedule schedule{};
  std::string limit{};  ///< undecided: what was hit
};

struct GuaranteeAnalysis {
  const Guarantee* guarantee = nullptr;
  Verdict verdict = Verdict::undecided;  ///< present means broken, absent means it holds
  Path path{};
  Schedule schedule{};
  std::string limit{};
};

struct HopAnalysis {
  std::vector<RaceAnalysis> races;
  std::vector<GuaranteeAnalysis> guarantees;
  std::uint64_t states = 0, zones = 0, transitions = 0;  ///< of the main timed exploration
};

struct AnalysisOptions {
  Limits limits{};
  std::vector<const Race*> races{};  ///< empty: all
  bool properties = true;            ///< judge requests over a pool and runs without end too
  bool advise = true;                ///< compute margins, thresholds and mitigations
  std::function<void(const Progress&)> progress{};
};

/// Explores the hop in time and judges every race by what the observer emitted.
/// @cost  a few dozen explorations of some thousand zones each
HopAnalysis analyse(const deployment::HopSettings& settings, const AnalysisOptions& options = {});

}  // namespace halfclose::proofs
