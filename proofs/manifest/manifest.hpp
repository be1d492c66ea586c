// The manifest: every claim with the verdict and the counts that a proof has to find again.
//
// One claim a line, `property,system,verdict,states,transitions,depth`, which is also the first
// line; lines that are empty or begin with # are kept and mean nothing.
#pragma once

#include "model/deployment/chain.hpp"
#include "proofs/manifest/claim.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

inline constexpr std::size_t kManifestBytesMax = 4u << 20;

struct ManifestRow {
  std::string property;  ///< `never keepalive-reuse`
  std::string system;    ///< a name of provable_systems()
  Evidence expected;
  const ClaimKind* kind = nullptr;
  std::string object;    ///< of the property: `keepalive-reuse`
  std::size_t line = 0;  ///< index into Manifest::lines
};

struct Manifest {
  std::string file;
  std::vector<std::string> lines;  ///< as they were read
  std::vector<ManifestRow> rows;
  std::map<std::string, system::System, std::less<>> systems;  ///< those of the rows, by name

  /// The text of the file, with the evidence the rows hold now.
  std::string text() const;
};

struct LoadedManifest {
  std::optional<Manifest> manifest;
  deployment::InputError error;
};
/// @param file  what messages call it
LoadedManifest parse_manifest(std::string_view text, const std::string& file);
LoadedManifest load_manifest(const std::string& path);

/// `PROPERTY on SYSTEM` contains `pattern`, in which `*` stands for any characters.
bool selects(std::string_view pattern, const ManifestRow& row);

struct RowProof {
  const ManifestRow* row = nullptr;
  Evidence found;
  double seconds = 0;  ///< the exploration is counted at the first row that needs it
  bool as_expected() const { return found == row->expected; }
};

/// Proves `rows` in their order; a system is explored once, however many rows name it.
/// @param proved  called behind every row; may be empty
/// @errors        std::logic_error when a system is wrong (System::step)
std::vector<RowProof> prove(const Manifest& manifest, const std::vector<const ManifestRow*>& rows,
                            const Search& search,
                            const std::function<void(const RowProof&)>& proved = {});

}  // namespace halfclose::proofs
