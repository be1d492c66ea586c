#include "runtime/io/admin.hpp"

#include "runtime/core/head.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace halfclose::runtime {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kConnectionsMax = 16, kRequestBytesMax = 8 * 1024;

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

/// It reads until a head is there, writes one response, and then reads until the client is gone: a
/// close before that could destroy the response (RFC 9112 9.6).
struct Admin::Connection {
  int fd = -1;
  Clock::time_point until{};
  std::string in{}, out{};
  bool answered = false;
};

Admin::Admin(int listener, Pages pages, std::chrono::milliseconds patience)
    : listener_(listener),
      wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      pages_(std::move(pages)),
      patience_(patience) {
  if (wake_ < 0) {
    const int error = errno;
    close(listener_);
    throw std::system_error(error, std::generic_category(), "eventfd");
  }
  thread_ = std::thread([this] { run(); });
}

Admin::~Admin() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  thread_.join();
  for (const Connection& connection : connections_)
    close(connection.fd);
  close(listener_);
  close(wake_);
}

void Admin::run() {
  std::vector<pollfd> wanted;
  for (;;) {
    wanted = {{.fd = wake_, .events = POLLIN, .revents = 0}};
    int timeout = -1;
    for (const Connection& one : connections_) {
      wanted.push_back({.fd = one.fd,
                        .events = static_cast<short>(one.out.empty() ? POLLIN : POLLOUT),
                        .revents = 0});
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(one.until - Clock::now()).count();
      const int wait = static_cast<int>(std::max<std::int64_t>(left, 0));
      timeout = timeout < 0 ? wait : std::min(timeout, wait);
    }
    // Who comes while there are too many waits in the queue of the kernel.
    if (connections_.size() < kConnectionsMax)
      wanted.push_back({.fd = listener_, .events = POLLIN, .revents = 0});
    if (poll(wanted.data(), wanted.size(), timeout) < 0 && errno != EINTR) return;
    if (wanted[0].revents != 0) return;
    const Clock::time_point now = Clock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& one = connections_[i];
      if (go_on(one, wanted[i + 1].revents) && now < one.until) continue;
      close(std::exchange(one.fd, -1));
    }
    std::erase_if(connections_, [](const Connection& one) { return one.fd < 0; });
    if (wanted.back().fd == listener_ && wanted.back().revents != 0) accept_all();
  }
}

void Admin::accept_all() {
  while (connections_.size() < kConnectionsMax) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // Without a descriptor the queue stays readable: not so often that it costs anything.
      if (!would_block()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return;
    }
    connections_.push_back({.fd = fd, .until = Clock::now() + patience_});
  }
}

/// @return false when it is to be closed
bool Admin::go_on(Connection& one, short events) {
  if (events == 0) return true;
  return one.out.empty() ? read(one) : write(one);
}

bool Admin::read(Connection& one) {
  char bytes[4096];
  const ssize_t got = recv(one.fd, bytes, sizeof bytes, 0);
  if (got <= 0) return got < 0 && would_block();
  if (one.answered) return true;
  one.in.append(bytes, static_cast<std::size_t>(got));
  const std::size_t end = head_end(one.in);
  if (end == 0 && one.in.size() < kRequestBytesMax) return true;
  one.out = answer(std::string_view(one.in).substr(0, end));
  return write(one);
}

bool Admin::write(Connection& one) {
  const ssize_t sent = send(one.fd, one.out.data(), one.out.size(), MSG_NOSIGNAL);
  if (sent < 0) return would_block();
  one.out.erase(0, static_cast<std::size_t>(sent));
  if (!one.out.empty()) return true;
  one.answered = true;
  shutdown(one.fd, SHUT_WR);
  return true;
}

/// @param bytes  a head, or nothing when it is too large
std::string Admin::answer(std::string_view bytes) const {
  Head head;
  std::string out;
  const HeadError error = bytes.empty() ? HeadError{431, "the head is larger than 8 KiB"}
                                        : read_request_head(bytes, head);
  if (error.status != 0) {
    write_own_response(error.status, error.why, true, head.minor, false, out);
    return out;
  }
  Page page{.status = 405, .content = "only GET and HEAD\n"};
  if (head.method == "GET" || head.method == "HEAD") {
    std::string_view path = head.target.substr(0, head.target.find('?'));
    if (const std::size_t authority = path.find("://"); authority != path.npos)
      path.remove_prefix(std::min(path.find('/', authority + 3), path.size()));
    page = pages_(path);
  }
  out = "HTTP/1.1 " + std::to_string(page.status) + " ";
  out.append(reason_of(page.status)).append("\r\nContent-Type: ").append(page.type);
  out += "\r\nContent-Length: " + std::to_string(page.content.size());
  if (page.status == 405) out += "\r\nAllow: GET, HEAD";
  out += "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
  if (head.method != "HEAD") out += page.content;
  return out;
}

}  // namespace halfclose::runtime
