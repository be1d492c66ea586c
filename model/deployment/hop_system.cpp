#include "model/deployment/hop_system.hpp"

#include "model/machine/made_once.hpp"
#include "model/machine/rows.hpp"
#include "model/monitor/hop_observer.hpp"
#include "model/net/middlebox.hpp"
#include "model/tcp/endpoint.hpp"

#include <algorithm>
#include <initializer_list>

namespace halfclose::deployment {

namespace {

using namespace system;
namespace app_c = http1::client;
namespace app_s = http1::server;
namespace saw = monitor::saw;
using app_c::ClientConnection;
using app_s::ServerConnection;
using machine::event_id;
using monitor::HopObserver;
using net::Middlebox;
using tcp::Endpoint;

constexpr std::uint64_t set(std::initializer_list<Message> messages) {
  std::uint64_t bits = 0;
  for (const Message m : messages)
    bits |= 1ull << m;
  return bits;
}
constexpr std::uint64_t kAsks =
    set({hop::request, hop::request_close, hop::head, hop::head_expect});
constexpr std::uint64_t kClientData =
    set({hop::request, hop::request_close, hop::head, hop::more, hop::body, hop::head_expect});
constexpr std::uint64_t kServerData =
    set({hop::response, hop::response_close, hop::part, hop::part_close, hop::tail,
         hop::timeout_408, hop::response_open, hop::part_open, hop::continue_100});
constexpr std::uint64_t kParts = set({hop::part, hop::part_close, hop::part_open});

template <class Def, class E> Action raise(Index component, Message payload = kNoMessage) {
  return {.kind = Action::Kind::raise,
          .target = component,
          .event = event_id<Def, E>(),
          .payload = payload};
}
Action send(Index queue, Message payload = kNoMessage) {
  return {.kind = Action::Kind::send, .target = queue, .payload = payload};
}
Action act(Action::Kind kind, Index target) {
  return {.kind = kind, .target = target};
}
Action arm(Index timer) {
  return act(Action::Kind::arm, timer);
}
Action cancel(Index timer) {
  return act(Action::Kind::cancel, timer);
}
Action clear(Index queue) {
  return act(Action::Kind::clear, queue);
}
Action block(Index queue) {
  return act(Action::Kind::block, queue);
}
Action unblock(Index queue) {
  return act(Action::Kind::unblock, queue);
}

Action only(std::uint64_t payloads, Action action) {
  action.only_payloads = payloads;
  return action;
}
template <class E> Action during(Action action) {
  action.only_during = event_id<Endpoint, E>();
  return action;
}
Action on_alert(Action action) {
  action.only_during = kOnAlert;
  return action;
}

template <class Out> OutputId id(Out output) {
  return static_cast<OutputId>(output);
}

/// The part that both ends share: an endpoint between its application's input queue and a wire.
struct KernelEnd {
  Index kernel, wire, input;
  std::uint64_t remote_data;  ///< messages that are bytes of the other application
  Index middlebox = kNone;    ///< between it and the wire
};

template <class Def, class Eof, class Error, class WriteError>
void bind_kernel(System& system, const KernelEnd& end, Index app) {
  using tcp::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(end.kernel, id(output), std::move(actions));
  };
  const auto leaves = [&](Message message = kNoMessage) {
    return end.middlebox == kNone
               ? send(end.wire, message)
               : raise<Middlebox, net::segment::ToClient>(end.middlebox, message);
  };
  bind(Out::syn, {leaves(hop::syn)});
  bind(Out::syn_ack, {leaves(hop::syn_ack)});
  bind(Out::data, {leaves()});
  bind(Out::unsent_data, {leaves(hop::tail)});
  bind(Out::fin, {leaves(hop::fin)});
  bind(Out::rst, {leaves(hop::rst)});
  bind(Out::ack,
       {during<tcp::seg::SynAck>(leaves(hop::ack)), during<tcp::seg::Fin>(leaves(hop::ack_fin)),
        during<tcp::seg::RstReply>(leaves(hop::ack))});
  // A RST that answers bytes carries the acknowledgment those bytes carried; one that answers an
  // ACK is exact.
  bind(Out::rst_reply,
       {only(end.remote_data, leaves(hop::rst_to_data)), only(~end.remote_data, leaves(hop::rst))});
  bind(Out::readable, {send(end.input)});
  bind(Out::peer_closed, {send(end.input, hop::eof)});
  bind(Out::hang_up, {send(end.input, hop::error)});
  bind(Out::unread_lost, {clear(end.input)});

  bind(Out::eof, {during<tcp::user::Recv>(raise<Def, Eof>(app))});
  for (const Out failure : {Out::econnreset, Out::epipe, Out::econnrefused, Out::etimedout}) {
    bind(failure, {during<tcp::user::Recv>(raise<Def, Error>(app)),
                   during<tcp::user::Send>(raise<Def, WriteError>(app)),
                   during<tcp::user::SendHeld>(raise<Def, WriteError>(app))});
  }
  // Reading: what the application takes from its input goes through recv(2).
  Action read = raise<Endpoint, tcp::user::Recv>(end.kernel);
  read.more_in = end.input;
  read.event_if_more = event_id<Endpoint, tcp::user::RecvPart>();
  for (Message m = 0; m < system.messages.size(); ++m) {
    if (end.remote_data >> m & 1) system.deliver(end.input, m, {read});
  }
}

template <class Def, class E>
void on_bytes(System& system, Index kernel, Index app, Message message) {
  for (const EventId recv :
       {event_id<Endpoint, tcp::user::Recv>(), event_id<Endpoint, tcp::user::RecvPart>()}) {
    Action action = only(1ull << message, raise<Def, E>(app));
    action.only_during = recv;
    system.bind(kernel, id(tcp::Out::bytes), {action});
  }
}

/// Every segment at the end of a wire, as the event it is to the endpoint there.
std::vector<std::pair<Message, Action>> arrivals(const System& system, Index kernel,
                                                 std::uint64_t data) {
  std::vector<std::pair<Message, Action>> all = {
      {hop::syn, raise<Endpoint, tcp::seg::Syn>(kernel)},
      {hop::syn_ack, raise<Endpoint, tcp::seg::SynAck>(kernel)},
      {hop::ack, raise<Endpoint, tcp::seg::Ack>(kernel)},
      {hop::ack_fin, raise<Endpoint, tcp::seg::AckFin>(kernel)},
      {hop::window, raise<Endpoint, tcp::seg::Window>(kernel)},
      {hop::fin, raise<Endpoint, tcp::seg::Fin>(kernel)},
      {hop::rst, raise<Endpoint, tcp::seg::Rst>(kernel)},
      {hop::rst_to_data, raise<Endpoint, tcp::seg::RstReply>(kernel)}};
  for (Message m = 0; m < system.messages.size(); ++m) {
    if (data >> m & 1) all.emplace_back(m, raise<Endpoint, tcp::seg::Data>(kernel));
  }
  return all;
}

/// One hop within a system: its parts stand in one run from the place of the first.
class Hop {
 public:
  Hop(System& system, Placement place, bool ages, bool has_middlebox)
      : system(system), place_(place), ages_(ages), has_middlebox_(has_middlebox) {}

  void bind_client();
  void bind_server();
  void bind_wires();

 private:
  Index at(hop::Component component) const {
    return static_cast<Index>(place_.component + component);
  }
  Index at(hop::Queue queue) const { return static_cast<Index>(place_.queue + queue); }
  Index at(hop::Timer timer) const { return static_cast<Index>(place_.timer + timer); }
  template <class E> Action note() const { return raise<HopObserver, E>(at(hop::observer)); }

  System& system;
  Placement place_;
  bool ages_, has_middlebox_;
};

void Hop::bind_client() {
  using app_c::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(at(hop::client), id(output), std::move(actions));
  };
  auto write = [&](Message message) {
    return raise<Endpoint, tcp::user::Send>(at(hop::client_kernel), message);
  };
  bind(Out::connect, {raise<Endpoint, tcp::user::Open>(at(hop::client_kernel))});
  bind(Out::peek, {raise<Endpoint, tcp::user::Peek>(at(hop::client_kernel))});
  bind(Out::send_request, {write(hop::request)});
  bind(Out::send_request_close, {write(hop::request_close)});
  bind(Out::send_head, {write(hop::head)});
  bind(Out::send_head_expect, {write(hop::head_expect)});
  bind(Out::send_more, {write(hop::more)});
  bind(Out::send_body, {write(hop::body)});
  bind(Out::shutdown_write, {raise<Endpoint, tcp::user::ShutdownWrite>(at(hop::client_kernel))});
  bind(Out::close_fd,
       {raise<Endpoint, tcp::user::Close>(at(hop::client_kernel)), clear(at(hop::client_input)),
        unblock(at(hop::client_input)), cancel(at(hop::client_idle)), cancel(at(hop::client_age)),
        cancel(at(hop::client_response)), cancel(at(hop::content)), cancel(at(hop::expect)),
        note<saw::ClientClosed>()});
  bind(Out::stop_reading, {block(at(hop::client_input))});
  bind(Out::start_reading, {unblock(at(hop::client_input))});
  bind(Out::arm_idle, {arm(at(hop::client_idle))});
  bind(Out::cancel_idle, {cancel(at(hop::client_idle))});
  bind(Out::arm_age, {arm(at(hop::client_age))});
  bind(Out::arm_response, {arm(at(hop::client_response))});
  bind(Out::cancel_response, {cancel(at(hop::client_response))});
  bind(Out::arm_content, {arm(at(hop::content))});
  bind(Out::cancel_content, {cancel(at(hop::content))});
  bind(Out::arm_expect, {arm(at(hop::expect))});
  bind(Out::cancel_expect, {cancel(at(hop::expect))});
  bind(Out::skips_content, {note<saw::SkipsContent>()});
  bind(Out::asked, {note<saw::Asked>()});
  bind(Out::waited, {note<saw::Waited>()});
  bind(Out::reused_unwatched, {note<saw::ReusedUnwatched>()});
  bind(Out::reused_removed, {note<saw::ReusedRemoved>()});
  bind(Out::ignores_close, {note<saw::IgnoresClose>()});
  bind(Out::write_failed, {note<saw::WriteFailed>()});
  bind(Out::idle_while_connecting, {note<saw::IdleConnecting>()});
  bind(Out::awaits_close, {note<saw::AwaitsClose>()});
  bind(Out::attach_later, {send(at(hop::client_input), hop::next_loop)});
  system.deliver(at(hop::client_input), hop::next_loop,
                 {raise<ClientConnection, app_c::transport::NextLoop>(at(hop::client))});
  // The connection may have served any number of requests before the one that is seen.
  if (ages_) bind(Out::enter_pool, {act(Action::Kind::age, kNone)});
  bind(Out::completed, {note<saw::Completed>()});
  bind(Out::completed_408, {note<saw::Completed408>()});
  bind(Out::lost, {note<saw::Lost>()});
  bind(Out::truncated, {note<saw::Truncated>()});
  bind(Out::timed_out, {note<saw::TimedOut>()});
  bind(Out::gave_up_rest, {note<saw::GaveUpRest>()});

  bind_kernel<ClientConnection, app_c::transport::Eof, app_c::transport::Error,
              app_c::transport::WriteError>(
      system, {at(hop::client_kernel), at(hop::to_server), at(hop::client_input), kServerData},
      at(hop::client));
  auto kernel = [&](tcp::Out output, Action action) {
    system.bind(at(hop::client_kernel), id(output), {action});
  };
  kernel(tcp::Out::connected, send(at(hop::client_input), hop::connected));
  system.deliver(at(hop::client_input), hop::connected,
                 {raise<ClientConnection, app_c::transport::Connected>(at(hop::client))});
  kernel(tcp::Out::late_write, only(kAsks, note<saw::KernelKnew>()));
  kernel(
      tcp::Out::would_block,
      during<tcp::user::Peek>(raise<ClientConnection, app_c::transport::Alive>(at(hop::client))));
  for (const tcp::Out end :
       {tcp::Out::eof, tcp::Out::bytes, tcp::Out::econnreset, tcp::Out::epipe}) {
    kernel(end, during<tcp::user::Peek>(
                    raise<ClientConnection, app_c::transport::Dead>(at(hop::client))));
  }
  using namespace app_c::response;
  on_bytes<ClientConnection, Whole>(system, at(hop::client_kernel), at(hop::client), hop::response);
  on_bytes<ClientConnection, WholeClose>(system, at(hop::client_kernel), at(hop::client),
                                         hop::response_close);
  on_bytes<ClientConnection, Part>(system, at(hop::client_kernel), at(hop::client), hop::part);
  on_bytes<ClientConnection, PartClose>(system, at(hop::client_kernel), at(hop::client),
                                        hop::part_close);
  on_bytes<ClientConnection, Tail>(system, at(hop::client_kernel), at(hop::client), hop::tail);
  on_bytes<ClientConnection, Timeout408>(system, at(hop::client_kernel), at(hop::client),
                                         hop::timeout_408);
  on_bytes<ClientConnection, Continue>(system, at(hop::client_kernel), at(hop::client),
                                       hop::continue_100);
  for (const Message open : {hop::response_open, hop::part_open})
    on_bytes<ClientConnection, Open>(system, at(hop::client_kernel), at(hop::client), open);
  // Reading the first part of a long response opens the window for the rest.
  kernel(tcp::Out::bytes, only(kParts, send(at(hop::to_server), hop::window)));

  const Action recv = raise<Endpoint, tcp::user::Recv>(at(hop::client_kernel));
  system.deliver(at(hop::client_input), hop::eof, {recv});
  system.deliver(at(hop::client_input), hop::error, {recv});
}

void Hop::bind_server() {
  using app_s::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(at(hop::server), id(output), std::move(actions));
  };
  auto write = [&](Message message) {
    return raise<Endpoint, tcp::user::Send>(at(hop::server_kernel), message);
  };
  const Action hold_tail = raise<Endpoint, tcp::user::SendHeld>(at(hop::server_kernel), hop::tail);
  bind(Out::response, {write(hop::response)});
  bind(Out::response_close, {write(hop::response_close)});
  bind(Out::queued, {write(hop::part), hold_tail});
  bind(Out::queued_close, {write(hop::part_close), hold_tail});
  bind(Out::buffered, {write(hop::part)});
  bind(Out::buffered_close, {write(hop::part_close)});
  bind(Out::response_open, {write(hop::response_open)});
  bind(Out::queued_open, {write(hop::part_open), hold_tail});
  bind(Out::buffered_open, {write(hop::part_open)});
  bind(Out::tail, {write(hop::tail)});
  bind(Out::continue_100, {write(hop::continue_100)});
  bind(Out::unsolicited_408, {write(hop::timeout_408)});
  const std::vector<Action> no_longer_idle = {
      cancel(at(hop::server_idle)), cancel(at(hop::server_drain)), cancel(at(hop::server_age))};
  bind(Out::shutdown_write, {raise<Endpoint, tcp::user::ShutdownWrite>(at(hop::server_kernel))});
  bind(Out::shutdown_write, no_longer_idle);
  bind(Out::stops_serving, {note<saw::StopsServing>()});
  bind(Out::stops_serving, no_longer_idle);
  bind(Out::close_fd, {raise<Endpoint, tcp::user::Close>(at(hop::server_kernel)),
                       clear(at(hop::server_input)), unblock(at(hop::server_input)),
                       cancel(at(hop::server_close)), cancel(at(hop::server_linger))});
  bind(Out::close_fd, no_longer_idle);
  bind(Out::stop_reading, {block(at(hop::server_input))});
  bind(Out::start_reading, {unblock(at(hop::server_input))});
  bind(Out::arm_idle, {arm(at(hop::server_idle))});
  bind(Out::cancel_idle, {cancel(at(hop::server_idle))});
  bind(Out::arm_drain, {arm(at(hop::server_drain))});
  bind(Out::cancel_drain, {cancel(at(hop::server_drain))});
  bind(Out::arm_close, {arm(at(hop::server_close))});
  bind(Out::cancel_close, {cancel(at(hop::server_close)), cancel(at(hop::server_linger))});
  bind(Out::arm_linger, {arm(at(hop::server_linger))});
  bind(Out::arm_age, {arm(at(hop::server_age))});
  bind(Out::swallows, {note<saw::Swallowed>()});
  bind(Out::read_request, {note<saw::RequestRead>()});
  bind(Out::answered, {note<saw::Answered>()});
  bind(Out::answered_early, {note<saw::AnsweredEarly>()});
  bind(Out::closes_idle, {note<saw::ClosesIdle>()});
  bind(Out::closes_age, {note<saw::ClosesAge>()});
  bind(Out::closes_shutdown, {note<saw::ClosesShutdown>()});
  bind(Out::closes_announced, {note<saw::ClosesAnnounced>()});
  bind(Out::closes_abandoned, {note<saw::ClosesAbandoned>()});
  bind(Out::closes_unannounced, {note<saw::ClosesBehind>()});
  bind(Out::closes_aborted, {note<saw::ClosesAborted>()});
  bind(Out::closes_crashed, {note<saw::ClosesCrashed>()});
  bind(Out::close_timer, {note<saw::CloseTimer>()});
  bind(Out::close_fd, {note<saw::ServerClosed>()});
  bind(Out::cuts_response, {note<saw::CutsResponse>()});

  bind_kernel<ServerConnection, app_s::transport::Eof, app_s::transport::Error,
              app_s::transport::Error>(
      system,
      {at(hop::server_kernel), at(hop::to_client), at(hop::server_input), kClientData,
       has_middlebox_ ? at(hop::middlebox) : kNone},
      at(hop::server));
  auto kernel = [&](tcp::Out output, Action action) {
    system.bind(at(hop::server_kernel), id(output), {action});
  };
  kernel(tcp::Out::accepted, send(at(hop::server_input), hop::accepted));
  system.deliver(at(hop::server_input), hop::accepted,
                 {raise<ServerConnection, app_s::transport::Accepted>(at(hop::server))});
  kernel(tcp::Out::writable, send(at(hop::server_input), hop::writable));
  kernel(tcp::Out::readable, only(kAsks, note<saw::Arrived>()));
  kernel(tcp::Out::unread_lost, note<saw::UnreadLost>());
  kernel(tcp::Out::rst_reply, only(kClientData, note<saw::DataForNobody>()));
  on_bytes<ServerConnection, app_s::head::Request>(system, at(hop::server_kernel), at(hop::server),
                                                   hop::request);
  on_bytes<ServerConnection, app_s::head::Last>(system, at(hop::server_kernel), at(hop::server),
                                                hop::request_close);
  on_bytes<ServerConnection, app_s::head::Head>(system, at(hop::server_kernel), at(hop::server),
                                                hop::head);
  on_bytes<ServerConnection, app_s::head::Expect>(system, at(hop::server_kernel), at(hop::server),
                                                  hop::head_expect);
  on_bytes<ServerConnection, app_s::body::More>(system, at(hop::server_kernel), at(hop::server),
                                                hop::more);
  on_bytes<ServerConnection, app_s::body::End>(system, at(hop::server_kernel), at(hop::server),
                                               hop::body);

  const Action recv = raise<Endpoint, tcp::user::Recv>(at(hop::server_kernel));
  const Action tell_writable = raise<ServerConnection, app_s::transport::Writable>(at(hop::server));
  system.deliver(
      at(hop::server_input), hop::eof,
      {recv, on_alert(raise<ServerConnection, app_s::transport::PeerClosed>(at(hop::server)))});
  system.deliver(
      at(hop::server_input), hop::error,
      {recv, on_alert(raise<ServerConnection, app_s::transport::Error>(at(hop::server)))});
  system.deliver(at(hop::server_input), hop::writable, {tell_writable, on_alert(tell_writable)});
}

/// A middlebox stands beside the server: a response has passed it when it leaves, a request when it
/// arrives. Seen from the client nothing is silent for longer.
void Hop::bind_wires() {
  for (const auto& [message, arrives] : arrivals(system, at(hop::client_kernel), kServerData))
    system.deliver(at(hop::to_client), message, {arrives});
  for (const auto& [message, arrives] : arrivals(system, at(hop::server_kernel), kClientData)) {
    if (!has_middlebox_) {
      system.deliver(at(hop::to_server), message, {arrives});
      continue;
    }
    system.deliver(at(hop::to_server), message,
                   {raise<Middlebox, net::segment::ToServer>(at(hop::middlebox))});
    system.bind(at(hop::middlebox), id(net::Out::to_server), {only(1ull << message, arrives)});
  }
  if (!has_middlebox_) return;
  system.bind(at(hop::middlebox), id(net::Out::to_client), {send(at(hop::to_client))});
  system.bind(at(hop::middlebox), id(net::Out::arm), {arm(at(hop::forget))});
  system.bind(at(hop::middlebox), id(net::Out::drops_to_server),
              {only(kAsks, note<saw::DroppedSilently>())});
}

template <class Def, class E>
Timer timer(std::string name, Index owner, Time after, const Loop& loop, Index yields_to) {
  Timer made{.name = std::move(name), .owner = owner, .event = event_id<Def, E>()};
  made.off = after >= kOff;
  if (made.off) return made;
  made.after = after;
  made.lo = after - (loop.cached_clock ? loop.stall : 0);  // below zero: it may expire at once
  made.hi = after + loop.stall;
  made.yields_to = loop.timers_first ? kNone : yields_to;
  return made;
}

}  // namespace

void name_messages(System& system) {
  system.messages = {"SYN",
                     "SYN,ACK",
                     "ACK",
                     "ACK of FIN",
                     "ACK, window",
                     "FIN",
                     "RST",
                     "RST to data",
                     "request",
                     "request head",
                     "part of content",
                     "request content",
                     "response",
                     "response (close)",
                     "response part",
                     "response part (close)",
                     "response tail",
                     "408",
                     "eof",
                     "error",
                     "writable",
                     "connected",
                     "accepted",
                     "request (close)",
                     "turn of the loop",
                     "response (open end)",
                     "response part (open end)",
                     "next loop",
                     "request head (expects 100)",
                     "100"};
  system.urgent =
      set({hop::eof, hop::error, hop::writable, hop::connected, hop::accepted, hop::next_loop});
}

Placement add_hop(System& system, const HopSettings& settings, const HopOptions& options) {
  ClientSide client = settings.client;
  if (!options.client_asks || !options.server_answers) client.profile.expects_continue = false;
  ServerSide server = settings.server;
  using app_s::CloseStyle;
  // Without a timeout there is no delay: so Envoy reads a delayed_close_timeout of 0.
  if (server.profile.close_style == CloseStyle::delayed && server.close >= kOff)
    server.profile.close_style = CloseStyle::plain;
  const Placement place{static_cast<Index>(system.components.size()),
                        static_cast<Index>(system.queues.size()),
                        static_cast<Index>(system.timers.size())};
  auto component = [&](hop::Component which) {
    return static_cast<Index>(place.component + which);
  };
  auto queue = [&](hop::Queue which) { return static_cast<Index>(place.queue + which); };
  for (const hop::Timer age : {hop::client_age, hop::server_age}) {
    const unsigned timer = place.timer + static_cast<unsigned>(age);
    if (timer < system::kTimersMax) system.aging |= 1ull << timer;  // else seal refuses the system
  }

  auto borrowed = [](const machine::Table& table) {
    return std::shared_ptr<const machine::Table>(&table, [](const machine::Table*) {});
  };
  const machine::Table& server_kernel = tcp::endpoint_table();
  const std::string tag = options.tag;
  auto add = [&](std::string name, std::shared_ptr<const machine::Table> table,
                 machine::LocalId initial = 0) {
    system.components.push_back({name + tag, std::move(table), initial, options.lane});
  };
  add(client.name, machine::made_once(app_c::connection_table, client.profile));
  add(client.name + " kernel", borrowed(tcp::endpoint_table(client.discards_on_rst)));
  add(server.name + " kernel", borrowed(server_kernel),
      server_kernel.at(0, event_id<Endpoint, tcp::user::Listen>()).next);
  add(server.name, machine::made_once(app_s::connection_table, server.profile));
  add("observer", borrowed(monitor::hop_observer_table()));
  const bool has_middlebox = settings.middlebox < kOff;
  if (has_middlebox) {
    // A probe leaves a kernel that was silent for so long, and may take as long as any segment.
    const Time probed = std::min(client.keepalive, server.keepalive);
    const bool kept_alive = probed < kOff && probed + settings.delay_max < settings.middlebox;
    add("middlebox", borrowed(net::middlebox_table(kept_alive)));
  }
  auto add_wire = [&](std::string name, hop::Component from, hop::Component to) {
    system.queues.push_back({.name = name + tag,
                             .kind = QueueKind::wire,
                             .from = component(from),
                             .to = component(to),
                             .lo = settings.delay_min,
                             .hi = settings.delay_max,
                             .lane = options.lane});
  };
  auto add_input = [&](std::string name, hop::Component from, hop::Component to, Time stall) {
    system.queues.push_back({.name = name + " input" + tag,
                             .kind = QueueKind::receive,
                             .from = component(from),
                             .to = component(to),
                             .hi = stall,
                             .alerts = to == hop::server,
                             .lane = options.lane});
  };
  add_wire(client.name + ">" + server.name, hop::client_kernel, hop::server_kernel);
  add_wire(server.name + ">" + client.name, hop::server_kernel, hop::client_kernel);
  add_input(client.name, hop::client_kernel, hop::client, client.loop.stall);
  add_input(server.name, hop::server_kernel, hop::server, server.loop.stall);

  const std::string up = client.name + ".upstream.", down = server.name + ".downstream.";
  const Time idle = server.idle >= kOff ? kOff : server.idle + server.idle_grace;
  namespace tc = app_c::timeout;
  namespace ts = app_s::timeout;
  auto add_timer = [&]<class Def, class E>(const std::string& name, hop::Component owner,
                                           Time after, const Loop& loop, Index yields_to) {
    system.timers.push_back(timer<Def, E>(name + tag, component(owner), after, loop, yields_to));
  };
  auto of_client = [&]<class E>(const char* key, Time after) {
    add_timer.operator()<ClientConnection, E>(up + key, hop::client, after, client.loop,
                                              queue(hop::client_input));
  };
  auto of_server = [&]<class E>(const char* key, Time after) {
    add_timer.operator()<ServerConnection, E>(down + key, hop::server, after, server.loop,
                                              queue(hop::server_input));
  };
  of_client.operator()<tc::Idle>("idle_timeout", client.idle);
  of_client.operator()<tc::Age>("max_connection_duration", client.age);
  of_client.operator()<tc::Response>("response_timeout", client.response);
  of_server.operator()<ts::Idle>("idle_timeout", idle);
  if (idle < kOff) system.timers.back().lo -= server.idle_early;
  of_server.operator()<ts::Drain>("drain_timeout", server.drain >= kOff ? 0 : server.drain);
  of_server.operator()<ts::Close>("close_timeout", server.close);
  of_server.operator()<ts::Linger>("linger_time", server.linger);
  of_server.operator()<ts::Age>("max_connection_duration", server.age);
  // Not a timer of a product: what the environment promises, exactly and without a stall.
  add_timer.operator()<ClientConnection, app_c::want::Body>("requests.content_within", hop::client,
                                                            settings.content_within, {}, kNone);
  of_client.operator()<tc::Expect>("expect_timeout",
                                   client.profile.expects_continue ? client.expect : kOff);
  if (has_middlebox) {
    add_timer.operator()<Middlebox, net::timeout::Forget>(
        client.name + "->" + server.name + ".middlebox_timeout", hop::middlebox, settings.middlebox,
        {}, kNone);
  }

  auto choice = [&]<class Def, class E>(const std::string& name, hop::Component of) {
    system.choices.push_back({name + tag, component(of), event_id<Def, E>()});
  };
  if (!options.ages) {
    auto any_age = [&]<class Def, class E>(hop::Timer which, const std::string& name,
                                           hop::Component of) {
      Timer& age = system.timers[static_cast<std::size_t>(place.timer + which)];
      if (age.off) return;
      age.off = true;
      choice.template operator()<Def, E>(name, of);
    };
    any_age.operator()<ClientConnection, tc::Age>(
        hop::client_age, client.name + " finds the connection too old", hop::client);
    any_age.operator()<ServerConnection, ts::Age>(
        hop::server_age, server.name + " finds the connection too old", hop::server);
  }
  if (options.client_asks) {
    if (options.client_sends_plain) {
      choice.operator()<ClientConnection, app_c::want::Request>(client.name + " sends a request",
                                                                hop::client);
    }
    if (options.client_says_close) {
      choice.operator()<ClientConnection, app_c::want::Last>(
          client.name + " sends a request that says close", hop::client);
    }
    if (settings.with_waiting) {
      choice.operator()<ClientConnection, app_c::want::Queued>(
          client.name + " has a request wait for the connection", hop::client);
    }
    if (settings.with_body) {
      choice.operator()<ClientConnection, app_c::want::Head>(client.name + " sends a request head",
                                                             hop::client);
      if (options.client_sends_parts) {
        choice.operator()<ClientConnection, app_c::want::More>(
            client.name + " sends a part of the content", hop::client);
      }
      choice.operator()<ClientConnection, app_c::want::Body>(
          client.name + " sends the request content", hop::client);
    }
  }
  choice.operator()<ClientConnection, app_c::manage::Retire>(
      client.name + " reaches its request limit", hop::client);
  if (options.server_answers) {
    choice.operator()<ServerConnection, app_s::respond::Whole>(server.name + " answers",
                                                               hop::server);
    if (client.profile.expects_continue) {
      choice.operator()<ServerConnection, app_s::respond::Continue>(server.name + " sends 100",
                                                                    hop::server);
    }
    if (!settings.responses_fit) {
      choice.operator()<ServerConnection, app_s::respond::Queued>(
          server.name + " answers, the tail waits in its kernel", hop::server);
      choice.operator()<ServerConnection, app_s::respond::Buffered>(
          server.name + " answers, the tail waits in its buffer", hop::server);
    }
  }
  choice.operator()<ServerConnection, app_s::manage::Retire>(
      server.name + " reaches its request limit", hop::server);
  if (settings.with_shutdown) {
    choice.operator()<ServerConnection, app_s::manage::Shutdown>(
        server.name + " shuts down gracefully", hop::server);
  }
  if (settings.with_crash) {
    choice.operator()<ServerConnection, app_s::manage::Crash>(server.name + " crashes",
                                                              hop::server);
  }
  if (settings.with_removal) {
    choice.operator()<ClientConnection, app_c::manage::Remove>(
        client.name + " is told that " + server.name + " was removed", hop::client);
  }

  Hop wiring(system, place, options.ages, has_middlebox);
  wiring.bind_client();
  wiring.bind_server();
  wiring.bind_wires();
  return place;
}

System hop_system(const HopSettings& settings) {
  System system;
  name_messages(system);
  add_hop(system, settings);
  system.observer = hop::observer;
  system.seal();
  return system;
}

}  // namespace halfclose::deployment
