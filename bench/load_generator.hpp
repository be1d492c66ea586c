// The clients and the origin of a proxy, in one thread: clients that ask again as soon as they are
// answered, on connections that stay open. Every response is checked.
#pragma once

#include "bench/child_process.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace halfclose::bench {

enum class Work : std::uint8_t { get, get16k, post };
inline constexpr Work kWorks[] = {Work::get, Work::get16k, Work::post};
const char* name_of(Work work);

/// A proxy that runs.
struct Target {
  pid_t process = -1;
  std::uint16_t port = 0;
};

/// What was seen in one stretch of time.
struct Load {
  double seconds = 0;
  std::uint64_t requests = 0;
  double us_per_request = 0;  ///< processor time of the proxy
  double utilisation = 0;     ///< of the proxy: processor time over wall time
  double waited = 0;  ///< part of the wall time that other programs took from one of the two
  double p50_us = 0, p99_us = 0;
};

class LoadGenerator {
 public:
  /// @errors std::runtime_error when sockets cannot be had
  LoadGenerator();
  ~LoadGenerator();
  LoadGenerator(const LoadGenerator&) = delete;
  LoadGenerator& operator=(const LoadGenerator&) = delete;

  std::uint16_t origin_port() const { return origin_port_; }

  /// `clients` connections to the proxy, a request under way on each for `seconds`, after a tenth
  /// of a second that does not count.
  /// @errors std::runtime_error on any response that is not the right one
  Load run(const Target& proxy, Work work, std::size_t clients, double seconds);

  /// `clients` connections more to the proxy, that ask nothing.
  void connect_idle(const Target& proxy, std::size_t clients);
  /// Lets the proxy do what it still has to, until it has rested for a tenth of a second.
  void settle(const Target& proxy);
  /// One request on each of them.
  void ask_each(Work work);
  void disconnect();

  /// From a signal handler: what goes on fails.
  static void stop() { stopped_ = true; }

 private:
  struct Peer;
  void ask(Peer& client);
  void turn(int timeout_ms);
  void accept_all();
  void look(Peer& peer);
  void take_request(Peer& peer, const char* bytes, std::size_t size);
  void take_response(Peer& peer, const char* bytes, std::size_t size);
  void add(std::unique_ptr<Peer> peer);
  static std::uint64_t now_ns();

  inline static std::atomic<bool> stopped_{false};
  std::uint16_t origin_port_ = 0;
  int listener_ = -1, epoll_ = -1;
  std::vector<std::unique_ptr<Peer>> clients_, servers_;
  std::vector<char> scratch_;
  std::vector<std::uint32_t> latencies_ns_;
  Work work_ = Work::get;
  bool asks_again_ = false, server_ended_ = false;
  std::uint64_t answered_ = 0;
};

}  // namespace halfclose::bench
