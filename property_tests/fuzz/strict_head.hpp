// A second reader of heads that shares no code with runtime/core/head.cpp. It knows only lines as
// RFC 9112 writes them, and takes nothing that two readers could understand in two ways.
#pragma once

#include "property_tests/fuzz/claim.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace halfclose::fuzz {

struct StrictHead {
  std::string_view start;
  std::vector<std::pair<std::string, std::string_view>> fields{};  ///< names in lower case
  std::optional<std::uint64_t> length{};
  bool chunked = false, close = false;

  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [&](const auto& field) { return field.first == name; }));
  }
};

inline std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

/// @param bytes  one head as the proxy wrote it
inline StrictHead read_strictly(std::string_view bytes) {
  StrictHead head;
  claim(bytes.size() >= 4 && bytes.substr(bytes.size() - 4) == "\r\n\r\n", "the head ends");
  claim(bytes.find("\r\n\r\n") + 4 == bytes.size(), "the head ends once");
  bytes.remove_suffix(2);
  bool first = true;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n");
    claim(end != bytes.npos, "each line ends with CRLF");
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 2);
    for (const char c : line) {
      const auto byte = static_cast<unsigned char>(c);
      claim((byte >= 0x20 && byte != 0x7f) || byte == '\t', "no control character in a line");
    }
    if (std::exchange(first, false)) {
      head.start = line;
      continue;
    }
    const std::size_t colon = line.find(':');
    claim(colon != line.npos && colon > 0, "each field has a name");
    for (const char c : line.substr(0, colon)) {
      claim(std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos,
            "a field's name is a token");
    }
    std::string_view value = line.substr(colon + 1);
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!value.empty() && is_space(value.front()))
      value.remove_prefix(1);
    while (!value.empty() && is_space(value.back()))
      value.remove_suffix(1);
    head.fields.emplace_back(in_lower_case(line.substr(0, colon)), value);
    const std::string& name = head.fields.back().first;
    if (name == "content-length") {
      claim(!head.length, "the length is said once");
      claim(!value.empty(), "the length has digits");
      head.length = 0;
      for (const char c : value) {
        claim(c >= '0' && c <= '9', "the length has digits only");
        claim(*head.length <= UINT64_MAX / 10 - 1, "the length is a number of 64 bits");
        *head.length = *head.length * 10 + static_cast<std::uint64_t>(c - '0');
      }
    } else if (name == "transfer-encoding") {
      claim(!head.chunked && in_lower_case(value) == "chunked", "chunked is the only coding");
      head.chunked = true;
    } else if (name == "connection") {
      const std::string option = in_lower_case(value);
      claim(option == "close" || option == "keep-alive", "only the proxy's own options go on");
      head.close |= option == "close";
    }
  }
  claim(!(head.length && head.chunked), "no length beside a coding");
  claim(head.count("connection") <= 1, "one connection field at most");
  return head;
}

}  // namespace halfclose::fuzz
