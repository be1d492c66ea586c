// The region of a race says at every point what the timed engine says there: inside, outside, on
// each edge and a microsecond beside it. For all pairs of shipped profiles, and for arbitrary hops.
#include "model/deployment/chain.hpp"
#include "proofs/catalogue/solve.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"
#include "property_tests/proofs/region_points.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

using namespace halfclose;
using namespace halfclose::proofs;
using namespace halfclose::test;

namespace {

struct Pair {
  std::string client, server;
};

std::vector<Pair> all_pairs() {
  std::vector<Pair> pairs;
  for (const std::string_view client : deployment::profile_names()) {
    if (!deployment::find_profile(client)->client) continue;
    for (const std::string_view server : deployment::profile_names()) {
      if (deployment::find_profile(server)->server)
        pairs.push_back({std::string(client), std::string(server)});
    }
  }
  return pairs;
}

HopSettings settings_of(const std::string& chain) {
  const auto loaded = deployment::parse_chain(chain, "test.yaml");
  if (!loaded.chain) throw std::logic_error(loaded.error.text());
  return deployment::hop_settings(*loaded.chain, 0);
}
/// Of `link: { more }`.
HopSettings pair_settings(const Pair& pair, const std::string& more = {}) {
  return settings_of("chain:\n  - { name: c, profile: " + pair.client + " }\n" +
                     (more.empty() ? "" : "  - link: { " + more + " }\n") +
                     "  - { name: s, profile: " + pair.server + " }\n");
}

}  // namespace

TEST_CASE("hop region: pairs of products", "[proofs][parametric]") {
  const std::vector<Pair> pairs = all_pairs();
  // The silent drop needs a middlebox; the second one has probes before it.
  const std::vector<std::string> links = {"", "delay: 1ms..20ms, middlebox_timeout: 350s",
                                          "delay: 1ms, middlebox_timeout: 10s"};
  std::size_t points = 0, racy = 0, undecided = 0;
  rc::prop("at every point the race is there when the timed engine finds it", [&] {
    const Pair pair = *rc::gen::elementOf(pairs);
    const HopSettings settings = pair_settings(pair, *rc::gen::elementOf(links));
    const Race& race = races()[*rc::gen::inRange<std::size_t>(0, races().size())];
    Random random(*rc::gen::arbitrary<std::uint32_t>());
    const HopRegion region = region_of(settings, race, {.polyhedra = 3'000});
    for (int i = 0; i < 4; ++i) {
      const Point point = telling_point(random, region, 1'000'000);
      const Judged judge = judged(settings, region, point, {.states = 20'000});
      const std::string wrong = contradiction(settings, region, point, judge);
      if (!wrong.empty()) RC_FAIL(pair.client + "->" + pair.server + ": " + wrong);
      ++points;
      racy += judge.happens;
      undecided += !judge.decided || !region.exact;
    }
  });
  CAPTURE(points, racy, undecided);
  // Both verdicts occur, and few points say nothing.
  CHECK(racy > 0);
  CHECK(racy < points);
  CHECK(undecided * 2 <= points);
}

TEST_CASE("hop region: arbitrary hops", "[proofs][parametric]") {
  std::size_t exact = 0, all = 0;
  rc::prop("whatever an application is like, its regions are those of the timed engine", [&] {
    const HopSettings settings = small_hop();
    const Race& race = races()[*rc::gen::inRange<std::size_t>(0, races().size())];
    Random random(*rc::gen::arbitrary<std::uint32_t>());
    const HopRegion region = region_of(settings, race, {.polyhedra = 500, .milliseconds = 300});
    ++all;
    exact += region.exact;
    for (int i = 0; i < 6; ++i) {
      const Point point = telling_point(random, region, 8);
      const Judged judge = judged(settings, region, point, {.states = 3'000});
      const std::string wrong = contradiction(settings, region, point, judge);
      if (!wrong.empty()) RC_FAIL(wrong + "; " + shown(settings));
    }
  });
  CAPTURE(exact, all);
  CHECK(exact * 2 >= all);
}

TEST_CASE("hop region: advice", "[proofs][parametric]") {
  std::size_t advised = 0;
  rc::prop("what is advised excludes each race that timeouts exclude", [&] {
    const HopSettings settings = small_hop();
    const HopSolution solution =
        solve_hop(settings, {.limits = {.polyhedra = 300, .milliseconds = 40}});
    RC_ASSERT(solution.needs_change || solution.changes.empty());
    advised += !solution.changes.empty();
    std::map<std::string, HopParameter> named;
    for (const HopParameter& parameter : hop_parameters(settings))
      named.emplace(parameter.name, parameter);
    for (const std::vector<Change>& changes : solution.changes) {
      HopSettings changed = settings;
      for (const Change& change : changes) {
        Time& value = named.at(change.name).in(changed);
        RC_ASSERT(value == change.from);
        value = change.to;
      }
      for (const HopRegion& region : solution.regions) {
        if (!region.exact || region.safe.cells.empty()) continue;
        const Exploration found = explore_timed(hop_system(with_needs(changed, region.race->needs)),
                                                {.goals = goal(region.race->output),
                                                 .stop_at_first = true,
                                                 .limits = {.states = 3'000}});
        if (!found.found.empty()) RC_FAIL(std::string(region.race->slug) + "; " + shown(changed));
      }
    }
  });
  CHECK(advised > 0);
}

TEST_CASE("hop region: advice for one race that lets another one happen", "[proofs][parametric]") {
  // The client gives up each connection before it is open. With a longer timeout it would not; but
  // then there would be connections for a shutdown to close, of which no timeout of a race against
  // shutdowns tells.
  const HopSettings settings = settings_of(
      "chain:\n  - { name: c, profile: envoy, upstream: { idle_timeout: 50ms } }\n"
      "  - link: { delay: 100ms..150ms }\n  - { name: s, profile: node }\n");
  const HopSolution solution = solve_hop(settings);
  CHECK_FALSE(solution.undecided);
  CHECK(solution.needs_change);
  CHECK(solution.changes.empty());
  // Alone it can be excluded.
  const HopSolution alone = solve_hop(settings, {.races = {find_race("timer-armed-early")}});
  REQUIRE(alone.changes.size() == 1);
  CHECK(alone.changes[0][0].name == "c.upstream.idle_timeout");
}

TEST_CASE("hop region: probes and a middlebox", "[proofs][parametric]") {
  // Whether probes come in time is no bound of the System: a region that goes on where that changes
  // is wrong there, and one that includes the last such value is wrong at it.
  auto probed_every = [](const std::string& keepalive) {
    return settings_of(
        "chain:\n  - { name: c, profile: rfc9112, upstream: { idle_timeout: 10s, tcp_keepalive: " +
        keepalive +
        " } }\n  - link: { delay: 1ms, middlebox_timeout: 5s }\n  - { name: s, profile: rfc9112 "
        "}\n");
  };
  auto with = [](const HopRegion& region, const char* key, Time value) {
    Point point = region.at;
    for (std::size_t p = 0; p < point.size(); ++p) {
      if (region.parameters[p].key == key) point[p] = value;
    }
    return point;
  };
  SECTION("that come in time: up to the microsecond before they do not") {
    const HopSettings settings = probed_every("1s");
    const HopRegion region = region_of(settings, *find_race("silent-drop"));
    const Point last = with(region, "middlebox_timeout", 1'001'001),
                beyond = with(region, "middlebox_timeout", 1'001'000);
    CHECK_FALSE(judged(settings, region, last, {}).happens);
    CHECK(judged(settings, region, beyond, {}).happens);
    CHECK(contains(region.domain, last));
    CHECK_FALSE(contains(region.domain, beyond));
  }
  SECTION("that come too late: from that microsecond on") {
    const HopSettings settings = probed_every("6s");
    const HopRegion region = region_of(settings, *find_race("silent-drop"));
    REQUIRE(region.exact);
    const Point last = with(region, "middlebox_timeout", 6'001'000),
                beyond = with(region, "middlebox_timeout", 6'001'001);
    CHECK(region.racy.contains(last));
    CHECK(judged(settings, region, last, {}).happens);
    CHECK_FALSE(judged(settings, region, beyond, {}).happens);
    CHECK(contains(region.domain, last));
    CHECK_FALSE(contains(region.domain, beyond));
  }
  SECTION("a slower link makes them late in every region, and is said") {
    const HopSettings settings = probed_every("4950ms");
    const HopRegion region = region_of(settings, *find_race("keepalive-reuse"));
    CHECK(contains(region.domain, with(region, "delay.max", 49'999)));
    CHECK_FALSE(contains(region.domain, with(region, "delay.max", 50'000)));
    CHECK(region.fixed == std::vector<std::string>{"50ms > c->s.delay.max"});
  }
}

// An hour: HALFCLOSE_POINTS points for each pair (1,000 unless told, or what fits in
// HALFCLOSE_SECONDS), and of every HALFCLOSE_PARTS-th pair only, from HALFCLOSE_PART on.
TEST_CASE("hop region: every pair", "[.all]") {
  auto number = [](const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
  };
  const std::size_t per_pair = number("HALFCLOSE_POINTS", 1'000),
                    parts = number("HALFCLOSE_PARTS", 1);
  const std::vector<Pair> pairs = all_pairs();
  Random random(number("HALFCLOSE_SEED", 20261123));
  std::size_t regions = 0, points = 0, racy = 0, wrong = 0, unknown_regions = 0, undecided = 0;
  for (std::size_t i = number("HALFCLOSE_PART", 0); i < pairs.size(); i += parts) {
    const auto start = std::chrono::steady_clock::now();
    const HopSettings settings = pair_settings(
        pairs[i], random() % 2 == 0 ? "" : "delay: 1ms..20ms, middlebox_timeout: 350s");
    std::vector<HopRegion> known;
    std::string limits;
    for (const Race& race : races()) {
      HopRegion region = region_of(settings, race, {.milliseconds = 10'000});
      if (!region.exact) {
        ++unknown_regions;
        limits += " " + std::string(race.slug) + ": " + region.limit;
      }
      if (region.possible) known.push_back(std::move(region));
    }
    regions += known.size();
    std::size_t here = 0;
    const auto late = start + std::chrono::seconds(number("HALFCLOSE_SECONDS", 600));
    while (here < per_pair && !known.empty() && std::chrono::steady_clock::now() < late) {
      for (const HopRegion& region : known) {
        // A race that always or never happens needs few of them.
        const bool trivial =
            region.exact && (region.racy.cells.empty() || region.safe.cells.empty());
        if (trivial && below(random, 20) != 0) continue;
        const Point point = telling_point(random, region, 1'000'000);
        const Judged judge = judged(settings, region, point, {.milliseconds = 1'000});
        const std::string text = contradiction(settings, region, point, judge);
        if (!text.empty()) {
          ++wrong;
          std::printf("WRONG %s->%s: %s\n", pairs[i].client.c_str(), pairs[i].server.c_str(),
                      text.c_str());
        }
        ++here;
        racy += judge.happens;
        undecided += !judge.decided;
      }
    }
    points += here;
    std::printf("%zu %s->%s: %zu regions, %zu points, %.1f s;%s\n", i, pairs[i].client.c_str(),
                pairs[i].server.c_str(), known.size(), here,
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                limits.c_str());
    std::printf(
        "  so far: %zu regions (%zu not exact), %zu points (%zu racy), %zu undecided, %zu wrong\n",
        regions, unknown_regions, points, racy, undecided, wrong);
    std::fflush(stdout);
  }
  CHECK(wrong == 0);
}
