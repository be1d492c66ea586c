// The lane explorer against the plain one: the same states, transitions, depth and outputs on every
// system, whatever the number of threads and the width of the keys.
#include "proofs/explore/lane_explorer.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/explore/lane_symmetry.hpp"
#include "proofs/explore/local_cycles.hpp"
#include "property_tests/proofs/random_lanes.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

using namespace halfclose;
using proofs::Exploration;
using proofs::LaneOptions;

namespace {

const proofs::Search kEverything{.goals = ~0ull, .stop_when_found = false};

system::System any_lanes() {
  return test::random_lanes(*rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>()));
}

std::vector<std::pair<int, std::size_t>> lengths(const Exploration& exploration) {
  std::vector<std::pair<int, std::size_t>> all;
  for (const auto& found : exploration.found)
    all.emplace_back(found.output, found.path.size());
  std::sort(all.begin(), all.end());
  return all;
}
bool same_paths(const Exploration& left, const Exploration& right) {
  return std::equal(
      left.found.begin(), left.found.end(), right.found.begin(), right.found.end(),
      [](const auto& a, const auto& b) { return a.output == b.output && a.path == b.path; });
}

/// Hops that know nothing of each other, each a lane.
system::System hops(int count) {
  deployment::HopSettings settings;
  settings.client.idle = settings.server.idle = 60'000'000;
  settings.with_body = count == 1;
  system::System made;
  deployment::name_messages(made);
  for (int i = 0; i < count; ++i) {
    const std::string tag = "#" + std::to_string(i);
    made.lanes.push_back({.name = "hop" + tag, .kind = 0});
    const auto place =
        deployment::add_hop(made, settings, {.lane = static_cast<system::Index>(i), .tag = tag});
    if (i < 2)
      made.observers.push_back(
          {static_cast<system::Index>(place.component + deployment::hop::observer),
           32u * unsigned(i)});
  }
  made.seal();
  return made;
}

/// Switches that count to three and start again; all but the first `moving` stand still.
system::System switches(int count, int moving) {
  auto table = std::make_shared<machine::Table>();
  table->events = {"count"};
  table->outputs = {"third"};
  table->output_lists = {{}, {0}};
  for (std::uint16_t i = 0; i < 3; ++i) {
    table->states.push_back(std::to_string(i));
    table->locals.push_back({i, ""});
    table->cells.push_back({static_cast<machine::LocalId>((i + 1) % 3),
                            static_cast<std::uint16_t>(i == 2), 0, machine::Verdict::taken});
  }
  system::System made;
  for (int i = 0; i < count; ++i) {
    const auto at = static_cast<system::Index>(i);
    made.lanes.push_back({.name = "switch"});
    made.components.push_back({"switch", table, 0, at});
    if (i < moving) made.choices.push_back({"count", at, 0});
  }
  made.observer = static_cast<system::Index>(moving - 1);
  made.seal();
  return made;
}

void check_same(const system::System& system) {
  const Exploration plain = proofs::explore(system, kEverything);
  const Exploration lanes = proofs::explore_lanes(system, kEverything);
  CHECK(lanes.complete);
  CHECK(lanes.states == plain.states);
  CHECK(lanes.transitions == plain.transitions);
  CHECK(lanes.depth == plain.depth);
  CHECK(lengths(lanes) == lengths(plain));
}

}  // namespace

TEST_CASE("lane explorer: random lanes", "[proofs][explore][lanes]") {
  rc::prop("have the states, transitions, depth and shortest paths that the plain explorer finds",
           [] {
             const system::System system = any_lanes();
             proofs::Search search = kEverything;
             search.limits.states = 20'000;
             proofs::StateSet seen(system.bytes());
             const Exploration plain = proofs::explore(system, search, &seen);
             RC_CLASSIFY(!plain.complete, "too large");
             if (!plain.complete) return;
             RC_CLASSIFY(plain.states > 100, "more than 100 states");
             std::size_t reached = 0, foreign = 0;
             const Exploration lanes =
                 proofs::explore_lanes(system, search, {.reached = [&](const system::State& state) {
                                         ++reached;
                                         foreign += seen.contains(state) ? 0 : 1;
                                       }});
             RC_ASSERT(lanes.complete);
             RC_ASSERT(lanes.states == plain.states);
             RC_ASSERT(lanes.transitions == plain.transitions);
             RC_ASSERT(lanes.depth == plain.depth);
             RC_ASSERT(lengths(lanes) == lengths(plain));
             RC_ASSERT(reached == plain.states);
             RC_ASSERT(foreign == 0u);
           });
  rc::prop("give the same answer, path by path, to 1, 2 and 4 threads", [] {
    const system::System system = any_lanes();
    proofs::Search search = kEverything;
    search.limits.states = 20'000;
    const Exploration one = proofs::explore_lanes(system, search);
    for (const unsigned threads : {2u, 4u}) {
      const Exploration more =
          proofs::explore_lanes(system, search, {.threads = threads, .share_from = 2});
      RC_ASSERT(more.complete == one.complete);
      if (!one.complete) continue;
      RC_ASSERT(more.states == one.states);
      RC_ASSERT(more.transitions == one.transitions);
      RC_ASSERT(more.depth == one.depth);
      RC_ASSERT(same_paths(more, one));
    }
  });
  rc::prop("count a goal only together with what must be emitted with it", [] {
    const system::System system = any_lanes();
    proofs::Search search = kEverything;
    search.limits.states = 5'000;
    search.together = 1ull << *rc::gen::inRange(0, 24);
    const Exploration plain = proofs::explore(system, search);
    if (!plain.complete) return;
    RC_CLASSIFY(plain.found.size() > 1);
    RC_ASSERT(lengths(proofs::explore_lanes(system, search)) == lengths(plain));
  });
  rc::prop("stop at the end of a level, with the same shortest path", [] {
    const system::System system = any_lanes();
    proofs::Search search{.goals = 1ull << *rc::gen::inRange(0, 12)};
    search.limits.states = 20'000;
    const Exploration plain = proofs::explore(system, search);
    if (!plain.limit.empty()) return;
    const Exploration lanes = proofs::explore_lanes(system, search);
    RC_ASSERT(lengths(lanes) == lengths(plain));
    if (!plain.found.empty()) RC_ASSERT(lanes.states >= plain.states);
  });
}

TEST_CASE("lane explorer: partial order", "[proofs][explore][lanes][reductions]") {
  rc::prop("changes no verdict, no set of outputs and no shortest path", [] {
    const system::System system = any_lanes();
    proofs::Search search = kEverything;
    search.limits.states = 20'000;
    const Exploration full = proofs::explore_lanes(system, search);
    if (!full.complete) return;
    const Exploration reduced = proofs::explore_lanes(system, search, {.partial_order = true});
    RC_ASSERT(reduced.complete);
    RC_ASSERT(same_paths(reduced, full));
    for (int i = 0; i < 3; ++i) {
      // The fewer goals, the more may be put off.
      search.goals = 1ull << *rc::gen::inRange(0, 36);
      RC_ASSERT(same_paths(proofs::explore_lanes(system, search, {.partial_order = true}),
                           proofs::explore_lanes(system, search)));
    }
  });
  rc::prop("keeps every state in which nothing can happen any more", [] {
    const system::System system = any_lanes();
    const auto dead_ends = [&](bool partial_order, std::uint64_t& states) {
      std::set<std::string> found;
      std::vector<system::Stimulus> enabled;
      proofs::Search search{.stop_when_found = false, .limits = {.states = 20'000}};
      const Exploration explored = proofs::explore_lanes(
          system, search, {.partial_order = partial_order, .reached = [&](const system::State& s) {
                             system.enabled(s, enabled);
                             if (enabled.empty()) found.insert(system.describe(s));
                           }});
      states = explored.complete ? explored.states : 0;
      return found;
    };
    std::uint64_t all = 0, fewer = 0;
    const auto full = dead_ends(false, all), reduced = dead_ends(true, fewer);
    if (all == 0) return;
    RC_CLASSIFY(!full.empty(), "with a dead end");
    RC_CLASSIFY(fewer < all, "fewer states");
    RC_ASSERT(fewer <= all);
    RC_ASSERT(reduced == full);
  });
  rc::prop("does not depend on the number of threads", [] {
    const system::System system = any_lanes();
    proofs::Search search{.stop_when_found = false, .limits = {.states = 20'000}};
    const Exploration one = proofs::explore_lanes(system, search, {.partial_order = true});
    const Exploration four = proofs::explore_lanes(
        system, search, {.threads = 4, .share_from = 1, .partial_order = true});
    RC_ASSERT(four.complete == one.complete);
    if (!one.complete) return;
    RC_ASSERT(four.states == one.states);
    RC_ASSERT(four.transitions == one.transitions);
    RC_ASSERT(four.depth == one.depth);
  });
  SECTION("lets hops that know nothing of each other wait for each other") {
    const proofs::Search search{.stop_when_found = false};
    const Exploration full = proofs::explore_lanes(hops(3), search);
    const Exploration reduced = proofs::explore_lanes(hops(3), search, {.partial_order = true});
    CHECK(reduced.complete);
    CHECK(reduced.states * 20 < full.states);
  }
}

namespace {

test::Clients any_clients() {
  return test::random_clients(*rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>()));
}

/// The least way to write the state down, over all orders of the clients.
std::string written_least(const test::Clients& clients, const system::State& state) {
  std::vector<unsigned> order(clients.count);
  std::iota(order.begin(), order.end(), 0u);
  std::string least;
  do {
    std::string text;
    for (const unsigned i : order) {
      std::array<std::uint8_t, system::kStateBytes> lane{};
      clients.system.pack_lane(state, static_cast<system::Index>(i), lane.data());
      text.append(lane.begin(), lane.begin() + static_cast<long>(clients.system.lane_bytes(0)));
      text += static_cast<char>('a' + clients.system.local(state, clients.desk(i)));
      text += clients.system.local(state, clients.pool()) >> i & 1 ? '1' : '0';
    }
    if (least.empty() || text < least) least = text;
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

}  // namespace

TEST_CASE("lane explorer: symmetry", "[proofs][explore][lanes][reductions]") {
  rc::prop("explores one state of each set of states that trade places, and finds the same", [] {
    const test::Clients clients = any_clients();
    proofs::Search search = kEverything;
    search.limits.states = 20'000;
    std::set<std::string> orbits;
    const Exploration full = proofs::explore_lanes(
        clients.system, search,
        {.reached = [&](const system::State& s) { orbits.insert(written_least(clients, s)); }});
    if (!full.complete) return;
    const Exploration reduced = proofs::explore_lanes(clients.system, search, {.symmetry = true});
    RC_CLASSIFY(reduced.states < full.states, "fewer states");
    RC_CLASSIFY(!reduced.refused.empty(), "refused");
    RC_ASSERT(reduced.complete);
    RC_ASSERT(same_paths(reduced, full));
    if (reduced.refused.empty()) {
      RC_ASSERT(reduced.states == orbits.size());
      RC_ASSERT(reduced.depth == full.depth);
    } else {
      RC_ASSERT(reduced.states == full.states);
    }
    const Exploration both =
        proofs::explore_lanes(clients.system, search, {.symmetry = true, .partial_order = true});
    RC_ASSERT(same_paths(both, full));
    RC_ASSERT(both.states <= reduced.states);
    const Exploration four = proofs::explore_lanes(
        clients.system, search,
        {.threads = 4, .share_from = 1, .symmetry = true, .partial_order = true});
    RC_ASSERT(four.states == both.states);
    RC_ASSERT(four.transitions == both.transitions);
    RC_ASSERT(four.depth == both.depth);
    search.goals = 1ull << *rc::gen::inRange(0, 42);
    search.together = *rc::gen::arbitrary<bool>() ? 1ull << *rc::gen::inRange(0, 42) : 0;
    RC_ASSERT(same_paths(
        proofs::explore_lanes(clients.system, search, {.symmetry = true, .partial_order = true}),
        proofs::explore_lanes(clients.system, search)));
  });
  rc::prop("is refused when one lane is not as the others", [] {
    const test::Clients clients = any_clients();
    system::System system = clients.system;
    std::string why;
    RC_ASSERT(proofs::verified(system, system.symmetries[0], why).has_value());
    switch (*rc::gen::inRange(0, 6)) {
      case 0:  // one more thing that one client does
        system.bind(clients.client(0), *rc::gen::inRange<machine::OutputId>(0, 6),
                    {{.kind = system::Action::Kind::cancel, .target = 0}});
        break;
      case 1:
        system.deliver(1, 0, {});
        break;
      case 2:
        system.timers[0].off = true;
        break;
      case 3:
        system.choices.pop_back();
        system.symmetries[0].lanes = {{static_cast<system::Index>(clients.count - 2),
                                       static_cast<system::Index>(clients.count - 1)}};
        break;
      case 4:  // the pool's events are not traded with the clients
        system.symmetries[0].outside.back().events.clear();
        break;
      default:
        system.symmetries[0].outside.back().outputs[0] = 1;
        system.symmetries[0].outside.back().outputs[1] = 1;
        break;
    }
    RC_ASSERT_FALSE(proofs::verified(system, system.symmetries[0], why).has_value());
    RC_ASSERT_FALSE(why.empty());
    const Exploration explored = proofs::explore_lanes(
        system, {.stop_when_found = false, .limits = {.states = 1'000}}, {.symmetry = true});
    RC_ASSERT_FALSE(explored.refused.empty());
  });
  SECTION("is given up when two lanes are over in one step: they start again in their order") {
    using system::Action;
    using system::Index;
    const auto one_way = [](std::vector<std::string> events, std::vector<std::string> outputs) {
      auto table = std::make_shared<machine::Table>();
      table->events = std::move(events);
      table->outputs = std::move(outputs);
      table->output_lists = {{}, {0}, {1}};
      return table;
    };
    auto client = one_way({"go", "end"}, {"went", "unused"});
    client->states = {"open", "over"};
    client->locals = {{0, ""}, {1, ""}};
    const auto taken = machine::Verdict::taken;
    client->cells = {{0, 1, 0, taken}, {1, 0, 0, taken}, {}, {1, 0, 0, taken}};
    auto hub = one_way({"from 0", "from 1"}, {"first 0", "first 1"});
    hub->states = {"hub"};
    hub->locals = {{0, ""}};
    hub->cells = {{0, 1, 0, taken}, {0, 2, 0, taken}};
    system::System made;
    made.lanes = {{.name = "a", .kind = 0}, {.name = "b", .kind = 0}, {.name = "hub"}};
    made.components = {{"a", client, 0, 0}, {"b", client, 0, 1}, {"hub", hub, 0, 2}};
    made.choices = {{"go a", 0, 0}, {"go b", 1, 0}};
    for (Index i = 0; i < 2; ++i) {
      made.lanes[i].over_in = {{i, {false, true}}};
      auto raise = [](Index target, Index event) -> Action {
        return {.kind = Action::Kind::raise, .target = target, .event = event};
      };
      made.bind(i, 0, {raise(2, i)});
      made.bind(2, i, {raise(i, 1), raise(static_cast<Index>(1 - i), 1)});
    }
    made.symmetries = {
        {.lanes = {{0, 1}}, .outside = {{.component = 2, .events = {1, 0}, .outputs = {1, 0}}}}};
    made.seal();
    std::string why;
    CHECK(proofs::verified(made, made.symmetries[0], why).has_value());
    const Exploration explored = proofs::explore_lanes(made, kEverything, {.symmetry = true});
    CHECK(explored.refused.size() == 1);
    CHECK(explored.states == proofs::explore(made, kEverything).states);
  }
}

TEST_CASE("local cycles: breakers", "[proofs][explore][lanes][reductions]") {
  rc::prop("leave no cycle, and are none where there is none", [] {
    const std::size_t nodes = *rc::gen::inRange<std::size_t>(1, 12);
    std::vector<proofs::LabelledEdge> edges;
    for (const unsigned random : *rc::gen::arbitrary<std::vector<std::uint16_t>>())
      edges.push_back({random % nodes, random / 16 % nodes, random / 256 % 4});
    const std::vector<bool> out = proofs::cycle_breakers(nodes, edges);
    // Taking away nodes that nothing leads to, again and again, takes all that are on no cycle.
    std::vector<bool> gone = out;
    for (std::size_t round = 0; round < nodes; ++round) {
      std::vector<bool> reached(nodes, false);
      for (const auto& edge : edges)
        if (!gone[edge.from]) reached[edge.to] = true;
      for (std::size_t node = 0; node < nodes; ++node)
        if (!reached[node]) gone[node] = true;
    }
    RC_ASSERT(std::count(gone.begin(), gone.end(), true) == static_cast<long>(nodes));
    const std::vector<std::size_t> part = proofs::strong_parts(nodes, edges);
    for (std::size_t node = 0; node < nodes; ++node) {
      const bool cyclic = std::any_of(edges.begin(), edges.end(), [&](const auto& edge) {
        return edge.from == node && part[edge.to] == part[node];
      });
      RC_ASSERT(cyclic || !out[node]);
    }
  });
}

TEST_CASE("lane explorer: hops", "[proofs][explore][lanes]") {
  SECTION("one, with content") {
    check_same(hops(1));
  }
  SECTION("two that know nothing of each other") {
    const Exploration one = proofs::explore_lanes(hops(1), kEverything);
    const system::System two = hops(2);
    check_same(two);
    CHECK_FALSE(one.found.empty());
  }
  SECTION("three are as many states as one, cubed") {
    system::System alone = hops(2);
    const Exploration two = proofs::explore_lanes(alone, kEverything);
    const Exploration three = proofs::explore_lanes(hops(3), kEverything, {.threads = 2});
    CHECK(three.states * three.states == two.states * two.states * two.states);
    CHECK(three.complete);
  }
}

TEST_CASE("lane explorer: keys", "[proofs][explore][lanes]") {
  for (const int count : {7, 20, 27, 28, 29, 40, 48}) {
    // From 28 lanes on a key needs two words, at 27 it does before the search ends.
    DYNAMIC_SECTION(count << " lanes") {
      const system::System system = switches(count, 7);
      check_same(system);
      const Exploration one = proofs::explore_lanes(system, kEverything);
      const Exploration four =
          proofs::explore_lanes(system, kEverything, {.threads = 4, .share_from = 1});
      CHECK(one.states == 2187);
      CHECK(four.states == one.states);
      CHECK(four.transitions == one.transitions);
      CHECK(same_paths(one, four));
    }
  }
  SECTION("have room for a path of more levels than a byte counts") {
    auto table = std::make_shared<machine::Table>();
    table->events = {"count"};
    table->outputs = {"end"};
    table->output_lists = {{}, {0}};
    constexpr std::uint16_t kEnd = 1500;
    for (std::uint16_t i = 0; i <= kEnd; ++i) {
      table->states.push_back(std::to_string(i));
      table->locals.push_back({i, ""});
      table->cells.push_back({static_cast<machine::LocalId>(std::min<int>(i + 1, kEnd)),
                              static_cast<std::uint16_t>(i == kEnd), 0, machine::Verdict::taken});
    }
    system::System system;
    system.components.push_back({"counter", table});
    system.choices.push_back({"count", 0, 0});
    system.observer = 0;
    system.seal();
    const Exploration counted = proofs::explore_lanes(system, kEverything);
    CHECK(counted.states == kEnd + 1u);
    CHECK(counted.depth == kEnd);
    REQUIRE(counted.found.size() == 1);
    CHECK(counted.found[0].path.size() == kEnd + 1u);
  }
}

TEST_CASE("lane explorer: a limit", "[proofs][explore][lanes]") {
  const system::System system = hops(3);
  const Exploration all = proofs::explore_lanes(system, {.stop_when_found = false});
  auto limited = [&](proofs::Limits limits) {
    return proofs::explore_lanes(system, {.stop_when_found = false, .limits = limits});
  };
  for (const proofs::Limits limits :
       {proofs::Limits{.states = 1}, proofs::Limits{.states = all.states - 1},
        proofs::Limits{.bytes = 1}, proofs::Limits{.bytes = all.bytes / 2},
        proofs::Limits{.milliseconds = -1}}) {
    const Exploration some = limited(limits);
    CHECK_FALSE(some.complete);
    CHECK_FALSE(some.limit.empty());
    CHECK(some.states < all.states + 1);
  }
  CHECK(limited({.states = all.states}).complete);
}

TEST_CASE("lane explorer: a system that is wrong", "[proofs][explore][lanes]") {
  system::System system = hops(2);
  const machine::Table& table = *system.components[0].table;
  machine::Table refusing = table;
  for (std::size_t i = 0; i < refusing.cells.size(); ++i) {
    if (i % refusing.events.size() != system.choices[0].event)
      refusing.cells[i].verdict = machine::Verdict::refused;
  }
  system.components[0].table = std::make_shared<const machine::Table>(refusing);
  for (const unsigned threads : {1u, 4u}) {
    CHECK_THROWS_AS(
        proofs::explore_lanes(system, kEverything, {.threads = threads, .share_from = 1}),
        std::logic_error);
  }
}
