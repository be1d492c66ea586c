#include "bench/race_origin.hpp"

#include "bench/http_head.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <list>
#include <stdexcept>
#include <string>
#include <vector>

namespace halfclose::bench {

namespace {

using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t g_shuts_down = 0;

struct Connection {
  int fd;
  std::string in{}, out{};
  unsigned responses = 0;
  Clock::time_point idle_since = Clock::now();
  bool lingers = false, closes = false, ended = false;
};

class Origin {
 public:
  Origin(int listener, const OriginManner& manner, const Executions& executions)
      : listener_(listener), manner_(manner), counts_(executions.counts()) {}

  void serve() {
    while (!g_shuts_down || !connections_.empty()) {
      turn();
      if (g_shuts_down && !manner_.announces_shutdown) close_idle(Clock::duration::zero());
    }
  }

 private:
  void turn() {
    std::vector<pollfd> polled;
    polled.push_back({g_shuts_down != 0 ? -1 : listener_, POLLIN, 0});
    for (const Connection& connection : connections_)
      polled.push_back({connection.fd, POLLIN, 0});
    if (poll(polled.data(), polled.size(), manner_.idle_ms > 0 ? 1 : 20) < 0) return;
    auto revents = polled.begin() + 1;
    for (Connection& connection : connections_) {
      if ((revents++)->revents != 0) read_from(connection);
    }
    if (manner_.work_us > 0) usleep(manner_.work_us);
    for (Connection& connection : connections_)
      write_to(connection);
    if (manner_.idle_ms > 0) close_idle(std::chrono::milliseconds(manner_.idle_ms));
    connections_.remove_if([](const Connection& connection) {
      if (connection.ended) close(connection.fd);
      return connection.ended;
    });
    if (polled.front().revents != 0) accept_all();
  }

  void accept_all() {
    for (int fd = -1; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;)
      connections_.push_back({fd});
  }

  void read_from(Connection& connection) {
    char bytes[16'384];
    const ssize_t size = recv(connection.fd, bytes, sizeof bytes, 0);
    if (size <= 0) {
      connection.ended = true;
      return;
    }
    if (connection.lingers) return;
    connection.in.append(bytes, static_cast<std::size_t>(size));
    execute(connection);
  }

  void execute(Connection& connection) {
    const std::string& in = connection.in;
    const std::size_t head = in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    const std::string id =
        in.substr(in.find('/') + 1, in.find(' ', in.find('/')) - in.find('/') - 1);
    if (manner_.early_413) {
      connection.out = response("413 Content Too Large", id, true);
      connection.closes = true;
      return;
    }
    const std::size_t whole = head + 4 + content_length(in.substr(0, head));
    if (in.size() < whole) return;
    connection.in.erase(0, whole);
    ++counts_[std::stoul(id)];
    const bool announced = g_shuts_down && manner_.announces_shutdown;
    ++connection.responses;
    connection.out = response("200 OK", id, announced);
    connection.closes =
        announced || (manner_.closes_after > 0 && connection.responses % manner_.closes_after == 0);
  }

  static std::string response(const std::string& status, const std::string& id, bool last) {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(id.size()) + "\r\n" +
           (last ? "Connection: close\r\n" : "") + "\r\n" + id;
  }

  // Responses are small, so they fit the buffer of the socket.
  void write_to(Connection& connection) {
    if (connection.out.empty() || connection.ended) return;
    connection.ended = send(connection.fd, connection.out.data(), connection.out.size(),
                            MSG_NOSIGNAL) != static_cast<ssize_t>(connection.out.size());
    connection.out.clear();
    connection.idle_since = Clock::now();
    if (!connection.closes) return;
    connection.lingers = manner_.early_413 && manner_.lingers;
    if (connection.lingers)
      shutdown(connection.fd, SHUT_WR);
    else
      connection.ended = true;
    connection.closes = false;
  }

  void close_idle(Clock::duration idle) {
    const auto now = Clock::now();
    for (Connection& connection : connections_) {
      if (connection.in.empty() && now - connection.idle_since >= idle) connection.ended = true;
    }
  }

  int listener_;
  OriginManner manner_;
  std::span<std::atomic<std::uint8_t>> counts_;
  std::list<Connection> connections_;
};

}  // namespace

Executions::Executions(std::size_t requests) {
  void* memory = mmap(nullptr, requests, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory to count executions in");
  counts_ = {static_cast<std::atomic<std::uint8_t>*>(memory), requests};
}
Executions::~Executions() {
  munmap(counts_.data(), counts_.size());
}

pid_t start_origin(int listener, const OriginManner& manner, const Executions& executions) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no further process can be started");
  if (child > 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The clients' sockets are not ours: they would stay open when the clients close them.
  constexpr int kListener = 3;
  if (getppid() != parent || dup2(listener, kListener) < 0 ||
      close_range(kListener + 1, ~0U, 0) != 0)
    _exit(126);
  signal(SIGTERM, [](int) { g_shuts_down = 1; });
  Origin(kListener, manner, executions).serve();
  _exit(0);
}

}  // namespace halfclose::bench
