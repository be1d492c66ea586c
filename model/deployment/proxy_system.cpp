#include "model/deployment/proxy_system.hpp"

#include "model/deployment/chain_system.hpp"
#include "model/http1/client_connection.hpp"
#include "model/monitor/request_observer.hpp"
#include "model/proxy/caller.hpp"
#include "model/proxy/origin.hpp"

#include <utility>

namespace halfclose::deployment {

using http1::client::ClientConnection;
using monitor::request::RequestObserver;
using proxy::caller::Caller;
using proxy::exchange::Exchange;
using proxy::pool::Pool;
using system::Index;
using system::System;

system::System proxy_system(const ProxySettings& settings, ProxyParts* parts) {
  const ChainSettings chain{.downstream = settings.downstream,
                            .proxies = {{.exchange = settings.exchange,
                                         .pool = settings.pool,
                                         .connections = settings.connections,
                                         .upstream = settings.upstream}},
                            .any_origin = settings.any_origin,
                            .clients = settings.clients,
                            .content = settings.content,
                            .aborts = settings.aborts,
                            .manages = settings.manages,
                            .attempts_claimed = settings.attempts_claimed};
  ChainParts places;
  system::System system = chain_system(chain, &places);
  if (parts != nullptr) {
    ProxyPlaces& proxy = places.proxies.front();
    *parts = {.hub = proxy.hub,
              .pool = proxy.pool,
              .observer = proxy.observer,
              .exchanges = std::move(proxy.exchanges),
              .callers = std::move(places.callers),
              .origins = std::move(proxy.origins),
              .clients = std::move(places.clients),
              .connections = std::move(proxy.connections)};
  }
  return system;
}

std::vector<Placement> hops_of(const System& system) {
  std::vector<Placement> hops;
  for (Index c = 0; c < system.components.size(); ++c) {
    if (system.components[c].table->machine != ClientConnection::name) continue;
    Placement place{.component = c};
    const auto kernel = static_cast<Index>(c + hop::client_kernel);
    while (system.queues[place.queue].from != kernel)
      ++place.queue;
    while (system.timers[place.timer].owner != c)
      ++place.timer;
    hops.push_back(place);
  }
  return hops;
}

std::optional<ProxyParts> parts_of(const System& system) {
  ProxyParts parts;
  int pools = 0;
  for (Index c = 0; c < system.components.size(); ++c) {
    const std::string& machine = system.components[c].table->machine;
    if (machine == Exchange::name) parts.exchanges.push_back(c);
    if (machine == Caller::name) parts.callers.push_back(c);
    if (machine == proxy::origin::Origin::name) parts.origins.push_back(c);
    if (machine == RequestObserver::name) parts.observer = c;
    if (machine != Pool::name) continue;
    ++pools;
    parts.pool = c;
    parts.hub = system.components[c].lane;
  }
  if (pools != 1) return std::nullopt;
  for (const Placement& place : hops_of(system)) {
    (system.components[place.component].lane < parts.hub ? parts.clients : parts.connections)
        .push_back(place);
  }
  return parts;
}

}  // namespace halfclose::deployment
