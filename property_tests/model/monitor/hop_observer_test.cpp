// Properties of the observer of a hop (model/monitor): what it counts, and which observations it
// calls a race.
#include "model/monitor/hop_observer.hpp"

#include "property_tests/model/http1/steps.hpp"

namespace halfclose::monitor {
namespace {

using http1::says;

template <class E> constexpr EventId kObserver = machine::event_id<HopObserver, E>();

TEST_CASE("hop observer: what it counts", "[model][monitor]") {
  const Table& table = hop_observer_table();
  using namespace saw;
  SECTION("is two at most of everything") {
    for (const machine::Local& local : table.locals) {
      for (const char* word : {"outstanding", "unread", "owed"}) {
        const auto at = local.context.find(word);
        if (at == std::string::npos) continue;
        CHECK((local.context[at - 2] == '1' || local.context[at - 2] == '2'));
      }
    }
  }
  SECTION("has no row that never fires and no overlap") {
    for (const auto hits : table.row_hits())
      CHECK(hits > 0);
    CHECK(table.overlaps.empty());
  }
  SECTION("emits no race before the client has an outcome") {
    for (EventId event = 0; event < table.events.size(); ++event) {
      const bool outcome = event == kObserver<Lost> || event == kObserver<Truncated> ||
                           event == kObserver<Completed> || event == kObserver<Completed408> ||
                           event == kObserver<ClientClosed> || event == kObserver<TimedOut> ||
                           event == kObserver<WriteFailed> || event == kObserver<IdleConnecting> ||
                           event == kObserver<CloseTimer> || event == kObserver<DroppedSilently> ||
                           event == kObserver<Swallowed>;
      for (std::size_t local = 0; local < table.locals.size() && !outcome; ++local) {
        CHECK(table.at(static_cast<LocalId>(local), event).outputs == 0);
      }
    }
  }
}

TEST_CASE("hop observer: guarantees", "[model][monitor]") {
  const Table& table = hop_observer_table();
  using namespace saw;
  const auto last = [&](std::initializer_list<EventId> script) -> const Cell& {
    Cursor cursor(table);
    const Cell* cell = nullptr;
    for (const EventId event : script)
      cell = &cursor.step(event);
    return *cell;
  };
  constexpr EventId kAsked = kObserver<Asked>, kRead = kObserver<RequestRead>,
                    kAnswered = kObserver<Answered>, kCompleted = kObserver<Completed>,
                    kLost = kObserver<Lost>;
  SECTION("all hold in an exchange that goes well") {
    CHECK(last({kAsked, kRead, kAnswered, kCompleted}).outputs == 0);
  }
  SECTION("right-response breaks by a response that nobody owed") {
    CHECK(says(table, last({kAsked, kRead, kCompleted}), {Out::right_response}));
  }
  SECTION("one-outcome breaks by a second outcome, and by none") {
    CHECK(
        says(table, last({kAsked, kRead, kAnswered, kCompleted, kCompleted}), {Out::one_outcome}));
    CHECK(says(table, last({kAsked, kLost, kLost}), {Out::one_outcome}));
    CHECK(says(table, last({kAsked, kObserver<ClientClosed>}), {Out::one_outcome}));
    CHECK_FALSE(says(table, last({kAsked, kLost, kObserver<ClientClosed>}), {Out::one_outcome}));
  }
  SECTION("response-kept breaks by the loss of a response that was written completely") {
    CHECK(says(table, last({kAsked, kRead, kAnswered, kLost}), {Out::response_kept}));
    CHECK_FALSE(says(table, last({kAsked, kRead, kLost}), {Out::response_kept}));
  }
}

TEST_CASE("hop observer: races", "[model][monitor]") {
  const Table& table = hop_observer_table();
  using namespace saw;
  /// The races judged when a request was asked, `events` happened, and the connection ended.
  const auto judged = [&](std::vector<EventId> events, EventId end = kObserver<Lost>) {
    Cursor cursor(table);
    for (const EventId event : events)
      cursor.step(event);
    std::vector<std::string> names;
    for (const auto output : table.outputs_of(cursor.step(end))) {
      names.push_back(table.outputs[output]);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  constexpr EventId kAsked = kObserver<Asked>, kIdle = kObserver<ClosesIdle>,
                    kRead = kObserver<RequestRead>;
  SECTION("keepalive-reuse and stale-in-kernel differ by what the client's kernel knew") {
    CHECK(judged({kIdle, kAsked}) == Names{"keepalive-reuse"});
    CHECK(judged({kIdle, kAsked, kObserver<KernelKnew>}) == Names{"stale-in-kernel"});
    CHECK(judged({kAsked, kRead, kIdle}) == Names{"no-other-loss"});
  }
  SECTION("max-age-close and shutdown-close are told apart by the server's reason") {
    CHECK(judged({kAsked, kObserver<ClosesAge>}) == Names{"max-age-close"});
    CHECK(judged({kAsked, kObserver<ClosesShutdown>}) == Names{"shutdown-close"});
  }
  SECTION("closing-dead-zone needs a server that stopped serving before the request came") {
    const EventId stops = kObserver<StopsServing>, arrived = kObserver<Arrived>;
    CHECK(judged({stops, kAsked, arrived}) == Names{"closing-dead-zone"});
    CHECK(judged({kAsked, arrived, stops}) == Names{"no-other-loss"});
  }
  SECTION("timer-beats-data needs a request that was readable when the idle timer closed") {
    CHECK(judged({kAsked, kIdle, kObserver<UnreadLost>}) ==
          Names{"keepalive-reuse", "timer-beats-data"});
  }
  SECTION("early-response-reset and bytes-behind-close lose a response") {
    const EventId announced = kObserver<ClosesAnnounced>;
    CHECK(judged({kAsked, kRead, kObserver<AnsweredEarly>}) ==
          Names{"early-response-reset", "response-kept"});
    CHECK(judged({kAsked, kAsked, kRead, kObserver<Answered>, announced, kObserver<UnreadLost>}) ==
          Names{"bytes-behind-close", "response-kept"});
  }
  SECTION("delayed-close-truncation needs a response that was cut") {
    CHECK(judged({kAsked, kRead, kObserver<CutsResponse>}, kObserver<Truncated>) ==
          Names{"delayed-close-truncation"});
    CHECK(judged({kAsked, kRead}, kObserver<Truncated>) == Names{"no-other-loss"});
    CHECK(judged({kAsked, kRead, kObserver<ClosesCrashed>, kObserver<CutsResponse>},
                 kObserver<Truncated>)
              .empty());
  }
  SECTION("persistence-missignalled needs a close behind a response, or one that was ignored") {
    const EventId behind = kObserver<ClosesBehind>, announced = kObserver<ClosesAnnounced>,
                  ignores = kObserver<IgnoresClose>;
    CHECK(judged({behind, kAsked}) == Names{"persistence-missignalled"});
    CHECK(judged({announced, ignores, kAsked}) == Names{"persistence-missignalled"});
    CHECK(judged({announced, kAsked}) == Names{"no-other-loss"});
    CHECK(judged({ignores, kIdle, kAsked}) == Names{"keepalive-reuse"});
  }
  SECTION("attach-on-complete needs a request that had waited") {
    const EventId behind = kObserver<ClosesBehind>, waited = kObserver<Waited>;
    CHECK(judged({behind, kAsked, waited}) ==
          Names{"persistence-missignalled", "attach-on-complete"});
    CHECK(judged({behind, kAsked, waited, kAsked}) == Names{"persistence-missignalled"});
    CHECK(judged({kIdle, kAsked, waited}) == Names{"keepalive-reuse"});
  }
  SECTION("reads-paused-in-pool needs a FIN that the kernel had and the pool did not read") {
    const EventId unread = kObserver<ReusedUnwatched>, knew = kObserver<KernelKnew>;
    CHECK(judged({kIdle, kAsked, unread, knew}) ==
          Names{"stale-in-kernel", "reads-paused-in-pool"});
    CHECK(judged({kIdle, kAsked, unread}) == Names{"keepalive-reuse"});
    CHECK(judged({kIdle, kAsked, knew}) == Names{"stale-in-kernel"});
  }
  SECTION("early-upstream-response needs a response that was written") {
    const EventId failed = kObserver<WriteFailed>;
    CHECK(judged({kAsked, kRead, kObserver<AnsweredEarly>}, failed) ==
          Names{"early-upstream-response"});
    CHECK(judged({kAsked, kRead}, failed).empty());
  }
  SECTION("timer-armed-early is the client's own") {
    CHECK(judged({}, kObserver<IdleConnecting>) == Names{"timer-armed-early"});
  }
  SECTION("half-closed-client needs a server that closed for the client's FIN") {
    CHECK(judged({kAsked, kRead, kObserver<ClosesAborted>}) == Names{"half-closed-client"});
  }
  SECTION("close-delimited-truncation needs a response that was cut and taken for complete") {
    const EventId completed = kObserver<Completed>, cut = kObserver<CutsResponse>;
    CHECK(judged({kAsked, kRead, kObserver<ClosesCrashed>, cut}, completed) ==
          Names{"close-delimited-truncation", "whole-or-error"});
    CHECK(
        judged({kAsked, kRead, kObserver<Answered>, kObserver<ClosesCrashed>}, completed).empty());
    CHECK(judged({kAsked, kRead, kObserver<ClosesCrashed>}, completed) == Names{"right-response"});
  }
  SECTION("close-latency needs a client that waits when the close timer fires") {
    const EventId timer = kObserver<CloseTimer>, awaits = kObserver<AwaitsClose>;
    CHECK(judged({kAsked, kRead, kObserver<Answered>, kObserver<Completed>, awaits}, timer) ==
          Names{"close-latency"});
    CHECK(judged({kAsked, kRead, kObserver<Answered>, kObserver<Completed>}, timer).empty());
    CHECK(judged({awaits, kObserver<ClientClosed>}, timer).empty());
  }
  SECTION("silent-drop explains whatever becomes of the request") {
    const EventId dropped = kObserver<DroppedSilently>;
    CHECK(judged({kAsked}, dropped) == Names{"silent-drop"});
    CHECK(judged({kAsked, dropped}).empty());
    CHECK(judged({kAsked, dropped, kIdle, kObserver<ServerClosed>}, kObserver<TimedOut>).empty());
  }
  SECTION("expect-continue takes a request for content, or gives up on content that was left out") {
    const EventId swallowed = kObserver<Swallowed>, skips = kObserver<SkipsContent>,
                  gives_up = kObserver<ClosesAbandoned>, lost = kObserver<Lost>;
    CHECK(judged({kAsked}, swallowed) == Names{"expect-continue"});
    CHECK(judged({kAsked, swallowed}).empty());
    CHECK(judged({kAsked, swallowed, gives_up, kObserver<ServerClosed>}, lost).empty());
    // Without the disagreement a server that gives up on content is not judged.
    CHECK(judged({skips, kAsked, gives_up}) == Names{"expect-continue"});
    CHECK(judged({skips, kAsked, kObserver<ClosesAge>, gives_up}) == Names{"expect-continue"});
    CHECK(judged({kAsked, gives_up}).empty());
    // Another response since then: the content that it gives up on is that of another request.
    CHECK(judged({skips, kAsked, kRead, kObserver<AnsweredEarly>, kObserver<Completed>, kAsked,
                  gives_up})
              .empty());
    // The next response is the answer to another request.
    CHECK(judged({kAsked, swallowed, kAsked, kRead, kObserver<Answered>}, kObserver<Completed>) ==
          Names{"right-response"});
  }
  SECTION("removed-while-pooled and shutdown-close differ by what the client had been told") {
    const EventId shutdown = kObserver<ClosesShutdown>, removed = kObserver<ReusedRemoved>;
    CHECK(judged({kAsked, removed, shutdown}) == Names{"removed-while-pooled"});
    CHECK(judged({shutdown, kAsked, removed}) == Names{"removed-while-pooled"});
    CHECK(judged({kAsked, shutdown}) == Names{"shutdown-close"});
    CHECK(judged({kAsked, kObserver<ClosesAge>, removed}) == Names{"max-age-close"});
  }
}

}  // namespace
}  // namespace halfclose::monitor
