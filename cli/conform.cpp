// halfclose conform JOURNAL: is what a proxy did what the model does?
#include "cli/command.hpp"
#include "cli/recorded_node.hpp"
#include "runtime/conform/replay.hpp"
#include "runtime/io/journal_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>
#include <stdexcept>

namespace halfclose::cli {

namespace {

std::string counted(std::uint64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void add(runtime::Replayed& sum, const runtime::Replayed& one) {
  sum.steps += one.steps;
  sum.requests += one.requests;
  sum.retries += one.retries;
  sum.refused += one.refused;
  sum.clients += one.clients;
  sum.servers += one.servers;
  sum.outstanding += one.outstanding;
}

std::string told(const runtime::Divergence& found, std::size_t loop) {
  std::string text =
      fmt::format("diverges at step {} of loop {}, {}.{:03} s after its first\n  {}\n  {}\n",
                  found.step, loop, found.at / 1000, found.at % 1000, found.what, found.rule);
  if (!found.before.empty()) text += "before it, on the same connections:\n";
  for (const std::string& step : found.before)
    text += "  " + step + "\n";
  return text;
}

int conform(const std::string& path) {
  std::unique_ptr<runtime::JournalReader> journal;
  try {
    journal = std::make_unique<runtime::JournalReader>(path);
  } catch (const std::runtime_error& error) {
    return refuse(path + ": error: " + error.what());
  }
  runtime::Replayed sum;
  for (std::size_t loop = 0; loop < journal->loops().size(); ++loop) {
    const runtime::LoopJournal& one = journal->loops()[loop];
    auto damaged = [&](const std::string& what) {
      return refuse(fmt::format("{}: error: loop {}: {}", path, loop, what));
    };
    RecordedNode node;
    if (!read(one.settings, node)) return damaged("it does not say which node it is of");
    const deployment::LoadedChain loaded = deployment::parse_chain(node.chain, path);
    if (!loaded.chain) return damaged("its chain is not read: " + loaded.error.text());
    if (node.node == 0 || node.node + 1 >= loaded.chain->nodes.size())
      return damaged("its chain has no such node");
    const runtime::Tables tables(runtime::settings_of(*loaded.chain, node.node));
    if (tables.fingerprint() != node.fingerprint)
      return damaged(
          "it was recorded with other tables than this halfclose has\n  help: use the "
          "version that recorded it");
    const runtime::Wiring wiring(*loaded.chain, node.node, tables);
    runtime::Replay replay(tables, wiring);
    for (const auto& chunk : one.chunks) {
      for (const runtime::JournalEntry& entry : chunk) {
        if (!replay.take(entry)) return finish(told(*replay.divergence(), loop), kHappens);
      }
    }
    add(sum, replay.result());
  }
  std::string text = fmt::format(
      "conforms: {} of {}, {} on {} and {}; {} sent again, {} answered by the proxy itself\n",
      counted(sum.steps, "step"), counted(journal->loops().size(), "loop"),
      counted(sum.requests, "request"), counted(sum.clients, "client connection"),
      counted(sum.servers, "server connection"), sum.retries, sum.refused);
  if (sum.outstanding > 0)
    text += counted(sum.outstanding, "request") + " had no outcome yet where the journal ends\n";
  return finish(text, kHolds);
}

}  // namespace

void add_conform(CLI::App& app, int& status) {
  auto path = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand(
      "conform", "is what a proxy did what the model does? exit 1 at the first step that is not");
  command->add_option("JOURNAL", *path, "what `halfclose serve --record` wrote")->required();
  command->callback([path, &status] { status = conform(*path); });
}

}  // namespace halfclose::cli
