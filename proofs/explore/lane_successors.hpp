// The successors of a key, read off the values of its lanes.
#pragma once

#include "proofs/explore/lane_ample.hpp"
#include "proofs/explore/lane_key.hpp"
#include "proofs/explore/lane_orbits.hpp"
#include "proofs/explore/lane_step.hpp"

namespace halfclose::proofs {

template <unsigned Words> class LaneSuccessors {
 public:
  /// @param ample  null: every enabled stimulus; else, those of one lane where they are enough
  /// @param orbits  null: the successors themselves; else, the least of their images
  LaneSuccessors(LaneMemo& memo, const KeyLayout& layout, LaneAmple* ample, LaneOrbits* orbits)
      : memo_(memo),
        layout_(layout),
        ample_(ample),
        orbits_(orbits),
        lanes_(memo.lanes()),
        stepper_(memo) {}

  /// Calls `sink(step, emitted, successor)` for every stimulus: lane by lane, and in each in the
  /// order of System::enabled.
  template <class Sink> void visit(const Key<Words>& key, Sink&& sink) {
    std::uint64_t over = 0;
    for (std::size_t l = 0; l < lanes_; ++l) {
      values_[l] = value_in(key, layout_.lanes[l]);
      of_[l] = &memo_.value(l, values_[l]);
      over |= std::uint64_t{of_[l]->over} << l;
    }
    std::size_t from = 0, to = lanes_;
    if (ample_ != nullptr && over == 0) {
      const std::size_t enough = lane_that_is_enough();
      if (enough < lanes_) {
        from = enough;
        to = enough + 1;
      }
    }
    for (std::size_t l = from; l < to; ++l) {
      const KeyLayout::Place place = layout_.lanes[l];
      for (const LocalStep& step : of_[l]->steps()) {
        if (step.raised_count == 0 && !step.over && over == 0 && orbits_ == nullptr) {
          // Only this lane moves: its number in the key changes, nothing else.
          Key<Words> next = key;
          next.word[Words == 1 ? 0 : place.word] += (std::uint64_t{step.next} - values_[l])
                                                    << place.shift;
          sink(step, step.emitted, next);
        } else {
          after_ = values_;
          const std::uint64_t emitted = stepper_.step(after_, over, l, step);
          if (orbits_ != nullptr) {
            tangled_ |= stepper_.in_order();
            orbits_->canonical(after_);
          }
          sink(step, emitted, key_of<Words>({after_.data(), lanes_}, layout_));
        }
      }
    }
  }

  /// A step was taken that does not look the same when lanes trade places: two of them started
  /// again in it, and they do so in their order.
  bool tangled() const { return tangled_; }

 private:
  /// The one with the fewest steps; the number of lanes when there is none.
  std::size_t lane_that_is_enough() {
    std::uint64_t disturbed = 0, candidates = 0;
    for (std::size_t l = 0; l < lanes_; ++l) {
      const LaneAmple::Value& value = ample_->value(l, values_[l]);
      disturbed |= value.disturbs;
      candidates |= std::uint64_t{value.enough} << l;
    }
    std::size_t best = lanes_;
    for (std::uint64_t left = candidates & ~disturbed; left != 0; left &= left - 1) {
      const auto lane = static_cast<std::size_t>(__builtin_ctzll(left));
      if (best == lanes_ || of_[lane]->count < of_[best]->count) best = lane;
    }
    return best;
  }

  LaneMemo& memo_;
  const KeyLayout& layout_;
  LaneAmple* ample_;
  LaneOrbits* orbits_;
  bool tangled_ = false;
  std::size_t lanes_;
  LaneStepper stepper_;
  std::array<ValueId, kLanesMax> values_{}, after_{};
  std::array<const LaneValue*, kLanesMax> of_{};
};

}  // namespace halfclose::proofs
