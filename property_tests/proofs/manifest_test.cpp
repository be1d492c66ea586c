// The manifest: what it may say, where it is wrong, and that a proof which differs is seen.
#include "proofs/manifest/manifest.hpp"

#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/product_hops.hpp"
#include "proofs/explore/explorer.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <fstream>
#include <set>
#include <sstream>

using namespace halfclose;
using namespace halfclose::proofs;
using Catch::Contains;

namespace {

const std::string kHeader = "property,system,verdict,states,transitions,depth\n";
const std::string kRow = "always one-outcome,hop/rfc9112,holds,677,1289,21\n";

Manifest parsed(const std::string& text) {
  LoadedManifest loaded = parse_manifest(text, "m.csv");
  INFO(loaded.error.text());
  REQUIRE(loaded.manifest.has_value());
  return std::move(*loaded.manifest);
}
std::string refused(const std::string& text) {
  const LoadedManifest loaded = parse_manifest(text, "m.csv");
  REQUIRE(!loaded.manifest.has_value());
  return loaded.error.text();
}
std::vector<const ManifestRow*> all_of(const Manifest& manifest) {
  std::vector<const ManifestRow*> rows;
  for (const ManifestRow& row : manifest.rows)
    rows.push_back(&row);
  return rows;
}
std::string committed() {
  std::ostringstream text;
  text << std::ifstream(HALFCLOSE_SOURCE_DIR "/proofs/manifest.csv", std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("manifest: the one of the project", "[proofs][manifest]") {
  const std::string text = committed();
  const Manifest manifest = parsed(text);
  SECTION("is written back as it was read") {
    CHECK(manifest.text() == text);
  }
  SECTION("claims every guarantee and every race of every hop, with time and without") {
    std::set<std::pair<std::string, std::string>> claimed;
    for (const ManifestRow& row : manifest.rows)
      claimed.insert({row.system, row.object});
    std::string missing;
    for (const NamedSystem* named : provable_systems()) {
      if (!named->name.starts_with("hop/")) continue;
      const std::string name(named->name);
      const system::System system = named->make();
      auto look_for = [&](const char* kind, std::string_view slug) {
        if (outputs_named(system, slug) == 0) return;
        for (const std::string& object : {std::string(slug), std::string(slug) + " in time"}) {
          if (claimed.contains({name, object})) continue;
          missing += std::string(kind) + " " + object + "," + name + ",holds,0,0,0\n";
        }
      };
      for (const Guarantee& guarantee : guarantees())
        look_for("always", guarantee.slug);
      for (const Race& race : races())
        look_for("never", race.slug);
    }
    INFO("lines to add, `never` or `sometimes` as it ought to be; --update counts:\n" << missing);
    CHECK(missing.empty());
  }
  SECTION("is not vacuous: every race happens somewhere and is excluded somewhere") {
    std::set<std::pair<std::string, std::string>> held;
    for (const ManifestRow& row : manifest.rows) {
      if (row.expected.finding == Finding::holds)
        held.insert({std::string(row.kind->word), row.object});
    }
    for (const Race& race : races()) {
      INFO(race.slug);
      for (const std::string& object :
           {std::string(race.slug), std::string(race.slug) + " in time"})
        for (const char* kind : {"sometimes", "never"})
          CHECK(held.contains({kind, object}));
    }
    // What a policy of retries guarantees says little where nothing is ever retried.
    std::set<std::pair<std::string, std::string>> retried;
    for (const ManifestRow& row : manifest.rows)
      retried.insert({row.system, row.object});
    for (const NamedSystem* named : provable_systems()) {
      if (!named->name.starts_with("proxy/retry")) continue;
      INFO(named->name);
      CHECK(retried.contains({std::string(named->name), "the request is retried"}));
    }
    for (const Guarantee& guarantee : guarantees()) {
      INFO(guarantee.slug);
      CHECK(held.contains({"always", std::string(guarantee.slug)}));
      CHECK(held.contains({"always", std::string(guarantee.slug) + " in time"}));
    }
  }
}

TEST_CASE("manifest: a mistake has a place and a help", "[proofs][manifest]") {
  CHECK_THAT(refused(""), Contains("m.csv: error: a manifest has at least one claim"));
  CHECK_THAT(refused("# only a comment\n"), Contains("at least one claim"));
  CHECK_THAT(refused(kRow), Contains("m.csv:1:1: error: the first line names the columns"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9112\n"),
             Contains("m.csv:2:20: error: a claim has 6 values, this one has 2"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9112,holds,1,2,3,4\n"),
             Contains("m.csv:2:44: error: a claim has 6 values, this one has 7"));
  CHECK_THAT(refused(kHeader + "\n# c\nalways one-outcome,hop/rfc9112,absent,1,2,3\n"),
             Contains("m.csv:4:32: error: a verdict is `holds` or `broken`, not `absent`"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9112,holds,-1,2,3\n"),
             Contains("m.csv:2:38: error: states is a whole number, not `-1`"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9112,holds,1,,3\n"),
             Contains("m.csv:2:40: error: transitions is a whole number, not ``"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9112,holds,1,2,4294967296\n"),
             Contains("m.csv:2:42: error: depth is a whole number"));
  CHECK_THAT(refused(kHeader + "always one-outcome,hop/rfc9113,holds,1,2,3\n"),
             Contains("m.csv:2:20: error: there is no system `hop/rfc9113`") &&
                 Contains("did you mean `hop/rfc9112`?"));
  CHECK_THAT(refused(kHeader + "alway one-outcome,hop/rfc9112,holds,1,2,3\n"),
             Contains("m.csv:2:1: error: there is no claim `alway ...`") &&
                 Contains("did you mean `always`?"));
  CHECK_THAT(refused(kHeader + "always one-outcom,hop/rfc9112,holds,1,2,3\n"),
             Contains("m.csv:2:8: error: no observer of the system has an output `one-outcom`") &&
                 Contains("did you mean `one-outcome`?"));
  CHECK_THAT(refused(kHeader + "always,hop/rfc9112,holds,1,2,3\n"), Contains("m.csv:2:7: error: "));
  // A pool each for two proxies: whose clients would be meant?
  CHECK_THAT(
      refused(kHeader + "decoupled clients,chain/client-balancer-proxy-origin,holds,1,2,3\n"),
      Contains("m.csv:2:11: error: the system is not one proxy"));
  CHECK_THAT(refused(kHeader + kRow + kRow),
             Contains("m.csv:3:1: error: `always one-outcome` is claimed of `hop/rfc9112` twice"));
  CHECK_THAT(load_manifest("/nowhere/m.csv").error.text(), Contains("no such file"));
}

TEST_CASE("manifest: any text", "[proofs][manifest]") {
  rc::prop("is a manifest or has one error with a rule", [] {
    const std::vector<std::string> words = {kHeader,
                                            kRow,
                                            ",",
                                            "\n",
                                            "\r\n",
                                            "always ",
                                            "sometimes",
                                            " at ",
                                            " in time",
                                            "observer",
                                            "hop/rfc9112",
                                            "holds",
                                            "18446744073709551616",
                                            "7",
                                            "#",
                                            "one-outcome",
                                            "\xff"};
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(words));
    std::string text;
    for (const std::string& piece : pieces)
      text += piece;
    const LoadedManifest loaded = parse_manifest(text, "m.csv");
    RC_ASSERT(loaded.manifest.has_value() == loaded.error.rule.empty());
    if (!loaded.manifest) return;
    const LoadedManifest again = parse_manifest(loaded.manifest->text(), "m.csv");
    RC_ASSERT(again.manifest.has_value());
    RC_ASSERT(again.manifest->rows.size() == loaded.manifest->rows.size());
  });
}

TEST_CASE("manifest: a claim is selected by a part of `PROPERTY on SYSTEM`", "[proofs][manifest]") {
  const Manifest manifest = parsed(kHeader + kRow);
  const ManifestRow& row = manifest.rows.front();
  for (const char* pattern : {"", "*", "one-outcome", "on hop/rfc9112", "always*hop/*2", "**"})
    CHECK(selects(pattern, row));
  for (const char* pattern : {"two", "hop*always", "one-outcome*one-outcome", "hop/rfc91123"})
    CHECK(!selects(pattern, row));
}

TEST_CASE("proof: what was found is what there is", "[proofs][manifest]") {
  const Manifest manifest = parsed(kHeader +
                                   "always one-outcome,hop/rfc9112,holds,677,1289,21\n"
                                   "always response-kept,hop/rfc9112,holds,677,1289,13\n"
                                   "sometimes keepalive-reuse,hop/rfc9112,holds,677,1289,8\n"
                                   "never keepalive-reuse,hop/rfc9112,broken,677,1289,9\n"
                                   "sometimes shutdown-close,hop/rfc9112,broken,678,1289,21\n"
                                   "never keepalive-reuse in time,hop/single-use,holds,0,0,0\n");
  const auto proofs = prove(manifest, all_of(manifest), {});
  REQUIRE(proofs.size() == 6);
  CHECK(proofs[0].as_expected());
  CHECK(proofs[1].found.finding == Finding::broken);
  CHECK(!proofs[1].as_expected());
  CHECK(proofs[2].found.finding == Finding::holds);
  CHECK(proofs[2].found.depth == 9);
  CHECK(!proofs[2].as_expected());
  CHECK(proofs[3].as_expected());
  CHECK(proofs[4].found == Evidence{Finding::broken, 677, 1289, 21});
  CHECK(!proofs[4].as_expected());
  CHECK(proofs[5].found.finding == Finding::holds);
  CHECK(proofs[5].found.states > 0);
}

TEST_CASE("proof: a limit leaves every claim of the system undecided, and is named",
          "[proofs][manifest]") {
  // Even a race that was found already: its counts are part of the claim.
  const Manifest manifest = parsed(kHeader + kRow +
                                   "sometimes keepalive-reuse,hop/rfc9112,holds,677,1289,9\n"
                                   "sometimes keepalive-reuse in time,hop/rfc9112,holds,1,1,1\n");
  for (const RowProof& proof : prove(manifest, all_of(manifest), {.limits = {.states = 600}})) {
    CHECK(proof.found.finding == Finding::undecided);
    CHECK(proof.found.states > 600);
    CHECK_THAT(proof.found.limit, Contains("600 "));
    CHECK(!proof.as_expected());
  }
  // Claims that explore for themselves too.
  const Manifest others = parsed(kHeader +
                                 "eventually no-leak,hop/rfc9112,holds,1,1,1\n"
                                 "fits,hop/rfc9112,holds,1,1,1\n"
                                 "emits keepalive-reuse,hop/rfc9112,holds,1,1,1\n"
                                 "moves client from ready to closed,hop/rfc9112,holds,1,1,1\n"
                                 "decoupled clients,proxy/any-origin,holds,1,1,1\n"
                                 "decoupled origins,proxy/any-origin,holds,1,1,1\n");
  for (const RowProof& proof : prove(others, all_of(others), {.limits = {.states = 10}})) {
    INFO(proof.row->property);
    CHECK(proof.found.finding == Finding::undecided);
    CHECK(proof.found.states > 10);
    CHECK_THAT(proof.found.limit, Contains("10 states"));
  }
  for (const RowProof& proof : prove(others, all_of(others), {.limits = {.milliseconds = 0}})) {
    INFO(proof.row->property);
    CHECK((proof.found.finding != Finding::undecided) == proof.found.limit.empty());
  }
}

TEST_CASE("proof: a claim about one observer of several", "[proofs][manifest]") {
  system::System system;
  deployment::name_messages(system);
  const auto chain = deployment::parse_chain(
      "chain:\n  - { name: a, profile: rfc9112, upstream: { pipelining: false } }\n"
      "  - { name: b, profile: rfc9112 }\n",
      "c.yaml");
  REQUIRE(chain.chain.has_value());
  const deployment::HopSettings settings = deployment::hop_settings(*chain.chain, 0);
  const deployment::Placement one = deployment::add_hop(system, settings, {.tag = " 1"});
  system.observers = {{static_cast<system::Index>(one.component + deployment::hop::observer), 16}};
  system.seal();
  CHECK(outputs_named(system, "keepalive-reuse") == 1u << 16);
  CHECK(outputs_named(system, "keepalive-reuse at observer 1") == 1u << 16);
  CHECK(outputs_named(system, "keepalive-reuse at observer 1 in time") == 1u << 16);
  CHECK(outputs_named(system, "keepalive-reuse at observer 2") == 0);
  CHECK(outputs_named(system, "keepalive") == 0);
  Subject subject(system, {});
  CHECK(find_claim_kind("sometimes")->prove(subject, "keepalive-reuse at observer 1").finding ==
        Finding::holds);
}

TEST_CASE("named systems: each is made, sealed and named once", "[proofs][manifest]") {
  std::set<std::string_view> names;
  for (const NamedSystem* named : provable_systems()) {
    INFO(named->name);
    CHECK(names.insert(named->name).second);
    CHECK(find_provable_system(named->name) == named);
    CHECK(!named->summary.empty());
    CHECK(named->make().bytes() > 0);
  }
  CHECK(find_provable_system("hop/none") == nullptr);
}
