#include "model/proxy/pool.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::proxy::pool {

std::string Pool::describe(const Context& c) {
  constexpr std::string_view kSlotNames[] = {"-", "1", "2", "ready", "dying"};
  std::string text = "a " + std::string(kSlotNames[c.slot[0]]);
  if (c.profile.slots > 1) text += ", b " + std::string(kSlotNames[c.slot[1]]);
  if (c.ready_first != 0) text += c.ready_first == 1 ? ", a before b" : ", b before a";
  for (const std::uint8_t waiter : {c.waiting_first, c.waiting_second}) {
    if (waiter == 0) continue;
    text += ", " + std::to_string(waiter) + " waits";
    if (c.wants_fresh[waiter - 1]) text += " for a new one";
  }
  return text;
}

machine::Table pool_table(const Profile& profile) {
  return machine::tabulate<Pool>({.profile = profile});
}

std::unique_ptr<machine::Running> running_pool(const Profile& profile) {
  return std::make_unique<machine::RunningOf<Pool>>(Context{.profile = profile});
}

}  // namespace halfclose::proxy::pool
