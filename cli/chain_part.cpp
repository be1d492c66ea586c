#include "cli/chain_part.hpp"

namespace halfclose::cli {

std::optional<ChainPart> chain_part(const std::string& word) {
  for (const std::string suffix : {".yaml", ".yml"}) {
    const std::size_t at = word.find(suffix);
    if (at == std::string::npos) continue;
    const std::size_t end = at + suffix.size();
    if (end == word.size()) return ChainPart{word, ""};
    if (word[end] == ':') return ChainPart{word.substr(0, end), word.substr(end + 1)};
  }
  return std::nullopt;
}

}  // namespace halfclose::cli
