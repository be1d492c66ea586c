// Properties of the middlebox (model/net/middlebox.hpp).
#include "model/net/middlebox.hpp"

#include "model/machine/rows.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace halfclose::net {
namespace {

template <class E> constexpr EventId kBox = machine::event_id<Middlebox, E>();

bool says(const Table& table, const Cell& cell, Out output) {
  const auto& outputs = table.outputs_of(cell);
  return std::count(outputs.begin(), outputs.end(), static_cast<OutputId>(output)) > 0;
}

TEST_CASE("middlebox: the table", "[model][net]") {
  for (const bool kept_alive : {false, true}) {
    const Table table = middlebox_table(kept_alive);
    CHECK(table.overlaps.empty());
    for (const auto hits : table.row_hits())
      CHECK(hits > 0);
  }
}

TEST_CASE("middlebox: a segment", "[model][net]") {
  const Table table = middlebox_table();
  SECTION("passes, and is reason to remember, while the connection is known") {
    Cursor cursor(table);
    for (const auto& [event, passes] : {std::pair{kBox<segment::ToServer>, Out::to_server},
                                        std::pair{kBox<segment::ToClient>, Out::to_client}}) {
      const Cell& cell = cursor.step(event);
      CHECK(says(table, cell, passes));
      CHECK(says(table, cell, Out::arm));
    }
  }
  SECTION("is dropped for ever once the connection is forgotten") {
    Cursor cursor(table);
    cursor.step(kBox<timeout::Forget>);
    for (int again = 0; again < 2; ++again) {
      const Cell& to_server = cursor.step(kBox<segment::ToServer>);
      CHECK(table.outputs_of(to_server).size() == 1);
      CHECK(says(table, to_server, Out::drops_to_server));
      const Cell& to_client = cursor.step(kBox<segment::ToClient>);
      CHECK(table.outputs_of(to_client).size() == 1);
      CHECK(says(table, to_client, Out::drops_to_client));
    }
  }
  SECTION("starts no timer where probes keep the connection alive") {
    const Table kept = middlebox_table(true);
    const Cell& cell = Cursor(kept).step(kBox<segment::ToServer>);
    CHECK(says(kept, cell, Out::to_server));
    CHECK_FALSE(says(kept, cell, Out::arm));
  }
}

}  // namespace
}  // namespace halfclose::net
