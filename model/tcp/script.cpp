#include "model/tcp/script.hpp"

#include "model/tcp/script_parser.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace halfclose::tcp {

namespace {

using namespace script;

struct Failure {
  int exit_code;
  std::string text;
};
Failure unmet(const Step& step, const std::string& found) {
  return {1, "expected `" + step.text + "`, found `" + found + "`"};
}
Failure stopped(std::string text) {
  return {2, std::move(text)};
}

constexpr std::size_t kColumns = 6;
constexpr std::size_t kSegmentsShown = 4;  // in an error
using Cells = std::array<std::string, kColumns>;

// The printed rows; one more for each further segment of a step.
class Trace {
 public:
  void add(Cells cells, const std::vector<std::string>& wire) {
    if (!wire.empty()) cells.back() = wire.front();
    rows_.push_back(std::move(cells));
    for (std::size_t i = 1; i < wire.size(); ++i) {
      rows_.emplace_back();
      rows_.back().back() = wire[i];
    }
  }
  std::string text() const {
    std::array<std::size_t, kColumns> widths{};
    for (const Cells& row : rows_) {
      for (std::size_t i = 0; i < kColumns; ++i)
        widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const Cells& row : rows_) {
      std::string line(widths[0] - row[0].size(), ' ');  // line numbers align right
      line += row[0];
      for (std::size_t i = 1; i < kColumns; ++i) {
        line += "  " + row[i] + std::string(widths[i] - row[i].size(), ' ');
      }
      text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
  }

 private:
  std::vector<Cells> rows_;
};

class Run {
 public:
  explicit Run(const Script& script) : script_(script) {
    trace_.add({"line", "step", "result", script.names[0], script.names[1], "wire"}, {});
  }

  // Returns what stops the script, and the line it stops at.
  std::optional<std::pair<std::size_t, Failure>> run() {
    for (const Step& step : script_.steps) {
      result_.clear();
      auto failure = std::visit([&](const auto& body) { return take(step, body); }, step.body);
      if (const auto side = conversation_.overflowed(); side && !failure) {
        failure =
            stopped("one direction carries at most " + std::to_string(kSegmentsMax) +
                    " segments, found more from " + name(*side) + "; send less, or raise the MSS");
      }
      show(step);
      if (failure) return std::pair(step.line, std::move(*failure));
    }
    return std::nullopt;
  }
  std::string text() const { return trace_.text(); }
  std::size_t held() const { return held_; }

 private:
  using Outcome = std::optional<Failure>;

  Outcome take(const Step& step, const MakeCall& made) {
    result_ = conversation_.call(made.side, made.call, made.bytes).text();
    return compare(step, made.expected, result_);
  }
  Outcome take(const Step& step, const Poll& poll) {
    Readiness ready = conversation_.kernel(poll.side).readiness();
    // poll(2) reports ERR and HUP asked or not.
    ready.in = ready.in && poll.asked.in;
    ready.out = ready.out && poll.asked.out;
    ready.rdhup = ready.rdhup && poll.asked.rdhup;
    result_ = ready.text();
    return compare(step, poll.expected, result_);
  }
  Outcome take(const Step& step, const SetOption& set) {
    if (conversation_.set(set.side, set.option, set.value)) return std::nullopt;
    return stopped("`" + step.text + "` comes before connect and listen, found " + name(set.side) +
                   " in `" + std::string(conversation_.kernel(set.side).state()) +
                   "`; move the line up");
  }
  Outcome take(const Step&, const HoldAcks& acks) {
    conversation_.hold_acks(acks.held);
    return std::nullopt;
  }
  Outcome take(const Step& step, const OnWire& wire) {
    const bool found =
        wire.act == OnWire::Act::deliver ? conversation_.deliver(wire.from, wire.selector)
        : wire.act == OnWire::Act::drop  ? conversation_.drop(wire.from, wire.selector)
                                         : conversation_.duplicate(wire.from, wire.selector);
    if (found) return std::nullopt;
    const bool copies = wire.act == OnWire::Act::duplicate;
    const auto& segments =
        copies ? conversation_.sent(wire.from) : conversation_.in_flight(wire.from);
    return stopped("`" + step.text + "` needs a segment that " +
                   (copies ? "was sent" : "is in flight") + ", found " + list(segments) +
                   "; name one of these, or deliver what provokes it");
  }
  Outcome take(const Step&, const DeliverAll&) {
    if (conversation_.deliver_all()) return std::nullopt;
    return stopped("`deliver all` ends within " + std::to_string(kDeliveriesMax) +
                   " deliveries, found more; deliver segments one by one");
  }
  Outcome take(const Step& step, const Expire& expire) {
    result_ = conversation_.expire(expire.side, expire.timer) ? "fired" : "off";
    if (result_ == "off" && expire.expected.empty()) {
      return stopped("`" + step.text + "` needs that timer running, found " + name(expire.side) +
                     " in `" + std::string(conversation_.kernel(expire.side).state()) +
                     "` without it; write `-> off` if that is meant");
    }
    return compare(step, expire.expected, result_);
  }
  Outcome take(const Step& step, const ExpectState& expected) {
    return compare(step, expected.state, std::string(conversation_.kernel(expected.side).state()));
  }
  Outcome take(const Step& step, const ExpectSegment& expected) {
    using Where = ExpectSegment::Where;
    const bool past = expected.where == Where::never_sent;
    const auto& segments =
        past ? conversation_.sent(expected.from) : conversation_.in_flight(expected.from);
    const auto index = expected.selector.find_in(segments);
    ++held_;
    if (index.has_value() == (expected.where == Where::in_flight)) return std::nullopt;
    return unmet(step, past ? segments[*index].text() : list(segments));
  }
  Outcome take(const Step& step, const ExpectQueue& expected) {
    const Kernel& kernel = conversation_.kernel(expected.side);
    return compare(step, std::to_string(expected.bytes),
                   std::to_string(expected.input ? kernel.unread() : kernel.unacknowledged()));
  }

  Outcome compare(const Step& step, const std::string& expected, const std::string& found) {
    if (expected.empty()) return std::nullopt;
    if (expected != found) return unmet(step, found);
    ++held_;
    return std::nullopt;
  }

  // What only states an expectation has nothing to show.
  void show(const Step& step) {
    if (std::holds_alternative<ExpectState>(step.body) ||
        std::holds_alternative<ExpectSegment>(step.body) ||
        std::holds_alternative<ExpectQueue>(step.body)) {
      return;
    }
    std::vector<std::string> wire;
    for (const Happening& happening : conversation_.take_happenings())
      wire.push_back(text(happening));
    trace_.add({std::to_string(step.line), step.text.substr(0, step.text.find(" ->")), result_,
                std::string(conversation_.kernel(Side::first).state()),
                std::string(conversation_.kernel(Side::second).state()), ""},
               wire);
  }
  std::string text(const Happening& happening) const {
    using What = Happening::What;
    std::string segment = happening.segment.text();
    switch (happening.what) {
      case What::leaves:
        return name(happening.side) + "> " + segment;
      case What::arrives:
        return ">" + name(other(happening.side)) + " " + segment;
      case What::arrives_in_vain:
        return ">" + name(other(happening.side)) + " " + segment + " ignored";
      case What::lost:
        return name(happening.side) + ">| " + segment;
    }
    return segment;
  }

  const std::string& name(Side side) const { return script_.names[static_cast<std::size_t>(side)]; }
  static std::string list(const std::vector<Segment>& segments) {
    if (segments.empty()) return "none";
    std::string text;
    for (std::size_t i = 0; i < std::min(segments.size(), kSegmentsShown); ++i) {
      text += (i > 0 ? "; " : "") + segments[i].text();
    }
    return segments.size() > kSegmentsShown ? text + "; ..." : text;
  }

  const Script& script_;
  Conversation conversation_;
  Trace trace_;
  std::string result_;
  std::size_t held_ = 0;
};

}  // namespace

ScriptResult run_script(std::string_view text, std::string_view file_name) {
  const auto parsed = parse(text);
  auto where = [&](std::size_t line) {
    return std::string(file_name) + ":" + std::to_string(line) + ": ";
  };
  if (const auto* error = std::get_if<ParseError>(&parsed)) {
    return {2, {}, where(error->line) + error->text};
  }
  Run run(std::get<Script>(parsed));
  if (const auto failed = run.run()) {
    return {failed->second.exit_code, run.text(), where(failed->first) + failed->second.text};
  }
  return {0, run.text() + "holds: " + std::to_string(run.held()) + " expectations\n", {}};
}

}  // namespace halfclose::tcp
