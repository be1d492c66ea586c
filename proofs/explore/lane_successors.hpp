// The successors of a key, read off the values of its lanes.
#pragma once

#include "proofs/explore/lane_key.hpp"
#include "proofs/explore/lane_step.hpp"

namespace halfclose::proofs {

template <unsigned Words> class LaneSuccessors {
 public:
  LaneSuccessors(LaneMemo& memo, const KeyLayout& layout)
      : memo_(memo), layout_(layout), lanes_(memo.lanes()), stepper_(memo) {}

  /// Calls `sink(lane, step, emitted, successor)` for every stimulus that is enabled: lane by lane,
  /// and in each in the order of System::enabled.
  template <class Sink> void visit(const Key<Words>& key, Sink&& sink) {
    std::uint64_t over = 0;
    for (std::size_t l = 0; l < lanes_; ++l) {
      values_[l] = value_in(key, layout_.lanes[l]);
      of_[l] = &memo_.value(l, values_[l]);
      over |= std::uint64_t{of_[l]->over} << l;
    }
    for (std::size_t l = 0; l < lanes_; ++l) {
      const KeyLayout::Place place = layout_.lanes[l];
      for (const LocalStep& step : of_[l]->steps()) {
        if (step.raised_count == 0 && !step.over && over == 0) {
          // Only this lane moves: its number in the key changes, nothing else.
          Key<Words> next = key;
          next.word[Words == 1 ? 0 : place.word] += (std::uint64_t{step.next} - values_[l])
                                                    << place.shift;
          sink(l, step, step.emitted, next);
        } else {
          after_ = values_;
          const std::uint64_t emitted = stepper_.step(after_, over, l, step);
          sink(l, step, emitted, key_of<Words>({after_.data(), lanes_}, layout_));
        }
      }
    }
  }

 private:
  LaneMemo& memo_;
  const KeyLayout& layout_;
  std::size_t lanes_;
  LaneStepper stepper_;
  std::array<ValueId, kLanesMax> values_{}, after_{};
  std::array<const LaneValue*, kLanesMax> of_{};
};

}  // namespace halfclose::proofs
