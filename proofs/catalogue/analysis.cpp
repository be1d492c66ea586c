#include "proofs/catalogue/analysis.hpp"

#include <algorithm>

#include "proofs/explore/explorer.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"

namespace halfclose::proofs {

using namespace deployment;
using system::System;
using system::Time;

namespace {

/// Longer than any run of the system needs: beyond it more time changes nothing.
Time beyond_all(const System& system) {
  Time sum = 3'600'000'000;
  for (const system::Timer& timer : system.timers) {
    if (!timer.off) sum += 4 * timer.hi;
  }
  return sum;
}

class HopJudge {
 public:
  HopJudge(const HopSettings& settings, const AnalysisOptions& options) : settings_(settings), options_(options) {}

  HopAnalysis run() {
    HopSettings quiet = settings_, closing = settings_;
    quiet.with_shutdown = false;
    closing.with_shutdown = true;
    const std::vector<const Race*> wanted = options_.races.empty() ? every_race() : options_.races;
    std::uint64_t goals = 0, shutdown_goals = 0;
    for (const Race* race : wanted) (race->needs_shutdown ? shutdown_goals : goals) |= goal(race->output);
    for (const Guarantee& guarantee : guarantees()) goals |= goal(guarantee.output);

    const System system = hop_system(quiet);
    const Exploration timed = search(system, goals, false);
    const std::uint64_t untimed = emitted_untimed(system);
    result_.states = timed.states;
    result_.zones = timed.zones;
    result_.transitions = timed.transitions;
    const System shutting = hop_system(closing);
    const Exploration shut = shutdown_goals == 0 ? Exploration{} : search(shutting, shutdown_goals, true);

    for (const Race* race : wanted) {
      if (race->needs_shutdown) {
        judge(*race, closing, shutting, shut, goal(race->output));
      } else {
        judge(*race, quiet, system, timed, untimed);
      }
    }
    for (const Guarantee& guarantee : guarantees()) judge(guarantee, system, timed);
    return std::move(result_);
  }

 private:
  static std::vector<const Race*> every_race() {
    std::vector<const Race*> all;
    for (const Race& race : races()) all.push_back(&race);
    return all;
  }

  Exploration search(const System& system, std::uint64_t goals, bool stop) const {
    return explore_timed(system, {.goals = goals, .stop_when_found = stop, .limits = options_.limits, .progress = options_.progress});
  }
  /// What could be emitted if time were no constraint; everything, when that is not known.
  std::uint64_t emitted_untimed(const System& system) const {
    const Exploration all = explore(system, {.goals = ~0ull, .stop_when_found = false, .limits = options_.limits});
    if (!all.complete) return ~0ull;
    std::uint64_t emitted = 0;
    for (const Found& found : all.found) emitted |= 1ull << found.output;
    return emitted;
  }

  void judge(const Race& race, const HopSettings& settings, const System& system, const Exploration& timed, std::uint64_t untimed) {
    RaceAnalysis judged{.race = &race};
    const auto output = static_cast<machine::OutputId>(race.output);
    if (const Path* path = timed.path_to(output)) {
      judged.path = *path;
      judged.times = schedule(system, *path).value();
      judged.verdict = race.reuse && happens_at_best(race, system) ? Verdict::not_excludable : Verdict::present;
      if (options_.advise) advise(judged, settings, system);
    } else if (!timed.complete) {
      judged.limit = timed.limit;
    } else {
      judged.verdict = Verdict::absent;
      judged.absent_untimed = !(untimed & goal(race.output));
      if (options_.advise && !judged.absent_untimed) judged.margin = margin(race, system);
    }
    result_.races.push_back(std::move(judged));
  }

  void judge(const Guarantee& guarantee, const System& system, const Exploration& timed) {
    GuaranteeAnalysis judged{.guarantee = &guarantee};
    if (const Path* path = timed.path_to(static_cast<machine::OutputId>(guarantee.output))) {
      judged.verdict = Verdict::present;
      judged.path = *path;
      judged.times = schedule(system, *path).value();
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
      if (knob.safer > 0) best = with_timer(std::move(best), knob.timer, beyond_all(system));
    }
    return !search(best, goal(race.output), true).found.empty();
  }

  void advise(RaceAnalysis& judged, const HopSettings& settings, const System& system) const {
    for (const Knob& knob : judged.race->knobs) {
      const system::Timer& timer = system.timers[knob.timer];
      if (timer.off) continue;
      const Time bound = knob.safer > 0 ? beyond_all(system) : -timer.hi;
      const Edge edge = find_edge(system, knob.timer, goal(judged.race->output), 0, knob.safer, bound, options_.limits);
      if (edge.present_at) judged.thresholds.push_back({knob, *edge.present_at});
    }
    for (const Mitigation& mitigation : mitigations()) {
      HopSettings changed = settings;
      if (!mitigation.apply(changed)) continue;
      const Exploration without = search(hop_system(changed), goal(judged.race->output), true);
      if (without.complete && without.found.empty()) judged.excluded_by.push_back(&mitigation);
    }
  }

  /// From a value at which the race happens, back towards the configured one.
  std::optional<Threshold> margin(const Race& race, const System& system) const {
    for (const Knob& knob : race.knobs) {
      const system::Timer& timer = system.timers[knob.timer];
      if (timer.off) continue;
      const Time worst = knob.safer > 0 ? -timer.hi : beyond_all(system);
      const System at_worst = with_timer(system, knob.timer, worst);
      if (search(at_worst, goal(race.output), true).found.empty()) continue;
      const Edge edge = find_edge(system, knob.timer, goal(race.output), worst, knob.safer, 0, options_.limits);
      if (edge.present_at) return Threshold{knob, *edge.present_at};
    }
    return std::nullopt;
  }

  const HopSettings& settings_;
  const AnalysisOptions& options_;
  HopAnalysis result_;
};

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::present: return "present";
    case Verdict::absent: return "absent";
    case Verdict::not_excludable: return "not-excludable";
    case Verdict::undecided: return "undecided";
  }
  return {};
}

HopAnalysis analyse(const HopSettings& settings, const AnalysisOptions& options) {
  return HopJudge(settings, options).run();
}

}  // namespace halfclose::proofs
