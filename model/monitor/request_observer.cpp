#include "model/monitor/request_observer.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::monitor::request {

std::string RequestObserver::describe(const Context& c) {
  constexpr std::string_view kTold[] = {"", "told: response", "told: error", "told: cut"};
  std::string text = "of " + std::to_string(c.client + 1);
  auto say = [&](bool is, std::string_view word) {
    if (is) text += ", " + std::string(word);
  };
  say(c.attempts > 0, "written " + std::to_string(c.attempts) + " times");
  say(c.told != nothing, kTold[c.told]);
  say(c.executed, "executed");
  say(c.all_used, "no new connection");
  say(c.used, "on a used one");
  say(c.own, "its response");
  say(c.carried[0], "on a");
  say(c.carried[1], "on b");
  say(c.beyond, "further on");
  say(c.ended[0], "a closed");
  say(c.ended[1], "b closed");
  return text;
}

machine::Table request_observer_table(const Profile& profile) {
  return machine::tabulate<RequestObserver>({.profile = profile});
}

}  // namespace halfclose::monitor::request
