// The counters as text that Prometheus reads (its text format 0.0.4).
#pragma once

#include "runtime/core/counters.hpp"

#include <string>

namespace halfclose::runtime {

/// Of all the loops of a process, those that are gone included.
struct Totals {
  Counters counters;
  Gauges gauges;
  std::uint64_t reloads = 0, reloads_refused = 0;
  bool draining = false;  ///< it takes no new connections any more
};

std::string metrics_text(const Totals& totals);

}  // namespace halfclose::runtime
