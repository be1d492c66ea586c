#include "model/monitor/bearer.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::monitor::bearer {

std::string Bearer::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.near[0], "with 1");
  say(c.near[1], "with 2");
  say(c.far[0], "on a");
  say(c.far[1], "on b");
  say(c.beyond, "further on");
  say(c.own, "its response");
  return text;
}

const machine::Table& bearer_table() {
  static const machine::Table table = machine::tabulate<Bearer>();
  return table;
}

}  // namespace halfclose::monitor::bearer
