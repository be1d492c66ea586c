// Runs a TCP script: calls, deliveries and timers in a forced order, with what they have to show.
//
// The language is docs/reference/tcp-script.md; scripts are in examples/tcp.
#pragma once

#include <string>
#include <string_view>

namespace halfclose::tcp {

struct ScriptResult {
  int exit_code = 0;   ///< 0: every expectation holds; 1: one does not; 2: the script is malformed
                       ///< or cannot go on
  std::string output;  ///< one line per step, aligned, and those up to the failure if there is one
  std::string error;   ///< one line, `FILE:LINE: ...`; empty when `exit_code` is 0
};

/// Runs a script on two kernels and a wire in memory; prints nothing itself.
///
/// @param text       any bytes; at most `script::kScriptMaxBytes` and `script::kScriptMaxLines`
/// @param file_name  for errors only; no file is opened
/// @errors           none thrown
ScriptResult run_script(std::string_view text, std::string_view file_name);

}  // namespace halfclose::tcp
