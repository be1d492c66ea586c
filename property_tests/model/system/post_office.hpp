// A system small enough to write twice: letters on a wire, a clerk's desk, two timers. Once as data
// for System, once by hand.
#pragma once

#include "model/system/system.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace halfclose::system {

using machine::Table;
using machine::Verdict;
using Kind = Stimulus::Kind;
//------------------------------------------------

enum Part : Index { sender, clerk };
enum Line : Index { wire, desk };
enum Deadline : Index { patience, strict, never };
enum Letter : Message { plain, urgent };
// Every event has an output of its own number, so that what an event does is a list of bindings.
enum Happening : EventId {
  say,
  shout,
  twice,
  pause,
  resume,
  flicker,
  wipe,
  arm_all,
  cancel_all,
  got,
  got_urgent,
  alerted,
  expired,
  boom,
  kEvents
};
inline constexpr std::array<const char*, kEvents> kNames = {
    "say", "shout",  "twice", "pause",      "resume",  "flicker", "wipe",
    "arm", "cancel", "got",   "got urgent", "alerted", "expired", "boom"};

/// One local state per mode; every event but `boom` is taken, says its own output and stays.
inline std::shared_ptr<const Table> post_office() {
  auto table = std::make_shared<Table>();
  table->machine = "post-office";
  table->states = {"at work"};
  table->locals = {{0, ""}};
  table->output_lists = {{}};
  for (EventId event = 0; event < kEvents; ++event) {
    table->events.emplace_back(kNames[event]);
    table->outputs.emplace_back(kNames[event]);
    table->output_lists.push_back({event});
    const Verdict verdict = event == boom ? Verdict::refused : Verdict::taken;
    table->cells.push_back({0, static_cast<std::uint16_t>(event + 1), 0, verdict});
  }
  return table;
}

inline Action raise(Index component, EventId event) {
  return {.kind = Action::Kind::raise, .target = component, .event = event};
}
inline Action send(Index queue, Message message = kNoMessage) {
  return {.kind = Action::Kind::send, .target = queue, .payload = message};
}
inline Action act(Action::Kind kind, Index target) {
  return {.kind = kind, .target = target};
}
inline Action on_alert(Action action) {
  action.only_during = kOnAlert;
  return action;
}

inline System unsealed_office(Index capacity = 4) {
  System office;
  office.messages = {"plain", "urgent"};
  office.urgent = 1u << urgent;
  office.components = {{"sender", post_office()}, {"clerk", post_office()}};
  office.queues = {
      {.name = "wire", .from = sender, .to = clerk, .capacity = capacity, .lo = 2, .hi = 5},
      {.name = "desk",
       .kind = QueueKind::receive,
       .from = sender,
       .to = clerk,
       .capacity = capacity,
       .hi = 10,
       .alerts = true}};
  office.timers = {
      {.name = "patience", .owner = clerk, .event = expired, .lo = 7, .hi = 9, .yields_to = desk},
      {.name = "strict", .owner = clerk, .event = expired, .lo = 3, .hi = 3},
      {.name = "never", .owner = clerk, .event = expired, .off = true}};
  for (const EventId event : {say, shout, twice})
    office.choices.push_back({kNames[event], sender, event});
  for (const EventId event : {pause, resume, flicker, wipe, arm_all, cancel_all}) {
    office.choices.push_back({kNames[event], clerk, event});
  }
  office.bind(sender, say, {send(wire, plain)});
  office.bind(sender, shout, {send(wire, urgent)});
  office.bind(sender, twice, {send(wire, urgent), send(wire, plain)});
  office.bind(clerk, pause, {act(Action::Kind::block, desk)});
  office.bind(clerk, resume, {act(Action::Kind::unblock, desk)});
  office.bind(clerk, flicker, {act(Action::Kind::block, desk), act(Action::Kind::unblock, desk)});
  office.bind(clerk, wipe, {act(Action::Kind::clear, desk)});
  office.bind(clerk, arm_all,
              {act(Action::Kind::arm, patience), act(Action::Kind::arm, strict),
               act(Action::Kind::arm, never)});
  office.bind(clerk, cancel_all,
              {act(Action::Kind::cancel, patience), act(Action::Kind::cancel, strict)});
  office.bind(clerk, got, {act(Action::Kind::arm, patience)});
  office.bind(clerk, got_urgent, {act(Action::Kind::block, desk)});
  office.bind(clerk, alerted, {act(Action::Kind::arm, strict)});
  office.bind(clerk, expired, {act(Action::Kind::cancel, strict)});
  office.deliver(wire, plain, {send(desk)});
  office.deliver(wire, urgent, {send(desk)});
  office.deliver(desk, plain, {raise(clerk, got), on_alert(raise(clerk, boom))});
  office.deliver(desk, urgent, {raise(clerk, got_urgent), on_alert(raise(clerk, alerted))});
  return office;
}
inline System office(Index capacity = 4) {
  System made = unsealed_office(capacity);
  made.seal();
  return made;
}

/// The post office once more, by hand: every letter, timer and wait carries the number of the step
/// it began in.
struct HandOffice {
  std::size_t capacity;
  std::deque<std::pair<Message, int>> on_wire{};
  std::deque<Message> on_desk{};
  bool blocked = false;
  std::array<int, 2> timer = {-1, -1};
  int waiting_since = -1;
  int now = 0;
  bool overflowed = false;

  bool waits() const {
    if (!blocked) return !on_desk.empty();
    return std::count(on_desk.begin(), on_desk.end(), Message{urgent}) > 0;
  }
  /// After every single change: the wait begins when there is something to take, and ends when
  /// there is not.
  void changed() {
    if (!waits()) waiting_since = -1;
    if (waits() && waiting_since < 0) waiting_since = now;
  }
  void write(Message letter) {
    if (on_wire.size() == capacity) overflowed = true;
    on_wire.emplace_back(letter, now);
  }
  void set_blocked(bool is) {
    blocked = is;
    changed();
  }
  Message take(std::size_t at) {
    const Message letter = on_desk[at];
    on_desk.erase(on_desk.begin() + static_cast<std::ptrdiff_t>(at));
    changed();
    return letter;
  }

  void choose(EventId event) {
    if (event == say || event == shout) write(event == say ? plain : urgent);
    if (event == twice) {
      write(urgent);
      write(plain);
    }
    if (event == pause) set_blocked(true);
    if (event == resume) set_blocked(false);
    if (event == flicker) {
      set_blocked(true);
      set_blocked(false);
    }
    if (event == wipe) {
      on_desk.clear();
      changed();
    }
    if (event == arm_all) timer = {now, now};
    if (event == cancel_all) timer = {-1, -1};
  }
  void step(const System& system, Stimulus stimulus) {
    ++now;
    switch (stimulus.kind) {
      case Kind::deliver:
        if (on_desk.size() == capacity) overflowed = true;
        on_desk.push_back(on_wire.front().first);
        on_wire.pop_front();
        changed();
        break;
      case Kind::wake:
        while (!on_desk.empty() && !blocked) {
          if (take(0) == plain)
            timer[patience] = now;
          else
            set_blocked(true);
        }
        break;
      case Kind::alert: {
        const auto first = std::find(on_desk.begin(), on_desk.end(), Message{urgent});
        take(static_cast<std::size_t>(first - on_desk.begin()));
        timer[strict] = now;
        break;
      }
      case Kind::expire:
        timer[stimulus.index] = -1;
        timer[strict] = -1;
        break;
      case Kind::choose:
        choose(system.choices[stimulus.index].event);
        break;
    }
  }
  /// One number per clock, in the order of System::clocks.
  std::vector<int> clocks() const {
    std::vector<int> all;
    for (const int since : timer) {
      if (since >= 0) all.push_back(since);
    }
    for (const auto& [letter, since] : on_wire)
      all.push_back(since);
    if (waits()) all.push_back(waiting_since);
    return all;
  }
  std::vector<Stimulus> enabled(const System& system) const {
    std::vector<Stimulus> all;
    if (!on_wire.empty()) all.push_back({Kind::deliver, wire});
    if (waits()) all.push_back({blocked ? Kind::alert : Kind::wake, desk});
    if (timer[patience] >= 0 && !waits()) all.push_back({Kind::expire, patience});
    if (timer[strict] >= 0) all.push_back({Kind::expire, strict});
    for (Index c = 0; c < system.choices.size(); ++c)
      all.push_back({Kind::choose, c});
    return all;
  }
};

}  // namespace halfclose::system
