// What the parts of a proxy do among themselves, in words: no socket shows it.
#pragma once

#include "model/machine/table.hpp"

#include <string>
#include <vector>

namespace halfclose::proofs {

/// `UC: connection ended; answers with an error`. Empty when what it does shows elsewhere.
std::string exchange_words(const std::vector<machine::OutputId>& outputs);

/// `takes pooled connection a`. Empty when it passes on what it is told.
///
/// @param two_clients  the words name the client
std::string pool_words(machine::EventId event, const std::vector<machine::OutputId>& outputs,
                       bool two_clients);

}  // namespace halfclose::proofs
