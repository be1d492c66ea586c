// The machines, bound to one another, and what the world tells them.
#include "runtime/core/proxy_parts.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::runtime {

Proxy::Proxy(const Settings& settings, Transport& transport, Observer* observer, Journal* journal)
    : settings_(settings),
      transport_(transport),
      observer_(observer),
      journal_(journal),
      tables_(std::make_unique<Places>(settings)),
      addresses_(settings) {}
Proxy::~Proxy() = default;

Proxy::Downstream& Proxy::client(Handle handle) {
  return clients_[handle >> 1];
}
Proxy::Upstream& Proxy::server(Handle handle) {
  return servers_[handle >> 1];
}
Proxy::Upstream* Proxy::upstream_of(Downstream& d) {
  return d.upstream == UINT32_MAX ? nullptr : &servers_[d.upstream];
}
Proxy::Downstream* Proxy::owner_of(Upstream& u) {
  return u.owner == UINT32_MAX ? nullptr : &clients_[u.owner];
}

//--- the machines
//--------------------------------------------------------------------------------------------------

void Proxy::note(Noted what, Handle handle, EventId event, LocalId next) {
  if (journal_ == nullptr) return;
  if (std::exchange(noted_at_, now_) != now_)
    journal_->put({.handle = static_cast<std::uint32_t>(now_), .what = Noted::time});
  journal_->put({handle, what, event, next});
}

bool Proxy::step_server(Downstream& d, EventId event) {
  const machine::Cell& cell = tables_->server.at(d.server, event);
  if (cell.verdict != machine::Verdict::taken) return false;
  d.server = cell.next;
  note(Noted::server, d.handle, event, cell.next);
  for (const machine::OutputId output : tables_->server.outputs_of(cell)) {
    if (!d.open) break;
    do_server(d, static_cast<sv::Out>(output), event);
  }
  if (d.paused) balance(d);  // what it waited for may not be wanted any more
  return true;
}
bool Proxy::step_exchange(Downstream& d, EventId event) {
  const machine::Table& table = tables_->exchange(d.method);
  const machine::Cell& cell = table.at(d.exchange, event);
  if (cell.verdict != machine::Verdict::taken) return false;
  d.exchange = cell.next;
  note(d.method ? Noted::exchange_retried : Noted::exchange, d.handle, event, cell.next);
  for (const machine::OutputId output : table.outputs_of(cell))
    do_exchange(d, static_cast<ex::Out>(output));
  return true;
}
bool Proxy::step_client(Upstream& u, EventId event) {
  const machine::Cell& cell = tables_->client.at(u.client, event);
  if (cell.verdict != machine::Verdict::taken) return false;
  u.client = cell.next;
  note(Noted::client, u.handle, event, cell.next);
  for (const machine::OutputId output : tables_->client.outputs_of(cell)) {
    if (!u.open) break;
    do_client(u, static_cast<cl::Out>(output), event);
  }
  return true;
}

void Proxy::do_server(Downstream& d, sv::Out output, EventId event) {
  if (set_timer(d.handle, kServerTimers, settings_.server_timers, output, d.due)) return;
  using enum sv::Out;
  switch (output) {
    case read_request:
      if (d.request->refused) return;
      step_exchange(d, event == server_event<sv::head::Request> ? exchange_event<ex::request::Whole>
                       : event == server_event<sv::head::Last>  ? exchange_event<ex::request::Last>
                                                               : exchange_event<ex::request::Head>);
      return;
    case content_read:
      if (!d.request->refused) step_exchange(d, exchange_event<ex::request::End>);
      // What was held back counts as a part that comes now.
      if (Upstream* u = upstream_of(d); u != nullptr && d.request && d.request->part_held)
        step_client(*u, client_event<cl::response::Part>);
      return;
    case continue_100:
      lend(d.out);
      d.out.append("HTTP/1.1 100 Continue\r\n\r\n");
      return flush(d);
    case unsolicited_408:
      lend(d.out);
      write_own_response(408, "no request came", true, 1, false, d.out);
      return flush(d);
    case shutdown_write:
      ++counters_.lingered;
      return transport_.shutdown_write(d.handle);
    case close_fd:
      return close(d);
    case stop_reading:
    case start_reading:
      d.machine_reads = output == start_reading;
      if (d.machine_reads && !d.in.empty()) to_read_.push_back(d.handle >> 1);
      return balance(d);
    case closes_idle:
      ++counters_.closes_idle;
      return;
    case closes_age:
      ++counters_.closes_age;
      return;
    case closes_announced:
      ++counters_.closes_announced;
      return;
    case closes_shutdown:
      ++counters_.closes_shutdown;
      return;
    case sv::Out::answered_early:
      ++counters_.answered_early;
      return;
    default:  // the bytes of a response are written where it is known what they are
      return;
  }
}

void Proxy::do_exchange(Downstream& d, ex::Out output) {
  auto failed = [&](std::string_view name, Counter& counter, unsigned status, const char* why) {
    ++counter;
    d.request->failure = name;
    d.request->own_status = status;
    d.request->why = why;
  };
  using enum ex::Out;
  switch (output) {
    case ex::Out::want:
    case want_last:
      return ask_pool(d, false);
    case want_fresh:
      return ask_pool(d, true);
    case send_content:
      if (Upstream* u = upstream_of(d)) step_client(*u, client_event<cl::want::BodyIfOpen>);
      return;
    case ex::Out::cancel:
      return give_up(d);
    case respond:
    case respond_error:
      return answer_later(d);
    case respond_part:
      return begin_response(d);
    case respond_rest:
      return finish_response(d);
    case cut:
      failed("UPE", counters_.failed_truncated, 0, "");
      [[fallthrough]];
    case close_downstream:
      step_server(d, server_event<sv::respond::Cut>);
      return;
    case say_close:
      step_server(d, server_event<sv::manage::Shutdown>);
      return;
    case drop_upstream:
      if (!idle_.empty()) step_client(servers_[idle_.back()], client_event<cl::manage::Abandon>);
      return;
    case fail_connect:
      return failed("UF", counters_.failed_connect, 502, "no connection to the server");
    case fail_ended:
      return failed("UC", counters_.failed_ended, 502, "the server closed the connection");
    case fail_reset:
      return failed("UR", counters_.failed_reset, 502, "the server reset the connection");
    case fail_timeout:
      return failed("UT", counters_.failed_timeout, 504, "the server did not answer in time");
    case fail_overflow:
      return failed("UO", counters_.failed_overflow, 503, "too many requests wait");
    case fail_truncated:
      return failed("UPE", counters_.failed_truncated, 502, "the response ended early");
    case aborted:
      if (d.request && d.request->refused) return;  // it is there, and gets an answer of our own
      ++counters_.clients_gone;
      if (d.request) d.request->failure = "DC";
      return;
    case retried:
      ++counters_.retries;
      ++d.request->retries;
      d.request->passed = 0;
      return;
  }
}

void Proxy::do_client(Upstream& u, cl::Out output, EventId event) {
  if (set_timer(u.handle, kClientTimers, settings_.client_timers, output, u.due)) return;
  /// The request that had the connection; it has it no more.
  auto tell = [&](EventId what) {
    Downstream* d = owner_of(u);
    if (d == nullptr) return;
    detach(u);
    step_exchange(*d, what);
  };
  using enum cl::Out;
  switch (output) {
    case connect:
      ++counters_.connects;
      return;  // open_new has begun it
    case peek:
      step_client(u, transport_.peek_dead(u.handle) ? client_event<cl::transport::Dead>
                                                    : client_event<cl::transport::Alive>);
      return;
    case send_request:
    case send_request_close:
      return write_head(u, output == send_request_close);
    case cl::Out::send_head:
    case send_head_expect:
      write_head(u, false);
      if (Downstream* d = owner_of(u)) step_exchange(*d, exchange_event<ex::upstream::HeadSent>);
      // What had come before there was a connection.
      if (Downstream* d = owner_of(u)) {
        pass_content(*d, u, false);
        balance(*d);
      }
      return;
    case send_body:
      if (Downstream* d = owner_of(u)) pass_content(*d, u, true);
      return;
    case shutdown_write:
      if (std::exchange(u.sends, false)) flush(u);
      if (u.open) transport_.shutdown_write(u.handle);
      return;
    case close_fd:
      return close(u);
    case stop_reading:
    case start_reading:
      return transport_.want_input(u.handle, output == start_reading);
    case enter_pool:
      u.idle = true;
      idle_.push_back(u.handle >> 1);
      if (!settings_.next_loop) serve_waiting();
      return;
    case completed:
    case completed_408:
      return tell(event == client_event<cl::response::WholeClose>
                      ? exchange_event<ex::upstream::CompleteClose>
                      : exchange_event<ex::upstream::Complete>);
    case lost:
      // The end of a used connection is a race, and says nothing of its server.
      if (u.requests == 1)
        no_answer(u);
      else
        ++counters_.stale_in_use;
      return tell(
          event == client_event<cl::transport::Eof>     ? exchange_event<ex::upstream::Eof>
          : event == client_event<cl::transport::Error> ? exchange_event<ex::upstream::Reset>
          : owner_of(u) != nullptr && owner_of(u)->request->framing.framing() == Framing::none &&
                  owner_of(u)->request->content.empty()
              ? exchange_event<ex::upstream::Unwritten>
              : exchange_event<ex::upstream::WriteFailed>);
    case truncated:
      return tell(exchange_event<ex::upstream::Truncated>);
    case timed_out:
      no_answer(u);
      return tell(exchange_event<ex::upstream::TimedOut>);
    case connect_failed:
      if (addresses_.refused(u.address, now_)) ++counters_.shunned;
      return tell(exchange_event<ex::upstream::Refused>);
    case idle_while_connecting:
      return tell(exchange_event<ex::upstream::Refused>);
    case dead_on_peek:
      ++counters_.stale_on_peek;
      return tell(exchange_event<ex::upstream::Stale>);
    case response_begun:
      if (Downstream* d = owner_of(u)) {
        step_exchange(*d, exchange_event<ex::upstream::Part>);
        if (owner_of(u) == d && d->request) d->request->part_held = !d->request->begun;
      }
      return;
    case cl::Out::unsolicited:
      ++counters_.unsolicited;
      return;
    default:
      return;
  }
}

//--- what the world tells
//--------------------------------------------------------------------------------------------------

void Proxy::connected(Handle handle) {
  Upstream& u = server(handle);
  if (!u.open) return;
  u.connecting = false;
  u.connect_by = kNever;
  step_client(u, client_event<cl::transport::Connected>);
  settle();
}

void Proxy::ended(Handle handle) {
  if (is_upstream(handle)) {
    Upstream& u = server(handle);
    if (!u.open) return;
    if (u.idle) ++counters_.stale_in_pool;
    step_client(u, client_event<cl::transport::Eof>);
  } else {
    Downstream& d = client(handle);
    if (!d.open) return;
    read_requests();  // what came before it in the same turn
    if (!d.open) return settle();
    if (!step_server(d, server_event<sv::transport::Eof>)) peer_closed(handle);
  }
  settle();
}

void Proxy::peer_closed(Handle handle) {
  if (is_upstream(handle)) return;
  Downstream& d = client(handle);
  if (!d.open || d.peer_done) return;
  if (!d.in.empty()) return;  // requests that stand before it: it is met behind them
  d.peer_done = step_server(d, server_event<sv::transport::PeerClosed>);
  settle();
}

void Proxy::failed(Handle handle) {
  if (is_upstream(handle)) {
    Upstream& u = server(handle);
    if (!u.open) return;
    if (u.idle) ++counters_.stale_in_pool;
    if (!u.connecting) count_reset(u);
    u.connecting = false;
    step_client(u, client_event<cl::transport::Error>);
  } else if (Downstream& d = client(handle); d.open) {
    count_reset(d);
    step_server(d, server_event<sv::transport::Error>);
  }
  settle();
}

void Proxy::count_reset(const Downstream& d) {
  ++counters_.client_resets[tables_->server.locals[d.server].state];
}
void Proxy::count_reset(const Upstream& u) {
  ++counters_.server_resets[tables_->client.locals[u.client].state];
}

void Proxy::writable(Handle handle) {
  if (is_upstream(handle)) {
    if (Upstream& u = server(handle); u.open && !u.connecting) flush(u);
    return settle();
  }
  Downstream& d = client(handle);
  if (!d.open || d.out.empty()) return;
  flush(d);
  if (d.open && d.out.empty() && d.after_flush != kNoEvent)
    answered(d, std::exchange(d.after_flush, kNoEvent));
  settle();
}

void Proxy::end_turn() {
  no_room_ = false;
  do {
    serve_waiting();
    write_out();
  } while (can_serve_waiting());
  in_turn_ = false;
  gauges_.clients = open_clients_;
  gauges_.servers = open_upstreams_;
  gauges_.pooled = idle_.size();
  gauges_.waiting = waiting_.size();
}

void Proxy::settle() {
  if (!in_turn_) write_out();
}

/// Sends what is to leave, and reads and sends what that makes possible.
void Proxy::write_out() {
  do {
    read_requests();
    // Each may put off more.
    for (std::size_t i = 0; i < to_send_.size(); ++i) {
      Upstream& u = servers_[to_send_[i]];
      if (std::exchange(u.sends, false)) flush(u);
    }
    to_send_.clear();
    for (std::size_t i = 0; i < to_answer_.size(); ++i) {
      Downstream& d = clients_[to_answer_[i]];
      if (std::exchange(d.answers, false)) answer(d);
    }
    to_answer_.clear();
  } while (!to_read_.empty() || !to_send_.empty());
}

/// Buffers go from one connection to the next while they are in the caches, and connections that
/// are idle have none.
void Proxy::lend(std::string& buffer) {
  if (!buffer.empty() || spare_buffers_.empty()) return;
  buffer = std::move(spare_buffers_.back());
  spare_buffers_.pop_back();
}
void Proxy::give_back(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() <= kResumed && spare_buffers_.size() < kBuffersMax)
    spare_buffers_.push_back(std::move(buffer));
  buffer = std::string();
}

void Proxy::shut_down() {
  shutting_down_ = true;
  for (Downstream& d : clients_) {
    if (d.open) step_server(d, server_event<sv::manage::Shutdown>);
  }
  settle();
}

bool Proxy::is_idle_upstream(Handle handle) const {
  return is_upstream(handle) && servers_[handle >> 1].idle;
}

//--- time
//--------------------------------------------------------------------------------------------------

/// @return whether the output is about a timer, which is armed or cancelled then
template <class Timers, class After, class Out, class Due>
bool Proxy::set_timer(Handle handle, const Timers& timers, const After& after, Out output,
                      Due& due) {
  for (std::size_t i = 0; i < timers.size(); ++i) {
    if (output == timers[i].arm) {
      const Time time = after.*timers[i].after;
      due[i] = time >= kNever ? kNever : now_ + time;
      if (due[i] != kNever) deadlines_.set(handle, due[i]);
      return true;
    }
    if (output == timers[i].cancel) {
      due[i] = kNever;
      return true;
    }
  }
  return false;
}

Time Proxy::next_deadline() const {
  const Time next = deadlines_.empty() ? kNever : deadlines_.next();
  return no_room_ && !waiting_.empty() ? std::min(next, now_ + kRoomAgain) : next;
}

void Proxy::expire() {
  deadlines_.run(now_, [this](Handle handle) { look_at_deadlines(handle); });
  settle();
}

/// Tells the machine what is due, and waits for the rest.
void Proxy::look_at_deadlines(Handle handle) {
  if (is_upstream(handle)) {
    Upstream& u = server(handle);
    if (u.open && u.connect_by <= now_) {
      ++counters_.connect_timeouts;
      return failed(handle);
    }
    if (u.open && u.connect_by != kNever) deadlines_.set(handle, u.connect_by);
    return look(u, kClientTimers, [&](EventId event) { step_client(u, event); });
  }
  Downstream& d = client(handle);
  look(d, kServerTimers, [&](EventId event) { step_server(d, event); });
}

template <class Connection, class Timers, class Step>
void Proxy::look(Connection& connection, const Timers& timers, Step step) {
  Time next = kNever;
  for (std::size_t i = 0; i < timers.size() && connection.open; ++i) {
    if (connection.due[i] > now_) {
      next = std::min(next, connection.due[i]);
    } else {
      connection.due[i] = kNever;
      step(timers[i].expires);
    }
  }
  if (connection.open && next != kNever) deadlines_.set(connection.handle, next);
}

}  // namespace halfclose::runtime
