// What each side of a proxy can see of the other: the interfaces of the theorem of decoupling.
//
// Connection management is who says close, who closes a connection that carries no request, and
// when. The declared channels are observations of both: a client that goes away during an exchange
// may end that exchange's upstream connection, and an origin that fails during an exchange may end
// in an error for that exchange's client.
#pragma once

#include "model/deployment/proxy_system.hpp"
#include "proofs/decoupling/interface.hpp"

namespace halfclose::proofs {

/// The clients' management is private; the upstream connections see what the pool does to them and
/// what they tell it, and that a request or its content arrives, or its client goes away.
Interface clients_hidden(const system::System& system, const deployment::ProxyParts& parts);

/// The management of upstream connections is private; a client sees what the exchange tells it and
/// what it tells the exchange, and that a response arrives.
///
/// @param client           whose view it is, counted from 0. All clients together see the order in
///                         which they are served as well, and that may depend on the private side.
/// @param counts_failures  each failure of an exchange's connection is seen too, also one that a
///                         retry hides from the client
Interface origins_hidden(const system::System& system, const deployment::ProxyParts& parts,
                         std::size_t client = 0, bool counts_failures = false);

}  // namespace halfclose::proofs
