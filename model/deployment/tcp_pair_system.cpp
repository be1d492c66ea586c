#include "model/deployment/tcp_pair_system.hpp"

#include "model/machine/rows.hpp"
#include "model/tcp/endpoint.hpp"

#include <stdexcept>
#include <utility>

namespace halfclose::deployment {

namespace {

using namespace system;
using machine::event_id;
using machine::Table;
using machine::Verdict;
using tcp::Endpoint;
namespace seg = tcp::seg;

/// What a user does and is told; what it does is its output too, up to `abort`.
enum UserEvent : EventId {
  open,
  listen,
  send,
  send_held,
  recv,
  shutdown_read,
  shutdown_write,
  close,
  abort,
  connected,
  sent,
  acknowledged,
};
enum UserLocal : LocalId {
  fresh,
  opening,
  listening,
  done,
  in_flight
};  // the last one plus a number of segments

/// A user as a table: a descriptor that is opened once and closed once, and the segments that are
/// unacknowledged.
Table user_table(bool connects, int window) {
  Table table;
  table.machine = "tcp-user";
  table.states = {"fresh", "opening", "listening", "done", "open"};
  table.outputs = {"OPEN",        "LISTEN",      "SEND",  "SEND held", "RECV",
                   "SHUTDOWN RD", "SHUTDOWN WR", "CLOSE", "ABORT"};
  table.events = table.outputs;
  table.events.insert(table.events.end(), {"connected", "sent", "acknowledged"});
  table.output_lists.emplace_back();
  for (OutputId call = open; call <= abort; ++call)
    table.output_lists.push_back({call});
  for (std::uint16_t state = fresh; state <= done; ++state)
    table.locals.push_back({state, ""});
  for (int n = 0; n <= window; ++n)
    table.locals.push_back({in_flight, std::to_string(n) + " in flight"});
  table.cells.resize(table.locals.size() * table.events.size());

  auto on = [&](int from, EventId event, int to) {
    const auto list = static_cast<std::uint16_t>(event <= abort ? event + 1 : 0);
    table.cells[static_cast<std::size_t>(from) * table.events.size() + event] = {
        static_cast<LocalId>(to), list, machine::kNoRow, Verdict::taken};
  };
  if (connects) {
    on(fresh, open, opening);
  } else {
    on(fresh, listen, listening);
  }
  on(opening, close, done);
  on(opening, connected, in_flight);
  on(listening, close, done);
  on(listening, connected, in_flight);
  for (int n = in_flight; n <= in_flight + window; ++n) {
    const bool full = n == in_flight + window;
    if (!full) on(n, send, n);
    if (n > in_flight)
      on(n, send_held, n);  // full, or Nagle: its acknowledgment is what lets the bytes leave
    for (const EventId call : {recv, shutdown_read, shutdown_write})
      on(n, call, n);
    for (const EventId call : {close, abort})
      on(n, call, done);
    if (!full) on(n, sent, n + 1);
    if (n > in_flight) on(n, acknowledged, n - 1);
  }
  on(done, sent, done);
  on(done, acknowledged, done);
  return table;
}

Action raise(Index component, EventId event, Message payload = kNoMessage) {
  return {.kind = Action::Kind::raise, .target = component, .event = event, .payload = payload};
}
Action put(Index wire, Message message) {
  return {.kind = Action::Kind::send, .target = wire, .payload = message};
}
template <class E> Action during(Action action) {
  action.only_during = event_id<Endpoint, E>();
  return action;
}
Action only(std::uint64_t payloads, Action action) {
  action.only_payloads = payloads;
  return action;
}

constexpr std::uint64_t kData = 1ull << pair::data | 1ull << pair::held_data;

/// One end: its user's calls, its segments onto `out`, the segments at the end of `in`.
void bind_end(System& system, Index user, Index kernel, Index out, Index in) {
  using tcp::Out;
  const std::pair<OutputId, EventId> calls[] = {
      {open, event_id<Endpoint, tcp::user::Open>()},
      {listen, event_id<Endpoint, tcp::user::Listen>()},
      {send, event_id<Endpoint, tcp::user::Send>()},
      {send_held, event_id<Endpoint, tcp::user::SendHeld>()},
      {recv, event_id<Endpoint, tcp::user::Recv>()},
      {shutdown_read, event_id<Endpoint, tcp::user::ShutdownRead>()},
      {shutdown_write, event_id<Endpoint, tcp::user::ShutdownWrite>()},
      {close, event_id<Endpoint, tcp::user::Close>()},
      {abort, event_id<Endpoint, tcp::user::Abort>()},
  };
  const std::string& name = system.components[kernel].name;
  for (const auto& [call, event] : calls) {
    if (call == (kernel == pair::left ? listen : open)) continue;
    system.bind(user, call, {raise(kernel, event)});
    system.choices.push_back(
        {name + " " + system.components[user].table->outputs[call], user, call});
  }
  system.choices.push_back(
      {name + " FIN-WAIT-2 timeout", kernel, event_id<Endpoint, tcp::timeout::FinWait2>()});
  system.choices.push_back(
      {name + " TIME-WAIT timeout", kernel, event_id<Endpoint, tcp::timeout::TimeWait>()});

  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(kernel, static_cast<OutputId>(output), std::move(actions));
  };
  bind(Out::syn, {put(out, pair::syn)});
  bind(Out::syn_ack, {put(out, pair::syn_ack)});
  bind(Out::data, {put(out, pair::data), raise(user, sent)});
  bind(Out::unsent_data, {put(out, pair::held_data), raise(user, sent)});
  bind(Out::fin, {put(out, pair::fin)});
  bind(Out::rst, {put(out, pair::rst)});
  bind(Out::ack,
       {during<seg::SynAck>(put(out, pair::ack)), during<seg::RstReply>(put(out, pair::ack)),
        during<seg::Data>(put(out, pair::ack_data)), during<seg::Fin>(put(out, pair::ack_fin))});
  bind(Out::rst_reply,
       {only(kData, put(out, pair::rst_to_data)), only(~kData, put(out, pair::rst))});
  bind(Out::connected, {raise(user, connected)});
  bind(Out::accepted, {raise(user, connected)});

  auto arrives = [&](Message message, EventId event) {
    system.deliver(in, message, {raise(kernel, event, message)});
  };
  arrives(pair::syn, event_id<Endpoint, seg::Syn>());
  arrives(pair::syn_ack, event_id<Endpoint, seg::SynAck>());
  arrives(pair::ack, event_id<Endpoint, seg::Ack>());
  arrives(pair::ack_fin, event_id<Endpoint, seg::AckFin>());
  arrives(pair::data, event_id<Endpoint, seg::Data>());
  arrives(pair::held_data, event_id<Endpoint, seg::Data>());
  arrives(pair::fin, event_id<Endpoint, seg::Fin>());
  arrives(pair::rst, event_id<Endpoint, seg::Rst>());
  arrives(pair::rst_to_data, event_id<Endpoint, seg::RstReply>());
  system.deliver(in, pair::ack_data,
                 {raise(kernel, event_id<Endpoint, seg::Window>(), pair::ack_data),
                  raise(user, acknowledged)});
}

}  // namespace

System tcp_pair_system(PairWindows windows) {
  if (windows.left + windows.right > kPairWindowsMax) {
    throw std::length_error("the windows of a pair are " + std::to_string(kPairWindowsMax) +
                            " segments together at most");
  }
  System system;
  system.messages = {"SYN",  "SYN,ACK",          "ACK", "ACK of data", "ACK of FIN",
                     "DATA", "DATA that waited", "FIN", "RST",         "RST to data"};
  const auto connects = std::make_shared<const Table>(user_table(true, windows.left));
  const auto listens = std::make_shared<const Table>(user_table(false, windows.right));
  const std::shared_ptr<const Table> kernel(&tcp::endpoint_table(), [](const Table*) {});
  system.components = {
      {"left user", connects}, {"left", kernel}, {"right user", listens}, {"right", kernel}};
  system.queues = {{.name = "left>right", .from = pair::left, .to = pair::right},
                   {.name = "right>left", .from = pair::right, .to = pair::left}};
  bind_end(system, pair::left_user, pair::left, pair::to_right, pair::to_left);
  bind_end(system, pair::right_user, pair::right, pair::to_left, pair::to_right);
  system.seal();
  return system;
}

}  // namespace halfclose::deployment
