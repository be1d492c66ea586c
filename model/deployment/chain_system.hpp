// A chain of proxies from its clients to its origin as one System: every hop, every pool.
//
// Each connection is a lane of its own, and so is each proxy's pool with its observer. Lanes, in
// order: the clients; the pool of the first proxy; its upstream connections; the pool of the second
// proxy; its upstream connections; and so on. A connection between two proxies is a whole hop: its
// client is driven by the pool before it, and its server drives an exchange of the proxy behind it,
// in the same lane. The last connections are answered by choice. A connection that is over on both
// sides serves as the next one, so runs have no bound on the number of requests or connections,
// only on how many exist at a time.
//
// One request is watched end to end: its outcome at the client, its executions and its writes at
// the last origin, however many proxies retried it on the way. The request observer stands beside
// the first pool, and a bearer (model/monitor/bearer.hpp) beside every other. A response that an
// inner proxy makes up for a failure is a response to the proxy before it, and counts as an answer.
//
// Abstracts from: pipelining and parts of content between a proxy and either side, a proxy that
// finishes sending content after an early response, or waits for the origin to close (it closes:
// Envoy, nginx).
#pragma once

#include "model/deployment/hop_system.hpp"
#include "model/proxy/exchange.hpp"
#include "model/proxy/pool.hpp"

#include <optional>
#include <vector>

namespace halfclose::deployment {

/// A proxy and the hop behind it, to the next proxy or the origin.
struct ProxyNode {
  proxy::exchange::Profile exchange{};
  proxy::pool::Profile pool{};
  int connections = 1;     ///< upstream connections at a time, 1 or 2
  HopSettings upstream{};  ///< its client has the proxy's name
};

struct ChainSettings {
  std::optional<HopSettings> downstream{};  ///< none: callers instead of clients
  std::vector<ProxyNode> proxies;           ///< from the clients to the origin
  bool any_origin = false;  ///< the most general connections of the last proxy instead of hops
  int clients = 1;          ///< downstream connections at a time, 1 or 2
  bool content = false;     ///< requests have content, which follows the head; else none
  bool aborts = true;       ///< a caller may go away while its request is outstanding
  bool manages = true;      ///< clients say close, and leave between requests
  /// How often a request may be written to the last origin: claimed of it, not imposed. 0 claims
  /// nothing. Of a single proxy whose failures on used connections cost no try: to new connections.
  int attempts_claimed = 0;
};

/// Places of one proxy's parts within the system.
struct ProxyPlaces {
  system::Index hub = 0;       ///< lane of the pool and the observer
  system::Index pool = 0;      ///< component
  system::Index observer = 0;  ///< component: of requests beside the first pool, else a bearer
  std::vector<system::Index> exchanges, origins;
  std::vector<Placement> connections;  ///< whole hops
};
struct ChainParts {
  std::vector<system::Index> callers;
  std::vector<Placement> clients;  ///< whole hops
  std::vector<ProxyPlaces> proxies;
};

/// Where the outputs of the observers stand in StepResult::emitted: those of requests first, but
/// for what their observer tells the bearers; then the races on connections to the origin; then, of
/// a chain of several proxies, those on the connections between them. Races on client connections
/// are not looked for.
inline constexpr unsigned kUpstreamRaces = 11, kInnerRaces = 37;

/// @pre   at least one proxy; 1 or 2 clients and connections
/// @errors std::length_error when the chain does not fit the limits of a System (kStateBytes,
///         kComponentsMax, kQueuesMax, kTimersMax); std::logic_error: bugs of ours
system::System chain_system(const ChainSettings& settings, ChainParts* parts = nullptr);

}  // namespace halfclose::deployment
