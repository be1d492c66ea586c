#include "proofs/catalogue/solve.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/reasons.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

namespace halfclose::proofs {

using deployment::HopSettings;
using system::Time;

namespace {

using Values = std::map<std::string, Time>;

/// What timeouts can change about one hop.
class Adviser {
 public:
  Adviser(const HopSettings& settings, const SolveOptions& options, HopSolution& solution)
      : settings_(settings), options_(options), solution_(solution) {
    for (const HopRegion& region : solution.regions) {
      if (!region.exact || region.safe.cells.empty()) continue;
      regions_.push_back({.region = region});
      for (std::size_t p = 0; p < region.parameters.size(); ++p) {
        const HopParameter& parameter = region.parameters[p];
        const bool set_by_somebody =
            parameter.of == HopParameter::Of::client || parameter.of == HopParameter::Of::server;
        if (!set_by_somebody || parameter.key == "loop_stall") continue;
        if (options.fixed && options.fixed(parameter.name)) continue;
        knobs_.emplace(parameter.name, parameter);
      }
    }
  }

  void run() {
    if (holds({})) return;
    solution_.needs_change = true;
    do {
      solution_.changes = best();
    } while (learned(solution_.changes));
  }

 private:
  /// What is known of a race.
  struct Known {
    HopRegion region;
    /// Nothing is known with other values of what is no symbol in it.
    bool rigid = false;
  };

  /// The least change for each choice of one value, else of two.
  std::vector<std::vector<Change>> best() const {
    std::vector<std::vector<Change>> found;
    for (const auto& [name, knob] : knobs_)
      try_last(name, {}, found);
    if (found.empty()) {
      for (const auto& [first, knob] : knobs_) {
        for (const Time value : candidates(first, {})) {
          for (const auto& [second, other] : knobs_) {
            if (second != first) try_last(second, {{first, value}}, found);
          }
        }
      }
    }
    auto distance = [](const std::vector<Change>& changes) {
      Time sum = 0;
      for (const Change& change : changes)
        sum += change.to > change.from ? change.to - change.from : change.from - change.to;
      return sum;
    };
    std::stable_sort(found.begin(), found.end(),
                     [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    std::set<std::set<std::string>> seen;
    std::erase_if(found, [&](const std::vector<Change>& changes) {
      std::set<std::string> names;
      for (const Change& change : changes)
        names.insert(change.name);
      return !seen.insert(names).second;
    });
    return found;
  }

  Time now(const std::string& name) const { return knobs_.at(name).value(settings_); }

  static bool is_symbol(const HopRegion& region, const std::string& name) {
    return std::any_of(region.parameters.begin(), region.parameters.end(),
                       [&](const HopParameter& parameter) { return parameter.name == name; });
  }
  static Point at(const HopRegion& region, const Values& values) {
    Point point = region.at;
    for (std::size_t p = 0; p < point.size(); ++p) {
      const auto changed = values.find(region.parameters[p].name);
      if (changed != values.end()) point[p] = changed->second;
    }
    return point;
  }
  bool holds(const Cell& cell, const Point& point) const {
    return std::all_of(cell.begin(), cell.end(), [&](const Inequality& inequality) {
      return options_.margin > 0 ? inequality.value.at(point) >= options_.margin
                                 : inequality.holds(point);
    });
  }
  bool holds(const Values& values) const {
    return std::all_of(regions_.begin(), regions_.end(), [&](const Known& known) {
      const HopRegion& region = known.region;
      const Point point = at(region, values);
      if (known.rigid && std::any_of(values.begin(), values.end(), [&](const auto& value) {
            return !is_symbol(region, value.first) && value.second != now(value.first);
          }))
        return false;
      return contains(region.domain, point) &&
             std::any_of(region.safe.cells.begin(), region.safe.cells.end(),
                         [&](const Cell& cell) { return holds(cell, point); });
    });
  }

  /// Every value of `name` at which some inequality begins or ceases to hold, and round ones
  /// beyond.
  std::set<Time> candidates(const std::string& name, const Values& values) const {
    std::set<Time> all;
    for (const auto& [region, rigid] : regions_) {
      const auto parameter =
          std::find_if(region.parameters.begin(), region.parameters.end(),
                       [&](const HopParameter& one) { return one.name == name; });
      if (parameter == region.parameters.end()) continue;
      const auto p = static_cast<std::size_t>(parameter - region.parameters.begin());
      const Point point = at(region, values);
      for (const Cell& cell : region.safe.cells) {
        for (const Inequality& inequality : cell) {
          const std::int64_t times = inequality.value.coefficients[p];
          if (times == 0) continue;
          const Time edge = point[p] + (options_.margin - inequality.value.at(point)) / times;
          for (const Time unit : {1'000'000, 1'000, 1}) {
            const Time below = edge >= 0 ? edge / unit * unit : 0;
            for (const Time value : {below - unit, below, below + unit}) {
              if (value >= 0) all.insert(value);
            }
          }
        }
      }
    }
    return all;
  }

  /// Changes `name` besides `before`, by as little as possible; roundest first.
  void try_last(const std::string& name, const Values& before,
                std::vector<std::vector<Change>>& found) const {
    for (const Time unit : {1'000'000, 1'000, 1}) {
      std::optional<Time> best;
      for (const Time value : candidates(name, before)) {
        if (value % unit != 0) continue;
        Values values = before;
        values[name] = value;
        const Time old = now(name);
        auto distance = [&](Time one) { return one > old ? one - old : old - one; };
        if ((!best || distance(value) < distance(*best)) && holds(values)) best = value;
      }
      if (!best) continue;
      std::vector<Change> changes;
      for (const auto& [other, value] : before)
        changes.push_back({other, now(other), value});
      changes.push_back({name, now(name), *best});
      found.push_back(std::move(changes));
      return;
    }
  }

  /// The timed engine has the last word: a region is that of one race, with what other races are
  /// decided by as it is.
  /// @return true: a change was refuted, and the region of that race now knows better
  bool learned(std::vector<std::vector<Change>>& alternatives) {
    for (auto changes = alternatives.begin(); changes != alternatives.end();) {
      HopSettings changed = settings_;
      for (const Change& change : *changes)
        knobs_.at(change.name).set(changed, change.to);
      bool confirmed = true;
      for (Known& known : regions_) {
        const Race& race = *known.region.race;
        const Exploration again =
            explore_timed(hop_system(with_needs(changed, race.needs)),
                          {.goals = goal(race.output), .stop_at_first = true});
        confirmed &= again.complete;
        if (again.found.empty()) continue;
        if (known.region.response_held) {
          confirmed = false;
          break;
        }
        widen(known, *changes);
        return true;
      }
      changes = confirmed ? changes + 1 : alternatives.erase(changes);
    }
    return false;
  }

  void widen(Known& known, const std::vector<Change>& changes) const {
    std::set<std::string> symbols;
    for (const HopParameter& parameter : known.region.parameters)
      symbols.insert(parameter.name);
    const std::size_t before = symbols.size();
    for (const Change& change : changes)
      symbols.insert(change.name);
    if (symbols.size() == before || known.rigid)
      throw std::logic_error("a region of " + std::string(known.region.race->slug) +
                             " and the timed engine contradict each other");
    HopRegion wider = region_of(settings_, *known.region.race, options_.limits, symbols);
    known.rigid = !wider.exact;
    if (wider.exact) known.region = std::move(wider);
  }

  const HopSettings& settings_;
  const SolveOptions& options_;
  HopSolution& solution_;
  std::vector<Known> regions_;  ///< of the races that timeouts can exclude
  std::map<std::string, HopParameter> knobs_;
};

/// One attribute for two timers may make a search too long: then with the response timeout as it
/// is.
HopRegion region_or_held(const HopSettings& settings, const Race& race,
                         const SynthesisLimits& limits) {
  HopRegion region = region_of(settings, race, limits);
  if (region.exact || !settings.client.response_is_idle) return region;
  HopSettings held = settings;
  held.client.response_is_idle = false;
  HopRegion less = region_of(held, race, limits);
  const bool response_is_symbol =
      std::any_of(less.parameters.begin(), less.parameters.end(),
                  [](const HopParameter& one) { return one.key == "response_timeout"; });
  if (!less.exact || response_is_symbol) return region;
  less.response_held = true;
  return less;
}

}  // namespace

HopSolution solve_hop(const HopSettings& settings, const SolveOptions& options) {
  HopSolution solution{.hop = settings.client.name + "->" + settings.server.name};
  solution.uncertainty = uncertainty(settings);
  for (const Race& race : races()) {
    if (!options.races.empty() &&
        std::find(options.races.begin(), options.races.end(), &race) == options.races.end())
      continue;
    HopRegion region = region_or_held(settings, race, options.limits);
    if (!region.possible) continue;
    solution.undecided |= !region.exact;
    if (region.exact && region.safe.cells.empty()) {
      const HopAnalysis analysis = analyse(settings, {.races = {&race}, .properties = false});
      solution.mitigations[&race] = fixes_of(analysis.races.front(), settings);
    }
    solution.regions.push_back(std::move(region));
  }
  Adviser(settings, options, solution).run();
  return solution;
}

}  // namespace halfclose::proofs
