// Small systems of lanes that raise at each other: arbitrary tables, bindings, queues and timers.
// No protocol, every feature of System.
#pragma once

#include "model/system/system.hpp"

#include <memory>
#include <random>
#include <string>

namespace halfclose::test {

class LaneGenerator {
 public:
  explicit LaneGenerator(std::uint32_t seed) : random_(seed) {}

  /// The same seed makes the same system. A step of it may overflow a queue.
  system::System make() {
    system::System system;
    const int lanes = 2 + below(2);
    system.messages = {"plain", "other", "urgent"};
    system.urgent = 1u << 2;
    for (int l = 0; l < lanes; ++l)
      add_lane(system, static_cast<system::Index>(l));
    for (system::Index c = 0; c < system.components.size(); ++c)
      bind(system, c);
    for (system::Index l = 0; l < system.lanes.size(); ++l)
      finish_lane(system, l);
    system.observer = 0;
    system.seal();
    return system;
  }

 private:
  using Action = system::Action;
  using Index = system::Index;

  // The environment raises the first two, timers the third, others what follows. An output is said
  // by events up to its own number and raises later ones only, so that every step ends.
  enum : machine::EventId { kBegin, kPush, kExpired, kFirstRaised, kEvents = 8 };
  enum Part : Index { kWorker, kPeer };
  enum Line : Index { kWire, kInput };

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  static Index at(Index lane, int part) { return static_cast<Index>(2 * lane + part); }

  std::shared_ptr<const machine::Table> table(std::string name) {
    auto made = std::make_shared<machine::Table>();
    const int locals = 2 + below(3);
    made->machine = std::move(name);
    made->output_lists.emplace_back();
    for (int l = 0; l < locals; ++l) {
      made->states.push_back("s" + std::to_string(l));
      made->locals.push_back({static_cast<std::uint16_t>(l), ""});
    }
    for (int e = 0; e < kEvents; ++e) {
      made->events.push_back("e" + std::to_string(e));
      made->outputs.push_back("o" + std::to_string(e));
    }
    for (int l = 0; l < locals; ++l) {
      for (int e = 0; e < kEvents; ++e) {
        machine::Cell cell;
        // The environment begins in the first local only, and waits elsewhere.
        const bool taken = e >= kExpired || l == 0;
        if (taken) {
          cell.verdict = machine::Verdict::taken;
          cell.next =
              static_cast<machine::LocalId>(e < kExpired ? 1 + below(locals - 1) : below(locals));
          std::vector<machine::OutputId> says;
          for (int o = e; o < kEvents && says.size() < 2; ++o) {
            if (one_in(3)) says.push_back(static_cast<machine::OutputId>(o));
          }
          cell.outputs = static_cast<std::uint16_t>(made->output_lists.size());
          made->output_lists.push_back(std::move(says));
        }
        made->cells.push_back(cell);
      }
    }
    return made;
  }

  void add_lane(system::System& system, Index lane) {
    const std::string tag = " " + std::to_string(lane);
    system.lanes.push_back({.name = "lane" + tag});
    system.components.push_back({"worker" + tag, table("worker" + tag), 0, lane});
    system.components.push_back({"peer" + tag, table("peer" + tag), 0, lane});
    system.queues.push_back({.name = "wire" + tag,
                             .from = at(lane, kPeer),
                             .to = at(lane, kWorker),
                             .capacity = 2,
                             .hi = 1,
                             .lane = lane});
    system.queues.push_back({.name = "input" + tag,
                             .kind = system::QueueKind::receive,
                             .from = at(lane, kPeer),
                             .to = at(lane, kWorker),
                             .capacity = 4,
                             .hi = 1,
                             .alerts = !one_in(3),
                             .lane = lane});
    for (const Part owner : {kWorker, kPeer}) {
      system.timers.push_back({.name = (owner == kWorker ? "patience" : "pause") + tag,
                               .owner = at(lane, owner),
                               .event = kExpired,
                               .hi = 1,
                               .yields_to = one_in(2) ? at(lane, kInput) : system::kNone,
                               .off = one_in(6)});
    }
    for (const machine::EventId event : {kBegin, kPush})
      system.choices.push_back({"begin " + std::to_string(event) + tag, at(lane, kPeer), event});
  }

  Action raise(const system::System& system, Index lane, int behind) {
    const auto lanes = static_cast<int>(system.lanes.size());
    const auto to = static_cast<Index>(one_in(3) ? below(lanes) : lane);
    const int first = std::max<int>(behind + 1, kFirstRaised);
    auto event = [&] { return static_cast<machine::EventId>(first + below(kEvents - first)); };
    Action made{.target = at(to, below(2)), .event = event()};
    if (one_in(5)) {
      made.more_in = at(lane, kInput);
      made.event_if_more = event();
    }
    if (one_in(4)) made.payload = static_cast<system::Message>(below(3));
    return made;
  }
  Action on(Action::Kind kind, Index target) { return {.kind = kind, .target = target}; }
  Action send(Index queue) {
    Action made = on(Action::Kind::send, queue);
    made.payload = static_cast<system::Message>(below(3));
    return made;
  }

  Action any(const system::System& system, Index lane, int output) {
    if (output + 1 < kEvents && one_in(3)) return raise(system, lane, output);
    switch (below(8)) {
      case 0:
      case 1:
        return send(at(lane, kWire));
      case 2:
        return on(Action::Kind::arm, at(lane, below(2)));
      case 3:
        return on(Action::Kind::cancel, at(lane, below(2)));
      case 4:
        return on(Action::Kind::clear, at(lane, below(2)));
      case 5:
        return on(Action::Kind::block, at(lane, kInput));
      case 6:
        return on(Action::Kind::unblock, at(lane, kInput));
      default:
        return on(Action::Kind::age, system::kNone);
    }
  }

  void bind(system::System& system, Index component) {
    const Index lane = system.components[component].lane;
    for (int output = 0; output < kEvents; ++output) {
      std::vector<Action> actions;
      for (int n = below(3); n > 0; --n) {
        Action action = any(system, lane, output);
        if (one_in(4)) action.only_during = below(output + 1);
        if (one_in(4)) action.only_payloads = static_cast<std::uint64_t>(below(8));
        actions.push_back(action);
      }
      system.bind(component, static_cast<machine::OutputId>(output), std::move(actions));
    }
  }

  void finish_lane(system::System& system, Index lane) {
    for (system::Message m = 0; m < system.messages.size(); ++m) {
      std::vector<Action> arrives{on(Action::Kind::send, at(lane, kInput))};
      if (one_in(3)) arrives.push_back(raise(system, lane, kExpired));
      system.deliver(at(lane, kWire), m, std::move(arrives));
      std::vector<Action> taken{raise(system, lane, kExpired)};
      if (one_in(2)) {
        taken.push_back(raise(system, lane, kExpired));
        taken.back().only_during = system::kOnAlert;
      }
      system.deliver(at(lane, kInput), m, std::move(taken));
    }
    if (one_in(4)) return;
    for (const Part part : {kWorker, kPeer}) {
      const auto& locals = system.components[at(lane, part)].table->locals;
      std::vector<bool> over(locals.size());
      for (std::size_t l = 0; l < over.size(); ++l)
        over[l] = l == 0 || one_in(2);
      system.lanes[lane].over_in.emplace_back(at(lane, part), std::move(over));
    }
    if (!one_in(3)) {
      Action told = raise(system, lane, kExpired);
      told.payload = system::kNoMessage;
      system.lanes[lane].on_renewed.push_back(told);
    }
  }

  std::mt19937 random_;
};

}  // namespace halfclose::test
