// halfclose explain RACE [CHAIN]: the shortest timed counterexample of a race or guarantee, drawn.
#include "cli/command.hpp"
#include "cli/embedded_examples.hpp"
#include "cli/exploration_options.hpp"
#include "model/deployment/chain.hpp"
#include "proofs/catalogue/judge.hpp"
#include "proofs/witness/json.hpp"
#include "proofs/witness/mermaid.hpp"
#include "proofs/witness/svg.hpp"
#include "proofs/witness/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace halfclose::cli {

namespace {

using proofs::RaceVerdict;
using proofs::Verdict;

struct Options {
  std::string race, chain, hop, format = "text";
  bool ascii = false;
  ExplorationOptions exploration;
};

/// The chain that was named, or the example of the race.
deployment::LoadedChain chain_of(const Options& options) {
  if (!options.chain.empty()) return deployment::load_chain(options.chain);
  for (const auto& [name, text] : embedded_examples()) {
    if (name == options.race)
      return deployment::parse_chain(text, "examples/races/" + options.race + ".yaml");
  }
  return {{}, {options.race, 0, 0, "there is no example of this race", "name a chain file"}};
}

std::string drawn(const proofs::Witness& witness, const Options& options) {
  if (options.format == "json") return proofs::to_json(witness) + "\n";
  if (options.format == "mermaid") return proofs::to_mermaid(witness);
  if (options.format == "svg") return proofs::to_svg(witness);
  return proofs::to_text(witness, {.colour = colour_wanted(), .ascii = options.ascii});
}

/// No hop shows the race: why, hop by hop.
std::string not_found(const proofs::ChainReport& report, const Options& options) {
  std::string text;
  for (const proofs::GuaranteeVerdict& verdict : report.guarantees) {
    if (verdict.guarantee->slug != options.race ||
        (!options.hop.empty() && verdict.hop != options.hop))
      continue;
    text += verdict.hop + ": " + options.race +
            (verdict.verdict == Verdict::absent ? " holds\n"
                                                : " is undecided: " + verdict.reason + "\n");
  }
  for (const RaceVerdict& verdict : report.verdicts) {
    if (verdict.race->slug != options.race || (!options.hop.empty() && verdict.hop != options.hop))
      continue;
    text += verdict.hop + ": " + options.race + " is " +
            std::string(proofs::verdict_name(verdict.verdict));
    if (verdict.margin) text += ", margin " + deployment::format_duration(*verdict.margin);
    text += ": " + verdict.reason + "\n";
  }
  for (const proofs::PropertyVerdict& verdict : report.properties) {
    if (verdict.slug != options.race || (!options.hop.empty() && verdict.hop != options.hop))
      continue;
    text += verdict.hop + ": " + options.race + " is " +
            std::string(proofs::verdict_name(verdict.verdict)) +
            (verdict.reason.empty() ? "" : ": " + verdict.reason) + "\n";
  }
  return text;
}

/// What `explain` draws of one hop.
struct Judged {
  std::string hop;
  Verdict verdict;
  const std::optional<proofs::Witness>* witness;
};

std::vector<Judged> judged_of(const proofs::ChainReport& report, const Options& options) {
  std::vector<Judged> all;
  for (const RaceVerdict& verdict : report.verdicts) {
    if (verdict.race->slug == options.race)
      all.push_back({verdict.hop, verdict.verdict, &verdict.witness});
  }
  for (const proofs::GuaranteeVerdict& verdict : report.guarantees) {
    if (verdict.guarantee->slug == options.race)
      all.push_back({verdict.hop, verdict.verdict, &verdict.witness});
  }
  for (const proofs::PropertyVerdict& verdict : report.properties) {
    if (verdict.slug == options.race)
      all.push_back({verdict.hop, verdict.verdict, &verdict.witness});
  }
  return all;
}

int run(const Options& options) {
  const proofs::Race* race = proofs::find_race(options.race);
  const bool of_many = is_property(options.race);
  if (race == nullptr && !is_guarantee(options.race) && !of_many)
    return refuse(unknown_race(options.race));
  const deployment::LoadedChain loaded = chain_of(options);
  if (!loaded.chain) return refuse(loaded.error.text());
  proofs::AnalysisOptions analysis = options.exploration.analysis();
  if (race != nullptr) analysis.races = {race};
  analysis.advise = race != nullptr;  // the fixes of others are not shown
  analysis.properties = of_many;
  const proofs::ChainReport report = proofs::judge(*loaded.chain, analysis);
  bool known_hop = options.hop.empty(), undecided = false;
  std::string hops;
  for (const Judged& judged : judged_of(report, options)) {
    hops += " '" + judged.hop + "'";
    if (!options.hop.empty() && judged.hop != options.hop) continue;
    known_hop = true;
    undecided |= judged.verdict == Verdict::undecided;
    if (*judged.witness) return finish(drawn(**judged.witness, options), kHappens);
  }
  if (!known_hop)
    return refuse("error: --hop wants a hop of the chain, not `" + options.hop +
                  "`\n  help: hops:" + hops);
  const int status = undecided ? kUndecided : kHolds;
  if (options.format == "text") return finish(not_found(report, options), status);
  refuse("there is nothing to draw\n" +
         not_found(report, options));  // a diagram on standard output would be a lie
  return status;
}

}  // namespace

void add_explain(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "explain",
      "the shortest counterexample of a race: sequence diagram, what each side sees, fix");
  command
      ->add_option("RACE", options->race,
                   "a race, such as keepalive-reuse, or a guarantee, such as response-kept")
      ->required();
  command->add_option("CHAIN", options->chain,
                      "a chain file; without it, an example that shows the race");
  command->add_option("--hop", options->hop, "look at this hop only: 'client->server'");
  command->add_option("--format", options->format, "text, mermaid, svg or json")
      ->check(CLI::IsMember({"text", "mermaid", "svg", "json"}))
      ->capture_default_str();
  command->add_flag("--ascii", options->ascii, "plain characters in text");
  options->exploration.add_to(*command);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace halfclose::cli
