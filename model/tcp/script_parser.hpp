// The text of a TCP script as steps (docs/reference/tcp-script.md).
#pragma once

#include "model/tcp/conversation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace halfclose::tcp::script {

inline constexpr std::size_t kScriptMaxBytes = std::size_t{256} * 1024;
inline constexpr std::size_t kScriptMaxLines = 2000;
inline constexpr std::size_t kNameMaxBytes = 16;

// An empty `expected` expects nothing.
struct MakeCall {
  Side side;
  Call call;
  std::uint32_t bytes;
  std::string expected;
};
struct Poll {
  Side side;
  Readiness asked;
  std::string expected;
};
struct SetOption {
  Side side;
  Option option;
  std::uint32_t value;
};
struct HoldAcks {
  bool held;
};
struct OnWire {
  enum class Act : std::uint8_t { deliver, drop, duplicate };
  Act act;
  Side from;
  Selector selector;
};
struct DeliverAll {};
struct Expire {
  Side side;
  Timer timer;
  std::string expected;
};
struct ExpectState {
  Side side;
  std::string state;
};
struct ExpectSegment {
  enum class Where : std::uint8_t { in_flight, nothing_in_flight, never_sent };
  Where where;
  Side from;
  Selector selector;
};
struct ExpectQueue {
  bool input;  ///< SIOCINQ, else SIOCOUTQ
  Side side;
  std::uint32_t bytes;
};

struct Step {
  std::size_t line;  ///< counted from 1
  std::string text;  ///< as written, one space between words, without comment
  std::variant<MakeCall, Poll, SetOption, HoldAcks, OnWire, DeliverAll, Expire, ExpectState,
               ExpectSegment, ExpectQueue>
      body;
};
struct Script {
  std::array<std::string, 2> names;
  std::vector<Step> steps;
};
struct ParseError {
  std::size_t line;  ///< counted from 1
  std::string text;  ///< the rule, what was found, what to do
};

std::variant<Script, ParseError> parse(std::string_view text);

}  // namespace halfclose::tcp::script
