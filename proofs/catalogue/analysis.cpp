#include "proofs/catalogue/analysis.hpp"

#include "proofs/explore/explorer.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <map>

namespace halfclose::proofs {

using namespace deployment;
using system::System;
using system::Time;

namespace {

class HopJudge {
 public:
  HopJudge(const HopSettings& settings, const AnalysisOptions& options)
      : settings_(settings), options_(options) {}

  HopAnalysis run() {
    const std::vector<const Race*> wanted = options_.races.empty() ? every_race() : options_.races;
    for (const Race* race : wanted)
      world(race->needs).goals |= goal(race->output);
    for (const Guarantee& guarantee : guarantees())
      world(guarantee.needs).goals |= goal(guarantee.output);
    for (auto& [needs, world] : worlds_)
      explore_world(world);
    const Exploration& main = world(Needs::nothing).timed;
    result_.states = main.states;
    result_.zones = main.zones;
    result_.transitions = main.transitions;
    for (const Race* race : wanted)
      judge(*race, world(race->needs));
    for (const Guarantee& guarantee : guarantees())
      judge(guarantee, world(guarantee.needs));
    return std::move(result_);
  }

 private:
  /// The hop with what some races need, explored once for all of them.
  struct World {
    HopSettings settings;
    System system;
    std::uint64_t goals = 0;    ///< what is judged in it
    std::uint64_t untimed = 0;  ///< what would be emitted if time were no constraint
    Exploration timed{};
  };

  World& world(Needs needs) {
    const auto [known, fresh] = worlds_.try_emplace(needs);
    if (fresh) {
      known->second.settings = with_needs(settings_, needs);
      known->second.system = hop_system(known->second.settings);
    }
    return known->second;
  }
  /// Time only takes runs away: what no schedule reaches needs no zones.
  void explore_world(World& world) const {
    world.untimed = emitted_untimed(world.system);
    const bool is_main = &world == &worlds_.at(Needs::nothing);
    if (is_main || world.untimed & world.goals) {
      world.timed = search(world.system, kEverything, false);
    } else {
      world.timed.complete = true;
    }
  }

  static std::vector<const Race*> every_race() {
    std::vector<const Race*> all;
    for (const Race& race : races())
      all.push_back(&race);
    return all;
  }

  static constexpr std::uint64_t kEverything = ~0ull;

  Exploration search(const System& system, std::uint64_t goals, bool stop) const {
    return explore_timed(system, {.goals = goals,
                                  .stop_when_found = stop,
                                  .limits = options_.limits,
                                  .progress = options_.progress});
  }
  /// Advice is worth less time than the verdict: it may come to nothing, and then says so.
  Limits advice_limits() const {
    Limits limits = options_.limits;
    limits.states = std::min<std::uint64_t>(limits.states, 200'000);
    return limits;
  }
  /// What could be emitted if time were no constraint; everything, when that is not known.
  std::uint64_t emitted_untimed(const System& system) const {
    const Exploration all = explore(
        system, {.goals = kEverything, .stop_when_found = false, .limits = options_.limits});
    return all.complete ? all.found_set() : kEverything;
  }

  void judge(const Race& race, const World& world) {
    const auto& [settings, system, goals, untimed, timed] = world;
    RaceAnalysis judged{.race = &race};
    const auto output = static_cast<machine::OutputId>(race.output);
    if (const Path* path = timed.path_to(output)) {
      judged.path = *path;
      judged.schedule = schedule(system, *path).value();
      judged.verdict =
          race.reuse && happens_at_best(race, system) ? Verdict::not_excludable : Verdict::present;
      if (options_.advise) advise(judged, settings, system, timed.found_set());
    } else if (!timed.complete) {
      judged.limit = timed.limit;
    } else {
      judged.verdict = Verdict::absent;
      judged.absent_untimed = !(untimed & goal(race.output));
      if (options_.advise && !judged.absent_untimed) judged.margin = margin(race, system);
    }
    result_.races.push_back(std::move(judged));
  }

  void judge(const Guarantee& guarantee, const World& world) {
    const Exploration& timed = world.timed;
    GuaranteeAnalysis judged{.guarantee = &guarantee};
    if (const Path* path = timed.path_to(static_cast<machine::OutputId>(guarantee.output))) {
      judged.verdict = Verdict::present;
      judged.path = *path;
      judged.schedule = schedule(world.system, *path).value();
    } else if (timed.complete) {
      judged.verdict = Verdict::absent;
    } else {
      judged.limit = timed.limit;
    }
    result_.guarantees.push_back(std::move(judged));
  }

  /// The race with the closer's timers as long as they would ever need to be.
  bool happens_at_best(const Race& race, const System& system) const {
    System best = system;
    for (const Knob& knob : race.knobs) {
      if (knob.safer > 0 && knob.timer < system.timers.size())
        best = with_timer(std::move(best), knob.timer, beyond_all(system));
    }
    return !search(best, goal(race.output), true).found.empty();
  }

  /// The races the observer emits together with this one: a remedy has to exclude all of it.
  static std::uint64_t emitted_with(const System& system, const Path& path) {
    system::State state = system.initial();
    system::StepResult step;
    for (const system::Stimulus stimulus : path) {
      system.step(state, stimulus, step);
      state = step.state;
    }
    std::uint64_t of_races = 0;
    for (const Race& race : races())
      of_races |= goal(race.output);
    return step.emitted & of_races;
  }

  void advise(RaceAnalysis& judged, const HopSettings& settings, const System& system,
              std::uint64_t happening) const {
    const std::uint64_t together = emitted_with(system, judged.path);
    for (const Knob& knob : judged.race->knobs) {
      if (knob.timer >= system.timers.size()) continue;  // of a part that this hop does not have
      const system::Timer& timer = system.timers[knob.timer];
      if (timer.off) continue;
      const Time bound = knob.safer > 0 ? beyond_all(system) : -timer.after;
      const Edge edge = find_edge(system, knob.timer, emitted_with(system, judged.path), 0,
                                  knob.safer, bound, advice_limits());
      if (edge.present_at) judged.thresholds.push_back({knob, *edge.present_at});
      judged.advice_cut |= edge.undecided;
    }
    for (const Mitigation& mitigation : mitigations()) {
      HopSettings changed = settings;
      if (!mitigation.apply(changed)) continue;
      // Nor may it bring another race about.
      const Exploration without = explore_timed(
          hop_system(changed),
          {.goals = together | ~happening, .stop_at_first = true, .limits = advice_limits()});
      judged.advice_cut |= without.found.empty() && !without.complete;
      if (without.found.empty() && without.complete) judged.excluded_by.push_back(&mitigation);
    }
  }

  /// From a value at which the race happens, back towards the configured one.
  std::optional<Threshold> margin(const Race& race, const System& system) const {
    for (const Knob& knob : race.knobs) {
      if (knob.timer >= system.timers.size()) continue;  // of a part that this hop does not have
      const system::Timer& timer = system.timers[knob.timer];
      if (timer.off) continue;
      const Time worst = knob.safer > 0 ? -timer.after : beyond_all(system);
      const System at_worst = with_timer(system, knob.timer, worst);
      if (search(at_worst, goal(race.output), true).found.empty()) continue;
      const Edge edge =
          find_edge(system, knob.timer, goal(race.output), worst, knob.safer, 0, advice_limits());
      if (edge.present_at) return Threshold{knob, *edge.present_at};
    }
    return std::nullopt;
  }

  const HopSettings& settings_;
  const AnalysisOptions& options_;
  std::map<Needs, World> worlds_;
  HopAnalysis result_;
};

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::present:
      return "present";
    case Verdict::absent:
      return "absent";
    case Verdict::not_excludable:
      return "not-excludable";
    case Verdict::undecided:
      return "undecided";
    case Verdict::masked:
      return "masked";
  }
  return {};
}

HopAnalysis analyse(const HopSettings& settings, const AnalysisOptions& options) {
  return HopJudge(settings, options).run();
}

}  // namespace halfclose::proofs
