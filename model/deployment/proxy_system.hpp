// A proxy between its two hops as one System: clients, exchanges, the pool, upstream connections.
//
// Each connection is a lane of its own, and so is the proxy's pool with the observer of requests.
// A client is either a whole hop (application, kernels, wires, the proxy's server connection) or
// the most general caller. A connection that is over on both sides serves as the next one, so runs
// have no bound on the number of requests or connections, only on how many exist at a time.
// Abstracts from: pipelining and parts of content between the proxy and either side, a proxy that
// finishes sending content after an early response (it closes: Envoy, nginx). A caller may pause
// before its content for as long as it likes, whatever HopSettings::content_within says.
#pragma once

#include "model/deployment/hop_system.hpp"
#include "model/proxy/exchange.hpp"
#include "model/proxy/pool.hpp"

#include <optional>

namespace halfclose::deployment {

struct ProxySettings {
  std::optional<HopSettings> downstream{};  ///< none: callers instead of clients
  HopSettings upstream{};
  proxy::exchange::Profile exchange{};
  proxy::pool::Profile pool{};
  int clients = 1;       ///< downstream connections at a time, 1 or 2
  int connections = 1;   ///< upstream connections at a time, 1 or 2
  bool content = false;  ///< requests have content, which follows the head; else none
  bool aborts = true;    ///< a client may go away while its request is outstanding
  bool manages = true;   ///< clients say close, and leave between requests
  /// How often a request may be written: claimed of it, not imposed. 0 claims nothing.
  int attempts_claimed = 0;
};

/// Places of the parts within a proxy's system.
struct ProxyParts {
  system::Index hub = 0;  ///< lane of the pool and the observer
  system::Index pool = 0, observer = 0;  ///< components
  std::vector<system::Index> exchanges, callers;
  std::vector<Placement> clients, connections;
};

/// Where the outputs of the observers stand in StepResult::emitted: those of requests first, then
/// the races on upstream connections, then on client connections.
inline constexpr unsigned kUpstreamRaces = 16;

/// @pre   1 or 2 clients and connections
/// @errors std::length_error, std::logic_error: bugs of ours
system::System proxy_system(const ProxySettings& settings, ProxyParts* parts = nullptr);

}  // namespace halfclose::deployment
