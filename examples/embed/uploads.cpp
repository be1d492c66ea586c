// A server that closes without losing a response: its table says how it ends an upload that is too
// large. usage: uploads; prints its port, and serves until it is killed.
#include "loopback.hpp"
#include "machines.hpp"  // halfclose machines export --header --node site.yaml:uploads

#include <iostream>
#include <thread>

namespace server = halfclose::embed::http1_server;
using Said = server::Event;
using Output = server::Output;
constexpr std::size_t kContentMax = 1 << 20;
struct Connection {
  int fd;
  server::Local at = server::start;
  server::Deadlines due{};
  bool reads = false;
  std::size_t left = 0;  ///< of a request's content
  std::string status{}, in{};
  void run() {
    for (tell(Said::accepted); fd >= 0;) {
      if (!readable(fd, reads, due.next())) {
        for (Said expiry; due.take(now_ms(), expiry);)
          tell(expiry);
        continue;
      }
      const ssize_t size = read_some(fd, in);
      if (size <= 0) tell(size == 0 ? Said::eof : Said::error);
      while (reads && !in.empty() && (at.state() == server::State::idle ? head() : content())) {
      }
    }
  }
  bool head() {
    const Head head(in);
    if (!head.complete) return false;
    in.erase(0, head.size);
    left = head.content;
    status = left > kContentMax ? "413 Content Too Large" : "200 OK";
    tell(left > 0 ? Said::request_head : head.closes ? Said::request_close : Said::request);
    if (left > 0 && head.closes) tell(Said::graceful_shutdown);
    if (left == 0 || left > kContentMax) tell(Said::answer);
    return true;
  }
  bool content() {
    const std::size_t taken = std::min(left, in.size());
    in.erase(0, left == 0 ? in.size() : taken);
    left -= taken;
    tell(left == 0 ? Said::content_end : Said::part_of_content);
    if (at.state() == server::State::answering) tell(Said::answer);
    return true;
  }
  void tell(Said event) {
    const server::Step step = server::step(at, event);
    at = step.next;
    bool failed = false;  // told when every output is performed
    for (const Output output : step.outputs) {
      due.perform(output, now_ms());
      if (output == Output::read || output == Output::stop_reading) reads = output == Output::read;
      if (output == Output::response) failed |= !respond("");
      if (output == Output::response_close) failed |= !respond("Connection: close\r\n");
      if (output == Output::shutdown_wr) shutdown(fd, SHUT_WR);
      if (output == Output::close) close(std::exchange(fd, -1));
    }
    if (failed) tell(Said::error);
  }
  bool respond(const std::string& close) const {
    const std::string page(65'536, '.'), length = "\r\nContent-Length: 65536\r\n";
    return send_all(fd, "HTTP/1.1 " + status + length + close + "\r\n" + page);
  }
};

int main() {
  int port = 0;
  const int listener = listen_on_loopback(port);
  if (listener < 0) return 1;
  std::cout << port << std::endl;
  for (int fd; (fd = accept(listener, nullptr, nullptr)) >= 0;)
    std::thread([fd] { Connection{fd}.run(); }).detach();
}
