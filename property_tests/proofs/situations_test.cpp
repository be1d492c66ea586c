// The four issues that halfclose began with: docs/explanation/four-situations.md.
#include "model/deployment/chain.hpp"
#include "model/deployment/proxy_system.hpp"
#include "proofs/catalogue/judge.hpp"
#include "proofs/decoupling/decoupling.hpp"
#include "proofs/decoupling/proxy_interface.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace halfclose::proofs {
namespace {

ChainReport report_of(const std::string& yaml) {
  const deployment::LoadedChain loaded = deployment::parse_chain(yaml, "situation.yaml");
  INFO(loaded.error.text());
  REQUIRE(loaded.chain.has_value());
  return judge(*loaded.chain);
}
const RaceVerdict& verdict_of(const ChainReport& report, const std::string& race) {
  for (const RaceVerdict& verdict : report.verdicts) {
    if (verdict.race->slug == race) return verdict;
  }
  FAIL("no verdict for " << race);
  throw 0;
}
bool offers(const RaceVerdict& verdict, const std::string& words) {
  return joined(verdict.fixes).find(words) != std::string::npos;
}

TEST_CASE("situation 15788: close on one side, keep on the other", "[situations]") {
  deployment::ProxySettings proxy;
  proxy.any_origin = true;
  proxy.upstream.client.name = "proxy";
  for (const bool mirrors : {false, true}) {
    proxy.exchange.mirrors_origin_close = mirrors;
    deployment::ProxyParts parts;
    const system::System system = without_observers(deployment::proxy_system(proxy, &parts));
    const DecouplingResult result = decoupled(system, origins_hidden(system, parts));
    CHECK(result.verdict ==
          (mirrors ? DecouplingResult::Verdict::coupled : DecouplingResult::Verdict::decoupled));
    CHECK(result.pair.has_value() == mirrors);
  }
}

TEST_CASE("situation 13388: a load balancer reuses what the proxy is closing", "[situations]") {
  const auto with_age = [](const char* age) {
    return report_of(
        std::string("chain:\n  - { name: alb, profile: aws-alb, upstream: { idle_timeout: 60s, "
                    "max_connection_duration: ") +
        age +
        " } }\n  - { name: edge, profile: envoy, downstream: { idle_timeout: 1h, "
        "max_connection_duration: 10m } }\n");
  };
  const ChainReport without = with_age("off");
  CHECK(verdict_of(without, "max-age-close").verdict == Verdict::not_excludable);
  CHECK(verdict_of(without, "keepalive-reuse").verdict == Verdict::absent);
  REQUIRE(verdict_of(without, "max-age-close").witness.has_value());
  const ChainReport own = with_age("9m");
  CHECK(verdict_of(own, "max-age-close").verdict == Verdict::absent);
  REQUIRE(verdict_of(own, "max-age-close").margin.has_value());
  CHECK(verdict_of(with_age("10m"), "max-age-close").verdict == Verdict::absent);
  CHECK(verdict_of(with_age("11m"), "max-age-close").verdict == Verdict::present);
}

TEST_CASE("situation 6815: reuse behind a FIN that is on its way, or in the kernel",
          "[situations]") {
  const auto with = [](const char* check) {
    return report_of(
        std::string("chain:\n  - { name: edge, profile: envoy, upstream: { idle_timeout: 1h, "
                    "reuse_check: ") +
        check + " } }\n  - { name: app, profile: node, downstream: { idle_timeout: 5s } }\n");
  };
  const ChainReport watching = with("event"), peeking = with("peek");
  const RaceVerdict& in_kernel = verdict_of(watching, "stale-in-kernel");
  CHECK(in_kernel.verdict == Verdict::present);
  CHECK(offers(in_kernel, "reuse_check: peek"));
  CHECK(verdict_of(peeking, "stale-in-kernel").verdict == Verdict::absent);
  for (const ChainReport* report : {&watching, &peeking}) {
    const RaceVerdict& in_flight = verdict_of(*report, "keepalive-reuse");
    CHECK(in_flight.verdict == Verdict::present);
    CHECK_FALSE(offers(in_flight, "reuse_check: peek"));
  }
}

TEST_CASE("situation 2715: a waiting request takes a connection that is closing", "[situations]") {
  const auto with = [](const char* attach, const char* close) {
    return report_of(
        std::string("chain:\n  - { name: edge, profile: nginx, upstream: { attach: ") + attach +
        " } }\n  - { name: app, profile: rfc9112, downstream: { unannounced_close: " + close +
        " } }\n");
  };
  const ChainReport at_once = with("same-loop", "after-response"),
                    later = with("next-loop", "after-response");
  for (const ChainReport* report : {&at_once, &later}) {
    CHECK(verdict_of(*report, "attach-on-complete").verdict == Verdict::not_excludable);
    CHECK_FALSE(offers(verdict_of(*report, "attach-on-complete"), "next-loop"));
  }
  // It only narrows: what the kernel has by then is seen, what is on its way is not.
  CHECK(verdict_of(later, "attach-on-complete").reason.find("still on its way") !=
        std::string::npos);
  CHECK(verdict_of(with("same-loop", "never"), "attach-on-complete").verdict == Verdict::absent);
}

}  // namespace
}  // namespace halfclose::proofs
