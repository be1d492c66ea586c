// The engine of non-interference on random small systems, against traces listed one by one.
#include "proofs/decoupling/decoupling.hpp"

#include "proofs/decoupling/automaton.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <ostream>
#include <set>

namespace halfclose::proofs {
namespace {

using system::System;
using Trace = std::vector<std::string>;

/// One machine whose every event is a choice; two outputs, in some steps both.
struct Sample {
  std::vector<std::vector<machine::Cell>> cells;  ///< [local][event]
  std::vector<bool> hidden;                       ///< [event]
  std::vector<int> labels;                        ///< [event]: 0 silent, else a or b
};

constexpr int kEvents = 5;

System system_of(const Sample& sample) {
  auto table = std::make_shared<machine::Table>();
  table->machine = "sample";
  table->outputs = {"x", "y"};
  table->output_lists = {{}, {0}, {0, 1}};
  table->states = {"-"};
  for (int e = 0; e < kEvents; ++e)
    table->events.push_back(std::to_string(e));
  for (const auto& row : sample.cells) {
    table->locals.push_back({});
    table->cells.insert(table->cells.end(), row.begin(), row.end());
  }
  System system;
  system.components.push_back({"sample", table, 0, 0});
  for (int e = 0; e < kEvents; ++e)
    system.choices.push_back({std::to_string(e), 0, static_cast<machine::EventId>(e)});
  system.seal();
  return system;
}

Interface interface_of(const Sample& sample) {
  Interface interface;
  for (int e = 0; e < kEvents; ++e) {
    const auto i = static_cast<std::size_t>(e);
    if (sample.labels[i] != 0) {
      interface.observed.push_back(
          {0, static_cast<machine::EventId>(e), std::nullopt, sample.labels[i] == 1 ? "a" : "b"});
    }
    if (sample.hidden[i])
      interface.hidden.push_back({system::Stimulus::Kind::choose, static_cast<system::Index>(e)});
  }
  interface.observed.push_back({0, std::nullopt, machine::OutputId{0}, "x"});
  interface.observed.push_back({0, std::nullopt, machine::OutputId{1}, "y"});
  return interface;
}

Trace word_of(const Sample& sample, machine::LocalId local, std::size_t event) {
  Trace word;
  if (sample.labels[event] != 0) word.push_back(sample.labels[event] == 1 ? "a" : "b");
  const auto outputs = sample.cells[local][event].outputs;
  if (outputs >= 1) word.push_back("x");
  if (outputs >= 2) word.push_back("y");
  return word;
}

/// All that can be seen, up to `longest` observations: every prefix, listed one by one.
std::set<Trace> traces(const Sample& sample, bool with_hidden, std::size_t longest) {
  std::set<std::pair<machine::LocalId, Trace>> seen{{0, {}}};
  std::vector<std::pair<machine::LocalId, Trace>> open{{0, {}}};
  std::set<Trace> result{{}};
  while (!open.empty()) {
    const auto [local, trace] = open.back();
    open.pop_back();
    for (std::size_t e = 0; e < kEvents; ++e) {
      const auto& cell = sample.cells[local][e];
      if (cell.verdict != machine::Verdict::taken || (sample.hidden[e] && !with_hidden)) continue;
      Trace longer = trace;
      for (const auto& label : word_of(sample, local, e)) {
        longer.push_back(label);
        if (longer.size() <= longest) result.insert(longer);
      }
      if (longer.size() <= longest && seen.insert({cell.next, longer}).second)
        open.emplace_back(cell.next, longer);
    }
  }
  return result;
}

Sample any_sample() {
  Sample sample;
  const auto locals = *rc::gen::inRange<std::size_t>(1, 5);
  for (std::size_t l = 0; l < locals; ++l) {
    auto& row = sample.cells.emplace_back();
    for (int e = 0; e < kEvents; ++e) {
      machine::Cell cell;
      cell.next = static_cast<machine::LocalId>(*rc::gen::inRange<std::size_t>(0, locals));
      cell.outputs =
          static_cast<std::uint16_t>(*rc::gen::weightedElement<int>({{6, 0}, {1, 1}, {1, 2}}));
      if (*rc::gen::inRange(0, 5) < 3) cell.verdict = machine::Verdict::taken;
      row.push_back(cell);
    }
  }
  for (int e = 0; e < kEvents; ++e) {
    sample.hidden.push_back(*rc::gen::inRange(0, 3) == 0);
    sample.labels.push_back(*rc::gen::inRange(0, 3));
  }
  return sample;
}

Trace seen_in(const std::vector<Moment>& run) {
  Trace trace;
  for (const Moment& moment : run)
    trace.insert(trace.end(), moment.observed.begin(), moment.observed.end());
  return trace;
}

/// The run is one of the sample, and shows what it says.
bool is_run(const Sample& sample, const std::vector<Moment>& run, bool with_hidden) {
  machine::LocalId local = 0;
  for (const Moment& moment : run) {
    const std::size_t event = moment.stimulus.index;
    const auto& cell = sample.cells[local][event];
    if (cell.verdict != machine::Verdict::taken || moment.hidden != sample.hidden[event] ||
        (moment.hidden && !with_hidden) || moment.observed != word_of(sample, local, event))
      return false;
    local = cell.next;
  }
  return true;
}

TEST_CASE("decoupling: a verdict", "[proofs][decoupling]") {
  rc::prop("is what a list of all traces says, and a refutation is a pair of runs", [] {
    const Sample sample = any_sample();
    const auto result = decoupled(system_of(sample), interface_of(sample));
    constexpr std::size_t kLongest = 5;
    const auto with = traces(sample, true, kLongest), without = traces(sample, false, kLongest);
    RC_CLASSIFY(result.verdict == DecouplingResult::Verdict::coupled, "coupled");
    RC_CLASSIFY(result.verdict == DecouplingResult::Verdict::decoupled && result.hidden > 0,
                "decoupled, with private steps");
    if (result.verdict == DecouplingResult::Verdict::decoupled) {
      RC_ASSERT(with == without);
      RC_ASSERT(!result.pair);
      return;
    }
    RC_ASSERT(result.verdict == DecouplingResult::Verdict::coupled);
    const PairOfRuns& pair = result.pair.value();
    RC_ASSERT(is_run(sample, pair.with, true));
    RC_ASSERT(is_run(sample, pair.without, false));
    Trace first = seen_in(pair.with), second = seen_in(pair.without);
    RC_ASSERT(first.size() > pair.shared);
    RC_ASSERT(second.size() >= pair.shared);
    RC_ASSERT(first[pair.shared] == pair.impossible);
    first.resize(pair.shared);
    second.resize(pair.shared);
    RC_ASSERT(first == second);
    if (pair.shared >= kLongest) return;
    // What may be seen next is all that may be seen next.
    std::set<std::string> next;
    for (const Trace& trace : without) {
      if (trace.size() == pair.shared + 1 && std::equal(first.begin(), first.end(), trace.begin()))
        next.insert(trace.back());
    }
    RC_ASSERT(next == std::set<std::string>(pair.possible.begin(), pair.possible.end()));
    RC_ASSERT(!next.contains(pair.impossible));
  });
  rc::prop("is decoupled when nothing is private, and then nobody can tell", [] {
    Sample sample = any_sample();
    sample.hidden.assign(kEvents, false);
    const auto result = decoupled(system_of(sample), interface_of(sample));
    RC_ASSERT(result.verdict == DecouplingResult::Verdict::decoupled);
    RC_ASSERT(result.equivalent);
    RC_ASSERT(result.hidden == 0u);
  });
  rc::prop("is decoupled when the two are bisimilar", [] {
    const Sample sample = any_sample();
    std::vector<std::string> labels;
    const auto graph = labelled_graph(system_of(sample), interface_of(sample), {}, labels);
    if (equivalent(reachable(graph, true), reachable(graph, false)))
      RC_ASSERT(decoupled(system_of(sample), interface_of(sample)).verdict ==
                DecouplingResult::Verdict::decoupled);
  });
  rc::prop("says that a part of a system is covered by the system", [] {
    const Sample whole = any_sample();
    Sample part = whole;
    for (auto& row : part.cells) {
      for (auto& cell : row) {
        if (*rc::gen::inRange(0, 4) == 0) cell.verdict = machine::Verdict::refused;
      }
    }
    Interface all = interface_of(whole);
    all.hidden.clear();
    RC_ASSERT(covered(system_of(part), interface_of(part), system_of(whole), all).verdict ==
              DecouplingResult::Verdict::decoupled);
    const auto with = traces(part, true, 4), public_only = traces(whole, false, 4);
    if (!std::includes(public_only.begin(), public_only.end(), with.begin(), with.end()))
      RC_ASSERT(covered(system_of(part), interface_of(part), system_of(whole), interface_of(whole))
                    .verdict == DecouplingResult::Verdict::coupled);
  });
}

TEST_CASE("decoupling: a limit", "[proofs][decoupling]") {
  // Two states, one silent private step between them, one observation in both.
  Sample sample;
  const machine::Cell none, there{.next = 1, .verdict = machine::Verdict::taken},
      here{.next = 0, .verdict = machine::Verdict::taken};
  sample.cells = {{there, here, none, none, none}, {none, there, none, none, none}};
  sample.hidden = {true, false, false, false, false};
  sample.labels = {0, 1, 0, 0, 0};
  const System system = system_of(sample);
  const Interface interface = interface_of(sample);
  CHECK(decoupled(system, interface).verdict == DecouplingResult::Verdict::decoupled);
  for (const Limits& limits :
       {Limits{.states = 1}, Limits{.bytes = 0}, Limits{.milliseconds = -1}}) {
    const auto result = decoupled(system, interface, limits);
    CHECK(result.verdict == DecouplingResult::Verdict::undecided);
    CHECK_FALSE(result.limit.empty());
    CHECK_FALSE(result.pair);
  }
}

TEST_CASE("decoupling: branching bisimulation", "[proofs][decoupling]") {
  auto with = [](std::vector<std::vector<Arc>> arcs) { return Automaton{std::move(arcs)}; };
  SECTION("forgets an inert silent step and silence that goes on") {
    CHECK(equivalent(with({{{kSilent, 1}}, {{1, 0}}}), with({{{1, 0}}})));
    CHECK(equivalent(with({{{kSilent, 0}, {1, 0}}}), with({{{1, 0}}})));
  }
  SECTION("sees a silent step that takes a possibility away") {
    // a + tau.b against a + b: the same traces.
    CHECK_FALSE(
        equivalent(with({{{kSilent, 1}, {1, 2}}, {{2, 2}}, {}}), with({{{1, 1}, {2, 1}}, {}})));
  }
  SECTION("has one node for each class in the quotient") {
    // Two ways round the same circle of three.
    const Automaton circle = with({{{1, 1}}, {{kSilent, 2}}, {{2, 3}}, {{1, 4}}, {{2, 0}}});
    CHECK(quotient(circle).arcs.size() == 2);
    CHECK(equivalent(circle, quotient(circle)));
  }
}

}  // namespace
}  // namespace halfclose::proofs
