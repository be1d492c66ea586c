// The proxy on real sockets (runtime/io/loop.hpp): a client, a server and the kernel between them.
#include "runtime/io/loop.hpp"

#include "property_tests/runtime/io/peers.hpp"
#include "property_tests/runtime/kept_journal.hpp"

#include <catch2/catch.hpp>
#include <sys/resource.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

using namespace halfclose;
using namespace halfclose::runtime;
using property_tests::Peer;
using property_tests::Server;

namespace {

using Catch::Contains;
using Catch::StartsWith;

/// A proxy in front of `server`, in a thread of its own.
class Running {
 public:
  Running(const Settings& settings, const Server& server)
      : settings_(settings),
        servers_{*parse_address("127.0.0.1:" + std::to_string(server.port()))},
        listener_(listen_on(*parse_address("127.0.0.1:0"), false)),
        port_(static_cast<std::uint16_t>(port_of(listener_))),
        loop_(settings_, listener_, servers_, nullptr, &journal_),
        thread_([this] { left_ = loop_.run(2'000); }) {}
  ~Running() {
    if (thread_.joinable()) stop();
    CHECK(divergence_of(journal_.entries(), settings_) == "");
  }
  std::uint16_t port() const { return port_; }
  /// How much the kernel takes for a client that reads nothing, of those who connect from now on.
  void send_buffer(int bytes) {
    setsockopt(listener_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  }
  /// @return clients that were still there when the grace was over
  std::size_t stop() {
    loop_.stop();
    thread_.join();
    return left_;
  }
  const Counters& counters() const { return loop_.proxy().counters(); }  ///< @pre stopped

 private:
  Settings settings_;
  std::vector<Address> servers_;
  int listener_;
  std::uint16_t port_;
  KeptJournal journal_;
  Loop loop_;
  std::size_t left_ = 0;
  std::thread thread_;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kPost = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

}  // namespace

TEST_CASE("runtime loop: a server that closes without a word", "[runtime][slow]") {
  // It closes behind every third response, and says so in none.
  std::mutex mutex;
  std::map<std::string, int> executed;  // by what each POST says
  Server server([&](Peer& peer) {
    for (int i = 0; i < 3; ++i) {
      const std::string request = peer.message();
      if (request.empty()) return;
      if (request.starts_with("POST")) {
        const std::lock_guard lock(mutex);
        ++executed[request.substr(request.size() - 4)];
      }
      if (!peer.send(kOk)) return;
    }
  });
  Running proxy(usual(), server);
  Peer client(proxy.port());
  int answered = 0, failed = 0, asked = 0;
  for (int i = 0; i < 600; ++i) {
    REQUIRE(client.send(kGet));
    REQUIRE_THAT(client.message(), StartsWith("HTTP/1.1 200"));
    const std::string id = std::to_string(1'000 + i);
    REQUIRE(client.send(kPost + id));
    ++asked;
    const std::string response = client.message();
    REQUIRE_FALSE(response.empty());
    const bool whole = response.starts_with("HTTP/1.1 200");
    ++(whole ? answered : failed);
    if (whole) {
      const std::lock_guard lock(mutex);
      REQUIRE(executed[id] == 1);
    }
    REQUIRE((response.starts_with("HTTP/1.1 200") || response.starts_with("HTTP/1.1 502")));
  }
  client.close();
  CHECK(proxy.stop() == 0);
  // No request is without an outcome, and no POST was executed twice.
  CHECK(answered + failed == asked);
  for (const auto& [id, times] : executed)
    CHECK(times == 1);
  CHECK(proxy.counters().requests == 1'200);
}

TEST_CASE("runtime loop: large content in both directions takes no memory", "[runtime][slow]") {
  constexpr std::size_t kSize = 256u << 20;
  const std::string size = std::to_string(kSize);
  std::atomic<std::size_t> received = 0;
  Server server([&](Peer& peer) {
    const std::string chunk(1 << 16, 'x');
    std::string head;
    // The head without its content, which is dropped as it comes.
    received = peer.drop(kSize);
    if (!peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n")) return;
    for (std::size_t sent = 0; sent < kSize; sent += chunk.size()) {
      if (!peer.send(chunk)) return;
    }
    // What was dropped began with the head: to close now would reset what is on its way.
    peer.drop(SIZE_MAX);
  });
  Running proxy(usual(), server);
  Peer client(proxy.port());
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  REQUIRE(client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + size + "\r\n\r\n"));
  const std::string chunk(1 << 16, 'y');
  for (std::size_t sent = 0; sent < kSize; sent += chunk.size())
    REQUIRE(client.send(chunk));
  CHECK(client.drop(kSize) >= kSize);
  getrusage(RUSAGE_SELF, &after);
  CHECK(received >= kSize);
#ifndef __SANITIZE_ADDRESS__
  CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
#endif
}

TEST_CASE("runtime loop: stopping", "[runtime]") {
  std::atomic<bool> asked = false;
  Server server([&](Peer& peer) {
    while (!peer.message().empty()) {
      asked = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (!peer.send(kOk)) return;
    }
  });
  Running proxy(usual(), server);
  Peer client(proxy.port());
  REQUIRE(client.send(kGet));
  while (!asked)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::thread stopper([&] { CHECK(proxy.stop() == 0); });
  // The request that was under way gets its response, which says that it is the last.
  CHECK_THAT(client.message(), StartsWith("HTTP/1.1 200") && Contains("Connection: close"));
  stopper.join();
  Peer late(proxy.port());
  CHECK(late.message().empty());
}

TEST_CASE("runtime loop: whoever waits to be accepted when it stops is served", "[runtime]") {
  Server server([&](Peer& peer) {
    while (!peer.message().empty() && peer.send(kOk)) {
    }
  });
  Settings settings = usual();
  const bool limited = GENERATE(false, true);
  constexpr std::size_t kWaiting = 300;
  settings.clients_max = limited ? 100 : kWaiting;
  const std::vector<Address> servers = {
      *parse_address("127.0.0.1:" + std::to_string(server.port()))};
  const int listener = listen_on(*parse_address("127.0.0.1:0"), false);
  const auto port = static_cast<std::uint16_t>(port_of(listener));
  Loop loop(settings, listener, servers);
  std::vector<std::unique_ptr<Peer>> clients;
  for (std::size_t i = 0; i < kWaiting; ++i) {
    clients.push_back(std::make_unique<Peer>(port));
    REQUIRE(clients.back()->send(kGet));
  }
  loop.stop();
  std::thread thread([&] { CHECK(loop.run(10'000) == 0); });
  std::size_t served = 0;
  for (const auto& client : clients) {
    const std::string response = client->message();
    if (response.empty()) continue;
    CHECK_THAT(response, StartsWith("HTTP/1.1 200") && Contains("Connection: close"));
    ++served;
  }
  thread.join();
  CHECK(served == settings.clients_max);
}

TEST_CASE("runtime loop: what stands before the end of a client is answered", "[runtime]") {
  Server server([&](Peer& peer) {
    while (!peer.message().empty() && peer.send(kOk)) {
    }
  });
  Running proxy(usual(), server);
  Peer client(proxy.port());
  // More than the proxy holds of what it has not come to.
  constexpr int kRequests = 100;
  const std::string padding(8'000, 'x');
  std::string requests;
  for (int i = 0; i < kRequests; ++i)
    requests += "GET / HTTP/1.1\r\nHost: h\r\nPadding: " + padding + "\r\n\r\n";
  REQUIRE(client.send(requests));
  client.finish();
  for (int i = 0; i < kRequests; ++i)
    REQUIRE_THAT(client.message(), StartsWith("HTTP/1.1 200"));
  CHECK(client.message().empty());
}

TEST_CASE("runtime loop: a response that a reset follows is whole", "[runtime]") {
  // As much as waits in the proxy for a slow client and in the kernels: the end of it is in the
  // kernel of the proxy, towards the server, when the reset comes. How much they take varies.
  constexpr std::size_t kMost = 550'000, kLeast = 300'000, kLess = 30'000;
  std::atomic<std::size_t> size = kMost;
  enum class Taken { unknown, in_part, whole };
  std::atomic<Taken> taken = Taken::unknown;
  Server server([&](Peer& peer) {
    if (peer.message().empty()) return;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
              std::string(size, 'x'));
    taken = peer.reset_when_taken() ? Taken::whole : Taken::in_part;
  });
  Running proxy(usual(), server);
  proxy.send_buffer(32'768);
  for (; size >= kLeast && taken != Taken::whole; size -= kLess) {
    taken = Taken::unknown;
    Peer client(proxy.port());
    REQUIRE(client.send(kGet));
    while (taken == Taken::unknown)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(client.message().size() > size);
  }
  CHECK(taken == Taken::whole);
}
