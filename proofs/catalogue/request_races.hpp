// The races and guarantees of requests: what becomes of one across a pool of connections and its
// retries.
//
// The definitions are those of the request observer (model/monitor/request_observer.hpp).
#pragma once

#include "model/monitor/request_observer.hpp"

#include <string_view>
#include <vector>

namespace halfclose::proofs {

struct RequestRace {
  std::string_view slug;
  std::string_view number;  ///< as in the literature list of docs/reference/races.md
  monitor::request::Out output;
  std::string_view statement;
  std::string_view source;
};
const std::vector<RequestRace>& request_races();

struct RequestGuarantee {
  std::string_view slug;
  monitor::request::Out output;  ///< emitted when it breaks
  std::string_view statement;
  std::string_view source;
};
const std::vector<RequestGuarantee>& request_guarantees();

constexpr std::uint64_t goal(monitor::request::Out output) {
  return 1ull << static_cast<unsigned>(output);
}

}  // namespace halfclose::proofs
