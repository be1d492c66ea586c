#include "proofs/parametric/untimed_graph.hpp"

#include <chrono>

namespace halfclose::proofs {

UntimedGraph::UntimedGraph(const system::System& system, const Limits& limits) {
  const auto start = std::chrono::steady_clock::now();
  StateSet states(system.bytes());
  std::vector<system::Clock> running;
  std::vector<system::Stimulus> stimuli;
  system::StepResult result;
  states.insert(system.initial());
  for (std::uint32_t state = 0; state < states.size(); ++state) {
    if (states.size() > limits.states) {
      limit_ = std::to_string(limits.states) + " states";
    } else if ((state & 0x3ff) == 0 && std::chrono::steady_clock::now() - start >
                                           std::chrono::milliseconds(limits.milliseconds)) {
      limit_ = std::to_string(limits.milliseconds) + " ms";
    }
    if (!limit_.empty()) break;
    places_.push_back({steps_.size(), clocks_.size()});
    const system::State source = states[state];
    system.clocks(source, running);
    for (const system::Clock& clock : running) {
      const bool of_timer = clock.kind == system::Clock::Kind::timer;
      clocks_.push_back({.bound = static_cast<std::uint8_t>(
                             of_timer ? clock.index : system::kTimersMax + clock.index),
                         .ages = system.ages(clock)});
    }
    system.enabled(source, stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      system.step(source, stimulus, result);
      steps_.push_back({.stimulus = stimulus,
                        .clock = static_cast<std::int16_t>(system.clock_of(running, stimulus)),
                        .aged = result.aged,
                        .target = states.insert(result.state).first,
                        .emitted = result.emitted,
                        .origins = origins_.size()});
      emitted_ |= result.emitted;
      origins_.insert(origins_.end(), result.clock_origins.begin(), result.clock_origins.end());
    }
  }
  places_.push_back({steps_.size(), clocks_.size()});
}

std::vector<bool> UntimedGraph::leads_to(std::uint64_t goals) const {
  std::vector<std::vector<std::uint32_t>> before(states());
  std::vector<bool> leads(states());
  std::vector<std::uint32_t> next;
  auto mark = [&](std::uint32_t state) {
    if (leads[state]) return;
    leads[state] = true;
    next.push_back(state);
  };
  for (std::uint32_t state = 0; state < states(); ++state) {
    for (const Step* step = begin(state); step != end(state); ++step) {
      before[step->target].push_back(state);
      if (step->emitted & goals) mark(state);
    }
  }
  while (!next.empty()) {
    const std::uint32_t state = next.back();
    next.pop_back();
    for (const std::uint32_t source : before[state])
      mark(source);
  }
  return leads;
}

}  // namespace halfclose::proofs
