// Many hops, each judged by putting its durations into the region of its kind.
//
// A kind is everything of a hop but its durations. Its regions have a race's own timers, delays and
// stalls as symbols; a further timer becomes one when the fleet gives it more than a few values.
#pragma once

#include "proofs/catalogue/analysis.hpp"
#include "proofs/catalogue/region_cache.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

namespace halfclose::proofs {

struct FleetLimits {
  SynthesisLimits region{.polyhedra = 200'000, .milliseconds = 10'000};
  std::size_t regions = 64;    ///< of one kind and race; beyond it hops are undecided
  std::size_t kinds = 10'000;  ///< beyond it hops are refused
};

/// One race of one hop.
struct FleetVerdict {
  const Race* race = nullptr;
  Verdict verdict =
      Verdict::undecided;               ///< absent, present or undecided; retries are not looked at
  std::optional<system::Time> slack{};  ///< microseconds to the border; negative: short by that
  bool thin = false;                    ///< absent by less than delays and stalls leave open
};

/// Thread-safe.
class FleetJudge {
 public:
  class Kind;

  /// @param races      empty: all
  /// @param directory  of the region cache; empty: in memory only
  explicit FleetJudge(std::vector<const Race*> races = {}, const FleetLimits& limits = {},
                      std::string directory = {});
  ~FleetJudge();

  /// @return  valid as long as this is; nullptr when there are too many
  Kind* kind_of(const deployment::HopSettings& settings);

  /// The durations of a kind, named `{client}.upstream.idle_timeout`; none of them is off.
  static const std::vector<HopParameter>& parameters(const Kind& kind);

  /// @param values  microseconds, one per parameter
  /// @cost  about a microsecond per race; a region the first time
  void judge(Kind& kind, const Point& values, std::vector<FleetVerdict>& verdicts);

  std::uint64_t computed() const { return cache_.computed(); }
  std::uint64_t read() const { return cache_.read(); }
  std::size_t kinds() const;

 private:
  FleetVerdict judge_race(Kind& kind, std::size_t race, const Point& values);
  void learn(Kind& kind, std::size_t race, const Point& values);

  std::vector<const Race*> races_;
  FleetLimits limits_;
  RegionCache cache_;
  mutable std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Kind>> kinds_;
};

}  // namespace halfclose::proofs
