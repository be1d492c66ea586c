// A system as a Promela model for Spin: an explorer of another origin, given the same tables.
//
// One d_step per stimulus, guard and effect together, so that Spin stores our states and takes our
// steps: pan -DNOREDUCE prints our states, and our transitions plus one for the initial state. The
// step is embedded C that is generated from the bindings, not an interpreter of them.
//
// A lane is a process, and what it owns are its local variables. So COLLAPSE stores the part of
// each lane once. Pan's partial order reduction looks at where a process stands; here it stands at
// its one loop, so only the lanes that never raise at another, nor are raised at, are marked as
// local: marking more would be unsound, since a raised event is handled within the step that raises
// it.
#pragma once

#include "proofs/export/outline.hpp"

namespace halfclose::proofs {

/// @param system   sealed
/// @return         the text of one file, complete
/// @errors         std::length_error as Outline
/// @cost           text in the size of the tables: megabytes for an observer, unless options.only
std::string promela(const system::System& system, const ExportOptions& options = {});

}  // namespace halfclose::proofs
