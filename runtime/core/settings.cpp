#include "runtime/core/settings.hpp"

#include "model/deployment/proxy_settings.hpp"

namespace halfclose::runtime {

namespace {

/// Microseconds of the model to milliseconds of the runtime: never shorter.
Time milliseconds(system::Time time) {
  return time >= deployment::kOff ? kNever : (time + 999) / 1000;
}
std::uint32_t count_of(const deployment::Role& role) {
  return static_cast<std::uint32_t>(role.at("max_requests").count);
}

}  // namespace

Settings settings_of(const deployment::Chain& chain, std::size_t node) {
  const deployment::ServerSide server = deployment::hop_settings(chain, node - 1).server;
  const deployment::ProxySettings proxy = deployment::proxy_settings(chain, node, "GET", true);
  const deployment::ClientSide& client = proxy.upstream.client;
  Settings settings;
  settings.server = server.profile;
  settings.server_timers = {
      .idle = milliseconds(server.idle >= deployment::kOff ? server.idle
                                                           : server.idle + server.idle_grace),
      .drain = milliseconds(server.drain),
      .close = milliseconds(server.close),
      .linger = milliseconds(server.linger),
      .age = milliseconds(server.age)};
  settings.server_requests = count_of(*chain.nodes[node].server);
  settings.client = client.profile;
  // As a chain binds them: what is sent is what the client of the other hop sends.
  settings.client.pipelines = false;
  settings.client.closes_when_early = true;
  settings.client.waits_for_close = false;
  settings.client.expects_continue = false;
  settings.client_timers = {.idle = milliseconds(client.idle),
                            .age = milliseconds(client.age),
                            .response = milliseconds(client.response),
                            .expect = milliseconds(client.expect)};
  settings.client_requests = count_of(*chain.nodes[node].client);
  settings.exchange = proxy.exchange;
  for (const std::string& method : chain.nodes[node].client->at("retry.methods").words) {
    settings.retries_any_method |= method == "all";
    settings.retried_methods.push_back(method);
  }
  settings.fifo = proxy.pool.fifo;
  settings.next_loop = proxy.pool.next_loop;
  return settings;
}

}  // namespace halfclose::runtime
