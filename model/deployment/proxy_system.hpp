// A proxy between its two hops as one System: clients, exchanges, the pool, upstream connections.
//
// The chain (model/deployment/chain_system.hpp) of one proxy. A client is either a whole hop
// (application, kernels, wires, the proxy's server connection) or the most general caller; an
// upstream connection is a whole hop or the most general origin.
#pragma once

#include "model/deployment/chain_system.hpp"

#include <optional>

namespace halfclose::deployment {

struct ProxySettings {
  std::optional<HopSettings> downstream{};  ///< none: callers instead of clients
  HopSettings upstream{};
  bool any_origin = false;  ///< the most general upstream connections instead of hops
  proxy::exchange::Profile exchange{};
  proxy::pool::Profile pool{};
  int clients = 1;       ///< downstream connections at a time, 1 or 2
  int connections = 1;   ///< upstream connections at a time, 1 or 2
  bool content = false;  ///< requests have content, which follows the head; else none
  bool aborts = true;    ///< a client may go away while its request is outstanding
  bool manages = true;   ///< clients say close, and leave between requests
  /// How often a request may be written: claimed of it, not imposed. 0 claims nothing. Where a
  /// failure on a used connection costs no try, how often to a new connection.
  int attempts_claimed = 0;
};

/// Places of the parts within a proxy's system.
struct ProxyParts {
  system::Index hub = 0;                 ///< lane of the pool and the observer
  system::Index pool = 0, observer = 0;  ///< components
  std::vector<system::Index> exchanges, callers, origins;
  std::vector<Placement> clients, connections;  ///< whole hops
};

/// @pre   1 or 2 clients and connections
/// @errors std::length_error, std::logic_error: bugs of ours
system::System proxy_system(const ProxySettings& settings, ProxyParts* parts = nullptr);

/// The hops of any system, in order.
std::vector<Placement> hops_of(const system::System& system);
/// The parts of a system that has one pool; nothing for another.
std::optional<ProxyParts> parts_of(const system::System& system);

}  // namespace halfclose::deployment
