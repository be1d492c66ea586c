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
      made.observers.push_back({component, 6u * component});
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

/// Clients that are all alike, each with a desk of its own in a lane in the middle, and a pool
/// there that serves two at a time. Every two neighbours may trade places.
struct Clients {
  unsigned count = 2;
  system::System system{};

  system::Index client(unsigned i) const { return static_cast<system::Index>(i); }
  system::Index desk(unsigned i) const { return static_cast<system::Index>(count + i); }
  system::Index pool() const { return static_cast<system::Index>(2 * count); }
  system::Index middle() const { return static_cast<system::Index>(count); }  ///< lane
};

/// Events take 0..n-1, give 0..n-1; outputs granted 0..n-1, refused 0..n-1; a local is who holds.
inline std::shared_ptr<const machine::Table> pool_table(unsigned clients) {
  auto table = std::make_shared<machine::Table>();
  table->machine = "pool";
  table->output_lists = {{}};
  for (const char* name : {"take", "give"}) {
    for (unsigned i = 0; i < clients; ++i)
      table->events.push_back(name + std::to_string(i));
  }
  for (unsigned o = 0; o < 2 * clients; ++o) {
    table->outputs.push_back((o < clients ? "granted" : "refused") + std::to_string(o % clients));
    table->output_lists.push_back({static_cast<machine::OutputId>(o)});
  }
  for (unsigned held = 0; held < 1u << clients; ++held) {
    table->states.push_back(std::to_string(held));
    table->locals.push_back({static_cast<std::uint16_t>(held), ""});
    for (unsigned event = 0; event < 2 * clients; ++event) {
      const unsigned bit = 1u << event % clients;
      const bool takes = event < clients, granted = __builtin_popcount(held | bit) <= 2;
      const unsigned next = !takes ? held & ~bit : granted ? held | bit : held;
      const unsigned says = !takes ? 0 : granted ? 1 + event : 1 + event + clients;
      table->cells.push_back({static_cast<machine::LocalId>(next), static_cast<std::uint16_t>(says),
                              0, machine::Verdict::taken});
    }
  }
  return table;
}

inline Clients random_clients(std::uint32_t seed) {
  using namespace system;
  Dice dice(seed);
  Clients made{.count = 2 + dice.below(2)};
  System& all = made.system;
  const unsigned count = made.count;
  all.messages = {"letter", "postcard"};
  const auto client_table = random_table(dice), desk_table = random_table(dice);
  for (unsigned i = 0; i < count; ++i) {
    all.lanes.push_back({.name = "client " + std::to_string(i), .kind = 0});
    all.components.push_back({"client", client_table, 0, static_cast<Index>(i)});
    all.queues.push_back(
        {.name = "wire", .to = made.client(i), .capacity = 2, .lane = static_cast<Index>(i)});
    all.timers.push_back({.name = "timer", .owner = made.client(i), .event = tick});
    for (const RandomEvent event : {go, turn})
      all.choices.push_back({"choice", made.client(i), event});
  }
  all.lanes.push_back({.name = "middle"});
  for (unsigned i = 0; i < count; ++i)
    all.components.push_back({"desk", desk_table, 0, made.middle()});
  all.components.push_back({"pool", pool_table(count), 0, made.middle()});
  for (Index c = 0; c < made.pool(); ++c)
    all.observers.push_back({c, 6u * c});
  all.observers.push_back({made.pool(), 6u * made.pool()});

  const bool ends = dice.one_in(3), says_so = dice.one_in(3);
  std::vector<bool> end_in;
  for (std::size_t local = 0; local < client_table->states.size(); ++local)
    end_in.push_back(dice.one_in(2));
  auto raise = [](Index target, EventId event) -> Action {
    return {.kind = Action::Kind::raise, .target = target, .event = event};
  };
  // The same decisions for every client.
  struct Decision {
    unsigned kind, event, message;
  };
  std::vector<Decision> of_client(6), of_desk(6);
  for (auto* decisions : {&of_client, &of_desk}) {
    for (Decision& one : *decisions)
      one = {dice.below(6), dice.below(2), dice.below(2)};
  }
  for (unsigned i = 0; i < count; ++i) {
    const auto wire = static_cast<Index>(i);
    if (ends) all.lanes[i].over_in = {{made.client(i), end_in}};
    if (ends && says_so) all.lanes[i].on_renewed = {raise(made.desk(i), poke)};
    for (OutputId output = 0; output < 6; ++output) {
      const unsigned rank = output / 2u;
      auto raised = [&](const Decision& one) {
        return static_cast<EventId>(rank == 0 ? (one.event == 0 ? poke : nudge) : echo);
      };
      const Decision client = of_client[output], desk = of_desk[output];
      if (client.kind < 2 && rank < 2)
        all.bind(made.client(i), output, {raise(made.desk(i), raised(client))});
      if (client.kind == 2) {
        all.bind(made.client(i), output,
                 {{.kind = Action::Kind::clear, .target = wire},
                  {.kind = Action::Kind::send,
                   .target = wire,
                   .payload = static_cast<Message>(client.message)}});
      }
      if (client.kind == 3)
        all.bind(made.client(i), output, {{.kind = Action::Kind::arm, .target = wire}});
      if (desk.kind < 2 && rank < 2)
        all.bind(made.desk(i), output, {raise(made.client(i), raised(desk))});
      if (desk.kind > 2 && rank < 2) {
        const unsigned event = desk.event * count + i;
        all.bind(made.desk(i), output, {raise(made.pool(), static_cast<EventId>(event))});
      }
    }
    all.bind(made.pool(), static_cast<OutputId>(i), {raise(made.desk(i), echo)});
    all.bind(made.pool(), static_cast<OutputId>(count + i), {raise(made.client(i), echo)});
    all.deliver(wire, 0, {raise(made.client(i), mail)});
    all.deliver(wire, 1, {raise(made.client(i), card)});
  }
  for (unsigned i = 0; i + 1 < count; ++i) {
    std::vector<EventId> trade(2 * count);
    for (unsigned e = 0; e < 2 * count; ++e) {
      const unsigned who = e % count;
      const unsigned other = who == i ? i + 1 : who == i + 1 ? i : who;
      trade[e] = static_cast<EventId>(e - who + other);
    }
    all.symmetries.push_back({.lanes = {{static_cast<Index>(i), static_cast<Index>(i + 1)}},
                              .outside = {{.component = made.desk(i), .image = made.desk(i + 1)},
                                          {.component = made.desk(i + 1), .image = made.desk(i)},
                                          {.component = made.pool(),
                                           .events = trade,
                                           .outputs = {trade.begin(), trade.end()}}}});
  }
  all.seal();
  return made;
}

}  // namespace halfclose::test
