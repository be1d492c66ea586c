// A witness as a sequence diagram for a terminal.
#pragma once

#include "proofs/witness/rows.hpp"
#include "proofs/witness/words.hpp"

namespace halfclose::proofs {

struct TextStyle {
  bool colour = false;  ///< ANSI escapes
  int width = 110;  ///< columns; fewer than the picture needs (96 for one hop) are taken as those
  bool ascii = false;  ///< no box characters; names are printed as they are
};

/// The run from top to bottom, then what each side sees, the symptoms, the timers that matter, the
/// fix.
///
/// A segment leaves in one row and arrives in a later one; its number tells it from the others.
std::string to_text(const Witness& witness, const TextStyle& style = {});

}  // namespace halfclose::proofs
