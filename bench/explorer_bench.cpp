// explorer_bench [LEFT-WINDOW RIGHT-WINDOW [REPETITIONS]]: the untimed explorer on two TCP
// endpoints and two wires, against a breadth-first search with std::unordered_set over the same
// System.
//
// explorer_bench lanes [HOPS-WITH-CONTENT [REPETITIONS]]: the lane explorer on hops that know
// nothing of each other, with one thread and two, with and without reductions.
#include "bench/measure.hpp"
#include "model/deployment/hop_system.hpp"
#include "model/deployment/tcp_pair_system.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/explore/lane_explorer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

using namespace halfclose;

namespace {

struct Run {
  std::uint64_t states = 0, transitions = 0, depth = 0, bytes = 0, peak = 0;
  double seconds = 0;
};

Run explored(const system::System& system) {
  Run run;
  proofs::Exploration result;
  run.seconds = bench::cpu_seconds_of([&] {
    result = proofs::explore(system, {.limits = {.states = 200'000'000, .bytes = 16ull << 30}});
  });
  if (!result.complete) std::abort();
  run.states = result.states;
  run.transitions = result.transitions;
  run.depth = result.depth;
  run.bytes = result.bytes;
  return run;
}

struct HashOfState {
  std::size_t operator()(const system::State& state) const {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(state.bytes.data()), state.bytes.size()});
  }
};

/// What one writes first: the states in a set, the frontier in two vectors.
Run searched_plainly(const system::System& system) {
  Run run;
  run.seconds = bench::cpu_seconds_of([&] {
    std::unordered_set<system::State, HashOfState> seen{system.initial()};
    std::vector<system::State> frontier{system.initial()}, next;
    std::vector<system::Stimulus> stimuli;
    system::StepResult step;
    for (; !frontier.empty(); ++run.depth) {
      next.clear();
      for (const system::State& state : frontier) {
        system.enabled(state, stimuli);
        for (const system::Stimulus stimulus : stimuli) {
          system.step(state, stimulus, step);
          ++run.transitions;
          if (seen.insert(step.state).second) next.push_back(step.state);
        }
      }
      frontier.swap(next);
    }
    --run.depth;
    run.states = seen.size();
  });
  return run;
}

//--- lanes ------------------------------------------------------------------------------------

/// One plain hop and `with_content` alike in which requests have content; these may trade places.
system::System hops(int with_content) {
  system::System made;
  deployment::name_messages(made);
  for (int i = 0; i <= with_content; ++i) {
    deployment::HopSettings settings;
    settings.client.idle = settings.server.idle = 60'000'000;
    settings.server.profile.close_style = http1::server::CloseStyle::drain_then_fin;
    settings.with_body = i > 0;
    const std::string tag = fmt::format("#{}", i);
    made.lanes.push_back({.name = "hop" + tag, .kind = static_cast<system::Index>(i > 0)});
    deployment::add_hop(made, settings, {.lane = static_cast<system::Index>(i), .tag = tag});
    if (i > 1) {
      made.symmetries.push_back(
          {.lanes = {{static_cast<system::Index>(i - 1), static_cast<system::Index>(i)}}});
    }
  }
  made.seal();
  return made;
}

struct LaneRow {
  const char* name;
  proofs::LaneOptions options;
  Run run{};
  double wall = 0;  ///< seconds; of two threads this is what counts
};

int lanes_main(int with_content, int repetitions) {
  const system::System system = hops(with_content);
  // A model checker on the exported system goes here as one more row: its states and transitions
  // must be those of the first row, but for its initial step.
  std::vector<LaneRow> rows{{"1 thread", {}},
                            {"2 threads", {.threads = 2}},
                            {"symmetry", {.symmetry = true}},
                            {"partial order", {.partial_order = true}},
                            {"both", {.symmetry = true, .partial_order = true}}};
  struct Timed {
    Run run;
    double wall = 0;
  };
  std::vector<std::vector<double>> walls(rows.size());
  std::vector<std::function<double()>> sides;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    sides.push_back([&, r] {
      std::uint64_t peak = 0;
      const Timed timed = bench::in_child(
          [&] {
            Timed made;
            proofs::Exploration result;
            const auto start = std::chrono::steady_clock::now();
            made.run.seconds = bench::cpu_seconds_of([&] {
              result = proofs::explore_lanes(
                  system, {.limits = {.states = 2'000'000'000, .bytes = 16ull << 30}},
                  rows[r].options);
            });
            made.wall =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            if (!result.complete || !result.refused.empty()) std::abort();
            made.run.states = result.states;
            made.run.transitions = result.transitions;
            made.run.depth = result.depth;
            made.run.bytes = result.bytes;
            return made;
          },
          peak);
      rows[r].run = timed.run;
      rows[r].run.peak = peak;
      walls[r].push_back(timed.wall);
      return timed.run.seconds;
    });
  }
  const std::vector<double> cpu = bench::interleave(repetitions, sides);
  fmt::print(
      "{} hops that know nothing of each other: {} states, {} transitions, depth {}; median "
      "of {}\n",
      with_content + 1, rows[0].run.states, rows[0].run.transitions, rows[0].run.depth,
      repetitions);
  fmt::print("{:<15}{:>12}{:>9}{:>9}{:>14}{:>16}{:>13}{:>9}{:>9}\n", "", "states", "CPU s",
             "wall s", "states/CPU s", "transitions/CPU s", "bytes/state", "peak MB", "ratio");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const Run& run = rows[r].run;
    const double wall = bench::median(walls[r]);
    const auto states = static_cast<double>(run.states);
    fmt::print("{:<15}{:>12}{:>9.3f}{:>9.3f}{:>14.0f}{:>17.0f}{:>13.1f}{:>9.1f}{:>9.2f}\n",
               rows[r].name, run.states, cpu[r], wall, states / cpu[r],
               static_cast<double>(run.transitions) / cpu[r],
               static_cast<double>(run.bytes) / states, static_cast<double>(run.peak) / 1e6,
               bench::median(walls[0]) / wall);
  }
  const bool same = rows[0].run.states == rows[1].run.states &&
                    rows[0].run.transitions == rows[1].run.transitions;
  if (!same) fmt::print("error: one thread and two disagree\n");
  return same ? 0 : 4;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "lanes")
    return lanes_main(argc > 2 ? std::atoi(argv[2]) : 2, argc > 3 ? std::atoi(argv[3]) : 3);
  deployment::PairWindows windows;
  if (argc > 2) windows = {std::atoi(argv[1]), std::atoi(argv[2])};
  const int repetitions = argc > 3 ? std::atoi(argv[3]) : 3;
  const system::System system = deployment::tcp_pair_system(windows);

  Run explorer, plain;
  const std::vector<double> seconds = bench::interleave(
      repetitions, {[&] {
                      std::uint64_t peak = 0;
                      explorer = bench::in_child([&] { return explored(system); }, peak);
                      explorer.peak = peak;
                      return explorer.seconds;
                    },
                    [&] {
                      std::uint64_t peak = 0;
                      plain = bench::in_child([&] { return searched_plainly(system); }, peak);
                      plain.peak = peak;
                      return plain.seconds;
                    }});

  const bool same = explorer.states == plain.states && explorer.transitions == plain.transitions &&
                    explorer.depth == plain.depth;
  fmt::print(
      "two TCP endpoints, windows {} and {}: {} states, {} transitions, depth {}, {} bytes a state "
      "packed; median of {}\n",
      windows.left, windows.right, explorer.states, explorer.transitions, explorer.depth,
      system.bytes(), repetitions);
  fmt::print("{:<22}{:>9}{:>14}{:>16}{:>14}{:>10}\n", "", "CPU s", "states/s", "transitions/s",
             "bytes/state", "peak MB");
  auto line = [](const char* name, const Run& run, double s, double bytes) {
    fmt::print("{:<22}{:>9.3f}{:>14.0f}{:>16.0f}{:>14.1f}{:>10.1f}\n", name, s,
               static_cast<double>(run.states) / s, static_cast<double>(run.transitions) / s, bytes,
               static_cast<double>(run.peak) / 1e6);
  };
  auto per_state = [](std::uint64_t bytes, const Run& run) {
    return static_cast<double>(bytes) / static_cast<double>(run.states);
  };
  line("explore", explorer, seconds[0], per_state(explorer.bytes, explorer));
  line("std::unordered_set", plain, seconds[1], per_state(plain.peak, plain));
  fmt::print("{:<22}{:>9.2f} times as fast, peak memory {:.2f} of it\n", "ratio",
             seconds[1] / seconds[0],
             static_cast<double>(explorer.peak) / static_cast<double>(plain.peak));
  if (!same)
    fmt::print("error: the two searches disagree: {} and {} states\n", explorer.states,
               plain.states);
  return same ? 0 : 4;
}
