// Properties of model/tcp/endpoint.hpp: of every local state of its table, and of arbitrary scripts
// of events.
#include "model/tcp/endpoint.hpp"

#include "model/machine/rows.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

namespace halfclose::tcp {
namespace {

using machine::Cell;
using machine::Cursor;
using machine::EventId;
using machine::LocalId;
using machine::Table;
using machine::Verdict;

template <class E> constexpr EventId kEvent = machine::event_id<Endpoint, E>();

bool has(const Table& table, const Cell& cell, Out output) {
  const auto& outputs = table.outputs_of(cell);
  return std::count(outputs.begin(), outputs.end(), static_cast<machine::OutputId>(output)) > 0;
}
bool tells_error(const Table& table, const Cell& cell) {
  return has(table, cell, Out::econnreset) || has(table, cell, Out::epipe) ||
         has(table, cell, Out::econnrefused) || has(table, cell, Out::etimedout);
}
template <class S> bool in(const Table& table, LocalId local) {
  return table.locals[local].state == machine::state_id<Endpoint, S>();
}
bool has_descriptor(const Table& table, LocalId local) {
  return table.at(local, kEvent<user::Recv>).verdict == Verdict::taken;
}
bool has_input(const Table& table, LocalId local) {
  return has(table, table.at(local, kEvent<user::Peek>), Out::bytes);
}

/// Calls `check(table, local)` for every reachable local state of both platforms. Returns for how
/// many it applied: an *always* that applies nowhere proves nothing.
template <class Check> int for_every_local(Check check) {
  int applied = 0;
  for (const bool discards : {false, true}) {
    const Table& table = endpoint_table(discards);
    for (std::size_t local = 0; local < table.locals.size(); ++local) {
      INFO(table.local_name(static_cast<LocalId>(local)));
      applied += check(table, static_cast<LocalId>(local)) ? 1 : 0;
    }
  }
  return applied;
}

/// Events, printed as in a trace.
struct Script {
  std::vector<EventId> events;
};
std::ostream& operator<<(std::ostream& out, const Script& script) {
  const char* between = "";
  for (const EventId event : script.events) {
    out << std::exchange(between, ", ") << endpoint_table().events[event];
  }
  return out;
}

/// Three events of four have a row where they arrive, so that scripts get somewhere.
rc::Gen<Script> scripts() {
  return rc::gen::map(rc::gen::arbitrary<std::vector<std::uint8_t>>(), [](const auto& bytes) {
    const Table& table = endpoint_table();
    Cursor cursor(table);
    Script script;
    for (const std::uint8_t byte : bytes) {
      std::vector<EventId> expected;
      for (EventId event = 0; event < table.events.size(); ++event) {
        if (byte % 4 == 0 || table.at(cursor.local(), event).verdict == Verdict::taken) {
          expected.push_back(event);
        }
      }
      script.events.push_back(expected[byte / 4 % expected.size()]);
      cursor.step(script.events.back());
    }
    return script;
  });
}

TEST_CASE("tcp endpoint: the table", "[model][tcp]") {
  SECTION("has no row that never fires") {
    const auto kept = endpoint_table(false).row_hits();
    const auto discarded = endpoint_table(true).row_hits();
    for (std::size_t row = 0; row < kept.size(); ++row) {
      const auto& text = endpoint_table().rows[row];
      INFO(text.from << " on " << text.on << " if " << text.when);
      CHECK(kept[row] + discarded[row] > 0);
    }
  }
  SECTION("has no two rows that are enabled at once") {
    CHECK(endpoint_table(false).overlaps.empty());
    CHECK(endpoint_table(true).overlaps.empty());
  }
  SECTION("reaches the eleven states of RFC 9293 3.3.2") {
    std::set<std::string> reached;
    for (const auto& local : endpoint_table().locals) {
      reached.insert(endpoint_table().states[local.state]);
    }
    CHECK(reached.size() == 11);
    CHECK(endpoint_table().states.size() == 11);
  }
  SECTION("has a source for every row") {
    for (const auto& row : endpoint_table().rows)
      CHECK_FALSE((row.document.empty() || row.clause.empty()));
  }
  SECTION("changes nothing where it has no row") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      bool refuses = false;
      for (EventId event = 0; event < table.events.size(); ++event) {
        const Cell& cell = table.at(local, event);
        if (cell.verdict == Verdict::taken) continue;
        refuses = true;
        CHECK((cell.next == local && table.outputs_of(cell).empty()));
      }
      return refuses;
    });
    CHECK(applied > 0);
  }
  rc::prop("means the same to Boost.MSM and to the table", [](bool discards) {
    const Script script = *scripts();
    const Table& table = endpoint_table(discards);
    const auto msm = running_endpoint(discards);
    Cursor cursor(table);
    for (const EventId event : script.events) {
      const Cell& cell = cursor.step(event);
      const machine::Running::Result result = msm->step(event);
      RC_ASSERT(result.verdict == cell.verdict);
      RC_ASSERT(result.outputs == table.outputs_of(cell));
      RC_ASSERT(result.local == table.local_name(cursor.local()));
    }
  });
}

TEST_CASE("tcp endpoint: close", "[model][tcp][rfc2525-2.17]") {
  SECTION("sends RST, never FIN, while input is unread") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!has_input(table, local) || in<Closed>(table, local) || in<TimeWait>(table, local))
        return false;
      const Cell& close = table.at(local, kEvent<user::Close>);
      CHECK(has(table, close, Out::rst));
      CHECK_FALSE(has(table, close, Out::fin));
      CHECK(in<Closed>(table, close.next));
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("sends no RST when nothing is unread") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!has_descriptor(table, local) || has_input(table, local)) return false;
      CHECK_FALSE(has(table, table.at(local, kEvent<user::Close>), Out::rst));
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("leaves an orphan that answers data by RST and dies (RFC 9293 3.10.7.4, Linux)") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      const bool waits = in<FinWait1>(table, local) || in<FinWait2>(table, local);
      if (!waits || has_descriptor(table, local)) return false;
      const Cell& data = table.at(local, kEvent<seg::Data>);
      CHECK(has(table, data, Out::rst_reply));
      CHECK(in<Closed>(table, data.next));
      return true;
    });
    CHECK(applied > 0);
  }
}

TEST_CASE("tcp endpoint: recv and send", "[model][tcp]") {
  SECTION("give queued data before any error") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!has_input(table, local)) return false;
      CHECK(has(table, table.at(local, kEvent<user::Recv>), Out::bytes));
      CHECK_FALSE(tells_error(table, table.at(local, kEvent<user::Recv>)));
      return in<Closed>(table, local);
    });
    CHECK(applied > 0);
  }
  SECTION("tell an error once: recv then shows end of file, send EPIPE") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      bool told = false;
      for (const EventId call : {kEvent<user::Recv>, kEvent<user::Peek>, kEvent<user::Send>}) {
        const Cell& cell = table.at(local, call);
        if (!tells_error(table, cell) || cell.next == local) continue;
        told = true;
        const Cell& recv = table.at(cell.next, kEvent<user::Recv>);
        CHECK_FALSE(tells_error(table, recv));
        CHECK((has(table, recv, Out::eof) || has(table, recv, Out::bytes)));
        CHECK(has(table, table.at(cell.next, kEvent<user::Send>), Out::epipe));
      }
      return told;
    });
    CHECK(applied > 0);
  }
  SECTION("after a RST in CLOSE-WAIT: recv shows end of file, send EPIPE") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!in<CloseWait>(table, local)) return false;
      const LocalId dead = table.at(local, kEvent<seg::Rst>).next;
      CHECK(in<Closed>(table, dead));
      CHECK(has(table, table.at(dead, kEvent<user::Send>), Out::epipe));
      CHECK_FALSE(tells_error(table, table.at(dead, kEvent<user::Recv>)));
      const LocalId drained = table.at(dead, kEvent<user::Recv>).next;
      CHECK(has(table, table.at(drained, kEvent<user::Recv>), Out::eof));
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("connect to a closed port tells ECONNREFUSED, once") {
    const Table& table = endpoint_table();
    Cursor cursor(table);
    cursor.step(kEvent<user::Open>);
    cursor.step(kEvent<seg::Rst>);
    CHECK(has(table, cursor.step(kEvent<user::Open>), Out::econnrefused));
    CHECK(has(table, cursor.step(kEvent<user::Recv>), Out::eof));
  }
  rc::prop("never show a reset to a reader that a FIN reached", [] {
    const Script script = *scripts();
    const Table& table = endpoint_table();
    Cursor cursor(table);
    bool ended = false;
    for (const EventId event : script.events) {
      const Cell& cell = cursor.step(event);
      if (cell.verdict != Verdict::taken) continue;
      if (event == kEvent<seg::Fin> && has(table, cell, Out::peer_closed)) ended = true;
      if (event == kEvent<user::Open> || event == kEvent<user::Listen> ||
          event == kEvent<seg::Syn>) {
        ended = false;
      }
      if (event == kEvent<user::Recv> && ended) RC_ASSERT_FALSE(tells_error(table, cell));
    }
  });
}

TEST_CASE("tcp endpoint: RST", "[model][tcp][rfc9293-3.5.2]") {
  SECTION("is never answered by RST") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      for (const EventId event : {kEvent<seg::Rst>, kEvent<seg::RstBelow>, kEvent<seg::RstReply>}) {
        CHECK_FALSE(has(table, table.at(local, event), Out::rst_reply));
        CHECK_FALSE(has(table, table.at(local, event), Out::rst));
      }
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("below the window kills only behind the FIN of the remote (Linux)") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      const Cell& below = table.at(local, kEvent<seg::RstBelow>);
      const bool behind =
          in<CloseWait>(table, local) || in<LastAck>(table, local) || in<Closing>(table, local);
      CHECK(behind == (below.next != local));
      return behind;
    });
    CHECK(applied > 0);
  }
}

TEST_CASE("tcp endpoint: timers", "[model][tcp]") {
  SECTION(
      "end FIN-WAIT-2 without a segment, and only without a descriptor (tcp(7) tcp_fin_timeout)") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!in<FinWait2>(table, local)) return false;
      const Cell& expired = table.at(local, kEvent<timeout::FinWait2>);
      CHECK((expired.verdict == Verdict::taken) == !has_descriptor(table, local));
      CHECK(table.outputs_of(expired).empty());
      return expired.verdict == Verdict::taken && in<Closed>(table, expired.next);
    });
    CHECK(applied > 0);
  }
  SECTION("end every TIME-WAIT (RFC 9293 3.10.8)") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      if (!in<TimeWait>(table, local)) return false;
      const Cell& expired = table.at(local, kEvent<timeout::TimeWait>);
      CHECK(in<Closed>(table, expired.next));
      CHECK(table.outputs_of(expired).empty());
      return true;
    });
    CHECK(applied > 0);
  }
  SECTION("are armed on entering an orphaned FIN-WAIT-2 and TIME-WAIT") {
    const int applied = for_every_local([](const Table& table, LocalId local) {
      bool entered = false;
      for (EventId event = 0; event < table.events.size(); ++event) {
        const Cell& cell = table.at(local, event);
        const bool orphaned = in<FinWait2>(table, cell.next) && !has_descriptor(table, cell.next) &&
                              (!in<FinWait2>(table, local) || has_descriptor(table, local));
        const bool waits = in<TimeWait>(table, cell.next) && !in<TimeWait>(table, local);
        if (orphaned) CHECK(has(table, cell, Out::arm_fin_wait_2));
        if (waits) CHECK(has(table, cell, Out::arm_time_wait));
        entered = entered || orphaned || waits;
      }
      return entered;
    });
    CHECK(applied > 0);
  }
}

}  // namespace
}  // namespace halfclose::tcp
