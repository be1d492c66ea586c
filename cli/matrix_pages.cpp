#include "cli/matrix_pages.hpp"

#include "cli/command.hpp"

#include <algorithm>
#include <string_view>

namespace halfclose::cli {

namespace {

using proofs::Effect;
using proofs::MatrixCell;
using proofs::MatrixColumn;
using proofs::MatrixRow;
using Rows = std::vector<MatrixRow>;

constexpr std::size_t kWidth = 110, kCell = 3;

constexpr Effect kEffects[] = {Effect::excluded,       Effect::masked,     Effect::partly_masked,
                               Effect::narrowed,       Effect::unaffected, Effect::worse,
                               Effect::not_applicable, Effect::undecided};

char symbol(Effect effect) {
  switch (effect) {
    case Effect::excluded:
      return 'X';
    case Effect::masked:
      return 'M';
    case Effect::partly_masked:
      return 'm';
    case Effect::narrowed:
      return '<';
    case Effect::unaffected:
      return '=';
    case Effect::worse:
      return '!';
    case Effect::not_applicable:
      return '-';
    case Effect::undecided:
      return '?';
  }
  return '?';
}
std::string_view meaning(Effect effect) {
  switch (effect) {
    case Effect::excluded:
      return "excluded: it happens no more";
    case Effect::masked:
      return "masked: it happens, a retry hides it with every method";
    case Effect::partly_masked:
      return "masked in part: a retry hides it with some methods";
    case Effect::narrowed:
      return "narrowed: fewer values of one of its timers let it happen";
    case Effect::unaffected:
      return "unaffected: it happens as before";
    case Effect::worse:
      return "made worse: more values let it happen, less is hidden, or something new happens";
    case Effect::not_applicable:
      return "nothing to change on the race's chain";
    case Effect::undecided:
      return "undecided: a limit was hit";
  }
  return {};
}
Colour colour_of(Effect effect) {
  switch (effect) {
    case Effect::excluded:
    case Effect::masked:
      return Colour::green;
    case Effect::worse:
      return Colour::red;
    case Effect::partly_masked:
    case Effect::narrowed:
    case Effect::undecided:
      return Colour::yellow;
    case Effect::unaffected:
    case Effect::not_applicable:
      return Colour::dim;
  }
  return Colour::dim;
}

const MatrixColumn& column(std::size_t index) {
  return proofs::matrix_columns()[index];
}

/// Columns that apply to some row: the others would say nothing.
std::vector<std::size_t> used_columns(const Rows& rows) {
  std::vector<std::size_t> used;
  for (std::size_t index = 0; index < proofs::matrix_columns().size(); ++index) {
    const bool applies = std::any_of(rows.begin(), rows.end(), [&](const MatrixRow& row) {
      return row.cells[index].effect != Effect::not_applicable;
    });
    if (applies) used.push_back(index);
  }
  return used;
}

/// What to do, on no particular chain.
std::string told(std::string_view text) {
  std::string result(text);
  for (const auto& [slot, word] : {std::pair{std::string_view("{client}"), "the client"},
                                   std::pair{std::string_view("{server}"), "the server"}}) {
    for (std::size_t at = 0; (at = result.find(slot, at)) != std::string::npos;)
      result.replace(at, slot.size(), word);
  }
  return result;
}

std::string padded_left(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}
std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string set_text(const std::vector<std::size_t>& set, std::string_view quote) {
  std::string text;
  for (const std::size_t index : set) {
    text += (text.empty() ? "" : " + ") + std::string(quote) + std::string(column(index).slug) +
            std::string(quote);
  }
  return text;
}
std::string sets_text(const MatrixRow& row, std::string_view quote) {
  std::string text;
  for (const auto& set : row.minimal_sets)
    text += (text.empty() ? "" : "; ") + set_text(set, quote);
  if (row.sets_undecided)
    text += std::string(text.empty() ? "" : "; ") + "undecided: a limit was hit";
  return text.empty() ? "none" : text;
}

std::string html_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string_view css_class(Effect effect) {
  switch (effect) {
    case Effect::excluded:
      return "excluded";
    case Effect::masked:
      return "masked";
    case Effect::partly_masked:
      return "partly";
    case Effect::narrowed:
      return "narrowed";
    case Effect::unaffected:
      return "unaffected";
    case Effect::worse:
      return "worse";
    case Effect::not_applicable:
      return "none";
    case Effect::undecided:
      return "undecided";
  }
  return {};
}

}  // namespace

std::string matrix_text(const Rows& rows, bool colour, bool reasons) {
  const std::vector<std::size_t> used = used_columns(rows);
  std::size_t name = 0, slug = 0;
  for (const MatrixRow& row : rows)
    name = std::max(name, row.slug.size());
  for (const std::size_t index : used)
    slug = std::max(slug, column(index).slug.size());
  std::string text;
  const std::size_t panel = (kWidth - name) / kCell;
  for (std::size_t from = 0; from < used.size(); from += panel) {
    const std::size_t to = std::min(used.size(), from + panel);
    text += std::string(name, ' ');
    for (std::size_t i = from; i < to; ++i)
      text += padded_left(std::to_string(i + 1), kCell);
    text += "\n";
    for (const MatrixRow& row : rows) {
      text += padded(std::string(row.slug), name);
      for (std::size_t i = from; i < to; ++i) {
        const Effect effect = row.cells[used[i]].effect;
        text += std::string(kCell - 1, ' ') +
                coloured(std::string(1, symbol(effect)), colour_of(effect), colour);
      }
      text += "\n";
    }
    text += "\n";
  }
  for (const Effect effect : kEffects)
    text += std::string("  ") + symbol(effect) + "  " + std::string(meaning(effect)) + "\n";
  text += "\n";
  for (std::size_t i = 0; i < used.size(); ++i) {
    text += padded_left(std::to_string(i + 1), kCell) + "  " +
            padded(std::string(column(used[i]).slug), slug) + "  " +
            wrapped(told(column(used[i]).text), kWidth, kCell + 4 + slug) + "\n";
  }
  text += "\n" +
          coloured("smallest sets that exclude the race and bring nothing else about", Colour::bold,
                   colour) +
          "\n";
  for (const MatrixRow& row : rows) {
    text += "  " + padded(std::string(row.slug), name) + "  " +
            wrapped(sets_text(row, ""), kWidth, name + 4) + "\n";
  }
  for (const MatrixRow& row : rows) {
    if (row.happens && !reasons) continue;
    text += "\n" + coloured(std::string(row.slug), Colour::bold, colour) + " (" + row.chain +
            ")\n  " + wrapped(row.without, kWidth, 2) + "\n";
    if (!reasons) continue;
    for (const std::size_t index : used) {
      const MatrixCell& cell = row.cells[index];
      if (cell.effect == Effect::not_applicable) continue;
      text += "  " +
              coloured(padded(std::string(proofs::effect_name(cell.effect)), 14),
                       colour_of(cell.effect), colour) +
              "  " + padded(std::string(column(index).slug), slug) + "  " +
              wrapped(cell.reason, kWidth, 20 + slug) + "\n";
    }
  }
  return text;
}

std::string matrix_markdown(const Rows& rows) {
  const std::vector<std::size_t> used = used_columns(rows);
  std::string text = "| race |", rule = "|---|";
  for (std::size_t i = 0; i < used.size(); ++i) {
    text += " " + std::to_string(i + 1) + " |";
    rule += ":-:|";
  }
  text += "\n" + rule + "\n";
  for (const MatrixRow& row : rows) {
    text += "| [`" + std::string(row.slug) + "`](#" + std::string(row.slug) + ") |";
    for (const std::size_t index : used)
      text += std::string(" `") + symbol(row.cells[index].effect) + "` |";
    text += "\n";
  }
  text += "\n| cell | meaning |\n|---|---|\n";
  for (const Effect effect : kEffects)
    text += std::string("| `") + symbol(effect) + "` | " + std::string(meaning(effect)) + " |\n";
  text += "\n| column | mitigation | what to do |\n|---|---|---|\n";
  for (std::size_t i = 0; i < used.size(); ++i) {
    text += "| " + std::to_string(i + 1) + " | `" + std::string(column(used[i]).slug) + "` | " +
            told(column(used[i]).text) + " |\n";
  }
  text +=
      "\n## Smallest sets\n\n| race | sets that exclude it and bring nothing else about "
      "|\n|---|---|\n";
  for (const MatrixRow& row : rows)
    text += "| `" + std::string(row.slug) + "` | " + sets_text(row, "`") + " |\n";
  for (const MatrixRow& row : rows) {
    text += "\n## `" + std::string(row.slug) + "`\n\nOn `" + row.chain + "` " + row.without +
            ".\n\n| mitigation | effect | what was compared |\n|---|---|---|\n";
    for (const std::size_t index : used) {
      const MatrixCell& cell = row.cells[index];
      if (cell.effect == Effect::not_applicable) continue;
      text += "| `" + std::string(column(index).slug) + "` | " +
              std::string(proofs::effect_name(cell.effect)) + " | " + cell.reason + " |\n";
    }
  }
  return text;
}

std::string matrix_html(const Rows& rows) {
  const std::vector<std::size_t> used = used_columns(rows);
  std::string text = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>halfclose: races and mitigations</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 2em; color: #222; background: #fff; }
table { border-collapse: collapse; margin-bottom: 2em; }
th, td { border: 1px solid #ccc; padding: .2em .5em; text-align: left; vertical-align: bottom; }
th.column { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: normal; }
td.cell { text-align: center; cursor: help; }
.excluded { background: #7fc97f; } .masked { background: #b7e3b0; } .partly { background: #e3f0c0; }
.narrowed { background: #ffe9a8; } .unaffected { background: #f2f2f2; } .worse { background: #f4a3a3; }
.none { color: #999; } .undecided { background: #d8c6f0; }
</style></head><body>
<h1>Races and mitigations</h1>
<table><tr><th>race</th>)";
  for (const std::size_t index : used) {
    text += "<th class=\"column\" title=\"" + html_escaped(told(column(index).text)) + "\">" +
            html_escaped(column(index).slug) + "</th>";
  }
  text += "<th>smallest sets that exclude it and bring nothing else about</th></tr>\n";
  for (const MatrixRow& row : rows) {
    text += "<tr><th title=\"" + html_escaped(row.statement) + " (" + html_escaped(row.chain) +
            ": " + html_escaped(row.without) + ")\">" + html_escaped(row.slug) + "</th>";
    for (const std::size_t index : used) {
      const MatrixCell& cell = row.cells[index];
      text += "<td class=\"cell " + std::string(css_class(cell.effect)) + "\" title=\"" +
              html_escaped(column(index).slug) + ": " +
              html_escaped(proofs::effect_name(cell.effect)) + ". " + html_escaped(cell.reason) +
              "\">" + html_escaped(std::string(1, symbol(cell.effect))) + "</td>";
    }
    text += "<td>" + html_escaped(sets_text(row, "")) + "</td></tr>\n";
  }
  text += "</table>\n<table>\n";
  for (const Effect effect : kEffects) {
    text += "<tr><td class=\"cell " + std::string(css_class(effect)) + "\">" +
            html_escaped(std::string(1, symbol(effect))) + "</td><td>" +
            html_escaped(meaning(effect)) + "</td></tr>\n";
  }
  return text + "</table></body></html>\n";
}

}  // namespace halfclose::cli
