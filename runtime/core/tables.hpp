// The tables of the three machines that run a proxy, as its settings choose them.
#pragma once

#include "runtime/core/settings.hpp"

#include <cstdint>

namespace halfclose::runtime {

struct Tables {
  explicit Tables(const Settings& settings);

  machine::Table server, client;
  machine::Table exchange[2];  ///< [1]: of requests whose method the policy sends again

  /// Differs between tables that differ in a cell or in an output.
  std::uint64_t fingerprint() const;
};

}  // namespace halfclose::runtime
