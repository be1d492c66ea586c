// Sockets of 127.0.0.1.
#pragma once

#include <cstdint>

namespace halfclose::bench {

/// @return the descriptor, blocking, or -1 with errno
int connect_loopback(std::uint16_t port);
/// A socket that listens on a free port, non-blocking.
/// @errors std::runtime_error when there is none
int listen_loopback(std::uint16_t& port);
/// A port that was free a moment ago.
std::uint16_t free_port();

}  // namespace halfclose::bench
