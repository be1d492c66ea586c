#include "cli/recorded_node.hpp"

#include <cinttypes>
#include <cstdio>

namespace halfclose::cli {

std::string written(const RecordedNode& node) {
  char line[64];
  std::snprintf(line, sizeof line, "node %zu tables %016" PRIx64 "\n", node.node, node.fingerprint);
  return line + node.chain;
}

bool read(std::string_view text, RecordedNode& node) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return false;
  const std::string line(text.substr(0, end));
  if (std::sscanf(line.c_str(), "node %zu tables %16" SCNx64, &node.node, &node.fingerprint) != 2)
    return false;
  node.chain = text.substr(end + 1);
  return true;
}

}  // namespace halfclose::cli
