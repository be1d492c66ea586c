#include "model/deployment/proxy_system.hpp"

#include <utility>

namespace halfclose::deployment {

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

}  // namespace halfclose::deployment
