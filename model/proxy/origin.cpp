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

machine::Table origin_table() {
  return machine::tabulate<Origin>({});
}

}  // namespace halfclose::proxy::origin
