// Every machine by name, under settings that between them use all its flags.
#pragma once

#include "model/machine/table.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace halfclose::cli {

struct MachineEntry {
  std::string_view name, summary;
  /// Its tables: one per setting of the flags that between them let every row fire. The first has
  /// the default flags.
  std::function<std::vector<machine::Table>()> tables;
};

const std::vector<MachineEntry>& machine_entries();
/// Null when there is no such machine.
const MachineEntry* find_machine(std::string_view name);

}  // namespace halfclose::cli
