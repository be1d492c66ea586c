// Properties of the kit that machines are written in (model/machine): of three machines of its own,
// under arbitrary scripts. What does not compile is in traps_test.sh.
#include "model/machine/machine.hpp"

#include "model/machine/tabulate.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <ostream>
#include <set>
#include <utility>
#include <vector>

namespace halfclose::machine {
namespace toy {  // not anonymous: names of rows are part of what is tested

//--- a door: every kind of row there is
//--------------------------------------------------------------------------

struct Shut : State<"SHUT"> {};
struct Open : State<"OPEN-WIDE"> {};
struct Gone : State<"GONE"> {};

struct Push : Event<"push"> {};
struct Pull : Event<"pull"> {};
struct Lock : Event<"lock"> {};
struct Knock : Event<"knock"> {};
struct Kick : Event<"kick"> {};

enum class Sound : std::uint8_t { creak, slam, alarm, echo };

struct Memory {
  std::uint8_t knocks = 0;
  bool locked = false;
  bool kicked = false;
};
constexpr bool patient(const Memory& m) {
  return m.knocks < 3;
}
constexpr void lock(Memory& m) {
  m.locked = true;
}
constexpr void forget(Memory& m) {
  m = {};
}
constexpr void kick(Memory& m) {
  m.kicked = true;
}
constexpr void answer(Memory& m, Outputs<Sound>& out) {
  for (int i = ++m.knocks; i > 0; --i)
    out.append(Sound::echo);
}

struct Door : Machine<Door, Memory, Sound> {
  static constexpr std::string_view name = "door";
  static constexpr std::string_view output_names[] = {"creak", "slam", "alarm", "echo"};
  static std::string describe(const Memory& m) {
    if (m.knocks == 0 && !m.locked && !m.kicked) return {};
    return std::to_string(m.knocks) + (m.locked ? " locked" : "") + (m.kicked ? " kicked" : "");
  }

  using initial_state = Shut;
  using transition_table = Rows<
      Row<Shut, Push, Unless<&Memory::locked>, Do<Sound::creak>, Open, Rfc9112<"9.1">>,
      Row<Shut, Push, If<&Memory::locked>, Do<Sound::alarm, forget, Sound::creak, Sound::slam>,
          Open, Product<"a good lock">>,
      Row<Shut, Lock, Always, Do<lock>, Stay, Model<"locks stay">>,
      Row<Shut, Knock, If<patient>, Do<answer>, Stay, Linux<"knock(2)">>,
      Row<Shut, Kick, All<If<&Memory::locked>, Unless<&Memory::kicked>>, Do<kick>, Stay,
          Rfc9293<"3.10">>,
      Row<Shut, Kick, If<&Memory::locked, &Memory::kicked>, Nothing, Gone, Rfc2525<"2.17">>,
      Row<Open, Pull, Always, Do<Sound::slam>, Shut, Rfc9110<"15">>,
      Row<Open, Knock, Always, Nothing, Stay, Rfc5961<"3">>,
      Row<Open, Kick, If<&Memory::kicked>, Do<Sound::alarm>, Gone, Model<"never: a push forgets">>>;
};
enum DoorRow : std::uint16_t {
  freely,
  by_force,
  locks,
  answers,
  first_kick,
  second_kick,
  closes,
  ignores,
  never
};

/// The door once more, by hand.
struct HandDoor {
  enum { shut, open, gone } at = shut;
  Memory memory;

  Running::Result step(EventId event) {
    const Verdict verdict = take(event);
    const std::string context = Door::describe(memory);
    constexpr std::string_view kNames[] = {"SHUT", "OPEN-WIDE", "GONE"};
    return {verdict, std::exchange(out, {}),
            std::string(kNames[at]) + (context.empty() ? "" : " (" + context + ")")};
  }

 private:
  Verdict take(EventId event) {
    if (at == shut && event == event_id<Door, Push>()) {
      if (memory.locked) {
        memory = {};
        say(Sound::alarm);
        say(Sound::creak);
        say(Sound::slam);
      } else {
        say(Sound::creak);
      }
      at = open;
      return Verdict::taken;
    }
    if (at == shut && event == event_id<Door, Lock>()) {
      memory.locked = true;
      return Verdict::taken;
    }
    if (at == shut && event == event_id<Door, Knock>()) {
      if (memory.knocks == 3) return Verdict::guard_rejected;
      ++memory.knocks;
      for (int i = 0; i < memory.knocks; ++i)
        say(Sound::echo);
      return Verdict::taken;
    }
    if (at == shut && event == event_id<Door, Kick>()) {
      if (!memory.locked) return Verdict::guard_rejected;
      if (memory.kicked) at = gone;
      memory.kicked = true;
      return Verdict::taken;
    }
    if (at == open && event == event_id<Door, Pull>()) {
      say(Sound::slam);
      at = shut;
      return Verdict::taken;
    }
    if (at == open && event == event_id<Door, Knock>()) return Verdict::taken;
    if (at == open && event == event_id<Door, Kick>()) return Verdict::guard_rejected;
    return Verdict::refused;
  }
  void say(Sound sound) { out.push_back(static_cast<OutputId>(sound)); }
  std::vector<OutputId> out;
};

const Table& door() {
  static const Table table = tabulate<Door>();
  return table;
}

//--- machines that are wrong
//-------------------------------------------------------------------------------------

constexpr bool early(const Memory& m) {
  return m.knocks < 2;
}
constexpr bool late(const Memory& m) {
  return m.knocks > 0;
}

struct Overlapping : Machine<Overlapping, Memory, Sound> {
  static constexpr std::string_view name = "overlapping";
  static constexpr std::string_view output_names[] = {"creak", "slam", "alarm", "echo"};
  static std::string describe(const Memory& m) { return std::to_string(m.knocks); }
  using initial_state = Shut;
  using transition_table = Rows<Row<Shut, Push, If<early>, Do<Sound::creak>, Open, Model<"">>,
                                Row<Shut, Push, If<late>, Do<Sound::alarm>, Gone, Model<"">>,
                                Row<Shut, Knock, If<patient>, Do<answer>, Stay, Model<"">>>;
};

struct Chatty : Machine<Chatty, Memory, Sound> {
  static constexpr std::string_view name = "chatty";
  static constexpr std::string_view output_names[] = {"creak", "slam", "alarm", "echo"};
  static std::string describe(const Memory&) { return {}; }
  static constexpr void say_all_it_may(Memory&, Outputs<Sound>& out) {
    for (std::size_t i = 0; i < machine::kOutputsMax; ++i)
      out.append(Sound::creak);
  }
  using initial_state = Shut;
  using transition_table =
      Rows<Row<Shut, Push, Always, Do<say_all_it_may>, Open, Model<"">>,
           Row<Open, Push, Always, Do<say_all_it_may, Sound::slam>, Shut, Model<"">>>;
};
struct Full : Machine<Full, Memory, Sound> {
  static constexpr std::string_view name = "full";
  static constexpr std::string_view output_names[] = {"creak", "slam", "alarm", "echo"};
  static std::string describe(const Memory&) { return {}; }
  using initial_state = Shut;
  using transition_table =
      Rows<Row<Shut, Push, Always, Do<Chatty::say_all_it_may>, Open, Model<"">>>;
};

struct Tally {
  std::uint16_t count = 0;
};
constexpr void count(Tally& tally) {
  ++tally.count;
}
struct Endless : Machine<Endless, Tally, Sound> {
  static constexpr std::string_view name = "endless";
  static constexpr std::string_view output_names[] = {"creak", "slam", "alarm", "echo"};
  static std::string describe(const Tally&) { return {}; }
  using initial_state = Shut;
  using transition_table = Rows<Row<Shut, Knock, Always, Do<count>, Stay, Model<"">>>;
};

//--- scripts
//-----------------------------------------------------------------------------------------------------

struct Script {
  std::vector<EventId> events;
};
std::ostream& operator<<(std::ostream& out, const Script& script) {
  const char* between = "";
  for (const EventId event : script.events) {
    out << std::exchange(between, ", ") << door().events[event];
  }
  return out;
}
Script any_script() {
  const auto events = rc::gen::inRange<EventId>(0, static_cast<EventId>(door().events.size()));
  return *rc::gen::map(rc::gen::container<std::vector<EventId>>(events),
                       [](std::vector<EventId> all) { return Script{std::move(all)}; });
}

const Cell& cell_after(const Table& table, std::initializer_list<EventId> script) {
  Cursor cursor(table);
  const Cell* cell = nullptr;
  for (const EventId event : script)
    cell = &cursor.step(event);
  return *cell;
}
constexpr EventId kPush = event_id<Door, Push>(), kPull = event_id<Door, Pull>(),
                  kLock = event_id<Door, Lock>(), kKnock = event_id<Door, Knock>(),
                  kKick = event_id<Door, Kick>();

TEST_CASE("machine kit: a tabulated machine", "[model][machine]") {
  rc::prop("means the same to the table, to Boost.MSM and to a switch by hand", [] {
    const Script script = any_script();
    Cursor cursor(door());
    RunningOf<Door> msm(Memory{});
    HandDoor hand;
    for (const EventId event : script.events) {
      const Cell& cell = cursor.step(event);
      const Running::Result by_msm = msm.step(event);
      RC_ASSERT(by_msm.verdict == cell.verdict);
      RC_ASSERT(by_msm.outputs == door().outputs_of(cell));
      RC_ASSERT(by_msm.local == door().local_name(cursor.local()));
      RC_ASSERT(by_msm == hand.step(event));
    }
  });
  rc::prop("starts from the context it is given", [](bool locked, bool kicked) {
    const auto knocks = *rc::gen::inRange<std::uint8_t>(0, 4);
    const Memory memory{knocks, locked, kicked};
    const Table table = tabulate<Door>(memory);
    RC_ASSERT(table.state_name(0) == "SHUT");
    RC_ASSERT(table.locals[0].context == Door::describe(memory));
    RC_ASSERT((table.at(0, kKnock).verdict == Verdict::taken) == (knocks < 3));
  });
  SECTION("numbers each local state once, from the initial one") {
    std::set<std::string> names;
    for (std::size_t local = 0; local < door().locals.size(); ++local) {
      CHECK(names.insert(door().local_name(static_cast<LocalId>(local))).second);
    }
    CHECK(door().local_name(0) == "SHUT");
    CHECK(door().cells.size() == door().locals.size() * door().events.size());
    CHECK(door().bytes() == door().cells.size() * sizeof(Cell));
    for (const Cell& cell : door().cells)
      CHECK(cell.next < door().locals.size());
  }
  SECTION("tells a guard that rejects from an event without a row") {
    CHECK(cell_after(door(), {kKick}).verdict == Verdict::guard_rejected);
    CHECK(cell_after(door(), {kPull}).verdict == Verdict::refused);
    for (const Cell& cell : door().cells) {
      CHECK((cell.row == kNoRow) == (cell.verdict != Verdict::taken));
    }
  }
  SECTION("stays where it is on an event that it does not take") {
    for (std::size_t at = 0; at < door().cells.size(); ++at) {
      const Cell& cell = door().cells[at];
      if (cell.verdict == Verdict::taken) continue;
      CHECK(cell.next == at / door().events.size());
      CHECK(door().outputs_of(cell).empty());
    }
  }
  SECTION("takes an internal row without leaving its state, and an empty one without a trace") {
    const Cell& knocked = cell_after(door(), {kKnock});
    CHECK(knocked.row == answers);
    CHECK(door().local_name(knocked.next) == "SHUT (1)");
    const Cell& ignored = cell_after(door(), {kPush, kKnock});
    CHECK(ignored.verdict == Verdict::taken);
    CHECK(ignored.row == ignores);
    CHECK(door().local_name(ignored.next) == "OPEN-WIDE");
    CHECK(ignored.outputs == 0);
  }
  SECTION("says its outputs in the order of the row") {
    const std::vector<OutputId> forced = {2, 0, 1}, echoes = {3, 3, 3};
    CHECK(door().outputs_of(cell_after(door(), {kLock, kPush})) == forced);
    CHECK(door().outputs_of(cell_after(door(), {kKnock, kKnock, kKnock})) == echoes);
  }
  SECTION("finds its events by name") {
    CHECK(door().find_event("knock") == kKnock);
    CHECK(door().find_event("knoc") == -1);
    CHECK(door().find_event("") == -1);
  }
}

TEST_CASE("machine kit: rows in print", "[model][machine]") {
  const std::vector<RowText>& rows = door().rows;
  SECTION("carry the names that the standard has") {
    CHECK(rows[closes].from == "OPEN-WIDE");
    CHECK(rows[closes].on == "pull");
    CHECK(rows[closes].to == "SHUT");
    CHECK(rows[closes].document == "RFC 9110");
    CHECK(rows[closes].clause == "15");
    CHECK(rows[by_force].document == "product");
  }
  SECTION("name guards and effects without their namespaces") {
    CHECK(rows[freely].when == "Unless<locked>");
    CHECK(rows[answers].when == "If<patient>");
    CHECK(rows[first_kick].when == "All<If<locked>, Unless<kicked> >");
    CHECK(rows[second_kick].when == "If<locked, kicked>");
    CHECK(rows[by_force].effects == "alarm, forget, creak, slam");
    CHECK(rows[answers].effects == "answer");
  }
  SECTION("leave out what is not there") {
    CHECK(rows[ignores].when.empty());
    CHECK(rows[ignores].effects.empty());
    CHECK(rows[ignores].internal);
    CHECK(rows[ignores].to == rows[ignores].from);
    CHECK_FALSE(rows[second_kick].internal);
  }
}

TEST_CASE("machine kit: what is wrong with a table", "[model][machine]") {
  SECTION("a row that never fires has no hits, and every other has") {
    const std::vector<std::uint32_t> hits = door().row_hits();
    REQUIRE(hits.size() == 9);
    for (std::size_t row = 0; row < hits.size(); ++row)
      CHECK((hits[row] == 0) == (row == never));
  }
  SECTION("two rows whose guards both hold are reported where they do, and the later one wins") {
    const Table table = tabulate<Overlapping>();
    REQUIRE(table.overlaps.size() == 1);
    const Overlap& overlap = table.overlaps[0];
    CHECK(table.local_name(overlap.local) == "SHUT (1)");
    CHECK(table.events[overlap.event] == "push");
    CHECK(overlap.first_row == 0);
    CHECK(overlap.second_row == 1);
    CHECK(table.at(overlap.local, overlap.event).row == 1);
    CHECK(door().overlaps.empty());
  }
  SECTION("one output more than a row may have throws") {
    CHECK_THROWS_AS(tabulate<Chatty>(), std::length_error);
    CHECK_THROWS_WITH(tabulate<Chatty>(),
                      Catch::Contains("chatty") && Catch::Contains("12 outputs"));
    CHECK(tabulate<Full>().output_lists.back().size() == machine::kOutputsMax);
  }
  SECTION("more local states than 65535 throw") {
    CHECK_THROWS_AS(tabulate<Endless>(), std::length_error);
  }
}

TEST_CASE("machine kit: a table without a row", "[model][machine]") {
  rc::prop("differs in the cells of that row and in no other", [] {
    const auto row =
        *rc::gen::inRange<std::uint16_t>(0, static_cast<std::uint16_t>(door().rows.size()));
    const Table cut = without_row(door(), row);
    std::uint32_t changed = 0;
    for (std::size_t at = 0; at < cut.cells.size(); ++at) {
      if (door().cells[at].row != row) {
        RC_ASSERT(cut.cells[at] == door().cells[at]);
        continue;
      }
      ++changed;
      RC_ASSERT(cut.cells[at].next == at / cut.events.size());
      RC_ASSERT(cut.cells[at].verdict == Verdict::taken);
      RC_ASSERT(cut.outputs_of(cut.cells[at]).empty());
    }
    RC_ASSERT(changed == door().row_hits()[row]);
    RC_ASSERT(cut.locals.size() == door().locals.size());
  });
  SECTION("no longer does what the row did") {
    const Table cut = without_row(door(), locks);
    CHECK(door().state_name(cell_after(door(), {kLock, kKick, kKick}).next) == "GONE");
    CHECK(door().state_name(cell_after(cut, {kLock, kKick, kKick}).next) == "SHUT");
  }
}

}  // namespace toy
}  // namespace halfclose::machine
