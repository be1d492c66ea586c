// A reverse proxy without sockets and without a clock: bytes, ends, failures and the time go in;
// bytes, closes, deadlines and records come out.
//
// It decides nothing about the life of a connection. Each decision is a cell of a table that
// Boost.MSM made from model/: http1-server towards clients, http1-client towards servers,
// proxy-exchange for each request, bound to one another as model/deployment/chain_system.cpp binds
// them for the engines. The pool is the one of proxy-pool for any number of connections.
#pragma once

#include "model/machine/table.hpp"
#include "runtime/core/addresses.hpp"
#include "runtime/core/content.hpp"
#include "runtime/core/counters.hpp"
#include "runtime/core/deadlines.hpp"
#include "runtime/core/journal.hpp"
#include "runtime/core/settings.hpp"
#include "runtime/core/transport.hpp"

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::runtime {

/// One request, when it is over: a line of the access log.
struct RequestRecord {
  std::string_view method, target;
  unsigned status = 0;     ///< 0: the client got none
  std::uint64_t sent = 0;  ///< bytes of response content
  Time began = 0, ended = 0;
  unsigned retries = 0;
  bool reused = false;         ///< the last try was on a used connection
  std::string_view failure{};  ///< `UC`, `UF`, `UR`, `UT`, `UO`, `UPE`, `DC`, `LR`; empty: none
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void over(const RequestRecord& record) = 0;
  /// Nothing else is to be done at the moment: time to write down what was put off.
  virtual void rest() {}
};

class Proxy {
 public:
  /// @param observer, journal  may be null. All of them outlive this.
  Proxy(const Settings& settings, Transport& transport, Observer* observer = nullptr,
        Journal* journal = nullptr);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  static constexpr Handle kNobody = UINT32_MAX;

  /// The time of everything that follows.
  void at(Time now) { now_ = now; }
  /// A client has connected. @return its handle, or kNobody: there are too many
  Handle accepted();
  /// A client has connected for whom the transport has no room.
  void turned_away() { ++counters_.clients_refused; }
  void connected(Handle handle);
  void received(Handle handle, std::string_view bytes);
  /// The peer has shut its side down, and everything before that was received.
  void ended(Handle handle);
  /// It is known to have shut its side down, though its bytes are not wanted yet.
  void peer_closed(Handle handle);
  void failed(Handle handle);
  void writable(Handle handle);
  /// What is told until `end_turn` is one turn: what it makes leave, leaves at its end, as few
  /// pieces. Outside of turns everything leaves at once.
  void begin_turn() { in_turn_ = true; }
  /// Everything the kernel had to tell is told: requests that wait get what became free.
  void end_turn();
  void expire();
  /// When `expire` or `end_turn` has something to do, or kNever.
  Time next_deadline() const;

  /// No new requests on connections that are idle; the others end behind their responses.
  void shut_down();
  /// Records the requests that are under way, as cut off. Nothing may be told after it.
  void cut_off();
  static bool is_upstream(Handle handle) { return (handle & 1) != 0; }
  /// A pooled connection that has no request: its end is looked at before anything else.
  bool is_idle_upstream(Handle handle) const;

  std::size_t clients() const { return open_clients_; }
  std::size_t upstreams() const { return open_upstreams_; }
  /// From any thread.
  const Counters& counters() const { return counters_; }
  const Gauges& gauges() const { return gauges_; }

 private:
  struct Downstream;
  struct Upstream;
  struct Request;
  struct Places;
  enum class Mode : std::uint8_t { none, idle, content, discard, linger };

  Downstream& client(Handle handle);
  Upstream& server(Handle handle);
  Upstream* upstream_of(Downstream& d);
  Downstream* owner_of(Upstream& u);

  void note(Noted what, Handle handle, machine::EventId event = 0, machine::LocalId next = 0);
  // The machines: false when the table does not take the event.
  bool step_server(Downstream& d, machine::EventId event);
  bool step_exchange(Downstream& d, machine::EventId event);
  bool step_client(Upstream& u, machine::EventId event);
  void do_server(Downstream& d, http1::server::Out output, machine::EventId event);
  void do_exchange(Downstream& d, proxy::exchange::Out output);
  void do_client(Upstream& u, http1::client::Out output, machine::EventId event);

  // Towards the client.
  void read_requests();
  std::size_t read_request(Downstream& d, std::string_view bytes);
  void refuse(Downstream& d, unsigned status, const char* why);
  void answer_malformed(Downstream& d, unsigned status, const char* why);
  void take_content(Downstream& d, std::string_view bytes);
  void answer_later(Downstream& d);
  static bool is_leaving(const Downstream& d);
  void answered(Downstream& d, machine::EventId event);
  void answer(Downstream& d);
  void begin_response(Downstream& d);
  void go_on_response(Downstream& d);
  void finish_response(Downstream& d);
  void head_of_response(Downstream& d, bool close);
  bool closes_with(const Downstream& d, machine::EventId event) const;
  void flush(Downstream& d);
  void close(Downstream& d);
  void count_reset(const Downstream& d);
  void over(Downstream& d);
  void record(Request& request);
  void balance(Downstream& d);

  // Towards servers.
  void ask_pool(Downstream& d, bool fresh);
  void attach(Downstream& d, Upstream& u, bool used);
  Upstream* take_idle(bool any);
  bool has_room() const;
  Upstream* open_new(std::size_t but);
  void no_answer(Upstream& u);
  void give_up(Downstream& d);
  void serve_waiting();
  void detach(Upstream& u);
  void write_head(Upstream& u, bool close);
  void pass_content(Downstream& d, Upstream& u, bool last);
  void read_responses(Upstream& u, std::string_view bytes);
  bool read_response_head_of(Upstream& u, std::string_view& bytes);
  void pass_informational(Downstream& d);
  void flush(Upstream& u);
  void write(Upstream& u, std::string_view bytes);
  void close(Upstream& u);
  void count_reset(const Upstream& u);
  bool can_serve_waiting() const;

  // What leaves at the end of a turn.
  void settle();
  void write_out();
  void lend(std::string& buffer);
  void give_back(std::string& buffer);

  template <class Timers, class After, class Out, class Due>
  bool set_timer(Handle handle, const Timers& timers, const After& after, Out output, Due& due);
  template <class Connection, class Timers, class Step>
  void look(Connection& connection, const Timers& timers, Step step);
  void look_at_deadlines(Handle handle);

  const Settings& settings_;
  Transport& transport_;
  Observer* observer_;
  Journal* journal_;
  std::unique_ptr<Places> tables_;
  Time now_ = 0, noted_at_ = -1;
  std::deque<Downstream> clients_;
  std::deque<Upstream> servers_;
  std::vector<std::uint32_t> free_clients_, free_servers_;
  std::vector<std::uint32_t> idle_;       ///< servers_, the one used last at the back
  std::deque<std::uint32_t> waiting_;     ///< clients_ whose requests wait for a connection
  std::vector<std::uint32_t> to_read_;    ///< clients_ with bytes that may hold a request
  std::vector<std::uint32_t> to_send_;    ///< servers_ with bytes to be sent
  std::vector<std::uint32_t> to_answer_;  ///< clients_ with a whole response
  std::vector<std::string> spare_buffers_;
  std::vector<std::unique_ptr<Request>> spare_requests_;
  Addresses addresses_;
  Deadlines deadlines_;
  std::uint64_t opened_ = 0;
  std::size_t open_clients_ = 0, open_upstreams_ = 0;
  bool in_turn_ = false, shutting_down_ = false;
  bool no_room_ = false;  ///< the transport said so since the last turn: it is not asked again
  Counters counters_;
  Gauges gauges_;
};

}  // namespace halfclose::runtime
