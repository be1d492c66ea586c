// A proxy's pool of upstream connections: which request gets which connection, and when.
//
// Two requests and two connections at a time: more would show nothing that two do not (the second
// request is what fills, empties and waits beside the first). The pool also passes on what happens
// on a connection to the request that has it, so a request never learns of a connection that is not
// its own. Abstracts from: several hosts, priorities, prefetching.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::proxy::pool {

using namespace machine;

inline constexpr int kOwners = 2, kSlots = 2;

// clang-format off
struct Serving  : State<"serving">  {};   // nobody waits
struct Queueing : State<"queueing"> {};   // a request waits for a connection

/// `wanted` and the number of the request or connection it is about.
template <int N, FixedString First, FixedString Second>
using Numbered = Event<N == 0 ? First : Second>;

namespace owner {
template <int I> struct Want       : Numbered<I, "1 wants a connection", "2 wants a connection"> {};
template <int I> struct WantLast   : Numbered<I, "1 wants a connection, close", "2 wants a connection, close"> {};
template <int I> struct WantFresh  : Numbered<I, "1 wants a new connection", "2 wants a new connection"> {};
template <int I> struct Content    : Numbered<I, "content of 1", "content of 2"> {};
template <int I> struct Cancel     : Numbered<I, "1 gives up", "2 gives up"> {};
template <int I> struct Drop       : Numbered<I, "1 drops a connection", "2 drops a connection"> {};
}
namespace slot {
template <int K> struct HeadSent   : Numbered<K, "a: head sent", "b: head sent"> {};
template <int K> struct Part       : Numbered<K, "a: response begun", "b: response begun"> {};
template <int K> struct Complete   : Numbered<K, "a: response", "b: response"> {};
template <int K> struct CompleteClose : Numbered<K, "a: response, close", "b: response, close"> {};
template <int K> struct Refused    : Numbered<K, "a: connect failed", "b: connect failed"> {};
template <int K> struct Eof        : Numbered<K, "a: ended, no response", "b: ended, no response"> {};
template <int K> struct Reset      : Numbered<K, "a: reset, no response", "b: reset, no response"> {};
template <int K> struct Unwritten  : Numbered<K, "a: first write failed", "b: first write failed"> {};
template <int K> struct WriteFailed : Numbered<K, "a: write failed", "b: write failed"> {};
template <int K> struct TimedOut   : Numbered<K, "a: response timeout", "b: response timeout"> {};
template <int K> struct Truncated  : Numbered<K, "a: response truncated", "b: response truncated"> {};
template <int K> struct Stale      : Numbered<K, "a: dead before use", "b: dead before use"> {};
template <int K> struct Free       : Numbered<K, "a: reusable", "b: reusable"> {};
template <int K> struct AttachDue  : Numbered<K, "a: next turn of the loop", "b: next turn of the loop"> {};
template <int K> struct Ended      : Numbered<K, "a: closed", "b: closed"> {};
template <int K> struct Renewed    : Numbered<K, "a: gone on both sides", "b: gone on both sides"> {};
}

enum class Out : std::uint8_t {
  attach_1a, attach_1b, attach_2a, attach_2b, attach_last_1a, attach_last_1b, attach_last_2a, attach_last_2b,
  content_a, content_b, abandon_a, abandon_b, next_loop_a, next_loop_b,
  fresh_1, fresh_2, reused_1, reused_2, overflow_1, overflow_2,
  head_sent_1, head_sent_2, part_1, part_2, complete_1, complete_2, complete_close_1, complete_close_2,
  refused_1, refused_2, eof_1, eof_2, reset_1, reset_2, unwritten_1, unwritten_2, write_failed_1, write_failed_2,
  timed_out_1, timed_out_2, truncated_1, truncated_2, stale_1, stale_2,
};
constexpr Out of(Out first, int n) { return static_cast<Out>(static_cast<int>(first) + n); }

struct Profile {
  bool fifo = false;         ///< pool_order: fifo; else the one used last is used first
  bool next_loop = false;    ///< attach: next-loop: a request that waited gets a freed connection a turn of the loop later
  bool queues = true;        ///< a request may wait for a connection; else it fails
  bool keeps_cancelled = false; ///< a mutant: the connection of a request that was given up stays in the pool
  std::uint8_t slots = kSlots; ///< connections at a time
  bool operator==(const Profile&) const = default;
};

enum Slot : std::uint8_t { none, busy_1, busy_2, ready, dying };

struct Context {
  Profile profile{};
  std::uint8_t slot[kSlots] = {none, none};
  std::uint8_t ready_first = 0;   ///< of two ready connections the one that became ready first: 1 + number, 0 when fewer are ready
  std::uint8_t waiting_first = 0, waiting_second = 0;  ///< 1 + number of the request
  bool wants_fresh[kOwners] = {false, false};          ///< of those that wait
};

using Outs = Outputs<Out>;

constexpr int owner_of(const Context& c, int k)   { return c.slot[k] == busy_1 ? 0 : c.slot[k] == busy_2 ? 1 : -1; }
constexpr std::uint8_t busy(int i)                { return i == 0 ? busy_1 : busy_2; }
constexpr bool is_ready(const Context& c, int k)  { return c.slot[k] == ready; }
/// The ready connection that is taken next, or -1.
constexpr int next_ready(const Context& c) {
  if (!is_ready(c, 0)) return is_ready(c, 1) ? 1 : -1;
  if (!is_ready(c, 1)) return 0;
  const int first = c.ready_first - 1;
  return c.profile.fifo ? first : 1 - first;
}
constexpr int next_unused(const Context& c) {
  for (int k = 0; k < c.profile.slots; ++k) {
    if (c.slot[k] == none) return k;
  }
  return -1;
}
constexpr bool someone_waits(const Context& c)    { return c.waiting_first != 0; }
constexpr bool has_ready(const Context& c)        { return next_ready(c) >= 0; }
constexpr bool has_unused(const Context& c)       { return next_unused(c) >= 0; }
constexpr bool has_any(const Context& c)          { return has_ready(c) || has_unused(c); }
constexpr bool queues(const Context& c)           { return c.profile.queues; }
constexpr bool last_waiter(const Context& c)      { return c.waiting_second == 0; }
constexpr bool next_loop(const Context& c)        { return c.profile.next_loop; }
/// The request that waits first takes a used connection.
constexpr bool takes_used(const Context& c)       { return someone_waits(c) && !c.wants_fresh[c.waiting_first - 1]; }
template <int K> constexpr bool ready_at(const Context& c) { return is_ready(c, K); }
template <int K> constexpr bool busy_at(const Context& c)  { return owner_of(c, K) >= 0; }
/// A request has it; or had it, and the mutant lets go of requests only.
template <int K> constexpr bool in_use(const Context& c)   { return busy_at<K>(c) || (c.profile.keeps_cancelled && is_ready(c, K)); }
template <int K> constexpr bool dying_at(const Context& c) { return c.slot[K] == dying; }
template <int I> constexpr bool attached(const Context& c) { return c.slot[0] == busy(I) || c.slot[1] == busy(I); }
template <int I> constexpr bool waits(const Context& c)    { return c.waiting_first == I + 1 || c.waiting_second == I + 1; }

constexpr void hand_over(Context& c, Outs& out, int i, int k, Out first = Out::attach_1a) {
  if (k < 0) return;
  const bool used = c.slot[k] == ready;
  c.slot[k] = busy(i);
  c.ready_first = 0;
  out.append(of(first, 2 * i + k));
  out.append(of(used ? Out::reused_1 : Out::fresh_1, i));
}
constexpr void make_ready(Context& c, int k)      { c.slot[k] = ready; c.ready_first = is_ready(c, 1 - k) ? static_cast<std::uint8_t>(2 - k) : std::uint8_t{0}; }
constexpr void retire(Context& c, Outs& out, int k) { if (k < 0) return; c.slot[k] = dying; c.ready_first = 0; out.append(of(Out::abandon_a, k)); }
constexpr void leave_queue(Context& c, int i) {
  if (c.waiting_first == i + 1) c.waiting_first = c.waiting_second;
  c.waiting_second = 0;
  c.wants_fresh[i] = false;
}
constexpr void enter_queue(Context& c, int i)     { (c.waiting_first == 0 ? c.waiting_first : c.waiting_second) = static_cast<std::uint8_t>(i + 1); }

template <int I> constexpr void take_ready(Context& c, Outs& out)  { hand_over(c, out, I, next_ready(c)); }
template <int I> constexpr void open_new(Context& c, Outs& out)    { hand_over(c, out, I, next_unused(c)); }
template <int I> constexpr void take_ready_last(Context& c, Outs& out) { hand_over(c, out, I, next_ready(c), Out::attach_last_1a); }
template <int I> constexpr void open_new_last(Context& c, Outs& out)   { hand_over(c, out, I, next_unused(c), Out::attach_last_1a); }
template <int I> constexpr void queue_up(Context& c)               { enter_queue(c, I); }
/// A new connection is wanted and the room is taken by used ones: one of them makes room.
template <int I> constexpr void queue_for_new(Context& c, Outs& out) {
  enter_queue(c, I);
  c.wants_fresh[I] = true;
  retire(c, out, next_ready(c));
}
template <int I> constexpr void refuse(Context&, Outs& out)        { out.append(of(Out::overflow_1, I)); }
template <int I> constexpr void content(Context& c, Outs& out) {
  for (int k = 0; k < kSlots; ++k) {
    if (c.slot[k] == busy(I)) out.append(of(Out::content_a, k));
  }
}
/// Whoever gave up gives its connection up too: the response on it would be taken for the next one's.
template <int I> constexpr void give_up(Context& c, Outs& out) {
  for (int k = 0; k < kSlots; ++k) {
    if (c.slot[k] != busy(I)) continue;
    if (c.profile.keeps_cancelled) make_ready(c, k); else retire(c, out, k);
  }
}
template <int I> constexpr void stop_waiting(Context& c)           { leave_queue(c, I); }
template <int I> constexpr void drop_one(Context& c, Outs& out)    { retire(c, out, next_ready(c)); }

template <int K, Out First> constexpr void pass_on(Context& c, Outs& out) {
  if (const int i = owner_of(c, K); i >= 0) out.append(of(First, i));
}
/// The request failed on this connection, which its end of the hop closes in the same breath.
template <int K, Out First> constexpr void fail_over(Context& c, Outs& out) { pass_on<K, First>(c, out); c.slot[K] = dying; }
template <int K> constexpr void put_back(Context& c)               { make_ready(c, K); }
template <int K> constexpr void make_room(Context& c, Outs& out)   { retire(c, out, K); }
template <int K> constexpr void tell_next_loop(Context&, Outs& out) { out.append(of(Out::next_loop_a, K)); }
template <int K> constexpr void forget(Context& c)                 { c.slot[K] = dying; c.ready_first = 0; }
template <int K> constexpr void renew(Context& c)                  { c.slot[K] = none; }
/// The first that waits gets what there is.
constexpr void serve_first(Context& c, Outs& out) {
  const int i = c.waiting_first - 1;
  const bool fresh = c.wants_fresh[i];
  const int used = fresh ? -1 : next_ready(c);
  const int k = used >= 0 ? used : next_unused(c);
  leave_queue(c, i);
  hand_over(c, out, i, k);
}

template <int I>
using Wants = Rows<
  Row<Serving,  owner::Want<I>,      All<If<has_ready>, Unless<attached<I>>>,            Do<take_ready<I>>, Stay, Rfc9112<"9.3">>,
  Row<Serving,  owner::Want<I>,      All<If<has_unused>, Unless<has_ready, attached<I>>>, Do<open_new<I>>,  Stay, Rfc9112<"9.1">>,
  Row<Serving,  owner::Want<I>,      All<If<queues>, Unless<has_any, attached<I>>>,      Do<queue_up<I>>,   Queueing, Model<"waits for a connection">>,
  Row<Serving,  owner::Want<I>,      Unless<has_any, queues, attached<I>>,               Do<refuse<I>>,     Stay, Product<"Envoy circuit breaker">>,
  Row<Serving,  owner::WantLast<I>,  All<If<has_ready>, Unless<attached<I>>>,            Do<take_ready_last<I>>, Stay, Model<"a proxy that forwards the close option">>,
  Row<Serving,  owner::WantLast<I>,  All<If<has_unused>, Unless<has_ready, attached<I>>>, Do<open_new_last<I>>,  Stay, Model<"a proxy that forwards the close option">>,
  Row<Serving,  owner::WantLast<I>,  All<If<queues>, Unless<has_any, attached<I>>>,      Do<queue_up<I>>,   Queueing, Model<"waits for a connection">>,
  Row<Serving,  owner::WantLast<I>,  Unless<has_any, queues, attached<I>>,               Do<refuse<I>>,     Stay, Product<"Envoy circuit breaker">>,
  Row<Serving,  owner::WantFresh<I>, All<If<has_unused>, Unless<attached<I>>>,           Do<open_new<I>>,   Stay, Rfc9112<"9.1">>,
  Row<Serving,  owner::WantFresh<I>, All<If<queues>, Unless<has_unused, attached<I>>>,   Do<queue_for_new<I>>, Queueing, Model<"a used connection makes room">>,
  Row<Serving,  owner::WantFresh<I>, Unless<has_unused, queues, attached<I>>,            Do<refuse<I>>,     Stay, Product<"Envoy circuit breaker">>,
  // A freed connection that is promised for the next turn of the loop goes to whoever asks before.
  Row<Queueing, owner::Want<I>,      All<If<has_ready>, Unless<attached<I>, waits<I>>>,  Do<take_ready<I>>, Stay, Product<"Envoy PR 7159">>,
  Row<Queueing, owner::Want<I>,      Unless<has_ready, attached<I>, waits<I>>,           Do<queue_up<I>>,   Stay, Model<"waits for a connection">>,
  Row<Queueing, owner::WantLast<I>,  Unless<attached<I>, waits<I>>,                      Do<queue_up<I>>,   Stay, Model<"waits for a connection">>,
  Row<Queueing, owner::WantFresh<I>, Unless<attached<I>, waits<I>>,                      Do<queue_for_new<I>>, Stay, Model<"a used connection makes room">>,
  Row<Serving,  owner::Content<I>,   If<attached<I>>,                                    Do<content<I>>,    Stay, Rfc9112<"6">>,
  Row<Queueing, owner::Content<I>,   If<attached<I>>,                                    Do<content<I>>,    Stay, Rfc9112<"6">>,
  // The connection failed in the same breath, and the request is about to be told.
  Row<Serving,  owner::Content<I>,   Unless<attached<I>, waits<I>>,                      Nothing,           Stay, Rfc9112<"9.5">>,
  Row<Queueing, owner::Content<I>,   Unless<attached<I>, waits<I>>,                      Nothing,           Stay, Rfc9112<"9.5">>,
  Row<Serving,  owner::Cancel<I>,    If<attached<I>>,                                    Do<give_up<I>>,    Stay, Rfc9112<"9.5">>,
  Row<Queueing, owner::Cancel<I>,    If<attached<I>>,                                    Do<give_up<I>>,    Stay, Rfc9112<"9.5">>,
  Row<Queueing, owner::Cancel<I>,    All<If<waits<I>>, Unless<last_waiter>>,             Do<stop_waiting<I>>, Stay, Model<"nobody waits any more">>,
  Row<Queueing, owner::Cancel<I>,    If<waits<I>, last_waiter>,                          Do<stop_waiting<I>>, Serving, Model<"nobody waits any more">>,
  Row<Serving,  owner::Drop<I>,      Always,                                             Do<drop_one<I>>,   Stay, Model<"a proxy that ties both connections">>,
  Row<Queueing, owner::Drop<I>,      Always,                                             Do<drop_one<I>>,   Stay, Model<"a proxy that ties both connections">>>;
template <class On, int K, Out First>
using Passes = Rows<
  Row<Serving,  On, If<in_use<K>>, Do<pass_on<K, First>>, Stay, Rfc9110<"3.7">>,
  Row<Queueing, On, If<in_use<K>>, Do<pass_on<K, First>>, Stay, Rfc9110<"3.7">>>;
template <class On, int K, Out First>
using Fails = Rows<
  Row<Serving,  On, If<in_use<K>>, Do<fail_over<K, First>>, Stay, Rfc9112<"9.5">>,
  Row<Queueing, On, If<in_use<K>>, Do<fail_over<K, First>>, Stay, Rfc9112<"9.5">>>;
template <int K>
using Serves = boost::mp11::mp_append<
  Passes<slot::HeadSent<K>, K, Out::head_sent_1>, Passes<slot::Part<K>, K, Out::part_1>,
  Passes<slot::Complete<K>, K, Out::complete_1>, Passes<slot::CompleteClose<K>, K, Out::complete_close_1>,
  Fails<slot::Refused<K>, K, Out::refused_1>, Fails<slot::Eof<K>, K, Out::eof_1>, Fails<slot::Reset<K>, K, Out::reset_1>,
  Fails<slot::Unwritten<K>, K, Out::unwritten_1>, Fails<slot::WriteFailed<K>, K, Out::write_failed_1>,
  Fails<slot::TimedOut<K>, K, Out::timed_out_1>, Fails<slot::Truncated<K>, K, Out::truncated_1>,
  Fails<slot::Stale<K>, K, Out::stale_1>,
  Rows<
  Row<Serving,  slot::Free<K>,      If<in_use<K>>,                       Do<put_back<K>>,                Stay, Rfc9112<"9.3">>,
  Row<Queueing, slot::Free<K>,      All<If<in_use<K>, takes_used, last_waiter>, Unless<next_loop>>, Do<put_back<K>, serve_first>, Serving, Product<"Envoy before PR 2871">>,
  Row<Queueing, slot::Free<K>,      All<If<in_use<K>, takes_used>, Unless<next_loop, last_waiter>>, Do<put_back<K>, serve_first>, Stay, Product<"Envoy before PR 2871">>,
  Row<Queueing, slot::Free<K>,      If<in_use<K>, takes_used, next_loop>, Do<put_back<K>, tell_next_loop<K>>, Stay, Product<"Envoy PR 2871">>,
  Row<Queueing, slot::Free<K>,      All<If<in_use<K>>, Unless<takes_used>>, Do<put_back<K>, make_room<K>>, Stay, Model<"a used connection makes room">>,
  Row<Serving,  slot::AttachDue<K>, Always,                               Nothing,                        Stay, Product<"Envoy PR 2871">>,
  Row<Queueing, slot::AttachDue<K>, If<takes_used, ready_at<K>, last_waiter>, Do<serve_first>,            Serving, Product<"Envoy PR 2871">>,
  Row<Queueing, slot::AttachDue<K>, All<If<takes_used, ready_at<K>>, Unless<last_waiter>>, Do<serve_first>, Stay, Product<"Envoy PR 2871">>,
  Row<Queueing, slot::AttachDue<K>, Unless<takes_used>,                   Nothing,                        Stay, Product<"Envoy PR 2871">>,
  Row<Queueing, slot::AttachDue<K>, All<If<takes_used>, Unless<ready_at<K>>>, Nothing,                    Stay, Product<"Envoy PR 2871">>,
  Row<Serving,  slot::Ended<K>,     Always,                               Do<forget<K>>,                  Stay, Rfc9112<"9.6">>,
  Row<Queueing, slot::Ended<K>,     Always,                               Do<forget<K>>,                  Stay, Rfc9112<"9.6">>,
  Row<Serving,  slot::Renewed<K>,   If<dying_at<K>>,                      Do<renew<K>>,                   Stay, Model<"the connection is gone on both sides">>,
  Row<Queueing, slot::Renewed<K>,   If<dying_at<K>, last_waiter>,         Do<renew<K>, serve_first>,      Serving, Rfc9112<"9.1">>,
  Row<Queueing, slot::Renewed<K>,   All<If<dying_at<K>>, Unless<last_waiter>>, Do<renew<K>, serve_first>, Stay, Rfc9112<"9.1">>>>;

struct Pool : Machine<Pool, Context, Out> {
  static constexpr std::string_view name = "proxy-pool";
  static constexpr std::string_view output_names[] = {
    "1 gets a", "1 gets b", "2 gets a", "2 gets b", "1 gets a, close", "1 gets b, close", "2 gets a, close", "2 gets b, close",
    "content to a", "content to b", "abandon a", "abandon b", "a: wait for the loop", "b: wait for the loop",
    "1: new connection", "2: new connection", "1: used connection", "2: used connection", "1: no room", "2: no room",
    "1: head sent", "2: head sent", "1: response begun", "2: response begun", "1: response", "2: response", "1: response, close", "2: response, close",
    "1: connect failed", "2: connect failed", "1: ended", "2: ended", "1: reset", "2: reset", "1: first write failed", "2: first write failed",
    "1: write failed", "2: write failed", "1: response timeout", "2: response timeout", "1: truncated", "2: truncated", "1: dead before use", "2: dead before use"};
  static std::string describe(const Context& context);

  using initial_state = Serving;
  using transition_table = boost::mp11::mp_append<Wants<0>, Wants<1>, Serves<0>, Serves<1>>;
};
// clang-format on

machine::Table pool_table(const Profile& profile);
std::unique_ptr<machine::Running> running_pool(const Profile& profile);

}  // namespace halfclose::proxy::pool
