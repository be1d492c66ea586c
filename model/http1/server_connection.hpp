// The server's end of an HTTP/1.1 connection: when it reads, answers, announces and closes (RFC
// 9112 section 9).
//
// Abstracts from: methods, fields, lengths. A request is one message or a head and the rest of its
// content; a response leaves whole, or its tail waits in the kernel, or in the application's own
// buffer. A tail in the kernel is told apart where a close can destroy it; elsewhere the time it
// takes is part of the wire's delay. The application is nondeterministic: it answers when it likes,
// before the request is complete too (an early response). Every way in which products differ is a
// flag of Profile that a guard reads; there is no second machine.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::http1::server {

using namespace machine;

/// What is done after a response that left before the request was read to its end.
enum class CloseStyle : std::uint8_t {
  plain,             ///< close(2)
  delayed,           ///< no FIN, no read: wait for the client's FIN or the close timeout
  half_close_drain,  ///< shutdown(WR), read and discard until EOF or a timeout
  half_close_wait,   ///< shutdown(WR), wait for the close timeout without reading
  drain_then_fin,    ///< read the rest of the request, then FIN
};
enum class AgeClose : std::uint8_t { announced, drain_then_close, plain };
/// What a request whose content waits for 100 is answered with.
enum class OnExpectation : std::uint8_t {
  when_read,  ///< 100 where the content is wanted, else a final response
  at_once,    ///< 100 behind the head, before any final response
  close,      ///< as when_read, but the final response says that the connection ends
};

// clang-format off
struct Listening  : State<"listening">   {};   // no connection yet
struct Idle       : State<"idle">        {};   // reading, no request begun
struct Reading    : State<"reading">     {};   // head read, content missing, nothing answered
struct Answering  : State<"answering">   {};   // request complete, not reading
struct Relaying   : State<"relaying">    {};   // a proxy: the first part of the response is written, the rest is awaited
struct Flushing   : State<"flushing">    {};   // answered, the tail still in the application's buffer
struct Discarding : State<"discarding">  {};   // answered early, reading the rest of the request
struct Delayed    : State<"delayed close"> {}; // descriptor open, no FIN sent, not reading
struct Lingering  : State<"lingering">   {};   // FIN sent, reading and discarding
struct HalfClosed : State<"half closed"> {};   // FIN sent, not reading
struct Closed     : State<"closed">      {};

namespace transport {
struct Accepted   : Event<"accepted">     {};
struct Eof        : Event<"eof">          {};   // recv() returned 0
struct PeerClosed : Event<"peer closed">  {};   // the readiness of a FIN, without reading
struct Error      : Event<"error">        {};
struct Writable   : Event<"writable">     {};
}
namespace head {
struct Request    : Event<"request">      {};   // a whole request
struct Head       : Event<"request head"> {};   // a request whose content follows
struct Last       : Event<"request, close"> {}; // a whole request that says it is the last
struct Expect     : Event<"request head (expects 100)"> {};
}
namespace body {
struct More       : Event<"part of content"> {};
struct End        : Event<"content end">  {};
}
namespace respond {
struct Whole      : Event<"answer">           {};
struct Queued     : Event<"answer, tail in kernel"> {};
struct Buffered   : Event<"answer, tail in buffer"> {};
struct Part       : Event<"answer, first part"> {};   // the rest has not come from the origin yet
struct Rest       : Event<"answer, rest">     {};
struct Cut        : Event<"answer cut short"> {};   // the rest will not come
struct Continue   : Event<"100 Continue">     {};   // the content is wanted
}
namespace timeout {
struct Idle       : Event<"idle timeout">     {};
struct Drain      : Event<"drain timeout">    {};
struct Close      : Event<"close timeout">    {};
struct Linger     : Event<"linger time">      {};
struct Age        : Event<"max connection duration"> {};
}
namespace manage {
struct Retire     : Event<"last request">     {};   // the request limit is reached: announce on this response
struct Shutdown   : Event<"graceful shutdown"> {};
struct Crash      : Event<"crash">            {};   // the process ends: its kernel closes the descriptor
}

enum class Out : std::uint8_t {
  response, response_close,                    // whole; `close` carries the close option
  queued, queued_close, buffered, buffered_close, tail, unsolicited_408,
  shutdown_write, close_fd, stop_reading, start_reading,
  arm_idle, cancel_idle, arm_drain, cancel_drain, arm_close, cancel_close, arm_linger, arm_age,
  read_request, answered, answered_early, closes_idle, closes_age, closes_shutdown, closes_announced,
  closes_abandoned, stops_serving, cuts_response, content_read,  // observations
  response_open, queued_open, buffered_open,   // without length: the end of the connection ends it
  closes_unannounced, closes_aborted, closes_crashed, close_timer,  // observations
  continue_100,
  swallows,                                    // an observation: takes a request for content
};

/// The flags that a product profile sets; constant over a run.
struct Profile {
  CloseStyle close_style = CloseStyle::plain;
  AgeClose age_close = AgeClose::plain;
  bool early_closes = true;          ///< early_response: close
  bool idle_drains = false;          ///< idle_close: drain-then-close
  bool idle_408 = false;
  bool idle_starts_buffered = false; ///< idle_timer_starts: response-buffered
  bool shutdown_announced = false;
  bool reads_during_close = false;
  bool aborts_half_closed = false;   ///< half_closed_client: abort
  bool limits_requests = false;      ///< max_requests is set: any response may be the last
  bool single_use = false;           ///< max_requests is 1
  bool closes_unannounced = false;   ///< unannounced_close: after-response
  bool close_delimited = false;      ///< framing: close-delimited
  OnExpectation on_expectation = OnExpectation::when_read;
  bool operator==(const Profile&) const = default;
};

struct Context {
  Profile profile{};
  bool last = false;        ///< close after this response, which says so
  bool draining = false;    ///< requests are still served, each response announces, the drain timer closes
  bool early = false;       ///< answered before the request was read to its end
  bool told = false;        ///< the head of the last response said that we close
  bool last_later = false;  ///< the head was out already: the next response is the last
  bool expected = false;    ///< the client waits for 100 before it sends its content
};

using Outs = Outputs<Out>;

constexpr bool is_draining(const Context& c)  { return c.draining; }
/// A response without length announces the close by being one.
constexpr bool announces(const Context& c)    { return c.last || c.draining || c.profile.close_delimited; }
/// Closes behind this response; a draining server leaves that to its timer.
constexpr bool ends(const Context& c)         { return (c.last && !c.draining) || c.profile.closes_unannounced || c.profile.close_delimited; }
constexpr bool keeps(const Context& c)        { return !ends(c); }
constexpr bool limits(const Context& c)       { return c.profile.limits_requests && !c.last; }
constexpr bool aborts(const Context& c)       { return c.profile.aborts_half_closed; }
constexpr bool idle_drains(const Context& c)  { return c.profile.idle_drains; }
constexpr bool age_announces(const Context& c){ return c.profile.age_close == AgeClose::announced; }
constexpr bool age_drains(const Context& c)   { return c.profile.age_close == AgeClose::drain_then_close; }
constexpr bool shutdown_announces(const Context& c) { return c.profile.shutdown_announced; }
constexpr bool reads_on(const Context& c)     { return c.profile.reads_during_close; }
constexpr bool is_expected(const Context& c)  { return c.expected; }
constexpr bool continues_at_once(const Context& c) { return c.profile.on_expectation == OnExpectation::at_once; }
constexpr bool refuses(const Context& c)      { return c.expected && c.profile.on_expectation == OnExpectation::close; }
constexpr bool early_keeps(const Context& c)  { return !c.profile.early_closes && !refuses(c) && !announces(c); }
template <CloseStyle Style>
constexpr bool closes_early(const Context& c) { return !early_keeps(c) && c.profile.close_style == Style; }
constexpr bool closes_plain(const Context& c)   { return closes_early<CloseStyle::plain>(c); }
constexpr bool closes_delayed(const Context& c) { return closes_early<CloseStyle::delayed>(c); }
constexpr bool closes_lingering(const Context& c) { return closes_early<CloseStyle::half_close_drain>(c); }
constexpr bool closes_waiting(const Context& c) { return closes_early<CloseStyle::half_close_wait>(c); }
constexpr bool closes_drained(const Context& c) { return closes_early<CloseStyle::drain_then_fin>(c); }

constexpr void read_head(Context& c, Outs& out) { if (c.profile.single_use) c.last = true; out.append(Out::cancel_idle); out.append(Out::read_request); }
constexpr void expect(Context& c)              { c.expected = true; }
constexpr void expect_no_more(Context& c)      { c.expected = false; }
constexpr void mark_last(Context& c)           { c.last = true; }
constexpr void mark_last_later(Context& c)     { if (!c.last) c.last_later = true; }
constexpr void end_draining(Context& c)        { c.draining = false; c.last = true; }
constexpr void mark_early(Context& c)          { c.early = true; if (c.profile.early_closes || refuses(c)) c.last = true; c.expected = false; }
constexpr void complete_request(Context& c)    { c.early = false; }

/// An early response says that it closes, where it does (RFC 9112 9.6).
constexpr void write_head(Context& c, Outs& out, Out plain, Out closing, Out open) {
  c.told = announces(c);
  out.append(c.profile.close_delimited ? open : c.told ? closing : plain);
}
constexpr void tell_answered(Context& c, Outs& out) { out.append(c.early ? Out::answered_early : Out::answered); }
constexpr void write_whole(Context& c, Outs& out)  { write_head(c, out, Out::response, Out::response_close, Out::response_open); tell_answered(c, out); }
constexpr void write_queued(Context& c, Outs& out) { write_head(c, out, Out::queued, Out::queued_close, Out::queued_open); tell_answered(c, out); }
/// Not `answered` yet: the response is complete when its tail is written.
constexpr void write_buffered(Context& c, Outs& out) { write_head(c, out, Out::buffered, Out::buffered_close, Out::buffered_open); }
constexpr void write_tail(Context& c, Outs& out)   { out.append(Out::tail); tell_answered(c, out); }

/// Only a close that a response told of is announced; one that had begun before keeps its reason.
constexpr void close_told(Context& c, Outs& out) { if (c.told) out.append(Out::closes_announced); else if (!c.last) out.append(Out::closes_unannounced); }
constexpr void settle(Context& c)              { c.early = c.told = false; if (c.last_later) c.last = true; c.last_later = false; }

/// Ready for the next request; the idle timer runs unless the drain timer already does.
constexpr void become_idle(Context& c, Outs& out) {
  settle(c);
  out.append(Out::start_reading);
  if (!c.draining) out.append(Out::arm_idle);
}
/// Behind a response that still flushes: Envoy's flush timer when closing, its idle timer when not.
constexpr void time_flush(Context& c, Outs& out) {
  if (ends(c) && c.profile.close_style == CloseStyle::delayed) out.append(Out::arm_close);
  if (!announces(c) && c.profile.idle_starts_buffered) out.append(Out::arm_idle);
}
constexpr void idle_after_flush(Context& c, Outs& out) {
  settle(c);
  out.append(Out::start_reading);
  if (!c.draining && !c.profile.idle_starts_buffered) out.append(Out::arm_idle);
}
constexpr void send_408(Context& c, Outs& out) { if (c.profile.idle_408) out.append(Out::unsolicited_408); }
constexpr void begin_draining(Context& c, Outs& out) { c.draining = true; out.append(Out::cancel_idle); out.append(Out::arm_drain); }
/// After the drain timer Envoy delays its close, if it has a timeout for that.
constexpr bool drain_delays(const Context& c)  { return c.profile.close_style == CloseStyle::delayed; }
constexpr void keep_reading(Context& c, Outs& out) { if (!c.profile.reads_during_close) out.append(Out::stop_reading); }

/// An answer before the request was read to its end, by a server that closes.
template <class On, auto Write>
using AnswersEarly = Rows<
  Row<Reading, On, If<closes_plain>,     Do<mark_early, Write, close_told, Out::close_fd>, Closed, Rfc9112<"9.6">>,
  Row<Reading, On, If<closes_delayed>,   Do<mark_early, Write, close_told, Out::stops_serving, keep_reading, Out::arm_close>, Delayed, Product<"Envoy FlushWriteAndDelay">>,
  Row<Reading, On, If<closes_lingering>, Do<mark_early, Write, close_told, Out::shutdown_write, Out::arm_close, Out::arm_linger>, Lingering, Product<"nginx ngx_http_set_lingering_close">>,
  Row<Reading, On, If<closes_waiting>,   Do<mark_early, Write, close_told, Out::shutdown_write, Out::stop_reading, Out::arm_close>, HalfClosed, Product<"Go closeWriteAndWait">>,
  Row<Reading, On, If<closes_drained>,   Do<mark_early, Write, Out::arm_close, Out::arm_linger>, Discarding, Product<"HAProxy 3.0 h1s_must_shut_conn">>>;
/// Room in the send queue that nobody waits for: a part that was passed on has been read.
template <class S>
using NothingToFlush = Rows<
  Row<S, transport::Writable, Always,             Nothing,         Stay, Linux<"tcp_check_space">>>;
/// What a busy server does when it is told to go.
template <class S, auto... OnDrain>
using Busy = Rows<
  Row<S, transport::Error,  Always,               Do<Out::close_fd>, Closed, Model<"the connection is gone">>,
  Row<S, timeout::Age,      All<If<age_drains>, Unless<announces>>, Do<Out::closes_age, begin_draining>, Stay, Product<"Envoy max_connection_duration">>,
  Row<S, timeout::Age,      If<age_drains, announces>, Nothing,    Stay, Product<"Envoy: closing or draining already">>,
  Row<S, timeout::Drain,    Always,               Do<end_draining, OnDrain...>, Stay, Product<"Envoy onDrainTimeout with active streams">>>;
/// The process ends; where a response is begun, it ends there too.
template <class S, auto... Cut>
using Crashes = Rows<
  Row<S, manage::Crash,     Always,               Do<Out::closes_crashed, Cut..., Out::close_fd>, Closed, Linux<"do_exit: exit_files">>>;
/// Before the head of the response is written: it will say that we close.
template <class S>
using MayStillSay = Rows<
  Row<S, timeout::Age,      Unless<age_drains>,   Do<mark_last>,   Stay, Rfc9112<"9.6">>,
  Row<S, manage::Shutdown,  Always,               Do<mark_last>,   Stay, Rfc9112<"9.6">>>;
/// After it: a server that announces does so with the next response, any other closes behind this one.
template <class S>
using CannotSay = Rows<
  Row<S, timeout::Age,      If<age_announces>,    Do<mark_last_later>, Stay, Rfc9112<"9.6">>,
  Row<S, timeout::Age,      Unless<age_drains, age_announces>, Do<Out::closes_age, mark_last>, Stay, Rfc9112<"9.5">>,
  Row<S, manage::Shutdown,  If<shutdown_announces>, Do<mark_last_later>, Stay, Rfc9112<"9.6">>,
  Row<S, manage::Shutdown,  Unless<shutdown_announces>, Do<Out::closes_shutdown, mark_last>, Stay, Product<"Go Shutdown, nginx ngx_exiting">>>;

struct ServerConnection : Machine<ServerConnection, Context, Out> {
  static constexpr std::string_view name = "http1-server";
  static constexpr std::string_view output_names[] = {
    "response", "response, close", "response part", "response part, close", "response part (buffered)",
    "response part (buffered), close", "response tail", "408",
    "shutdown(WR)", "close", "stop reading", "read",
    "arm idle", "cancel idle", "arm drain", "cancel drain", "arm close", "cancel close", "arm linger", "arm age",
    "request read", "answered", "answered early", "closes: idle", "closes: age", "closes: shutdown", "closes: announced", "closes: gives up on the content",
    "stops serving", "cuts the response", "content read",
    "response, open end", "response part, open end", "response part (buffered), open end",
    "closes: behind a response", "closes: client's FIN", "closes: crash", "close timer",
    "100", "takes a request for content"};
  static std::string describe(const Context& context);

  using initial_state = Listening;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From         On                    If                      Do                                        To          Source
    Row<Listening,   transport::Accepted,  Always,                 Do<Out::start_reading, Out::arm_idle, Out::arm_age>, Idle, Rfc9112<"9.3">>,
    Row<Idle,        head::Request,        Always,                 Do<read_head, Out::stop_reading>,         Answering,  Rfc9112<"9.3">>,
    Row<Idle,        head::Last,           Always,                 Do<read_head, mark_last, Out::stop_reading>, Answering, Rfc9112<"9.6">>,
    Row<Idle,        head::Head,           Always,                 Do<read_head>,                            Reading,    Rfc9112<"6">>,
    Row<Idle,        head::Expect,         Unless<continues_at_once>, Do<read_head, expect>,                 Reading,    Rfc9110<"10.1.1">>,
    Row<Idle,        head::Expect,         If<continues_at_once>,  Do<read_head, Out::continue_100>,         Reading,    Rfc9110<"10.1.1">>,
    Row<Idle,        transport::Eof,       Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"9.5">>,
    Row<Idle,        transport::Error,     Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"9.5">>,
    Row<Idle,        timeout::Idle,        Unless<idle_drains>,    Do<Out::closes_idle, send_408, Out::close_fd>, Closed, Rfc9112<"9.5">>,
    Row<Idle,        timeout::Idle,        If<idle_drains>,        Do<Out::closes_idle, begin_draining>,     Stay,       Product<"Envoy onIdleTimeout, startDrainSequence">>,
    Row<Idle,        timeout::Drain,       If<drain_delays>,       Do<Out::close_timer, end_draining, Out::stops_serving, keep_reading, Out::arm_close>, Delayed, Product<"Envoy onDrainTimeout, FlushWriteAndDelay">>,
    Row<Idle,        timeout::Drain,       Unless<drain_delays>,   Do<Out::close_timer, end_draining, Out::close_fd>, Closed, Product<"drain, then close">>,
    Row<Idle,        timeout::Age,         If<age_announces>,      Do<mark_last>,                            Stay,       Rfc9112<"9.6">>,
    Row<Idle,        timeout::Age,         All<If<age_drains>, Unless<is_draining>>, Do<Out::closes_age, begin_draining>, Stay, Product<"Envoy onConnectionDurationTimeout">>,
    Row<Idle,        timeout::Age,         If<age_drains, is_draining>, Nothing,                             Stay,       Product<"Envoy: already draining">>,
    Row<Idle,        timeout::Age,         Unless<age_announces, age_drains>, Do<Out::closes_age, Out::close_fd>, Closed, Rfc9112<"9.5">>,
    Row<Idle,        manage::Shutdown,     If<shutdown_announces>, Do<mark_last>,                            Stay,       Rfc9112<"9.6">>,
    Row<Idle,        manage::Shutdown,     Unless<shutdown_announces>, Do<Out::closes_shutdown, Out::close_fd>, Closed,  Rfc9112<"9.5">>,
    //--- a request is being read ---------------------------------------------------------------------------------
    Row<Reading,     respond::Continue,    If<is_expected>,        Do<Out::continue_100, expect_no_more>,    Stay,       Rfc9110<"10.1.1">>,
    Row<Reading,     body::End,            Always,                 Do<Out::stop_reading, Out::content_read, expect_no_more>, Answering, Rfc9112<"6">>,
    Row<Reading,     body::More,           Always,                 Nothing,                                  Stay,       Rfc9112<"6">>,
    Row<Reading,     transport::Eof,       Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"8">>,
    Row<Reading,     respond::Whole,       If<early_keeps>,        Do<mark_early, write_whole, Out::arm_close, Out::arm_linger>, Discarding, Rfc9112<"9.3">>,
    Row<Reading,     manage::Retire,       If<limits>,             Do<mark_last>,                            Stay,       Rfc9112<"9.6">>>,
    Busy<Reading>, MayStillSay<Reading>,
    AnswersEarly<respond::Whole, write_whole>, AnswersEarly<respond::Queued, write_queued>,
    //--- the request is complete ---------------------------------------------------------------------------------
    Rows<
    Row<Answering,   respond::Whole,       If<keeps>,              Do<write_whole, become_idle>,             Idle,       Rfc9112<"9.3">>,
    Row<Answering,   respond::Whole,       If<ends>,               Do<write_whole, close_told, Out::close_fd>, Closed, Rfc9112<"9.6">>,
    Row<Answering,   respond::Queued,      If<ends>,               Do<write_queued, close_told, Out::close_fd>, Closed, Rfc9112<"9.6">>,
    Row<Answering,   respond::Buffered,    Always,                 Do<write_buffered, time_flush>,           Flushing,   Rfc9112<"7">>,
    Row<Answering,   manage::Retire,       If<limits>,             Do<mark_last>,                            Stay,       Rfc9112<"9.6">>,
    Row<Answering,   transport::PeerClosed, If<aborts>,            Do<Out::closes_aborted, Out::close_fd>,   Closed,     Product<"Envoy DC, nginx 499">>,
    Row<Answering,   transport::PeerClosed, Unless<aborts>,        Do<end_draining>,                         Stay,       Rfc9112<"9.6">>>,
    Busy<Answering>, MayStillSay<Answering>,
    //--- a proxy passes a response on while it arrives ---------------------------------------------------------------
    Rows<
    Row<Answering,   respond::Part,        Always,                 Do<write_buffered>,                       Relaying,   Rfc9112<"7">>,
    Row<Relaying,    respond::Rest,        If<keeps>,              Do<write_tail, become_idle>,              Idle,       Rfc9112<"9.3">>,
    Row<Relaying,    respond::Rest,        If<ends>,               Do<write_tail, close_told, Out::close_fd>, Closed,    Rfc9112<"9.6">>,
    Row<Relaying,    respond::Cut,         Always,                 Do<Out::cuts_response, Out::close_fd>,    Closed,     Rfc9112<"8">>,
    Row<Answering,   respond::Cut,         Always,                 Do<Out::cuts_response, Out::close_fd>,    Closed,     Product<"HAProxy http_wait_for_response: abort_keep_alive">>,
    Row<Reading,     respond::Cut,         Always,                 Do<Out::cuts_response, Out::close_fd>,    Closed,     Product<"HAProxy http_wait_for_response: abort_keep_alive">>,
    Row<Relaying,    transport::PeerClosed, If<aborts>,            Do<Out::closes_aborted, Out::close_fd>,   Closed,     Product<"Envoy DC, nginx 499">>,
    Row<Relaying,    transport::PeerClosed, Unless<aborts>,        Do<end_draining>,                         Stay,       Rfc9112<"9.6">>>,
    Busy<Relaying>, CannotSay<Relaying>,
    NothingToFlush<Relaying>, NothingToFlush<Idle>, NothingToFlush<Reading>, NothingToFlush<Answering>,
    NothingToFlush<Discarding>, NothingToFlush<Delayed>, NothingToFlush<Lingering>, NothingToFlush<HalfClosed>,
    //--- the tail of the response waits in our buffer ------------------------------------------------------------
    Rows<
    Row<Flushing,    transport::Writable,  If<keeps>,              Do<write_tail, idle_after_flush>,         Idle,       Rfc9112<"9.3">>,
    Row<Flushing,    transport::Writable,  If<ends>,               Do<write_tail, close_told, Out::close_fd>, Closed, Rfc9112<"9.6">>,
    Row<Flushing,    timeout::Close,       Always,                 Do<Out::close_timer, Out::cuts_response, Out::close_fd>, Closed, Product<"Envoy onDelayedCloseTimeout">>,
    Row<Flushing,    timeout::Idle,        If<idle_drains>,        Do<Out::closes_idle, begin_draining>,     Stay,       Product<"Envoy idle timer runs while flushing">>,
    Row<Flushing,    timeout::Idle,        Unless<idle_drains>,    Do<Out::closes_idle, mark_last>, Stay, Product<"asyncio Transport.close flushes first">>,
    Row<Flushing,    transport::PeerClosed, Always,                Do<end_draining>,                         Stay,       Rfc9112<"9.6">>>,
    Busy<Flushing, time_flush>, CannotSay<Flushing>,
    //--- answered early: reading the rest ------------------------------------------------------------------------
    Rows<
    Row<Discarding,  body::End,            If<keeps>,              Do<complete_request, Out::cancel_close, become_idle>, Idle, Rfc9112<"9.3">>,
    Row<Discarding,  body::End,            If<ends>,               Do<complete_request, close_told, Out::close_fd>, Closed,     Product<"HAProxy 3.0: FIN after the request">>,
    Row<Discarding,  body::More,           Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx ngx_http_discarded_request_body_handler">>,
    // The head announced content: what comes next is that, whatever it looks like.
    Row<Discarding,  head::Request,        Always,                 Do<Out::swallows, Out::arm_close>,        Stay,       Rfc9112<"6.3">>,
    Row<Discarding,  head::Last,           Always,                 Do<Out::swallows, Out::arm_close>,        Stay,       Rfc9112<"6.3">>,
    Row<Discarding,  head::Head,           Always,                 Do<Out::swallows, Out::arm_close>,        Stay,       Rfc9112<"6.3">>,
    Row<Discarding,  head::Expect,         Always,                 Do<Out::swallows, Out::arm_close>,        Stay,       Rfc9112<"6.3">>,
    Row<Discarding,  transport::Eof,       Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"8">>,
    Row<Discarding,  timeout::Close,       Always,                 Do<Out::close_timer, Out::closes_abandoned, Out::close_fd>, Closed,     Product<"nginx ngx_http_discarded_request_body_handler">>,
    Row<Discarding,  timeout::Linger,      Always,                 Do<Out::close_timer, Out::closes_abandoned, Out::close_fd>, Closed,     Product<"nginx lingering_time">>>,
    Busy<Discarding>, CannotSay<Discarding>,
    //--- the end of the process -----------------------------------------------------------------------------------
    Crashes<Listening>, Crashes<Idle>, Crashes<Reading>, Crashes<Answering>, Crashes<Relaying, Out::cuts_response>,
    Crashes<Flushing, Out::cuts_response>, Crashes<Discarding>, Crashes<Delayed>, Crashes<Lingering>, Crashes<HalfClosed>,
    //--- closing -------------------------------------------------------------------------------------------------
    Rows<
    Row<Delayed,     transport::PeerClosed, Always,                Do<Out::close_fd>,                        Closed,     Product<"Envoy RemoteClose in delayed close">>,
    Row<Delayed,     transport::Eof,       If<reads_on>,           Do<Out::close_fd>,                        Closed,     Model<"a delayed close that reads">>,
    Row<Delayed,     transport::Error,     Always,                 Do<Out::close_fd>,                        Closed,     Model<"the connection is gone">>,
    Row<Delayed,     timeout::Close,       Always,                 Do<Out::close_timer, Out::close_fd>,      Closed,     Product<"Envoy onDelayedCloseTimeout">>,
    Row<Delayed,     head::Request,        If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Delayed,     head::Last,           If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Delayed,     head::Head,           If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Delayed,     head::Expect,         If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Delayed,     body::More,           If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Delayed,     body::End,            If<reads_on>,           Nothing,                                  Stay,       Model<"read and dropped">>,
    Row<Lingering,   body::More,           Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   body::End,            Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   head::Request,        Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   head::Last,           Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   head::Head,           Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   head::Expect,         Always,                 Do<Out::arm_close>,                       Stay,       Product<"nginx lingering_timeout per read">>,
    Row<Lingering,   transport::Eof,       Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"9.6">>,
    Row<Lingering,   transport::Error,     Always,                 Do<Out::close_fd>,                        Closed,     Rfc9112<"9.6">>,
    Row<Lingering,   timeout::Close,       Always,                 Do<Out::close_timer, Out::close_fd>,      Closed,     Product<"nginx lingering_timeout">>,
    Row<Lingering,   timeout::Linger,      Always,                 Do<Out::close_timer, Out::close_fd>,      Closed,     Product<"nginx lingering_time">>,
    Row<HalfClosed,  transport::PeerClosed, Always,                Nothing,                                  Stay,       Product<"Go sleeps rstAvoidanceDelay">>,
    Row<HalfClosed,  transport::Error,     Always,                 Nothing,                                  Stay,       Product<"Go sleeps rstAvoidanceDelay">>,
    Row<HalfClosed,  timeout::Close,       Always,                 Do<Out::close_timer, Out::close_fd>,      Closed,     Product<"Go rstAvoidanceDelay 500 ms">>,
    //--- what a write that failed tells a connection that is closed already --------------------------------------
    Row<Closed,      transport::Error,     Always,                 Nothing,                                  Stay,       Model<"closed already">>>
  >;
};
// clang-format on

machine::Table connection_table(const Profile& profile);
std::unique_ptr<machine::Running> running_connection(const Profile& profile);

}  // namespace halfclose::http1::server
