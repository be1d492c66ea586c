#include "cli/exploration_options.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace halfclose::cli {

void ExplorationOptions::add_to(CLI::App& command) {
  command
      .add_option("--max-zones", zones_max,
                  "zones one exploration may store; beyond it the verdict is undecided")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31))
      ->capture_default_str();
  command.add_option("--max-memory", memory_mib_max, "MiB one exploration may use")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20))
      ->capture_default_str();
  command.add_option("--max-time", seconds_max, "seconds one exploration may take")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->capture_default_str();
}

proofs::AnalysisOptions ExplorationOptions::analysis() const {
  proofs::AnalysisOptions options;
  options.limits = {.states = zones_max,
                    .bytes = memory_mib_max << 20,
                    .milliseconds = static_cast<std::int64_t>(seconds_max) * 1000};
  if (isatty(STDERR_FILENO) != 0) {
    options.progress = [start = std::chrono::steady_clock::now()](const proofs::Progress& now) {
      if (std::chrono::steady_clock::now() - start < std::chrono::seconds(1)) return;
      std::fprintf(stderr, "\rexploring: %llu zones, %llu steps, %llu open, depth %u   ",
                   static_cast<unsigned long long>(now.states),
                   static_cast<unsigned long long>(now.transitions),
                   static_cast<unsigned long long>(now.open), now.depth);
    };
  }
  return options;
}

}  // namespace halfclose::cli
