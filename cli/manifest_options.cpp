#include "cli/manifest_options.hpp"

#include "cli/embedded_manifest.hpp"

#include <CLI/CLI.hpp>

namespace halfclose::cli {

void ManifestOptions::add_to(CLI::App& command) {
  command.add_option("--manifest", manifest,
                     "a manifest; without it, the one that comes with the program");
  command.add_option("--only", only,
                     "the claims whose `PROPERTY on SYSTEM` contains this; * is any text");
  command.add_option("--max-states", states_max, "states one exploration may store")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31))
      ->capture_default_str();
  command.add_option("--max-memory", memory_mib_max, "MiB one exploration may use")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20))
      ->capture_default_str();
  command.add_option("--max-time", seconds_max, "seconds one exploration may take")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->capture_default_str();
}

proofs::LoadedManifest ManifestOptions::load() const {
  if (!manifest.empty()) return proofs::load_manifest(manifest);
  return proofs::parse_manifest(embedded_manifest().front().second, "proofs/manifest.csv");
}

std::vector<const proofs::ManifestRow*> ManifestOptions::selected(
    const proofs::Manifest& from) const {
  std::vector<const proofs::ManifestRow*> rows;
  for (const proofs::ManifestRow& row : from.rows) {
    if (proofs::selects(only, row)) rows.push_back(&row);
  }
  return rows;
}

proofs::Limits ManifestOptions::limits() const {
  return {.states = states_max,
          .bytes = memory_mib_max << 20,
          .milliseconds = static_cast<std::int64_t>(seconds_max) * 1000};
}

}  // namespace halfclose::cli
