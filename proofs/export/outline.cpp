#include "proofs/export/outline.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

namespace halfclose::proofs {

using machine::Cell;
using machine::EventId;
using machine::LocalId;
using machine::Table;
using machine::Verdict;
using system::Action;
using system::Index;
using system::System;

namespace {

/// Letters, digits and underscores, different from each other.
class Identifiers {
 public:
  std::string make(std::string_view name) {
    std::string id;
    for (const char c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      if (letter || (c >= '0' && c <= '9')) {
        id += c;
      } else if (!id.empty() && id.back() != '_') {
        id += '_';
      }
    }
    while (!id.empty() && id.back() == '_')
      id.pop_back();
    if (id.empty()) id = "x";
    std::string unique = id;
    for (int n = 2; !taken_.insert(unique).second; ++n)
      unique = id + "_" + std::to_string(n);
    return unique;
  }

 private:
  std::set<std::string> taken_;
};

template <class T> std::vector<std::string> identifiers(const std::vector<T>& parts) {
  Identifiers make;
  std::vector<std::string> ids;
  for (const T& part : parts)
    ids.push_back(make.make(part.name));
  return ids;
}

/// Every list of actions, with the lane it belongs to.
void each_action(const System& system, const std::function<void(Index, const Action&)>& visit) {
  auto all = [&](Index lane, const std::vector<Action>& actions) {
    for (const Action& action : actions)
      visit(lane, action);
  };
  for (Index c = 0; c < system.components.size(); ++c) {
    for (std::size_t output = 0; output < system.components[c].table->outputs.size(); ++output)
      all(system.components[c].lane, system.bindings(c, static_cast<machine::OutputId>(output)));
  }
  for (Index q = 0; q < system.queues.size(); ++q) {
    for (std::size_t m = 0; m < system.messages.size(); ++m)
      all(system.queues[q].lane, system.delivery(q, static_cast<system::Message>(m)));
  }
  for (Index l = 0; l < system.lanes.size(); ++l)
    all(l, system.lanes[l].on_renewed);
}

/// The events that something may raise, per component.
std::vector<std::set<EventId>> raised_events(const System& system) {
  std::vector<std::set<EventId>> raised(system.components.size());
  each_action(system, [&](Index, const Action& action) {
    if (action.kind != Action::Kind::raise) return;
    raised[action.target].insert(action.event);
    if (action.more_in != system::kNone) raised[action.target].insert(action.event_if_more);
  });
  for (const system::Timer& timer : system.timers) {
    if (!timer.off) raised[timer.owner].insert(timer.event);
  }
  for (const system::Choice& choice : system.choices)
    raised[choice.component].insert(choice.event);
  return raised;
}

/// The cells behind `initial` that the events can use.
void follow(ExportedTable& made, const std::set<EventId>& events,
            const std::set<LocalId>& initial) {
  const Table& table = *made.table;
  std::vector<LocalId> open(initial.begin(), initial.end());
  std::set<LocalId> seen = initial;
  while (!open.empty()) {
    const LocalId local = open.back();
    open.pop_back();
    for (const EventId event : events) {
      const Cell& cell = table.at(local, event);
      if (cell.verdict != Verdict::taken) continue;
      made.used[local * table.events.size() + event] = true;
      if (seen.insert(cell.next).second) open.push_back(cell.next);
    }
  }
}

void number(ExportedTable& made, const std::set<LocalId>& initial) {
  const Table& table = *made.table;
  std::vector<bool> local_used(table.locals.size()), event_used(table.events.size());
  for (const LocalId local : initial)
    local_used[local] = true;
  for (std::size_t i = 0; i < made.used.size(); ++i) {
    if (!made.used[i]) continue;
    local_used[i / table.events.size()] = local_used[table.cells[i].next] = true;
    event_used[i % table.events.size()] = true;
  }
  made.event_number.assign(table.events.size(), -1);
  made.local_number.assign(table.locals.size(), -1);
  for (std::size_t event = 0; event < event_used.size(); ++event) {
    if (!event_used[event]) continue;
    made.event_number[event] = static_cast<int>(made.events.size());
    made.events.push_back(static_cast<EventId>(event));
  }
  for (std::size_t local = 0; local < local_used.size(); ++local) {
    if (!local_used[local]) continue;
    made.local_number[local] = static_cast<int>(made.locals.size());
    made.locals.push_back(static_cast<LocalId>(local));
  }
}

}  // namespace

CellUse cells_used(const System& system, const StateSet& states) {
  CellUse use;
  for (const system::Component& component : system.components)
    use[component.table.get()].resize(component.table->cells.size());
  auto mark = [&](Index component, LocalId local, EventId event) {
    const Table* table = system.components[component].table.get();
    use[table][local * table->events.size() + event] = true;
  };
  std::vector<system::Stimulus> stimuli;
  std::vector<system::Occurrence> occurrences;
  system::StepResult step;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const system::State state = states[i];
    // Each choice that the tables allow here, whether or not `enabled` lists it: a checker has to
    // be able to take it.
    for (const system::Choice& choice : system.choices) {
      const LocalId local = system.local(state, choice.component);
      if (system.components[choice.component].table->at(local, choice.event).verdict ==
          Verdict::taken)
        mark(choice.component, local, choice.event);
    }
    system.enabled(state, stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      occurrences.clear();
      system.step(state, stimulus, step, &occurrences);
      for (const system::Occurrence& one : occurrences) {
        if (one.kind == system::Occurrence::Kind::fired) mark(one.index, one.before, one.event);
      }
    }
  }
  return use;
}

Never never(const System& system, std::string_view output) {
  Never made{std::string(output), {}};
  for (const system::Observer& one : system.observers) {
    const auto& outputs = system.components[one.component].table->outputs;
    for (std::size_t o = 0; o < one.shown; ++o) {
      if (outputs[o] == output)
        made.places.emplace_back(one.component, static_cast<machine::OutputId>(o));
    }
  }
  return made;
}

const Cell* ExportedTable::at(LocalId local, EventId event) const {
  return used[local * table->events.size() + event] ? &table->at(local, event) : nullptr;
}

Outline::Outline(const System& of, const ExportOptions& with) : system(of), options(with) {
  component_ids = identifiers(system.components);
  queue_ids = identifiers(system.queues);
  timer_ids = identifiers(system.timers);
  choice_ids = identifiers(system.choices);
  never_ids = identifiers(options.never);
  lane_ids = identifiers(system.lanes);
  if (lane_ids.empty()) lane_ids = {"all"};

  can_stop.assign(system.queues.size(), false);
  can_arm.assign(system.timers.size(), false);
  alone.assign(lanes(), true);
  auto meet = [&](Index one, Index other) {
    if (one != other) alone[one] = alone[other] = false;
  };
  each_action(system, [&](Index lane, const Action& action) {
    if (action.kind == Action::Kind::block) can_stop[action.target] = true;
    if (action.kind == Action::Kind::arm && !system.timers[action.target].off)
      can_arm[action.target] = true;
    if (action.kind != Action::Kind::raise) return;
    meet(lane, lane_of(action.target));
    if (action.more_in != system::kNone) meet(lane, system.queues[action.more_in].lane);
  });

  for (const system::Timer& timer : system.timers) {
    if (timer.yields_to != system::kNone)
      meet(lane_of(timer.owner), system.queues[timer.yields_to].lane);
  }
  for (Index l = 0; l < system.lanes.size(); ++l) {
    for (const auto& [component, locals] : system.lanes[l].over_in)
      meet(l, lane_of(component));
    // What a lane does when it begins anew may leave a lane of a lower index over: the next step of
    // any lane then renews that one.
    if (!system.lanes[l].over_in.empty() && !system.lanes[l].on_renewed.empty())
      alone.assign(lanes(), false);
  }

  const auto raised = raised_events(system);
  std::vector<std::set<EventId>> events;
  std::vector<std::set<LocalId>> initial;
  Identifiers names;
  for (Index c = 0; c < system.components.size(); ++c) {
    const Table* table = system.components[c].table.get();
    const auto known = std::find_if(tables.begin(), tables.end(),
                                    [&](const auto& one) { return one.table == table; });
    const auto at = static_cast<std::size_t>(known - tables.begin());
    if (known == tables.end()) {
      tables.push_back({.table = table, .id = names.make(table->machine)});
      events.emplace_back();
      initial.emplace_back();
    }
    table_number.push_back(at);
    events[at].insert(raised[c].begin(), raised[c].end());
    initial[at].insert(system.components[c].initial);
  }
  for (std::size_t t = 0; t < tables.size(); ++t) {
    tables[t].used.assign(tables[t].table->cells.size(), false);
    if (options.only != nullptr) {
      tables[t].used = options.only->at(tables[t].table);
    } else {
      follow(tables[t], events[t], initial[t]);
    }
    number(tables[t], initial[t]);
    if (tables[t].locals.size() >= 0xffff)
      throw std::length_error("an exported table has at most 65534 locals");
  }
  for (const system::Choice& choice : system.choices)
    can_choose.push_back(event_of(choice.component, choice.event) >= 0);
}

int Outline::initial_of(Index component) const {
  return table_of(component).local_number[system.components[component].initial];
}

std::vector<std::size_t> Outline::nevers_at(Index component, machine::OutputId output) const {
  std::vector<std::size_t> all;
  for (std::size_t n = 0; n < options.never.size(); ++n) {
    for (const auto& [c, o] : options.never[n].places) {
      if (c == component && o == output) all.push_back(n);
    }
  }
  return all;
}

When Outline::when(const Action& action, const Place& place) const {
  When when;
  switch (place.kind) {
    case Place::Kind::binding:
      when.never = action.only_during == system::kOnAlert;
      if (action.only_during >= 0) {
        when.event = event_of(place.component, static_cast<EventId>(action.only_during));
        when.never |= when.event < 0;
      }
      when.messages = action.only_payloads & messages();
      when.tests_message = when.messages != messages();
      break;
    case Place::Kind::delivery:
      when.tests_alert = can_alert(place.queue);
      when.alert = action.only_during == system::kOnAlert;
      when.never = action.only_during >= 0 || !(action.only_payloads >> place.message & 1) ||
                   (when.alert && !when.tests_alert);
      break;
    case Place::Kind::renewal:
      when.never = action.only_during != system::kAlways;
      break;
  }
  return when;
}

std::vector<std::pair<std::size_t, std::size_t>> Outline::runs_of(
    Index component, const std::vector<bool>& locals) const {
  const ExportedTable& table = table_of(component);
  std::vector<std::pair<std::size_t, std::size_t>> runs;
  for (std::size_t n = 0; n < table.locals.size(); ++n) {
    if (!locals[table.locals[n]]) continue;
    if (!runs.empty() && runs.back().second + 1 == n) {
      runs.back().second = n;
    } else {
      runs.emplace_back(n, n);
    }
  }
  return runs;
}

std::vector<bool> Outline::output_lists_of(Index component) const {
  const ExportedTable& table = table_of(component);
  std::vector<bool> used_lists(table.table->output_lists.size());
  for (std::size_t i = 0; i < table.used.size(); ++i) {
    if (table.used[i]) used_lists[table.table->cells[i].outputs] = true;
  }
  return used_lists;
}

std::string in_comment(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    const bool plain =
        c >= ' ' && c <= '~' && std::string_view("'\"\\*{}#`").find(c) == std::string_view::npos;
    clean += plain ? c : ' ';
  }
  return clean;
}

}  // namespace halfclose::proofs
