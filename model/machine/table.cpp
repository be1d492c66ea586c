#include "model/machine/table.hpp"

#include "model/machine/rows.hpp"

#include <algorithm>

namespace halfclose::machine {

std::string Table::local_name(LocalId local) const {
  const Local& described = locals[local];
  if (described.context.empty()) return states[described.state];
  return states[described.state] + " (" + described.context + ")";
}

std::vector<std::uint32_t> Table::row_hits() const {
  std::vector<std::uint32_t> hits(rows.size());
  for (const Cell& cell : cells) {
    if (cell.row != kNoRow) ++hits[cell.row];
  }
  return hits;
}

int Table::find_event(std::string_view name) const {
  const auto found = std::find(events.begin(), events.end(), name);
  return found == events.end() ? -1 : static_cast<int>(found - events.begin());
}

Table without_row(Table table, std::uint16_t row) {
  const std::size_t width = table.events.size();
  for (std::size_t i = 0; i < table.cells.size(); ++i) {
    if (table.cells[i].row != row) continue;
    // Taken without effect, so that a run goes on as if the row had never been written.
    table.cells[i] = {static_cast<LocalId>(i / width), 0, row, Verdict::taken};
  }
  return table;
}

Table without_output(Table table, std::uint16_t row, std::size_t position) {
  for (Cell& cell : table.cells) {
    if (cell.row != row || table.output_lists[cell.outputs].size() <= position) continue;
    std::vector<OutputId> fewer = table.output_lists[cell.outputs];
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(position));
    cell.outputs = static_cast<std::uint16_t>(table.output_lists.size());
    table.output_lists.push_back(std::move(fewer));
  }
  return table;
}

Table with_target(Table table, std::uint16_t row, LocalId target) {
  for (Cell& cell : table.cells) {
    if (cell.row == row) cell.next = target;
  }
  return table;
}

namespace detail {

std::string unqualified(std::string_view pretty_function) {
  // "... [with T = Do<halfclose::tcp::open_fd, halfclose::tcp::Out::syn>; std::string_view = ...]"
  const std::size_t start = pretty_function.find("T = ");
  std::string_view text = pretty_function.substr(start + 4);
  int depth = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '<') ++depth;
    if (text[end] == '>') --depth;
    if (depth == 0 && (text[end] == ';' || text[end] == ']')) break;
  }
  text = text.substr(0, end);

  std::string plain;
  std::size_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':' && i + 1 < text.size() && text[i + 1] == ':') {
      plain.resize(word);
      ++i;
    } else if (text[i] == '&' || text[i] == '(' || text[i] == ')') {
      // `&Context::flag` and g++'s `(& Context::flag)` print as the flag
    } else {
      plain += text[i];
      const char c = text[i];
      if (c == '<' || c == ',' || c == ' ') word = plain.size();
    }
  }
  if (plain.starts_with("Do<")) plain = plain.substr(3, plain.size() - 4);
  return plain;
}

}  // namespace detail
}  // namespace halfclose::machine
