// A product profile: one product's defaults and behaviour, every value with its source.
#pragma once

#include "model/deployment/role.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::deployment {

/// What a product shows or logs, in its own words.
struct Symptoms {
  std::string request_lost;        ///< as a client: its reused connection ended without a response
  std::string response_truncated;  ///< as a client: it ended within one
  std::string as_server;           ///< as the server that closed on a request
};

struct Profile {
  std::string name, product, version;
  Symptoms symptoms;
  std::optional<Role> server, client;
};

/// The profiles inside the program, by name; each is read once.
/// @return nullptr for a name that does not exist
const Profile* find_profile(std::string_view name);
std::vector<std::string_view> profile_names();

/// Reads a profile's YAML. @return the rule that was broken in `error`, with line, or a profile
struct ParsedProfile {
  std::optional<Profile> profile;
  std::string error;
};
ParsedProfile parse_profile(std::string_view name, std::string_view yaml);

}  // namespace halfclose::deployment
