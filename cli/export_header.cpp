#include "cli/export_header.hpp"

#include "cli/chain_part.hpp"
#include "cli/command.hpp"
#include "cli/embedded_tables.hpp"
#include "cli/machine_entries.hpp"
#include "model/deployment/role.hpp"

#include <cctype>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace halfclose::cli {

namespace {

/// What was asked for, or why there is no such thing.
struct Chosen {
  std::optional<EmbeddedNode> node{};
  std::string error{};
};

/// `CHAIN.yaml:NODE`.
Chosen node_of_chain(const std::string& word) {
  const std::optional<ChainPart> asked = chain_part(word);
  if (!asked || asked->part.empty())
    return {
        {},
        "error: --node wants CHAIN.yaml:NODE, not `" + word + "`\n  help: such as site.yaml:edge"};
  const deployment::LoadedChain loaded = deployment::load_chain(asked->path);
  if (!loaded.chain) return {{}, loaded.error.text()};
  std::string names;
  for (std::size_t i = 0; i < loaded.chain->nodes.size(); ++i) {
    const std::string& name = loaded.chain->nodes[i].name;
    if (name == asked->part)
      return {EmbeddedNode{*loaded.chain, i, "node " + name + " of " + asked->path}, {}};
    names += " " + name;
  }
  return {{},
          "error: " + asked->path + " has no node `" + asked->part + "`\n  help: its nodes are" +
              names};
}

std::string unknown(std::string_view what, const std::string& word,
                    const std::vector<std::string_view>& names) {
  const std::string near = deployment::nearest(word, names);
  std::string all;
  for (const std::string_view name : names)
    all += " " + std::string(name);
  return "error: unknown " + std::string(what) + " `" + word + "`\n  help: " +
         (near.empty() ? std::string(what) + "s:" + all : "did you mean `" + near + "`?");
}

Chosen choose_node(const HeaderRequest& request) {
  if (!request.node.empty()) return node_of_chain(request.node);
  if (deployment::find_profile(request.profile) == nullptr)
    return {{}, unknown("profile", request.profile, deployment::profile_names())};
  return {node_of_profile(request.profile), {}};
}

/// Identifiers with `::` between them; what is reserved for the implementation is not for us.
bool names_namespace(std::string_view text) {
  while (true) {
    const std::size_t end = text.find("::");
    const std::string_view word = text.substr(0, end);
    if (word.empty() || std::isalpha(static_cast<unsigned char>(word[0])) == 0 ||
        word.find("__") != std::string_view::npos)
      return false;
    for (const char c : word) {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
    }
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 2);
  }
}

}  // namespace

int export_header(const HeaderRequest& request, std::string& text) {
  if (!names_namespace(request.outer))
    return refuse("error: --namespace wants identifiers with :: between them, not `" +
                  request.outer + "`\n  help: such as acme::machines");
  const Chosen chosen = choose_node(request);
  if (!chosen.node) return refuse(chosen.error);
  const EmbeddedNode& node = *chosen.node;

  std::vector<std::string_view> names(request.machines.begin(), request.machines.end());
  if (names.empty()) names = machines_of(node);
  std::vector<proofs::HeaderMachine> machines;
  std::set<std::string_view> known;
  for (const std::string_view name : names) {
    if (find_machine(name) == nullptr) {
      std::vector<std::string_view> all;
      for (const MachineEntry& entry : machine_entries())
        all.push_back(entry.name);
      return refuse(unknown("machine", std::string(name), all));
    }
    if (!known.insert(name).second) continue;
    auto machine = embedded(node, name);
    if (!machine)
      return refuse("error: " + node.name + " is no " + (node.is_client() ? "server" : "client") +
                    ", so it has no " + std::string(name) +
                    "\n  help: --profile and --node choose another");
    machines.push_back(std::move(*machine));
  }
  text = proofs::header(machines, {.outer = request.outer, .from = node.name});
  return kHolds;
}

}  // namespace halfclose::cli
