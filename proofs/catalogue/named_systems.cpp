#include "proofs/catalogue/named_systems.hpp"

#include "model/deployment/chain.hpp"
#include "model/deployment/chain_system.hpp"
#include "model/deployment/hop_system.hpp"
#include "model/deployment/proxy_system.hpp"
#include "model/deployment/tcp_pair_system.hpp"

#include <string>

namespace halfclose::proofs {

using namespace deployment;
using http1::server::AgeClose;
using http1::server::CloseStyle;
using system::System;

namespace {

constexpr Time kSecond = 1'000'000;

/// A minute of idleness at both ends, no other timer, nothing that differs from RFC 9112.
HopSettings plain_hop() {
  HopSettings hop;
  hop.client.idle = hop.server.idle = 60 * kSecond;
  hop.server.profile.close_style = CloseStyle::drain_then_fin;
  hop.with_body = false;
  hop.responses_fit = true;
  return hop;
}
HopSettings body_hop() {
  HopSettings hop = plain_hop();
  hop.with_body = true;
  hop.responses_fit = false;
  return hop;
}

/// Two products and their defaults.
/// @pre the profiles exist and have these roles
HopSettings products(const std::string& client, const std::string& server) {
  const LoadedChain loaded = parse_chain("chain:\n  - { name: client, profile: " + client +
                                             " }\n  - { name: server, profile: " + server + " }\n",
                                         client + "-" + server);
  return hop_settings(loaded.chain.value(), 0);
}

/// Two hops that have nothing to do with each other: a lane each.
System two_hops() {
  System system;
  name_messages(system);
  for (system::Index lane = 0; lane < 2; ++lane) {
    const std::string tag = lane == 0 ? "/first" : "/second";
    system.lanes.push_back({.name = "hop" + tag});
    const Placement place = add_hop(system, plain_hop(), {.lane = lane, .tag = tag});
    system.observers.push_back(
        {static_cast<system::Index>(place.component + hop::observer), lane * 32u});
  }
  system.seal();
  return system;
}

/// A proxy that retries nothing, any callers in front of it, plain hops behind it.
ProxySettings plain_proxy(int clients, int connections) {
  ProxySettings proxy;
  proxy.upstream = plain_hop();
  proxy.upstream.client.name = "proxy";
  proxy.upstream.server.name = "origin";
  proxy.clients = clients;
  proxy.connections = connections;
  proxy.attempts_claimed = 1;
  return proxy;
}
/// It retries what ended or timed out before the response; its origin's process may end.
ProxySettings retrying(bool post, int clients, int connections) {
  ProxySettings proxy = plain_proxy(clients, connections);
  proxy.content = post;
  proxy.exchange.on_connect_failure = proxy.exchange.on_reset = proxy.exchange.on_timeout = true;
  proxy.exchange.buffers_request = true;
  proxy.exchange.tries = 1;
  proxy.attempts_claimed = 2;
  proxy.upstream.client.response = 30 * kSecond;
  proxy.upstream.with_crash = true;
  return proxy;
}
/// A whole client in front: its connection, its kernel, the wires.
ProxySettings with_client(ProxySettings proxy) {
  proxy.downstream = plain_hop();
  proxy.downstream->server.name = "proxy";
  return proxy;
}
/// Against any origin: what is proved of a proxy holds whatever stands behind it.
ProxySettings with_any_origin(ProxySettings proxy) {
  proxy.any_origin = true;
  return proxy;
}
/// A client, two proxies and an origin that closes idle connections: one connection on each hop.
System three_hops() {
  auto hop = [](const char* client, const char* server) {
    HopSettings made = plain_hop();
    made.client.name = client;
    made.server.name = server;
    made.client.idle = made.server.idle = kOff;
    return made;
  };
  ChainSettings chain;
  chain.downstream = hop("client", "balancer");
  chain.proxies = {{.upstream = hop("balancer", "proxy")}, {.upstream = hop("proxy", "origin")}};
  chain.proxies.back().upstream.server.idle = 60 * kSecond;
  return chain_system(chain);
}

}  // namespace

const std::vector<NamedSystem>& named_systems() {
  static const std::vector<NamedSystem> all = {
      {"hop/plain", "one hop, requests without content, responses that leave at once",
       [] { return hop_system(plain_hop()); }},
      {"hop/body", "the same with content, and responses that wait in kernel and buffer",
       [] { return hop_system(body_hop()); }},
      {"hop/shutdown", "the same, and the server may shut down gracefully at any moment",
       [] {
         HopSettings hop = body_hop();
         hop.with_shutdown = true;
         return hop_system(hop);
       }},
      {"hop/age", "connections end by age at both ends, and after a number of requests",
       [] {
         HopSettings hop = body_hop();
         hop.client.age = 100 * kSecond;
         hop.server.age = 90 * kSecond;
         hop.server.drain = 5 * kSecond;
         hop.server.profile.age_close = AgeClose::drain_then_close;
         hop.client.profile.limits_requests = hop.server.profile.limits_requests = true;
         return hop_system(hop);
       }},
      {"hop/pipelining", "a client that pipelines, peeks and half-closes; a server that lingers",
       [] {
         HopSettings hop = plain_hop();
         hop.with_body = true;
         hop.client.profile.pipelines = hop.client.profile.peeks = true;
         hop.client.profile.half_closes = true;
         hop.server.profile.close_style = CloseStyle::half_close_drain;
         hop.server.close = 5 * kSecond;
         hop.server.linger = 30 * kSecond;
         return hop_system(hop);
       }},
      {"hop/envoy-node", "Envoy as the client of Node",
       [] { return hop_system(products("envoy", "node")); }},
      {"hop/alb-nginx", "an AWS load balancer as the client of nginx",
       [] { return hop_system(products("aws-alb", "nginx")); }},
      {"hop/go-haproxy", "Go's transport as the client of HAProxy 2",
       [] { return hop_system(products("go-transport", "haproxy-2")); }},
      {"hops/two", "hop/plain twice, in two lanes that never meet", two_hops},
      {"proxy/1x1", "a proxy with one caller and one upstream connection; no retry",
       [] { return proxy_system(plain_proxy(1, 1)); }},
      {"proxy/2x1", "two callers that share the connection",
       [] { return proxy_system(plain_proxy(2, 1)); }},
      {"proxy/1x2", "one caller, two connections", [] { return proxy_system(plain_proxy(1, 2)); }},
      {"proxy/2x2", "two callers, two connections", [] { return proxy_system(plain_proxy(2, 2)); }},
      {"proxy/client", "a whole client connection in front of the proxy",
       [] { return proxy_system(with_client(plain_proxy(1, 1))); }},
      {"proxy/client-content", "the same; requests have content",
       [] {
         ProxySettings proxy = with_client(plain_proxy(1, 1));
         proxy.content = true;
         return proxy_system(proxy);
       }},
      {"proxy/retry-any", "requests with content, retried when they end or time out; crashes",
       [] { return proxy_system(retrying(true, 2, 1)); }},
      {"proxy/retry-fresh", "the same, and each try takes a new connection",
       [] {
         ProxySettings proxy = retrying(true, 2, 1);
         proxy.exchange.fresh_connection = true;
         return proxy_system(proxy);
       }},
      {"proxy/retry-idempotent", "the policy, and a method that it does not retry",
       [] {
         ProxySettings proxy = retrying(true, 2, 1);
         proxy.exchange.method = false;
         return proxy_system(proxy);
       }},
      {"proxy/retry-unwritten",
       "what was never written is sent again: a connection refused, a first write that failed",
       [] {
         ProxySettings proxy = retrying(false, 2, 1);
         proxy.exchange.on_reset = proxy.exchange.on_timeout = false;
         proxy.exchange.on_unwritten = true;
         return proxy_system(proxy);
       }},
      {"proxy/retry-first-write",
       "what failed in its first write: the origin ended while the connection was opened",
       [] {
         ProxySettings proxy = retrying(false, 2, 1);
         proxy.exchange.on_connect_failure = false;
         proxy.exchange.on_reset = proxy.exchange.on_timeout = false;
         proxy.exchange.on_unwritten = true;
         return proxy_system(proxy);
       }},
      {"proxy/any-origin", "a proxy between any callers and any origin",
       [] { return proxy_system(with_any_origin(plain_proxy(2, 1))); }},
      {"proxy/any-origin-retry", "the same with retries",
       [] { return proxy_system(with_any_origin(retrying(false, 2, 1))); }},
      // Small ones, between them whatever the machines of a proxy can do: mutants are tried on
      // these.
      {"proxy/any-origin-2x2", "the same with two connections",
       [] { return proxy_system(with_any_origin(retrying(false, 2, 2))); }},
      {"proxy/any-origin-next-loop", "the same with one; who waited is served a turn later",
       [] {
         ProxySettings proxy = with_any_origin(retrying(false, 2, 1));
         proxy.pool.next_loop = true;
         return proxy_system(proxy);
       }},
      {"proxy/any-origin-fresh", "two connections, and each try takes a new one",
       [] {
         ProxySettings proxy = with_any_origin(retrying(false, 2, 2));
         proxy.exchange.fresh_connection = true;
         return proxy_system(proxy);
       }},
      {"proxy/any-origin-full", "one connection, and nobody may wait for it",
       [] {
         ProxySettings proxy = with_any_origin(retrying(false, 2, 1));
         proxy.pool.queues = false;
         return proxy_system(proxy);
       }},
      {"proxy/any-origin-buffered", "content, read to its end before anything is sent",
       [] { return proxy_system(with_any_origin(retrying(true, 2, 1))); }},
      {"proxy/any-origin-streamed", "content, sent as it comes",
       [] {
         ProxySettings proxy = with_any_origin(retrying(true, 2, 1));
         proxy.exchange.buffers_request = false;
         return proxy_system(proxy);
       }},
      {"proxy/any-origin-pausing", "the same, kept for a retry, which comes after any pause",
       [] {
         ProxySettings proxy = with_any_origin(retrying(true, 2, 1));
         proxy.exchange.buffers_request = false;
         proxy.exchange.keeps_content = proxy.exchange.pauses = true;
         return proxy_system(proxy);
       }},
      {"proxy/client-any-origin", "a whole client connection in front, any origin behind",
       [] { return proxy_system(with_client(with_any_origin(plain_proxy(1, 1)))); }},
      {"proxy/client-gives-up", "the same, and the client waits for thirty seconds at most",
       [] {
         ProxySettings proxy = with_client(with_any_origin(plain_proxy(1, 1)));
         proxy.downstream->client.response = 30 * kSecond;
         return proxy_system(proxy);
       }},
      {"proxy/forwards-close", "a proxy that sends the client's close option on",
       [] {
         ProxySettings proxy = with_any_origin(plain_proxy(1, 1));
         proxy.exchange.forwards_close = true;
         return proxy_system(proxy);
       }},
      {"proxy/mirrors-client", "a proxy whose upstream connection goes with an idle client",
       [] {
         ProxySettings proxy = with_any_origin(plain_proxy(1, 1));
         proxy.exchange.mirrors_client_close = true;
         return proxy_system(proxy);
       }},
      {"proxy/mirrors-origin", "a proxy that closes the client because the origin said close",
       [] {
         ProxySettings proxy = with_client(with_any_origin(plain_proxy(1, 1)));
         proxy.exchange.mirrors_origin_close = true;
         return proxy_system(proxy);
       }},
      {"chain/client-balancer-proxy-origin",
       "three hops, two pools, an origin that closes idle connections", three_hops},
      {"tcp-pair/small", "two TCP endpoints, one segment of data on the way",
       [] { return tcp_pair_system({.left = 1, .right = 0}); }},
      {"tcp-pair", "two TCP endpoints, windows of three and two segments: a million states",
       [] { return tcp_pair_system(); }},
  };
  return all;
}

const NamedSystem* find_named_system(std::string_view name) {
  for (const NamedSystem& system : named_systems()) {
    if (system.name == name) return &system;
  }
  return nullptr;
}

}  // namespace halfclose::proofs
