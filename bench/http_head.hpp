// What the peers of a benchmark read in a head.
#pragma once

#include <strings.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace halfclose::bench {

/// The value of a field, or nothing. The head is without the empty line behind it.
inline std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find('\n'); at != std::string_view::npos;
       at = head.find('\n', at + 1)) {
    const std::string_view line = head.substr(at + 1, head.find('\r', at) - at - 1);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        strncasecmp(line.data(), name.data(), name.size()) != 0)
      continue;
    const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

inline std::size_t content_length(std::string_view head) {
  return std::strtoul(std::string(field(head, "content-length")).c_str(), nullptr, 10);
}

}  // namespace halfclose::bench
