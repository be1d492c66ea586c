// Durations as chains write them: an integer or decimal with a unit, `off`, or an interval.
#pragma once

#include "model/system/system.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace halfclose::deployment {

using system::Time;
/// No timer at all.
inline constexpr Time kOff = system::kForever;
inline constexpr Time kDurationMax = 366ll * 24 * 3600 * 1'000'000;

struct ParsedDuration {
  std::optional<Time> value;  ///< microseconds
  std::string rule;           ///< the rule that the text broke
};
/// `60s`, `0.2ms`, `1h`; units us ms s m h. Not `off`.
ParsedDuration parse_duration(std::string_view text);

struct ParsedInterval {
  std::optional<std::pair<Time, Time>> value;
  std::string rule;
};
/// `0.2ms..2ms`, or one duration for both ends.
ParsedInterval parse_interval(std::string_view text);

/// The shortest exact spelling: `5.95s`, `1h`, `200us`, `off`.
std::string format_duration(Time time);

}  // namespace halfclose::deployment
