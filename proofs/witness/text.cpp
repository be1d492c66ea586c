#include "proofs/witness/text.hpp"

#include "proofs/witness/text_page.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

enum Place : std::size_t { kClient, kClientKernel, kServerKernel, kServer };  // columns

class HopPage : public TextPage {
 public:
  HopPage(const Witness& witness, const TextStyle& style) : TextPage(witness, style) {
    for (std::size_t s = 0; s < w_.segments.size(); ++s) {
      wire_width_ = std::max(wire_width_, length(arrival_label(static_cast<int>(s))) + 8);
    }
    const int fixed =
        time_width_ + 1 + 1 + kStateWidth + 1 + 1 + wire_width_ + 1 + 1 + kStateWidth + 1;
    app_width_ = std::max(16, (std::max(style.width, 96) - fixed) / 2);
    width_ = fixed + 2 * app_width_;
  }

 private:
  static constexpr int kStateWidth = 12;  // SYN-RECEIVED

  void head() override {
    auto name = [&](Place column) {
      return wrap(printable(cast_.columns[column].name()), app_width_).front();
    };
    std::string head = std::string(time_width_ + 1, ' ') + pad(name(kClient), app_width_ + 1);
    head += pad("kernel", kStateWidth, true) + std::string(wire_width_ + 4, ' ') +
            pad("kernel", kStateWidth + 1);
    line(paint(Ink::strong, head + name(kServer)));
  }

  /// The piece of an arrow between the lifelines: its first half when it leaves, its second when it
  /// arrives.
  std::string wire(const Row& row) const {
    if (row.segment < 0) return std::string(wire_width_, ' ');
    const Segment& s = w_.segments[row.segment];
    const bool rightward = flight_of(s, cast_).rightward();
    const std::string label =
        " " + printable(row.leaves ? segment_name(w_, row.segment) : arrival_label(row.segment)) +
        " ";
    const std::string fading = repeat("╌", ".", 2);
    std::string arrow;
    int bar = std::max(2, wire_width_ * 3 / 4 - length(label) - 2);
    if (row.leaves) {
      const std::string tail = repeat("─", "-", 2), front = repeat("─", "-", std::max(1, bar - 2));
      arrow = rightward ? tail + label + front + fading : fading + front + label + tail;
    } else {
      const std::string front = repeat("─", "-", 2), tail = repeat("─", "-", std::max(1, bar - 3));
      arrow = rightward ? fading + tail + label + front + ">" : "<" + front + label + tail + fading;
    }
    const bool at_right = rightward != row.leaves;
    return paint(is_reset(s) ? Ink::bad : Ink::none, pad(arrow, wire_width_, at_right));
  }

  struct Cell {
    std::vector<std::string> lines;
    Ink ink = Ink::none;
    std::size_t state_from = 0;  // lines that say the new state
  };
  Cell cell(const std::optional<Speech>& speech) const {
    Cell cell;
    if (!speech) return cell;
    if (!speech->text.empty()) cell.lines = wrap(printable(speech->text), app_width_);
    if (speech->failed) cell.ink = Ink::bad;
    if (speech->kind == Happening::Kind::expires) cell.ink = Ink::timer;
    for (std::size_t i = 1; i < cell.lines.size(); ++i) {
      if (length(cell.lines[i]) + 2 <= app_width_) cell.lines[i] = "  " + cell.lines[i];
    }
    cell.state_from = cell.lines.size();
    if (!speech->becomes.empty()) cell.lines.push_back("[" + printable(speech->becomes) + "]");
    return cell;
  }
  std::string part(const Cell& cell, std::size_t i) const {
    if (i >= cell.lines.size()) return std::string(app_width_, ' ');
    return paint(i >= cell.state_from ? Ink::faint : cell.ink, pad(cell.lines[i], app_width_));
  }

  void diagram() override {
    const std::string life = glyph("│", "|"), sleep = glyph("┊", ":");
    const std::string margin(time_width_ + 1, ' ');
    for (const Row& row : rows_) {
      if (row.busy > 0)
        line(margin + paint(Ink::faint,
                            "... other requests are served for " + format_time(row.busy) + " ..."));
      if (row.quiet > 0) {
        const std::string said = "... " + format_time(row.quiet) + " pass ...";
        const int before = (wire_width_ - length(said)) / 2;
        line(margin + std::string(app_width_ + 1 + kStateWidth + 1, ' ') + sleep +
             std::string(std::max(0, before), ' ') +
             paint(Ink::faint, pad(said, wire_width_ - std::max(0, before))) + sleep);
      }
      const Cell left = cell(row.speech[kClient]), right = cell(row.speech[kServer]);
      const std::size_t height = std::max<std::size_t>({1, left.lines.size(), right.lines.size()});
      for (std::size_t i = 0; i < height; ++i) {
        const std::string states[] = {i == 0 ? printable(row.socket[kClientKernel]) : "",
                                      i == 0 ? printable(row.socket[kServerKernel]) : ""};
        line(time_of(row, i == 0 && row.opens) + " " + part(left, i) + " " +
             paint(Ink::state, pad(states[0], kStateWidth, true)) + " " + life +
             (i == 0 ? wire(row) : std::string(wire_width_, ' ')) + life + " " +
             paint(Ink::state, pad(states[1], kStateWidth)) + " " + part(right, i));
      }
      if (!row.verdicts.empty()) verdict(row);
    }
  }

  int wire_width_ = 24, app_width_ = 0;
};

}  // namespace

std::string hop_text(const Witness& witness, const TextStyle& style) {
  return HopPage(witness, style).print();
}

std::string to_text(const Witness& witness, const TextStyle& style) {
  return is_hop(witness.settings) ? hop_text(witness, style) : grid_text(witness, style);
}

}  // namespace halfclose::proofs
