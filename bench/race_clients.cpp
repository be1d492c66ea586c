#include "bench/race_clients.hpp"

#include "bench/http_head.hpp"
#include "bench/loopback.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace halfclose::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

/// Longer than any timer of a chain here: what is not answered then never is.
constexpr auto kPatience = std::chrono::seconds(20);

struct Client {
  int fd = -1;
  std::size_t id = 0;
  bool waits = false;
  std::string in{}, out{};

  void disconnect() {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

class Clients {
 public:
  Clients(std::uint16_t port, const ClientManner& manner)
      : port_(port), manner_(manner), clients_(manner.clients) {}
  ~Clients() {
    for (Client& client : clients_)
      client.disconnect();
  }

  Outcomes run() {
    const auto began = Clock::now();
    auto called = began, burst = began, last_ask = began;
    std::size_t under_way = 0;
    for (;;) {
      const auto now = Clock::now();
      const bool asks = outcomes_.requests < manner_.requests &&
                        now - began < std::chrono::duration<double>(manner_.seconds);
      if (!asks && under_way == 0) break;
      if (!asks && now - last_ask > kPatience) break;
      if (manner_.meanwhile && asks && now - called >= Milliseconds(manner_.every_ms)) {
        called = now;
        manner_.meanwhile();
      }
      if (asks && (!manner_.gap_ms || (under_way == 0 && now >= burst))) {
        last_ask = now;
        for (Client& client : clients_) {
          if (!client.waits && outcomes_.requests < manner_.requests) ask(client);
        }
      }
      turn(manner_.gap_ms && asks ? 1 : 20);
      const std::size_t before = under_way;
      under_way = static_cast<std::size_t>(
          std::count_if(clients_.begin(), clients_.end(), [](auto& c) { return c.waits; }));
      if (manner_.gap_ms && under_way == 0 && (before > 0 || burst <= last_ask))
        burst = Clock::now() +
                std::chrono::duration_cast<Clock::duration>(Milliseconds(manner_.gap_ms()));
    }
    outcomes_.none += under_way;
    return outcomes_;
  }

 private:
  void ask(Client& client) {
    if (client.fd < 0) {
      client.fd = connect_loopback(port_);
      if (client.fd < 0) throw std::runtime_error("the proxy accepts no connection");
      fcntl(client.fd, F_SETFL, O_NONBLOCK);
    }
    client.id = outcomes_.requests++;
    client.waits = true;
    client.in.clear();
    const std::string target = "/" + std::to_string(client.id) + " HTTP/1.1\r\nHost: app\r\n";
    client.out = is_get(manner_, client.id)
                     ? "GET " + target + "\r\n"
                     : "POST " + target + "Content-Length: " + std::to_string(manner_.content) +
                           "\r\n\r\n" + std::string(manner_.content, 'x');
    write_to(client);
  }

  void turn(int timeout_ms) {
    std::vector<pollfd> polled;
    for (const Client& client : clients_)
      polled.push_back(
          {client.fd, static_cast<short>(client.out.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    if (poll(polled.data(), polled.size(), timeout_ms) <= 0) return;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_from(clients_[i]);
      if ((polled[i].revents & POLLOUT) != 0 && clients_[i].fd >= 0) write_to(clients_[i]);
    }
  }

  // A write that fails ends nothing: a response may be there to be read.
  static void write_to(Client& client) {
    const ssize_t sent = send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      client.out.erase(0, static_cast<std::size_t>(sent));
    else if (errno != EAGAIN)
      client.out.clear();
  }

  void read_from(Client& client) {
    char bytes[16'384];
    const ssize_t size = recv(client.fd, bytes, sizeof bytes, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size > 0) {
      client.in.append(bytes, static_cast<std::size_t>(size));
      return take_response(client);
    }
    // Between two requests the end of a connection costs nothing.
    if (client.waits) ++outcomes_.none;
    client.waits = false;
    client.out.clear();
    client.disconnect();
  }

  void take_response(Client& client) {
    const std::size_t end = client.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    const std::string head = client.in.substr(0, end);
    if (client.in.size() < end + 4 + content_length(head)) return;
    const int status = std::atoi(head.c_str() + sizeof "HTTP/1.1");
    const bool from_origin = status == 200 || status == 413;
    const std::string content = client.in.substr(end + 4);
    if (!client.waits || (from_origin && content != std::to_string(client.id))) ++outcomes_.wrong;
    ++(is_get(manner_, client.id) ? outcomes_.gets : outcomes_.posts)[status];
    client.waits = false;
    if (!client.out.empty() ||
        strcasecmp(std::string(field(head, "connection")).c_str(), "close") == 0)
      client.disconnect();
    client.out.clear();
  }

  std::uint16_t port_;
  const ClientManner& manner_;
  std::vector<Client> clients_;
  Outcomes outcomes_;
};

}  // namespace

bool is_get(const ClientManner& manner, std::size_t id) {
  return manner.gets && id % 2 == 0;
}

Outcomes run_clients(std::uint16_t port, const ClientManner& manner) {
  return Clients(port, manner).run();
}

}  // namespace halfclose::bench
