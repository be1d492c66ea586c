#include "proofs/witness/text_page.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

class GridPage : public TextPage {
 public:
  GridPage(const Witness& witness, const TextStyle& style) : TextPage(witness, style) {
    const int columns = static_cast<int>(cast_.columns.size());
    const int spare = style.width - time_width_ - 2 - kWordsMin;
    cell_ = std::clamp(spare / columns, kCellMin, kCellMax);
    grid_ = cell_ * columns;
    words_ = std::max(kWordsMin, style.width - time_width_ - 2 - grid_);
    width_ = time_width_ + 2 + grid_ + words_;
  }

 private:
  // Characters: a lifeline with its share of both neighbours, `SYN-RECEIVED` with a kernel's name.
  static constexpr int kCellMin = 7, kCellMax = 11, kWordsMin = 46;

  struct Words {
    std::string text;
    Ink ink = Ink::none;
  };

  int middle(std::size_t column) const { return static_cast<int>(column) * cell_ + cell_ / 2; }
  std::string margin() const { return std::string(static_cast<std::size_t>(time_width_) + 1, ' '); }

  void head() override {
    std::vector<std::string> lines[2];
    for (const Column& column : cast_.columns) {
      const std::string tag = printable(column.kernel ? "kernel" : column.tag);
      lines[0].push_back(shorten(column.base, cell_ - 1));
      lines[1].push_back(tag.starts_with(' ') ? tag.substr(1) : tag);
    }
    for (const auto& names : lines) {
      std::string said;
      for (const std::string& name : names) {
        const int before = (cell_ - length(name) + 1) / 2;
        said += pad(std::string(static_cast<std::size_t>(std::max(0, before)), ' ') + name, cell_);
      }
      line(margin() + paint(Ink::strong, said));
    }
  }

  /// One character per cell of the grid, as UTF-8.
  using Line = std::vector<std::string>;

  Line lifelines() const {
    Line cells(static_cast<std::size_t>(grid_), " ");
    for (std::size_t c = 0; c < cast_.columns.size(); ++c)
      cells[static_cast<std::size_t>(middle(c))] = glyph("│", "|");
    return cells;
  }

  /// The number of a segment on half an arrow: it leaves here, or arrives.
  void draw(Line& cells, const Row& row) const {
    const Flight flight = flight_of(w_.segments[row.segment], cast_);
    const bool rightward = flight.rightward();
    const int left = middle(std::min(flight.from, flight.to)) + 1;
    const int right = middle(std::max(flight.from, flight.to));  // exclusive
    const std::string number = std::to_string(row.segment + 1);
    const bool solid_left = row.leaves == rightward;
    const int half = (left + right) / 2;
    for (int at = left; at < right; ++at) {
      const bool solid = (at < half) == solid_left;
      cells[static_cast<std::size_t>(at)] = solid ? glyph("─", "-") : glyph("╌", ".");
    }
    if (!row.leaves)
      cells[static_cast<std::size_t>(rightward ? right - 1 : left)] = rightward ? ">" : "<";
    const int from = half - static_cast<int>(number.size()) / 2;
    for (std::size_t i = 0; i < number.size(); ++i) {
      const int at = from + static_cast<int>(i);
      if (at >= left && at < right) cells[static_cast<std::size_t>(at)] = number.substr(i, 1);
    }
  }

  /// What the row says, in the order of its causes: an arrival comes before the calls that take it.
  std::vector<Words> words_of(const Row& row) const {
    std::vector<Words> words;
    std::vector<bool> said(row.old);
    if (row.segment >= 0 && !row.leaves) words.push_back(segment_words(row, said));
    for (std::size_t c = 0; c < row.speech.size(); ++c) {
      if (!row.speech[c] || row.old[c]) continue;
      const Speech& speech = *row.speech[c];
      const bool timer = speech.kind == Happening::Kind::expires;
      std::string text = cast_.columns[c].name();
      if (!speech.text.empty()) text += ": " + speech.text;
      if (!speech.becomes.empty()) text += " [" + speech.becomes + "]";
      words.push_back({text, speech.failed         ? Ink::bad
                             : timer               ? Ink::timer
                             : speech.text.empty() ? Ink::faint
                                                   : Ink::none});
    }
    if (row.segment >= 0 && row.leaves) words.push_back(segment_words(row, said));
    for (std::size_t c = 0; c < row.socket.size(); ++c) {
      if (!row.socket[c].empty() && !said[c])
        words.push_back({cast_.columns[c].name() + " [" + row.socket[c] + "]", Ink::state});
    }
    return words;
  }

  Words segment_words(const Row& row, std::vector<bool>& said) const {
    const Segment& s = w_.segments[row.segment];
    const Flight flight = flight_of(s, cast_);
    const std::size_t kernel = row.leaves ? flight.from : flight.to;
    std::string text = cast_.columns[kernel].name();
    text += row.leaves ? " sends " + segment_name(w_, row.segment)
                       : " gets " + arrival_label(row.segment);
    if (!row.socket[kernel].empty()) text += " [" + row.socket[kernel] + "]";
    said[kernel] = true;
    return {text, is_reset(s) ? Ink::bad : Ink::none};
  }

  void diagram() override {
    for (const Row& row : rows_) {
      if (row.busy > 0)
        line(margin() + paint(Ink::faint, "... other requests are served for " +
                                              format_time(row.busy) + " ..."));
      if (row.quiet > 0)
        line(margin() + paint(Ink::faint, "... " + format_time(row.quiet) + " pass ..."));
      print_row(row);
      if (!row.verdicts.empty()) verdict(row);
    }
  }

  void print_row(const Row& row) {
    Line cells = lifelines();
    for (std::size_t c = 0; c < row.speech.size(); ++c) {
      if (!row.speech[c] || row.speech[c]->text.empty()) continue;
      const Speech& speech = *row.speech[c];
      const bool timer = speech.kind == Happening::Kind::expires;
      cells[static_cast<std::size_t>(middle(c))] = speech.failed ? "x"
                                                   : timer       ? "T"
                                                                 : glyph("●", "*");
    }
    if (row.segment >= 0) draw(cells, row);
    std::vector<Words> lines;
    for (const Words& words : words_of(row)) {
      std::string indent;
      for (const std::string& part : wrap(printable(words.text), words_ - 2)) {
        lines.push_back({indent + part, words.ink});
        indent = "  ";
      }
    }
    for (std::size_t i = 0; i < std::max<std::size_t>(1, lines.size()); ++i) {
      std::string drawn;
      for (const std::string& cell : i == 0 ? cells : lifelines())
        drawn += cell;
      line(time_of(row, i == 0 && row.opens) + " " + drawn + " " +
           (i < lines.size() ? paint(lines[i].ink, lines[i].text) : ""));
    }
  }

  int cell_ = kCellMin, grid_ = 0, words_ = kWordsMin;
};

}  // namespace

std::string grid_text(const Witness& witness, const TextStyle& style) {
  return GridPage(witness, style).print();
}

}  // namespace halfclose::proofs
