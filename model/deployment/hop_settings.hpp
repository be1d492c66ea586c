// Everything one hop's verdicts depend on, as numbers and flags: what a chain, its profiles and
// defaults say.
#pragma once

#include "model/deployment/duration.hpp"
#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/system/system.hpp"

#include <string>

namespace halfclose::deployment {

/// How an application's event loop reads and times.
struct Loop {
  Time stall = 0;             ///< the longest it does not look at its sockets and timers
  bool timers_first = false;  ///< due timers run before readable sockets are read
  bool cached_clock =
      false;  ///< a timer counts from the last poll, up to `stall` before it is armed
  bool operator==(const Loop&) const = default;
};

struct ClientSide {
  std::string name = "client";
  http1::client::Profile profile{};
  Time idle = kOff, age = kOff, response = kOff;
  bool discards_on_rst = false;
  Loop loop{};
  Time keepalive = kOff;          ///< TCP keepalive: the longest its kernel is silent
  Time expect = kOff;             ///< how long it waits for 100 before it sends the content
  bool response_is_idle = false;  ///< the product has one attribute for `response` and `idle`
  bool operator==(const ClientSide&) const = default;
};

struct ServerSide {
  std::string name = "server";
  http1::server::Profile profile{};
  Time idle = kOff, idle_grace = 0, idle_early = 0, drain = kOff, close = kOff, linger = kOff,
       age = kOff;
  Loop loop{};
  Time keepalive = kOff;
  bool operator==(const ServerSide&) const = default;
};

struct HopSettings {
  ClientSide client;
  ServerSide server;
  Time delay_min = 0, delay_max = 0;
  Time middlebox = kOff;  ///< a middlebox beside the server forgets what was silent for so long
  bool with_body = true;  ///< requests whose content follows the head are among the client's
  bool responses_fit =
      false;  ///< every response leaves at once: nothing of it waits in a kernel or a buffer
  Time content_within =
      kOff;  ///< the rest of a request follows its head by then, unless a response ends it
  bool with_shutdown = false;  ///< the server may shut down gracefully at any moment
  bool with_waiting = false;   ///< a request may wait for the connection while it is busy
  bool with_crash = false;     ///< the server's process may end at any moment
  bool with_removal =
      false;  ///< the client may be told that the server left the load-balancing set
  bool operator==(const HopSettings&) const = default;
};

/// What the two ends of a hop cannot know of each other: how much its delay varies, and the stalls.
Time uncertainty(const HopSettings& settings);

}  // namespace halfclose::deployment
