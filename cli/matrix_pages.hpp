// The matrix of races by mitigations as text for a terminal, as Markdown, and as one HTML page.
#pragma once

#include "proofs/catalogue/matrix.hpp"

#include <string>
#include <vector>

namespace halfclose::cli {

/// At most 110 columns wide; with `reasons` every cell is told below the table.
std::string matrix_text(const std::vector<proofs::MatrixRow>& rows, bool colour, bool reasons);
std::string matrix_markdown(const std::vector<proofs::MatrixRow>& rows);
/// Self-contained: it loads nothing. Each cell tells its reason under the pointer.
std::string matrix_html(const std::vector<proofs::MatrixRow>& rows);

}  // namespace halfclose::cli
