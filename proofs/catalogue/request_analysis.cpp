#include "proofs/catalogue/request_analysis.hpp"

#include "proofs/explore/lane_explorer.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace halfclose::proofs {

using namespace deployment;
using monitor::request::Out;

namespace {

/// Two requests show what one cannot: between two tries of the one, the other uses the connection
/// and leaves it to go stale again. A retry may come as late as it likes (Profile::pauses), so that
/// one connection after another stands for the many of a pool: what happened on them side by side
/// happens here in turn, for no clock of one connection knows of another.
constexpr RequestBounds kBounds[] = {{1, 1}, {2, 1}};

/// What one system shows, for requests that are all of one kind.
struct Shown {
  std::uint64_t seen = 0, reaches_client = 0;
  std::vector<RequestFinding> found{};

  std::uint64_t emitted() const {
    std::uint64_t set = seen << kUpstreamRaces;
    for (const RequestFinding& one : found)
      set |= goal(one.output);
    return set;
  }
};

std::uint64_t request_goals() {
  std::uint64_t set = 0;
  for (const RequestRace& race : request_races())
    set |= goal(race.output) & ~goal(Out::cascaded);  // judged together with what it is made of
  for (const RequestGuarantee& guarantee : request_guarantees())
    set |= goal(guarantee.output);
  return set;
}

/// Races by which a connection is dead before a request is written to it, or while it is.
std::uint64_t stale_connections() {
  std::uint64_t set = 0;
  for (const Race& race : races()) {
    if (race.reuse) set |= goal(race.output);
  }
  return set;
}

class Requests {
 public:
  Requests(const Chain& chain, std::size_t hop, std::uint64_t happening, const Limits& limits,
           const HopSettings* upstream)
      : chain_(chain), hop_(hop), happening_(happening), limits_(limits), upstream_(upstream) {}

  RequestAnalysis run() {
    for (const std::string& method : chain_.methods) {
      Masking masking{.method = method};
      judge(method, false, masking);
      if (chain_.with_body && may_have_content(method)) judge(method, true, masking);
      result_.maskings.push_back(std::move(masking));
    }
    return std::move(result_);
  }

 private:
  void judge(const std::string& method, bool content, Masking& masking) {
    ProxySettings settings = proxy_settings(chain_, hop_, method, content);
    settings.exchange.pauses = true;
    if (upstream_ != nullptr) settings.upstream = *upstream_;
    const bool retries = settings.exchange.method &&
                         (settings.exchange.tries > 0 || settings.exchange.reused_is_free);
    result_.retries |= retries;
    for (const Needs needs : {Needs::nothing, Needs::shutdown, Needs::removal, Needs::crash}) {
      const std::uint64_t happening = happening_with(needs);
      // A process that ends in the middle is what has requests executed twice.
      const bool wanted = needs == Needs::nothing || (retries && needs == Needs::crash) ||
                          (retries && happening != 0);
      if (!wanted) continue;
      const auto [known, fresh] = shown_.try_emplace({content, settings.exchange.method, needs});
      if (fresh) {
        settings.upstream = with_needs(settings.upstream, needs);
        known->second = show(settings, retries, happening);
      }
      take(known->second, method, happening, masking);
    }
  }

  /// The races asked for that are judged with that and no more.
  std::uint64_t happening_with(Needs needs) const {
    std::uint64_t set = 0;
    for (const Race& race : races()) {
      // A pool has requests that wait for a connection.
      const Needs of_race = race.needs == Needs::waiting ? Needs::nothing : race.needs;
      if (of_race == needs) set |= happening_ & goal(race.output);
    }
    return set;
  }

  void take(const Shown& shown, const std::string& method, std::uint64_t happening,
            Masking& masking) {
    masking.seen |= shown.seen & happening;
    masking.reaches_client |= shown.reaches_client & happening;
    for (RequestFinding found : shown.found) {
      // To execute an idempotent request twice is what it may be retried for.
      if (found.output == Out::at_most_once && is_idempotent(method)) continue;
      found.method = method;
      if (result_.find(found.output) == nullptr) result_.found.push_back(std::move(found));
    }
  }

  Shown show(ProxySettings settings, bool retries, std::uint64_t happening) {
    Shown shown;
    for (const RequestBounds bounds : kBounds) {
      if (bounds.requests > 1 && !retries) break;
      if (bounds.requests > result_.bounds.requests) result_.bounds = bounds;
      settings.clients = bounds.requests;
      settings.connections = bounds.connections;
      show(settings, happening, shown);
    }
    return shown;
  }
  /// What these bounds show that smaller ones did not. After a limit too: what smaller bounds left
  /// open is no reason to call the rest absent without a look.
  void show(const ProxySettings& settings, std::uint64_t happening, Shown& shown) {
    const system::System system = proxy_system(settings);
    const Answer any = look_for(
        system, {.goals = (request_goals() | happening << kUpstreamRaces) & ~shown.emitted()});
    for (const Found& one : any.found) {
      if (one.output >= kUpstreamRaces) {
        shown.seen |= 1ull << (one.output - kUpstreamRaces);
      } else {
        shown.found.push_back({.output = static_cast<Out>(one.output),
                               .settings = settings,
                               .path = one.path,
                               .schedule = schedule(system, one.path).value()});
      }
    }
    result_.open |= any.open & request_goals();
    const std::uint64_t asked = happening << kUpstreamRaces,
                        known = shown.reaches_client << kUpstreamRaces;
    cascade(system, settings, asked & stale_connections() << kUpstreamRaces, shown);
    const Answer failing = look_for(system, {.goals = asked & (shown.emitted() | any.open) & ~known,
                                             .together = goal(Out::failed)});
    for (const Found& one : failing.found)
      shown.reaches_client |= 1ull << (one.output - kUpstreamRaces);
    // What may reach the client is not hidden from it.
    shown.reaches_client |= failing.open >> kUpstreamRaces;
  }

  /// Its last try met a connection that was dead before it was used, and no try had a new one.
  void cascade(const system::System& system, const ProxySettings& settings, std::uint64_t dead,
               Shown& shown) {
    if (shown.emitted() & goal(Out::cascaded)) return;
    const Answer answer =
        look_for(system, {.goals = dead, .together = goal(Out::cascaded), .stop_at_first = true});
    if (!answer.found.empty()) {
      const Path& path = answer.found.front().path;
      shown.found.push_back({.output = Out::cascaded,
                             .settings = settings,
                             .path = path,
                             .schedule = schedule(system, path).value()});
    } else if (answer.open != 0) {
      result_.open |= goal(Out::cascaded);
    }
  }

  struct Answer {
    std::vector<Found> found{};
    std::uint64_t open = 0;  ///< goals that a limit left undecided
  };
  /// Time only takes runs away: what no schedule reaches needs no zones.
  Answer look_for(const system::System& system, Search search) {
    if (search.goals == 0) return {};
    search.limits = limits_;
    Search without_time = search;
    without_time.stop_at_first = false;
    const Exploration untimed = explore_lanes(system, without_time);
    result_.states += untimed.states;
    if (untimed.limit.empty()) search.goals = untimed.found_set();
    if (search.goals == 0) return {};
    search.limits.states = limits_.states / 5;
    Exploration timed = explore_timed(system, search);
    result_.states += timed.states;
    if (timed.limit.empty()) return {.found = std::move(timed.found)};
    result_.limit = timed.limit;
    const std::uint64_t open = search.goals & ~timed.found_set();
    return {.found = std::move(timed.found), .open = open};
  }

  const Chain& chain_;
  std::size_t hop_;
  std::uint64_t happening_;
  const Limits& limits_;
  const HopSettings* upstream_;
  /// By content, whether the method is retried, and what has to be possible.
  std::map<std::tuple<bool, bool, Needs>, Shown> shown_;
  RequestAnalysis result_;
};

}  // namespace

RequestAnalysis analyse_requests(const Chain& chain, std::size_t hop, std::uint64_t happening,
                                 const Limits& limits, const HopSettings* upstream) {
  return Requests(chain, hop, happening, limits, upstream).run();
}

}  // namespace halfclose::proofs
