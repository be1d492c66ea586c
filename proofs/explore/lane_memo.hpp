// What each value of each lane does on each input, computed once by System and then looked up.
//
// A composed system has many states and few lane values: the tables of the machines are read some
// thousand times, however many million transitions there are. Any number of threads may read; what
// is missing is computed under one lock and then published.
#pragma once

#include "model/system/system.hpp"
#include "proofs/explore/lane_values.hpp"
#include "proofs/explore/stable_array.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace halfclose::proofs {

/// Something that comes to a lane in the middle of a step: an event from another lane, or the next
/// turn of a wake. Numbered per lane, in order of first use.
struct Arrival {
  std::uint16_t lane = 0, number = 0;
  auto operator<=>(const Arrival&) const = default;
};

/// One lane's part of a step, up to the point where another lane has to act.
struct LocalStep {
  std::uint64_t emitted = 0;
  const Arrival* raised = nullptr;  ///< `raised_count` of them, in order
  ValueId next = 0;                 ///< 0: the input means nothing to this value
  std::uint16_t raised_count = 0;
  system::Stimulus stimulus{};  ///< of the steps of a LaneValue
  bool over = false;            ///< `next` is over: the lane goes back to its start with this step

  std::span<const Arrival> raises() const { return {raised, raised_count}; }
};

/// A value of a lane, with what the lane may do by itself.
struct LaneValue {
  std::unique_ptr<LocalStep[]> own;
  std::uint32_t count = 0;
  bool over = false;

  std::span<const LocalStep> steps() const { return {own.get(), count}; }
};

class LaneMemo {
 public:
  /// @param system  sealed; outlives the memo
  explicit LaneMemo(const system::System& system);

  std::size_t lanes() const { return of_lane_.size(); }
  ValueId initial(std::size_t lane) const { return of_lane_[lane].initial; }
  /// How many values the lanes of this one's kind have so far.
  std::uint32_t values(std::size_t lane) const;

  /// @errors std::logic_error when the system is wrong (System::step)
  const LaneValue& value(std::size_t lane, ValueId id) {
    const LaneValue* known = of_lane_[lane].known[id].load(std::memory_order_acquire);
    return known != nullptr ? *known : compute(lane, id);
  }
  const LocalStep& arrive(Arrival arrival, ValueId id) {
    const Row* row = of_lane_[arrival.lane].rows[id].load(std::memory_order_acquire);
    if (row != nullptr && arrival.number < row->size) {
      const LocalStep* known = row->steps[arrival.number].load(std::memory_order_acquire);
      if (known != nullptr) return *known;
    }
    return compute(arrival, id);
  }
  /// The next turn of a wake whose first turns were a LocalStep that raised something.
  Arrival next_turn(std::size_t lane, system::Stimulus wake) const {
    return {static_cast<std::uint16_t>(lane), of_lane_[lane].turn[wake.index]};
  }
  const LocalStep& restart(std::size_t lane);

  /// From now on `outgrown` says whether a lane has more values than `most[lane]`.
  void watch(std::vector<std::uint32_t> most);
  bool outgrown() const { return outgrown_.load(std::memory_order_acquire); }

  void unpack(std::size_t lane, ValueId id, system::State& state) const;
  /// The number of what `state` holds for the lane.
  ValueId number(std::size_t lane, const system::State& state);
  /// Orders values by their bytes: unlike their numbers, these do not depend on who came first.
  int compare(std::size_t lane, ValueId left, ValueId right) const {
    if (left == right) return 0;
    const std::uint64_t a = of_lane_[lane].hashes[left], b = of_lane_[lane].hashes[right];
    return a != b ? (a < b ? -1 : 1) : compare_bytes(lane, left, right);
  }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Row {
    std::uint32_t size = 0;
    std::unique_ptr<std::atomic<const LocalStep*>[]> steps;
  };
  struct Input {
    system::Raised raised{};
    system::Index wake = system::kNone;  ///< when not kNone: a turn of this queue's wake
    bool operator==(const Input&) const = default;
  };
  struct OfLane {
    std::shared_ptr<LaneValues> values;  ///< shared by the lanes of a kind
    ValueId initial = 0;
    StableArray<std::atomic<const LaneValue*>> known;
    StableArray<std::atomic<const Row*>> rows;
    StableArray<std::uint64_t> hashes;
    std::deque<LaneValue> made;
    std::deque<LocalStep> arrived;
    std::deque<Row> made_rows;        ///< outgrown ones stay: somebody may be reading them
    std::vector<Input> inputs;        ///< by number
    std::vector<std::uint16_t> turn;  ///< per queue of the system
    std::atomic<const LocalStep*> restarted{nullptr};
  };

  int compare_bytes(std::size_t lane, ValueId left, ValueId right) const;
  const LaneValue& compute(std::size_t lane, ValueId id);
  const LocalStep& compute(Arrival arrival, ValueId id);
  void share_values();
  bool alike(std::size_t left, std::size_t right) const;
  ValueId intern(std::size_t lane, const system::State& state);
  std::uint16_t number_of(std::size_t lane, const Input& input);
  LocalStep local_step(std::size_t lane, const system::LaneStep& part);
  system::LaneStep turns(const system::State& state, system::Stimulus stimulus) const;
  bool may_wake(const system::State& state, system::Index queue) const {
    return system_.queued(state, queue) > 0 && !system_.blocked(state, queue);
  }
  system::State state_of(std::size_t lane, ValueId id) const;
  void account();

  const system::System& system_;
  const system::State start_;
  mutable std::mutex mutex_;
  std::deque<OfLane> of_lane_;
  std::map<std::vector<Arrival>, const Arrival*> raised_;
  std::deque<std::vector<Arrival>> raised_lists_;
  std::vector<std::uint32_t> most_;
  std::atomic<bool> outgrown_{false};
  std::atomic<std::size_t> bytes_{0};
  std::size_t step_bytes_ = 0;
};

}  // namespace halfclose::proofs
