// How one proxy behaves: the profiles of its machines, their timers, and what bounds it.
#pragma once

#include "model/deployment/chain.hpp"
#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/proxy/exchange.hpp"
#include "runtime/core/transport.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace halfclose::runtime {

inline constexpr Time kNever = std::numeric_limits<Time>::max() / 4;

struct Settings {
  http1::server::Profile server{};
  struct ServerTimers {
    Time idle = 75'000, drain = kNever, close = 5'000, linger = 30'000, age = kNever;
  } server_timers{};
  std::uint32_t server_requests = 0;  ///< on one connection; 0: any number

  http1::client::Profile client{};
  struct ClientTimers {
    Time idle = 60'000, age = kNever, response = 60'000, expect = 1'000;
  } client_timers{};
  std::uint32_t client_requests = 0;

  proxy::exchange::Profile exchange{};  ///< but for `method`, which each request decides
  bool retries_any_method = false;
  std::vector<std::string> retried_methods{};

  bool fifo = false;      ///< of idle connections, the one that waits longest is used first
  bool next_loop = true;  ///< a request that waits gets a freed connection when the turn is over
  std::size_t addresses = 1;
  std::size_t connections_max = 1024;  ///< to upstream servers
  std::size_t waiting_max = 4096;      ///< requests that wait for one
  std::size_t clients_max = 16'384;    ///< connections of clients
  Time connect_timeout = 5'000;
  unsigned failures_max =
      3;                  ///< requests in a row without a byte in answer: the address is shunned
  Time shunned = 10'000;  ///< how long it is then, or when it refused a connection, passed over
  Time shunned_max = 300'000;  ///< the same when it fails again and again, and the time doubles
};

/// Values of node `node` that the runtime does not have, each with the one it has instead:
/// `upstream.request_buffering: true, not false`.
std::vector<std::string> unserved(const deployment::Chain& chain, std::size_t node);

/// What node `node` of a chain does: the same values that `halfclose check` judges.
/// @pre it is a server and a client: neither the first nor the last; nothing of it is `unserved`
Settings settings_of(const deployment::Chain& chain, std::size_t node);

}  // namespace halfclose::runtime
