// Spin on a Promela model: generates its verifier, compiles it, runs it, and reads what it prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace halfclose::bench {

struct PanOptions {
  /// For gcc. -DNOREDUCE stores every state; without it pan reduces by partial order. -DCOLLAPSE
  /// stores the parts of a state once each.
  std::vector<std::string> compiler{"-O2", "-DSAFETY", "-DNOREDUCE"};
  /// For pan. -c0 counts errors and goes on; -A ignores assertions.
  std::vector<std::string> arguments{"-c0"};
  std::uint64_t depth = 1'000'000;    ///< longest path (-m); costs memory only as far as it is used
  unsigned hash_bits = 20;            ///< slots of the hash table, as a power of two (-w)
  std::uint64_t memory_mib = 16'384;  ///< at most (-DMEMLIM)
};

struct PanRun {
  std::string error;      ///< why there is no result: a program is missing, or failed
  bool complete = false;  ///< no limit was hit: neither depth nor memory
  /// As pan prints them: eight significant digits, so exact below 10^8. For a model of
  /// proofs/export: the states are those of the system, the transitions those and one more for the
  /// initial state.
  std::uint64_t states = 0, transitions = 0;
  std::uint64_t errors = 0, depth = 0;
  std::vector<std::string> violated;  ///< the first message, or all with -e -c0
  double seconds = 0;                 ///< processor time of pan; not of spin and gcc
  double build_seconds = 0;           ///< processor time of spin and gcc
  double bytes_per_state = 0;  ///< pan's own memory for states, without its hash table and stack
  std::uint64_t peak_bytes = 0;
  std::string output;  ///< of the last program that ran
};

/// Writes `model` to a temporary directory, and runs spin, gcc and pan there.
/// @errors std::runtime_error when no file or process can be made; everything else is in `error`
PanRun run_pan(const std::string& model, const PanOptions& options = {});

}  // namespace halfclose::bench
