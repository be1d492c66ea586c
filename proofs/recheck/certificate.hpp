// A proof certificate as data: a system, what it must not emit, and the states it can be in.
//
// This room shares no code with the engines whose work it checks: it knows the file format
// (docs/reference/certificate.md) and the meaning of a step written there, and nothing else of this
// project.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::recheck {

inline constexpr std::uint8_t kNone = 0xff;  ///< no queue, no message
inline constexpr std::int16_t kAlways = -1, kOnAlert = -2;

enum class Do : std::uint8_t { raise, send, arm, cancel, clear, block, unblock, age };

struct Action {
  Do what = Do::raise;
  std::uint8_t target = 0;
  std::uint8_t event = 0;
  std::uint8_t payload = kNone;
  std::uint64_t only_payloads = 0;
  std::int16_t only_during = kAlways;
  std::uint8_t more_in = kNone;
  std::uint8_t event_if_more = 0;
};
using Actions = std::vector<Action>;

struct Cell {
  bool taken = false;
  std::uint16_t next = 0, outputs = 0;
};
struct Row {
  std::string name;
  std::vector<Cell> cells;  ///< per event
};
struct Component {
  std::string name;
  std::uint8_t lane = 0;
  std::uint16_t initial = 0;
  std::vector<std::string> events, outputs;
  std::vector<std::vector<std::uint8_t>> lists;
  std::vector<std::int32_t> row_of;  ///< per local: index into rows; -1: the file does not say
  std::vector<Row> rows;
  std::vector<Actions> bindings;  ///< per output
  std::vector<bool> bad;          ///< per output: must not be emitted
};
struct Queue {
  std::string name;
  bool receive = false, alerts = false;
  std::uint8_t capacity = 0, lane = 0;
  std::vector<Actions> deliveries;  ///< per message
};
struct Timer {
  std::string name;
  std::uint8_t owner = 0, event = 0, yields_to = kNone;
  bool off = false;
};
struct Choice {
  std::string name;
  std::uint8_t component = 0, event = 0;
};
struct Lane {
  std::string name;
  std::vector<std::pair<std::uint8_t, std::vector<std::uint16_t>>> over_in;
  Actions on_renewed;
};

struct Certificate {
  std::string title;
  std::vector<std::string> messages;
  std::uint64_t urgent = 0;
  std::vector<Component> components;
  std::vector<Queue> queues;
  std::vector<Timer> timers;
  std::vector<Choice> choices;
  std::vector<Lane> lanes;
  std::uint32_t system_mark = 0;  ///< CRC-32 of the file up to the states
  std::size_t width = 0, count = 0;
  std::string_view states;  ///< `count` times `width` bytes, ascending
};

/// The file is no certificate; `offset` is where that shows.
struct Unreadable : std::runtime_error {
  Unreadable(std::size_t offset, const std::string& what)
      : std::runtime_error(what), offset(offset) {}
  std::size_t offset;
};

/// @param bytes  the file; must outlive the result
/// @errors       Unreadable
Certificate read(std::string_view bytes);

}  // namespace halfclose::recheck
