// solve_bench [CLIENT [SERVER]]: the regions of every race for every pair of profiles, or of those
// of one client or of one pair: seconds and polyhedra of each pair, and what is not exact.
#include "model/deployment/chain.hpp"
#include "proofs/catalogue/region_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace halfclose;
using proofs::HopRegion;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string of_pair(std::string_view client, std::string_view server) {
  return fmt::format("chain: [{{ name: client, profile: {} }}, {{ name: server, profile: {} }}]\n",
                     client, server);
}

}  // namespace

int main(int argc, char** argv) {
  const proofs::SynthesisLimits limits{.polyhedra = 200'000, .milliseconds = 30'000};
  std::vector<double> seconds_of_pairs;
  std::size_t regions = 0, exact = 0, impossible = 0;
  for (const std::string_view client : deployment::profile_names()) {
    for (const std::string_view server : deployment::profile_names()) {
      if ((argc > 1 && client != argv[1]) || (argc > 2 && server != argv[2])) continue;
      const auto loaded = deployment::parse_chain(of_pair(client, server), "pair");
      if (!loaded.chain) continue;
      const auto settings = deployment::hop_settings(*loaded.chain, 0);
      double seconds = 0, longest = 0;
      std::uint64_t polyhedra = 0;
      std::string slowest, open;
      for (const proofs::Race& race : proofs::races()) {
        const auto start = std::chrono::steady_clock::now();
        const HopRegion region = region_of(settings, race, limits);
        const double took = seconds_since(start);
        seconds += took;
        if (!region.possible) {
          ++impossible;
          continue;
        }
        ++regions;
        exact += region.exact;
        polyhedra += region.polyhedra;
        if (took > longest) {
          longest = took;
          slowest = race.slug;
        }
        if (!region.exact)
          open += fmt::format("\n    {} is not exact after {:.1f} s: {}", race.slug, took,
                              region.limit);
      }
      seconds_of_pairs.push_back(seconds);
      fmt::print("{:13} {:11} {:7.2f} s {:8} polyhedra; {:5.2f} s of it {}{}\n", client, server,
                 seconds, polyhedra, longest, slowest, open);
      std::fflush(stdout);
    }
  }
  if (seconds_of_pairs.empty()) {
    fmt::print(stderr, "no such pair of profiles\n");
    return 2;
  }
  std::sort(seconds_of_pairs.begin(), seconds_of_pairs.end());
  fmt::print(
      "\n{} pairs, {} regions of races that some schedule leads to ({} exact), {} races that none "
      "leads to\n"
      "seconds of a pair: median {:.2f}, nine of ten within {:.2f}, at most {:.2f}\n",
      seconds_of_pairs.size(), regions, exact, impossible,
      seconds_of_pairs[seconds_of_pairs.size() / 2],
      seconds_of_pairs[seconds_of_pairs.size() * 9 / 10], seconds_of_pairs.back());
  return 0;
}
