#include "proofs/liveness/fair_stay.hpp"

#include "proofs/liveness/components.hpp"

#include <algorithm>
#include <bitset>
#include <chrono>
#include <deque>
#include <stdexcept>

namespace halfclose::proofs {

using system::Clock;
using system::Occurrence;
using system::State;
using system::StepResult;
using system::Stimulus;
using system::System;

namespace {

/// What may not wait for ever: timers, then queues, then promises.
using Duties = std::bitset<system::kTimersMax + system::kQueuesMax + kPromisesMax>;

constexpr std::uint32_t kNowhere = 0xffffffff;

/// Stops a computation that takes too long or too much.
class Budget {
 public:
  explicit Budget(const Limits& limits)
      : limits_(limits), start_(std::chrono::steady_clock::now()) {}
  bool exceeded_by(std::uint64_t bytes) {
    const auto elapsed = std::chrono::steady_clock::now() - start_;
    if (bytes > limits_.bytes) {
      limit = std::to_string(limits_.bytes) + " bytes";
    } else if (elapsed > std::chrono::milliseconds(limits_.milliseconds)) {
      limit = std::to_string(limits_.milliseconds) + " ms";
    }
    return !limit.empty();
  }
  std::string limit;

 private:
  const Limits& limits_;
  std::chrono::steady_clock::time_point start_;
};

/// The states that count, by number.
class Numbers {
 public:
  Numbers(StateSet& states, bool closed) : states_(states), closed_(closed) {}
  std::size_t size() const { return states_.size(); }
  State operator[](std::uint32_t number) const { return states_[number]; }
  /// kNowhere when the state does not count.
  std::uint32_t of(const State& state) const {
    if (states_.contains(state)) return states_.insert(state).first;
    if (closed_) throw std::logic_error("a step leads out of the reachable states");
    return kNowhere;
  }

 private:
  StateSet& states_;
  bool closed_;
};

/// The states that are bad and the steps that stay among them; nodes in order of discovery.
class BadPart {
 public:
  BadPart(const System& system, const Numbers& states, const Stay& stay,
          const std::vector<Promise>& promises)
      : system_(system), states_(states), stay_(stay), promises_(promises) {}

  /// @return false when the budget was exceeded
  bool build(Budget& budget) {
    node_of_.assign(states_.size(), kNowhere);
    for (std::uint32_t s = 0; s < states_.size(); ++s) {
      if (!stay_.bad(system_, states_[s])) continue;
      node_of_[s] = static_cast<std::uint32_t>(state_of_.size());
      state_of_.push_back(s);
    }
    for (std::size_t n = 0; n < state_of_.size(); ++n) {
      add_steps(states_[state_of_[n]]);
      if ((n & 0xfff) == 0 && budget.exceeded_by(bytes())) return false;
    }
    return !budget.exceeded_by(bytes());
  }

  /// Sets what makes a component fair: per component the duties that do not wait for ever in it.
  std::vector<Duties> met(const Components& components) const {
    std::vector<Duties> all(components.count);
    for (std::size_t n = 0; n < state_of_.size(); ++n) {
      Duties& of_component = all[components.of[n]];
      of_component |= ~waiting_[n];
      for (std::uint64_t e = graph.first[n]; e < graph.first[n + 1]; ++e) {
        if (components.of[graph.to[e]] == components.of[n]) of_component |= served_[e];
      }
    }
    return all;
  }
  /// The components that a run can go round in: with a step inside.
  std::vector<bool> cyclic(const Components& components) const {
    std::vector<bool> all(components.count, false);
    for (std::size_t n = 0; n < state_of_.size(); ++n) {
      for (std::uint64_t e = graph.first[n]; e < graph.first[n + 1]; ++e) {
        if (components.of[graph.to[e]] == components.of[n]) all[components.of[n]] = true;
      }
    }
    return all;
  }
  bool rests(std::uint32_t node) const { return waiting_[node].none(); }
  std::uint32_t state_of(std::uint32_t node) const { return state_of_[node]; }
  std::size_t nodes() const { return state_of_.size(); }

  /// From `entry` round within its component, past places that meet every duty, and back.
  Path cycle_through(std::uint32_t entry, const Components& components) const {
    Duties missing = waiting_[entry];
    Path cycle;
    std::uint32_t at = entry;
    auto follow = [&](const std::vector<std::uint64_t>& edges) {
      for (const std::uint64_t e : edges) {
        missing &= ~served_[e];
        cycle.push_back(by_[e]);
        at = graph.to[e];
        missing &= waiting_[at];
      }
    };
    while (missing.any()) {
      follow(shortest(at, components, [&](std::uint64_t e) {
        return (missing & (served_[e] | ~waiting_[graph.to[e]])).any();
      }));
    }
    if (at != entry || cycle.empty())
      follow(shortest(at, components, [&](std::uint64_t e) { return graph.to[e] == entry; }));
    return cycle;
  }

  Graph graph;

 private:
  std::uint64_t bytes() const {
    return node_of_.capacity() * sizeof(std::uint32_t) +
           state_of_.capacity() * sizeof(std::uint32_t) + waiting_.capacity() * sizeof(Duties) +
           served_.capacity() * sizeof(Duties) + by_.capacity() * sizeof(Stimulus) +
           graph.first.capacity() * sizeof(std::uint64_t) +
           graph.to.capacity() * sizeof(std::uint32_t) +
           // The components: numbers, lows, results, stacks.
           state_of_.size() * 36;
  }

  static std::size_t duty_of(const Clock& clock) {
    return clock.kind == Clock::Kind::timer ? clock.index : system::kTimersMax + clock.index;
  }
  static std::size_t duty_of_promise(std::size_t promise) {
    return system::kTimersMax + system::kQueuesMax + promise;
  }
  /// Of a wire the head counts for all: the order never changes.
  static bool counts(const Clock& clock) {
    return clock.hi < system::kForever && clock.position == 0;
  }

  void add_steps(const State& state) {
    system_.enabled(state, enabled_);
    system_.clocks(state, clocks_);
    Duties waiting;
    for (const Clock& clock : clocks_) {
      if (counts(clock)) waiting.set(duty_of(clock));
    }
    for (std::size_t p = 0; p < promises_.size(); ++p) {
      if (std::any_of(enabled_.begin(), enabled_.end(),
                      [&](Stimulus one) { return keeps(promises_[p], one); }))
        waiting.set(duty_of_promise(p));
    }
    for (const Stimulus stimulus : enabled_) {
      occurrences_.clear();
      system_.step(state, stimulus, result_, stay_.watches_steps() ? &occurrences_ : nullptr);
      const std::uint32_t next = states_.of(result_.state);
      if (next == kNowhere || node_of_[next] == kNowhere) continue;
      if (stay_.ended_by(system_, occurrences_)) continue;
      graph.to.push_back(node_of_[next]);
      by_.push_back(stimulus);
      served_.push_back(served(stimulus));
    }
    graph.first.push_back(graph.to.size());
    waiting_.push_back(waiting);
  }

  static bool keeps(const Promise& promise, Stimulus stimulus) {
    return stimulus.kind == Stimulus::Kind::choose &&
           std::count(promise.choices.begin(), promise.choices.end(), stimulus.index) > 0;
  }

  /// What the step just made was due and is not any more: served, or started anew.
  Duties served(Stimulus stimulus) {
    Duties all;
    survives_.assign(clocks_.size(), false);
    for (const std::int16_t origin : result_.clock_origins) {
      if (origin != system::kFresh) survives_[static_cast<std::size_t>(origin)] = true;
    }
    // An application that was told of one item was served, though more may be left for it.
    const int guarded = system_.clock_of(clocks_, stimulus);
    if (guarded >= 0) survives_[static_cast<std::size_t>(guarded)] = false;
    for (std::size_t c = 0; c < clocks_.size(); ++c) {
      if (counts(clocks_[c]) && !survives_[c]) all.set(duty_of(clocks_[c]));
    }
    for (std::size_t p = 0; p < promises_.size(); ++p) {
      if (keeps(promises_[p], stimulus)) all.set(duty_of_promise(p));
    }
    return all;
  }

  /// The edges of a shortest walk within the component of `from` whose last one is a `goal`.
  template <class Goal>
  std::vector<std::uint64_t> shortest(std::uint32_t from, const Components& components,
                                      Goal goal) const {
    struct Came {
      std::uint32_t node;
      std::uint64_t edge;
    };
    std::vector<std::uint32_t> order{from};
    std::vector<Came> came(nodes(), {kNowhere, 0});
    for (std::size_t i = 0; i < order.size(); ++i) {
      const std::uint32_t node = order[i];
      for (std::uint64_t e = graph.first[node]; e < graph.first[node + 1]; ++e) {
        const std::uint32_t to = graph.to[e];
        if (components.of[to] != components.of[from]) continue;
        if (goal(e)) {
          std::vector<std::uint64_t> edges{e};
          for (std::uint32_t back = node; back != from; back = came[back].node)
            edges.push_back(came[back].edge);
          std::reverse(edges.begin(), edges.end());
          return edges;
        }
        if (to == from || came[to].node != kNowhere) continue;
        came[to] = {node, e};
        order.push_back(to);
      }
    }
    throw std::logic_error("a component is not strongly connected");
  }

  const System& system_;
  const Numbers& states_;
  const Stay& stay_;
  const std::vector<Promise>& promises_;
  std::vector<std::uint32_t> node_of_;   // of a state; kNowhere when it is not bad
  std::vector<std::uint32_t> state_of_;  // of a node
  std::vector<Duties> waiting_;          // per node
  std::vector<Duties> served_;           // per edge
  std::vector<Stimulus> by_;             // per edge
  std::vector<Stimulus> enabled_;
  std::vector<Clock> clocks_;
  std::vector<bool> survives_;
  std::vector<Occurrence> occurrences_;
  StepResult result_;
};

/// The shortest way from the initial state to `goal`, which may lead anywhere.
Path path_to(const System& system, const Numbers& states, std::uint32_t goal) {
  struct Came {
    std::uint32_t from = kNowhere;
    Stimulus by{};
  };
  std::vector<Came> came(goal + 1);
  std::vector<Stimulus> enabled;
  StepResult result;
  // States are numbered breadth first: the first step that leads to one is on a shortest way.
  for (std::uint32_t s = 0; s < goal && came[goal].from == kNowhere; ++s) {
    const State state = states[s];
    system.enabled(state, enabled);
    for (const Stimulus stimulus : enabled) {
      system.step(state, stimulus, result);
      const std::uint32_t next = states.of(result.state);
      if (next > s && next <= goal && came[next].from == kNowhere) came[next] = {s, stimulus};
    }
  }
  Path path;
  for (; goal != 0; goal = came[goal].from)
    path.push_back(came[goal].by);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

ReachableStates::ReachableStates(const System& system, const Limits& limits)
    : system_(system), limits_(limits), states_(system.bytes()) {
  exploration_ = explore(system, {.stop_when_found = false, .limits = limits}, &states_);
}

ReachableStates::ReachableStates(const System& system, StateSet states, Exploration exploration,
                                 const Limits& limits)
    : system_(system),
      limits_(limits),
      exploration_(std::move(exploration)),
      closed_(false),
      states_(std::move(states)) {}

StayAnswer ReachableStates::can_stay(const Stay& stay, const std::vector<Promise>& promises,
                                     const Accept& accept) const {
  if (promises.size() > kPromisesMax)
    throw std::length_error("more than " + std::to_string(kPromisesMax) + " promises");
  StayAnswer answer;
  if (!exploration_.complete) {
    answer.limit = exploration_.limit;
    return answer;
  }
  Budget budget(limits_);
  const Numbers numbers(states_, closed_);
  BadPart part(system_, numbers, stay, promises);
  const bool built = part.build(budget);
  answer.bad_states = part.nodes();
  answer.bad_transitions = part.graph.to.size();
  if (!built) {
    answer.limit = budget.limit;
    return answer;
  }
  const Components components = components_of(part.graph);
  answer.components = components.count;
  const std::vector<Duties> met = part.met(components);
  const std::vector<bool> cyclic = part.cyclic(components);
  for (std::uint32_t node = 0; node < part.nodes(); ++node) {
    const std::uint32_t component = components.of[node];
    const bool goes_round = cyclic[component] && met[component].all();
    if (!part.rests(node) && !goes_round) continue;
    if (++answer.runs > kRunsMax) break;
    // Nodes are in order of discovery: no other has a shorter prefix.
    Lasso lasso{.prefix = path_to(system_, numbers, part.state_of(node)), .cycle = {}};
    if (!part.rests(node)) lasso.cycle = part.cycle_through(node, components);
    if (const std::string fault = fault_of(system_, stay, promises, lasso); !fault.empty())
      throw std::logic_error("the lasso found is none: " + fault);
    if (accept && !accept(lasso)) continue;
    answer.lasso = std::move(lasso);
    answer.verdict = Eventually::violated;
    return answer;
  }
  if (answer.runs == 0) {
    answer.verdict = Eventually::holds;
  } else {
    answer.limit = "none of the " + std::to_string(std::min(answer.runs, kRunsMax)) +
                   " runs looked at was accepted";
  }
  return answer;
}

}  // namespace halfclose::proofs
