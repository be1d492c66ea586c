// Properties of model/deployment/proxy_system.hpp: whatever happens next each component has a row
// for it, and the guarantees of a proxy hold whatever its settings.
#include "model/deployment/proxy_system.hpp"

#include "proofs/explore/explorer.hpp"
#include "property_tests/interleavings/schedule_generator.hpp"
#include "property_tests/model/deployment/proxy_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace halfclose::deployment {
namespace {

using monitor::request::Out;
using proofs::Exploration;
using system::System;
using test::any_schedule;
using test::goal;
using test::guarantees_of;
using test::shown;
using test::small_proxy;
using test::told;

Exploration explored(const System& system, std::uint64_t goals, std::uint64_t states) {
  return proofs::explore(system,
                         {.goals = goals, .stop_when_found = false, .limits = {.states = states}});
}

ProxySettings plain_proxy(int clients, int connections) {
  ProxySettings proxy;
  proxy.upstream.client.name = "proxy";
  proxy.upstream.client.idle = 60'000'000;
  proxy.upstream.server.name = "origin";
  proxy.upstream.server.idle = 5'000'000;
  proxy.upstream.delay_max = 5'000;
  proxy.upstream.responses_fit = true;
  proxy.exchange = {.on_reset = true, .tries = 1};
  proxy.clients = clients;
  proxy.connections = connections;
  proxy.attempts_claimed = 2;
  return proxy;
}

TEST_CASE("proxy system: its parts are known when it is one proxy", "[model][deployment]") {
  ProxyParts made;
  const System one = proxy_system(plain_proxy(2, 2), &made);
  const std::optional<ProxyParts> found = parts_of(one);
  REQUIRE(found.has_value());
  CHECK(found->hub == made.hub);
  CHECK(found->pool == made.pool);
  CHECK(found->exchanges == made.exchanges);
  CHECK(found->callers == made.callers);
  CHECK(found->connections.size() == 2);
  HopSettings hop;
  CHECK_FALSE(parts_of(hop_system(hop)).has_value());
  CHECK_FALSE(parts_of(chain_system({.proxies = {{}, {}}})).has_value());
}

TEST_CASE("proxy system: any settings", "[model][deployment]") {
  rc::prop("no step is refused and no guarantee breaks, near the beginning and far from it", [] {
    const ProxySettings proxy = small_proxy();
    RC_LOG() << shown(proxy) << '\n';
    const System system = proxy_system(proxy);
    const std::uint64_t guarantees = guarantees_of(proxy);
    const Exploration near = explored(system, guarantees, 2'000);
    for (const proofs::Found& found : near.found)
      RC_LOG() << "output " << static_cast<int>(found.output) << " by\n"
               << told(system, found.path) << '\n';
    RC_ASSERT(near.found.empty());
    for (int times = 0; times < 4; ++times) {
      const test::Run run = test::run(system, any_schedule(1'000), guarantees);
      if (run.failure)
        RC_LOG() << run.failure->refused << " by\n"
                 << told(system, test::shortened(system, run.path, guarantees)) << '\n';
      RC_ASSERT(!run.failure);
    }
  });
}

TEST_CASE("proxy system: compositions, explored to their ends", "[model][deployment]") {
  ProxySettings content = plain_proxy(1, 1);
  content.content = true;
  ProxySettings client = plain_proxy(1, 1);
  client.downstream = client.upstream;
  client.downstream->client.name = "client";
  client.downstream->server.name = "proxy";
  const struct {
    const char* name;
    const ProxySettings& proxy;
    std::uint64_t states, transitions;
  } all[] = {
      {"1 caller, 1 connection", plain_proxy(1, 1), 1'032, 3'543},
      {"2 callers, 1 connection", plain_proxy(2, 1), 8'824, 42'906},
      {"1 caller, 2 connections", plain_proxy(1, 2), 196'683, 931'950},
      {"1 caller with content", content, 3'821, 13'056},
      {"1 client", client, 11'234, 35'250},
  };
  for (const auto& one : all) {
    INFO(one.name);
    const System system = proxy_system(one.proxy);
    const Exploration found = explored(system, guarantees_of(one.proxy), 3'000'000);
    CHECK(found.limit == "");
    CHECK(found.found.empty());
    CHECK(found.states == one.states);
    CHECK(found.transitions == one.transitions);
  }
}

}  // namespace
}  // namespace halfclose::deployment
