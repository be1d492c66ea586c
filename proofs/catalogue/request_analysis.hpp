// What retries make of the races on a hop: hidden from the client, or worse, a request executed
// twice.
//
// A pool of connections to the hop's server, and callers of any kind in front of it, are explored
// in time, for what schedules without time reach: what none of those does, no timing does.
#pragma once

#include "model/deployment/proxy_settings.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/request_races.hpp"
#include "proofs/explore/exploration.hpp"

#include <string>
#include <vector>

namespace halfclose::proofs {

/// How many requests and connections exist at a time in an exploration.
struct RequestBounds {
  int requests = 1, connections = 1;
};

/// A race as requests with one method meet it.
struct Masking {
  std::string method;
  std::uint64_t seen = 0;            ///< races that happen in the composition
  std::uint64_t reaches_client = 0;  ///< of these, those after which the client sees an error
};

struct RequestFinding {
  monitor::request::Out output{};
  std::string method;
  deployment::ProxySettings settings{};
  Path path{};
  Schedule schedule{};
};

struct RequestAnalysis {
  bool retries = false;  ///< the policy ever sends a request again
  std::vector<Masking> maskings{};
  std::vector<RequestFinding> found{};  ///< the first of each output, over all methods
  RequestBounds bounds{};               ///< the largest; what a limit left undecided there is open
  std::uint64_t states = 0;
  std::uint64_t open = 0;  ///< set of request::Out: undecided, because of the limit
  std::string limit{};     ///< the one that was hit, if one was

  const RequestFinding* find(monitor::request::Out output) const {
    for (const RequestFinding& one : found) {
      if (one.output == output) return &one;
    }
    return nullptr;
  }
};

/// @param happening  races that happen on the hop in time: those whose masking is asked
/// @param upstream   settings of the hop, where they are not those of the chain
RequestAnalysis analyse_requests(const deployment::Chain& chain, std::size_t hop,
                                 std::uint64_t happening, const Limits& limits,
                                 const deployment::HopSettings* upstream = nullptr);

}  // namespace halfclose::proofs
