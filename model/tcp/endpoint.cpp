#include "model/tcp/endpoint.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::tcp {

std::string Endpoint::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  constexpr std::string_view kErrors[] = {"", "ECONNRESET pending", "EPIPE pending",
                                          "ECONNREFUSED pending", "ETIMEDOUT pending"};
  constexpr std::string_view kHeard[] = {"", "FIN since last send", "data since last send"};
  say(c.fd_open, "fd");
  say(c.passive, "passive");
  say(c.unread, "unread");
  say(c.unsent, "unsent");
  say(c.fin_received, "eof");
  say(c.deaf, "read shut");
  say(c.error != no_error, kErrors[c.error]);
  say(c.heard != nothing, kHeard[c.heard]);
  say(c.discards_on_rst, "discards on RST");
  return text;
}

const machine::Table& endpoint_table(bool discards_on_rst) {
  static const machine::Table kept = machine::tabulate<Endpoint>({});
  static const machine::Table discarded = machine::tabulate<Endpoint>({.discards_on_rst = true});
  return discards_on_rst ? discarded : kept;
}

std::unique_ptr<machine::Running> running_endpoint(bool discards_on_rst) {
  return std::make_unique<machine::RunningOf<Endpoint>>(
      Context{.discards_on_rst = discards_on_rst});
}

}  // namespace halfclose::tcp
