// The sub-commands of `halfclose machines` that have a file of their own.
#pragma once

namespace CLI {
class App;
}

namespace halfclose::cli {

void add_export(CLI::App& machines, int& status);

}  // namespace halfclose::cli
