// Arbitrary proxies between arbitrary hops, for properties over all settings.
#pragma once

#include "model/deployment/proxy_system.hpp"
#include "model/monitor/request_observer.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"

#include <cstdint>
#include <string>

namespace halfclose::test {

using deployment::ProxySettings;

/// The policy retries nothing but what the origin cannot have executed.
inline bool retries_unexecuted_only(const proxy::exchange::Profile& e) {
  const bool ever = e.method && (e.tries > 0 || e.reused_is_free);
  return !ever || !(e.on_reset || e.on_empty_response || e.on_timeout);
}

constexpr std::uint64_t goal(monitor::request::Out output) {
  return 1ull << static_cast<unsigned>(output);
}

/// Outputs that a proxy with these settings must never emit.
inline std::uint64_t guarantees_of(const ProxySettings& proxy) {
  using monitor::request::Out;
  std::uint64_t all = goal(Out::one_outcome) | goal(Out::bounded_retry) | goal(Out::pool_hygiene);
  // A 408 for an idle connection is taken for the answer to the request that it crosses.
  if (!proxy.downstream || !proxy.downstream->server.profile.idle_408)
    all |= goal(Out::whole_or_error);
  if (!proxy.upstream.server.profile.idle_408) all |= goal(Out::right_response);
  if (retries_unexecuted_only(proxy.exchange)) all |= goal(Out::at_most_once);
  return all;
}

/// One or two requests at a time beside one or two connections, but not two beside two.
inline ProxySettings small_proxy() {
  // Shrinks to no.
  auto one_in = [](int n) { return *rc::gen::inRange(0, n) == n - 1; };
  auto coin = [&] { return one_in(2); };
  ProxySettings proxy;
  proxy.upstream = small_hop();
  proxy.upstream.client.name = "proxy";
  proxy.upstream.server.name = "origin";
  if (one_in(4)) {
    proxy.downstream = small_hop();
    proxy.downstream->server.name = "proxy";
  }
  proxy.exchange = {.on_connect_failure = coin(),
                    .on_reset = coin(),
                    .on_empty_response = coin(),
                    .on_timeout = coin(),
                    .on_unwritten = coin(),
                    .method = !one_in(3),
                    .only_reused = one_in(3),
                    .fresh_connection = one_in(3),
                    .reused_is_free = one_in(4),
                    .tries = static_cast<std::uint8_t>(*rc::gen::inRange(0, 3)),
                    .buffers_request = coin(),
                    .keeps_content = one_in(3),
                    .pauses = one_in(3),
                    .fails_silently = one_in(3),
                    .forwards_close = one_in(6),
                    .mirrors_origin_close = one_in(6),
                    .mirrors_client_close = one_in(6)};
  proxy.pool = {.fifo = coin(), .next_loop = coin(), .queues = !one_in(4)};
  const int size = *rc::gen::inRange(0, 3);
  proxy.clients = size == 1 ? 2 : 1;
  proxy.connections = size == 2 ? 2 : 1;
  proxy.content = coin();
  proxy.aborts = coin();
  proxy.manages = coin();
  proxy.attempts_claimed = proxy.exchange.tries + 1;
  return proxy;
}

/// What a failing case prints.
inline std::string shown(const ProxySettings& proxy) {
  const auto& e = proxy.exchange;
  std::string text = std::to_string(proxy.clients) + " clients, " +
                     std::to_string(proxy.connections) + " connections, content " +
                     std::to_string(proxy.content) + " aborts " + std::to_string(proxy.aborts) +
                     " manages " + std::to_string(proxy.manages) + "; retries";
  auto say = [&](bool is, const char* word) {
    if (is) text += std::string(" ") + word;
  };
  say(e.on_connect_failure, "connect-failure");
  say(e.on_reset, "reset");
  say(e.on_empty_response, "empty-response");
  say(e.on_timeout, "response-timeout");
  say(e.on_unwritten, "unwritten");
  text += ", " + std::to_string(e.tries) + " tries";
  say(e.method, "method");
  say(e.only_reused, "only_reused");
  say(e.fresh_connection, "fresh_connection");
  say(e.reused_is_free, "reused_is_free");
  say(e.buffers_request, "buffers_request");
  say(e.keeps_content, "keeps_content");
  say(e.pauses, "pauses");
  say(e.fails_silently, "fails_silently");
  say(e.forwards_close, "forwards_close");
  say(e.mirrors_origin_close, "mirrors_origin_close");
  say(e.mirrors_client_close, "mirrors_client_close");
  say(proxy.pool.fifo, "fifo");
  say(proxy.pool.next_loop, "next_loop");
  say(proxy.pool.queues, "queues");
  text += "\nupstream " + shown(proxy.upstream);
  if (proxy.downstream) text += "\ndownstream " + shown(*proxy.downstream);
  return text;
}

}  // namespace halfclose::test
