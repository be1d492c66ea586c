// Properties of the exports (proofs/export): two checkers of another origin, Spin and Rumur, find
// in what was exported exactly the states, transitions and violations that our explorer finds.
//
// The programs are Debian packages; without them these tests fail.
#include "bench/pan.hpp"
#include "bench/process.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/named_systems.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/explore/lane_explorer.hpp"
#include "proofs/export/murphi.hpp"
#include "proofs/export/promela.hpp"
#include "property_tests/proofs/lane_generator.hpp"

#include <catch2/catch.hpp>

#include <regex>
#include <set>
#include <stdexcept>

using namespace halfclose;
using bench::PanRun;
using proofs::ExportOptions;
using system::Index;
using system::System;

namespace {

/// What a checker has to find. A violation is an asserted output of a transition.
struct Counts {
  std::uint64_t states = 0, transitions = 0, violations = 0;
  bool operator==(const Counts&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  return out << counts.states << " states, " << counts.transitions << " transitions, "
             << counts.violations << " violations";
}

/// A system with all there is to know about it.
struct Known {
  explicit Known(System of) : system(std::move(of)), reached(system.bytes()) {
    const auto explored = proofs::explore(system, {.stop_when_found = false}, &reached);
    REQUIRE(explored.complete);
    counts.states = explored.states;
    counts.transitions = explored.transitions;
    use = proofs::cells_used(system, reached);
  }
  /// Asserts the outputs that do not occur and those that do, as long as there are some.
  void assert_outputs(const std::vector<std::string_view>& outputs) {
    std::uint64_t bad = 0;
    for (const std::string_view output : outputs) {
      proofs::Never never = proofs::never(system, output);
      for (const auto& [component, at] : never.places)
        bad |= 1ull << system.emitted_at(component, at);
      if (!never.places.empty()) options.never.push_back(std::move(never));
    }
    std::vector<system::Stimulus> stimuli;
    system::StepResult step;
    for (std::size_t i = 0; i < reached.size(); ++i) {
      const system::State state = reached[i];
      system.enabled(state, stimuli);
      for (const system::Stimulus stimulus : stimuli) {
        system.step(state, stimulus, step);
        counts.violations += static_cast<std::uint64_t>(__builtin_popcountll(step.emitted & bad));
      }
    }
  }

  System system;
  proofs::StateSet reached;
  proofs::CellUse use;
  Counts counts;
  ExportOptions options{};
};

std::vector<std::string_view> guarantees() {
  std::vector<std::string_view> all;
  for (const auto& guarantee : proofs::guarantees())
    all.push_back(guarantee.slug);
  return all;
}

/// gcc -O0: these models are small, and compiling is what takes time.
PanRun pan(const std::string& model,
           std::vector<std::string> compiler = {"-O0", "-DSAFETY", "-DNOREDUCE"}) {
  PanRun run = bench::run_pan(model, {.compiler = std::move(compiler), .hash_bits = 16});
  INFO(run.output);
  REQUIRE(run.error == "");
  REQUIRE(run.complete);
  return run;
}
Counts counts_of(const PanRun& run) {
  REQUIRE(run.transitions > 0);
  return {run.states, run.transitions - 1, run.errors};
}

struct RumurRun {
  int status = -1;
  Counts counts;
  std::string output;
};
RumurRun rumur(const std::string& model) {
  const bench::TemporaryDirectory directory;
  bench::write_file(directory.path() / "model.m", model);
  auto run = [&](const std::vector<std::string>& command) {
    bench::ProcessRun done = bench::run_process(command, directory.path());
    if (done.status == 127)
      FAIL(command.front() << " is not installed: apt-get install " << command.front());
    return done;
  };
  const auto made = run(
      {"rumur", "--deadlock-detection", "off", "--threads", "1", "--output", "model.c", "model.m"});
  INFO(made.output);
  REQUIRE(made.status == 0);
  const auto compiled =
      run({"gcc", "-std=c11", "-O0", "-w", "-o", "model", "model.c", "-lpthread", "-latomic"});
  INFO(compiled.output);
  REQUIRE(compiled.status == 0);
  RumurRun result;
  const auto done = run({"./model"});
  result.status = done.status;
  result.output = done.output;
  std::smatch found;
  if (std::regex_search(done.output, found, std::regex("([0-9]+) states, ([0-9]+) rules fired")))
    result.counts = {std::stoull(found[1]), std::stoull(found[2]), 0};
  return result;
}

System named(std::string_view name) {
  const proofs::NamedSystem* found = proofs::find_named_system(name);
  REQUIRE(found != nullptr);
  return found->make();
}

/// Seeds of LaneGenerator: some hundred states each, and between them all that a system can do (a
/// test below counts).
constexpr std::uint32_t kRandomLanes[] = {45, 146, 174, 225};
/// In this one a queue overflows.
constexpr std::uint32_t kOverflowing = 9;

/// The first cell that a run uses to change a local of the component.
system::Occurrence first_change(const Known& known, Index component) {
  std::vector<system::Occurrence> occurrences;
  std::vector<system::Stimulus> stimuli;
  system::StepResult step;
  for (std::size_t i = 0; i < known.reached.size(); ++i) {
    known.system.enabled(known.reached[i], stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      occurrences.clear();
      known.system.step(known.reached[i], stimulus, step, &occurrences);
      for (const system::Occurrence& one : occurrences) {
        if (one.kind == system::Occurrence::Kind::fired && one.index == component &&
            one.before != one.after)
          return one;
      }
    }
  }
  FAIL("the component never changes");
  return {};
}

}  // namespace

TEST_CASE("promela: Spin counts what we count", "[proofs][export]") {
  const std::string name = GENERATE("hop/plain", "hop/shutdown", "hop/age", "hop/pipelining",
                                    "hop/envoy-node", "hop/alb-nginx", "tcp-pair/small");
  INFO(name);
  Known known(named(name));
  std::vector<std::string_view> outputs = guarantees();
  outputs.push_back("keepalive-reuse");
  known.assert_outputs(outputs);
  known.options.only = &known.use;
  CHECK(counts_of(pan(proofs::promela(known.system, known.options))) == known.counts);
}

TEST_CASE("promela: a guarantee that is violated is an error of pan", "[proofs][export]") {
  // Anti-vacuity of the case above: it compares numbers other than zero.
  Known holds(named("hop/plain")), broken(named("hop/alb-nginx"));
  holds.assert_outputs(guarantees());
  CHECK(holds.counts.violations == 0);
  broken.assert_outputs(guarantees());
  CHECK(broken.counts.violations > 0);
}

TEST_CASE("promela: whole tables say what the used cells say", "[proofs][export]") {
  Known known(named("hop/plain"));
  const std::string whole = proofs::promela(known.system, known.options);
  known.options.only = &known.use;
  const std::string used = proofs::promela(known.system, known.options);
  CHECK(used.size() < whole.size());
  CHECK(counts_of(pan(whole)) == known.counts);
}

TEST_CASE("promela: pan stores a state by its lanes, and reduces the lanes that never meet",
          "[proofs][export]") {
  Known known(named("hops/two"));
  known.options.only = &known.use;
  const std::string model = proofs::promela(known.system, known.options);
  CHECK(counts_of(pan(model, {"-O0", "-DSAFETY", "-DNOREDUCE", "-DCOLLAPSE"})) == known.counts);
  CHECK(pan(model, {"-O0", "-DSAFETY"}).states < known.counts.states);
}

TEST_CASE("promela: random lanes that raise at each other", "[proofs][export]") {
  const std::uint32_t seed = GENERATE(from_range(std::begin(kRandomLanes), std::end(kRandomLanes)));
  INFO("seed " << seed);
  Known known(test::LaneGenerator(seed).make());
  known.assert_outputs({"o3", "o5", "o7"});
  const std::string model = proofs::promela(known.system, known.options);
  CHECK(counts_of(pan(model)) == known.counts);
  // They meet, so nothing may be reduced.
  CHECK(pan(model, {"-O0", "-DSAFETY"}).states == known.counts.states);
}

TEST_CASE("promela: a queue that overflows is an error of pan", "[proofs][export]") {
  const System system = test::LaneGenerator(kOverflowing).make();
  CHECK_THROWS_AS(proofs::explore(system, {.stop_when_found = false}), std::logic_error);
  const PanRun run = pan(proofs::promela(system));
  CHECK(run.errors > 0);
  REQUIRE_FALSE(run.violated.empty());
  CHECK(run.violated.front().find("!wrong") != std::string::npos);
}

TEST_CASE("random lanes: do between them whatever a system can do", "[proofs][export]") {
  std::set<system::Occurrence::Kind> kinds;
  std::set<system::Stimulus::Kind> stimulus_kinds;
  std::uint64_t emitted = 0;
  bool meets = false;
  for (const std::uint32_t seed : kRandomLanes) {
    const Known known(test::LaneGenerator(seed).make());
    std::vector<system::Stimulus> stimuli;
    system::StepResult step;
    std::vector<system::Occurrence> occurrences;
    for (std::size_t i = 0; i < known.reached.size(); ++i) {
      const system::State state = known.reached[i];
      known.system.enabled(state, stimuli);
      for (const system::Stimulus stimulus : stimuli) {
        occurrences.clear();
        known.system.step(state, stimulus, step, &occurrences);
        stimulus_kinds.insert(stimulus.kind);
        emitted |= step.emitted;
        for (const auto& one : occurrences) {
          kinds.insert(one.kind);
          meets |= one.kind == system::Occurrence::Kind::fired &&
                   known.system.components[one.index].lane != known.system.lane_of(stimulus);
        }
      }
    }
  }
  CHECK(kinds.size() == 7);
  CHECK(stimulus_kinds.size() == 5);
  CHECK(emitted != 0);
  CHECK(meets);
}

TEST_CASE("promela: one cell that is wrong is found", "[proofs][export]") {
  Known known(named("hop/plain"));
  const Index component =
      GENERATE(as<Index>{}, deployment::hop::client, deployment::hop::server_kernel);
  const system::Occurrence change = first_change(known, component);
  const machine::Table* right = known.system.components[component].table.get();
  auto wrong = std::make_shared<machine::Table>(*right);
  wrong->cells[change.before * wrong->events.size() + change.event].next = change.before;
  System mutant = known.system;
  mutant.components[component].table = wrong;
  known.use[wrong.get()] = known.use[right];
  known.options.only = &known.use;
  CHECK_FALSE(counts_of(pan(proofs::promela(mutant, known.options))) == known.counts);
}

TEST_CASE("named systems: each is found by its name and is like no other", "[proofs][catalogue]") {
  std::set<std::pair<std::uint64_t, std::uint64_t>> sizes;
  for (const proofs::NamedSystem& one : proofs::named_systems()) {
    INFO(one.name);
    CHECK(proofs::find_named_system(one.name) == &one);
    const System system = one.make();
    const proofs::Search everything{.stop_when_found = false, .limits = {.states = 800'000}};
    const auto explored = system.lanes.size() > 1 ? proofs::explore_lanes(system, everything)
                                                  : proofs::explore(system, everything);
    // One is larger: then it is like none that is not.
    const bool larger = one.name == "tcp-pair";
    CHECK(explored.complete == !larger);
    CHECK(sizes.emplace(explored.states, explored.transitions).second);
  }
  CHECK(sizes.size() == proofs::named_systems().size());
  CHECK(proofs::find_named_system("hop") == nullptr);
}

TEST_CASE("pan: a search that was cut short, or never began, says so", "[bench]") {
  Known known(named("hop/plain"));
  known.options.only = &known.use;
  const PanRun cut =
      bench::run_pan(proofs::promela(known.system, known.options),
                     {.compiler = {"-O0", "-DSAFETY", "-DNOREDUCE"}, .depth = 5, .hash_bits = 16});
  CHECK(cut.error == "");
  CHECK_FALSE(cut.complete);
  CHECK(cut.states < known.counts.states);
  CHECK_FALSE(bench::run_pan("no model").error == "");
  const bench::TemporaryDirectory directory;
  CHECK(bench::run_process({"no-such-program"}, directory.path()).status == 127);
}

TEST_CASE("murphi: Rumur counts what we count", "[proofs][export]") {
  const std::string name = GENERATE("hop/plain", "tcp-pair/small");
  INFO(name);
  Known known(named(name));
  known.options.only = &known.use;
  const RumurRun run = rumur(proofs::murphi(known.system, known.options));
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(run.counts == known.counts);
}

TEST_CASE("murphi: random lanes that raise at each other", "[proofs][export]") {
  const Known known(test::LaneGenerator(kRandomLanes[1]).make());
  const RumurRun run = rumur(proofs::murphi(known.system));
  INFO(run.output);
  CHECK(run.status == 0);
  CHECK(run.counts == known.counts);
}

TEST_CASE("murphi: an asserted output is an error of the run", "[proofs][export]") {
  Known known(named("hop/plain"));
  known.assert_outputs({"keepalive-reuse"});
  REQUIRE(known.counts.violations > 0);
  known.options.only = &known.use;
  const RumurRun run = rumur(proofs::murphi(known.system, known.options));
  INFO(run.output);
  CHECK(run.status == 1);
  CHECK(run.output.find("keepalive-reuse") != std::string::npos);
}
