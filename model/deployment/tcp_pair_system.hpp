// Two endpoints, two wires, two users: a System without HTTP, whose size is a number. For
// benchmarks, exports and comparisons with other checkers.
//
// The left user may connect and the right one listen; then each may do what its descriptor allows:
// send, receive, shut down, close, abort. What keeps the wires finite is TCP's own rule: a limited
// number of segments of data is unacknowledged, and what is sent beyond waits in the kernel. A
// segment is answered by one segment at most, so a wire holds no more than the data, FIN and RST of
// one end and its answers to the data and FIN of the other. Abstracts from: loss, simultaneous
// open, a second connection. Segments are classified as in hop_system.cpp.
#pragma once

#include "model/system/system.hpp"

namespace halfclose::deployment {

namespace pair {
enum Component : system::Index { left_user, left, right_user, right };
enum Queue : system::Index { to_right, to_left };
enum Message : system::Message {
  syn,
  syn_ack,
  ack,
  ack_data,
  ack_fin,
  data,
  held_data,
  fin,
  rst,
  rst_to_data
};
}  // namespace pair

/// Segments of data that may be unacknowledged at each end. The defaults make a million states.
struct PairWindows {
  int left = 3, right = 2;
};
/// The sum of both windows that the wires have room for.
inline constexpr int kPairWindowsMax = system::kQueueItems - 3;

/// @pre windows are not negative
/// @errors std::length_error when their sum exceeds kPairWindowsMax
system::System tcp_pair_system(PairWindows windows = {});

}  // namespace halfclose::deployment
