// What every sub-command shares: exit statuses, the two streams, how text is laid out.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace halfclose::cli {

/// 0 holds or absent, 1 violated or present, 2 usage or input, 3 undecided, 4 a bug of ours.
enum Exit : int { kHolds = 0, kHappens = 1, kUsage = 2, kUndecided = 3, kBug = 4 };

/// Words of `text` wrapped to `width` columns; lines behind the first are indented by `indent`.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// Standard output is a terminal that shows colour.
bool colour_wanted();
enum class Colour { red, green, yellow, bold, dim };
std::string coloured(std::string_view text, Colour colour, bool wanted);

/// Writes a result to standard output. @return kUsage when it cannot be written, else `status`
int finish(const std::string& result, int status);
/// One clear error on standard error. @return kUsage
int refuse(const std::string& message);

/// `unknown race ...`, with the nearest name.
std::string unknown_race(const std::string& slug);
/// Of one connection, which its observer tells.
bool is_guarantee(std::string_view slug);
/// Of requests over a pool, or of runs without end.
bool is_property(std::string_view slug);

/// Registers a sub-command; its result is the exit status after parsing.
void add_check(CLI::App& app, int& status);
void add_conform(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_likely(CLI::App& app, int& status);
void add_machines(CLI::App& app, int& status);
void add_matrix(CLI::App& app, int& status);
void add_recheck(CLI::App& app, int& status);
void add_prove(CLI::App& app, int& status);
void add_serve(CLI::App& app, int& status);
void add_solve(CLI::App& app, int& status);

}  // namespace halfclose::cli
