#include "proofs/timed/schedule.hpp"

namespace halfclose::proofs {

namespace {

/// t[to] >= t[from] + weight
struct Edge {
  std::size_t from, to;
  system::Time weight;
};

}  // namespace

std::optional<std::vector<system::Time>> schedule(const system::System& system, const Path& path) {
  // Event 0 is the start; event k + 1 is step k. A clock remembers the event that reset it.
  std::vector<Edge> edges;
  system::State state = system.initial();
  std::vector<system::Clock> clocks;
  system.clocks(state, clocks);
  std::vector<std::size_t> reset_at(clocks.size(), 0);
  system::StepResult step;
  for (std::size_t k = 0; k < path.size(); ++k) {
    const std::size_t event = k + 1;
    edges.push_back({event - 1, event, 0});
    for (std::size_t c = 0; c < clocks.size(); ++c) {
      if (clocks[c].hi < system::kForever) edges.push_back({event, reset_at[c], -clocks[c].hi});
    }
    const int guarded = system.clock_of(clocks, path[k]);
    if (guarded >= 0) edges.push_back({reset_at[guarded], event, clocks[guarded].lo});

    system.step(state, path[k], step);
    std::vector<std::size_t> moved(step.clock_origins.size());
    for (std::size_t c = 0; c < moved.size(); ++c) {
      moved[c] = step.clock_origins[c] == system::kFresh ? event : reset_at[step.clock_origins[c]];
    }
    state = step.state;
    reset_at = std::move(moved);
    system.clocks(state, clocks);
  }

  std::vector<system::Time> times(path.size() + 1, 0);
  for (std::size_t round = 0; round <= times.size(); ++round) {
    bool changed = false;
    for (const Edge& edge : edges) {
      const system::Time earliest = times[edge.from] + edge.weight;
      if (times[edge.to] >= earliest) continue;
      if (edge.to == 0) return std::nullopt;
      times[edge.to] = earliest;
      changed = true;
    }
    if (!changed) return std::vector<system::Time>(times.begin() + 1, times.end());
  }
  return std::nullopt;
}

}  // namespace halfclose::proofs
