// halfclose recheck FILE: check a proof again, with none of the code that found it.
#include "proofs/recheck/recheck.hpp"

#include "cli/command.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

namespace halfclose::cli {

namespace {

struct Options {
  std::string file;
  std::uint64_t memory_mib_max = 4096;
  std::uint64_t seconds_max = 3600;
};

int undecided(const std::string& limit, const char* flag) {
  std::fprintf(stderr, "undecided: %s\n  help: raise %s\n", limit.c_str(), flag);
  return kUndecided;
}

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

int recheck(const Options& options) {
  using halfclose::recheck::Outcome;
  std::error_code failed;
  const bool regular = std::filesystem::is_regular_file(options.file, failed);
  const std::uintmax_t size = regular ? std::filesystem::file_size(options.file, failed) : 0;
  std::ifstream file(options.file, std::ios::binary);
  if (!regular || failed || !file)
    return refuse(options.file + ": error: no such file, or not readable");
  if (size > options.memory_mib_max << 20)
    return undecided("the file has " + counted(size, "byte") + ", more than " +
                         std::to_string(options.memory_mib_max) + " MiB",
                     "--max-memory");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    return refuse(options.file + ": error: it cannot be read");

  auto unreadable = [&](std::size_t offset, const std::string& what) {
    return refuse(options.file + ": error: byte " + std::to_string(offset) + ": " + what +
                  "\n  help: docs/reference/certificate.md has the format; write the certificate "
                  "again");
  };
  halfclose::recheck::Certificate certificate;
  try {
    certificate = halfclose::recheck::read(bytes);
  } catch (const halfclose::recheck::Unreadable& error) {
    return unreadable(error.offset, error.what());
  }
  Outcome outcome;
  try {
    outcome = halfclose::recheck::check(certificate,
                                        static_cast<std::int64_t>(options.seconds_max) * 1000);
  } catch (const halfclose::recheck::Unreadable& error) {
    const auto first = static_cast<std::size_t>(certificate.states.data() - bytes.data());
    return unreadable(first + error.offset, error.what());
  }
  if (outcome.verdict == Outcome::Verdict::undecided)
    return undecided("stopped after " + outcome.reason + ", " + counted(outcome.states, "state") +
                         " of " + std::to_string(certificate.count),
                     "--max-time");

  std::size_t rows = 0;
  std::string bad;
  for (const auto& component : certificate.components) {
    for (std::size_t o = 0; o < component.bad.size(); ++o) {
      if (component.bad[o])
        bad += (bad.empty() ? "" : ", ") + component.outputs[o] + " of " + component.name;
    }
    rows += component.rows.size();
  }
  if (bad.empty())
    return refuse(options.file +
                  ": error: it forbids nothing\n  help: a certificate names the outputs that "
                  "must not be emitted, whatever its title says");
  char mark[16];
  std::snprintf(mark, sizeof mark, "%08x", certificate.system_mark);
  std::string text =
      certificate.title + "\n  system " + mark + ": " +
      counted(certificate.components.size(), "component") + " with " +
      counted(rows, "local state") + ", " + counted(certificate.queues.size(), "queue") + ", " +
      counted(certificate.timers.size(), "timer") + ", " +
      counted(certificate.choices.size(), "choice") + ", " +
      counted(certificate.lanes.size(), "lane") + "\n  must not be emitted: " + bad + "\n";
  if (outcome.verdict == Outcome::Verdict::invalid)
    return finish(text + "invalid: " + outcome.reason, kHappens);
  return finish(text + "valid: the initial state is among the " +
                    counted(certificate.count, "state") + ", and " +
                    counted(outcome.steps, "step") +
                    " lead from them to them and emit none of it\n",
                kHolds);
}

}  // namespace

void add_recheck(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "recheck",
      "check a certificate with none of the code that wrote it; exit 1 if it proves "
      "nothing");
  command->add_option("FILE", options->file, "the certificate (docs/reference/certificate.md)")
      ->required();
  command->add_option("--max-memory", options->memory_mib_max, "MiB the file may have")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 20))
      ->capture_default_str();
  command->add_option("--max-time", options->seconds_max, "seconds the check may take")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000}))
      ->capture_default_str();
  command->callback([options, &status] { status = recheck(*options); });
}

}  // namespace halfclose::cli
