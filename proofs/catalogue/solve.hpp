// The regions of a hop, where it stands in them, and the smallest changes of its timeouts that
// exclude every race that timeouts can exclude.
#pragma once

#include "proofs/catalogue/hop_region.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace halfclose::proofs {

struct Change {
  std::string name;  ///< `app.downstream.idle_timeout`
  system::Time from = 0, to = 0;
};

struct HopSolution {
  std::string hop;                 ///< `edge->app`
  std::vector<HopRegion> regions;  ///< of the races that some schedule leads to
  bool needs_change = false;       ///< a race happens that timeouts can exclude
  /// Each excludes all of these; of the fewest values, the least change first. Confirmed by the
  /// timed engine.
  std::vector<std::vector<Change>> changes;
  bool undecided = false;        ///< a region is not known
  system::Time uncertainty = 0;  ///< a margin that is less than this is thin
  /// What excludes those of `regions` that no timeouts exclude, in words.
  std::map<const Race*, std::vector<std::string>> mitigations;
};

struct SolveOptions {
  SynthesisLimits limits{.polyhedra = 200'000, .milliseconds = 10'000};
  std::vector<const Race*> races{};  ///< empty: all
  system::Time margin = 0;           ///< inequalities have to hold by so much
  /// A value that nobody can change: by its name.
  std::function<bool(const std::string&)> fixed{};
};

/// @errors std::logic_error when the timed engine contradicts a region: a bug of ours
HopSolution solve_hop(const deployment::HopSettings& settings, const SolveOptions& options = {});

}  // namespace halfclose::proofs
