// How the command line names a part of a chain: `CHAIN.yaml:PART`.
#pragma once

#include <optional>
#include <string>

namespace halfclose::cli {

struct ChainPart {
  std::string path, part;  ///< `part` is empty when nothing stands behind the path
};

/// @return nothing when no path of a chain file begins the word
std::optional<ChainPart> chain_part(const std::string& word);

}  // namespace halfclose::cli
