#include "model/proxy/origin.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::proxy::origin {

std::string Origin::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.content, "content to come");
  say(c.last, "says close");
  say(c.partial, "response begun");
  say(c.owed, "response owed to another");
  return text;
}

const machine::Table& origin_table() {
  static const machine::Table table = machine::tabulate<Origin>({});
  return table;
}

}  // namespace halfclose::proxy::origin
