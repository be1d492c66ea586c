#include "model/net/middlebox.hpp"

#include "model/machine/tabulate.hpp"

namespace halfclose::net {

std::string Middlebox::describe(const Context& c) {
  return c.kept_alive ? "kept alive" : "";
}

const machine::Table& middlebox_table(bool kept_alive) {
  static const machine::Table forgets = machine::tabulate<Middlebox>({.kept_alive = false});
  static const machine::Table keeps = machine::tabulate<Middlebox>({.kept_alive = true});
  return kept_alive ? keeps : forgets;
}

std::unique_ptr<machine::Running> running_middlebox(bool kept_alive) {
  return std::make_unique<machine::RunningOf<Middlebox>>(Context{.kept_alive = kept_alive});
}

}  // namespace halfclose::net
