#include "bench/load_generator.hpp"

#include "bench/loopback.hpp"

#include <fcntl.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace halfclose::bench {

namespace {

constexpr std::size_t kScratch = 64 * 1024, kSmall = 100, kLarge = 16 * 1024, kPosted = 4 * 1024;
constexpr double kLeadIn_s = 0.1, kPatience_s = 10;

std::string response_of(std::size_t content) {
  return "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Type: application/octet-stream\r\n"
         "Content-Length: " +
         std::to_string(content) + "\r\n\r\n" + std::string(content, 'x');
}
std::string request_of(Work work) {
  const std::string fields = " HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\nAccept: */*\r\n";
  switch (work) {
    case Work::get:
      return "GET /small" + fields + "\r\n";
    case Work::get16k:
      return "GET /large" + fields + "\r\n";
    case Work::post:
      break;
  }
  return "POST /small" + fields + "Content-Length: " + std::to_string(kPosted) + "\r\n\r\n" +
         std::string(kPosted, 'y');
}
const std::array<std::string, 3> kRequests = {request_of(Work::get), request_of(Work::get16k),
                                              request_of(Work::post)};
const std::string kSmallResponse = response_of(kSmall), kLargeResponse = response_of(kLarge);

std::size_t content_expected(Work work) {
  return work == Work::get16k ? kLarge : kSmall;
}

/// The end of the head, or npos.
std::size_t end_of_head(std::string_view bytes) {
  const std::size_t at = bytes.find("\r\n\r\n");
  return at == bytes.npos ? at : at + 4;
}
/// The Content-Length of a head; zero when it has none.
std::size_t length_said(std::string_view head) {
  constexpr std::string_view kName = "content-length:";
  for (std::size_t at = head.find('\n'); at + kName.size() < head.size();
       at = head.find('\n', at + 1)) {
    if (strncasecmp(head.data() + at + 1, kName.data(), kName.size()) == 0)
      return std::strtoul(head.data() + at + 1 + kName.size(), nullptr, 10);
  }
  return 0;
}

[[noreturn]] void fail(const std::string& what, std::string_view bytes = {}) {
  throw std::runtime_error(what + (bytes.empty() ? "" : ": ") + std::string(bytes.substr(0, 300)));
}

void send_all(int fd, const std::string& bytes) {
  if (send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
    fail(std::string("the load generator could not send at once: ") + std::strerror(errno));
}

}  // namespace

/// One end of a connection with the proxy.
struct LoadGenerator::Peer {
  int fd = -1;
  bool is_client = false;
  std::string in;           ///< of a message whose head is not complete
  std::size_t missing = 0;  ///< of the content of a message whose head was read
  bool large = false;       ///< of the origin: what is asked for
  std::uint64_t asked_ns = 0;
  bool waits = false;  ///< a client that has asked

  ~Peer() {
    if (fd >= 0) close(fd);
  }
};

const char* name_of(Work work) {
  constexpr const char* kNames[] = {"get", "get16k", "post"};
  return kNames[static_cast<std::size_t>(work)];
}

LoadGenerator::LoadGenerator() : scratch_(kScratch) {
  listener_ = listen_loopback(origin_port_);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event) != 0)
    fail("no epoll can be had");
}
LoadGenerator::~LoadGenerator() {
  close(listener_);
  close(epoll_);
}

Load LoadGenerator::run(const Target& proxy, Work work, std::size_t clients, double seconds) {
  disconnect();
  connect_idle(proxy, clients);
  work_ = work;
  asks_again_ = true;
  latencies_ns_.clear();
  for (const auto& client : clients_)
    ask(*client);
  const auto until = [&](double more) {
    const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(more * 1e9);
    while (now_ns() < end)
      turn(100);
  };
  until(kLeadIn_s);
  latencies_ns_.clear();
  answered_ = 0;
  const std::uint64_t began = now_ns();
  const ProcessorTime proxy_before = processor_time(proxy.process),
                      ours_before = processor_time(getpid());
  until(seconds);
  const ProcessorTime proxy_after = processor_time(proxy.process),
                      ours_after = processor_time(getpid());
  Load load;
  load.seconds = static_cast<double>(now_ns() - began) * 1e-9;
  load.requests = answered_;
  if (answered_ == 0) fail("the proxy answered nothing");
  const auto ran = static_cast<double>(proxy_after.ran_ns - proxy_before.ran_ns);
  load.us_per_request = ran / 1e3 / static_cast<double>(answered_);
  load.utilisation = ran * 1e-9 / load.seconds;
  load.waited = static_cast<double>(std::max(proxy_after.waited_ns - proxy_before.waited_ns,
                                             ours_after.waited_ns - ours_before.waited_ns)) *
                1e-9 / load.seconds;
  const auto quantile_us = [&](double part) {
    const auto at =
        static_cast<std::ptrdiff_t>(static_cast<double>(latencies_ns_.size() - 1) * part);
    std::nth_element(latencies_ns_.begin(), latencies_ns_.begin() + at, latencies_ns_.end());
    return latencies_ns_[static_cast<std::size_t>(at)] / 1e3;
  };
  load.p50_us = quantile_us(0.5);
  load.p99_us = quantile_us(0.99);
  disconnect();
  return load;
}

void LoadGenerator::connect_idle(const Target& proxy, std::size_t clients) {
  for (std::size_t i = 0; i < clients; ++i) {
    auto peer = std::make_unique<Peer>();
    peer->is_client = true;
    peer->fd = connect_loopback(proxy.port);
    if (peer->fd < 0)
      fail("connection " + std::to_string(i + 1) + " to the proxy: " + std::strerror(errno));
    fcntl(peer->fd, F_SETFL, O_NONBLOCK);
    add(std::move(peer));
    if (i % 64 == 63) turn(0);
  }
}

void LoadGenerator::settle(const Target& proxy) {
  constexpr std::uint64_t kRest_ns = 100'000'000;
  std::uint64_t ran = 0, since = now_ns();
  const std::uint64_t end = since + static_cast<std::uint64_t>(kPatience_s * 1e9);
  while (now_ns() - since < kRest_ns) {
    turn(10);
    // A timer of the proxy may tick meanwhile; accepting a connection takes longer than that.
    const std::uint64_t now_ran = processor_time(proxy.process).ran_ns;
    if (now_ran - ran > 1'000'000) {
      ran = now_ran;
      since = now_ns();
    }
    if (now_ns() > end) fail("the proxy does not come to rest");
  }
}

void LoadGenerator::ask_each(Work work) {
  constexpr std::size_t kAtOnce = 64;
  work_ = work;
  asks_again_ = false;
  for (std::size_t i = 0; i < clients_.size(); i += kAtOnce) {
    const std::size_t wanted = std::min(kAtOnce, clients_.size() - i);
    answered_ = 0;
    for (std::size_t k = i; k < i + wanted; ++k)
      ask(*clients_[k]);
    const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(kPatience_s * 1e9);
    while (answered_ < wanted) {
      if (now_ns() > end) fail("the proxy does not answer");
      turn(100);
    }
  }
  latencies_ns_.clear();
}

/// What is under way is answered first, so that no proxy has a reason to close a connection with
/// the origin.
void LoadGenerator::disconnect() {
  asks_again_ = false;
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(kPatience_s * 1e9);
  while (std::any_of(clients_.begin(), clients_.end(), [](const auto& c) { return c->waits; })) {
    if (now_ns() > end) fail("the proxy does not answer");
    turn(100);
  }
  clients_.clear();
  turn(0);
}

void LoadGenerator::ask(Peer& client) {
  client.asked_ns = now_ns();
  client.waits = true;
  send_all(client.fd, kRequests[static_cast<std::size_t>(work_)]);
}

void LoadGenerator::turn(int timeout_ms) {
  std::array<epoll_event, 512> events;
  const int count = epoll_wait(epoll_, events.data(), events.size(), timeout_ms);
  if (stopped_) fail("stopped by a signal");
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr)
      accept_all();
    else
      look(*static_cast<Peer*>(events[i].data.ptr));
  }
  if (std::exchange(server_ended_, false))
    std::erase_if(servers_, [](const auto& peer) { return peer->fd < 0; });
}

void LoadGenerator::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    auto peer = std::make_unique<Peer>();
    peer->fd = fd;
    add(std::move(peer));
  }
}

void LoadGenerator::add(std::unique_ptr<Peer> peer) {
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = peer.get()}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, peer->fd, &event) != 0) fail("no epoll can be had");
  (peer->is_client ? clients_ : servers_).push_back(std::move(peer));
}

void LoadGenerator::look(Peer& peer) {
  for (;;) {
    const ssize_t got = recv(peer.fd, scratch_.data(), scratch_.size(), 0);
    if (got <= 0) {
      if (got < 0 && errno == EAGAIN) return;
      if (peer.is_client) fail("the proxy closed a client's connection");
      close(peer.fd);
      peer.fd = -1;
      server_ended_ = true;
      return;
    }
    const auto size = static_cast<std::size_t>(got);
    if (peer.is_client)
      take_response(peer, scratch_.data(), size);
    else
      take_request(peer, scratch_.data(), size);
    if (size < scratch_.size()) return;
  }
}

void LoadGenerator::take_request(Peer& peer, const char* bytes, std::size_t size) {
  if (peer.missing == 0) {
    std::string_view text(bytes, size);
    if (!peer.in.empty()) text = peer.in.append(text);
    const std::size_t head = end_of_head(text);
    if (head == text.npos) {
      if (peer.in.empty()) peer.in = text;
      return;
    }
    const bool post = text.starts_with("POST /small ");
    if (!post && !text.starts_with("GET /small ") && !text.starts_with("GET /large "))
      fail("the origin was asked for something else", text);
    const std::size_t content = length_said(text.substr(0, head));
    if (content != (post ? kPosted : 0)) fail("the origin was sent another length", text);
    peer.large = text.starts_with("GET /large");
    peer.missing = content;
    if (text.size() > head + content) fail("the origin was sent more than a request", text);
    size = text.size() - head;
    peer.missing -= size;
    peer.in.clear();
  } else {
    if (size > peer.missing) fail("the origin was sent more than a request");
    peer.missing -= size;
  }
  if (peer.missing == 0) send_all(peer.fd, peer.large ? kLargeResponse : kSmallResponse);
}

void LoadGenerator::take_response(Peer& peer, const char* bytes, std::size_t size) {
  if (!peer.waits) fail("a response that nobody asked for", {bytes, size});
  if (peer.missing == 0) {
    std::string_view text(bytes, size);
    if (!peer.in.empty()) text = peer.in.append(text);
    const std::size_t head = end_of_head(text);
    if (head == text.npos) {
      if (peer.in.empty()) peer.in = text;
      return;
    }
    if (!text.starts_with("HTTP/1.1 200 ")) fail("not the right status", text);
    const std::size_t content = length_said(text.substr(0, head));
    if (content != content_expected(work_)) fail("not the right length", text);
    if (text.size() > head + content) fail("more than a response", text);
    peer.missing = content - (text.size() - head);
    peer.in.clear();
  } else {
    if (size > peer.missing) fail("more than a response");
    peer.missing -= size;
  }
  if (peer.missing > 0) return;
  if (bytes[size - 1] != 'x') fail("not the right content");
  peer.waits = false;
  ++answered_;
  latencies_ns_.push_back(static_cast<std::uint32_t>(now_ns() - peer.asked_ns));
  if (asks_again_) ask(peer);
}

std::uint64_t LoadGenerator::now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace halfclose::bench
