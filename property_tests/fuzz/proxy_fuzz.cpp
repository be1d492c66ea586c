// The proxy under any history: bytes say what clients, servers, kernels and the clock do, as a
// loop would tell it.
#include "property_tests/fuzz/claim.hpp"
#include "property_tests/runtime/kept_journal.hpp"
#include "runtime/core/proxy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

using namespace halfclose::runtime;
using halfclose::fuzz::claim;

namespace {

// 256 KiB that wait for a slow peer, the piece that went over it, and a head before them: on each
// of the two connections, in both directions.
constexpr std::size_t kBehindMax = 2 * (2 * 256 * 1024 + 64 * 1024 + 64 * 1024);
constexpr std::size_t kPiece = 16 * 1024;

const std::vector<std::string> kSaidByClients = {
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
    "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 900000\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HEAD / HTTP/1.0\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n"};
const std::vector<std::string> kSaidByServers = {
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\n\r\n",
    "3\r\nabc\r\n",
    "0\r\n\r\n"};

/// Whoever asks for more than there is gets zeros.
class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  unsigned next() { return left_ == 0 ? 0u : (--left_, *data_++); }
  std::string take(std::size_t count) {
    std::string out;
    while (count-- > 0 && !empty())
      out.push_back(static_cast<char>(next()));
    return out;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

class World final : public Transport, public Observer {
 public:
  explicit World(const Settings& settings)
      : settings_(settings), proxy_(settings, *this, this, &journal_) {
    proxy_.at(now_);
  }

  void step(Bytes& bytes) {
    const unsigned what = bytes.next(), which = bytes.next();
    if (what % 16 == 0) return accept();
    if (what % 16 == 1) return proxy_.end_turn();
    if (what % 16 == 2) return proxy_.begin_turn();
    if (what % 16 == 3) return pass(which % 8 * 1'000 + 10);
    if (what % 16 == 4) {
      dead_ = (which & 1) != 0;
      refuses_ = (which & 2) != 0;
      full_ = (which & 4) != 0;
      return;
    }
    std::vector<Handle> open;
    for (const auto& [handle, socket] : sockets_) {
      if (socket.open) open.push_back(handle);
    }
    if (open.empty()) return accept();
    const Handle end = open[which % open.size()];
    Socket& socket = sockets_[end];
    if (what % 16 == 5) return proxy_.failed(end);
    if (connecting_.erase(end) > 0) return proxy_.connected(end);
    switch (what % 16) {
      case 6:
        return socket.wanted ? proxy_.ended(end) : proxy_.peer_closed(end);
      case 7:
        socket.room = bytes.next();
        return;
      case 8:
        socket.room = SIZE_MAX;
        return proxy_.writable(end);
      case 9:
        socket.broken = true;
        return;
      case 10:
        return say(end, bytes.take(1 + bytes.next() % 64));
      case 11:
        return say(end, std::string((1 + bytes.next()) * 1'024, 'x'));
      default: {
        const auto& said = (end & 1) != 0 ? kSaidByServers : kSaidByClients;
        return say(end, said[bytes.next() % said.size()]);
      }
    }
  }

  void finish() {
    proxy_.end_turn();
    for (const auto& [handle, socket] : std::map(sockets_)) {
      if (sockets_[handle].open) proxy_.failed(handle);
    }
    // What was asked for in the meantime fails too.
    refuses_ = true;
    full_ = false;
    proxy_.end_turn();
    for (const auto& [handle, socket] : std::map(sockets_)) {
      if (sockets_[handle].open) proxy_.failed(handle);
    }
    claim(proxy_.clients() == 0 && proxy_.upstreams() == 0, "no connection is left behind");
    claim(proxy_.counters().requests == outcomes_, "each request has one outcome");
    const std::string divergence = divergence_of(journal_.entries(), settings_);
    claim(divergence.empty(), divergence.c_str());
  }

  Opening connect(Handle handle, std::size_t) override {
    claim(!sockets_[handle].open, "a handle in use is not opened again");
    if (full_) return Opening::no_room;
    sockets_[handle] = {};
    sockets_[handle].open = true;  // one that is refused is closed by the proxy
    if (refuses_) return Opening::refused;
    connecting_.insert(handle);
    return Opening::begun;
  }
  std::size_t send(Handle handle, std::string_view bytes) override {
    Socket& socket = at(handle);
    claim(!socket.shut, "nothing is sent behind the end");
    claim(!connecting_.contains(handle), "nothing is sent before the connection is there");
    if (socket.broken) return kFailed;
    const std::size_t taken = std::min(bytes.size(), socket.room);
    if (socket.room != SIZE_MAX) socket.room -= taken;
    claim(bytes.size() - taken <= kBehindMax, "what waits for a slow peer is bounded");
    return taken;
  }
  void shutdown_write(Handle handle) override { at(handle).shut = true; }
  void close(Handle handle) override {
    at(handle).open = false;
    connecting_.erase(handle);
  }
  void want_input(Handle handle, bool wanted) override { at(handle).wanted = wanted; }
  bool peek_dead(Handle handle) override {
    at(handle);
    return dead_;
  }
  void over(const RequestRecord&) override { ++outcomes_; }

 private:
  struct Socket {
    bool open = false, shut = false, wanted = false, broken = false;
    std::size_t room = SIZE_MAX;
  };

  Socket& at(Handle handle) {
    Socket& socket = sockets_[handle];
    claim(socket.open, "nothing is done to a closed socket");
    return socket;
  }
  void accept() {
    // The proxy wants input while it accepts: every handle of a client that it may use is open.
    for (Handle handle = 0; handle < 2 * settings_.clients_max; handle += 2) {
      if (!sockets_.contains(handle) || !sockets_[handle].open) {
        sockets_[handle] = {};
        sockets_[handle].open = true;
        fresh_.insert(handle);
      }
    }
    const Handle handle = proxy_.accepted();
    for (const Handle one : fresh_)
      sockets_[one].open = one == handle;
    fresh_.clear();
  }
  /// As a loop would: in pieces, while they are wanted.
  void say(Handle handle, const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      if (!sockets_[handle].open || !sockets_[handle].wanted) return;
      proxy_.received(handle, std::string_view(bytes).substr(at, kPiece));
    }
  }
  void pass(Time time) {
    for (const Time end = now_ + time; now_ < end;) {
      now_ = std::min(end, now_ + 250);
      proxy_.at(now_);
      proxy_.expire();
      proxy_.end_turn();
    }
  }

  const Settings& settings_;
  std::map<Handle, Socket> sockets_;
  std::set<Handle> connecting_, fresh_;
  bool dead_ = false, refuses_ = false, full_ = false;
  std::size_t outcomes_ = 0;
  Time now_ = 1'000'000;
  KeptJournal journal_;
  Proxy proxy_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  const unsigned choice = bytes.next();
  Settings settings = usual();
  settings.addresses = 1 + choice % 3;
  settings.connections_max = 1 + choice / 4 % 3;
  settings.waiting_max = 1;
  settings.clients_max = 4;
  settings.next_loop = (choice & 64) != 0;
  settings.client.peeks = (choice & 128) != 0;
  World world(settings);
  while (!bytes.empty())
    world.step(bytes);
  world.finish();
  return 0;
}
