// Towards the client: requests are read, responses are written.
#include "runtime/core/proxy_parts.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::runtime {

Handle Proxy::accepted() {
  if (open_clients_ >= settings_.clients_max || shutting_down_) {
    ++counters_.clients_refused;
    return kNobody;
  }
  std::uint32_t index = static_cast<std::uint32_t>(clients_.size());
  if (free_clients_.empty()) {
    clients_.emplace_back();
  } else {
    index = free_clients_.back();
    free_clients_.pop_back();
  }
  Downstream& d = clients_[index];
  d.handle = index << 1;
  d.open = true;
  ++open_clients_;
  ++counters_.clients_accepted;
  step_server(d, server_event<sv::transport::Accepted>);
  return d.handle;
}

void Proxy::received(Handle handle, std::string_view bytes) {
  if (is_upstream(handle)) {
    Upstream& u = server(handle);
    if (u.open) read_responses(u, bytes);
    return settle();
  }
  Downstream& d = client(handle);
  if (!d.open) return;
  if (d.in.empty()) {
    take_content(d, bytes);
  } else {
    d.in.append(bytes);
    to_read_.push_back(handle >> 1);
  }
  settle();
}

/// Whatever the bytes are for the machine where it stands.
void Proxy::take_content(Downstream& d, std::string_view bytes) {
  while (d.open && !bytes.empty()) {
    switch (tables_->modes[d.server]) {
      case Mode::content: {
        // An early response comes before what it did not wait for.
        if (std::exchange(d.answers, false)) {
          answer(d);
          break;
        }
        if (is_leaving(d)) {
          d.in.append(bytes);
          return balance(d);
        }
        Request& request = *d.request;
        const std::size_t taken = request.framing.take(bytes);
        if (!request.refused) request.content.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        if (request.framing.broken()) {
          // No origin shall have half of it.
          request.refused = true;
          note(Noted::refused, d.handle);
          step_exchange(d, exchange_event<ex::downstream::Gone>);
          return answer_malformed(d, 400, "malformed chunk");
        }
        if (Upstream* u = upstream_of(d)) pass_content(d, *u, false);
        if (!d.open) return;
        if (request.framing.done())
          step_server(d, server_event<sv::body::End>);
        else
          step_server(d, server_event<sv::body::More>);
        if (d.open) balance(d);
        break;
      }
      case Mode::discard: {
        Content& framing = d.request->framing;
        bytes.remove_prefix(framing.take(bytes));
        if (framing.broken()) {
          step_server(d, server_event<sv::transport::Error>);
          return;
        }
        if (!framing.done()) {
          step_server(d, server_event<sv::body::More>);
          break;
        }
        over(d);
        step_server(d, server_event<sv::body::End>);
        break;
      }
      case Mode::linger:
        step_server(d, server_event<sv::body::More>);
        return;
      case Mode::idle:
        if (const std::size_t taken = read_request(d, bytes); taken > 0) {
          bytes.remove_prefix(taken);
          break;
        }
        [[fallthrough]];
      case Mode::none:
        d.in.append(bytes);
        return;
    }
  }
}

/// Bytes that were there before they were wanted, or begin a head.
void Proxy::read_requests() {
  while (!to_read_.empty()) {
    Downstream& d = clients_[to_read_.back()];
    to_read_.pop_back();
    const Mode mode = d.open ? tables_->modes[d.server] : Mode::none;
    if (mode == Mode::none) continue;
    if (mode == Mode::idle && head_end(d.in, d.looked_at) == 0 && d.in.size() < kHeadBytesMax) {
      d.looked_at = d.in.size();
      continue;
    }
    d.looked_at = 0;
    take_content(d, std::exchange(d.in, {}));
  }
}

/// @return the bytes that are dealt with: empty lines, and a head behind them if it is whole
std::size_t Proxy::read_request(Downstream& d, std::string_view bytes) {
  std::size_t empty = 0;
  while (bytes.substr(empty, 2) == "\r\n")
    empty += 2;
  const std::size_t all = bytes.size();
  bytes.remove_prefix(empty);
  const std::size_t end = head_end(bytes);
  if (end == 0 && bytes.size() < kHeadBytesMax) return empty;

  if (spare_requests_.empty()) {
    d.request = std::make_unique<Request>();
  } else {
    d.request = std::move(spare_requests_.back());
    spare_requests_.pop_back();
  }
  Request& request = *d.request;
  request.began = now_;
  ++counters_.requests;
  ++d.requests;
  if (end == 0 || end > kHeadBytesMax) {
    refuse(d, 431, "the head is larger than 64 KiB");
    return all;
  }
  static thread_local Head head;
  if (const HeadError error = read_request_head(bytes.substr(0, end), head); error.status != 0) {
    request.minor = head.minor;
    refuse(d, error.status, error.why);
    return all;
  }
  request.method = head.method;
  request.target = head.target;
  request.minor = head.minor;
  request.to_head = head.method == "HEAD";
  request.framing = Content(head.framing, head.length);
  write_request_head(head, false, request.head);
  request.head.resize(request.head.size() - 2);
  d.method = settings_.retries_any_method ||
             std::find(settings_.retried_methods.begin(), settings_.retried_methods.end(),
                       head.method) != settings_.retried_methods.end();
  const bool whole = request.framing.done(), last = head.close, expects = head.expects;
  const bool alone = bytes.size() == end;

  if (whole) {
    step_server(d, last ? server_event<sv::head::Last> : server_event<sv::head::Request>);
  } else {
    step_server(d,
                expects && alone ? server_event<sv::head::Expect> : server_event<sv::head::Head>);
    if (d.open && last) step_server(d, server_event<sv::manage::Shutdown>);
  }
  if (d.open && settings_.server_requests != 0 && d.requests >= settings_.server_requests)
    step_server(d, server_event<sv::manage::Retire>);
  if (d.open && shutting_down_) step_server(d, server_event<sv::manage::Shutdown>);
  return empty + end;
}

/// Answers without the exchange: the bytes are no request that could be passed on. What follows
/// them is read as content, to be dropped behind a response that closes.
void Proxy::refuse(Downstream& d, unsigned status, const char* why) {
  d.request->refused = true;
  note(Noted::refused, d.handle);
  step_server(d, server_event<sv::head::Head>);
  if (d.open) answer_malformed(d, status, why);
}

/// What follows cannot be told from content: nothing more is read as a request.
void Proxy::answer_malformed(Downstream& d, unsigned status, const char* why) {
  ++counters_.malformed;
  Request& request = *d.request;
  request.own_status = status;
  request.why = why;
  request.framing = Content(Framing::until_close, 0);
  step_server(d, server_event<sv::manage::Shutdown>);
  if (d.open) answer(d);
}

bool Proxy::closes_with(const Downstream& d, EventId event) const {
  const machine::Cell& cell = tables_->server.at(d.server, event);
  for (const machine::OutputId output : tables_->server.outputs_of(cell)) {
    const auto out = static_cast<sv::Out>(output);
    if (out == sv::Out::response_close || out == sv::Out::buffered_close ||
        out == sv::Out::response_open || out == sv::Out::buffered_open)
      return true;
  }
  return false;
}

void Proxy::head_of_response(Downstream& d, bool close) {
  Request& request = *d.request;
  lend(d.out);
  request.begun = true;
  if (request.own_status != 0) {
    write_own_response(request.own_status, request.why, close, request.minor, request.to_head,
                       d.out);
    return;
  }
  write_response_head(request.response, close, request.minor, !request.unchunks, d.out);
  request.sent += request.held.size();
  d.out.append(request.held);
  request.held.clear();
}

void Proxy::answer_later(Downstream& d) {
  if (!std::exchange(d.answers, true)) to_answer_.push_back(d.handle >> 1);
}

/// A response leaves that the machine does not know of yet. Content that comes meanwhile has to
/// wait: to the exchange the request is over.
bool Proxy::is_leaving(const Downstream& d) {
  return d.after_flush != kNoEvent;
}

/// The response has left.
void Proxy::answered(Downstream& d, EventId event) {
  if (d.request && d.request->framing.done()) over(d);
  step_server(d, event);
  if (!d.open) return;
  balance(d);
  const Mode mode = tables_->modes[d.server];
  if (!d.in.empty() && mode != Mode::idle && mode != Mode::none)
    take_content(d, std::exchange(d.in, {}));
}

/// Of a response without length, or with chunks that the client does not know, the end of the
/// connection is the end: what the machine does with its last response.
void Proxy::answer(Downstream& d) {
  constexpr EventId kWhole = server_event<sv::respond::Whole>;
  if (!d.open || !d.request) return;
  Request& request = *d.request;
  if (request.own_status == 0 &&
      (request.unchunks || request.response.framing == Framing::until_close))
    step_server(d, server_event<sv::manage::Shutdown>);
  const bool waits = tables_->answering[d.server];
  head_of_response(d, closes_with(d, kWhole));
  flush(d);
  if (!d.open) return;
  if (d.out.empty()) {
    answered(d, kWhole);
  } else if (waits) {
    // The tail waits in our buffer, and the machine times that.
    step_server(d, server_event<sv::respond::Buffered>);
    d.after_flush = server_event<sv::transport::Writable>;
  } else {
    d.after_flush = kWhole;
  }
}

void Proxy::begin_response(Downstream& d) {
  Request& request = *d.request;
  if (request.unchunks || request.response.framing == Framing::until_close)
    step_server(d, server_event<sv::manage::Shutdown>);
  if (!d.open) return;
  request.part_held = false;
  head_of_response(d, closes_with(d, server_event<sv::respond::Part>));
  step_server(d, server_event<sv::respond::Part>);
  if (d.open) go_on_response(d);
  Upstream* u = upstream_of(d);
  if (u != nullptr && u->paused && d.out.size() < kResumed) {
    u->paused = false;
    transport_.want_input(u->handle, true);
  }
}
void Proxy::go_on_response(Downstream& d) {
  Request& request = *d.request;
  request.sent += request.held.size();
  lend(d.out);
  d.out.append(request.held);
  request.held.clear();
  flush(d);
}
void Proxy::finish_response(Downstream& d) {
  if (!d.open || !d.request) return;
  go_on_response(d);
  if (!d.open) return;
  if (!d.out.empty()) {
    d.after_flush = server_event<sv::respond::Rest>;
    return;
  }
  over(d);
  step_server(d, server_event<sv::respond::Rest>);
}

/// Writes what the kernel takes, and tells the machine when that was all.
void Proxy::flush(Downstream& d) {
  if (d.out.empty() || d.closing) return;
  const std::size_t taken = transport_.send(d.handle, d.out);
  if (taken == Transport::kFailed) {
    give_back(d.out);
    d.after_flush = kNoEvent;
    count_reset(d);
    step_server(d, server_event<sv::transport::Error>);
    return;
  }
  d.out.erase(0, taken);
  if (d.out.empty()) give_back(d.out);
  Upstream* u = upstream_of(d);
  if (u != nullptr && u->paused && d.out.size() < kResumed) {
    u->paused = false;
    transport_.want_input(u->handle, true);
  } else if (u != nullptr && !u->paused && d.out.size() > kHeldMax) {
    u->paused = true;
    transport_.want_input(u->handle, false);
  }
}

/// The line of the log. The request is forgotten.
void Proxy::over(Downstream& d) {
  if (!d.request) return;
  Request& request = *d.request;
  record(request);
  // Content that is still to come has its framing here.
  if (!request.framing.done()) return;
  request.clear();
  if (spare_requests_.size() < 1024) spare_requests_.push_back(std::move(d.request));
  d.request.reset();
}

void Proxy::record(Request& request) {
  if (std::exchange(request.over, true)) return;
  const unsigned status = !request.begun            ? 0
                          : request.own_status != 0 ? request.own_status
                                                    : request.response.status;
  if (status != 0) ++counters_.responses;
  if (observer_ == nullptr) return;
  observer_->over({.method = request.method,
                   .target = request.target,
                   .status = status,
                   .sent = request.sent,
                   .began = request.began,
                   .ended = now_,
                   .retries = request.retries,
                   .reused = request.reused,
                   .failure = request.failure});
}

void Proxy::cut_off() {
  for (Downstream& d : clients_) {
    if (!d.open || !d.request || d.request->over) continue;
    // Behind its response only the rest of the request is dropped.
    const Mode mode = tables_->modes[d.server];
    if (d.request->failure.empty() && mode != Mode::discard && mode != Mode::linger) {
      ++counters_.cut_off;
      d.request->failure = "LR";
    }
    record(*d.request);
  }
}

/// Bytes are wanted when the machine reads and nothing is in their way.
void Proxy::balance(Downstream& d) {
  if (!d.open) return;
  bool paused = false;
  if (d.request && tables_->modes[d.server] == Mode::content && !d.request->refused) {
    const Upstream* u = upstream_of(d);
    const std::size_t behind =
        d.request->content.size() - d.request->passed + (u != nullptr ? u->out.size() : 0);
    paused = behind > (d.paused ? kResumed : kHeldMax);
  }
  paused |= is_leaving(d) && tables_->modes[d.server] == Mode::content;
  d.paused = paused;
  const bool reads = d.machine_reads && !paused;
  if (reads == d.reads) return;
  d.reads = reads;
  transport_.want_input(d.handle, reads);
}

void Proxy::close(Downstream& d) {
  if (!d.open || d.closing) return;
  d.closing = true;
  step_exchange(d, exchange_event<ex::downstream::Gone>);
  if (d.request) {
    if (d.answers) {  // the exchange was through with it
      ++counters_.clients_gone;
      d.request->failure = "DC";
    }
    d.request->framing = {};
    over(d);
  }
  transport_.close(d.handle);
  deadlines_.forget(d.handle);
  const std::uint32_t index = d.handle >> 1;
  d = {};
  free_clients_.push_back(index);
  --open_clients_;
  no_room_ = false;
}

}  // namespace halfclose::runtime
