// What follows from an output of one machine of a proxy at another, and at the observer of
// requests: read off the system that the proofs are about, not written a second time.
#pragma once

#include "model/deployment/chain.hpp"
#include "model/machine/table.hpp"
#include "runtime/core/tables.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace halfclose::runtime {

enum class Who : std::uint8_t { server, client, exchange, observer };

struct Consequence {
  Who who = Who::server;
  machine::EventId event = 0;
  bool sure = false;  ///< it follows in every state of the system
  bool operator==(const Consequence&) const = default;
};

class Wiring {
 public:
  /// Of node `node`, a proxy. @errors std::length_error, std::logic_error: bugs of ours
  Wiring(const deployment::Chain& chain, std::size_t node, const Tables& tables);

  /// @param during  the event that the output came of
  const std::vector<Consequence>& of(Who who, machine::OutputId output,
                                     machine::EventId during) const {
    return following_[at(who)][output][during];
  }
  /// In the system the event comes from another machine, never from the world.
  bool is_caused(Who who, machine::EventId event) const { return caused_[at(who)][event]; }
  const machine::Table& observer() const { return observer_; }

 private:
  static std::size_t at(Who who) { return static_cast<std::size_t>(who); }
  void read(const deployment::Chain& chain, std::size_t node, bool content);
  void add(Who who, machine::OutputId output, machine::EventId during, Consequence consequence);

  std::array<std::vector<std::vector<std::vector<Consequence>>>, 3> following_;
  std::array<std::vector<bool>, 4> caused_;
  machine::Table observer_;
};

}  // namespace halfclose::runtime
