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
  result.states = levels.states();
  result.transitions = run.transitions;
  result.depth = static_cast<std::uint32_t>(run.level_sizes.size() - 1);
  result.bytes = run.bytes;
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

}  // namespace

Exploration explore_lanes(const system::System& system, const Search& search,
                          const LaneOptions& options) {
  LaneRun run(system, search, options);
  std::optional<LaneLevels<1>> narrow;
  if (auto layout = LaneLevels<1>::lay_out_for(run.memo)) {
    narrow.emplace(run, std::move(*layout));
    if (narrow->search()) return report(run, *narrow);
  }
  const unsigned level_bits = narrow ? narrow->level_bits() : 8;
  auto layout = LaneLevels<2>::lay_out_for(run.memo, level_bits);
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

}  // namespace halfclose::proofs
