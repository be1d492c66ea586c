// The client's end of an HTTP/1.1 connection: a pooled connection that is asked, waits, and is used
// again.
//
// Abstracts from: methods, fields, lengths. A connection is opened for a request, never ahead of
// one. A request is one message, or a head and the rest of its content sent later. The application
// is nondeterministic: it asks when it likes while the connection is ready, and one more request
// may wait while it is busy. What products do differently is a flag of Profile.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::http1::client {

using namespace machine;

// clang-format off
struct Unconnected : State<"unconnected"> {};
struct Connecting  : State<"connecting">  {};
struct Ready       : State<"ready">       {};   // pooled: no request outstanding
struct Checking    : State<"checking">    {};   // peeking at the socket before it is used again
struct Expecting   : State<"expecting 100"> {}; // head sent, 100 or the timer awaited before the content is
struct Sending     : State<"sending">     {};   // head sent, content not
struct Waiting     : State<"waiting">     {};   // request sent, response outstanding
struct Answered    : State<"answered early"> {}; // response complete, content still to be sent
struct Draining    : State<"draining">    {};   // response complete, the server's announced close awaited
struct Closed      : State<"closed">      {};

namespace want {
struct Request     : Event<"request">         {};   // a whole request
struct Head        : Event<"request head">    {};   // a request whose content follows
struct More        : Event<"part of content"> {};   // a write that is not the last: it can fail
struct Body        : Event<"request content"> {};   // the end of the content
struct BodyIfOpen  : Event<"request content, if it can be sent"> {};
struct Last        : Event<"request, close">  {};   // a whole request that says it is the last
struct Queued      : Event<"request queued">  {};   // a whole request that waits for the busy connection
}
namespace transport {
struct Connected   : Event<"connected">       {};
struct Eof         : Event<"eof">             {};
struct Error       : Event<"error">           {};   // recv() failed
struct WriteError  : Event<"write error">     {};   // send() failed
struct Alive       : Event<"peek: nothing">   {};
struct Dead        : Event<"peek: end">       {};
struct NextLoop    : Event<"next loop">       {};   // everything the kernel had told before is taken
}
namespace response {
struct Whole       : Event<"response">              {};
struct WholeClose  : Event<"response, close">       {};
struct Part        : Event<"response part">         {};
struct PartClose   : Event<"response part, close">  {};
struct Tail        : Event<"response tail">         {};
struct Open        : Event<"response, open end">    {};   // without length: it ends with the connection
struct Timeout408  : Event<"408">                   {};
struct Continue    : Event<"100">                   {};
}
namespace timeout {
struct Idle        : Event<"idle timeout">            {};
struct Age         : Event<"max connection duration"> {};
struct Response    : Event<"response timeout">        {};
struct Expect      : Event<"expect timeout">          {};   // no 100 came: the content is sent without it
}
namespace manage {
struct Retire      : Event<"last request">            {};
struct Remove      : Event<"server removed">          {};   // it left the load-balancing set
struct NextLoop    : Event<"wait for the loop">       {};   // the pool is to be told when this connection's input was looked at
struct Abandon     : Event<"abandon">                 {};   // nobody waits for the response any more, or the pool wants the room
}

enum class Out : std::uint8_t {
  connect, peek, send_request, send_request_close, send_head, send_more, send_body, shutdown_write, close_fd, stop_reading, start_reading,
  arm_idle, cancel_idle, arm_age, arm_response, cancel_response, arm_content, cancel_content, enter_pool,
  asked, completed, completed_408, lost, truncated, timed_out, unsolicited, gave_up_rest,
  connect_failed, dead_on_peek,                                                       // observations
  attach_later,                                                                       // to oneself, behind what is to be read
  waited, reused_unwatched, reused_removed, ignores_close, write_failed, idle_while_connecting, awaits_close, // observations
  response_begun, next_loop,                                                          // what a pool is told
  send_head_expect, arm_expect, cancel_expect,
  skips_content,                                                                      // an observation
};

struct Profile {
  bool write_error_fatal = true;   ///< write_error: fatal
  bool closes_when_early = false;  ///< on_early_response: close
  bool peeks = false;              ///< reuse_check: peek
  bool watches = true;             ///< reuse_check is not none: a pooled connection is read
  bool pipelines = false;
  bool half_closes = false;
  bool reads_while_sending = true; ///< notices a response before its own request is sent completely
  bool limits_requests = false;    ///< max_requests is set: any response may be the last it wants
  bool single_use = false;         ///< max_requests is 1
  bool attaches_later = false;     ///< attach: next-loop
  bool honours_close = true;       ///< the close option of a response ends the connection for it
  bool idle_from_start = false;    ///< idle_timer_starts: connection-start
  bool waits_for_close = false;    ///< behind an announced close it waits for the server's FIN
  bool closes_on_removal = false;  ///< on_removal: close
  bool expects_continue = false;   ///< expect_continue: content waits for 100, a final response or a timer
  bool ages_when_freed = false;    ///< max_age_check: when-freed: a pooled connection does not get too old
  bool omits_content = false;      ///< omit_content: behind such a response it goes on without sending it
  bool operator==(const Profile&) const = default;
};

struct Context {
  Profile profile{};
  std::uint8_t outstanding = 0;  ///< requests sent and not answered, at most 2
  bool last = false;             ///< not to be used again: close option seen, or retired
  bool partial = false;          ///< some of the response was read
  bool broken = false;           ///< a write failed; only reading is left
  bool more_sent = false;        ///< part of the content is sent; one part stands for all
  bool with_content = false;     ///< of the request that waits for a connection
  bool says_close = false;       ///< of the request that waits for a connection
  bool pending = false;          ///< another request waits for this connection
  bool told = false;             ///< the server said that it closes
  bool open = false;             ///< the response ends with the connection
  bool ignoring = false;         ///< a close option was seen and not honoured
  bool removed = false;          ///< the server left the load-balancing set
  bool unwatched = false;        ///< taken from a pool that is not read, during one step
};

using Outs = Outputs<Out>;

constexpr bool peeks(const Context& c)        { return c.profile.peeks; }
constexpr bool fatal(const Context& c)        { return c.profile.write_error_fatal; }
constexpr bool limits(const Context& c)       { return c.profile.limits_requests && !c.last; }
constexpr bool content_follows(const Context& c) { return c.with_content; }
constexpr bool may_pipeline(const Context& c) { return c.profile.pipelines && c.outstanding == 1 && !c.last && !c.partial && !c.broken; }
constexpr bool more_outstanding(const Context& c) { return c.outstanding > 1 && !c.last && !c.broken; }
constexpr bool reusable(const Context& c)     { return c.outstanding == 1 && !c.last && !c.broken; }
constexpr bool goes_on(const Context& c)      { return more_outstanding(c) || reusable(c); }
constexpr bool finishes(const Context& c)     { return !c.last && !c.profile.closes_when_early; }
constexpr bool honours(const Context& c)      { return c.profile.honours_close; }
constexpr bool awaits(const Context& c)       { return c.profile.waits_for_close; }
constexpr bool told_awaits(const Context& c)  { return c.told && c.profile.waits_for_close; }
constexpr bool has_pending(const Context& c)  { return c.pending; }
/// A pool that is not read has nothing to see first.
constexpr bool later(const Context& c)        { return c.profile.attaches_later && c.profile.watches; }
constexpr bool may_queue(const Context& c)    { return !c.pending && !c.last && !c.broken; }
constexpr bool has_open(const Context& c)     { return c.open; }
constexpr bool was_removed(const Context& c)  { return c.removed; }
constexpr bool leaves_removed(const Context& c) { return c.profile.closes_on_removal; }
constexpr bool ages_when_freed(const Context& c) { return c.profile.ages_when_freed; }
constexpr bool expects(const Context& c)      { return c.profile.expects_continue; }
/// A final response came instead of the 100: one of the three.
constexpr bool omits(const Context& c)        { return c.profile.omits_content && !c.last; }
constexpr bool still_sends(const Context& c)  { return finishes(c) && !c.profile.omits_content; }
constexpr bool ends_there(const Context& c)   { return !omits(c) && !still_sends(c); }
constexpr bool is_partial(const Context& c)   { return c.partial; }
constexpr bool is_broken(const Context& c)    { return c.broken; }
constexpr bool is_last(const Context& c)      { return c.last; }

/// Where a request comes from decides later what took it: told once it is asked, before it is written.
constexpr void tell_origin(Context& c, Outs& out) {
  if (c.unwatched) out.append(Out::reused_unwatched);
  if (c.removed)   out.append(Out::reused_removed);
  c.unwatched = false;
}
constexpr void begin(Context& c, Outs& out)       { c.outstanding++; if (c.profile.half_closes || c.profile.single_use) c.last = true; out.append(Out::asked); tell_origin(c, out); }
constexpr void start(Context& c, Outs& out)       { if (c.profile.idle_from_start) out.append(Out::arm_idle); out.append(Out::connect); }
constexpr void leave_pool(Context&, Outs& out)    { out.append(Out::start_reading); out.append(Out::cancel_idle); out.append(Out::arm_response); }
constexpr void take_pooled(Context& c, Outs& out) { c.unwatched = !c.profile.watches; leave_pool(c, out); }
constexpr void send_whole(Context& c, Outs& out)  { begin(c, out); out.append(c.says_close ? Out::send_request_close : Out::send_request); if (c.says_close) { c.last = true; c.says_close = false; } if (c.profile.half_closes) out.append(Out::shutdown_write); }
constexpr void send_head(Context& c, Outs& out)   { begin(c, out); out.append(Out::send_head); out.append(Out::arm_content); if (!c.profile.reads_while_sending) out.append(Out::stop_reading); }
/// It reads while it waits: that is what it waits for.
constexpr void send_expecting(Context& c, Outs& out) { begin(c, out); out.append(Out::send_head_expect); out.append(Out::arm_expect); }
constexpr void begin_content(Context& c, Outs& out) { out.append(Out::cancel_expect); out.append(Out::arm_content); if (!c.profile.reads_while_sending) out.append(Out::stop_reading); }
constexpr void omit_content(Context&, Outs& out)  { out.append(Out::cancel_expect); out.append(Out::skips_content); }
/// Without the content nothing more may be sent here (RFC 9112 6.3).
constexpr void end_there(Context& c, Outs& out)   { out.append(Out::cancel_expect); c.last = true; }
constexpr bool has_more(const Context& c)     { return c.more_sent; }
constexpr void send_more(Context& c, Outs& out)   { c.more_sent = true; out.append(Out::send_more); }
constexpr void send_rest(Context& c, Outs& out)   { out.append(Out::cancel_content); out.append(Out::send_body); if (!c.profile.reads_while_sending) out.append(Out::start_reading); if (c.profile.half_closes) out.append(Out::shutdown_write); }
constexpr void send_body(Context& c, Outs& out)   { c.more_sent = false; send_rest(c, out); }
constexpr void wants_content(Context& c)          { c.with_content = true; }
constexpr void wants_none(Context& c)             { c.with_content = false; }
constexpr void wants_close(Context& c)            { c.with_content = false; c.says_close = true; }
constexpr void mark_last(Context& c)              { c.last = true; }
constexpr void mark_told(Context& c)              { c.last = c.told = true; }
constexpr void mark_partial(Context& c, Outs& out) { c.partial = true; out.append(Out::response_begun); }
constexpr void mark_open(Context& c, Outs& out)   { c.open = c.last = true; mark_partial(c, out); }
constexpr void mark_removed(Context& c)           { c.removed = true; }
constexpr void ignore_close(Context& c)           { c.ignoring = true; }
constexpr void let_wait(Context& c)               { c.pending = true; }
/// The request that waited takes the connection over.
constexpr void attach(Context& c, Outs& out)      { c.pending = false; c.outstanding++; if (c.profile.half_closes || c.profile.single_use) c.last = true; out.append(Out::asked); out.append(Out::waited); tell_origin(c, out); out.append(Out::send_request); if (c.profile.half_closes) out.append(Out::shutdown_write); }
constexpr void attach_pooled(Context& c, Outs& out) { leave_pool(c, out); attach(c, out); }
constexpr void mark_broken(Context& c, Outs& out) { c.broken = true; c.more_sent = false; out.append(Out::cancel_content); out.append(Out::start_reading); }
constexpr void complete(Context& c, Outs& out)    { c.outstanding--; c.partial = c.open = false; if (c.ignoring) out.append(Out::ignores_close); out.append(Out::completed); }
constexpr void restart_response(Context&, Outs& out) { out.append(Out::arm_response); }
constexpr void enter_pool(Context& c, Outs& out)  { out.append(Out::cancel_response); out.append(Out::arm_idle); out.append(Out::enter_pool); if (!c.profile.watches) out.append(Out::stop_reading); }
constexpr void close(Context& c, Outs& out)       { if (c.outstanding > 0) out.append(Out::gave_up_rest); c = {.profile = c.profile}; out.append(Out::close_fd); }
/// Nothing more is asked or sent; the connection ends when the server ends it.
constexpr void await_close(Context& c, Outs& out) { if (c.outstanding > 0) out.append(Out::gave_up_rest); c = {.profile = c.profile}; out.append(Out::cancel_response); out.append(Out::cancel_content); out.append(Out::start_reading); out.append(Out::awaits_close); }
/// No response will come any more: what the caller of the client is told.
constexpr void lose(Context& c, Outs& out)        { out.append(c.partial ? Out::truncated : Out::lost); c.outstanding = 0; }
/// The request is answered while its content is unsent: what is left is not outstanding.
constexpr void complete_early(Context& c, Outs& out) { complete(c, out); out.append(Out::cancel_response); }

/// A response read to its end while the request was sent completely.
template <class On, class When, auto... Also>
using Completes = Rows<
  Row<Waiting, On, All<When, If<more_outstanding>>,    Do<Also..., complete, restart_response>, Stay,  Rfc9112<"9.3.2">>,
  Row<Waiting, On, All<When, If<reusable>, Unless<has_pending>>, Do<Also..., complete, enter_pool>, Ready, Rfc9112<"9.3">>,
  Row<Waiting, On, All<When, If<reusable, has_pending>, Unless<later, peeks>>, Do<Also..., complete, restart_response, attach>, Stay, Product<"Go tryPutIdleConn, hyper Pool::put">>,
  Row<Waiting, On, All<When, If<reusable, has_pending, peeks>, Unless<later>>, Do<Also..., complete, enter_pool, Out::peek>, Checking, Product<"a check before reuse">>,
  Row<Waiting, On, All<When, If<reusable, has_pending, later>>, Do<Also..., complete, enter_pool, Out::attach_later>, Ready, Product<"Envoy scheduleOnUpstreamReady, undici setImmediate">>,
  Row<Waiting, On, All<When, Unless<goes_on>>, Do<Also..., complete, close>,                    Closed, Rfc9112<"9.6">>>;
/// Bytes on a connection without a request are no response (RFC 9112 9.5: treat as an error, close).
template <class On>
using Unsolicited = Rows<
  Row<Ready, On, Always, Do<Out::unsolicited, close>, Closed, Rfc9112<"9.2">>>;
/// The end of the connection while a response is owed.
template <class S>
using Ends = Rows<
  Row<S, response::Open,   Always, Do<mark_open>,   Stay,   Rfc9112<"6.3">>,
  Row<S, transport::Eof,   If<has_open>, Do<complete, close>, Closed, Rfc9112<"6.3">>,
  Row<S, transport::Eof,   Unless<has_open>, Do<lose, close>, Closed, Rfc9112<"9.5">>,
  Row<S, transport::Error, Always, Do<lose, close>, Closed, Rfc9112<"9.5">>,
  Row<S, timeout::Age,     Always, Do<mark_last>,   Stay,   Rfc9112<"9.6">>,
  Row<S, timeout::Response, Always, Do<Out::timed_out, close>, Closed, Rfc9110<"15.6.5">>>;

/// Told that the server left the load-balancing set while a request is outstanding.
template <class S>
using IsTold = Rows<
  Row<S, manage::Remove, All<If<leaves_removed>, Unless<is_last>>, Do<mark_last>, Stay, Product<"Envoy closes the pool of a removed host">>,
  Row<S, manage::Remove, Unless<leaves_removed, was_removed>, Do<mark_removed>, Stay, Product<"HAProxy 2.0 kept idle connections to a server in MAINT">>>;
/// Bytes for nobody: the response that counts is complete.
template <class... On>
using Ignores = Rows<Row<Draining, On, Always, Nothing, Stay, Rfc9112<"9.6">>...>;

struct ClientConnection : Machine<ClientConnection, Context, Out> {
  static constexpr std::string_view name = "http1-client";
  static constexpr std::string_view output_names[] = {
    "connect", "peek", "request", "request, close", "request head", "part of content", "request content", "shutdown(WR)", "close", "stop reading", "read",
    "arm idle", "cancel idle", "arm age", "arm response", "cancel response", "arm content", "cancel content", "enter pool",
    "asked", "completed", "completed by 408", "lost", "truncated", "timed out", "unsolicited", "gave up the rest",
    "connect failed", "dead on peek", "attach next loop",
    "takes a request that waited", "reuses unread", "reuses a removed server", "ignores the close option", "write failed",
    "idle timeout while connecting", "waits for the server's close", "response begun", "next turn of the loop",
    "request head (expects 100)", "arm expect", "cancel expect", "does not send the content"};
  static std::string describe(const Context& context);

  using initial_state = Unconnected;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From         On                    If                      Do                                     To           Source
    Row<Unconnected, want::Request,        Always,                 Do<wants_none, start>,                Connecting,  Rfc9112<"9.1">>,
    Row<Unconnected, want::Head,           Always,                 Do<wants_content, start>,             Connecting,  Rfc9112<"9.1">>,
    Row<Unconnected, want::Last,           Always,                 Do<wants_close, start>,               Connecting,  Rfc9112<"9.6">>,
    Row<Connecting,  transport::Connected, Unless<content_follows>, Do<Out::arm_age, leave_pool, send_whole>, Waiting,  Rfc9112<"9.1">>,
    Row<Connecting,  transport::Connected, All<If<content_follows>, Unless<expects>>, Do<Out::arm_age, leave_pool, wants_none, send_head>, Sending, Rfc9112<"9.1">>,
    Row<Connecting,  transport::Connected, If<content_follows, expects>, Do<Out::arm_age, leave_pool, wants_none, send_expecting>, Expecting, Rfc9110<"10.1.1">>,
    Row<Connecting,  transport::Error,     Always,                 Do<Out::connect_failed, close>,                           Closed,      Rfc9112<"9.1">>,
    Row<Connecting,  timeout::Idle,        Always,                 Do<Out::idle_while_connecting, close>, Closed,      Product<"envoyproxy/envoy#42753">>,
    //--- pooled ----------------------------------------------------------------------------------------------
    Row<Ready,       want::Request,        Unless<peeks, has_pending>, Do<take_pooled, send_whole>,       Waiting,     Rfc9112<"9.3">>,
    Row<Ready,       want::Head,           Unless<peeks, has_pending, expects>, Do<take_pooled, send_head>, Sending,   Rfc9112<"9.3">>,
    Row<Ready,       want::Head,           All<If<expects>, Unless<peeks, has_pending>>, Do<take_pooled, send_expecting>, Expecting, Rfc9110<"10.1.1">>,
    Row<Ready,       want::Last,           Unless<peeks, has_pending>, Do<take_pooled, wants_close, send_whole>, Waiting, Rfc9112<"9.6">>,
    Row<Ready,       want::Last,           All<If<peeks>, Unless<has_pending>>, Do<wants_close, Out::peek>, Checking,  Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Ready,       want::Request,        All<If<peeks>, Unless<has_pending>>, Do<wants_none, Out::peek>, Checking,   Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Ready,       want::Head,           All<If<peeks>, Unless<has_pending>>, Do<wants_content, Out::peek>, Checking, Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Ready,       transport::NextLoop,  All<If<has_pending>, Unless<peeks>>, Do<attach_pooled>,        Waiting,     Product<"Envoy onUpstreamReady">>,
    Row<Ready,       transport::NextLoop,  If<has_pending, peeks>, Do<Out::peek>,                         Checking,    Product<"a check before reuse">>,
    Row<Ready,       manage::Remove,       If<leaves_removed>,     Do<close>,                             Closed,      Product<"Envoy closes the pool of a removed host">>,
    Row<Ready,       manage::Remove,       Unless<leaves_removed, was_removed>, Do<mark_removed>,         Stay,        Product<"HAProxy 2.0 kept idle connections to a server in MAINT">>,
    Row<Checking,    transport::Alive,     If<has_pending>,        Do<attach_pooled>,                     Waiting,     Rfc9112<"9.3">>,
    Row<Checking,    transport::Alive,     Unless<content_follows, has_pending>, Do<take_pooled, send_whole>, Waiting, Rfc9112<"9.3">>,
    Row<Checking,    transport::Alive,     All<If<content_follows>, Unless<has_pending, expects>>, Do<take_pooled, wants_none, send_head>, Sending, Rfc9112<"9.3">>,
    Row<Checking,    transport::Alive,     All<If<content_follows, expects>, Unless<has_pending>>, Do<take_pooled, wants_none, send_expecting>, Expecting, Rfc9110<"10.1.1">>,
    Row<Checking,    transport::Dead,      Always,                 Do<Out::dead_on_peek, close>,                           Closed,      Rfc9112<"9.5">>,
    Row<Ready,       transport::Eof,       Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       transport::Error,     Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       timeout::Idle,        Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       timeout::Age,         Unless<ages_when_freed>, Do<close>,                            Closed,      Rfc9112<"9.5">>,
    Row<Ready,       timeout::Age,         All<If<ages_when_freed>, Unless<is_last>>, Do<mark_last>,      Stay,        Product<"nginx ngx_http_upstream_free_keepalive_peer">>>,
    Unsolicited<response::Whole>, Unsolicited<response::WholeClose>, Unsolicited<response::Part>,
    Unsolicited<response::PartClose>, Unsolicited<response::Tail>, Unsolicited<response::Timeout408>,
    Unsolicited<response::Open>,
    //--- the content waits for 100, a final response, or the timer --------------------------------------------
    Rows<
    Row<Expecting,   response::Continue,   Always,                 Do<begin_content>,                     Sending,     Rfc9110<"10.1.1">>,
    Row<Expecting,   timeout::Expect,      Always,                 Do<begin_content>,                     Sending,     Rfc9110<"10.1.1">>,
    Row<Expecting,   response::Whole,      If<still_sends>,        Do<begin_content, complete_early>,     Answered,    Rfc9112<"9.3">>,
    Row<Expecting,   response::Whole,      If<omits>,              Do<omit_content, complete, enter_pool>, Ready,      Product<"curl behind a 417, Go before 1.22.5">>,
    Row<Expecting,   response::Whole,      If<ends_there>,         Do<complete, close>,                   Closed,      Rfc9112<"9.6">>,
    Row<Expecting,   response::WholeClose, All<If<honours>, Unless<awaits>>, Do<complete, close>,         Closed,      Rfc9112<"9.6">>,
    Row<Expecting,   response::WholeClose, If<honours, awaits>,    Do<Out::cancel_expect, complete, await_close>, Draining, Product<"a client that waits for the server's FIN">>,
    Row<Expecting,   response::WholeClose, All<If<still_sends>, Unless<honours>>, Do<ignore_close, begin_content, complete_early>, Answered, Product<"a client that ignores the close option">>,
    Row<Expecting,   response::WholeClose, All<If<omits>, Unless<honours>>, Do<ignore_close, omit_content, complete, enter_pool>, Ready, Product<"a client that ignores the close option">>,
    Row<Expecting,   response::WholeClose, All<If<ends_there>, Unless<honours>>, Do<ignore_close, complete, close>, Closed, Rfc9112<"9.6">>,
    Row<Expecting,   response::Part,       If<still_sends>,        Do<begin_content, mark_partial>,       Sending,     Rfc9112<"9.3">>,
    Row<Expecting,   response::Part,       If<omits>,              Do<omit_content, mark_partial>,        Waiting,     Product<"curl behind a 417, Go before 1.22.5">>,
    Row<Expecting,   response::Part,       If<ends_there>,         Do<end_there, mark_partial>,           Waiting,     Rfc9112<"9.6">>,
    Row<Expecting,   response::PartClose,  If<honours>,            Do<Out::cancel_expect, mark_partial, mark_told>, Waiting, Rfc9112<"9.6">>,
    Row<Expecting,   response::PartClose,  All<If<still_sends>, Unless<honours>>, Do<begin_content, mark_partial, ignore_close>, Sending, Product<"a client that ignores the close option">>,
    Row<Expecting,   response::PartClose,  All<If<omits>, Unless<honours>>, Do<omit_content, mark_partial, ignore_close>, Waiting, Product<"a client that ignores the close option">>,
    Row<Expecting,   response::PartClose,  All<If<ends_there>, Unless<honours>>, Do<end_there, mark_partial, ignore_close>, Waiting, Product<"a client that ignores the close option">>,
    Row<Expecting,   response::Open,       Always,                 Do<end_there, mark_open>,              Waiting,     Rfc9112<"6.3">>,
    Row<Expecting,   response::Timeout408, Always,                 Do<Out::completed_408, complete, close>, Closed,    Rfc9110<"15.5.9">>,
    Row<Expecting,   transport::Eof,       Always,                 Do<lose, close>,                       Closed,      Rfc9112<"9.5">>,
    Row<Expecting,   transport::Error,     Always,                 Do<lose, close>,                       Closed,      Rfc9112<"9.5">>,
    Row<Expecting,   transport::WriteError, If<fatal>,             Do<Out::write_failed, lose, close>,    Closed,      Product<"write error is fatal">>,
    Row<Expecting,   transport::WriteError, Unless<fatal>,         Do<Out::cancel_expect, mark_broken>,   Waiting,     Rfc9112<"9.5">>,
    Row<Expecting,   timeout::Response,    Always,                 Do<Out::timed_out, close>,             Closed,      Rfc9110<"15.6.5">>,
    Row<Expecting,   timeout::Age,         Always,                 Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Expecting,   manage::Retire,       If<limits>,             Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Expecting,   manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>>,
    IsTold<Expecting>,
    // The timer was faster than the 100.
    Rows<
    Row<Sending,     response::Continue,   Always,                 Nothing,                               Stay,        Rfc9110<"15.2">>,
    Row<Waiting,     response::Continue,   Always,                 Nothing,                               Stay,        Rfc9110<"15.2">>>,
    //--- the content is still to be sent ---------------------------------------------------------------------
    Rows<
    Row<Sending,     want::Body,           Always,                 Do<send_body>,                         Waiting,     Rfc9112<"6">>,
    Row<Sending,     want::More,           Unless<has_more>,       Do<send_more>,                         Stay,        Rfc9112<"6">>,
    Row<Sending,     manage::Retire,       If<limits>,             Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Sending,     response::Whole,      If<finishes>,           Do<complete_early>,                    Answered,    Rfc9112<"9.3">>,
    Row<Sending,     response::Whole,      Unless<finishes>,       Do<complete_early, close>,             Closed,      Rfc9112<"9.6">>,
    Row<Sending,     response::WholeClose, All<If<honours>, Unless<awaits>>, Do<complete_early, close>,   Closed,      Rfc9112<"9.6">>,
    Row<Sending,     response::WholeClose, If<honours, awaits>,    Do<complete_early, await_close>,       Draining,    Product<"a client that waits for the server's FIN">>,
    Row<Sending,     response::WholeClose, All<If<finishes>, Unless<honours>>, Do<ignore_close, complete_early>, Answered, Product<"a client that ignores the close option">>,
    Row<Sending,     response::WholeClose, Unless<finishes, honours>, Do<ignore_close, complete_early, close>, Closed, Rfc9112<"9.6">>,
    Row<Sending,     response::Part,       Always,                 Do<mark_partial>,                      Stay,        Rfc9112<"7">>,
    Row<Sending,     response::PartClose,  If<honours>,            Do<mark_partial, mark_told>,           Stay,        Rfc9112<"9.6">>,
    Row<Sending,     response::PartClose,  Unless<honours>,        Do<mark_partial, ignore_close>,        Stay,        Product<"a client that ignores the close option">>,
    Row<Sending,     response::Tail,       If<finishes>,           Do<complete_early>,                    Answered,    Rfc9112<"9.3">>,
    Row<Sending,     response::Tail,       Unless<finishes, told_awaits, has_open>, Do<complete_early, close>, Closed, Rfc9112<"9.6">>,
    Row<Sending,     response::Tail,       All<If<told_awaits>, Unless<has_open>>, Do<complete_early, await_close>,       Draining,    Product<"a client that waits for the server's FIN">>,
    Row<Sending,     response::Tail,       If<has_open>,           Nothing,                               Stay,        Rfc9112<"6.3">>,
    Row<Sending,     response::Timeout408, Always,                 Do<Out::completed_408, complete_early, close>, Closed, Rfc9110<"15.5.9">>>,
    Ends<Sending>, IsTold<Sending>, IsTold<Waiting>,
    //--- the response is complete, the content is not --------------------------------------------------------
    Rows<
    Row<Answered,    want::Body,           Unless<is_last>,        Do<send_body, enter_pool>,             Ready,       Rfc9112<"9.3">>,
    Row<Answered,    want::Body,           If<is_last>,            Do<send_body, close>,                  Closed,      Rfc9112<"9.6">>,
    Row<Answered,    transport::Eof,       Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    transport::Error,     Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    timeout::Age,         Always,                 Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    //--- the request is sent ---------------------------------------------------------------------------------
    Row<Waiting,     want::Request,        If<may_pipeline>,       Do<send_whole>,                        Stay,        Rfc9112<"9.3.2">>,
    Row<Waiting,     want::Queued,         If<may_queue>,          Do<let_wait>,                          Stay,        Model<"a request waits for the connection">>,
    Row<Waiting,     manage::Retire,       If<limits>,             Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Waiting,     response::Part,       Always,                 Do<mark_partial>,                      Stay,        Rfc9112<"7">>,
    Row<Waiting,     response::PartClose,  If<honours>,            Do<mark_partial, mark_told>,           Stay,        Rfc9112<"9.6">>,
    Row<Waiting,     response::PartClose,  Unless<honours>,        Do<mark_partial, ignore_close>,        Stay,        Product<"a client that ignores the close option">>,
    Row<Waiting,     response::WholeClose, All<If<honours>, Unless<awaits>>, Do<mark_last, complete, close>, Closed,   Rfc9112<"9.6">>,
    Row<Waiting,     response::WholeClose, If<honours, awaits>,    Do<complete, await_close>,             Draining,    Product<"a client that waits for the server's FIN">>,
    Row<Waiting,     response::Tail,       All<If<told_awaits>, Unless<goes_on, has_open>>, Do<complete, await_close>, Draining, Product<"a client that waits for the server's FIN">>,
    Row<Waiting,     response::Tail,       If<has_open>,           Nothing,                               Stay,        Rfc9112<"6.3">>,
    Row<Waiting,     response::Timeout408, Always,                 Do<Out::completed_408, complete, close>, Closed,    Rfc9110<"15.5.9">>,
    Row<Waiting,     transport::WriteError, If<fatal>,             Do<Out::write_failed, lose, close>,                       Closed,      Product<"write error is fatal">>,
    Row<Waiting,     transport::WriteError, Unless<fatal>,         Do<mark_broken>,                       Stay,        Rfc9112<"9.5">>>,
    Completes<response::Whole, Always>, Completes<response::Tail, Unless<has_open, told_awaits>>, Completes<response::WholeClose, Unless<honours>, ignore_close>,
    Ends<Waiting>,
    //--- the caller is gone ------------------------------------------------------------------------------------
    Rows<
    Row<Connecting,  manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       manage::NextLoop,     Always,                 Do<Out::next_loop>,                    Stay,        Product<"Envoy PR 2871">>,
    Row<Ready,       manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Sending,     manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Waiting,     manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>>,
    //--- the server is to close ------------------------------------------------------------------------------
    Rows<
    Row<Draining,    transport::Eof,       Always,                 Do<close>,                             Closed,      Rfc9112<"9.6">>,
    Row<Draining,    transport::Error,     Always,                 Do<close>,                             Closed,      Rfc9112<"9.6">>,
    Row<Draining,    timeout::Age,         Always,                 Nothing,                               Stay,        Model<"it ends soon enough">>>,
    Ignores<response::Whole, response::WholeClose, response::Part, response::PartClose, response::Open, response::Tail, response::Timeout408>,
    //--- a write that failed after the response was complete; a head that could not be sent -------------------
    Rows<
    Row<Sending,     transport::WriteError, If<fatal>,             Do<Out::write_failed, lose, close>,                       Closed,      Product<"write error is fatal">>,
    Row<Sending,     transport::WriteError, Unless<fatal>,         Do<mark_broken>,                       Waiting,     Rfc9112<"9.5">>,
    Row<Ready,       transport::WriteError, Always,                Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Closed,      transport::WriteError, Always,                Nothing,                               Stay,        Model<"closed already">>,
    //--- content from another hop, which does not know that the head could not be sent -------------------------
    Row<Sending,     want::BodyIfOpen,     Always,                 Do<send_body>,                         Waiting,     Rfc9112<"6">>,
    Row<Waiting,     want::BodyIfOpen,     If<is_broken>,          Nothing,                               Stay,        Rfc9112<"9.5">>>
  >;
};
// clang-format on

machine::Table connection_table(const Profile& profile);
std::unique_ptr<machine::Running> running_connection(const Profile& profile);

}  // namespace halfclose::http1::client
