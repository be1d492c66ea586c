#include "proofs/catalogue/eventualities.hpp"

#include "model/machine/rows.hpp"
#include "model/tcp/endpoint.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"

namespace halfclose::proofs {

using namespace deployment;
using machine::event_id;
using machine::LocalId;
using machine::OutputId;
using machine::Table;
using system::Index;
using system::System;
namespace app_c = http1::client;
namespace app_s = http1::server;

namespace {

template <class Wanted> std::vector<bool> locals(const Table& table, Wanted wanted) {
  std::vector<bool> set(table.locals.size());
  for (std::size_t local = 0; local < set.size(); ++local)
    set[local] = wanted(static_cast<LocalId>(local));
  return set;
}
template <class... States> std::vector<bool> in(const Table& table) {
  return locals(table, [&](LocalId local) {
    const std::string& name = table.state_name(local);
    return (... || (name == States::name));
  });
}
/// A connection whose application holds a descriptor: only then can it abort it.
template <class... States> std::vector<bool> held_in(const Table& table) {
  std::vector<bool> set = in<States...>(table);
  const auto abort = event_id<tcp::Endpoint, tcp::user::Abort>();
  for (std::size_t local = 0; local < set.size(); ++local) {
    set[local] = set[local] &&
                 table.at(static_cast<LocalId>(local), abort).verdict == machine::Verdict::taken;
  }
  return set;
}

/// A lane that starts anew has a new connection.
std::vector<Index> lane_of(const System& system, Index component) {
  if (system.lanes.empty()) return {};
  return {system.components[component].lane};
}

/// Each end of the hop, and each way in which its socket can be kept for nothing.
std::vector<Stay> leaks(const System& system, const Placement& place) {
  std::vector<Stay> all;
  auto ways_of = [&](hop::Component which, hop::Component other) {
    const auto kernel = static_cast<Index>(place.component + which);
    const auto peer = static_cast<Index>(place.component + other);
    const std::string& name = system.components[kernel].name;
    const Table& table = *system.components[kernel].table;
    auto stay = [&](const std::string& what, Clause clause) {
      all.push_back({.name = name + " " + what,
                     .any_of = {std::move(clause)},
                     .until_renewed = lane_of(system, kernel)});
    };
    stay("stays in CLOSE-WAIT: its application never closes",
         {{{kernel, in<tcp::CloseWait>(table)}}});
    stay("stays in FIN-WAIT-2 with its descriptor open",
         {{{kernel, held_in<tcp::FinWait2>(table)}}});
    stay("stays in ESTABLISHED though its peer is gone",
         {{{kernel, in<tcp::Established>(table)},
           {peer, in<tcp::Closed, tcp::Listen>(*system.components[peer].table)}}});
    stay("keeps the descriptor of a connection that is over",
         {{{kernel, held_in<tcp::Closed, tcp::LastAck, tcp::Closing, tcp::TimeWait>(table)}}});
  };
  ways_of(hop::client_kernel, hop::server_kernel);
  ways_of(hop::server_kernel, hop::client_kernel);
  const auto client = static_cast<Index>(place.component + hop::client);
  const system::Component& waits = system.components[client];
  all.push_back({.name = waits.name + " waits for a close that its server never makes",
                 .any_of = {{{{client, in<app_c::Draining>(*waits.table)}}}},
                 .until_renewed = lane_of(system, client)});
  return all;
}

std::vector<Stay> endless_waits(const System& system, const Placement& place) {
  const auto client = static_cast<Index>(place.component + hop::client);
  const Table& table = *system.components[client].table;
  Stay stay{.name = "a request of " + system.components[client].name + " waits for ever",
            .any_of = {{{{client, in<app_c::Connecting, app_c::Checking, app_c::Expecting,
                                     app_c::Sending, app_c::Waiting>(table)}}}},
            .until_renewed = lane_of(system, client)};
  // A client that pipelines may never be without a request; the first of them still gets its turn.
  stay.until_emitted.push_back({client, static_cast<OutputId>(app_c::Out::completed)});
  return {stay};
}

}  // namespace

const std::vector<Eventuality>& eventualities() {
  static const std::vector<Eventuality> all = {
      {"no-leak", "socket-leak", "R22",
       "no end of a hop stays for ever in CLOSE-WAIT, in FIN-WAIT-2 with its descriptor open, in "
       "ESTABLISHED with a peer that is gone or for a close that was announced and is never made, "
       "or "
       "keeps the descriptor of a connection that is over",
       "RFC 9293 3.6; haproxy/haproxy#1362, apache/jmeter#6330, envoyproxy/envoy#41086", leaks},
      {"no-endless-wait", "endless-wait", "",
       "every request ends: with a response, or with an error that its client sees",
       "RFC 9110 15.6.5", endless_waits},
  };
  return all;
}

const Eventuality* find_eventuality(std::string_view slug) {
  for (const Eventuality& eventuality : eventualities()) {
    if (eventuality.slug == slug || eventuality.race == slug) return &eventuality;
  }
  return nullptr;
}

std::vector<Promise> promises_of(const System& system, const Placement& place, const Trust& trust) {
  const auto client = static_cast<Index>(place.component + hop::client);
  const auto server = static_cast<Index>(place.component + hop::server);
  Promise answers{system.components[server].name + " answers", {}};
  Promise finishes{system.components[client].name + " sends the request content", {}};
  for (Index c = 0; c < system.choices.size(); ++c) {
    const system::Choice& choice = system.choices[c];
    if (choice.component == client &&
        choice.event == event_id<app_c::ClientConnection, app_c::want::Body>())
      finishes.choices.push_back(c);
    if (choice.component != server) continue;
    if (choice.event == event_id<app_s::ServerConnection, app_s::respond::Whole>() ||
        choice.event == event_id<app_s::ServerConnection, app_s::respond::Queued>() ||
        choice.event == event_id<app_s::ServerConnection, app_s::respond::Buffered>())
      answers.choices.push_back(c);
  }
  std::vector<Promise> promises;
  if (trust.server_answers && !answers.choices.empty()) promises.push_back(std::move(answers));
  if (trust.client_finishes && !finishes.choices.empty()) promises.push_back(std::move(finishes));
  return promises;
}

namespace {

/// Asks one question of a hop; a run counts when it can happen in time.
class Question {
 public:
  Question(const System& system, const Stay& stay, const std::vector<Promise>& promises)
      : system_(system), stay_(stay), promises_(promises) {}

  StayAnswer ask(const ReachableStates& states) {
    StayAnswer answer =
        states.can_stay(stay_, promises_, [&](const Lasso& lasso) { return fits(lasso); });
    if (answer.verdict == Eventually::violated) {
      times_->times.resize(answer.lasso->prefix.size() + answer.lasso->cycle.size());
    } else if (answer.runs > 0) {
      answer.limit = "whether " + stay_.name + ": no run found fits the bounds of the timers";
    }
    return answer;
  }
  EndlessStay found(const StayAnswer& answer) { return {stay_.name, *answer.lasso, *times_}; }

 private:
  static constexpr int kRounds = 3;

  bool fits(const Lasso& lasso) {
    Path path = lasso.prefix;
    for (int round = 0; round < kRounds; ++round)
      path.insert(path.end(), lasso.cycle.begin(), lasso.cycle.end());
    times_ = schedule(system_, path);
    return times_.has_value();
  }

  const System& system_;
  const Stay& stay_;
  const std::vector<Promise>& promises_;
  std::optional<Schedule> times_;
};

}  // namespace

EventualityAnalysis analyse(const Eventuality& eventuality, const HopSettings& settings,
                            const Trust& trust, const Limits& limits) {
  const System system = hop_system(settings);
  const ReachableStates untimed(system, limits);
  std::optional<ReachableStates> timed;
  const std::vector<Promise> promises = promises_of(system, {}, trust);
  EventualityAnalysis result{.eventuality = &eventuality};
  for (const Stay& stay : eventuality.stays(system, {})) {
    Question question(system, stay, promises);
    StayAnswer answer = question.ask(untimed);
    if (answer.verdict == Eventually::undecided && answer.runs > 0) {
      // Runs stay, but none that time allows was among them: look where time does lead.
      if (!timed) {
        StateSet states(system.bytes());
        Exploration explored =
            explore_timed(system, {.stop_when_found = false, .limits = limits}, &states);
        timed.emplace(system, std::move(states), std::move(explored), limits);
      }
      answer = question.ask(*timed);
    }
    if (answer.verdict == Eventually::undecided) result.limit = answer.limit;
    if (answer.verdict == Eventually::violated) result.found.push_back(question.found(answer));
  }
  result.verdict = !result.found.empty()  ? Eventually::violated
                   : result.limit.empty() ? Eventually::holds
                                          : Eventually::undecided;
  return result;
}

}  // namespace halfclose::proofs
