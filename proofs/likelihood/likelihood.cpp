#include "proofs/likelihood/likelihood.hpp"

#include "proofs/catalogue/request_analysis.hpp"

#include <algorithm>
#include <limits>

namespace halfclose::proofs {

using deployment::Chain;
using deployment::HopSettings;

namespace {

/// The methods of which no schedule brings one of `goals` to the client as an error.
std::vector<std::string> hidden_by_retry(const Chain& chain, std::size_t hop, std::uint64_t goals) {
  std::vector<std::string> hidden;
  const RequestAnalysis analysis = analyse_requests(chain, hop, goals, {});
  if (!analysis.retries) return hidden;
  for (const Masking& one : analysis.maskings) {
    if ((one.seen & goals) != 0 && (one.reaches_client & goals) == 0) hidden.push_back(one.method);
  }
  return hidden;
}

}  // namespace

PoolOrder pool_order(const Chain& chain, std::size_t hop) {
  return chain.nodes[hop].client->is("pool_order", "fifo") ? PoolOrder::fifo : PoolOrder::mru;
}

namespace {

double taken_within(const std::vector<WeightedWindow>& windows, PoolOrder order,
                    const LikelihoodOptions& options, double requests_per_s) {
  const PoolLoad load{.requests_per_s = requests_per_s / options.pools,
                      .busy_s = options.busy_s,
                      .connections = options.connections,
                      .order = order};
  std::vector<Gaps> gaps;
  for (const auto& [window, share] : windows) {
    if (share <= 0) continue;
    const double to = window.to >= system::kForever ? std::numeric_limits<double>::infinity()
                                                    : static_cast<double>(window.to) / 1e6;
    gaps.push_back({static_cast<double>(window.from) / 1e6, to, share});
  }
  return taken_per_s(load, gaps) * options.pools;
}

}  // namespace

double hits_per_s(const UsualWindows& windows, PoolOrder order, const LikelihoodOptions& options,
                  double requests_per_s) {
  // A lost request gives no connection back, so fewer lie there to be lost: only what is not lost
  // times the share of gaps in the windows.
  const double taken = taken_within(windows.windows, order, options, requests_per_s);
  return taken / (1 + taken / requests_per_s);
}

double hits_per_s(const ReuseWindows& windows, PoolOrder order, const LikelihoodOptions& options,
                  double requests_per_s) {
  std::vector<WeightedWindow> all;
  for (const GapWindow& window : windows.windows)
    all.push_back({window});
  return taken_within(all, order, options, requests_per_s);
}

HopLikelihood likelihood(const Chain& chain, std::size_t hop, const LikelihoodOptions& options) {
  const HopSettings settings = hop_settings(chain, hop);
  HopLikelihood made{.hop = settings.client.name + "->" + settings.server.name,
                     .order = pool_order(chain, hop),
                     .order_source = chain.nodes[hop].client->at("pool_order").source};
  auto judge = [&](std::uint64_t goals) {
    RaceLikelihood one{.worst = reuse_windows(settings, goals, Spread::any, options.limits)};
    one.usual = usual_windows(settings, goals, one.worst, options.limits);
    made.undecided |= !one.usual.exact || !one.worst.exact;
    one.per_s = hits_per_s(one.usual, made.order, options, options.requests_per_s);
    one.per_s_at_most = hits_per_s(one.worst, made.order, options, options.requests_per_s);
    return one;
  };
  std::uint64_t all = 0;
  for (const Race* race : options.races.empty() ? reuse_races() : options.races) {
    RaceLikelihood one = judge(goal(race->output));
    if (one.worst.exact && one.worst.windows.empty()) continue;
    one.race = race;
    all |= goal(race->output);
    made.races.push_back(std::move(one));
  }
  if (made.races.empty()) return made;
  made.any = judge(all);
  made.masked_for = hidden_by_retry(chain, hop, all);
  return made;
}

}  // namespace halfclose::proofs
