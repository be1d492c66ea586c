// The addresses of the upstream servers: which of them the next connection goes to, by what became
// of those before (passive health). It never says that there is none.
#pragma once

#include "runtime/core/settings.hpp"

#include <cstddef>
#include <vector>

namespace halfclose::runtime {

class Addresses {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  explicit Addresses(const Settings& settings) : settings_(settings), all_(settings.addresses) {}

  /// In turn, past those that are shunned; when all are, past none.
  /// @param but  the one that has just failed, taken only when the others are worse
  std::size_t next(Time now, std::size_t but = kNone);
  bool is_shunned(std::size_t address, Time now) const { return all_[address].shunned_until > now; }
  bool all_shunned(Time now) const;

  /// No connection could be opened. @return the address is shunned from now on
  bool refused(std::size_t address, Time now);
  /// A request had no byte of a response. @return the address is shunned from now on
  bool failed(std::size_t address, Time now);
  /// It has said something. A server that takes no more connections may still answer on those it
  /// has: a time of shunning that runs goes on.
  void answered(std::size_t address, Time now);

 private:
  struct Health {
    unsigned failures = 0;  ///< in a row
    Time shunned_until = 0, shunned_for = 0;
  };
  bool shun(Health& health, Time now);

  const Settings& settings_;
  std::vector<Health> all_;
  std::size_t turn_ = 0;
};

}  // namespace halfclose::runtime
