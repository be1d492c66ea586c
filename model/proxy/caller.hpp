// Any client, as a proxy's exchange sees it: it asks, may send its content late, may go away.
//
// The most general environment on that interface: what is proved against it holds for every client
// connection machine, kernel and network in front of the proxy.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace halfclose::proxy::caller {

using namespace machine;

// clang-format off
struct Idle      : State<"idle">      {};
struct Sending   : State<"sending">   {};   // the content is still to come
struct Waiting   : State<"waiting">   {};
struct Streaming : State<"streaming"> {};   // has the first part of the response

namespace choose {
struct Ask       : Event<"ask">          {};
struct AskLast   : Event<"ask, close">   {};
struct Content   : Event<"send content"> {};
struct Leave     : Event<"leave">        {};   // with no request outstanding
struct GoAway    : Event<"go away">      {};   // with a request outstanding
}
namespace told {
struct Response  : Event<"response">     {};
struct Part      : Event<"first part">   {};
struct Rest      : Event<"rest">         {};
struct Cut       : Event<"cut">          {};
}

enum class Out : std::uint8_t { ask, ask_last, ask_head, content, gone, asked, completed, failed, went_away };

struct Profile {
  bool content = false;    ///< its requests have content
  bool goes_away = true;   ///< it may abort a request
  bool manages = true;     ///< it says close, and leaves between requests
  bool operator==(const Profile&) const = default;
};
struct Context { Profile profile{}; };

constexpr bool has_content(const Context& c) { return c.profile.content; }
constexpr bool may_go(const Context& c)      { return c.profile.goes_away; }
constexpr bool manages(const Context& c)     { return c.profile.manages; }

template <class S>
using Asked = Rows<
  Row<S, told::Response,  Always,     Do<Out::completed>,             Idle, Rfc9110<"3.7">>,
  Row<S, told::Cut,       Always,     Do<Out::failed>,                Idle, Rfc9112<"8">>,
  Row<S, choose::GoAway,  If<may_go>, Do<Out::gone, Out::went_away>,  Idle, Rfc9110<"7.6">>>;

struct Caller : Machine<Caller, Context, Out> {
  static constexpr std::string_view name = "proxy-caller";
  static constexpr std::string_view output_names[] = {
    "request", "request, close", "request head", "request content", "gone", "asked", "completed", "failed", "went away"};
  static std::string describe(const Context&) { return {}; }

  using initial_state = Idle;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From       On                 If                                 Do                                To         Source
    Row<Idle,      choose::Ask,       Unless<has_content>,               Do<Out::asked, Out::ask>,         Waiting,   Rfc9110<"3.7">>,
    Row<Idle,      choose::Ask,       If<has_content>,                   Do<Out::asked, Out::ask_head>,    Sending,   Rfc9110<"3.7">>,
    Row<Idle,      choose::AskLast,   All<If<manages>, Unless<has_content>>, Do<Out::asked, Out::ask_last>, Waiting,  Rfc9112<"9.6">>,
    Row<Idle,      choose::Leave,     If<manages>,                       Do<Out::gone>,                    Stay,      Rfc9112<"9.6">>,
    Row<Sending,   choose::Content,   Always,                            Do<Out::content>,                 Waiting,   Rfc9112<"6">>,
    Row<Waiting,   told::Part,        Always,                            Nothing,                          Streaming, Rfc9110<"3.7">>,
    Row<Streaming, told::Rest,        Always,                            Do<Out::completed>,               Idle,      Rfc9110<"3.7">>>,
    Asked<Sending>, Asked<Waiting>, Asked<Streaming>
  >;
};
// clang-format on

machine::Table caller_table(const Profile& profile);

}  // namespace halfclose::proxy::caller
