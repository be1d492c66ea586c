// A witness as a sequence diagram for a terminal, and the rows and words that all its pictures
// share.
#pragma once

#include "proofs/witness/witness.hpp"

#include <string_view>

namespace halfclose::proofs {

struct TextStyle {
  bool colour = false;  ///< ANSI escapes
  int width = 110;      ///< columns; fewer than 96 are taken as 96
  bool ascii = false;   ///< no box characters; names are printed as they are
};

/// The run from top to bottom, then what each side sees, the symptoms, the timers that matter, the
/// fix.
///
/// A segment leaves in one row and arrives in a later one; its number tells it from the others.
std::string to_text(const Witness& witness, const TextStyle& style = {});

/// What an application does or is told, in words.
struct Speech {
  Happening::Kind kind = Happening::Kind::decides;
  std::string text{};
  bool failed = false;    ///< an errno, or bytes were lost
  std::string becomes{};  ///< the state of the application from here on, if it changes
};

/// One row of a sequence diagram. A step has one or more; within a row nothing comes before its
/// cause.
struct Row {
  std::size_t step = 0;
  Time at = 0;
  bool opens = false;  ///< the first row of its instant
  Time busy = 0;       ///< how long the connection served other requests before it (Witness::aging)
  Time quiet = 0;      ///< how long nothing happened after that, when that is long
  std::array<std::optional<Speech>, 2> speech{};  ///< client, server
  std::array<std::string, 2>
      socket{};      ///< the state that begins here, or empty: client's, server's kernel
  int segment = -1;  ///< leaves or arrives here
  bool leaves = false;
  std::vector<std::string> verdicts{};  ///< behind the row; the witness's property first
};
std::vector<Row> rows_of(const Witness& witness);

/// `5 request`: numbers count from 1.
std::string segment_name(const Witness& witness, int segment);
inline bool is_reset(const Segment& segment) {
  return segment.text.starts_with("RST");
}

/// From send to arrival, if it arrives: without the time that the witness leaves out.
Time flight_time(const Witness& witness, const Segment& segment);

/// Timers that expired, still run at the end, or ran while much time passed.
std::vector<TimerUse> telling_timers(const Witness& witness);
/// `link 0.1 ms..5 ms one way; alb stalls up to 10 ms, app up to 10 ms`.
std::string circumstances(const Witness& witness);
/// `60 s..60.01 s after 0.3 ms: expires 60.0003 s`.
std::string timer_text(const TimerUse& timer);

/// `0.3 ms`, `60.0003 s`: exact to the microsecond.
std::string format_time(Time time);
/// The same text as valid UTF-8 without control characters: it may come from anybody.
std::string printable(std::string_view text);
/// Code points, of valid UTF-8.
int length(std::string_view text);
/// Lines of at most `width` code points, broken at blanks where there are any; at least one.
std::vector<std::string> wrap(std::string_view text, int width);

}  // namespace halfclose::proofs
