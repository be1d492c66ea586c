#include "proofs/decoupling/interface.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

/// A machine of one state that takes every event of `table` and does nothing.
std::shared_ptr<const machine::Table> indifferent(const machine::Table& table) {
  machine::Table mute;
  mute.machine = table.machine;
  mute.states = {"-"};
  mute.events = table.events;
  mute.outputs = table.outputs;
  mute.locals = {{}};
  mute.cells.assign(table.events.size(), {.verdict = machine::Verdict::taken});
  mute.output_lists = {{}};
  return std::make_shared<const machine::Table>(std::move(mute));
}

}  // namespace

system::System without_observers(system::System system) {
  for (const system::Observer& one : system.observers) {
    const system::Index observer = one.component;
    system::Component& component = system.components[observer];
    for (std::size_t o = 0; o < component.table->outputs.size(); ++o) {
      if (!system.bindings(observer, static_cast<machine::OutputId>(o)).empty())
        throw std::logic_error("observer " + component.name + " steers");
    }
    component.table = indifferent(*component.table);
    component.initial = 0;
    std::erase_if(system.choices,
                  [&](const system::Choice& choice) { return choice.component == observer; });
  }
  system.observers.clear();
  system.observer = system::kNone;
  return system;
}

}  // namespace halfclose::proofs
