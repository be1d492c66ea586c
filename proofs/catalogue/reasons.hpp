// Why a race happens on a hop or does not, in the names of the chain, and what the operator can
// change.
#pragma once

#include "model/deployment/chain.hpp"
#include "proofs/catalogue/analysis.hpp"
#include "proofs/witness/witness.hpp"

#include <string>
#include <vector>

namespace halfclose::proofs {

/// A text with the names of the hop in the slots `{client}` and `{server}`.
std::string filled(std::string_view text, const deployment::HopSettings& hop);
/// A chain can say the value at which the race would happen.
bool within_reach(const Threshold& threshold, const deployment::HopSettings& hop);
/// @pre `verdict` is present or not-excludable
std::string happens_reason(const Race& race, const deployment::HopSettings& hop, Verdict verdict);
/// @pre judged absent
std::string absent_reason(const RaceAnalysis& judged, const deployment::HopSettings& hop);
/// Each excludes the race by itself; never empty, for it says so when none is known.
std::vector<std::string> fixes_of(const RaceAnalysis& judged, const deployment::HopSettings& hop);
/// What the products on both sides log.
std::vector<Symptom> symptoms_of(const Race& race, const deployment::Node& client,
                                 const deployment::Node& server);

}  // namespace halfclose::proofs
