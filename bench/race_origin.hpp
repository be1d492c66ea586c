// An origin that ends its connections in the manners that races are made of, as a process of its
// own: it can be killed, and what it executed is still known.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <span>

namespace halfclose::bench {

/// How often each request was executed, in memory that outlives the processes of the origin.
class Executions {
 public:
  /// @errors std::runtime_error when there is no memory
  explicit Executions(std::size_t requests);
  ~Executions();
  Executions(const Executions&) = delete;
  Executions& operator=(const Executions&) = delete;

  std::span<std::atomic<std::uint8_t>> counts() const { return counts_; }

 private:
  std::span<std::atomic<std::uint8_t>> counts_;
};

struct OriginManner {
  unsigned closes_after = 0;  ///< closes unannounced behind each response of this number; 0: never
  unsigned idle_ms = 0;       ///< closes a connection that was idle for so long; 0: never
  bool early_413 = false;     ///< answers a head with 413 and closes
  bool lingers = true;        ///< behind a 413: half-close, and read to the client's end
  bool announces_shutdown = true;  ///< on SIGTERM; else idle connections are closed at once
  unsigned work_us = 0;  ///< between the execution of the requests of a turn and their responses
};

/// Serves `listener` in the manner until SIGTERM, and then what its shutdown leaves.
/// @return the child process
/// @errors std::runtime_error when none can be had
pid_t start_origin(int listener, const OriginManner& manner, const Executions& executions);

}  // namespace halfclose::bench
