// A system as a Murphi model for Rumur: a second explorer of another origin, without embedded code.
//
// One rule over all stimuli; the step is procedures over a record of raised events that is local to
// the rule. Rumur's states and fired rules are our states and transitions. Murphi has no constant
// tables: cells are switches, so export only the cells that are used (ExportOptions::only) unless
// the tables are small.
#pragma once

#include "proofs/export/outline.hpp"

namespace halfclose::proofs {

/// @param system   sealed
/// @return         the text of one file, complete
/// @errors         std::length_error as Outline
std::string murphi(const system::System& system, const ExportOptions& options = {});

}  // namespace halfclose::proofs
