// What can be done about a race besides moving a timer: one change of a hop's settings each.
//
// None is recommended from a list: the judge applies each and explores again, and names those that
// exclude the race.
#pragma once

#include "model/deployment/hop_settings.hpp"

#include <string_view>
#include <vector>

namespace halfclose::proofs {

struct Mitigation {
  std::string_view slug;
  std::string_view text;  ///< what to do; `{client}` and `{server}` stand for the nodes
  /// Changes the settings. @return false when there is nothing to change
  bool (*apply)(deployment::HopSettings&);
};

const std::vector<Mitigation>& mitigations();

}  // namespace halfclose::proofs
