// Partial-order reduction over lanes: where one lane's steps are all of its own and no other lane
// can reach it before it moves, the other lanes may wait.
//
// In a state, the steps of a lane are enough when
//   they are local: nothing is raised at another lane, no goal is emitted, the lane is not over;
//   whatever the others do meanwhile raises nothing at the lane: found in the tables of the
//   machines, for each local state of each component, over every event that another lane than this
//   one may cause;
//   the lane is not at a value that breaks the cycles of its local steps: so every cycle of the
//   reduced graph has a state in which nobody waits.
#pragma once

#include "proofs/explore/lane_memo.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace halfclose::proofs {

class LaneAmple {
 public:
  /// @param visible  set of outputs whose steps are never put off
  LaneAmple(const system::System& system, LaneMemo& memo, std::uint64_t visible);

  struct Value {
    std::uint64_t disturbs = 0;  ///< set of lanes that others than they may make this one raise at
    bool enough = false;         ///< the lane's own steps are local, and the value breaks no cycle
  };
  const Value& value(std::size_t lane, ValueId id) {
    const std::atomic<const Value*>* known = of_lane_[lane].known.find(id);
    const Value* value = known == nullptr ? nullptr : known->load(std::memory_order_acquire);
    return value != nullptr ? *value : compute(lane, id);
  }

 private:
  struct OfLane {
    StableArray<std::atomic<const Value*>> known;
    std::deque<Value> made;
    std::vector<ValueId> breakers;  ///< sorted
    std::vector<ValueId> settled;   ///< values whose cycles were looked at; sorted
  };

  const Value& compute(std::size_t lane, ValueId id);
  bool local(std::size_t lane, ValueId id) const;
  std::uint64_t disturbs(std::size_t lane, ValueId id) const;
  void find_disturbances(system::Index lane);
  void break_cycles(std::size_t lane, ValueId from);

  const system::System& system_;
  LaneMemo& memo_;
  std::uint64_t visible_;
  std::mutex mutex_;
  std::deque<OfLane> of_lane_;
  std::vector<std::vector<std::uint64_t>> disturbs_;  ///< [component][local]
  std::vector<std::uint64_t> always_disturbs_;        ///< per lane
};

}  // namespace halfclose::proofs
