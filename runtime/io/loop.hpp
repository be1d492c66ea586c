// One thread of a proxy: an epoll loop around a runtime::Proxy. Sockets are registered once,
// edge-triggered; a batch of events is looked at twice, first for pooled connections whose end the
// kernel already knows, so that none of them is handed to a request of the same batch.
#pragma once

#include "runtime/core/proxy.hpp"
#include "runtime/io/address.hpp"

#include <atomic>
#include <climits>
#include <string>
#include <vector>

namespace halfclose::runtime {

/// How the descriptors of the process are shared. The kernel gives out the lowest number that is
/// free: a number below `clients` means that fewer than that are in use, whoever uses them.
struct Shares {
  int clients = INT_MAX;  ///< a client above is turned away: its request could not be passed on
  int servers = INT_MAX;  ///< what is above is left to the metrics, the log and a reload

  /// Of the limit of the process as it is now, for that many loops.
  static Shares of_limit(std::size_t loops, std::size_t connections_max);
};

class Loop final : public Transport {
 public:
  /// @param listener  a listening socket, which is the loop's from now on
  /// @param servers   as many as settings.addresses; they and the others outlive this
  /// @param shares    which descriptors it may use
  /// @errors std::system_error when epoll or eventfd cannot be had
  Loop(const Settings& settings, int listener, const std::vector<Address>& servers,
       Observer* observer = nullptr, Journal* journal = nullptr, Shares shares = {});
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Serves until `stop` or `hand_over`, then until every client is gone or `grace` milliseconds
  /// are over. @return clients that were still connected then
  std::size_t run(Time grace);
  /// Takes who waits to be accepted, and nobody else. From any thread and from signal handlers.
  void stop() { leave(Leave::alone); }
  /// The same, but who waits is left to another loop with the same listening socket.
  void hand_over() { leave(Leave::to_another); }
  /// @pre neither was called yet
  int listener() const { return listener_; }

  const Proxy& proxy() const { return proxy_; }

  Opening connect(Handle handle, std::size_t address) override;
  std::size_t send(Handle handle, std::string_view bytes) override;
  void shutdown_write(Handle handle) override;
  void close(Handle handle) override;
  void want_input(Handle handle, bool wanted) override;
  bool peek_dead(Handle handle) override;

 private:
  struct Socket {
    int fd = -1;
    std::uint32_t generation = 0;
    bool connecting = false, wanted = false, readable = false, ended = false, blocked = false;
    bool queued = false;  ///< in to_read_
  };
  Socket& socket(Handle handle);
  enum class Leave : std::uint8_t { no, alone, to_another };
  enum class Accepted : std::uint8_t { one, refused, none };
  bool add(Handle handle, int fd, bool connecting);
  void accept_all();
  Accepted accept_one();
  void look(Handle handle, std::uint32_t generation, std::uint32_t events);
  void read_all(Handle handle);
  void read_later(Handle handle);
  void leave(Leave how);
  void listen_again();
  void pause_listening();
  void stop_listening();
  void close_all();
  static Time clock();

  const std::vector<Address>& servers_;
  Observer* observer_;
  Shares shares_;
  Time listens_at_ = kNever;  ///< again: the kernel could give no connection
  int listener_, epoll_ = -1, wake_ = -1, spare_ = -1;
  std::vector<Socket> sockets_;  ///< by handle
  std::vector<Handle> reading_;
  std::vector<Handle> to_read_;  ///< wanted and readable: read when the events are through
  std::vector<char> scratch_;
  std::atomic<Leave> leaves_{Leave::no};
  Proxy proxy_;
};

}  // namespace halfclose::runtime
