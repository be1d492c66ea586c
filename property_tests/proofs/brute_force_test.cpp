// Zones against an independent simulation at integer time steps, over arbitrary hops with small
// bounds.
#include "property_tests/proofs/brute_force.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/analysis.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <map>

using namespace halfclose;
using namespace halfclose::test;

namespace {

constexpr std::size_t kConfigurationsMax = 400'000;

std::uint64_t emitted_in_zones(const system::System& system) {
  const auto explored = proofs::explore_timed(system, {.goals = ~0ull, .stop_when_found = false});
  RC_ASSERT(explored.complete);
  std::uint64_t emitted = 0;
  for (const auto& found : explored.found)
    emitted |= 1ull << found.output;
  return emitted;
}

}  // namespace

TEST_CASE("zones: the brute-force simulation", "[proofs][timed]") {
  rc::prop("emits exactly what the zones say, on arbitrary hops", [] {
    const HopSettings hop = small_hop();
    RC_LOG() << shown(hop) << '\n';
    const system::System system = deployment::hop_system(hop);
    const auto simulated = brute_force(system, kConfigurationsMax);
    RC_TAG(simulated.has_value());
    RC_CLASSIFY(simulated && simulated->emitted != 0, "something happens");
    if (!simulated) return;  // too large to enumerate: counted above
    RC_ASSERT(simulated->emitted == emitted_in_zones(system));
  });
  rc::prop("agrees with the verdict of every race", [] {
    const HopSettings hop = small_hop();
    RC_LOG() << shown(hop) << '\n';
    std::map<proofs::Needs, std::uint64_t> emitted_with;
    for (const proofs::Race& race : proofs::races()) {
      if (emitted_with.contains(race.needs)) continue;
      const auto simulated = brute_force(
          deployment::hop_system(proofs::with_needs(hop, race.needs)), kConfigurationsMax);
      if (!simulated) return;
      emitted_with[race.needs] = simulated->emitted;
    }
    const proofs::HopAnalysis analysis = proofs::analyse(hop, {.advise = false});
    for (const auto& judged : analysis.races) {
      const std::uint64_t emitted = emitted_with.at(judged.race->needs);
      const bool happens = judged.verdict == proofs::Verdict::present ||
                           judged.verdict == proofs::Verdict::not_excludable;
      RC_ASSERT(judged.verdict != proofs::Verdict::undecided);
      RC_ASSERT(happens == static_cast<bool>(emitted & proofs::goal(judged.race->output)));
    }
  });
}

TEST_CASE("zones: every path found", "[proofs][timed]") {
  rc::prop("has a schedule that respects every bound", [] {
    const HopSettings hop = small_hop();
    RC_LOG() << shown(hop) << '\n';
    const system::System system = deployment::hop_system(hop);
    const auto explored = proofs::explore_timed(system, {.goals = ~0ull, .stop_when_found = false});
    for (const auto& found : explored.found) {
      const auto times = proofs::schedule(system, found.path);
      RC_ASSERT(times.has_value());
      // Played with plain clocks: no bound may break, and the race happens at the last step.
      system::State state = system.initial();
      std::vector<system::Clock> clocks;
      std::vector<system::Time> reset;
      system::StepResult step;
      for (std::size_t k = 0; k < found.path.size(); ++k) {
        const system::Time now = times->times[k];
        system.clocks(state, clocks);
        for (std::size_t c = 0; c < clocks.size(); ++c)
          RC_ASSERT(now - reset[c] <= clocks[c].hi);
        const int guarded = system.clock_of(clocks, found.path[k]);
        if (guarded >= 0) RC_ASSERT(now - reset[guarded] >= clocks[guarded].lo);
        system.step(state, found.path[k], step);
        std::vector<system::Time> next;
        for (const auto origin : step.clock_origins)
          next.push_back(origin == system::kFresh ? now : reset[origin]);
        state = step.state;
        reset = std::move(next);
        system.clocks(state, clocks);
        if (times->aging.by > 0 && times->aging.step == k) {
          // Only the connection grew older: for every other clock the time left out did not pass.
          for (std::size_t c = 0; c < clocks.size(); ++c) {
            if (!system.ages(clocks[c])) reset[c] += times->aging.by;
          }
        }
      }
      RC_ASSERT(step.emitted >> found.output & 1);
    }
  });
}

TEST_CASE("explorer: random schedules", "[proofs][explore]") {
  rc::prop("visit only states the explorer found, and emit nothing it proved impossible", [] {
    const HopSettings hop = small_hop();
    RC_LOG() << shown(hop) << '\n';
    const system::System system = deployment::hop_system(hop);
    proofs::StateSet seen(system.bytes());
    const auto explored =
        proofs::explore(system, {.goals = ~0ull, .stop_when_found = false}, &seen);
    RC_ASSERT(explored.complete);
    std::uint64_t possible = 0;
    for (const auto& found : explored.found)
      possible |= 1ull << found.output;
    std::vector<system::Stimulus> stimuli;
    system::StepResult step;
    system::State state = system.initial();
    for (int k = 0; k < 300; ++k) {
      system.enabled(state, stimuli);
      if (stimuli.empty()) break;
      system.step(state, stimuli[*rc::gen::inRange<std::size_t>(0, stimuli.size())], step);
      RC_ASSERT(seen.contains(step.state));
      RC_ASSERT((step.emitted & ~possible) == 0);
      state = step.state;
    }
  });
  rc::prop("the zones reach no discrete state that exists only without time", [] {
    const system::System system = deployment::hop_system(small_hop());
    const auto timed = proofs::explore_timed(system, {.goals = 0, .stop_when_found = false});
    const auto untimed = proofs::explore(system, {.goals = 0, .stop_when_found = false});
    RC_ASSERT(timed.complete);
    RC_ASSERT(timed.states <= untimed.states);
  });
}
