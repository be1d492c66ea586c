// What `conform` finds in a journal: nothing in a run of the proxy, something in a damaged one.
#include "runtime/conform/replay.hpp"

#include "property_tests/runtime/kept_journal.hpp"
#include "runtime/core/proxy.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

using namespace halfclose;
using namespace halfclose::runtime;

namespace {

using Catch::Contains;

/// Takes every byte, and knows the connections to servers.
class Sink final : public Transport {
 public:
  Opening connect(Handle handle, std::size_t) override {
    servers.push_back(handle);
    return Opening::begun;
  }
  std::size_t send(Handle, std::string_view bytes) override { return bytes.size(); }
  void shutdown_write(Handle) override {}
  void close(Handle) override {}
  void want_input(Handle, bool) override {}
  bool peek_dead(Handle) override { return false; }
  std::vector<Handle> servers;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Two clients: a request each, content, a retry, a response that is cut, an answer of the proxy's
/// own, a client that goes away.
std::vector<JournalEntry> a_run() {
  const Settings settings = usual();
  Sink sink;
  KeptJournal journal;
  Proxy proxy(settings, sink, nullptr, &journal);
  proxy.at(5'000);
  const Handle a = proxy.accepted(), b = proxy.accepted();
  proxy.received(a, kGet);
  proxy.connected(sink.servers.at(0));
  proxy.received(sink.servers[0], kOk);
  proxy.at(5'020);
  proxy.received(a, kPost);
  proxy.received(a, "work");
  proxy.received(sink.servers[0], kOk);
  proxy.received(b, kGet);
  proxy.ended(sink.servers[0]);  // used before: the request goes out again
  proxy.connected(sink.servers.at(1));
  proxy.received(sink.servers[1], kOk);
  proxy.received(a, kGet);
  proxy.received(sink.servers[1], "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
  proxy.ended(sink.servers[1]);
  const Handle c = proxy.accepted();
  proxy.received(c, "GET / HTTP/1.1\r\nHost : h\r\n\r\n");
  proxy.received(b, kPost);
  proxy.failed(b);
  // Every connection that closed is followed by another in its place.
  proxy.failed(c);
  proxy.received(proxy.accepted(), kGet);
  proxy.received(proxy.accepted(), kGet);
  proxy.connected(sink.servers.at(3));
  proxy.connected(sink.servers.at(4));
  return journal.entries();
}

bool is_step(const JournalEntry& entry) {
  return entry.what != Noted::time && entry.what != Noted::refused;
}

}  // namespace

TEST_CASE("conform: a run of the proxy", "[runtime]") {
  const auto entries = a_run();
  CHECK(divergence_of(entries, usual()) == "");
  const Tables tables(usual());
  const Wiring wiring(usual_chain(), 1, tables);
  Replay replay(tables, wiring);
  for (const JournalEntry& entry : entries)
    REQUIRE(replay.take(entry));
  const Replayed result = replay.result();
  CHECK(result.requests == 7);
  CHECK(result.retries == 1);
  CHECK(result.refused == 1);
  CHECK(result.clients == 5);
  CHECK(result.outstanding == 2);
}

TEST_CASE("conform: a step that is missing is found", "[runtime]") {
  const auto entries = a_run();
  const Tables tables(usual());
  std::size_t steps = 0;
  std::string unseen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!is_step(entries[i])) continue;
    ++steps;
    auto damaged = entries;
    damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(i));
    if (divergence_of(damaged, usual()).empty())
      unseen += (entries[i].what == Noted::client ? tables.client : tables.server)
                    .events[entries[i].event] +
                "\n";
  }
  CHECK(steps > 60);
  // One changes nothing where an early response closes anyway; the others are the last of all.
  CHECK(unseen == "graceful shutdown\nconnected\nconnected\n");
}

TEST_CASE("conform: a step that is another is found", "[runtime]") {
  const auto entries = a_run();
  rc::prop("with another state or another connection", [&] {
    auto damaged = entries;
    auto& one = damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())];
    RC_PRE(is_step(one) && one.what != Noted::given);
    if (*rc::gen::arbitrary<bool>())
      one.next = *rc::gen::distinctFrom(rc::gen::inRange<machine::LocalId>(0, 300), one.next);
    else
      one.handle += 2 * *rc::gen::inRange(1u, 4u);
    RC_ASSERT(divergence_of(damaged, usual()) != "");
  });
  // What leads to the same state and has the same consequences is the same step to the model: an
  // end for a reset, say. Few are.
  const Tables tables(usual());
  std::size_t all = 0, seen = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!is_step(entries[i]) || entries[i].what == Noted::given) continue;
    const machine::Table& table = entries[i].what == Noted::server   ? tables.server
                                  : entries[i].what == Noted::client ? tables.client
                                                                     : tables.exchange(false);
    for (machine::EventId event = 0; event < table.events.size(); ++event) {
      if (event == entries[i].event) continue;
      auto damaged = entries;
      damaged[i].event = event;
      ++all;
      seen += divergence_of(damaged, usual()).empty() ? 0 : 1;
    }
  }
  CHECK(all > 1'500);
  CHECK(seen > all * 98 / 100);
}
