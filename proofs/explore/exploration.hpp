// What every exploration is asked and answers: goals, limits, counts, shortest paths.
#pragma once

#include "model/system/system.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

using Path = std::vector<system::Stimulus>;

/// Behind step `step` of a path the connection grew older by `by` (System::aging): the same
/// exchange was repeated for that long. The times of later steps include it. Zero when the path
/// does not need it.
struct Aging {
  std::size_t step = 0;
  system::Time by = 0;
  bool operator==(const Aging&) const = default;
};

/// Times for the steps of a path: microseconds from the start, not decreasing.
struct Schedule {
  std::vector<system::Time> times{};
  Aging aging{};
};

/// Zero means none allowed.
struct Limits {
  std::uint64_t states = 20'000'000;  ///< states, or zones of the timed engine
  std::uint64_t bytes = 4ull << 30;
  std::int64_t milliseconds = 600'000;
};

struct Progress {
  std::uint64_t states = 0, transitions = 0, open = 0;
  std::uint32_t depth = 0;
};

/// What to look for: outputs of the system's observer.
struct Search {
  std::uint64_t goals = 0;      ///< set of observer outputs of which the shortest path is wanted
  std::uint64_t together = 0;   ///< a goal counts only in a step that also emits all of these
  bool stop_when_found = true;  ///< stop when every goal has a path; otherwise explore to the end
  bool stop_at_first = false;   ///< stop when any goal has a path
  Limits limits{};
  std::function<void(const Progress&)> progress{};  ///< called now and then; may be empty
};

/// A goal, and a shortest path to a step that emits it.
struct Found {
  machine::OutputId output = 0;
  Path path;
};

struct Exploration {
  std::vector<Found> found;          ///< in order of discovery; one per goal at most
  bool complete = false;             ///< everything reachable was seen
  std::string limit;                 ///< why it is not complete, if a limit was hit
  std::uint64_t states = 0;          ///< discrete states
  std::vector<std::string> refused;  ///< reductions that were asked for and not used, with reasons
  std::uint64_t zones = 0;           ///< timed engine: zones stored
  std::uint64_t transitions = 0;
  std::uint32_t depth = 0;  ///< steps to the farthest state
  std::uint64_t bytes = 0;

  std::uint64_t found_set() const {
    std::uint64_t set = 0;
    for (const Found& one : found)
      set |= 1ull << one.output;
    return set;
  }
  const Path* path_to(machine::OutputId output) const {
    for (const Found& one : found) {
      if (one.output == output) return &one.path;
    }
    return nullptr;
  }
};

}  // namespace halfclose::proofs
