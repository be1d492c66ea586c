#include "model/deployment/chain_system.hpp"

#include "model/machine/made_once.hpp"
#include "model/machine/rows.hpp"
#include "model/monitor/bearer.hpp"
#include "model/monitor/request_observer.hpp"
#include "model/proxy/caller.hpp"
#include "model/proxy/origin.hpp"
#include "model/tcp/endpoint.hpp"

#include <string>
#include <utility>

namespace halfclose::deployment {

namespace {

using namespace system;
namespace app_c = http1::client;
namespace app_s = http1::server;
namespace ex = proxy::exchange;
namespace po = proxy::pool;
namespace ca = proxy::caller;
namespace og = proxy::origin;
namespace rq = monitor::request;
namespace be = monitor::bearer;
using app_c::ClientConnection;
using app_s::ServerConnection;
using be::Bearer;
using ca::Caller;
using ex::Exchange;
using machine::event_id;
using machine::made_once;
using og::Origin;
using po::Pool;
using rq::RequestObserver;
using tcp::Endpoint;

static_assert(kUpstreamRaces == static_cast<unsigned>(rq::Out::gives_a),
              "from there on the observer of requests speaks to the bearers");

template <class Out> OutputId id(Out output) {
  return static_cast<OutputId>(output);
}
template <class Def, class E> Action raise(Index component) {
  return {.kind = Action::Kind::raise, .target = component, .event = event_id<Def, E>()};
}
template <class Def, class E> Action during(Action action) {
  action.only_during = event_id<Def, E>();
  return action;
}

class Chain {
 public:
  Chain(const ChainSettings& settings) : settings_(settings) {}

  System build(ChainParts* parts) {
    name_messages(system_);
    parts_.proxies.resize(settings_.proxies.size());
    for (Index i = 0; i < settings_.clients; ++i)
      add_client(i);
    for (std::size_t s = 0; s < settings_.proxies.size(); ++s) {
      add_hub(s);
      for (Index k = 0; k < settings_.proxies[s].connections; ++k)
        add_connection(s, k);
    }
    for (std::size_t s = 0; s < settings_.proxies.size(); ++s) {
      if (s > 0) bind_bearer(s);
      bind_near<0>(s);
      bind_far<0>(s);
      if (owners(s) > 1) bind_near<1>(s);
      if (settings_.proxies[s].connections > 1) bind_far<1>(s);
    }
    system_.seal();
    if (parts != nullptr) *parts = parts_;
    return std::move(system_);
  }

 private:
  std::string name(std::size_t s) const { return settings_.proxies[s].upstream.client.name; }
  static std::string numbered(Index i) { return " " + std::to_string(i + 1); }
  static std::string lettered(Index k) { return k == 0 ? " a" : " b"; }
  bool several() const { return settings_.proxies.size() > 1; }
  bool is_last(std::size_t s) const { return s + 1 == settings_.proxies.size(); }
  /// Of several proxies' hops, which: a proxy is the server of one and the client of the next.
  std::string of_hop(std::size_t hop) const {
    return several() ? " of hop " + std::to_string(hop + 1) : "";
  }
  /// Connections that may ask proxy `s` at a time.
  int owners(std::size_t s) const {
    return s == 0 ? settings_.clients : settings_.proxies[s - 1].connections;
  }
  Index lane_of_owner(std::size_t s, int i) const {
    return static_cast<Index>(s == 0 ? i : parts_.proxies[s - 1].hub + 1 + i);
  }
  Index observer() const { return parts_.proxies.front().observer; }

  Index add(std::string component, Index lane, std::shared_ptr<const machine::Table> table) {
    system_.components.push_back({std::move(component), std::move(table), 0, lane});
    return static_cast<Index>(system_.components.size() - 1);
  }
  Index add(std::string component, Index lane, const machine::Table& table) {
    return add(std::move(component), lane,
               std::shared_ptr<const machine::Table>(&table, [](const machine::Table*) {}));
  }

  void add_exchange(std::size_t s, Index i) {
    parts_.proxies[s].exchanges.push_back(
        add(name(s) + " exchange" + numbered(i), lane_of_owner(s, i),
            made_once(ex::exchange_table, settings_.proxies[s].exchange)));
    if (settings_.proxies[s].exchange.pauses) {
      system_.choices.push_back({name(s) + numbered(i) + " has paused long enough",
                                 parts_.proxies[s].exchanges.back(),
                                 event_id<Exchange, ex::pause::Over>()});
    }
  }

  void add_client(Index i) {
    system_.lanes.push_back({.name = "client" + numbered(i), .kind = 0});
    if (settings_.downstream) {
      HopSettings hop = *settings_.downstream;
      hop.with_body = settings_.content;
      hop.client.profile.pipelines = false;
      hop.with_waiting = false;  // the exchange has one request at a time
      parts_.clients.push_back(
          add_hop(system_, hop,
                  {.lane = i,
                   .tag = (settings_.clients > 1 ? numbered(i) : "") + of_hop(0),
                   .ages = false,
                   .client_says_close = settings_.manages && !settings_.content,
                   .client_sends_plain = !settings_.content,
                   .client_sends_parts = false,
                   .server_answers = false}));
    } else {
      add_caller(i);
    }
    add_exchange(0, i);
  }

  void add_caller(Index i) {
    const Index caller =
        add("client" + numbered(i), i,
            made_once<ca::Profile>(ca::caller_table, {.content = settings_.content,
                                                      .goes_away = settings_.aborts,
                                                      .manages = settings_.manages}));
    parts_.callers.push_back(caller);
    auto choice = [&](const char* what, machine::EventId event) {
      system_.choices.push_back({"client" + numbered(i) + what, caller, event});
    };
    choice(" asks", event_id<Caller, ca::choose::Ask>());
    choice(" asks, and says close", event_id<Caller, ca::choose::AskLast>());
    choice(" sends the content", event_id<Caller, ca::choose::Content>());
    choice(" leaves", event_id<Caller, ca::choose::Leave>());
    choice(" goes away", event_id<Caller, ca::choose::GoAway>());
  }

  void add_hub(std::size_t s) {
    const ProxyNode& node = settings_.proxies[s];
    ProxyPlaces& places = parts_.proxies[s];
    po::Profile pool = node.pool;
    pool.slots = static_cast<std::uint8_t>(node.connections);
    // A pool that does not look at its connections has no turn of the loop to wait for.
    if (!node.upstream.client.profile.watches) pool.next_loop = false;
    places.hub = static_cast<Index>(system_.lanes.size());
    system_.lanes.push_back({.name = name(s) + " pool"});
    places.pool = add(name(s) + " pool", places.hub, made_once(po::pool_table, pool));
    if (s > 0) {
      places.observer = add(name(s) + " bearer", places.hub, be::bearer_table());
      return;
    }
    places.observer = add(
        "request", places.hub,
        made_once<rq::Profile>(rq::request_observer_table,
                               {.attempts = static_cast<std::uint8_t>(settings_.attempts_claimed),
                                .chained = several(),
                                .only_new = !several() && node.exchange.reused_is_free}));
    system_.observers.push_back({places.observer, 0, kUpstreamRaces});
    auto choice = [&](const char* what, machine::EventId event) {
      system_.choices.push_back({what, places.observer, event});
    };
    choice("watch the next request of client 1", event_id<RequestObserver, rq::saw::Watch<0>>());
    if (settings_.clients > 1) {
      choice("watch the next request of client 2", event_id<RequestObserver, rq::saw::Watch<1>>());
    }
  }

  void add_connection(std::size_t s, Index k) {
    const ProxyNode& node = settings_.proxies[s];
    const auto lane = static_cast<Index>(parts_.proxies[s].hub + 1 + k);
    system_.lanes.push_back(
        {.name = (several() ? name(s) + " connection" : "connection") + lettered(k),
         .kind = static_cast<Index>(1 + s)});
    if (is_last(s) && settings_.any_origin) return add_origin(s, lane, k);
    HopSettings hop = node.upstream;
    hop.with_body = settings_.content;
    hop.client.profile.pipelines = false;
    hop.client.profile.closes_when_early = true;
    hop.client.profile.waits_for_close = false;
    hop.content_within = kOff;  // it comes when the client has sent it
    hop.with_waiting = false;   // the pool has the requests that wait
    const Placement place =
        add_hop(system_, hop,
                {.lane = lane,
                 .tag = (node.connections > 1 ? lettered(k) : "") + of_hop(s + 1),
                 .ages = false,
                 .client_asks = false,
                 .server_answers = is_last(s)});
    parts_.proxies[s].connections.push_back(place);
    system_.observers.push_back(
        {at(place, hop::observer), is_last(s) ? kUpstreamRaces : kInnerRaces});
    if (!is_last(s)) add_exchange(s + 1, k);
  }

  void add_origin(std::size_t s, Index lane, Index k) {
    const Index origin = add("connection" + lettered(k), lane, og::origin_table());
    parts_.proxies[s].origins.push_back(origin);
    auto choice = [&]<class E>(const char* what) {
      system_.choices.push_back({"connection" + lettered(k) + what, origin, event_id<Origin, E>()});
    };
    choice.operator()<og::choose::Open>(" opens");
    choice.operator()<og::choose::OpenBroken>(" opens, and the head cannot be written");
    choice.operator()<og::choose::Refuse>(" is refused");
    choice.operator()<og::choose::Begin>(": the response begins");
    choice.operator()<og::choose::Answer>(": the origin answers");
    choice.operator()<og::choose::AnswerClose>(": the origin answers, and says close");
    choice.operator()<og::choose::AnswerIgnored>(": the origin says close, and is not heard");
    choice.operator()<og::choose::AnswerLast>(": the origin answers, then the connection ends");
    choice.operator()<og::choose::Eof>(" ends without a response");
    choice.operator()<og::choose::Reset>(" is reset");
    choice.operator()<og::choose::Unwritten>(": the first write fails");
    choice.operator()<og::choose::WriteFailed>(": a write fails");
    choice.operator()<og::choose::TimedOut>(": no response in time");
    choice.operator()<og::choose::Truncate>(" ends within the response");
    choice.operator()<og::choose::End>(" ends while pooled");
    choice.operator()<og::choose::EndUnseen>(" ends while pooled, unseen");
    choice.operator()<og::choose::Break>(" breaks while pooled, unseen");
    choice.operator()<og::choose::Turn>(": a turn of the loop");
    choice.operator()<og::choose::Gone>(" is gone on both sides");
  }

  static Index at(const Placement& place, hop::Component component) {
    return static_cast<Index>(place.component + component);
  }
  static Index at(const Placement& place, hop::Queue queue) {
    return static_cast<Index>(place.queue + queue);
  }
  std::size_t events_of(Index component) const {
    return system_.components[component].table->events.size();
  }
  template <class Out> void bind(Index component, Out output, std::vector<Action> actions) {
    system_.bind(component, id(output), std::move(actions));
  }

  /// What the observer of requests sees at the first proxy, and a bearer at the others.
  template <class Observed, class Borne> Action follow(std::size_t s) const {
    return s == 0 ? raise<RequestObserver, Observed>(observer())
                  : raise<Bearer, Borne>(parts_.proxies[s].observer);
  }
  /// To the bearer behind connection K of proxy `s`, if there is one.
  template <int K> void clear_next(std::size_t s, std::vector<Action>& actions) const {
    if (is_last(s)) return;
    actions.push_back(raise<Bearer, be::near::Cleared<K>>(parts_.proxies[s + 1].observer));
  }

  /// Nothing can happen any more on a hop whose applications have closed: the kernels are without
  /// descriptors and the wires are empty (what is left are TCP's own timers).
  void ends(Lane& lane, const Placement& place) {
    auto locals = [&](hop::Component which, auto&& is_over) {
      const Index component = at(place, which);
      const machine::Table& table = *system_.components[component].table;
      std::vector<bool> over(table.locals.size());
      for (machine::LocalId l = 0; l < over.size(); ++l)
        over[l] = is_over(table, l);
      lane.over_in.emplace_back(component, std::move(over));
    };
    auto closed = [](const machine::Table& table, machine::LocalId l) {
      return table.state_name(l) == app_s::Closed::name ||
             table.state_name(l) == app_s::Listening::name;
    };
    auto no_descriptor = [](const machine::Table& table, machine::LocalId l) {
      return table.state_name(l) == tcp::Listen::name ||
             table.at(l, event_id<Endpoint, tcp::user::Close>()).verdict != machine::Verdict::taken;
    };
    locals(hop::client, closed);
    locals(hop::client_kernel, no_descriptor);
    locals(hop::server_kernel, no_descriptor);
    locals(hop::server, closed);
  }

  /// Connection I that may ask proxy `s`: its exchange between that connection and the pool.
  template <int I> void bind_near(std::size_t s) {
    const Index exchange = parts_.proxies[s].exchanges[I], hub_pool = parts_.proxies[s].pool;
    using Out = ex::Out;
    auto to_pool = [&]<class E>(Out output) { bind(exchange, output, {raise<Pool, E>(hub_pool)}); };
    to_pool.template operator()<po::owner::Want<I>>(Out::want);
    to_pool.template operator()<po::owner::WantLast<I>>(Out::want_last);
    to_pool.template operator()<po::owner::WantFresh<I>>(Out::want_fresh);
    to_pool.template operator()<po::owner::Content<I>>(Out::send_content);
    to_pool.template operator()<po::owner::Cancel<I>>(Out::cancel);
    to_pool.template operator()<po::owner::Drop<I>>(Out::drop_upstream);
    if (s == 0) {
      observe_first<I>(exchange);
    } else {
      const Action responded = raise<Bearer, be::near::Responded<I>>(parts_.proxies[s].observer);
      bind(exchange, Out::respond, {responded});
      bind(exchange, Out::respond_rest, {responded});
    }
    if (s > 0) {
      bind_server(lane_of_owner(s, I), parts_.proxies[s - 1].connections[I], exchange);
    } else if (settings_.downstream) {
      bind_server(lane_of_owner(s, I), parts_.clients[I], exchange);
      bind_client<I>();
    } else {
      bind_caller<I>(exchange);
    }

    auto from_pool = [&]<class E>(po::Out first) {
      bind(hub_pool, po::of(first, I), {raise<Exchange, E>(exchange)});
    };
    bind(hub_pool, po::of(po::Out::fresh_1, I), {follow<rq::saw::Fresh<I>, be::near::Fresh<I>>(s)});
    from_pool.template operator()<ex::pool::Fresh>(po::Out::fresh_1);
    from_pool.template operator()<ex::pool::Reused>(po::Out::reused_1);
    from_pool.template operator()<ex::pool::Overflow>(po::Out::overflow_1);
    from_pool.template operator()<ex::upstream::HeadSent>(po::Out::head_sent_1);
    from_pool.template operator()<ex::upstream::Part>(po::Out::part_1);
    from_pool.template operator()<ex::upstream::Complete>(po::Out::complete_1);
    from_pool.template operator()<ex::upstream::CompleteClose>(po::Out::complete_close_1);
    from_pool.template operator()<ex::upstream::Refused>(po::Out::refused_1);
    from_pool.template operator()<ex::upstream::Eof>(po::Out::eof_1);
    from_pool.template operator()<ex::upstream::Reset>(po::Out::reset_1);
    from_pool.template operator()<ex::upstream::Unwritten>(po::Out::unwritten_1);
    from_pool.template operator()<ex::upstream::WriteFailed>(po::Out::write_failed_1);
    from_pool.template operator()<ex::upstream::TimedOut>(po::Out::timed_out_1);
    from_pool.template operator()<ex::upstream::Truncated>(po::Out::truncated_1);
    from_pool.template operator()<ex::upstream::Stale>(po::Out::stale_1);
  }

  template <int I> void observe_first(Index exchange) {
    using Out = ex::Out;
    auto observe = [&]<class E>(Out output) {
      bind(exchange, output, {raise<RequestObserver, E>(observer())});
    };
    observe.template operator()<rq::saw::Responded<I>>(Out::respond);
    observe.template operator()<rq::saw::Responded<I>>(Out::respond_rest);
    observe.template operator()<rq::saw::Errored<I>>(Out::respond_error);
    observe.template operator()<rq::saw::Errored<I>>(Out::close_downstream);
    observe.template operator()<rq::saw::Cut<I>>(Out::cut);
    observe.template operator()<rq::saw::Retried<I>>(Out::retried);
  }

  template <int I> void bind_caller(Index exchange) {
    const Index caller = parts_.callers[I];
    auto out = [&](ca::Out output, Action action) { bind(caller, output, {action}); };
    out(ca::Out::asked, raise<RequestObserver, rq::saw::Asked<I>>(observer()));
    out(ca::Out::ask, raise<Exchange, ex::request::Whole>(exchange));
    out(ca::Out::ask_last, raise<Exchange, ex::request::Last>(exchange));
    out(ca::Out::ask_head, raise<Exchange, ex::request::Head>(exchange));
    out(ca::Out::content, raise<Exchange, ex::request::End>(exchange));
    out(ca::Out::gone, raise<Exchange, ex::downstream::Gone>(exchange));
    out(ca::Out::completed, raise<RequestObserver, rq::saw::Completed<I>>(observer()));
    out(ca::Out::failed, raise<RequestObserver, rq::saw::Failed<I>>(observer()));
    out(ca::Out::went_away, raise<RequestObserver, rq::saw::GaveUp<I>>(observer()));
    auto in = [&](ex::Out output, Action action) { bind(exchange, output, {action}); };
    in(ex::Out::respond, raise<Caller, ca::told::Response>(caller));
    in(ex::Out::respond_error, raise<Caller, ca::told::Response>(caller));
    in(ex::Out::respond_part, raise<Caller, ca::told::Part>(caller));
    in(ex::Out::respond_rest, raise<Caller, ca::told::Rest>(caller));
    in(ex::Out::cut, raise<Caller, ca::told::Cut>(caller));
    in(ex::Out::close_downstream, raise<Caller, ca::told::Cut>(caller));
  }

  /// A whole hop whose server is a proxy's: it drives the exchange, and the exchange drives it.
  void bind_server(Index lane_index, const Placement& place, Index exchange) {
    const Index server = at(place, hop::server);
    using SOut = app_s::Out;
    namespace head = app_s::head;
    bind(server, SOut::read_request,
         {during<ServerConnection, head::Request>(raise<Exchange, ex::request::Whole>(exchange)),
          during<ServerConnection, head::Last>(raise<Exchange, ex::request::Last>(exchange)),
          during<ServerConnection, head::Head>(raise<Exchange, ex::request::Head>(exchange)),
          // That its content waits for 100 is between the client and the server connection.
          during<ServerConnection, head::Expect>(raise<Exchange, ex::request::Head>(exchange))});
    bind(server, SOut::content_read, {raise<Exchange, ex::request::End>(exchange)});
    bind(server, SOut::close_fd, {raise<Exchange, ex::downstream::Gone>(exchange)});
    auto respond = [&](ex::Out output, Action action) { bind(exchange, output, {action}); };
    respond(ex::Out::say_close, raise<ServerConnection, app_s::manage::Shutdown>(server));
    respond(ex::Out::respond, raise<ServerConnection, app_s::respond::Whole>(server));
    respond(ex::Out::respond_error, raise<ServerConnection, app_s::respond::Whole>(server));
    respond(ex::Out::respond_part, raise<ServerConnection, app_s::respond::Part>(server));
    respond(ex::Out::respond_rest, raise<ServerConnection, app_s::respond::Rest>(server));
    respond(ex::Out::cut, raise<ServerConnection, app_s::respond::Cut>(server));
    respond(ex::Out::close_downstream, raise<ServerConnection, app_s::respond::Cut>(server));

    Lane& lane = system_.lanes[lane_index];
    ends(lane, place);
    std::vector<bool> idle(system_.components[exchange].table->locals.size());
    for (machine::LocalId l = 0; l < idle.size(); ++l)
      idle[l] = system_.components[exchange].table->state_name(l) == ex::Idle::name;
    lane.over_in.emplace_back(exchange, std::move(idle));
  }

  /// What the application of client I sees.
  template <int I> void bind_client() {
    const Index client = at(parts_.clients[I], hop::client);
    using COut = app_c::Out;
    auto observe = [&]<class E>(COut output) {
      bind(client, output, {raise<RequestObserver, E>(observer())});
    };
    observe.template operator()<rq::saw::Asked<I>>(COut::asked);
    observe.template operator()<rq::saw::Completed<I>>(COut::completed);
    observe.template operator()<rq::saw::Failed<I>>(COut::lost);
    observe.template operator()<rq::saw::Failed<I>>(COut::truncated);
    observe.template operator()<rq::saw::Failed<I>>(COut::timed_out);
    observe.template operator()<rq::saw::Closed<I>>(COut::close_fd);
  }

  /// What the bearer of proxy `s` tells the one before it, the one behind it, and the observer.
  void bind_bearer(std::size_t s) {
    const Index bearer = parts_.proxies[s].observer, before = parts_.proxies[s - 1].observer;
    using Out = be::Out;
    auto tell = [&](Out output, Action action) { bind(bearer, output, {action}); };
    tell(Out::spread, follow<rq::saw::Spread, be::far::Spread>(s - 1));
    tell(Out::gathered, follow<rq::saw::Gathered, be::far::Gathered>(s - 1));
    tell(Out::sent, raise<RequestObserver, rq::saw::SentBeyond>(observer()));
    tell(Out::executed, raise<RequestObserver, rq::saw::ExecutedBeyond>(observer()));
    tell(Out::fresh, raise<RequestObserver, rq::saw::FreshBeyond>(observer()));
    tell(Out::mixed_up, raise<RequestObserver, rq::saw::MixedUp>(observer()));
    const Action marked_a = raise<Bearer, be::near::Marked<0>>(bearer);
    const Action marked_b = raise<Bearer, be::near::Marked<1>>(bearer);
    if (s == 1) {
      bind(before, rq::Out::gives_a, {marked_a});
      bind(before, rq::Out::gives_b, {marked_b});
    } else {
      bind(before, Out::gives_a, {marked_a});
      bind(before, Out::gives_b, {marked_b});
    }
  }

  template <int K> void bind_far(std::size_t s) {
    if (is_last(s) && settings_.any_origin) {
      bind_origin<K>(s);
    } else {
      bind_connection<K>(s);
    }
  }

  /// What the pool does to connection K, where a request is the message `Request`, and so on.
  template <int K, class Def, class Request, class Last, class Head, class Content, class Abandon,
            class NextLoop>
  void bind_from_pool(std::size_t s, Index connection) {
    auto from_pool = [&](po::Out output, Action action) {
      bind(parts_.proxies[s].pool, output, {action});
    };
    for (int i = 0; i < owners(s); ++i) {
      const auto attach = po::of(po::Out::attach_1a, 2 * i + K);
      const auto attach_last = po::of(po::Out::attach_last_1a, 2 * i + K);
      // The bearer behind forgets what the connection had before it is told what it has.
      std::vector<Action> attached = {
          i == 0 ? follow<rq::saw::Attached<K>, be::far::Attached<K>>(s)
                 : follow<rq::saw::Attached<2 + K>, be::far::Attached<2 + K>>(s)};
      clear_next<K>(s, attached);
      bind(parts_.proxies[s].pool, attach, attached);
      from_pool(attach,
                settings_.content ? raise<Def, Head>(connection) : raise<Def, Request>(connection));
      bind(parts_.proxies[s].pool, attach_last, attached);
      from_pool(attach_last, raise<Def, Last>(connection));
    }
    from_pool(po::of(po::Out::content_a, K), raise<Def, Content>(connection));
    from_pool(po::of(po::Out::abandon_a, K), raise<Def, Abandon>(connection));
    from_pool(po::of(po::Out::next_loop_a, K), raise<Def, NextLoop>(connection));
  }

  template <int K> void bind_origin(std::size_t s) {
    const ProxyPlaces& places = parts_.proxies[s];
    const Index origin = places.origins[K];
    using Out = og::Out;
    namespace slot = po::slot;
    auto tell = [&]<class E>(Out output) { bind(origin, output, {raise<Pool, E>(places.pool)}); };
    tell.template operator()<slot::HeadSent<K>>(Out::head_sent);
    tell.template operator()<slot::Part<K>>(Out::part);
    tell.template operator()<slot::Complete<K>>(Out::complete);
    tell.template operator()<slot::CompleteClose<K>>(Out::complete_close);
    tell.template operator()<slot::Refused<K>>(Out::refused);
    tell.template operator()<slot::Eof<K>>(Out::eof);
    tell.template operator()<slot::Reset<K>>(Out::reset);
    tell.template operator()<slot::Unwritten<K>>(Out::unwritten);
    tell.template operator()<slot::WriteFailed<K>>(Out::write_failed);
    tell.template operator()<slot::TimedOut<K>>(Out::timed_out);
    tell.template operator()<slot::Truncated<K>>(Out::truncated);
    tell.template operator()<slot::Stale<K>>(Out::stale);
    tell.template operator()<slot::Free<K>>(Out::free);
    tell.template operator()<slot::AttachDue<K>>(Out::attach_due);
    tell.template operator()<slot::Ended<K>>(Out::ended);
    bind(origin, Out::sent, {follow<rq::saw::Sent<K>, be::far::Sent<K>>(s)});
    bind(origin, Out::answered, {follow<rq::saw::Answered<K>, be::far::Answered<K>>(s)});
    if (s == 0) bind(origin, Out::ended, {raise<RequestObserver, rq::saw::Ended<K>>(observer())});
    // The observer first: the pool may hand the connection to the next request at once.
    bind(origin, Out::renewed, {follow<rq::saw::Renewed<K>, be::far::Renewed<K>>(s)});
    tell.template operator()<slot::Renewed<K>>(Out::renewed);
    namespace told = og::told;
    bind_from_pool<K, Origin, told::Request, told::Last, told::Head, told::Content, told::Abandon,
                   told::NextLoop>(s, origin);
  }

  template <int K> void bind_connection(std::size_t s) {
    const ProxyPlaces& places = parts_.proxies[s];
    const Placement& place = places.connections[K];
    const Index client = at(place, hop::client);
    using Out = app_c::Out;
    namespace response = app_c::response;
    namespace slot = po::slot;
    auto tell = [&](Out output, Action action) { bind(client, output, {action}); };
    std::vector<Action> answered = {follow<rq::saw::Answered<K>, be::far::Answered<K>>(s)};
    clear_next<K>(s, answered);
    const Action complete = raise<Pool, slot::Complete<K>>(places.pool);
    const Action complete_close = raise<Pool, slot::CompleteClose<K>>(places.pool);
    for (machine::EventId event = 0; event < events_of(client); ++event) {
      auto when_read = [&](Action action) {
        action.only_during = event;
        tell(Out::completed, action);
      };
      // An unsolicited 408 is not the origin's answer to anything.
      if (event != event_id<ClientConnection, response::Timeout408>()) {
        for (const Action& action : answered)
          when_read(action);
      }
      when_read(event == event_id<ClientConnection, response::WholeClose>() ? complete_close
                                                                            : complete);
    }
    tell(Out::response_begun, raise<Pool, slot::Part<K>>(places.pool));
    tell(Out::lost,
         during<ClientConnection, app_c::transport::Eof>(raise<Pool, slot::Eof<K>>(places.pool)));
    tell(Out::lost, during<ClientConnection, app_c::transport::Error>(
                        raise<Pool, slot::Reset<K>>(places.pool)));
    // Without content there is one write. With it a proxy cannot tell which of them failed.
    tell(Out::lost, during<ClientConnection, app_c::transport::WriteError>(
                        settings_.content ? raise<Pool, slot::WriteFailed<K>>(places.pool)
                                          : raise<Pool, slot::Unwritten<K>>(places.pool)));
    tell(Out::truncated, raise<Pool, slot::Truncated<K>>(places.pool));
    tell(Out::timed_out, raise<Pool, slot::TimedOut<K>>(places.pool));
    tell(Out::idle_while_connecting, raise<Pool, slot::Refused<K>>(places.pool));
    tell(Out::connect_failed, raise<Pool, slot::Refused<K>>(places.pool));
    tell(Out::dead_on_peek, raise<Pool, slot::Stale<K>>(places.pool));
    tell(Out::send_head, raise<Pool, slot::HeadSent<K>>(places.pool));
    tell(Out::enter_pool, raise<Pool, slot::Free<K>>(places.pool));
    tell(Out::close_fd, raise<Pool, slot::Ended<K>>(places.pool));
    if (s == 0) tell(Out::close_fd, raise<RequestObserver, rq::saw::Ended<K>>(observer()));
    if (is_last(s)) tell(Out::asked, follow<rq::saw::Sent<K>, be::far::Sent<K>>(s));
    // What the kernel has told already is looked at first: the turn queues up behind it.
    const Index input = at(place, hop::client_input);
    tell(Out::next_loop, {.kind = Action::Kind::send, .target = input, .payload = hop::turn});
    system_.deliver(input, hop::turn, {raise<Pool, slot::AttachDue<K>>(places.pool)});

    if (s == 0) {
      Action knew = raise<RequestObserver, rq::saw::KernelKnew<K>>(observer());
      knew.only_payloads = 1ull << hop::request | 1ull << hop::request_close | 1ull << hop::head;
      bind(at(place, hop::client_kernel), tcp::Out::late_write, {knew});
    }
    if (is_last(s))
      execute(at(place, hop::server), follow<rq::saw::Executed<K>, be::far::Executed<K>>(s));

    namespace want = app_c::want;
    bind_from_pool<K, ClientConnection, want::Request, want::Last, want::Head, want::BodyIfOpen,
                   app_c::manage::Abandon, app_c::manage::NextLoop>(s, client);

    Lane& lane = system_.lanes[static_cast<std::size_t>(places.hub + 1 + K)];
    // A proxy behind it says the same of its server, and of its exchange.
    if (is_last(s)) ends(lane, place);
    // The observer first: the pool may hand the connection to the next request at once.
    lane.on_renewed = {follow<rq::saw::Renewed<K>, be::far::Renewed<K>>(s)};
    clear_next<K>(s, lane.on_renewed);
    lane.on_renewed.push_back(raise<Pool, slot::Renewed<K>>(places.pool));
  }

  void execute(Index origin, Action executed) {
    bind(origin, app_s::Out::read_request,
         {during<ServerConnection, app_s::head::Request>(executed),
          during<ServerConnection, app_s::head::Last>(executed)});
    bind(origin, app_s::Out::content_read, {executed});
    bind(origin, app_s::Out::answered_early, {executed});
  }

  const ChainSettings& settings_;
  ChainParts parts_;
  System system_;
};

}  // namespace

System chain_system(const ChainSettings& settings, ChainParts* parts) {
  return Chain(settings).build(parts);
}

}  // namespace halfclose::deployment
