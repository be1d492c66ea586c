// Mutants: what coverage and lockstep conclude is what exploring finds, and a claim that cannot
// fail, or a difference that no claim sees, is reported.
#include "model/deployment/hop_system.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/mutation/campaign.hpp"
#include "proofs/mutation/coverage.hpp"
#include "proofs/mutation/lockstep.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

using namespace halfclose;
using namespace halfclose::proofs;
using machine::Mutation;
using machine::Table;

namespace {

/// Pipelining, so that timers are set again while they run; small in every other respect.
const system::System& hop() {
  static const system::System made = [] {
    deployment::HopSettings hop;
    hop.client.idle = hop.server.idle = 60'000'000;
    hop.client.response = 5'000'000;
    hop.client.profile.pipelines = true;
    hop.client.loop.stall = hop.delay_max = 1'000;
    hop.server.profile.close_style = http1::server::CloseStyle::drain_then_fin;
    hop.with_body = false;
    hop.responses_fit = true;
    return deployment::hop_system(hop);
  }();
  return made;
}

system::System with_table(system::System system, std::size_t component, Table table) {
  system.components[component].table = std::make_shared<const Table>(std::move(table));
  return system;
}

struct Outcome {
  bool refused = false;
  std::map<int, std::size_t> shortest;  ///< per output
  bool operator==(const Outcome&) const = default;
};
Outcome outcome_of(const system::System& system, bool timed) {
  Outcome outcome;
  try {
    const Search search{.goals = ~0ull, .stop_when_found = false};
    const Exploration all = timed ? explore_timed(system, search) : explore(system, search);
    for (const Found& found : all.found)
      outcome.shortest[found.output] = found.path.size();
  } catch (const std::logic_error&) {
    outcome.refused = true;
  }
  return outcome;
}

struct Mutant1 {
  std::size_t component;
  machine::Patch patch;
  system::System system;
};
/// One component of the hop with any mutation.
Mutant1 any_mutant() {
  const auto component = *rc::gen::inRange<std::size_t>(0, 4);
  static std::map<std::size_t, std::vector<Mutation>> known;
  const Table& table = *hop().components[component].table;
  if (known[component].empty()) known[component] = machine::mutations_of({&table});
  const Mutation mutation = *rc::gen::elementOf(known[component]);
  machine::Patch patch = machine::patch_of(table, mutation);
  system::System mutated = with_table(hop(), component, machine::patched(table, patch));
  return {component, std::move(patch), std::move(mutated)};
}

/// The table with every local but the initial one under another number.
Table renumbered(const Table& table) {
  std::vector<machine::LocalId> to(table.locals.size());
  std::iota(to.begin(), to.end(), machine::LocalId{0});
  std::reverse(to.begin() + 1, to.end());
  Table other = table;
  const std::size_t width = table.events.size();
  for (std::size_t local = 0; local < table.locals.size(); ++local) {
    other.locals[to[local]] = table.locals[local];
    for (std::size_t event = 0; event < width; ++event) {
      machine::Cell cell = table.cells[local * width + event];
      cell.next = to[cell.next];
      other.cells[to[local] * width + event] = cell;
    }
  }
  return other;
}

Mutation found(const Table& table, Mutation::Kind kind, const std::string& row,
               const std::string& change) {
  for (const Mutation& mutation : machine::mutations_of({&table})) {
    if (mutation.kind == kind && machine::row_of(mutation, table) == row &&
        machine::change_of(mutation, table) == change)
      return mutation;
  }
  FAIL("no such mutation: " << row << ": " << change);
  throw 0;
}

Manifest manifest_of(const std::string& rows) {
  LoadedManifest loaded =
      parse_manifest("property,system,verdict,states,transitions,depth\n" + rows, "m.csv");
  INFO(loaded.error.text());
  REQUIRE(loaded.manifest.has_value());
  return std::move(*loaded.manifest);
}
CampaignReport campaign(const std::string& rows, CampaignOptions options = {}) {
  const Manifest manifest = manifest_of(rows);
  std::vector<const ManifestRow*> all;
  for (const ManifestRow& row : manifest.rows)
    all.push_back(&row);
  return run_campaign(manifest, all, options);
}

const std::string kPlain =
    "always one-outcome,hop/plain,holds,0,0,0\n"
    "always right-response,hop/plain,holds,0,0,0\n"
    "sometimes keepalive-reuse,hop/plain,holds,0,0,0\n"
    "never shutdown-close,hop/plain,holds,0,0,0\n"
    "sometimes stale-in-kernel in time,hop/plain,holds,0,0,0\n";

}  // namespace

TEST_CASE("coverage: what no reachable state consults changes nothing", "[proofs][mutants]") {
  const Coverage coverage = coverage_of(hop(), {});
  REQUIRE(coverage.complete);
  const Exploration before = explore(hop(), {.stop_when_found = false});
  rc::prop("neither counts nor behaviour", [&] {
    const Mutant1 mutant = any_mutant();
    const bool touched = std::any_of(
        mutant.patch.cells.begin(), mutant.patch.cells.end(),
        [&](const auto& cell) { return coverage.consulted[mutant.component][cell.first]; });
    RC_CLASSIFY(touched);
    if (touched) return;
    const Exploration after = explore(mutant.system, {.stop_when_found = false});
    RC_ASSERT(after.states == before.states);
    RC_ASSERT(after.transitions == before.transitions);
    RC_ASSERT(after.depth == before.depth);
    RC_ASSERT(likeness(hop(), mutant.system, {}) == Likeness::timed);
  });
  CHECK_FALSE(coverage_of(hop(), {.states = 10}).complete);
}

TEST_CASE("lockstep: systems that behave alike", "[proofs][mutants]") {
  CHECK(likeness(hop(), hop(), {}) == Likeness::timed);
  SECTION("with other numbers for their locals") {
    for (const std::size_t component : {0u, 1u, 3u}) {
      const system::System other =
          with_table(hop(), component, renumbered(*hop().components[component].table));
      CHECK(likeness(hop(), other, {}) == Likeness::timed);
    }
  }
  SECTION("but for a clock that is not set again") {
    const Table& client = *hop().components[deployment::hop::client].table;
    const Mutation mutation =
        found(client, Mutation::Kind::without_output,
              "waiting on response, All<If<>, If<more_outstanding> >", "without `arm response`");
    const system::System other =
        with_table(hop(), deployment::hop::client,
                   machine::patched(client, machine::patch_of(client, mutation)));
    CHECK(likeness(hop(), other, {}) == Likeness::untimed);
    CHECK(outcome_of(hop(), false) == outcome_of(other, false));
  }
  SECTION("are not judged beyond a limit") {
    CHECK(likeness(hop(), hop(), {.states = 10}) == Likeness::differ);
  }
}

TEST_CASE("lockstep: no claim tells apart what it calls alike", "[proofs][mutants]") {
  const Outcome untimed = outcome_of(hop(), false), timed = outcome_of(hop(), true);
  rc::prop("with time or without", [&] {
    const Mutant1 mutant = any_mutant();
    const Likeness like = likeness(hop(), mutant.system, {.states = 100'000});
    RC_CLASSIFY(like == Likeness::differ);
    if (like == Likeness::differ) return;
    RC_ASSERT(outcome_of(mutant.system, false) == untimed);
    if (like == Likeness::timed) RC_ASSERT(outcome_of(mutant.system, true) == timed);
  });
}

TEST_CASE("campaign: the fate of each mutant", "[proofs][mutants]") {
  const CampaignReport report = campaign(kPlain, {.every = 7});
  CHECK(report.limit.empty());
  REQUIRE(report.mutants.size() > 300);
  std::set<Fate> fates;
  std::size_t kills = 0;
  for (const Mutant& mutant : report.mutants) {
    fates.insert(mutant.fate);
    kills += mutant.properties.size();
    CHECK((mutant.fate == Fate::killed) == !mutant.properties.empty());
    CHECK((mutant.fate == Fate::refused) == !mutant.detail.empty());
  }
  for (const Fate fate :
       {Fate::killed, Fate::refused, Fate::counted, Fate::unreached, Fate::same}) {
    INFO(fate_name(fate));
    CHECK(fates.contains(fate));
  }
  SECTION("is counted per property") {
    std::size_t sum = 0;
    for (const auto& [property, count] : report.kills)
      sum += count;
    CHECK(report.kills.size() == 5);
    CHECK(sum == kills);
  }
  SECTION("does not depend on the number of threads") {
    const CampaignReport again = campaign(kPlain, {.every = 7, .jobs = 3});
    REQUIRE(again.mutants.size() == report.mutants.size());
    for (std::size_t i = 0; i < again.mutants.size(); ++i) {
      CHECK(again.mutants[i].mutation == report.mutants[i].mutation);
      CHECK(again.mutants[i].fate == report.mutants[i].fate);
      CHECK(again.mutants[i].properties == report.mutants[i].properties);
    }
  }
}

TEST_CASE("campaign: every always is broken by a mutant, or reported", "[proofs][mutants]") {
  const std::string always =
      "always one-outcome,hop/plain,holds,0,0,0\n"
      "always shutdown-close,hop/plain,holds,0,0,0\n";  // no choice shuts this hop down
  const CampaignReport report = campaign(always);
  REQUIRE(report.always.size() == 2);
  CHECK(report.always[0].property == "always one-outcome");
  CHECK_FALSE(report.always[0].broken_by.empty());
  CHECK(report.always[1].broken_by.empty());
  CHECK_FALSE(report.sound());
  CHECK(campaign(always, {.machine = "http1-client"}).always.empty());
}

TEST_CASE("campaign: a difference that no claim sees is unexplained", "[proofs][mutants]") {
  // One claim, about what the observer never says: what it says of anything else can change freely.
  const CampaignReport blind =
      campaign("never shutdown-close,hop/plain,holds,0,0,0\n", {.machine = "hop-observer"});
  CHECK_FALSE(blind.sound());
  CHECK(std::any_of(blind.mutants.begin(), blind.mutants.end(), [](const Mutant& mutant) {
    return mutant.fate == Fate::unexplained && mutant.change == "without `stale-in-kernel`" &&
           mutant.system == "hop/plain";
  }));
  const CampaignReport seeing =
      campaign("emits stale-in-kernel,hop/plain,holds,0,0,0\n", {.machine = "hop-observer"});
  CHECK(std::none_of(seeing.mutants.begin(), seeing.mutants.end(), [](const Mutant& mutant) {
    return mutant.fate == Fate::unexplained && mutant.change == "without `stale-in-kernel`";
  }));
}

TEST_CASE("campaign: nothing is mutated beyond a limit", "[proofs][mutants]") {
  const CampaignReport report = campaign(kPlain, {.limits = {.states = 10}});
  CHECK(report.limit == "10 states");
  CHECK(report.mutants.empty());
}

TEST_CASE("campaign: a system that is too large is left out by name", "[proofs][mutants]") {
  const CampaignReport report = campaign(
      "always one-outcome,hop/plain,holds,0,0,0\n"
      "always right-response,hop/body,holds,0,0,0\n"
      "emits keepalive-reuse,hop/body,holds,0,0,0\n",  // in six steps, whatever the size
      {.machine = "http1-client", .largest = 100});
  CHECK(report.left_out == std::vector<std::string>{"hop/body"});
  CHECK(report.kills.size() == 1);
  for (const Mutant& mutant : report.mutants)
    CHECK((mutant.system.empty() || mutant.system == "hop/plain"));
}
