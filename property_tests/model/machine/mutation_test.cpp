// Mutations: each changes what it says it changes, and nothing else.
#include "model/machine/mutation.hpp"

#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/tcp/endpoint.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <set>

using namespace halfclose::machine;
using Kind = Mutation::Kind;

namespace {

const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      halfclose::tcp::endpoint_table(), halfclose::http1::client::connection_table({}),
      halfclose::http1::server::connection_table({.idle_drains = true, .limits_requests = true})};
  return all;
}

struct Case {
  const Table* table;
  Mutation mutation;
  Patch patch;
};
Case any_case() {
  const auto which = *rc::gen::inRange<std::size_t>(0, tables().size());
  const Table& table = tables()[which];
  static std::vector<std::vector<Mutation>> known(tables().size());
  auto& mutations = known[which];
  if (mutations.empty()) mutations = mutations_of({&table});
  // Kinds first: there are many targets and few guards.
  const Kind kind = *rc::gen::element(Kind::without_row, Kind::other_target, Kind::without_output,
                                      Kind::guard_holds, Kind::guard_fails);
  const Mutation mutation = *rc::gen::suchThat(
      rc::gen::elementOf(mutations), [kind](const Mutation& m) { return m.kind == kind; });
  return {&table, mutation, patch_of(table, mutation)};
}
bool has(const std::vector<OutputId>& outputs, std::uint16_t output) {
  return std::find(outputs.begin(), outputs.end(), output) != outputs.end();
}

}  // namespace

TEST_CASE("mutation: a patch", "[model][machine]") {
  rc::prop("changes cells of its row's state and event, and each of them", [] {
    const Case c = any_case();
    const RowText& row = c.table->rows[c.mutation.row];
    RC_CLASSIFY(c.mutation.kind == Kind::guard_holds || c.mutation.kind == Kind::guard_fails);
    RC_ASSERT(!c.patch.cells.empty());
    std::set<std::size_t> changed;
    for (const auto& [index, cell] : c.patch.cells) {
      RC_ASSERT(changed.insert(index).second);
      RC_ASSERT(!(cell == c.table->cells[index]));
      const std::size_t width = c.table->events.size();
      RC_ASSERT(c.table->events[index % width] == row.on);
      RC_ASSERT(c.table->state_name(static_cast<LocalId>(index / width)) == row.from);
      if (c.mutation.kind != Kind::guard_holds)
        RC_ASSERT(c.table->cells[index].row == c.mutation.row);
    }
  });
  rc::prop("makes a table that is the same elsewhere", [] {
    const Case c = any_case();
    const Table mutated = patched(*c.table, c.patch);
    std::size_t differ = 0;
    for (std::size_t i = 0; i < mutated.cells.size(); ++i) {
      differ += !(mutated.cells[i] == c.table->cells[i]);
      RC_ASSERT(mutated.cells[i].next < mutated.locals.size());
      RC_ASSERT(mutated.cells[i].outputs < mutated.output_lists.size());
    }
    RC_ASSERT(differ == c.patch.cells.size());
  });
}

TEST_CASE("mutation: its kind", "[model][machine]") {
  rc::prop("is kept", [] {
    const Case c = any_case();
    const Table mutated = patched(*c.table, c.patch);
    const RowText& row = c.table->rows[c.mutation.row];
    const auto event = static_cast<EventId>(c.table->find_event(row.on));
    for (LocalId local = 0; local < mutated.locals.size(); ++local) {
      if (mutated.state_name(local) != row.from) continue;
      const Cell &before = c.table->at(local, event), &after = mutated.at(local, event);
      switch (c.mutation.kind) {
        case Kind::without_row:
          if (before.row == c.mutation.row) {
            RC_ASSERT(after.next == local && mutated.outputs_of(after).empty());
            RC_ASSERT(after.verdict == Verdict::taken);
          }
          break;
        case Kind::other_target:
          if (before.row == c.mutation.row)
            RC_ASSERT(mutated.locals[after.next].state == c.mutation.detail);
          break;
        case Kind::without_output: {
          if (before.row != c.mutation.row) break;
          RC_ASSERT(!has(mutated.outputs_of(after), c.mutation.detail));
          std::vector<OutputId> rest = c.table->outputs_of(before);
          std::erase(rest, static_cast<OutputId>(c.mutation.detail));
          RC_ASSERT(mutated.outputs_of(after) == rest);
          RC_ASSERT(after.next == before.next);
          break;
        }
        case Kind::guard_holds:
          RC_ASSERT(after.row == c.mutation.row);
          break;
        case Kind::guard_fails:
          RC_ASSERT(after.row != c.mutation.row);
          break;
      }
    }
  });
  SECTION("occurs for every row that fires") {
    for (const Table& table : tables()) {
      const auto hits = table.row_hits();
      std::set<std::uint16_t> rows;
      for (const Mutation& mutation : mutations_of({&table}))
        rows.insert(mutation.row);
      for (std::uint16_t row = 0; row < hits.size(); ++row) {
        INFO(table.machine << " row " << row);
        // A row that stays and does nothing can only lead elsewhere.
        CHECK(rows.contains(row) == (hits[row] > 0));
      }
    }
  }
  SECTION("is said in words") {
    const Table& table = tables()[1];
    const auto all = mutations_of({&table});
    CHECK(row_of(all.front(), table) == "unconnected on request");
    CHECK(change_of(all.front(), table) == "dropped");
    CHECK(change_of(all[1], table) == "leads to unconnected");
  }
}

TEST_CASE("mutation: a row dropped is what without_row drops", "[model][machine]") {
  for (const Table& table : tables()) {
    for (std::uint16_t row = 0; row < table.rows.size(); ++row) {
      const Table one = patched(table, patch_of(table, {Kind::without_row, row, 0}));
      CHECK(one.cells == without_row(table, row).cells);
    }
  }
}
