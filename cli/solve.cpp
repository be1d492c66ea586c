// halfclose solve CHAIN: for which timeouts each race cannot happen, and what to change.
#include "proofs/catalogue/solve.hpp"

#include "cli/command.hpp"
#include "cli/replace_file.hpp"
#include "model/deployment/chain.hpp"
#include "model/deployment/chain_edit.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace halfclose::cli {

namespace {

using deployment::format_duration;
using proofs::HopRegion;
using proofs::HopSolution;
using Json = nlohmann::ordered_json;

enum class Stands { safe, always_safe, unsafe, never_safe, undecided };

Stands stands(const HopRegion& region) {
  if (!region.exact) return region.racy.contains(region.at) ? Stands::unsafe : Stands::undecided;
  if (region.racy.cells.empty()) return Stands::always_safe;
  if (region.safe.cells.empty()) return Stands::never_safe;
  return region.is_safe() ? Stands::safe : Stands::unsafe;
}

const char* word(Stands how) {
  switch (how) {
    case Stands::safe:
    case Stands::always_safe:
      return "absent";
    case Stands::unsafe:
    case Stands::never_safe:
      return "present";
    case Stands::undecided:
      return "undecided";
  }
  return "";
}

std::string coloured_word(Stands how, bool colour) {
  const Colour shade = how == Stands::safe || how == Stands::always_safe ? Colour::green
                       : how == Stands::undecided                        ? Colour::yellow
                                                                         : Colour::red;
  std::string text = word(how);
  text.resize(11, ' ');
  return coloured(text, shade, colour);
}

std::string race_text(const HopRegion& region, const std::vector<std::string>* mitigations,
                      halfclose::system::Time uncertainty, bool colour) {
  const Stands how = stands(region);
  std::string text = "  " + coloured_word(how, colour) + std::string(region.race->slug);
  if (!region.exact)
    return text + ": its region is not known, the limit of " + region.limit + " was hit\n";
  if (how == Stands::always_safe) return text + ": whatever these timeouts are\n";
  if (how == Stands::never_safe) {
    text += ": no timeouts exclude it\n";
    for (const std::string& way : *mitigations)
      text += (&way == &mitigations->front() ? "         but  " : "          or  ") +
              wrapped(way, 108, 14) + "\n";
    return text;
  }
  const auto where = standing(region.safe, region.at);
  if (where) {
    text += how == Stands::safe ? ", margin " + format_duration(where->slack)
                                : ", short by " + format_duration(-where->slack);
    if (how == Stands::safe && where->slack < uncertainty) text += " (thin)";
  }
  text += "; safe if\n";
  for (std::size_t c = 0; c < region.safe.cells.size(); ++c) {
    const proofs::Cell& cell = region.safe.cells[c];
    for (std::size_t i = 0; i < cell.size(); ++i) {
      const bool binds = where && where->cell == c && where->inequality == i;
      text += std::string(c > 0 && i == 0 ? "      or "
                          : i > 0         ? "     and "
                                          : "         ") +
              wrapped(to_text(cell[i], region.parameters), 108, 13) +
              (binds ? coloured("   <- binds", Colour::dim, colour) : "") + "\n";
    }
  }
  if (!region.fixed.empty()) {
    std::string list;
    for (const std::string& one : region.fixed)
      list += (list.empty() ? "" : ", ") + one;
    text += "         with " + wrapped(list, 108, 14) + "\n";
  }
  return text;
}

std::string changes_text(const std::vector<proofs::Change>& changes) {
  std::string text;
  for (const proofs::Change& change : changes) {
    text += (text.empty() ? "" : ", ") + change.name + " " + format_duration(change.from) + " -> " +
            format_duration(change.to);
  }
  return text;
}

std::string hop_text(const HopSolution& solution, bool colour) {
  std::string text = coloured(solution.hop, Colour::bold, colour) + "\n";
  for (const HopRegion& region : solution.regions) {
    const auto found = solution.mitigations.find(region.race);
    text += race_text(region, found == solution.mitigations.end() ? nullptr : &found->second,
                      solution.uncertainty, colour);
  }
  if (solution.regions.empty()) text += "  no schedule leads to any of these races\n";
  if (solution.needs_change && solution.changes.empty())
    text += "  change      no one or two timeouts that may be changed exclude what timeouts can\n";
  for (std::size_t i = 0; i < solution.changes.size(); ++i) {
    text +=
        (i == 0 ? "  change      " : "          or  ") + changes_text(solution.changes[i]) + "\n";
  }
  return text + "\n";
}

Json changes_json(const std::vector<proofs::Change>& changes) {
  Json all = Json::array();
  for (const proofs::Change& change : changes) {
    all.push_back({{"name", change.name},
                   {"from_s", static_cast<double>(change.from) / 1e6},
                   {"to_s", static_cast<double>(change.to) / 1e6}});
  }
  return all;
}

/// value > 0 when strict, else value >= 0; value is constant_s + the sum of coefficient x name_s.
Json inequality_json(const proofs::Inequality& inequality, const HopRegion& region) {
  Json terms = Json::object();
  for (std::size_t p = 0; p < region.parameters.size(); ++p) {
    const std::int64_t coefficient = inequality.value.coefficients[p];
    if (coefficient != 0) terms[region.parameters[p].name] = coefficient;
  }
  return {{"constant_s", static_cast<double>(inequality.value.constant) / 1e6},
          {"terms", terms},
          {"strict", inequality.strict}};
}

Json cell_json(const proofs::Cell& cell, const HopRegion& region) {
  Json all = Json::array();
  for (const proofs::Inequality& inequality : cell)
    all.push_back(inequality_json(inequality, region));
  return all;
}

Json hop_json(const HopSolution& solution) {
  Json races = Json::array(), changes = Json::array();
  for (const HopRegion& region : solution.regions) {
    Json cells = Json::array(), texts = Json::array();
    for (const proofs::Cell& cell : region.safe.cells) {
      cells.push_back(cell_json(cell, region));
      texts.push_back(Json::array());
      for (const proofs::Inequality& inequality : cell)
        texts.back().push_back(to_text(inequality, region.parameters));
    }
    const auto where = region.exact ? standing(region.safe, region.at) : std::nullopt;
    races.push_back(
        {{"race", region.race->slug},
         {"verdict", word(stands(region))},
         {"exact", region.exact},
         {"limit", region.limit},
         {"safe_if", texts},
         {"cells", cells},
         {"domain", cell_json(region.domain, region)},
         {"with", region.fixed},
         {"mitigations", solution.mitigations.contains(region.race)
                             ? Json(solution.mitigations.at(region.race))
                             : Json::array()},
         {"thin", where && where->slack > 0 && where->slack < solution.uncertainty},
         {"margin_s", where ? Json(static_cast<double>(where->slack) / 1e6) : Json()},
         {"binds", where ? Json(to_text(region.safe.cells[where->cell][where->inequality],
                                        region.parameters))
                         : Json()}});
  }
  for (const auto& alternative : solution.changes)
    changes.push_back(changes_json(alternative));
  return {{"hop", solution.hop}, {"races", races}, {"changes", changes}};
}

/// @return what is wrong; the file is then as it was
std::string write_changes(const std::string& path, const std::vector<proofs::Change>& changes) {
  if (changes.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<deployment::ChainEdit> edits;
  for (const proofs::Change& change : changes)
    edits.push_back({change.name, change.to});
  const deployment::EditedChain edited = deployment::edit_chain(text, edits);
  if (!edited.error.empty()) return edited.error;
  return replace_file(path, [&](std::ostream& out) { out << edited.text; });
}

bool covers(const std::string& fixed, const std::string& value) {
  return value == fixed || value.rfind(fixed + ".", 0) == 0;
}

/// `app`, `app.downstream`, `app.downstream.idle_timeout`.
bool names_something(const deployment::Chain& chain, const std::string& fixed) {
  auto in_role = [&](const std::string& role, const std::vector<deployment::Key>& keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const deployment::Key& key) {
      return covers(fixed, role + "." + std::string(key.name));
    });
  };
  return std::any_of(chain.nodes.begin(), chain.nodes.end(), [&](const deployment::Node& node) {
    return fixed == node.name ||
           (node.client && in_role(node.name + ".upstream", deployment::client_keys())) ||
           (node.server && in_role(node.name + ".downstream", deployment::server_keys()));
  });
}

}  // namespace

void add_solve(CLI::App& app, int& status) {
  struct Options {
    std::string chain, format = "text", margin = "0s";
    std::vector<std::string> races, fixed;
    double seconds = 10;
    bool write = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "solve", "for which timeouts each race cannot happen, and the smallest change");
  command->add_option("CHAIN", options->chain, "a chain file (docs/reference/chain.md)")
      ->required();
  command->add_option("--race", options->races, "only this race; may be repeated");
  command->add_option("--fixed", options->fixed,
                      "a node or a value that cannot be changed: `alb`, "
                      "`app.downstream.idle_timeout`; may be repeated");
  command->add_option("--margin", options->margin, "changes leave at least so much to spare")
      ->capture_default_str();
  command->add_option("--max-seconds", options->seconds, "for each region, else it is undecided")
      ->check(CLI::Range(0.001, 86'400.0))
      ->capture_default_str();
  command->add_flag("--write", options->write,
                    "write the smallest changes into CHAIN; all else of it stays as it is");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, &status] {
    proofs::SolveOptions solve;
    solve.limits.milliseconds = static_cast<std::int64_t>(options->seconds * 1'000);
    for (const std::string& slug : options->races) {
      const proofs::Race* race = proofs::find_race(slug);
      if (race == nullptr) {
        status = refuse(is_property(slug) || is_guarantee(slug)
                            ? "error: `" + slug +
                                  "` has no region: `halfclose solve` is about the races "
                                  "of one connection"
                            : unknown_race(slug));
        return;
      }
      solve.races.push_back(race);
    }
    const auto margin = deployment::parse_duration(options->margin);
    if (!margin.value || *margin.value >= deployment::kOff) {
      status =
          refuse("error: --margin: `" + options->margin + "` is not a duration, for example 500ms");
      return;
    }
    solve.margin = *margin.value;
    const deployment::LoadedChain loaded = deployment::load_chain(options->chain);
    if (!loaded.chain) {
      status = refuse(loaded.error.text());
      return;
    }
    const deployment::Chain& chain = *loaded.chain;
    for (const std::string& fixed : options->fixed) {
      if (names_something(chain, fixed)) continue;
      status = refuse("error: --fixed: `" + fixed +
                      "` is no node of the chain and no value of one, such as `" +
                      chain.nodes.back().name + "` or `" + chain.nodes.back().name +
                      ".downstream.idle_timeout`");
      return;
    }
    solve.fixed = [&](const std::string& value) {
      return is_fixed(chain, value) ||
             std::any_of(options->fixed.begin(), options->fixed.end(),
                         [&](const std::string& fixed) { return covers(fixed, value); });
    };
    const bool colour = colour_wanted();
    std::string text;
    Json hops = Json::array();
    bool happens = false, undecided = false;
    std::vector<proofs::Change> smallest;
    for (std::size_t hop = 0; hop + 1 < chain.nodes.size(); ++hop) {
      const HopSolution solution = solve_hop(deployment::hop_settings(chain, hop), solve);
      undecided |= solution.undecided;
      if (!solution.changes.empty())
        smallest.insert(smallest.end(), solution.changes.front().begin(),
                        solution.changes.front().end());
      for (const HopRegion& region : solution.regions) {
        const Stands how = stands(region);
        happens |= how == Stands::unsafe || how == Stands::never_safe;
      }
      text += hop_text(solution, colour);
      hops.push_back(hop_json(solution));
    }
    if (options->write) {
      if (const std::string error = write_changes(options->chain, smallest); !error.empty()) {
        status = refuse(options->chain + ": " + error);
        return;
      }
    }
    const std::string assumed =
        "regions are exact for delays and stalls up to " +
        format_duration(proofs::kSymbolicUncertainty) +
        " (or twice those of the chain, if longer), with every other timeout as it is; each change "
        "was confirmed by the timed engine, with everything else as the chain says";
    if (options->format == "json") {
      text = Json{{"chain", options->chain},
                  {"hops", hops},
                  {"written", options->write ? changes_json(smallest) : Json::array()},
                  {"assumptions", {assumed}}}
                 .dump(2, ' ', false, Json::error_handler_t::replace) +
             "\n";
    } else {
      if (options->write)
        text += smallest.empty() ? "written: nothing\n\n"
                                 : "written: " + changes_text(smallest) + "\n\n";
      text += "assumed: " + wrapped(assumed, 110, 9) + "\n";
    }
    status = finish(text, happens ? kHappens : undecided ? kUndecided : kHolds);
  });
}

}  // namespace halfclose::cli
