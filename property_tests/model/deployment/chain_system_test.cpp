// Chains of proxies as one system: what is seen end to end, and that each hop keeps to itself.
#include "model/deployment/chain_system.hpp"

#include "model/http1/server_connection.hpp"
#include "model/monitor/request_observer.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/explore/lane_explorer.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <initializer_list>
#include <string>

using namespace halfclose;
using deployment::ChainSettings;
using deployment::HopSettings;
using deployment::ProxyNode;
using monitor::request::Out;
using proofs::Exploration;

namespace {

constexpr system::Time kSecond = 1'000'000;

HopSettings hop_between(const std::string& client, const std::string& server) {
  HopSettings hop;
  hop.client.name = client;
  hop.server.name = server;
  hop.delay_max = 5'000;
  hop.responses_fit = true;
  return hop;
}

/// A client that neither leaves nor aborts, a balancer, a proxy, an origin: one connection each.
ChainSettings plain_chain() {
  ChainSettings chain;
  chain.proxies = {{.upstream = hop_between("balancer", "proxy")},
                   {.upstream = hop_between("proxy", "origin")}};
  chain.aborts = chain.manages = false;
  return chain;
}
ChainSettings whole_chain() {
  ChainSettings chain = plain_chain();
  chain.downstream = hop_between("client", "balancer");
  return chain;
}
/// Retries any method when no response comes in time.
void retry_timeouts(ProxyNode& node) {
  node.exchange.on_timeout = true;
  node.exchange.tries = 1;
  node.upstream.client.response = kSecond;
}

machine::OutputId id(Out output) {
  return static_cast<machine::OutputId>(output);
}
std::uint64_t set(std::initializer_list<Out> outputs) {
  std::uint64_t bits = 0;
  for (const Out output : outputs)
    bits |= 1ull << id(output);
  return bits;
}
const std::uint64_t kGuarantees = set({Out::at_most_once, Out::right_response, Out::one_outcome,
                                       Out::whole_or_error, Out::bounded_retry});
const std::uint64_t kAnswered = set({Out::completed});

/// Everything reachable, with the shortest path to each of the guarantees that broke.
Exploration everything(const ChainSettings& chain, std::uint64_t goals = kGuarantees | kAnswered) {
  Exploration all = proofs::explore_lanes(deployment::chain_system(chain),
                                          {.goals = goals, .stop_when_found = false});
  REQUIRE(all.complete);
  return all;
}
bool breaks(const Exploration& all, Out output) {
  return all.path_to(id(output)) != nullptr;
}
void check_guarantees(const Exploration& all) {
  REQUIRE(all.found.size() == 1);
  CHECK(all.found.front().output == id(Out::completed));
}

std::string state_of(const system::System& system, const system::State& state,
                     system::Index component) {
  return std::string(
      system.components[component].table->state_name(system.local(state, component)));
}

/// Whether the balancer's end of the client's connection, and the client's, is ever closed.
struct Closes {
  bool client = false, balancer = false, origin = false;
};
Closes closes(const ChainSettings& chain) {
  deployment::ChainParts parts;
  const system::System system = deployment::chain_system(chain, &parts);
  Closes seen;
  auto closed = [&](const system::State& state, const deployment::Placement& place, int which) {
    return state_of(system, state, static_cast<system::Index>(place.component + which)) ==
           http1::server::Closed::name;
  };
  const Exploration all = proofs::explore_lanes(
      system, {.stop_when_found = false}, {.reached = [&](const system::State& state) {
        namespace hop = deployment::hop;
        seen.client |= closed(state, parts.clients.front(), hop::client);
        seen.balancer |= closed(state, parts.clients.front(), hop::server);
        seen.origin |= closed(state, parts.proxies.back().connections.front(), hop::server);
      }});
  REQUIRE(all.complete);
  return seen;
}

bool coin() {
  return *rc::gen::arbitrary<bool>();
}

ProxyNode any_node(const std::string& name, const std::string& next) {
  ProxyNode node;
  node.upstream = test::small_hop();
  node.upstream.client.name = name;
  node.upstream.server.name = next;
  node.connections = *rc::gen::inRange(1, 3);
  node.exchange = {.on_connect_failure = coin(),
                   .on_reset = coin(),
                   .on_empty_response = coin(),
                   .on_timeout = coin(),
                   .on_unwritten = coin(),
                   .method = coin(),
                   .only_reused = coin(),
                   .fresh_connection = coin(),
                   .reused_is_free = coin(),
                   .tries = static_cast<std::uint8_t>(*rc::gen::inRange(0, 4)),
                   .buffers_request = coin(),
                   .keeps_content = coin(),
                   .pauses = coin(),
                   .fails_silently = coin(),
                   .forwards_close = coin(),
                   .mirrors_origin_close = coin(),
                   .mirrors_client_close = coin()};
  node.pool = {.fifo = coin(), .next_loop = coin(), .queues = coin()};
  return node;
}

/// Any chain of one to three proxies and at most four whole hops: it fits a System.
ChainSettings any_chain() {
  ChainSettings chain;
  chain.clients = *rc::gen::inRange(1, 3);
  if (coin()) {
    chain.downstream = test::small_hop();
    chain.downstream->client.name = "client";
    chain.downstream->server.name = "proxy 1";
  }
  const int proxies = *rc::gen::inRange(1, 4);
  int hops = chain.downstream ? chain.clients : 0;
  for (int s = 1; s <= proxies; ++s) {
    chain.proxies.push_back(
        any_node("proxy " + std::to_string(s), "proxy " + std::to_string(s + 1)));
    hops += chain.proxies.back().connections;
  }
  chain.any_origin = coin();
  if (chain.any_origin) hops -= chain.proxies.back().connections;
  RC_PRE(hops <= 4);
  chain.content = coin();
  chain.aborts = coin();
  chain.manages = coin();
  chain.attempts_claimed = *rc::gen::inRange(0, 4);
  return chain;
}

}  // namespace

TEST_CASE("chain: client, balancer, proxy and origin are explored to the end", "[model][chain]") {
  const Exploration callers = everything(plain_chain());
  CHECK(callers.states == 106);
  CHECK(callers.transitions == 160);
  check_guarantees(callers);
  const Exploration whole = everything(whole_chain());
  CHECK(whole.states == 145);
  CHECK(whole.transitions == 220);
  check_guarantees(whole);
  const Exploration plainly =
      proofs::explore(deployment::chain_system(whole_chain()), {.stop_when_found = false});
  CHECK(plainly.states == whole.states);
  CHECK(plainly.transitions == whole.transitions);
}

TEST_CASE("chain: without retries every guarantee holds while connections end on all hops",
          "[model][chain]") {
  ChainSettings chain = plain_chain();
  chain.aborts = chain.manages = true;
  chain.attempts_claimed = 1;
  for (ProxyNode& node : chain.proxies)
    node.upstream.server.idle = 5 * kSecond;
  check_guarantees(everything(chain));
}

TEST_CASE("chain: a balancer and a proxy that retry on timeouts execute a POST more than once",
          "[model][chain]") {
  ChainSettings chain = whole_chain();
  for (ProxyNode& node : chain.proxies)
    retry_timeouts(node);
  const Exploration all = everything(chain);
  REQUIRE(breaks(all, Out::at_most_once));
  CHECK(all.path_to(id(Out::at_most_once))->size() == 33);
  CHECK_FALSE(breaks(all, Out::right_response));
  CHECK_FALSE(breaks(all, Out::one_outcome));
  CHECK_FALSE(breaks(all, Out::whole_or_error));
}

TEST_CASE("chain: retries multiply", "[model][chain]") {
  ChainSettings chain = plain_chain();
  for (ProxyNode& node : chain.proxies)
    retry_timeouts(node);
  chain.attempts_claimed = 4;
  CHECK_FALSE(breaks(everything(chain), Out::bounded_retry));
  chain.attempts_claimed = 3;
  CHECK(breaks(everything(chain), Out::bounded_retry));
}

TEST_CASE("chain: one proxy that retries is enough, wherever it stands", "[model][chain]") {
  for (std::size_t which = 0; which < 2; ++which) {
    INFO("proxy " << which + 1);
    ChainSettings chain = plain_chain();
    retry_timeouts(chain.proxies[which]);
    // The proxy gives its own attempt up when the balancer does.
    chain.proxies[0].upstream.server.profile.aborts_half_closed = true;
    chain.attempts_claimed = 2;
    const Exploration all = everything(chain);
    CHECK(breaks(all, Out::at_most_once));
    CHECK_FALSE(breaks(all, Out::bounded_retry));
  }
}

TEST_CASE("chain: an origin that says close does not close the client's connection",
          "[model][chain]") {
  ChainSettings chain = whole_chain();
  chain.proxies.back().upstream.server.profile.single_use = true;
  const Closes kept = closes(chain);
  CHECK(kept.origin);
  CHECK_FALSE(kept.balancer);
  CHECK_FALSE(kept.client);
  // The inner proxy's fault ends at the balancer; it takes both.
  chain.proxies[1].exchange.mirrors_origin_close = true;
  CHECK_FALSE(closes(chain).balancer);
  chain.proxies[0].exchange.mirrors_origin_close = true;
  CHECK(closes(chain).balancer);
}

TEST_CASE("chain: a response that an inner proxy gives to the wrong request is found",
          "[model][chain]") {
  ChainSettings chain = plain_chain();
  chain.aborts = true;
  chain.any_origin = true;
  // The proxy notices at once that the balancer went away.
  chain.proxies[0].upstream.server.profile.aborts_half_closed = true;
  CHECK_FALSE(breaks(everything(chain), Out::right_response));
  chain.proxies[1].pool.keeps_cancelled = true;
  CHECK(proofs::explore(deployment::chain_system(chain), {.goals = set({Out::right_response})})
            .path_to(id(Out::right_response)) != nullptr);
}

TEST_CASE("chain: three proxies follow the request to the origin", "[model][chain]") {
  ChainSettings chain = plain_chain();
  chain.proxies = {{.upstream = hop_between("edge", "balancer")},
                   {.upstream = hop_between("balancer", "proxy")},
                   {.upstream = hop_between("proxy", "origin")}};
  check_guarantees(everything(chain));
  retry_timeouts(chain.proxies.back());
  CHECK(breaks(everything(chain), Out::at_most_once));
}

TEST_CASE("chain: one that does not fit a System is refused", "[model][chain]") {
  ChainSettings chain = whole_chain();
  chain.clients = 2;
  for (int s = 0; s < 3; ++s)
    chain.proxies.push_back({.upstream = hop_between("proxy", "origin")});
  CHECK_THROWS_AS(deployment::chain_system(chain), std::length_error);
}

TEST_CASE("chain: no run of any chain makes a step throw", "[model][chain]") {
  rc::prop("random walks", [] {
    const system::System system = deployment::chain_system(any_chain());
    system::State state = system.initial();
    system::StepResult result;
    std::vector<system::Stimulus> enabled;
    for (int k = *rc::gen::inRange(1, 400); k > 0; --k) {
      system.enabled(state, enabled);
      if (enabled.empty()) break;
      system.step(state, *rc::gen::elementOf(enabled), result);
      state = result.state;
    }
  });
}
