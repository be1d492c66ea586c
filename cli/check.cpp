// halfclose check CHAIN: the verdict per hop and race, the margin or the reason, and what to do.
#include "cli/check_fleet.hpp"
#include "cli/command.hpp"
#include "cli/exploration_options.hpp"
#include "model/deployment/chain.hpp"
#include "proofs/catalogue/judge.hpp"
#include "proofs/witness/json.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <span>

namespace halfclose::cli {

namespace {

using deployment::format_duration;
using proofs::ChainReport;
using proofs::GuaranteeVerdict;
using proofs::PropertyVerdict;
using proofs::RaceVerdict;
using proofs::Verdict;

constexpr std::size_t kWidth = 110;

bool happens(Verdict verdict) {
  return verdict == Verdict::present || verdict == Verdict::not_excludable;
}

std::string verdict_text(Verdict verdict, bool colour) {
  const std::string padded = std::string(proofs::verdict_name(verdict)) +
                             std::string(15 - proofs::verdict_name(verdict).size(), ' ');
  switch (verdict) {
    case Verdict::present:
    case Verdict::not_excludable:
      return coloured(padded, Colour::red, colour);
    case Verdict::undecided:
      return coloured(padded, Colour::yellow, colour);
    case Verdict::absent:
    case Verdict::masked:
      return coloured(padded, Colour::green, colour);
  }
  return padded;
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  if (result.size() < width) result.resize(width, ' ');
  return result;
}

std::string row_text(Verdict verdict, std::string_view slug, const std::string& reason,
                     const std::vector<std::string>& fixes, bool colour) {
  constexpr std::size_t kIndent = 2 + 15 + 1 + 26 + 1, kFixIndent = 2 + 15 + 1 + 5;
  std::string text = "  " + verdict_text(verdict, colour) + " " + padded(slug, 26) + " " +
                     wrapped(reason, kWidth, kIndent) + "\n";
  std::string_view word = "fix: ";
  for (const std::string& fix : fixes) {
    text += std::string(kFixIndent - 5, ' ') + std::string(word) +
            wrapped(fix, kWidth, kFixIndent) + "\n";
    word = " or: ";
  }
  return text;
}

std::string race_text(const RaceVerdict& verdict, bool colour) {
  std::string reason = verdict.reason;
  if (verdict.margin)
    reason =
        "margin " + format_duration(*verdict.margin) + (verdict.thin ? " (thin): " : ": ") + reason;
  return row_text(verdict.verdict, verdict.race->slug, reason, verdict.fixes, colour);
}

/// A report lists the verdicts hop by hop, as many for each: those of hop `hop` of `hops`.
template <class V>
std::span<const V> slice(const std::vector<V>& verdicts, std::size_t hop, std::size_t hops) {
  const std::size_t each = verdicts.size() / hops;
  return {verdicts.data() + hop * each, each};
}

std::string guarantee_word(std::string_view slug, Verdict verdict, const std::string& reason,
                           bool colour) {
  return std::string(slug) + " " +
         (verdict == Verdict::present  ? coloured("VIOLATED", Colour::red, colour)
          : verdict == Verdict::absent ? "holds"
                                       : "undecided (" + reason + ")");
}

std::string guarantee_text(std::span<const GuaranteeVerdict> guarantees,
                           std::span<const PropertyVerdict> properties, bool colour) {
  std::string on_hop, over_pool;
  for (const GuaranteeVerdict& verdict : guarantees) {
    on_hop += (on_hop.empty() ? "" : ", ") +
              guarantee_word(verdict.guarantee->slug, verdict.verdict, verdict.reason, colour);
  }
  for (const PropertyVerdict& verdict : properties) {
    if (!verdict.is_guarantee) continue;
    std::string& list = verdict.over_pool ? over_pool : on_hop;
    list += (list.empty() ? "" : ", ") +
            guarantee_word(verdict.slug, verdict.verdict, verdict.reason, colour);
  }
  std::string text;
  auto line = [&](const char* where, const std::string& list) {
    if (list.empty()) return;
    text += std::string(text.empty() ? "  guarantees      " : "                  ") + where +
            wrapped(list, kWidth, 18) + "\n";
  };
  line("on a connection: ", on_hop);
  line("over the pool: ", over_pool);
  return text;
}

/// `edge.upstream.idle_timeout = 1h` lines folded to one paragraph per node and role.
std::string assumptions_text(const ChainReport& report, bool sources) {
  std::string text =
      "assumed, because the chain does not say (? marks what nobody could source):\n";
  if (sources) {
    for (const proofs::Assumption& one : report.assumptions)
      text += "  " + one.what + "   [" + one.source + "]\n";
    return text;
  }
  std::vector<std::pair<std::string, std::string>> groups;
  std::map<std::string, std::size_t> index;
  for (const proofs::Assumption& one : report.assumptions) {
    const std::size_t equals = one.what.find(" = ");
    const std::size_t dot = one.what.rfind('.', equals);
    const bool keyed = dot != std::string::npos && one.what.find(' ') == equals;
    const std::string group = keyed ? one.what.substr(0, dot) : one.what.substr(0, equals);
    const std::string value =
        keyed ? one.what.substr(dot + 1, equals - dot - 1) + " " + one.what.substr(equals + 3)
              : one.what.substr(equals + 3) + " (default)";
    const auto [known, fresh] = index.try_emplace(group, groups.size());
    if (fresh) groups.emplace_back(group, "");
    std::string& values = groups[known->second].second;
    values += (values.empty() ? "" : ", ") + value + (one.sourced || !keyed ? "" : "?");
  }
  for (const auto& [group, values] : groups)
    text += "  " + wrapped(group + ": " + values, kWidth, 6) + "\n";
  return text;
}

std::string to_text(const ChainReport& report, const deployment::Chain& chain, bool colour,
                    bool sources) {
  std::string text;
  std::vector<std::pair<std::string_view, std::string_view>> found;  // race, hop
  const std::size_t hops = chain.nodes.size() - 1;
  for (std::size_t hop = 0; hop < hops; ++hop) {
    const auto& client = chain.nodes[hop];
    const auto& server = chain.nodes[hop + 1];
    text += coloured(client.name + " -> " + server.name, Colour::bold, colour) + "   (" +
            client.profile->name + " as client of " + server.profile->name + ", delay " +
            format_duration(chain.links[hop].delay_min) + ".." +
            format_duration(chain.links[hop].delay_max) + ")\n";
    std::vector<const RaceVerdict*> of_hop;
    for (const RaceVerdict& verdict : slice(report.verdicts, hop, hops))
      of_hop.push_back(&verdict);
    std::stable_sort(of_hop.begin(), of_hop.end(), [](const RaceVerdict* a, const RaceVerdict* b) {
      const auto rank = [](Verdict v) {
        return happens(v) ? 0 : v == Verdict::undecided ? 1 : v == Verdict::masked ? 2 : 3;
      };
      return rank(a->verdict) < rank(b->verdict);
    });
    for (const RaceVerdict* verdict : of_hop) {
      text += race_text(*verdict, colour);
      if (happens(verdict->verdict)) found.emplace_back(verdict->race->slug, verdict->hop);
    }
    for (const PropertyVerdict& verdict : slice(report.properties, hop, hops)) {
      if (verdict.is_guarantee) continue;
      text += row_text(verdict.verdict, verdict.slug, verdict.reason, verdict.fixes, colour);
      if (happens(verdict.verdict)) found.emplace_back(verdict.slug, verdict.hop);
    }
    text += guarantee_text(slice(report.guarantees, hop, hops), slice(report.properties, hop, hops),
                           colour) +
            "\n";
  }
  text += assumptions_text(report, sources);
  text += "limits of the model:\n";
  for (const std::string& note : report.notes)
    text += "  " + wrapped(note, kWidth, 2) + "\n";
  text += "\n";
  bool any_violated = false;
  auto violated = [&](const std::string& hop, std::string_view slug, std::string_view statement) {
    any_violated = true;
    text += "violated on " + hop + ": " + std::string(slug) + " (" + std::string(statement) +
            "); see\n  halfclose explain " + std::string(slug) + " " + report.chain + " --hop '" +
            hop + "'\n";
  };
  for (const GuaranteeVerdict& verdict : report.guarantees) {
    if (happens(verdict.verdict))
      violated(verdict.hop, verdict.guarantee->slug, verdict.guarantee->statement);
  }
  for (const PropertyVerdict& verdict : report.properties) {
    if (verdict.is_guarantee && happens(verdict.verdict))
      violated(verdict.hop, verdict.slug, verdict.statement);
  }
  if (found.empty() && any_violated) return text;
  if (found.empty()) {
    auto is_open = [](const auto& verdict) { return verdict.verdict == Verdict::undecided; };
    text += std::any_of(report.verdicts.begin(), report.verdicts.end(), is_open) ||
                    std::any_of(report.guarantees.begin(), report.guarantees.end(), is_open) ||
                    std::any_of(report.properties.begin(), report.properties.end(), is_open)
                ? "undecided: raise the limit that was hit\n"
            : std::any_of(report.verdicts.begin(), report.verdicts.end(),
                          [](const RaceVerdict& v) { return v.verdict == Verdict::masked; })
                ? "every race that was found is masked: a retry hides it from the client\n"
                : "none of these races was found on any hop\n";
    return text;
  }
  text += coloured("what to do", Colour::bold, colour) + ": " + std::to_string(found.size()) +
          (found.size() == 1 ? " race happens" : " races happen") +
          "; see the fixes above, and each counterexample with\n";
  for (const auto& [race, hop] : found) {
    text += "  halfclose explain " + std::string(race) + " " + report.chain;
    if (chain.nodes.size() > 2) text += " --hop '" + std::string(hop) + "'";
    text += "\n";
  }
  return text;
}

using Json = nlohmann::ordered_json;

Json witness_json(const std::optional<proofs::Witness>& witness) {
  return witness ? Json::parse(proofs::to_json(*witness)) : Json();
}

Json race_json(const std::string& hop, std::string_view race, const auto& verdict,
               std::optional<halfclose::system::Time> margin = {},
               const std::string& masked_for = {}, bool thin = false) {
  return {{"hop", hop},
          {"race", race},
          {"verdict", proofs::verdict_name(verdict.verdict)},
          {"margin_s", margin ? Json(static_cast<double>(*margin) / 1e6) : Json()},
          {"thin", thin},
          {"reason", verdict.reason},
          {"masked_for", masked_for},
          {"fix", proofs::joined(verdict.fixes)},
          {"fixes", verdict.fixes},
          {"witness", witness_json(verdict.witness)}};
}

Json guarantee_json(const std::string& hop, std::string_view guarantee, const char* scope,
                    const auto& verdict) {
  return {{"hop", hop},
          {"guarantee", guarantee},
          {"scope", scope},
          {"verdict", verdict.verdict == Verdict::present  ? "violated"
                      : verdict.verdict == Verdict::absent ? "holds"
                                                           : "undecided"},
          {"reason", verdict.reason},
          {"witness", witness_json(verdict.witness)}};
}

std::string to_json(const ChainReport& report) {
  Json json;
  json["chain"] = report.chain;
  Json races = Json::array(), guarantees = Json::array();
  for (const RaceVerdict& verdict : report.verdicts)
    races.push_back(race_json(verdict.hop, verdict.race->slug, verdict, verdict.margin,
                              verdict.masked_for, verdict.thin));
  for (const GuaranteeVerdict& verdict : report.guarantees) {
    guarantees.push_back(
        guarantee_json(verdict.hop, verdict.guarantee->slug, "connection", verdict));
  }
  for (const PropertyVerdict& verdict : report.properties) {
    if (verdict.is_guarantee) {
      guarantees.push_back(guarantee_json(verdict.hop, verdict.slug,
                                          verdict.over_pool ? "pool" : "connection", verdict));
    } else {
      races.push_back(race_json(verdict.hop, verdict.slug, verdict));
    }
  }
  json["verdicts"] = std::move(races);
  json["guarantees"] = std::move(guarantees);
  json["assumptions"] = Json::array();
  for (const proofs::Assumption& one : report.assumptions) {
    json["assumptions"].push_back(
        {{"what", one.what}, {"source", one.source}, {"sourced", one.sourced}});
  }
  json["notes"] = report.notes;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) +
         "\n";  // a file name may be no UTF-8
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  struct Options {
    std::string chain, format = "text";
    std::vector<std::string> races, without;
    bool sources = false;
    ExplorationOptions exploration;
    FleetOptions fleet;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("check", "verdict per hop and race; exit 1 if any race happens");
  command->add_option("CHAIN", options->chain, "a chain file (docs/reference/chain.md)");
  command->add_option("--fleet", options->fleet.file,
                      "instead: judge every hop of this file, or of standard input when it is `-` "
                      "(docs/reference/fleet.md)");
  command
      ->add_option("--format", options->format, "text or json; jsonl is a line per hop of a fleet")
      ->check(CLI::IsMember({"text", "json", "jsonl"}))
      ->capture_default_str();
  command->add_option("--race", options->races,
                      "judge only this race or guarantee; may be repeated");
  command->add_option("--without", options->without,
                      "do not judge this race or guarantee; may be repeated");
  command->add_flag("--sources", options->sources, "print the source of every assumed value");
  command->add_option("--threads", options->fleet.threads, "of a fleet; 0: one per core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      ->add_option("--max-regions", options->fleet.regions,
                   "of a fleet: for one kind of hop and race, else it is undecided")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  options->exploration.add_to(*command);
  command->callback([options, &status] {
    const bool is_fleet = !options->fleet.file.empty();
    if (is_fleet != options->chain.empty()) {
      status = refuse(is_fleet ? "error: CHAIN and --fleet: give one of them"
                               : "error: CHAIN is required\nhelp: or --fleet FILE");
      return;
    }
    if (options->format == (is_fleet ? "json" : "jsonl")) {
      status = refuse(is_fleet ? "error: --format: `json` is of a chain; of a fleet it is `jsonl`"
                               : "error: --format: `jsonl` is of a fleet; of a chain it is `json`");
      return;
    }
    proofs::AnalysisOptions analysis = options->exploration.analysis();
    for (const auto* slugs : {&options->races, &options->without}) {
      for (const std::string& slug : *slugs) {
        if (proofs::find_race(slug) != nullptr || is_property(slug) || is_guarantee(slug)) continue;
        status = refuse(unknown_race(slug));
        return;
      }
    }
    auto named = [](const std::vector<std::string>& slugs, std::string_view slug) {
      return std::find(slugs.begin(), slugs.end(), slug) != slugs.end();
    };
    auto wanted = [&](std::string_view slug) {
      return (options->races.empty() || named(options->races, slug)) &&
             !named(options->without, slug);
    };
    for (const proofs::Race& race : proofs::races()) {
      if (wanted(race.slug)) analysis.races.push_back(&race);
    }
    if (is_fleet) {
      options->fleet.races = analysis.races;
      options->fleet.json_lines = options->format == "jsonl";
      status = analysis.races.empty()
                   ? refuse(
                         "error: --race and --without leave no race to judge: a fleet is "
                         "judged for the races of one connection")
                   : check_fleet(options->fleet);
      return;
    }
    const auto& properties = proofs::property_slugs();
    const auto& guarantees = proofs::guarantees();
    const bool of_connections = std::any_of(guarantees.begin(), guarantees.end(),
                                            [&](const auto& one) { return wanted(one.slug); });
    if (std::any_of(properties.begin(), properties.end(), wanted)) {
      analysis.races.clear();  // what becomes of requests depends on every race of the hop
    } else if (analysis.races.empty() && !of_connections) {
      status = refuse("error: --race and --without leave nothing to judge");
      return;
    }
    const deployment::LoadedChain loaded = deployment::load_chain(options->chain);
    if (!loaded.chain) {
      status = refuse(loaded.error.text());
      return;
    }
    ChainReport report = proofs::judge(*loaded.chain, analysis);
    std::erase_if(report.verdicts, [&](const RaceVerdict& v) { return !wanted(v.race->slug); });
    std::erase_if(report.guarantees,
                  [&](const GuaranteeVerdict& v) { return !wanted(v.guarantee->slug); });
    std::erase_if(report.properties, [&](const PropertyVerdict& v) { return !wanted(v.slug); });
    const std::string result =
        options->format == "json"
            ? to_json(report)
            : to_text(report, *loaded.chain, colour_wanted(), options->sources);
    status = finish(result, proofs::exit_code(report));
  });
}

}  // namespace halfclose::cli
