// A whole step, put together from the steps of its lanes: System::step on lane values.
#pragma once

#include "proofs/explore/lane_memo.hpp"

#include <array>

namespace halfclose::proofs {

inline constexpr std::size_t kLanesMax = 64;

class LaneStepper {
 public:
  explicit LaneStepper(LaneMemo& memo) : memo_(memo), lanes_(memo.lanes()) {}

  /// @param over  set of lanes that are over in `values`
  /// @return      the set of outputs emitted; `values` is the state after the step
  /// @errors      std::logic_error when the system is wrong (System::step)
  std::uint64_t step(std::array<ValueId, kLanesMax>& values, std::uint64_t over, std::size_t lane,
                     const LocalStep& first) {
    over_ = over;
    emitted_ = 0;
    renewed_ = 0;
    take(values, lane, first);
    if (first.raised_count > 0) {
      settle(values);
      if (first.stimulus.kind == system::Stimulus::Kind::wake)
        wake_on(values, lane, first.stimulus);
    }
    if (over_ != 0) renew(values);
    return emitted_;
  }

  /// The order of the lanes mattered in the last step: more than one of them was over.
  bool in_order() const { return renewed_ > 1 || (renewed_ == 1 && over_ != 0); }

 private:
  using Values = std::array<ValueId, kLanesMax>;
  static constexpr std::size_t kRaisedMax = 64;  // as in System::step

  void take(Values& values, std::size_t lane, const LocalStep& step) {
    values[lane] = step.next;
    emitted_ |= step.emitted;
    const std::uint64_t bit = std::uint64_t{1} << lane;
    over_ = step.over ? over_ | bit : over_ & ~bit;
    if (raised_ + step.raised_count > kRaisedMax) too_many();
    for (const Arrival arrival : step.raises())
      queue_[raised_++] = arrival;
  }
  void settle(Values& values) {
    for (std::size_t next = 0; next < raised_; ++next) {
      const Arrival arrival = queue_[next];
      take(values, arrival.lane, memo_.arrive(arrival, values[arrival.lane]));
    }
    raised_ = 0;
  }
  void wake_on(Values& values, std::size_t lane, system::Stimulus wake) {
    for (;;) {
      const LocalStep& turn = memo_.arrive(memo_.next_turn(lane, wake), values[lane]);
      if (turn.next == 0) return;
      take(values, lane, turn);
      settle(values);
    }
  }
  /// In the order of lanes, once: a lane that this makes be over waits for the next step.
  void renew(Values& values) {
    for (std::size_t l = 0; l < lanes_; ++l) {
      if (!(over_ >> l & 1)) continue;
      ++renewed_;
      take(values, l, memo_.restart(l));
      settle(values);
    }
  }
  [[noreturn]] void too_many();

  LaneMemo& memo_;
  std::size_t lanes_;
  std::uint64_t over_ = 0, emitted_ = 0;
  unsigned renewed_ = 0;
  std::array<Arrival, kRaisedMax> queue_;
  std::size_t raised_ = 0;
};

}  // namespace halfclose::proofs
