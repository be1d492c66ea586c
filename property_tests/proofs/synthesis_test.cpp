// Symbolic zones, against the matrices of the timed engine at many values of the parameters; and
// synthesis, against that engine and on systems whose answer is known.
#include "proofs/parametric/synthesis.hpp"

#include "proofs/parametric/symbolic_zone.hpp"
#include "proofs/timed/dbm.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <random>

using namespace halfclose;
using namespace halfclose::proofs;
using system::Time;

namespace {

constexpr std::size_t kParameters = 3;

/// One component with three timers and a wire to itself, and a random table: what rings or arrives
/// leads to a state, and may arm, cancel, send, or shout one of two words.
system::System arbitrary_system() {
  constexpr std::uint16_t kLocals = 4;
  constexpr machine::EventId kGo = 0, kRings = 1, kArrives = 4, kEvents = 5;
  constexpr machine::OutputId kArm = 0, kCancel = 3, kSend = 6, kOutputs = 9;
  std::mt19937_64 random(*rc::gen::arbitrary<std::uint32_t>());
  auto table = std::make_shared<machine::Table>();
  table->machine = "any";
  table->events = {"go", "rings 0", "rings 1", "rings 2", "arrives"};
  table->outputs = {"arm 0",    "arm 1", "arm 2",   "cancel 0", "cancel 1",
                    "cancel 2", "send",  "shout a", "shout b"};
  table->output_lists = {{}};
  for (std::uint16_t local = 0; local < kLocals; ++local) {
    table->states.push_back(std::to_string(local));
    table->locals.push_back({local, ""});
    for (machine::EventId event = 0; event < kEvents; ++event) {
      machine::Cell cell{.next = local, .row = 0};
      if (event != kGo || local == 0) {
        cell.verdict = machine::Verdict::taken;
        cell.next = static_cast<machine::LocalId>(event == kGo ? 1 : 1 + random() % (kLocals - 1));
        std::vector<machine::OutputId> list;
        if (event == kGo) list = {kArm, kArm + 1};
        for (auto more = random() % 3; more > 0; --more) {
          const auto output = static_cast<machine::OutputId>(random() % kOutputs);
          // A wire holds a few messages, so nothing is sent for each that arrives.
          if (output != kSend || event != kArrives) list.push_back(output);
        }
        cell.outputs = static_cast<std::uint16_t>(table->output_lists.size());
        table->output_lists.push_back(std::move(list));
      }
      table->cells.push_back(cell);
    }
  }
  system::System made;
  made.messages = {"ping"};
  made.components = {{"any", table}};
  made.queues = {{.name = "wire", .from = 0, .to = 0, .capacity = 2}};
  auto act = [](system::Action::Kind kind, system::Index target) {
    return system::Action{.kind = kind, .target = target};
  };
  for (system::Index t = 0; t < 3; ++t) {
    made.timers.push_back({.name = "timer " + std::to_string(t),
                           .owner = 0,
                           .event = static_cast<machine::EventId>(kRings + t)});
    made.bind(0, static_cast<machine::OutputId>(kArm + t), {act(system::Action::Kind::arm, t)});
    made.bind(0, static_cast<machine::OutputId>(kCancel + t),
              {act(system::Action::Kind::cancel, t)});
  }
  made.choices = {{"go", 0, kGo}};
  system::Action ping = act(system::Action::Kind::send, 0);
  ping.payload = 0;
  made.bind(0, kSend, {act(system::Action::Kind::clear, 0), ping});
  made.deliver(0, 0, {{.kind = system::Action::Kind::raise, .target = 0, .event = kArrives}});
  made.observer = 0;
  made.seal();
  return made;
}
/// The outputs that say no more than that they were reached.
constexpr std::uint64_t kShouts = 0b110000000;

Linear constant(std::int64_t value) {
  return {std::vector<std::int64_t>(kParameters), value};
}
Linear plus(Linear linear, std::size_t parameter, std::int64_t times = 1) {
  linear.coefficients[parameter] += times;
  return linear;
}

/// ParametricBounds of up to two parameters, from below zero on now and then.
ParametricBounds arbitrary_bounds(bool of_timer) {
  auto some = [](int most) { return static_cast<std::int64_t>(*rc::gen::inRange(0, most + 1)); };
  auto parameter = [] { return *rc::gen::inRange<std::size_t>(0, kParameters); };
  ParametricBounds made{constant(of_timer ? some(3) - 1 : some(2)), {}};
  if (*rc::gen::arbitrary<bool>()) made.lo = plus(made.lo, parameter());
  // A message is never there before it was sent.
  made.hi = made.lo;
  made.hi.constant += some(2) + (made.lo.constant < 0);
  if (*rc::gen::arbitrary<bool>()) made.hi = plus(made.hi, parameter(), some(2));
  return made;
}
ParametricSystem arbitrary_parametric(const system::System& system) {
  ParametricSystem made{.system = system, .parameters = {"a", "b", "c"}};
  for (std::size_t i = 0; i < system.timers.size(); ++i)
    made.timers.push_back(arbitrary_bounds(true));
  for (std::size_t i = 0; i < system.queues.size(); ++i)
    made.queues.push_back(arbitrary_bounds(false));
  for (std::size_t p = 0; p < kParameters; ++p) {
    made.domain.push_back({plus(constant(0), p), false});
    if (*rc::gen::arbitrary<bool>()) made.domain.push_back({plus(constant(6), p, -1), false});
  }
  if (*rc::gen::arbitrary<bool>())
    made.domain.push_back({plus(plus(constant(0), 2), 1, -1), false});  // b <= c
  return made;
}
Point arbitrary_point(const Cell& domain) {
  Point point;
  for (std::size_t p = 0; p < kParameters; ++p)
    point.push_back(*rc::gen::inRange(0, 7));
  point[2] = std::max(point[1], point[2]);
  if (!contains(domain, point)) throw std::logic_error("a point is outside of the domain");
  return point;
}
/// The System at one point.
system::System at_point(const ParametricSystem& parametric, const Point& point) {
  system::System made = parametric.system;
  for (std::size_t i = 0; i < made.timers.size(); ++i) {
    made.timers[i].lo = parametric.timers[i].lo.at(point);
    made.timers[i].hi = parametric.timers[i].hi.at(point);
  }
  for (std::size_t i = 0; i < made.queues.size(); ++i) {
    made.queues[i].lo = parametric.queues[i].lo.at(point);
    made.queues[i].hi = parametric.queues[i].hi.at(point);
  }
  return made;
}
Time bound_at(const ParametricSystem& parametric, std::uint8_t bound, bool upper,
              const Point& point) {
  const ParametricBounds& bounds = bound < system::kTimersMax
                                       ? parametric.timers[bound]
                                       : parametric.queues[bound - system::kTimersMax];
  return (upper ? bounds.hi : bounds.lo).at(point);
}

/// The matrix behind `run`, from bounds that are numbers. Nothing: the run does not exist.
std::optional<Dbm> matrix_after(const ParametricSystem& parametric, const UntimedGraph& graph,
                                const std::vector<const UntimedGraph::Step*>& run,
                                const Point& point) {
  auto elapse = [&](Dbm& zone, std::uint32_t state) {
    std::vector<Time> upper;
    for (auto clock = graph.clocks_begin(state); clock != graph.clocks_end(state); ++clock)
      upper.push_back(bound_at(parametric, clock->bound, true, point));
    return zone.elapse(upper.data());
  };
  Dbm zone(static_cast<int>(graph.clock_count(0)));
  if (!elapse(zone, 0)) return std::nullopt;
  std::uint32_t state = 0;
  for (const UntimedGraph::Step* step : run) {
    if (step->clock >= 0) {
      const auto bound = graph.clocks_begin(state)[step->clock].bound;
      if (!zone.constrain(0, step->clock + 1, at_most(-bound_at(parametric, bound, false, point))))
        return std::nullopt;
    }
    state = step->target;
    zone = zone.moved(graph.origins(*step), static_cast<int>(graph.clock_count(state)));
    if (!elapse(zone, state)) return std::nullopt;
  }
  return zone;
}
bool exists_at(const SymbolicZone& zone, const Forms& forms, const Point& point) {
  return !zone.empty && std::all_of(zone.conditions.begin(), zone.conditions.end(),
                                    [&](Forms::Id one) { return forms[one].at(point) >= 0; });
}
Bound bound_of(const SymbolicZone& zone, const Forms& forms, std::size_t i, std::size_t j,
               const Point& point) {
  Bound least = kUnbounded;
  for (const Forms::Id one : zone.at(i, j))
    least = std::min(least, at_most(forms[one].at(point)));
  return least;
}
/// Steps from state 0, any.
std::vector<const UntimedGraph::Step*> arbitrary_run(const UntimedGraph& graph, int most) {
  std::vector<const UntimedGraph::Step*> run;
  std::uint32_t state = 0;
  for (int length = *rc::gen::inRange(1, most + 1); length > 0; --length) {
    const auto steps = static_cast<std::size_t>(graph.end(state) - graph.begin(state));
    if (steps == 0) break;
    run.push_back(graph.begin(state) + *rc::gen::inRange<std::size_t>(0, steps));
    state = run.back()->target;
  }
  return run;
}
/// Empty from the first step on that cannot be taken.
SymbolicZone zone_after(const SymbolicSteps& steps,
                        const std::vector<const UntimedGraph::Step*>& run) {
  SymbolicZone zone = steps.initial();
  std::uint32_t state = 0;
  for (const UntimedGraph::Step* step : run) {
    if (zone.empty) break;
    zone = steps.after(state, *step, zone);
    state = step->target;
  }
  return zone;
}

}  // namespace

TEST_CASE("symbolic zone: behind arbitrary runs", "[proofs][parametric]") {
  std::size_t with_clocks = 0;
  rc::prop("is the matrix of the timed engine, for each value of the parameters", [&] {
    const system::System system = arbitrary_system();
    const UntimedGraph graph(system, {});
    const ParametricSystem parametric = arbitrary_parametric(system);
    Forms forms(parametric.domain, kParameters);
    const auto run = arbitrary_run(graph, 8);
    const SymbolicSteps steps(parametric, graph, forms, BoundSet().set(), true);
    const SymbolicZone zone = zone_after(steps, run);
    for (int i = 0; i < 10; ++i) {
      const Point point = arbitrary_point(parametric.domain);
      const std::optional<Dbm> matrix = matrix_after(parametric, graph, run, point);
      RC_ASSERT(exists_at(zone, forms, point) == matrix.has_value());
      if (!matrix) continue;
      RC_ASSERT(zone.size() == static_cast<std::size_t>(matrix->size()));
      with_clocks += zone.size() > 2;
      for (int a = 0; a < matrix->size(); ++a) {
        for (int b = 0; b < matrix->size(); ++b) {
          if (a != b)
            RC_ASSERT(bound_of(zone, forms, static_cast<std::size_t>(a),
                               static_cast<std::size_t>(b), point) == matrix->at(a, b));
        }
      }
    }
  });
  CHECK(with_clocks > 0);
}

TEST_CASE("symbolic zone: with less than everything", "[proofs][parametric]") {
  rc::prop("loses no run with fewer clocks, or where forms are left out", [] {
    const system::System system = arbitrary_system();
    const UntimedGraph graph(system, {});
    const ParametricSystem parametric = arbitrary_parametric(system);
    Forms forms(parametric.domain, kParameters);
    const auto run = arbitrary_run(graph, 8);
    BoundSet kept;
    for (std::size_t b = 0; b < kBoundsMax; ++b)
      kept[b] = *rc::gen::inRange(0, 3) > 0;
    const SymbolicSteps steps(parametric, graph, forms, kept, *rc::gen::arbitrary<bool>());
    const SymbolicZone zone = zone_after(steps, run);
    for (int i = 0; i < 10; ++i) {
      const Point point = arbitrary_point(parametric.domain);
      if (matrix_after(parametric, graph, run, point)) RC_ASSERT(exists_at(zone, forms, point));
    }
  });
}

TEST_CASE("symbolic zone: inclusion", "[proofs][parametric]") {
  std::size_t compared = 0;
  rc::prop("includes another one only where it is larger", [&] {
    const system::System system = arbitrary_system();
    const UntimedGraph graph(system, {});
    const ParametricSystem parametric = arbitrary_parametric(system);
    Forms forms(parametric.domain, kParameters);
    const SymbolicSteps steps(parametric, graph, forms, BoundSet().set(), true);
    const auto one = arbitrary_run(graph, 6), two = arbitrary_run(graph, 6);
    const auto end = [](const auto& run) { return run.empty() ? 0 : run.back()->target; };
    if (end(one) != end(two)) return;
    const SymbolicZone small = zone_after(steps, one), large = zone_after(steps, two);
    if (small.empty || large.empty || !steps.includes(large, small)) return;
    ++compared;
    for (int i = 0; i < 10; ++i) {
      const Point point = arbitrary_point(parametric.domain);
      if (!exists_at(small, forms, point)) continue;
      RC_ASSERT(exists_at(large, forms, point));
      for (std::size_t a = 0; a < small.size(); ++a) {
        for (std::size_t b = 0; b < small.size(); ++b) {
          if (a != b)
            RC_ASSERT(bound_of(small, forms, a, b, point) <= bound_of(large, forms, a, b, point));
        }
      }
    }
  });
  CHECK(compared > 0);
}

TEST_CASE("synthesis: arbitrary systems", "[proofs][parametric]") {
  std::size_t exact = 0, all = 0, between = 0;
  rc::prop("an output can be reached at exactly the values of its region", [&] {
    const system::System system = arbitrary_system();
    const UntimedGraph graph(system, {});
    const ParametricSystem parametric = arbitrary_parametric(system);
    const std::uint64_t goals = kShouts & graph.emitted();
    if (goals == 0) return;
    const Synthesis found =
        synthesize(parametric, graph, goals, {.polyhedra = 300, .milliseconds = 500});
    ++all;
    exact += found.exact;
    const Region never = outside(found.racy, parametric.domain);
    between += found.exact && !found.racy.cells.empty() && !never.cells.empty();
    for (int i = 0; i < 20; ++i) {
      const Point point = arbitrary_point(parametric.domain);
      const Exploration explored = explore_timed(at_point(parametric, point),
                                                 {.goals = goals, .limits = {.states = 20'000}});
      if (explored.found.empty() && !explored.complete) continue;
      const bool reached = !explored.found.empty();
      if (found.exact) RC_ASSERT(found.racy.contains(point) == reached);
      if (found.racy.contains(point)) RC_ASSERT(reached);
      RC_ASSERT(never.contains(point) != found.racy.contains(point));
    }
  });
  CAPTURE(exact, all, between);
  CHECK(exact * 2 >= all);
  CHECK(between > 0);  // time decides in some of them
}

namespace {

enum Event : machine::EventId { start, bell_rings, egg_is_done, kEvents };
enum Output : machine::OutputId { arm_both, bell_first, egg_first, kOutputs };

/// Two timers that run from the same instant; which of them is first is seen.
system::System two_timers() {
  auto table = std::make_shared<machine::Table>();
  table->machine = "kitchen";
  table->events = {"start", "bell rings", "egg is done"};
  table->outputs = {"arm both", "bell first", "egg first"};
  table->output_lists = {{}, {arm_both}, {bell_first}, {egg_first}};
  for (const char* name : {"idle", "waiting", "over"})
    table->states.push_back(name);
  for (std::uint16_t local = 0; local < 3; ++local) {
    table->locals.push_back({local, ""});
    for (machine::EventId event = 0; event < kEvents; ++event) {
      machine::Cell cell{.next = local, .row = 0};
      const bool taken = event == start ? local == 0 : local != 0;
      if (taken) {
        cell.verdict = machine::Verdict::taken;
        cell.next = static_cast<machine::LocalId>(event == start ? 1 : 2);
        if (local < 2) cell.outputs = static_cast<std::uint16_t>(event + 1);
      }
      table->cells.push_back(cell);
    }
  }
  system::System made;
  made.components = {{"kitchen", table}};
  made.timers = {{.name = "bell", .owner = 0, .event = bell_rings, .lo = 1, .hi = 2},
                 {.name = "egg", .owner = 0, .event = egg_is_done, .lo = 1, .hi = 2}};
  made.choices = {{"start", 0, start}};
  made.bind(0, arm_both,
            {{.kind = system::Action::Kind::arm, .target = 0},
             {.kind = system::Action::Kind::arm, .target = 1}});
  made.observer = 0;
  made.seal();
  return made;
}

}  // namespace

TEST_CASE("synthesis: known answers", "[proofs][parametric]") {
  // The bell rings a to a + c after the start, the egg is done b to b + c after it.
  const system::System system = two_timers();
  const UntimedGraph graph(system, {});
  REQUIRE(graph.complete());
  ParametricSystem parametric{.system = system, .parameters = {"a", "b", "c"}};
  parametric.timers = {{plus(constant(0), 0), plus(plus(constant(0), 0), 2)},
                       {plus(constant(0), 1), plus(plus(constant(0), 1), 2)}};
  for (std::size_t p = 0; p < kParameters; ++p)
    parametric.domain.push_back({plus(constant(0), p), false});
  auto region = [&](std::uint64_t goals) {
    const Synthesis found = synthesize(parametric, graph, goals);
    REQUIRE(found.exact);
    return outside(outside(found.racy, parametric.domain), parametric.domain);
  };
  SECTION("one before the other, ties included: its least is at most the other's most") {
    // a <= b + c
    const Inequality in_time{{{-1, 1, 1}, 0}, false};
    CHECK(region(1ull << bell_first) == Region{kParameters, {{in_time}}});
    const Inequality egg_in_time{{{1, -1, 1}, 0}, false};
    CHECK(region(1ull << egg_first) == Region{kParameters, {{egg_in_time}}});
    // Safe is strict.
    CHECK(outside(region(1ull << bell_first), parametric.domain) ==
          Region{kParameters, {{{{{1, -1, -1}, 0}, true}}}});
  }
  SECTION("either of them: always") {
    CHECK(region(1ull << bell_first | 1ull << egg_first) == Region{kParameters, {{}}});
  }
  SECTION("what no step emits: never") {
    CHECK(region(1ull << 40) == Region{kParameters, {}});
  }
  SECTION("an empty domain: nowhere") {
    parametric.domain.push_back({constant(-1), false});
    CHECK(synthesize(parametric, graph, 1ull << bell_first).racy.cells.empty());
  }
  SECTION("a timer that may be early, but not before it was armed") {
    // The bell rings a - 5 to a after the start: at zero it is never too late.
    parametric.timers[0] = {plus(constant(-5), 0), plus(constant(0), 0)};
    parametric.timers[1] = {constant(0), constant(0)};
    CHECK(region(1ull << bell_first) == Region{kParameters, {{{{{-1, 0, 0}, 5}, false}}}});
  }
  SECTION("the clocks that decide are named, and each cell has a run") {
    const Synthesis found = synthesize(parametric, graph, 1ull << bell_first);
    CHECK(found.timed == std::vector<std::string>{"bell", "egg"});
    CHECK(found.runs.size() >= found.racy.cells.size());
  }
  SECTION("a limit is told") {
    const Synthesis found = synthesize(parametric, graph, 1ull << bell_first, {.polyhedra = 0});
    CHECK_FALSE(found.exact);
    CHECK(found.limit == "0 polyhedra");
  }
}
