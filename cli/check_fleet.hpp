// halfclose check --fleet FILE: every hop of a service mesh.
#pragma once

#include "proofs/catalogue/catalogue.hpp"

#include <string>
#include <vector>

namespace halfclose::cli {

struct FleetOptions {
  std::string file;  ///< `-` is standard input
  bool json_lines = false;
  unsigned threads = 0;      ///< 0: one per core
  std::size_t regions = 64;  ///< of one kind of hop and race
  std::vector<const proofs::Race*> races;
};

/// @return the exit status
int check_fleet(const FleetOptions& options);

}  // namespace halfclose::cli
