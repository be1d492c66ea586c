// What a proxy counts. One thread writes, any thread may read while it does.
#pragma once

#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/machine/rows.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace halfclose::runtime {

/// A number that one thread changes: no instruction has to be atomic but the store and the load.
class Counter {
 public:
  Counter() = default;
  Counter(std::uint64_t value) : value_(value) {}
  Counter(const Counter& other) : value_(other) {}
  Counter& operator=(const Counter& other) { return *this = std::uint64_t{other}; }
  Counter& operator=(std::uint64_t value) {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  Counter& operator+=(std::uint64_t more) { return *this = *this + more; }
  Counter& operator++() { return *this += 1; }
  operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// By control state, in the order of the machine's tables.
template <class Machine>
using ByState = std::array<Counter, boost::mp11::mp_size<machine::StatesOf<Machine>>::value>;

/// What happened so far; each only grows. runtime/core/metrics.cpp says what each means.
struct Counters {
  Counter clients_accepted, clients_refused, requests, responses;
  Counter connects, connect_timeouts, no_room, shunned, reuses, retries, waited;
  Counter failed_connect, failed_ended, failed_reset, failed_timeout, failed_overflow,
      failed_truncated, clients_gone, cut_off, malformed;
  Counter stale_in_pool, stale_on_peek, stale_in_use, unsolicited, informational, told_to_close;
  Counter closes_idle, closes_age, closes_announced, closes_shutdown, lingered, answered_early;
  ByState<http1::server::ServerConnection> client_resets;
  ByState<http1::client::ClientConnection> server_resets;

  void add(const Counters& more);
};

/// How it stands, as of the last turn of its loop.
struct Gauges {
  Counter clients, servers, pooled, waiting;

  void add(const Gauges& more);
};

}  // namespace halfclose::runtime
