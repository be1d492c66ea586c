// Verdicts that must be true: boundaries to the millisecond, and what products are known to do.
#include "proofs/catalogue/judge.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace halfclose;
using deployment::format_duration;
using proofs::Verdict;
using system::Time;

namespace {

constexpr Time kMs = 1000;

proofs::ChainReport report_of(const std::string& yaml, bool advise = true,
                              std::vector<const proofs::Race*> races = {}) {
  const auto loaded = deployment::parse_chain(yaml, "test.yaml");
  INFO(loaded.error.text());
  REQUIRE(loaded.chain.has_value());
  return proofs::judge(*loaded.chain, {.races = std::move(races), .advise = advise});
}
const proofs::RaceVerdict& verdict_of(const proofs::ChainReport& report, const std::string& race,
                                      const std::string& hop = {}) {
  for (const auto& verdict : report.verdicts) {
    if (verdict.race->slug == race && (hop.empty() || verdict.hop == hop)) return verdict;
  }
  FAIL("no verdict for " << race);
  throw 0;
}
bool holds(const proofs::ChainReport& report, const std::string& guarantee) {
  for (const auto& verdict : report.guarantees) {
    if (verdict.guarantee->slug == guarantee && verdict.verdict != Verdict::absent) return false;
  }
  return true;
}
bool mentions(const std::vector<std::string>& fixes, const std::string& words) {
  return std::any_of(fixes.begin(), fixes.end(),
                     [&](const std::string& fix) { return fix.find(words) != std::string::npos; });
}

/// Two nodes of the bare standard.
std::string plain_pair(Time tc, Time ts, Time delay_min, Time delay_max, Time client_stall,
                       Time server_stall, const std::string& client_more = {},
                       const std::string& server_more = {}) {
  return "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: " +
         format_duration(tc) + ", loop_stall: " + format_duration(client_stall) + client_more +
         " } }\n  - link: { delay: " + format_duration(delay_min) + ".." +
         format_duration(delay_max) +
         " }\n  - { name: s, profile: rfc9112, downstream: { idle_timeout: " + format_duration(ts) +
         ", loop_stall: " + format_duration(server_stall) + server_more + " } }\n";
}

}  // namespace

TEST_CASE("check: the boundary of an idle close between plain nodes",
          "[proofs][check][rfc9112-9.5]") {
  // The server starts its timer when it has written; the response takes d and waits for a stalled
  // client; the client keeps the connection Tc, and its timer may run a stall late; the request
  // takes d, and waits for a stalled server that runs timers before it reads. Ts - Tc equal to all
  // that is still a race.
  struct Case {
    Time tc, delay_min, delay_max, client_stall, server_stall;
  };
  const Case cases[] = {
      {60'000 * kMs, 0, 0, 0, 0},
      {60'000 * kMs, 5 * kMs, 5 * kMs, 0, 0},
      {60'000 * kMs, 100, 5 * kMs, 0, 0},
      {60'000 * kMs, 0, 5 * kMs, 10 * kMs, 0},
      {60'000 * kMs, 0, 5 * kMs, 0, 10 * kMs},
      {60'000 * kMs, 100, 5 * kMs, 10 * kMs, 10 * kMs},
      {5'000 * kMs, 100, 2 * kMs, 1 * kMs, 7 * kMs},
      {5'000 * kMs, 1 * kMs, 1 * kMs, 200 * kMs, 3 * kMs},
      {5'000 * kMs, 50 * kMs, 150 * kMs, 10 * kMs, 10 * kMs},
      {1'000 * kMs, 10, 20, 30, 40},
      {1'000 * kMs, 200 * kMs, 200 * kMs, 50 * kMs, 0},
      {1'000 * kMs, 0, 1, 0, 0},
      {100 * kMs, 30 * kMs, 90 * kMs, 40 * kMs, 40 * kMs},
      {1, 1, 1, 1, 1},
      {0, 5 * kMs, 5 * kMs, 10 * kMs, 10 * kMs},
      {10 * kMs, 5 * kMs, 50 * kMs, 0, 500 * kMs},
      {3'600'000 * kMs, 100, 5 * kMs, 10 * kMs, 10 * kMs},
      {3'600'000 * kMs, 0, 250 * kMs, 1'000 * kMs, 1'000 * kMs},
      {15'000 * kMs, 7, 13 * kMs, 17 * kMs, 19 * kMs},
      {2'500 * kMs, 1'000 * kMs, 1'001 * kMs, 0, 1 * kMs},
      {4'000 * kMs, 0, 0, 100 * kMs, 0},
      {4'000 * kMs, 0, 0, 0, 100 * kMs},
  };
  for (const Case& c : cases) {
    const Time window = 2 * c.delay_max + 2 * c.client_stall + c.server_stall;
    INFO("Tc " << format_duration(c.tc) << " delay " << format_duration(c.delay_min) << ".."
               << format_duration(c.delay_max) << " stalls " << format_duration(c.client_stall)
               << ", " << format_duration(c.server_stall));
    const auto at = [&](Time ts, bool advise = false) {
      return report_of(
          plain_pair(c.tc, ts, c.delay_min, c.delay_max, c.client_stall, c.server_stall), advise,
          {proofs::find_race("keepalive-reuse")});
    };
    CHECK(verdict_of(at(c.tc + window), "keepalive-reuse").verdict == Verdict::present);
    const auto beyond = at(c.tc + window + 1 * kMs, true);
    CHECK(verdict_of(beyond, "keepalive-reuse").verdict == Verdict::absent);
    REQUIRE(verdict_of(beyond, "keepalive-reuse").margin.has_value());
    CHECK(*verdict_of(beyond, "keepalive-reuse").margin == 1 * kMs);
    CHECK(verdict_of(at(c.tc + window + 1), "keepalive-reuse").verdict == Verdict::absent);
  }
}

TEST_CASE("check: a server that reads before it runs its timers", "[proofs][check]") {
  // Its own stall widens nothing; timers that count from the last poll fire up to a stall early.
  const auto at = [](Time ts, const std::string& more) {
    return verdict_of(
               report_of(plain_pair(5'000 * kMs, ts, 0, 2 * kMs, 3 * kMs, 50 * kMs, {}, more),
                         false),
               "keepalive-reuse")
        .verdict;
  };
  CHECK(at(5'010 * kMs, ", loop_order: io-first") == Verdict::present);
  CHECK(at(5'010 * kMs + 1, ", loop_order: io-first") == Verdict::absent);
  CHECK(at(5'060 * kMs, ", loop_order: io-first, timer_clock: cached") == Verdict::present);
  CHECK(at(5'060 * kMs + 1, ", loop_order: io-first, timer_clock: cached") == Verdict::absent);
  CHECK(at(5'110 * kMs, ", loop_order: timers-first, timer_clock: cached") == Verdict::present);
  CHECK(at(5'110 * kMs + 1, ", loop_order: timers-first, timer_clock: cached") == Verdict::absent);
  const auto io_first = report_of(plain_pair(5'000 * kMs, 5'000 * kMs, 0, 2 * kMs, 3 * kMs,
                                             50 * kMs, {}, ", loop_order: io-first"));
  CHECK(verdict_of(io_first, "timer-beats-data").verdict == Verdict::absent);
}

TEST_CASE("check: a server that looks ahead closes earlier by that", "[proofs][check]") {
  const auto at = [](Time ts) {
    return verdict_of(report_of(plain_pair(5'000 * kMs, ts, 0, 2 * kMs, 3 * kMs, 50 * kMs, {},
                                           ", loop_order: io-first, idle_early: 100ms"),
                                false),
                      "keepalive-reuse")
        .verdict;
  };
  CHECK(at(5'110 * kMs) == Verdict::present);
  CHECK(at(5'110 * kMs + 1) == Verdict::absent);
}

TEST_CASE("check: an age that is looked at when a response is over", "[proofs][check]") {
  const auto report = [](const std::string& check, const std::string& server) {
    return report_of(
        "chain:\n  - { name: web, profile: rfc9112, upstream: { idle_timeout: 2m, "
        "max_connection_duration: 9m, max_age_check: " +
        check + " } }\n  - { name: app, profile: rfc9112, downstream: { " + server + " } }\n");
  };
  const std::string aged = "idle_timeout: off, max_connection_duration: 10m";
  CHECK(verdict_of(report("timer", aged), "max-age-close").verdict == Verdict::absent);
  const auto freed = report("when-freed", aged);
  // It lies in the pool for up to two minutes more.
  CHECK(verdict_of(freed, "max-age-close").verdict == Verdict::present);
  CHECK(mentions(verdict_of(freed, "max-age-close").fixes,
                 "lower `web.upstream.max_connection_duration` below 479."));
  // No age keeps a pooled connection from being older than the server's idle timeout.
  const std::string idle = "idle_timeout: 60s, max_connection_duration: off";
  CHECK(mentions(verdict_of(report("timer", idle), "stale-in-kernel").fixes,
                 "`web.upstream.max_connection_duration`"));
  CHECK_FALSE(mentions(verdict_of(report("when-freed", idle), "stale-in-kernel").fixes,
                       "`web.upstream.max_connection_duration`"));
}

TEST_CASE("check: a reuser without an idle bound", "[proofs][check]") {
  const auto report = report_of(
      "chain:\n  - { name: proxy, profile: haproxy-2 }\n  - { name: app, profile: rfc9112, "
      "downstream: { idle_timeout: 300s } }\n");
  const auto& verdict = verdict_of(report, "keepalive-reuse");
  CHECK(verdict.verdict == Verdict::not_excludable);
  CHECK(verdict.witness.has_value());
  CHECK(mentions(verdict.fixes, "give proxy an idle timeout well below that of app"));
  CHECK(mentions(verdict.fixes, "`max_requests: 1`"));
  CHECK_FALSE(mentions(verdict.fixes, "raise `app.downstream.idle_timeout`"));
}

TEST_CASE("check: an announced close", "[proofs][check][rfc9112-9.6]") {
  const auto aged = [](const std::string& how) {
    return report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s, pipelining: false "
        "} }\n"
        "  - { name: s, profile: rfc9112, downstream: { idle_timeout: off, "
        "max_connection_duration: 60s, max_age_close: " +
        how + " } }\n");
  };
  CHECK(verdict_of(aged("announced"), "max-age-close").verdict == Verdict::absent);
  CHECK(verdict_of(aged("plain"), "max-age-close").verdict == Verdict::not_excludable);
  CHECK(mentions(verdict_of(aged("plain"), "max-age-close").fixes, "max_age_close: announced"));
  const auto shut = [](const std::string& how) {
    return report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s } }\n"
        "  - { name: s, profile: rfc9112, downstream: { shutdown_close: " +
        how + " } }\n");
  };
  CHECK(verdict_of(shut("announced"), "shutdown-close").verdict == Verdict::absent);
  CHECK(verdict_of(shut("plain"), "shutdown-close").verdict == Verdict::not_excludable);
}

TEST_CASE("check: a client that ends connections earlier than the server ages them",
          "[proofs][check]") {
  const auto at = [](Time client_age) {
    return report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s, "
        "max_connection_duration: " +
        format_duration(client_age) +
        " } }\n  - link: { delay: 5ms }\n"
        "  - { name: s, profile: rfc9112, downstream: { idle_timeout: off, "
        "max_connection_duration: 60s } }\n");
  };
  const auto safe = at(59'000 * kMs);
  const auto& verdict = verdict_of(safe, "max-age-close");
  REQUIRE(verdict.verdict == Verdict::absent);
  REQUIRE(verdict.margin.has_value());
  CHECK(verdict_of(at(59'000 * kMs + *verdict.margin), "max-age-close").verdict ==
        Verdict::present);
  CHECK(verdict_of(at(59'000 * kMs + *verdict.margin - 1), "max-age-close").verdict ==
        Verdict::absent);
}

TEST_CASE("check: the load balancer, Envoy and Node", "[proofs][check]") {
  const auto report = report_of(
      "chain:\n  - { name: alb, profile: aws-alb, upstream: { idle_timeout: 60s } }\n  - link: { "
      "delay: 0.2ms..2ms }\n"
      "  - name: edge\n    profile: envoy\n    downstream: { idle_timeout: 60s, drain_timeout: 5s, "
      "close_timeout: 1s }\n"
      "    upstream: { idle_timeout: 1h }\n  - { name: app, profile: node, downstream: { "
      "idle_timeout: 5s } }\n");
  // 60 s against 60 s would be a race for plain nodes; Envoy serves through its drain window.
  const auto& reuse = verdict_of(report, "keepalive-reuse", "alb->edge");
  CHECK(reuse.verdict == Verdict::absent);
  REQUIRE(reuse.margin.has_value());
  CHECK(*reuse.margin > 4'900 * kMs);
  CHECK(*reuse.margin < 5'000 * kMs);
  CHECK(verdict_of(report, "closing-dead-zone", "alb->edge").verdict == Verdict::absent);
  CHECK(verdict_of(report, "keepalive-reuse", "edge->app").verdict == Verdict::present);
  CHECK(verdict_of(report, "keepalive-reuse", "edge->app").witness.has_value());
  CHECK(verdict_of(report, "timer-beats-data", "edge->app").verdict == Verdict::present);
  CHECK(proofs::exit_code(report) == 1);
}

TEST_CASE("check: Envoy's dead zone", "[proofs][check]") {
  const auto at = [](Time tc) {
    return report_of("chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: " +
                     format_duration(tc) +
                     ", loop_stall: 0s, pipelining: false } }\n  - link: { delay: 1ms }\n"
                     "  - { name: edge, profile: envoy, downstream: { idle_timeout: 60s, "
                     "drain_timeout: 5s, close_timeout: 1s, "
                     "loop_stall: 0s, idle_timer_starts: response-written } }\n");
  };
  CHECK(verdict_of(at(64'997 * kMs), "closing-dead-zone").verdict == Verdict::absent);
  CHECK(verdict_of(at(64'998 * kMs), "closing-dead-zone").verdict == Verdict::present);
  CHECK(verdict_of(at(64'998 * kMs), "keepalive-reuse").verdict == Verdict::present);
  const auto plain = report_of(
      "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 70s } }\n"
      "  - { name: edge, profile: envoy, downstream: { idle_timeout: 60s, close_style: plain } "
      "}\n");
  CHECK(verdict_of(plain, "closing-dead-zone").verdict == Verdict::absent);
}

TEST_CASE("check: who loses the response to an unfinished request",
          "[proofs][check][rfc9112-9.6]") {
  struct Case {
    std::string style, write_error, reads;
    bool fits;
    Verdict expected;
  };
  const Verdict present = Verdict::present, absent = Verdict::absent;
  const Case cases[] = {
      // At once: whoever does not read after the failed write; and everybody, when a tail waits in
      // the kernel.
      {"plain", "fatal", "true", true, present},
      {"plain", "reads-response", "true", true, absent},
      {"plain", "reads-response", "false", true, absent},
      {"plain", "reads-response", "true", false, present},
      {"plain", "fatal", "false", true, present},
      // Without reading: a client that writes on past the timeout meets a RST.
      {"delayed", "fatal", "false", true, present},
      {"delayed", "reads-response", "false", true, absent},
      {"delayed", "fatal", "true", true, absent},
      {"half-close-wait", "fatal", "false", true, present},
      {"half-close-wait", "reads-response", "false", true, absent},
      {"half-close-wait", "fatal", "true", true, absent},
      // With reading: nobody, as long as the content comes within the timeout.
      {"half-close-drain", "fatal", "false", true, absent},
      {"half-close-drain", "fatal", "false", false, absent},
      {"half-close-drain", "reads-response", "true", false, absent},
      {"drain-then-fin", "fatal", "false", true, absent},
      {"drain-then-fin", "fatal", "false", false, absent},
      {"drain-then-fin", "reads-response", "true", false, absent},
  };
  for (const Case& c : cases) {
    INFO(c.style << ", write error " << c.write_error << ", reads while sending " << c.reads
                 << ", fits " << c.fits);
    const std::string timeouts = c.style == "delayed"           ? ", close_timeout: 1s"
                                 : c.style == "half-close-wait" ? ", close_timeout: 500ms"
                                 : c.style == "half-close-drain"
                                     ? ", close_timeout: 5s, linger_time: 30s"
                                     : "";
    const auto report = report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { pipelining: false, write_error: " +
            c.write_error + ", reads_while_sending: " + c.reads +
            " } }\n  - { name: s, profile: rfc9112, downstream: { close_style: " + c.style +
            timeouts + " } }\nrequests: { content_within: 2s, responses_fit: " +
            (c.fits ? "true" : "false") + " }\n",
        false);
    CHECK(verdict_of(report, "early-response-reset").verdict == c.expected);
    CHECK(holds(report, "response-kept") == (c.expected == absent));
  }
}

TEST_CASE("check: a kernel that discards unread bytes on RST", "[proofs][check]") {
  const auto with = [](const std::string& queue) {
    return verdict_of(report_of("chain:\n  - { name: c, profile: rfc9112, upstream: { pipelining: "
                                "false, write_error: reads-response, "
                                "receive_queue_after_rst: " +
                                    queue +
                                    " } }\n  - { name: s, profile: rfc9112 }\n"
                                    "requests: { responses_fit: true }\n",
                                false),
                      "early-response-reset")
        .verdict;
  };
  CHECK(with("kept") == Verdict::absent);
  CHECK(with("discarded") == Verdict::present);
}

TEST_CASE("check: a peek before reuse", "[proofs][check]") {
  const auto with = [](const std::string& check, const std::string& race) {
    return verdict_of(report_of("chain:\n  - { name: c, profile: rfc9112, upstream: { "
                                "idle_timeout: 60s, pipelining: false, reuse_check: " +
                                    check +
                                    " } }\n  - { name: s, profile: rfc9112, downstream: { "
                                    "idle_timeout: 60s } }\n",
                                false),
                      race)
        .verdict;
  };
  CHECK(with("event", "stale-in-kernel") == Verdict::present);
  CHECK(with("peek", "stale-in-kernel") == Verdict::absent);
  CHECK(with("peek", "keepalive-reuse") ==
        Verdict::present);  // a FIN in flight is nowhere to be seen
}

TEST_CASE("check: every fix that is offered", "[proofs][check]") {
  // A threshold is a value at which the race still happens; one microsecond further it does not.
  const auto loaded = deployment::parse_chain(
      plain_pair(60'000 * kMs, 60'000 * kMs, 100, 5 * kMs, 10 * kMs, 10 * kMs), "t");
  REQUIRE(loaded.chain.has_value());
  const auto settings = deployment::hop_settings(*loaded.chain, 0);
  const auto analysis = proofs::analyse(settings);
  int thresholds = 0, mitigations = 0;
  for (const auto& judged : analysis.races) {
    for (const auto& threshold : judged.thresholds) {
      auto moved = settings;
      Time& value = threshold.knob.timer == deployment::hop::client_idle ? moved.client.idle
                                                                         : moved.server.idle;
      value += threshold.delta + threshold.knob.safer;
      for (const auto& again :
           proofs::analyse(moved, {.races = {judged.race}, .advise = false}).races) {
        CHECK(again.verdict == Verdict::absent);
      }
      value -= threshold.knob.safer;
      for (const auto& again :
           proofs::analyse(moved, {.races = {judged.race}, .advise = false}).races) {
        CHECK(again.verdict != Verdict::absent);
      }
      ++thresholds;
    }
    for (const auto* mitigation : judged.excluded_by) {
      auto moved = settings;
      REQUIRE(mitigation->apply(moved));
      moved = proofs::with_needs(moved, judged.race->needs);
      for (const auto& again :
           proofs::analyse(moved, {.races = {judged.race}, .advise = false}).races) {
        CHECK(again.verdict == Verdict::absent);
      }
      ++mitigations;
    }
  }
  CHECK(thresholds >= 4);
  CHECK(mitigations >= 4);
}

TEST_CASE("check: a limit that is hit", "[proofs][check]") {
  const auto loaded =
      deployment::parse_chain(plain_pair(60'000 * kMs, 60'000 * kMs, 100, 5 * kMs, 0, 0), "t");
  const auto report = proofs::judge(*loaded.chain, {.limits = {.states = 10}, .advise = false});
  for (const auto& verdict : report.verdicts) {
    CHECK(verdict.verdict == Verdict::undecided);
    CHECK(verdict.reason == "stopped after 10 zones");
  }
  CHECK(proofs::exit_code(report) == 3);
}

TEST_CASE("check: every race", "[proofs][check]") {
  // Shown able to happen by its example, and able not to happen by another chain.
  for (const auto& race : proofs::races()) {
    INFO(race.slug);
    const auto loaded = deployment::load_chain(HALFCLOSE_SOURCE_DIR "/examples/races/" +
                                               std::string(race.slug) + ".yaml");
    REQUIRE(loaded.chain.has_value());
    const auto report = proofs::judge(*loaded.chain, {.races = {&race}, .advise = false});
    CHECK(verdict_of(report, std::string(race.slug)).witness.has_value());
    const auto safe = report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s, pipelining: "
        "false, write_error: reads-response } }\n"
        "  - { name: s, profile: rfc9112, downstream: { idle_timeout: 60s, close_style: "
        "drain-then-fin, shutdown_close: announced } }\n",
        false);
    CHECK(verdict_of(safe, std::string(race.slug)).verdict == Verdict::absent);
    CHECK(proofs::exit_code(safe) == 0);
  }
}

namespace {

/// A client and a server of the bare standard that are safe but for what is said here.
std::string safe_pair(const std::string& client_more, const std::string& server_more,
                      const std::string& requests = "with_body: true",
                      const std::string& link = "1ms") {
  return "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s, pipelining: "
         "false" +
         client_more + " } }\n  - link: { delay: " + link +
         " }\n  - { name: s, profile: rfc9112, downstream: { idle_timeout: 60s" + server_more +
         " } }\nrequests: { " + requests + " }\n";
}
Verdict verdict_with(const std::string& race, const std::string& client_more,
                     const std::string& server_more,
                     const std::string& requests = "with_body: true",
                     const std::string& link = "1ms") {
  const auto report = report_of(safe_pair(client_more, server_more, requests, link), false,
                                {proofs::find_race(race)});
  CHECK(holds(report, "one-outcome"));
  CHECK(holds(report, "right-response"));
  CHECK(holds(report, "no-other-loss"));
  return verdict_of(report, race).verdict;
}

}  // namespace

TEST_CASE("check: a request that waited for the connection", "[proofs][check]") {
  const auto with = [](const std::string& attach, const std::string& close) {
    return verdict_with("attach-on-complete", ", attach: " + attach,
                        ", unannounced_close: " + close);
  };
  CHECK(with("same-loop", "after-response") == Verdict::not_excludable);
  // A loop later the FIN that has arrived is seen; one that is on its way is not.
  CHECK(with("next-loop", "after-response") == Verdict::not_excludable);
  CHECK(with("same-loop", "never") == Verdict::absent);
  CHECK(with("next-loop", "never") == Verdict::absent);
  const auto report = report_of(safe_pair({}, ", unannounced_close: after-response"), true,
                                {proofs::find_race("attach-on-complete")});
  const auto& fixes = verdict_of(report, "attach-on-complete").fixes;
  CHECK(mentions(fixes, "put the close option on each response"));
  CHECK_FALSE(mentions(fixes, "next-loop"));
}

TEST_CASE("check: persistence that is signalled wrongly", "[proofs][check][rfc9112-9.6]") {
  const std::string race = "persistence-missignalled";
  CHECK(verdict_with(race, {}, ", unannounced_close: after-response") == Verdict::not_excludable);
  CHECK(verdict_with(race, {}, ", unannounced_close: never") == Verdict::absent);
  CHECK(verdict_with(race, ", honours_close: false", ", max_requests: 100") ==
        Verdict::not_excludable);
  CHECK(verdict_with(race, ", honours_close: true", ", max_requests: 100") == Verdict::absent);
  CHECK(verdict_with(race, ", honours_close: false", {}, "with_body: false") == Verdict::absent);
  // Whoever pipelines has asked before it could know, and asks again elsewhere.
  CHECK(verdict_with(race, ", honours_close: false, max_requests: 1", ", max_requests: 100") ==
        Verdict::absent);
}

TEST_CASE("check: a pool that does not read", "[proofs][check]") {
  // The FIN leaves Ts after the response did, both take 5 ms; the next request follows Tc after it.
  const auto at = [](Time ts, const std::string& check) {
    return verdict_of(report_of(plain_pair(5'000 * kMs, ts, 5 * kMs, 5 * kMs, 0, 0,
                                           ", pipelining: false, reuse_check: " + check),
                                false, {proofs::find_race("reads-paused-in-pool")}),
                      "reads-paused-in-pool")
        .verdict;
  };
  CHECK(at(5'000 * kMs, "none") == Verdict::present);
  CHECK(at(5'000 * kMs + 1, "none") == Verdict::absent);
  CHECK(at(5'001 * kMs, "none") == Verdict::absent);
  CHECK(at(1'000 * kMs, "event") == Verdict::absent);
  CHECK(at(1'000 * kMs, "peek") == Verdict::absent);
}

TEST_CASE("check: a failed write in front of a response", "[proofs][check][rfc9112-9.5]") {
  const std::string race = "early-upstream-response";
  CHECK(verdict_with(race, ", write_error: fatal", ", close_style: plain") == Verdict::present);
  CHECK(verdict_with(race, ", write_error: reads-response", ", close_style: plain") ==
        Verdict::absent);
  CHECK(verdict_with(race, ", write_error: fatal", ", close_style: drain-then-fin") ==
        Verdict::absent);
  CHECK(verdict_with(race, ", write_error: fatal", ", close_style: plain", "with_body: false") ==
        Verdict::absent);
}

TEST_CASE("check: an idle timer that runs while the connection is opened", "[proofs][check]") {
  const auto at = [](Time idle, const std::string& starts, const std::string& stall = "0s") {
    return verdict_of(
        report_of("chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: " +
                      format_duration(idle) + ", loop_stall: " + stall +
                      ", idle_timer_starts: " + starts +
                      " } }\n  - link: { delay: 1ms..5ms }\n  - { name: s, profile: rfc9112 }\n",
                  false, {proofs::find_race("timer-armed-early")}),
        "timer-armed-early");
  };
  // SYN and SYN,ACK take 5 ms each.
  CHECK(at(10 * kMs, "connection-start").verdict == Verdict::present);
  CHECK(at(10 * kMs + 1, "connection-start").verdict == Verdict::absent);
  CHECK(at(11 * kMs, "connection-start").verdict == Verdict::absent);
  CHECK(at(10 * kMs, "response-read").verdict == Verdict::absent);
  // Timers run first: the connection may be open and the client have not looked.
  CHECK(at(13 * kMs, "connection-start", "3ms").verdict == Verdict::present);
  CHECK(at(13 * kMs + 1, "connection-start", "3ms").verdict == Verdict::absent);
}

TEST_CASE("check: a client that shuts its write side down", "[proofs][check][rfc9112-9.6]") {
  const std::string race = "half-closed-client";
  CHECK(verdict_with(race, ", half_close: true", ", half_closed_client: abort") ==
        Verdict::present);
  CHECK(verdict_with(race, ", half_close: true", ", half_closed_client: serve") == Verdict::absent);
  CHECK(verdict_with(race, ", half_close: false", ", half_closed_client: abort") ==
        Verdict::absent);
}

TEST_CASE("check: a response that ends with the connection", "[proofs][check][rfc9112-8]") {
  const auto with = [](const std::string& framing, const std::string& fits,
                       const std::string& more = {}) {
    return report_of(safe_pair({}, ", framing: " + framing + more, "responses_fit: " + fits), false,
                     {proofs::find_race("close-delimited-truncation")});
  };
  const std::string race = "close-delimited-truncation";
  CHECK(verdict_of(with("close-delimited", "false"), race).verdict == Verdict::present);
  CHECK_FALSE(holds(with("close-delimited", "false"), "whole-or-error"));
  // Nothing of a response that leaves at once can be missing.
  CHECK(verdict_of(with("close-delimited", "true"), race).verdict == Verdict::absent);
  CHECK(holds(with("close-delimited", "true"), "whole-or-error"));
  // A crash within a response of known length shows, however the server closes.
  for (const char* style : {"plain", "delayed", "half-close-drain", "half-close-wait"}) {
    const auto report =
        with("length", "false", std::string(", close_timeout: 1s, close_style: ") + style);
    CHECK(verdict_of(report, race).verdict == Verdict::absent);
    CHECK(holds(report, "whole-or-error"));
  }
  const auto fixes =
      report_of(safe_pair({}, ", framing: close-delimited"), true, {proofs::find_race(race)});
  CHECK(mentions(verdict_of(fixes, race).fixes, "framing: length"));
}

TEST_CASE("check: a client that waits for the server's close", "[proofs][check][rfc9112-9.6]") {
  const auto with = [](const std::string& waits, const std::string& style,
                       Time close = 1'000 * kMs) {
    return verdict_with(
        "close-latency", ", reads_while_sending: true, loop_stall: 0s, waits_for_close: " + waits,
        ", loop_stall: 0s, close_style: " + style + ", close_timeout: " + format_duration(close),
        "with_body: true", "2ms..5ms");
  };
  CHECK(with("true", "delayed") == Verdict::present);
  CHECK(with("false", "delayed") == Verdict::absent);
  // A server that has sent its FIN keeps nobody; one that reads the rest first waits for it.
  CHECK(with("true", "plain") == Verdict::absent);
  CHECK(with("true", "half-close-drain") == Verdict::absent);
  CHECK(with("true", "half-close-wait") == Verdict::absent);
  CHECK(with("true", "drain-then-fin") == Verdict::present);
  // The response takes 2 ms at least: a timer that fires before keeps nobody waiting.
  CHECK(with("true", "delayed", 2 * kMs) == Verdict::present);
  CHECK(with("true", "delayed", 2 * kMs - 1) == Verdict::absent);
}

TEST_CASE("check: a middlebox that forgets", "[proofs][check]") {
  // The response passes it when it leaves, 5 ms before the client has it; the next request comes to
  // it Tc and 5 ms later.
  const auto at = [](const std::string& timeout, const std::string& client_more = {},
                     const std::string& server_more = {}) {
    const auto report = report_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 300s, loop_stall: 0s, "
        "pipelining: false" +
            client_more + " } }\n  - link: { delay: 5ms, middlebox_timeout: " + timeout +
            " }\n  - { name: s, profile: rfc9112, downstream: { idle_timeout: 400s, close_style: "
            "drain-then-fin" +
            server_more + " } }\n",
        false, {proofs::find_race("silent-drop")});
    CHECK(holds(report, "no-other-loss"));
    CHECK(holds(report, "one-outcome"));
    CHECK(holds(report, "right-response"));
    return verdict_of(report, "silent-drop").verdict;
  };
  CHECK(at("off") == Verdict::absent);
  CHECK(at("350s") == Verdict::absent);
  CHECK(at("300.01s") == Verdict::present);
  CHECK(at("300.011s") == Verdict::absent);
  CHECK(at("300.010001s") == Verdict::absent);
  // Probes of either end keep it awake, when they come in time.
  for (const bool of_client : {false, true}) {
    const auto probed = [&](const std::string& interval) {
      const std::string key = ", tcp_keepalive: " + interval;
      return of_client ? at("240s", key) : at("240s", {}, key);
    };
    CHECK(probed("off") == Verdict::present);
    CHECK(probed("60s") == Verdict::absent);
    CHECK(probed("239.995s") == Verdict::present);
    CHECK(probed("239.994999s") == Verdict::absent);
    CHECK(probed("7200s") == Verdict::present);
  }
  // A client that waits without bound, and one that gives up, lose it all the same.
  CHECK(at("240s", ", response_timeout: 15s") == Verdict::present);
}

TEST_CASE("check: a server that is removed while it is pooled", "[proofs][check]") {
  const std::string race = "removed-while-pooled";
  CHECK(verdict_with(race, ", on_removal: keep", ", shutdown_close: plain") ==
        Verdict::not_excludable);
  CHECK(verdict_with(race, ", on_removal: close", ", shutdown_close: plain") == Verdict::absent);
  CHECK(verdict_with(race, ", on_removal: keep", ", shutdown_close: announced") == Verdict::absent);
  // Who is not told, or is told too late, still loses requests to the shutdown.
  CHECK(verdict_with("shutdown-close", ", on_removal: close", ", shutdown_close: plain") ==
        Verdict::not_excludable);
}

namespace {

/// Envoy in front of Node: the connection dies long before the pool lets go of it.
std::string retrying(const std::string& retry) {
  return "chain:\n  - { name: edge, profile: envoy, upstream: { idle_timeout: 1h, retry: { " +
         retry +
         " } } }\n  - link: { delay: 0.1ms..2ms }\n  - { name: app, profile: node, downstream: "
         "{ shutdown_close: announced } }\nrequests: { methods: [GET], with_body: false }\n";
}
const proofs::PropertyVerdict& property_of(const proofs::ChainReport& report,
                                           const std::string& slug, const std::string& hop = {}) {
  for (const auto& verdict : report.properties) {
    if (verdict.slug == slug && (hop.empty() || verdict.hop == hop)) return verdict;
  }
  FAIL("no verdict for " << slug);
  throw 0;
}

}  // namespace

TEST_CASE("check: a retry that may take another used connection hides nothing", "[proofs][check]") {
  for (const char* policy : {"on: [reset], tries: 1", "on: [reset], tries: 3",
                             "on: [reset], tries: 1, only_reused: true"}) {
    INFO(policy);
    const auto report = report_of(retrying(policy));
    CHECK(verdict_of(report, "keepalive-reuse").verdict == Verdict::present);
    CHECK(verdict_of(report, "keepalive-reuse").masked_for.empty());
    const proofs::PropertyVerdict& cascade = property_of(report, "stale-pool-cascade");
    REQUIRE(cascade.verdict == Verdict::present);
    // It ends with a connection that was dead, not with one that did not answer in time.
    const proofs::WitnessStep& last = cascade.witness->steps.back();
    int dead = 0, expired = 0;
    for (const proofs::Happening& happening : last.happenings) {
      dead += happening.kind == proofs::Happening::Kind::verdict &&
              proofs::find_race(happening.text) != nullptr;
      expired += happening.text.find("response_timeout") != std::string::npos;
    }
    CHECK(dead > 0);
    CHECK(expired == 0);
    CHECK(proofs::exit_code(report) == 1);
  }
}

TEST_CASE("check: a retry on a new connection masks, and so does one that is free until then",
          "[proofs][check]") {
  for (const char* policy : {"on: [reset], tries: 1, fresh_connection: true",
                             "on: [reset], tries: 1, reused_is_free: true"}) {
    INFO(policy);
    const auto report = report_of(retrying(policy));
    for (const char* race : {"keepalive-reuse", "stale-in-kernel", "timer-beats-data"}) {
      INFO(race);
      CHECK(verdict_of(report, race).verdict == Verdict::masked);
      CHECK(verdict_of(report, race).masked_for == "GET");
    }
    CHECK(property_of(report, "stale-pool-cascade").verdict == Verdict::absent);
  }
  const auto none = report_of(retrying("on: [none]"));
  CHECK(verdict_of(none, "keepalive-reuse").verdict == Verdict::present);
  CHECK(property_of(none, "stale-pool-cascade").verdict == Verdict::absent);
}

TEST_CASE("check: a limit never makes something absent over the pool", "[proofs][check]") {
  const auto loaded =
      deployment::parse_chain(retrying("on: [reset], tries: 1"), "limits.yaml").chain;
  REQUIRE(loaded.has_value());
  const auto whole = proofs::judge(*loaded);
  int undecided = 0;
  for (const std::uint64_t zones : {50, 5'000, 20'000, 100'000, 400'000}) {
    INFO(zones << " zones");
    const auto limited = proofs::judge(*loaded, {.limits = {.states = zones}, .advise = false});
    REQUIRE(limited.properties.size() == whole.properties.size());
    for (std::size_t i = 0; i < whole.properties.size(); ++i) {
      const Verdict verdict = limited.properties[i].verdict;
      INFO(whole.properties[i].slug);
      CHECK((verdict == whole.properties[i].verdict || verdict == Verdict::undecided));
      if (verdict == Verdict::undecided) CHECK_FALSE(limited.properties[i].reason.empty());
      undecided += verdict == Verdict::undecided;
    }
    for (const proofs::RaceVerdict& verdict : limited.verdicts)
      CHECK(verdict.verdict != Verdict::masked);
  }
  CHECK(undecided > 5);
}

TEST_CASE("check: a method that is not retried is not masked", "[proofs][check]") {
  std::string chain = retrying("on: [reset], methods: [GET], tries: 1, fresh_connection: true");
  chain.replace(chain.find("[GET], with_body"), 5, "[GET, POST]");
  const auto report = report_of(chain);
  CHECK(verdict_of(report, "keepalive-reuse").verdict == Verdict::present);
  CHECK(verdict_of(report, "keepalive-reuse").masked_for == "GET");
}

TEST_CASE("check: hops with equal settings keep their own names", "[proofs][check]") {
  const auto report = report_of(
      "chain:\n"
      "  - { name: a1, profile: envoy, upstream: { idle_timeout: off, reuse_check: none } }\n"
      "  - { name: b1, profile: envoy, downstream: { idle_timeout: 5s }, upstream: { idle_timeout: "
      "off, reuse_check: none } }\n"
      "  - { name: c1, profile: envoy, downstream: { idle_timeout: 5s } }\n");
  for (const auto& [hop, other] : {std::pair{"a1->b1", "b1 kernel"}, {"b1->c1", "a1 kernel"}}) {
    const proofs::PropertyVerdict& leak = property_of(report, "socket-leak", hop);
    REQUIRE(leak.verdict == Verdict::present);
    CHECK(leak.reason.find(std::string(hop, 2) + " kernel stays") != std::string::npos);
    CHECK(leak.reason.find(other) == std::string::npos);
  }
}

TEST_CASE("check: content that is kept can be sent again", "[proofs][check]") {
  for (const bool keeps : {false, true}) {
    const auto report = report_of(
        "chain:\n  - { name: edge, profile: envoy, upstream: { idle_timeout: 1h, retry: { on: "
        "[reset], "
        "methods: all, fresh_connection: true, keeps_content: " +
        std::string(keeps ? "true" : "false") +
        " } } }\n  - { name: app, profile: node }\nrequests: { methods: [POST], with_body: true "
        "}\n");
    CHECK(verdict_of(report, "keepalive-reuse").verdict ==
          (keeps ? Verdict::masked : Verdict::present));
    CHECK(property_of(report, "duplicate-execution").verdict == Verdict::present);
  }
}

TEST_CASE("check: a client that waits for a close", "[proofs][check]") {
  const auto with = [](const std::string& server) {
    return report_of(
        "chain:\n  - { name: v, profile: rfc9112, upstream: { waits_for_close: true, "
        "reads_while_sending: true, idle_timeout: "
        "10s, "
        "pipelining: false, response_timeout: 60s, write_error: reads-response } }\n"
        "  - link: { delay: 0.1ms..2ms }\n  - { name: edge, profile: envoy, downstream: { "
        "idle_timeout: 60s, " +
        server + " } }\nrequests: { methods: [GET, POST], with_body: true }\n");
  };
  // The drain comes before the delayed close, and without that it is still a wait.
  const auto drains = with("max_connection_duration: 10m, drain_timeout: 60s, close_timeout: 1s");
  CHECK(verdict_of(drains, "close-latency").verdict == Verdict::present);
  CHECK(verdict_of(drains, "close-latency").reason.find("drain_timeout 1m") != std::string::npos);
  CHECK_FALSE(mentions(verdict_of(drains, "close-latency").fixes, "close_style"));
  const auto only_drain =
      with("max_connection_duration: 10m, drain_timeout: 5s, close_timeout: off");
  CHECK(verdict_of(only_drain, "close-latency").verdict == Verdict::present);
  // The client withholds its content, the server waits for it, and no timer ends it.
  const auto for_ever =
      with("max_requests: 100, close_style: drain-then-fin, close_timeout: off, linger_time: off");
  const proofs::PropertyVerdict& leak = property_of(for_ever, "socket-leak");
  REQUIRE(leak.verdict == Verdict::present);
  CHECK(leak.reason.find("v waits for a close that its server never makes") != std::string::npos);
}

TEST_CASE("check: a final response where 100 was awaited", "[proofs][check][rfc9110-10.1.1]") {
  const std::string omits = ", expect_continue: true, omit_content: true";
  const auto with = [](const std::string& client_more, const std::string& early,
                       const std::string& server_more = {},
                       const std::string& requests = "with_body: true") {
    return verdict_with("expect-continue", ", loop_stall: 0s, max_requests: off" + client_more,
                        ", loop_stall: 0s, early_response: " + early + server_more, requests,
                        "2ms..5ms");
  };
  CHECK(with(omits, "drain") == Verdict::present);
  CHECK(with(omits + ", on_early_response: close", "drain") == Verdict::present);
  // A server that gives up on the content may meet the next request too.
  CHECK(with(omits, "drain", ", close_timeout: 1s") == Verdict::present);
  // The content is sent, or nothing follows it.
  CHECK(with(", omit_content: true", "drain") == Verdict::absent);
  CHECK(with(omits, "drain", {}, "with_body: false") == Verdict::absent);
  for (const char* early : {"finish-body", "close"}) {
    CHECK(with(std::string(", expect_continue: true, on_early_response: ") + early, "drain") ==
          Verdict::absent);
  }
  // The server asks for the content, or says that it closes.
  CHECK(with(omits, "drain", ", on_expectation: at-once") == Verdict::absent);
  CHECK(with(omits, "drain", ", on_expectation: close") == Verdict::absent);
  CHECK(with(omits, "close") == Verdict::absent);
  CHECK(with(omits, "drain", ", max_requests: 1") == Verdict::absent);
  // A response is 4 ms away at best: who waits for less has begun to send.
  CHECK(with(omits + ", expect_timeout: off", "drain") == Verdict::present);
  CHECK(with(omits + ", expect_timeout: 4ms", "drain") == Verdict::present);
  CHECK(with(omits + ", expect_timeout: 3.999ms", "drain") == Verdict::absent);

  const auto report = report_of(safe_pair(", loop_stall: 0s" + omits,
                                          ", early_response: drain, close_style: half-close-drain"),
                                true, {proofs::find_race("expect-continue")});
  const auto& verdict = verdict_of(report, "expect-continue");
  CHECK(mentions(verdict.fixes, "expect_continue: false"));
  CHECK(mentions(verdict.fixes, "omit_content: false"));
  CHECK(mentions(verdict.fixes, "on_expectation: at-once"));
  CHECK(mentions(verdict.fixes, "on_expectation: close"));
  CHECK(mentions(verdict.fixes, "lower `c.upstream.expect_timeout` below"));
  REQUIRE(verdict.witness.has_value());
  CHECK(verdict.witness->symptoms.front().text.starts_with("no answer"));
}

TEST_CASE("check: content that was sent without 100", "[proofs][check][rfc9110-10.1.1]") {
  // It meets the close of a server that had answered: that is the early response's race, and no
  // disagreement about what follows.
  const auto report = report_of(
      safe_pair(", expect_continue: true, omit_content: true, expect_timeout: 1ms, "
                "write_error: fatal",
                ", early_response: close, close_style: plain"),
      false, {proofs::find_race("expect-continue"), proofs::find_race("early-response-reset")});
  CHECK(verdict_of(report, "early-response-reset").verdict == Verdict::present);
  CHECK(verdict_of(report, "expect-continue").verdict == Verdict::absent);
  CHECK(holds(report, "no-other-loss"));
}

TEST_CASE("check: products where 100 is awaited", "[proofs][check][rfc9110-10.1.1]") {
  const auto verdict = [](const std::string& client, const std::string& server) {
    const auto report = report_of(
        "chain:\n  - { name: c, profile: " + client +
            ", upstream: { expect_continue: true } }\n  - { name: s, profile: " + server + " }\n",
        false, {proofs::find_race("expect-continue")});
    return verdict_of(report, "expect-continue").verdict;
  };
  CHECK(verdict("curl", "haproxy-3") == Verdict::present);
  CHECK(verdict("go-transport", "haproxy-3") == Verdict::absent);
  // They keep the connection too, but send a 100 first, or announce a close.
  for (const char* server : {"nginx", "node", "puma", "gunicorn", "apache"})
    CHECK(verdict("curl", server) == Verdict::absent);
}
