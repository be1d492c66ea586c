#include "model/tcp/script_parser.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace halfclose::tcp::script {

namespace {

constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kShownBytes = 40;

std::string lower(std::string_view word) {
  std::string made(word);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return made;
}

bool is_name(std::string_view word) {
  return !word.empty() && word.size() <= kNameMaxBytes &&
         lower(word).find_first_not_of(kNameLetters) == std::string::npos;
}

// Fit for one line of an error, whatever the bytes are.
std::string quoted(std::string_view word) {
  std::string made = "`";
  for (const char c : word.substr(0, kShownBytes))
    made += c >= ' ' && c <= '~' ? c : '?';
  return made + (word.size() > kShownBytes ? "...`" : "`");
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t start = text.find_first_not_of(separators);
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

template <class Value> struct Word {
  std::string_view word;
  Value value;
};

template <class Value, std::size_t N>
std::optional<Value> meaning(const Word<Value> (&words)[N], std::string_view word) {
  const std::string wanted = lower(word);
  for (const auto& [known, value] : words) {
    if (known == wanted) return value;
  }
  return std::nullopt;
}

constexpr Word<Call> kCalls[] = {{"connect", Call::connect}, {"listen", Call::listen},
                                 {"send", Call::send},       {"recv", Call::recv},
                                 {"peek", Call::peek},       {"close", Call::close},
                                 {"abort", Call::abort}};
constexpr Word<Call> kShutdowns[] = {{"wr", Call::shutdown_write}, {"rd", Call::shutdown_read}};
constexpr Word<Option> kOptions[] = {{"nodelay", Option::nodelay},
                                     {"window", Option::window},
                                     {"mss", Option::mss},
                                     {"discards-on-rst", Option::discards_on_rst}};
constexpr Word<Timer> kTimers[] = {{"fin-wait-2", Timer::fin_wait_2},
                                   {"time-wait", Timer::time_wait},
                                   {"retransmit", Timer::retransmit},
                                   {"give-up", Timer::give_up}};
constexpr Word<OnWire::Act> kActs[] = {{"deliver", OnWire::Act::deliver},
                                       {"drop", OnWire::Act::drop},
                                       {"dup", OnWire::Act::duplicate}};
constexpr Word<bool> kPolicies[] = {{"auto", false}, {"held", true}};
constexpr Word<bool Selector::*> kKinds[] = {{"syn", &Selector::syn},
                                             {"data", &Selector::data},
                                             {"fin", &Selector::fin},
                                             {"rst", &Selector::rst},
                                             {"ack", &Selector::ack}};
constexpr Word<std::optional<std::uint32_t> Selector::*> kNumbers[] = {
    {"seq", &Selector::seq}, {"ack", &Selector::ack_number}, {"len", &Selector::length}};
constexpr Word<bool Readiness::*> kPollEvents[] = {{"in", &Readiness::in},
                                                   {"out", &Readiness::out},
                                                   {"err", &Readiness::err},
                                                   {"hup", &Readiness::hup},
                                                   {"rdhup", &Readiness::rdhup}};
constexpr std::string_view kFirstWords =
    "a line begins with an endpoint, acks, deliver, drop, dup, timer, state, inflight, never, inq "
    "or outq";
constexpr std::string_view kSegmentHelp =
    "write kinds (syn data fin rst ack, joined by commas), seq=N, ack=N, len=N, or N for the N-th "
    "match";

class Parser {
 public:
  std::variant<Script, ParseError> run(std::string_view text) {
    if (text.size() > kScriptMaxBytes) {
      return ParseError{1, "a script has at most " + std::to_string(kScriptMaxBytes) +
                               " bytes, found " + std::to_string(text.size()) + "; split it"};
    }
    for (std::size_t line = 1; !text.empty(); ++line) {
      if (line > kScriptMaxLines) {
        return ParseError{line, "a script has at most " + std::to_string(kScriptMaxLines) +
                                    " lines, found more; split it"};
      }
      const std::size_t end = std::min(text.find('\n'), text.size());
      parse_line(line, text.substr(0, end));
      if (!error_.empty()) return ParseError{line, error_};
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    for (std::string& name : script_.names) {
      if (name.empty()) name = "?";
    }
    return std::move(script_);
  }

 private:
  void parse_line(std::size_t line, std::string_view text) {
    words_ = split(text.substr(0, text.find('#')), " \t\r");
    next_ = 0;
    if (words_.empty()) return;
    Step step{line, {}, DeliverAll{}};
    for (const std::string& word : words_)
      step.text += (step.text.empty() ? "" : " ") + word;

    const std::string first = lower(take());
    if (first == "endpoints") {
      parse_endpoints();
    } else {
      parse_step(first, step);
    }
    if (error_.empty() && next_ < words_.size()) {
      fail("the line ends after " + quoted(words_[next_ - 1]), words_[next_], "begin a new line");
    }
    if (error_.empty() && first != "endpoints") script_.steps.push_back(std::move(step));
  }

  void parse_step(const std::string& first, Step& step) {
    if (const auto act = meaning(kActs, first)) {
      parse_on_wire(*act, step);
    } else if (first == "acks") {
      step.body = HoldAcks{take_meaning(kPolicies, "a policy for pure ACKs")};
    } else if (first == "timer") {
      const Side side = take_side();
      const Timer timer = take_meaning(kTimers, "a timer");
      step.body = Expire{side, timer, take_expected({"fired", "off"})};
    } else if (first == "state") {
      const Side side = take_side();
      step.body = ExpectState{side, take_state()};
    } else if (first == "inflight" || first == "never") {
      parse_expect_segment(first == "never", step);
    } else if (first == "inq" || first == "outq") {
      const Side side = take_side();
      step.body = ExpectQueue{first == "inq", side, take_number("a queue", 0, UINT32_MAX)};
    } else {
      parse_of_endpoint(step);
    }
  }

  void parse_endpoints() {
    if (!script_.names[0].empty()) {
      fail("endpoints are declared once, before they are used", words_[0], "move the line up");
    }
    take_side();
    take_side();
    if (error_.empty() && script_.names[1].empty()) {
      fail("the two endpoints have two names", words_[2], "write `endpoints C S`");
    }
  }

  void parse_of_endpoint(Step& step) {
    --next_;  // the first word is the endpoint
    if (!is_name(words_[0])) return fail(std::string(kFirstWords), words_[0], "");
    const Side side = take_side();
    const std::string word = take();
    if (!error_.empty()) return;
    if (const auto option = meaning(kOptions, word)) {
      std::uint32_t value = 0;
      if (*option == Option::window) value = take_number("a window", 1, kWindowMaxBytes);
      if (*option == Option::mss) value = take_number("an MSS", kMssMinBytes, kMssMaxBytes);
      step.body = SetOption{side, *option, value};
    } else if (lower(word) == "poll") {
      const Readiness asked = take_poll_events();
      step.body = Poll{side, asked, take_expected_poll()};
    } else {
      MakeCall made{side, Call::close, 0, {}};
      if (const auto call = meaning(kCalls, word)) {
        made.call = *call;
        const bool some = next_ < words_.size() && words_[next_] != "->";
        if (*call == Call::send || (*call == Call::recv && some)) {
          made.bytes = take_number("a byte count", 1, kSendMaxBytes);
        }
      } else if (lower(word) == "shutdown") {
        made.call = take_meaning(kShutdowns, "a direction of shutdown");
      } else {
        return fail(
            "an endpoint does a call or sets an option", word,
            "write connect, listen, send, recv, peek, poll, shutdown, close, abort, nodelay, "
            "window, mss or discards-on-rst");
      }
      made.expected = take_expected_result();
      step.body = std::move(made);
    }
  }

  void parse_on_wire(OnWire::Act act, Step& step) {
    if (act == OnWire::Act::deliver && next_ < words_.size() && lower(words_[next_]) == "all") {
      ++next_;
      step.body = DeliverAll{};
      return;
    }
    const Side from = take_direction();
    step.body = OnWire{act, from, take_selector()};
  }

  void parse_expect_segment(bool never, Step& step) {
    using Where = ExpectSegment::Where;
    const Side from = take_direction();
    if (!never && next_ < words_.size() && lower(words_[next_]) == "none") {
      ++next_;
      step.body = ExpectSegment{Where::nothing_in_flight, from, {}};
      return;
    }
    step.body = ExpectSegment{never ? Where::never_sent : Where::in_flight, from, take_selector()};
  }

  // Each take consumes words, or says what is wrong and returns anything.

  std::string take() {
    if (next_ < words_.size()) return words_[next_++];
    if (error_.empty()) {
      error_ = "something follows " + quoted(words_.back()) +
               ", found the end of the line; see docs/reference/tcp-script.md";
    }
    return {};
  }

  template <class Value, std::size_t N>
  Value take_meaning(const Word<Value> (&words)[N], std::string_view what) {
    const std::string word = take();
    if (const auto value = meaning(words, word)) return *value;
    std::string help = "write ";
    for (std::size_t i = 0; i < N; ++i)
      help += (i > 0 ? " or " : "") + std::string(words[i].word);
    fail(std::string(what) + " has a known name", word, help);
    return words[0].value;
  }

  std::uint32_t to_number(std::string_view word, std::string_view what, std::uint32_t least,
                          std::uint32_t most) {
    std::uint32_t number = 0;
    const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = status == std::errc{} && end == word.data() + word.size();
    if (whole && number >= least && number <= most) return number;
    fail(std::string(what) + " is a number from " + std::to_string(least) + " to " +
             std::to_string(most),
         word, "write digits only");
    return least;
  }
  std::uint32_t take_number(std::string_view what, std::uint32_t least, std::uint32_t most) {
    return to_number(take(), what, least, most);
  }

  Side take_side() { return side_called(take()); }
  Side side_called(const std::string& name) {
    if (!is_name(name)) {
      fail("an endpoint is 1 to " + std::to_string(kNameMaxBytes) + " letters, digits, - and _",
           name, "name it C or S");
      return Side::first;
    }
    for (std::size_t i = 0; i < script_.names.size(); ++i) {
      if (script_.names[i].empty()) script_.names[i] = name;
      if (script_.names[i] == name) return static_cast<Side>(i);
    }
    fail(std::string(kFirstWords) + ", and there are two endpoints", name,
         "they are " + script_.names[0] + " and " + script_.names[1]);
    return Side::first;
  }

  Side take_direction() {
    const std::string word = take();
    const std::size_t arrow = word.find('>');
    if (arrow == std::string::npos) {
      fail("a direction is two endpoints joined by >", word, "write C>S");
      return Side::first;
    }
    const Side from = side_called(word.substr(0, arrow));
    const Side to = side_called(word.substr(arrow + 1));
    if (from == to) fail("a direction joins two endpoints", word, "write C>S");
    return from;
  }

  Selector take_selector() {
    Selector selector;
    for (; next_ < words_.size() && error_.empty(); ++next_) {
      const std::string& word = words_[next_];
      const std::size_t equals = word.find('=');
      if (equals != std::string::npos) {
        const auto number = meaning(kNumbers, word.substr(0, equals));
        if (!number) {
          fail("a segment is picked by what it carries", word, kSegmentHelp);
          break;
        }
        selector.*(*number) =
            to_number(word.substr(equals + 1), "a number of a segment", 0, UINT32_MAX);
      } else if (word.find_first_not_of("0123456789") == std::string::npos) {
        selector.occurrence = to_number(word, "an occurrence", 1, kSegmentsMax);
      } else {
        for (const std::string& kind : split(word, ",")) {
          const auto flag = meaning(kKinds, kind);
          if (!flag) {
            fail("a segment is picked by what it carries", kind, kSegmentHelp);
            break;
          }
          selector.*(*flag) = true;
        }
      }
    }
    return selector;
  }

  std::string take_state() {
    const std::string word = take();
    const auto& states = endpoint_table().states;
    for (const std::string& state : states) {
      if (lower(state) == lower(word)) return state;
    }
    std::string help = "write";
    for (const std::string& state : states)
      help += " " + state;
    fail("a state has its name in RFC 9293", word, help);
    return {};
  }

  std::optional<Readiness> to_poll_events(const std::string& word) {
    Readiness events;
    for (const std::string& event : split(word, ",")) {
      const auto flag = meaning(kPollEvents, event);
      if (!flag) {
        fail("an event of poll has a known name", event, "join IN, OUT, ERR, HUP, RDHUP by commas");
        return std::nullopt;
      }
      events.*(*flag) = true;
    }
    return events;
  }
  Readiness take_poll_events() {
    if (next_ < words_.size() && words_[next_] != "->") {
      return to_poll_events(words_[next_++]).value_or(Readiness{});
    }
    return {true, true, true, true, true};
  }

  bool take_arrow() {
    if (!error_.empty() || next_ == words_.size() || words_[next_] != "->") return false;
    ++next_;
    return true;
  }
  std::string take_expected(std::initializer_list<std::string_view> known) {
    if (!take_arrow()) return {};
    std::string word = take();
    if (error_.empty() && std::find(known.begin(), known.end(), word) == known.end()) {
      std::string help = "write";
      for (const std::string_view one : known)
        help += " " + std::string(one);
      fail("what is expected can happen", word, help);
    }
    return word;
  }
  std::string take_expected_poll() {
    if (!take_arrow()) return {};
    const std::string word = take();
    if (lower(word) == "none") return "none";
    const auto events = to_poll_events(word);
    return events ? events->text() : std::string();
  }
  std::string take_expected_result() {
    if (next_ + 1 < words_.size() && words_[next_] == "->") {
      const std::string& word = words_[next_ + 1];
      if (word.find_first_not_of("0123456789") == std::string::npos) {
        next_ += 2;
        return words_[next_ - 1];
      }
    }
    return take_expected({"ok", "EAGAIN", "EINPROGRESS", "ECONNRESET", "EPIPE", "ECONNREFUSED",
                          "ETIMEDOUT", "ENOTCONN", "EBADF"});
  }

  // The first failure of a line is the one that is told.
  void fail(const std::string& rule, std::string_view found, std::string_view help) {
    if (!error_.empty()) return;
    error_ = rule + ", found " + quoted(found);
    if (!help.empty()) error_ += "; " + std::string(help);
  }

  Script script_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
  std::string error_;
};

}  // namespace

std::variant<Script, ParseError> parse(std::string_view text) {
  return Parser().run(text);
}

}  // namespace halfclose::tcp::script
