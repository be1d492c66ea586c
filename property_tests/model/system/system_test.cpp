// Properties of System (model/system): of a small system of its own, and of random runs of it,
// compared with a second implementation by hand.
#include "model/system/system.hpp"

#include "property_tests/model/system/post_office.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace halfclose::system {
namespace {

std::vector<Stimulus> enabled(const System& system, const State& state) {
  std::vector<Stimulus> all;
  system.enabled(state, all);
  return all;
}
State after(const System& system, const State& state, Stimulus stimulus) {
  StepResult result;
  system.step(state, stimulus, result);
  return result.state;
}
/// The choice of an event; choices are in the order of `enabled`.
Stimulus choose(const System& system, EventId event) {
  for (Index c = 0; c < system.choices.size(); ++c) {
    if (system.choices[c].event == event) return {Kind::choose, c};
  }
  FAIL("no choice raises event " << int{event});
  return {};
}
State run(const System& system, std::initializer_list<Stimulus> stimuli) {
  State state = system.initial();
  for (const Stimulus stimulus : stimuli)
    state = after(system, state, stimulus);
  return state;
}
bool is_enabled(const System& system, const State& state, Stimulus stimulus) {
  const auto all = enabled(system, state);
  return std::find(all.begin(), all.end(), stimulus) != all.end();
}

TEST_CASE("system: a random run", "[model][system]") {
  rc::prop("does, clock for clock, what the same system by hand does", [] {
    const System system = office(7);
    HandOffice hand{.capacity = 7};
    State state = system.initial();
    std::vector<int> since;  // per clock, the step in which it began
    for (const std::uint8_t pick : *rc::gen::arbitrary<std::vector<std::uint8_t>>()) {
      const std::vector<Stimulus> all = enabled(system, state);
      RC_ASSERT(all == hand.enabled(system));
      const Stimulus stimulus = all[pick % all.size()];
      RC_LOG() << system.describe(stimulus) << std::endl;
      hand.step(system, stimulus);
      StepResult result;
      if (hand.overflowed) {
        RC_ASSERT_THROWS_AS(system.step(state, stimulus, result), std::logic_error);
        break;
      }
      system.step(state, stimulus, result);
      std::vector<int> now;
      for (const std::int16_t origin : result.clock_origins) {
        now.push_back(origin == kFresh ? hand.now : since.at(static_cast<std::size_t>(origin)));
      }
      RC_ASSERT(now == hand.clocks());
      since = now;
      state = result.state;

      std::vector<Clock> clocks;
      system.clocks(state, clocks);
      RC_ASSERT(clocks.size() == since.size());
      RC_ASSERT(system.queued(state, desk) == hand.on_desk.size());
      RC_ASSERT(system.blocked(state, desk) == hand.blocked);
      for (Index at = 0; at < hand.on_wire.size(); ++at) {
        RC_ASSERT(system.item(state, wire, at) == hand.on_wire[at].first);
      }
    }
    RC_CLASSIFY(hand.overflowed);
  });
  rc::prop("ends in one state, whatever the way there", [] {
    // Letters that were taken again, timers that were cancelled: nothing of them is left in the
    // bytes.
    const System system = office();
    State state = system.initial();
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      state = after(system, state, choose(system, say));
      state = after(system, state, {Kind::deliver, wire});
      state = after(system, state, {Kind::wake, desk});
    }
    state = after(system, state, choose(system, cancel_all));
    RC_ASSERT(state == system.initial());
  });
}

TEST_CASE("system: queues", "[model][system]") {
  const System system = office();
  SECTION("keep the order on a wire and in front of an application") {
    State state = run(system, {choose(system, say), choose(system, twice)});
    const auto letters = [&](Index queue) {
      std::vector<Message> all;
      for (Index i = 0; i < system.queued(state, queue); ++i)
        all.push_back(system.item(state, queue, i));
      return all;
    };
    const std::vector<Message> sent = {plain, urgent, plain};
    CHECK(letters(wire) == sent);
    for (int i = 0; i < 3; ++i)
      state = after(system, state, {Kind::deliver, wire});
    CHECK(letters(wire).empty());
    CHECK(letters(desk) == sent);
  }
  SECTION("are emptied by one wake, up to the message on which the application stops reading") {
    State state = run(system, {choose(system, say),
                               choose(system, twice),
                               {Kind::deliver, wire},
                               {Kind::deliver, wire},
                               {Kind::deliver, wire},
                               {Kind::wake, desk}});
    CHECK(system.queued(state, desk) == 1);
    CHECK(system.blocked(state, desk));
    CHECK_FALSE(system.attention(state, desk));
  }
  SECTION("alert an application that does not read for urgent items only") {
    const State quiet =
        run(system, {choose(system, pause), choose(system, say), {Kind::deliver, wire}});
    CHECK_FALSE(system.attention(quiet, desk));
    const State state = run(system, {choose(system, pause),
                                     choose(system, say),
                                     choose(system, shout),
                                     {Kind::deliver, wire},
                                     {Kind::deliver, wire}});
    CHECK(is_enabled(system, state, {Kind::alert, desk}));
    CHECK_FALSE(is_enabled(system, state, {Kind::wake, desk}));
    const State alerted_state = after(system, state, {Kind::alert, desk});
    CHECK(system.queued(alerted_state, desk) == 1);
    CHECK(system.item(alerted_state, desk, 0) == plain);
    CHECK(system.armed(alerted_state, strict));
  }
  SECTION("that have no alerts leave an application alone while it does not read") {
    System deaf = unsealed_office();
    deaf.queues[desk].alerts = false;
    deaf.seal();
    const State state =
        run(deaf, {choose(deaf, pause), choose(deaf, shout), {Kind::deliver, wire}});
    CHECK_FALSE(deaf.attention(state, desk));
    CHECK(deaf.attention(after(deaf, state, choose(deaf, resume)), desk));
  }
}

TEST_CASE("system: timers", "[model][system]") {
  const System system = office();
  SECTION("yield to a queue that has something to take, where they do") {
    const State state =
        run(system, {choose(system, arm_all), choose(system, say), {Kind::deliver, wire}});
    CHECK_FALSE(is_enabled(system, state, {Kind::expire, patience}));
    CHECK(is_enabled(system, state, {Kind::expire, strict}));
    CHECK(is_enabled(system, after(system, state, {Kind::wake, desk}), {Kind::expire, patience}));
  }
  SECTION("are never armed when they are off") {
    CHECK_FALSE(system.armed(run(system, {choose(system, arm_all)}), never));
  }
  SECTION("are cancelled before they expire, and not armed behind") {
    const State armed = run(system, {choose(system, arm_all)});
    CHECK(system.armed(armed, patience));
    CHECK_FALSE(system.armed(after(system, armed, choose(system, cancel_all)), patience));
    CHECK_FALSE(system.armed(after(system, armed, {Kind::expire, patience}), patience));
  }
  SECTION("show their bounds in the clocks of the state, and wait for their own") {
    const State state = run(system, {choose(system, arm_all), choose(system, say)});
    std::vector<Clock> clocks;
    system.clocks(state, clocks);
    REQUIRE(clocks.size() == 3);
    CHECK((clocks[0].lo == 7 && clocks[0].hi == 9));
    CHECK(system.clock_of(clocks, {Kind::expire, strict}) == 1);
    CHECK(system.clock_of(clocks, {Kind::deliver, wire}) == 2);
    CHECK(system.clock_of(clocks, choose(system, say)) == -1);
  }
}

TEST_CASE("system: what is wrong with it", "[model][system]") {
  StepResult result;
  SECTION("a queue that overflows throws and is named") {
    const System system = office(1);
    const State full = run(system, {choose(system, say)});
    CHECK_THROWS_AS(after(system, full, choose(system, say)), std::logic_error);
    CHECK_THROWS_WITH(after(system, full, choose(system, say)), Catch::Contains("wire overflows"));
  }
  SECTION("an event without a row throws, naming component, state and event") {
    System system = unsealed_office();
    system.bind(sender, say, {raise(clerk, boom)});
    system.seal();
    CHECK_THROWS_WITH(after(system, system.initial(), choose(system, say)),
                      Catch::Contains("clerk in at work has no row for `boom`"));
  }
  SECTION("a step without end throws") {
    System system = unsealed_office();
    system.bind(sender, say, {raise(sender, say)});
    system.seal();
    CHECK_THROWS_AS(after(system, system.initial(), choose(system, say)), std::logic_error);
  }
  SECTION("a state that does not fit throws") {
    System system = unsealed_office(8);
    for (int i = 0; i < 30; ++i)
      system.queues.push_back(system.queues.front());
    CHECK_THROWS_AS(system.seal(), std::length_error);
  }
}

TEST_CASE("system: raised events", "[model][system]") {
  SECTION("say something else while more is waiting that is not urgent") {
    System system = unsealed_office();
    Action more = raise(clerk, got);
    more.more_in = desk;
    more.event_if_more = got_urgent;
    system.deliver(desk, plain, {more});
    system.seal();
    const auto fired = [&](std::initializer_list<EventId> letters) {
      State state = system.initial();
      for (const EventId letter : letters)
        state = after(system, state, choose(system, letter));
      while (system.queued(state, wire) > 0)
        state = after(system, state, {Kind::deliver, wire});
      StepResult result;
      std::vector<Occurrence> seen;
      system.step(state, {Kind::wake, desk}, result, &seen);
      std::vector<EventId> events;
      for (const Occurrence& one : seen) {
        if (one.kind == Occurrence::Kind::fired) events.push_back(one.event);
      }
      return events;
    };
    CHECK(fired({say}) == std::vector<EventId>{got});
    CHECK(fired({say, say}) == std::vector<EventId>{got_urgent});
    CHECK(fired({say, shout}) == std::vector<EventId>{got, got_urgent});
  }
  SECTION("are bound by event and by payload") {
    System system = unsealed_office();
    Action during = act(Action::Kind::arm, strict);
    during.only_during = got;
    Action only = act(Action::Kind::arm, patience);
    only.only_payloads = 1u << urgent;
    system.deliver(wire, plain, {only, raise(clerk, alerted)});
    system.bind(clerk, alerted, {act(Action::Kind::cancel, strict), during});
    system.seal();
    const State state = run(system, {choose(system, say), {Kind::deliver, wire}});
    CHECK_FALSE(system.armed(state, patience));
    CHECK_FALSE(system.armed(state, strict));
  }
  SECTION("of the observer are what a step emits") {
    System system = unsealed_office();
    system.observer = clerk;
    system.seal();
    StepResult result;
    system.step(system.initial(), choose(system, pause), result);
    CHECK(result.emitted == 1u << pause);
    system.step(system.initial(), choose(system, say), result);
    CHECK(result.emitted == 0);
  }
}

}  // namespace
}  // namespace halfclose::system
