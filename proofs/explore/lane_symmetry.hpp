// Which lanes may trade places: claims of a system (system::Symmetry), verified against its tables
// and bindings, and the group they generate.
#pragma once

#include "model/system/system.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// A permutation of the parts of a system that maps steps to steps.
struct Automorphism {
  std::vector<system::Index> lanes, components;       ///< images
  std::vector<std::vector<machine::LocalId>> locals;  ///< [component][local]
  std::array<std::uint8_t, 64> emitted{};             ///< image of each emitted output
  bool operator==(const Automorphism&) const = default;

  std::uint64_t emitted_of(std::uint64_t outputs) const {
    std::uint64_t image = 0;
    for (; outputs != 0; outputs &= outputs - 1)
      image |= std::uint64_t{1} << emitted[static_cast<unsigned>(__builtin_ctzll(outputs))];
    return image;
  }
};

/// What a claim means for every part, once it is verified: the tables of each component and its
/// image walk in lockstep, and bindings, deliveries, timers, choices and ends of lanes map onto
/// each other. Order within a list of actions counts.
/// @param refusal  receives why the claim is not one
/// @return         nothing when the claim does not hold
std::optional<Automorphism> verified(const system::System& system, const system::Symmetry& symmetry,
                                     std::string& refusal);

/// All products of `generators`, without the one that moves nothing; nothing when there are more
/// than `most`.
std::optional<std::vector<Automorphism>> group_of(const std::vector<Automorphism>& generators,
                                                  std::size_t most);

}  // namespace halfclose::proofs
