// Points of a domain of parameters at which a wrong region shows, and what the timed engine says
// there.
#pragma once

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/hop_region.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace halfclose::test {

using proofs::HopRegion;
using proofs::Point;
using system::Time;

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t count) {
  return static_cast<std::size_t>(random() % count);
}
inline Time between(Random& random, Time least, Time most) {
  return least + static_cast<Time>(random() % (static_cast<std::uint64_t>(most - least) + 1));
}

/// Around where the hop stands, near zero, and far away.
inline Time arbitrary_value(Random& random, Time at, Time scale) {
  switch (below(random, 4)) {
    case 0:
      return at;
    case 1:
      return between(random, 0, 2 * at);
    case 2:
      return between(random, 0, scale);
    default:
      return between(random, 0, Time{1} << below(random, 34));
  }
}

inline Point arbitrary_point(Random& random, const HopRegion& region, Time scale) {
  Point point;
  for (const Time at : region.at)
    point.push_back(arbitrary_value(random, at, scale));
  // Most bounds of a domain are pairs: what is too much is taken back, a few times over.
  for (int round = 0; round < 8; ++round) {
    for (const proofs::Inequality& inequality : region.domain) {
      if (inequality.holds(point)) continue;
      for (std::size_t p = 0; p < point.size(); ++p) {
        const std::int64_t times = inequality.value.coefficients[p];
        if (times >= 0 || inequality.holds(point)) continue;
        point[p] =
            between(random, 0, std::max<Time>(0, point[p] + inequality.value.at(point) / -times));
      }
    }
  }
  return contains(region.domain, point) ? point : region.at;
}

/// On an inequality of the region or one microsecond on either side of it: `point`, with one of
/// its values changed. Nothing when that leaves the domain.
inline std::optional<Point> boundary_point(Random& random, const HopRegion& region, Point point) {
  std::vector<const proofs::Inequality*> all;
  for (const proofs::Region* of : {&region.racy, &region.safe}) {
    for (const proofs::Cell& cell : of->cells) {
      for (const proofs::Inequality& inequality : cell)
        all.push_back(&inequality);
    }
  }
  for (const proofs::Inequality& inequality : region.domain)
    all.push_back(&inequality);
  const proofs::Linear& edge = all[below(random, all.size())]->value;
  std::vector<std::size_t> movable;
  for (std::size_t p = 0; p < point.size(); ++p) {
    if (edge.coefficients[p] != 0) movable.push_back(p);
  }
  if (movable.empty()) return std::nullopt;
  const std::size_t p = movable[below(random, movable.size())];
  point[p] -= edge.at(point) / edge.coefficients[p];
  point[p] += between(random, -1, 1);
  if (point[p] < 0 || !contains(region.domain, point)) return std::nullopt;
  return point;
}

/// Half of them at a boundary.
inline Point telling_point(Random& random, const HopRegion& region, Time scale) {
  const Point start = arbitrary_point(random, region, scale);
  if (below(random, 2) == 0) return start;
  return boundary_point(random, region, start).value_or(start);
}

struct Judged {
  bool happens = false, decided = true;
  std::uint64_t zones = 0;
};

/// The race at `point`, by the timed engine: nothing of the region is used but the names.
inline Judged judged(deployment::HopSettings settings, const HopRegion& region, const Point& point,
                     const proofs::Limits& limits) {
  for (std::size_t p = 0; p < point.size(); ++p)
    region.parameters[p].in(settings) = point[p];
  const proofs::Exploration found = proofs::explore_timed(
      hop_system(with_needs(settings, region.race->needs)),
      {.goals = proofs::goal(region.race->output), .stop_at_first = true, .limits = limits});
  return {!found.found.empty(), !found.found.empty() || found.complete, found.zones};
}

/// What the region says is not what happens at `point`; in words, or empty.
inline std::string contradiction(const deployment::HopSettings& settings, const HopRegion& region,
                                 const Point& point, const Judged& judge) {
  if (!judge.decided) return {};
  const bool racy = region.racy.contains(point);
  std::string what;
  if (!region.possible) {
    if (judge.happens) what = "is not possible but happens";
  } else if (region.exact) {
    if (racy != judge.happens)
      what = racy ? "is in the region but does not happen" : "happens outside of the region";
    else if (region.safe.contains(point) == racy)
      what = "is both or neither of safe and racy";
  } else if (racy && !judge.happens) {
    what = "is known to be racy but does not happen";
  }
  if (what.empty()) return what;
  std::string text = settings.client.name + "->" + settings.server.name + " " +
                     std::string(region.race->slug) + " " + what + " at";
  for (std::size_t p = 0; p < point.size(); ++p)
    text += " " + region.parameters[p].name + "=" + std::to_string(point[p]);
  return text;
}

}  // namespace halfclose::test
