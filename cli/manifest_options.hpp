// Which claims, and how much they may cost: the options of everything that reads the manifest.
#pragma once

#include "proofs/manifest/manifest.hpp"

#include <string>

namespace CLI {
class App;
}

namespace halfclose::cli {

struct ManifestOptions {
  std::string manifest, only;
  std::uint64_t states_max = 20'000'000;
  std::uint64_t memory_mib_max = 4096;
  std::uint64_t seconds_max = 600;

  void add_to(CLI::App& command);
  /// The file that was named, or the manifest inside the program.
  proofs::LoadedManifest load() const;
  /// The rows that --only selects. Empty when there is none.
  std::vector<const proofs::ManifestRow*> selected(const proofs::Manifest& manifest) const;
  proofs::Limits limits() const;
};

}  // namespace halfclose::cli
