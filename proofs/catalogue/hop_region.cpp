#include "proofs/catalogue/hop_region.hpp"

#include "model/deployment/hop_system.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::proofs {

using deployment::format_duration;
using deployment::HopSettings;

bool is_uncertainty(const HopParameter& parameter) {
  return parameter.key == "loop_stall" || parameter.key == "delay.min" ||
         parameter.key == "delay.max";
}

std::vector<HopParameter> region_parameters(const HopSettings& of, const Race& race,
                                            const std::set<std::string>& also) {
  const HopSettings settings = with_needs(of, race.needs);
  const system::System system = hop_system(settings);
  std::vector<HopParameter> symbols = hop_parameters(settings);
  std::erase_if(symbols, [&](const HopParameter& parameter) {
    return !is_uncertainty(parameter) && !also.contains(parameter.name) &&
           std::none_of(race.knobs.begin(), race.knobs.end(), [&](const Knob& knob) {
             return knob.timer < system.timers.size() &&
                    system.timers[knob.timer].name == parameter.name;
           });
  });
  return symbols;
}

HopRegion region_of(const HopSettings& of, const Race& race, const SynthesisLimits& limits,
                    const std::set<std::string>& also) {
  const HopSettings settings = with_needs(of, race.needs);
  const system::System system = hop_system(settings);
  HopRegion made{.race = &race, .parameters = region_parameters(of, race, also)};
  ParametricSystem parametric = parametric_hop(system, settings, made.parameters);
  for (std::size_t p = 0; p < made.parameters.size(); ++p) {
    const system::Time value = made.parameters[p].value(settings);
    made.at.push_back(value);
    if (!is_uncertainty(made.parameters[p])) continue;
    Linear room{std::vector<std::int64_t>(made.parameters.size()),
                value > kSymbolicUncertainty ? 2 * value : kSymbolicUncertainty};
    room.coefficients[p] = -1;
    parametric.domain.push_back({room, false});
  }
  made.domain = parametric.domain;
  made.racy.parameters = made.safe.parameters = made.parameters.size();

  const UntimedGraph graph(system,
                           {.states = limits.polyhedra * 10, .milliseconds = limits.milliseconds});
  if (!graph.complete()) {
    made.exact = false;
    made.limit = graph.limit();
    return made;
  }
  made.possible = graph.emitted() & goal(race.output);
  if (!made.possible) {
    made.safe.cells.emplace_back();
    return made;
  }
  Synthesis found = synthesize(parametric, graph, goal(race.output), limits);
  made.racy = std::move(found.racy);
  made.exact = found.exact;
  made.limit = std::move(found.limit);
  made.runs = std::move(found.runs);
  made.polyhedra = found.polyhedra;
  for (std::size_t t = 0; t < system.timers.size(); ++t) {
    const system::Timer& timer = system.timers[t];
    const bool decides =
        std::find(found.timed.begin(), found.timed.end(), timer.name) != found.timed.end();
    bool symbolic = false;
    for (std::size_t p = 0; p < made.parameters.size(); ++p)
      symbolic |=
          !is_uncertainty(made.parameters[p]) && parametric.timers[t].lo.coefficients[p] != 0;
    if (decides && !symbolic)
      made.fixed.push_back(timer.name + " = " + format_duration(timer.after));
  }
  if (const auto probes = probes_of(settings, made.parameters))
    made.fixed.push_back(to_text(*probes, made.parameters));
  if (!made.exact) return made;
  try {
    made.safe = outside(made.racy, made.domain);
  } catch (const std::length_error& error) {
    made.exact = false;
    made.limit = error.what();
  }
  return made;
}

std::string to_text(const Inequality& inequality, const std::vector<HopParameter>& parameters) {
  std::string sides[2];
  auto add = [&](bool right, const std::string& term) {
    sides[right] += (sides[right].empty() ? "" : " + ") + term;
  };
  // What is set comes first, then what is uncertain.
  for (const bool uncertain : {false, true}) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const std::int64_t count = inequality.value.coefficients[p];
      if (count == 0 || is_uncertainty(parameters[p]) != uncertain) continue;
      const std::int64_t times = count < 0 ? -count : count;
      add(count < 0, (times == 1 ? "" : std::to_string(times) + " x ") + parameters[p].name);
    }
    const std::int64_t constant = inequality.value.constant;
    if (!uncertain && constant != 0)
      add(constant < 0, format_duration(constant < 0 ? -constant : constant));
  }
  for (std::string& side : sides) {
    if (side.empty()) side = "0s";
  }
  return sides[0] + (inequality.strict ? " > " : " >= ") + sides[1];
}

std::optional<Standing> standing(const Region& safe, const Point& at) {
  std::optional<Standing> best;
  for (std::size_t c = 0; c < safe.cells.size(); ++c) {
    if (safe.cells[c].empty()) return std::nullopt;
    Standing here{c, 0, INT64_MAX};
    for (std::size_t i = 0; i < safe.cells[c].size(); ++i) {
      const system::Time slack = safe.cells[c][i].value.at(at);
      if (slack < here.slack) here = {c, i, slack};
    }
    if (!best || here.slack > best->slack) best = here;
  }
  return best;
}

}  // namespace halfclose::proofs
