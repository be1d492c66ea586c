// explorer_bench [REPETITIONS]: the lane explorer on a composed chain, against Spin's pan on the
// same chain as Promela.
//
// explorer_bench pair [LEFT-WINDOW RIGHT-WINDOW [REPETITIONS]]: the plain explorer on two TCP
// endpoints and two wires, against a breadth-first search with std::unordered_set over the same
// System.
#include "bench/lanes_against_pan.hpp"
#include "bench/measure.hpp"
#include "model/deployment/tcp_pair_system.hpp"
#include "proofs/explore/explorer.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
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

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || std::string_view(argv[1]) != "pair") {
    const int rounds = argc > 1 ? std::atoi(argv[1]) : 2;
    if (rounds > 0) return bench::lanes_against_pan(rounds);
    fmt::print(stderr,
               "usage: explorer_bench [REPETITIONS]\n"
               "       explorer_bench pair [LEFT-WINDOW RIGHT-WINDOW [REPETITIONS]]\n");
    return 2;
  }
  deployment::PairWindows windows;
  if (argc > 3) windows = {std::atoi(argv[2]), std::atoi(argv[3])};
  const int repetitions = argc > 4 ? std::atoi(argv[4]) : 3;
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
