// Small systems of several lanes that raise events at each other, made from a number: machines,
// queues, timers, lanes that are over and start again.
#pragma once

#include "model/system/system.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace halfclose::test {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }
  bool one_in(unsigned n) { return below(n) == 0; }

 private:
  std::mt19937 engine_;
};

/// Events have ranks: what an event raises has a higher one, so every step ends.
///   0  choices, expiries, deliveries     1, 2  raised
enum RandomEvent : machine::EventId {
  go,
  turn,
  tick,
  mail,
  card,
  poke,
  nudge,
  echo,
  kRandomEvents
};
inline unsigned rank_of(machine::EventId event) {
  return event < poke ? 0 : event < echo ? 1 : 2;
}

inline std::shared_ptr<const machine::Table> random_table(Dice& dice) {
  auto table = std::make_shared<machine::Table>();
  table->machine = "random";
  table->events = {"go", "turn", "tick", "mail", "card", "poke", "nudge", "echo"};
  table->outputs = {"a0", "b0", "a1", "b1", "a2", "b2"};
  table->output_lists = {{}};
  for (machine::OutputId of_rank = 0; of_rank < 6; of_rank += 2) {
    const auto other = static_cast<machine::OutputId>(of_rank + 1);
    table->output_lists.push_back({of_rank});
    table->output_lists.push_back({other});
    table->output_lists.push_back({other, of_rank});
  }
  // Some only go forward: lanes without cycles, and states in which nothing can happen any more.
  const bool forward = dice.one_in(2);
  const unsigned locals = forward ? 4 : 2 + dice.below(2);
  for (unsigned local = 0; local < locals; ++local) {
    table->states.push_back(std::to_string(local));
    table->locals.push_back({static_cast<std::uint16_t>(local), ""});
    for (machine::EventId event = 0; event < kRandomEvents; ++event) {
      const unsigned list = dice.below(4);
      const unsigned next =
          forward ? std::min(local + dice.below(2), locals - 1) : dice.below(locals);
      machine::Cell cell{.next = static_cast<machine::LocalId>(next), .row = 0};
      cell.outputs = static_cast<std::uint16_t>(list == 0 ? 0 : 3 * rank_of(event) + list);
      // Only a choice may be refused: everything else must find a row.
      cell.verdict =
          event <= turn && dice.one_in(2) ? machine::Verdict::refused : machine::Verdict::taken;
      table->cells.push_back(cell);
    }
  }
  return table;
}

inline system::System random_lanes(std::uint32_t seed) {
  Dice dice(seed);
  using namespace system;
  System made;
  made.messages = {"letter", "postcard"};
  made.urgent = 2;
  const unsigned lanes = 2 + dice.below(2);
  for (unsigned l = 0; l < lanes; ++l) {
    const auto lane = static_cast<Index>(l);
    made.lanes.push_back({.name = "lane " + std::to_string(l)});
    const auto first = static_cast<Index>(made.components.size());
    const unsigned components = 1 + dice.below(2);
    for (unsigned c = 0; c < components; ++c) {
      const auto component = static_cast<Index>(made.components.size());
      made.components.push_back({"c" + std::to_string(component), random_table(dice), 0, lane});
      made.observers.emplace_back(component, 6u * component);
      for (const RandomEvent event : {go, turn})
        made.choices.push_back({"choice", component, event});
    }
    const auto wire = static_cast<Index>(made.queues.size());
    made.queues.push_back({.name = "wire", .to = first, .capacity = 3, .lane = lane});
    made.queues.push_back({.name = "desk",
                           .kind = QueueKind::receive,
                           .to = first,
                           .capacity = 3,
                           .alerts = dice.one_in(2),
                           .lane = lane});
    made.timers.push_back({.name = "timer",
                           .owner = first,
                           .event = tick,
                           .yields_to = dice.one_in(2) ? static_cast<Index>(wire + 1) : kNone});
    if (dice.one_in(2)) {
      std::vector<bool> in;
      for (std::size_t i = 0; i < made.components[first].table->states.size(); ++i)
        in.push_back(dice.one_in(2));
      made.lanes[l].over_in = {{first, in}};
    }
  }
  // From hardly ever to often: lanes that leave each other alone are those that may wait.
  const unsigned coupled = dice.one_in(2) ? 1 : dice.below(40);
  auto any_raise = [&](unsigned rank, Index lane) -> Action {
    std::vector<Index> targets;
    const bool anywhere = dice.below(40) < coupled;
    for (Index c = 0; c < made.components.size(); ++c) {
      if (anywhere || made.components[c].lane == lane) targets.push_back(c);
    }
    const EventId event = rank == 2 ? echo : dice.one_in(2) ? nudge : poke;
    return {.kind = Action::Kind::raise,
            .target = targets[dice.below(static_cast<unsigned>(targets.size()))],
            .event = event};
  };
  // At most two at a time: nothing overflows.
  auto post = [](std::vector<Action>& actions, Index queue, Message message) {
    actions.push_back({.kind = Action::Kind::clear, .target = queue});
    actions.push_back({.kind = Action::Kind::send, .target = queue, .payload = message});
    actions.push_back({.kind = Action::Kind::send, .target = queue, .payload = 0});
  };
  for (Index c = 0; c < made.components.size(); ++c) {
    const Index lane = made.components[c].lane;
    const auto wire = static_cast<Index>(2 * lane), desk = static_cast<Index>(2 * lane + 1);
    for (OutputId output = 0; output < 6; ++output) {
      const unsigned rank = output / 2u;
      std::vector<Action> actions;
      if (rank < 2 && !dice.one_in(3)) actions.push_back(any_raise(rank + 1, lane));
      const auto message = static_cast<Message>(dice.below(2));
      switch (dice.below(6)) {
        case 0:  // to a wire, or a wake would fill the desk it empties
          post(actions, wire, message);
          break;
        case 1:
          actions.push_back({.kind = Action::Kind::arm, .target = lane});
          break;
        case 2:
          actions.push_back({.kind = Action::Kind::cancel, .target = lane});
          break;
        case 3:
          actions.push_back({.kind = Action::Kind::block, .target = desk});
          break;
        case 4:
          actions.push_back({.kind = Action::Kind::unblock, .target = desk});
          break;
        default:
          break;
      }
      made.bind(c, output, actions);
    }
  }
  for (Index q = 0; q < made.queues.size(); ++q) {
    for (Message m = 0; m < 2; ++m) {
      Action arrives{.kind = Action::Kind::raise,
                     .target = made.queues[q].to,
                     .event = static_cast<EventId>(m == 0 ? mail : card)};
      std::vector<Action> actions{arrives};
      if (dice.one_in(3)) actions.push_back(any_raise(1, made.queues[q].lane));
      const bool is_wire = made.queues[q].kind == QueueKind::wire;
      if (is_wire && dice.one_in(2)) post(actions, static_cast<Index>(q + 1), m);
      arrives.only_during = kOnAlert;
      actions.push_back(arrives);
      made.deliver(q, m, actions);
    }
  }
  for (Index l = 0; l < lanes; ++l) {
    if (dice.one_in(2)) made.lanes[l].on_renewed = {any_raise(1, l)};
  }
  made.seal();
  return made;
}

}  // namespace halfclose::test
