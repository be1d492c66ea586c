// zones_bench [REPETITIONS]: the timed explorer on the hops of an example, on the largest hop among
// all pairs of profiles and on ten clocks that never stop; then what one operation on a zone costs.
#include "bench/measure.hpp"
#include "model/deployment/chain.hpp"
#include "model/deployment/hop_system.hpp"
#include "proofs/timed/dbm.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace halfclose;
using deployment::Chain;
using proofs::Bound;
using proofs::Dbm;
using system::Index;
using system::Time;

namespace {

struct Subject {
  std::string name;
  system::System system;
  proofs::Limits limits{};
};

/// Timers that start together and rearm themselves, each with a window of `jitter`: every clock
/// runs in every state. A component counts its expiries modulo two, so there are 2^clocks discrete
/// states; the wider the windows, the more orders of expiry and so the more zones in each.
Subject ticking(int clocks, Time jitter, std::uint64_t zones) {
  using machine::Table;
  auto table = [](const char* name, std::vector<machine::Cell> cells) {
    auto made = std::make_shared<Table>();
    made->machine = name;
    made->states = {"even", "odd"};
    made->events = made->outputs = {"tick"};
    made->locals = {{0, ""}, {1, ""}};
    made->output_lists = {{}, {0}};
    made->cells = std::move(cells);
    return made;
  };
  const auto taken = machine::Verdict::taken;
  Subject subject{.name = fmt::format("{} clocks, jitter {} ms", clocks, jitter / 1000),
                  .system = {},
                  .limits = {.states = zones}};
  system::System& system = subject.system;
  const auto ticker = table("ticker", {{1, 1, 0, taken}, {0, 1, 0, taken}});
  std::vector<system::Action> all;
  for (Index k = 0; k < clocks; ++k) {
    system.components.push_back({fmt::format("clock {}", k), ticker});
    system.timers.push_back({.name = fmt::format("timer {}", k),
                             .owner = k,
                             .event = 0,
                             .lo = 10'000 + 700 * k,
                             .hi = 10'000 + 700 * k + jitter});
    all.push_back({.kind = system::Action::Kind::arm, .target = k});
    system.bind(k, 0, {all.back()});
  }
  const auto starter = static_cast<Index>(clocks);
  system.components.push_back({"start", table("start", {{1, 1, 0, taken}, {}})});
  system.choices.push_back({"start", starter, 0});
  system.bind(starter, 0, all);
  system.seal();
  return subject;
}

proofs::Exploration explored(const Subject& subject) {
  return proofs::explore_timed(subject.system, {.limits = subject.limits});
}

Subject hop_of(const Chain& chain, std::size_t index) {
  return {chain.nodes[index].name + "->" + chain.nodes[index + 1].name,
          deployment::hop_system(deployment::hop_settings(chain, index))};
}

/// The pair of profiles whose hop has the most zones, each with its own defaults.
Subject largest_pair(std::size_t& pairs) {
  Subject largest;
  std::uint64_t most = 0;
  for (const std::string_view client : deployment::profile_names()) {
    if (!deployment::find_profile(client)->client) continue;
    for (const std::string_view server : deployment::profile_names()) {
      if (!deployment::find_profile(server)->server) continue;
      const std::string yaml = fmt::format(
          "chain:\n  - name: {0}-client\n    profile: {0}\n  - name: {1}-server\n    profile: "
          "{1}\n",
          client, server);
      const deployment::LoadedChain loaded = deployment::parse_chain(yaml, "pair.yaml");
      if (!loaded.chain) {
        fmt::print(stderr, "{}\n", loaded.error.text());
        std::exit(4);
      }
      ++pairs;
      Subject subject = hop_of(*loaded.chain, 0);
      const std::uint64_t zones = explored(subject).zones;
      if (zones <= most) continue;
      most = zones;
      largest = std::move(subject);
    }
  }
  return largest;
}

void time_explorations(const std::vector<Subject>& subjects, int repetitions) {
  std::vector<proofs::Exploration> results(subjects.size());
  std::vector<std::function<double()>> sides;
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    sides.push_back(
        [&, s] { return bench::cpu_seconds_of([&] { results[s] = explored(subjects[s]); }); });
  }
  const std::vector<double> seconds = bench::interleave(repetitions, sides);
  fmt::print("{:<34}{:>9}{:>9}{:>12}{:>10}{:>12}{:>12}\n",
             "median of " + std::to_string(repetitions), "states", "zones", "transitions", "ms",
             "zones/s", "bytes/zone");
  for (std::size_t s = 0; s < subjects.size(); ++s) {
    const proofs::Exploration& r = results[s];
    fmt::print("{:<34}{:>9}{:>9}{:>12}{:>10.2f}{:>12.0f}{:>12.0f}\n", subjects[s].name, r.states,
               r.zones, r.transitions, seconds[s] * 1e3, static_cast<double>(r.zones) / seconds[s],
               static_cast<double>(r.bytes) / static_cast<double>(r.zones));
  }
}

/// Zones as an exploration meets them: after some steps of clocks that start afresh one at a time.
std::vector<Dbm> some_zones(int clocks, const std::vector<Time>& upper) {
  std::mt19937 random(1);
  std::vector<Dbm> zones;
  Dbm zone(clocks);
  while (zones.size() < 64) {
    if (!zone.elapse(upper.data())) std::abort();
    zones.push_back(zone);
    const int due = static_cast<int>(random() % static_cast<unsigned>(clocks));
    if (!zone.constrain(0, due + 1, proofs::at_most(-upper[static_cast<std::size_t>(due)] / 2))) {
      zone = Dbm(clocks);
      continue;
    }
    std::vector<std::int16_t> origins;
    for (int k = 0; k < clocks; ++k)
      origins.push_back(static_cast<std::int16_t>(k == due ? system::kFresh : k));
    zone = zone.moved(origins.data(), clocks);
  }
  return zones;
}

void time_operations(int repetitions) {
  fmt::print("\n{:<8}{:>10}{:>11}{:>10}{:>10}{:>14}   ns, median of {}\n", "clocks", "copy",
             "constrain", "elapse", "moved", "simulated_by", repetitions);
  for (const int clocks : {2, 4, 6, 8, 10, 12, 16}) {
    std::vector<Time> lower, upper;
    std::vector<std::int16_t> origins;
    for (int k = 0; k < clocks; ++k) {
      lower.push_back(10'000 + 700 * k);
      upper.push_back(12'000 + 900 * k);
      origins.push_back(static_cast<std::int16_t>(k == 0 ? system::kFresh : k));
    }
    const std::vector<Dbm> zones = some_zones(clocks, upper);
    auto each = [&](auto&& operation) {
      return [&, operation] {
        constexpr int kRounds = 200;
        const double seconds = bench::cpu_seconds_of([&] {
          for (int round = 0; round < kRounds; ++round) {
            for (const Dbm& zone : zones)
              operation(zone);
          }
        });
        return seconds * 1e9 / (kRounds * static_cast<double>(zones.size()));
      };
    };
    const std::vector<double> ns = bench::interleave(
        repetitions,
        {each([&](const Dbm& z) {
           Dbm copy = z;
           bench::keep(copy);
         }),
         each([&](const Dbm& z) {
           Dbm copy = z;
           bench::keep(copy.constrain(0, 1, proofs::at_most(-upper[0] / 2)));
           bench::keep(copy);
         }),
         each([&](const Dbm& z) {
           Dbm copy = z;
           bench::keep(copy.elapse(upper.data()));
           bench::keep(copy);
         }),
         each([&](const Dbm& z) {
           const Dbm moved = z.moved(origins.data(), clocks);
           bench::keep(moved);
         }),
         each([&](const Dbm& z) {
           bench::keep(z.simulated_by(zones.front().data(), lower.data(), upper.data()));
         })});
    // Whatever changes a zone was timed with the copy it needs.
    fmt::print("{:<8}{:>10.1f}{:>11.1f}{:>10.1f}{:>10.1f}{:>14.1f}\n", clocks, ns[0], ns[1] - ns[0],
               ns[2] - ns[0], ns[3], ns[4]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 7;
  const std::string file = HALFCLOSE_SOURCE_DIR "/examples/alb-envoy-node.yaml";
  const deployment::LoadedChain loaded = deployment::load_chain(file);
  if (!loaded.chain) {
    fmt::print(stderr, "{}\n", loaded.error.text());
    return 4;
  }
  std::vector<Subject> subjects;
  for (std::size_t hop = 0; hop + 1 < loaded.chain->nodes.size(); ++hop)
    subjects.push_back(hop_of(*loaded.chain, hop));
  std::size_t pairs = 0;
  const double search = bench::cpu_seconds_of([&] { subjects.push_back(largest_pair(pairs)); });
  fmt::print("{} pairs of profiles explored in {:.2f} s; the largest is {}\n\n", pairs, search,
             subjects.back().name);
  for (const Time jitter : {1'000, 3'000})
    subjects.push_back(ticking(10, jitter, 50'000));
  time_explorations(subjects, repetitions);
  time_operations(repetitions);
  return 0;
}
