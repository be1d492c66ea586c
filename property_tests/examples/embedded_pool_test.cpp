// The pool of examples/embed against a server that does the worst it can, and says when.
#include "property_tests/examples/program.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <ostream>
#include <vector>

using namespace halfclose::examples;
using Catch::Contains;

namespace {

/// What the server does with a request that it has read, and with the connection behind it.
enum class Does { answers, answers_and_closes_later, announces_the_close, closes, resets, cuts };

std::ostream& operator<<(std::ostream& out, Does does) {
  constexpr const char* kNames[] = {
      "answers", "answers, then closes", "announces the close", "closes",
      "resets",  "cuts the answer"};
  return out << kNames[static_cast<int>(does)];
}

/// What became of one request.
struct Result {
  std::string outcome, answered;  ///< `answered` is the status of a whole answer
  int delivered = 0, on_new = 0;  ///< how often a server read it, and on how many new connections
};

/// A server in the thread of the test: all it does is done when `ask` returns.
class Server {
 public:
  explicit Server(const char* program) : program_(program, listener_.port()) {}

  Result ask(const std::string& method, const std::vector<Does>& script) {
    Result result;
    program_.say(method + " /" + std::to_string(++asked_));
    while (true) {
      std::vector<pollfd> looked{{program_.output(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}};
      for (const Descriptor& one : connections_)
        looked.push_back({one.get(), POLLIN, 0});
      if (poll(looked.data(), looked.size(), kPatienceMs) <= 0)
        throw std::runtime_error("a request without an outcome");
      if (looked[0].revents != 0) break;
      for (std::size_t i = looked.size(); i-- > 2;) {
        if (looked[i].revents != 0) serve(connections_[i - 2], script, result);
      }
      if (looked[1].revents != 0) {
        connections_.push_back(listener_.accept());
        ++result.on_new;
      }
      std::erase_if(connections_, [](const Descriptor& one) { return one.get() < 0; });
    }
    const std::string line = program_.line(),
                      begins = method + " /" + std::to_string(asked_) + ": ";
    REQUIRE(line.substr(0, begins.size()) == begins);
    result.outcome = line.substr(begins.size());
    if (closes_later_) close_idle();
    closes_later_ = false;
    return result;
  }
  /// Behind the back of the pool: it is not asked anything meanwhile.
  void close_idle() {
    for (Descriptor& one : connections_)
      close_and_be_heard(one);
    connections_.clear();
  }
  void go_away() {
    close_idle();
    listener_.close();
  }

 private:
  void serve(Descriptor& connection, const std::vector<Does>& script, Result& result) {
    char bytes[4096];
    if (recv(connection.get(), bytes, sizeof bytes, 0) <= 0) return connection.close();
    const Does does = script[std::min<std::size_t>(result.delivered, script.size() - 1)];
    ++result.delivered;
    const std::string status = std::to_string(200 + ++answers_ % 300);
    const std::string head = "HTTP/1.1 " + status + " x\r\nContent-Length: 10\r\n";
    if (does == Does::closes) return connection.close();
    if (does == Does::resets) return reset(connection);
    if (does == Does::cuts) {
      send_all(connection, head + "\r\n12345");
      return connection.close();
    }
    const bool announces = does == Does::announces_the_close;
    send_all(connection, head + (announces ? "Connection: close\r\n" : "") + "\r\n1234567890");
    result.answered = status;
    if (announces) connection.close();
    closes_later_ |= does == Does::answers_and_closes_later;
  }

  Listener listener_;
  Program program_;
  std::vector<Descriptor> connections_;
  bool closes_later_ = false;
  int asked_ = 0, answers_ = 0;
};

}  // namespace

TEST_CASE("embedded pool: a connection that died behind its back", "[examples][embed]") {
  SECTION("is not used again: the request goes out once, on a new one") {
    Server server(EMBED_POOL);
    CHECK(server.ask("GET", {Does::answers}).on_new == 1);
    CHECK(server.ask("POST", {Does::answers}).on_new == 0);
    server.close_idle();
    for (const char* method : {"POST", "GET"}) {
      const Result result = server.ask(method, {Does::answers});
      CHECK(result.outcome == result.answered);
      CHECK(result.delivered == 1);
      CHECK(result.on_new == 1);
      server.close_idle();
    }
  }
  SECTION("is used by the same program on a table that does not look: and that is said") {
    Server server(EMBED_POOL_BLIND);
    server.ask("POST", {Does::answers});
    server.close_idle();
    const Result result = server.ask("POST", {Does::answers});
    CHECK(result.delivered == 0);
    CHECK_THAT(result.outcome, Contains("UC:") || Contains("UR:"));
  }
}

TEST_CASE("embedded pool: a request on a connection that dies under it", "[examples][embed]") {
  Server server(EMBED_POOL);
  for (const Does does : {Does::closes, Does::resets}) {
    server.ask("GET", {Does::answers});
    const Result again = server.ask("GET", {does, Does::answers});
    CHECK(again.outcome == again.answered);
    CHECK(again.delivered == 2);
    const Result gives_up = server.ask("GET", {does});
    CHECK_THAT(gives_up.outcome, Contains(does == Does::closes ? "UC:" : "UR:"));
    CHECK(gives_up.delivered == 2);
    const Result once = server.ask("POST", {does, Does::answers});
    CHECK_THAT(once.outcome, Contains(does == Does::closes ? "UC:" : "UR:"));
    CHECK(once.delivered == 1);
  }
  const Result cut = server.ask("GET", {Does::cuts, Does::answers});
  CHECK_THAT(cut.outcome, Contains("UPE:"));
  CHECK(cut.delivered == 1);
  server.go_away();
  CHECK_THAT(server.ask("GET", {Does::answers}).outcome, Contains("UF:"));
}

TEST_CASE("embedded pool: whatever the server does", "[examples][embed]") {
  rc::prop("each request has one outcome: its own answer, or why there is none", [] {
    Server server(EMBED_POOL);
    // Five at most: the kernel takes its time to acknowledge a FIN.
    const auto posts = rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>());
    for (const bool post : *rc::gen::resize(5, posts)) {
      const auto script = *rc::gen::container<std::vector<Does>>(
          2, rc::gen::element(Does::answers, Does::answers_and_closes_later,
                              Does::announces_the_close, Does::closes, Does::resets, Does::cuts));
      const Result result = server.ask(post ? "POST" : "GET", script);
      if (result.answered.empty())
        RC_ASSERT(result.outcome.front() == 'U');
      else
        RC_ASSERT(result.outcome == result.answered);
      // A server read it, so no dead connection was taken for a living one; a POST is never sent
      // twice.
      RC_ASSERT(result.delivered >= 1);
      RC_ASSERT(result.delivered <= (post ? 1 : 2));
    }
  });
}
