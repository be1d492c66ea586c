#include "model/monitor/hop_observer.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::monitor {

std::string HopObserver::describe(const Context& c) {
  constexpr std::string_view kCauses[] = {"",
                                          "closes: idle",
                                          "closes: age",
                                          "closes: shutdown",
                                          "closes: announced",
                                          "closes: gives up on the content",
                                          "closes: behind a response",
                                          "closes: client's FIN",
                                          "crashed",
                                          "closes: announced, ignored",
                                          "forgotten on the way",
                                          "taken for content"};
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ", ";
    text += word;
  };
  say(c.cause != none, kCauses[c.cause]);
  say(c.outstanding > 0, std::to_string(c.outstanding) + " outstanding");
  say(c.unread > 0, std::to_string(c.unread) + " unread");
  say(c.owed > 0, std::to_string(c.owed) + " owed");
  say(c.answering, "answering");
  say(c.stray, "stray answer");
  say(c.early, "early");
  say(c.knew_fin, "FIN in client kernel");
  say(c.serving_stopped, "not serving");
  say(c.gone, "closed");
  say(c.arrived_dead, "arrived too late");
  say(c.beaten, "timer beat data");
  say(c.behind, "bytes behind close");
  say(c.cut, "response cut");
  say(c.waited, "had waited");
  say(c.unwatched, "reused unread");
  say(c.removed, "server removed");
  say(c.skipped, "content left out");
  return text;
}

const machine::Table& hop_observer_table() {
  static const machine::Table table = machine::tabulate<HopObserver>();
  return table;
}

}  // namespace halfclose::monitor
