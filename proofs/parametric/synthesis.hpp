// The exact set of parameter values for which something can happen.
//
// Symbolic reachability over polyhedra, with abstraction: a search keeps the clocks of few timers
// and queues and lets the others take any time, which only adds runs. A run that it finds is taken
// with all clocks: the values for which it exists are a polyhedron of the answer. When it exists
// for fewer than the search believed, the clocks that say so are kept too, and the search begins
// again. It ends when nothing is found outside of the answer: then the answer is exact.
//
// All bounds are weak, so every polyhedron of the answer is closed, and what is outside is strict.
#pragma once

#include "proofs/parametric/parametric_system.hpp"
#include "proofs/parametric/untimed_graph.hpp"

#include <string>

namespace halfclose::proofs {

struct SynthesisLimits {
  std::uint64_t polyhedra = 200'000;  ///< of one search
  std::int64_t milliseconds = 60'000;
};

struct Synthesis {
  /// The values for which the goal can be reached; when not exact, some of them.
  Region racy;
  bool exact = false;
  std::string limit{};               ///< not exact: what was hit
  std::vector<std::string> timed{};  ///< the timers and queues whose clocks decide
  std::vector<Path> runs{};          ///< one for each cell of `racy`, at least
  std::uint64_t polyhedra = 0;       ///< of all searches
  std::uint32_t searches = 0;
};

/// @param graph  of `system.system`, complete
/// @param goals  set of observer outputs: any of them
/// @errors       std::logic_error when the system is wrong
/// @cost         30 to 100 microseconds per polyhedron and step
/// @source       Alur, Henzinger, Vardi 1993 (reachability with parameters); Clarke, Grumberg, Jha,
/// Lu,
///               Veith 2000 (refinement by what is spurious)
Synthesis synthesize(const ParametricSystem& system, const UntimedGraph& graph, std::uint64_t goals,
                     const SynthesisLimits& limits = {});

}  // namespace halfclose::proofs
