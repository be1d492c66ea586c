// Properties of TCP scripts (model/tcp/script.hpp) and of the conversation under them: the replayed
// traces of examples/tcp, hostile text, and every order of delivery.
#include "model/tcp/script.hpp"

#include "model/tcp/conversation.hpp"
#include "model/tcp/script_parser.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace halfclose::tcp {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}
std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines)
    text += line + '\n';
  return text;
}
std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}
std::vector<std::filesystem::path> examples() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(HALFCLOSE_SOURCE_DIR "/examples/tcp")) {
    if (entry.path().extension() == ".tcp") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// The line with its expectation made wrong; empty when it has none.
std::string falsified(const std::string& line) {
  const auto starts = [&](std::string_view word) { return line.starts_with(word); };
  if (const auto arrow = line.find("-> "); arrow != std::string::npos) {
    const std::string before = line.substr(0, arrow + 3);
    if (starts("timer")) return before + (line.ends_with("off") ? "fired" : "off");
    if (line.find(" poll") != std::string::npos) return before + "ERR";
    return before + "ETIMEDOUT";
  }
  if (starts("state")) return line.substr(0, line.rfind(' ')) + " LISTEN";
  if (starts("inflight") && line.ends_with("none")) return line.substr(0, line.rfind(' ')) + " rst";
  if (starts("inflight")) return line + " seq=4000000000";
  if (starts("never")) return line.substr(0, line.find('>') + 2) + " syn";
  if (starts("inq") || starts("outq")) return line + "777";
  return {};
}

TEST_CASE("tcp script: the traces replayed on Linux", "[model][tcp]") {
  SECTION("are all predicted") {
    CHECK(examples().size() >= 22);
    for (const auto& path : examples()) {
      const ScriptResult result = run_script(contents(path), path.filename().string());
      INFO(result.output << result.error);
      CHECK(result.exit_code == 0);
      CHECK(result.error.empty());
      CHECK(result.output.ends_with(" expectations\n"));
    }
  }
  SECTION("fail at the line of any expectation that is made wrong") {
    std::size_t made_wrong = 0;
    for (const auto& path : examples()) {
      const Lines lines = lines_of(contents(path));
      for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string wrong = falsified(lines[i]);
        if (wrong.empty()) continue;
        ++made_wrong;
        Lines changed = lines;
        changed[i] = wrong;
        const ScriptResult result = run_script(joined(changed), "x.tcp");
        INFO(path.filename() << ": " << wrong << "\n" << result.error);
        CHECK(result.exit_code == 1);
        CHECK(result.error.starts_with("x.tcp:" + std::to_string(i + 1) + ": expected `" + wrong));
      }
    }
    CHECK(made_wrong > 300);
  }
}

/// Every expectation of `steps` holds, on a connection that `setup` prepares.
void check_holds(const std::string& steps, const std::string& setup = "") {
  const std::string open = "S listen\nC connect\ndeliver all\n";
  const ScriptResult result = run_script("endpoints C S\n" + setup + open + steps, "x.tcp");
  INFO(result.output << result.error);
  CHECK(result.exit_code == 0);
}

TEST_CASE("tcp script: RST", "[model][tcp]") {
  SECTION("in the window is challenged, and the answer to the challenge kills (RFC 5961 3.2)") {
    check_holds(R"(S send 13
S abort
deliver S>C rst
state C ESTABLISHED
inflight C>S ACK seq=1 ack=1
deliver C>S ack
inflight S>C RST seq=1
deliver S>C rst seq=1
state C CLOSED
# The response was overtaken: it is lost.
deliver S>C data
C recv -> ECONNRESET
C recv -> 0)");
  }
  SECTION("empties the receive queue where the platform says so") {
    check_holds(R"(S send 13
deliver S>C data
S abort
deliver S>C rst
inq C 0
C recv -> ECONNRESET)",
                "C discards-on-rst\n");
  }
  SECTION("answers new data to an orphan even out of order") {
    check_holds(R"(S close
C send 9
C send 9
deliver C>S data 2
state S CLOSED
inflight S>C RST seq=1)",
                "C nodelay\n");
  }
  SECTION("shows ERR to poll until the error is told") {
    check_holds(R"(S abort
deliver S>C rst
C poll -> IN,OUT,ERR,HUP,RDHUP
C recv -> ECONNRESET
C poll -> IN,OUT,HUP,RDHUP)");
  }
}

TEST_CASE("tcp script: the send queue", "[model][tcp]") {
  SECTION("lets a FIN ride on what Nagle held") {
    check_holds(R"(C send 3
C send 3
never C>S data seq=4
C close
inflight C>S DATA,FIN seq=4 len=3
state C FIN-WAIT-1
deliver all
S recv -> 6
S recv -> 0)");
  }
  SECTION("keeps the FIN behind what the window holds") {
    check_holds(R"(C send 3000
C close -> ok
state C FIN-WAIT-1
never C>S fin
deliver all
never C>S fin
S recv -> 2896
deliver all
S recv -> 104
S recv -> 0)",
                "S window 2896\n");
  }
  SECTION("sends no FIN into a shut window") {
    check_holds(R"(C send 2896
deliver all
C close -> ok
state C FIN-WAIT-1
never C>S fin
S recv -> 2896
inflight C>S FIN seq=2897
deliver all
S recv -> 0)",
                "S window 2896\n");
  }
  SECTION("comes to rest when both windows are shut behind a close") {
    check_holds(R"(C send 100
S send 100
deliver all
C shutdown wr
S shutdown wr
dup C>S data
dup S>C data
deliver all
never C>S fin
never S>C fin
C recv -> 100
S recv -> 100
deliver all
C recv -> 0
S recv -> 0)",
                "C window 100\nS window 100\n");
  }
  SECTION("waits for a window that is worth telling") {
    check_holds(R"(C send 4344
deliver all
S recv 1000 -> 1000
never S>C ack ack=2897 2
never C>S data seq=2897
S recv -> 1896
inflight C>S data seq=2897 len=1448)",
                "S window 2896\n");
  }
  SECTION("probes a window whose opening was lost") {
    check_holds(R"(C send 4344
deliver all
acks held
S recv -> 2896
drop S>C ack
timer C retransmit -> fired
inflight C>S ACK seq=2896
deliver C>S ack
deliver S>C ack
inflight C>S data seq=2897)",
                "S window 2896\n");
  }
  SECTION("answers an ACK that data has overtaken by an ACK") {
    check_holds(R"(acks held
S send 1
deliver S>C data
C send 9
deliver C>S data
never S>C ack ack=10 2
deliver C>S ack
inflight S>C ACK ack=10 2)");
  }
}

TEST_CASE("tcp script: errors", "[model][tcp]") {
  const auto fails = [](const std::string& text, const std::string& error) {
    const ScriptResult result = run_script(text, "x.tcp");
    CHECK(result.exit_code == 2);
    CHECK_THAT(result.error, Catch::Matchers::StartsWith("x.tcp:" + error));
  };
  SECTION("name the line, the rule, what was found and what to do") {
    fails("C conect",
          "1: an endpoint does a call or sets an option, found `conect`; write connect,");
    fails("\nC send", "2: something follows `send`, found the end of the line; see docs/");
    fails("C send many",
          "1: a byte count is a number from 1 to 1048576, found `many`; write digits only");
    fails("C send 9 9", "1: the line ends after `9`, found `9`; begin a new line");
    fails("C mss 47", "1: an MSS is a number from 48 to 65495, found `47`");
    fails("C recv -> EPIP", "1: what is expected can happen, found `EPIP`; write ok EAGAIN");
    fails("endpoints C S\nX send 9", "2: a line begins with an endpoint,");
    fails("C close\nendpoints C S", "2: endpoints are declared once, before they are used");
    fails("endpoints C C", "1: the two endpoints have two names, found `C`; write `endpoints C S`");
    fails("deliver C>C", "1: a direction joins two endpoints, found `C>C`; write C>S");
    fails("deliver CS", "1: a direction is two endpoints joined by >, found `CS`; write C>S");
    fails("deliver C>S fine",
          "1: a segment is picked by what it carries, found `fine`; write kinds");
    fails("deliver C>S data 0", "1: an occurrence is a number from 1 to 4096, found `0`");
    fails("state C CLOSE",
          "1: a state has its name in RFC 9293, found `CLOSE`; write CLOSED LISTEN");
    fails("timer C keepalive",
          "1: a timer has a known name, found `keepalive`; write fin-wait-2 or");
    fails("\x01\n", "1: a line begins with an endpoint");
  }
  SECTION("stop a script that cannot go on, and keep the steps so far") {
    fails("C connect\ndeliver C>S fin",
          "2: `deliver C>S fin` needs a segment that is in flight, found SYN seq=0; name one of "
          "these");
    fails("drop C>S", "1: `drop C>S` needs a segment that is in flight, found none");
    fails("dup C>S rst", "1: `dup C>S rst` needs a segment that was sent, found none");
    fails("C connect\ntimer C time-wait",
          "2: `timer C time-wait` needs that timer running, found C in `SYN-SENT`");
    fails("C connect\nC discards-on-rst",
          "2: `C discards-on-rst` comes before connect and listen, found C in");
    fails("S listen\nS mss 1000",
          "2: `S mss 1000` comes before connect and listen, found S in `LISTEN`; move");
    CHECK(run_script("C connect\ndrop S>C", "x.tcp").output.find("EINPROGRESS") !=
          std::string::npos);
  }
  SECTION("name the limits") {
    fails(std::string(script::kScriptMaxBytes + 1, '#'),
          "1: a script has at most 262144 bytes, found 262145");
    fails(std::string(script::kScriptMaxLines + 1, '\n') + "#",
          "2001: a script has at most 2000 lines");
    fails(
        "C mss 48\nC window 1048576\nS window 1048576\nS listen\nC connect\ndeliver all\nC send "
        "1048576",
        "7: one direction carries at most 4096 segments, found more from C; send less");
  }
  SECTION("a call that the table refuses is a bad descriptor, not an error") {
    CHECK(run_script("C recv -> EBADF\nC send 9 -> EBADF\nC close -> EBADF", "x.tcp").exit_code ==
          0);
  }
  const auto check_result = [](const ScriptResult& result) {
    RC_ASSERT(result.exit_code >= 0);
    RC_ASSERT(result.exit_code <= 2);
    RC_ASSERT((result.exit_code == 0) == result.error.empty());
    RC_ASSERT(std::all_of(result.error.begin(), result.error.end(),
                          [](char c) { return c >= ' ' && c <= '~'; }));
  };
  rc::prop("are one line of ASCII whatever the bytes are",
           [&](const std::string& text) { check_result(run_script(text, "x.tcp")); });
  rc::prop("are one line of ASCII whatever the words are", [&] {
    static const Lines kWords = lines_of(
        "C\nS\nX\nC>S\nS>C\nC>C\n>\n->"
        "\nconnect\nlisten\nsend\nrecv\npeek\npoll\nclose\nabort\nshutdown\nwr\nrd\n"
        "nodelay\nwindow\nmss\ndiscards-on-rst\ndeliver\nall\ndrop\ndup\ntimer\nretransmit\ntime-"
        "wait\n"
        "fin-wait-2\ngive-"
        "up\nstate\nCLOSED\nESTABLISHED\ninflight\nnever\nnone\ninq\noutq\nacks\nheld\nauto\n"
        "endpoints\nsyn\ndata,fin\nrst\nseq=1\nack=\nlen="
        "9\n0\n1\n2\n9\n48\n2896\n4294967296\nok\nEPIPE\noff\n#");
    const auto words = *rc::gen::container<Lines>(rc::gen::elementOf(kWords));
    const auto ends =
        *rc::gen::container<std::vector<bool>>(words.size(), rc::gen::arbitrary<bool>());
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i)
      text += words[i] + (ends[i] ? '\n' : ' ');
    check_result(run_script(text, "x.tcp"));
  });
  rc::prop("are one line of ASCII when lines of the examples are shuffled together", [&] {
    static const Lines kAll = [] {
      Lines all;
      for (const auto& path : examples()) {
        for (std::string& line : lines_of(contents(path)))
          all.push_back(line.substr(0, line.find(" ->")));
      }
      return all;
    }();
    check_result(run_script(joined(*rc::gen::container<Lines>(rc::gen::elementOf(kAll))), "x.tcp"));
  });
}

/// One thing a schedule does; `amount` is bytes of a call, or which segment in flight.
struct Act {
  enum class What : std::uint8_t { send, recv, deliver, duplicate, drop, retransmit, count };
  What what;
  Side side;
  std::uint8_t amount;
};
std::ostream& operator<<(std::ostream& out, const Act& act) {
  constexpr std::array kNames = {"send", "recv", "deliver", "dup", "drop", "retransmit"};
  return out << (act.side == Side::first ? "C " : "S ")
             << kNames[static_cast<std::size_t>(act.what)] << ' ' << int{act.amount};
}
rc::Gen<std::vector<Act>> schedules() {
  const auto act =
      rc::gen::map(rc::gen::arbitrary<std::array<std::uint8_t, 3>>(), [](const auto& bytes) {
        return Act{static_cast<Act::What>(bytes[0] % static_cast<int>(Act::What::count)),
                   static_cast<Side>(bytes[1] % 2), bytes[2]};
      });
  return rc::gen::container<std::vector<Act>>(act);
}

/// A conversation that counts the bytes each side has sent and received.
class Traffic {
 public:
  Conversation wire;
  std::array<std::uint64_t, 2> sent{}, received{};

  void open() {
    wire.call(Side::second, Call::listen);
    wire.call(Side::first, Call::connect);
    wire.deliver_all();
  }
  void take(const Act& act) {
    const Selector one{
        .occurrence = 1 + act.amount % std::max<std::size_t>(wire.in_flight(act.side).size(), 1)};
    switch (act.what) {
      case Act::What::send:
        sent[index(act.side)] += wire.call(act.side, Call::send, 1 + act.amount).bytes;
        break;
      case Act::What::recv:
        receive(act.side, act.amount);
        break;
      case Act::What::deliver:
        wire.deliver(act.side, one);
        break;
      case Act::What::duplicate:
        wire.duplicate(act.side, one);
        break;
      case Act::What::drop:
        wire.drop(act.side, one);
        break;
      case Act::What::retransmit:
        wire.expire(act.side, Timer::retransmit);
        break;
      case Act::What::count:
        break;
    }
  }
  /// Reads, delivers and repairs until both sides have all.
  bool settle() {
    constexpr int kRoundsMax = 10'000;
    for (int round = 0; round < kRoundsMax; ++round) {
      if (!wire.deliver_all()) return false;
      for (const Side side : {Side::first, Side::second})
        receive(side, 0);
      bool waits = false;
      for (const Side side : {Side::first, Side::second})
        waits |= wire.expire(side, Timer::retransmit);
      if (!waits)
        return wire.in_flight(Side::first).empty() && wire.in_flight(Side::second).empty();
    }
    return false;
  }
  bool reset() const {
    const Selector rst{.rst = true};
    return rst.find_in(wire.sent(Side::first)) || rst.find_in(wire.sent(Side::second));
  }
  std::string state(Side side) const { return std::string(wire.kernel(side).state()); }

 private:
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  void receive(Side side, std::uint32_t bytes) {
    const CallResult result = wire.call(side, Call::recv, bytes);
    if (result.said == Out::bytes) received[index(side)] += result.bytes;
  }
};

TEST_CASE("tcp conversation: any order of delivery", "[model][tcp]") {
  rc::prop("loses no byte of two half-closes, and ends cleanly", [](bool acks_held, bool nodelay) {
    Traffic traffic;
    traffic.wire.hold_acks(acks_held);
    if (nodelay) traffic.wire.set(Side::first, Option::nodelay);
    // Smaller windows need more segments than one direction may carry.
    const auto window = *rc::gen::inRange<std::uint32_t>(16, 1500);
    traffic.wire.set(Side::second, Option::window, window);
    traffic.wire.set(Side::first, Option::window, *rc::gen::inRange<std::uint32_t>(16, 1500));
    traffic.wire.set(Side::first, Option::mss, *rc::gen::inRange(200, 1460));
    traffic.open();
    RC_ASSERT(traffic.state(Side::second) == "ESTABLISHED");
    const auto before = *schedules();
    for (const Act& act : before)
      traffic.take(act);
    // Half-closes at any time: what was accepted still arrives.
    traffic.wire.call(Side::first, Call::shutdown_write);
    for (const Act& act : *schedules())
      traffic.take(act);
    traffic.wire.call(Side::second, Call::shutdown_write);
    RC_ASSERT(traffic.settle());
    RC_ASSERT_FALSE(traffic.wire.overflowed());

    // A late duplicate that finds its receiver CLOSED draws a RST; by then every byte has arrived.
    RC_CLASSIFY(traffic.reset(), "late duplicate answered by RST");
    RC_CLASSIFY(traffic.sent[0] > window, "more than a window");
    RC_ASSERT(traffic.received[0] == traffic.sent[1]);
    RC_ASSERT(traffic.received[1] == traffic.sent[0]);
    for (const Side side : {Side::first, Side::second}) {
      RC_ASSERT(traffic.wire.call(side, Call::recv).said == Out::eof);
      const std::string state = traffic.state(side);
      RC_ASSERT((state == "TIME-WAIT" || state == "CLOSED"));
    }
  });
  rc::prop("opens simultaneously", [] {
    Traffic traffic;
    traffic.wire.hold_acks(*rc::gen::arbitrary<bool>());
    traffic.wire.call(Side::first, Call::connect);
    traffic.wire.call(Side::second, Call::connect);
    for (const Act& act : *schedules()) {
      if (act.what != Act::What::send && act.what != Act::What::recv) traffic.take(act);
    }
    RC_ASSERT(traffic.settle());
    RC_ASSERT(traffic.state(Side::first) == "ESTABLISHED");
    RC_ASSERT(traffic.state(Side::second) == "ESTABLISHED");
    RC_ASSERT(traffic.wire.call(Side::first, Call::send, 9).bytes == 9);
    RC_ASSERT(traffic.settle());
    RC_ASSERT(traffic.received[1] == 9);
  });
  rc::prop("closes simultaneously: both sides pay TIME-WAIT (RFC 9293 3.6)", [] {
    Traffic traffic;
    traffic.wire.hold_acks(*rc::gen::arbitrary<bool>());
    traffic.open();
    traffic.wire.call(Side::first, Call::close);
    traffic.wire.call(Side::second, Call::close);
    for (const Act& act : *schedules())
      traffic.take(act);
    RC_ASSERT(traffic.settle());
    RC_ASSERT_FALSE(traffic.reset());
    RC_ASSERT(traffic.state(Side::first) == "TIME-WAIT");
    RC_ASSERT(traffic.state(Side::second) == "TIME-WAIT");
  });
  SECTION("passes through CLOSING when the FINs cross") {
    Traffic traffic;
    traffic.wire.hold_acks(true);
    traffic.open();
    traffic.wire.call(Side::first, Call::close);
    traffic.wire.call(Side::second, Call::close);
    traffic.wire.deliver(Side::first, {.fin = true});
    CHECK(traffic.state(Side::second) == "CLOSING");
    traffic.wire.deliver(Side::second, {.fin = true});
    CHECK(traffic.state(Side::first) == "CLOSING");
  }
  rc::prop("kills an orphan with the first byte that reaches it", [] {
    Traffic traffic;
    traffic.open();
    traffic.wire.call(Side::second, Call::close);
    for (const Act& act : *schedules()) {
      const bool orphaned = traffic.state(Side::second).starts_with("FIN-WAIT");
      const bool data = act.what == Act::What::deliver && act.side == Side::first &&
                        !traffic.wire.in_flight(Side::first).empty() &&
                        traffic.wire.in_flight(Side::first).front().length > 0 &&
                        act.amount % 2 == 0;
      if (data && orphaned) {
        traffic.wire.deliver(Side::first);
        RC_ASSERT(traffic.state(Side::second) == "CLOSED");
        RC_ASSERT(traffic.wire.sent(Side::second).back().rst);
      } else {
        traffic.take(act);
      }
    }
    RC_CLASSIFY(traffic.state(Side::second) == "CLOSED", "killed");
  });
}

}  // namespace
}  // namespace halfclose::tcp
