#include "proofs/witness/text_page.hpp"

#include <algorithm>

namespace halfclose::proofs {

TextPage::TextPage(const Witness& witness, const TextStyle& style)
    : w_(witness), cast_(cast_of(witness.settings)), style_(style), rows_(rows_of(w_, cast_)) {
  for (const Row& row : rows_)
    time_width_ = std::max(time_width_, length(format_moment(w_, row.at)));
}

std::string TextPage::print() {
  std::string title = w_.property.empty() ? "" : w_.property + "  ";
  title += chain_name(w_);
  if (!w_.client_profile.empty()) {
    title += "  (" + w_.client_profile + " -> " +
             (w_.proxy_profile.empty() ? "" : w_.proxy_profile + " -> ") + w_.server_profile + ")";
  }
  line(paint(Ink::strong, printable(title)));
  if (!w_.statement.empty()) paragraph(w_.statement, 0);
  paragraph(circumstances(w_), 0);
  line("");
  head();
  diagram();
  still_flying();
  list("what each side sees", w_.observed);
  list("symptoms", w_.symptoms);
  timers();
  if (!w_.fix.empty()) {
    section("fix");
    paragraph(w_.fix, 2);
  }
  return std::move(text_);
}

std::string TextPage::repeat(const char* box, const char* plain, int times) const {
  std::string text;
  for (int i = 0; i < times; ++i)
    text += glyph(box, plain);
  return text;
}

std::string TextPage::pad(std::string text, int width, bool right) {
  const std::string blanks(static_cast<std::size_t>(std::max(0, width - length(text))), ' ');
  return right ? blanks + text : text + blanks;
}

std::string TextPage::paint(Ink ink, const std::string& text) const {
  if (!style_.colour || ink == Ink::none || text.find_first_not_of(' ') == std::string::npos)
    return text;
  static constexpr const char* kCodes[] = {"0", "2", "36", "33", "31", "1"};
  return std::string("\x1b[") + kCodes[static_cast<int>(ink)] + "m" + text + "\x1b[0m";
}

void TextPage::line(std::string text) {
  text.erase(text.find_last_not_of(' ') + 1);
  text_ += text + "\n";
}

void TextPage::paragraph(const std::string& text, int indent) {
  for (const std::string& part : wrap(printable(text), width_ - indent))
    line(std::string(indent, ' ') + part);
}

void TextPage::section(const char* name) {
  line("");
  line(paint(Ink::strong, name));
}

std::string TextPage::time_of(const Row& row, bool opens) const {
  return paint(Ink::faint, pad(opens ? format_moment(w_, row.at) : "", time_width_, true));
}

std::string TextPage::arrival_label(int segment) const {
  const Segment& s = w_.segments[segment];
  std::string label = segment_name(w_, segment);
  if (const Time flown = flight_time(w_, s); flown > 0) label += ", " + format_time(flown);
  return label;
}

void TextPage::verdict(const Row& row) {
  const std::string margin(static_cast<std::size_t>(time_width_) + 1, ' ');
  for (const std::string& part :
       wrap(printable("=> " + verdicts_text(row)), width_ - time_width_ - 1))
    line(margin + paint(Ink::bad, part));
}

void TextPage::still_flying() {
  for (std::size_t s = 0; s < w_.segments.size(); ++s) {
    if (w_.segments[s].arrived) continue;
    line(std::string(time_width_ + 1, ' ') +
         "still on the wire at the end: " + printable(segment_name(w_, static_cast<int>(s))) +
         " from " + printable(cast_.actors[w_.segments[s].from].name));
  }
}

void TextPage::list(const char* name, const std::vector<Symptom>& symptoms) {
  if (symptoms.empty()) return;
  section(name);
  int widest = 0;
  for (const Symptom& symptom : symptoms)
    widest = std::max(widest, length(printable(symptom.who)));
  widest = std::clamp(widest, 1, width_ / 2);
  for (const Symptom& symptom : symptoms) {
    const std::vector<std::string> who = wrap(printable(symptom.who), widest);
    const std::vector<std::string> lines = wrap(printable(symptom.text), width_ - widest - 4);
    for (std::size_t i = 0; i < std::max(who.size(), lines.size()); ++i) {
      line("  " + pad(i < who.size() ? who[i] : "", widest) + "  " +
           (i < lines.size() ? lines[i] : ""));
    }
  }
}

void TextPage::timers() {
  std::vector<Symptom> said;
  for (const TimerUse& timer : telling_timers(w_))
    said.push_back({timer.symbol, timer_text(w_, timer)});
  list("timers involved", said);
}

}  // namespace halfclose::proofs
