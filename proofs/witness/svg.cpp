#include "proofs/witness/svg.hpp"

#include "proofs/witness/rows.hpp"
#include "proofs/witness/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace halfclose::proofs {

namespace {

// Pixels.
constexpr double kMargin = 24, kAxis = 104;
constexpr double kBandHalf = 6, kRow = 22, kLine = 14, kGap = 34, kBanner = 34;
constexpr int kSpeechChars =
    28;  // of a wide sans font at 12 pixels, beside an application's lifeline
constexpr int kProseChars = 140, kWhoChars = 64;
constexpr double kCharWidth = 6.9;  // at 11 pixels, on the safe side

constexpr const char* kInk = "#1f2937";
constexpr const char* kFaint = "#6b7280";
constexpr const char* kRule = "#e5e7eb";
constexpr const char* kBad = "#b91c1c";
constexpr const char* kTimer = "#a34a00";
constexpr const char* kBytes = "#1d4ed8";
constexpr const char* kControl = "#4b5563";

/// Light enough for nothing to depend on the colour alone: each band bears its name.
const char* state_colour(std::string_view state) {
  constexpr std::pair<std::string_view, const char*> kColours[] = {
      {"LISTEN", "#e5e7eb"},      {"SYN-SENT", "#c7d2fe"},   {"SYN-RECEIVED", "#c7d2fe"},
      {"ESTABLISHED", "#5fb58c"}, {"CLOSE-WAIT", "#f2c14e"}, {"LAST-ACK", "#c79ad6"},
      {"FIN-WAIT-1", "#ee9a4d"},  {"FIN-WAIT-2", "#f6cfa3"}, {"CLOSING", "#d98fa6"},
      {"TIME-WAIT", "#8fc1e3"},   {"CLOSED", "#6b7280"}};
  for (const auto& [name, colour] : kColours) {
    if (name == state) return colour;
  }
  return "#d1d5db";
}

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

/// Where the columns stand. Words stand beside an application's lifeline, on its left where it is
/// the first column and on its right elsewhere; the state of a kernel beside its band, away from
/// the wire.
struct Layout {
  double width = 0;
  std::vector<double> x;  ///< by column
  double name_half = 74;  ///< half the width of a name's box
  int name_chars = 18;

  explicit Layout(const Cast& cast) {
    // A single hop is drawn wider than one of several.
    const bool single = cast.columns.size() == 4;
    const Widths w = single ? Widths{} : Widths{.words = 206, .state = 112, .wire = 190};
    if (!single) name_half = 54, name_chars = 15;
    double at = kAxis + (single ? 226 : w.words);
    for (std::size_t c = 0; c < cast.columns.size(); ++c) {
      x.push_back(at);
      if (c + 1 == cast.columns.size()) break;
      const bool here = cast.columns[c].kernel, next = cast.columns[c + 1].kernel;
      // Between an application and a kernel stand a state and, but for the first column, words.
      at += here && next ? w.wire : here ? w.state : c == 0 ? w.state : w.words + w.state;
    }
    width = at + w.words + kMargin;
  }

 private:
  struct Widths {
    double words = 216, state = 160, wire = 300;
  };
};

struct Point {
  double x = 0, y = 0;
};
struct Arrow {
  int segment = 0;
  Point from, to;
};

double distance(Point p, const Arrow& arrow) {
  const double dx = arrow.to.x - arrow.from.x, dy = arrow.to.y - arrow.from.y;
  const double along =
      ((p.x - arrow.from.x) * dx + (p.y - arrow.from.y) * dy) / (dx * dx + dy * dy);
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - arrow.from.x - t * dx, p.y - arrow.from.y - t * dy);
}

class Picture {
 public:
  explicit Picture(const Witness& witness)
      : w_(witness),
        cast_(cast_of(witness.settings)),
        layout_(cast_),
        width_(layout_.width),
        rows_(rows_of(w_, cast_)) {}

  std::string print() {
    title();
    lay_out();
    grid();
    lifelines();
    sockets();
    timers();
    arrows();
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      for (std::size_t c = 0; c < cast_.columns.size(); ++c) {
        if (rows_[r].speech[c]) say(c, *rows_[r].speech[c], row_y_[r]);
      }
      if (!rows_[r].verdicts.empty()) verdict(rows_[r], row_y_[r] + row_height_[r] - kRow / 2);
    }
    legend();
    sections();
    return head() + body_ + "</svg>\n";
  }

 private:
  //--- strokes
  //-----------------------------------------------------------------------------------------------------
  struct Font {
    double size = 12;
    const char* colour = kInk;
    const char* anchor = "start";
    bool bold = false, italic = false, halo = false;
    double angle = 0;  // degrees, about the text's own point
  };
  void put(Point at, std::string_view text, const Font& font) {
    std::string more;
    auto attribute = [&](const char* name, std::string_view value) {
      more += fmt::format(R"( {}="{}")", name, value);
    };
    if (font.bold) attribute("font-weight", "bold");
    if (font.italic) attribute("font-style", "italic");
    if (font.angle != 0)
      attribute("transform", fmt::format("rotate({:.1f} {:.1f} {:.1f})", font.angle, at.x, at.y));
    if (font.halo)
      more += R"( stroke="#fff" stroke-width="4" paint-order="stroke" stroke-linejoin="round")";
    body_ += fmt::format(
        R"(<text x="{:.1f}" y="{:.1f}" font-size="{}" fill="{}" text-anchor="{}"{}>{}</text>)"
        "\n",
        at.x, at.y, font.size, font.colour, font.anchor, more, escape(text));
  }
  void stroke(Point a, Point b, const char* colour, double width = 1,
              const char* dashes = nullptr) {
    body_ += fmt::format(
        R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{}"{}/>)"
        "\n",
        a.x, a.y, b.x, b.y, colour, width,
        dashes == nullptr ? "" : fmt::format(R"( stroke-dasharray="{}")", dashes));
  }
  void box(Point at, double width, double height, const char* fill, double radius = 0,
           const char* border = "none") {
    body_ += fmt::format(
        R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{}" fill="{}" stroke="{}"/>)"
        "\n",
        at.x, at.y, width, height, radius, fill, border);
  }

  //--- from top to bottom
  //--------------------------------------------------------------------------------------------
  std::string head() const {
    const std::string name =
        escape(w_.property.empty() ? chain_name(w_) : w_.property + ", " + chain_name(w_));
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{0}" height="{1:.0f}" viewBox="0 0 {0} {1:.0f}" )"
        R"(font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif">)"
        "\n<title>{2}</title>\n<desc>{3}</desc>\n"
        R"(<rect width="100%" height="100%" fill="#fff"/>)"
        "\n",
        width_, y_, name, escape(w_.statement));
  }

  void title() {
    y_ = 40;
    const std::string hop = chain_name(w_);
    put({kMargin, y_}, shorten(w_.property.empty() ? hop : w_.property + " \u00b7 " + hop, 80),
        {.size = 20, .bold = true});
    if (!w_.client_profile.empty()) {
      y_ += 20;
      const std::string proxy = w_.proxy_profile.empty() ? "" : w_.proxy_profile + " \u2192 ";
      put({kMargin, y_},
          shorten(w_.client_profile + " \u2192 " + proxy + w_.server_profile, kProseChars),
          {.colour = kFaint});
    }
    y_ += 4;
    prose(w_.statement, kMargin, kProseChars, 13);
    prose(circumstances(w_), kMargin, kProseChars, 12, kFaint);
    y_ += 18;
    for (std::size_t c = 0; c < cast_.columns.size(); ++c) {
      box({layout_.x[c] - layout_.name_half, y_}, 2 * layout_.name_half, 26, "#f3f4f6", 5,
          "#9ca3af");
      const Column& column = cast_.columns[c];
      const std::string rest = (column.kernel ? " kernel" : "") + printable(column.tag);
      put({layout_.x[c], y_ + 17}, shorten(column.base, layout_.name_chars - length(rest)) + rest,
          {.anchor = "middle", .bold = true});
    }
    y_ += 26;
    top_ = y_;
  }

  void lay_out() {
    y_ += 8;
    for (const Row& row : rows_) {
      y_ += gap(row);
      std::size_t lines = 1;
      for (const auto& speech : row.speech) {
        if (speech)
          lines = std::max(lines, speech_lines(*speech).size() + state_lines(*speech).size());
      }
      row_y_.push_back(y_ + kRow / 2);
      row_height_.push_back(kRow + kLine * static_cast<double>(lines - 1));
      y_ += row_height_.back();
      if (!row.verdicts.empty()) y_ += kBanner;
    }
    y_ += 16;
    bottom_ = y_;
  }

  static double gap(const Row& row) {
    return (row.busy > 0 ? kGap : 0) + (row.quiet > 0 ? kGap : 0);
  }

  void grid() {
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      const double upper = row_y_[r] - kRow / 2;
      double gap_y = upper - gap(rows_[r]);
      auto pass = [&](const std::string& text) {
        box({kAxis, gap_y + 3}, width_ - kAxis - kMargin, kGap - 6, "#f3f4f6");
        put({kAxis + 14, gap_y + kGap / 2 + 4}, text, {.colour = kFaint, .italic = true});
        gap_y += kGap;
      };
      if (rows_[r].busy > 0) pass("other requests for " + format_time(rows_[r].busy));
      if (rows_[r].quiet > 0) pass(format_time(rows_[r].quiet) + " pass");
      if (!rows_[r].opens) continue;
      stroke({kAxis - 4, upper}, {width_ - kMargin, upper}, kRule);
      put({kAxis - 8, row_y_[r] + 4}, format_moment(w_, rows_[r].at), {.anchor = "end"});
    }
    stroke({kAxis, top_ + 8}, {kAxis, bottom_ - 8}, "#9ca3af");
  }

  void lifelines() {
    for (const double x : layout_.x)
      stroke({x, top_}, {x, bottom_}, "#9ca3af");
  }

  void sockets() {
    for (std::size_t c = 0; c < cast_.columns.size(); ++c) {
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        const std::string& state = rows_[r].socket[c];
        if (state.empty()) continue;
        double end = bottom_;
        for (std::size_t later = r + 1; later < rows_.size() && end == bottom_; ++later) {
          if (!rows_[later].socket[c].empty()) end = row_y_[later];
        }
        box({layout_.x[c] - kBandHalf, row_y_[r]}, 2 * kBandHalf, end - row_y_[r],
            state_colour(state));
        const bool left = wire_is_right_of(c);
        const double x = layout_.x[c] + (left ? -1 : 1) * (kBandHalf + 6);
        put({x, row_y_[r] + 4}, state,
            {.size = 11, .anchor = left ? "end" : "start", .bold = true, .halo = true});
        if (std::find(states_.begin(), states_.end(), state) == states_.end())
          states_.push_back(state);
      }
    }
  }

  /// A bracket from where a timer is armed to where it ends; beside the lifeline of its owner.
  void timers() {
    std::vector<std::vector<double>> busy_until(
        cast_.columns.size());  // by column, slots away from the lifeline
    int number = 0;
    for (const TimerUse& timer : telling_timers(w_)) {
      ++number;
      const std::size_t column = cast_.speaks_in(cast_.actors[timer.owner].column);
      const double inward = -words_side(column);
      const double from = row_at(timer.armed, column, true);
      const double to = timer.expired     ? row_at(*timer.expired, column, false)
                        : timer.cancelled ? row_at(*timer.cancelled, column, false)
                                          : bottom_;
      auto& slots = busy_until[column];
      std::size_t slot = 0;
      while (slot < slots.size() && slots[slot] > from)
        ++slot;
      if (slot == slots.size()) slots.push_back(0);
      slots[slot] = to;
      const double x = layout_.x[column] + inward * (9 + 18 * static_cast<double>(slot));
      stroke({x, from}, {x, to}, kTimer, 1.5, timer.expired ? nullptr : "4 3");
      stroke({x - 4, from}, {x + 4, from}, kTimer, 1.5);
      if (timer.expired || timer.cancelled) stroke({x - 4, to}, {x + 4, to}, kTimer, 1.5);
      const std::string tag = fmt::format("T{}", number);
      const std::string label = tag + " " + timer.symbol.substr(timer.symbol.rfind('.') + 1);
      const bool fits = length(label) * 6.2 < to - from - 8;
      // Read upwards on the client's side and downwards on the server's: the text keeps off the
      // lifeline.
      put({x + inward * 5, (from + to) / 2}, fits ? label : tag,
          {.size = 10,
           .colour = kTimer,
           .anchor = "middle",
           .halo = true,
           .angle = inward > 0 ? 90.0 : -90.0});
    }
  }

  /// The row of an instant where a timer of that side begins (the last that fits) or ends (the
  /// first).
  double row_at(Time at, std::size_t column, bool begins) const {
    std::optional<double> any, speaking;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      // Armed by a request that is left out: when the others end.
      if (rows_[r].busy > 0 && rows_[r].at > at && !any)
        any = row_y_[r] - kRow / 2 - gap(rows_[r]) + kGap;
      if (rows_[r].at != at) continue;
      if (!any || begins) any = row_y_[r];
      if (rows_[r].speech[column] && (!speaking || begins)) speaking = row_y_[r];
    }
    return speaking.value_or(any.value_or(top_));
  }

  void arrows() {
    std::vector<Arrow> drawn;
    for (int s = 0; s < static_cast<int>(w_.segments.size()); ++s) {
      const Flight flight = flight_of(w_.segments[s], cast_);
      const double from = layout_.x[flight.from], to = layout_.x[flight.to];
      const double reach = flight.rightward() ? 1 : -1;
      Arrow arrow{.segment = s};
      bool leaves = false, arrives = false;
      for (std::size_t r = 0; r < rows_.size(); ++r) {
        if (rows_[r].segment != s) continue;
        if (rows_[r].leaves) {
          arrow.from = {from + reach * kBandHalf, row_y_[r]};
          leaves = true;
        } else {
          arrow.to = {to - reach * (kBandHalf + 1), row_y_[r]};
          arrives = true;
        }
      }
      if (!leaves) continue;
      // Towards the last row: what was sent before it stays ahead of it.
      if (!arrives) {
        constexpr double kPart = 130.0 / 300;  // of the way
        arrow.to = {arrow.from.x + (to - from) * kPart,
                    arrow.from.y + (row_y_.back() + 12 - arrow.from.y) * kPart};
      }
      drawn.push_back(arrow);
    }
    for (const Arrow& arrow : drawn)
      draw(arrow);
    std::vector<Point> taken;
    for (const Arrow& arrow : drawn)
      label(arrow, drawn, taken);
  }

  void draw(const Arrow& arrow) {
    const Segment& s = w_.segments[arrow.segment];
    const bool control =
        s.text.starts_with("SYN") || s.text.starts_with("ACK") || s.text.starts_with("FIN");
    const char* colour = is_reset(s) ? kBad : control ? kControl : kBytes;
    const double width = control ? 1.3 : 2;
    body_ +=
        fmt::format("<g><title>{}</title>\n",
                    escape(segment_name(w_, arrow.segment) + ": sent " + format_moment(w_, s.sent) +
                           (s.arrived ? ", arrives " + format_moment(w_, *s.arrived)
                                      : ", still on the wire at the end")));
    stroke(arrow.from, arrow.to, colour, width, s.arrived ? nullptr : "5 4");
    if (s.arrived) {
      const double angle = std::atan2(arrow.to.y - arrow.from.y, arrow.to.x - arrow.from.x);
      auto barb = [&](double turn) {
        return Point{arrow.to.x - 10 * std::cos(angle + turn),
                     arrow.to.y - 10 * std::sin(angle + turn)};
      };
      const Point a = barb(0.35), b = barb(-0.35);
      body_ +=
          fmt::format(R"(<polygon points="{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}" fill="{}"/>)"
                      "\n",
                      arrow.to.x, arrow.to.y, a.x, a.y, b.x, b.y, colour);
    } else {
      body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3.5" fill="#fff" stroke="{}"/>)"
                           "\n",
                           arrow.to.x, arrow.to.y, colour);
    }
    body_ += "</g>\n";
  }

  /// Along its arrow, near the sender, but where other arrows and labels leave room.
  void label(const Arrow& arrow, const std::vector<Arrow>& all, std::vector<Point>& taken) {
    const Segment& s = w_.segments[arrow.segment];
    std::string text = segment_name(w_, arrow.segment);
    if (const Time flown = flight_time(w_, s); flown > 0) text += ", " + format_time(flown);
    text = shorten(text, 34);
    const double dx = arrow.to.x - arrow.from.x, dy = arrow.to.y - arrow.from.y,
                 span = std::hypot(dx, dy);
    const Point unit{dx / span, dy / span};
    const Point up = dx > 0 ? Point{unit.y, -unit.x} : Point{-unit.y, unit.x};
    const double half = std::min(length(text) * kCharWidth / 2, span / 2);
    Point best;
    std::vector<Point> best_spots;
    double least = INFINITY;
    for (const double side : {8.0, -9.0}) {
      for (double centre = half + 8; centre <= std::max(half + 8, span - half - 12); centre += 8) {
        double penalty = centre / span + (side < 0 ? 1.5 : 0);
        std::vector<Point> spots;
        for (double along = -half; along <= half; along += 6) {
          const Point spot{arrow.from.x + unit.x * (centre + along) + up.x * side,
                           arrow.from.y + unit.y * (centre + along) + up.y * side};
          spots.push_back(spot);
          for (const Arrow& other : all) {
            if (other.segment != arrow.segment) penalty += std::max(0.0, 8 - distance(spot, other));
          }
          for (const Point& other : taken)
            penalty += std::max(0.0, 12 - std::hypot(spot.x - other.x, spot.y - other.y));
        }
        if (penalty >= least) continue;
        least = penalty;
        best = {arrow.from.x + unit.x * centre + up.x * (side - 4),
                arrow.from.y + unit.y * centre + up.y * (side - 4)};
        best_spots = std::move(spots);
      }
    }
    taken.insert(taken.end(), best_spots.begin(), best_spots.end());
    const double angle = std::atan2(dy, dx) * 180 / M_PI + (dx > 0 ? 0 : 180);
    put(best, text,
        {.size = 11,
         .colour = is_reset(s) ? kBad : kInk,
         .anchor = "middle",
         .halo = true,
         .angle = angle});
  }

  static std::vector<std::string> speech_lines(const Speech& speech) {
    return speech.text.empty() ? std::vector<std::string>{}
                               : wrap(printable(speech.text), kSpeechChars);
  }

  /// Of a proxy the states of several parts: more than fits on a line.
  std::vector<std::string> state_lines(const Speech& speech) const {
    if (speech.becomes.empty()) return {};
    if (is_hop(w_.settings)) return {speech.becomes};
    return wrap(printable(speech.becomes), kSpeechChars + 2);
  }

  double words_side(std::size_t column) const { return column == 0 ? -1 : 1; }
  bool wire_is_right_of(std::size_t column) const {
    return cast_.actors[cast_.actors[cast_.kernel_in(column)].far_end].column > column;
  }

  void say(std::size_t column, const Speech& speech, double y) {
    const double x = layout_.x[column] + 12 * words_side(column);
    const char* anchor = words_side(column) < 0 ? "end" : "start";
    const bool timer = speech.kind == Happening::Kind::expires;
    const char* colour = speech.failed ? kBad : timer ? kTimer : kInk;
    double line = y + 4;
    for (const std::string& text : speech_lines(speech)) {
      put({x, line}, text,
          {.colour = colour, .anchor = anchor, .bold = speech.failed || timer, .halo = true});
      line += kLine;
    }
    for (const std::string& text : state_lines(speech)) {
      put({x, line}, text,
          {.size = 11, .colour = kFaint, .anchor = anchor, .italic = true, .halo = true});
      line += kLine;
    }
    if (speech.text.empty()) return;
    const double at = layout_.x[column];
    if (speech.failed) {
      stroke({at - 4, y - 4}, {at + 4, y + 4}, kBad, 2.2);
      stroke({at - 4, y + 4}, {at + 4, y - 4}, kBad, 2.2);
    } else if (timer) {
      body_ += fmt::format(
          R"(<polygon points="{0:.1f},{1:.1f} {2:.1f},{3:.1f} {0:.1f},{4:.1f} {5:.1f},{3:.1f}" fill="{6}"/>)"
          "\n",
          at, y - 6, at + 6, y, y + 6, at - 6, kTimer);
    } else {
      body_ += fmt::format(R"(<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>)"
                           "\n",
                           at, y, kInk);
    }
  }

  void verdict(const Row& row, double y) {
    box({kAxis + 8, y + 5}, width_ - kAxis - 8 - kMargin, kBanner - 10, kBad, 4);
    put({kAxis + 20, y + kBanner / 2 + 4}, shorten(verdicts_text(row), 130),
        {.size = 13, .colour = "#fff", .bold = true});
  }

  void legend() {
    y_ += 12;
    double x = kMargin;
    auto name = [&](const std::string& text) {
      put({x, y_ + 4}, text, {.size = 11, .colour = kFaint});
      x += length(text) * kCharWidth + 18;
    };
    auto line = [&](const char* colour, double width, const char* dashes, const char* text) {
      stroke({x, y_}, {x + 24, y_}, colour, width, dashes);
      x += 30;
      name(text);
    };
    line(kBytes, 2, nullptr, "bytes");
    line(kControl, 1.3, nullptr, "control");
    line(kBad, 2, nullptr, "RST");
    line(kTimer, 1.5, nullptr, "timer, expires");
    line(kTimer, 1.5, "4 3", "cancelled or still running");
    put({x, y_ + 4},
        w_.timed ? "italic: state of the application; time is not to scale"
                 : "italic: state of the application; order only, no times",
        {.size = 11, .colour = kFaint, .italic = true});
    y_ += 20;
    x = kMargin;
    for (const std::string& state : states_) {
      box({x, y_ - 6}, 12, 12, state_colour(state));
      x += 18;
      name(state);
    }
    y_ += 12;
  }

  void sections() {
    list("what each side sees", w_.observed);
    list("symptoms", w_.symptoms);
    std::vector<Symptom> said;
    for (const TimerUse& timer : telling_timers(w_)) {
      said.push_back(
          {fmt::format("T{}  {}", said.size() + 1, timer.symbol), timer_text(w_, timer)});
    }
    list("timers involved", said);
    if (!w_.fix.empty()) {
      heading("fix");
      prose(w_.fix, kMargin, kProseChars, 12);
    }
    y_ += kMargin;
  }
  void heading(const char* name) {
    y_ += 26;
    put({kMargin, y_}, name, {.size = 13, .bold = true});
    y_ += 2;
  }
  void list(const char* name, const std::vector<Symptom>& symptoms) {
    if (symptoms.empty()) return;
    heading(name);
    int widest = 0;
    for (const Symptom& symptom : symptoms)
      widest = std::max(widest, length(printable(symptom.who)));
    widest = std::min(widest, kWhoChars);
    for (const Symptom& symptom : symptoms) {
      put({kMargin, y_ + 17}, shorten(symptom.who, kWhoChars), {.bold = true});
      prose(symptom.text, kMargin + 16 + widest * 8.2, kProseChars - widest - 12, 12);
    }
  }
  void prose(const std::string& text, double x, int chars, double size, const char* colour = kInk) {
    if (text.empty()) return;
    for (const std::string& part : wrap(printable(text), chars)) {
      y_ += size + 5;
      put({x, y_}, part, {.size = size, .colour = colour});
    }
  }

  const Witness& w_;
  const Cast cast_;
  const Layout layout_;
  const double width_;
  std::vector<Row> rows_;
  std::vector<double> row_y_, row_height_;
  std::vector<std::string> states_;
  double y_ = 0, top_ = 0, bottom_ = 0;
  std::string body_;
};

}  // namespace

std::string to_svg(const Witness& witness) {
  return Picture(witness).print();
}

}  // namespace halfclose::proofs
