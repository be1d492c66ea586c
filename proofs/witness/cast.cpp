#include "proofs/witness/cast.hpp"

#include "model/deployment/hop_system.hpp"
#include "model/net/middlebox.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

using namespace deployment;
using system::Index;

/// Names the actors, and finds their components when there is a System to find them in.
class Casting {
 public:
  explicit Casting(Stage& stage, const ProxyParts* parts) : stage_(stage), parts_(parts) {
    if (parts == nullptr) return;
    stage_.actor_of.assign(stage_.system.components.size(), kNobody);
    stage_.observes.assign(stage_.system.components.size(), false);
  }

  void hop(const HopSettings& hop) {
    const std::string& client = hop.client.name;
    const std::string& server = hop.server.name;
    const Placement* place = parts_ == nullptr ? nullptr : &parts_->connections.front();
    const ActorId first = application("client", client, column({client}), at(place, hop::client));
    kernel("client-kernel", client, "", at(place, hop::client_kernel));
    kernel("server-kernel", server, "", at(place, hop::server_kernel));
    stage_.cast.clients = {first};
    const ActorId last = application("server", server, column({server}), at(place, hop::server));
    pair(first, 1), pair(last, 2), connect(1, 2);
    observer(at(place, hop::observer));
  }

  void proxy(const ProxySettings& proxy) {
    const std::string& name = proxy.upstream.client.name;
    for (int i = 0; i < proxy.clients; ++i)
      client(proxy, i);
    const std::size_t column_of_proxy = column({name});
    for (int i = 0; i < proxy.clients; ++i)
      server_side(proxy, i, column_of_proxy);
    part("pool", name + " pool", ActorKind::pool, column_of_proxy,
         parts_ == nullptr ? system::kNone : parts_->pool);
    observer(parts_ == nullptr ? system::kNone : parts_->observer);
    for (int k = 0; k < proxy.connections; ++k)
      connection(proxy, k, column_of_proxy);
  }

 private:
  static std::string number(int i) { return std::to_string(i + 1); }
  static std::string letter(int k) { return std::string(1, static_cast<char>('a' + k)); }
  static Index at(const Placement* place, hop::Component which) {
    return place == nullptr ? system::kNone : static_cast<Index>(place->component + which);
  }
  const Placement* client_place(int i) const {
    return parts_ == nullptr ? nullptr : &parts_->clients[static_cast<std::size_t>(i)];
  }

  void client(const ProxySettings& proxy, int i) {
    const std::string tag = proxy.clients > 1 ? " " + number(i) : "";
    const std::string id = "client" + (proxy.clients > 1 ? "-" + number(i) : "");
    if (!proxy.downstream) {
      const ActorId caller =
          part(id, "client" + tag, ActorKind::application, column({"client", false, tag}),
               parts_ == nullptr ? system::kNone : parts_->callers[static_cast<std::size_t>(i)]);
      chooses(caller, "client " + number(i) + " ", "");
      stage_.cast.clients.push_back(caller);
      return;
    }
    const Placement* place = client_place(i);
    const std::string& name = proxy.downstream->client.name;
    const ActorId app =
        application(id, name, column({name, false, tag}), at(place, hop::client), tag, tag);
    const ActorId near = kernel(id + "-kernel", name, tag, at(place, hop::client_kernel));
    const std::string proxy_id = "proxy-kernel" + (tag.empty() ? "" : "-" + number(i));
    const ActorId far =
        kernel(proxy_id, proxy.downstream->server.name, tag, at(place, hop::server_kernel));
    pair(app, near), connect(near, far);
    stage_.cast.clients.push_back(app);
    facing_clients_.push_back(far);
    observer(at(place, hop::observer));
  }

  void server_side(const ProxySettings& proxy, int i, std::size_t column_of_proxy) {
    const std::string tag = proxy.clients > 1 ? " " + number(i) : "";
    const std::string end = proxy.clients > 1 ? "-" + number(i) : "";
    const std::string which = proxy.clients > 1 ? number(i) : "";
    if (proxy.downstream) {
      const ActorId side =
          application("proxy-server" + end, proxy.downstream->server.name, column_of_proxy,
                      at(client_place(i), hop::server), " server side" + tag, tag);
      stage_.cast.actors[side].which = which;
      pair(side, facing_clients_[static_cast<std::size_t>(i)]);
    }
    const ActorId exchange =
        part("exchange" + end, proxy.upstream.client.name + " exchange" + tag, ActorKind::exchange,
             column_of_proxy,
             parts_ == nullptr ? system::kNone : parts_->exchanges[static_cast<std::size_t>(i)]);
    stage_.cast.actors[exchange].which = which;
  }

  void connection(const ProxySettings& proxy, int k, std::size_t column_of_proxy) {
    const Placement* place =
        parts_ == nullptr ? nullptr : &parts_->connections[static_cast<std::size_t>(k)];
    const HopSettings& hop = proxy.upstream;
    const std::string tag = " " + letter(k), end = "-" + letter(k);
    // A single connection has no letter in the System, but the pool's words have.
    const std::string suffix = proxy.connections > 1 ? tag : "";
    const ActorId side = application("proxy-client" + end, hop.client.name, column_of_proxy,
                                     at(place, hop::client), " client side" + tag, suffix);
    stage_.cast.actors[side].which = letter(k);
    const ActorId near =
        kernel("proxy-kernel" + end, hop.client.name, tag, at(place, hop::client_kernel));
    const ActorId far =
        kernel("origin-kernel" + end, hop.server.name, tag, at(place, hop::server_kernel));
    const ActorId app =
        application("origin" + end, hop.server.name, column({hop.server.name, false, tag}),
                    at(place, hop::server), tag, suffix);
    pair(side, near), connect(near, far), pair(app, far);
    observer(at(place, hop::observer));
  }

  std::size_t column(Column column) {
    stage_.cast.columns.push_back(std::move(column));
    return stage_.cast.columns.size() - 1;
  }
  ActorId part(std::string id, std::string name, ActorKind kind, std::size_t column,
               Index component) {
    const auto actor = static_cast<ActorId>(stage_.cast.actors.size());
    stage_.cast.actors.push_back(
        {.id = std::move(id), .name = std::move(name), .kind = kind, .column = column});
    stage_.component_of.push_back(component);
    if (component != system::kNone) stage_.actor_of[component] = actor;
    return actor;
  }
  ActorId application(std::string id, const std::string& base, std::size_t column, Index component,
                      const std::string& tag = "", const std::string& suffix = "") {
    const ActorId actor =
        part(std::move(id), base + tag, ActorKind::application, column, component);
    chooses(actor, base + " ", suffix);
    return actor;
  }
  ActorId kernel(std::string id, const std::string& base, const std::string& tag, Index component) {
    return part(std::move(id), base + " kernel" + tag, ActorKind::kernel, column({base, true, tag}),
                component);
  }
  void chooses(ActorId actor, std::string prefix, std::string suffix) {
    stage_.cast.actors[actor].choice_prefix = std::move(prefix);
    stage_.cast.actors[actor].name_suffix = std::move(suffix);
  }
  void pair(ActorId application, ActorId kernel) {
    stage_.cast.actors[application].partner = kernel;
    stage_.cast.actors[kernel].partner = application;
  }
  void connect(ActorId near, ActorId far) {
    stage_.cast.actors[near].far_end = far;
    stage_.cast.actors[far].far_end = near;
  }
  void observer(Index component) {
    if (component != system::kNone) stage_.observes[component] = true;
  }

  Stage& stage_;
  const ProxyParts* parts_;
  std::vector<ActorId> facing_clients_;
};

void name(Stage& stage, const Settings& settings, const ProxyParts* parts) {
  Casting casting(stage, parts);
  if (const auto* hop = std::get_if<HopSettings>(&settings)) {
    casting.hop(*hop);
  } else {
    casting.proxy(std::get<ProxySettings>(settings));
  }
}

}  // namespace

std::size_t Cast::speaks_in(std::size_t column) const {
  const ActorId kernel = kernel_in(column);
  return kernel == kNobody ? column : actors[actors[kernel].partner].column;
}

ActorId Cast::kernel_in(std::size_t column) const {
  for (ActorId a = 0; a < actors.size(); ++a) {
    if (actors[a].column == column && actors[a].kind == ActorKind::kernel) return a;
  }
  return kNobody;
}

bool Cast::has_parts(std::size_t column) const {
  return std::count_if(actors.begin(), actors.end(),
                       [&](const Actor& actor) { return actor.column == column; }) > 1;
}

Cast cast_of(const Settings& settings) {
  Stage stage;
  name(stage, settings, nullptr);
  return std::move(stage.cast);
}

Stage stage_of(const Settings& settings) {
  Stage stage;
  ProxyParts parts;
  if (const auto* hop = std::get_if<HopSettings>(&settings)) {
    stage.system = hop_system(*hop);
    parts.connections.emplace_back();  // one hop, from the beginning
  } else {
    stage.system = proxy_system(std::get<ProxySettings>(settings), &parts);
  }
  name(stage, settings, &parts);
  // A middlebox has no column of its own: it stands beside the server's kernel.
  for (Index c = 0; c < stage.system.components.size(); ++c) {
    if (stage.system.components[c].table->machine == net::Middlebox::name)
      stage.actor_of[c] =
          stage.actor_of[static_cast<Index>(c - hop::middlebox + hop::server_kernel)];
  }
  return stage;
}

}  // namespace halfclose::proofs
