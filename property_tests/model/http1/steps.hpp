// What the tests of model/http1 and model/monitor share: reading tables, flags, scripts.
#pragma once

#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/machine/rows.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace halfclose::http1 {

using machine::Cell;
using machine::Cursor;
using machine::EventId;
using machine::LocalId;
using machine::Table;
using machine::Verdict;

using client::ClientConnection;
using server::AgeClose;
using server::CloseStyle;
using server::ServerConnection;

template <class E> constexpr EventId kServer = machine::event_id<ServerConnection, E>();
template <class E> constexpr EventId kClient = machine::event_id<ClientConnection, E>();

//--- reading tables
//----------------------------------------------------------------------------------------------

template <class Out>
bool says(const Table& table, const Cell& cell, std::initializer_list<Out> any_of) {
  const auto& outputs = table.outputs_of(cell);
  return std::any_of(any_of.begin(), any_of.end(), [&](Out output) {
    return std::count(outputs.begin(), outputs.end(), static_cast<machine::OutputId>(output)) > 0;
  });
}
template <class Def, class S> bool in(const Table& table, LocalId local) {
  return table.locals[local].state == machine::state_id<Def, S>();
}
template <class S> bool server_in(const Table& table, LocalId local) {
  return in<ServerConnection, S>(table, local);
}
template <class S> bool client_in(const Table& table, LocalId local) {
  return in<ClientConnection, S>(table, local);
}
/// The context of a local state says `word`.
inline bool told(const Table& table, LocalId local, const std::string& word) {
  return table.locals[local].context.find(word) != std::string::npos;
}

/// Calls `check(profile, table, local, event, cell)` for every row taken under every profile.
/// Returns for how many it applied: an *always* that applies nowhere proves nothing.
template <class Profile, class Check>
int for_every_step(const std::vector<std::pair<Profile, Table>>& tables, Check check) {
  int applied = 0;
  for (const auto& [profile, table] : tables) {
    for (std::size_t at = 0; at < table.cells.size(); ++at) {
      if (table.cells[at].verdict != Verdict::taken) continue;
      const auto local = static_cast<LocalId>(at / table.events.size());
      const auto event = static_cast<EventId>(at % table.events.size());
      INFO(table.local_name(local) << " on " << table.events[event]);
      applied += check(profile, table, local, event, table.cells[at]) ? 1 : 0;
    }
  }
  return applied;
}

//--- flags
//-------------------------------------------------------------------------------------------------------

inline server::Profile server_profile(unsigned style, unsigned age, unsigned flags) {
  const auto flag = [&](unsigned bit) { return (flags >> bit & 1) != 0; };
  return {.close_style = static_cast<CloseStyle>(style),
          .age_close = static_cast<AgeClose>(age),
          .early_closes = flag(0),
          .idle_drains = flag(1),
          .idle_408 = flag(2),
          .idle_starts_buffered = flag(3),
          .shutdown_announced = flag(4),
          .reads_during_close = flag(5),
          .aborts_half_closed = flag(6),
          .limits_requests = flag(7),
          .closes_unannounced = flag(8),
          .close_delimited = flag(9),
          .on_expectation = static_cast<server::OnExpectation>(flag(10)   ? 1
                                                               : flag(11) ? 2
                                                                          : 0)};
}
inline constexpr unsigned kServerFlags = 1u << 12;
/// Of them the first are taken in every combination.
inline constexpr unsigned kClientFlags = 1u << 17, kClientFlagsCombined = 1u << 9;
inline client::Profile client_profile(unsigned flags) {
  const auto flag = [&](unsigned bit) { return (flags >> bit & 1) != 0; };
  return {.write_error_fatal = flag(0),
          .closes_when_early = flag(1),
          .peeks = flag(2),
          .watches = flag(3),
          .pipelines = flag(4),
          .half_closes = flag(5),
          .reads_while_sending = flag(6),
          .limits_requests = flag(7),
          .single_use = flag(8),
          .attaches_later = flag(9),
          .honours_close = !flag(10),
          .idle_from_start = flag(11),
          .waits_for_close = flag(12),
          .closes_on_removal = flag(13),
          .expects_continue = flag(14),
          .ages_when_freed = flag(15),
          .omits_content = flag(16)};
}

/// Every close style and age close, with flags that between them take every pair of values.
inline const std::vector<std::pair<server::Profile, Table>>& servers() {
  static const auto all = [] {
    std::vector<std::pair<server::Profile, Table>> made;
    for (unsigned style = 0; style < 5; ++style) {
      for (unsigned age = 0; age < 3; ++age) {
        for (const unsigned flags :
             {0x000u, 0x7ffu, 0x90fu, 0x4f0u, 0x233u, 0x8ccu, 0x555u, 0xaaau}) {
          const server::Profile profile = server_profile(style, age, flags);
          made.emplace_back(profile, server::connection_table(profile));
        }
      }
    }
    return made;
  }();
  return all;
}
inline const std::vector<std::pair<client::Profile, Table>>& clients() {
  static const auto all = [] {
    std::vector<std::pair<client::Profile, Table>> made;
    for (unsigned first = 0; first < kClientFlagsCombined; ++first) {
      // The others go round beside them, in another rhythm.
      const unsigned flags = first | (first * 7 + first / 16) % 256 * kClientFlagsCombined;
      made.emplace_back(client_profile(flags), client::connection_table(client_profile(flags)));
    }
    return made;
  }();
  return all;
}

/// Three events of four have a row where they arrive, so that scripts get somewhere.
inline std::vector<EventId> any_script(const Table& table) {
  Cursor cursor(table);
  std::vector<EventId> script;
  for (const std::uint8_t byte : *rc::gen::arbitrary<std::vector<std::uint8_t>>()) {
    std::vector<EventId> expected;
    for (EventId event = 0; event < table.events.size(); ++event) {
      if (byte % 4 == 0 || table.at(cursor.local(), event).verdict == Verdict::taken) {
        expected.push_back(event);
      }
    }
    if (expected.empty()) break;
    script.push_back(expected[byte / 4 % expected.size()]);
    cursor.step(script.back());
  }
  return script;
}

/// The local states that `from` leads to by any events but `never`, itself included.
inline std::vector<LocalId> reachable(const Table& table, LocalId from, int never = -1) {
  std::vector<LocalId> found{from};
  std::vector<bool> seen(table.locals.size());
  seen[from] = true;
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (EventId event = 0; event < table.events.size(); ++event) {
      const LocalId to = table.at(found[next], event).next;
      if (event == never) continue;
      if (!seen[to]) found.push_back(to);
      seen[to] = true;
    }
  }
  return found;
}

}  // namespace halfclose::http1
