#include "proofs/witness/witness.hpp"

#include "model/deployment/hop_system.hpp"
#include "model/machine/rows.hpp"
#include "model/net/middlebox.hpp"
#include "model/tcp/endpoint.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

using namespace deployment;
using system::Occurrence;
using system::Stimulus;
using tcp::Endpoint;

/// A middlebox has no column of its own: it stands beside the server's kernel.
Actor actor_of(system::Index component) {
  return component == hop::middlebox ? Actor::server_kernel : static_cast<Actor>(component);
}
bool is_kernel(system::Index component) {
  return component == hop::client_kernel || component == hop::server_kernel;
}

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
  Recorder(const HopSettings& settings, const Path& path, const std::vector<Time>& times,
           Aging aging)
      : system_(hop_system(settings)), path_(path), times_(times) {
    witness_.settings = settings;
    witness_.path = path;
    witness_.aging = aging;
  }

  Witness record() {
    system::State state = system_.initial();
    system::StepResult step;
    std::vector<Occurrence> occurrences;
    for (std::size_t k = 0; k < path_.size(); ++k) {
      now_ = times_[k];
      occurrences.clear();
      system_.step(state, path_[k], step, &occurrences);
      state = step.state;
      current_ = {.at = now_, .stimulus = system_.describe(path_[k])};
      if (path_[k].kind == Stimulus::Kind::expire) expire(path_[k].index);
      for (const Occurrence& occurrence : occurrences)
        write_down(occurrence, path_[k]);
      for (const Actor actor : kActors) {
        const auto component = static_cast<system::Index>(actor);
        const machine::Table& table = *system_.components[component].table;
        current_.states[component] = table.state_name(system_.local(state, component));
      }
      witness_.steps.push_back(std::move(current_));
      if (witness_.aging.by > 0 && witness_.aging.step == k) grow_older();
    }
    return std::move(witness_);
  }

 private:
  void add(Happening happening) { current_.happenings.push_back(std::move(happening)); }

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

  void write_down(const Occurrence& occurrence, Stimulus stimulus) {
    switch (occurrence.kind) {
      case Occurrence::Kind::fired:
        fired(occurrence, stimulus);
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
      case Occurrence::Kind::cleared:
      case Occurrence::Kind::renewed:
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

  void fired(const Occurrence& occurrence, Stimulus stimulus) {
    const machine::Table& table = *system_.components[occurrence.index].table;
    const machine::Cell& cell = table.at(occurrence.before, occurrence.event);
    const std::string payload =
        occurrence.message == system::kNoMessage ? "" : system_.messages[occurrence.message];
    if (occurrence.index == hop::observer) {
      for (const machine::OutputId output : table.outputs_of(cell)) {
        add({.kind = Happening::Kind::verdict,
             .actor = Actor::client,
             .text = table.outputs[output]});
      }
      return;
    }
    if (occurrence.index == hop::middlebox) {
      for (const machine::OutputId output : table.outputs_of(cell)) {
        const auto out = static_cast<net::Out>(output);
        if (out == net::Out::drops_to_server || out == net::Out::drops_to_client)
          add({.kind = Happening::Kind::drops,
               .actor = Actor::server_kernel,
               .text = payload + " " + table.outputs[output]});
      }
      return;
    }
    if (!is_kernel(occurrence.index)) {
      if (stimulus.kind == Stimulus::Kind::expire &&
          system_.timers[stimulus.index].event == occurrence.event &&
          system_.timers[stimulus.index].owner == occurrence.index) {
        return;  // told by `expires`
      }
      const bool own = stimulus.kind == Stimulus::Kind::choose &&
                       system_.choices[stimulus.index].component == occurrence.index &&
                       system_.choices[stimulus.index].event == occurrence.event;
      add({.kind = own ? Happening::Kind::decides : Happening::Kind::learns,
           .actor = actor_of(occurrence.index),
           .text = table.events[occurrence.event]});
      return;
    }
    const Actor kernel = actor_of(occurrence.index);
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
  void observe(Actor kernel, const std::string& call, const std::string& result) {
    const bool telling = result == "eof" || (result.size() > 1 && result[0] == 'E' &&
                                             result != "EAGAIN" && result != "EINPROGRESS");
    if (!telling) return;
    const std::string& who = kernel == Actor::client_kernel ? witness_.settings.client.name
                                                            : witness_.settings.server.name;
    witness_.observed.push_back(
        {who, call + " = " + (result == "eof" ? "0 (end of file)" : result)});
  }

  system::System system_;
  const Path& path_;
  const std::vector<Time>& times_;
  Time now_ = 0;
  WitnessStep current_;
  std::array<std::vector<int>, 8> in_flight_;
  Witness witness_;
};

}  // namespace

Witness make_witness(const HopSettings& settings, const Path& path, const std::vector<Time>& times,
                     Aging aging) {
  return Recorder(settings, path, times, aging).record();
}

std::string hop_name(const Witness& witness) {
  return witness.settings.client.name + "->" + witness.settings.server.name;
}

std::string actor_name(const Witness& witness, Actor actor) {
  switch (actor) {
    case Actor::client:
      return witness.settings.client.name;
    case Actor::client_kernel:
      return witness.settings.client.name + " kernel";
    case Actor::server_kernel:
      return witness.settings.server.name + " kernel";
    case Actor::server:
      return witness.settings.server.name;
  }
  return {};
}

}  // namespace halfclose::proofs
