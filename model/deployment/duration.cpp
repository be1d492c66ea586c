#include "model/deployment/duration.hpp"

#include <array>
#include <cstdlib>

namespace halfclose::deployment {

namespace {

struct Unit {
  std::string_view name;
  Time microseconds;
};
constexpr std::array<Unit, 5> kUnits{
    {{"us", 1}, {"ms", 1'000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}}};

constexpr std::string_view kRule = "a duration is a number with a unit: us, ms, s, m or h";

}  // namespace

ParsedDuration parse_duration(std::string_view text) {
  std::size_t at = 0;
  Time whole = 0, fraction = 0, scale = 1;
  bool digits = false;
  if (text.starts_with('-')) return {{}, "a duration is not negative"};
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    digits = true;
    whole = whole * 10 + (text[at] - '0');
    if (whole > kDurationMax) return {{}, "a duration is at most 366 days"};
  }
  if (at < text.size() && text[at] == '.') {
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      digits = true;
      if (scale == 1'000'000'000) return {{}, "a duration has at most nine decimals"};
      fraction = fraction * 10 + (text[at] - '0');
      scale *= 10;
    }
  }
  if (!digits) return {{}, std::string(kRule)};
  const std::string_view unit = text.substr(at);
  if (unit.empty()) return {{}, "a duration has a unit: us, ms, s, m or h"};
  for (const Unit& known : kUnits) {
    if (known.name != unit) continue;
    if (whole > kDurationMax / known.microseconds) return {{}, "a duration is at most 366 days"};
    if (fraction * known.microseconds % scale != 0)
      return {{}, "a duration is a whole number of microseconds"};
    const Time time = whole * known.microseconds + fraction * known.microseconds / scale;
    if (time > kDurationMax) return {{}, "a duration is at most 366 days"};
    return {time, {}};
  }
  return {{}, std::string(kRule)};
}

ParsedInterval parse_interval(std::string_view text) {
  const std::size_t dots = text.find("..");
  const ParsedDuration lo = parse_duration(text.substr(0, dots));
  if (!lo.value) return {{}, lo.rule};
  if (dots == std::string_view::npos) return {{{*lo.value, *lo.value}}, {}};
  const ParsedDuration hi = parse_duration(text.substr(dots + 2));
  if (!hi.value) return {{}, hi.rule};
  if (*lo.value > *hi.value) return {{}, "the ends of an interval are in order"};
  return {{{*lo.value, *hi.value}}, {}};
}

std::string format_duration(Time time) {
  if (time >= kOff) return "off";
  if (time < 0) return "-" + format_duration(-time);
  if (time == 0) return "0s";
  for (const Time unit : {Time{3'600'000'000}, Time{60'000'000}}) {
    if (time % unit == 0) return std::to_string(time / unit) + (unit == 60'000'000 ? "m" : "h");
  }
  const Unit& unit = time >= 1'000'000 ? kUnits[2] : time >= 1'000 ? kUnits[1] : kUnits[0];
  std::string text = std::to_string(time / unit.microseconds);
  if (const Time rest = time % unit.microseconds; rest != 0) {
    std::string decimals = std::to_string(unit.microseconds + rest).substr(1);
    while (decimals.ends_with('0'))
      decimals.pop_back();
    text += "." + decimals;
  }
  return text + std::string(unit.name);
}

}  // namespace halfclose::deployment
