// Hops between products, chosen so that every race happens in one and is excluded in another.
//
// They belong to the registry of named systems (proofs/catalogue/named_systems.hpp); claims are
// made of both.
#pragma once

#include "proofs/catalogue/named_systems.hpp"

namespace halfclose::proofs {

const std::vector<NamedSystem>& product_hops();

/// named_systems() and product_hops().
const std::vector<const NamedSystem*>& provable_systems();
/// @return nullptr for a name that does not exist
const NamedSystem* find_provable_system(std::string_view name);

}  // namespace halfclose::proofs
