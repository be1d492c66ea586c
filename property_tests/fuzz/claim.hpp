// What a fuzz target asserts: in every build, and so that both drivers stop on it.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace halfclose::fuzz {

inline void claim(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

}  // namespace halfclose::fuzz
