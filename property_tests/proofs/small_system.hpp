// Arbitrary systems of one or two components, small enough to be judged by brute force: random
// tables, a timer that may be off, a wire, an application that may stop reading.
#pragma once

#include "model/system/system.hpp"

#include <rapidcheck.h>

#include <string>
#include <vector>

namespace halfclose::test {

using system::Action;
using system::Index;
using system::System;

namespace small {
enum Event : machine::EventId { go, turn, rung, got, told, kEvents };
inline constexpr machine::LocalId kLocals = 3;
enum Timer : Index { bell, egg };
enum Queue : Index { wire, desk };
/// An output for everything a component can do.
enum Output : machine::OutputId {
  arm_bell,
  arm_egg,
  cancel_bell,
  cancel_egg,
  write,
  write_urgent,
  file,
  file_urgent,
  stop,
  resume,
  kOutputs
};
}  // namespace small

/// Choices may be refused; whatever a timer or a queue raises is taken.
inline std::shared_ptr<const machine::Table> small_table(const std::string& name) {
  using namespace small;
  auto table = std::make_shared<machine::Table>();
  table->machine = name;
  table->events = {"go", "turn", "rung", "got", "told"};
  table->outputs = {"arm bell",     "arm egg", "cancel bell", "cancel egg", "write",
                    "write urgent", "file",    "file urgent", "stop",       "resume"};
  table->output_lists = {{}};
  for (machine::OutputId output = 0; output < kOutputs; ++output)
    table->output_lists.push_back({output});
  for (std::uint16_t local = 0; local < kLocals; ++local) {
    table->states.push_back(std::string(1, static_cast<char>('a' + local)));
    table->locals.push_back({local, ""});
    for (machine::EventId event = 0; event < kEvents; ++event) {
      const bool taken = event > turn || *rc::gen::inRange(0, 3) > 0;
      machine::Cell cell{.next = local, .row = 0};
      if (taken) {
        cell.verdict = machine::Verdict::taken;
        cell.next = *rc::gen::inRange<machine::LocalId>(0, kLocals);
        // Half of what happens does no more than lead on.
        const int output = *rc::gen::inRange(-static_cast<int>(kOutputs), int{kOutputs});
        cell.outputs = static_cast<std::uint16_t>(output < 0 ? 0 : output + 1);
        // Who files while reading would never be done reading.
        if (event == got && (output == file || output == file_urgent)) cell.outputs = 0;
      }
      table->cells.push_back(cell);
    }
  }
  return table;
}

inline System small_system() {
  using namespace small;
  auto act = [](Action::Kind kind, Index target, system::Message message = system::kNoMessage) {
    return Action{.kind = kind, .target = target, .payload = message};
  };
  System made;
  made.messages = {"plain", "urgent"};
  made.urgent = 2;
  const auto count = static_cast<Index>(*rc::gen::inRange(1, 3));
  for (Index c = 0; c < count; ++c) {
    const std::string name(1, static_cast<char>('A' + c));
    made.components.push_back({name, small_table(name)});
  }
  const auto last = static_cast<Index>(count - 1);
  made.queues = {{.name = "wire", .from = 0, .to = last, .capacity = 2, .lo = 1, .hi = 2},
                 {.name = "desk",
                  .kind = system::QueueKind::receive,
                  .from = 0,
                  .to = last,
                  .capacity = 2,
                  .hi = 2,
                  .alerts = *rc::gen::arbitrary<bool>()}};
  // A bound of kForever promises nothing.
  if (*rc::gen::inRange(0, 4) == 0) made.queues[wire].hi = system::kForever;
  made.timers = {{.name = "bell",
                  .owner = 0,
                  .event = rung,
                  .lo = 1,
                  .hi = 2,
                  .off = *rc::gen::inRange(0, 4) == 0},
                 {.name = "egg",
                  .owner = last,
                  .event = rung,
                  .lo = 1,
                  .hi = 2,
                  .yields_to = *rc::gen::arbitrary<bool>() ? Index{desk} : system::kNone}};
  for (Index c = 0; c < count; ++c) {
    made.choices.push_back({"go", c, go});
    if (c == 0) made.choices.push_back({"turn", c, turn});
    made.bind(c, arm_bell, {act(Action::Kind::arm, bell)});
    made.bind(c, arm_egg, {act(Action::Kind::arm, egg)});
    made.bind(c, cancel_bell, {act(Action::Kind::cancel, bell)});
    made.bind(c, cancel_egg, {act(Action::Kind::cancel, egg)});
    // Cleared first, so that nothing overflows.
    for (const bool urgent : {false, true}) {
      const system::Message message = urgent ? 1 : 0;
      made.bind(c, urgent ? write_urgent : write,
                {act(Action::Kind::clear, wire), act(Action::Kind::send, wire, message)});
      made.bind(c, urgent ? file_urgent : file,
                {act(Action::Kind::clear, desk), act(Action::Kind::send, desk, message)});
    }
    made.bind(c, stop, {act(Action::Kind::block, desk)});
    made.bind(c, resume, {act(Action::Kind::unblock, desk)});
  }
  auto raise = [&](machine::EventId event) {
    return Action{.kind = Action::Kind::raise, .target = last, .event = event};
  };
  Action alert = raise(told);
  alert.only_during = system::kOnAlert;
  for (const system::Message message : {0, 1}) {
    made.deliver(wire, message, {raise(rung)});
    made.deliver(desk, message, {raise(got), alert});
  }
  made.seal();
  return made;
}

}  // namespace halfclose::test
