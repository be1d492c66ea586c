// Fair cycles (proofs/liveness): against brute force on arbitrary small systems, and the traps that
// a search for "eventually" falls into, one by one.
#include "proofs/liveness/fair_stay.hpp"

#include "proofs/liveness/components.hpp"
#include "property_tests/proofs/small_system.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <map>

namespace halfclose::proofs {
namespace {

using system::Action;
using system::Index;
using system::Occurrence;
using system::State;
using system::StepResult;
using system::Stimulus;
using system::System;
using Kind = Stimulus::Kind;

//--- by brute force
//--------------------------------------------------------------------------------

/// Judges a stay from every bad state by itself: is there a way back to it on which all that may
/// not wait for ever stops waiting? No components, no clocks: what is due is read off the state,
/// what was served off the occurrences of the step.
class BruteForce {
 public:
  BruteForce(const System& system, const Stay& stay, const std::vector<Promise>& promises)
      : system_(system), stay_(stay), promises_(promises) {
    number(system.initial());
    for (std::size_t i = 0; i < states_.size(); ++i)
      expand(i);
  }

  bool stays() const {
    for (std::size_t s = 0; s < states_.size(); ++s) {
      if (stay_.bad(system_, states_[s]) && stays_from(s)) return true;
    }
    return false;
  }
  std::size_t size() const { return states_.size(); }
  bool any_bad() const {
    return std::any_of(states_.begin(), states_.end(),
                       [&](const State& state) { return stay_.bad(system_, state); });
  }

 private:
  /// What may not wait for ever, a bit each: timers, queues, promises.
  using Set = std::uint32_t;
  static constexpr Set kSets = 1u << 6;
  Set timer(Index t) const { return 1u << t; }
  Set queue(Index q) const { return 1u << (system_.timers.size() + q); }
  Set promise(std::size_t p) const {
    return 1u << (system_.timers.size() + system_.queues.size() + p);
  }

  struct Step {
    std::size_t to;
    Set served;
    bool ends;
  };

  std::size_t number(const State& state) {
    const std::string key(state.bytes.begin(), state.bytes.end());
    const auto [at, fresh] = numbers_.try_emplace(key, states_.size());
    if (fresh) states_.push_back(state);
    return at->second;
  }
  void expand(std::size_t from) {
    const State state = states_[from];
    std::vector<Stimulus> enabled;
    system_.enabled(state, enabled);
    due_.push_back(due(state, enabled));
    std::vector<Step> steps;
    for (const Stimulus stimulus : enabled) {
      StepResult result;
      std::vector<Occurrence> occurrences;
      system_.step(state, stimulus, result, &occurrences);
      Step step{number(result.state), 0, stay_.ended_by(system_, occurrences)};
      if (stimulus.kind == Kind::expire) step.served |= timer(stimulus.index);
      if (stimulus.kind == Kind::deliver || stimulus.kind == Kind::wake ||
          stimulus.kind == Kind::alert)
        step.served |= queue(stimulus.index);
      for (const Occurrence& one : occurrences) {
        if (one.kind == Occurrence::Kind::armed || one.kind == Occurrence::Kind::cancelled)
          step.served |= timer(one.index);
        if (one.kind == Occurrence::Kind::cleared) step.served |= queue(one.index);
      }
      for (std::size_t p = 0; p < promises_.size(); ++p) {
        const auto& choices = promises_[p].choices;
        if (stimulus.kind == Kind::choose &&
            std::count(choices.begin(), choices.end(), stimulus.index) > 0)
          step.served |= promise(p);
      }
      steps.push_back(step);
    }
    steps_.push_back(std::move(steps));
  }
  Set due(const State& state, const std::vector<Stimulus>& enabled) const {
    Set all = 0;
    for (Index t = 0; t < system_.timers.size(); ++t) {
      if (system_.armed(state, t)) all |= timer(t);
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      if (system_.queues[q].hi == system::kForever) continue;
      if (system_.queues[q].kind == system::QueueKind::wire ? system_.queued(state, q) > 0
                                                            : system_.attention(state, q))
        all |= queue(q);
    }
    for (std::size_t p = 0; p < promises_.size(); ++p) {
      for (const Index choice : promises_[p].choices) {
        if (std::count(enabled.begin(), enabled.end(), Stimulus{Kind::choose, choice}) > 0)
          all |= promise(p);
      }
    }
    return all;
  }
  /// A way round from `start`, remembering what is still missing.
  bool stays_from(std::size_t start) const {
    if (due_[start] == 0) return true;
    std::vector<bool> seen(states_.size() * kSets, false);
    std::vector<std::pair<std::size_t, Set>> open{{start, due_[start]}};
    while (!open.empty()) {
      const auto [at, missing] = open.back();
      open.pop_back();
      for (const Step& step : steps_[at]) {
        if (step.ends || !stay_.bad(system_, states_[step.to])) continue;
        const Set left = missing & ~step.served & due_[step.to];
        if (step.to == start && left == 0) return true;
        if (seen[step.to * kSets + left]) continue;
        seen[step.to * kSets + left] = true;
        open.emplace_back(step.to, left);
      }
    }
    return false;
  }

  const System& system_;
  const Stay& stay_;
  const std::vector<Promise>& promises_;
  std::map<std::string, std::size_t> numbers_;
  std::vector<State> states_;
  std::vector<Set> due_;
  std::vector<std::vector<Step>> steps_;
};

Stay some_stay(const System& system) {
  Stay stay{.name = "somewhere", .any_of = {}};
  const int clauses = *rc::gen::inRange(1, 3);
  for (int i = 0; i < clauses; ++i) {
    Clause clause;
    for (Index c = 0; c < system.components.size(); ++c) {
      if (*rc::gen::inRange(0, 3) == 0) continue;
      std::vector<bool> in;
      for (int local = 0; local < test::small::kLocals; ++local)
        in.push_back(*rc::gen::inRange(0, 3) > 0);
      clause.in.emplace_back(c, in);
    }
    stay.any_of.push_back(clause);
  }
  if (*rc::gen::inRange(0, 3) == 0) {
    stay.until_emitted.push_back(
        {0, *rc::gen::inRange<machine::OutputId>(0, test::small::kOutputs)});
  }
  return stay;
}
std::vector<Promise> some_promises(const System& system) {
  std::vector<Promise> promises;
  // Mostly somebody does something, or every second run would just rest.
  if (*rc::gen::inRange(0, 4) > 0) {
    promises.push_back({"something happens", {}});
    for (Index c = 0; c < system.choices.size(); ++c)
      promises.back().choices.push_back(c);
  }
  if (*rc::gen::arbitrary<bool>()) {
    promises.push_back({"one of some", {}});
    for (Index c = 0; c < system.choices.size(); ++c) {
      if (*rc::gen::arbitrary<bool>()) promises.back().choices.push_back(c);
    }
  }
  return promises;
}

TEST_CASE("fair stays: arbitrary small systems", "[proofs][liveness]") {
  int goes_round = 0, rests = 0, holds = 0;
  rc::prop("are judged as by brute force", [&] {
    const System system = test::small_system();
    const ReachableStates reachable(system);
    for (int question = 0; question < 10; ++question) {
      const Stay stay = some_stay(system);
      const std::vector<Promise> promises = some_promises(system);
      const BruteForce brute(system, stay, promises);
      RC_ASSERT(reachable.exploration().states == brute.size());
      const StayAnswer answer = reachable.can_stay(stay, promises);
      RC_ASSERT(answer.verdict != Eventually::undecided);
      const bool stays = answer.verdict == Eventually::violated;
      RC_ASSERT(stays == brute.stays());
      RC_ASSERT(answer.lasso.has_value() == stays);
      if (stays) {
        RC_ASSERT(fault_of(system, stay, promises, *answer.lasso) == "");
        ++(answer.lasso->cycle.empty() ? rests : goes_round);
      } else if (brute.any_bad()) {
        ++holds;
      }
    }
  });
  // All three happen often enough to mean something.
  CHECK(goes_round > 20);
  CHECK(rests > 20);
  CHECK(holds > 20);
}

TEST_CASE("fair stays: a lasso with a step taken out", "[proofs][liveness]") {
  int refused = 0;
  rc::prop("is no lasso, or still a fair one", [&] {
    const System system = test::small_system();
    const ReachableStates reachable(system);
    for (int question = 0; question < 10; ++question) {
      const Stay stay = some_stay(system);
      const std::vector<Promise> promises = some_promises(system);
      const StayAnswer answer = reachable.can_stay(stay, promises);
      if (!answer.lasso || answer.lasso->cycle.empty()) continue;
      Lasso spoilt = *answer.lasso;
      const auto at = *rc::gen::inRange<std::size_t>(0, spoilt.cycle.size());
      spoilt.cycle.erase(spoilt.cycle.begin() + static_cast<std::ptrdiff_t>(at));
      if (fault_of(system, stay, promises, spoilt).empty()) {
        RC_ASSERT(BruteForce(system, stay, promises).stays());
      } else {
        ++refused;
      }
    }
  });
  CHECK(refused > 20);
}

//--- one trap each
//---------------------------------------------------------------------------------

/// A machine of a few rows: `from event -> to / outputs`, everything else refused.
struct Rule {
  machine::LocalId from;
  machine::EventId event;
  machine::LocalId to;
  std::vector<machine::OutputId> outputs{};
};
std::shared_ptr<const machine::Table> machine_of(int locals, int events, int outputs,
                                                 const std::vector<Rule>& rules) {
  auto table = std::make_shared<machine::Table>();
  table->machine = "traps";
  for (int i = 0; i < locals; ++i) {
    table->states.push_back("s" + std::to_string(i));
    table->locals.push_back({static_cast<std::uint16_t>(i), ""});
  }
  for (int i = 0; i < events; ++i)
    table->events.push_back("e" + std::to_string(i));
  for (int i = 0; i < outputs; ++i)
    table->outputs.push_back("o" + std::to_string(i));
  table->output_lists = {{}};
  table->cells.resize(static_cast<std::size_t>(locals * events));
  for (const Rule& rule : rules) {
    machine::Cell& cell = table->cells[rule.from * table->events.size() + rule.event];
    cell = {.next = rule.to,
            .outputs = static_cast<std::uint16_t>(table->output_lists.size()),
            .row = 0,
            .verdict = machine::Verdict::taken};
    table->output_lists.push_back(rule.outputs);
  }
  return table;
}
Action act(Action::Kind kind, Index target) {
  return {.kind = kind, .target = target};
}
Stay in_locals(std::vector<bool> locals) {
  return {.name = "stays", .any_of = {{{{0, std::move(locals)}}}}};
}
StayAnswer judge(const System& system, const Stay& stay,
                 const std::vector<Promise>& promises = {}) {
  return ReachableStates(system).can_stay(stay, promises);
}
/// Enters s1 by a choice, which arms the timer; the timer leads out to s2.
System waiting(const std::vector<Rule>& more, bool off = false) {
  std::vector<Rule> rules = {{0, 0, 1, {0}}, {1, 1, 2}};
  rules.insert(rules.end(), more.begin(), more.end());
  System system;
  system.components = {{"one", machine_of(3, 4, 2, rules)}};
  system.timers = {{.name = "bell", .owner = 0, .event = 1, .lo = 5, .hi = 6, .off = off}};
  system.choices = {{"enter", 0, 0}, {"again", 0, 2}, {"back", 0, 3}};
  system.bind(0, 0, {act(Action::Kind::arm, 0)});
  system.seal();
  return system;
}
const Stay kInOne = in_locals({false, true, false});

TEST_CASE("fair stays: a timer", "[proofs][liveness]") {
  SECTION("that is armed ends the stay") {
    CHECK(judge(waiting({}), kInOne).verdict == Eventually::holds);
  }
  SECTION("that is off does not") {
    const StayAnswer answer = judge(waiting({}, true), kInOne);
    REQUIRE(answer.verdict == Eventually::violated);
    CHECK(answer.lasso->prefix == Path{{Kind::choose, 0}});
    CHECK(answer.lasso->cycle.empty());
  }
  SECTION("cannot be kept from expiring by choices that leave it alone") {
    CHECK(judge(waiting({{1, 2, 1}}), kInOne).verdict == Eventually::holds);
  }
  SECTION("that is armed again and again never expires, though it always could") {
    const StayAnswer answer = judge(waiting({{1, 2, 1, {0}}}), kInOne);
    REQUIRE(answer.verdict == Eventually::violated);
    CHECK(answer.lasso->cycle == Path{{Kind::choose, 1}});
  }
  SECTION("ends the stay even if the way out leads back in") {
    CHECK(judge(waiting({{2, 3, 1, {0}}}), kInOne).verdict == Eventually::holds);
  }
}

TEST_CASE("fair stays: a timer that yields to an application", "[proofs][liveness]") {
  // The application has something to take again and again, so the timer is not enabled for long.
  // Its bound holds all the same: it expires.
  System system;
  system.messages = {"letter"};
  system.components = {
      {"one",
       machine_of(3, 4, 2, {{0, 0, 1, {0, 1}}, {1, 1, 2}, {1, 2, 1}, {1, 3, 1, {1}}, {2, 2, 2}})}};
  system.queues = {{.name = "desk",
                    .kind = system::QueueKind::receive,
                    .from = 0,
                    .to = 0,
                    .capacity = 1,
                    .hi = 1}};
  system.timers = {{.name = "bell", .owner = 0, .event = 1, .lo = 5, .hi = 6, .yields_to = 0}};
  system.choices = {{"enter", 0, 0}, {"file", 0, 3}};
  system.bind(0, 0, {act(Action::Kind::arm, 0)});
  system.bind(
      0, 1, {act(Action::Kind::clear, 0), {.kind = Action::Kind::send, .target = 0, .payload = 0}});
  system.deliver(0, 0, {{.kind = Action::Kind::raise, .target = 0, .event = 2}});
  SECTION("and is armed") {
    system.seal();
    CHECK(judge(system, kInOne).verdict == Eventually::holds);
  }
  SECTION("and is off") {
    system.timers[0].off = true;
    system.seal();
    CHECK(judge(system, kInOne).verdict == Eventually::violated);
  }
}

TEST_CASE("fair stays: a promise", "[proofs][liveness]") {
  // s1 and s2 take turns by a choice; in s1 another leads out.
  System system;
  system.components = {{"one", machine_of(4, 4, 0, {{0, 0, 1}, {1, 1, 2}, {2, 1, 1}, {1, 2, 3}})}};
  system.choices = {{"enter", 0, 0}, {"turn", 0, 1}, {"leave", 0, 2}};
  system.seal();
  const Stay both = in_locals({false, true, true, false});
  const Stay first = in_locals({false, true, false, false});
  const Promise leaves{"leaves", {2}}, turns{"turns", {1}}, either{"does something", {1, 2}};
  SECTION("that nobody made lets a run rest") {
    const StayAnswer answer = judge(system, both);
    REQUIRE(answer.verdict == Eventually::violated);
    CHECK(answer.lasso->cycle.empty());
  }
  SECTION("is not broken where the choice is not open all the time") {
    // In s2 one cannot leave: going round for ever is fair. So is resting in s2.
    const StayAnswer answer = judge(system, both, {leaves, turns});
    REQUIRE(answer.verdict == Eventually::violated);
    CHECK(answer.lasso->cycle.size() == 2);
    CHECK(answer.lasso->prefix.size() == 1);
  }
  SECTION("is broken where it is") {
    CHECK(judge(system, first, {leaves}).verdict == Eventually::holds);
    CHECK(judge(system, first).verdict == Eventually::violated);
  }
  SECTION("is kept by any of its choices") {
    CHECK(judge(system, both, {either}).verdict == Eventually::violated);
    CHECK(judge(system, first, {either}).verdict == Eventually::holds);
  }
  SECTION("too many are refused") {
    CHECK_THROWS_AS(judge(system, both, std::vector<Promise>(kPromisesMax + 1)), std::length_error);
  }
}

TEST_CASE("fair stays: a stay", "[proofs][liveness]") {
  // s1 and s2 take turns; the way from s2 to s1 says so.
  System system;
  system.components = {{"one", machine_of(3, 2, 1, {{0, 0, 1}, {1, 1, 2}, {2, 1, 1, {0}}})}};
  system.choices = {{"enter", 0, 0}, {"turn", 0, 1}};
  system.seal();
  const Promise turns{"turns", {1}};
  Stay both = in_locals({false, true, true});
  SECTION("may wander among bad states") {
    CHECK(judge(system, both, {turns}).verdict == Eventually::violated);
  }
  SECTION("ends where a run leaves the bad states, though it comes back") {
    CHECK(judge(system, in_locals({false, true, false}), {turns}).verdict == Eventually::holds);
  }
  SECTION("ends with a step that says so") {
    both.until_emitted.push_back({0, 0});
    CHECK(judge(system, both, {turns}).verdict == Eventually::holds);
  }
  SECTION("is in no state when it has no clause") {
    CHECK(judge(system, {.name = "nowhere", .any_of = {}}).verdict == Eventually::holds);
  }
  SECTION("is undecided when a limit was hit, or when no run is accepted") {
    CHECK(ReachableStates(system, {.states = 1}).can_stay(both).limit == "1 states");
    const ReachableStates reachable(system);
    const StayAnswer answer = reachable.can_stay(both, {turns}, [](const Lasso&) { return false; });
    CHECK(answer.verdict == Eventually::undecided);
    CHECK(answer.runs == 2);
    CHECK_FALSE(answer.limit.empty());
    const StayAnswer no_memory = ReachableStates(system, {.bytes = 1}).can_stay(both);
    CHECK(no_memory.verdict == Eventually::undecided);
  }
}

TEST_CASE("strongly connected components", "[proofs][liveness]") {
  rc::prop("are what can be reached to and fro", [] {
    const auto nodes = *rc::gen::inRange<std::uint32_t>(0, 12);
    Graph graph;
    std::vector<std::vector<bool>> reach(nodes, std::vector<bool>(nodes, false));
    for (std::uint32_t n = 0; n < nodes; ++n) {
      reach[n][n] = true;
      for (const std::uint32_t to :
           *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(0u, nodes))) {
        if (*rc::gen::inRange(0, 2 + static_cast<int>(nodes) / 2) > 0) continue;
        graph.to.push_back(to);
        reach[n][to] = true;
      }
      graph.first.push_back(graph.to.size());
    }
    for (std::uint32_t k = 0; k < nodes; ++k) {
      for (std::uint32_t i = 0; i < nodes; ++i) {
        for (std::uint32_t j = 0; j < nodes; ++j) {
          if (reach[i][k] && reach[k][j]) reach[i][j] = true;
        }
      }
    }
    const Components components = components_of(graph);
    for (std::uint32_t i = 0; i < nodes; ++i) {
      RC_ASSERT(components.of[i] < components.count);
      for (std::uint32_t j = 0; j < nodes; ++j)
        RC_ASSERT((components.of[i] == components.of[j]) == (reach[i][j] && reach[j][i]));
    }
  });
  SECTION("of a path of a million nodes need no stack") {
    Graph graph;
    constexpr std::uint32_t kNodes = 1'000'000;
    for (std::uint32_t n = 0; n < kNodes; ++n) {
      if (n + 1 < kNodes) graph.to.push_back(n + 1);
      graph.first.push_back(graph.to.size());
    }
    CHECK(components_of(graph).count == kNodes);
  }
}
}  // namespace
}  // namespace halfclose::proofs
