// halfclose: one sub-command per file beside this one.
#include "cli/command.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <exception>
#include <new>

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
  add_machines(app, status);
  add_matrix(app, status);
  add_recheck(app, status);
  add_prove(app, status);
  try {
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
