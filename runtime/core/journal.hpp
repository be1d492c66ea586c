// What a proxy did, step by step: eight bytes for each step of a machine, cheap enough to leave on.
#pragma once

#include "model/machine/table.hpp"
#include "runtime/core/transport.hpp"

#include <cstdint>

namespace halfclose::runtime {

enum class Noted : std::uint8_t {
  nothing,           ///< the end of what was written
  server,            ///< a step of http1-server
  client,            ///< a step of http1-client
  exchange,          ///< a step of proxy-exchange, for a method that is not sent again
  exchange_retried,  ///< and for one that is
  given,             ///< the connection to a server goes to the request whose exchange steps next
  refused,  ///< the proxy answers by itself: the request that comes next, or what is left of one
  time,     ///< `handle` holds milliseconds, modulo 2^32: the time of what follows
};

struct JournalEntry {
  std::uint32_t handle = 0;
  Noted what = Noted::nothing;
  machine::EventId event = 0;
  machine::LocalId next = 0;  ///< the local state behind the step
  bool operator==(const JournalEntry&) const = default;
};
static_assert(sizeof(JournalEntry) == 8);

class Journal {
 public:
  virtual ~Journal() = default;
  void put(JournalEntry entry) {
    if (at_ == end_) more();
    *at_++ = entry;
  }

 protected:
  /// Makes room: at_ < end_ afterwards.
  virtual void more() = 0;
  JournalEntry *at_ = nullptr, *end_ = nullptr;
};

}  // namespace halfclose::runtime
