// halfclose machines export: a system for another checker, so that somebody else counts too.
#include "cli/command.hpp"
#include "cli/machines.hpp"
#include "cli/replace_file.hpp"
#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/named_systems.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/export/murphi.hpp"
#include "proofs/export/promela.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <optional>

namespace halfclose::cli {

namespace {

using system::System;

struct Options {
  std::string of, file;
  bool promela = false, murphi = false, list = false, used_cells = false;
  std::vector<std::string> never;
  std::uint64_t states_max = 5'000'000;
};

int list() {
  std::string text;
  for (const proofs::NamedSystem& named : proofs::named_systems()) {
    text += std::string(named.name) +
            std::string(named.name.size() < 38 ? 38 - named.name.size() : 1, ' ') +
            std::string(named.summary) + "\n";
  }
  return finish(text, kHolds);
}

/// What was asked for, or why there is no such thing.
struct Chosen {
  std::optional<System> system{};
  std::string error{};
};

/// `CHAIN.yaml`, or `CHAIN.yaml:client->server`.
Chosen hop_of(const std::string& of, std::size_t end_of_path) {
  const std::string path = of.substr(0, end_of_path);
  const std::string wanted = of.size() > end_of_path ? of.substr(end_of_path + 1) : "";
  const deployment::LoadedChain loaded = deployment::load_chain(path);
  if (!loaded.chain) return {{}, loaded.error.text()};
  std::string hops;
  const std::size_t count = loaded.chain->links.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string hop = loaded.chain->nodes[i].name + "->" + loaded.chain->nodes[i + 1].name;
    if (wanted == hop || (wanted.empty() && count == 1))
      return {deployment::hop_system(deployment::hop_settings(*loaded.chain, i)), {}};
    hops += " '" + path + ":" + hop + "'";
  }
  return {{},
          "error: " +
              (wanted.empty() ? "the chain has more than one hop: " + path
                              : path + " has no hop `" + wanted + "`") +
              "\n  help: one of" + hops};
}

Chosen choose(const std::string& of) {
  if (const proofs::NamedSystem* named = proofs::find_named_system(of)) return {named->make(), {}};
  for (const std::string suffix : {".yaml", ".yml"}) {
    const std::size_t at = of.find(suffix);
    const std::size_t end = at + suffix.size();
    if (at != std::string::npos && (end == of.size() || of[end] == ':')) return hop_of(of, end);
  }
  std::vector<std::string_view> names;
  for (const proofs::NamedSystem& named : proofs::named_systems())
    names.push_back(named.name);
  const std::string near = deployment::nearest(of, names);
  return {{},
          "error: no system `" + of + "`\n  help: " +
              (near.empty() ? "`halfclose machines export --list` names the systems; a hop is "
                              "CHAIN.yaml:'client->server'"
                            : "did you mean `" + near + "`?")};
}

/// The outputs to assert: those asked for, or the guarantees that the system observes.
/// @return the output that nobody has, or nothing
std::optional<std::string> choose_nevers(const System& system,
                                         const std::vector<std::string>& asked,
                                         std::vector<proofs::Never>& nevers) {
  for (const std::string& output : asked) {
    nevers.push_back(proofs::never(system, output));
    if (nevers.back().places.empty()) return output;
  }
  if (!asked.empty()) return std::nullopt;
  for (const proofs::Guarantee& guarantee : proofs::guarantees()) {
    proofs::Never never = proofs::never(system, guarantee.slug);
    if (!never.places.empty()) nevers.push_back(std::move(never));
  }
  return std::nullopt;
}

int unknown_output(const System& system, const std::string& output) {
  const std::vector<std::string_view> names = system.observed();
  const std::string near = deployment::nearest(output, names);
  std::string all;
  for (const std::string_view name : names)
    all += " " + std::string(name);
  return refuse("error: no observer of this system says `" + output + "`\n  help: " +
                (names.empty()  ? "it has no observer; leave --never out"
                 : near.empty() ? "outputs:" + all
                                : "did you mean `" + near + "`?"));
}

int write(const Options& options, const std::string& text) {
  if (options.file.empty()) return finish(text, kHolds);
  const std::string error = replace_file(options.file, [&](std::ostream& file) { file << text; });
  if (error.empty()) return kHolds;
  return refuse("error: " + error + ": " + options.file +
                "\n  help: -o wants a file in a directory that exists; nothing was written");
}

int run(const Options& options) {
  if (options.list) return list();
  if (options.of.empty())
    return refuse(
        "error: export wants a system\n  help: `halfclose machines export --list` names some, a "
        "hop is CHAIN.yaml:'client->server'");
  if (options.promela == options.murphi)
    return refuse(
        "error: export wants one of --promela and --murphi\n  help: --promela is for Spin, "
        "--murphi "
        "for Rumur");
  const Chosen chosen = choose(options.of);
  if (!chosen.system) return refuse(chosen.error);
  const System& system = *chosen.system;

  proofs::ExportOptions exported{.name = options.of};
  const std::optional<std::string> unknown = choose_nevers(system, options.never, exported.never);
  if (unknown) return unknown_output(system, *unknown);
  proofs::CellUse use;
  // Murphi has no tables, so whole ones would be megabytes of switches.
  if (options.used_cells || options.murphi) {
    proofs::StateSet reached(system.bytes());
    const auto explored = proofs::explore(
        system, {.stop_when_found = false, .limits = {.states = options.states_max}}, &reached);
    if (!explored.complete) {
      std::fprintf(stderr,
                   "undecided: which cells are used, after %s\n  help: raise --max-states%s\n",
                   explored.limit.c_str(),
                   options.promela ? ", or leave --used-cells out" : ", or export to Promela");
      return kUndecided;
    }
    use = proofs::cells_used(system, reached);
    exported.only = &use;
  }
  return write(options, options.promela ? proofs::promela(system, exported)
                                        : proofs::murphi(system, exported));
}

}  // namespace

void add_export(CLI::App& machines, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = machines.add_subcommand(
      "export", "a system as a model for Spin or Rumur (docs/how-to/cross-check.md)");
  command->add_option("SYSTEM", options->of,
                      "a name from --list, or CHAIN.yaml:'client->server'; the hop may be left out "
                      "when there is one");
  command->add_flag("--promela", options->promela, "for Spin");
  command->add_flag("--murphi", options->murphi, "for Rumur");
  command->add_option("-o,--output", options->file, "write to this file");
  command
      ->add_option("--never", options->never,
                   "assert that this output of an observer does not occur; may be repeated; "
                   "without it, the guarantees")
      ->allow_extra_args(false);
  command->add_flag("--used-cells", options->used_cells,
                    "explore first, and leave out the cells of tables that no step uses; using one "
                    "is then an error. Always so with --murphi");
  command->add_option("--max-states", options->states_max, "states to explore for --used-cells")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31))
      ->capture_default_str();
  command->add_flag("--list", options->list, "the systems that have a name");
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace halfclose::cli
