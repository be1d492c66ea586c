#include "proofs/fleet/fleet_judge.hpp"

#include "proofs/witness/json.hpp"

#include <algorithm>
#include <set>

namespace halfclose::proofs {

using deployment::HopSettings;
using system::Time;

namespace {

/// So many values of a timer are worth a region each; with more of them it becomes a symbol.
constexpr std::size_t kFewRegions = 3;

/// A region, and for which values of a kind's parameters it stands.
struct Known {
  const HopRegion* region = nullptr;
  std::vector<std::size_t> symbols;  ///< of the kind's parameters: those of the region
  std::vector<std::pair<std::size_t, Time>> others;  ///< what is no symbol, and its value

  bool covers(const Point& values, Point& at) const {
    for (const auto& [parameter, value] : others) {
      if (values[parameter] != value) return false;
    }
    at.clear();
    for (const std::size_t parameter : symbols)
      at.push_back(values[parameter]);
    return contains(region->domain, at);
  }
};

/// What is known of one race of a kind.
struct RaceRegions {
  std::shared_mutex mutex;
  std::mutex learning;
  std::vector<Known> known;
  std::set<std::size_t> also;  ///< parameters that became symbols
  bool narrow = false;         ///< with them as symbols the region was not found
};

}  // namespace

class FleetJudge::Kind {
 public:
  Kind(HopSettings of, std::size_t races) : settings(std::move(of)), races(races) {
    parameters = hop_parameters(settings);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      if (!is_uncertainty(parameters[p])) continue;
      uncertain.emplace_back(p, parameters[p].key == "delay.min" ? -1 : 1);
    }
  }

  HopSettings settings;
  std::vector<HopParameter> parameters;
  std::vector<std::pair<std::size_t, Time>> uncertain;  ///< what delays and stalls leave open
  std::deque<RaceRegions> races;
};

FleetJudge::FleetJudge(std::vector<const Race*> races, const FleetLimits& limits,
                       std::string directory)
    : races_(std::move(races)), limits_(limits), cache_(limits.region, std::move(directory)) {
  if (!races_.empty()) return;
  for (const Race& race : proofs::races())
    races_.push_back(&race);
}
FleetJudge::~FleetJudge() = default;

std::size_t FleetJudge::kinds() const {
  const std::lock_guard lock(mutex_);
  return kinds_.size();
}

FleetJudge::Kind* FleetJudge::kind_of(const HopSettings& of) {
  HopSettings settings = of;
  settings.client.name = "{client}";
  settings.server.name = "{server}";
  HopSettings without = settings;
  for (const HopParameter& parameter : hop_parameters(without))
    parameter.set(without, 0);
  const std::string key = (of.client.response_is_idle ? "=" : " ") + to_json(without);
  const std::lock_guard lock(mutex_);
  const auto found = kinds_.find(key);
  if (found != kinds_.end()) return found->second.get();
  if (kinds_.size() >= limits_.kinds) return nullptr;
  return kinds_.emplace(key, std::make_unique<Kind>(std::move(settings), races_.size()))
      .first->second.get();
}

const std::vector<HopParameter>& FleetJudge::parameters(const Kind& kind) {
  return kind.parameters;
}

void FleetJudge::judge(Kind& kind, const Point& values, std::vector<FleetVerdict>& verdicts) {
  verdicts.clear();
  for (std::size_t race = 0; race < races_.size(); ++race) {
    FleetVerdict verdict = judge_race(kind, race, values);
    verdict.race = races_[race];
    if (verdict.verdict == Verdict::absent && verdict.slack) {
      Time uncertainty = 0;
      for (const auto& [parameter, sign] : kind.uncertain)
        uncertainty += sign * values[parameter];
      verdict.thin = *verdict.slack < uncertainty;
    }
    verdicts.push_back(verdict);
  }
}

FleetVerdict FleetJudge::judge_race(Kind& kind, std::size_t race, const Point& values) {
  RaceRegions& regions = kind.races[race];
  thread_local Point at;
  for (bool again : {true, false}) {
    {
      const std::shared_lock lock(regions.mutex);
      for (const Known& known : regions.known) {
        if (!known.covers(values, at)) continue;
        const HopRegion& region = *known.region;
        if (!region.possible) return {.verdict = Verdict::absent};
        if (!region.exact)
          return {.verdict = region.racy.contains(at) ? Verdict::present : Verdict::undecided};
        FleetVerdict verdict{.verdict =
                                 region.safe.contains(at) ? Verdict::absent : Verdict::present};
        if (const auto where = standing(region.safe, at)) verdict.slack = where->slack;
        return verdict;
      }
    }
    if (again) learn(kind, race, values);
  }
  return {.verdict = Verdict::undecided};
}

void FleetJudge::learn(Kind& kind, std::size_t race, const Point& values) {
  RaceRegions& regions = kind.races[race];
  const std::lock_guard one_at_a_time(regions.learning);
  // Only who holds that lock writes, so what is known may be read without the other.
  Point at;
  if (regions.known.size() >= limits_.regions ||
      std::any_of(regions.known.begin(), regions.known.end(),
                  [&](const Known& known) { return known.covers(values, at); }))
    return;

  std::set<std::size_t> also = regions.also;
  if (!regions.narrow && regions.known.size() >= kFewRegions) {
    for (const Known& known : regions.known) {
      for (const auto& [parameter, value] : known.others) {
        if (values[parameter] != value) also.insert(parameter);
      }
    }
  }
  HopSettings settings = kind.settings;
  for (std::size_t p = 0; p < values.size(); ++p)
    kind.parameters[p].set(settings, values[p]);
  auto region_with = [&](const std::set<std::size_t>& symbols) {
    std::set<std::string> names;
    for (const std::size_t parameter : symbols)
      names.insert(kind.parameters[parameter].name);
    return &cache_.at(settings, *races_[race], names);
  };
  const HopRegion* region = region_with(also);
  if (!region->exact && also != regions.also) {
    regions.narrow = true;
    also = regions.also;
    region = region_with(also);
  }

  Known known{.region = region};
  for (std::size_t p = 0; p < values.size(); ++p) {
    const bool symbol =
        std::any_of(region->parameters.begin(), region->parameters.end(),
                    [&](const HopParameter& one) { return one.name == kind.parameters[p].name; });
    if (symbol)
      known.symbols.push_back(p);
    else
      known.others.emplace_back(p, values[p]);
  }
  const std::unique_lock lock(regions.mutex);
  if (also != regions.also) {
    // The wide region stands for what the narrow ones do.
    regions.also = also;
    regions.known.clear();
  }
  regions.known.push_back(std::move(known));
}

}  // namespace halfclose::proofs
