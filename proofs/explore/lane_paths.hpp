// Paths to what a search saw, rebuilt backwards from the set of seen keys: no parents were kept.
#pragma once

#include "proofs/explore/lane_levels.hpp"

#include <algorithm>
#include <map>

namespace halfclose::proofs {

/// One shortest path for each sighting of the run. Of the states before and the stimuli that lead
/// to the same state, the one that comes first (comes_before) is taken, so that the paths do not
/// depend on the order in which states were found.
template <unsigned Words> class LanePaths {
 public:
  LanePaths(LaneRun& run, const LaneLevels<Words>& levels)
      : run_(run), levels_(levels), successors_(run.memo, levels.layout(), nullptr, nullptr) {}

  std::vector<Found> rebuild() {
    for (const Sighting& sighting : run_.sightings) {
      backwards_.push_back({key_of<Words>(sighting.before, levels_.layout()),
                            sighting.level,
                            {sighting.output, {sighting.stimulus}}});
      deepest_ = std::max(deepest_, sighting.level);
    }
    for (std::uint32_t level = deepest_; level > 0; --level)
      step_back_from(level);
    std::vector<Found> found;
    for (Backwards& one : backwards_) {
      std::reverse(one.found.path.begin(), one.found.path.end());
      found.push_back(std::move(one.found));
    }
    return found;
  }

 private:
  static constexpr std::uint64_t kGathered = 1u << 20;  // keys, unless one level has more

  struct Backwards {
    Key<Words> at;
    std::uint32_t level = 0;
    Found found;
  };
  struct Less {
    bool operator()(const Key<Words>& left, const Key<Words>& right) const {
      return left.word < right.word;
    }
  };

  void step_back_from(std::uint32_t level) {
    std::map<Key<Words>, Sighting, Less> targets;
    for (const Backwards& one : backwards_) {
      if (one.level == level) targets[one.at];
    }
    if (level - 1 < gathered_from_) gather(level - 1);
    for (const Key<Words>& key : gathered_[level - 1 - gathered_from_]) {
      successors_.visit(key, [&](const LocalStep& step, std::uint64_t, const Key<Words>& next) {
        const auto target = targets.find(next);
        if (target == targets.end()) return;
        Sighting candidate{.before = values_of(key), .stimulus = step.stimulus};
        Sighting& best = target->second;
        if (best.before.empty() || comes_before(run_.memo, candidate, best))
          best = std::move(candidate);
      });
    }
    for (Backwards& one : backwards_) {
      if (one.level != level) continue;
      const Sighting& before = targets.at(one.at);
      one.found.path.push_back(before.stimulus);
      one.at = key_of<Words>(before.before, levels_.layout());
      --one.level;
    }
  }

  /// The keys of `level` and of as many levels before it as there is room for, in one pass.
  void gather(std::uint32_t level) {
    std::uint64_t keys = run_.level_sizes[level];
    gathered_from_ = level;
    while (gathered_from_ > 0 && keys + run_.level_sizes[gathered_from_ - 1] <= kGathered)
      keys += run_.level_sizes[--gathered_from_];
    gathered_.assign(level - gathered_from_ + 1, {});
    levels_.seen().visit([&](const Key<Words>& key, std::uint64_t of) {
      if (of >= gathered_from_ && of <= level) gathered_[of - gathered_from_].push_back(key);
    });
  }

  std::vector<ValueId> values_of(const Key<Words>& key) const {
    std::vector<ValueId> values;
    for (const KeyLayout::Place place : levels_.layout().lanes)
      values.push_back(value_in(key, place));
    return values;
  }

  LaneRun& run_;
  const LaneLevels<Words>& levels_;
  LaneSuccessors<Words> successors_;
  std::vector<Backwards> backwards_;
  std::uint32_t deepest_ = 0, gathered_from_ = ~0u;
  std::vector<std::vector<Key<Words>>> gathered_;  ///< by level, from `gathered_from_` on
};

}  // namespace halfclose::proofs
