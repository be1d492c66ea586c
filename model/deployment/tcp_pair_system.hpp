// Two endpoints, two wires, two users: a System without HTTP, whose size is a number. For benchmarks, exports and
// comparisons with other checkers.
//
// A user may do whatever its descriptor allows, once: connect or listen, send, receive, shut down, close, abort.
// What keeps the wires finite is TCP's own rule: at most `window` segments of data are unacknowledged, and what is
// sent beyond waits in the kernel. A segment is answered by one segment at most, so a wire holds at most
// 2 * window + 4 of them: the data and FIN and RST of one end, and its answers to those of the other.
// Abstracts from: loss, a second connection between the same ends. Segments are classified as in hop_system.cpp.
#pragma once

#include "model/system/system.hpp"

namespace halfclose::deployment {

namespace pair {
enum Component : system::Index { left_user, left, right_user, right };
enum Queue : system::Index { to_right, to_left };
enum Message : system::Message { syn, syn_ack, ack, ack_data, ack_fin, data, fin, rst, rst_to_data };
}  // namespace pair

inline constexpr int kPairWindowMax = 2;

/// @param window  segments of data that may be unacknowledged at each end, from 0 to kPairWindowMax
system::System tcp_pair_system(int window);

}  // namespace halfclose::deployment
