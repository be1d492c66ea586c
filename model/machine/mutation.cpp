#include "model/machine/mutation.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace halfclose::machine {

namespace {

std::size_t place(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

class Patching {
 public:
  Patching(const Table& table, const Mutation& mutation)
      : table_(table),
        mutation_(mutation),
        width_(table.events.size()),
        from_(place(table.states, table.rows[mutation.row].from)),
        event_(place(table.events, table.rows[mutation.row].on)) {}

  Patch run() {
    switch (mutation_.kind) {
      case Mutation::Kind::without_row:
        for_each_fired([&](std::size_t local, Cell cell) {
          set(local, {static_cast<LocalId>(local), 0, cell.row, Verdict::taken});
        });
        break;
      case Mutation::Kind::other_target:
        lead_elsewhere();
        break;
      case Mutation::Kind::without_output:
        for_each_fired([&](std::size_t local, Cell cell) {
          cell.outputs = without(cell.outputs);
          set(local, cell);
        });
        break;
      case Mutation::Kind::guard_holds:
        hold();
        break;
      case Mutation::Kind::guard_fails:
        fail();
        break;
    }
    return std::move(patch_);
  }

 private:
  const Cell& cell(std::size_t local) const { return table_.cells[local * width_ + event_]; }
  void set(std::size_t local, const Cell& changed) {
    if (!(changed == cell(local))) patch_.cells.emplace_back(local * width_ + event_, changed);
  }
  template <class F> void for_each_fired(F&& f) {
    for (std::size_t local = 0; local < table_.locals.size(); ++local) {
      if (cell(local).row == mutation_.row) f(local, cell(local));
    }
  }
  /// The first cell for the state and event of which `wanted` holds.
  template <class F> const Cell* first_met(F&& wanted) const {
    for (std::size_t local = 0; local < table_.locals.size(); ++local) {
      if (table_.locals[local].state == from_ && wanted(cell(local))) return &cell(local);
    }
    return nullptr;
  }

  void lead_elsewhere() {
    const auto there =
        std::find_if(table_.locals.begin(), table_.locals.end(),
                     [&](const Local& local) { return local.state == mutation_.detail; });
    if (there == table_.locals.end()) return;
    for_each_fired([&](std::size_t local, Cell cell) {
      cell.next = static_cast<LocalId>(there - table_.locals.begin());
      set(local, cell);
    });
  }

  std::uint16_t without(std::uint16_t list) {
    const auto known = shorter_.find(list);
    if (known != shorter_.end()) return known->second;
    std::vector<OutputId> fewer = table_.output_lists[list];
    std::erase(fewer, static_cast<OutputId>(mutation_.detail));
    std::uint16_t made = list;
    if (fewer.size() != table_.output_lists[list].size()) {
      made = static_cast<std::uint16_t>(table_.output_lists.size() + patch_.output_lists.size());
      patch_.output_lists.push_back(std::move(fewer));
    }
    shorter_.emplace(list, made);
    return made;
  }

  void hold() {
    const Cell* fired = first_met([&](const Cell& met) { return met.row == mutation_.row; });
    if (fired == nullptr) return;
    for (std::size_t local = 0; local < table_.locals.size(); ++local) {
      if (table_.locals[local].state == from_ && cell(local).row != mutation_.row)
        set(local, *fired);
    }
  }

  void fail() {
    const Cell* other =
        first_met([&](const Cell& met) { return met.row != mutation_.row && met.row != kNoRow; });
    for_each_fired([&](std::size_t local, Cell) {
      set(local, other != nullptr
                     ? *other
                     : Cell{static_cast<LocalId>(local), 0, kNoRow, Verdict::guard_rejected});
    });
  }

  const Table& table_;
  const Mutation& mutation_;
  std::size_t width_, from_, event_;
  Patch patch_;
  std::map<std::uint16_t, std::uint16_t> shorter_;  ///< lists without the output
};

}  // namespace

std::vector<Mutation> mutations_of(const std::vector<const Table*>& tables) {
  const Table& first = *tables.front();
  // The outputs a row has in any table.
  std::vector<std::set<OutputId>> outputs(first.rows.size());
  std::vector<bool> fires(first.rows.size());
  for (const Table* table : tables) {
    std::set<std::pair<std::uint16_t, std::uint16_t>> seen;
    for (const Cell& cell : table->cells) {
      if (cell.row == kNoRow || !seen.insert({cell.row, cell.outputs}).second) continue;
      fires[cell.row] = true;
      const std::vector<OutputId>& list = table->outputs_of(cell);
      outputs[cell.row].insert(list.begin(), list.end());
    }
  }

  std::vector<Mutation> all;
  auto add = [&](Mutation::Kind kind, std::uint16_t row, std::size_t detail = 0) {
    const Mutation mutation{kind, row, static_cast<std::uint16_t>(detail)};
    const bool changes = std::any_of(tables.begin(), tables.end(), [&](const Table* table) {
      return !patch_of(*table, mutation).cells.empty();
    });
    if (changes) all.push_back(mutation);
  };
  for (std::uint16_t row = 0; row < first.rows.size(); ++row) {
    if (!fires[row]) continue;
    using enum Mutation::Kind;
    add(without_row, row);
    for (std::size_t state = 0; state < first.states.size(); ++state) {
      if (first.states[state] != first.rows[row].to) add(other_target, row, state);
    }
    for (const OutputId output : outputs[row])
      add(without_output, row, output);
    if (first.rows[row].when.empty()) continue;
    add(guard_holds, row);
    add(guard_fails, row);
  }
  return all;
}

std::string row_of(const Mutation& mutation, const Table& table) {
  const RowText& row = table.rows[mutation.row];
  return row.from + " on " + row.on + (row.when.empty() ? "" : ", " + row.when);
}

std::string change_of(const Mutation& mutation, const Table& table) {
  switch (mutation.kind) {
    case Mutation::Kind::without_row:
      return "dropped";
    case Mutation::Kind::other_target:
      return "leads to " + table.states[mutation.detail];
    case Mutation::Kind::without_output:
      return "without `" + table.outputs[mutation.detail] + "`";
    case Mutation::Kind::guard_holds:
      return "its guard always holds";
    case Mutation::Kind::guard_fails:
      return "its guard never holds";
  }
  return {};
}

Patch patch_of(const Table& table, const Mutation& mutation) {
  return Patching(table, mutation).run();
}

Table patched(Table table, const Patch& patch) {
  for (const auto& [index, cell] : patch.cells)
    table.cells[index] = cell;
  table.output_lists.insert(table.output_lists.end(), patch.output_lists.begin(),
                            patch.output_lists.end());
  return table;
}

}  // namespace halfclose::machine
