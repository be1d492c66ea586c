// The matrix of races by mitigations: cells whose answer is known for a reason, the sets, and that
// every row is judged on a chain in which its race happens.
#include "proofs/catalogue/matrix.hpp"

#include "proofs/catalogue/analysis.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>

using namespace halfclose;
using namespace halfclose::proofs;
using deployment::HopSettings;

namespace {

deployment::Chain example(const std::string& slug) {
  const auto loaded =
      deployment::load_chain(HALFCLOSE_SOURCE_DIR "/examples/races/" + slug + ".yaml");
  INFO(loaded.error.text());
  REQUIRE(loaded.chain);
  return *loaded.chain;
}
deployment::Chain parsed(const std::string& yaml) {
  const auto loaded = deployment::parse_chain(yaml, "chain.yaml");
  INFO(loaded.error.text());
  REQUIRE(loaded.chain);
  return *loaded.chain;
}

std::size_t column(std::string_view slug) {
  const auto& all = matrix_columns();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.slug == slug; });
  REQUIRE(found != all.end());
  return static_cast<std::size_t>(found - all.begin());
}

MatrixRow row(std::string_view slug, const deployment::Chain& chain) {
  return matrix_row(slug, chain, {.set_size_max = 1});
}
const MatrixCell& cell(const MatrixRow& row, std::string_view slug) {
  const MatrixCell& found = row.cells[column(slug)];
  UNSCOPED_INFO(row.slug << " x " << slug << ": " << effect_name(found.effect) << ": "
                         << found.reason);
  return found;
}
bool says(const MatrixCell& cell, const std::string& words) {
  return cell.reason.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("matrix: columns", "[proofs][catalogue]") {
  for (const MatrixColumn& one : matrix_columns()) {
    CHECK((one.edit != nullptr || one.apply != nullptr));
    CHECK(std::count_if(matrix_columns().begin(), matrix_columns().end(),
                        [&](const auto& other) { return other.slug == one.slug; }) == 1);
  }
}

TEST_CASE("matrix: keepalive-reuse", "[proofs][catalogue][rfc9112-9.5]") {
  const MatrixRow judged = row("keepalive-reuse", example("keepalive-reuse"));
  REQUIRE(judged.happens);
  // The client stops before the server does.
  CHECK(cell(judged, "order-idle").effect == Effect::excluded);
  CHECK(cell(judged, "no-reuse").effect == Effect::excluded);
  // No FIN is there to be seen: the server's close is still to come, or on its way.
  const Effect peek = cell(judged, "peek").effect;
  CHECK((peek == Effect::unaffected || peek == Effect::narrowed));
  // Node waits one stall less for its timer once it reads first.
  const MatrixCell& io_first = cell(judged, "io-first");
  CHECK(io_first.effect == Effect::narrowed);
  CHECK(says(io_first, "from 5.96s, was with edge.upstream.idle_timeout from 5.95s"));
  // No announcement of a shutdown says anything of an idle timer.
  CHECK(cell(judged, "announce-shutdown").effect == Effect::unaffected);
  // The connection never grows old here, and its server never says 408.
  CHECK(cell(judged, "no-408").effect == Effect::not_applicable);
}

TEST_CASE("matrix: stale-in-kernel", "[proofs][catalogue][rfc9112-9.5]") {
  // A short chain of the same kind as the example: a stall in which the FIN waits unseen.
  const MatrixRow judged = row("stale-in-kernel", parsed(R"(
chain:
  - { name: a, profile: rfc9112, upstream: { idle_timeout: 5s, pipelining: false, reuse_check: event } }
  - { name: b, profile: rfc9112, downstream: { idle_timeout: 5s } }
requests: { methods: [GET], with_body: false, responses_fit: true }
)"));
  REQUIRE(judged.happens);
  CHECK(cell(judged, "peek").effect == Effect::excluded);
  CHECK(cell(judged, "order-idle").effect == Effect::excluded);
}

TEST_CASE("matrix: retries", "[proofs][catalogue][rfc9110-9.2.2]") {
  SECTION("of every method execute a request twice") {
    const MatrixRow judged = row("keepalive-reuse", parsed(R"(
chain:
  - { name: a, profile: rfc9112, upstream: { idle_timeout: 5s, pipelining: false } }
  - { name: b, profile: rfc9112, downstream: { idle_timeout: 5s } }
requests: { methods: [GET, POST], with_body: false, responses_fit: true }
)"));
    REQUIRE(judged.happens);
    const MatrixCell& all = cell(judged, "retry-all");
    CHECK(all.effect == Effect::worse);
    CHECK(says(all, "duplicate-execution"));
    CHECK(!says(cell(judged, "retry-idempotent"), "duplicate-execution"));
    const MatrixCell& fresh = cell(judged, "retry-fresh");
    CHECK(fresh.effect == Effect::partly_masked);
    CHECK(says(fresh, "masked for GET; not for POST"));
  }
  SECTION("of idempotent methods hide the race where there is no other") {
    const MatrixRow judged = row("keepalive-reuse", parsed(R"(
chain:
  - { name: a, profile: rfc9112, upstream: { idle_timeout: 5s, pipelining: false } }
  - { name: b, profile: rfc9112, downstream: { idle_timeout: 5s } }
requests: { methods: [GET], with_body: false, responses_fit: true }
)"));
    CHECK(cell(judged, "retry-fresh").effect == Effect::masked);
  }
  SECTION("on a new connection meet no second dead one") {
    const MatrixRow judged = row("stale-pool-cascade", example("stale-pool-cascade"));
    REQUIRE(judged.happens);
    CHECK(cell(judged, "retry-fresh").effect == Effect::excluded);
    CHECK(cell(judged, "no-retry").effect == Effect::excluded);
    CHECK(cell(judged, "order-idle").effect == Effect::excluded);
  }
  SECTION("of idempotent methods only execute nothing twice that must not be") {
    const MatrixRow judged = row("duplicate-execution", example("duplicate-execution"));
    REQUIRE(judged.happens);
    CHECK(cell(judged, "retry-idempotent").effect == Effect::excluded);
    CHECK(cell(judged, "no-retry").effect == Effect::excluded);
    CHECK(cell(judged, "order-idle").effect != Effect::excluded);
  }
}

TEST_CASE("matrix: limits", "[proofs][catalogue]") {
  const MatrixRow judged = matrix_row("keepalive-reuse", example("keepalive-reuse"),
                                      {.limits = {.states = 20}, .set_size_max = 1});
  CHECK(!judged.happens);
  for (const MatrixCell& one : judged.cells) {
    CHECK((one.effect == Effect::undecided || one.effect == Effect::not_applicable));
    if (one.effect == Effect::undecided) CHECK(says(one, "stopped after"));
  }
}

TEST_CASE("matrix: the smallest sets are those of which each excludes the race, by trying all",
          "[proofs][catalogue]") {
  const deployment::Chain chain = example("max-age-close");
  const HopSettings unchanged = deployment::hop_settings(chain, 0);
  auto happens_on = [](const HopSettings& hop) {
    std::set<std::string_view> slugs;
    const HopAnalysis analysis = analyse(hop, {.advise = false});
    for (const RaceAnalysis& one : analysis.races) {
      if (one.race->needs == Needs::nothing && one.verdict != Verdict::absent)
        slugs.insert(one.race->slug);
    }
    for (const GuaranteeAnalysis& one : analysis.guarantees) {
      if (one.guarantee->needs == Needs::nothing && one.verdict != Verdict::absent)
        slugs.insert(one.guarantee->slug);
    }
    return slugs;
  };
  const std::set<std::string_view> before = happens_on(unchanged);
  REQUIRE(before.count("max-age-close") == 1);
  std::vector<std::vector<std::size_t>> expected;
  for (std::size_t one = 0; one < matrix_columns().size(); ++one) {
    const MatrixColumn& column = matrix_columns()[one];
    HopSettings hop = unchanged;
    if (column.apply == nullptr || !column.apply(hop)) continue;
    const std::set<std::string_view> after = happens_on(hop);
    const bool brings_nothing =
        std::includes(before.begin(), before.end(), after.begin(), after.end());
    if (brings_nothing && after.count("max-age-close") == 0) expected.push_back({one});
  }
  CHECK(expected.size() > 1);
  CHECK(matrix_row("max-age-close", chain).minimal_sets == expected);
}
