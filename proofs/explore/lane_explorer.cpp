#include "proofs/explore/lane_explorer.hpp"

#include "proofs/explore/lane_levels.hpp"
#include "proofs/explore/lane_paths.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace halfclose::proofs {

bool comes_before(system::Stimulus left, system::Stimulus right) {
  return std::tie(left.kind, left.index) < std::tie(right.kind, right.index);
}

bool comes_before(const LaneMemo& memo, const Sighting& left, const Sighting& right) {
  if (left.stimulus != right.stimulus) return comes_before(left.stimulus, right.stimulus);
  for (std::size_t l = 0; l < left.before.size(); ++l) {
    const int order = memo.compare(l, left.before[l], right.before[l]);
    if (order != 0) return order < 0;
  }
  return false;
}

LaneRun::LaneRun(const system::System& system, const Search& search, const LaneOptions& options)
    : system(system), search(search), options(options), memo(system), missing(search.goals) {
  std::uint64_t visible = search.goals | search.together;
  if (options.symmetry) {
    constexpr std::size_t kGroupMost = 1000;
    std::vector<Automorphism> generators;
    for (const system::Symmetry& claim : system.symmetries) {
      std::string refusal;
      if (auto automorphism = verified(system, claim, refusal))
        generators.push_back(std::move(*automorphism));
      else
        refused.push_back("a symmetry: " + refusal);
    }
    auto group = group_of(generators, kGroupMost);
    if (!group) refused.push_back("symmetry: the lanes can trade places in too many ways");
    if (group && !group->empty()) {
      for (const Automorphism& element : *group)
        visible |= element.emitted_of(visible);
      orbits = std::make_unique<LaneOrbits>(system, memo, std::move(*group));
    }
  }
  if (options.partial_order) ample = std::make_unique<LaneAmple>(system, memo, visible);
}

namespace {

/// A path is believed only when System::step takes it to the output.
void execute_again(const LaneRun& run, const Found& found) {
  system::State state = run.system.initial();
  std::vector<system::Stimulus> enabled;
  system::StepResult step;
  for (const system::Stimulus stimulus : found.path) {
    run.system.enabled(state, enabled);
    if (std::find(enabled.begin(), enabled.end(), stimulus) == enabled.end())
      throw std::logic_error("the explorer found a path that does not exist");
    run.system.step(state, stimulus, step);
    state = step.state;
  }
  const std::uint64_t wanted = run.search.together | std::uint64_t{1} << found.output;
  if ((step.emitted & wanted) != wanted)
    throw std::logic_error("the explorer found a path that does not emit its goal");
}

/// The goals that a reduced search saw, without reductions: within what is left of the time.
std::vector<Found> search_again(const LaneRun& run) {
  if (run.sightings.empty()) return {};
  Search search = run.search;
  search.goals &= ~run.missing;
  search.stop_when_found = true;
  search.stop_at_first = false;
  search.limits.milliseconds -= std::chrono::duration_cast<std::chrono::milliseconds>(
                                    std::chrono::steady_clock::now() - run.start)
                                    .count();
  return explore_lanes(run.system, search,
                       {.threads = run.options.threads, .share_from = run.options.share_from})
      .found;
}

template <unsigned Words> Exploration report(LaneRun& run, const LaneLevels<Words>& levels) {
  Exploration result;
  result.complete = run.complete;
  result.limit = run.limit;
  result.refused = run.refused;
  result.states = levels.states();
  result.transitions = run.transitions;
  result.depth = static_cast<std::uint32_t>(run.level_sizes.size() - 1);
  result.bytes = run.bytes;
  if (run.tangled) return result;
  if (run.reduced()) {
    result.found = search_again(run);
    if (result.found.size() < run.sightings.size() && result.limit.empty()) {
      result.complete = false;
      result.limit = "the limits, while looking for a shortest path";
    }
  } else {
    result.found = LanePaths<Words>(run, levels).rebuild();
    for (const Found& found : result.found)
      execute_again(run, found);
  }
  if (run.options.reached) {
    levels.seen().visit([&](const Key<Words>& key, std::uint64_t) {
      system::State state = run.system.initial();
      for (std::size_t l = 0; l < run.memo.lanes(); ++l)
        run.memo.unpack(l, value_in(key, levels.layout().lanes[l]), state);
      run.options.reached(state);
    });
  }
  return result;
}

Exploration too_many_values(const LaneRun& run) {
  Exploration result;
  result.limit = "the 128 bits of a key";
  result.transitions = run.transitions;
  return result;
}

/// In keys of one word while they are wide enough.
Exploration searched(LaneRun& run) {
  std::optional<LaneLevels<1>> narrow;
  if (auto layout = LaneLevels<1>::lay_out_for(run.memo)) {
    narrow.emplace(run, std::move(*layout));
    if (narrow->search()) return report(run, *narrow);
  }
  auto layout = narrow ? LaneLevels<2>::lay_out_for(run.memo, narrow->level_bits())
                       : LaneLevels<2>::lay_out_for(run.memo);
  if (!layout) return too_many_values(run);
  std::optional<LaneLevels<2>> wide;
  if (narrow)
    wide.emplace(run, std::move(*layout), *narrow);
  else
    wide.emplace(run, std::move(*layout));
  narrow.reset();
  if (!wide->search()) return too_many_values(run);
  return report(run, *wide);
}

}  // namespace

Exploration explore_lanes(const system::System& system, const Search& search,
                          const LaneOptions& options) {
  LaneRun run(system, search, options);
  Exploration result = searched(run);
  if (!run.tangled) return result;
  LaneOptions without = options;
  without.symmetry = false;
  result = explore_lanes(system, search, without);
  result.refused.push_back("symmetry: two lanes are over in one step, and their order matters");
  return result;
}

}  // namespace halfclose::proofs
