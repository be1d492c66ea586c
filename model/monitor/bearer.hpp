// Which connections behind an inner proxy have the watched request: what the request observer
// cannot see of a chain of proxies.
//
// One stands beside the pool of every proxy but the first. Whether a connection on its near side
// has the watched request it is told (by the request observer, or by the bearer before it) when
// that connection is given a request; a connection on its far side has it when it is given to the
// request of such a near one, and keeps it until its response is read or it is gone. So a request
// that a proxy gave up on is still known where it is on its way to the origin. It never steers.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace halfclose::monitor::bearer {

using namespace machine;

// clang-format off
struct Following : State<"following"> {};

template <int N, FixedString First, FixedString Second>
using Numbered = Event<N == 0 ? First : Second>;

namespace near {
template <int I> struct Cleared   : Numbered<I, "1 has not the request", "2 has not the request"> {};  // answered, gone, or given another one
template <int I> struct Marked    : Numbered<I, "1 has the request", "2 has the request"> {};
template <int I> struct Responded : Numbered<I, "1 is answered", "2 is answered"> {};                  // by this proxy, with a response it read
template <int I> struct Fresh     : Numbered<I, "1 gets a new connection", "2 gets a new connection"> {};
}
namespace far {
template <int N> struct Attached  : Event<N == 0 ? FixedString{"1 gets a"} : N == 1 ? FixedString{"1 gets b"} : N == 2 ? FixedString{"2 gets a"} : FixedString{"2 gets b"}> {};  // 2 near + far
template <int K> struct Sent      : Numbered<K, "a: request written", "b: request written"> {};
template <int K> struct Executed  : Numbered<K, "a: origin executes", "b: origin executes"> {};
template <int K> struct Answered  : Numbered<K, "a: response read", "b: response read"> {};
template <int K> struct Renewed   : Numbered<K, "a: gone", "b: gone"> {};
/// Of the next bearer.
struct Spread    : Event<"carried further on"> {};
struct Gathered  : Event<"carried no further"> {};
}

enum class Out : std::uint8_t {
  gives_a, gives_b,            // to the next bearer: this connection has the watched request now
  spread, gathered,            // to the one before: some connection from here on has it, none has
  sent, executed, fresh, mixed_up,  // to the request observer
};

struct Context {
  bool near[2] = {false, false};  ///< the connection has the watched request
  bool far[2] = {false, false};
  bool beyond = false;            ///< and so has one behind the next proxy
  bool own = false;               ///< the response being passed on is the watched request's
};

using Outs = Outputs<Out>;

constexpr bool bears(const Context& c)                       { return c.far[0] || c.far[1] || c.beyond; }
constexpr void tell(const Context& c, bool before, Outs& out) { if (bears(c) != before) out.append(before ? Out::gathered : Out::spread); }

template <int I> constexpr void clear(Context& c)            { c.near[I] = false; }
template <int I> constexpr void mark(Context& c)             { c.near[I] = true; }
template <int I> constexpr void tell_fresh(Context& c, Outs& out) { if (c.near[I]) out.append(Out::fresh); }
/// Both ways: the watched request gets another's response, another gets its own.
template <int I> constexpr void respond(Context& c, Outs& out) { if (c.own != c.near[I]) out.append(Out::mixed_up); c.own = false; }
template <int K> constexpr void put(Context& c, Outs& out, bool has) { const bool before = bears(c); c.far[K] = has; tell(c, before, out); }
template <int N> constexpr void attach(Context& c, Outs& out) {
  put<N % 2>(c, out, c.near[N / 2]);
  if (c.far[N % 2]) out.append(N % 2 == 0 ? Out::gives_a : Out::gives_b);
}
template <int K> constexpr void write(Context& c, Outs& out)   { if (c.far[K]) out.append(Out::sent); }
template <int K> constexpr void execute(Context& c, Outs& out) { if (c.far[K]) out.append(Out::executed); }
template <int K> constexpr void read_answer(Context& c, Outs& out) { c.own = c.far[K]; put<K>(c, out, false); }
template <int K> constexpr void renew(Context& c, Outs& out)   { put<K>(c, out, false); }
constexpr void spread(Context& c, Outs& out)                   { const bool before = bears(c); c.beyond = true; tell(c, before, out); }
constexpr void gather(Context& c, Outs& out)                   { const bool before = bears(c); c.beyond = false; tell(c, before, out); }

template <class On, auto Effect>
using Takes = Row<Following, On, Always, Do<Effect>, Stay, Model<"observation">>;
template <int I>
using Near = Rows<
  Takes<near::Cleared<I>, clear<I>>, Takes<near::Marked<I>, mark<I>>,
  Takes<near::Responded<I>, respond<I>>, Takes<near::Fresh<I>, tell_fresh<I>>>;
template <int K>
using Far = Rows<
  Takes<far::Attached<K>, attach<K>>, Takes<far::Attached<2 + K>, attach<2 + K>>,
  Takes<far::Sent<K>, write<K>>, Takes<far::Executed<K>, execute<K>>,
  Takes<far::Answered<K>, read_answer<K>>, Takes<far::Renewed<K>, renew<K>>>;

struct Bearer : Machine<Bearer, Context, Out> {
  static constexpr std::string_view name = "bearer";
  static constexpr std::string_view output_names[] = {
    "a has the request", "b has the request", "carried from here on", "carried no more from here on",
    "request written", "origin executes", "new connection", "a response to somebody else"};
  static std::string describe(const Context& context);

  using initial_state = Following;
  using transition_table = boost::mp11::mp_append<
    Near<0>, Near<1>, Far<0>, Far<1>,
    Rows<Takes<far::Spread, spread>, Takes<far::Gathered, gather>>>;
};
// clang-format on

const machine::Table& bearer_table();

}  // namespace halfclose::monitor::bearer
