// What one hop shows to somebody who sees both ends: the observer whose outputs are the races and
// guarantees.
//
// It never steers a run. Each race is a predicate over what was observed up to the moment a client
// learns that a request failed (or a wrong response was taken), not a path: the engines look for
// any run whose observer emits it. The definitions are the functions between the context and the
// table; docs/reference/races.md is printed from the catalogue that cites them.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace halfclose::monitor {

using namespace machine;

// clang-format off
struct Watching : State<"watching"> {};
struct Over     : State<"over">     {};   // the client has closed: nothing more can go wrong for it

namespace saw {
struct Asked          : Event<"client asks">             {};
struct KernelKnew     : Event<"wrote behind a FIN">      {};   // the client's kernel had the FIN already
struct Arrived        : Event<"request in server kernel"> {};
struct RequestRead    : Event<"server reads request">    {};
struct Answered       : Event<"server answers">          {};   // the whole response is in the server's kernel
struct AnsweredEarly  : Event<"server answers early">    {};
struct ClosesIdle     : Event<"server closes: idle">     {};
struct ClosesAge      : Event<"server closes: age">      {};
struct ClosesShutdown : Event<"server closes: shutdown"> {};
struct ClosesAnnounced : Event<"server closes: announced"> {};
struct ClosesAbandoned : Event<"server closes: gives up on the content"> {};
struct ServerClosed   : Event<"server closes its descriptor"> {};
struct StopsServing   : Event<"server stops serving">    {};   // descriptor open, nothing will be read
struct UnreadLost     : Event<"unread bytes dropped at close"> {};
struct DataForNobody  : Event<"bytes arrive after close"> {};
struct CutsResponse   : Event<"server cuts its response"> {};
struct Completed      : Event<"client has a response">   {};
struct Completed408   : Event<"client has a 408">        {};
struct Lost           : Event<"client: connection ended, no response"> {};
struct Truncated      : Event<"client: connection ended within a response"> {};
struct TimedOut       : Event<"client: response timeout"> {};
struct GaveUpRest     : Event<"client: close option, later requests unanswered"> {};
struct ClientClosed   : Event<"client closes">           {};
}

enum class Out : std::uint8_t {
  keepalive_reuse, stale_in_kernel, early_response_reset, closing_dead_zone, max_age_close, shutdown_close,
  bytes_behind_close, timer_beats_data, delayed_close_truncation, unsolicited_response,
  one_outcome, response_kept, right_response, no_other_loss,   // a guarantee is emitted when it is broken
};

enum Cause : std::uint8_t { none, idle, age, shutdown, announced, abandoned };

struct Context {
  std::uint8_t cause = none;        ///< why the server began to close
  std::uint8_t outstanding = 0;     ///< requests without an outcome
  std::uint8_t unread = 0;          ///< requests sent and not read by the server application
  std::uint8_t owed = 0;            ///< responses the server wrote completely and the client has not read
  bool answering = false;           ///< the server read a request and has not answered it
  bool stray = false;               ///< the server answered when no request was to be answered
  bool early = false;               ///< the last response left before its request was read to the end
  bool knew_fin = false;            ///< the FIN was in the client's kernel when the last request was written
  bool serving_stopped = false;
  bool gone = false;                ///< the server has closed its descriptor
  bool arrived_dead = false;        ///< the last request reached the kernel of a server that reads no more
  bool beaten = false;              ///< the server closed a connection on which a request was readable
  bool behind = false;              ///< bytes of a later request met the close of an announcing server
  bool cut = false;                 ///< the server closed with a part of its response still in its buffer
};

using Outs = Outputs<Out>;

//--- the definitions ---------------------------------------------------------------------------------------------
/// The request crossed the close of an idle connection; the client could not have known.
constexpr bool keepalive_reuse(const Context& c)      { return c.cause == idle && c.unread > 0 && !c.knew_fin; }
/// The client's kernel had the FIN; its application had not looked.
constexpr bool stale_in_kernel(const Context& c)      { return (c.cause == idle || c.cause == age) && c.unread > 0 && c.knew_fin; }
/// The request was lost to a close that idleness did not cause: the connection's age, a graceful shutdown.
constexpr bool max_age_close(const Context& c)        { return c.cause == age && c.unread > 0; }
constexpr bool shutdown_close(const Context& c)       { return c.cause == shutdown && c.unread > 0; }
/// The request arrived while the descriptor was open, at a server that had stopped reading.
constexpr bool closing_dead_zone(const Context& c)    { return c.unread > 0 && c.arrived_dead; }
/// The request was readable when the idle timer closed the connection.
constexpr bool timer_beats_data(const Context& c)     { return c.unread > 0 && c.beaten; }
/// The response to an incomplete request was written and not received.
constexpr bool early_response_reset(const Context& c) { return c.owed > 0 && c.early; }
/// A complete response was destroyed by the request behind it.
constexpr bool bytes_behind_close(const Context& c)   { return c.owed > 0 && !c.early && c.behind; }
constexpr bool delayed_close_truncation(const Context& c) { return c.cut; }
/// A response written completely was not read completely.
constexpr bool response_lost(const Context& c)        { return c.owed > 0; }

/// What no definition can tell apart any more is forgotten, so that the table stays small.
constexpr void settle(Context& c) {
  if (c.unread == 0) c.knew_fin = c.arrived_dead = c.beaten = c.behind = false;
  if (c.owed == 0) c.early = c.behind = false;
  if (c.outstanding == 0) c.cut = false;
}
/// What took the request, or the response to it.
constexpr void judge_request(Context& c, Outs& out) {
  const std::uint8_t before = out.count;
  if (keepalive_reuse(c))          out.append(Out::keepalive_reuse);
  if (stale_in_kernel(c))          out.append(Out::stale_in_kernel);
  if (max_age_close(c))            out.append(Out::max_age_close);
  if (shutdown_close(c))           out.append(Out::shutdown_close);
  if (closing_dead_zone(c))        out.append(Out::closing_dead_zone);
  if (timer_beats_data(c))         out.append(Out::timer_beats_data);
  if (early_response_reset(c))     out.append(Out::early_response_reset);
  if (bytes_behind_close(c))       out.append(Out::bytes_behind_close);
  // What a server that gave up on a request's content does to the next request is not judged.
  if (out.count == before && c.cause != abandoned && !c.cut) out.append(Out::no_other_loss);
}
constexpr void judge(Context& c, Outs& out) {
  judge_request(c, out);
  if (response_lost(c))            out.append(Out::response_kept);
  if (c.outstanding == 0)          out.append(Out::one_outcome);
  c.outstanding = 0;
  settle(c);
}
constexpr void judge_truncated(Context& c, Outs& out) {
  if (delayed_close_truncation(c)) out.append(Out::delayed_close_truncation);
  judge(c, out);
}
//-----------------------------------------------------------------------------------------------------------------

constexpr void ask(Context& c)            { if (c.outstanding < 2) c.outstanding++; if (c.unread < 2) c.unread++; c.knew_fin = false; }
constexpr void kernel_knew(Context& c)    { c.knew_fin = true; settle(c); }
constexpr void arrive(Context& c)         { if (c.serving_stopped) c.arrived_dead = true; settle(c); }
constexpr void read(Context& c)           { if (c.unread > 0) c.unread--; c.answering = true; c.early = false; settle(c); }
constexpr void answer(Context& c)         { if (c.owed < 2) c.owed++; if (!c.answering) c.stray = true; c.answering = false; }
constexpr void answer_early(Context& c)   { answer(c); c.early = true; }
template <Cause Why>
constexpr void close_for(Context& c)      { c.cause = Why; }
constexpr void stop_serving(Context& c)   { c.serving_stopped = true; }
constexpr void drop_unread(Context& c)    { if (c.unread > 0 && c.cause == idle && !c.serving_stopped) c.beaten = true; if (c.unread > 0 && c.cause == announced) c.behind = true; settle(c); }
constexpr void meet_nobody(Context& c)    { if (c.unread > 0 && c.cause == announced) c.behind = true; settle(c); }
constexpr void cut_response(Context& c)   { c.cut = true; settle(c); }
constexpr void complete(Context& c, Outs& out) {
  if (c.outstanding == 0) out.append(Out::one_outcome); else c.outstanding--;
  if (c.owed == 0 || c.stray) out.append(Out::right_response);
  if (c.owed > 0) c.owed--;
  settle(c);
}
/// The 408 of an idle server answers no request; `complete` follows and finds no response owed.
constexpr void complete_408(Context&, Outs& out) { out.append(Out::unsolicited_response); }
constexpr void abandon(Context& c)        { c.outstanding = 0; settle(c); }
constexpr void be_gone(Context& c)        { c.gone = true; }
/// A client that gave up waiting lost its request to the server that had closed, or read no more, and to nobody else.
constexpr void time_out(Context& c, Outs& out) {
  if (c.unread > 0 && (c.arrived_dead || c.gone)) judge_request(c, out);
  abandon(c);
}
constexpr void finish(Context& c, Outs& out) { if (c.outstanding > 0) out.append(Out::one_outcome); c = {}; }

struct HopObserver : Machine<HopObserver, Context, Out> {
  static constexpr std::string_view name = "hop-observer";
  static constexpr std::string_view output_names[] = {
    "keepalive-reuse", "stale-in-kernel", "early-response-reset", "closing-dead-zone", "max-age-close", "shutdown-close",
    "bytes-behind-close", "timer-beats-data", "delayed-close-truncation", "unsolicited-response",
    "one-outcome", "response-kept", "right-response", "no-other-loss"};
  static std::string describe(const Context& context);

  using initial_state = Watching;
  using transition_table = Rows<
    //  From     On                    If      Do                       To        Source
    Row<Watching, saw::Asked,          Always, Do<ask>,                 Stay,     Model<"observation">>,
    Row<Watching, saw::KernelKnew,     Always, Do<kernel_knew>,         Stay,     Model<"observation">>,
    Row<Watching, saw::Arrived,        Always, Do<arrive>,              Stay,     Model<"observation">>,
    Row<Watching, saw::RequestRead,    Always, Do<read>,                Stay,     Model<"observation">>,
    Row<Watching, saw::Answered,       Always, Do<answer>,              Stay,     Model<"observation">>,
    Row<Watching, saw::AnsweredEarly,  Always, Do<answer_early>,        Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesIdle,     Always, Do<close_for<idle>>,     Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAge,      Always, Do<close_for<age>>,      Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesShutdown, Always, Do<close_for<shutdown>>, Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAnnounced, Always, Do<close_for<announced>>, Stay,   Model<"observation">>,
    Row<Watching, saw::StopsServing,   Always, Do<stop_serving>,        Stay,     Model<"observation">>,
    Row<Watching, saw::UnreadLost,     Always, Do<drop_unread>,         Stay,     Model<"observation">>,
    Row<Watching, saw::DataForNobody,  Always, Do<meet_nobody>,         Stay,     Model<"observation">>,
    Row<Watching, saw::CutsResponse,   Always, Do<cut_response>,        Stay,     Model<"observation">>,
    Row<Watching, saw::Completed,      Always, Do<complete>,            Stay,     Model<"observation">>,
    Row<Watching, saw::Completed408,   Always, Do<complete_408>,        Stay,     Model<"observation">>,
    Row<Watching, saw::Lost,           Always, Do<judge>,               Stay,     Model<"observation">>,
    Row<Watching, saw::Truncated,      Always, Do<judge_truncated>,     Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAbandoned, Always, Do<close_for<abandoned>>, Stay,   Model<"observation">>,
    Row<Watching, saw::ServerClosed,   Always, Do<be_gone>,             Stay,     Model<"observation">>,
    Row<Watching, saw::TimedOut,       Always, Do<time_out>,            Stay,     Model<"observation">>,
    Row<Watching, saw::GaveUpRest,     Always, Do<abandon>,             Stay,     Model<"observation">>,
    Row<Watching, saw::ClientClosed,   Always, Do<finish>,              Over,     Model<"observation">>,
    //--- the server goes on alone ------------------------------------------------------------------------------
    Row<Over,     saw::Arrived,        Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::RequestRead,    Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::Answered,       Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::AnsweredEarly,  Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ClosesIdle,     Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ClosesAge,      Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ClosesShutdown, Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ClosesAnnounced, Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ClosesAbandoned, Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::ServerClosed,   Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::StopsServing,   Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::UnreadLost,     Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::DataForNobody,  Always, Nothing, Stay, Model<"nobody waits">>,
    Row<Over,     saw::CutsResponse,   Always, Nothing, Stay, Model<"nobody waits">>
  >;
};
// clang-format on

const machine::Table& hop_observer_table();

}  // namespace halfclose::monitor
