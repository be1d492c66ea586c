// Interleavings of a composed proxy: whoever goes first, no guarantee breaks; and where a machine
// is made wrong one does, by a path that System::step takes again and `explain` can show.
#include "model/deployment/proxy_system.hpp"
#include "proofs/witness/json.hpp"
#include "proofs/witness/mermaid.hpp"
#include "proofs/witness/re_execute.hpp"
#include "proofs/witness/svg.hpp"
#include "proofs/witness/text.hpp"
#include "property_tests/interleavings/schedule_generator.hpp"
#include "property_tests/model/deployment/proxy_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <memory>

namespace halfclose::test {
namespace {

using deployment::proxy_system;
using deployment::ProxyParts;
using machine::Table;
using monitor::request::Out;
using system::System;

constexpr std::size_t kChoices = 400;

/// Every retry there is, between hops whose timers all run.
ProxySettings busy_proxy(int clients, int connections) {
  ProxySettings proxy;
  proxy.upstream.client.name = "proxy";
  proxy.upstream.server.name = "origin";
  proxy.upstream.client.idle = 60'000'000;
  proxy.upstream.client.response = 15'000'000;
  proxy.upstream.server.idle = 5'000'000;
  proxy.upstream.delay_max = 5'000;
  proxy.exchange = {.on_connect_failure = true,
                    .on_reset = true,
                    .on_empty_response = true,
                    .on_timeout = true,
                    .on_unwritten = true,
                    .tries = 2};
  proxy.clients = clients;
  proxy.connections = connections;
  proxy.attempts_claimed = 3;
  return proxy;
}
ProxySettings with_client(ProxySettings proxy) {
  proxy.downstream = proxy.upstream;
  proxy.downstream->client.name = "client";
  proxy.downstream->server.name = "proxy";
  // Time does not pass: a client that may time out at any moment hardly ever has its response.
  proxy.downstream->client.response = proxy.downstream->server.idle = deployment::kOff;
  return proxy;
}
ProxySettings with_content(ProxySettings proxy) {
  proxy.content = true;
  return proxy;
}
ProxySettings next_loop(ProxySettings proxy) {
  proxy.pool.next_loop = true;
  return proxy;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}
/// Why a run to a failure is no witness that `explain` could show; empty when it is one.
///
/// A step that a component refuses is none of the run: the witness ends before it, and is refused
/// with the same words when it does not.
std::string witness_defect(const ProxySettings& proxy, const System& system, const Run& failed) {
  const proofs::Settings settings = proxy;
  proofs::Stage stage = proofs::stage_of(settings);
  stage.system = system;
  proofs::Path path = failed.path;
  const bool refused = !failed.failure->refused.empty();
  if (refused) path.pop_back();
  proofs::Witness witness = proofs::make_witness(settings, stage, path);
  // The other outputs of the observer are no verdicts.
  const bool judged = (failed.failure->emitted & guarantees_of(proxy)) != 0;
  if (judged) {
    const auto place = static_cast<unsigned>(__builtin_ctzll(failed.failure->emitted));
    for (const system::Observer& one : system.observers) {
      if (place < one.at || place >= one.at + one.shown) continue;
      witness.property = system.components[one.component].table->outputs[place - one.at];
    }
    if (witness.property.empty()) return "no observer has the output";
  }
  if (std::string error = proofs::re_execute(witness, stage); !error.empty()) return error;
  // As a file, and as the pictures of `explain`.
  const proofs::LoadedWitness loaded = proofs::from_json(proofs::to_json(witness));
  if (!loaded.witness) return loaded.error;
  if (loaded.witness->steps != witness.steps || loaded.witness->path != witness.path)
    return "its JSON is read as another";
  const std::string text = proofs::to_text(witness, {.width = 300});
  for (const proofs::Segment& segment : witness.segments) {
    if (!has(text, segment.text)) return "the text has no `" + segment.text + "`";
  }
  for (const std::string& picture : {text, proofs::to_svg(witness), proofs::to_mermaid(witness)}) {
    if (!has(picture, judged ? witness.property : proxy.upstream.server.name))
      return "missing in a picture";
  }
  if (!refused) return {};
  const std::optional<Failure> again = rerun(system, failed.path, 0);
  return again && again->refused == failed.failure->refused ? "" : "refused with other words";
}

std::vector<std::uint64_t> seen_by_adversary(const System& system, std::uint64_t guarantees,
                                             int schedules) {
  std::vector<std::uint64_t> seen(kAdversaries);
  for (int a = 0; a < kAdversaries; ++a) {
    std::mt19937 random(static_cast<std::uint32_t>(a));
    for (int times = 0; times < schedules; ++times) {
      Schedule schedule{.adversary = static_cast<Adversary>(a),
                        .seed = static_cast<std::uint8_t>(times)};
      for (std::size_t i = 0; i < kChoices; ++i)
        schedule.choices.push_back(static_cast<std::uint8_t>(random()));
      const Run one = run(system, schedule, guarantees);
      if (one.failure) {
        FAIL(one.failure->refused << one.failure->emitted << " by\n"
                                  << told(system, shortened(system, one.path, guarantees)));
      }
      seen[static_cast<std::size_t>(a)] |= emitted_by(system, one.path);
    }
  }
  return seen;
}

TEST_CASE("interleavings: no adversary breaks a guarantee", "[interleavings]") {
  const std::vector<std::pair<const char*, ProxySettings>> all = {
      {"2 callers, 1 connection", busy_proxy(2, 1)},
      {"1 caller, 2 connections", busy_proxy(1, 2)},
      {"2 callers, 2 connections", busy_proxy(2, 2)},
      {"content", with_content(busy_proxy(2, 2))},
      {"next loop", next_loop(busy_proxy(2, 1))},
      {"a client", with_client(busy_proxy(1, 1))},
      {"a client with content", with_client(with_content(busy_proxy(1, 1)))},
      {"two clients", with_client(busy_proxy(2, 2))},
  };
  for (const auto& [name, proxy] : all) {
    INFO(name);
    const System system = proxy_system(proxy);
    const auto seen = seen_by_adversary(system, guarantees_of(proxy), 60);
    std::uint64_t by_any = 0;
    for (const std::uint64_t by_one : seen)
      by_any |= by_one;
    // They are not vacuous: requests are answered, fail, are retried, and executed twice.
    for (const Out output : {Out::completed, Out::failed, Out::retried, Out::at_most_once}) {
      INFO("output " << static_cast<int>(output));
      CHECK((by_any & goal(output)) != 0);
    }
  }
}

TEST_CASE("interleavings: any schedule of any proxy", "[interleavings]") {
  rc::prop("is a path that System::step takes again, to the same failure or none", [] {
    ProxySettings proxy = small_proxy();
    const System system = proxy_system(proxy);
    // Not only what must not happen: any output of the observer will do.
    const std::uint64_t outputs =
        goal(*rc::gen::element(Out::failed, Out::retried, Out::completed));
    const Run one = run(system, any_schedule(kChoices), outputs);
    RC_ASSERT(rerun(system, one.path, outputs) == one.failure);
    if (!one.failure) return;
    const proofs::Path shorter = shortened(system, one.path, outputs);
    RC_ASSERT(shorter.size() <= one.path.size());
    RC_ASSERT(rerun(system, shorter, outputs) == one.failure);
    const std::string defect = witness_defect(proxy, system, {shorter, one.failure});
    RC_LOG() << defect << '\n';
    RC_ASSERT(defect.empty());
    for (std::size_t at = 0; at < shorter.size(); ++at) {
      proofs::Path without = shorter;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(at));
      RC_ASSERT(rerun(system, without, outputs) != one.failure);
    }
  });
}

//--- mutants
//-------------------------------------------------------------------------------------------------------

/// A path to a failure, found within `schedules` random ones and shortened: a valid witness.
std::optional<Run> broken(const ProxySettings& proxy, const System& system, std::uint64_t outputs,
                          int schedules = 2'000) {
  std::mt19937 random(1);
  for (int times = 0; times < schedules; ++times) {
    Schedule schedule{.adversary = static_cast<Adversary>(times % kAdversaries),
                      .seed = static_cast<std::uint8_t>(times / kAdversaries)};
    for (std::size_t i = 0; i < kChoices; ++i)
      schedule.choices.push_back(static_cast<std::uint8_t>(random()));
    Run one = run(system, schedule, outputs);
    if (!one.failure) continue;
    one.path = shortened(system, one.path, outputs);
    CHECK(rerun(system, one.path, outputs) == one.failure);
    CHECK(witness_defect(proxy, system, one) == "");
    return one;
  }
  return {};
}

TEST_CASE("interleavings: a pool that keeps the connections of requests given up",
          "[interleavings]") {
  ProxySettings proxy = busy_proxy(2, 1);
  proxy.exchange.tries = 0;
  CHECK_FALSE(broken(proxy, proxy_system(proxy), goal(Out::right_response), 200));
  proxy.pool.keeps_cancelled = true;
  const System system = proxy_system(proxy);
  const auto failure = broken(proxy, system, goal(Out::right_response));
  REQUIRE(failure);
  INFO(failure->failure->refused << "\n" << told(system, failure->path));
  CHECK(failure->path.size() <= 20);
}

TEST_CASE("interleavings: a proxy that retries whatever the method", "[interleavings]") {
  ProxySettings proxy = busy_proxy(2, 1);
  proxy.exchange.method = false;
  CHECK_FALSE(broken(proxy, proxy_system(proxy), guarantees_of(proxy), 200));
  CHECK((guarantees_of(proxy) & goal(Out::at_most_once)) != 0);
  proxy.exchange.method = true;
  const System system = proxy_system(proxy);
  const auto failure = broken(proxy, system, goal(Out::at_most_once));
  REQUIRE(failure);
  INFO(told(system, failure->path));
  CHECK(failure->failure->emitted == goal(Out::at_most_once));
  CHECK(failure->path.size() <= 30);
}

TEST_CASE("interleavings: a proxy that tries once more than it says", "[interleavings]") {
  ProxySettings proxy = busy_proxy(1, 1);
  proxy.attempts_claimed = 2;
  const auto failure = broken(proxy, proxy_system(proxy), guarantees_of(proxy));
  REQUIRE(failure);
  CHECK(failure->failure->emitted == goal(Out::bounded_retry));
}

std::uint16_t row_of(const Table& table, const char* from, const char* on) {
  for (std::uint16_t r = 0; r < table.rows.size(); ++r) {
    if (table.rows[r].from == from && table.rows[r].on == on && table.row_hits()[r] > 0) return r;
  }
  FAIL("no row from " << from << " on " << on);
  return 0;
}

TEST_CASE("interleavings: a table with a row or an output taken out", "[interleavings]") {
  const ProxySettings proxy = busy_proxy(2, 1);
  const auto mutant = [&](bool pool, const char* from, const char* on, int output) {
    ProxyParts parts;
    System system = proxy_system(proxy, &parts);
    for (const system::Index part :
         pool ? std::vector<system::Index>{parts.pool} : parts.exchanges) {
      auto& table = system.components[part].table;
      const std::uint16_t row = row_of(*table, from, on);
      table = std::make_shared<const Table>(
          output < 0 ? machine::without_row(*table, row)
                     : machine::without_output(*table, row, static_cast<std::size_t>(output)));
    }
    return system;
  };
  struct Mutant {
    const char* what;
    bool pool;
    const char *from, *on;
    int output;  ///< its place; -1 is the row
  };
  // Each is noticed: by a guarantee, or by a component that is told what it cannot be told.
  for (const Mutant& one : {
           Mutant{"the pool forgets to close what was given up", true, "serving", "1 gives up", 0},
           Mutant{"the pool misses the end of a connection", true, "serving", "a: closed", -1},
           Mutant{"the exchange gives up and tells nobody", false, "waiting for the response",
                  "client connection closed", 0},
           Mutant{"the exchange retries and asks for no connection", false,
                  "waiting for the response", "response timeout", 1},
           Mutant{"the exchange misses a response", false, "waiting for the response", "response",
                  -1},
       }) {
    INFO(one.what);
    const System system = mutant(one.pool, one.from, one.on, one.output);
    const auto failure = broken(proxy, system, guarantees_of(proxy));
    REQUIRE(failure);
    INFO(failure->failure->refused << failure->failure->emitted << " by\n"
                                   << told(system, failure->path));
    CHECK(failure->path.size() <= 40);
  }
}

}  // namespace
}  // namespace halfclose::test
