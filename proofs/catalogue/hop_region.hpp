// For which timeouts a race of a hop cannot happen: exactly, and in the words of the chain.
#pragma once

#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/hop_parameters.hpp"
#include "proofs/parametric/synthesis.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace halfclose::proofs {

struct HopRegion {
  const Race* race = nullptr;
  std::vector<HopParameter>
      parameters;         ///< what is a symbol in it: the race's timers, delays, stalls
  Cell domain;            ///< of the parameters: what the region is known for
  Point at;               ///< where the hop stands
  bool possible = true;   ///< false: no schedule at all leads to the race
  bool exact = true;      ///< false: `safe` is not known
  std::string limit{};    ///< not exact: what was hit
  Region racy{}, safe{};  ///< safe: strict, and minimal
  /// Known for the client's response timeout as it is only, though its idle timeout is the same
  /// attribute of the product.
  bool response_held = false;
  std::vector<std::string> fixed{};  ///< what else decides: `a.drain_timeout = 5s`,
                                     ///< `a->b.middlebox_timeout > 1s + a->b.delay.max`
  std::vector<Path> runs{};
  std::uint64_t polyhedra = 0;

  bool is_safe() const { return !possible || (exact && safe.contains(at)); }
};

/// Delays and stalls are symbols up to this, or twice what the hop says when that is more.
inline constexpr system::Time kSymbolicUncertainty = 200'000;

/// What is a symbol in the region of a race: the timers of its knobs, delays and stalls.
/// @param also  names of further parameters that are symbols in it
std::vector<HopParameter> region_parameters(const deployment::HopSettings& settings,
                                            const Race& race,
                                            const std::set<std::string>& also = {});

/// @param also  as above
/// @cost some milliseconds; a second for products that announce a close and wait
HopRegion region_of(const deployment::HopSettings& settings, const Race& race,
                    const SynthesisLimits& limits = {}, const std::set<std::string>& also = {});

/// `app.downstream.idle_timeout + 1s > edge.upstream.idle_timeout + 2 x edge->app.delay.max`
std::string to_text(const Inequality& inequality, const std::vector<HopParameter>& parameters);

/// A delay or a stall.
bool is_uncertainty(const HopParameter& parameter);

/// Where a point stands in a region: the cell that holds it with the most to spare, or that lacks
/// the least, and its tightest inequality.
struct Standing {
  std::size_t cell = 0, inequality = 0;
  system::Time slack = 0;  ///< by how much it holds; not positive: it does not
};
/// Nothing when the region has no cell, or a cell that is everything.
std::optional<Standing> standing(const Region& safe, const Point& at);

}  // namespace halfclose::proofs
