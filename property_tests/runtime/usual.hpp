// The proxy that the tests of runtime/ use: the profile `halfclose` between a client and a server.
#pragma once

#include "model/deployment/chain.hpp"
#include "runtime/core/settings.hpp"

#include <optional>

namespace halfclose::runtime {

inline const deployment::Chain& usual_chain() {
  static const deployment::Chain chain =
      deployment::parse_chain(
          "chain:\n  - { name: c, profile: rfc9112 }\n  - { name: p, profile: halfclose }\n"
          "  - { name: s, profile: rfc9112 }\n",
          "usual")
          .chain.value();
  return chain;
}
inline Settings usual() {
  return settings_of(usual_chain(), 1);
}

}  // namespace halfclose::runtime
