// Properties of the observer of requests (model/monitor/request_observer.hpp): what breaks each
// guarantee, and what does not.
#include "model/monitor/request_observer.hpp"

#include "model/machine/rows.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <string>
#include <vector>

namespace halfclose::monitor::request {
namespace {

using machine::Cursor;
using machine::EventId;
using machine::Table;
using machine::Verdict;
using Names = std::vector<std::string>;
using Events = std::vector<EventId>;

template <class E> constexpr EventId kSaw = machine::event_id<RequestObserver, E>();

/// What the last of the events makes it emit, all of them being taken.
Names said(const Events& events, const Profile& profile = {}) {
  const Table table = request_observer_table(profile);
  Cursor cursor(table);
  Names names;
  for (const EventId event : events) {
    const auto& cell = cursor.step(event);
    INFO(table.events[event]);
    REQUIRE(cell.verdict == Verdict::taken);
    names.clear();
    for (const auto output : table.outputs_of(cell))
      names.push_back(table.outputs[output]);
  }
  return names;
}
Events operator+(Events first, const Events& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

using namespace saw;
const Events kAsked = {kSaw<Watch<0>>, kSaw<Asked<0>>};
/// On a new connection a, and executed.
const Events kExecuted =
    kAsked + Events{kSaw<Attached<0>>, kSaw<Fresh<0>>, kSaw<Sent<0>>, kSaw<Executed<0>>};

TEST_CASE("request observer: a request that goes well", "[model][monitor]") {
  CHECK(said(kExecuted).empty());
  CHECK(said(kExecuted + Events{kSaw<Answered<0>>, kSaw<Responded<0>>}).empty());
  CHECK(said(kExecuted + Events{kSaw<Answered<0>>, kSaw<Responded<0>>, kSaw<Completed<0>>}) ==
        Names{"the request is answered"});
}

TEST_CASE("request observer: at-most-once", "[model][monitor]") {
  const Events second = {kSaw<Retried<0>>, kSaw<Attached<1>>, kSaw<Sent<1>>, kSaw<Executed<1>>};
  SECTION("breaks when a second connection executes it too") {
    CHECK(said(kExecuted + second) == Names{"at-most-once"});
  }
  SECTION("breaks although the request is over") {
    CHECK(said(kAsked + Events{kSaw<Attached<0>>, kSaw<Sent<0>>, kSaw<Retried<0>>,
                               kSaw<Attached<1>>, kSaw<Sent<1>>, kSaw<Executed<1>>, kSaw<GaveUp<0>>,
                               kSaw<Executed<0>>}) == Names{"at-most-once"});
  }
  SECTION("holds when the first was never read") {
    CHECK(said(kAsked + Events{kSaw<Attached<0>>, kSaw<Sent<0>>} + second).empty());
  }
  SECTION("is not about the request of another client") {
    CHECK(said(kExecuted +
               Events{kSaw<Asked<1>>, kSaw<Attached<3>>, kSaw<Sent<1>>, kSaw<Executed<1>>})
              .empty());
  }
}

TEST_CASE("request observer: right-response", "[model][monitor]") {
  SECTION("breaks when a response comes from nowhere") {
    CHECK(said(kExecuted + Events{kSaw<Responded<0>>}) == Names{"right-response"});
  }
  SECTION("breaks when the response goes to another client") {
    CHECK(said(kExecuted + Events{kSaw<Answered<0>>, kSaw<Responded<1>>}) ==
          Names{"right-response"});
  }
  SECTION("breaks when the connection was given to another request meanwhile") {
    CHECK(said(kExecuted + Events{kSaw<Attached<2>>, kSaw<Answered<0>>, kSaw<Responded<0>>}) ==
          Names{"right-response"});
  }
}

TEST_CASE("request observer: outcomes", "[model][monitor]") {
  const Events told_error = kAsked + Events{kSaw<Errored<0>>};
  CHECK(said(told_error) == Names{"the request fails"});
  CHECK(said(told_error + Events{kSaw<Completed<0>>}).empty());
  CHECK(said(kAsked + Events{kSaw<Cut<0>>, kSaw<Completed<0>>}) == Names{"whole-or-error"});
  CHECK(said(kAsked + Events{kSaw<Completed<0>>}) == Names{"whole-or-error"});
  CHECK(said(kAsked + Events{kSaw<Closed<0>>}) == Names{"one-outcome"});
  CHECK(said(kExecuted + Events{kSaw<Closed<0>>}) == Names{"one-outcome"});
  CHECK(said(kAsked + Events{kSaw<Failed<0>>, kSaw<Closed<0>>}).empty());
  CHECK(said(kAsked + Events{kSaw<Closed<1>>}).empty());
}

TEST_CASE("request observer: bounded-retry counts what is written", "[model][monitor]") {
  const Events written = {kSaw<Attached<0>>, kSaw<Sent<0>>};
  for (std::uint8_t claimed = 1; claimed <= 4; ++claimed) {
    Events events = kAsked;
    for (int times = 0; times < claimed; ++times)
      events = events + written;
    CHECK(said(events, {.attempts = claimed}).empty());
    CHECK(said(events + written, {.attempts = claimed}) == Names{"bounded-retry"});
    CHECK(said(events + written, {.attempts = 0}).empty());
  }
}

TEST_CASE("request observer: bounded-retry where a used connection costs no try",
          "[model][monitor]") {
  const Events on_used = {kSaw<Attached<0>>, kSaw<Sent<0>>};
  const Events on_new = {kSaw<Attached<0>>, kSaw<Fresh<0>>, kSaw<Sent<0>>};
  const Profile twice = {.attempts = 2, .only_new = true};
  CHECK(said(kAsked + on_used + on_used + on_used + on_new + on_new, twice).empty());
  CHECK(said(kAsked + on_new + on_used + on_used + on_new, twice).empty());
  CHECK(said(kAsked + on_new + on_used + on_new + on_new, twice) == Names{"bounded-retry"});
  CHECK(said(kAsked + on_used + on_new + on_used + on_new + on_new, twice) ==
        Names{"bounded-retry"});
  const Events error = {kSaw<Errored<0>>};
  CHECK(said(kAsked + on_used + on_used + error, twice) ==
        Names{"the request fails", "every try met a used connection"});
  CHECK(said(kAsked + on_used + on_new + error, twice) == Names{"the request fails"});
}

TEST_CASE("request observer: pool-hygiene", "[model][monitor]") {
  const Events ended = {kSaw<Ended<0>>};
  CHECK(said(ended + kAsked + Events{kSaw<Attached<0>>}) == Names{"pool-hygiene"});
  CHECK(said(ended + Events{kSaw<Attached<2>>}) == Names{"pool-hygiene"});
  CHECK(said(ended + Events{kSaw<Renewed<0>>} + kAsked + Events{kSaw<Attached<0>>}).empty());
  CHECK(said(ended + kAsked + Events{kSaw<Attached<1>>}).empty());
  CHECK(said({kSaw<KernelKnew<0>>}) == Names{"pool-hygiene-kernel"});
}

TEST_CASE("request observer: a cascade needs a second try and only used connections",
          "[model][monitor]") {
  const Events on_used = {kSaw<Attached<0>>, kSaw<Sent<0>>};
  const Events on_new = {kSaw<Attached<0>>, kSaw<Fresh<0>>, kSaw<Sent<0>>};
  const Events error = {kSaw<Errored<0>>};
  const Names cascade = {"the request fails", "every try met a used connection"};
  CHECK(said(kAsked + on_used + on_used + error) == cascade);
  CHECK(said(kAsked + on_used + on_new + error) == Names{"the request fails"});
  CHECK(said(kAsked + on_used + error) == Names{"the request fails"});
}

TEST_CASE("request observer: any script", "[model][monitor]") {
  const Table table = request_observer_table({.attempts = 2});
  rc::prop("emits no guarantee before a request is watched, but of the pool", [&table] {
    Cursor cursor(table);
    for (const auto byte : *rc::gen::arbitrary<std::vector<std::uint8_t>>()) {
      const auto event = static_cast<EventId>(byte % table.events.size());
      const bool watched = table.state_name(cursor.local()) == "watched" ||
                           table.state_name(cursor.local()) == "over";
      const auto& cell = cursor.step(event);
      for (const auto output : table.outputs_of(cell)) {
        const bool of_pool = output == static_cast<machine::OutputId>(Out::pool_hygiene) ||
                             output == static_cast<machine::OutputId>(Out::pool_hygiene_kernel);
        RC_ASSERT(watched || of_pool);
      }
    }
  });
}

}  // namespace
}  // namespace halfclose::monitor::request
