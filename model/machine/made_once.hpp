// Tables by profile: the same flags give the same table, and making one runs Boost.MSM on all of
// it.
#pragma once

#include "model/machine/table.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

namespace halfclose::machine {

/// What `make(profile)` returns, made when first asked for and kept. A machine has a Profile of its
/// own, so that type names the machine. May be called by several threads.
template <class Profile>
std::shared_ptr<const Table> made_once(Table (*make)(const Profile&), const Profile& profile) {
  static_assert(std::has_unique_object_representations_v<Profile>,
                "equal profiles must be equal bytes");
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const Table>> known;
  const std::scoped_lock lock(mutex);
  std::shared_ptr<const Table>& table =
      known[std::string(reinterpret_cast<const char*>(&profile), sizeof profile)];
  if (table == nullptr) table = std::make_shared<const Table>(make(profile));
  return table;
}

}  // namespace halfclose::machine
