// A TCP segment with the numbers that the endpoint table abstracts from, and how a script picks
// one.
//
// Abstracts from: the bytes themselves, checksums, urgent data, timestamps, SACK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::tcp {

/// A sequence number that never wraps: the incarnation of the connection above, the number relative
/// to the ISN of that incarnation below. So an old duplicate lies below every window of a later
/// incarnation.
using Sequence = std::uint64_t;
inline constexpr unsigned kRelativeBits = 32;

constexpr Sequence isn_of(std::uint32_t incarnation) {
  return Sequence{incarnation} << kRelativeBits;
}
/// The number as traces print it: SYN has 0, the first byte 1.
constexpr std::uint32_t relative(Sequence number) {
  return static_cast<std::uint32_t>(number);
}

struct Segment {
  Sequence seq = 0;
  Sequence ack = 0;          ///< counts only with `acks`
  std::uint32_t length = 0;  ///< bytes of data
  std::uint32_t window = 0;  ///< bytes
  std::uint32_t mss = 0;     ///< bytes; on SYN only
  bool syn = false;
  bool acks = false;
  bool fin = false;
  bool rst = false;
  bool news = false;  ///< a pure ACK that acknowledges more than before, or opens the window

  Sequence text_end() const { return seq + (syn ? 1 : 0) + length; }
  Sequence end() const { return text_end() + (fin ? 1 : 0); }
  bool pure_ack() const { return acks && length == 0 && !syn && !fin && !rst; }
  /// `FIN,ACK seq=14 ack=10`, `DATA seq=1 ack=10 len=13`, `RST seq=1`.
  std::string text() const;
};

/// Which segments of a direction are meant; an empty selector means any.
struct Selector {
  bool syn = false;
  bool data = false;
  bool fin = false;
  bool rst = false;
  bool ack = false;  ///< alone: a pure ACK; with another kind: the ACK bit
  std::optional<std::uint32_t> seq = std::nullopt;
  std::optional<std::uint32_t> ack_number = std::nullopt;
  std::optional<std::uint32_t> length = std::nullopt;
  std::size_t occurrence = 1;  ///< counted from 1, in the order of the direction

  bool matches(const Segment& segment) const;
  /// The index of the `occurrence`-th match.
  std::optional<std::size_t> find_in(const std::vector<Segment>& segments) const;
};

}  // namespace halfclose::tcp
