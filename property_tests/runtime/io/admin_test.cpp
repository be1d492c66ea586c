// The port of the operator (runtime/io/admin.hpp) on real sockets: what it answers, and whom it
// bears.
#include "runtime/io/admin.hpp"

#include "property_tests/runtime/io/peers.hpp"

#include <catch2/catch.hpp>

#include <memory>

using namespace halfclose::runtime;
using halfclose::property_tests::Peer;

namespace {

using Catch::Contains;
using Catch::EndsWith;
using Catch::StartsWith;

/// A port with one page.
class Port {
 public:
  explicit Port(std::chrono::milliseconds patience = std::chrono::seconds(5))
      : listener_(listen_on(*parse_address("127.0.0.1:0"), false)),
        port_(static_cast<std::uint16_t>(port_of(listener_))),
        admin_(
            listener_,
            [](std::string_view path) {
              if (path != "/page") return Admin::Page{};
              return Admin::Page{.status = 200, .content = "content\n"};
            },
            patience) {}
  std::uint16_t number() const { return port_; }
  /// What comes until the port ends the connection.
  std::string said_to(std::string_view bytes) const {
    Peer peer(port_);
    REQUIRE(peer.send(bytes));
    return peer.rest();
  }

 private:
  int listener_;
  std::uint16_t port_;
  Admin admin_;
};

}  // namespace

TEST_CASE("runtime admin: what it answers", "[runtime]") {
  const Port port;
  const std::string page = port.said_to("GET /page HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n") && Contains("Content-Length: 8\r\n") &&
                       Contains("Connection: close\r\n") && EndsWith("\r\n\r\ncontent\n"));
  CHECK(port.said_to("GET http://h/page?x=/y HTTP/1.1\r\nHost: h\r\n\r\n") == page);
  CHECK_THAT(port.said_to("HEAD /page HTTP/1.1\r\nHost: h\r\n\r\n"),
             Contains("Content-Length: 8\r\n") && EndsWith("\r\n\r\n"));
  CHECK_THAT(port.said_to("GET /pages HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 404"));
  CHECK_THAT(port.said_to("POST /page HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"),
             StartsWith("HTTP/1.1 405") && Contains("Allow: GET, HEAD\r\n"));
  CHECK_THAT(port.said_to("nonsense\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  CHECK_THAT(port.said_to("GET /" + std::string(10'000, 'x')), StartsWith("HTTP/1.1 431"));
  CHECK(Peer(port.number()).send("G"));
}

TEST_CASE("runtime admin: clients that say nothing do not keep the others out", "[runtime]") {
  const Port port(std::chrono::milliseconds(100));
  std::vector<std::unique_ptr<Peer>> silent;
  for (int i = 0; i < 40; ++i)
    silent.push_back(std::make_unique<Peer>(port.number()));
  CHECK_THAT(port.said_to("GET /page HTTP/1.1\r\nHost: h\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  for (const auto& peer : silent)
    CHECK(peer->rest().empty());
}
