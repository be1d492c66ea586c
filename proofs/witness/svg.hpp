// A witness as one self-contained picture.
#pragma once

#include "proofs/witness/witness.hpp"

namespace halfclose::proofs {

/// An SVG 1.1 document, 1190 pixels wide and as high as the run needs: lifelines, slanted arrows
/// from send to arrival, socket states as bands, timers as brackets, then the same sections as the
/// text. Time runs downwards and is not to scale. No script, no external font; everything from the
/// witness is escaped.
std::string to_svg(const Witness& witness);

}  // namespace halfclose::proofs
