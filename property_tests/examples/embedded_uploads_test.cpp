// The server of examples/embed and a client that uploads more than it takes, and reads when all is
// written: the usual client, and the one that loses an early response to a reset.
#include "property_tests/examples/program.hpp"

#include <catch2/catch.hpp>

using namespace halfclose::examples;
using Catch::Contains;
using Catch::StartsWith;

namespace {

constexpr std::size_t kPage = 65'536;

class Client {
 public:
  explicit Client(const std::string& port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int room = 2048;  // the response does not fit in: most of it waits at the server
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    const timeval patience{.tv_sec = kPatienceMs / 1000, .tv_usec = 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const sockaddr_in server = loopback(std::stoi(port));
    REQUIRE(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0);
  }
  /// @return false when a write failed
  bool post(std::size_t size) {
    try {
      send_all(socket_, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(size) +
                            "\r\n\r\n" + std::string(size, 'x'));
    } catch (const std::runtime_error&) {
      return false;
    }
    return true;
  }
  /// One response with its content, or what there is of it.
  std::string response() {
    std::string in;
    while (in.size() < in.find("\r\n\r\n") + 4 + kPage || in.find("\r\n\r\n") == in.npos) {
      char bytes[16'384];
      const ssize_t size = recv(socket_.get(), bytes, sizeof bytes, 0);
      if (size <= 0) break;
      in.append(bytes, static_cast<std::size_t>(size));
    }
    return in;
  }
  bool at_end() {
    char byte;
    return recv(socket_.get(), &byte, 1, 0) == 0;
  }

 private:
  Descriptor socket_;
};

std::size_t content_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == response.npos ? 0 : response.size() - end - 4;
}

}  // namespace

TEST_CASE("embedded server: an early response to an upload of 8 MB", "[examples][embed]") {
  constexpr std::size_t kUpload = 8u << 20;
  SECTION("arrives whole every time, announced, and the connection ends behind it") {
    Program server(EMBED_UPLOADS, "");
    const std::string port = server.line();
    for (int i = 0; i < 20; ++i) {
      Client client(port);
      CHECK(client.post(kUpload));
      const std::string response = client.response();
      CHECK_THAT(response, StartsWith("HTTP/1.1 413 ") && Contains("\r\nConnection: close\r\n"));
      CHECK(content_of(response) == kPage);
      CHECK(client.at_end());
    }
  }
  SECTION("is lost every time by the same program on a table that closes at once") {
    Program server(EMBED_UPLOADS_HASTY, "");
    const std::string port = server.line();
    for (int i = 0; i < 20; ++i) {
      Client client(port);
      CHECK_FALSE(client.post(kUpload));
      CHECK(content_of(client.response()) < kPage);
    }
  }
}

TEST_CASE("embedded server: a connection stays open where nothing ends it", "[examples][embed]") {
  Program server(EMBED_UPLOADS, "");
  Client client(server.line());
  for (const std::size_t size : {0, 1000, 100'000}) {
    CHECK(client.post(size));
    const std::string response = client.response();
    CHECK_THAT(response, StartsWith("HTTP/1.1 200 OK") && !Contains("Connection: close"));
    CHECK(content_of(response) == kPage);
  }
}
