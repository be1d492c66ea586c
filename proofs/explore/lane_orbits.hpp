// States that differ only in which lane is which: of each such set, one is explored.
#pragma once

#include "proofs/explore/lane_step.hpp"
#include "proofs/explore/lane_symmetry.hpp"

#include <vector>

namespace halfclose::proofs {

class LaneOrbits {
 public:
  /// @param group  without the one that moves nothing
  LaneOrbits(const system::System& system, LaneMemo& memo, std::vector<Automorphism> group);

  const std::vector<Automorphism>& group() const { return group_; }
  /// Replaces the values of all lanes by the least of their images. Which one that is does not
  /// depend on how values are numbered.
  void canonical(std::array<ValueId, kLanesMax>& values);

 private:
  struct Map {
    bool moves = false;  ///< the values of this lane change
    StableArray<std::atomic<ValueId>> images;
  };
  ValueId image(std::size_t element, std::size_t lane, ValueId id) {
    Map& map = maps_[element * lanes_ + lane];
    if (!map.moves) return id;
    const std::atomic<ValueId>* known = map.images.find(id);
    const ValueId image = known == nullptr ? 0 : known->load(std::memory_order_acquire);
    return image != 0 ? image : compute(element, lane, id);
  }
  ValueId compute(std::size_t element, std::size_t lane, ValueId id);

  const system::System& system_;
  LaneMemo& memo_;
  std::size_t lanes_;
  std::vector<Automorphism> group_;
  std::vector<std::vector<std::uint8_t>> from_;  ///< [element][lane]: the lane that comes here
  std::deque<Map> maps_;
  std::mutex mutex_;
};

}  // namespace halfclose::proofs
