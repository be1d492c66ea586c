#include "cli/embedded_tables.hpp"

#include "cli/machine_entries.hpp"
#include "model/deployment/proxy_settings.hpp"
#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/proxy/exchange.hpp"
#include "model/proxy/pool.hpp"

#include <stdexcept>

namespace halfclose::cli {

namespace {

using proofs::HeaderMachine;

/// Microseconds of the model to milliseconds: never shorter; -1 is never.
std::int64_t milliseconds(system::Time time) {
  return time >= deployment::kOff ? -1 : (time + 999) / 1000;
}

HeaderMachine server_of(const EmbeddedNode& node) {
  const auto server = deployment::hop_settings(node.chain, node.at - 1).server;
  const system::Time idle =
      server.idle >= deployment::kOff ? server.idle : server.idle + server.idle_grace;
  return {.name = "http1-server",
          .settings = {{http1::server::connection_table(server.profile)}},
          // model/deployment/hop_system.cpp: cancel close cancels the linger timer too.
          .timers = {{"arm idle", "cancel idle", "idle timeout", milliseconds(idle)},
                     {"arm drain", "cancel drain", "drain timeout",
                      server.drain >= deployment::kOff ? 0 : milliseconds(server.drain)},
                     {"arm close", "cancel close", "close timeout", milliseconds(server.close)},
                     {"arm linger", "cancel close", "linger time", milliseconds(server.linger)},
                     {"arm age", "", "max connection duration", milliseconds(server.age)}}};
}

HeaderMachine client_of(const EmbeddedNode& node) {
  const auto client = deployment::hop_settings(node.chain, node.at).client;
  return {
      .name = "http1-client",
      .settings = {{http1::client::connection_table(client.profile)}},
      .timers = {
          {"arm idle", "cancel idle", "idle timeout", milliseconds(client.idle)},
          {"arm age", "", "max connection duration", milliseconds(client.age)},
          {"arm response", "cancel response", "response timeout", milliseconds(client.response)},
          {"arm expect", "cancel expect", "expect timeout", milliseconds(client.expect)}}};
}

}  // namespace

EmbeddedNode node_of_profile(std::string_view profile) {
  const deployment::Profile* found = deployment::find_profile(profile);
  const std::string own = std::string(profile);
  std::string text = "chain:\n";
  if (found->server) text += "  - { name: clients, profile: rfc9112 }\n";
  text += "  - { name: node, profile: " + own + " }\n";
  if (found->client) text += "  - { name: servers, profile: rfc9112 }\n";
  const deployment::LoadedChain loaded = deployment::parse_chain(text, own);
  if (!loaded.chain) throw std::logic_error(loaded.error.text());
  return {*loaded.chain, found->server ? std::size_t{1} : std::size_t{0}, "profile " + own};
}

std::vector<std::string_view> machines_of(const EmbeddedNode& node) {
  std::vector<std::string_view> machines;
  if (node.is_server()) machines.push_back("http1-server");
  if (node.is_client()) {
    machines.push_back("http1-client");
    machines.push_back("proxy-exchange");
  }
  return machines;
}

std::optional<HeaderMachine> embedded(const EmbeddedNode& node, std::string_view machine) {
  const bool of_server = machine == "http1-server", of_client = machine == "http1-client";
  const bool of_proxy = machine == "proxy-exchange" || machine == "proxy-pool";
  if ((of_server && !node.is_server()) || ((of_client || of_proxy) && !node.is_client()))
    return std::nullopt;
  if (of_server) return server_of(node);
  if (of_client) return client_of(node);
  HeaderMachine made{.name = std::string(machine), .settings = {}};
  if (!of_proxy) {
    made.settings = {{find_machine(machine)->tables().front()}};
    return made;
  }
  auto settings = deployment::proxy_settings(node.chain, node.at, "GET", true);
  if (machine == "proxy-pool") {
    made.settings = {{proxy::pool::pool_table(settings.pool)}};
    return made;
  }
  std::string methods;
  for (const std::string& method : node.chain.nodes[node.at].client->at("retry.methods").words)
    methods += " " + method;
  settings.exchange.method = false;
  made.settings.push_back({.table = proxy::exchange::exchange_table(settings.exchange),
                           .about = "For a request that is never sent twice."});
  settings.exchange.method = true;
  made.settings.push_back({.table = proxy::exchange::exchange_table(settings.exchange),
                           .name = "retried",
                           .about = "For a method that the policy sends again:" + methods + "."});
  return made;
}

}  // namespace halfclose::cli
