// The client role of a chain's node with its pool and its retries, as settings of a proxy system.
#pragma once

#include "model/deployment/chain.hpp"
#include "model/deployment/proxy_system.hpp"

#include <string_view>

namespace halfclose::deployment {

/// More tries than this show nothing new, and each costs states: a policy is cut to it.
inline constexpr int kTriesMax = 3;

/// RFC 9110 section 9.2.2.
bool is_idempotent(std::string_view method);
/// Requests with this method may have content here; RFC 9110 section 9.3.
bool may_have_content(std::string_view method);

/// Any callers in front of nodes[index], which retries as the chain says, and nodes[index + 1] as
/// origin.
///
/// @param method   what every request is
/// @param content  whether every request has content
ProxySettings proxy_settings(const Chain& chain, std::size_t index, std::string_view method,
                             bool content);

}  // namespace halfclose::deployment
