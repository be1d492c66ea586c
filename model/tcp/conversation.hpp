// Two kernels and the wire between them, in memory.
//
// The wire does nothing by itself: a segment stays in flight until it is delivered, in any order,
// or dropped. Only a pure ACK with news may be delivered at once, so that a script need not name
// every one. Abstracts from: time. A timer expires when it is told to.
#pragma once

#include "model/tcp/kernel.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace halfclose::tcp {

/// Segments one direction may carry in a conversation, copies included.
inline constexpr std::size_t kSegmentsMax = 4096;
/// Deliveries after which `deliver_all` gives up.
inline constexpr std::size_t kDeliveriesMax = 4 * kSegmentsMax;

enum class Side : std::uint8_t { first, second };
constexpr Side other(Side side) {
  return side == Side::first ? Side::second : Side::first;
}

enum class Option : std::uint8_t { nodelay, window, mss, discards_on_rst };

/// What happened on the wire.
struct Happening {
  enum class What : std::uint8_t {
    leaves,
    arrives,
    arrives_in_vain,  ///< a RST that changes nothing
    lost,
  };
  What what = What::leaves;
  Side side = Side::first;  ///< whose segment it is
  Segment segment;
};

class Conversation {
 public:
  /// @param value  bytes, for `window` and `mss`
  /// @return       false, and nothing changes, when it is too late for the option
  bool set(Side side, Option option, std::uint32_t value = 0);
  /// Pure ACKs wait on the wire like every other segment.
  void hold_acks(bool held) { acks_held_ = held; }

  CallResult call(Side side, Call call, std::uint32_t bytes = 0);
  /// @return  false when that timer is not running
  bool expire(Side side, Timer timer);

  /// Each returns false, and changes nothing, when no segment of the direction is meant.
  bool deliver(Side from, const Selector& selector = {});
  bool drop(Side from, const Selector& selector = {});
  /// Copies a segment of all that `from` has sent, delivered or not, to the end of the direction.
  bool duplicate(Side from, const Selector& selector = {});
  /// Delivers in turn, oldest first, until nothing is in flight.
  /// @return  false when that does not end within `kDeliveriesMax`
  bool deliver_all();

  const Kernel& kernel(Side side) const { return end(side).kernel; }
  const std::vector<Segment>& in_flight(Side from) const { return end(from).in_flight; }
  const std::vector<Segment>& sent(Side from) const { return end(from).sent; }
  std::vector<Happening> take_happenings();
  /// The side that wanted to send more than `kSegmentsMax`; the excess is lost.
  std::optional<Side> overflowed() const { return overflowed_; }

 private:
  struct End {
    Kernel kernel;
    std::vector<Segment> sent, in_flight;  ///< oldest first
  };
  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  const End& end(Side side) const { return ends_[static_cast<std::size_t>(side)]; }
  bool record(Side from, const Segment& segment);
  void collect(Side from);
  void arrive(Side from, const Segment& segment);

  std::array<End, 2> ends_;
  std::vector<Happening> happenings_;
  std::optional<Side> overflowed_;
  bool acks_held_ = false;
};

}  // namespace halfclose::tcp
