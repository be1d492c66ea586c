// The proxy without sockets (runtime/core/proxy.hpp), between sockets that a test plays.
#include "runtime/core/proxy.hpp"

#include "property_tests/runtime/kept_journal.hpp"

#include <catch2/catch.hpp>
#include <malloc.h>
#include <rapidcheck/catch.h>

#include <map>
#include <set>

using namespace halfclose;
using namespace halfclose::runtime;

namespace {

using Catch::Contains;
using Catch::StartsWith;

/// Both ends of every socket of the proxy.
class World : public Transport, public Observer {
 public:
  struct Socket {
    std::string sent;
    bool open = true, shut = false, wanted = false;
    std::size_t room = SIZE_MAX, sends = 0;
    bool broken = false;
  };

  explicit World(const Settings& settings)
      : settings(settings), proxy(settings, *this, this, &journal) {
    proxy.at(now);
  }
  /// Whatever a test is about, each step was one of the model.
  ~World() override { CHECK(divergence_of(journal.entries(), settings) == ""); }

  Handle client() {
    const Handle handle = proxy.accepted();
    if (handle != Proxy::kNobody) sockets[handle].open = true;
    return handle;
  }
  /// The connection to a server that was opened last, established.
  Handle server() {
    REQUIRE_FALSE(opened.empty());
    const Handle handle = opened.back();
    establish(handle);
    return handle;
  }
  void establish(Handle handle) {
    connecting.erase(handle);
    proxy.connected(handle);
  }
  /// Ends that are open, of clients or of servers.
  std::vector<Handle> ends(bool servers) const {
    std::vector<Handle> all;
    for (const auto& [handle, socket] : sockets) {
      if (socket.open && (handle & 1) == (servers ? 1u : 0u)) all.push_back(handle);
    }
    return all;
  }
  void pass(Time time) {
    // As a loop would: no deadline is skipped over.
    for (const Time end = now + time; now < end;) {
      now = std::min(end, now + 10);
      proxy.at(now);
      proxy.expire();
      proxy.end_turn();
    }
  }
  std::string take(Handle handle) { return std::exchange(sockets[handle].sent, {}); }

  Opening connect(Handle handle, std::size_t address) override {
    tried.push_back(address);
    if (ends(true).size() >= room) return Opening::no_room;
    sockets[handle] = {};
    if (refuses || refusing.contains(address)) return Opening::refused;
    connecting.insert(handle);
    opened.push_back(handle);
    return Opening::begun;
  }
  std::size_t send(Handle handle, std::string_view bytes) override {
    Socket& one = sockets[handle];
    REQUIRE(one.open);
    REQUIRE_FALSE(one.shut);
    ++one.sends;
    if (one.broken) return kFailed;
    const std::size_t taken = std::min(bytes.size(), one.room);
    if (one.room != SIZE_MAX) one.room -= taken;
    one.sent.append(bytes.substr(0, taken));
    return taken;
  }
  void shutdown_write(Handle handle) override { sockets[handle].shut = true; }
  void close(Handle handle) override {
    REQUIRE(sockets[handle].open);
    sockets[handle].open = false;
    connecting.erase(handle);
    closed.push_back(handle);
  }
  void want_input(Handle handle, bool wanted) override {
    if (!sockets[handle].open) sockets[handle] = {};
    sockets[handle].wanted = wanted;
  }
  bool peek_dead(Handle) override { return dead; }
  void over(const RequestRecord& record) override {
    log.push_back(std::string(record.method) + " " + std::string(record.target) + " " +
                  std::to_string(record.status) + " " + std::string(record.failure));
  }

  std::map<Handle, Socket> sockets;
  std::vector<Handle> opened, closed;
  std::vector<std::string> log;
  bool refuses = false, dead = false;
  std::set<std::size_t> refusing;  ///< addresses
  std::set<Handle> connecting;
  std::vector<std::size_t> tried;
  std::size_t room = SIZE_MAX;  ///< connections to servers
  Time now = 1'000'000;
  Settings settings;
  KeptJournal journal;
  Proxy proxy;
};

std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string post(const std::string& content, const std::string& fields = {}) {
  return "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(content.size()) +
         "\r\n" + fields + "\r\n" + content;
}
const std::string kChunked = "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
std::string ok(const std::string& content, const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) + "\r\n" + fields +
         "\r\n" + content;
}

/// A client, a server, and a connection between proxy and server that was used once.
struct Warm : World {
  explicit Warm(const Settings& settings) : World(settings) {
    c = client();
    proxy.received(c, get("/first"));
    s = server();
    take(s);
    proxy.received(s, ok("1"));
    REQUIRE_THAT(take(c), StartsWith("HTTP/1.1 200 OK"));
    proxy.end_turn();
  }
  Handle c = 0, s = 0;
};

}  // namespace

TEST_CASE("runtime proxy: a request and its response", "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  world.proxy.received(c, get("/a", "Connection: keep-alive\r\n"));
  const Handle s = world.server();
  CHECK(world.take(s) == "GET /a HTTP/1.1\r\nHost: h\r\nVia: 1.1 halfclose\r\n\r\n");
  world.proxy.received(s, ok("hello", "Keep-Alive: timeout=5\r\n"));
  CHECK(world.take(c) == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 halfclose\r\n\r\nhello");
  CHECK(world.log == std::vector<std::string>{"GET /a 200 "});
  SECTION("and the next one on the same connections") {
    world.proxy.received(c, get("/b"));
    CHECK_THAT(world.take(s), StartsWith("GET /b"));
    CHECK(world.opened.size() == 1);
  }
}

TEST_CASE("runtime proxy: the ends of the hops are each other's business not",
          "[runtime][rfc9112-9.6]") {
  const Settings settings = usual();
  Warm world(settings);
  SECTION("a client that says close does not close the server's connection") {
    world.proxy.received(world.c, get("/b", "Connection: close\r\n"));
    CHECK_THAT(world.take(world.s), !Contains("Connection"));
    world.proxy.received(world.s, ok("2"));
    CHECK_THAT(world.take(world.c), Contains("Connection: close"));
    CHECK_FALSE(world.sockets[world.c].open);
    CHECK(world.sockets[world.s].open);
  }
  SECTION("a server that says close does not close the client's") {
    world.proxy.received(world.c, get("/b"));
    world.proxy.received(world.s, ok("2", "Connection: close\r\n"));
    CHECK_THAT(world.take(world.c), !Contains("Connection"));
    CHECK(world.sockets[world.c].open);
    CHECK_FALSE(world.sockets[world.s].open);
  }
  SECTION("a client that ends while idle leaves the pool alone") {
    world.proxy.ended(world.c);
    CHECK_FALSE(world.sockets[world.c].open);
    CHECK(world.sockets[world.s].open);
    CHECK(world.proxy.upstreams() == 1);
  }
}

TEST_CASE("runtime proxy: a pooled connection that is dead", "[runtime][rfc9110-9.2.2]") {
  const Settings settings = usual();
  Warm world(settings);
  const auto now = [&](const std::string& request) {
    world.proxy.received(world.c, request);
    world.proxy.ended(world.s);
    world.proxy.end_turn();
  };
  SECTION("known before: it is not used") {
    world.proxy.ended(world.s);
    CHECK_FALSE(world.sockets[world.s].open);
    world.proxy.received(world.c, get("/b"));
    CHECK(world.opened.size() == 2);
    CHECK(world.proxy.counters().stale_in_pool == 1);
  }
  SECTION("a GET is sent again, on a new connection") {
    now(get("/b"));
    CHECK(world.take(world.c).empty());
    REQUIRE(world.opened.size() == 2);
    const Handle again = world.server();
    CHECK_THAT(world.take(again), StartsWith("GET /b"));
    world.proxy.received(again, ok("2"));
    CHECK_THAT(world.take(world.c), StartsWith("HTTP/1.1 200"));
    CHECK(world.proxy.counters().retries == 1);
  }
  SECTION("a POST is not: its client is told") {
    now(post("x"));
    CHECK(world.opened.size() == 1);
    CHECK_THAT(world.take(world.c), StartsWith("HTTP/1.1 502"));
    CHECK(world.log.back() == "POST /p 502 UC");
    CHECK(world.sockets[world.c].open);
  }
  SECTION("a PUT with kept content is sent again whole") {
    std::string put = post("content");
    put.replace(0, 4, "PUT");
    now(put);
    const Handle again = world.server();
    CHECK_THAT(world.take(again), StartsWith("PUT /p") && Contains("\r\n\r\ncontent"));
  }
  SECTION("a PUT of which more was passed on than is kept is not") {
    world.proxy.received(world.c, "PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
    for (int i = 0; i < 10; ++i)
      world.proxy.received(world.c, std::string(10'000, 'x'));
    world.proxy.ended(world.s);
    CHECK(world.opened.size() == 1);
    CHECK_THAT(world.take(world.c), StartsWith("HTTP/1.1 502") && Contains("Connection: close"));
  }
}

TEST_CASE("runtime proxy: informational responses", "[runtime][rfc9110-15.2]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nKeep-Alive: x\r\n\r\n";
  SECTION("go on, each before the response") {
    world.proxy.received(c, get("/a"));
    const Handle s = world.server();
    world.proxy.received(s, hints + hints + "HTTP/1.1 100 Continue\r\n\r\n" + ok("1"));
    const std::string once = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nVia: 1.1 halfclose\r\n\r\n";
    CHECK(world.take(c) == once + once +
                               "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
                               "Via: 1.1 halfclose\r\n\r\n1");
    CHECK(world.log == std::vector<std::string>{"GET /a 200 "});
  }
  SECTION("do not go to HTTP/1.0") {
    world.proxy.received(c, "GET /a HTTP/1.0\r\n\r\n");
    world.proxy.received(world.server(), hints + ok("1"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 200"));
  }
  SECTION("do not keep a failure from being told") {
    world.proxy.received(c, post("x"));
    const Handle s = world.server();
    world.proxy.received(s, hints);
    world.proxy.ended(s);
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 103") && Contains("HTTP/1.1 502"));
  }
  SECTION("to a client that is gone by then") {
    world.proxy.received(c, get("/a"));
    const Handle s = world.server();
    world.sockets[c].broken = true;
    world.proxy.received(s, hints + ok("1"));
    CHECK_FALSE(world.sockets[c].open);
    CHECK_FALSE(world.sockets[s].open);
  }
  SECTION("but no switch of protocols, which nobody asked for") {
    world.proxy.received(c, get("/a", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
    const Handle s = world.server();
    CHECK_THAT(world.take(s), !Contains("websocket"));
    world.proxy.received(s, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    CHECK_FALSE(world.sockets[s].open);
    CHECK_THAT(world.take(c), !Contains("101"));
  }
}

TEST_CASE("runtime proxy: a response to an unfinished request is not lost",
          "[runtime][rfc9112-9.6]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  world.proxy.received(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nbegin");
  const Handle s = world.server();
  world.proxy.received(s, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
  CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 413") && Contains("Connection: close"));
  // FIN, and everything that still comes is read: closing now would reset the connection.
  CHECK(world.sockets[c].shut);
  REQUIRE(world.sockets[c].open);
  world.proxy.received(c, std::string(100'000, 'x'));
  REQUIRE(world.sockets[c].open);
  SECTION("until the client ends") {
    world.proxy.ended(c);
    CHECK_FALSE(world.sockets[c].open);
  }
  SECTION("or says nothing for too long") {
    world.pass(settings.server_timers.close + 100);
    CHECK_FALSE(world.sockets[c].open);
  }
  CHECK(world.log == std::vector<std::string>{"POST / 413 "});
  CHECK(world.proxy.clients() == 0);
}

TEST_CASE("runtime proxy: content that was there before its connection", "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  std::string put = "PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n";
  world.proxy.received(c, put);
  std::size_t given = 0;
  for (; world.sockets[c].wanted && given < 600'000; given += 10'000)
    world.proxy.received(c, std::string(10'000, 'x'));
  CHECK(given < 400'000);
  const Handle s = world.server();
  REQUIRE(world.sockets[c].wanted);
  for (; given < 600'000; given += 10'000)
    world.proxy.received(c, std::string(10'000, 'x'));
  CHECK(world.take(s).size() > 600'000);
  // It cannot be sent again, and is not.
  world.proxy.ended(s);
  CHECK(world.opened.size() == 1);
  CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502"));
}

TEST_CASE("runtime proxy: a retry has its whole content", "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  // All of it is here before the connection is.
  world.proxy.received(c, "PUT /p HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
                              std::string(100'000, 'x'));
  const Handle s = world.server();
  CHECK(world.take(s).size() > 100'000);
  world.proxy.ended(s);
  REQUIRE(world.opened.size() == 2);
  CHECK_THAT(world.take(world.server()), Contains("\r\n\r\n" + std::string(100'000, 'x')));
}

TEST_CASE("runtime proxy: a connection with bytes too many is not used again",
          "[runtime][rfc9112-9.2]") {
  Settings settings = usual();
  settings.next_loop = GENERATE(false, true);
  settings.connections_max = 1;
  World world(settings);
  const Handle a = world.client(), b = world.client();
  SECTION("behind a response") {
    world.proxy.received(a, get("/a"));
    world.proxy.received(b, get("/b"));
    const Handle s = world.server();
    world.proxy.received(s, ok("1") + ok("poison"));
    world.proxy.end_turn();
    CHECK_THAT(world.take(a), !Contains("poison"));
    CHECK_THAT(world.take(b), !Contains("poison"));
    CHECK(world.opened.size() == 2);
  }
  SECTION("of a request that is not out") {
    world.proxy.received(a, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n");
    const Handle s = world.server();
    world.sockets[s].room = 1'000;
    world.proxy.received(a, std::string(50'000, 'x'));
    world.proxy.received(s, ok("1"));
    CHECK_THAT(world.take(a), StartsWith("HTTP/1.1 200"));
    CHECK_FALSE(world.sockets[s].open);
  }
}

TEST_CASE("runtime proxy: a response that begins early goes on when the request is over",
          "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  world.proxy.received(c, "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf ");
  const Handle s = world.server();
  world.proxy.received(s, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  std::size_t given = 0;
  for (; world.sockets[s].wanted && given < 1'000'000; given += 10'000)
    world.proxy.received(s, std::string(10'000, 'x'));
  CHECK(world.take(c).empty());
  world.proxy.received(c, "done.");
  CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 200"));
  REQUIRE(world.sockets[s].wanted);
  for (; given < 1'000'000; given += 10'000)
    world.proxy.received(s, std::string(10'000, 'x'));
  CHECK(world.log == std::vector<std::string>{"POST /p 200 "});
}

TEST_CASE("runtime proxy: bytes that are no request", "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  SECTION("two lengths") {
    world.proxy.received(c, get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 400") && Contains("Connection: close"));
  }
  SECTION("a head without end") {
    world.proxy.received(c, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100 && !world.sockets[c].shut; ++i)
      world.proxy.received(c, std::string(1'000, 'a'));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 431"));
  }
  SECTION("a chunk without a size, right behind the head") {
    world.proxy.received(c, kChunked + "zz\r\n");
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 400") && Contains("Connection: close") &&
                                  Contains("malformed chunk"));
  }
  for (const Handle server : world.opened)
    CHECK_FALSE(world.sockets[server].open);
  CHECK(world.sockets[c].shut);
  CHECK(world.proxy.counters().malformed == 1);
  CHECK(world.proxy.counters().clients_gone == 0);
  world.proxy.ended(c);
  CHECK(world.proxy.clients() == 0);
}

TEST_CASE("runtime proxy: a chunk that is none", "[runtime][rfc9112-7.1]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  world.proxy.received(c, kChunked + "3\r\nabc\r\n");
  const Handle s = world.server();
  CHECK_THAT(world.take(s), Contains("3\r\nabc\r\n"));
  SECTION("is answered, and its server has no end of the request") {
    world.proxy.received(c, "no size\r\n0\r\n\r\n");
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 400") && Contains("Connection: close"));
    CHECK(world.take(s).empty());
    CHECK_FALSE(world.sockets[s].open);
    // It may still be sending.
    REQUIRE(world.sockets[c].open);
    CHECK(world.sockets[c].shut);
    world.proxy.received(c, get("/smuggled"));
    CHECK(world.opened.size() == 1);
    world.proxy.ended(c);
    CHECK_FALSE(world.sockets[c].open);
    CHECK(world.log == std::vector<std::string>{"POST /p 400 "});
  }
  SECTION("behind a response that was held back: that one is not sent") {
    world.proxy.received(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    world.proxy.received(c, "no size\r\n");
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 400") && !Contains("half"));
    CHECK_FALSE(world.sockets[s].open);
  }
  SECTION("behind an early response: its reader is left to read that") {
    world.proxy.received(s, ok("early"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 200"));
    world.proxy.received(c, "no size\r\n");
    CHECK(world.take(c).empty());
    CHECK(world.sockets[c].shut);
  }
}

TEST_CASE("runtime proxy: a request that fails at once leaves its connection as it should be",
          "[runtime]") {
  Settings settings = usual();
  World world(settings);
  world.refuses = true;
  const Handle c = world.client();
  SECTION("reading the next one") {
    world.proxy.received(c, get("/a"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502"));
    REQUIRE(world.sockets[c].wanted);
    world.proxy.received(c, get("/b"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502"));
  }
  SECTION("answered before the content that was there with it") {
    world.proxy.begin_turn();
    world.proxy.received(c, post("content"));
    world.proxy.end_turn();
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502") && Contains("Connection: close"));
    CHECK(world.sockets[c].shut);
  }
  SECTION("with its 100 before the response") {
    world.proxy.received(
        c, "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502"));
    CHECK(world.sockets[c].shut);
  }
}

TEST_CASE("runtime proxy: failures have names", "[runtime][rfc9110-15.6]") {
  Settings settings = usual();
  SECTION("no connection") {
    World world(settings);
    world.refuses = true;
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502"));
    CHECK(world.log.back() == "GET /a 502 UF");
  }
  SECTION("no response in time") {
    World world(settings);
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    world.server();
    world.pass(settings.client_timers.response + 100);
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 504"));
    CHECK(world.log.back() == "GET /a 504 UT");
    CHECK(world.proxy.upstreams() == 0);
  }
  SECTION("no room to wait") {
    settings.connections_max = 1;
    settings.waiting_max = 1;
    World world(settings);
    for (int i = 0; i < 2; ++i)
      world.proxy.received(world.client(), get("/a"));
    const Handle third = world.client();
    world.proxy.received(third, get("/c"));
    CHECK_THAT(world.take(third), StartsWith("HTTP/1.1 503"));
    CHECK(world.log.back() == "GET /c 503 UO");
  }
  SECTION("no room for a connection") {
    World world(settings);
    world.room = 0;
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 503"));
    CHECK(world.log.back() == "GET /a 503 UO");
  }
  SECTION("a response that ends early ends the client's connection") {
    World world(settings);
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    const Handle s = world.server();
    world.proxy.received(s, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    CHECK_THAT(world.take(c), Contains("half"));
    world.proxy.ended(s);
    CHECK_FALSE(world.sockets[c].open);
    CHECK(world.log.back() == "GET /a 200 UPE");
  }
}

TEST_CASE("runtime proxy: where the host has no room for a connection", "[runtime]") {
  Settings settings = usual();
  settings.addresses = 2;
  World world(settings);
  world.room = 1;
  const Handle a = world.client(), b = world.client();
  world.proxy.received(a, get("/a"));
  const Handle s = world.server();
  world.proxy.received(b, get("/b"));
  SECTION("a request waits until one is free, and no server is blamed") {
    CHECK(world.take(b).empty());
    world.proxy.received(s, ok("a"));
    world.proxy.end_turn();
    CHECK_THAT(world.take(s), Contains("GET /a") && Contains("GET /b"));
    world.proxy.received(s, ok("b"));
    CHECK_THAT(world.take(b), Contains("200"));
    CHECK(world.proxy.counters().reuses == 1);
  }
  SECTION("a request waits until there is") {
    world.room = 2;
    world.proxy.end_turn();
    CHECK_THAT(world.take(world.server()), Contains("GET /b"));
  }
  SECTION("each address is tried once in a turn, however many requests wait") {
    for (int i = 0; i < 10; ++i)
      world.proxy.received(world.client(), get("/c"));
    world.tried.clear();
    world.proxy.end_turn();
    CHECK(world.tried.size() == 2);
  }
  SECTION("a request that waits fails when the last one is gone") {
    world.room = 0;
    world.proxy.failed(s);
    world.proxy.end_turn();
    CHECK_THAT(world.take(a), StartsWith("HTTP/1.1 503"));
    CHECK_THAT(world.take(b), StartsWith("HTTP/1.1 503"));
  }
  CHECK(world.proxy.counters().shunned == 0);
  CHECK(world.proxy.counters().no_room > 0);
}

TEST_CASE("runtime proxy: an address that fails is passed over", "[runtime]") {
  using Tried = std::vector<std::size_t>;
  Settings settings = usual();
  settings.addresses = 2;
  World world(settings);
  /// One request on a connection of its own. @return what became of it
  const auto ask = [&](auto with_server) {
    const Handle c = world.client();
    world.tried.clear();
    world.opened.clear();
    world.proxy.received(c, get("/a", "Connection: close\r\n"));
    if (!world.opened.empty()) with_server();
    return world.take(c).substr(0, 12);
  };
  const auto answer = [&] {
    const Handle s = world.server();
    world.proxy.received(s, ok("1", "Connection: close\r\n"));
  };
  const auto reset = [&] { world.proxy.failed(world.server()); };
  const auto reset_twice = [&] {
    reset();
    reset();
  };
  SECTION("when it refuses a connection: the next one is tried, and then it first") {
    world.refusing = {0};
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0, 1});
    for (int i = 0; i < 3; ++i) {
      CHECK(ask(answer) == "HTTP/1.1 200");
      CHECK(world.tried == Tried{1});
    }
    // The time doubles each time, up to a limit, and is forgotten when it answers.
    for (const Time shunned : {10'000, 20'000, 40'000, 80'000, 160'000, 300'000, 300'000}) {
      world.pass(shunned - 100);
      CHECK(ask(answer) == "HTTP/1.1 200");
      CHECK(world.tried == Tried{1});
      world.pass(100);
      CHECK(ask(answer) == "HTTP/1.1 200");
      CHECK(world.tried == Tried{0, 1});
    }
    world.refusing.clear();
    world.pass(300'000);
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0});
    world.refusing = {0};
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0, 1});
    world.pass(10'000);
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0, 1});
    CHECK(world.proxy.counters().shunned == 10);
  }
  SECTION("when nothing comes of the connection in time") {
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    world.pass(settings.connect_timeout - 100);
    CHECK(world.tried == Tried{0});
    world.pass(200);
    REQUIRE(world.tried == Tried{0, 1});
    CHECK_FALSE(world.sockets[world.opened[0]].open);
    answer();
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 200"));
    CHECK(world.proxy.counters().connect_timeouts == 1);
    // One that came in time has no such deadline any more.
    world.pass(settings.connect_timeout + 100);
    CHECK(world.proxy.counters().connect_timeouts == 1);
  }
  SECTION("when it resets new connections three times in a row") {
    CHECK(ask(reset_twice) == "HTTP/1.1 502");  // one each
    CHECK(ask(reset_twice) == "HTTP/1.1 502");
    CHECK(world.proxy.counters().shunned == 0);
    CHECK(ask([&] {
            reset();
            answer();
          }) == "HTTP/1.1 200");
    REQUIRE(world.tried == Tried{0, 1});
    CHECK(world.proxy.counters().shunned == 1);
    for (int i = 0; i < 3; ++i) {
      CHECK(ask(answer) == "HTTP/1.1 200");
      CHECK(world.tried == Tried{1});
    }
    // It has one try when the time is over, not three.
    world.pass(10'000);
    CHECK(ask([&] {
            reset();
            answer();
          }) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0, 1});
    CHECK(world.proxy.counters().shunned == 2);
  }
  SECTION("not when its pooled connections end: that is a race") {
    for (int i = 0; i < 6; ++i) {
      const Handle c = world.client();
      world.proxy.received(c, get("/a"));
      Handle s = world.server();
      world.proxy.received(s, ok("1"));
      world.proxy.end_turn();
      world.proxy.received(c, post("x"));
      world.proxy.failed(s);
      CHECK_THAT(world.take(c), Contains("HTTP/1.1 502"));
    }
    CHECK(world.proxy.counters().shunned == 0);
  }
  SECTION("nor when it fails behind the first byte of a response") {
    for (int i = 0; i < 4; ++i) {
      ask([&] {
        const Handle s = world.server();
        world.proxy.received(s, "HTTP/1.1 200 OK\r\n");
        world.proxy.failed(s);
        answer();
      });
    }
    CHECK(world.proxy.counters().shunned == 0);
  }
  SECTION("its pooled connections are, too, as long as there is another way") {
    const Handle c = world.client();
    world.proxy.received(c, get("/a"));
    const Handle pooled = world.server();
    world.proxy.received(pooled, ok("1"));
    world.proxy.end_turn();
    world.proxy.received(c, get("/slow"));  // takes it
    world.refusing = {0};
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{0, 1});
    world.proxy.received(pooled, ok("1"));
    world.proxy.end_turn();
    world.take(pooled);
    CHECK(ask(answer) == "HTTP/1.1 200");
    CHECK(world.tried == Tried{1});
    // When all are shunned, all are tried: the pool first.
    world.refusing = {0, 1};
    CHECK(ask(answer) == "HTTP/1.1 502");
    world.proxy.received(c, get("/b"));
    CHECK_THAT(world.take(pooled), StartsWith("GET /b"));
  }
  SECTION("but a request is never refused for it alone") {
    world.refusing = {0, 1};
    CHECK(ask(answer) == "HTTP/1.1 502");
    CHECK(world.tried.size() == 2);
    for (int i = 0; i < 4; ++i) {
      CHECK(ask(answer) == "HTTP/1.1 502");
      CHECK(world.tried.size() == 2);
    }
    world.refusing = {0};
    CHECK(ask(answer) == "HTTP/1.1 200");
  }
  SECTION("what is not to be sent again is not, not even to another address") {
    world.refusing = {0};
    const Handle c = world.client();
    world.proxy.received(c, post("x"));
    CHECK_THAT(world.take(c), StartsWith("HTTP/1.1 502"));
    CHECK(world.tried == Tried{0});
  }
}

TEST_CASE("runtime proxy: the races it meets are counted", "[runtime]") {
  using Server = http1::server::ServerConnection;
  using Client = http1::client::ClientConnection;
  Settings settings = usual();
  settings.client.peeks = GENERATE(false, true);
  Warm world(settings);
  const Counters& counters = world.proxy.counters();
  const Gauges& gauges = world.proxy.gauges();
  CHECK((gauges.clients == 1 && gauges.servers == 1 && gauges.pooled == 1 && gauges.waiting == 0));
  SECTION("a connection that ended in the pool") {
    world.proxy.failed(world.s);
    world.proxy.end_turn();
    CHECK(counters.stale_in_pool == 1);
    CHECK(counters.server_resets[machine::state_id<Client, http1::client::Ready>()] == 1);
    CHECK((gauges.servers == 0 && gauges.pooled == 0));
  }
  SECTION("one that a look at it showed") {
    world.dead = true;
    world.proxy.received(world.c, get("/b"));
    CHECK(counters.stale_on_peek == (settings.client.peeks ? 1 : 0));
    CHECK(counters.retries == 0);
  }
  SECTION("one that was lost in use") {
    world.proxy.received(world.c, get("/b"));
    world.proxy.failed(world.s);
    CHECK(counters.stale_in_use == 1);
    CHECK(counters.server_resets[machine::state_id<Client, http1::client::Waiting>()] == 1);
    world.proxy.failed(world.server());
    CHECK(counters.stale_in_use == 1);
    CHECK((counters.failed_reset == 1 && counters.retries == 1));
  }
  SECTION("a client that resets, and one that cannot be written to") {
    world.proxy.received(world.c, get("/b"));
    world.proxy.failed(world.c);
    CHECK(counters.client_resets[machine::state_id<Server, http1::server::Answering>()] == 1);
    const Handle other = world.client();
    world.proxy.received(other, get("/c"));
    world.sockets[other].broken = true;
    world.proxy.received(world.server(), ok("1"));
    CHECK(counters.client_resets[machine::state_id<Server, http1::server::Answering>()] == 2);
  }
  SECTION("a server that says that it closes") {
    world.proxy.received(world.c, get("/b"));
    world.proxy.received(world.s, ok("2", "Connection: close\r\n"));
    CHECK(counters.told_to_close == 1);
  }
}

TEST_CASE("runtime proxy: who waits is served when the turn is over", "[runtime]") {
  Settings settings = usual();
  settings.connections_max = 1;
  World world(settings);
  const Handle a = world.client(), b = world.client();
  world.proxy.received(a, get("/a"));
  const Handle s = world.server();
  world.proxy.received(b, get("/b"));
  world.take(s);
  world.proxy.received(s, ok("1"));
  CHECK(world.take(s).empty());
  SECTION("on the connection that became free") {
    world.proxy.end_turn();
    CHECK_THAT(world.take(s), StartsWith("GET /b"));
  }
  SECTION("unless its end was in the same turn: then on another") {
    world.proxy.ended(s);
    world.proxy.end_turn();
    REQUIRE(world.opened.size() == 2);
    CHECK_THAT(world.take(world.server()), StartsWith("GET /b"));
  }
  SECTION("not when it is gone") {
    world.proxy.failed(b);
    world.proxy.end_turn();
    CHECK(world.take(s).empty());
  }
}

TEST_CASE("runtime proxy: what leaves in a turn leaves at its end", "[runtime]") {
  const Settings settings = usual();
  Warm world(settings);
  world.sockets[world.s].sends = world.sockets[world.c].sends = 0;
  const auto turn = [&](auto what) {
    world.proxy.begin_turn();
    what();
    CHECK(world.sockets[world.s].sent.empty());
    CHECK(world.sockets[world.c].sent.empty());
    world.proxy.end_turn();
  };
  SECTION("a head and its content as one piece") {
    const std::string request = post("content");
    turn([&] {
      for (const char& byte : request)
        world.proxy.received(world.c, {&byte, 1});
    });
    CHECK_THAT(world.take(world.s), StartsWith("POST /p") && Contains("\r\n\r\ncontent"));
    CHECK(world.sockets[world.s].sends == 1);
    turn([&] { world.proxy.received(world.s, ok("2")); });
    CHECK_THAT(world.take(world.c), StartsWith("HTTP/1.1 200"));
    CHECK(world.sockets[world.c].sends == 1);
  }
  SECTION("responses in the order of the requests, and the close behind the last") {
    turn([&] {
      world.proxy.received(world.c, get("/a") + get("/b") + get("/c", "Connection: close\r\n"));
    });
    for (const std::string name : {"/a", "/b", "/c"}) {
      CHECK_THAT(world.take(world.s), StartsWith("GET " + name));
      CHECK(world.sockets[world.c].open);
      turn([&] { world.proxy.received(world.s, ok("to " + name)); });
      const std::string response = world.take(world.c);
      CHECK_THAT(response, Contains("to " + name));
      CHECK((response.find("Connection: close") != response.npos) == (name == "/c"));
    }
    CHECK_FALSE(world.sockets[world.c].open);
  }
  SECTION("nothing to a client that is gone, or to the next one in its place") {
    world.proxy.received(world.c, get("/b"));
    world.take(world.s);
    Handle next = Proxy::kNobody;
    turn([&] {
      world.proxy.received(world.s, ok("2"));
      world.proxy.failed(world.c);
      next = world.client();
    });
    REQUIRE(next == world.c);
    CHECK(world.take(next).empty());
    CHECK(world.log.back() == "GET /b 0 DC");
  }
  SECTION("a failure then is one of the connection: the request is sent again") {
    world.sockets[world.s].broken = true;
    turn([&] { world.proxy.received(world.c, get("/b")); });
    CHECK(world.sockets[world.s].sends == 1);
    turn([&] { world.proxy.ended(world.s); });
    REQUIRE(world.opened.size() == 2);
    const Handle again = world.server();
    CHECK_THAT(world.take(again), StartsWith("GET /b"));
  }
}

TEST_CASE("runtime proxy: a slow reader costs no memory", "[runtime]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  world.sockets[c].room = 1'000;
  world.proxy.received(c, get("/big"));
  const Handle s = world.server();
  world.proxy.received(s, "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n");
  std::size_t given = 0;
  while (world.sockets[s].wanted && given < 10'000'000) {
    world.proxy.received(s, std::string(10'000, 'x'));
    given += 10'000;
  }
  CHECK(given < 400'000);
  for (int i = 0; i < 2'000 && given < 10'000'000; ++i) {
    world.sockets[c].room = 100'000;
    world.proxy.writable(c);
    while (world.sockets[s].wanted && given < 10'000'000) {
      world.proxy.received(s, std::string(10'000, 'x'));
      given += 10'000;
    }
  }
  world.sockets[c].room = SIZE_MAX;
  world.proxy.writable(c);
  CHECK(given == 10'000'000);
  const std::string got = world.take(c);
  CHECK(got.size() - got.find("\r\n\r\n") - 4 == 10'000'000);
  CHECK(world.sockets[c].wanted);
}

TEST_CASE("runtime proxy: empty lines are not kept", "[runtime][rfc9112-2.2]") {
  const Settings settings = usual();
  World world(settings);
  const Handle c = world.client();
  std::string empty;
  while (empty.size() < 64 * 1024)
    empty += "\r\n";
  const std::size_t before = mallinfo2().uordblks;
  for (int i = 0; i < 100; ++i)
    world.proxy.received(c, empty);
  CHECK(mallinfo2().uordblks < before + (1 << 20));
  world.proxy.received(c, "\r");
  world.proxy.received(c, "\n" + get("/behind"));
  CHECK_THAT(world.take(world.server()), StartsWith("GET /behind HTTP/1.1\r\n"));
}

TEST_CASE("runtime proxy: shutting down loses no request", "[runtime]") {
  const Settings settings = usual();
  Warm world(settings);
  world.proxy.shut_down();
  // The idle connection stays, and its next response says that it is the last.
  REQUIRE(world.sockets[world.c].open);
  world.proxy.received(world.c, get("/last"));
  world.proxy.received(world.s, ok("2"));
  CHECK_THAT(world.take(world.c), Contains("Connection: close"));
  CHECK(world.proxy.clients() == 0);
  CHECK(world.client() == Proxy::kNobody);
}

TEST_CASE("runtime proxy: where the bytes are cut makes no difference", "[runtime]") {
  rc::prop("to pipelined requests and their responses", [] {
    const Settings settings = usual();
    World world(settings);
    const Handle c = world.client();
    std::string requests, answered, expected;
    std::vector<std::string> responses;
    const int count = *rc::gen::inRange(1, 5);
    for (int i = 0; i < count; ++i) {
      const std::string content(*rc::gen::inRange<std::size_t>(0, 50), 'c');
      requests += *rc::gen::arbitrary<bool>() ? get("/" + std::to_string(i))
                                              : "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
                                                "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
      responses.push_back(ok(content));
      expected += "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) +
                  "\r\nVia: 1.1 halfclose\r\n\r\n" + content;
    }
    const auto piece = *rc::gen::inRange<std::size_t>(1, 100);
    std::size_t at = 0, done = 0;
    std::string to_server;
    while (done < responses.size()) {
      if (world.sockets[c].wanted && at < requests.size()) {
        world.proxy.received(c, std::string_view(requests).substr(at, piece));
        at += piece;
        continue;
      }
      const Handle s = world.opened.size() == 1 && done == 0 && to_server.empty()
                           ? world.server()
                           : world.opened.back();
      to_server += world.take(s);
      RC_ASSERT(world.opened.size() == 1u);
      for (std::size_t from = 0; from < responses[done].size(); from += piece)
        world.proxy.received(s, std::string_view(responses[done]).substr(from, piece));
      ++done;
      world.proxy.end_turn();
    }
    RC_ASSERT(world.take(c) == expected);
    RC_ASSERT(world.log.size() == responses.size());
  });
}

TEST_CASE("runtime proxy: any history", "[runtime]") {
  const std::vector<std::string> said_by_clients = {
      get("/a"),
      get("/b", "Connection: close\r\n"),
      post("content"),
      kChunked,
      "3\r\nabc\r\n",
      "0\r\n\r\n",
      "zz\r\n",
      "0\r\nX : y\r\n",
      "GET /0 HTTP/1.0\r\n\r\n",
      "HEAD / HTTP/1.1\r\n",
      "Host: h\r\n\r\n",
      "\r\n",
      "nonsense\r\n\r\n",
      "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n",
      std::string(70'000, 'x')};
  const std::vector<std::string> said_by_servers = {
      ok("1"),
      ok("2", "Connection: close\r\n"),
      "HTTP/1.1 103 Early Hints\r\n\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n",
      "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "3\r\nabc\r\n",
      "0\r\n\r\n",
      "nonsense\r\n\r\n",
      "HTTP/1.1 ",
      std::string(70'000, 'x')};
  rc::prop("leaves nothing behind, and each request has one outcome", [&] {
    Settings settings = usual();
    settings.addresses = *rc::gen::inRange<std::size_t>(1, 4);
    settings.connections_max = *rc::gen::inRange<std::size_t>(1, 4);
    settings.waiting_max = 1;
    settings.clients_max = 4;
    settings.next_loop = *rc::gen::arbitrary<bool>();
    settings.client.peeks = *rc::gen::arbitrary<bool>();
    World world(settings);
    Proxy& proxy = world.proxy;
    const int steps = *rc::gen::inRange(0, 120);
    for (int i = 0; i < steps; ++i) {
      // What is told may be one of many things in a turn.
      if (*rc::gen::arbitrary<bool>()) {
        proxy.end_turn();
        if (*rc::gen::arbitrary<bool>()) proxy.begin_turn();
      }
      const bool servers = *rc::gen::arbitrary<bool>();
      const auto ends = world.ends(servers);
      const int what = *rc::gen::weightedElement<int>(
          {{2, 0}, {8, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 7}});
      if (what == 0 || ends.empty()) {
        if (world.ends(false).size() < settings.clients_max) world.client();
        continue;
      }
      const Handle end = *rc::gen::elementOf(ends);
      World::Socket& socket = world.sockets[end];
      if (what == 2) {
        proxy.failed(end);
      } else if (world.connecting.contains(end)) {
        if (what == 1) world.establish(end);
      } else if (what == 1) {
        const std::string& bytes = *rc::gen::elementOf(servers ? said_by_servers : said_by_clients);
        // As a loop would: in pieces, while they are wanted.
        for (std::size_t at = 0; at < bytes.size() && socket.open && socket.wanted; at += 30'000)
          proxy.received(end, std::string_view(bytes).substr(at, 30'000));
      } else if (what == 3) {
        if (socket.wanted)
          proxy.ended(end);
        else
          proxy.peer_closed(end);
      } else if (what == 4) {
        socket.room = *rc::gen::inRange<std::size_t>(0, 100);
      } else if (what == 5) {
        socket.room = SIZE_MAX;
        proxy.writable(end);
      } else if (what == 6) {
        socket.broken = *rc::gen::arbitrary<bool>();
        world.dead = *rc::gen::arbitrary<bool>();
        world.refusing = *rc::gen::arbitrary<std::set<std::size_t>>();
      } else {
        world.pass(*rc::gen::element<Time>(10, 1'000, 6'000));
      }
    }
    proxy.end_turn();
    RC_CLASSIFY(proxy.counters().retries > 0u, "retries");
    RC_CLASSIFY(proxy.counters().shunned > 0u, "shuns");
    RC_CLASSIFY(proxy.counters().informational > 0u, "informs");
    if (*rc::gen::arbitrary<bool>()) proxy.shut_down();
    for (const Handle client : world.ends(false)) {
      if (world.sockets[client].open) proxy.failed(client);
    }
    RC_ASSERT(proxy.clients() == 0u);
    RC_ASSERT(proxy.counters().requests == world.log.size());
    for (const Handle server : world.ends(true))
      proxy.failed(server);
    RC_ASSERT(proxy.upstreams() == 0u);
    proxy.end_turn();
    RC_ASSERT((proxy.gauges().servers == 0u && proxy.gauges().waiting == 0u));
    // Nobody waits for anything any more.
    world.pass(100'000);
  });
}
