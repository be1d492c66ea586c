#include "proofs/catalogue/request_races.hpp"

namespace halfclose::proofs {

using monitor::request::Out;

const std::vector<RequestRace>& request_races() {
  static const std::vector<RequestRace> all = {
      {"duplicate-execution", "R17", Out::at_most_once,
       "a request that is not idempotent is executed by the origin, and a retry has it executed "
       "again",
       "RFC 9110 9.2.2; istio/istio#51619"},
      {"stale-pool-cascade", "R18", Out::cascaded,
       "a request fails although it was retried: its last try, like those before it, was given a "
       "used connection, and that was dead before it was used",
       "envoyproxy/envoy#27330"},
  };
  return all;
}

const std::vector<RequestGuarantee>& request_guarantees() {
  static const std::vector<RequestGuarantee> all = {
      {"one-outcome", Out::one_outcome,
       "every request has exactly one outcome, whatever is retried", "RFC 9110 3.3"},
      {"right-response", Out::right_response,
       "no response on a pooled connection is taken for the answer to another request",
       "RFC 9112 9.2"},
      {"whole-or-error", Out::whole_or_error,
       "a client has a complete response only when the proxy gave it one as whole; whether the "
       "origin's was is judged on its connection",
       "RFC 9112 8"},
      {"bounded-retry", Out::bounded_retry,
       "a request is written at most once more than its policy has tries; where a failure on a "
       "used connection costs none, to new connections",
       "RFC 9110 9.2.2"},
      {"pool-hygiene", Out::pool_hygiene,
       "no request is given a connection whose end the application knows", "RFC 9112 9.5"},
  };
  return all;
}

}  // namespace halfclose::proofs
