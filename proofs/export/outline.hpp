// A system as the exporters write it: names that other languages accept, and of its tables only
// what can be used.
#pragma once

#include "model/system/system.hpp"
#include "proofs/explore/state_set.hpp"

#include <map>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// The cells of tables that steps use; a set of [local * events + event] per table.
using CellUse = std::map<const machine::Table*, std::vector<bool>>;

/// What the steps out of `states` use. Exported alone it makes a small model that says as much: a
/// checker that uses any other cell has found a state that we did not.
/// @cost  one step per state and stimulus
CellUse cells_used(const system::System& system, const StateSet& states);

/// An output that must not occur, at any of the system's observers.
struct Never {
  std::string name;
  std::vector<std::pair<system::Index, machine::OutputId>> places;
};
/// @return no places when no observer has an output of that name
Never never(const system::System& system, std::string_view output);

struct ExportOptions {
  std::string name = "a system";  ///< in the head of the model
  std::vector<Never> never{};     ///< what is asserted
  const CellUse* only = nullptr;  ///< when given, other cells are left out
};

/// A table less the events that nothing raises and the locals that no other event leads to. Its
/// locals and events have numbers of their own.
struct ExportedTable {
  const machine::Table* table = nullptr;
  std::string id;
  std::vector<machine::EventId> events{};
  std::vector<machine::LocalId> locals{};
  std::vector<int> event_number{}, local_number{};  ///< by the table's numbers; -1 is left out
  std::vector<bool> used{};

  /// The cell, or nullptr when no row fires there or it is left out.
  const machine::Cell* at(machine::LocalId local, machine::EventId event) const;
};

/// Where a list of actions stands: decides what they are told of the message and the event.
struct Place {
  enum class Kind : std::uint8_t { binding, delivery, renewal };
  Kind kind = Kind::binding;
  system::Index component = system::kNone;       ///< binding: whose
  system::Index queue = system::kNone;           ///< delivery: out of which
  system::Message message = system::kNoMessage;  ///< delivery: which
};

/// When an action of a list applies, as far as that is not known already.
struct When {
  bool never = false;
  int event = -1;              ///< binding: only during this one, if any
  bool tests_message = false;  ///< binding: only for these messages, or for none
  std::uint64_t messages = 0;
  bool tests_alert = false, alert = false;  ///< delivery: only if alerted, or only if not
};

/// Everything about a system that does not depend on the language of the export.
struct Outline {
  /// @errors std::length_error when a table has more locals than 16 bits count
  Outline(const system::System& system, const ExportOptions& options);

  const ExportedTable& table_of(system::Index component) const {
    return tables[table_number[component]];
  }
  int initial_of(system::Index component) const;
  int event_of(system::Index component, machine::EventId event) const {
    return table_of(component).event_number[event];
  }
  system::Index lane_of(system::Index component) const { return system.components[component].lane; }
  std::size_t lanes() const { return lane_ids.size(); }
  /// The asserted outputs among those of a component, as indices into `options.never`.
  std::vector<std::size_t> nevers_at(system::Index component, machine::OutputId output) const;

  When when(const system::Action& action, const Place& place) const;
  /// The application of the queue may be told of an item without reading it.
  bool can_alert(system::Index queue) const {
    const system::Queue& of = system.queues[queue];
    return of.kind == system::QueueKind::receive && of.alerts && can_stop[queue];
  }
  /// The set of all messages.
  std::uint64_t messages() const {
    return system.messages.size() >= 64 ? ~0ull : (1ull << system.messages.size()) - 1;
  }
  /// The exported numbers of those locals of a component, as runs from first to last.
  std::vector<std::pair<std::size_t, std::size_t>> runs_of(system::Index component,
                                                           const std::vector<bool>& locals) const;
  /// The lists of outputs that the component's cells use.
  std::vector<bool> output_lists_of(system::Index component) const;

  const system::System& system;
  const ExportOptions& options;
  std::vector<std::string> lane_ids, component_ids, queue_ids, timer_ids, choice_ids, never_ids;
  std::vector<ExportedTable> tables;
  std::vector<std::size_t> table_number;  ///< by component
  std::vector<bool> can_stop;             ///< by queue: its application may stop reading
  std::vector<bool> can_arm;              ///< by timer
  std::vector<bool> can_choose;           ///< by choice: some local takes it
  std::vector<bool> alone;  ///< by lane: no step of another touches or reads it, nor it another
};

/// `text` without what ends a comment or upsets the lexers of Spin and Rumur.
std::string in_comment(std::string_view text);

}  // namespace halfclose::proofs
