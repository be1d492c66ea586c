// One request across a proxy's two hops: waiting for a connection, sent, answered, retried, failed.
//
// What the machine knows is what a proxy knows: whether the connection was used before, what of the
// request it can still send again, whether some of the response has gone to the client; never what
// the origin has read. Connection management of one hop reaches it only as the end of that hop's
// part: a close option is not among its events' meanings. Abstracts from: methods (the policy says
// whether this one is retried), fields, lengths, back-off between tries.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::proxy::exchange {

using namespace machine;

// clang-format off
struct Idle       : State<"idle">        {};
struct Collecting : State<"collecting">  {};   // the whole request is read before anything is sent
struct Waiting    : State<"waiting for a connection"> {};
struct Pausing    : State<"pausing before a retry"> {};
struct Sending    : State<"sending">     {};   // head sent, content not
struct Awaiting   : State<"waiting for the response"> {};
struct Streaming  : State<"streaming">   {};   // the client has the first part of the response

namespace request {
struct Whole      : Event<"request">            {};
struct Last       : Event<"request, close">     {};
struct Head       : Event<"request head">       {};
struct Beyond     : Event<"content beyond what is kept"> {};   // it was passed on, and cannot be again
struct End        : Event<"request content">    {};
}
namespace downstream { struct Gone : Event<"client connection closed"> {}; }
namespace pool {
struct Fresh      : Event<"new connection">     {};
struct Reused     : Event<"used connection">    {};
struct Overflow   : Event<"no room to wait">    {};
}
namespace pause { struct Over : Event<"the pause is over"> {}; }
namespace upstream {
struct HeadSent   : Event<"head sent">          {};
struct Part       : Event<"response begun">     {};
struct Complete   : Event<"response">           {};
struct CompleteClose : Event<"response, close"> {};
struct Refused    : Event<"connect failed">     {};
struct Eof        : Event<"connection ended">   {};
struct Reset      : Event<"connection reset">   {};
struct Unwritten  : Event<"first write failed"> {};
struct WriteFailed : Event<"write failed">      {};
struct TimedOut   : Event<"response timeout">   {};
struct Truncated  : Event<"response truncated"> {};
struct Stale      : Event<"dead before use">    {};   // a look at the socket showed its end: nothing was sent
}

enum class Out : std::uint8_t {
  want, want_last, want_fresh, send_content, cancel,
  respond, respond_error, respond_part, respond_rest, cut, close_downstream, say_close, drop_upstream,
  // Why the client gets an error, as Envoy's response flags name it.
  fail_connect, fail_ended, fail_reset, fail_timeout, fail_overflow, fail_truncated, aborted,
  retried,                                                                          // observation
};

/// Failures that the policy retries, and on what condition.
struct Profile {
  bool on_connect_failure = false; ///< retry.on: connect-failure
  bool on_reset = false;           ///< retry.on: reset: the connection ended or was reset before the response
  bool on_empty_response = false;  ///< retry.on: empty-response: it ended cleanly before the response
  bool on_timeout = false;         ///< retry.on: response-timeout
  bool on_unwritten = false;       ///< retry.on: unwritten: nothing of the request had been written
  bool method = true;              ///< retry.methods has the method of this request
  bool only_reused = false;        ///< retry.only_reused
  bool fresh_connection = false;   ///< retry.fresh_connection
  bool reused_is_free = false;     ///< retry.reused_is_free: a failure on a used connection costs no try, but for a timeout
  std::uint8_t tries = 0;          ///< retry.tries, at most 3
  bool buffers_request = false;    ///< nothing is sent before the whole request is here
  bool keeps_content = false;      ///< retry.keeps_content: what is passed on as it comes is kept for a retry
  bool pauses = false;             ///< a retry comes later: how much later is not its business
  bool fails_silently = false;     ///< on_failure: close: after a failure on a used connection the client's is closed without a response
  // What RFC 9112 section 9 forbids; products have done each, and the theorem of decoupling must see it.
  bool forwards_close = false;     ///< the close option of a request is sent on to the origin
  bool mirrors_origin_close = false; ///< the close option of a response closes the client connection
  bool mirrors_client_close = false; ///< an idle client that closes takes a pooled connection with it
  bool operator==(const Profile&) const = default;
};

struct Context {
  Profile profile{};
  std::uint8_t tries = 0;        ///< left
  bool reused = false;           ///< the connection it has was used before
  bool content = false;          ///< the request has content
  bool content_here = false;     ///< and the client has sent it all
  bool head_out = false;         ///< the head is written
  bool content_out = false;      ///< the content is: it cannot be sent again, unless it was kept
  bool beyond = false;           ///< some of it was passed on and is not kept, whatever the policy
};

using Outs = Outputs<Out>;

constexpr bool pauses(const Context& c)        { return c.profile.pauses; }
constexpr bool buffers(const Context& c)       { return c.profile.buffers_request; }
constexpr bool forwards_close(const Context& c){ return c.profile.forwards_close; }
constexpr bool mirrors_client(const Context& c){ return c.profile.mirrors_client_close; }
constexpr bool mirrors_origin(const Context& c){ return c.profile.mirrors_origin_close; }
constexpr bool has_content(const Context& c)   { return c.content; }
constexpr bool content_here(const Context& c)  { return c.content_here; }
constexpr bool head_out(const Context& c)      { return c.head_out; }

/// What was sent can be sent again, and the policy allows it.
constexpr bool may_retry(const Context& c) {
  const bool replayable = !c.beyond && (!c.content_out || c.profile.buffers_request || c.profile.keeps_content);
  const bool paid = c.tries > 0 || (c.profile.reused_is_free && c.reused);
  return replayable && paid && c.profile.method && (c.reused || !c.profile.only_reused);
}
constexpr bool retries_refused(const Context& c)   { return c.profile.on_connect_failure && may_retry(c); }
constexpr bool retries_eof(const Context& c)       { return (c.profile.on_reset || c.profile.on_empty_response) && may_retry(c); }
constexpr bool retries_reset(const Context& c)     { return c.profile.on_reset && may_retry(c); }
constexpr bool retries_unwritten(const Context& c) { return (c.profile.on_reset || c.profile.on_unwritten) && may_retry(c); }
/// To wait in vain costs a try on any connection (nginx: only FT_ERROR is free).
constexpr bool retries_timeout(const Context& c)   { return c.profile.on_timeout && c.tries > 0 && may_retry(c); }

constexpr void begin(Context& c)               { c = {.profile = c.profile, .tries = c.profile.tries}; }
constexpr void expect_content(Context& c)      { c.content = true; }
constexpr void take_content(Context& c)        { c.content_here = true; }
constexpr void on_fresh(Context& c)            { c.reused = false; }
constexpr void on_reused(Context& c)           { c.reused = true; }
constexpr bool is_beyond(const Context& c)     { return c.beyond; }
constexpr void mark_beyond(Context& c)         { c.beyond = true; }
constexpr void mark_head(Context& c)           { c.head_out = true; }
constexpr void send_content(Context& c, Outs& out) { c.content_out = true; out.append(Out::send_content); }
constexpr void detach(Context& c)              { c.head_out = c.reused = false; }
constexpr void ask_again(Context& c, Outs& out){ out.append(c.profile.fresh_connection ? Out::want_fresh : Out::want); }
constexpr void pay(Context& c)                 { c.tries--; }
constexpr void pay_if_new(Context& c)          { if (!(c.profile.reused_is_free && c.reused)) c.tries--; }
constexpr void retry_later(Context& c, Outs& out) {
  detach(c);
  c.content_out = false;
  out.append(Out::retried);
}
constexpr void retry(Context& c, Outs& out)    { retry_later(c, out); ask_again(c, out); }
constexpr void ask_other(Context& c, Outs& out) { detach(c); c.content_out = false; out.append(Out::want); }
constexpr void finish(Context& c)              { c = {.profile = c.profile}; }
/// The client learns of the failure by a response, or by the end of its connection.
constexpr void tell(Context& c, Outs& out)     { out.append(c.profile.fails_silently && c.reused ? Out::close_downstream : Out::respond_error); finish(c); }

template <auto May, auto Failed, class S, class On, auto Pay = pay_if_new>
using Fails = Rows<
  Row<S, On, All<If<May>, Unless<pauses>>, Do<Pay, retry>, Waiting, Rfc9110<"9.2.2">>,
  Row<S, On, If<May, pauses>, Do<Pay, retry_later>, Pausing, Rfc9110<"9.2.2">>,
  Row<S, On, Unless<May>, Do<Failed, tell>,  Idle,    Rfc9110<"15.6.3">>>;
/// What may become of a request that is out, or whose connection is being opened, while the client has nothing.
template <class S>
using Outstanding = boost::mp11::mp_append<
  Fails<retries_refused,   Out::fail_connect, S, upstream::Refused>,
  Fails<retries_eof,       Out::fail_ended,   S, upstream::Eof>,
  Fails<retries_reset,     Out::fail_reset,   S, upstream::Reset>,
  Fails<retries_reset,     Out::fail_reset,   S, upstream::WriteFailed>,
  Fails<retries_unwritten, Out::fail_reset,   S, upstream::Unwritten>,
  Fails<retries_timeout,   Out::fail_timeout, S, upstream::TimedOut, pay>,
  Rows<
  Row<S, upstream::Truncated,     Always,                Do<Out::fail_truncated, tell>,    Idle, Rfc9112<"8">>,
  Row<S, upstream::Complete,      Always,                Do<Out::respond, finish>,         Idle, Rfc9110<"3.7">>,
  Row<S, upstream::CompleteClose, Unless<mirrors_origin>, Do<Out::respond, finish>,        Idle, Rfc9112<"9.6">>,
  Row<S, upstream::CompleteClose, If<mirrors_origin>,    Do<Out::say_close, Out::respond, finish>, Idle, Model<"a proxy that mirrors the close option">>,
  Row<S, upstream::Stale,         Always,                Do<ask_other>,                    Waiting, Rfc9112<"9.5">>,
  Row<S, downstream::Gone,        Always,                Do<Out::cancel, Out::aborted, finish>, Idle, Rfc9110<"7.6">>>>;

struct Exchange : Machine<Exchange, Context, Out> {
  static constexpr std::string_view name = "proxy-exchange";
  static constexpr std::string_view output_names[] = {
    "want a connection", "want a connection, close", "want a new connection", "send content", "cancel",
    "respond", "respond with an error", "respond: first part", "respond: rest", "cut the response", "close downstream", "say close downstream", "drop a pooled connection",
    "UF: connect failed", "UC: connection ended", "UR: connection reset", "UT: response timeout", "UO: no room to wait",
    "UPE: response truncated", "DC: client gone", "retry"};
  static std::string describe(const Context& context);

  using initial_state = Idle;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From        On                    If                      Do                                   To          Source
    Row<Idle,       request::Whole,       Always,                 Do<begin, Out::want>,                Waiting,    Rfc9110<"3.7">>,
    Row<Idle,       request::Last,        Unless<forwards_close>, Do<begin, Out::want>,                Waiting,    Rfc9110<"7.6.1">>,
    Row<Idle,       request::Last,        If<forwards_close>,     Do<begin, Out::want_last>,           Waiting,    Model<"a proxy that forwards the close option">>,
    Row<Idle,       request::Head,        Unless<buffers>,        Do<begin, expect_content, Out::want>, Waiting,   Rfc9110<"3.7">>,
    Row<Idle,       request::Head,        If<buffers>,            Do<begin, expect_content>,           Collecting, Product<"nginx proxy_request_buffering">>,
    Row<Idle,       downstream::Gone,     Unless<mirrors_client>, Nothing,                             Stay,       Rfc9112<"9">>,
    Row<Idle,       downstream::Gone,     If<mirrors_client>,     Do<Out::drop_upstream>,              Stay,       Model<"a proxy that ties both connections">>,
    Row<Collecting, request::End,         Always,                 Do<take_content, Out::want>,         Waiting,    Product<"nginx proxy_request_buffering">>,
    Row<Collecting, downstream::Gone,     Always,                 Do<Out::aborted, finish>,            Idle,       Rfc9112<"8">>,
    //--- no connection yet ------------------------------------------------------------------------------------
    Row<Waiting,    request::End,         Always,                 Do<take_content>,                    Stay,       Rfc9112<"6">>,
    Row<Waiting,    pool::Fresh,          If<has_content>,        Do<on_fresh>,                        Sending,    Rfc9112<"9.3">>,
    Row<Waiting,    pool::Fresh,          Unless<has_content>,    Do<on_fresh>,                        Awaiting,   Rfc9112<"9.3">>,
    Row<Waiting,    pool::Reused,         If<has_content>,        Do<on_reused>,                       Sending,    Rfc9112<"9.3">>,
    Row<Waiting,    pool::Reused,         Unless<has_content>,    Do<on_reused>,                       Awaiting,   Rfc9112<"9.3">>,
    Row<Waiting,    pool::Overflow,       Always,                 Do<Out::fail_overflow, tell>,        Idle,       Product<"Envoy UO, nginx no live upstreams">>,
    Row<Waiting,    downstream::Gone,     Always,                 Do<Out::cancel, Out::aborted, finish>, Idle,     Rfc9110<"7.6">>,
    //--- between two tries ------------------------------------------------------------------------------------
    Row<Pausing,    pause::Over,          Always,                 Do<ask_again>,                       Waiting,    Product<"Envoy retry back-off">>,
    Row<Pausing,    request::End,         Always,                 Do<take_content>,                    Stay,       Rfc9112<"6">>,
    Row<Pausing,    downstream::Gone,     Always,                 Do<Out::aborted, finish>,            Idle,       Rfc9110<"7.6">>,
    //--- the content goes out as it comes in ------------------------------------------------------------------
    Row<Sending,    upstream::HeadSent,   Unless<content_here>,   Do<mark_head>,                       Stay,       Rfc9112<"6">>,
    Row<Sending,    upstream::HeadSent,   If<content_here>,       Do<mark_head, send_content>,         Awaiting,   Rfc9112<"6">>,
    Row<Sending,    request::End,         Unless<head_out>,       Do<take_content>,                    Stay,       Rfc9112<"6">>,
    Row<Sending,    request::End,         If<head_out>,           Do<take_content, send_content>,      Awaiting,   Rfc9112<"6">>,
    Row<Sending,    request::Beyond,      Unless<is_beyond>,      Do<mark_beyond>,                     Stay,       Model<"a proxy that streams keeps a part">>,
    Row<Sending,    upstream::Part,       Always,                 Nothing,                             Stay,       Model<"held back: the request is not read to its end">>,
    //--- the request is out -----------------------------------------------------------------------------------
    Row<Awaiting,   upstream::Part,       Always,                 Do<Out::respond_part>,               Streaming,  Rfc9110<"3.7">>,
    Row<Streaming,  upstream::Complete,   Always,                 Do<Out::respond_rest, finish>,       Idle,       Rfc9110<"3.7">>,
    Row<Streaming,  upstream::CompleteClose, Always,              Do<Out::respond_rest, finish>,       Idle,       Rfc9112<"9.6">>,
    Row<Streaming,  upstream::Truncated,  Always,                 Do<Out::cut, finish>,                Idle,       Rfc9112<"8">>,
    Row<Streaming,  upstream::TimedOut,   Always,                 Do<Out::cut, finish>,                Idle,       Rfc9112<"8">>,
    Row<Streaming,  downstream::Gone,     Always,                 Do<Out::cancel, Out::aborted, finish>, Idle,     Rfc9110<"7.6">>>,
    Outstanding<Sending>, Outstanding<Awaiting>
  >;
};
// clang-format on

machine::Table exchange_table(const Profile& profile);
std::unique_ptr<machine::Running> running_exchange(const Profile& profile);

}  // namespace halfclose::proxy::exchange
