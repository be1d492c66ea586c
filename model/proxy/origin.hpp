// Any upstream connection, as a proxy's pool sees it: it opens or not, answers or fails, ends when
// it likes.
//
// The most general environment on that interface, as model/proxy/caller.hpp is on the other side:
// what is proved against it holds for every client connection machine, kernel, network and origin
// behind the proxy. Abstracts from: what the origin executes, 408 (a response like any other here).
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace halfclose::proxy::origin {

using namespace machine;

// clang-format off
struct Unused     : State<"unused">     {};
struct Connecting : State<"connecting"> {};
struct Sending    : State<"sending">    {};   // the head is out, the content is still to come
struct Waiting    : State<"waiting">    {};   // the request is out
struct Ready      : State<"ready">      {};   // pooled
struct Dead       : State<"dead">       {};   // pooled and ended: a look at the socket would show it
struct Broken     : State<"broken">     {};   // pooled, and the next write will fail
struct Closed     : State<"closed">     {};   // by the proxy; some of it may still be on its way

namespace told {
struct Request   : Event<"request">           {};
struct Last      : Event<"request, close">    {};
struct Head      : Event<"request head">      {};
struct Content   : Event<"request content">   {};
struct Abandon   : Event<"abandon">           {};
struct NextLoop  : Event<"wait for the loop"> {};
}
namespace choose {
struct Open        : Event<"open">                   {};
struct OpenBroken  : Event<"open, fail the head">    {};
struct Refuse      : Event<"refuse">                 {};
struct Begin       : Event<"begin the response">     {};
struct Answer      : Event<"answer">                 {};
struct AnswerClose : Event<"answer, close">          {};   // the response says so
struct AnswerIgnored : Event<"answer, close ignored"> {};  // and the connection is used again
struct AnswerLast  : Event<"answer, then end">       {};   // it does not; the proxy may have had enough
struct Eof         : Event<"end without a response"> {};
struct Reset       : Event<"reset">                  {};
struct Unwritten   : Event<"fail the first write">   {};
struct WriteFailed : Event<"fail a write">           {};
struct TimedOut    : Event<"not answer in time">     {};
struct Truncate    : Event<"truncate the response">  {};
struct End         : Event<"end while pooled">       {};   // whoever closes
struct EndUnseen   : Event<"end while pooled, unseen"> {};
struct Break       : Event<"break while pooled, unseen"> {};
struct Turn        : Event<"turn of the loop">       {};
struct Gone        : Event<"gone on both sides">     {};
}

enum class Out : std::uint8_t {
  head_sent, part, complete, complete_close, refused, eof, reset, unwritten, write_failed, timed_out, truncated, stale,
  free, attach_due, ended, renewed,
  sent, answered,   // observations
};

struct Context {
  bool content = false;   ///< of the request that waits for the connection
  bool last = false;      ///< the request says it is the last
  bool partial = false;   ///< some of the response was read
  bool owed = false;      ///< the next response belongs to a request that was given up
};

using Outs = Outputs<Out>;

constexpr bool content_follows(const Context& c) { return c.content; }
constexpr bool is_partial(const Context& c)      { return c.partial; }
constexpr bool is_last(const Context& c)         { return c.last; }
constexpr void with_content(Context& c)          { c.content = true; }
constexpr void say_last(Context& c)              { c.last = true; }
constexpr void send_head(Context& c, Outs& out)  { c.content = false; out.append(Out::sent); out.append(Out::head_sent); }
constexpr void begin(Context& c, Outs& out)      { c.partial = true; out.append(Out::part); }
constexpr void owe(Context& c)                   { c.owed = true; }
constexpr void owe_head(Context& c, Outs& out)   { c.owed = true; send_head(c, out); }
constexpr void answer(Context& c, Outs& out)     { if (!c.owed) out.append(Out::answered); c = {}; }
constexpr void close(Context& c, Outs& out)      { c = {}; out.append(Out::ended); }

/// No response will come any more.
template <class S>
using Fails = Rows<
  Row<S, choose::Eof,         Unless<is_partial>, Do<Out::eof, close>,          Closed, Rfc9112<"9.5">>,
  Row<S, choose::Reset,       Unless<is_partial>, Do<Out::reset, close>,        Closed, Rfc9112<"9.5">>,
  Row<S, choose::Unwritten,   Unless<is_partial>, Do<Out::unwritten, close>,    Closed, Rfc9112<"9.5">>,
  Row<S, choose::WriteFailed, Unless<is_partial>, Do<Out::write_failed, close>, Closed, Rfc9112<"9.5">>,
  Row<S, choose::Truncate,    If<is_partial>,     Do<Out::truncated, close>,    Closed, Rfc9112<"8">>,
  Row<S, choose::TimedOut,    Always,             Do<Out::timed_out, close>,    Closed, Rfc9110<"15.6.5">>,
  Row<S, choose::Begin,       Unless<is_partial>, Do<begin>,                    Stay,   Rfc9112<"7">>>;
/// In any state with a socket.
template <class S>
using Open = Rows<
  Row<S, told::Abandon,       Always,             Do<close>,                    Closed, Rfc9112<"9.5">>,
  Row<S, choose::Turn,        Always,             Do<Out::attach_due>,          Stay,   Product<"Envoy PR 2871">>>;
/// A request on a connection whose end a look at the socket shows.
template <class On>
using Stale = Rows<
  Row<Dead, On,               Always,             Do<Out::stale, close>,        Closed, Product<"urllib3 is_connected, Apache HttpClient stale check">>>;

struct Origin : Machine<Origin, Context, Out> {
  static constexpr std::string_view name = "proxy-origin";
  static constexpr std::string_view output_names[] = {
    "head sent", "response begun", "response", "response, close", "connect failed", "ended", "reset", "first write failed", "write failed",
    "response timeout", "truncated", "dead before use", "reusable", "next turn of the loop", "closed", "gone", "request written", "response read"};
  static std::string describe(const Context& context);

  using initial_state = Unused;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From        On                   If                       Do                                           To          Source
    Row<Unused,     told::Request,       Always,                  Nothing,                                     Connecting, Rfc9112<"9.1">>,
    Row<Unused,     told::Last,          Always,                  Do<say_last>,                                Connecting, Rfc9112<"9.6">>,
    Row<Unused,     told::Head,          Always,                  Do<with_content>,                            Connecting, Rfc9112<"9.1">>,
    Row<Connecting, choose::Open,        Unless<content_follows>, Do<Out::sent>,                               Waiting,    Rfc9112<"9.1">>,
    Row<Connecting, choose::Open,        If<content_follows>,     Do<send_head>,                               Sending,    Rfc9112<"9.1">>,
    Row<Connecting, choose::OpenBroken,  If<content_follows>,     Do<send_head, Out::write_failed, close>,     Closed,     Rfc9112<"9.5">>,
    Row<Connecting, choose::Refuse,      Always,                  Do<Out::refused, close>,                     Closed,     Rfc9112<"9.1">>,
    Row<Connecting, told::Abandon,       Always,                  Do<close>,                                   Closed,     Rfc9112<"9.5">>,
    //--- pooled -----------------------------------------------------------------------------------------------
    Row<Ready,      told::Request,       Always,                  Do<Out::sent>,                               Waiting,    Rfc9112<"9.3">>,
    Row<Ready,      told::Last,          Always,                  Do<say_last, Out::sent>,                     Waiting,    Rfc9112<"9.6">>,
    Row<Ready,      told::Head,          Always,                  Do<send_head>,                               Sending,    Rfc9112<"9.3">>,
    Row<Ready,      told::NextLoop,      Always,                  Nothing,                                     Stay,       Product<"Envoy PR 2871">>,
    Row<Ready,      choose::End,         Always,                  Do<close>,                                   Closed,     Rfc9112<"9.5">>,
    Row<Ready,      choose::EndUnseen,   Always,                  Nothing,                                     Dead,       Rfc9112<"9.5">>,
    Row<Dead,       told::NextLoop,      Always,                  Nothing,                                     Stay,       Product<"Envoy PR 2871">>,
    Row<Dead,       choose::End,         Always,                  Do<close>,                                   Closed,     Rfc9112<"9.5">>,
    Row<Ready,      choose::Break,       Always,                  Nothing,                                     Broken,     Rfc9112<"9.5">>,
    Row<Broken,     told::Request,       Always,                  Do<Out::sent, Out::unwritten, close>,        Closed,     Rfc9112<"9.5">>,
    Row<Broken,     told::Last,          Always,                  Do<Out::sent, Out::unwritten, close>,        Closed,     Rfc9112<"9.5">>,
    Row<Broken,     told::Head,          Always,                  Do<send_head, Out::write_failed, close>,     Closed,     Rfc9112<"9.5">>,
    Row<Broken,     told::NextLoop,      Always,                  Nothing,                                     Stay,       Product<"Envoy PR 2871">>,
    Row<Broken,     choose::End,         Always,                  Do<close>,                                   Closed,     Rfc9112<"9.5">>,
    //--- a request is out -------------------------------------------------------------------------------------
    Row<Sending,    told::Content,       Always,                  Nothing,                                     Waiting,    Rfc9112<"6">>,
    // The proxy does not finish a request that is answered.
    Row<Sending,    choose::Answer,      Always,                  Do<answer, Out::complete, close>,            Closed,     Rfc9112<"9.6">>,
    Row<Sending,    choose::AnswerClose, Always,                  Do<answer, Out::complete_close, close>,      Closed,     Rfc9112<"9.6">>,
    Row<Waiting,    choose::Answer,      Unless<is_last>,         Do<answer, Out::complete, Out::free>,        Ready,      Rfc9112<"9.3">>,
    Row<Waiting,    choose::Answer,      If<is_last>,             Do<answer, Out::complete, close>,            Closed,     Rfc9112<"9.6">>,
    Row<Waiting,    choose::AnswerLast,  Unless<is_last>,         Do<answer, Out::complete, close>,            Closed,     Rfc9112<"9.6">>,
    Row<Waiting,    choose::AnswerClose, Always,                  Do<answer, Out::complete_close, close>,      Closed,     Rfc9112<"9.6">>,
    Row<Waiting,    choose::AnswerIgnored, Unless<is_last>,       Do<answer, Out::complete_close, Out::free>,  Ready,      Product<"a client that ignores the close option">>,
    //--- a pool that keeps the connection of a request that was given up --------------------------------------
    Row<Connecting, told::Request,       Always,                  Nothing,                                     Stay,       Model<"a pool that keeps cancelled connections">>,
    Row<Connecting, told::Head,          Always,                  Nothing,                                     Stay,       Model<"a pool that keeps cancelled connections">>,
    Row<Sending,    told::Head,          Always,                  Do<owe_head>,                                Stay,       Model<"a pool that keeps cancelled connections">>,
    Row<Waiting,    told::Request,       Always,                  Do<owe, Out::sent>,                          Stay,       Model<"a pool that keeps cancelled connections">>,
    Row<Waiting,    told::Head,          Always,                  Do<owe_head>,                                Sending,    Model<"a pool that keeps cancelled connections">>,
    //--- over -------------------------------------------------------------------------------------------------
    Row<Closed,     choose::Gone,        Always,                  Do<Out::renewed>,                            Unused,     Rfc9112<"9.1">>>,
    Fails<Sending>, Fails<Waiting>, Open<Sending>, Open<Waiting>, Open<Ready>, Open<Dead>, Open<Broken>,
    Stale<told::Request>, Stale<told::Last>, Stale<told::Head>
  >;
};
// clang-format on

const machine::Table& origin_table();

}  // namespace halfclose::proxy::origin
