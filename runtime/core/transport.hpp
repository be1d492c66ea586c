// What the core asks of the world: sockets that have names. An event loop is one, and so is a
// simulated kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace halfclose::runtime {

using Time = std::int64_t;     ///< milliseconds of a clock that does not go back
using Handle = std::uint32_t;  ///< names a socket while it is open

/// What became of the wish for a connection. `no_room`: the host has no descriptor, port or memory
/// left for it, which says nothing of the server.
enum class Opening : std::uint8_t { begun, refused, no_room };

class Transport {
 public:
  static constexpr std::size_t kFailed = SIZE_MAX;

  virtual ~Transport() = default;
  /// Begins to open a connection; Proxy::connected or Proxy::failed follows if it has begun.
  /// @param address  index of an upstream server
  virtual Opening connect(Handle handle, std::size_t address) = 0;
  /// @return the bytes that the kernel took, or kFailed. After fewer than all Proxy::writable
  ///         follows when there is room
  virtual std::size_t send(Handle handle, std::string_view bytes) = 0;
  virtual void shutdown_write(Handle handle) = 0;
  /// The handle is free afterwards.
  virtual void close(Handle handle) = 0;
  /// Whether the bytes that come are wanted. What came in the meantime is told when they are.
  virtual void want_input(Handle handle, bool wanted) = 0;
  /// A look at a connection that should have nothing to say. @return it has ended, or speaks
  virtual bool peek_dead(Handle handle) = 0;
};

}  // namespace halfclose::runtime
