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
    return read_requests();
  }
  Downstream& d = client(handle);
  if (!d.open) return;
  take_content(d, bytes);
  read_requests();
}

/// Whatever the bytes are for the machine where it stands.
void Proxy::take_content(Downstream& d, std::string_view bytes) {
  while (d.open && !bytes.empty()) {
    switch (tables_->modes[d.server]) {
      case Mode::content: {
        Request& request = *d.request;
        const std::size_t taken = request.framing.take(bytes);
        if (!request.refused) request.content.append(bytes.substr(0, taken));
        bytes.remove_prefix(taken);
        if (request.framing.broken()) {
          // What follows cannot be told from content: nothing more is read as a request.
          ++counters_.malformed;
          step_server(d, server_event<sv::transport::Error>);
          return;
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
      case Mode::none:
        if (tables_->modes[d.server] == Mode::idle) to_read_.push_back(d.handle >> 1);
        d.in.append(bytes);
        return;
    }
  }
}

/// Requests that are there already, of this connection and of those that became ready meanwhile.
void Proxy::read_requests() {
  if (reading_) return;  // an answer may make others ready: the outermost call sees to them
  reading_ = true;
  while (!to_read_.empty()) {
    Downstream& d = clients_[to_read_.back()];
    to_read_.pop_back();
    while (d.open && !d.in.empty() && tables_->modes[d.server] == Mode::idle && read_request(d)) {
    }
  }
  reading_ = false;
}

/// @return false when there is more to come
bool Proxy::read_request(Downstream& d) {
  std::size_t empty = 0;
  while (d.in.compare(empty, 2, "\r\n") == 0)
    empty += 2;
  d.in.erase(0, empty);
  const std::size_t end = head_end(d.in, empty > 0 ? 0 : d.looked_at);
  d.looked_at = end == 0 ? d.in.size() : 0;
  if (end == 0 && d.in.size() < kHeadBytesMax) return false;

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
    return d.open;
  }
  static thread_local Head head;
  const std::string_view bytes(d.in.data(), end);
  if (const HeadError error = read_request_head(bytes, head); error.status != 0) {
    request.minor = head.minor;
    refuse(d, error.status, error.why);
    return d.open;
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
  std::string rest = d.in.substr(end);
  d.in.clear();
  if (d.in.capacity() > kResumed) d.in.shrink_to_fit();

  if (whole) {
    step_server(d, last ? server_event<sv::head::Last> : server_event<sv::head::Request>);
  } else {
    step_server(
        d, expects && rest.empty() ? server_event<sv::head::Expect> : server_event<sv::head::Head>);
    if (d.open && last) step_server(d, server_event<sv::manage::Shutdown>);
  }
  if (d.open && settings_.server_requests != 0 && d.requests >= settings_.server_requests)
    step_server(d, server_event<sv::manage::Retire>);
  if (d.open && shutting_down_) step_server(d, server_event<sv::manage::Shutdown>);
  if (d.open && !rest.empty()) take_content(d, rest);
  return d.open;
}

/// Answers without the exchange: the bytes are no request that could be passed on. What follows
/// them is read as content, to be dropped behind a response that closes.
void Proxy::refuse(Downstream& d, unsigned status, const char* why) {
  ++counters_.malformed;
  Request& request = *d.request;
  request.refused = true;
  request.own_status = status;
  request.why = why;
  request.framing = Content(Framing::until_close, 0);
  d.in.clear();
  note(Noted::refused, d.handle);
  step_server(d, server_event<sv::head::Head>);
  if (d.open) step_server(d, server_event<sv::manage::Shutdown>);
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
  request.begun = true;
  if (request.own_status != 0) {
    write_own_response(request.own_status, request.why, close, request.to_head, d.out);
    return;
  }
  write_response_head(request.response, close, request.minor, !request.unchunks, d.out);
  request.sent += request.held.size();
  d.out.append(request.held);
  request.held.clear();
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
    if (request.framing.done()) over(d);
    step_server(d, kWhole);
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
    d.out.clear();
    d.after_flush = kNoEvent;
    step_server(d, server_event<sv::transport::Error>);
    return;
  }
  d.out.erase(0, taken);
  if (d.out.empty() && d.out.capacity() > kResumed) d.out.shrink_to_fit();
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
  if (!request.over) {
    const unsigned status = !request.begun            ? 0
                            : request.own_status != 0 ? request.own_status
                                                      : request.response.status;
    if (status != 0) ++counters_.responses;
    if (observer_ != nullptr) {
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
    request.over = true;
  }
  // Content that is still to come has its framing here.
  if (!request.framing.done()) return;
  request.clear();
  if (spare_requests_.size() < 1024) spare_requests_.push_back(std::move(d.request));
  d.request.reset();
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
    d.request->framing = {};
    over(d);
  }
  transport_.close(d.handle);
  deadlines_.forget(d.handle);
  const std::uint32_t index = d.handle >> 1;
  d = {};
  free_clients_.push_back(index);
  --open_clients_;
}

}  // namespace halfclose::runtime
