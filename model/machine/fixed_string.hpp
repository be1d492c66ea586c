// A string as a template argument, so that names and citations are types.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace halfclose::machine {

template <std::size_t N> struct FixedString {
  char text[N]{};

  // Implicit on purpose: State<"CLOSED"> has to read as the standard writes it.
  constexpr FixedString(const char (&literal)[N]) {  // NOLINT(google-explicit-constructor)
    std::copy_n(literal, N, text);
  }

  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace halfclose::machine
