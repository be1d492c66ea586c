// halfclose prove --mutants: can the claims of the manifest fail?
#pragma once

#include "cli/manifest_options.hpp"

namespace halfclose::cli {

struct MutantOptions {
  std::string machine;             ///< this one only; empty: all
  std::uint64_t every = 1;         ///< each so manyth mutant
  std::uint64_t largest = 20'000;  ///< states: larger systems are left out
  unsigned jobs = 0;               ///< threads; 0: as many as processors
  bool json = false;
};

/// @pre    the rows are of the manifest, and not empty
/// @return the exit status: 1 when a survivor is unexplained or an `always` cannot be broken, 3
/// when
///         there is no mutant
int prove_mutants(const proofs::Manifest& manifest,
                  const std::vector<const proofs::ManifestRow*>& rows, const proofs::Limits& limits,
                  const MutantOptions& options);

}  // namespace halfclose::cli
