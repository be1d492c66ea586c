// Text of witnesses: times, names from anybody, lines.
#pragma once

#include "model/system/system.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

using system::Time;

/// `0.3 ms`, `60.0003 s`: exact to the microsecond.
std::string format_time(Time time);
/// The same text as valid UTF-8 without control characters: it may come from anybody.
std::string printable(std::string_view text);
/// Code points, of valid UTF-8.
int length(std::string_view text);
/// Lines of at most `width` code points, broken at blanks where there are any; at least one.
std::vector<std::string> wrap(std::string_view text, int width);
/// At most `chars` code points, the last of them an ellipsis when more are left out.
std::string shorten(const std::string& text, int chars);

}  // namespace halfclose::proofs
