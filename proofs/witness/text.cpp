#include "proofs/witness/text.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

/// So much time without a step is said in words: more than a segment there and its answer back.
Time quiet_from(const Witness& witness) {
  return std::max<Time>(100'000, 2 * witness.settings.delay_max);
}

bool is_server(Actor actor) {
  return actor == Actor::server || actor == Actor::server_kernel;
}

bool is_errno(std::string_view result) {
  return result.starts_with('E') && result != "EAGAIN" && result != "EINPROGRESS";
}

/// A read or a failed call says already what the application learns from it.
bool told_by_call(const WitnessStep& step, std::size_t at) {
  const Actor app = step.happenings[at].actor;
  const Actor kernel = app == Actor::client ? Actor::client_kernel : Actor::server_kernel;
  while (at-- > 0) {
    const Happening& before = step.happenings[at];
    if (before.actor == app && before.kind != Happening::Kind::verdict) return false;
    if (before.actor == kernel && before.kind == Happening::Kind::call) {
      return before.text.starts_with("recv") || is_errno(before.result);
    }
  }
  return false;
}

std::string in_words(const Witness& witness, const WitnessStep& step, const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::call:
      if (happening.result.empty() || happening.result == "held") return happening.text;
      return happening.text + " = " + happening.result;
    case Happening::Kind::decides: {
      const std::string name = actor_name(witness, happening.actor) + " ";
      return step.stimulus.starts_with(name) ? step.stimulus.substr(name.size()) : happening.text;
    }
    case Happening::Kind::expires:
      return happening.text.substr(happening.text.rfind('.') + 1) + " expires";
    case Happening::Kind::drops:
      if (happening.text == "unread lost") return "unread bytes lost";
      if (happening.text == "unsent lost") return "unsent bytes lost";
      return happening.text;
    default:
      return happening.text;
  }
}

/// The rows of one step, as they grow.
class StepRows {
 public:
  StepRows(const Witness& witness, std::size_t step, std::vector<Row>& rows)
      : witness_(witness), step_(step), rows_(rows), first_(rows.size()) {
    open();
  }

  void write(std::size_t at) {
    const WitnessStep& step = witness_.steps[step_];
    const Happening& happening = step.happenings[at];
    const int side = is_server(happening.actor);
    switch (happening.kind) {
      case Happening::Kind::sends:
      case Happening::Kind::receives: {
        if (last().segment >= 0) open();
        last().segment = happening.segment;
        last().leaves = happening.kind == Happening::Kind::sends;
        if (!last().leaves) touched_[side] = rows_.size() - 1, by_segment_[side] = true;
        break;
      }
      case Happening::Kind::verdict:
        verdicts_.push_back(happening.text);
        break;
      case Happening::Kind::learns:
        if (!told_by_call(step, at)) say(side, happening, in_words(witness_, step, happening));
        break;
      case Happening::Kind::drops:
        if (auto& speech = last().speech[side]; speech && speech->kind == Happening::Kind::call) {
          speech->text += ", " + in_words(witness_, step, happening);
          speech->failed = true;
          break;
        }
        [[fallthrough]];
      default:
        say(side, happening, in_words(witness_, step, happening));
        if (happening.kind == Happening::Kind::call && !by_segment_[side])
          touched_[side] = rows_.size() - 1;
        break;
    }
  }

  void close() {
    const WitnessStep& step = witness_.steps[step_];
    const WitnessStep* before = step_ == 0 ? nullptr : &witness_.steps[step_ - 1];
    for (const int side : {0, 1}) {
      const int app = side == 0 ? 0 : 3, kernel = side == 0 ? 1 : 2;
      if (before == nullptr || before->states[kernel] != step.states[kernel]) {
        rows_[touched_[side].value_or(first_)].socket[side] = step.states[kernel];
      }
      if (before != nullptr && before->states[app] == step.states[app]) continue;
      if (!spoke_[side]) rows_[first_].speech[side] = Speech{.kind = Happening::Kind::learns};
      rows_[spoke_[side].value_or(first_)].speech[side]->becomes = step.states[app];
    }
    const auto own = std::find(verdicts_.begin(), verdicts_.end(), witness_.property);
    if (own != verdicts_.end()) std::rotate(verdicts_.begin(), own, own + 1);
    last().verdicts = std::move(verdicts_);
  }

 private:
  Row& last() { return rows_.back(); }
  void open() { rows_.push_back({.step = step_, .at = witness_.steps[step_].at}); }
  void say(int side, const Happening& happening, std::string text) {
    if (last().speech[side]) open();
    spoke_[side] = rows_.size() - 1;
    last().speech[side] =
        Speech{.kind = happening.kind,
               .text = std::move(text),
               .failed = happening.kind == Happening::Kind::drops || is_errno(happening.result)};
  }

  const Witness& witness_;
  std::size_t step_;
  std::vector<Row>& rows_;
  std::size_t first_;
  std::array<std::optional<std::size_t>, 2> touched_{},
      spoke_{};  // the row where the socket changes; the last speech
  std::array<bool, 2> by_segment_{};
  std::vector<std::string> verdicts_;
};

/// Bytes of a word that is too long for a line: up to a joint of a name, or as much as the line
/// takes.
std::size_t break_within(std::string_view word, int width) {
  std::size_t cut = 0, joint = 0;
  for (int taken = 0; taken < width; ++taken) {
    if (word[cut] == '_' || word[cut] == '.') joint = cut + 1;
    while (++cut < word.size() && (word[cut] & 0xc0) == 0x80)
      continue;
  }
  return joint > 0 ? joint : cut;
}

std::string decimal(Time whole, Time unit) {
  std::string text = std::to_string(whole / unit);
  if (const Time rest = whole % unit; rest != 0) {
    text += "." + std::to_string(unit + rest).substr(1);
    while (text.ends_with('0'))
      text.pop_back();
  }
  return text;
}

std::string interval(Time lo, Time hi) {
  return format_time(lo) + (lo == hi ? "" : ".." + format_time(hi));
}

}  // namespace

std::vector<Row> rows_of(const Witness& witness) {
  std::vector<Row> rows;
  Time before = 0;
  for (std::size_t k = 0; k < witness.steps.size(); ++k) {
    const WitnessStep& step = witness.steps[k];
    const std::size_t first = rows.size();
    StepRows of_step(witness, k, rows);
    for (std::size_t i = 0; i < step.happenings.size(); ++i)
      of_step.write(i);
    of_step.close();
    rows[first].opens = k == 0 || step.at != before;
    const bool aged = witness.aging.by > 0 && k == witness.aging.step + 1;
    if (aged) rows[first].busy = witness.aging.by;
    if (const Time quiet = step.at - before - rows[first].busy; quiet >= quiet_from(witness))
      rows[first].quiet = quiet;
    before = step.at;
  }
  return rows;
}

std::string segment_name(const Witness& witness, int segment) {
  return std::to_string(segment + 1) + " " + witness.segments[segment].text;
}

std::vector<TimerUse> telling_timers(const Witness& witness) {
  std::vector<TimerUse> telling;
  for (const TimerUse& timer : witness.timers) {
    if (timer.expired || !timer.cancelled || *timer.cancelled - timer.armed >= quiet_from(witness))
      telling.push_back(timer);
  }
  return telling;
}

Time flight_time(const Witness& witness, const Segment& segment) {
  if (!segment.arrived) return 0;
  const Time flown = *segment.arrived - segment.sent;
  const Aging& aging = witness.aging;
  if (aging.by == 0 || aging.step >= witness.steps.size()) return flown;
  const Time aged = witness.steps[aging.step].at;
  return segment.sent <= aged && *segment.arrived >= aged + aging.by ? flown - aging.by : flown;
}

std::string circumstances(const Witness& witness) {
  const deployment::HopSettings& s = witness.settings;
  return "link " + interval(s.delay_min, s.delay_max) + " one way; " + s.client.name +
         " stalls up to " + format_time(s.client.loop.stall) + ", " + s.server.name + " up to " +
         format_time(s.server.loop.stall);
}

std::string timer_text(const TimerUse& timer) {
  const std::string end = timer.expired     ? "expires " + format_time(*timer.expired)
                          : timer.cancelled ? "cancelled " + format_time(*timer.cancelled)
                                            : "still runs at the end";
  return interval(timer.lo, timer.hi) + " after " + format_time(timer.armed) + ": " + end;
}

std::string format_time(Time time) {
  if (time < 0) return "-" + format_time(-time);
  return time >= 1'000'000 ? decimal(time, 1'000'000) + " s" : decimal(time, 1'000) + " ms";
}

std::string printable(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t bytes = lead < 0x80                   ? 1
                              : lead >= 0xc2 && lead < 0xe0 ? 2
                              : lead >= 0xe0 && lead < 0xf0 ? 3
                              : lead >= 0xf0 && lead < 0xf5 ? 4
                                                            : 0;
    std::uint32_t code = bytes < 2 ? lead : lead & (0x7fu >> bytes);
    bool valid = bytes != 0 && i + bytes <= text.size();
    for (std::size_t k = 1; valid && k < bytes; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xc0) == 0x80;
      code = code << 6 | (next & 0x3f);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    valid = valid && code >= kLeast[bytes] && code <= 0x10ffff &&
            (code < 0xd800 || code > 0xdfff) && (code & 0xfffe) != 0xfffe;
    if (!valid) {
      clean += '?';
      ++i;
      continue;
    }
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    clean += control ? std::string_view(" ") : text.substr(i, bytes);
    i += bytes;
  }
  return clean;
}

int length(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (!lines.back().empty()) {
      if (length(lines.back()) + 1 + length(word) <= width) {
        lines.back() += ' ';
      } else {
        lines.emplace_back();
      }
    }
    while (length(word) > width) {
      const std::size_t cut = break_within(word, width);
      lines.back() += word.substr(0, cut);
      lines.emplace_back();
      word.remove_prefix(cut);
    }
    lines.back() += word;
  }
  return lines;
}

namespace {

enum class Ink { none, faint, state, timer, bad, strong };

class Page {
 public:
  Page(const Witness& witness, const TextStyle& style)
      : w_(witness), style_(style), rows_(rows_of(witness)) {
    for (const Row& row : rows_)
      time_width_ = std::max(time_width_, length(format_time(row.at)));
    for (std::size_t s = 0; s < w_.segments.size(); ++s) {
      wire_width_ = std::max(wire_width_, length(arrival_label(static_cast<int>(s))) + 8);
    }
    const int fixed =
        time_width_ + 1 + 1 + kStateWidth + 1 + 1 + wire_width_ + 1 + 1 + kStateWidth + 1;
    app_width_ = std::max(16, (std::max(style.width, 96) - fixed) / 2);
    width_ = fixed + 2 * app_width_;
  }

  std::string print() {
    heading();
    diagram();
    list("what each side sees", w_.observed);
    list("symptoms", w_.symptoms);
    timers();
    if (!w_.fix.empty()) {
      section("fix");
      paragraph(w_.fix, 2);
    }
    return std::move(text_);
  }

 private:
  static constexpr int kStateWidth = 12;  // SYN-RECEIVED

  const char* glyph(const char* box, const char* plain) const { return style_.ascii ? plain : box; }
  std::string repeat(const char* box, const char* plain, int times) const {
    std::string text;
    for (int i = 0; i < times; ++i)
      text += glyph(box, plain);
    return text;
  }
  static std::string pad(std::string text, int width, bool right = false) {
    const std::string blanks(static_cast<std::size_t>(std::max(0, width - length(text))), ' ');
    return right ? blanks + text : text + blanks;
  }
  std::string paint(Ink ink, const std::string& text) const {
    if (!style_.colour || ink == Ink::none || text.find_first_not_of(' ') == std::string::npos)
      return text;
    static constexpr const char* kCodes[] = {"0", "2", "36", "33", "31", "1"};
    return std::string("\x1b[") + kCodes[static_cast<int>(ink)] + "m" + text + "\x1b[0m";
  }
  void line(std::string text) {
    text.erase(text.find_last_not_of(' ') + 1);
    text_ += text + "\n";
  }
  void paragraph(const std::string& text, int indent) {
    for (const std::string& part : wrap(printable(text), width_ - indent))
      line(std::string(indent, ' ') + part);
  }
  void section(const char* name) {
    line("");
    line(paint(Ink::strong, name));
  }

  void heading() {
    std::string title = w_.property.empty() ? "" : w_.property + "  ";
    title += hop_name(w_);
    if (!w_.client_profile.empty())
      title += "  (" + w_.client_profile + " -> " + w_.server_profile + ")";
    line(paint(Ink::strong, printable(title)));
    if (!w_.statement.empty()) paragraph(w_.statement, 0);
    paragraph(circumstances(w_), 0);
    line("");
    std::vector<std::string> names;
    for (const Actor actor : kActors)
      names.push_back(printable(actor_name(w_, actor)));
    // A long name of a kernel spills into the wire's column.
    std::string head =
        std::string(time_width_ + 1, ' ') + pad(wrap(names[0], app_width_).front(), app_width_ + 1);
    head += pad("kernel", kStateWidth, true) + std::string(wire_width_ + 4, ' ') +
            pad("kernel", kStateWidth + 1);
    head += wrap(names[3], app_width_).front();
    line(paint(Ink::strong, head));
  }

  std::string arrival_label(int segment) const {
    const Segment& s = w_.segments[segment];
    std::string label = segment_name(w_, segment);
    if (const Time flown = flight_time(w_, s); flown > 0) label += ", " + format_time(flown);
    return label;
  }

  /// The piece of an arrow between the lifelines: its first half when it leaves, its second when it
  /// arrives.
  std::string wire(const Row& row) const {
    if (row.segment < 0) return std::string(wire_width_, ' ');
    const Segment& s = w_.segments[row.segment];
    const bool rightward = s.from == Actor::client_kernel;
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

  void diagram() {
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
      const Cell left = cell(row.speech[0]), right = cell(row.speech[1]);
      const std::size_t height = std::max<std::size_t>({1, left.lines.size(), right.lines.size()});
      for (std::size_t i = 0; i < height; ++i) {
        const std::string time = i == 0 && row.opens ? format_time(row.at) : "";
        const std::string states[] = {i == 0 ? printable(row.socket[0]) : "",
                                      i == 0 ? printable(row.socket[1]) : ""};
        line(paint(Ink::faint, pad(time, time_width_, true)) + " " + part(left, i) + " " +
             paint(Ink::state, pad(states[0], kStateWidth, true)) + " " + life +
             (i == 0 ? wire(row) : std::string(wire_width_, ' ')) + life + " " +
             paint(Ink::state, pad(states[1], kStateWidth)) + " " + part(right, i));
      }
      if (!row.verdicts.empty()) verdict(row);
    }
    for (std::size_t s = 0; s < w_.segments.size(); ++s) {
      if (w_.segments[s].arrived) continue;
      line(margin +
           "still on the wire at the end: " + printable(segment_name(w_, static_cast<int>(s))) +
           " from " + printable(actor_name(w_, w_.segments[s].from)));
    }
  }

  void verdict(const Row& row) {
    std::string said = "=> " + row.verdicts.front();
    for (std::size_t i = 1; i < row.verdicts.size(); ++i)
      said += (i == 1 ? "; also " : ", ") + row.verdicts[i];
    line(std::string(time_width_ + 1, ' ') + paint(Ink::bad, printable(said)));
  }

  void list(const char* name, const std::vector<Symptom>& symptoms) {
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

  void timers() {
    std::vector<Symptom> said;
    for (const TimerUse& timer : telling_timers(w_))
      said.push_back({timer.symbol, timer_text(timer)});
    list("timers involved", said);
  }

  const Witness& w_;
  const TextStyle& style_;
  std::vector<Row> rows_;
  int time_width_ = 6, wire_width_ = 24, app_width_ = 0, width_ = 0;
  std::string text_;
};

}  // namespace

std::string to_text(const Witness& witness, const TextStyle& style) {
  return Page(witness, style).print();
}

}  // namespace halfclose::proofs
