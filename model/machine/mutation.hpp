// Small mistakes in a table, made on purpose: what properties have to notice.
//
// A mutation is about one row of a machine, whatever its flags; its patch is what it changes in one
// table of that machine. A table knows the results of its rows, not their guards and effects: where
// a row fires that did not, it does what it does in the first local where it fires.
#pragma once

#include "model/machine/table.hpp"

#include <string>
#include <utility>
#include <vector>

namespace halfclose::machine {

struct Mutation {
  enum class Kind : std::uint8_t {
    without_row,     ///< where it fired, nothing happens
    other_target,    ///< it leads to control state `detail`, to the first local there
    without_output,  ///< it no longer has output `detail`
    guard_holds,     ///< it fires wherever its state and event are met
    guard_fails,     ///< another row for its state and event fires in its place, or none
  };
  Kind kind = Kind::without_row;
  std::uint16_t row = 0, detail = 0;
  bool operator==(const Mutation&) const = default;
};

/// Every mutation of the machine that changes one of `tables`: by row, then kind, then detail.
/// @pre the tables are of one machine
std::vector<Mutation> mutations_of(const std::vector<const Table*>& tables);

/// The row: `idle on request, If<peeks>`.
std::string row_of(const Mutation& mutation, const Table& table);
/// What is done to it: `leads to closed`.
std::string change_of(const Mutation& mutation, const Table& table);

struct Patch {
  std::vector<std::pair<std::size_t, Cell>> cells;  ///< index into Table::cells; each differs
  std::vector<std::vector<OutputId>> output_lists;  ///< to be appended to those of the table
};
/// Nothing, when the mutation changes nothing under the flags of the table.
Patch patch_of(const Table& table, const Mutation& mutation);
Table patched(Table table, const Patch& patch);

}  // namespace halfclose::machine
