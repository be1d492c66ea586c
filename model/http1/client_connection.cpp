#include "model/http1/client_connection.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::http1::client {

std::string ClientConnection::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.outstanding == 1, "1 outstanding");
  say(c.outstanding == 2, "2 outstanding");
  say(c.last, "not reusable");
  say(c.partial, "response begun");
  say(c.broken, "write failed");
  say(c.more_sent, "part of content sent");
  say(c.with_content, "content follows");
  say(c.says_close, "to be closed");
  say(c.pending, "another waits");
  say(c.told, "close announced");
  say(c.open, "open end");
  say(c.ignoring, "ignores the close option");
  say(c.removed, "server removed");
  return text;
}

machine::Table connection_table(const Profile& profile) {
  return machine::tabulate<ClientConnection>({.profile = profile});
}

std::unique_ptr<machine::Running> running_connection(const Profile& profile) {
  return std::make_unique<machine::RunningOf<ClientConnection>>(Context{.profile = profile});
}

}  // namespace halfclose::http1::client
