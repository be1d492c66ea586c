// A region in a file of a directory, by everything that it depends on.
#pragma once

#include "proofs/catalogue/hop_region.hpp"

#include <string>

namespace halfclose::proofs {

/// Fills `region`, whose parameters are known. @return false when there is none of this key that
/// this very program has written
bool read_region(const std::string& directory, const std::string& key, HopRegion& region);

/// Tries to: a directory that cannot be written keeps nothing. Several processes may do so at once.
void write_region(const std::string& directory, const std::string& key, const HopRegion& region);

}  // namespace halfclose::proofs
