// One hop of a chain as a System: client application and kernel, two wires, server kernel and
// application.
//
// Abstracts from: retransmission (inside the delay), TIME-WAIT and FIN-WAIT-2 expiry (nothing an
// application can see follows from them here), ACKs of data (they matter when they meet a socket
// that is gone; the endpoint sends one where that shows), more than one connection.
#pragma once

#include "model/deployment/hop_settings.hpp"

namespace halfclose::deployment {

/// The components, queues and timers of a hop by name. The values are indices into the System.
namespace hop {
enum Component : system::Index {
  client,
  client_kernel,
  server_kernel,
  server,
  observer,
  middlebox,  ///< only where the link has one; so has its timer
};
enum Queue : system::Index { to_server, to_client, client_input, server_input };
enum Timer : system::Index {
  client_idle,
  client_age,
  client_response,
  server_idle,
  server_drain,
  server_close,
  server_linger,
  server_age,
  content,  ///< by when the client sends the rest of a request
  expect,   ///< how long the client waits for 100 before it sends the content
  forget,   ///< of the middlebox
};
enum Message : system::Message {
  syn,
  syn_ack,
  ack,
  ack_fin,
  window,
  fin,
  rst,
  rst_to_data,
  request,
  head,
  more,
  body,
  response,
  response_close,
  part,
  part_close,
  tail,
  timeout_408,
  eof,
  error,
  writable,
  connected,
  accepted,  // what an application is told besides bytes
  request_close,
  turn,  // of the loop of an application that has a pool
  response_open,
  part_open,    // without length
  next_loop,    // what the client tells itself, behind what the kernel told it
  head_expect,  // a head whose content waits for 100
  continue_100,
};
}  // namespace hop

/// Where the parts of a hop begin in a system that has more than one.
struct Placement {
  system::Index component = 0, queue = 0, timer = 0;
};
struct HopOptions {
  system::Index lane = 0;
  std::string tag{};  ///< follows every name: tells the lanes of one hop apart
  /// Requests before those that are seen are left out (System::aging). Else all are seen, and a
  /// connection may reach its maximum age at any moment.
  bool ages = true;
  /// The environment sends requests; else something else raises them. A head expects 100 only where
  /// the environment both asks and answers.
  bool client_asks = true;
  bool client_says_close = false;  ///< some of them carry the close option
  bool client_sends_plain = true;  ///< some of them have no content
  bool client_sends_parts = true;  ///< content may come in two parts
  bool server_answers = true;      ///< the environment answers
};
/// The messages of every system of hops.
void name_messages(system::System& system);
/// Adds one hop, its choices and its bindings. The system is not sealed.
Placement add_hop(system::System& system, const HopSettings& settings,
                  const HopOptions& options = {});

/// @pre   delay_min <= delay_max; durations are not negative
/// @errors std::length_error, std::logic_error: bugs of ours
system::System hop_system(const HopSettings& settings);

}  // namespace halfclose::deployment
