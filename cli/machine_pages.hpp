// A machine's table for people: text, Markdown, Mermaid, DOT.
#pragma once

#include "model/machine/table.hpp"

#include <string>

namespace halfclose::cli {

/// One line per row: from, on, if, do, to, source.
std::string rows_text(const machine::Table& table);
/// docs/reference/machines/NAME.md: rows, diagram, coverage.
std::string rows_markdown(const machine::Table& table);
/// Control states, one edge per pair of states with the events that take it.
std::string states_mermaid(const machine::Table& table);
std::string states_dot(const machine::Table& table);

}  // namespace halfclose::cli
