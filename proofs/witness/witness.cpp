#include "proofs/witness/witness.hpp"

#include "model/machine/rows.hpp"
#include "model/monitor/request_observer.hpp"
#include "model/net/middlebox.hpp"
#include "model/tcp/endpoint.hpp"
#include "proofs/witness/proxy_words.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

using namespace deployment;
using system::Occurrence;
using system::Stimulus;
using tcp::Endpoint;

/// What a call of the endpoint returned, if the event is a call.
std::string result_of(const machine::Table& table, const machine::Cell& cell) {
  using tcp::Out;
  for (const machine::OutputId output : table.outputs_of(cell)) {
    switch (static_cast<Out>(output)) {
      case Out::ok:
      case Out::held:
      case Out::bytes:
      case Out::eof:
      case Out::would_block:
      case Out::in_progress:
      case Out::econnreset:
      case Out::epipe:
      case Out::econnrefused:
      case Out::etimedout:
      case Out::enotconn:
        return table.outputs[output];
      default:
        break;
    }
  }
  return {};
}

/// The system call behind a user event of the endpoint.
std::string call_text(machine::EventId event, const std::string& payload) {
  using machine::event_id;
  namespace user = tcp::user;
  if (event == event_id<Endpoint, user::Open>()) return "connect()";
  if (event == event_id<Endpoint, user::Send>()) return "send(" + payload + ")";
  if (event == event_id<Endpoint, user::SendHeld>())
    return "send(" + payload + "), held in the send queue";
  if (event == event_id<Endpoint, user::Recv>() || event == event_id<Endpoint, user::RecvPart>())
    return "recv()";
  if (event == event_id<Endpoint, user::Peek>()) return "recv(MSG_PEEK)";
  if (event == event_id<Endpoint, user::ShutdownWrite>()) return "shutdown(WR)";
  if (event == event_id<Endpoint, user::Close>()) return "close()";
  return {};
}

class Recorder {
 public:
  /// `stage` outlives this.
  Recorder(const Settings& settings, const Stage& stage, const Path& path,
           const std::vector<Time>* times, Aging aging)
      : stage_(stage),
        system_(stage_.system),
        path_(path),
        times_(times),
        in_flight_(system_.queues.size()) {
    witness_.settings = settings;
    witness_.timed = times != nullptr;
    witness_.path = path;
    witness_.aging = aging;
  }

  Witness record() {
    system::State state = system_.initial();
    system::StepResult step;
    for (std::size_t k = 0; k < path_.size(); ++k) {
      now_ = times_ == nullptr ? static_cast<Time>(k) : (*times_)[k];
      occurrences_.clear();
      system_.step(state, path_[k], step, &occurrences_);
      state = step.state;
      current_ = {.at = now_, .stimulus = system_.describe(path_[k])};
      if (path_[k].kind == Stimulus::Kind::expire) expire(path_[k].index);
      for (std::size_t o = 0; o < occurrences_.size(); ++o)
        write_down(o, path_[k]);
      for (ActorId actor = 0; actor < stage_.cast.actors.size(); ++actor)
        current_.states.push_back(state_of(state, actor));
      witness_.steps.push_back(std::move(current_));
      if (witness_.aging.by > 0 && witness_.aging.step == k) grow_older();
    }
    return std::move(witness_);
  }

 private:
  void add(Happening happening) { current_.happenings.push_back(std::move(happening)); }
  ActorId actor_of(system::Index component) const { return stage_.actor_of[component]; }
  const Actor& actor(ActorId id) const { return stage_.cast.actors[id]; }

  /// What a pool's connections are used for is in its context; it has no other state to speak of.
  std::string state_of(const system::State& state, ActorId actor_id) const {
    const system::Index component = stage_.component_of[actor_id];
    const machine::Table& table = *system_.components[component].table;
    const machine::LocalId local = system_.local(state, component);
    return actor(actor_id).kind == ActorKind::pool ? table.locals[local].context
                                                   : table.state_name(local);
  }

  void expire(system::Index timer) {
    for (auto use = witness_.timers.rbegin(); use != witness_.timers.rend(); ++use) {
      if (use->symbol == system_.timers[timer].name && !use->expired && !use->cancelled) {
        use->expired = now_;
        break;
      }
    }
    add({.kind = Happening::Kind::expires,
         .actor = actor_of(system_.timers[timer].owner),
         .text = system_.timers[timer].name});
  }

  void write_down(std::size_t at, Stimulus stimulus) {
    const Occurrence& occurrence = occurrences_[at];
    switch (occurrence.kind) {
      case Occurrence::Kind::fired:
        fired(at, stimulus);
        break;
      case Occurrence::Kind::sent:
        if (system_.queues[occurrence.index].kind != system::QueueKind::wire) break;
        in_flight_[occurrence.index].push_back(static_cast<int>(witness_.segments.size()));
        add({.kind = Happening::Kind::sends,
             .actor = actor_of(system_.queues[occurrence.index].from),
             .text = system_.messages[occurrence.message],
             .segment = static_cast<int>(witness_.segments.size())});
        witness_.segments.push_back({.text = system_.messages[occurrence.message],
                                     .from = actor_of(system_.queues[occurrence.index].from),
                                     .sent = now_});
        break;
      case Occurrence::Kind::taken: {
        if (system_.queues[occurrence.index].kind != system::QueueKind::wire) break;
        auto& flying = in_flight_[occurrence.index];
        const int segment = flying.front();
        flying.erase(flying.begin());
        witness_.segments[segment].arrived = now_;
        add({.kind = Happening::Kind::receives,
             .actor = actor_of(system_.queues[occurrence.index].to),
             .text = system_.messages[occurrence.message],
             .segment = segment});
        break;
      }
      case Occurrence::Kind::armed: {
        cancel(occurrence.index);  // arming again starts anew
        const system::Timer& timer = system_.timers[occurrence.index];
        witness_.timers.push_back({.symbol = timer.name,
                                   .owner = actor_of(timer.owner),
                                   .lo = std::max<Time>(0, timer.lo),
                                   .hi = timer.hi,
                                   .armed = now_});
        break;
      }
      case Occurrence::Kind::cancelled:
        cancel(occurrence.index);
        break;
      case Occurrence::Kind::renewed:
        add({.kind = Happening::Kind::remark,
             .actor = first_of_lane(occurrence.index),
             .text = system_.lanes[occurrence.index].name + " is over on both sides"});
        break;
      case Occurrence::Kind::cleared:
        break;
    }
  }

  /// The exchange was repeated: what runs now was armed by its last repetition, but for the timers
  /// of age.
  void grow_older() {
    for (TimerUse& use : witness_.timers) {
      if (use.expired || use.cancelled) continue;
      const auto timer = std::find_if(system_.timers.begin(), system_.timers.end(),
                                      [&](const system::Timer& t) { return t.name == use.symbol; });
      if (!(system_.aging >> (timer - system_.timers.begin()) & 1)) use.armed += witness_.aging.by;
    }
  }

  void cancel(system::Index timer) {
    for (TimerUse& use : witness_.timers) {
      if (use.symbol == system_.timers[timer].name && !use.expired && !use.cancelled)
        use.cancelled = now_;
    }
  }

  ActorId first_of_lane(system::Index lane) const {
    for (system::Index c = 0; c < system_.components.size(); ++c) {
      if (system_.components[c].lane == lane && actor_of(c) != kNobody) return actor_of(c);
    }
    return 0;
  }

  /// The actor whose output raised the event that fires at `at`; kNobody when the stimulus did.
  ActorId raiser_of(std::size_t at) const {
    const Occurrence& raised = occurrences_[at];
    for (std::size_t before = at; before-- > 0;) {
      const Occurrence& one = occurrences_[before];
      if (one.kind != Occurrence::Kind::fired || actor_of(one.index) == kNobody) continue;
      const machine::Table& table = *system_.components[one.index].table;
      for (const machine::OutputId output : table.outputs_of(table.at(one.before, one.event))) {
        for (const system::Action& action : system_.bindings(one.index, output)) {
          if (action.kind == system::Action::Kind::raise && action.target == raised.index &&
              (action.event == raised.event || action.event_if_more == raised.event))
            return actor_of(one.index);
        }
      }
    }
    return kNobody;
  }

  void fired(std::size_t at, Stimulus stimulus) {
    const Occurrence& occurrence = occurrences_[at];
    const ActorId id = actor_of(occurrence.index);
    if (id == kNobody) {
      if (stage_.observes[occurrence.index]) observed(at, stimulus);
      return;
    }
    const machine::Table& table = *system_.components[occurrence.index].table;
    const machine::Cell& cell = table.at(occurrence.before, occurrence.event);
    if (table.machine == net::Middlebox::name) {
      pass(occurrence, id, table, cell);
      return;
    }
    switch (actor(id).kind) {
      case ActorKind::application:
        act(at, id, stimulus);
        break;
      case ActorKind::kernel:
        call(occurrence, id, table, cell);
        break;
      case ActorKind::exchange:
        tell(id, exchange_words(table.outputs_of(cell)));
        break;
      case ActorKind::pool:
        tell(id, pool_words(occurrence.event, table.outputs_of(cell), has_two_clients()));
        break;
    }
  }

  bool has_two_clients() const {
    const auto* proxy = std::get_if<ProxySettings>(&witness_.settings);
    return proxy != nullptr && proxy->clients > 1;
  }
  void tell(ActorId id, std::string words) {
    if (!words.empty()) add({.actor = id, .text = std::move(words)});
  }

  /// Of a hop every verdict is about its client's request; of a proxy it stands where it came true.
  void observed(std::size_t at, Stimulus stimulus) {
    const Occurrence& occurrence = occurrences_[at];
    const machine::Table& table = *system_.components[occurrence.index].table;
    const bool of_requests = table.machine == monitor::request::RequestObserver::name;
    const ActorId raiser = raiser_of(at);
    const ActorId where =
        is_hop(witness_.settings) || raiser == kNobody ? stage_.cast.clients.front() : raiser;
    if (of_requests && stimulus.kind == Stimulus::Kind::choose) {
      using monitor::request::RequestObserver;
      namespace saw = monitor::request::saw;
      const machine::EventId events[] = {machine::event_id<RequestObserver, saw::Watch<0>>(),
                                         machine::event_id<RequestObserver, saw::Watch<1>>()};
      for (std::size_t i = 0; i < stage_.cast.clients.size(); ++i) {
        if (occurrence.event != events[i]) continue;
        add({.kind = Happening::Kind::remark,
             .actor = stage_.cast.clients[i],
             .text = "the observer watches the next request"});
      }
    }
    for (const machine::OutputId output :
         table.outputs_of(table.at(occurrence.before, occurrence.event))) {
      // How the watched request fares is what the actors say and see.
      if (of_requests && !monitor::request::is_verdict(static_cast<monitor::request::Out>(output)))
        continue;
      add({.kind = Happening::Kind::verdict, .actor = where, .text = table.outputs[output]});
    }
  }

  void act(std::size_t at, ActorId id, Stimulus stimulus) {
    const Occurrence& occurrence = occurrences_[at];
    if (stimulus.kind == Stimulus::Kind::expire &&
        system_.timers[stimulus.index].event == occurrence.event &&
        system_.timers[stimulus.index].owner == occurrence.index) {
      return;  // told by `expires`
    }
    const bool own = stimulus.kind == Stimulus::Kind::choose &&
                     system_.choices[stimulus.index].component == occurrence.index &&
                     system_.choices[stimulus.index].event == occurrence.event;
    if (!own && stage_.cast.has_parts(actor(id).column)) {
      // The other parts of its proxy have said what they want of it.
      const ActorId raiser = raiser_of(at);
      if (raiser != kNobody && actor(raiser).column == actor(id).column) return;
    }
    add({.kind = own ? Happening::Kind::decides : Happening::Kind::learns,
         .actor = id,
         .text = system_.components[occurrence.index].table->events[occurrence.event]});
  }

  void pass(const Occurrence& occurrence, ActorId beside, const machine::Table& table,
            const machine::Cell& cell) {
    for (const machine::OutputId output : table.outputs_of(cell)) {
      const auto out = static_cast<net::Out>(output);
      if (out != net::Out::drops_to_server && out != net::Out::drops_to_client) continue;
      add({.kind = Happening::Kind::drops,
           .actor = beside,
           .text =
               (occurrence.message == system::kNoMessage ? ""
                                                         : system_.messages[occurrence.message]) +
               " " + table.outputs[output]});
    }
  }

  void call(const Occurrence& occurrence, ActorId kernel, const machine::Table& table,
            const machine::Cell& cell) {
    const std::string payload =
        occurrence.message == system::kNoMessage ? "" : system_.messages[occurrence.message];
    if (std::string call = call_text(occurrence.event, payload); !call.empty()) {
      std::string result = result_of(table, cell);
      if (result == "bytes") result = payload;
      observe(kernel, call, result);
      add({.kind = Happening::Kind::call,
           .actor = kernel,
           .text = std::move(call),
           .result = std::move(result)});
    }
    for (const machine::OutputId output : table.outputs_of(cell)) {
      const auto out = static_cast<tcp::Out>(output);
      if (out == tcp::Out::unread_lost || out == tcp::Out::unsent_lost ||
          out == tcp::Out::orphan_data) {
        add({.kind = Happening::Kind::drops, .actor = kernel, .text = table.outputs[output]});
      }
    }
  }

  /// Errors and ends are what an operator finds in logs.
  void observe(ActorId kernel, const std::string& call, const std::string& result) {
    const bool telling = result == "eof" || (result.size() > 1 && result[0] == 'E' &&
                                             result != "EAGAIN" && result != "EINPROGRESS");
    if (!telling) return;
    witness_.observed.push_back({actor(actor(kernel).partner).name,
                                 call + " = " + (result == "eof" ? "0 (end of file)" : result)});
  }

  const Stage& stage_;
  const system::System& system_;
  const Path& path_;
  const std::vector<Time>* times_;
  Time now_ = 0;
  std::vector<Occurrence> occurrences_;  ///< of the step
  WitnessStep current_;
  std::vector<std::vector<int>> in_flight_;  ///< by queue
  Witness witness_;
};

}  // namespace

Witness make_witness(const Settings& settings, const Path& path, const std::vector<Time>& times,
                     Aging aging) {
  return Recorder(settings, stage_of(settings), path, &times, aging).record();
}

Witness make_witness(const Settings& settings, const Path& path) {
  return make_witness(settings, stage_of(settings), path);
}

Witness make_witness(const Settings& settings, const Stage& stage, const Path& path) {
  return Recorder(settings, stage, path, nullptr, {}).record();
}

std::string chain_name(const Witness& witness) {
  if (const auto* hop = std::get_if<HopSettings>(&witness.settings))
    return hop->client.name + "->" + hop->server.name;
  const auto& proxy = std::get<ProxySettings>(witness.settings);
  return (proxy.downstream ? proxy.downstream->client.name : "client") + "->" +
         proxy.upstream.client.name + "->" + proxy.upstream.server.name;
}

}  // namespace halfclose::proofs
