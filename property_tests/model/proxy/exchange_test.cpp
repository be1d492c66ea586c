// Properties of model/proxy/exchange.hpp: the policy decides which failure is retried, and which
// one the client is told of.
#include "model/proxy/exchange.hpp"

#include "model/machine/rows.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

namespace halfclose::proxy::exchange {
namespace {

using machine::Cell;
using machine::Cursor;
using machine::EventId;
using machine::OutputId;
using machine::Table;
using machine::Verdict;
using Names = std::vector<std::string>;

template <class E> constexpr EventId kEvent = machine::event_id<Exchange, E>();

Names said(const Table& table, const Cell& cell) {
  Names names;
  for (const OutputId output : table.outputs_of(cell))
    names.push_back(table.outputs[output]);
  return names;
}

/// What a failure is called to the client, and whether the profile lists it.
struct Failure {
  EventId event;
  std::string flag;
  bool (*listed)(const Profile&);
};
const std::vector<Failure>& failures() {
  static const std::vector<Failure> all = {
      {kEvent<upstream::Refused>, "UF: connect failed",
       [](const Profile& p) { return p.on_connect_failure; }},
      {kEvent<upstream::Eof>, "UC: connection ended",
       [](const Profile& p) { return p.on_reset || p.on_empty_response; }},
      {kEvent<upstream::Reset>, "UR: connection reset",
       [](const Profile& p) { return p.on_reset; }},
      {kEvent<upstream::WriteFailed>, "UR: connection reset",
       [](const Profile& p) { return p.on_reset; }},
      {kEvent<upstream::Unwritten>, "UR: connection reset",
       [](const Profile& p) { return p.on_reset || p.on_unwritten; }},
      {kEvent<upstream::TimedOut>, "UT: response timeout",
       [](const Profile& p) { return p.on_timeout; }},
  };
  return all;
}

enum class Content { none, to_come, sent };

/// A request that has a connection; its content, if any, came or did not.
void bring_out(Cursor& cursor, const Profile& profile, Content content) {
  cursor.step(content == Content::none ? kEvent<request::Whole> : kEvent<request::Head>);
  if (content != Content::none && profile.buffers_request) cursor.step(kEvent<request::End>);
}
void connect(Cursor& cursor, const Profile& profile, Content content, bool reused) {
  cursor.step(reused ? kEvent<pool::Reused> : kEvent<pool::Fresh>);
  if (content == Content::none) return;
  if (content == Content::sent) cursor.step(kEvent<upstream::HeadSent>);
  if (content == Content::sent && !profile.buffers_request) cursor.step(kEvent<request::End>);
}

/// Every policy of one word, none and all; every other flag that has a say.
template <class Check> void for_every_policy(Check check) {
  for (unsigned on = 0; on <= 6; ++on) {
    for (unsigned flags = 0; flags < 32; ++flags) {
      for (std::uint8_t tries = 0; tries <= 2; ++tries) {
        const auto listed = [&](unsigned word) { return on == word || on == 6; };
        const auto flag = [&](unsigned bit) { return (flags >> bit & 1) != 0; };
        const Profile profile{.on_connect_failure = listed(1),
                              .on_reset = listed(2),
                              .on_empty_response = listed(3),
                              .on_timeout = listed(4),
                              .on_unwritten = listed(5),
                              .method = flag(0),
                              .only_reused = flag(1),
                              .fresh_connection = flag(4),
                              .reused_is_free = flag(2),
                              .tries = tries,
                              .buffers_request = flag(3),
                              .keeps_content = flags % 3 == 0,
                              .pauses = (on + flags) % 2 == 1,
                              .fails_silently = flag(4)};
        INFO("on " << on << " flags " << flags << " tries " << static_cast<int>(tries));
        check(profile, exchange_table(profile));
      }
    }
  }
}

TEST_CASE("exchange: the policy decides whether a failure is retried", "[model][proxy]") {
  int retried = 0, failed = 0;
  for_every_policy([&](const Profile& profile, const Table& table) {
    for (const Failure& failure : failures()) {
      for (const bool reused : {false, true}) {
        for (const Content content : {Content::none, Content::to_come, Content::sent}) {
          // A whole request is buffered before a connection is asked for: its content is there.
          if (content == Content::to_come && profile.buffers_request) continue;
          Cursor cursor(table);
          bring_out(cursor, profile, content);
          // It fails as long as it is retried, on the same kind of connection.
          for (int left = profile.tries, times = 0; times < 4; ++times) {
            connect(cursor, profile, content, reused);
            const bool again =
                content != Content::sent || profile.buffers_request || profile.keeps_content;
            const bool free =
                profile.reused_is_free && reused && failure.event != kEvent<upstream::TimedOut>;
            const bool retries = failure.listed(profile) && profile.method && again &&
                                 (reused || !profile.only_reused) && (free || left > 0);
            const Cell& cell = cursor.step(failure.event);
            INFO(table.events[failure.event] << " reused " << reused << " content "
                                             << static_cast<int>(content) << " left " << left);
            if (!retries) {
              const bool silent = profile.fails_silently && reused;
              REQUIRE(said(table, cell) ==
                      Names{failure.flag, silent ? "close downstream" : "respond with an error"});
              REQUIRE(table.state_name(cursor.local()) == "idle");
              ++failed;
              break;
            }
            const std::string asks =
                profile.fresh_connection ? "want a new connection" : "want a connection";
            if (profile.pauses) {
              REQUIRE(said(table, cell) == Names{"retry"});
              REQUIRE(table.state_name(cursor.local()) == "pausing before a retry");
              REQUIRE(said(table, cursor.step(kEvent<pause::Over>)) == Names{asks});
            } else {
              REQUIRE(said(table, cell) == Names{"retry", asks});
            }
            REQUIRE(table.state_name(cursor.local()) == "waiting for a connection");
            ++retried;
            if (!free) --left;
          }
        }
      }
    }
  });
  CHECK(retried > 1000);
  CHECK(failed > 1000);
}

TEST_CASE("exchange: what no policy changes", "[model][proxy]") {
  for_every_policy([&](const Profile& profile, const Table& table) {
    Cursor cursor(table);
    const auto after = [&](std::vector<EventId> events) {
      cursor = Cursor(table);
      const Cell* cell = nullptr;
      for (const EventId event : events)
        cell = &cursor.step(event);
      return said(table, *cell);
    };
    constexpr EventId kAsked = kEvent<request::Whole>, kReused = kEvent<pool::Reused>,
                      kPart = kEvent<upstream::Part>;
    const std::string error = profile.fails_silently ? "close downstream" : "respond with an error";
    // A response that was cut was begun: the request was executed.
    REQUIRE(after({kAsked, kReused, kEvent<upstream::Truncated>}) ==
            Names{"UPE: response truncated", error});
    REQUIRE(after({kAsked, kReused, kPart, kEvent<upstream::Truncated>}) ==
            Names{"cut the response"});
    REQUIRE(after({kAsked, kReused, kPart, kEvent<upstream::TimedOut>}) ==
            Names{"cut the response"});
    REQUIRE(after({kAsked, kEvent<pool::Overflow>}) ==
            Names{"UO: no room to wait", "respond with an error"});
    REQUIRE(after({kAsked, kReused, kEvent<upstream::Complete>}) == Names{"respond"});
    REQUIRE(after({kAsked, kReused, kPart, kEvent<upstream::Complete>}) == Names{"respond: rest"});
    REQUIRE(after({kAsked, kEvent<downstream::Gone>}) == Names{"cancel", "DC: client gone"});
    REQUIRE(after({kAsked, kReused, kEvent<downstream::Gone>}) ==
            Names{"cancel", "DC: client gone"});
    REQUIRE(after({kAsked, kReused, kPart, kEvent<downstream::Gone>}) ==
            Names{"cancel", "DC: client gone"});
    // Nothing was sent: another connection costs no try.
    REQUIRE(after({kAsked, kReused, kEvent<upstream::Stale>}) == Names{"want a connection"});
    const Cell& after_stale = cursor.step(kReused);
    REQUIRE(after_stale.verdict == Verdict::taken);
    REQUIRE(table.state_name(cursor.local()) == "waiting for the response");
  });
}

TEST_CASE("exchange: content goes out once there is a head to follow", "[model][proxy]") {
  const Table table = exchange_table({});
  const auto after = [&](std::vector<EventId> events) {
    Cursor cursor(table);
    const Cell* cell = nullptr;
    for (const EventId event : events)
      cell = &cursor.step(event);
    return said(table, *cell);
  };
  constexpr EventId kHead = kEvent<request::Head>, kEnd = kEvent<request::End>,
                    kFresh = kEvent<pool::Fresh>, kHeadSent = kEvent<upstream::HeadSent>;
  CHECK(after({kHead, kEnd, kFresh, kHeadSent}) == Names{"send content"});
  CHECK(after({kHead, kFresh, kHeadSent, kEnd}) == Names{"send content"});
  CHECK(after({kHead, kFresh, kEnd}).empty());
  CHECK(after({kHead, kFresh, kHeadSent}).empty());
  const Table buffers = exchange_table({.buffers_request = true});
  Cursor cursor(buffers);
  CHECK(said(buffers, cursor.step(kHead)).empty());
  CHECK(said(buffers, cursor.step(kEnd)) == Names{"want a connection"});
}

TEST_CASE("exchange: the close option of one hop", "[model][proxy]") {
  SECTION("does not cross to the other") {
    const Table table = exchange_table({});
    Cursor cursor(table);
    CHECK(said(table, cursor.step(kEvent<request::Last>)) == Names{"want a connection"});
    cursor.step(kEvent<pool::Fresh>);
    CHECK(said(table, cursor.step(kEvent<upstream::CompleteClose>)) == Names{"respond"});
    CHECK(said(table, cursor.step(kEvent<downstream::Gone>)).empty());
  }
  SECTION("crosses where a product has it cross") {
    const Table table = exchange_table(
        {.forwards_close = true, .mirrors_origin_close = true, .mirrors_client_close = true});
    Cursor cursor(table);
    CHECK(said(table, cursor.step(kEvent<request::Last>)) == Names{"want a connection, close"});
    cursor.step(kEvent<pool::Fresh>);
    CHECK(said(table, cursor.step(kEvent<upstream::CompleteClose>)) ==
          Names{"say close downstream", "respond"});
    CHECK(said(table, cursor.step(kEvent<downstream::Gone>)) == Names{"drop a pooled connection"});
  }
}

}  // namespace
}  // namespace halfclose::proxy::exchange
