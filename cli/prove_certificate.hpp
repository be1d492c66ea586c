// halfclose prove --certificate FILE: what was proved, as a file that `halfclose recheck` checks.
#pragma once

#include "proofs/manifest/manifest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::cli {

/// Why no certificate can be of these rows, with a help: they are of several systems, or none of
/// them says, without time, that something is never emitted. Empty when one can be.
std::string wrong_for_certificate(const std::vector<const proofs::ManifestRow*>& rows);

struct Certified {
  int status = 0;  ///< kHolds; else nothing was written and the error was told
  std::vector<std::string> properties{};
  std::uint64_t states = 0;
};
/// One certificate of all claims among `proofs` that it can be of and that hold.
/// @pre wrong_for_certificate is empty for their rows
Certified write_certificate_file(const proofs::Manifest& manifest,
                                 const std::vector<proofs::RowProof>& proofs,
                                 const proofs::Limits& limits, const std::string& path);

}  // namespace halfclose::cli
