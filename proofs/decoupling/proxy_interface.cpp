#include "proofs/decoupling/proxy_interface.hpp"

#include "model/machine/rows.hpp"
#include "model/proxy/caller.hpp"
#include "model/proxy/origin.hpp"

namespace halfclose::proofs {

namespace {

using deployment::Placement;
using deployment::ProxyParts;
using machine::event_id;
using machine::OutputId;
using proxy::exchange::Exchange;
using proxy::pool::Pool;
using system::Index;
using system::Stimulus;
namespace ca = proxy::caller;
namespace ex = proxy::exchange;
namespace hop = deployment::hop;
namespace og = proxy::origin;
namespace po = proxy::pool;
namespace client = http1::client;
namespace server = http1::server;

class Builder {
 public:
  Builder(const system::System& system, Interface& interface)
      : system_(system), interface_(interface) {}

  template <class Def, class E> void sees_event(Index component, std::string label) {
    interface_.observed.push_back({component, event_id<Def, E>(), std::nullopt, std::move(label)});
  }
  /// By the name that the machine gives it.
  template <class E> void sees_slot(Index pool) {
    sees_event<Pool, E>(pool, system_.components[pool].table->events[event_id<Pool, E>()]);
  }
  void sees_slot_output(Index pool, po::Out output) {
    const auto id = static_cast<OutputId>(output);
    sees_output(pool, id, system_.components[pool].table->outputs[id]);
  }
  void sees_output(Index component, OutputId output, std::string label,
                   std::optional<machine::EventId> during = std::nullopt) {
    interface_.observed.push_back({component, during, output, std::move(label)});
  }

  template <class Def, class E> void hides(Index component) {
    for (Index c = 0; c < system_.choices.size(); ++c) {
      const system::Choice& choice = system_.choices[c];
      if (choice.component == component && choice.event == event_id<Def, E>())
        interface_.hidden.push_back({Stimulus::Kind::choose, c});
    }
  }
  /// A hop's management by either end. What follows a close (drain, linger) is not private: it is
  /// armed by a step that is.
  void hides_hop(const Placement& place) {
    for (const hop::Timer timer :
         {hop::client_idle, hop::client_age, hop::server_idle, hop::server_age})
      interface_.hidden.push_back(
          {Stimulus::Kind::expire, static_cast<Index>(place.timer + timer)});
    const auto at = [&](hop::Component which) {
      return static_cast<Index>(place.component + which);
    };
    hides<client::ClientConnection, client::want::Last>(at(hop::client));
    hides<client::ClientConnection, client::manage::Retire>(at(hop::client));
    hides<server::ServerConnection, server::manage::Retire>(at(hop::server));
    hides<server::ServerConnection, server::manage::Shutdown>(at(hop::server));
  }

 private:
  const system::System& system_;
  Interface& interface_;
};

template <int K> void sees_connection(Builder& builder, Index pool) {
  namespace slot = po::slot;
  builder.sees_slot<slot::HeadSent<K>>(pool);
  builder.sees_slot<slot::Part<K>>(pool);
  builder.sees_slot<slot::Complete<K>>(pool);
  builder.sees_slot<slot::CompleteClose<K>>(pool);
  builder.sees_slot<slot::Refused<K>>(pool);
  builder.sees_slot<slot::Eof<K>>(pool);
  builder.sees_slot<slot::Reset<K>>(pool);
  builder.sees_slot<slot::Unwritten<K>>(pool);
  builder.sees_slot<slot::WriteFailed<K>>(pool);
  builder.sees_slot<slot::TimedOut<K>>(pool);
  builder.sees_slot<slot::Truncated<K>>(pool);
  builder.sees_slot<slot::Stale<K>>(pool);
  builder.sees_slot<slot::Free<K>>(pool);
  builder.sees_slot<slot::AttachDue<K>>(pool);
  builder.sees_slot<slot::Ended<K>>(pool);
  builder.sees_slot<slot::Renewed<K>>(pool);
  for (int i = 0; i < po::kOwners; ++i) {
    builder.sees_slot_output(pool, po::of(po::Out::attach_1a, 2 * i + K));
    builder.sees_slot_output(pool, po::of(po::Out::attach_last_1a, 2 * i + K));
  }
  builder.sees_slot_output(pool, po::of(po::Out::content_a, K));
  builder.sees_slot_output(pool, po::of(po::Out::abandon_a, K));
  builder.sees_slot_output(pool, po::of(po::Out::next_loop_a, K));
}

/// Calls `f` for the event of every way in which an exchange's connection can fail.
template <class F> void for_each_failure(F&& f) {
  namespace up = ex::upstream;
  f.template operator()<up::Refused>();
  f.template operator()<up::Eof>();
  f.template operator()<up::Reset>();
  f.template operator()<up::Unwritten>();
  f.template operator()<up::WriteFailed>();
  f.template operator()<up::TimedOut>();
  f.template operator()<up::Truncated>();
}

void sees_client(Builder& builder, Index exchange, const std::string& who, bool counts_failures) {
  builder.sees_event<Exchange, ex::request::Whole>(exchange, who + "request");
  builder.sees_event<Exchange, ex::request::Last>(exchange, who + "request, close");
  builder.sees_event<Exchange, ex::request::Head>(exchange, who + "request head");
  builder.sees_event<Exchange, ex::request::End>(exchange, who + "request content");
  builder.sees_event<Exchange, ex::downstream::Gone>(exchange, who + "client gone");
  builder.sees_event<Exchange, ex::upstream::Part>(exchange, who + "response arrives, in part");
  builder.sees_event<Exchange, ex::upstream::Complete>(exchange, who + "response arrives");
  builder.sees_event<Exchange, ex::upstream::CompleteClose>(exchange, who + "response arrives");
  struct Told {
    ex::Out output;
    const char* label;
  };
  constexpr Told kFailure[] = {{ex::Out::respond_error, "error"},
                               {ex::Out::close_downstream, "closed without a response"},
                               {ex::Out::cut, "response cut"}};
  for (const auto& [output, label] : kFailure) {
    const auto id = static_cast<OutputId>(output);
    for_each_failure([&]<class E>() {
      builder.sees_output(exchange, id, who + label + ", the origin failed",
                          event_id<Exchange, E>());
    });
    builder.sees_output(exchange, id, who + label);
  }
  constexpr Told kTold[] = {{ex::Out::respond, "response"},
                            {ex::Out::respond_part, "response, in part"},
                            {ex::Out::respond_rest, "response, the rest"},
                            {ex::Out::say_close, "told to close"}};
  for (const auto& [output, label] : kTold)
    builder.sees_output(exchange, static_cast<OutputId>(output), who + label);
  if (!counts_failures) return;
  for_each_failure(
      [&]<class E>() { builder.sees_event<Exchange, E>(exchange, who + "the origin fails"); });
}

std::string numbered(std::size_t i) {
  return std::to_string(i + 1) + ": ";
}

}  // namespace

Interface clients_hidden(const system::System& system, const ProxyParts& parts) {
  Interface interface {
    .statement = "how clients manage their connections makes no difference upstream",
    .private_side = "the clients' connections", .public_side = "the upstream connections",
  };
  Builder builder(system, interface);
  for (std::size_t i = 0; i < parts.exchanges.size(); ++i) {
    const Index exchange = parts.exchanges[i];
    // Whether it says close is private.
    builder.sees_event<Exchange, ex::request::Whole>(exchange, numbered(i) + "request");
    builder.sees_event<Exchange, ex::request::Last>(exchange, numbered(i) + "request");
    builder.sees_event<Exchange, ex::request::Head>(exchange, numbered(i) + "request head");
    builder.sees_event<Exchange, ex::request::End>(exchange, numbered(i) + "request content");
    // The declared channel. A client that goes between requests is not seen.
    builder.sees_output(exchange, static_cast<OutputId>(ex::Out::aborted),
                        numbered(i) + "client goes away");
  }
  sees_connection<0>(builder, parts.pool);
  sees_connection<1>(builder, parts.pool);
  for (const Index caller : parts.callers) {
    builder.hides<ca::Caller, ca::choose::AskLast>(caller);
    builder.hides<ca::Caller, ca::choose::Leave>(caller);
  }
  for (const Placement& place : parts.clients)
    builder.hides_hop(place);
  return interface;
}

Interface origins_hidden(const system::System& system, const ProxyParts& parts, std::size_t client,
                         bool counts_failures) {
  Interface interface {
    .statement = "how upstream connections are managed makes no difference to a client",
    .private_side = "the upstream connections", .public_side = "the clients",
  };
  Builder builder(system, interface);
  sees_client(builder, parts.exchanges.at(client), numbered(client), counts_failures);
  for (const Index origin : parts.origins) {
    builder.hides<og::Origin, og::choose::AnswerClose>(origin);
    builder.hides<og::Origin, og::choose::AnswerIgnored>(origin);
    builder.hides<og::Origin, og::choose::AnswerLast>(origin);
    builder.hides<og::Origin, og::choose::End>(origin);
    builder.hides<og::Origin, og::choose::EndUnseen>(origin);
    builder.hides<og::Origin, og::choose::Break>(origin);
  }
  for (const Placement& place : parts.connections)
    builder.hides_hop(place);
  return interface;
}

}  // namespace halfclose::proofs
