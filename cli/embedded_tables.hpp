// The machines of one node of a chain as they are embedded: with its flags and its timers.
#pragma once

#include "model/deployment/chain.hpp"
#include "proofs/export/header.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::cli {

/// Whose flags the machines have.
struct EmbeddedNode {
  deployment::Chain chain;
  std::size_t at = 0;
  std::string name;  ///< `profile nginx`, `node edge of site.yaml`

  bool is_server() const { return at > 0; }
  bool is_client() const { return at + 1 < chain.nodes.size(); }
};

/// The node that is a product as its profile has it, between neighbours that decide nothing.
/// @pre `profile` is the name of one
EmbeddedNode node_of_profile(std::string_view profile);

/// What a program that is this node runs: what it has as a server, as a client, and as both.
std::vector<std::string_view> machines_of(const EmbeddedNode& node);

/// The machine with the node's flags; one that has none of them, such as an observer, as it is.
/// proxy-exchange starts in `start`, which sends nothing twice, or in `start_retried`, for the
/// methods that the node's policy names.
///
/// @return nothing when the node has not the role: `http1-server` of a node that is no server
/// @pre    `machine` is one of machine_entries()
std::optional<proofs::HeaderMachine> embedded(const EmbeddedNode& node, std::string_view machine);

}  // namespace halfclose::cli
