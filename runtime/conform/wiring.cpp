#include "runtime/conform/wiring.hpp"

#include "model/deployment/proxy_settings.hpp"

#include <algorithm>
#include <optional>

namespace halfclose::runtime {

namespace {

using machine::EventId;
using machine::OutputId;
using system::Action;
using system::Index;

}  // namespace

Wiring::Wiring(const deployment::Chain& chain, std::size_t node, const Tables& tables) {
  const machine::Table* const of[] = {&tables.server, &tables.client, &tables.exchange(false)};
  for (std::size_t who = 0; who < following_.size(); ++who) {
    following_[who].assign(of[who]->outputs.size(),
                           std::vector<std::vector<Consequence>>(of[who]->events.size()));
    caused_[who].assign(of[who]->events.size(), false);
  }
  for (const bool content : {false, true})
    read(chain, node, content);
}

void Wiring::add(Who who, OutputId output, EventId during, Consequence consequence) {
  auto& known = following_[at(who)][output][during];
  const auto same = std::find_if(known.begin(), known.end(), [&](const Consequence& one) {
    return one.who == consequence.who && one.event == consequence.event;
  });
  if (same == known.end()) known.push_back(consequence);
  if (consequence.who != Who::observer) caused_[at(consequence.who)][consequence.event] = true;
}

/// The system with one client and one connection to the server, both whole hops.
void Wiring::read(const deployment::Chain& chain, std::size_t node, bool content) {
  deployment::ProxySettings settings = deployment::proxy_settings(chain, node, "GET", content);
  settings.downstream = deployment::hop_settings(chain, node - 1);
  deployment::ProxyParts parts;
  const system::System system = deployment::proxy_system(settings, &parts);
  const auto server = static_cast<Index>(parts.clients.front().component + deployment::hop::server);
  const auto client =
      static_cast<Index>(parts.connections.front().component + deployment::hop::client);
  const Index exchange = parts.exchanges.front();
  observer_ = *system.components[parts.observer].table;
  caused_[at(Who::observer)].assign(observer_.events.size(), false);

  const auto who_is = [&](Index component) -> std::optional<Who> {
    if (component == server) return Who::server;
    if (component == client) return Who::client;
    if (component == exchange) return Who::exchange;
    if (component == parts.observer) return Who::observer;
    return std::nullopt;
  };
  const machine::Table& pool = *system.components[parts.pool].table;
  /// What the machines may learn of an event through the pool, wherever that stands.
  const auto through_pool = [&](EventId event, auto use) {
    for (machine::LocalId local = 0; local < pool.locals.size(); ++local) {
      const machine::Cell& cell = pool.at(local, event);
      if (cell.verdict != machine::Verdict::taken) continue;
      for (const OutputId output : pool.outputs_of(cell)) {
        for (const Action& action : system.bindings(parts.pool, output)) {
          const auto who = who_is(action.target);
          if (action.kind == Action::Kind::raise && who && *who != Who::observer)
            use(*who, action.event);
        }
      }
    }
  };
  for (const Index component : {server, client, exchange}) {
    const Who from = *who_is(component);
    const machine::Table& table = *system.components[component].table;
    for (OutputId output = 0; output < table.outputs.size(); ++output) {
      for (const Action& action : system.bindings(component, output)) {
        if (action.kind != Action::Kind::raise) continue;
        for (EventId during = 0; during < table.events.size(); ++during) {
          if (action.only_during != system::kAlways && action.only_during != during) continue;
          if (const auto to = who_is(action.target)) {
            add(from, output, during, {*to, action.event, true});
          } else if (action.target == parts.pool) {
            through_pool(action.event, [&](Who who, EventId event) {
              add(from, output, during, {who, event, false});
            });
          }
        }
      }
    }
  }
}

}  // namespace halfclose::runtime
