// A machine as a dense table: what every engine, runtime and exporter reads.
//
// It is made by executing the Boost.MSM machine (model/machine/tabulate.hpp), so it is not a second
// interpreter. A local state is a control state plus a context; equal locals have one number.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::machine {

using LocalId = std::uint16_t;
using EventId = std::uint8_t;
using OutputId = std::uint8_t;
inline constexpr std::uint16_t kNoRow = 0xffff;

enum class Verdict : std::uint8_t {
  taken,           ///< a row fired
  guard_rejected,  ///< rows exist for the state and event, and no guard held
  refused,         ///< no row for the state and event
};

struct Cell {
  LocalId next = 0;
  std::uint16_t outputs = 0;  ///< index into `Table::output_lists`
  std::uint16_t row = kNoRow;
  Verdict verdict = Verdict::refused;
  bool operator==(const Cell&) const = default;
};

struct RowText {
  std::string from, on, when, effects, to, document, clause;
  bool internal = false;
};

/// Two rows whose guards both held; MSM would take the later one.
struct Overlap {
  LocalId local = 0;
  EventId event = 0;
  std::uint16_t first_row = 0, second_row = 0;
};

struct Local {
  std::uint16_t state = 0;  ///< index into `Table::states`
  std::string context;      ///< the context in words; empty when there is nothing to say
};

struct Table {
  std::string machine;
  std::vector<std::string> states, events, outputs;
  std::vector<RowText> rows;
  std::vector<Local> locals;                        ///< [0] is the initial one
  std::vector<Cell> cells;                          ///< [local * events.size() + event]
  std::vector<std::vector<OutputId>> output_lists;  ///< [0] is empty
  std::vector<Overlap> overlaps;

  const Cell& at(LocalId local, EventId event) const {
    return cells[local * events.size() + event];
  }
  const std::vector<OutputId>& outputs_of(const Cell& cell) const {
    return output_lists[cell.outputs];
  }
  const std::string& state_name(LocalId local) const { return states[locals[local].state]; }
  /// `CLOSE-WAIT (fd open, eof)`.
  std::string local_name(LocalId local) const;
  /// How often each row fires over all reachable locals; a zero is a dead row for this context.
  std::vector<std::uint32_t> row_hits() const;
  /// The number of the event called `name`, or -1.
  int find_event(std::string_view name) const;
  std::size_t bytes() const { return cells.size() * sizeof(Cell); }
};

/// The table with one row taken out: where it fired, nothing happens. For tests that a property can
/// fail.
Table without_row(Table table, std::uint16_t row);

/// The table with one output of one row taken out.
/// @pre every cell of the row has that many outputs, or keeps what it has
Table without_output(Table table, std::uint16_t row, std::size_t position);
/// The table whose row leads to the control state of local `target` with whatever context that
/// local has.
Table with_target(Table table, std::uint16_t row, LocalId target);

/// A machine driven through its table.
class Cursor {
 public:
  explicit Cursor(const Table& table) : table_(&table) {}
  const Cell& step(EventId event) {
    const Cell& cell = table_->at(local_, event);
    local_ = cell.next;
    return cell;
  }
  LocalId local() const { return local_; }

 private:
  const Table* table_;
  LocalId local_ = 0;
};

/// The Boost.MSM machine itself behind one virtual call per event, for tests and benchmarks that
/// compare.
class Running {
 public:
  virtual ~Running() = default;
  struct Result {
    Verdict verdict = Verdict::refused;
    std::vector<OutputId> outputs;
    std::string local;  ///< as `Table::local_name`
    bool operator==(const Result&) const = default;
  };
  virtual Result step(EventId event) = 0;
  /// The same without strings: what a benchmark times.
  virtual Verdict fire(EventId event) = 0;
};

}  // namespace halfclose::machine
