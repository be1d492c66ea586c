// Heads (runtime/core/head.hpp): what is accepted, what is refused, and what goes on.
#include "runtime/core/head.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

using namespace halfclose::runtime;

namespace {

HeadError request(const std::string& text, Head& head) {
  return read_request_head(text, head);
}
unsigned refused(const std::string& text) {
  Head head;
  return request(text, head).status;
}
std::string forwarded(const std::string& text) {
  Head head;
  REQUIRE(request(text, head).status == 0);
  std::string out;
  write_request_head(head, false, out);
  return out;
}
std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

}  // namespace

TEST_CASE("runtime head: what would let two readers disagree is refused",
          "[runtime][rfc9112-11.2]") {
  for (const char* fields : {"Content-Length: 3\r\nContent-Length: 3\r\n",
                             "Content-Length: 3\r\nContent-Length: 4\r\n",
                             "Content-Length: 3, 3\r\n",
                             "Content-Length: +3\r\n",
                             "Content-Length: -3\r\n",
                             "Content-Length: 0x3\r\n",
                             "Content-Length:\r\n",
                             "Content-Length: 99999999999999999999\r\n",
                             "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                             "Content-Length : 3\r\n",
                             "Transfer-Encoding : chunked\r\n",
                             "X: a\r\n b\r\n",
                             "X: a\r\n\tb\r\n",
                             " X: a\r\n",
                             "X: a\nY: b\r\n",
                             "X: a\rb\r\n",
                             "X: a\r\r\n",
                             "Host: b\r\n",
                             ": empty\r\n",
                             "X Y: a\r\n",
                             "no colon\r\n"}) {
    INFO(fields);
    CHECK(refused(get(fields)) == 400);
  }
  for (const std::string& fields : {std::string("X: a\0b\r\n", 8), std::string("X: \x01\r\n"),
                                    std::string("X\0: a\r\n", 7), std::string("X: \x7f\r\n")}) {
    INFO(fields);
    CHECK(refused(get(fields)) == 400);
  }
  for (const char* coding :
       {"gzip", "gzip, chunked", "chunked, chunked", "identity", "chunked, gzip"}) {
    INFO(coding);
    CHECK(refused(get("Transfer-Encoding: " + std::string(coding) + "\r\n")) / 100 >= 4);
  }
  CHECK(refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == 400);
  for (const char* host : {"a b", "a,b", "a/b", "u@a", "a:b", "a:1:2", "a:123456", "a\"", "<a>",
                           "[::1", "[::1]x", "[a_b]", "::1"}) {
    INFO(host);
    CHECK(refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400);
  }
  for (const char* host : {"", "a", "a:", "a_b.c-d~e:80", "%41:65535", "127.0.0.1:1", "[::1]",
                           "[::ffff:1.2.3.4]:80"}) {
    INFO(host);
    CHECK(refused("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 0);
  }
  for (const char* line : {"GET  / HTTP/1.1",
                           "GET /  HTTP/1.1",
                           "GET / HTTP/2.0",
                           "GET / HTTP/1.1 ",
                           "GET /a b HTTP/1.1",
                           "GET HTTP/1.1",
                           "G(T / HTTP/1.1",
                           "GET / http/1.1",
                           "GET a HTTP/1.1",
                           "GET https://a/ HTTP/1.1",
                           "GET http:///x HTTP/1.1",
                           "GET http://u@a/ HTTP/1.1",
                           "GET http://:80/ HTTP/1.1",
                           "GET http://a,b/ HTTP/1.1",
                           "GET http://a:b/ HTTP/1.1",
                           "GET http://a#b/ HTTP/1.1",
                           "GET http://a\\b/ HTTP/1.1",
                           "GET http://[::1/ HTTP/1.1",
                           "GET http://[]/ HTTP/1.1",
                           "GET http://[::1]x/ HTTP/1.1",
                           "GET * HTTP/1.1"}) {
    INFO(line);
    CHECK(refused(std::string(line) + "\r\nHost: a\r\n\r\n") == 400);
  }
  CHECK(refused("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n") == 501);
  CHECK(refused(get("Expect: 200-maybe\r\n")) == 417);
}

TEST_CASE("runtime head: framing and persistence", "[runtime][rfc9112-6.3]") {
  Head head;
  CHECK(request(get(""), head).status == 0);
  CHECK((head.framing == Framing::none && !head.close));
  CHECK(request(get("content-LENGTH: 12\r\n"), head).status == 0);
  CHECK((head.framing == Framing::length && head.length == 12));
  CHECK(request(get("Transfer-Encoding: Chunked\r\nConnection: x, Close\r\n"), head).status == 0);
  CHECK((head.framing == Framing::chunked && head.close));
  CHECK(request("GET / HTTP/1.0\r\n\r\n", head).status == 0);
  CHECK(head.close);
  CHECK(request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", head).status == 0);
  CHECK_FALSE(head.close);

  const auto response = [&](const std::string& text, bool to_head = false) {
    return read_response_head(text, to_head, head).status;
  };
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  CHECK((response(sized) == 0 && head.framing == Framing::length));
  CHECK((response(sized, true) == 0 && head.framing == Framing::none));
  CHECK((response("HTTP/1.1 200 OK\r\n\r\n") == 0 && head.framing == Framing::until_close &&
         head.close));
  for (const char* status : {"204 No Content", "304 Not Modified", "100 Continue"})
    CHECK((response("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 5\r\n\r\n") == 0 &&
           head.framing == Framing::none));
  CHECK(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n") ==
        502);
  CHECK(response("HTTP/1.1 20 OK\r\n\r\n") == 502);
  CHECK(response("nonsense\r\n\r\n") == 502);
}

TEST_CASE("runtime head: what goes on to the next hop", "[runtime][rfc9110-7.6.1]") {
  const std::string out = forwarded(get(
      "Connection: close, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\n"
      "Upgrade: h2c\r\nProxy-Connection: keep-alive\r\nX-Other: 2\r\nExpect: 100-continue\r\n"));
  CHECK(out == "GET / HTTP/1.1\r\nHost: a\r\nX-Other: 2\r\nVia: 1.1 halfclose\r\n\r\n");
  // Nobody takes away what frames or routes the message by nominating it.
  CHECK(forwarded(get("Connection: Content-Length, Host\r\nContent-Length: 3\r\n")) ==
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nVia: 1.1 halfclose\r\n\r\n");
  CHECK(forwarded("GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "GET /x?y HTTP/1.1\r\nHost: b:81\r\nVia: 1.1 halfclose\r\n\r\n");
  CHECK(forwarded("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "OPTIONS * HTTP/1.1\r\nHost: b\r\nVia: 1.1 halfclose\r\n\r\n");
  CHECK(forwarded("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n") ==
        "GET /?q HTTP/1.1\r\nHost: b\r\nVia: 1.1 halfclose\r\n\r\n");
}

TEST_CASE("runtime head: what goes back", "[runtime][rfc9112-6.1]") {
  const auto returned = [](const std::string& status, const std::string& fields, unsigned minor) {
    Head head;
    const std::string text = "HTTP/1.1 " + status + "\r\n" + fields + "\r\n";
    REQUIRE(read_response_head(text, true, head).status == 0);
    std::string out;
    write_response_head(head, false, minor, true, out);
    return out;
  };
  const std::string length = "Content-Length: 5\r\n", chunked = "Transfer-Encoding: chunked\r\n";
  for (const std::string& framing : {length, chunked}) {
    for (const char* status : {"103 Early Hints", "204 No Content"})
      CHECK(returned(status, framing + "X: y\r\n", 1) ==
            "HTTP/1.1 " + std::string(status) + "\r\nX: y\r\nVia: 1.1 halfclose\r\n\r\n");
    CHECK(returned("304 Not Modified", framing, 1) ==
          "HTTP/1.1 304 Not Modified\r\n" + framing + "Via: 1.1 halfclose\r\n\r\n");
  }
  // HTTP/1.0 knows no transfer coding, not even in the head that a HEAD asks for.
  CHECK(returned("200 OK", chunked, 0) ==
        "HTTP/1.1 200 OK\r\nVia: 1.1 halfclose\r\nConnection: keep-alive\r\n\r\n");

  const auto own = [](bool close, unsigned minor) {
    std::string out;
    write_own_response(502, "why", close, minor, false, out);
    return out;
  };
  const std::string head =
      "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n";
  CHECK(own(false, 1) == head + "\r\n502 Bad Gateway: why\n");
  CHECK(own(false, 0) == head + "Connection: keep-alive\r\n\r\n502 Bad Gateway: why\n");
  CHECK(own(true, 0) == head + "Connection: close\r\n\r\n502 Bad Gateway: why\n");
}

TEST_CASE("runtime head: arbitrary bytes", "[runtime]") {
  rc::prop("are read or refused, and what goes on is read again as the same", [] {
    const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
        "GET ", "/", " HTTP/1.1", "\r\n", "Host: a", "Content-Length: ", "5", "Transfer-Encoding: ",
        "chunked", "Connection: ", "close", ":", " ", "\t", "\r", "\n", "X", "*", "http://a", ","));
    std::string text = "GET / HTTP/1.1\r\n";
    for (const std::string& piece : pieces)
      text += piece;
    text += "\r\n\r\n";
    const std::size_t end = head_end(text);
    RC_ASSERT(end > 0u);
    Head head;
    if (read_request_head(std::string_view(text).substr(0, end), head).status != 0) return;
    std::string out;
    write_request_head(head, false, out);
    Head again;
    RC_ASSERT(read_request_head(out, again).status == 0u);
    RC_ASSERT((again.framing == head.framing && again.length == head.length));
    RC_ASSERT(again.nominated.empty());
  });
}
