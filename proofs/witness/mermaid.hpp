// A witness as a Mermaid sequence diagram, for pages and tickets.
#pragma once

#include "proofs/witness/witness.hpp"

namespace halfclose::proofs {

/// A `sequenceDiagram` that Mermaid 10 and later take, whatever the names in the witness.
///
/// Mermaid cannot slant an arrow: a segment is drawn where it arrives, and its label says when it
/// was sent. One that never arrives is drawn open (`-)`) where it was sent.
std::string to_mermaid(const Witness& witness);

}  // namespace halfclose::proofs
