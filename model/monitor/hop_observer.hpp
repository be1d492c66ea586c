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
struct Kept     : State<"kept waiting"> {}; // the client has its response and waits for the server's close
struct Over     : State<"over">     {};   // the client has closed: nothing more can go wrong for it

namespace saw {
struct Asked          : Event<"client asks">             {};
struct Waited         : Event<"the request had waited">  {};   // it took the connection over as the response completed
struct ReusedUnwatched : Event<"reused unread">          {};   // the pool had not read the connection
struct ReusedRemoved  : Event<"reused a removed server"> {};   // the client had been told that the server left
struct IgnoresClose   : Event<"client ignores the close option"> {};
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
struct ClosesBehind   : Event<"server closes: behind a response"> {};   // which did not say so
struct ClosesAborted  : Event<"server closes: client's FIN"> {};
struct ClosesCrashed  : Event<"server crashes">          {};
struct CloseTimer     : Event<"server's close timer">    {};
struct ServerClosed   : Event<"server closes its descriptor"> {};
struct StopsServing   : Event<"server stops serving">    {};   // descriptor open, nothing will be read
struct UnreadLost     : Event<"unread bytes dropped at close"> {};
struct DataForNobody  : Event<"bytes arrive after close"> {};
struct CutsResponse   : Event<"server cuts its response"> {};
struct SkipsContent   : Event<"client does not send the content"> {};   // and takes the request for complete
struct Swallowed      : Event<"server takes a request for content"> {};
struct DroppedSilently : Event<"request dropped on the way"> {};   // and neither end is told
struct Completed      : Event<"client has a response">   {};
struct Completed408   : Event<"client has a 408">        {};
struct WriteFailed    : Event<"client: write failed">    {};   // and is not read on
struct IdleConnecting : Event<"client: idle timeout while connecting"> {};
struct AwaitsClose    : Event<"client awaits the close"> {};
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
  attach_on_complete, persistence_missignalled, reads_paused_in_pool, early_upstream_response, timer_armed_early,
  half_closed_client, close_delimited_truncation, close_latency, removed_while_pooled,
  whole_or_error,                                              // a guarantee
  silent_drop, expect_continue,
};

enum Cause : std::uint8_t { none, idle, age, shutdown, announced, abandoned, behind_response, client_fin, crash, ignored, forgotten, swallowed };

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
  bool waited = false;              ///< the last request took the connection as the response before it completed
  bool unwatched = false;           ///< the last request was written to a connection that the pool did not read
  bool removed = false;             ///< the last request was written after the server was removed
  bool skipped = false;             ///< the client left out content, and the server has not answered since
};

using Outs = Outputs<Out>;

//--- the definitions ---------------------------------------------------------------------------------------------
/// The request crossed the close of an idle connection; the client could not have known.
constexpr bool keepalive_reuse(const Context& c)      { return c.cause == idle && c.unread > 0 && !c.knew_fin; }
/// The client's kernel had the FIN; its application had not looked.
constexpr bool stale_in_kernel(const Context& c)      { return (c.cause == idle || c.cause == age) && c.unread > 0 && c.knew_fin; }
/// The request was lost to a close that idleness did not cause: the connection's age, a graceful shutdown.
constexpr bool max_age_close(const Context& c)        { return c.cause == age && c.unread > 0; }
constexpr bool shutdown_close(const Context& c)       { return c.cause == shutdown && c.unread > 0 && !c.removed; }
/// The same, and the client had been told that the server left the load-balancing set.
constexpr bool removed_while_pooled(const Context& c) { return c.cause == shutdown && c.unread > 0 && c.removed; }
/// The request was lost to a close behind a response that did not say so, or that said so to a client that does not listen.
constexpr bool persistence_missignalled(const Context& c) { return c.unread > 0 && (c.cause == behind_response || c.cause == ignored); }
/// The same unannounced close, met by a request that had waited for that response to complete.
constexpr bool attach_on_complete(const Context& c)   { return c.unread > 0 && c.cause == behind_response && c.waited; }
/// The client's kernel had told the FIN to a pool that does not read.
constexpr bool reads_paused_in_pool(const Context& c) { return c.unread > 0 && c.knew_fin && c.unwatched; }
/// The server took the client's FIN behind the request for an abort.
constexpr bool half_closed_client(const Context& c)   { return c.cause == client_fin; }
/// The client reports a failed write while a response that was written completely is on its way or unread.
constexpr bool early_upstream_response(const Context& c) { return c.owed > 0; }
/// The request arrived while the descriptor was open, at a server that had stopped reading.
constexpr bool closing_dead_zone(const Context& c)    { return c.unread > 0 && c.arrived_dead; }
/// The request was readable when the idle timer closed the connection.
constexpr bool timer_beats_data(const Context& c)     { return c.unread > 0 && c.beaten; }
/// The response to an incomplete request was written and not received.
constexpr bool early_response_reset(const Context& c) { return c.owed > 0 && c.early; }
/// A complete response was destroyed by the request behind it.
constexpr bool bytes_behind_close(const Context& c)   { return c.owed > 0 && !c.early && c.behind; }
constexpr bool delayed_close_truncation(const Context& c) { return c.cut && c.cause != crash; }
/// What the client takes for a complete response ends where the server was cut off.
constexpr bool close_delimited_truncation(const Context& c) { return c.owed == 0 && c.cut; }
/// The server gave up on content that the client, which had its answer, did not mean to send.
constexpr bool expect_continue(const Context& c)      { return c.unread > 0 && c.cause == abandoned && c.skipped; }
/// A response written completely was not read completely.
constexpr bool response_lost(const Context& c)        { return c.owed > 0; }

constexpr bool closes_announced(const Context& c)     { return c.cause == announced || c.cause == ignored; }

/// What no definition can tell apart any more is forgotten, so that the table stays small.
constexpr void settle(Context& c) {
  // An answer that nobody asked for breaks right-response, whatever else happens.
  if (c.stray) { c = {.outstanding = c.outstanding, .stray = true}; return; }
  // A request is unread, or being answered, or owed its response.
  if (c.unread > c.outstanding) c.unread = c.outstanding;
  if (c.owed > c.outstanding - c.unread) c.owed = static_cast<std::uint8_t>(c.outstanding - c.unread);
  if (c.outstanding == c.unread + c.owed) c.answering = false;
  if (c.unread == 0) c.knew_fin = c.arrived_dead = c.beaten = c.waited = c.unwatched = c.removed = false;
  if (c.owed == 0) c.early = false;
  if (c.outstanding == 0) c.cut = false;
  // No FIN is on its way before the server began to close.
  if (c.cause == none) c.knew_fin = c.unwatched = false;
  if (c.cause != none && c.cause != shutdown) c.removed = false;
  if (c.cause != behind_response) c.waited = false;
  // While it waits for content a server ages, shuts down, and gives up.
  if (c.cause != none && c.cause != age && c.cause != shutdown && c.cause != abandoned) c.skipped = false;
  if (c.cause != idle) c.beaten = false;
  if (!closes_announced(c) || c.unread + c.owed == 0) c.behind = false;
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
  if (removed_while_pooled(c))     out.append(Out::removed_while_pooled);
  if (persistence_missignalled(c)) out.append(Out::persistence_missignalled);
  if (attach_on_complete(c))       out.append(Out::attach_on_complete);
  if (reads_paused_in_pool(c))     out.append(Out::reads_paused_in_pool);
  if (half_closed_client(c))       out.append(Out::half_closed_client);
  if (expect_continue(c))          out.append(Out::expect_continue);
  // What a server that gave up on a request's content does to the next request is not judged; nor is a crash.
  if (out.count == before && c.cause != abandoned && c.cause != crash && c.cause != forgotten && c.cause != swallowed && !c.cut) out.append(Out::no_other_loss);
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

constexpr void ask(Context& c)            { if (c.outstanding < 2) c.outstanding++; if (c.unread < 2) c.unread++; c.knew_fin = c.waited = c.unwatched = c.removed = false; settle(c); }
template <auto Flag>
constexpr void note(Context& c)           { c.*Flag = true; settle(c); }
/// Only a close that was announced can be ignored; any other has a name of its own.
constexpr void ignore_close(Context& c)   { if (c.cause == announced) c.cause = ignored; settle(c); }
constexpr void arrive(Context& c)         { if (c.serving_stopped) c.arrived_dead = true; settle(c); }
constexpr void read(Context& c)           { if (c.unread > 0) c.unread--; c.answering = true; c.early = false; settle(c); }
constexpr void answer(Context& c)         { if (c.owed < 2) c.owed++; if (!c.answering) c.stray = true; c.answering = c.skipped = false; settle(c); }
constexpr void answer_early(Context& c)   { answer(c); c.early = true; settle(c); }
template <Cause Why>
constexpr void close_for(Context& c)      { if (c.cause != forgotten && c.cause != swallowed) c.cause = Why; settle(c); }
/// Nothing that is sent from now on arrives: the server will not see the request, nor the client what the server does.
constexpr void drop_silently(Context& c, Outs& out) { out.append(Out::silent_drop); c.cause = forgotten; if (c.unread > 0) c.unread--; settle(c); }
/// The request is gone: whatever the server does from now on, it does not answer it.
constexpr void swallow(Context& c, Outs& out) { out.append(Out::expect_continue); if (c.cause != forgotten) c.cause = swallowed; if (c.unread > 0) c.unread--; settle(c); }
constexpr void drop_unread(Context& c)    { if (c.unread > 0 && c.cause == idle && !c.serving_stopped) c.beaten = true; if (c.unread > 0 && closes_announced(c)) c.behind = true; settle(c); }
constexpr void meet_nobody(Context& c)    { if (c.unread > 0 && closes_announced(c)) c.behind = true; settle(c); }
constexpr void complete(Context& c, Outs& out) {
  if (c.outstanding == 0) out.append(Out::one_outcome); else c.outstanding--;
  if (close_delimited_truncation(c)) {
    out.append(Out::close_delimited_truncation);
    out.append(Out::whole_or_error);
  } else if (c.owed == 0 || c.stray || c.cause == swallowed) {  // the oldest request is the one swallowed
    out.append(Out::right_response);
  }
  if (c.owed > 0) c.owed--;
  settle(c);
}
/// The 408 of an idle server answers no request; `complete` follows and finds no response owed.
constexpr void complete_408(Context&, Outs& out) { out.append(Out::unsolicited_response); }
constexpr void abandon(Context& c)        { c.outstanding = 0; settle(c); }
/// A client that gave up waiting lost its request to the server that had closed, or read no more, and to nobody else.
/// Behind a close that was announced nobody owes it an answer: a client that reads the announcement gives it up as well.
constexpr void time_out(Context& c, Outs& out) {
  if (c.unread > 0 && (c.arrived_dead || c.gone) && c.cause != announced) judge_request(c, out);
  abandon(c);
}
constexpr void fail_writing(Context& c, Outs& out) { if (early_upstream_response(c)) out.append(Out::early_upstream_response); }
constexpr void keep_waiting(Context& c)   { c = {}; }
constexpr void finish(Context& c, Outs& out) { if (c.outstanding > 0) out.append(Out::one_outcome); c = {}; }

/// The server goes on alone.
template <class S, class... On>
using Unseen = Rows<Row<S, On, Always, Nothing, Stay, Model<"nobody waits">>...>;
template <class S>
using ServerAlone = Unseen<S, saw::Arrived, saw::RequestRead, saw::Answered, saw::AnsweredEarly, saw::ClosesIdle, saw::ClosesAge,
  saw::ClosesShutdown, saw::ClosesAnnounced, saw::ClosesAbandoned, saw::ClosesBehind, saw::ClosesAborted, saw::ClosesCrashed,
  saw::ServerClosed, saw::StopsServing, saw::UnreadLost, saw::DataForNobody, saw::CutsResponse, saw::Swallowed, saw::DroppedSilently>;

struct HopObserver : Machine<HopObserver, Context, Out> {
  static constexpr std::string_view name = "hop-observer";
  static constexpr std::string_view output_names[] = {
    "keepalive-reuse", "stale-in-kernel", "early-response-reset", "closing-dead-zone", "max-age-close", "shutdown-close",
    "bytes-behind-close", "timer-beats-data", "delayed-close-truncation", "unsolicited-response",
    "one-outcome", "response-kept", "right-response", "no-other-loss",
    "attach-on-complete", "persistence-missignalled", "reads-paused-in-pool", "early-upstream-response", "timer-armed-early",
    "half-closed-client", "close-delimited-truncation", "close-latency", "removed-while-pooled",
    "whole-or-error", "silent-drop", "expect-continue"};
  static std::string describe(const Context& context);

  using initial_state = Watching;
  using transition_table = boost::mp11::mp_append<Rows<
    //  From     On                    If      Do                       To        Source
    Row<Watching, saw::Asked,          Always, Do<ask>,                 Stay,     Model<"observation">>,
    Row<Watching, saw::Waited,         Always, Do<note<&Context::waited>>, Stay,  Model<"observation">>,
    Row<Watching, saw::ReusedUnwatched, Always, Do<note<&Context::unwatched>>, Stay, Model<"observation">>,
    Row<Watching, saw::ReusedRemoved,  Always, Do<note<&Context::removed>>, Stay, Model<"observation">>,
    Row<Watching, saw::IgnoresClose,   Always, Do<ignore_close>,       Stay,     Model<"observation">>,
    Row<Watching, saw::KernelKnew,     Always, Do<note<&Context::knew_fin>>, Stay,     Model<"observation">>,
    Row<Watching, saw::Arrived,        Always, Do<arrive>,              Stay,     Model<"observation">>,
    Row<Watching, saw::RequestRead,    Always, Do<read>,                Stay,     Model<"observation">>,
    Row<Watching, saw::Answered,       Always, Do<answer>,              Stay,     Model<"observation">>,
    Row<Watching, saw::AnsweredEarly,  Always, Do<answer_early>,        Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesIdle,     Always, Do<close_for<idle>>,     Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAge,      Always, Do<close_for<age>>,      Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesShutdown, Always, Do<close_for<shutdown>>, Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAnnounced, Always, Do<close_for<announced>>, Stay,   Model<"observation">>,
    Row<Watching, saw::ClosesBehind,   Always, Do<close_for<behind_response>>, Stay, Model<"observation">>,
    Row<Watching, saw::ClosesAborted,  Always, Do<close_for<client_fin>>, Stay,   Model<"observation">>,
    Row<Watching, saw::ClosesCrashed,  Always, Do<close_for<crash>>,    Stay,     Model<"observation">>,
    Row<Watching, saw::CloseTimer,     Always, Nothing,                 Stay,     Model<"observation">>,
    Row<Watching, saw::StopsServing,   Always, Do<note<&Context::serving_stopped>>, Stay,     Model<"observation">>,
    Row<Watching, saw::UnreadLost,     Always, Do<drop_unread>,         Stay,     Model<"observation">>,
    Row<Watching, saw::DataForNobody,  Always, Do<meet_nobody>,         Stay,     Model<"observation">>,
    Row<Watching, saw::CutsResponse,   Always, Do<note<&Context::cut>>, Stay,     Model<"observation">>,
    Row<Watching, saw::SkipsContent,   Always, Do<note<&Context::skipped>>, Stay, Model<"observation">>,
    Row<Watching, saw::Swallowed,      Always, Do<swallow>,             Stay,     Model<"observation">>,
    Row<Watching, saw::DroppedSilently, Always, Do<drop_silently>,      Stay,     Model<"observation">>,
    Row<Watching, saw::Completed,      Always, Do<complete>,            Stay,     Model<"observation">>,
    Row<Watching, saw::Completed408,   Always, Do<complete_408>,        Stay,     Model<"observation">>,
    Row<Watching, saw::WriteFailed,    Always, Do<fail_writing>,        Stay,     Model<"observation">>,
    Row<Watching, saw::IdleConnecting, Always, Do<Out::timer_armed_early>, Stay,  Model<"observation">>,
    Row<Watching, saw::Lost,           Always, Do<judge>,               Stay,     Model<"observation">>,
    Row<Watching, saw::Truncated,      Always, Do<judge_truncated>,     Stay,     Model<"observation">>,
    Row<Watching, saw::ClosesAbandoned, Always, Do<close_for<abandoned>>, Stay,   Model<"observation">>,
    Row<Watching, saw::ServerClosed,   Always, Do<note<&Context::gone>>, Stay,     Model<"observation">>,
    Row<Watching, saw::TimedOut,       Always, Do<time_out>,            Stay,     Model<"observation">>,
    Row<Watching, saw::GaveUpRest,     Always, Do<abandon>,             Stay,     Model<"observation">>,
    Row<Watching, saw::ClientClosed,   Always, Do<finish>,              Over,     Model<"observation">>>,
    //--- the client has its response, and waits for the server to close ----------------------------------------
    Rows<
    Row<Watching, saw::AwaitsClose,    Always, Do<keep_waiting>,        Kept,     Model<"observation">>,
    Row<Kept,     saw::CloseTimer,     Always, Do<Out::close_latency>,  Stay,     Model<"observation">>,
    Row<Kept,     saw::ClientClosed,   Always, Nothing,                 Over,     Model<"observation">>>,
    ServerAlone<Kept>,
    //--- the server goes on alone ------------------------------------------------------------------------------
    ServerAlone<Over>, Unseen<Over, saw::CloseTimer>
  >;
};
// clang-format on

const machine::Table& hop_observer_table();

}  // namespace halfclose::monitor
