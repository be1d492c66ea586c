// A request whose method is not idempotent is executed at most once, if nothing is retried but what
// was never written, or but idempotent methods; and no policy that retries after that has it.
#include "model/monitor/request_observer.hpp"
#include "proofs/explore/explorer.hpp"
#include "property_tests/interleavings/schedules.hpp"
#include "property_tests/model/deployment/proxy_settings_generator.hpp"

#include <catch2/catch.hpp>

namespace halfclose::proofs {
namespace {

using monitor::request::Out;
using test::goal;
using Policy = proxy::exchange::Profile;

/// Connections end in every way there is, but none is as old as to be closed for that.
deployment::ProxySettings proxy_with(const Policy& policy, int clients, int connections) {
  deployment::ProxySettings proxy;
  proxy.upstream.client.name = "proxy";
  proxy.upstream.client.idle = 60'000'000;
  proxy.upstream.client.response = 15'000'000;
  proxy.upstream.server.name = "origin";
  proxy.upstream.server.idle = 5'000'000;
  proxy.upstream.delay_max = 5'000;
  proxy.upstream.responses_fit = true;
  proxy.exchange = policy;
  proxy.clients = clients;
  proxy.connections = connections;
  proxy.manages = false;
  proxy.attempts_claimed = policy.tries + 1;
  return proxy;
}
Exploration explored(const system::System& system, bool stop) {
  Exploration all = explore(system, {.goals = goal(Out::at_most_once), .stop_when_found = stop});
  INFO(all.limit);
  CHECK((stop || all.complete));
  return all;
}

TEST_CASE("at-most-once: is broken by a retry after the request was written",
          "[proofs][at-most-once]") {
  const std::vector<std::pair<const char*, Policy>> policies = {
      {"response-timeout", {.on_timeout = true, .tries = 1}},
      {"reset, response-timeout", {.on_reset = true, .on_timeout = true, .tries = 1}},
      {"on used connections only", {.on_timeout = true, .only_reused = true, .tries = 1}},
      {"on a new connection", {.on_timeout = true, .fresh_connection = true, .tries = 1}},
      {"used connections for free", {.on_timeout = true, .reused_is_free = true, .tries = 1}},
  };
  for (const auto& [name, policy] : policies) {
    INFO("retry.on: " << name);
    const system::System system = deployment::proxy_system(proxy_with(policy, 1, 1));
    const Exploration all = explored(system, true);
    const Path* duplicate = all.path_to(static_cast<machine::OutputId>(Out::at_most_once));
    REQUIRE(duplicate != nullptr);
    INFO("the shortest way to a duplicate:\n" << test::told(system, *duplicate));
    const auto again = test::rerun(system, *duplicate, goal(Out::at_most_once));
    REQUIRE(again);
    CHECK(again->emitted == goal(Out::at_most_once));
    // Retried before it is executed again, in at least: ask, connect, send, read, fail, and once
    // more.
    CHECK((test::emitted_by(system, *duplicate) & goal(Out::retried)) != 0);
    CHECK(duplicate->size() >= 10);
  }
}

TEST_CASE("at-most-once: holds when only what was not written is retried",
          "[proofs][at-most-once]") {
  const Policy careful{.on_connect_failure = true, .on_unwritten = true, .tries = 1};
  for (const auto& [clients, connections] : {std::pair{2, 1}, std::pair{1, 2}}) {
    INFO(clients << " requests, " << connections << " connections");
    const Exploration all =
        explored(deployment::proxy_system(proxy_with(careful, clients, connections)), false);
    CHECK(all.path_to(static_cast<machine::OutputId>(Out::at_most_once)) == nullptr);
  }
}

TEST_CASE("at-most-once: to wait in vain is not free on a used connection either",
          "[proofs][at-most-once]") {
  const Policy free{.on_timeout = true, .reused_is_free = true};
  const Exploration all = explored(deployment::proxy_system(proxy_with(free, 2, 1)), false);
  CHECK(all.found.empty());
}

TEST_CASE("at-most-once: holds for a method that is not retried", "[proofs][at-most-once]") {
  const Policy idempotent_only{.on_connect_failure = true,
                               .on_reset = true,
                               .on_timeout = true,
                               .method = false,
                               .tries = 1};
  for (const auto& [clients, connections] : {std::pair{2, 1}, std::pair{1, 2}}) {
    INFO(clients << " requests, " << connections << " connections");
    const Exploration all = explored(
        deployment::proxy_system(proxy_with(idempotent_only, clients, connections)), false);
    CHECK(all.found.empty());
  }
}

}  // namespace
}  // namespace halfclose::proofs
