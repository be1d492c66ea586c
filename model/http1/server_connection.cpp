#include "model/http1/server_connection.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::http1::server {

std::string ServerConnection::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.last, "last response");
  say(c.draining, "draining");
  say(c.early, "answered early");
  say(c.told, "close announced");
  say(c.last_later, "next response is the last");
  say(c.expected, "100 awaited");
  return text;
}

machine::Table connection_table(const Profile& profile) {
  return machine::tabulate<ServerConnection>({.profile = profile});
}

std::unique_ptr<machine::Running> running_connection(const Profile& profile) {
  return std::make_unique<machine::RunningOf<ServerConnection>>(Context{.profile = profile});
}

}  // namespace halfclose::http1::server
