// What proxy.cpp, proxy_clients.cpp and proxy_servers.cpp share: the parts of a Proxy.
#pragma once

#include "model/machine/rows.hpp"
#include "runtime/core/proxy.hpp"
#include "runtime/core/tables.hpp"
#include "runtime/core/timers.hpp"

namespace halfclose::runtime {

namespace sv = http1::server;
namespace cl = http1::client;
namespace ex = proxy::exchange;
using machine::EventId;
using machine::LocalId;

template <class E> constexpr EventId server_event = machine::event_id<sv::ServerConnection, E>();
template <class E> constexpr EventId client_event = machine::event_id<cl::ClientConnection, E>();
template <class E> constexpr EventId exchange_event = machine::event_id<ex::Exchange, E>();
inline constexpr EventId kNoEvent = 0xff;

inline constexpr std::size_t kHeldMax = 256 * 1024;  ///< bytes that wait for a slow peer
inline constexpr std::size_t kResumed = 64 * 1024;
inline constexpr std::size_t kBuffersMax = 256;  ///< kept for use by any connection
inline constexpr Time kRoomAgain = 1'000;  ///< when others may have left room for a connection
inline constexpr std::size_t kKeptMax = 64 * 1024;  ///< request content that can be sent again

/// The tables, and what a local state means for the bytes that come.
struct Proxy::Places : Tables {
  explicit Places(const Settings& settings) : Tables(settings) {
    for (std::size_t local = 0; local < server.locals.size(); ++local) {
      const std::string& state = server.state_name(static_cast<LocalId>(local));
      modes.push_back(state == sv::Idle::name         ? Mode::idle
                      : state == sv::Reading::name    ? Mode::content
                      : state == sv::Discarding::name ? Mode::discard
                      : state == sv::Lingering::name  ? Mode::linger
                                                      : Mode::none);
      answering.push_back(state == sv::Answering::name);
    }
  }
  std::vector<Mode> modes;      ///< per local of the server connection
  std::vector<bool> answering;  ///< the same: the request is complete, nothing is answered
};

/// What is kept of a request while it lives.
struct Proxy::Request {
  std::string head;  ///< as it goes on, but for its last empty line
  std::string method, target;
  std::string content;     ///< with its framing: what is not passed on, or can be passed on again
  std::size_t passed = 0;  ///< of `content`
  bool forgets = false;    ///< more was passed on than is kept
  Content framing{};
  bool to_head = false;
  unsigned minor = 1;
  bool refused = false;  ///< malformed, answered by the proxy itself: no exchange knows of it

  // The response, while it is on its way.
  std::string response_head;
  Head response{};
  std::string held;  ///< content that is not with the client's connection yet
  bool unchunks = false;
  bool part_held = false;  ///< it has begun, and waits for the end of the request
  bool begun = false;      ///< its head is with the client's connection
  std::uint64_t sent = 0;

  Time began = 0;
  unsigned retries = 0, own_status = 0;
  std::size_t tried = Addresses::kNone;  ///< the address of this try: the next goes elsewhere
  const char* why = "";
  bool wants_fresh = false;  ///< of the pool, while it waits
  bool reused = false, over = false;
  std::string_view failure{};

  void clear() {
    for (std::string* text : {&head, &method, &target, &content, &response_head, &held}) {
      text->clear();
      if (text->capacity() > kResumed) text->shrink_to_fit();
    }
    passed = 0;
    forgets = part_held = to_head = refused = unchunks = begun = reused = over = wants_fresh =
        false;
    framing = {};
    minor = 1;
    response.clear();
    sent = 0;
    began = 0;
    retries = own_status = 0;
    tried = Addresses::kNone;
    why = "";
    failure = {};
  }
};

struct Proxy::Downstream {
  Handle handle = 0;
  LocalId server = 0, exchange = 0;
  bool open = false, method = false;
  bool machine_reads = false, paused = false, reads = false;
  bool closing = false;            ///< close() is under way
  bool answers = false;            ///< in to_answer_
  EventId after_flush = kNoEvent;  ///< what the server machine is told when all is written
  bool peer_done = false;          ///< its end was told while its bytes were not wanted
  std::uint32_t upstream = UINT32_MAX, requests = 0;
  std::unique_ptr<Request> request{};
  std::string in, out;
  std::size_t looked_at = 0;  ///< of `in`: no head ends before
  std::array<Time, kServerTimers.size()> due = no_deadlines<kServerTimers.size()>();
};

struct Proxy::Upstream {
  Handle handle = 0;
  LocalId client = 0;
  bool open = false, connecting = false, idle = false, paused = false;
  bool in_content = false, closing = false;
  bool refused = false;  ///< before the table knew of it
  bool sends = false;    ///< in to_send_
  std::uint32_t owner = UINT32_MAX, requests = 0;
  std::uint64_t serial = 0;  ///< tells it from the next connection in its place
  std::size_t address = 0;
  Time connect_by = kNever;  ///< to the tables a connection that comes later is one that failed
  Content content{};
  std::string in, out;
  std::array<Time, kClientTimers.size()> due = no_deadlines<kClientTimers.size()>();
};

}  // namespace halfclose::runtime
