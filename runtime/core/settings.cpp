#include "runtime/core/settings.hpp"

#include "model/deployment/proxy_settings.hpp"

namespace halfclose::runtime {

namespace {

/// Microseconds of the model to milliseconds of the runtime: never shorter.
Time milliseconds(system::Time time) {
  return time >= deployment::kOff ? kNever : (time + 999) / 1000;
}
/// A value of a node that the runtime has; any other would run as this one.
struct Only {
  const char* key;
  const char* value;
};
constexpr Only kServerOnly[] = {{"on_expectation", "at-once"},
                                {"framing", "length"},
                                {"loop_order", "io-first"},
                                {"timer_clock", "cached"},
                                {"tcp_keepalive", "off"}};
constexpr Only kClientOnly[] = {
    {"on_early_response", "close"}, {"pipelining", "false"},      {"half_close", "false"},
    {"waits_for_close", "false"},   {"expect_continue", "false"}, {"request_buffering", "false"},
    {"loop_order", "io-first"},     {"timer_clock", "cached"},    {"tcp_keepalive", "off"}};

std::uint32_t count_of(const deployment::Role& role) {
  return static_cast<std::uint32_t>(role.at("max_requests").count);
}

}  // namespace

std::vector<std::string> unserved(const deployment::Chain& chain, std::size_t node) {
  std::vector<std::string> all;
  const auto look = [&](const char* name, const deployment::Role& role, const auto& only) {
    for (const Only& one : only) {
      const std::string& text = role.at(one.key).text;
      if (text != one.value)
        all.push_back(std::string(name) + "." + one.key + ": " + text + ", not " + one.value);
    }
  };
  const deployment::Role& client = *chain.nodes[node].client;
  look("downstream", *chain.nodes[node].server, kServerOnly);
  look("upstream", client, kClientOnly);
  if (client.at("retry.tries").count > deployment::kTriesMax)
    all.push_back("upstream.retry.tries: " + client.at("retry.tries").text + ", not at most " +
                  std::to_string(deployment::kTriesMax));
  return all;
}

Settings settings_of(const deployment::Chain& chain, std::size_t node) {
  const deployment::ServerSide server = deployment::hop_settings(chain, node - 1).server;
  const deployment::ProxySettings proxy = deployment::proxy_settings(chain, node, "GET", true);
  const deployment::ClientSide& client = proxy.upstream.client;
  Settings settings;
  settings.server = server.profile;
  settings.server_timers = {
      .idle = milliseconds(server.idle >= deployment::kOff ? server.idle
                                                           : server.idle + server.idle_grace),
      .drain = server.drain >= deployment::kOff ? 0 : milliseconds(server.drain),
      .close = milliseconds(server.close),
      .linger = milliseconds(server.linger),
      .age = milliseconds(server.age)};
  settings.server_requests = count_of(*chain.nodes[node].server);
  settings.client = client.profile;
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
