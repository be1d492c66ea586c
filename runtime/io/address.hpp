// An address to listen on or to connect to: `127.0.0.1:8080`, `[::1]:8080`.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace halfclose::runtime {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string text;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// @return nothing when `text` is no numeric address with a port
std::optional<Address> parse_address(std::string_view text);

/// A socket that listens, non-blocking. @param shared  several threads bind the same port
/// @return the descriptor, or -1 with errno
int listen_on(const Address& address, bool shared);
/// The port that a listening socket has.
int port_of(int listener);

}  // namespace halfclose::runtime
