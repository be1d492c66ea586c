// The rows of a sequence diagram, and the words that all pictures of a witness share.
#pragma once

#include "proofs/witness/witness.hpp"

namespace halfclose::proofs {

/// What an application does or is told, in words.
struct Speech {
  Happening::Kind kind = Happening::Kind::decides;
  std::string text{};
  bool failed = false;    ///< an errno, or bytes were lost
  std::string becomes{};  ///< the state of the application from here on, if it changes
  /// Column of the kernel that is called, tells the application or lost the bytes.
  std::size_t kernel = kNoColumn;
  bool reads = false;  ///< it is a call of recv(2)
};

/// One row of a sequence diagram. A step has one or more; within a row nothing comes before its
/// cause.
struct Row {
  std::size_t step = 0;
  Time at = 0;
  bool opens = false;  ///< the first row of its instant
  Time busy = 0;       ///< how long the connection served other requests before it (Witness::aging)
  Time quiet = 0;      ///< how long nothing happened after that, when that is long
  std::vector<std::optional<Speech>> speech{};  ///< by column; of applications only
  std::vector<std::string>
      socket{};  ///< by column: the state of a kernel that begins here, or empty
  /// By column: the state above was so before the run, and nothing has happened there yet.
  std::vector<bool> old{};
  int segment = -1;  ///< leaves or arrives here
  bool leaves = false;
  std::vector<std::string> verdicts{};  ///< behind the row; the witness's property first
};
std::vector<Row> rows_of(const Witness& witness, const Cast& cast);

/// The columns between which a segment flies.
struct Flight {
  std::size_t from = 0, to = 0;
  bool rightward() const { return from < to; }
};
Flight flight_of(const Segment& segment, const Cast& cast);

/// `5 request`: numbers count from 1.
std::string segment_name(const Witness& witness, int segment);
inline bool is_reset(const Segment& segment) {
  return segment.text.starts_with("RST");
}

/// From send to arrival, if it arrives: without the time that the witness leaves out, and zero when
/// it has no times.
Time flight_time(const Witness& witness, const Segment& segment);

/// `0.3 ms`, or of a run without times `step 3`.
std::string format_moment(const Witness& witness, Time at);
/// Timers that expired; in a run with times also those that still run at the end, or ran while much
/// time passed.
std::vector<TimerUse> telling_timers(const Witness& witness);
/// `link 0.1 ms..5 ms one way; alb stalls up to 10 ms, app up to 10 ms`.
std::string circumstances(const Witness& witness);
/// `60 s..60.01 s after 0.3 ms: expires 60.0003 s`.
std::string timer_text(const Witness& witness, const TimerUse& timer);
/// `keepalive-reuse; also right-response`.
std::string verdicts_text(const Row& row);

}  // namespace halfclose::proofs
