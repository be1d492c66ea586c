// Clients and servers that the tests of sockets play: blocking, and in threads of their own.
#pragma once

#include "runtime/io/address.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace halfclose::property_tests {

/// A blocking connection with what was read and not used yet. Nothing takes longer than ten
/// seconds.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  explicit Peer(std::uint16_t port) : Peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto to = runtime::parse_address("127.0.0.1:" + std::to_string(port));
    if (connect(fd_, to->get(), to->size) != 0) close();
  }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  /// Nothing more is sent.
  void finish() { ::shutdown(fd_, SHUT_WR); }
  /// Resets the connection once the other kernel has all that was sent. @return false: it never had
  bool reset_when_taken() {
    int left = 1;
    for (int i = 0; i < 2'000 && ioctl(fd_, SIOCOUTQ, &left) == 0 && left > 0; ++i)
      usleep(1'000);
    const linger at_once{.l_onoff = left == 0, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
    return left == 0;
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// A head, and the content that its Content-Length says; empty when the connection ends first.
  std::string message() {
    std::size_t end;
    while ((end = in_.find("\r\n\r\n")) == in_.npos) {
      if (!more()) return {};
    }
    const std::size_t at = in_.find("Content-Length: ");
    const std::size_t length = at < end ? std::stoul(in_.substr(at + 16)) : 0;
    while (in_.size() < end + 4 + length) {
      if (!more()) return {};
    }
    std::string whole = in_.substr(0, end + 4 + length);
    in_.erase(0, whole.size());
    return whole;
  }
  /// Everything until the end of the connection.
  std::string rest() {
    while (more()) {
    }
    return std::exchange(in_, {});
  }
  /// Reads and drops until the end of the connection, or `most` bytes. @return how many
  std::size_t drop(std::size_t most) {
    std::size_t dropped = std::exchange(in_, {}).size();
    while (dropped < most && more())
      dropped += std::exchange(in_, {}).size();
    return dropped;
  }

 private:
  bool more() {
    char buffer[65536];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) in_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  int fd_;
  std::string in_;
};

/// A server: `serve` has each connection until it returns.
class Server {
 public:
  explicit Server(std::function<void(Peer&)> serve) : serve_(std::move(serve)) {
    listener_ = runtime::listen_on(*runtime::parse_address("127.0.0.1:0"), false);
    thread_ = std::thread([this] { run(); });
  }
  ~Server() {
    stopping_ = true;
    Peer wake(port());
    thread_.join();
    for (std::thread& one : connections_)
      one.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return static_cast<std::uint16_t>(runtime::port_of(listener_)); }

 private:
  void run() {
    fd_set ready;
    while (!stopping_) {
      FD_ZERO(&ready);
      FD_SET(listener_, &ready);
      select(listener_ + 1, &ready, nullptr, nullptr, nullptr);
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      connections_.emplace_back([this, fd] {
        Peer peer(fd);
        if (!stopping_) serve_(peer);
      });
    }
  }
  std::function<void(Peer&)> serve_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
  std::vector<std::thread> connections_;
};

}  // namespace halfclose::property_tests
