// The limits of an exploration, as flags.
#pragma once

#include "proofs/catalogue/analysis.hpp"

namespace CLI {
class App;
}

namespace halfclose::cli {

struct ExplorationOptions {
  std::uint64_t zones_max = 5'000'000;
  std::uint64_t memory_mib_max = 4096;
  std::uint64_t seconds_max = 600;

  void add_to(CLI::App& command);
  proofs::AnalysisOptions analysis() const;
};

}  // namespace halfclose::cli
