// The client's end of an HTTP/1.1 connection: a pooled connection that is asked, waits, and is used
// again.
//
// Abstracts from: methods, fields, lengths. A connection is opened for a request, never ahead of
// one. A request is one message, or a head and the rest of its content sent later. The application
// is nondeterministic: it asks when it likes while the connection is ready. What products do
// differently is a flag of Profile.
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
struct Sending     : State<"sending">     {};   // head sent, content not
struct Waiting     : State<"waiting">     {};   // request sent, response outstanding
struct Answered    : State<"answered early"> {}; // response complete, content still to be sent
struct Closed      : State<"closed">      {};

namespace want {
struct Request     : Event<"request">         {};   // a whole request
struct Head        : Event<"request head">    {};   // a request whose content follows
struct More        : Event<"part of content"> {};   // a write that is not the last: it can fail
struct Body        : Event<"request content"> {};   // the end of the content
struct BodyIfOpen  : Event<"request content, if it can be sent"> {};
struct Last        : Event<"request, close">  {};   // a whole request that says it is the last
}
namespace transport {
struct Connected   : Event<"connected">       {};
struct Eof         : Event<"eof">             {};
struct Error       : Event<"error">           {};   // recv() failed
struct WriteError  : Event<"write error">     {};   // send() failed
struct Alive       : Event<"peek: nothing">   {};
struct Dead        : Event<"peek: end">       {};
}
namespace response {
struct Whole       : Event<"response">              {};
struct WholeClose  : Event<"response, close">       {};
struct Part        : Event<"response part">         {};
struct PartClose   : Event<"response part, close">  {};
struct Tail        : Event<"response tail">         {};
struct Timeout408  : Event<"408">                   {};
}
namespace timeout {
struct Idle        : Event<"idle timeout">            {};
struct Age         : Event<"max connection duration"> {};
struct Response    : Event<"response timeout">        {};
}
namespace manage {
struct Retire      : Event<"last request">            {};
struct NextLoop    : Event<"wait for the loop">       {};   // the pool is to be told when this connection's input was looked at
struct Abandon     : Event<"abandon">                 {};   // nobody waits for the response any more, or the pool wants the room
}

enum class Out : std::uint8_t {
  connect, peek, send_request, send_request_close, send_head, send_more, send_body, shutdown_write, close_fd, stop_reading, start_reading,
  arm_idle, cancel_idle, arm_age, arm_response, cancel_response, arm_content, cancel_content, enter_pool,
  asked, completed, completed_408, lost, truncated, timed_out, unsolicited, gave_up_rest,
  response_begun, connect_failed, dead_on_peek, next_loop,                                                     // observations
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
};

using Outs = Outputs<Out>;

constexpr bool peeks(const Context& c)        { return c.profile.peeks; }
constexpr bool fatal(const Context& c)        { return c.profile.write_error_fatal; }
constexpr bool limits(const Context& c)       { return c.profile.limits_requests && !c.last; }
constexpr bool content_follows(const Context& c) { return c.with_content; }
constexpr bool may_pipeline(const Context& c) { return c.profile.pipelines && c.outstanding == 1 && !c.last && !c.partial && !c.broken; }
constexpr bool more_outstanding(const Context& c) { return c.outstanding > 1 && !c.last && !c.broken; }
constexpr bool reusable(const Context& c)     { return c.outstanding == 1 && !c.last && !c.broken; }
constexpr bool finishes(const Context& c)     { return !c.last && !c.profile.closes_when_early; }
constexpr bool is_partial(const Context& c)   { return c.partial; }
constexpr bool is_broken(const Context& c)    { return c.broken; }
constexpr bool is_last(const Context& c)      { return c.last; }

constexpr void begin(Context& c, Outs& out)       { c.outstanding++; if (c.profile.half_closes || c.profile.single_use) c.last = true; out.append(Out::asked); }
constexpr void leave_pool(Context&, Outs& out)    { out.append(Out::start_reading); out.append(Out::cancel_idle); out.append(Out::arm_response); }
constexpr void send_whole(Context& c, Outs& out)  { begin(c, out); out.append(c.says_close ? Out::send_request_close : Out::send_request); if (c.says_close) { c.last = true; c.says_close = false; } if (c.profile.half_closes) out.append(Out::shutdown_write); }
constexpr void send_head(Context& c, Outs& out)   { begin(c, out); out.append(Out::send_head); out.append(Out::arm_content); if (!c.profile.reads_while_sending) out.append(Out::stop_reading); }
constexpr bool has_more(const Context& c)     { return c.more_sent; }
constexpr void send_more(Context& c, Outs& out)   { c.more_sent = true; out.append(Out::send_more); }
constexpr void send_rest(Context& c, Outs& out)   { out.append(Out::cancel_content); out.append(Out::send_body); if (!c.profile.reads_while_sending) out.append(Out::start_reading); if (c.profile.half_closes) out.append(Out::shutdown_write); }
constexpr void send_body(Context& c, Outs& out)   { c.more_sent = false; send_rest(c, out); }
constexpr void wants_content(Context& c)          { c.with_content = true; }
constexpr void wants_none(Context& c)             { c.with_content = false; }
constexpr void wants_close(Context& c)            { c.with_content = false; c.says_close = true; }
constexpr void mark_last(Context& c)              { c.last = true; }
constexpr void mark_partial(Context& c, Outs& out) { c.partial = true; out.append(Out::response_begun); }
constexpr void mark_broken(Context& c, Outs& out) { c.broken = true; c.more_sent = false; out.append(Out::cancel_content); out.append(Out::start_reading); }
constexpr void complete(Context& c, Outs& out)    { c.outstanding--; c.partial = false; out.append(Out::completed); }
constexpr void restart_response(Context&, Outs& out) { out.append(Out::arm_response); }
constexpr void enter_pool(Context& c, Outs& out)  { out.append(Out::cancel_response); out.append(Out::arm_idle); out.append(Out::enter_pool); if (!c.profile.watches) out.append(Out::stop_reading); }
constexpr void close(Context& c, Outs& out)       { if (c.outstanding > 0) out.append(Out::gave_up_rest); c = {.profile = c.profile}; out.append(Out::close_fd); }
/// No response will come any more: what the caller of the client is told.
constexpr void lose(Context& c, Outs& out)        { out.append(c.partial ? Out::truncated : Out::lost); c.outstanding = 0; }
/// The request is answered while its content is unsent: what is left is not outstanding.
constexpr void complete_early(Context& c, Outs& out) { complete(c, out); out.append(Out::cancel_response); }

/// A response read to its end while the request was sent completely.
template <class On, auto... Also>
using Completes = Rows<
  Row<Waiting, On, If<more_outstanding>,               Do<Also..., complete, restart_response>, Stay,  Rfc9112<"9.3.2">>,
  Row<Waiting, On, If<reusable>,                       Do<Also..., complete, enter_pool>,       Ready, Rfc9112<"9.3">>,
  Row<Waiting, On, Unless<more_outstanding, reusable>, Do<Also..., complete, close>,            Closed, Rfc9112<"9.6">>>;
/// Bytes on a connection without a request are no response (RFC 9112 9.5: treat as an error, close).
template <class On>
using Unsolicited = Rows<
  Row<Ready, On, Always, Do<Out::unsolicited, close>, Closed, Rfc9112<"9.2">>>;
/// The end of the connection while a response is owed.
template <class S>
using Ends = Rows<
  Row<S, transport::Eof,   Always, Do<lose, close>, Closed, Rfc9112<"9.5">>,
  Row<S, transport::Error, Always, Do<lose, close>, Closed, Rfc9112<"9.5">>,
  Row<S, timeout::Age,     Always, Do<mark_last>,   Stay,   Rfc9112<"9.6">>,
  Row<S, timeout::Response, Always, Do<Out::timed_out, close>, Closed, Rfc9110<"15.6.5">>>;

struct ClientConnection : Machine<ClientConnection, Context, Out> {
  static constexpr std::string_view name = "http1-client";
  static constexpr std::string_view output_names[] = {
    "connect", "peek", "request", "request, close", "request head", "part of content", "request content", "shutdown(WR)", "close", "stop reading", "read",
    "arm idle", "cancel idle", "arm age", "arm response", "cancel response", "arm content", "cancel content", "enter pool",
    "asked", "completed", "completed by 408", "lost", "truncated", "timed out", "unsolicited", "gave up the rest",
    "response begun", "connect failed", "dead on peek", "next turn of the loop"};
  static std::string describe(const Context& context);

  using initial_state = Unconnected;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From         On                    If                      Do                                     To           Source
    Row<Unconnected, want::Request,        Always,                 Do<wants_none, Out::connect>,          Connecting,  Rfc9112<"9.1">>,
    Row<Unconnected, want::Head,           Always,                 Do<wants_content, Out::connect>,       Connecting,  Rfc9112<"9.1">>,
    Row<Unconnected, want::Last,           Always,                 Do<wants_close, Out::connect>,         Connecting,  Rfc9112<"9.6">>,
    Row<Connecting,  transport::Connected, Unless<content_follows>, Do<Out::arm_age, leave_pool, send_whole>, Waiting,  Rfc9112<"9.1">>,
    Row<Connecting,  transport::Connected, If<content_follows>,    Do<Out::arm_age, leave_pool, wants_none, send_head>, Sending, Rfc9112<"9.1">>,
    Row<Connecting,  transport::Error,     Always,                 Do<Out::connect_failed, close>,                           Closed,      Rfc9112<"9.1">>,
    //--- pooled ----------------------------------------------------------------------------------------------
    Row<Ready,       want::Request,        Unless<peeks>,          Do<leave_pool, send_whole>,            Waiting,     Rfc9112<"9.3">>,
    Row<Ready,       want::Head,           Unless<peeks>,          Do<leave_pool, send_head>,             Sending,     Rfc9112<"9.3">>,
    Row<Ready,       want::Last,           Unless<peeks>,          Do<leave_pool, wants_close, send_whole>, Waiting,   Rfc9112<"9.6">>,
    Row<Ready,       want::Last,           If<peeks>,              Do<wants_close, Out::peek>,            Checking,    Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Ready,       want::Request,        If<peeks>,              Do<wants_none, Out::peek>,             Checking,    Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Ready,       want::Head,           If<peeks>,              Do<wants_content, Out::peek>,          Checking,    Product<"urllib3 is_connected, Apache HttpClient stale check">>,
    Row<Checking,    transport::Alive,     Unless<content_follows>, Do<leave_pool, send_whole>,           Waiting,     Rfc9112<"9.3">>,
    Row<Checking,    transport::Alive,     If<content_follows>,    Do<leave_pool, wants_none, send_head>, Sending,     Rfc9112<"9.3">>,
    Row<Checking,    transport::Dead,      Always,                 Do<Out::dead_on_peek, close>,                           Closed,      Rfc9112<"9.5">>,
    Row<Ready,       transport::Eof,       Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       transport::Error,     Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       timeout::Idle,        Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       timeout::Age,         Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>>,
    Unsolicited<response::Whole>, Unsolicited<response::WholeClose>, Unsolicited<response::Part>,
    Unsolicited<response::PartClose>, Unsolicited<response::Tail>, Unsolicited<response::Timeout408>,
    //--- the content is still to be sent ---------------------------------------------------------------------
    Rows<
    Row<Sending,     want::Body,           Always,                 Do<send_body>,                         Waiting,     Rfc9112<"6">>,
    Row<Sending,     want::More,           Unless<has_more>,       Do<send_more>,                         Stay,        Rfc9112<"6">>,
    Row<Sending,     manage::Retire,       If<limits>,             Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Sending,     response::Whole,      If<finishes>,           Do<complete_early>,                    Answered,    Rfc9112<"9.3">>,
    Row<Sending,     response::Whole,      Unless<finishes>,       Do<complete_early, close>,             Closed,      Rfc9112<"9.6">>,
    Row<Sending,     response::WholeClose, Always,                 Do<complete_early, close>,             Closed,      Rfc9112<"9.6">>,
    Row<Sending,     response::Part,       Always,                 Do<mark_partial>,                      Stay,        Rfc9112<"7">>,
    Row<Sending,     response::PartClose,  Always,                 Do<mark_partial, mark_last>,           Stay,        Rfc9112<"9.6">>,
    Row<Sending,     response::Tail,       If<finishes>,           Do<complete_early>,                    Answered,    Rfc9112<"9.3">>,
    Row<Sending,     response::Tail,       Unless<finishes>,       Do<complete_early, close>,             Closed,      Rfc9112<"9.6">>,
    Row<Sending,     response::Timeout408, Always,                 Do<Out::completed_408, complete_early, close>, Closed, Rfc9110<"15.5.9">>>,
    Ends<Sending>,
    //--- the response is complete, the content is not --------------------------------------------------------
    Rows<
    Row<Answered,    want::Body,           Unless<is_last>,        Do<send_body, enter_pool>,             Ready,       Rfc9112<"9.3">>,
    Row<Answered,    want::Body,           If<is_last>,            Do<send_body, close>,                  Closed,      Rfc9112<"9.6">>,
    Row<Answered,    transport::Eof,       Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    transport::Error,     Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    timeout::Age,         Always,                 Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    //--- the request is sent ---------------------------------------------------------------------------------
    Row<Waiting,     want::Request,        If<may_pipeline>,       Do<send_whole>,                        Stay,        Rfc9112<"9.3.2">>,
    Row<Waiting,     manage::Retire,       If<limits>,             Do<mark_last>,                         Stay,        Rfc9112<"9.6">>,
    Row<Waiting,     response::Part,       Always,                 Do<mark_partial>,                      Stay,        Rfc9112<"7">>,
    Row<Waiting,     response::PartClose,  Always,                 Do<mark_partial, mark_last>,           Stay,        Rfc9112<"9.6">>,
    Row<Waiting,     response::WholeClose, Always,                 Do<mark_last, complete, close>,        Closed,      Rfc9112<"9.6">>,
    Row<Waiting,     response::Timeout408, Always,                 Do<Out::completed_408, complete, close>, Closed,    Rfc9110<"15.5.9">>,
    Row<Waiting,     transport::WriteError, If<fatal>,             Do<lose, close>,                       Closed,      Product<"write error is fatal">>,
    Row<Waiting,     transport::WriteError, Unless<fatal>,         Do<mark_broken>,                       Stay,        Rfc9112<"9.5">>>,
    Completes<response::Whole>, Completes<response::Tail>,
    Ends<Waiting>,
    //--- the caller is gone ------------------------------------------------------------------------------------
    Rows<
    Row<Connecting,  manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Ready,       manage::NextLoop,     Always,                 Do<Out::next_loop>,                    Stay,        Product<"Envoy PR 2871">>,
    Row<Ready,       manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Sending,     manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Waiting,     manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>,
    Row<Answered,    manage::Abandon,      Always,                 Do<close>,                             Closed,      Rfc9112<"9.5">>>,
    //--- a write that failed after the response was complete; a head that could not be sent -------------------
    Rows<
    Row<Sending,     transport::WriteError, If<fatal>,             Do<lose, close>,                       Closed,      Product<"write error is fatal">>,
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
