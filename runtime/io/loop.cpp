#include "runtime/io/loop.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace halfclose::runtime {

namespace {

constexpr std::size_t kScratch = 64 * 1024;
constexpr int kEventsMax = 512, kAcceptsMax = 64;
constexpr Time kPause = 50;
constexpr std::uint64_t kListener = UINT64_MAX, kWake = UINT64_MAX - 1;

bool has_unread(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}
/// What is wrong is wrong with this host.
bool has_no_room(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}
int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

Shares Shares::of_limit(std::size_t loops, std::size_t connections_max) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > INT_MAX) return {};
  const auto all = static_cast<std::size_t>(limit.rlim_cur);
  const std::size_t servers = all - std::min<std::size_t>(all / 8, 32);
  return {.clients = static_cast<int>(servers - std::min(loops * connections_max, servers / 2)),
          .servers = static_cast<int>(servers)};
}

Loop::Loop(const Settings& settings, int listener, const std::vector<Address>& servers,
           Observer* observer, Journal* journal, Shares shares)
    : servers_(servers),
      observer_(observer),
      shares_(shares),
      listener_(listener),
      scratch_(kScratch),
      proxy_(settings, *this, observer, journal) {
  try {
    epoll_ = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    wake_ = checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
    spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = kListener}};
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event), "epoll_ctl");
    event.data.u64 = kWake;
    checked(epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event), "epoll_ctl");
  } catch (...) {
    close_all();
    throw;
  }
}

Loop::~Loop() {
  close_all();
}

void Loop::close_all() {
  for (const Socket& socket : sockets_) {
    if (socket.fd >= 0) ::close(socket.fd);
  }
  for (const int fd : {listener_, epoll_, wake_, spare_}) {
    if (fd >= 0) ::close(fd);
  }
}

Time Loop::clock() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<Time>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

void Loop::leave(Leave how) {
  leaves_.store(how, std::memory_order_release);  // listener() was read before
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof one);
}

std::size_t Loop::run(Time grace) {
  std::array<epoll_event, kEventsMax> events;
  Time until = kNever;
  proxy_.at(clock());
  for (;;) {
    if (const Leave how = leaves_.load(std::memory_order_acquire);
        until == kNever && how != Leave::no) {
      until = clock() + grace;
      // Who is in the queue has been promised a connection.
      while (how == Leave::alone && accept_one() == Accepted::one) {
      }
      stop_listening();
      proxy_.shut_down();
    }
    if (until != kNever && (proxy_.clients() == 0 || clock() >= until)) {
      proxy_.at(clock());
      proxy_.cut_off();
      if (observer_ != nullptr) observer_->rest();
      return proxy_.clients();
    }
    int count = epoll_wait(epoll_, events.data(), kEventsMax, 0);
    if (count == 0 && to_read_.empty()) {
      if (observer_ != nullptr) observer_->rest();
      const Time next = std::min({proxy_.next_deadline(), until, listens_at_});
      const auto timeout =
          next == kNever ? Time{-1} : std::clamp<Time>(next - clock() + 1, 0, 60'000);
      count = epoll_wait(epoll_, events.data(), kEventsMax, static_cast<int>(timeout));
    }
    proxy_.at(clock());
    if (listens_at_ != kNever && clock() >= listens_at_) listen_again();
    proxy_.begin_turn();
    // What the kernel knows of idle connections comes first.
    for (int i = 0; i < count; ++i) {
      const std::uint64_t data = events[i].data.u64;
      const auto handle = static_cast<Handle>(data);
      if (data >= kWake) continue;
      if (sockets_[handle].generation != data >> 32 || !proxy_.is_idle_upstream(handle)) continue;
      look(handle, static_cast<std::uint32_t>(data >> 32), events[i].events);
      events[i].events = 0;
    }
    for (int i = 0; i < count; ++i) {
      const std::uint64_t data = events[i].data.u64;
      if (data == kListener) {
        accept_all();
      } else if (data == kWake) {
        std::uint64_t ignored;
        [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof ignored);
      } else if (events[i].events != 0) {
        look(static_cast<Handle>(data), static_cast<std::uint32_t>(data >> 32), events[i].events);
      }
    }
    reading_.swap(to_read_);
    for (const Handle handle : reading_) {
      sockets_[handle].queued = false;
      read_all(handle);
    }
    reading_.clear();
    proxy_.expire();
    proxy_.end_turn();
  }
}

/// What happened on a socket, unless it is another one by now.
void Loop::look(Handle handle, std::uint32_t generation, std::uint32_t events) {
  auto same = [&] { return sockets_[handle].generation == generation && sockets_[handle].fd >= 0; };
  if (!same()) return;
  if (sockets_[handle].connecting) {
    if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return;
    sockets_[handle].connecting = false;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(sockets_[handle].fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return proxy_.failed(handle);
    proxy_.connected(handle);
    if (!same()) return;
  }
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
    sockets_[handle].readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) sockets_[handle].ended = true;
    // What came before an end is read before it, when it is wanted. A client that has gone wants
    // no answer to that any more.
    if (sockets_[handle].wanted)
      read_all(handle);
    else if (events & (EPOLLHUP | EPOLLERR) &&
             !(Proxy::is_upstream(handle) && !proxy_.is_idle_upstream(handle) &&
               has_unread(sockets_[handle].fd)))
      proxy_.failed(handle);
    else if (events & EPOLLRDHUP && !has_unread(sockets_[handle].fd))
      proxy_.peer_closed(handle);
    if (!same()) return;
  }
  if ((events & EPOLLOUT) && sockets_[handle].blocked) {
    sockets_[handle].blocked = false;
    proxy_.writable(handle);
  }
}

/// Reads while there is something and it is wanted; one connection gets a share, not all.
void Loop::read_all(Handle handle) {
  if (handle >= sockets_.size()) return;
  const std::uint32_t generation = sockets_[handle].generation;
  for (int rounds = 0; rounds < 4; ++rounds) {
    const Socket& now = sockets_[handle];
    if (now.fd < 0 || now.generation != generation || !now.wanted || !now.readable) return;
    const ssize_t got = recv(now.fd, scratch_.data(), scratch_.size(), 0);
    if (got > 0) {
      // Less than was asked for is all there is, unless the end is behind it.
      if (static_cast<std::size_t>(got) < scratch_.size() && !now.ended)
        sockets_[handle].readable = false;
      proxy_.received(handle, {scratch_.data(), static_cast<std::size_t>(got)});
    } else if (got == 0) {
      // It stays readable: an end for which it is too early is met again.
      sockets_[handle].ended = true;
      return proxy_.ended(handle);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      sockets_[handle].readable = false;
      return;
    } else if (errno != EINTR) {
      sockets_[handle].readable = false;
      return proxy_.failed(handle);
    }
  }
  if (sockets_[handle].generation == generation) read_later(handle);
}
void Loop::read_later(Handle handle) {
  Socket& one = sockets_[handle];
  if (one.fd < 0 || std::exchange(one.queued, true)) return;
  to_read_.push_back(handle);
}

void Loop::accept_all() {
  for (int i = 0; i < kAcceptsMax && accept_one() != Accepted::none; ++i) {
  }
}

Loop::Accepted Loop::accept_one() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE) && spare_ >= 0) {
    // No descriptor is left: the spare one takes the client, to turn it away.
    ::close(std::exchange(spare_, -1));
    fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    // Another thread may have been faster.
    const int error = errno;
    spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = error;
    if (fd >= 0) {
      proxy_.turned_away();
      return Accepted::refused;
    }
  }
  if (fd < 0) {
    // What is wrong with one connection is over with it; what is wrong with the host is not.
    if (has_no_room(errno)) pause_listening();
    return Accepted::none;
  }
  if (fd >= shares_.clients) {
    ::close(fd);
    proxy_.turned_away();
    return Accepted::refused;
  }
  const Handle handle = proxy_.accepted();
  if (handle == Proxy::kNobody) {
    ::close(fd);
    return Accepted::refused;
  }
  if (!add(handle, fd, false)) proxy_.failed(handle);
  return Accepted::one;
}

Loop::Socket& Loop::socket(Handle handle) {
  if (handle >= sockets_.size()) sockets_.resize(handle + 1);
  return sockets_[handle];
}

bool Loop::add(Handle handle, int fd, bool connecting) {
  Socket& one = socket(handle);
  one.fd = fd;
  one.connecting = connecting;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.u64 = std::uint64_t{one.generation} << 32 | handle}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

/// The queue of the kernel stays readable: to be told again and again would take all the time of
/// the connections that are there.
void Loop::pause_listening() {
  epoll_event event{.events = 0, .data = {.u64 = kListener}};
  if (listens_at_ == kNever) epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event);
  listens_at_ = clock() + kPause;
}
void Loop::listen_again() {
  listens_at_ = kNever;
  if (spare_ < 0) spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.u64 = kListener}};
  if (listener_ >= 0) epoll_ctl(epoll_, EPOLL_CTL_MOD, listener_, &event);
}

void Loop::stop_listening() {
  listens_at_ = kNever;
  // Without this it would be told of clients as long as another loop has the socket, too.
  epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  ::close(listener_);
  listener_ = -1;
}

//--- what the proxy asks
//--------------------------------------------------------------------------------------------------

Opening Loop::connect(Handle handle, std::size_t address) {
  const Address& to = servers_[address];
  const int fd = ::socket(to.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return has_no_room(errno) ? Opening::no_room : Opening::refused;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Opening opening = Opening::no_room;
  if (fd < shares_.servers) {
    if (::connect(fd, to.get(), to.size) == 0 || errno == EINPROGRESS) {
      if (add(handle, fd, true)) return Opening::begun;
    } else if (!has_no_room(errno) && errno != EADDRNOTAVAIL) {
      opening = Opening::refused;
    }
  }
  ::close(fd);
  socket(handle).fd = -1;
  return opening;
}

std::size_t Loop::send(Handle handle, std::string_view bytes) {
  Socket& one = socket(handle);
  if (one.fd < 0) return kFailed;
  const ssize_t sent = ::send(one.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) return kFailed;
    one.blocked = true;
    return 0;
  }
  if (static_cast<std::size_t>(sent) < bytes.size()) one.blocked = true;
  return static_cast<std::size_t>(sent);
}

void Loop::shutdown_write(Handle handle) {
  if (socket(handle).fd >= 0) ::shutdown(socket(handle).fd, SHUT_WR);
}

void Loop::close(Handle handle) {
  Socket& one = socket(handle);
  if (one.fd >= 0) ::close(one.fd);
  one = {.generation = (one.generation + 1) & 0x7fffffff};
}

void Loop::want_input(Handle handle, bool wanted) {
  Socket& one = socket(handle);
  one.wanted = wanted;
  if (wanted && one.readable) read_later(handle);
}

bool Loop::peek_dead(Handle handle) {
  char byte;
  const ssize_t got = recv(socket(handle).fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

}  // namespace halfclose::runtime
