#include "proofs/mutation/coverage.hpp"

#include "proofs/explore/explorer.hpp"

namespace halfclose::proofs {

Coverage coverage_of(const system::System& system, const Limits& limits) {
  Coverage coverage;
  for (const system::Component& component : system.components)
    coverage.consulted.emplace_back(component.table->cells.size());
  auto consult = [&](system::Index component, system::LocalId local, system::EventId event) {
    coverage
        .consulted[component][local * system.components[component].table->events.size() + event] =
        true;
  };

  StateSet states(system.bytes());
  coverage.complete = explore(system, {.limits = limits}, &states).complete;
  std::vector<system::Stimulus> stimuli;
  std::vector<system::Occurrence> occurrences;
  system::StepResult step;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const system::State state = states[i];
    for (const system::Choice& choice : system.choices)
      consult(choice.component, system.local(state, choice.component), choice.event);
    system.enabled(state, stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      occurrences.clear();
      system.step(state, stimulus, step, &occurrences);
      for (const system::Occurrence& occurrence : occurrences) {
        if (occurrence.kind == system::Occurrence::Kind::fired)
          consult(occurrence.index, occurrence.before, occurrence.event);
      }
    }
  }
  return coverage;
}

}  // namespace halfclose::proofs
