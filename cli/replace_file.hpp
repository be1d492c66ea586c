// Files that are written whole or not at all.
#pragma once

#include <functional>
#include <ostream>
#include <string>

namespace halfclose::cli {

/// Writes a file beside `path`, then puts it in its place: what was there stays until all is
/// written.
///
/// @param write  may throw: then nothing changed, and the exception goes on
/// @return       empty, or why nothing was written: `cannot be written`
std::string replace_file(const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace halfclose::cli
