// Properties of the HTTP/1.1 connections (model/http1): their tables, whatever the flags, and the
// server.
#include "property_tests/model/http1/steps.hpp"

namespace halfclose::http1 {
namespace {

using SOut = server::Out;

void agree(const Table& table, machine::Running& msm) {
  RC_ASSERT(table.overlaps.empty());
  Cursor cursor(table);
  std::string trace;
  for (const EventId event : any_script(table)) {
    trace += table.events[event] + ", ";
    RC_LOG() << trace << std::endl;
    const Cell& cell = cursor.step(event);
    const machine::Running::Result result = msm.step(event);
    RC_ASSERT(result.verdict == cell.verdict);
    RC_ASSERT(result.outputs == table.outputs_of(cell));
    RC_ASSERT(result.local == table.local_name(cursor.local()));
  }
}

template <class Profile>
void every_row_fires(const std::vector<std::pair<Profile, Table>>& tables) {
  std::vector<std::uint64_t> hits(tables.front().second.rows.size());
  for (const auto& [profile, table] : tables) {
    CHECK(table.overlaps.empty());
    const auto of_table = table.row_hits();
    for (std::size_t row = 0; row < hits.size(); ++row)
      hits[row] += of_table[row];
  }
  for (std::size_t row = 0; row < hits.size(); ++row) {
    const machine::RowText& text = tables.front().second.rows[row];
    INFO(text.from << " on " << text.on << " " << text.when);
    CHECK(hits[row] > 0);
    CHECK_FALSE((text.document.empty() || text.clause.empty()));
  }
}

TEST_CASE("http1: the tables", "[model][http1]") {
  SECTION("of servers have no row that never fires and no overlap") {
    every_row_fires(servers());
  }
  SECTION("of clients have no row that never fires and no overlap") {
    every_row_fires(clients());
  }
  rc::prop("of servers mean the same as Boost.MSM, whatever the flags", [] {
    const server::Profile profile = server_profile(
        *rc::gen::inRange(0u, 5u), *rc::gen::inRange(0u, 3u), *rc::gen::inRange(0u, kServerFlags));
    agree(server::connection_table(profile), *server::running_connection(profile));
  });
  rc::prop("of clients mean the same as Boost.MSM, whatever the flags", [] {
    const client::Profile profile = client_profile(*rc::gen::inRange(0u, kClientFlags));
    agree(client::connection_table(profile), *client::running_connection(profile));
  });
}

//--- the server
//--------------------------------------------------------------------------------------------------

constexpr std::initializer_list<SOut> kAnnouncing = {SOut::response_close, SOut::queued_close,
                                                     SOut::buffered_close, SOut::response_open,
                                                     SOut::queued_open,    SOut::buffered_open};
constexpr std::initializer_list<SOut> kKeeping = {SOut::response, SOut::queued, SOut::buffered};
constexpr std::initializer_list<SOut> kWriting = {
    SOut::response,      SOut::response_close, SOut::queued,       SOut::queued_close,
    SOut::buffered,      SOut::buffered_close, SOut::tail,         SOut::unsolicited_408,
    SOut::response_open, SOut::queued_open,    SOut::buffered_open};

TEST_CASE("http1 server: the close option", "[model][http1][rfc9112-9.6]") {
  SECTION("is on every response written behind the decision to close, and on no other") {
    const int applied = for_every_step(servers(), [](const auto& profile, const Table& table,
                                                     LocalId local, EventId, const Cell& cell) {
      const bool refuses = profile.on_expectation == server::OnExpectation::close &&
                           told(table, local, "100 awaited");
      const bool early =
          server_in<server::Reading>(table, local) && (profile.early_closes || refuses);
      const bool decided = told(table, local, "last response") || told(table, local, "draining");
      if (!says(table, cell, kAnnouncing) && !says(table, cell, kKeeping)) return false;
      // A response without length says so by being one.
      CHECK(says(table, cell, kAnnouncing) == (decided || early || profile.close_delimited));
      return decided;
    });
    CHECK(applied > 0);
  }
  SECTION("is followed by no further request, but on a connection that drains") {
    const int applied = for_every_step(servers(), [](const auto&, const Table& table, LocalId local,
                                                     EventId, const Cell& cell) {
      if (!says(table, cell, kAnnouncing) || told(table, local, "draining")) return false;
      // Nothing arms the idle timer any more, so that it does not expire either.
      CHECK_FALSE(says(table, cell, {SOut::arm_idle}));
      const auto idle = static_cast<int>(kServer<server::timeout::Idle>);
      for (const LocalId later : reachable(table, cell.next, idle)) {
        CHECK_FALSE(server_in<server::Idle>(table, later));
        for (EventId event = 0; event < table.events.size(); ++event) {
          CHECK_FALSE(says(table, table.at(later, event), {SOut::read_request, SOut::arm_idle}));
        }
      }
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("goes back to idle where the connection drains, without an idle timer") {
    const int applied = for_every_step(
        servers(), [](const auto&, const Table& table, LocalId, EventId, const Cell& cell) {
          const bool idle = server_in<server::Idle>(table, cell.next);
          if (!idle || !says(table, cell, kAnnouncing)) return false;
          CHECK(told(table, cell.next, "draining"));
          CHECK_FALSE(says(table, cell, {SOut::arm_idle}));
          return true;
        });
    CHECK(applied > 0);
  }
}

TEST_CASE("http1 server: a request that expects 100", "[model][http1][rfc9110-10.1.1]") {
  SECTION("has it before any final response, or not at all") {
    int at_once = 0;
    const int applied =
        for_every_step(servers(), [&](const auto& profile, const Table& table, LocalId local,
                                      EventId event, const Cell& cell) {
          const bool first = profile.on_expectation == server::OnExpectation::at_once;
          if (server_in<server::Idle>(table, local) && event == kServer<server::head::Expect>) {
            CHECK(says(table, cell, {SOut::continue_100}) == first);
            CHECK(told(table, cell.next, "100 awaited") == !first);
            at_once += first;
            return true;
          }
          if (!says(table, cell, {SOut::continue_100})) return false;
          CHECK(server_in<server::Reading>(table, local));
          CHECK(told(table, local, "100 awaited"));
          CHECK_FALSE(told(table, cell.next, "100 awaited"));
          CHECK_FALSE(first);
          return true;
        });
    CHECK(applied > 0);
    CHECK(at_once > 0);
  }
  SECTION("is waited for no more behind a final response, whose content is still what comes next") {
    const int applied = for_every_step(servers(), [](const auto&, const Table& table, LocalId local,
                                                     EventId event, const Cell& cell) {
      // What a closed connection still remembers says nothing.
      const bool waits =
          server_in<server::Reading>(table, local) || server_in<server::Closed>(table, local);
      if (!waits) CHECK_FALSE(told(table, local, "100 awaited"));
      const bool head =
          event == kServer<server::head::Request> || event == kServer<server::head::Last> ||
          event == kServer<server::head::Head> || event == kServer<server::head::Expect>;
      if (!head) return false;
      const bool discarding = server_in<server::Discarding>(table, local);
      CHECK(says(table, cell, {SOut::swallows}) == discarding);
      if (discarding) CHECK(server_in<server::Discarding>(table, cell.next));
      return discarding;
    });
    CHECK(applied > 0);
  }
}

TEST_CASE("http1 server: a close behind a response", "[model][http1][rfc9112-9.6]") {
  SECTION("is unannounced only where the product does that, and then says why to nobody else") {
    const int applied = for_every_step(
        servers(), [](const auto& profile, const Table& table, LocalId, EventId, const Cell& cell) {
          if (!says(table, cell, {SOut::closes_unannounced})) return false;
          CHECK(profile.closes_unannounced);
          CHECK(says(table, cell, {SOut::close_fd}));
          CHECK_FALSE(says(table, cell, kAnnouncing));
          CHECK_FALSE(says(table, cell, {SOut::closes_announced}));
          return true;
        });
    CHECK(applied > 0);
  }
  SECTION("leaves no product of that kind idle again") {
    for_every_step(servers(), [](const auto& profile, const Table& table, LocalId local, EventId,
                                 const Cell& cell) {
      const bool returns = server_in<server::Idle>(table, cell.next) &&
                           !server_in<server::Idle>(table, local) &&
                           !server_in<server::Listening>(table, local);
      CHECK_FALSE((returns && (profile.closes_unannounced || profile.close_delimited)));
      return returns;
    });
  }
}

TEST_CASE("http1 server: a crash", "[model][http1]") {
  SECTION("closes the descriptor, whatever the server was doing, and cuts what it had begun") {
    for (const auto& [profile, table] : servers()) {
      for (std::size_t at = 0; at < table.locals.size(); ++at) {
        const auto local = static_cast<LocalId>(at);
        if (server_in<server::Closed>(table, local)) continue;
        const Cell& cell = table.at(local, kServer<server::manage::Crash>);
        CHECK(server_in<server::Closed>(table, cell.next));
        CHECK(says(table, cell, {SOut::close_fd}));
        CHECK(says(table, cell, {SOut::cuts_response}) ==
              (server_in<server::Flushing>(table, local) ||
               server_in<server::Relaying>(table, local)));
      }
    }
  }
}

TEST_CASE("http1 server: a closed connection", "[model][http1]") {
  SECTION("says nothing more and stays closed") {
    for (const auto& [profile, table] : servers()) {
      for (std::size_t local = 0; local < table.locals.size(); ++local) {
        if (!server_in<server::Closed>(table, static_cast<LocalId>(local))) continue;
        for (EventId event = 0; event < table.events.size(); ++event) {
          const Cell& cell = table.at(static_cast<LocalId>(local), event);
          CHECK(table.outputs_of(cell).empty());
          CHECK(cell.next == local);
        }
      }
    }
  }
  SECTION("is entered by close(2) and in no other way") {
    const int applied = for_every_step(
        servers(), [](const auto&, const Table& table, LocalId local, EventId, const Cell& cell) {
          const bool closes = says(table, cell, {SOut::close_fd});
          const bool enters = server_in<server::Closed>(table, cell.next) &&
                              !server_in<server::Closed>(table, local);
          CHECK(closes == enters);
          return closes;
        });
    CHECK(applied > 0);
  }
  SECTION("wrote nothing after shutdown(2)") {
    const int applied = for_every_step(
        servers(), [](const auto&, const Table& table, LocalId, EventId, const Cell& cell) {
          if (!says(table, cell, {SOut::shutdown_write})) return false;
          for (const LocalId later : reachable(table, cell.next)) {
            for (EventId event = 0; event < table.events.size(); ++event) {
              CHECK_FALSE(says(table, table.at(later, event), kWriting));
            }
          }
          return true;
        });
    CHECK(applied > 0);
  }
}

/// The step that answers a request of which only the head was read, with profiles that close behind
/// it.
struct Early {
  server::Profile profile;
  Table table = server::connection_table(profile);
  Cursor cursor{table};
  const Cell* cell = nullptr;

  explicit Early(CloseStyle style) : profile{.close_style = style, .early_closes = true} {
    cursor.step(kServer<server::transport::Accepted>);
    cursor.step(kServer<server::head::Head>);
    cell = &cursor.step(kServer<server::respond::Whole>);
  }
  bool says(std::initializer_list<SOut> any_of) const { return http1::says(table, *cell, any_of); }
  template <class S> bool leads_to() const { return server_in<S>(table, cell->next); }
  template <class E> const Cell& then() const { return table.at(cell->next, kServer<E>); }
};

TEST_CASE("http1 server: an early response that closes", "[model][http1][rfc9112-9.6]") {
  SECTION("closes at once where the style is plain") {
    const Early early(CloseStyle::plain);
    CHECK(early.leads_to<server::Closed>());
    CHECK(early.says({SOut::response_close}));
    CHECK(early.says({SOut::close_fd}));
    CHECK_FALSE(early.says({SOut::shutdown_write, SOut::arm_close}));
  }
  SECTION("waits for the client's FIN or the close timer, unread, where it is delayed") {
    const Early early(CloseStyle::delayed);
    CHECK(early.leads_to<server::Delayed>());
    CHECK(early.says({SOut::stop_reading}));
    CHECK(early.says({SOut::arm_close}));
    CHECK_FALSE(early.says({SOut::shutdown_write, SOut::close_fd}));
    CHECK(early.then<server::body::End>().verdict != Verdict::taken);
    CHECK(server_in<server::Closed>(early.table, early.then<server::transport::PeerClosed>().next));
    CHECK(server_in<server::Closed>(early.table, early.then<server::timeout::Close>().next));
  }
  SECTION("sends FIN and reads on where it lingers") {
    const Early early(CloseStyle::half_close_drain);
    CHECK(early.leads_to<server::Lingering>());
    CHECK(early.says({SOut::shutdown_write}));
    CHECK(early.says({SOut::arm_linger}));
    CHECK_FALSE(early.says({SOut::stop_reading, SOut::close_fd}));
    CHECK(says(early.table, early.then<server::body::End>(), {SOut::arm_close}));
    CHECK(server_in<server::Closed>(early.table, early.then<server::transport::Eof>().next));
    CHECK(server_in<server::Closed>(early.table, early.then<server::timeout::Linger>().next));
  }
  SECTION("sends FIN and waits unread where it only waits") {
    const Early early(CloseStyle::half_close_wait);
    CHECK(early.leads_to<server::HalfClosed>());
    CHECK(early.says({SOut::shutdown_write}));
    CHECK(early.says({SOut::stop_reading}));
    CHECK_FALSE(early.says({SOut::close_fd}));
    CHECK(early.then<server::transport::PeerClosed>().next == early.cell->next);
    CHECK(server_in<server::Closed>(early.table, early.then<server::timeout::Close>().next));
  }
  SECTION("reads the rest and then sends FIN where it drains") {
    const Early early(CloseStyle::drain_then_fin);
    CHECK(early.leads_to<server::Discarding>());
    CHECK_FALSE(early.says({SOut::shutdown_write, SOut::stop_reading, SOut::close_fd}));
    CHECK(says(early.table, early.then<server::body::End>(), {SOut::close_fd}));
  }
  SECTION("is bounded by a timer wherever it is not closed at once") {
    const int applied = for_every_step(
        servers(), [](const auto&, const Table& table, LocalId local, EventId, const Cell& cell) {
          const bool answers = says(table, cell, {SOut::answered_early});
          if (!server_in<server::Reading>(table, local) || !answers) return false;
          CHECK((says(table, cell, {SOut::close_fd}) || says(table, cell, {SOut::arm_close})));
          return true;
        });
    CHECK(applied > 0);
  }
}

TEST_CASE("http1 server: the idle timer", "[model][http1][rfc9112-9.5]") {
  SECTION("runs whenever a connection becomes idle, but while it drains") {
    const int applied = for_every_step(servers(), [](const auto& profile, const Table& table,
                                                     LocalId local, EventId, const Cell& cell) {
      const bool enters =
          server_in<server::Idle>(table, cell.next) && !server_in<server::Idle>(table, local);
      if (!enters) return false;
      // Behind a flush it runs already where it starts with the buffered response.
      const bool runs = server_in<server::Flushing>(table, local) && profile.idle_starts_buffered;
      const bool drains = told(table, cell.next, "draining");
      CHECK(says(table, cell, {SOut::arm_idle}) == (!drains && !runs));
      CHECK(says(table, cell, {SOut::start_reading}));
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("closes an idle connection, with a 408 where the product sends one (RFC 9110 15.5.9)") {
    for (const bool idle_408 : {false, true}) {
      const Table table = server::connection_table({.idle_408 = idle_408});
      Cursor cursor(table);
      cursor.step(kServer<server::transport::Accepted>);
      const Cell& cell = cursor.step(kServer<server::timeout::Idle>);
      CHECK(says(table, cell, {SOut::unsolicited_408}) == idle_408);
      CHECK(server_in<server::Closed>(table, cell.next));
    }
  }
}

}  // namespace
}  // namespace halfclose::http1
