// What a journal says of the node that made it: enough to make its tables again.
#pragma once

#include "runtime/core/tables.hpp"

#include <string>
#include <string_view>

namespace halfclose::cli {

struct RecordedNode {
  std::size_t node = 0;           ///< of the chain
  std::uint64_t fingerprint = 0;  ///< of its tables
  std::string chain;              ///< YAML
};

/// One line with both numbers, then the chain.
std::string written(const RecordedNode& node);
/// @return false when the text was not `written`
bool read(std::string_view text, RecordedNode& node);

}  // namespace halfclose::cli
