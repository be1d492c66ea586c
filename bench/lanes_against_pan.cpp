#include "bench/lanes_against_pan.hpp"

#include "bench/measure.hpp"
#include "bench/pan.hpp"
#include "model/deployment/proxy_system.hpp"
#include "proofs/explore/lane_explorer.hpp"
#include "proofs/export/promela.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace halfclose::bench {

namespace {

/// Idle timers at both ends of every connection; the origin's process may end. No lanes may trade
/// places: the pool takes connection a before b.
system::System chain() {
  deployment::HopSettings hop;
  hop.client.idle = hop.server.idle = 60'000'000;
  hop.server.profile.close_style = http1::server::CloseStyle::drain_then_fin;
  hop.responses_fit = true;
  deployment::ProxySettings proxy;
  proxy.downstream = proxy.upstream = hop;
  proxy.downstream->server.name = proxy.upstream.client.name = "proxy";
  proxy.upstream.server.name = "origin";
  proxy.upstream.with_crash = true;
  proxy.connections = 2;
  proxy.content = true;
  proxy.attempts_claimed = 1;
  return deployment::proxy_system(proxy);
}

struct Ours {
  std::uint64_t states, transitions, depth, bytes;
  double cpu, wall;
};

struct Side {
  const char* name;
  proofs::LaneOptions options{};
  std::vector<Ours> runs{};
  std::uint64_t peak = 0;

  void run(const system::System& system) {
    runs.push_back(in_child(
        [&] {
          proofs::Exploration result;
          Ours made{};
          const auto start = std::chrono::steady_clock::now();
          made.cpu = cpu_seconds_of([&] {
            result = proofs::explore_lanes(
                system, {.limits = {.states = 1'000'000'000, .bytes = 8ull << 30}}, options);
          });
          made.wall =
              std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
          if (!result.complete) std::abort();
          made.states = result.states;
          made.transitions = result.transitions;
          made.depth = result.depth;
          made.bytes = result.bytes;
          return made;
        },
        peak));
  }
  double cpu() const {
    std::vector<double> all;
    for (const Ours& run : runs)
      all.push_back(run.cpu);
    return median(all);
  }
  const Ours& one() const { return runs.front(); }
};

void print(const char* name, std::uint64_t states, std::uint64_t transitions, double cpu,
           double bytes_per_state, std::uint64_t peak) {
  const auto n = static_cast<double>(states);
  fmt::print("{:<30}{:>12}{:>13}{:>9.2f}{:>14.0f}{:>17.0f}{:>13.1f}{:>9.0f}\n", name, states,
             transitions, cpu, n / cpu, static_cast<double>(transitions) / cpu, bytes_per_state,
             static_cast<double>(peak) / 1e6);
  std::fflush(stdout);
}
void print(const Side& side) {
  const Ours& one = side.one();
  print(side.name, one.states, one.transitions, side.cpu(),
        static_cast<double>(one.bytes) / static_cast<double>(one.states), side.peak);
}
void print_ratio(const char* what, double ratio, const char* goal) {
  fmt::print("{:<62}{:>8.2f}   goal {}\n", what, ratio, goal);
}

}  // namespace

int lanes_against_pan(int repetitions) {
  const system::System system = chain();
  const std::string model =
      proofs::promela(system, {.name = "client, proxy, two connections, origin"});
  Side one{.name = "explore_lanes"}, two{.name = "  2 threads", .options = {.threads = 2}},
      reduced{.name = "  partial order", .options = {.partial_order = true}};
  auto round = [&] {
    for (int i = 0; i < repetitions; ++i) {
      for (Side* side : {&one, &two, &reduced})
        side->run(system);
    }
  };
  struct Pan {
    const char* name;
    std::vector<std::string> compiler;
    PanRun run{};
  };
  constexpr unsigned kHashBits = 24;  // a slot or more per state
  Pan pans[] = {{"pan -DNOREDUCE", {"-O2", "-DSAFETY", "-DNOREDUCE"}},
                {"pan -DNOREDUCE -DCOLLAPSE", {"-O2", "-DSAFETY", "-DNOREDUCE", "-DCOLLAPSE"}},
                {"pan, its partial order", {"-O2", "-DSAFETY"}}};

  fmt::print(
      "a client, a proxy and two connections to its origin: whole hops, {} lanes, {} bytes a "
      "state packed\n",
      system.lanes.size(), system.bytes());
  fmt::print("{:<30}{:>12}{:>13}{:>9}{:>14}{:>17}{:>13}{:>9}\n", "", "states", "transitions",
             "CPU s", "states/CPU s", "transitions/CPU s", "bytes/state", "peak MB");
  std::fflush(stdout);
  bool failed = false;
  round();
  for (Pan& pan : pans) {
    pan.run = run_pan(model, {.compiler = pan.compiler,
                              .depth = 3'000'000,
                              .hash_bits = kHashBits,
                              .memory_mib = 8'192});
    const PanRun& run = pan.run;
    if (!run.error.empty() || !run.complete || run.errors > 0) {
      fmt::print("error: {}: {}\n", pan.name,
                 !run.error.empty() ? run.error
                 : run.errors > 0   ? "it found an error in the model"
                                    : "a limit was hit");
      return 4;
    }
    print(pan.name, run.states, run.transitions, run.seconds, run.bytes_per_state, run.peak_bytes);
    round();
  }
  for (const Side* side : {&one, &two, &reduced})
    print(*side);

  for (const Pan* pan : {&pans[0], &pans[1]}) {
    // One transition more: to the initial state.
    if (pan->run.states == one.one().states && pan->run.transitions == one.one().transitions + 1)
      continue;
    fmt::print("error: {} and explore_lanes disagree\n", pan->name);
    failed = true;
  }
  if (two.one().states != one.one().states || two.one().transitions != one.one().transitions ||
      two.one().depth != one.one().depth) {
    fmt::print("error: one thread and two disagree\n");
    failed = true;
  }
  const auto states = static_cast<double>(one.one().states);
  const double bytes = static_cast<double>(one.one().bytes) / states;
  const double table = static_cast<double>(8ull << kHashBits) / states;
  std::vector<double> speed_ups;
  for (std::size_t i = 0; i < one.runs.size(); ++i)
    speed_ups.push_back(one.runs[i].wall / two.runs[i].wall);
  fmt::print("ratios; CPU time is the median of {} runs of ours, before, between and after pan's\n",
             one.runs.size());
  print_ratio("states/CPU s: ours to pan's", pans[0].run.seconds / one.cpu(), ">= 12");
  print_ratio("bytes/state: ours to pan's with COLLAPSE", bytes / pans[1].run.bytes_per_state,
              "<= 0.25");
  print_ratio("  and with pan's hash table, as ours is",
              bytes / (pans[1].run.bytes_per_state + table), "<= 0.25");
  print_ratio("CPU s with reductions: pan's to ours", pans[2].run.seconds / reduced.cpu(), ">= 50");
  print_ratio("  states: pan's to ours",
              static_cast<double>(pans[2].run.states) / static_cast<double>(reduced.one().states),
              "-");
  print_ratio("wall time: 1 thread to 2, best pair of neighbouring runs",
              *std::max_element(speed_ups.begin(), speed_ups.end()), ">= 1.7");
  print_ratio("  median of the pairs", median(speed_ups), "-");
  return failed ? 4 : 0;
}

}  // namespace halfclose::bench
