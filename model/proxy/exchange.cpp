#include "model/proxy/exchange.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::proxy::exchange {

std::string Exchange::describe(const Context& c) {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.tries > 0, std::to_string(c.tries) + (c.tries == 1 ? " try left" : " tries left"));
  say(c.reused, "used connection");
  say(c.content && !c.content_here, "content to come");
  say(c.content_here, "content here");
  say(c.head_out, "head out");
  say(c.content_out, "content out");
  say(c.beyond, "some content not kept");
  return text;
}

machine::Table exchange_table(const Profile& profile) {
  return machine::tabulate<Exchange>({.profile = profile});
}

std::unique_ptr<machine::Running> running_exchange(const Profile& profile) {
  return std::make_unique<machine::RunningOf<Exchange>>(Context{.profile = profile});
}

}  // namespace halfclose::proxy::exchange
