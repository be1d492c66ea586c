// What the programs here need besides the tables: sockets on the loopback interface, a clock, and
// where an HTTP/1.1 message ends.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <utility>

inline std::int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket that listens on any free port, which becomes `port`; -1 when there is none.
inline int listen_on_loopback(int& port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0), room = 1 << 18;
  setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);  // a response fits in
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || listen(listener, 64) != 0) return -1;
  getsockname(listener, generic, &size);
  port = ntohs(address.sin_port);
  return listener;
}

/// Waits until there is something to read, if that is wanted. @return false when `until` was first
inline bool readable(int fd, bool wanted, std::int64_t until) {
  const std::int64_t left = std::clamp<std::int64_t>(until - now_ms(), 0, 60'000);
  pollfd look{wanted ? fd : -1, POLLIN, 0};
  return poll(&look, 1, static_cast<int>(left)) > 0;
}

/// Appends what there is. @return how much; 0 is the end, less is an error
inline ssize_t read_some(int fd, std::string& in) {
  char bytes[16'384];
  const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
  if (size > 0) in.append(bytes, static_cast<std::size_t>(size));
  return size;
}

inline bool send_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t more = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (more < 0) return false;
    sent += static_cast<std::size_t>(more);
  }
  return true;
}

/// The head at the front of some bytes.
struct Head {
  explicit Head(const std::string& bytes) : size(bytes.find("\r\n\r\n")) {
    complete = size != std::string::npos;
    if (!complete) return;
    size += 4;
    const std::size_t length = bytes.find("Content-Length: ");
    if (length < size) content = std::strtoul(bytes.c_str() + length + 16, nullptr, 10);
    closes = bytes.find("Connection: close") < size;
  }
  bool complete = false, closes = false;
  std::size_t size, content = 0;
};
