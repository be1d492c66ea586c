// halfclose machines export: a system for another checker, so that somebody else counts too; or
// machines for another program.
#include "cli/chain_part.hpp"
#include "cli/command.hpp"
#include "cli/export_header.hpp"
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
  std::vector<std::string> of;
  std::string file;
  bool promela = false, murphi = false, header = false, list = false, used_cells = false;
  std::vector<std::string> never;
  HeaderRequest machines;
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
Chosen hop_of(const ChainPart& asked) {
  const auto& [path, wanted] = asked;
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
  if (const auto asked = chain_part(of)) return hop_of(*asked);
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
  if (options.header) {
    HeaderRequest request = options.machines;
    request.machines = options.of;
    std::string text;
    const int status = export_header(request, text);
    return status == kHolds ? write(options, text) : status;
  }
  if (options.of.size() != 1)
    return refuse(
        "error: export wants one system\n  help: `halfclose machines export --list` names some, a "
        "hop is CHAIN.yaml:'client->server'");
  if (options.promela == options.murphi)
    return refuse(
        "error: export wants one of --promela, --murphi and --header\n  help: --promela is for "
        "Spin, --murphi for Rumur, --header for a C++ program");
  const Chosen chosen = choose(options.of.front());
  if (!chosen.system) return refuse(chosen.error);
  const System& system = *chosen.system;

  proofs::ExportOptions exported{.name = options.of.front()};
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
      "export",
      "a system as a model for Spin or Rumur (docs/how-to/cross-check.md), or machines as a C++ "
      "header (docs/how-to/embed-a-machine.md)");
  command->add_option("SYSTEM", options->of,
                      "a name from --list, or CHAIN.yaml:'client->server'; the hop may be left out "
                      "when there is one. With --header, machines: without any, those that the "
                      "node runs");
  CLI::Option* promela = command->add_flag("--promela", options->promela, "for Spin");
  CLI::Option* murphi = command->add_flag("--murphi", options->murphi, "for Rumur");
  CLI::Option* header = command->add_flag("--header", options->header,
                                          "a C++17 header that includes nothing but <cstdint>");
  command->add_option("-o,--output", options->file, "write to this file");
  CLI::Option* never = command->add_option(
      "--never", options->never,
      "assert that this output of an observer does not occur; may be repeated; without it, the "
      "guarantees");
  never->allow_extra_args(false);
  CLI::Option* used_cells =
      command->add_flag("--used-cells", options->used_cells,
                        "explore first, and leave out the cells of tables that no step uses; "
                        "using one is then an error. Always so with --murphi");
  CLI::Option* max_states = command->add_option("--max-states", options->states_max,
                                                "states to explore for --used-cells");
  max_states->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31))->capture_default_str();
  CLI::Option* all = command->add_flag("--list", options->list, "the systems that have a name");
  CLI::Option* profile =
      command->add_option("--profile", options->machines.profile,
                          "with --header: the product whose flags and timers the machines have");
  profile->capture_default_str();
  CLI::Option* node = command->add_option(
      "--node", options->machines.node,
      "with --header: a node of a chain instead, CHAIN.yaml:NODE: what `check` judges");
  CLI::Option* outer = command->add_option("--namespace", options->machines.outer,
                                           "with --header: the namespace of all machines");
  outer->capture_default_str();
  for (CLI::Option* option : {profile, node, outer})
    option->needs(header);
  for (CLI::Option* option : {promela, murphi, never, used_cells, max_states, all})
    option->excludes(header);
  profile->excludes(node);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace halfclose::cli
