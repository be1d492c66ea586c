// The fleet's judge against the timed engine, and its reader's errors.
#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"
#include "proofs/fleet/fleet_judge.hpp"
#include "proofs/fleet/fleet_reader.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using namespace halfclose;
using namespace halfclose::proofs;
using Catch::Matchers::Contains;

namespace {

const std::string kHeader =
    "client,client_profile,server,server_profile,upstream.idle_timeout,downstream.idle_timeout,"
    "link.delay,upstream.honours_close,x-team";

struct Fleet {
  explicit Fleet(std::vector<const Race*> races = {}, const FleetLimits& limits = {},
                 const std::string& first = kHeader)
      : judge(std::move(races), limits), reader(judge, header) {
    header.file = "fleet.csv";
    REQUIRE(read_header(header, first, 1).empty());
  }
  std::string read(const std::string& line) { return reader.read(line, 7, edges); }

  FleetHeader header;
  FleetJudge judge;
  FleetReader reader;
  std::vector<FleetEdge> edges;
};

deployment::HopSettings settings_of(const FleetEdge& edge, const std::string& client,
                                    const std::string& server) {
  const deployment::LoadedChain loaded = deployment::parse_chain(
      "chain: [{name: c, profile: " + client + "}, {name: s, profile: " + server + "}]", "chain");
  deployment::HopSettings settings = hop_settings(*loaded.chain, 0);
  const std::vector<HopParameter>& parameters = FleetJudge::parameters(*edge.kind);
  for (std::size_t p = 0; p < parameters.size(); ++p)
    parameters[p].set(settings, edge.values[p]);
  return settings;
}

}  // namespace

TEST_CASE("fleet: the judge and the timed engine agree, before and after timers become symbols") {
  std::mt19937 random(20261124);
  const std::vector<const Race*> races{find_race("keepalive-reuse"), find_race("stale-in-kernel"),
                                       find_race("timer-beats-data"),
                                       find_race("closing-dead-zone")};
  for (const auto& [client, server] : std::vector<std::pair<std::string, std::string>>{
           {"envoy", "node"}, {"nginx", "gunicorn"}, {"go-transport", "nginx"}}) {
    CAPTURE(client, server);
    Fleet fleet(races);
    int present = 0, absent = 0;
    for (int i = 0; i < 24; ++i) {
      const int base = std::uniform_int_distribution(2'000, 90'000)(random);
      const int off = std::uniform_int_distribution(-60, 60)(random) * (i % 3 == 0 ? 100 : 1);
      REQUIRE(fleet.read("a," + client + ",b," + server + "," + std::to_string(base) + "ms," +
                         std::to_string(std::max(1, base + off)) + "ms,1ms..3ms,,x") == "");
    }
    for (const FleetEdge& edge : fleet.edges) {
      const deployment::HopSettings settings = settings_of(edge, client, server);
      std::vector<FleetVerdict> verdicts;
      fleet.judge.judge(*edge.kind, edge.values, verdicts);
      REQUIRE(verdicts.size() == races.size());
      for (const FleetVerdict& one : verdicts) {
        CAPTURE(one.race->slug, settings.client.idle, settings.server.idle);
        const Exploration found =
            explore_timed(hop_system(with_needs(settings, one.race->needs)),
                          {.goals = goal(one.race->output), .stop_at_first = true});
        REQUIRE((found.complete || !found.found.empty()));
        CHECK(one.verdict == (found.found.empty() ? Verdict::absent : Verdict::present));
        ++(found.found.empty() ? absent : present);
      }
    }
    CHECK(present > 0);
    CHECK(absent > 0);
    // Far fewer regions than values.
    CHECK(fleet.judge.computed() < 24);
  }
}

TEST_CASE("fleet: a thin margin, and the limit of regions") {
  Fleet fleet({find_race("keepalive-reuse")});
  REQUIRE(fleet.read("a,rfc9112,b,rfc9112,60s,60060ms,0us..10ms,,") == "");
  REQUIRE(fleet.read("a,rfc9112,b,rfc9112,60s,90s,0us..10ms,,") == "");
  std::vector<FleetVerdict> verdicts;
  fleet.judge.judge(*fleet.edges[0].kind, fleet.edges[0].values, verdicts);
  CHECK(verdicts[0].verdict == Verdict::absent);
  CHECK(verdicts[0].thin);
  fleet.judge.judge(*fleet.edges[1].kind, fleet.edges[1].values, verdicts);
  CHECK(verdicts[0].verdict == Verdict::absent);
  CHECK_FALSE(verdicts[0].thin);
  CHECK(fleet.edges[0].kind == fleet.edges[1].kind);

  Fleet none({find_race("keepalive-reuse")}, {.regions = 0});
  REQUIRE(none.read("a,rfc9112,b,rfc9112,60s,90s,0us..10ms,,") == "");
  none.judge.judge(*none.edges[0].kind, none.edges[0].values, verdicts);
  CHECK(verdicts[0].verdict == Verdict::undecided);
}

TEST_CASE("fleet: lines of CSV and of JSON say the same") {
  Fleet csv;
  REQUIRE(csv.read("\"web, eu\",envoy,b,node,60s,5s,0.2ms..2ms,false,") == "");
  REQUIRE(csv.read("c,envoy,d,node,61s,off,,,") == "");
  Fleet json({}, {}, "{");
  REQUIRE(json.read(R"({"client": "web, eu", "client_profile": "envoy", "server": "b",
                        "server_profile": "node", "x-team": {"a": 1},
                        "upstream": {"idle_timeout": "60s", "honours_close": false},
                        "downstream.idle_timeout": "5s", "link": {"delay": "0.2ms..2ms"}})") == "");
  REQUIRE(json.read(R"({"chain": [{"name": "c", "profile": "envoy",
                        "upstream": {"idle_timeout": "61s"}}, {"name": "d", "profile": "node",
                        "downstream": {"idle_timeout": "off"}}]})") == "");
  REQUIRE(csv.edges.size() == 2);
  REQUIRE(json.edges.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(csv.edges[i].client == json.edges[i].client);
    CHECK(csv.edges[i].values == json.edges[i].values);
    CHECK(FleetJudge::parameters(*csv.edges[i].kind).size() ==
          FleetJudge::parameters(*json.edges[i].kind).size());
  }
  CHECK(csv.edges[0].client == "web, eu");
  CHECK(csv.read("  ") == "");
  CHECK(csv.edges.size() == 2);
}

TEST_CASE("fleet: one attribute for two timers") {
  const std::string header =
      "client,client_profile,server,server_profile,upstream.idle_timeout,"
      "upstream.response_timeout";
  Fleet fleet({}, {}, header);
  CHECK(fleet.read("a,aws-alb,b,nginx,50s,50s") == "");
  CHECK(fleet.read("a,aws-alb,b,nginx,70s,") == "");
  CHECK(fleet.edges.size() == 2);
  for (const FleetEdge& edge : fleet.edges) {
    deployment::HopSettings settings = settings_of(edge, "aws-alb", "nginx");
    CHECK(settings.client.response == settings.client.idle);
  }
  CHECK_THAT(fleet.read("a,aws-alb,b,nginx,50s,40s"), Contains("same attribute"));
}

TEST_CASE("fleet: what is wrong is named with its line") {
  Fleet fleet;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"a,envoy,b,nodde,,,,,", "did you mean `node`?"},
      {"a,envoy,b,node,60,,,,", "idle_timeout"},
      {"a,envoy,b,node,,,2ms..1ms,,", "delay"},
      {"a,envoy,b,node,,,,maybe,", "maybe"},
      {"a,envoy,,node,,,,,", "`server` is missing"},
      {"a,envoy,b,node", "9 columns, this line has 4"},
      {"\"a,envoy,b,node,,,,,", "quote"},
  };
  // A line of the same shape that is right comes first: what is cheap to read is checked as well.
  for (const bool after : {false, true}) {
    if (after) REQUIRE(fleet.read("a,envoy,b,node,60s,,1ms..2ms,true,") == "");
    if (after) REQUIRE(fleet.read("a,envoy,b,node,60s,,,,") == "");
    if (after) REQUIRE(fleet.read("a,envoy,b,node,,,1ms..2ms,,") == "");
    const std::size_t before = fleet.edges.size();
    for (const auto& [line, says] : cases) {
      CAPTURE(line);
      const std::string error = fleet.read(line);
      CHECK_THAT(error, Catch::StartsWith("fleet.csv:7: error: ") && Contains(says));
      CHECK(fleet.edges.size() == before);
    }
  }
  Fleet json({}, {}, "{");
  CHECK_THAT(json.read("{"), Contains("JSON object"));
  CHECK_THAT(json.read(R"({"client": "a", "upstream": {"idle_timeut": "6s"}})"),
             Contains("did you mean `upstream.idle_timeout`?"));
  CHECK_THAT(json.read(R"({"chain": []})"), Contains("fleet.csv:7: error: "));

  FleetHeader header{.file = "f"};
  CHECK_THAT(read_header(header, "client,server", 1), Contains("client_profile"));
  CHECK_THAT(read_header(header, "client,client", 1), Contains("two columns"));
  CHECK_THAT(read_header(header, "client,upstream.idle", 1), Contains("no column"));
}
