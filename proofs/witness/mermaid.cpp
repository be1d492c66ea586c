#include "proofs/witness/mermaid.hpp"

#include "proofs/witness/rows.hpp"
#include "proofs/witness/words.hpp"

namespace halfclose::proofs {

namespace {

/// What Mermaid might take for syntax becomes its number: `#59;`.
std::string escape(std::string_view text) {
  constexpr std::string_view kPlain = " .,_()=+*/'!?&|~^$@[]-";
  std::string escaped;
  for (const char c : printable(text)) {
    const bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      (c & 0x80) != 0;
    if (word || kPlain.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += "#" + std::to_string(static_cast<int>(c)) + ";";
    }
  }
  // `end` closes a block wherever it stands alone.
  return escaped == "end" ? "#101;nd" : escaped;
}

class Diagram {
 public:
  explicit Diagram(const Witness& witness) : w_(witness), cast_(cast_of(witness.settings)) {
    for (std::size_t c = 0; c < cast_.columns.size(); ++c)
      ids_.push_back("p" + std::to_string(c));
    if (is_hop(witness.settings)) ids_ = {"c", "ck", "sk", "s"};
    all_ = "over " + ids_.front() + "," + ids_.back();
  }

  std::string print() {
    text_ = "sequenceDiagram\n";
    line("title " + escape(w_.property + (w_.property.empty() ? "" : ", ") + chain_name(w_)));
    for (std::size_t c = 0; c < ids_.size(); ++c)
      line("participant " + ids_[c] + " as " + escape(cast_.columns[c].name()));
    if (!w_.timed) note(all_, "order only, no times");
    for (const Row& row : rows_of(w_, cast_)) {
      if (row.busy > 0)
        note(all_, "... other requests are served for " + format_time(row.busy) + " ...");
      if (row.quiet > 0) note(all_, "... " + format_time(row.quiet) + " pass ...");
      const bool arrives = row.segment >= 0 && !row.leaves;
      if (arrives) arrive(row);
      for (std::size_t c = 0; c < ids_.size(); ++c) {
        if (arrives) sockets_of(row, c);
        if (row.speech[c] && shows(row, c)) say(c, *row.speech[c], row.at);
        if (!arrives) sockets_of(row, c);
      }
      if (row.segment >= 0 && row.leaves && !w_.segments[row.segment].arrived) leave(row);
      if (!row.verdicts.empty()) judge(row);
    }
    return std::move(text_);
  }

 private:
  void line(const std::string& text) { text_ += "    " + text + "\n"; }
  void note(const std::string& place, const std::string& text) {
    line("Note " + place + ": " + escape(text));
  }
  void arrow(const std::string& from, const char* shaft, const std::string& to,
             const std::string& text) {
    line(from + shaft + to + ": " + escape(text));
  }
  std::string when(Time at) const { return " (" + format_moment(w_, at) + ")"; }

  /// Of many columns only what changes is said.
  bool shows(const Row& row, std::size_t column) const {
    return is_hop(w_.settings) || !row.old[column];
  }

  /// The kernels that speak through the column.
  void sockets_of(const Row& row, std::size_t column) {
    for (std::size_t k = 0; k < ids_.size(); ++k) {
      if (cast_.kernel_in(k) != kNobody && cast_.speaks_in(k) == column && !row.socket[k].empty() &&
          shows(row, k))
        note("over " + ids_[k], row.socket[k]);
    }
  }

  void arrive(const Row& row) {
    const Segment& s = w_.segments[row.segment];
    const Flight flight = flight_of(s, cast_);
    arrow(ids_[flight.from], is_reset(s) ? "-x" : "->>", ids_[flight.to],
          segment_name(w_, row.segment) + " (" + format_moment(w_, s.sent) + " to " +
              format_moment(w_, row.at) + ")");
  }
  void leave(const Row& row) {
    const Segment& s = w_.segments[row.segment];
    const Flight flight = flight_of(s, cast_);
    arrow(ids_[flight.from], "-)", ids_[flight.to],
          segment_name(w_, row.segment) + " (" + format_moment(w_, s.sent) +
              ", still on the wire at the end)");
  }

  void say(std::size_t column, const Speech& speech, Time at) {
    const std::string& app = ids_[column];
    if (!speech.text.empty()) {
      const std::string text = speech.text + when(at);
      // A client without a kernel is told by the proxy itself.
      if (speech.kernel == kNoColumn) {
        note("over " + app, text);
      } else {
        say(app, ids_[speech.kernel], speech, text);
      }
    }
    if (!speech.becomes.empty()) note("over " + app, "[" + speech.becomes + "]");
  }
  void say(const std::string& app, const std::string& kernel, const Speech& speech,
           const std::string& text) {
    switch (speech.kind) {
      case Happening::Kind::call:
        if (speech.reads) {
          arrow(kernel, "-->>", app, text);
        } else {
          arrow(app, "->>", kernel, text);
        }
        break;
      case Happening::Kind::learns:
        arrow(kernel, "-->>", app, text);
        break;
      case Happening::Kind::drops:
        note("over " + kernel, text);
        break;
      default:
        note("over " + app, text);
        break;
    }
  }

  void judge(const Row& row) {
    std::string said;
    for (const std::string& verdict : row.verdicts)
      said += (said.empty() ? "" : ", ") + verdict;
    line("rect rgb(253, 226, 226)");
    note(all_, said);
    line("end");
  }

  const Witness& w_;
  const Cast cast_;
  std::vector<std::string> ids_;  ///< of the participants, by column
  std::string all_;               ///< where a note goes that is about all of them
  std::string text_;
};

}  // namespace

std::string to_mermaid(const Witness& witness) {
  return Diagram(witness).print();
}

}  // namespace halfclose::proofs
