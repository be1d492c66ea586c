// A program of examples/embed under test, and the other end of its connections.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace halfclose::examples {

constexpr int kPatienceMs = 20'000;  ///< beyond it a test fails instead of hanging

/// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

inline bool readable_within(int fd, int ms = kPatienceMs) {
  pollfd look{fd, POLLIN, 0};
  return poll(&look, 1, ms) > 0;
}

/// A child with pipes to its standard input and output; killed with its owner.
class Program {
 public:
  Program(const char* path, const std::string& argument) {
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    child_ = fork();
    if (child_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      execl(path, path, argument.c_str(), nullptr);
      _exit(127);
    }
    close(in[0]);
    close(out[1]);
    in_ = Descriptor(in[1]);
    out_ = Descriptor(out[0]);
  }
  ~Program() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void say(const std::string& line) {
    const std::string bytes = line + "\n";
    if (write(in_.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("the program does not listen");
  }
  int output() const { return out_.get(); }
  std::string line() {
    while (said_.find('\n') == said_.npos) {
      char bytes[512];
      if (!readable_within(out_.get())) throw std::runtime_error("the program is silent");
      const ssize_t size = read(out_.get(), bytes, sizeof bytes);
      if (size <= 0) throw std::runtime_error("the program has ended");
      said_.append(bytes, static_cast<std::size_t>(size));
    }
    const std::string line = said_.substr(0, said_.find('\n'));
    said_.erase(0, line.size() + 1);
    return line;
  }

 private:
  pid_t child_ = -1;
  Descriptor in_, out_;
  std::string said_;
};

inline sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<in_port_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A socket that listens on a free port.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd(), 64) != 0)
      throw std::runtime_error("no port");
    getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  int fd() const { return socket_.get(); }
  std::string port() const { return std::to_string(port_); }
  Descriptor accept() const { return Descriptor(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC)); }
  bool nobody_waits() const { return !readable_within(fd(), 0); }
  void close() { socket_.close(); }

 private:
  Descriptor socket_;
  int port_ = 0;
};

inline void send_all(const Descriptor& to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) throw std::runtime_error("cannot send");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

inline void close_lingering(Descriptor& socket, int seconds) {
  const linger how{.l_onoff = 1, .l_linger = seconds};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &how, sizeof how);
  socket.close();
}
/// Closes, and returns when the other kernel has acknowledged the FIN.
inline void close_and_be_heard(Descriptor& socket) {
  close_lingering(socket, kPatienceMs / 1000);
}
/// Closes with a RST.
inline void reset(Descriptor& socket) {
  close_lingering(socket, 0);
}

}  // namespace halfclose::examples
