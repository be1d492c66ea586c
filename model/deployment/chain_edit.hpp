// Writes other durations into the text of a chain file, and leaves everything else of it as it is.
#pragma once

#include "model/deployment/chain.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace halfclose::deployment {

struct ChainEdit {
  std::string value;  ///< `edge.upstream.idle_timeout`; a key of a role, not of a group in it
  Time to = 0;
};

struct EditedChain {
  std::string text;   ///< of the file
  std::string error;  ///< why not, when it cannot be written: the text says the same in another way
};

/// Replaces values where they are written and adds those that are not. The result is read again: a
/// chain that would say anything else than asked is an error.
///
/// @param yaml  what parse_chain accepts
EditedChain edit_chain(std::string_view yaml, const std::vector<ChainEdit>& edits);

}  // namespace halfclose::deployment
