// Clients that know what became of each request: its response, or none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

namespace halfclose::bench {

struct ClientManner {
  std::size_t clients = 64;
  std::size_t requests = 0;   ///< in total; the request n asks for /n
  double seconds = 25;        ///< after which nothing more is asked
  bool gets = true;           ///< each second request is a GET, the others are POSTs
  std::size_t content = 100;  ///< bytes of a POST
  /// When set, all ask at once and wait for all; then so many ms pass.
  std::function<double()> gap_ms{};
  double every_ms = 0;  ///< between two calls of `meanwhile`
  std::function<void()> meanwhile{};
};

struct Outcomes {
  std::uint64_t requests = 0;
  std::map<int, std::uint64_t> gets, posts;  ///< whole responses by status
  std::uint64_t none = 0;   ///< the connection ended before a whole response, or nothing came
  std::uint64_t wrong = 0;  ///< responses to another request
};

/// A client reads what comes although a write failed, and stops sending when it has its response.
/// @errors std::runtime_error when the proxy accepts no connection
Outcomes run_clients(std::uint16_t port, const ClientManner& manner);

/// Of the request `id`, as `run_clients` asks it.
bool is_get(const ClientManner& manner, std::size_t id);

}  // namespace halfclose::bench
