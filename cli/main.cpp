// halfclose: one sub-command per file beside this one.
#include "cli/command.hpp"
#include "model/deployment/role.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// What CLI11 says of these names neither. Nothing when there is nothing to say.
std::string wrong_words(const CLI::App& app, std::span<char*> words) {
  for (const std::string_view word : words) {
    if (word.empty() || (word.starts_with("--") && word.ends_with('=')))
      return "error: an argument is empty\n  help: is a variable of the shell not set?";
  }
  if (words.empty() || *words[0] == '-') return {};
  const std::string command = words[0];
  std::vector<std::string_view> names;
  std::string all;
  for (const CLI::App* one : app.get_subcommands({})) {
    if (one->get_name() == command) return {};
    names.push_back(one->get_name());
    all += " " + one->get_name();
  }
  const std::string near = halfclose::deployment::nearest(command, names);
  return "error: unknown command `" + command +
         "`\n  help: " + (near.empty() ? "commands:" + all : "did you mean `" + near + "`?");
}

}  // namespace

int main(int argc, char** argv) {
  using namespace halfclose::cli;
  CLI::App app{
      "halfclose verifies, explains and removes connection-lifecycle races in chains of HTTP "
      "clients, proxies and servers.\n"
      "Exit status: 0 holds or absent, 1 violated or present, 2 usage or input, 3 undecided, 4 a "
      "bug of ours.",
      "halfclose"};
  app.set_version_flag("--version", std::string("halfclose ") + HALFCLOSE_VERSION);
  app.require_subcommand(1);
  int status = kHolds;
  add_check(app, status);
  add_explain(app, status);
  add_likely(app, status);
  add_machines(app, status);
  add_matrix(app, status);
  add_recheck(app, status);
  add_prove(app, status);
  add_serve(app, status);
  add_solve(app, status);
  add_conform(app, status);
  try {
    const std::string wrong = wrong_words(app, {argv + 1, argv + argc});
    if (!wrong.empty()) return refuse(wrong);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);
    return refuse(std::string("error: ") + error.what() +
                  "\n  help: `halfclose --help`, `halfclose COMMAND --help`");
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "undecided: out of memory\n  help: lower --max-memory\n");
    return kUndecided;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bug: %s\n  help: please report it with the command and its input\n",
                 error.what());
    return kBug;
  }
  return status;
}
