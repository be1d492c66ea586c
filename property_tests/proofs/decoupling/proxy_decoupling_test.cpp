// The two lifecycles of a proxy: decoupled for every policy, coupled for each mutant, and whole
// hops show no more than the most general environment does.
#include "model/monitor/request_observer.hpp"
#include "proofs/decoupling/decoupling.hpp"
#include "proofs/decoupling/proxy_interface.hpp"
#include "proofs/decoupling/text.hpp"
#include "proofs/explore/explorer.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>

using namespace halfclose;
using deployment::ProxySettings;
using Verdict = proofs::DecouplingResult::Verdict;

namespace {

/// Whose management is hidden; of the upstream connections', which client looks.
enum class Private { clients, origins, origins_seen_by_second };

struct Judged {
  proofs::Interface interface;
  proofs::DecouplingResult result;
};

struct Composed {
  system::System system;
  proofs::Interface interface;
};

Composed compose(const ProxySettings& settings, Private side, bool blind = true,
                 bool counts_failures = false) {
  deployment::ProxyParts parts;
  system::System system = deployment::proxy_system(settings, &parts);
  if (blind) system = proofs::without_observers(std::move(system));
  proofs::Interface interface =
      side == Private::clients
          ? proofs::clients_hidden(system, parts)
          : proofs::origins_hidden(system, parts, side == Private::origins ? 0 : 1,
                                   counts_failures);
  return {std::move(system), std::move(interface)};
}

Judged judge(const ProxySettings& settings, Private side, bool blind = true,
             bool counts_failures = false) {
  const Composed composed = compose(settings, side, blind, counts_failures);
  return {composed.interface, proofs::decoupled(composed.system, composed.interface)};
}

ProxySettings general() {
  ProxySettings proxy;
  proxy.any_origin = true;
  proxy.upstream.client.name = "proxy";
  return proxy;
}

/// Both ends close idle connections, announce, reach limits and shut down.
deployment::HopSettings managed_hop(std::string client, std::string server) {
  deployment::HopSettings hop;
  hop.client.name = std::move(client);
  hop.server.name = std::move(server);
  hop.client.idle = 60'000'000;
  hop.server.idle = 5'000'000;
  hop.server.age = 600'000'000;
  hop.server.profile.limits_requests = true;
  hop.delay_max = 5'000;
  hop.responses_fit = true;
  hop.with_shutdown = true;
  return hop;
}

/// Whole hops on one side or both, against the general proxy without private steps.
proofs::DecouplingResult whole_hops(ProxySettings settings, Private side) {
  const Composed part = compose(settings, side);
  settings.downstream.reset();
  settings.any_origin = true;
  const Composed whole = compose(settings, side);
  return proofs::covered(part.system, part.interface, whole.system, whole.interface);
}

/// A run without the numbers of its stimuli.
std::vector<std::string> words(const std::vector<proofs::Moment>& run) {
  std::vector<std::string> all;
  for (const auto& moment : run) {
    all.push_back(moment.what);
    all.insert(all.end(), moment.observed.begin(), moment.observed.end());
  }
  return all;
}

bool any_hidden(const std::vector<proofs::Moment>& run) {
  return std::any_of(run.begin(), run.end(), [](const auto& moment) { return moment.hidden; });
}

}  // namespace

TEST_CASE("decoupling: a correct proxy", "[proofs][decoupling]") {
  rc::prop("is decoupled in both directions, whatever its policies", [] {
    ProxySettings proxy = general();
    auto flag = [] { return *rc::gen::arbitrary<bool>(); };
    proxy.clients = *rc::gen::inRange(1, 3);
    proxy.connections = *rc::gen::inRange(1, 3);
    proxy.content = flag();
    proxy.exchange.tries = static_cast<std::uint8_t>(*rc::gen::inRange(0, 3));
    proxy.exchange.on_connect_failure = flag();
    proxy.exchange.on_reset = flag();
    proxy.exchange.on_empty_response = flag();
    proxy.exchange.on_timeout = flag();
    proxy.exchange.on_unwritten = flag();
    proxy.exchange.only_reused = flag();
    proxy.exchange.fresh_connection = flag();
    proxy.exchange.reused_is_free = flag();
    proxy.exchange.buffers_request = flag();
    proxy.pool.fifo = flag();
    proxy.pool.next_loop = flag();
    for (const Private side :
         {Private::clients, Private::origins, Private::origins_seen_by_second}) {
      if (side == Private::origins_seen_by_second && proxy.clients == 1) continue;
      const auto judged = judge(proxy, side);
      if (judged.result.pair) RC_LOG() << proofs::render(judged.interface, judged.result);
      RC_ASSERT(judged.result.verdict == Verdict::decoupled);
      RC_ASSERT(judged.result.hidden > 0u);
    }
  });
}

TEST_CASE("decoupling: a proxy that forwards close", "[proofs][decoupling]") {
  ProxySettings proxy = general();
  proxy.exchange.forwards_close = true;
  const auto [interface, result] = judge(proxy, Private::clients);
  REQUIRE(result.verdict == Verdict::coupled);
  CHECK(result.pair->impossible == "1 gets a, close");
  CHECK(result.pair->possible == std::vector<std::string>{"1 gets a"});
  CHECK(any_hidden(result.pair->with));
  CHECK_FALSE(any_hidden(result.pair->without));
  // The mutant couples one direction only.
  CHECK(judge(proxy, Private::origins).result.verdict == Verdict::decoupled);
}

TEST_CASE("decoupling: a proxy that drops a connection for each client that leaves",
          "[proofs][decoupling]") {
  ProxySettings proxy = general();
  proxy.exchange.mirrors_client_close = true;
  const auto [interface, result] = judge(proxy, Private::clients);
  REQUIRE(result.verdict == Verdict::coupled);
  CHECK(result.pair->impossible == "abandon a");
  CHECK(result.pair->with.back().what == "client 1 leaves");
  CHECK(judge(proxy, Private::origins).result.verdict == Verdict::decoupled);
}

TEST_CASE("decoupling: a proxy that mirrors the close of a response", "[proofs][decoupling]") {
  ProxySettings proxy = general();
  proxy.exchange.mirrors_origin_close = true;
  const auto [interface, result] = judge(proxy, Private::origins);
  REQUIRE(result.verdict == Verdict::coupled);
  CHECK(judge(proxy, Private::clients).result.verdict == Verdict::decoupled);
  // As docs/explanation/decoupling.md shows it.
  CHECK(proofs::render(interface, result) ==
        R"(refuted: how upstream connections are managed makes no difference to a client
  with (* is management of the upstream connections)  without
    client 1 asks                                       client 1 asks
      > 1: request                                        > 1: request
    connection a opens                                  connection a opens
  * connection a: the origin answers, and says close    connection a: the origin answers
      > 1: response arrives                               > 1: response arrives
  ----------------------------------------------------
      > 1: told to close                                    1: response
      > 1: response
  `1: told to close` is what the clients can see there only because of management of the upstream connections
  without it, what they can see next: 1: response
)");
}

TEST_CASE("decoupling: a bound on connections", "[proofs][decoupling]") {
  // The bound counts connections that are still closing, and nobody may wait for room.
  ProxySettings proxy = general();
  proxy.pool.queues = false;
  const auto result = judge(proxy, Private::origins).result;
  REQUIRE(result.verdict == Verdict::coupled);
  CHECK(result.pair->impossible == "1: error");
  CHECK(judge(proxy, Private::clients).result.verdict == Verdict::decoupled);
}

TEST_CASE("decoupling: a proxy that is silent after a used connection", "[proofs][decoupling]") {
  // The client sees whether its request was on a used connection, and so whether one was closed.
  ProxySettings proxy = general();
  proxy.exchange.fails_silently = true;
  const auto result = judge(proxy, Private::origins).result;
  REQUIRE(result.verdict == Verdict::coupled);
  CHECK(result.pair->impossible == "1: error, the origin failed");
  CHECK(judge(proxy, Private::clients).result.verdict == Verdict::decoupled);
}

TEST_CASE("decoupling: failures that are counted", "[proofs][decoupling]") {
  // The same failures need not have the same outcome: a new connection can fail in a way that is
  // retried, a used one cannot. A client, who does not see a failure that is retried, sees nothing
  // of it.
  ProxySettings proxy = general();
  proxy.exchange.tries = 1;
  proxy.exchange.on_connect_failure = true;
  CHECK(judge(proxy, Private::origins, true, true).result.verdict == Verdict::coupled);
  CHECK(judge(proxy, Private::origins).result.verdict == Verdict::decoupled);
  // Nor does it when every failure is retried alike.
  proxy.exchange.on_reset = proxy.exchange.on_timeout = true;
  CHECK(judge(proxy, Private::origins, true, true).result.verdict == Verdict::decoupled);
}

TEST_CASE("decoupling: observers of requests", "[proofs][decoupling]") {
  // They only watch: leaving them out changes no verdict.
  for (const Private side : {Private::clients, Private::origins}) {
    ProxySettings proxy = general();
    CHECK(judge(proxy, side, false).result.verdict == Verdict::decoupled);
    proxy.exchange.mirrors_client_close = proxy.exchange.mirrors_origin_close = true;
    const auto watched = judge(proxy, side, false).result, blind = judge(proxy, side).result;
    CHECK(watched.verdict == Verdict::coupled);
    CHECK(blind.verdict == Verdict::coupled);
    CHECK(watched.states > blind.states);
    CHECK(words(watched.pair->with) == words(blind.pair->with));
    CHECK(words(watched.pair->without) == words(blind.pair->without));
  }
}

TEST_CASE("decoupling: whole hops", "[proofs][decoupling]") {
  ProxySettings proxy = general();
  const bool content = GENERATE(false, true);
  proxy.content = content;
  proxy.exchange.tries = 1;
  proxy.exchange.on_reset = true;
  proxy.upstream = managed_hop("proxy", "origin");
  auto holds = [&](const ProxySettings& settings) {
    for (const Private side : {Private::clients, Private::origins}) {
      const auto result = whole_hops(settings, side);
      CHECK(result.verdict == Verdict::decoupled);
    }
  };
  SECTION("downstream show no more than callers that manage nothing") {
    proxy.downstream = managed_hop("client", "proxy");
    holds(proxy);
  }
  SECTION("upstream show no more than origins that manage nothing but may fail") {
    proxy.any_origin = false;
    holds(proxy);
    proxy.clients = 2;
    proxy.pool.next_loop = true;
    holds(proxy);
    proxy.clients = 1;
    proxy.connections = 2;
    if (!content) holds(proxy);
  }
  SECTION("on both sides show no more than both") {
    proxy.any_origin = false;
    proxy.downstream = managed_hop("client", "proxy");
    holds(proxy);
  }
  SECTION("show what each mutant does") {
    proxy.any_origin = false;
    proxy.downstream = managed_hop("client", "proxy");
    ProxySettings mutant = proxy;
    mutant.exchange.mirrors_client_close = true;
    CHECK(whole_hops(mutant, Private::clients).verdict == Verdict::coupled);
    mutant = proxy;
    mutant.exchange.mirrors_origin_close = true;
    CHECK(whole_hops(mutant, Private::origins).verdict == Verdict::coupled);
    if (content) return;  // requests with content do not say close
    mutant = proxy;
    mutant.exchange.forwards_close = true;
    CHECK(whole_hops(mutant, Private::clients).verdict == Verdict::coupled);
  }
}

TEST_CASE("decoupling: a whole hop of any profile", "[proofs][decoupling]") {
  auto any = [](bool downstream) {
    ProxySettings proxy = general();
    auto flag = [] { return *rc::gen::arbitrary<bool>(); };
    proxy.content = flag();
    proxy.exchange.tries = static_cast<std::uint8_t>(*rc::gen::inRange(0, 2));
    proxy.exchange.on_reset = flag();
    proxy.exchange.buffers_request = flag();
    const deployment::HopSettings hop = test::small_hop();
    RC_LOG() << test::shown(hop);
    if (downstream) {
      proxy.downstream = hop;
      proxy.downstream->server.name = "proxy";
    } else {
      proxy.upstream = hop;
      proxy.any_origin = false;
    }
    for (const Private side : {Private::clients, Private::origins})
      RC_ASSERT(whole_hops(proxy, side).verdict == Verdict::decoupled);
  };
  rc::prop("shows upstream no more than origins that manage nothing but may fail",
           [&] { any(false); });
  rc::prop("shows downstream no more than callers that manage nothing", [&] { any(true); });
}

TEST_CASE("decoupling: the connection of a request that was given up", "[proofs][decoupling]") {
  // Not a matter of decoupling: the client that goes away is a declared channel. The mutant gives
  // its response to the next request.
  ProxySettings proxy = general();
  const auto wrong = 1ull << static_cast<unsigned>(monitor::request::Out::right_response);
  proxy.content = GENERATE(false, true);
  auto finds = [&] {
    const auto explored =
        proofs::explore(deployment::proxy_system(proxy), {.goals = wrong, .stop_when_found = true});
    CHECK((explored.complete || !explored.found.empty()));
    return !explored.found.empty();
  };
  CHECK_FALSE(finds());
  proxy.pool.keeps_cancelled = true;
  CHECK(finds());
}
