// How likely the races of reused connections are on a hop: the window of each, and how many
// requests a day fall into it at a stated rate.
#pragma once

#include "model/deployment/chain.hpp"
#include "proofs/likelihood/pool_gaps.hpp"
#include "proofs/likelihood/reuse_window.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

struct LikelihoodOptions {
  double requests_per_s = 0;              ///< on the hop, over all pools
  double busy_s = 0;                      ///< from a request to the end of its response, on average
  std::optional<unsigned> connections{};  ///< of one pool
  unsigned pools = 1;                     ///< they share the requests evenly
  std::vector<const Race*> races{};       ///< empty: reuse_races()
  SynthesisLimits limits{.polyhedra = 200'000, .milliseconds = 10'000};
};

struct RaceLikelihood {
  const Race* race = nullptr;  ///< nothing: any of them
  ReuseWindows worst;
  UsualWindows usual;
  double per_s = 0, per_s_at_most = 0;  ///< requests that fall into these
};

struct HopLikelihood {
  std::string hop;  ///< `edge->app`
  PoolOrder order = PoolOrder::mru;
  std::string order_source;           ///< of the client's pool_order
  std::vector<RaceLikelihood> races;  ///< those that can happen
  RaceLikelihood any;                 ///< a request counts once
  bool undecided = false;
  /// The methods whose requests the client's retry saves from each of these races.
  std::vector<std::string> masked_for;
};

/// @pre  of options as of `taken_per_s`, for each pool
HopLikelihood likelihood(const deployment::Chain& chain, std::size_t hop,
                         const LikelihoodOptions& options);

/// The requests per second that are lost in `windows`, at another rate than the one of `options`;
/// of ReuseWindows, an upper bound.
double hits_per_s(const UsualWindows& windows, PoolOrder order, const LikelihoodOptions& options,
                  double requests_per_s);
double hits_per_s(const ReuseWindows& windows, PoolOrder order, const LikelihoodOptions& options,
                  double requests_per_s);

PoolOrder pool_order(const deployment::Chain& chain, std::size_t hop);

}  // namespace halfclose::proofs
