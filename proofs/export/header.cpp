#include "proofs/export/header.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

namespace halfclose::proofs {

namespace {

using machine::Cell;
using machine::RowText;
using machine::Table;

constexpr std::string_view kShared =
    R"(/// What a table says of an event: a row fired; rows exist and no guard held; there is no row.
enum class Verdict : std::uint8_t { taken, guard_rejected, refused };

/// Outputs to perform, in order.
template <class Output> struct Outputs {
  const Output* first = nullptr;
  std::uint8_t count = 0;

  constexpr const Output* begin() const { return first; }
  constexpr const Output* end() const { return first + count; }
  constexpr unsigned size() const { return count; }
  constexpr bool empty() const { return count == 0; }
  constexpr Output operator[](unsigned at) const { return first[at]; }
};

/// `step` gives the row that fired; this is none.
inline constexpr std::uint16_t no_row = 0xffff;

namespace detail {
struct Cell {
  std::uint16_t next, list, row;
  std::uint8_t verdict;
};
struct List {
  std::uint16_t first;
  std::uint8_t count;
};
}  // namespace detail
)";

std::string quoted(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') literal += '\\';
    literal += c;
  }
  return literal + "\"";
}

/// An enumeration of `names` as `type`, and the names as an array.
std::string enumeration(std::string_view type, const std::vector<std::string>& names) {
  std::string text = "enum class " + std::string(type) + " : std::uint8_t {\n";
  std::set<std::string> known;
  for (const std::string& name : names) {
    const std::string identifier = header_identifier(name);
    if (!known.insert(identifier).second)
      throw std::logic_error("two names of " + std::string(type) + " become " + identifier);
    text += "  " + identifier + ",\n";
  }
  return text + "};\n";
}
std::string name_array(std::string_view array, const std::vector<std::string>& names) {
  std::string text = "inline constexpr const char* " + std::string(array) + "[] = {\n";
  for (const std::string& name : names)
    text += "    " + quoted(name) + ",\n";
  return text + "};\n";
}

std::string row_comment(const RowText& row) {
  return row.from + " on " + row.on + (row.when.empty() ? "" : ", " + row.when) + ": " +
         (row.effects.empty() ? "nothing" : row.effects) +
         (row.internal ? "; stays" : "; to " + row.to);
}

/// The output lists one behind the other, and where each is.
std::string output_lists(const Table& table) {
  std::string flat, lists;
  std::size_t first = 0;
  for (const auto& list : table.output_lists) {
    lists += "    {" + std::to_string(first) + ", " + std::to_string(list.size()) + "},\n";
    for (const machine::OutputId output : list)
      flat += "    Output::" + header_identifier(table.outputs[output]) + ",\n";
    first += list.size();
  }
  if (flat.empty()) flat = "    Output{},\n";  // an array has an element
  if (first > 0xffff) throw std::length_error(table.machine + ": more than 65535 outputs in lists");
  return "inline constexpr Output kOutputs[] = {\n" + flat +
         "};\ninline constexpr detail::List kLists[] = {\n" + lists + "};\n";
}

std::string cells(const Table& table) {
  const std::size_t width = table.events.size();
  std::string text = "inline constexpr detail::Cell kCells[][" + std::to_string(width) + "] = {\n";
  for (std::size_t local = 0; local < table.locals.size(); ++local) {
    text += "    {  // " + std::to_string(local) + ": " +
            table.local_name(static_cast<machine::LocalId>(local)) + "\n    ";
    for (std::size_t event = 0; event < width; ++event) {
      const Cell& cell = table.cells[local * width + event];
      text += " {" + std::to_string(cell.next) + ", " + std::to_string(cell.outputs) + ", " +
              (cell.row == machine::kNoRow ? "no_row" : std::to_string(cell.row)) + ", " +
              std::to_string(static_cast<int>(cell.verdict)) + "},";
      if (event % 6 == 5 && event + 1 < width) text += "\n    ";
    }
    text += "\n    },\n";
  }
  return text + "};\n";
}

std::string local_arrays(const Table& table) {
  std::string states = "inline constexpr State kStates[] = {\n",
              contexts = "inline constexpr const char* kContexts[] = {\n";
  for (const machine::Local& local : table.locals) {
    states += "    State::" + header_identifier(table.states[local.state]) + ",\n";
    contexts += "    " + quoted(local.context) + ",\n";
  }
  return states + "};\n" + contexts + "};\n";
}

std::string sources(const Table& table) {
  std::string text = "inline constexpr const char* kSources[] = {\n";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const RowText& row = table.rows[r];
    text += "    // " + std::to_string(r) + ": " + row_comment(row) + "\n    " +
            quoted(row.document + " " + row.clause) + ",\n";
  }
  return text + "};\n";
}

std::string timers(const HeaderMachine& machine, const Table& table) {
  if (machine.timers.empty()) return "";
  const auto named = [&](const std::vector<std::string>& names, std::string_view type,
                         std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw std::logic_error(machine.name + " has no " + std::string(name));
    return std::string(type) + "::" + header_identifier(name);
  };
  std::string text = R"(
/// `arm` starts it anew, `cancel` stops it, `expiry` is the event when it is due.
struct Timer {
  Output arm;
  bool has_cancel;
  Output cancel;  ///< only if has_cancel
  Event expiry;
  std::int64_t ms;  ///< -1: never
};
inline constexpr Timer timers[] = {
)",
              idle;
  for (const HeaderTimer& timer : machine.timers) {
    const bool has_cancel = !timer.cancel.empty();
    text +=
        "    {" + named(table.outputs, "Output", timer.arm) + ", " +
        (has_cancel ? "true, " + named(table.outputs, "Output", timer.cancel) : "false, Output{}") +
        ", " + named(table.events, "Event", timer.expiry) + ", " + std::to_string(timer.ms) +
        "},\n";
    idle += idle.empty() ? "never" : ", never";
  }
  const std::string count = std::to_string(machine.timers.size());
  return text + "};\n" + R"(
/// The timers of one connection, on any clock of milliseconds.
struct Deadlines {
  static constexpr std::int64_t never = INT64_MAX;
  std::int64_t due[)" +
         count + "] = {" + idle + R"(};

  /// Arms and cancels; other outputs change nothing.
  constexpr void perform(Output output, std::int64_t now) {
    for (unsigned i = 0; i < )" +
         count + R"(; ++i) {
      if (output == timers[i].arm) due[i] = timers[i].ms < 0 ? never : now + timers[i].ms;
      if (output == )" +
         named(table.outputs, "Output", "close") +
         R"( || (timers[i].has_cancel && output == timers[i].cancel)) due[i] = never;
    }
  }
  /// The earliest; `never` when none runs.
  constexpr std::int64_t next() const {
    std::int64_t first = never;
    for (const std::int64_t at : due) first = at < first ? at : first;
    return first;
  }
  /// Stops the earliest if it is due, and tells its event. @return false when none is due
  constexpr bool take(std::int64_t now, Event& expiry) {
    const std::int64_t first = next();
    if (first > now) return false;
    for (unsigned i = 0; i < )" +
         count + R"(; ++i) {
      if (due[i] != first) continue;
      due[i] = never;
      expiry = timers[i].expiry;
      return true;
    }
    return false;
  }
};
)";
}

constexpr std::string_view kFunctions = R"(
/// The name as the model prints it: `FIN-WAIT-1`.
constexpr const char* name(State state) { return table::kStateNames[static_cast<unsigned>(state)]; }
constexpr const char* name(Event event) { return table::kEventNames[static_cast<unsigned>(event)]; }
constexpr const char* name(Output output) { return table::kOutputNames[static_cast<unsigned>(output)]; }

/// A control state with its variables: all that a machine remembers. A new one is `start`.
struct Local {
  std::uint16_t number = 0;

  constexpr State state() const { return table::kStates[number]; }
  /// The variables in words; empty when there is nothing to say.
  constexpr const char* context() const { return table::kContexts[number]; }
  friend constexpr bool operator==(Local a, Local b) { return a.number == b.number; }
  friend constexpr bool operator!=(Local a, Local b) { return a.number != b.number; }
};

struct Step {
  Local next;  ///< unless taken, where it was
  Outputs<Output> outputs;
  Verdict verdict;
  std::uint16_t row;

  constexpr bool taken() const { return verdict == Verdict::taken; }
  /// Where the row comes from: `RFC 9112 9.5`; empty when none fired.
  constexpr const char* source() const { return row == no_row ? "" : table::kSources[row]; }
};

constexpr Step step(Local local, Event event) {
  const detail::Cell& cell = table::kCells[local.number][static_cast<unsigned>(event)];
  const detail::List& list = table::kLists[cell.list];
  return {{cell.next}, {table::kOutputs + list.first, list.count}, static_cast<Verdict>(cell.verdict), cell.row};
}
)";

/// The tables one behind the other; `starts` are their first locals.
Table joined(const HeaderMachine& machine, std::vector<std::size_t>& starts) {
  Table all = machine.settings.front().table;
  starts = {0};
  for (std::size_t i = 1; i < machine.settings.size(); ++i) {
    const Table& table = machine.settings[i].table;
    const std::size_t locals = all.locals.size(), lists = all.output_lists.size();
    if (locals + table.locals.size() > 0xffff || lists + table.output_lists.size() > 0xffff)
      throw std::length_error(machine.name + ": more than 65535 local states or output lists");
    starts.push_back(locals);
    all.locals.insert(all.locals.end(), table.locals.begin(), table.locals.end());
    all.output_lists.insert(all.output_lists.end(), table.output_lists.begin(),
                            table.output_lists.end());
    for (Cell cell : table.cells) {
      cell.next = static_cast<machine::LocalId>(cell.next + locals);
      cell.outputs = static_cast<std::uint16_t>(cell.outputs + lists);
      all.cells.push_back(cell);
    }
  }
  return all;
}

std::string starts_text(const HeaderMachine& machine, const std::vector<std::size_t>& starts) {
  std::string text = "\n";
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const HeaderMachine::Setting& setting = machine.settings[i];
    if (!setting.about.empty()) text += "/// " + setting.about + "\n";
    text += "inline constexpr Local start" +
            (setting.name.empty() ? "" : "_" + header_identifier(setting.name)) + "{" +
            std::to_string(starts[i]) + "};\n";
  }
  return text;
}

std::string machine_text(const HeaderMachine& machine) {
  std::vector<std::size_t> starts;
  const Table table = joined(machine, starts);
  const std::string name = header_identifier(machine.name);
  return "\n// " + std::to_string(table.rows.size()) + " rows, " +
         std::to_string(table.locals.size()) + " local states, " +
         std::to_string(table.events.size()) + " events.\nnamespace " + name + " {\n\n" +
         enumeration("State", table.states) + "\n" + enumeration("Event", table.events) + "\n" +
         enumeration("Output", table.outputs) + "\nnamespace table {\n" +
         name_array("kStateNames", table.states) + name_array("kEventNames", table.events) +
         name_array("kOutputNames", table.outputs) + local_arrays(table) + output_lists(table) +
         sources(table) + cells(table) + "}  // namespace table\n" + std::string(kFunctions) +
         starts_text(machine, starts) + timers(machine, table) + "\n}  // namespace " + name + "\n";
}

}  // namespace

std::string header_identifier(std::string_view name) {
  std::string identifier;
  for (const char c : name) {
    if (c == '<') {
      identifier += "recv";
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      identifier += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!identifier.empty() && identifier.back() != '_') {
      identifier += '_';
    }
  }
  while (!identifier.empty() && identifier.back() == '_')
    identifier.pop_back();
  const bool digit = !identifier.empty() && std::isdigit(static_cast<unsigned char>(identifier[0]));
  return digit ? "_" + identifier : identifier;
}

std::string header(const std::vector<HeaderMachine>& machines, const HeaderOptions& options) {
  std::string guard = header_identifier(options.outer) + "_hpp";
  std::transform(guard.begin(), guard.end(), guard.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string text = "// Connection life cycles as tables";
  if (!options.from.empty()) text += ": " + options.from;
  text +=
      ".\n// Written by `halfclose machines export --header`; do not edit. The rows and their "
      "sources are in docs/reference/machines.\n#ifndef " +
      guard + "\n#define " + guard + "\n\n#include <cstdint>\n\nnamespace " + options.outer +
      " {\n\n" + std::string(kShared);
  for (const HeaderMachine& machine : machines)
    text += machine_text(machine);
  return text + "\n}  // namespace " + options.outer + "\n\n#endif\n";
}

}  // namespace halfclose::proofs
