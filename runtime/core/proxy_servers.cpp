// Towards servers: connections are taken, opened and given back; requests go out, responses come
// in.
#include "runtime/core/proxy_parts.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::runtime {

void Proxy::ask_pool(Downstream& d, bool fresh) {
  if (!fresh) {
    if (Upstream* u = take_idle(!has_room() || addresses_.all_shunned(now_)))
      return attach(d, *u, true);
  }
  Upstream* u = open_new(d.request->tried);
  if (u == nullptr && !idle_.empty()) {
    if (!fresh) return attach(d, *take_idle(true), true);
    // A used connection makes room for a new one.
    step_client(servers_[idle_.front()], client_event<cl::manage::Abandon>);
    u = open_new(d.request->tried);
  }
  if (u != nullptr) return attach(d, *u, false);
  // Where no connection is, none becomes free.
  if (waiting_.size() >= settings_.waiting_max || open_upstreams_ == 0) {
    step_exchange(d, exchange_event<ex::pool::Overflow>);
    return;
  }
  ++counters_.waited;
  d.request->wants_fresh = fresh;
  waiting_.push_back(d.handle >> 1);
}

/// The one whose turn it is. @param any  one to an address that is shunned, too
Proxy::Upstream* Proxy::take_idle(bool any) {
  const auto fits = [&](std::uint32_t index) {
    return any || !addresses_.is_shunned(servers_[index].address, now_);
  };
  auto at = idle_.end();
  if (settings_.fifo) {
    at = std::find_if(idle_.begin(), idle_.end(), fits);
  } else if (const auto last = std::find_if(idle_.rbegin(), idle_.rend(), fits);
             last != idle_.rend()) {
    at = std::prev(last.base());
  }
  if (at == idle_.end()) return nullptr;
  Upstream& u = servers_[*at];
  idle_.erase(at);
  u.idle = false;
  return &u;
}

bool Proxy::has_room() const {
  return open_upstreams_ < settings_.connections_max && !no_room_;
}

/// @return one that has begun, or has been refused at once; nullptr when there is no room for it
Proxy::Upstream* Proxy::open_new(std::size_t but) {
  if (!has_room()) return nullptr;
  std::uint32_t index = static_cast<std::uint32_t>(servers_.size());
  if (free_servers_.empty()) {
    servers_.emplace_back();
  } else {
    index = free_servers_.back();
    free_servers_.pop_back();
  }
  Upstream& u = servers_[index];
  u.handle = index << 1 | 1;
  u.open = u.connecting = true;
  u.serial = ++opened_;
  Opening opening = Opening::no_room;
  // All ports may be taken towards one address, and none towards the next.
  for (std::size_t i = 0; i < settings_.addresses && opening == Opening::no_room; ++i) {
    u.address = addresses_.next(now_, i == 0 ? but : u.address);
    opening = transport_.connect(u.handle, u.address);
  }
  if (opening == Opening::no_room) {
    u = {};
    free_servers_.push_back(index);
    no_room_ = true;
    ++counters_.no_room;
    return nullptr;
  }
  u.refused = opening == Opening::refused;
  ++open_upstreams_;
  return &u;
}

void Proxy::attach(Downstream& d, Upstream& u, bool used) {
  u.owner = d.handle >> 1;
  ++u.requests;
  d.upstream = u.handle >> 1;
  d.request->tried = u.address;
  d.request->reused = used;
  d.request->passed = 0;
  if (used) ++counters_.reuses;
  const Handle handle = u.handle;
  note(Noted::given, handle);
  step_exchange(d, used ? exchange_event<ex::pool::Reused> : exchange_event<ex::pool::Fresh>);
  const bool content = !d.request->framing.done() || !d.request->content.empty();
  step_client(u, content ? client_event<cl::want::Head> : client_event<cl::want::Request>);
  if (used || !u.open || u.handle != handle || !u.connecting) return;
  if (u.refused) {
    u.connecting = false;
    step_client(u, client_event<cl::transport::Error>);
  } else if (settings_.connect_timeout < kNever) {
    u.connect_by = now_ + settings_.connect_timeout;
    deadlines_.set(handle, u.connect_by);
  }
}

void Proxy::detach(Upstream& u) {
  Downstream* d = owner_of(u);
  if (d == nullptr) return;
  d->upstream = UINT32_MAX;
  u.owner = UINT32_MAX;
  if (u.paused) {
    u.paused = false;
    transport_.want_input(u.handle, true);
  }
}

void Proxy::give_up(Downstream& d) {
  if (Upstream* u = upstream_of(d)) {
    detach(*u);
    step_client(*u, client_event<cl::manage::Abandon>);
    return;
  }
  waiting_.erase(std::remove(waiting_.begin(), waiting_.end(), d.handle >> 1), waiting_.end());
}

/// Requests that wait get what is free, in their order.
void Proxy::serve_waiting() {
  while (can_serve_waiting()) {
    Downstream& d = clients_[waiting_.front()];
    waiting_.pop_front();
    ask_pool(d, d.request->wants_fresh);
  }
}

bool Proxy::can_serve_waiting() const {
  return !waiting_.empty() && (!idle_.empty() || has_room() || open_upstreams_ == 0);
}

void Proxy::no_answer(Upstream& u) {
  if (u.in_content || !u.in.empty()) return;
  if (addresses_.failed(u.address, now_)) ++counters_.shunned;
}

void Proxy::write_head(Upstream& u, bool close) {
  Downstream* d = owner_of(u);
  if (d == nullptr) return;
  write(u, d->request->head);
  write(u, close ? "Connection: close\r\n\r\n" : "\r\n");
}

/// @param last  the machine has said that the content goes out to its end
void Proxy::pass_content(Downstream& d, Upstream& u, bool last) {
  Request& request = *d.request;
  if (!last && tables_->client.at(u.client, client_event<cl::want::BodyIfOpen>).verdict !=
                   machine::Verdict::taken)
    return;                                     // the head is not out
  if (!last && request.framing.done()) return;  // the machine sends the end
  const std::string_view more = std::string_view(request.content).substr(request.passed);
  if (more.empty()) return;
  request.passed = request.content.size();
  // Forgotten only when the machine knows: else a retry would send the head alone.
  if (request.passed > kKeptMax && !request.forgets)
    request.forgets = step_exchange(d, exchange_event<ex::request::Beyond>);
  write(u, more);
  if (d.open && d.request && d.request->forgets) {
    d.request->content.clear();
    d.request->passed = 0;
  }
}

/// The head, its content and what follows within the turn leave together.
void Proxy::write(Upstream& u, std::string_view bytes) {
  // What is there already is in to_send_, or waits until the connection is writable.
  if (u.out.empty()) {
    u.sends = true;
    to_send_.push_back(u.handle >> 1);
    lend(u.out);
  }
  u.out.append(bytes);
}

void Proxy::flush(Upstream& u) {
  if (u.out.empty()) return;
  const std::size_t taken = transport_.send(u.handle, u.out);
  if (taken == Transport::kFailed) {
    give_back(u.out);
    count_reset(u);
    step_client(u, client_event<cl::transport::WriteError>);
    return;
  }
  u.out.erase(0, taken);
  if (u.out.empty()) give_back(u.out);
  if (Downstream* d = owner_of(u)) balance(*d);
}

void Proxy::read_responses(Upstream& u, std::string_view bytes) {
  const std::uint64_t serial = u.serial;
  while (u.open && u.serial == serial && !bytes.empty()) {
    Downstream* d = owner_of(u);
    if (d == nullptr) {
      step_client(u, client_event<cl::response::Part>);
      return;
    }
    addresses_.answered(u.address, now_);
    const bool begins = !u.in_content;
    if (begins && !read_response_head_of(u, bytes)) return;
    if (!u.open || owner_of(u) != d) return;
    Request& request = *d->request;
    std::string* data = request.unchunks ? &request.held : nullptr;
    const std::size_t taken = u.content.take(bytes, data);
    if (data == nullptr) request.held.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (u.content.broken()) {
      ++counters_.malformed;
      step_client(u, client_event<cl::transport::Error>);
      return;
    }
    const bool done = u.content.done();
    const bool open_end = u.content.framing() == Framing::until_close;
    u.in_content = !done;
    const bool close = request.response.close;
    // What stands behind a response was asked by nobody, and what is left of the request would
    // stand before the next one.
    if (done && (!bytes.empty() || !u.out.empty())) step_client(u, client_event<cl::timeout::Age>);
    if (settings_.client_requests != 0 && u.requests >= settings_.client_requests)
      step_client(u, client_event<cl::manage::Retire>);
    if (begins) {
      step_client(u, open_end        ? client_event<cl::response::Open>
                     : done && close ? client_event<cl::response::WholeClose>
                     : done          ? client_event<cl::response::Whole>
                     : close         ? client_event<cl::response::PartClose>
                                     : client_event<cl::response::Part>);
    } else {
      if (d->open && d->request && d->request->begun) go_on_response(*d);
      if (done && u.open) step_client(u, client_event<cl::response::Tail>);
    }
    if (u.open && owner_of(u) == d && d->request && !d->request->begun &&
        d->request->held.size() > kHeldMax && !u.paused) {
      u.paused = true;
      transport_.want_input(u.handle, false);
    }
  }
}

/// @return false when more is to come, or it was no head
bool Proxy::read_response_head_of(Upstream& u, std::string_view& bytes) {
  const std::size_t before = u.in.size();
  if (before > 0) u.in.append(bytes);
  const std::string_view head = before > 0 ? u.in : bytes;
  const std::size_t end = head_end(head, before);
  if (end == 0 && head.size() < kHeadBytesMax) {
    if (before == 0) u.in = bytes;
    bytes = {};
    return false;
  }
  Request& request = *owner_of(u)->request;
  request.response_head.assign(head.substr(0, end));
  if (before > 0) u.in = std::string();
  const HeadError error =
      end == 0 ? HeadError{502, "the head is larger than 64 KiB"}
               : read_response_head(request.response_head, request.to_head, request.response);
  if (error.status != 0 || request.response.status == 101) {
    ++counters_.malformed;
    step_client(u, client_event<cl::transport::Error>);
    return false;
  }
  bytes.remove_prefix(end - before);
  if (request.response.status < 200) {
    const std::uint64_t serial = u.serial;
    step_client(u, client_event<cl::response::Continue>);
    pass_informational(*owner_of(u));
    return !bytes.empty() && u.open && u.serial == serial && owner_of(u) != nullptr &&
           read_response_head_of(u, bytes);
  }
  request.held.clear();
  request.unchunks = request.minor == 0 && request.response.framing == Framing::chunked;
  u.content = Content(request.response.framing, request.response.length);
  if (request.response.close) ++counters_.told_to_close;
  return true;
}

/// The client has our own 100 already, and HTTP/1.0 knows no such response (RFC 9110 15.2).
void Proxy::pass_informational(Downstream& d) {
  const Request& request = *d.request;
  if (request.response.status == 100 || request.minor == 0) return;
  ++counters_.informational;
  lend(d.out);
  write_response_head(request.response, false, request.minor, false, d.out);
  flush(d);
}

void Proxy::close(Upstream& u) {
  if (!u.open || u.closing) return;
  u.closing = true;
  if (u.idle) idle_.erase(std::remove(idle_.begin(), idle_.end(), u.handle >> 1), idle_.end());
  detach(u);
  transport_.close(u.handle);
  deadlines_.forget(u.handle);
  const std::uint32_t index = u.handle >> 1;
  u = {};
  free_servers_.push_back(index);
  --open_upstreams_;
  no_room_ = false;
}

}  // namespace halfclose::runtime
