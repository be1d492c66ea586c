// One request followed from client to origin and back: what a proxy must guarantee across its hops.
//
// The environment chooses which request is watched, so what holds for it holds for every request,
// and runs need no bound on their number. The observer sees both sides of the proxy at once and
// never steers. Two clients' requests and two upstream connections, as model/proxy/pool.hpp has.
// Of a chain of proxies it stands beside the first; what lies behind the second hop it is told by
// the bearers (model/monitor/bearer.hpp).
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace halfclose::monitor::request {

using namespace machine;

// clang-format off
struct None    : State<"none watched">  {};
struct Chosen  : State<"next one is watched"> {};   // the next request of the chosen client
struct Watched : State<"watched">       {};
struct Over    : State<"over">          {};   // it has its outcome; the origin may still have some of it

template <int N, FixedString First, FixedString Second>
using Numbered = Event<N == 0 ? First : Second>;

namespace saw {
template <int I> struct Watch      : Numbered<I, "watch the next of 1", "watch the next of 2"> {};
template <int I> struct Asked      : Numbered<I, "1 asks", "2 asks"> {};
template <int I> struct Completed  : Numbered<I, "1 has a response", "2 has a response"> {};
template <int I> struct Failed     : Numbered<I, "1 sees an error", "2 sees an error"> {};       // the connection ended, or it timed out
template <int I> struct Closed     : Numbered<I, "1 closes", "2 closes"> {};
template <int I> struct GaveUp     : Numbered<I, "1 went away", "2 went away"> {};
template <int I> struct Responded  : Numbered<I, "1 is answered", "2 is answered"> {};           // by the proxy, with the origin's response
template <int I> struct Errored    : Numbered<I, "1 is told of a failure", "2 is told of a failure"> {};
template <int I> struct Cut        : Numbered<I, "the response to 1 is cut", "the response to 2 is cut"> {};
template <int I> struct Retried    : Numbered<I, "1 is retried", "2 is retried"> {};
template <int I> struct Fresh      : Numbered<I, "1 gets a new connection", "2 gets a new connection"> {};
template <int N> struct Attached   : Event<N == 0 ? FixedString{"1 gets a"} : N == 1 ? FixedString{"1 gets b"} : N == 2 ? FixedString{"2 gets a"} : FixedString{"2 gets b"}> {};  // 2 client + connection
template <int K> struct Sent       : Numbered<K, "a: request written", "b: request written"> {};
template <int K> struct KernelKnew : Numbered<K, "a: written behind a FIN", "b: written behind a FIN"> {};
template <int K> struct Executed   : Numbered<K, "a: origin executes", "b: origin executes"> {};
template <int K> struct Answered   : Numbered<K, "a: response read", "b: response read"> {};
template <int K> struct Ended      : Numbered<K, "a: closed", "b: closed"> {};
template <int K> struct Renewed    : Numbered<K, "a: gone", "b: gone"> {};
// Behind the second hop, of the watched request alone.
struct Spread         : Event<"carried further on">          {};   // by some connection there, or
struct Gathered       : Event<"carried no further">          {};   // by none any more
struct SentBeyond     : Event<"further on: request written"> {};
struct ExecutedBeyond : Event<"further on: origin executes"> {};
struct FreshBeyond    : Event<"further on: new connection">  {};
struct MixedUp        : Event<"further on: a response to somebody else"> {};
}

enum class Out : std::uint8_t {
  // A guarantee is emitted when it is broken.
  at_most_once, right_response, one_outcome, whole_or_error, bounded_retry, pool_hygiene, pool_hygiene_kernel,
  // What happened to the watched request.
  failed, retried, cascaded, completed,
  gives_a, gives_b,             // to the bearer of the next proxy: this connection has the watched request now
};

/// A guarantee broke, or the race happened; the others say how the watched request fares.
constexpr bool is_verdict(Out output) { return output < Out::failed || output == Out::cascaded; }

enum Told : std::uint8_t { nothing, response, error, cut };

struct Profile {
  std::uint8_t attempts = 0;    ///< how often a request may be written at most; 0: no bound is claimed
  bool chained = false;         ///< other proxies follow: it is written and executed behind them
  bool only_new = false;        ///< the bound is on writes to new connections; not when chained
  bool operator==(const Profile&) const = default;
};

struct Context {
  Profile profile{};
  std::uint8_t client = 0;      ///< whose request is watched
  std::uint8_t attempts = 0;    ///< written so often
  std::uint8_t told = nothing;  ///< what the proxy sent the client
  bool executed = false;
  bool all_used = false;        ///< every connection it got had been used before
  bool used = false;            ///< the one it has was, where that matters (only_new)
  bool own = false;             ///< the response being passed on is the watched request's
  bool carried[2] = {false, false};  ///< the connection has the watched request
  bool ended[2] = {false, false};    ///< the proxy's end of the connection is closed
  bool beyond = false;               ///< a connection behind the second hop has the watched request
};

using Outs = Outputs<Out>;

template <int I> constexpr bool about(const Context& c)      { return c.client == I; }
constexpr bool chained(const Context& c)                     { return c.profile.chained; }
constexpr bool carried_near(const Context& c)                { return c.carried[0] || c.carried[1]; }
constexpr bool carried_nowhere(const Context& c)             { return !carried_near(c) && !c.beyond; }
template <int K> constexpr bool last_with(const Context& c)  { return !c.carried[1 - K] && !c.beyond; }

template <int I> constexpr void choose(Context& c)           { c.client = I; }
constexpr void start(Context& c)                             { c.all_used = true; }
constexpr void forget(Context& c) {
  const Context old = c;
  c = {.profile = old.profile};
  c.ended[0] = old.ended[0];
  c.ended[1] = old.ended[1];
}
/// The outcome is known; only late executions matter now.
constexpr void settle(Context& c)                            { c.attempts = 0; c.told = nothing; c.all_used = c.used = c.own = false; }

template <int N> constexpr void attach_other(Context& c, Outs& out) { c.carried[N % 2] = false; if (c.ended[N % 2]) out.append(Out::pool_hygiene); }
template <int N> constexpr void attach(Context& c, Outs& out)       {
  attach_other<N>(c, out);
  c.carried[N % 2] = true;
  c.used = c.profile.only_new;   // a new one says so next
  if (c.profile.chained) out.append(N % 2 == 0 ? Out::gives_a : Out::gives_b);
}
/// Writes to used connections count for a cascade alone where the bound is on the others.
constexpr void count_write(Context& c, Outs& out) {
  if (c.used) {
    if (c.all_used && c.attempts < 2) c.attempts++;
    return;
  }
  if (c.profile.attempts != 0 && c.attempts >= c.profile.attempts) out.append(Out::bounded_retry);
  if (c.attempts < 2 || c.attempts < c.profile.attempts) c.attempts++;
}
constexpr void count_execution(Context& c, Outs& out) {
  if (c.executed) out.append(Out::at_most_once);
  c.executed = true;
}
template <int K> constexpr void write(Context& c, Outs& out)   { if (c.carried[K]) count_write(c, out); }
template <int K> constexpr void execute(Context& c, Outs& out) { if (c.carried[K]) count_execution(c, out); }
constexpr void spread(Context& c)                            { c.beyond = true; }
constexpr void gather(Context& c)                            { c.beyond = false; }
template <int K> constexpr void read_answer(Context& c)      { c.own = c.carried[K]; c.carried[K] = false; }
template <int K> constexpr void end(Context& c)              { c.ended[K] = true; }
template <int K> constexpr void renew(Context& c)            { c.ended[K] = c.carried[K] = false; }
constexpr void used_no_more(Context& c)                      {
  if (c.all_used && c.profile.only_new) c.attempts = 0;
  c.all_used = c.used = false;
}
constexpr void tell_response(Context& c, Outs& out)          { if (!c.own) out.append(Out::right_response); c.own = false; c.told = response; }
/// A response to somebody else.
constexpr void tell_other(Context& c, Outs& out)             { if (c.own) out.append(Out::right_response); c.own = false; }
constexpr void tell_error(Context& c, Outs& out) {
  c.told = error;
  out.append(Out::failed);
  if (c.attempts > 1 && c.all_used) out.append(Out::cascaded);
}
constexpr void tell_cut(Context& c, Outs& out)               { c.told = cut; out.append(Out::failed); }
constexpr void complete(Context& c, Outs& out) {
  if (c.told == nothing || c.told == cut) out.append(Out::whole_or_error);
  if (c.told == response) out.append(Out::completed);
  settle(c);
}

/// Bookkeeping that goes on whatever is watched.
template <class S, int K>
using Keeps = Rows<
  Row<S, saw::Ended<K>,      Always, Do<end<K>>,                     Stay, Model<"observation">>,
  Row<S, saw::KernelKnew<K>, Always, Do<Out::pool_hygiene_kernel>,   Stay, Model<"observation">>>;
template <class S, int K>
using KeepsNothing = boost::mp11::mp_append<Keeps<S, K>, Rows<
  Row<S, saw::Renewed<K>,    Always, Do<renew<K>>,                   Stay, Model<"observation">>,
  Row<S, saw::Sent<K>,       Always, Nothing,                        Stay, Model<"observation">>,
  Row<S, saw::Executed<K>,   Always, Nothing,                        Stay, Model<"observation">>,
  Row<S, saw::Answered<K>,   Always, Nothing,                        Stay, Model<"observation">>,
  Row<S, saw::Attached<K>,   Always, Do<attach_other<K>>,            Stay, Model<"observation">>,
  Row<S, saw::Attached<2 + K>, Always, Do<attach_other<2 + K>>,      Stay, Model<"observation">>>>;
/// What happens to a client whose request is not watched.
template <class S, int I>
using Ignores = Rows<
  Row<S, saw::Completed<I>,  Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Failed<I>,     Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Closed<I>,     Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::GaveUp<I>,     Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Responded<I>,  Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Errored<I>,    Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Cut<I>,        Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Retried<I>,    Always, Nothing, Stay, Model<"observation">>,
  Row<S, saw::Fresh<I>,      Always, Nothing, Stay, Model<"observation">>>;
template <int I>
using Follows = Rows<
  Row<None,    saw::Watch<I>,     Always,              Do<choose<I>>, Chosen,  Model<"any request may be the one">>,
  Row<None,    saw::Asked<I>,     Always,              Nothing,       Stay,    Model<"observation">>,
  Row<Chosen,  saw::Asked<I>,     If<about<I>>,        Do<start>,     Watched, Model<"observation">>,
  Row<Chosen,  saw::Asked<I>,     Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Over,    saw::Asked<I>,     Always,              Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Asked<I>,     Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Completed<I>, If<about<I>, carried_nowhere>, Do<complete, forget>, None, Model<"observation">>,
  Row<Watched, saw::Completed<I>, All<If<about<I>>, Unless<carried_nowhere>>, Do<complete>, Over, Model<"observation">>,
  Row<Watched, saw::Completed<I>, Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Failed<I>,    If<about<I>, carried_nowhere>, Do<forget>, None, Model<"observation">>,
  Row<Watched, saw::Failed<I>,    All<If<about<I>>, Unless<carried_nowhere>>, Do<settle>, Over, Model<"observation">>,
  Row<Watched, saw::Failed<I>,    Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::GaveUp<I>,    If<about<I>, carried_nowhere>, Do<forget>, None, Model<"observation">>,
  Row<Watched, saw::GaveUp<I>,    All<If<about<I>>, Unless<carried_nowhere>>, Do<settle>, Over, Model<"observation">>,
  Row<Watched, saw::GaveUp<I>,    Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Closed<I>,    If<about<I>, carried_nowhere>, Do<Out::one_outcome, forget>, None, Model<"observation">>,
  Row<Watched, saw::Closed<I>,    All<If<about<I>>, Unless<carried_nowhere>>, Do<Out::one_outcome, settle>, Over, Model<"observation">>,
  Row<Watched, saw::Closed<I>,    Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Responded<I>, If<about<I>>,        Do<tell_response>, Stay, Model<"observation">>,
  Row<Watched, saw::Responded<I>, Unless<about<I>>,    Do<tell_other>, Stay,   Model<"observation">>,
  Row<Watched, saw::Errored<I>,   If<about<I>>,        Do<tell_error>, Stay,   Model<"observation">>,
  Row<Watched, saw::Errored<I>,   Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Cut<I>,       If<about<I>>,        Do<tell_cut>,  Stay,    Model<"observation">>,
  Row<Watched, saw::Cut<I>,       Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Retried<I>,   If<about<I>>,        Do<Out::retried>, Stay, Model<"observation">>,
  Row<Watched, saw::Retried<I>,   Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Fresh<I>,     If<about<I>>,        Do<used_no_more>, Stay, Model<"observation">>,
  Row<Watched, saw::Fresh<I>,     Unless<about<I>>,    Nothing,       Stay,    Model<"observation">>,
  Row<Watched, saw::Attached<2 * I>,     If<about<I>>, Do<attach<2 * I>>, Stay, Model<"observation">>,
  Row<Watched, saw::Attached<2 * I>,     Unless<about<I>>, Do<attach_other<2 * I>>, Stay, Model<"observation">>,
  Row<Watched, saw::Attached<2 * I + 1>, If<about<I>>, Do<attach<2 * I + 1>>, Stay, Model<"observation">>,
  Row<Watched, saw::Attached<2 * I + 1>, Unless<about<I>>, Do<attach_other<2 * I + 1>>, Stay, Model<"observation">>>;
template <int K>
using Carries = Rows<
  Row<Watched, saw::Sent<K>,      Always,              Do<write<K>>,   Stay,   Model<"observation">>,
  Row<Watched, saw::Executed<K>,  Always,              Do<execute<K>>, Stay,   Model<"observation">>,
  Row<Watched, saw::Answered<K>,  Always,              Do<read_answer<K>>, Stay, Model<"observation">>,
  Row<Watched, saw::Renewed<K>,   Always,              Do<renew<K>>,   Stay,   Model<"observation">>,
  Row<Over,    saw::Sent<K>,      Always,              Nothing,        Stay,   Model<"observation">>,
  Row<Over,    saw::Executed<K>,  Always,              Do<execute<K>>, Stay,   Model<"observation">>,
  Row<Over,    saw::Answered<K>,  Always,              Nothing,        Stay,   Model<"observation">>,
  Row<Over,    saw::Renewed<K>,   If<last_with<K>>,    Do<renew<K>, forget>, None, Model<"observation">>,
  Row<Over,    saw::Renewed<K>,   Unless<last_with<K>>, Do<renew<K>>,  Stay,   Model<"observation">>,
  Row<Over,    saw::Attached<K>,     If<last_with<K>>, Do<attach_other<K>, forget>, None, Model<"observation">>,
  Row<Over,    saw::Attached<K>,     Unless<last_with<K>>, Do<attach_other<K>>, Stay, Model<"observation">>,
  Row<Over,    saw::Attached<2 + K>, If<last_with<K>>, Do<attach_other<2 + K>, forget>, None, Model<"observation">>,
  Row<Over,    saw::Attached<2 + K>, Unless<last_with<K>>, Do<attach_other<2 + K>>, Stay, Model<"observation">>>;
/// The watched request is known nowhere behind the second hop unless it is watched, or over.
using FollowsBeyond = Rows<
  Row<Watched, saw::Spread,         If<chained>,               Do<spread>,          Stay, Model<"observation">>,
  Row<Watched, saw::Gathered,       If<chained>,               Do<gather>,          Stay, Model<"observation">>,
  Row<Watched, saw::SentBeyond,     If<chained>,               Do<count_write>,     Stay, Model<"observation">>,
  Row<Watched, saw::ExecutedBeyond, If<chained>,               Do<count_execution>, Stay, Model<"observation">>,
  Row<Watched, saw::FreshBeyond,    If<chained>,               Do<used_no_more>,    Stay, Model<"observation">>,
  Row<Watched, saw::MixedUp,        If<chained>,               Do<Out::right_response>, Stay, Model<"observation">>,
  Row<Over,    saw::Spread,         If<chained>,               Do<spread>,          Stay, Model<"observation">>,
  Row<Over,    saw::Gathered,       If<chained, carried_near>, Do<gather>,          Stay, Model<"observation">>,
  Row<Over,    saw::Gathered,       All<If<chained>, Unless<carried_near>>, Do<forget>, None, Model<"observation">>,
  Row<Over,    saw::SentBeyond,     If<chained>,               Nothing,             Stay, Model<"observation">>,
  Row<Over,    saw::ExecutedBeyond, If<chained>,               Do<count_execution>, Stay, Model<"observation">>,
  Row<Over,    saw::FreshBeyond,    If<chained>,               Nothing,             Stay, Model<"observation">>,
  Row<Over,    saw::MixedUp,        If<chained>,               Nothing,             Stay, Model<"observation">>>;

struct RequestObserver : Machine<RequestObserver, Context, Out> {
  static constexpr std::string_view name = "request-observer";
  static constexpr std::string_view output_names[] = {
    "at-most-once", "right-response", "one-outcome", "whole-or-error", "bounded-retry", "pool-hygiene", "pool-hygiene-kernel",
    "the request fails", "the request is retried", "every try met a used connection", "the request is answered",
    "a has the request", "b has the request"};
  static std::string describe(const Context& context);

  using initial_state = None;
  using transition_table = boost::mp11::mp_append<
    Follows<0>, Follows<1>, Carries<0>, Carries<1>, FollowsBeyond,
    Ignores<None, 0>, Ignores<None, 1>, Ignores<Chosen, 0>, Ignores<Chosen, 1>, Ignores<Over, 0>, Ignores<Over, 1>,
    KeepsNothing<None, 0>, KeepsNothing<None, 1>, KeepsNothing<Chosen, 0>, KeepsNothing<Chosen, 1>,
    Keeps<Watched, 0>, Keeps<Watched, 1>, Keeps<Over, 0>, Keeps<Over, 1>>;
};
// clang-format on

machine::Table request_observer_table(const Profile& profile);

}  // namespace halfclose::monitor::request
