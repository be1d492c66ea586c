#include "proofs/witness/mermaid.hpp"

#include "proofs/witness/text.hpp"

namespace halfclose::proofs {

namespace {

constexpr const char* kIds[] = {"c", "ck", "sk", "s"};  // participants, by actor

const char* id(Actor actor) {
  return kIds[static_cast<int>(actor)];
}

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
  explicit Diagram(const Witness& witness) : w_(witness) {}

  std::string print() {
    text_ = "sequenceDiagram\n";
    line("title " + escape(w_.property + (w_.property.empty() ? "" : ", ") + hop_name(w_)));
    for (const Actor actor : kActors)
      line(std::string("participant ") + id(actor) + " as " + escape(actor_name(w_, actor)));
    for (const Row& row : rows_of(w_)) {
      if (row.busy > 0)
        note("over c,s", "... other requests are served for " + format_time(row.busy) + " ...");
      if (row.quiet > 0) note("over c,s", "... " + format_time(row.quiet) + " pass ...");
      const bool arrives = row.segment >= 0 && !row.leaves;
      if (arrives) arrive(row);
      for (const int side : {0, 1}) {
        auto socket = [&] {
          if (!row.socket[side].empty())
            note(std::string("over ") + kIds[1 + side], row.socket[side]);
        };
        if (arrives) socket();
        if (row.speech[side]) say(side, *row.speech[side], row.at);
        if (!arrives) socket();
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
  void arrow(const char* from, const char* shaft, const char* to, const std::string& text) {
    line(std::string(from) + shaft + to + ": " + escape(text));
  }

  void arrive(const Row& row) {
    const Segment& s = w_.segments[row.segment];
    const bool rightward = s.from == Actor::client_kernel;
    arrow(id(s.from), is_reset(s) ? "-x" : "->>", rightward ? "sk" : "ck",
          segment_name(w_, row.segment) + " (" + format_time(s.sent) + " to " +
              format_time(row.at) + ")");
  }
  void leave(const Row& row) {
    const Segment& s = w_.segments[row.segment];
    arrow(id(s.from), "-)", s.from == Actor::client_kernel ? "sk" : "ck",
          segment_name(w_, row.segment) + " (" + format_time(s.sent) +
              ", still on the wire at the end)");
  }

  void say(int side, const Speech& speech, Time at) {
    const char* app = side == 0 ? "c" : "s";
    const char* kernel = kIds[1 + side];
    if (!speech.text.empty()) {
      const std::string text = speech.text + " (" + format_time(at) + ")";
      switch (speech.kind) {
        case Happening::Kind::call:
          if (speech.text.starts_with("recv")) {
            arrow(kernel, "-->>", app, text);
          } else {
            arrow(app, "->>", kernel, text);
          }
          break;
        case Happening::Kind::learns:
          arrow(kernel, "-->>", app, text);
          break;
        case Happening::Kind::drops:
          note(std::string("over ") + kernel, text);
          break;
        default:
          note(std::string("over ") + app, text);
          break;
      }
    }
    if (!speech.becomes.empty()) note(std::string("over ") + app, "[" + speech.becomes + "]");
  }

  void judge(const Row& row) {
    std::string said;
    for (const std::string& verdict : row.verdicts)
      said += (said.empty() ? "" : ", ") + verdict;
    line("rect rgb(253, 226, 226)");
    note("over c,s", said);
    line("end");
  }

  const Witness& w_;
  std::string text_;
};

}  // namespace

std::string to_mermaid(const Witness& witness) {
  return Diagram(witness).print();
}

}  // namespace halfclose::proofs
