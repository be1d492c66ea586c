#include "proofs/explore/explorer.hpp"

#include "proofs/explore/goals.hpp"

#include <algorithm>
#include <chrono>

namespace halfclose::proofs {

namespace {

struct Parent {
  std::uint32_t state = 0;
  system::Stimulus stimulus{};
};

struct Successor {
  system::State state;
  system::Stimulus stimulus{};
  std::uint64_t emitted = 0, hash = 0;
};

Path path_to(const std::vector<Parent>& parents, std::uint32_t state) {
  Path path;
  for (; state != 0; state = parents[state].state)
    path.push_back(parents[state].stimulus);
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace

Exploration explore(const system::System& system, const Search& search, StateSet* seen) {
  const auto start = std::chrono::steady_clock::now();
  Exploration result;
  StateSet own(system.bytes());
  StateSet& states = seen != nullptr ? *seen : own;
  std::vector<Parent> parents(1);
  states.insert(system.initial());

  Goals goals(search);
  std::vector<system::Stimulus> stimuli;
  std::vector<Successor> successors;
  system::StepResult step;
  std::size_t level_end = 1;
  for (std::size_t next = 0; next < states.size(); ++next) {
    if (next == level_end) {
      ++result.depth;
      level_end = states.size();
    }
    const system::State state = states[next];
    system.enabled(state, stimuli);
    successors.clear();
    for (const system::Stimulus stimulus : stimuli) {
      system.step(state, stimulus, step);
      successors.push_back({step.state, stimulus, step.emitted, states.hash_ahead(step.state)});
    }
    for (const Successor& successor : successors)
      states.look_ahead(successor.hash);
    for (const Successor& successor : successors) {
      ++result.transitions;
      const auto [index, fresh] = states.insert(successor.state, successor.hash);
      if (fresh) parents.push_back({static_cast<std::uint32_t>(next), successor.stimulus});
      goals.see(successor.emitted, result, [&] {
        Path path = path_to(parents, static_cast<std::uint32_t>(next));
        path.push_back(successor.stimulus);
        return path;
      });
    }
    if (goals.over(result)) break;
    if (states.size() > search.limits.states || (next & 0xfff) == 0) {
      result.bytes = states.bytes() + parents.capacity() * sizeof(Parent);
      const auto elapsed = std::chrono::steady_clock::now() - start;
      if (search.progress && (next & 0xffff) == 0) {
        search.progress(
            {states.size(), result.transitions, states.size() - next - 1, result.depth});
      }
      if (states.size() > search.limits.states) {
        result.limit = std::to_string(search.limits.states) + " states";
      } else if (result.bytes > search.limits.bytes) {
        result.limit = std::to_string(search.limits.bytes) + " bytes";
      } else if (elapsed > std::chrono::milliseconds(search.limits.milliseconds)) {
        result.limit = std::to_string(search.limits.milliseconds) + " ms";
      }
      if (!result.limit.empty()) break;
    }
    if (next + 1 == states.size()) result.complete = true;
  }
  result.states = states.size();
  result.bytes = states.bytes() + parents.capacity() * sizeof(Parent);
  return result;
}

}  // namespace halfclose::proofs
