#include "model/proxy/caller.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::proxy::caller {

machine::Table caller_table(const Profile& profile) {
  return machine::tabulate<Caller>({.profile = profile});
}

}  // namespace halfclose::proxy::caller
