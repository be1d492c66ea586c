// Properties of the client's end of an HTTP/1.1 connection (model/http1/client_connection.hpp).
#include "property_tests/model/http1/steps.hpp"

namespace halfclose::http1 {
namespace {

using COut = client::Out;

constexpr std::initializer_list<COut> kRequests = {COut::send_request, COut::send_head,
                                                   COut::send_head_expect};

TEST_CASE("http1 client: the close option", "[model][http1][rfc9112-9.6]") {
  SECTION("is followed by no further request") {
    const int applied = for_every_step(clients(), [](const auto& profile, const Table& table,
                                                     LocalId, EventId event, const Cell& cell) {
      if (!profile.honours_close) return false;
      if (event != kClient<client::response::WholeClose> &&
          event != kClient<client::response::PartClose>) {
        return false;
      }
      for (const LocalId later : reachable(table, cell.next)) {
        for (EventId e = 0; e < table.events.size(); ++e) {
          CHECK_FALSE(says(table, table.at(later, e), kRequests));
          CHECK_FALSE(says(table, table.at(later, e), {COut::asked, COut::enter_pool}));
        }
      }
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("with a whole response closes, and tells of requests left unanswered") {
    const int applied = for_every_step(clients(), [](const auto& profile, const Table& table,
                                                     LocalId local, EventId event,
                                                     const Cell& cell) {
      if (event != kClient<client::response::WholeClose> || !profile.honours_close) return false;
      if (client_in<client::Draining>(table, local)) return false;
      const bool unasked = client_in<client::Ready>(table, local);
      CHECK(client_in<client::Draining>(table, cell.next) == (profile.waits_for_close && !unasked));
      CHECK(client_in<client::Closed>(table, cell.next) == (!profile.waits_for_close || unasked));
      const bool two = told(table, local, "2 outstanding");
      CHECK(says(table, cell, {COut::gave_up_rest}) == two);
      return two;
    });
    CHECK(applied > 0);
  }
}

TEST_CASE("http1 client: requests", "[model][http1][rfc9112-9.3]") {
  SECTION(
      "are not sent on a socket that was seen dead, and always looked at where the client peeks") {
    int dead = 0;
    const int applied =
        for_every_step(clients(), [&](const auto& profile, const Table& table, LocalId local,
                                      EventId event, const Cell& cell) {
          if (event == kClient<client::transport::Dead>) {
            ++dead;
            CHECK(client_in<client::Closed>(table, cell.next));
            CHECK_FALSE(says(table, cell, {COut::send_request, COut::send_head, COut::send_body}));
          }
          if (!client_in<client::Ready>(table, local)) return false;
          CHECK((profile.peeks && says(table, cell, kRequests)) == false);
          return says(table, cell, {COut::peek});
        });
    CHECK(applied > 0);
    CHECK(dead > 0);
  }
  SECTION("are pipelined two at most, and only by a client that pipelines (RFC 9112 9.3.2)") {
    const int applied = for_every_step(clients(), [](const auto& profile, const Table& table,
                                                     LocalId local, EventId, const Cell& cell) {
      if (!client_in<client::Waiting>(table, local) || !says(table, cell, kRequests)) return false;
      if (says(table, cell, {COut::waited})) return false;
      CHECK(profile.pipelines);
      CHECK(told(table, local, "1 outstanding"));
      CHECK(told(table, cell.next, "2 outstanding"));
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION(
      "that waited take the connection over when it is free, looked at again where that is so") {
    int later = 0, peeked = 0;
    const int applied =
        for_every_step(clients(), [&](const auto& profile, const Table& table, LocalId local,
                                      EventId event, const Cell& cell) {
          if (says(table, cell, {COut::waited})) {
            CHECK(told(table, local, "another waits"));
            CHECK(told(table, cell.next, "1 outstanding"));
            CHECK_FALSE(told(table, cell.next, "another waits"));
            const bool at_once = client_in<client::Waiting>(table, local);
            CHECK_FALSE((at_once && profile.peeks));
            CHECK_FALSE((at_once && profile.attaches_later && profile.watches));
            return true;
          }
          later += says(table, cell, {COut::attach_later});
          peeked += client_in<client::Waiting>(table, local) && says(table, cell, {COut::peek});
          CHECK((event != kClient<client::transport::NextLoop> || profile.attaches_later));
          return false;
        });
    CHECK(applied > 0);
    CHECK(later > 0);
    CHECK(peeked > 0);
  }
  SECTION("are counted: the pool holds no connection that owes a response") {
    for (const auto& [profile, table] : clients()) {
      for (std::size_t local = 0; local < table.locals.size(); ++local) {
        if (!client_in<client::Ready>(table, static_cast<LocalId>(local))) continue;
        CHECK_FALSE(told(table, static_cast<LocalId>(local), "outstanding"));
        CHECK(
            (profile.ages_when_freed || !told(table, static_cast<LocalId>(local), "not reusable")));
      }
    }
  }
  SECTION("are one per connection where it is used once") {
    const int applied = for_every_step(
        clients(), [](const auto& profile, const Table& table, LocalId, EventId, const Cell& cell) {
          if (!profile.single_use) return false;
          CHECK_FALSE(says(table, cell, {COut::enter_pool}));
          return says(table, cell, {COut::asked});
        });
    CHECK(applied > 0);
  }
}

TEST_CASE("http1 client: content that waits for 100", "[model][http1][rfc9110-10.1.1]") {
  SECTION("is sent behind a 100, the timer or a final response, and before none of them") {
    const int applied =
        for_every_step(clients(), [](const auto& profile, const Table& table, LocalId local,
                                     EventId event, const Cell& cell) {
          if (!client_in<client::Expecting>(table, local)) return false;
          CHECK(profile.expects_continue);
          CHECK_FALSE(says(table, cell, {COut::send_more, COut::send_body}));
          const bool asked = event == kClient<client::response::Continue> ||
                             event == kClient<client::timeout::Expect>;
          if (asked) CHECK(client_in<client::Sending>(table, cell.next));
          return asked;
        });
    CHECK(applied > 0);
  }
  SECTION(
      "is left out on a connection that is used again by a client that omits it, and no other") {
    int sent = 0, closed = 0;
    const int applied =
        for_every_step(clients(), [&](const auto& profile, const Table& table, LocalId local,
                                      EventId event, const Cell& cell) {
          if (!client_in<client::Expecting>(table, local)) return false;
          if (event != kClient<client::response::Whole>) return false;
          const bool omits = says(table, cell, {COut::skips_content});
          CHECK(omits == (profile.omits_content && !told(table, local, "not reusable")));
          CHECK(omits == client_in<client::Ready>(table, cell.next));
          sent += client_in<client::Answered>(table, cell.next);
          closed += client_in<client::Closed>(table, cell.next);
          return omits;
        });
    CHECK(applied > 0);
    CHECK(sent > 0);
    CHECK(closed > 0);
  }
}

TEST_CASE("http1 client: a response without length", "[model][http1][rfc9112-6.3]") {
  SECTION("is complete at the end of the connection, and at no other end") {
    int complete = 0;
    const int applied = for_every_step(
        clients(),
        [&](const auto&, const Table& table, LocalId local, EventId event, const Cell& cell) {
          if (!told(table, local, "open end")) return false;
          const bool eof = event == kClient<client::transport::Eof>;
          if (eof || event == kClient<client::transport::Error>) {
            CHECK(says(table, cell, {COut::completed}) == eof);
            CHECK(says(table, cell, {COut::lost, COut::truncated}) == !eof);
            CHECK(client_in<client::Closed>(table, cell.next));
          }
          complete += eof;
          return true;
        });
    CHECK(applied > 0);
    CHECK(complete > 0);
  }
}

TEST_CASE("http1 client: a write error", "[model][http1][rfc9112-9.5]") {
  SECTION("ends the connection where it is fatal; otherwise the response is still read") {
    const int applied =
        for_every_step(clients(), [](const auto& profile, const Table& table, LocalId local,
                                     EventId event, const Cell& cell) {
          const bool asked =
              client_in<client::Waiting>(table, local) || client_in<client::Sending>(table, local);
          if (event != kClient<client::transport::WriteError> || !asked) return false;
          CHECK(client_in<client::Closed>(table, cell.next) == profile.write_error_fatal);
          if (profile.write_error_fatal) return true;
          CHECK(client_in<client::Waiting>(table, cell.next));
          const Cell& answered = table.at(cell.next, kClient<client::response::Whole>);
          CHECK(says(table, answered, {COut::completed}));
          CHECK(client_in<client::Closed>(table, answered.next));
          return true;
        });
    CHECK(applied > 0);
  }
  SECTION("is followed by no further request") {
    for (const auto& [profile, table] : clients()) {
      for (std::size_t local = 0; local < table.locals.size(); ++local) {
        if (!told(table, static_cast<LocalId>(local), "write failed")) continue;
        for (EventId event = 0; event < table.events.size(); ++event) {
          CHECK_FALSE(says(table, table.at(static_cast<LocalId>(local), event), kRequests));
        }
      }
    }
  }
}

TEST_CASE("http1 client: one outcome", "[model][http1]") {
  rc::prop("is told for each request asked, unless the caller knows why not", [] {
    const client::Profile profile = client_profile(*rc::gen::inRange(0u, kClientFlags));
    const Table table = client::connection_table(profile);
    Cursor cursor(table);
    int open = 0;
    for (const EventId event : any_script(table)) {
      const Cell& cell = cursor.step(event);
      for (const auto output : table.outputs_of(cell)) {
        const auto out = static_cast<COut>(output);
        if (out == COut::asked) ++open;
        if (out == COut::completed) --open;
        const bool all = out == COut::lost || out == COut::truncated || out == COut::timed_out ||
                         out == COut::gave_up_rest;
        if (all) open = 0;
        RC_ASSERT(open >= 0);
      }
      RC_ASSERT(open <= 2);
      if (client_in<client::Closed>(table, cursor.local())) RC_ASSERT(open == 0);
    }
  });
}

}  // namespace
}  // namespace halfclose::http1
