// The tables of the three machines that run a proxy, as its settings choose them.
#pragma once

#include "runtime/core/settings.hpp"

#include <cstdint>

namespace halfclose::runtime {

/// They are made once for the same settings, and live for ever.
struct Tables {
  explicit Tables(const Settings& settings);

  const machine::Table &server, &client;
  /// @param retried  for requests whose method the policy sends again
  const machine::Table& exchange(bool retried) const { return *exchange_[retried]; }

  /// Differs between tables that differ in a cell or in an output.
  std::uint64_t fingerprint() const;

 private:
  const machine::Table* exchange_[2];
};

}  // namespace halfclose::runtime
