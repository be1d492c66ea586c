// halfclose machines export --header: machines as a C++ header for programs of their own.
#pragma once

#include <string>
#include <vector>

namespace halfclose::cli {

struct HeaderRequest {
  std::vector<std::string> machines;       ///< empty: what a program that is the node runs
  std::string profile = "halfclose";       ///< whose flags, unless `node` says
  std::string node;                        ///< `CHAIN.yaml:NODE`
  std::string outer = "halfclose::embed";  ///< the namespace of all
};

/// @param text  the header, when the exit status is kHolds
/// @return      the exit status; an error is said on standard error
int export_header(const HeaderRequest& request, std::string& text);

}  // namespace halfclose::cli
