// A chain: nodes in the order a request travels, and the links between them, read from YAML.
#pragma once

#include "model/deployment/hop_settings.hpp"
#include "model/deployment/profile.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::deployment {

inline constexpr std::size_t kChainBytesMax = 4u << 20;
inline constexpr Time kDefaultDelayMin = 100, kDefaultDelayMax = 5'000;

struct Node {
  std::string name;
  const Profile* profile = nullptr;
  std::optional<Role> server, client;  ///< the profile's, with the chain's values over them
  bool fixed = false;                  ///< nobody can change anything about it
  int line = 0;
};

struct Link {
  Time delay_min = kDefaultDelayMin, delay_max = kDefaultDelayMax;
  Time middlebox = kOff;  ///< a middlebox on the link forgets what was silent for so long
  bool stated = false, delay_stated = false;
};

struct Chain {
  std::string file;
  std::vector<Node> nodes;
  std::vector<Link> links;  ///< one fewer than nodes
  std::vector<std::string> methods{"GET", "POST"};
  bool with_body = true;
  bool responses_fit = false;  ///< every response leaves the server at once
  Time content_within = kOff;  ///< how long a client may pause before the content of a request
  bool requests_stated = false;
};

/// One thing that is wrong with an input, and how to mend it. Lines and columns count from 1; 0 is
/// the file.
struct InputError {
  std::string file;
  int line = 0, column = 0;
  std::string rule, help;

  /// `chain.yaml:3:5: error: ...` and, on a second line, `help: ...`.
  std::string text() const;
};

struct LoadedChain {
  std::optional<Chain> chain;
  InputError error;
};
LoadedChain load_chain(const std::string& path);
LoadedChain parse_chain(std::string_view yaml, const std::string& file);

/// Nobody can change it, says the chain or the profile: `edge.upstream.idle_timeout`.
bool is_fixed(const Chain& chain, std::string_view value);

/// The settings of hop `index`: nodes[index] as the client of nodes[index + 1].
HopSettings hop_settings(const Chain& chain, std::size_t index);

}  // namespace halfclose::deployment
