#include "proofs/manifest/claim.hpp"

#include "model/deployment/proxy_system.hpp"
#include "model/deployment/role.hpp"
#include "proofs/catalogue/eventualities.hpp"
#include "proofs/decoupling/decoupling.hpp"
#include "proofs/decoupling/proxy_interface.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/explore/lane_explorer.hpp"
#include "proofs/explore/state_set.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::proofs {

using system::System;

namespace {

struct Named {
  std::string_view output, component;  ///< the component may be empty: any
  bool in_time = false;
};

Named named(std::string_view object) {
  constexpr std::string_view kInTime = " in time", kAt = " at ";
  Named result;
  result.in_time = object.ends_with(kInTime);
  if (result.in_time) object.remove_suffix(kInTime.size());
  const std::size_t at = object.find(kAt);
  result.output = object.substr(0, at);
  if (at != std::string_view::npos) result.component = object.substr(at + kAt.size());
  return result;
}

std::string wrong_output(const System& system, std::string_view object) {
  if (outputs_named(system, object) != 0) return {};
  const std::vector<std::string_view> outputs = system.observed();
  const std::string near = deployment::nearest(named(object).output, outputs);
  return "no observer of the system has an output `" + std::string(object) + "`" +
         (near.empty() || near == object ? "" : "; did you mean `" + near + "`?");
}

struct Step {
  const system::State& state;
  const system::StepResult& result;
  std::uint32_t depth;   ///< of `state`: steps of the shortest run to it
  std::uint32_t behind;  ///< the number of the state it leads to
};
/// Every reachable step, breadth first.
/// @pre the reachable states are known to be few enough
template <class F> void for_each_step(const System& system, F&& seen) {
  StateSet states(system.bytes());
  states.insert(system.initial());
  std::vector<std::uint32_t> depth(1);
  std::vector<system::Stimulus> stimuli;
  system::StepResult result;
  for (std::uint32_t i = 0; i < states.size(); ++i) {
    const system::State state = states[i];
    system.enabled(state, stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      system.step(state, stimulus, result);
      const auto [behind, fresh] = states.insert(result.state);
      if (fresh) depth.push_back(depth[i] + 1);
      seen(Step{state, result, depth[i], behind});
    }
  }
}

/// A set of small numbers.
struct Marks {
  std::vector<bool> marked;
  /// @return whether it is new
  bool set(std::uint32_t number) {
    if (number >= marked.size()) marked.resize(number + 1);
    const bool fresh = !marked[number];
    marked[number] = true;
    return fresh;
  }
};

/// What was seen; no finding yet, and the limit that was hit if one was.
Evidence seen_in(const Exploration& seen) {
  return {.states = seen.states,
          .transitions = seen.transitions,
          .depth = seen.depth,
          .limit = seen.limit};
}

/// The shortest run that emits one of the outputs; nullptr when none was found.
const Path* path_to_any(const Exploration& exploration, std::uint64_t outputs) {
  const Path* shortest = nullptr;
  for (const Found& found : exploration.found) {
    if (!(outputs >> found.output & 1)) continue;
    if (shortest == nullptr || found.path.size() < shortest->size()) shortest = &found.path;
  }
  return shortest;
}

/// A run that emits the object decides the claim at once; that there is none takes all states.
Evidence by_reaching(Subject& subject, std::string_view object, Finding when_reached,
                     Finding when_not) {
  const Exploration& reachable =
      named(object).in_time ? subject.reachable_in_time() : subject.reachable();
  const Path* path = path_to_any(reachable, outputs_named(subject.system(), object));
  Evidence evidence{
      .states = named(object).in_time ? reachable.zones : reachable.states,
      .transitions = reachable.transitions,
      .depth = path != nullptr ? static_cast<std::uint32_t>(path->size()) : reachable.depth};
  // The counts are part of the claim: without all of them it is not decided.
  if (reachable.complete) {
    evidence.finding = path != nullptr ? when_reached : when_not;
  } else {
    evidence.limit = reachable.limit;
  }
  return evidence;
}

Evidence excluded(Subject& subject, std::string_view object) {
  return by_reaching(subject, object, Finding::broken, Finding::holds);
}
Evidence reached(Subject& subject, std::string_view object) {
  return by_reaching(subject, object, Finding::holds, Finding::broken);
}

/// With how many steps, and into how many states: a run that is lost among others is seen.
Evidence emitted(Subject& subject, std::string_view object) {
  Evidence evidence = reached(subject, object);
  const auto& emissions = subject.emissions();
  if (!emissions) return evidence;
  evidence.states = evidence.transitions = 0;
  const std::uint64_t outputs = outputs_named(subject.system(), object);
  for (std::size_t place = 0; place < emissions->size(); ++place) {
    if (!(outputs >> place & 1)) continue;
    evidence.states += (*emissions)[place].states;
    evidence.transitions += (*emissions)[place].steps;
  }
  return evidence;
}
std::string wrong_untimed_output(const System& system, std::string_view object) {
  if (named(object).in_time) return "steps are not counted in time";
  return wrong_output(system, object);
}

/// `COMPONENT from STATE to STATE`.
struct Move {
  system::Index component = system::kNone;
  std::uint16_t from = 0, to = 0;
};
std::optional<Move> move_named(const System& system, std::string_view object) {
  const std::size_t from = object.find(" from ");
  const std::size_t to = from == std::string_view::npos ? from : object.find(" to ", from);
  if (to == std::string_view::npos) return std::nullopt;
  Move move;
  for (system::Index c = 0; c < system.components.size(); ++c) {
    if (system.components[c].name == object.substr(0, from)) move.component = c;
  }
  if (move.component == system::kNone) return std::nullopt;
  const auto& states = system.components[move.component].table->states;
  const auto state = [&](std::string_view name, std::uint16_t& found) {
    const auto at = std::find(states.begin(), states.end(), name);
    found = static_cast<std::uint16_t>(at - states.begin());
    return at != states.end();
  };
  if (!state(object.substr(from + 6, to - from - 6), move.from) ||
      !state(object.substr(to + 4), move.to))
    return std::nullopt;
  return move;
}
std::string wrong_move(const System& system, std::string_view object) {
  if (move_named(system, object)) return {};
  return "the system has no component with such states: `" + std::string(object) + "`";
}

Evidence moves(Subject& subject, std::string_view object) {
  if (!subject.reachable().complete) return seen_in(subject.reachable());
  const System& system = subject.system();
  const Move move = *move_named(system, object);
  const auto& locals = system.components[move.component].table->locals;
  Evidence evidence{.finding = Finding::broken};
  Marks led_to;
  for_each_step(system, [&](const Step& step) {
    const auto before = system.local(step.state, move.component);
    const auto after = system.local(step.result.state, move.component);
    if (before == after || locals[before].state != move.from || locals[after].state != move.to)
      return;
    if (evidence.transitions++ == 0) evidence.depth = step.depth + 1;
    evidence.states += led_to.set(step.behind);
    evidence.finding = Finding::holds;
  });
  return evidence;
}

Evidence fits(Subject& subject, std::string_view) {
  try {
    const Exploration& reachable = subject.reachable();
    Evidence evidence = seen_in(reachable);
    if (reachable.complete) evidence.finding = Finding::holds;
    return evidence;
  } catch (const std::logic_error&) {
    return {.finding = Finding::broken};
  }
}
std::string wrong_with_none(const System&, std::string_view object) {
  return object.empty() ? "" : "nothing follows this claim";
}

/// Without time: a run that stays counts whether or not its timers allow it.
Evidence eventually(Subject& subject, std::string_view object) {
  const System& system = subject.system();
  const Eventuality& eventuality = *find_eventuality(object);
  const ReachableStates states(system, subject.limits());
  Evidence evidence = seen_in(states.exploration());
  if (!states.exploration().complete) return evidence;
  evidence.finding = Finding::holds;
  for (const deployment::Placement& place : deployment::hops_of(system)) {
    const std::vector<Promise> promises = promises_of(system, place, {});
    for (const Stay& stay : eventuality.stays(system, place)) {
      const StayAnswer answer = states.can_stay(stay, promises);
      if (answer.verdict == Eventually::undecided) {
        evidence.finding = Finding::undecided;
        evidence.limit = answer.limit;
        return evidence;
      }
      if (answer.verdict == Eventually::violated) evidence.finding = Finding::broken;
    }
  }
  return evidence;
}
std::string wrong_eventuality(const System& system, std::string_view object) {
  if (find_eventuality(object) == nullptr)
    return "there is no property of runs without end called `" + std::string(object) + "`";
  if (deployment::hops_of(system).empty()) return "the system has no hop";
  return {};
}

/// Of a proxy: whose management is private.
Evidence decoupled_from(Subject& subject, std::string_view object) {
  const deployment::ProxyParts parts = *deployment::parts_of(subject.system());
  const System bare = without_observers(subject.system());
  const DecouplingResult result = decoupled(
      bare, object == "clients" ? clients_hidden(bare, parts) : origins_hidden(bare, parts),
      subject.limits());
  Evidence evidence{
      .states = result.states, .transitions = result.transitions, .limit = result.limit};
  switch (result.verdict) {
    case DecouplingResult::Verdict::decoupled:
      evidence.finding = Finding::holds;
      break;
    case DecouplingResult::Verdict::coupled:
      evidence.finding = Finding::broken;
      evidence.depth = static_cast<std::uint32_t>(result.pair->with.size());
      break;
    case DecouplingResult::Verdict::undecided:
      break;
  }
  return evidence;
}
std::string wrong_side(const System& system, std::string_view object) {
  if (object != "clients" && object != "origins")
    return "whose management is private is `clients` or `origins`";
  return deployment::parts_of(system) ? "" : "the system is not one proxy";
}

}  // namespace

Subject::Subject(const System& system, Search search)
    : system_(system), search_(std::move(search)) {
  search_.goals = ~0ull;
  search_.stop_when_found = search_.stop_at_first = false;
}

std::string_view finding_name(Finding finding) {
  switch (finding) {
    case Finding::holds:
      return "holds";
    case Finding::broken:
      return "broken";
    case Finding::undecided:
      return "undecided";
  }
  return {};
}

const Exploration& Subject::reachable() {
  if (!reachable_) {
    reachable_ =
        system_.lanes.size() > 1 ? explore_lanes(system_, search_) : explore(system_, search_);
  }
  return *reachable_;
}

const Exploration& Subject::reachable_in_time() {
  if (!reachable_in_time_) reachable_in_time_ = explore_timed(system_, search_);
  return *reachable_in_time_;
}

const std::optional<std::array<Subject::Emission, 64>>& Subject::emissions() {
  if (emissions_ || !reachable().complete) return emissions_;
  emissions_.emplace();
  std::array<Marks, 64> led_to;
  for_each_step(system_, [&](const Step& step) {
    for (std::uint64_t rest = step.result.emitted; rest != 0; rest &= rest - 1) {
      const auto place = static_cast<std::size_t>(__builtin_ctzll(rest));
      ++(*emissions_)[place].steps;
      (*emissions_)[place].states += led_to[place].set(step.behind);
    }
  });
  return emissions_;
}

const std::vector<ClaimKind>& claim_kinds() {
  static const std::vector<ClaimKind> all = {
      {"always", "GUARANTEE [at COMPONENT] [in time]",
       "no run breaks it: the observers never emit the output of its name", wrong_output, excluded},
      {"never", "OUTPUT [at COMPONENT] [in time]", "no run makes an observer emit it", wrong_output,
       excluded},
      {"sometimes", "OUTPUT [at COMPONENT] [in time]", "a run makes an observer emit it",
       wrong_output, reached},
      {"emits", "OUTPUT [at COMPONENT]",
       "`sometimes`, and `transitions` counts the steps that emit it, `states` the states they "
       "lead to",
       wrong_untimed_output, emitted},
      {"moves", "COMPONENT from STATE to STATE",
       "steps take the component from one control state to the other, or within one to other "
       "variables, `transitions` of them, into `states` states",
       wrong_move, moves},
      {"fits", "",
       "every event that is raised meets a row, and no queue overflows; broken, its counts are 0",
       wrong_with_none, fits},
      {"eventually", "PROPERTY",
       "no fair run stays for ever in what the property forbids (`no-leak`, `no-endless-wait`), on "
       "any hop; time is left out",
       wrong_eventuality, eventually},
      {"decoupled", "clients|origins",
       "the other side of the proxy cannot tell what that side's connection management does; "
       "`broken` has the depth of the run that tells",
       wrong_side, decoupled_from},
  };
  return all;
}

const ClaimKind* find_claim_kind(std::string_view word) {
  for (const ClaimKind& kind : claim_kinds()) {
    if (kind.word == word) return &kind;
  }
  return nullptr;
}

std::uint64_t outputs_named(const System& system, std::string_view object) {
  const Named wanted = named(object);
  std::uint64_t set = 0;
  for (const system::Observer& one : system.observers) {
    const system::Component& component = system.components[one.component];
    if (!wanted.component.empty() && component.name != wanted.component) continue;
    for (std::size_t o = 0; o < one.shown; ++o) {
      if (component.table->outputs[o] == wanted.output) set |= 1ull << (one.at + o);
    }
  }
  return set;
}

bool is_in_time(std::string_view object) {
  return named(object).in_time;
}

}  // namespace halfclose::proofs
