// Loops that take over from others (runtime/io/service.hpp) on real sockets: nobody notices.
#include "runtime/io/service.hpp"

#include "property_tests/runtime/io/peers.hpp"

#include <catch2/catch.hpp>
#include <poll.h>

#include <optional>

using namespace halfclose;
using namespace halfclose::runtime;
using property_tests::Peer;
using property_tests::Server;

namespace {

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Settings usual(const std::string& idle_timeout = "75s") {
  const auto chain = deployment::parse_chain(
      "chain:\n  - { name: c, profile: rfc9112 }\n"
      "  - { name: p, profile: halfclose, downstream: { idle_timeout: " +
          idle_timeout + " } }\n  - { name: s, profile: rfc9112 }\n",
      "usual");
  return settings_of(chain.chain.value(), 1);
}

/// Loops in front of a server that answers everything.
struct Site {
  explicit Site(std::size_t loops)
      : server([](Peer& peer) {
          while (!peer.message().empty() && peer.send(kOk)) {
          }
        }) {
    std::vector<int> listeners;
    Address address = *parse_address("127.0.0.1:0");
    for (std::size_t i = 0; i < loops; ++i) {
      listeners.push_back(listen_on(address, loops > 1));
      port = static_cast<std::uint16_t>(port_of(listeners.back()));
      address = *parse_address("127.0.0.1:" + std::to_string(port));
    }
    service.emplace(
        listeners,
        std::vector<Address>{*parse_address("127.0.0.1:" + std::to_string(server.port()))}, 10'000);
  }
  /// Until no loop is left.
  void end() {
    service->stop();
    while (service->reap()) {
      pollfd wanted{.fd = service->over(), .events = POLLIN, .revents = 0};
      poll(&wanted, 1, 10'000);
    }
  }
  Server server;
  std::uint16_t port = 0;
  std::optional<Service> service;
};

/// Asks until it is told to stop, and honours the close option. A request is lost when it has no
/// response.
class Client {
 public:
  Client(std::uint16_t port, bool keeps) : thread_([this, port, keeps] { run(port, keeps); }) {}
  void stop() {
    stopping_ = true;
    thread_.join();
  }
  std::atomic<std::uint64_t> answered{0}, lost{0}, announced{0};

 private:
  void run(std::uint16_t port, bool keeps) {
    std::optional<Peer> peer;
    while (!stopping_) {
      if (!peer) peer.emplace(port);
      const std::string response = peer->send(kGet) ? peer->message() : "";
      ++(response.starts_with("HTTP/1.1 200") ? answered : lost);
      const bool last = response.find("Connection: close") != response.npos;
      if (last) ++announced;
      if (last || !keeps || response.empty()) peer.reset();
    }
  }
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace

TEST_CASE("runtime service: a reload loses no request", "[runtime]") {
  const std::size_t loops = GENERATE(1, 2);
  Site site(loops);
  site.service->run(usual());
  Client keeps(site.port, true), also(site.port, true), anew(site.port, false);
  constexpr std::uint64_t kReloads = 8;
  for (std::uint64_t i = 0; i < kReloads; ++i) {
    for (const Client* client : {&keeps, &also, &anew}) {
      const std::uint64_t until = client->answered + 40;
      while (client->answered < until && client->lost == 0)
        std::this_thread::yield();
    }
    site.service->run(usual(std::to_string(10 + i) + "s"));
    site.service->reap();
  }
  // The loops before the last have announced, and are gone.
  for (Client* client : {&keeps, &also, &anew})
    client->stop();
  CHECK(keeps.announced >= 1);
  CHECK(keeps.announced <= kReloads * loops);
  std::uint64_t answered = 0;
  for (const Client* client : {&keeps, &also, &anew}) {
    CHECK(client->lost == 0);
    answered += client->answered;
  }
  site.end();
  CHECK(site.service->left() == 0);
  const Totals totals = site.service->totals();
  CHECK(totals.reloads == kReloads);
  CHECK(totals.draining);
  // Nothing that loops counted went with them.
  CHECK(totals.counters.requests == answered);
  CHECK(totals.counters.responses == answered);
  CHECK(totals.counters.clients_accepted >= anew.answered + keeps.announced + also.announced);
  CHECK(totals.gauges.clients == 0);
}

TEST_CASE("runtime service: whoever waits to be accepted waits for the new loops", "[runtime]") {
  Site site(1);
  // Nobody accepts yet: all are in the queue.
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<Peer>(site.port));
    REQUIRE(clients.back()->send(kGet));
  }
  site.service->run(usual());
  site.service->run(usual());
  site.service->run(usual());
  for (const auto& client : clients)
    CHECK(client->message().starts_with("HTTP/1.1 200"));
  clients.clear();
  site.end();
  CHECK(site.service->totals().counters.clients_accepted == 100);
}

TEST_CASE(
    "runtime service: a connection that was idle through a reload is told at its next response",
    "[runtime]") {
  Site site(1);
  site.service->run(usual());
  Peer idle(site.port);
  REQUIRE(idle.send(kGet));
  REQUIRE(idle.message().starts_with("HTTP/1.1 200"));
  site.service->run(usual());
  // Its loop may be told in the same turn in which it has a request.
  std::string response;
  for (int i = 0; i < 2 && response.find("Connection: close") == response.npos; ++i) {
    REQUIRE(idle.send(kGet));
    response = idle.message();
    REQUIRE(response.starts_with("HTTP/1.1 200"));
  }
  CHECK(response.find("Connection: close") != response.npos);
  CHECK(idle.rest().empty());
}
