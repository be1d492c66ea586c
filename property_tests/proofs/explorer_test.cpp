// The untimed explorer: exact counts, shortest paths, limits; and mutants that break every
// guarantee.
#include "proofs/explore/explorer.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"

#include <catch2/catch.hpp>

using namespace halfclose;

namespace {

std::uint64_t emitted(const system::System& system) {
  const auto explored = proofs::explore(system, {.goals = ~0ull, .stop_when_found = false});
  REQUIRE(explored.complete);
  std::uint64_t all = 0;
  for (const auto& found : explored.found)
    all |= 1ull << found.output;
  return all;
}

/// A hop on which every guarantee holds, whatever the timing.
deployment::HopSettings safe_hop() {
  deployment::HopSettings hop;
  hop.client.idle = hop.server.idle = 60'000'000;
  hop.server.profile.close_style = http1::server::CloseStyle::drain_then_fin;
  return hop;
}

}  // namespace

TEST_CASE("explorer: a plain hop", "[proofs][explore]") {
  // The counts are a change detector: a change of the tables changes them, and says so in its
  // commit.
  const auto explored =
      proofs::explore(deployment::hop_system(safe_hop()), {.stop_when_found = false});
  CHECK(explored.complete);
  CHECK(explored.states == 567);
  CHECK(explored.transitions == 1131);
  CHECK(explored.depth == 21);
}

TEST_CASE("explorer: a path", "[proofs][explore]") {
  const system::System system = deployment::hop_system(safe_hop());
  const auto goal = proofs::goal(monitor::Out::keepalive_reuse);
  const auto explored = proofs::explore(system, {.goals = goal});
  REQUIRE(explored.found.size() == 1);
  // Shortest by construction: an exploration of every path of one step less finds nothing.
  const std::size_t length = explored.found.front().path.size();
  std::vector<system::State> level{system.initial()};
  std::vector<system::Stimulus> stimuli;
  system::StepResult step;
  proofs::StateSet seen(system.bytes());
  seen.insert(system.initial());
  for (std::size_t depth = 1; depth < length; ++depth) {
    std::vector<system::State> next;
    for (const auto& state : level) {
      system.enabled(state, stimuli);
      for (const auto stimulus : stimuli) {
        system.step(state, stimulus, step);
        CHECK_FALSE(step.emitted & goal);
        if (seen.insert(step.state).second) next.push_back(step.state);
      }
    }
    level = std::move(next);
  }
}

TEST_CASE("explorer: a limit", "[proofs][explore]") {
  const system::System system = deployment::hop_system(safe_hop());
  for (const proofs::Limits limits : {proofs::Limits{.states = 1}, proofs::Limits{.bytes = 1}}) {
    const auto explored = proofs::explore(system, {.stop_when_found = false, .limits = limits});
    CHECK_FALSE(explored.complete);
    CHECK_FALSE(explored.limit.empty());
  }
}

TEST_CASE("guarantees: each holds on a safe hop and is broken by a mutant of a table",
          "[proofs][mutants]") {
  for (const auto& guarantee : proofs::guarantees()) {
    INFO(guarantee.slug);
    const system::System system =
        deployment::hop_system(proofs::with_needs(safe_hop(), guarantee.needs));
    const std::uint64_t before = emitted(system);
    CHECK_FALSE(before & proofs::goal(guarantee.output));
    int killed_by = 0;
    // The observer is the judge and stays as it is.
    for (const auto component : {deployment::hop::client, deployment::hop::client_kernel,
                                 deployment::hop::server_kernel, deployment::hop::server}) {
      const machine::Table& table = *system.components[component].table;
      const auto hits = table.row_hits();
      for (std::uint16_t row = 0; row < table.rows.size(); ++row) {
        if (hits[row] == 0) continue;
        std::vector<machine::Table> mutants{machine::without_row(table, row)};
        for (std::size_t position = 0; position < 3; ++position)
          mutants.push_back(machine::without_output(table, row, position));
        // Spread over the table: the first states of one differ little.
        const std::size_t targets = std::min<std::size_t>(table.locals.size(), 8);
        for (std::size_t k = 0; k < targets; ++k) {
          const auto target = static_cast<machine::LocalId>(k * table.locals.size() / targets);
          mutants.push_back(machine::with_target(table, row, target));
        }
        for (machine::Table& made : mutants) {
          system::System mutant = system;
          mutant.components[component].table =
              std::make_shared<const machine::Table>(std::move(made));
          try {
            const auto explored = proofs::explore(
                mutant, {.goals = proofs::goal(guarantee.output), .limits = {.states = 3'000}});
            killed_by += explored.found.empty() ? 0 : 1;
          } catch (const std::logic_error&) {
            // The mutant leaves an event unspecified, or floods a queue: found in another way.
          }
        }
      }
    }
    CHECK(killed_by > 0);
  }
}
