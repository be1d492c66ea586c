// The client's end of a connection, as its table has it: every output is performed here, in order,
// and everything the socket says becomes an event. Nothing is decided here.
#pragma once

#include "loopback.hpp"
#include "machines.hpp"  // halfclose machines export --header --node site.yaml:pool

#include <functional>
#include <optional>

namespace client = halfclose::embed::http1_client;
using Said = client::Event;

struct Connection {
  /// Told of each output, and of the event behind it: the outcome of the request is among them.
  using Tell = std::function<void(client::Output, Said)>;

  sockaddr_in server;
  Tell told;
  const std::string* request = nullptr;
  std::string response{}, in{};
  int fd = -1;
  bool begun = false;
  client::Local at = client::start;
  client::Deadlines due{};

  void tell(Said event) {
    const client::Step step = client::step(at, event);
    at = step.next;
    std::optional<Said> then;  // what an output brings about is told when all are performed
    for (const client::Output output : step.outputs) {
      due.perform(output, now_ms());
      if (const auto said = perform(output)) then = said;
    }
    for (const client::Output output : step.outputs)
      told(output, event);
    if (then) tell(*then);
  }
  void expire() {
    for (Said expiry; due.take(now_ms(), expiry);)
      tell(expiry);
  }
  /// Waits for what comes next: bytes, the end, or the time.
  void hear() {
    if (!readable(fd, true, due.next())) return expire();
    const ssize_t size = read_some(fd, in);
    if (size <= 0) return tell(size == 0 ? Said::eof : Said::error);
    const Head head(in);
    if (!head.complete) return;
    const bool whole = in.size() >= head.size + head.content;
    if (whole) response = in.substr(0, head.size + head.content);
    if (whole) in.erase(0, response.size());
    if (std::exchange(begun, !whole)) return whole ? tell(Said::response_tail) : void();
    if (whole) return tell(head.closes ? Said::response_close : Said::response);
    tell(head.closes ? Said::response_part_close : Said::response_part);
  }

 private:
  std::optional<Said> perform(client::Output output) {
    if (output == client::Output::connect) {
      fd = socket(AF_INET, SOCK_STREAM, 0);
      const int failed = connect(fd, reinterpret_cast<sockaddr*>(&server), sizeof server);
      return failed != 0 ? Said::error : Said::connected;
    }
    if (output == client::Output::request && !send_all(fd, *request)) return Said::write_error;
    if (output == client::Output::peek) {
      char byte;
      const bool alive = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
      return alive ? Said::peek_nothing : Said::peek_end;
    }
    if (output == client::Output::close) close(std::exchange(fd, -1));
    return std::nullopt;
  }
};
