#include "runtime/conform/replay.hpp"

#include "model/machine/rows.hpp"
#include "model/monitor/request_observer.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::runtime {

namespace {

namespace sv = http1::server;
namespace cl = http1::client;
namespace ex = proxy::exchange;
namespace rq = monitor::request;
using machine::Cell;
using machine::EventId;
using machine::LocalId;
using machine::OutputId;

template <class E> constexpr EventId server_event = machine::event_id<sv::ServerConnection, E>();
template <class E> constexpr EventId client_event = machine::event_id<cl::ClientConnection, E>();
template <class E> constexpr EventId exchange_event = machine::event_id<ex::Exchange, E>();
template <class E> constexpr EventId observer_event = machine::event_id<rq::RequestObserver, E>();

constexpr std::size_t kRecent = 4096, kShown = 12;

bool begins(EventId event) {
  return event == exchange_event<ex::request::Whole> ||
         event == exchange_event<ex::request::Last> || event == exchange_event<ex::request::Head>;
}
/// The pool has found a connection, or not.
bool is_of_pool(EventId event) {
  return event == exchange_event<ex::pool::Fresh> || event == exchange_event<ex::pool::Reused> ||
         event == exchange_event<ex::pool::Overflow>;
}
/// The server connection closes because there is nobody at its other end.
bool client_went(EventId event) {
  return event == server_event<sv::transport::Error> || event == server_event<sv::transport::Eof> ||
         event == server_event<sv::transport::PeerClosed>;
}
bool has_connection(const machine::Table& table, LocalId local) {
  const std::string& state = table.state_name(local);
  return state == ex::Sending::name || state == ex::Awaiting::name || state == ex::Streaming::name;
}

}  // namespace

Replay::Replay(const Tables& tables, const Wiring& wiring) : tables_(tables), wiring_(wiring) {}

Replay::Client& Replay::client(std::uint32_t handle) {
  while (clients_.size() <= handle >> 1)
    clients_.emplace_back(wiring_.observer());
  return clients_[handle >> 1];
}
Replay::Server& Replay::server(std::uint32_t handle) {
  while (servers_.size() <= handle >> 1)
    servers_.emplace_back();
  return servers_[handle >> 1];
}
const machine::Table& Replay::table_of(Noted what) const {
  return what == Noted::server     ? tables_.server
         : what == Noted::client   ? tables_.client
         : what == Noted::exchange ? tables_.exchange(false)
                                   : tables_.exchange(true);
}

bool Replay::take(const JournalEntry& entry) {
  if (divergence_) return false;
  if (entry.what == Noted::time) {
    if (!first_time_) first_time_ = entry.handle;
    time_ = entry.handle;
    return true;
  }
  ++steps_;
  now_ = {entry, 0};
  // Handles are dense: slots that are used again.
  if (entry.handle >> 1 > (entry.handle & 1 ? servers_.size() : clients_.size()))
    return refuse("no connection has this number yet");
  bool fits = false;
  switch (entry.what) {
    case Noted::given:
      fits = take_given(entry);
      break;
    case Noted::refused:
      fits = take_refused(client(entry.handle));
      break;
    case Noted::server:
      fits = take_server(entry);
      break;
    case Noted::client:
      fits = take_client(entry);
      break;
    case Noted::exchange:
    case Noted::exchange_retried:
      fits = take_exchange(entry);
      break;
    default:
      return refuse("this is no entry of a journal");
  }
  recent_.push_back(now_);
  if (recent_.size() > kRecent) recent_.pop_front();
  return fits;
}

Replayed Replay::result() const {
  Replayed result = result_;
  result.steps = steps_;
  for (const Client& one : clients_)
    result.outstanding += one.watched ? 1 : 0;
  return result;
}

bool Replay::refuse(std::string rule) {
  if (divergence_) return false;
  Divergence& found = divergence_.emplace();
  found.step = steps_;
  found.at = first_time_ ? time_ - *first_time_ : 0;
  found.what = text(now_);
  found.rule = std::move(rule);
  const bool to_server = now_.entry.handle & 1;
  const std::uint32_t slot = now_.entry.handle >> 1;
  std::uint32_t other = kNobody;
  if (to_server && slot < servers_.size() && servers_[slot].client_slot != kNobody)
    other = servers_[slot].client_slot << 1;
  if (!to_server && slot < clients_.size() && clients_[slot].server_slot != kNobody)
    other = clients_[slot].server_slot << 1 | 1;
  for (auto one = recent_.rbegin(); one != recent_.rend() && found.before.size() < kShown; ++one) {
    if (one->entry.handle == now_.entry.handle || one->entry.handle == other)
      found.before.push_back(text(*one));
  }
  std::reverse(found.before.begin(), found.before.end());
  return false;
}

std::string Replay::text(const Seen& seen) const {
  const JournalEntry& entry = seen.entry;
  const std::string connection = (entry.handle & 1 ? "server connection " : "client connection ") +
                                 std::to_string(entry.handle >> 1);
  if (entry.what == Noted::given) return connection + ": given to a request";
  if (entry.what == Noted::refused) return connection + ": the proxy answers by itself";
  if (entry.what < Noted::server || entry.what > Noted::exchange_retried)
    return connection + ": entry of kind " + std::to_string(static_cast<int>(entry.what));
  const machine::Table& table = table_of(entry.what);
  const auto local = [&](LocalId id) {
    return id < table.locals.size() ? table.local_name(id) : "local " + std::to_string(id);
  };
  return connection + ": " + table.machine + ", `" +
         (entry.event < table.events.size() ? table.events[entry.event]
                                            : "event " + std::to_string(entry.event)) +
         "` in " + local(seen.before) + ", to " + local(entry.next);
}

const Cell* Replay::cell(const machine::Table& table, LocalId local, const JournalEntry& entry) {
  now_.before = local;
  if (entry.event >= table.events.size() || entry.next >= table.locals.size()) {
    refuse("the machine has no such event or state");
    return nullptr;
  }
  const Cell& found = table.at(local, entry.event);
  if (found.verdict != machine::Verdict::taken) {
    refuse("the table does not take it there");
    return nullptr;
  }
  if (found.next != entry.next) {
    refuse("the table leads to " + table.local_name(found.next));
    return nullptr;
  }
  return &found;
}

//--- what the machines owe one another
//--------------------------------------------------------------------------------------------------

bool Replay::follow(Who who, EventId during, const std::vector<OutputId>& outputs,
                    std::vector<Owed>* owed, Client* observed) {
  for (const OutputId output : outputs) {
    bool owes = false;
    for (const Consequence& one : wiring_.of(who, output, during)) {
      if (one.who != Who::observer)
        owes = true;
      else if (observed != nullptr && observed->watched && !observe(*observed, one.event))
        return false;
    }
    if (owes && owed != nullptr) owed->push_back({who, output, during});
  }
  return true;
}

bool Replay::is_owed(Who who, EventId event, std::vector<Owed>& owed) {
  const unsigned bit = 1u << static_cast<unsigned>(who);
  for (Owed& one : owed) {
    if (one.done & bit) continue;
    for (const Consequence& next : wiring_.of(one.who, one.output, one.during)) {
      if (next.who != who || next.event != event) continue;
      one.done |= bit;
      return true;
    }
  }
  return false;
}

bool Replay::nothing_owed(const std::vector<Owed>& owed) {
  for (const Owed& one : owed) {
    for (const Consequence& next : wiring_.of(one.who, one.output, one.during)) {
      // What goes through the pool goes on where a request has the connection, and only there
      // did a client owe it.
      const bool sure = next.sure || (one.who == Who::client && next.who == Who::exchange &&
                                      !is_of_pool(next.event));
      if (next.who == Who::observer || !sure ||
          (one.done & 1u << static_cast<unsigned>(next.who)) != 0)
        continue;
      const machine::Table& table = one.who == Who::server   ? tables_.server
                                    : one.who == Who::client ? tables_.client
                                                             : tables_.exchange(false);
      return refuse("nothing followed of the output `" + table.outputs[one.output] + "` of " +
                    table.machine);
    }
  }
  return true;
}

//--- requests
//--------------------------------------------------------------------------------------------------

bool Replay::observe(Client& c, EventId event) {
  const machine::Table& table = wiring_.observer();
  const LocalId before = c.observer.local();
  const Cell& found = c.observer.step(event);
  if (found.verdict != machine::Verdict::taken)
    return refuse("the observer of requests does not take `" + table.events[event] + "` in " +
                  table.local_name(before));
  for (const OutputId output : table.outputs_of(found)) {
    if (rq::is_verdict(static_cast<rq::Out>(output)) &&
        static_cast<rq::Out>(output) != rq::Out::cascaded)
      return refuse("guarantee " + table.outputs[output] + " is broken");
  }
  return true;
}

bool Replay::begin_request(Client& c) {
  if (!nothing_owed(c.owed)) return false;
  c.owed.clear();
  c.cut = false;
  c.watched = true;
  c.observer = machine::Cursor(wiring_.observer());
  ++result_.requests;
  return observe(c, observer_event<rq::saw::Watch<0>>) &&
         observe(c, observer_event<rq::saw::Asked<0>>);
}

/// The server connection is closed: how that is for the request that was not answered.
bool Replay::end_request(Client& c, EventId during) {
  if (!std::exchange(c.watched, false)) return true;
  return observe(c, client_went(during) ? observer_event<rq::saw::GaveUp<0>>
                    : c.cut             ? observer_event<rq::saw::Failed<0>>
                                        : observer_event<rq::saw::Closed<0>>);
}

/// What its client sent behind the head is no request: to the observer it gave up.
bool Replay::take_refused(Client& c) {
  c.refused = true;
  return !std::exchange(c.watched, false) || observe(c, observer_event<rq::saw::GaveUp<0>>);
}

bool Replay::take_given(const JournalEntry& entry) {
  if (given_ != kNobody) return refuse("the connection given before went to nobody");
  if ((entry.handle & 1) == 0) return refuse("a client's connection cannot be given");
  if (server(entry.handle).client_slot != kNobody)
    return refuse("a request has this connection already");
  given_ = entry.handle >> 1;
  return true;
}

bool Replay::give(Client& c, bool used) {
  if (given_ == kNobody) return refuse("no connection was given");
  const std::uint32_t slot = std::exchange(given_, kNobody);
  Server& s = servers_[slot];
  if (!nothing_owed(s.owed)) return false;
  s.owed.clear();
  if (used) {
    if (!s.open || tables_.client.state_name(s.client) != cl::Ready::name)
      return refuse("the connection given is in " + tables_.client.local_name(s.client) +
                    ", not in the pool");
  } else {
    if (s.open) return refuse("the connection given is not new");
    s.open = true;
    s.client = 0;
    ++result_.servers;
  }
  c.server_slot = slot;
  return true;
}
void Replay::take_back(Client& c) {
  if (c.server_slot != kNobody) servers_[c.server_slot].client_slot = kNobody;
  c.server_slot = kNobody;
}

//--- the steps
//--------------------------------------------------------------------------------------------------

bool Replay::take_server(const JournalEntry& entry) {
  Client& c = client(entry.handle);
  if (entry.event == server_event<sv::transport::Accepted>) {
    if (c.open) return refuse("the connection is open already");
    if (c.exchange != 0) return refuse("the connection before it closed, and its request goes on");
    // Responses may be owed still: their client had gone.
    std::erase_if(c.owed, [](const Owed& one) { return one.who == Who::exchange; });
    if (!nothing_owed(c.owed)) return false;
    c = Client(wiring_.observer());
    c.open = true;
    ++result_.clients;
  }
  if (!c.open) return refuse("the connection is not open");
  const Cell* found = cell(tables_.server, c.server, entry);
  if (found == nullptr) return false;
  // A tail that waits in the buffer is part of the same answer.
  const EventId event = entry.event == server_event<sv::respond::Buffered>
                            ? server_event<sv::respond::Whole>
                            : entry.event;
  if (wiring_.is_caused(Who::server, event) && !c.refused &&
      event != server_event<sv::manage::Shutdown> && !is_owed(Who::server, event, c.owed))
    return refuse("no output of the exchange leads to it");
  c.server = entry.next;
  std::vector<OutputId> outputs = tables_.server.outputs_of(*found);
  if (c.refused) {
    // The exchange is not told of a request that the proxy answers by itself.
    std::erase_if(outputs, [](OutputId output) {
      return static_cast<sv::Out>(output) == sv::Out::read_request ||
             static_cast<sv::Out>(output) == sv::Out::content_read;
    });
  }
  const bool closes = std::find(outputs.begin(), outputs.end(),
                                static_cast<OutputId>(sv::Out::close_fd)) != outputs.end();
  if (closes && !client_went(entry.event) && !nothing_owed(c.owed)) return false;
  if (!follow(Who::server, entry.event, outputs, &c.owed, nullptr)) return false;
  for (const OutputId output : outputs) {
    const auto out = static_cast<sv::Out>(output);
    if (out == sv::Out::answered || out == sv::Out::answered_early) {
      if (std::exchange(c.refused, false)) ++result_.refused;
      if (std::exchange(c.watched, false) && !observe(c, observer_event<rq::saw::Completed<0>>))
        return false;
    }
  }
  if (!closes) return true;
  c.open = c.refused = false;
  return end_request(c, entry.event);
}

bool Replay::take_exchange(const JournalEntry& entry) {
  Client& c = client(entry.handle);
  const bool method = entry.what == Noted::exchange_retried;
  const machine::Table& table = tables_.exchange(method);
  if (method != c.method && c.exchange != 0)
    return refuse("the method of a request changes while it is under way");
  c.method = method;
  const Cell* found = cell(table, c.exchange, entry);
  if (found == nullptr) return false;
  Server* s = c.server_slot == kNobody ? nullptr : &servers_[c.server_slot];
  // A request that turns out to be none is taken from it, though its client is there.
  const bool taken = c.refused && entry.event == exchange_event<ex::downstream::Gone>;
  if (wiring_.is_caused(Who::exchange, entry.event) && !taken &&
      !is_owed(Who::exchange, entry.event, c.owed) &&
      !(s != nullptr && is_owed(Who::exchange, entry.event, s->owed)))
    return refuse("no output of its connections leads to it");
  if (begins(entry.event) && !begin_request(c)) return false;
  c.exchange = entry.next;
  if (entry.event == exchange_event<ex::pool::Fresh> ||
      entry.event == exchange_event<ex::pool::Reused>) {
    const bool used = entry.event == exchange_event<ex::pool::Reused>;
    if (!give(c, used)) return false;
    servers_[c.server_slot].client_slot = entry.handle >> 1;
    if (c.watched && !(observe(c, observer_event<rq::saw::Renewed<0>>) &&
                       observe(c, observer_event<rq::saw::Attached<0>>) &&
                       (used || observe(c, observer_event<rq::saw::Fresh<0>>))))
      return false;
  }
  for (const OutputId output : table.outputs_of(*found)) {
    const auto out = static_cast<ex::Out>(output);
    if (out == ex::Out::retried) ++result_.retries;
    if (out == ex::Out::cut || out == ex::Out::close_downstream) c.cut = true;
  }
  if (!follow(Who::exchange, entry.event, table.outputs_of(*found), &c.owed, &c)) return false;
  if (!has_connection(table, c.exchange)) take_back(c);
  return true;
}

bool Replay::take_client(const JournalEntry& entry) {
  if ((entry.handle & 1) == 0) return refuse("this is the connection of a client");
  Server& s = server(entry.handle);
  if (!s.open) return refuse("the connection is not open");
  const Cell* found = cell(tables_.client, s.client, entry);
  if (found == nullptr) return false;
  Client* c = s.client_slot == kNobody ? nullptr : &clients_[s.client_slot];
  // A connection is abandoned by the exchange that had it, or because the pool wants the room.
  if (wiring_.is_caused(Who::client, entry.event) &&
      entry.event != client_event<cl::manage::Abandon> &&
      !(c != nullptr && is_owed(Who::client, entry.event, c->owed)))
    return refuse("no output of an exchange leads to it");
  s.client = entry.next;
  const std::vector<OutputId>& outputs = tables_.client.outputs_of(*found);
  if (!follow(Who::client, entry.event, outputs, c != nullptr ? &s.owed : nullptr, c)) return false;
  for (const OutputId output : outputs) {
    if (static_cast<cl::Out>(output) == cl::Out::close_fd) s.open = false;
  }
  return true;
}

}  // namespace halfclose::runtime
