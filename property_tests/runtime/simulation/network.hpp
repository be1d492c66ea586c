// Kernels under a proxy: pairs of tcp::Endpoint tables with bytes between them, and a loop that
// tells the proxy of them in whatever order the schedule wants.
#pragma once

#include "model/tcp/conversation.hpp"
#include "property_tests/runtime/kept_journal.hpp"
#include "runtime/core/proxy.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::runtime::simulation {

using tcp::Call;
using tcp::Side;

/// What a schedule is made of: numbers that a test chose, and zeros when they are used up.
class Choices {
 public:
  explicit Choices(std::vector<std::uint16_t> numbers) : numbers_(std::move(numbers)) {}
  /// @return one of 0 ... n - 1
  std::size_t of(std::size_t n) { return at_ < numbers_.size() && n > 1 ? numbers_[at_++] % n : 0; }
  bool over() const { return at_ >= numbers_.size(); }

 private:
  std::vector<std::uint16_t> numbers_;
  std::size_t at_ = 0;
};

enum class Got : std::uint8_t { bytes, nothing, end, reset };

/// One connection. The first side has called connect.
class Connection {
 public:
  explicit Connection(bool refused = false) {
    tcp_.set(Side::first, tcp::Option::nodelay);
    tcp_.set(Side::second, tcp::Option::nodelay);
    for (const Side side : {Side::first, Side::second})
      tcp_.set(side, tcp::Option::window, kWindow);
    if (!refused) tcp_.call(Side::second, Call::listen);
    tcp_.call(Side::first, Call::connect);
  }
  /// @return bytes taken, or kFailed
  std::size_t send(Side side, std::string_view bytes) {
    const std::uint32_t queued = tcp_.kernel(side).unacknowledged();
    const auto room = static_cast<std::uint32_t>(
        std::min<std::size_t>(bytes.size(), queued < kQueue ? kQueue - queued : 0));
    if (room == 0) return 0;
    const tcp::CallResult result = tcp_.call(side, Call::send, room);
    if (!result.said || (*result.said != tcp::Out::ok && *result.said != tcp::Out::held))
      return Transport::kFailed;
    written_[index(side)].append(bytes.substr(0, result.bytes));
    return result.bytes;
  }
  Got receive(Side side, std::size_t most, std::string& bytes) {
    const tcp::CallResult result = tcp_.call(side, Call::recv, static_cast<std::uint32_t>(most));
    if (result.said == tcp::Out::bytes) {
      std::size_t& read = read_[index(side)];
      bytes = written_[1 - index(side)].substr(read, result.bytes);
      read += result.bytes;
      return Got::bytes;
    }
    return result.said == tcp::Out::eof           ? Got::end
           : result.said == tcp::Out::would_block ? Got::nothing
                                                  : Got::reset;
  }
  bool dead(Side side) { return tcp_.call(side, Call::peek).said != tcp::Out::would_block; }
  void shutdown_write(Side side) { tcp_.call(side, Call::shutdown_write); }
  void close(Side side, bool abort = false) {
    tcp_.call(side, abort ? Call::abort : Call::close);
    closed_[index(side)] = true;
  }
  bool closed(Side side) const { return closed_[index(side)]; }
  bool established(Side side) const {
    const std::string_view state = tcp_.kernel(side).state();
    return state != "LISTEN" && state != "SYN-RECEIVED" && state != "CLOSED" && state != "SYN-SENT";
  }
  bool refused() const { return tcp_.kernel(Side::first).state() == "CLOSED"; }
  tcp::Readiness readiness(Side side) const { return tcp_.kernel(side).readiness(); }
  bool room(Side side) const { return tcp_.kernel(side).unacknowledged() < kQueue; }
  /// Segments on the way from a side.
  std::size_t in_flight(Side from) const { return tcp_.in_flight(from).size(); }
  void deliver(Side from) { tcp_.deliver(from); }
  /// The persist timer: a window may have opened too little to be told.
  void probe(Side from) {
    if (tcp_.kernel(from).unacknowledged() > 0) tcp_.expire(from, tcp::Timer::retransmit);
  }

 private:
  static constexpr std::uint32_t kWindow = 3'000, kQueue = 2'000;
  static std::size_t index(Side side) { return static_cast<std::size_t>(side); }
  tcp::Conversation tcp_;
  std::string written_[2];
  std::size_t read_[2] = {0, 0};
  bool closed_[2] = {false, false};
};

/// The proxy, its connections, and the part of runtime/io/loop.cpp that is not system calls.
class Network final : public Transport, public Observer {
 public:
  Network(const Settings& settings, Choices& choices)
      : choices_(choices), proxy_(settings, *this, this, &journal_) {
    proxy_.at(now_);
  }

  /// A client connects. @return its connection, of which it is the first side
  std::shared_ptr<Connection> connect_client() {
    auto connection = std::make_shared<Connection>();
    accepting_.push_back(connection);
    all_.push_back(connection);
    return connection;
  }
  /// Connections to servers, of which a server is the second side, in the order they were opened.
  const std::vector<std::shared_ptr<Connection>>& to_servers() const { return to_servers_; }
  const std::vector<std::shared_ptr<Connection>>& all() const { return all_; }

  /// One turn of the loop: what the kernels have to tell, and what is due.
  void turn() {
    std::vector<std::shared_ptr<Connection>> waiting;
    waiting.swap(accepting_);
    for (const auto& connection : waiting) {
      if (!connection->established(Side::second)) {
        if (!connection->refused()) accepting_.push_back(connection);
        continue;
      }
      const Handle handle = proxy_.accepted();
      if (handle == Proxy::kNobody) {
        connection->close(Side::second);
        continue;
      }
      Socket& socket = sockets_[handle];
      socket.connection = connection;
      socket.side = Side::second;
    }
    std::vector<Handle> ready;
    for (const auto& [handle, socket] : sockets_)
      ready.push_back(handle);
    for (std::size_t i = ready.size(); i > 1; --i)
      std::swap(ready[i - 1], ready[choices_.of(i)]);
    // What the kernel knows of idle connections comes first.
    std::stable_partition(ready.begin(), ready.end(),
                          [&](Handle handle) { return proxy_.is_idle_upstream(handle); });
    for (const Handle handle : ready)
      look(handle);
    proxy_.expire();
    proxy_.end_turn();
  }
  void pass(Time time) { proxy_.at(now_ += time); }
  Proxy& proxy() { return proxy_; }
  const KeptJournal& journal() const { return journal_; }
  const std::vector<std::string>& log() const { return log_; }

  bool refuses = false;  ///< servers do not listen
  bool full = false;     ///< the host has no room for a connection

  Opening connect(Handle handle, std::size_t) override {
    if (full) return Opening::no_room;
    Socket& socket = sockets_[handle];
    socket = {};
    socket.connection = std::make_shared<Connection>(refuses);
    socket.connecting = true;
    if (!refuses) to_servers_.push_back(socket.connection);
    all_.push_back(socket.connection);
    return Opening::begun;
  }
  std::size_t send(Handle handle, std::string_view bytes) override {
    Socket& socket = sockets_.at(handle);
    // The kernel may take less than it has room for.
    const std::size_t most = choices_.of(4) == 3 ? 1 + choices_.of(200) : bytes.size();
    const std::size_t taken = socket.connection->send(socket.side, bytes.substr(0, most));
    if (taken != kFailed && taken < bytes.size()) socket.blocked = true;
    return taken;
  }
  void shutdown_write(Handle handle) override {
    Socket& socket = sockets_.at(handle);
    socket.connection->shutdown_write(socket.side);
  }
  void close(Handle handle) override {
    Socket& socket = sockets_.at(handle);
    socket.connection->close(socket.side);
    sockets_.erase(handle);
  }
  void want_input(Handle handle, bool wanted) override { sockets_[handle].wanted = wanted; }
  bool peek_dead(Handle handle) override {
    Socket& socket = sockets_.at(handle);
    return socket.connection->dead(socket.side);
  }
  void over(const RequestRecord& record) override {
    log_.push_back(std::string(record.target) + " " + std::to_string(record.status) + " " +
                   std::string(record.failure));
  }

 private:
  struct Socket {
    std::shared_ptr<Connection> connection{};
    Side side = Side::first;
    bool connecting = false, wanted = false, blocked = false;
  };
  bool same(Handle handle, const std::shared_ptr<Connection>& connection) const {
    const auto found = sockets_.find(handle);
    return found != sockets_.end() && found->second.connection == connection;
  }

  void look(Handle handle) {
    const auto found = sockets_.find(handle);
    if (found == sockets_.end()) return;
    const std::shared_ptr<Connection> connection = found->second.connection;
    const Side side = found->second.side;
    if (found->second.connecting) {
      if (connection->refused()) {
        found->second.connecting = false;
        return proxy_.failed(handle);
      }
      if (!connection->established(side)) return;
      found->second.connecting = false;
      proxy_.connected(handle);
      if (!same(handle, connection)) return;
    }
    const tcp::Readiness ready = connection->readiness(side);
    if (ready.in || ready.rdhup || ready.hup || ready.err) {
      if (sockets_[handle].wanted)
        read(handle, connection, side);
      else if (ready.hup || ready.err)
        proxy_.failed(handle);
      else if (ready.rdhup)
        proxy_.peer_closed(handle);
    }
    if (same(handle, connection) && sockets_[handle].blocked && connection->room(side)) {
      sockets_[handle].blocked = false;
      proxy_.writable(handle);
    }
  }
  void read(Handle handle, const std::shared_ptr<Connection>& connection, Side side) {
    for (int rounds = 0; rounds < 3; ++rounds) {
      if (!same(handle, connection) || !sockets_[handle].wanted) return;
      std::string bytes;
      const std::size_t most = choices_.of(3) == 2 ? 1 + choices_.of(100) : 64 * 1024;
      switch (connection->receive(side, most, bytes)) {
        case Got::bytes:
          proxy_.received(handle, bytes);
          break;
        case Got::nothing:
          return;
        case Got::end:
          return proxy_.ended(handle);
        case Got::reset:
          return proxy_.failed(handle);
      }
    }
  }

  Choices& choices_;
  Time now_ = 1'000'000;
  std::map<Handle, Socket> sockets_;
  std::vector<std::shared_ptr<Connection>> accepting_, to_servers_, all_;
  std::vector<std::string> log_;
  KeptJournal journal_;
  Proxy proxy_;
};

}  // namespace halfclose::runtime::simulation
