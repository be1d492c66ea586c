#include "model/deployment/hop_system.hpp"

#include "model/machine/rows.hpp"
#include "model/monitor/hop_observer.hpp"
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
using tcp::Endpoint;

constexpr std::uint64_t set(std::initializer_list<Message> messages) {
  std::uint64_t bits = 0;
  for (const Message m : messages)
    bits |= 1ull << m;
  return bits;
}
constexpr std::uint64_t kAsks = set({hop::request, hop::head});
constexpr std::uint64_t kClientData = set({hop::request, hop::head, hop::more, hop::body});
constexpr std::uint64_t kServerData = set(
    {hop::response, hop::response_close, hop::part, hop::part_close, hop::tail, hop::timeout_408});
constexpr std::uint64_t kParts = set({hop::part, hop::part_close});

template <class Def, class E> Action raise(Index component, Message payload = kNoMessage) {
  return {.kind = Action::Kind::raise,
          .target = component,
          .event = event_id<Def, E>(),
          .payload = payload};
}
template <class E> Action note() {
  return raise<HopObserver, E>(hop::observer);
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
};

template <class Def, class Eof, class Error, class WriteError>
void bind_kernel(System& system, const KernelEnd& end, Index app) {
  using tcp::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(end.kernel, id(output), std::move(actions));
  };
  bind(Out::syn, {send(end.wire, hop::syn)});
  bind(Out::syn_ack, {send(end.wire, hop::syn_ack)});
  bind(Out::data, {send(end.wire)});
  bind(Out::unsent_data, {send(end.wire, hop::tail)});
  bind(Out::fin, {send(end.wire, hop::fin)});
  bind(Out::rst, {send(end.wire, hop::rst)});
  bind(Out::ack, {during<tcp::seg::SynAck>(send(end.wire, hop::ack)),
                  during<tcp::seg::Fin>(send(end.wire, hop::ack_fin)),
                  during<tcp::seg::RstReply>(send(end.wire, hop::ack))});
  // A RST that answers bytes carries the acknowledgment those bytes carried; one that answers an
  // ACK is exact.
  bind(Out::rst_reply, {only(end.remote_data, send(end.wire, hop::rst_to_data)),
                        only(~end.remote_data, send(end.wire, hop::rst))});
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
void bind_wire(System& system, Index wire, Index kernel, std::uint64_t data) {
  auto arrives = [&](Message message, Action action) { system.deliver(wire, message, {action}); };
  arrives(hop::syn, raise<Endpoint, tcp::seg::Syn>(kernel));
  arrives(hop::syn_ack, raise<Endpoint, tcp::seg::SynAck>(kernel));
  arrives(hop::ack, raise<Endpoint, tcp::seg::Ack>(kernel));
  arrives(hop::ack_fin, raise<Endpoint, tcp::seg::AckFin>(kernel));
  arrives(hop::window, raise<Endpoint, tcp::seg::Window>(kernel));
  arrives(hop::fin, raise<Endpoint, tcp::seg::Fin>(kernel));
  arrives(hop::rst, raise<Endpoint, tcp::seg::Rst>(kernel));
  arrives(hop::rst_to_data, raise<Endpoint, tcp::seg::RstReply>(kernel));
  for (Message m = 0; m < system.messages.size(); ++m) {
    if (data >> m & 1) arrives(m, raise<Endpoint, tcp::seg::Data>(kernel));
  }
}

void bind_client(System& system) {
  using app_c::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(hop::client, id(output), std::move(actions));
  };
  auto write = [&](Message message) {
    return raise<Endpoint, tcp::user::Send>(hop::client_kernel, message);
  };
  bind(Out::connect, {raise<Endpoint, tcp::user::Open>(hop::client_kernel)});
  bind(Out::peek, {raise<Endpoint, tcp::user::Peek>(hop::client_kernel)});
  bind(Out::send_request, {write(hop::request)});
  bind(Out::send_head, {write(hop::head)});
  bind(Out::send_more, {write(hop::more)});
  bind(Out::send_body, {write(hop::body)});
  bind(Out::shutdown_write, {raise<Endpoint, tcp::user::ShutdownWrite>(hop::client_kernel)});
  bind(Out::close_fd,
       {raise<Endpoint, tcp::user::Close>(hop::client_kernel), clear(hop::client_input),
        unblock(hop::client_input), cancel(hop::client_idle), cancel(hop::client_age),
        cancel(hop::client_response), cancel(hop::content), note<saw::ClientClosed>()});
  bind(Out::stop_reading, {block(hop::client_input)});
  bind(Out::start_reading, {unblock(hop::client_input)});
  bind(Out::arm_idle, {arm(hop::client_idle)});
  bind(Out::cancel_idle, {cancel(hop::client_idle)});
  bind(Out::arm_age, {arm(hop::client_age)});
  bind(Out::arm_response, {arm(hop::client_response)});
  bind(Out::cancel_response, {cancel(hop::client_response)});
  bind(Out::arm_content, {arm(hop::content)});
  bind(Out::cancel_content, {cancel(hop::content)});
  bind(Out::asked, {note<saw::Asked>()});
  // The connection may have served any number of requests before the one that is seen.
  bind(Out::enter_pool, {act(Action::Kind::age, kNone)});
  bind(Out::completed, {note<saw::Completed>()});
  bind(Out::completed_408, {note<saw::Completed408>()});
  bind(Out::lost, {note<saw::Lost>()});
  bind(Out::truncated, {note<saw::Truncated>()});
  bind(Out::timed_out, {note<saw::TimedOut>()});
  bind(Out::gave_up_rest, {note<saw::GaveUpRest>()});

  bind_kernel<ClientConnection, app_c::transport::Eof, app_c::transport::Error,
              app_c::transport::WriteError>(
      system, {hop::client_kernel, hop::to_server, hop::client_input, kServerData}, hop::client);
  auto kernel = [&](tcp::Out output, Action action) {
    system.bind(hop::client_kernel, id(output), {action});
  };
  kernel(tcp::Out::connected, send(hop::client_input, hop::connected));
  system.deliver(hop::client_input, hop::connected,
                 {raise<ClientConnection, app_c::transport::Connected>(hop::client)});
  kernel(tcp::Out::late_write, only(kAsks, note<saw::KernelKnew>()));
  kernel(tcp::Out::would_block,
         during<tcp::user::Peek>(raise<ClientConnection, app_c::transport::Alive>(hop::client)));
  for (const tcp::Out end :
       {tcp::Out::eof, tcp::Out::bytes, tcp::Out::econnreset, tcp::Out::epipe}) {
    kernel(end,
           during<tcp::user::Peek>(raise<ClientConnection, app_c::transport::Dead>(hop::client)));
  }
  using namespace app_c::response;
  on_bytes<ClientConnection, Whole>(system, hop::client_kernel, hop::client, hop::response);
  on_bytes<ClientConnection, WholeClose>(system, hop::client_kernel, hop::client,
                                         hop::response_close);
  on_bytes<ClientConnection, Part>(system, hop::client_kernel, hop::client, hop::part);
  on_bytes<ClientConnection, PartClose>(system, hop::client_kernel, hop::client, hop::part_close);
  on_bytes<ClientConnection, Tail>(system, hop::client_kernel, hop::client, hop::tail);
  on_bytes<ClientConnection, Timeout408>(system, hop::client_kernel, hop::client, hop::timeout_408);
  // Reading the first part of a long response opens the window for the rest.
  kernel(tcp::Out::bytes, only(kParts, send(hop::to_server, hop::window)));

  const Action recv = raise<Endpoint, tcp::user::Recv>(hop::client_kernel);
  system.deliver(hop::client_input, hop::eof, {recv});
  system.deliver(hop::client_input, hop::error, {recv});
  bind_wire(system, hop::to_client, hop::client_kernel, kServerData);
}

void bind_server(System& system) {
  using app_s::Out;
  auto bind = [&](Out output, std::vector<Action> actions) {
    system.bind(hop::server, id(output), std::move(actions));
  };
  auto write = [&](Message message) {
    return raise<Endpoint, tcp::user::Send>(hop::server_kernel, message);
  };
  const Action hold_tail = raise<Endpoint, tcp::user::SendHeld>(hop::server_kernel, hop::tail);
  bind(Out::response, {write(hop::response)});
  bind(Out::response_close, {write(hop::response_close)});
  bind(Out::queued, {write(hop::part), hold_tail});
  bind(Out::queued_close, {write(hop::part_close), hold_tail});
  bind(Out::buffered, {write(hop::part)});
  bind(Out::buffered_close, {write(hop::part_close)});
  bind(Out::tail, {write(hop::tail)});
  bind(Out::unsolicited_408, {write(hop::timeout_408)});
  const std::vector<Action> no_longer_idle = {cancel(hop::server_idle), cancel(hop::server_drain),
                                              cancel(hop::server_age)};
  bind(Out::shutdown_write, {raise<Endpoint, tcp::user::ShutdownWrite>(hop::server_kernel)});
  bind(Out::shutdown_write, no_longer_idle);
  bind(Out::stops_serving, {note<saw::StopsServing>()});
  bind(Out::stops_serving, no_longer_idle);
  bind(Out::close_fd,
       {raise<Endpoint, tcp::user::Close>(hop::server_kernel), clear(hop::server_input),
        unblock(hop::server_input), cancel(hop::server_close), cancel(hop::server_linger)});
  bind(Out::close_fd, no_longer_idle);
  bind(Out::stop_reading, {block(hop::server_input)});
  bind(Out::start_reading, {unblock(hop::server_input)});
  bind(Out::arm_idle, {arm(hop::server_idle)});
  bind(Out::cancel_idle, {cancel(hop::server_idle)});
  bind(Out::arm_drain, {arm(hop::server_drain)});
  bind(Out::cancel_drain, {cancel(hop::server_drain)});
  bind(Out::arm_close, {arm(hop::server_close)});
  bind(Out::cancel_close, {cancel(hop::server_close), cancel(hop::server_linger)});
  bind(Out::arm_linger, {arm(hop::server_linger)});
  bind(Out::arm_age, {arm(hop::server_age)});
  bind(Out::read_request, {note<saw::RequestRead>()});
  bind(Out::answered, {note<saw::Answered>()});
  bind(Out::answered_early, {note<saw::AnsweredEarly>()});
  bind(Out::closes_idle, {note<saw::ClosesIdle>()});
  bind(Out::closes_age, {note<saw::ClosesAge>()});
  bind(Out::closes_shutdown, {note<saw::ClosesShutdown>()});
  bind(Out::closes_announced, {note<saw::ClosesAnnounced>()});
  bind(Out::closes_abandoned, {note<saw::ClosesAbandoned>()});
  bind(Out::close_fd, {note<saw::ServerClosed>()});
  bind(Out::cuts_response, {note<saw::CutsResponse>()});

  bind_kernel<ServerConnection, app_s::transport::Eof, app_s::transport::Error,
              app_s::transport::Error>(
      system, {hop::server_kernel, hop::to_client, hop::server_input, kClientData}, hop::server);
  auto kernel = [&](tcp::Out output, Action action) {
    system.bind(hop::server_kernel, id(output), {action});
  };
  kernel(tcp::Out::accepted, send(hop::server_input, hop::accepted));
  system.deliver(hop::server_input, hop::accepted,
                 {raise<ServerConnection, app_s::transport::Accepted>(hop::server)});
  kernel(tcp::Out::writable, send(hop::server_input, hop::writable));
  kernel(tcp::Out::readable, only(kAsks, note<saw::Arrived>()));
  kernel(tcp::Out::unread_lost, note<saw::UnreadLost>());
  kernel(tcp::Out::rst_reply, only(kClientData, note<saw::DataForNobody>()));
  on_bytes<ServerConnection, app_s::head::Request>(system, hop::server_kernel, hop::server,
                                                   hop::request);
  on_bytes<ServerConnection, app_s::head::Head>(system, hop::server_kernel, hop::server, hop::head);
  on_bytes<ServerConnection, app_s::body::More>(system, hop::server_kernel, hop::server, hop::more);
  on_bytes<ServerConnection, app_s::body::End>(system, hop::server_kernel, hop::server, hop::body);

  const Action recv = raise<Endpoint, tcp::user::Recv>(hop::server_kernel);
  const Action tell_writable = raise<ServerConnection, app_s::transport::Writable>(hop::server);
  system.deliver(
      hop::server_input, hop::eof,
      {recv, on_alert(raise<ServerConnection, app_s::transport::PeerClosed>(hop::server))});
  system.deliver(hop::server_input, hop::error,
                 {recv, on_alert(raise<ServerConnection, app_s::transport::Error>(hop::server))});
  system.deliver(hop::server_input, hop::writable, {tell_writable, on_alert(tell_writable)});
  bind_wire(system, hop::to_server, hop::server_kernel, kClientData);
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

System hop_system(const HopSettings& settings) {
  const ClientSide& client = settings.client;
  ServerSide server = settings.server;
  using app_s::CloseStyle;
  // Without a timeout there is no delay: so Envoy reads a delayed_close_timeout of 0.
  if (server.profile.close_style == CloseStyle::delayed && server.close >= kOff)
    server.profile.close_style = CloseStyle::plain;
  System system;
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
                     "accepted"};
  system.urgent = set({hop::eof, hop::error, hop::writable, hop::connected, hop::accepted});
  system.observer = hop::observer;
  system.aging = set({hop::client_age, hop::server_age});

  auto shared = [](machine::Table table) {
    return std::make_shared<const machine::Table>(std::move(table));
  };
  auto borrowed = [](const machine::Table& table) {
    return std::shared_ptr<const machine::Table>(&table, [](const machine::Table*) {});
  };
  const machine::Table& server_kernel = tcp::endpoint_table();
  system.components = {
      {client.name, shared(app_c::connection_table(client.profile))},
      {client.name + " kernel", borrowed(tcp::endpoint_table(client.discards_on_rst))},
      {server.name + " kernel", borrowed(server_kernel),
       server_kernel.at(0, event_id<Endpoint, tcp::user::Listen>()).next},
      {server.name, shared(app_s::connection_table(server.profile))},
      {"observer", borrowed(monitor::hop_observer_table())},
  };
  system.queues = {
      {.name = client.name + ">" + server.name,
       .kind = QueueKind::wire,
       .from = hop::client_kernel,
       .to = hop::server_kernel,
       .lo = settings.delay_min,
       .hi = settings.delay_max},
      {.name = server.name + ">" + client.name,
       .kind = QueueKind::wire,
       .from = hop::server_kernel,
       .to = hop::client_kernel,
       .lo = settings.delay_min,
       .hi = settings.delay_max},
      {.name = client.name + " input",
       .kind = QueueKind::receive,
       .from = hop::client_kernel,
       .to = hop::client,
       .hi = client.loop.stall},
      {.name = server.name + " input",
       .kind = QueueKind::receive,
       .from = hop::server_kernel,
       .to = hop::server,
       .hi = server.loop.stall,
       .alerts = true},
  };
  const std::string up = client.name + ".upstream.", down = server.name + ".downstream.";
  const Time idle = server.idle >= kOff ? kOff : server.idle + server.idle_grace;
  namespace tc = app_c::timeout;
  namespace ts = app_s::timeout;
  auto of_client = [&]<class E>(const char* key, Time after) {
    return timer<ClientConnection, E>(up + key, hop::client, after, client.loop, hop::client_input);
  };
  auto of_server = [&]<class E>(const char* key, Time after) {
    return timer<ServerConnection, E>(down + key, hop::server, after, server.loop,
                                      hop::server_input);
  };
  system.timers = {
      of_client.operator()<tc::Idle>("idle_timeout", client.idle),
      of_client.operator()<tc::Age>("max_connection_duration", client.age),
      of_client.operator()<tc::Response>("response_timeout", client.response),
      of_server.operator()<ts::Idle>("idle_timeout", idle),
      of_server.operator()<ts::Drain>("drain_timeout", server.drain >= kOff ? 0 : server.drain),
      of_server.operator()<ts::Close>("close_timeout", server.close),
      of_server.operator()<ts::Linger>("linger_time", server.linger),
      of_server.operator()<ts::Age>("max_connection_duration", server.age),
      // Not a timer of a product: what the environment promises, exactly and without a stall.
      timer<ClientConnection, app_c::want::Body>("requests.content_within", hop::client,
                                                 settings.content_within, {}, kNone),
  };
  auto choice = [&]<class Def, class E>(std::string name, Index component) {
    system.choices.push_back({std::move(name), component, event_id<Def, E>()});
  };
  choice.operator()<ClientConnection, app_c::want::Request>(client.name + " sends a request",
                                                            hop::client);
  if (settings.with_body) {
    choice.operator()<ClientConnection, app_c::want::Head>(client.name + " sends a request head",
                                                           hop::client);
    choice.operator()<ClientConnection, app_c::want::More>(
        client.name + " sends a part of the content", hop::client);
    choice.operator()<ClientConnection, app_c::want::Body>(
        client.name + " sends the request content", hop::client);
  }
  choice.operator()<ClientConnection, app_c::manage::Retire>(
      client.name + " reaches its request limit", hop::client);
  choice.operator()<ServerConnection, app_s::respond::Whole>(server.name + " answers", hop::server);
  if (!settings.responses_fit) {
    choice.operator()<ServerConnection, app_s::respond::Queued>(
        server.name + " answers, the tail waits in its kernel", hop::server);
    choice.operator()<ServerConnection, app_s::respond::Buffered>(
        server.name + " answers, the tail waits in its buffer", hop::server);
  }
  choice.operator()<ServerConnection, app_s::manage::Retire>(
      server.name + " reaches its request limit", hop::server);
  if (settings.with_shutdown) {
    choice.operator()<ServerConnection, app_s::manage::Shutdown>(
        server.name + " shuts down gracefully", hop::server);
  }

  bind_client(system);
  bind_server(system);
  system.seal();
  return system;
}

}  // namespace halfclose::deployment
