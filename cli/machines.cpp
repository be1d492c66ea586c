// halfclose machines: list, show, report, run; export is in export.cpp.
#include "cli/machines.hpp"

#include "cli/command.hpp"
#include "cli/machine_entries.hpp"
#include "cli/machine_pages.hpp"
#include "model/deployment/role.hpp"
#include "model/tcp/script.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <sstream>

namespace halfclose::cli {

namespace {

using machine::Table;
using Entry = MachineEntry;

constexpr std::size_t kNameWidth = 18;

int unknown_machine(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Entry& entry : machine_entries())
    names.push_back(entry.name);
  const std::string near = deployment::nearest(name, names);
  return refuse(
      "error: unknown machine `" + name + "`\n  help: " +
      (near.empty() ? "`halfclose machines list` names them" : "did you mean `" + near + "`?"));
}

int list() {
  std::string text;
  for (const Entry& entry : machine_entries()) {
    const Table table = entry.tables().front();
    text += std::string(entry.name) + std::string(kNameWidth - entry.name.size(), ' ') +
            std::string(entry.summary) + "\n" + std::string(kNameWidth, ' ') +
            std::to_string(table.rows.size()) + " rows, " + std::to_string(table.states.size()) +
            " states, " + std::to_string(table.events.size()) +
            " events; table with default flags: " + std::to_string(table.locals.size()) +
            " local states, " + std::to_string(table.bytes()) + " bytes\n";
  }
  return finish(text, kHolds);
}

int show(const std::string& name, const std::string& format) {
  const Entry* entry = find_machine(name);
  if (entry == nullptr) return unknown_machine(name);
  const Table table = entry->tables().front();
  if (format == "markdown") return finish(rows_markdown(table), kHolds);
  if (format == "mermaid") return finish(states_mermaid(table), kHolds);
  if (format == "dot") return finish(states_dot(table), kHolds);
  return finish(rows_text(table), kHolds);
}

/// Rows that never fire under any flags, and guards that overlap; exit 1 when there are any.
int report() {
  std::string text;
  bool clean = true;
  for (const Entry& entry : machine_entries()) {
    const std::vector<Table> tables = entry.tables();
    std::vector<std::uint32_t> hits(tables.front().rows.size());
    std::size_t overlaps = 0, cells = 0;
    for (const Table& table : tables) {
      const std::vector<std::uint32_t> of_table = table.row_hits();
      for (std::size_t r = 0; r < hits.size(); ++r)
        hits[r] += of_table[r];
      cells += table.cells.size();
      overlaps += table.overlaps.size();
      for (const machine::Overlap& overlap : table.overlaps) {
        text += entry.name;
        text += ": rows " + std::to_string(overlap.first_row) + " and " +
                std::to_string(overlap.second_row) + " overlap in " +
                table.local_name(overlap.local) + " on " + table.events[overlap.event] + "\n";
      }
    }
    std::size_t dead = 0;
    for (std::size_t r = 0; r < hits.size(); ++r) {
      if (hits[r] != 0) continue;
      ++dead;
      const machine::RowText& row = tables.front().rows[r];
      text += std::string(entry.name) + ": row " + std::to_string(r) + " never fires: " + row.from +
              " on " + row.on + " " + row.when + "\n";
    }
    clean &= dead == 0 && overlaps == 0;
    text += std::string(entry.name) + ": " + std::to_string(hits.size() - dead) + " of " +
            std::to_string(hits.size()) + " rows fire, " + std::to_string(overlaps) +
            " overlaps, Boost.MSM and the walk of the rows agree on " + std::to_string(cells) +
            " cells of " + std::to_string(tables.size()) + " tables\n";
  }
  return finish(text, clean ? kHolds : kHappens);
}

int run(const std::string& name, const std::string& path) {
  if (find_machine(name) == nullptr) return unknown_machine(name);
  if (name != "tcp-endpoint")
    return refuse("error: only tcp-endpoint runs scripts, not `" + name + "`");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf()))
    return refuse(path + ": error: no such file, or not readable, or empty");
  const tcp::ScriptResult result = tcp::run_script(text.str(), path);
  if (!result.error.empty()) {
    finish(result.output, kHolds);
    refuse(result.error);
    return result.exit_code;
  }
  return finish(result.output, result.exit_code);
}

}  // namespace

void add_machines(CLI::App& app, int& status) {
  CLI::App* command =
      app.add_subcommand("machines", "list, show, check, run and export the machines");
  command->require_subcommand(1);
  command->add_subcommand("list", "every machine and its size")->callback([&status] {
    status = list();
  });
  command
      ->add_subcommand("report",
                       "rows that never fire and guards that overlap; exit 1 if there are any")
      ->callback([&status] { status = report(); });

  struct Options {
    std::string name, format = "text", script;
  };
  auto options = std::make_shared<Options>();
  CLI::App* shown = command->add_subcommand("show", "the rows of a machine, each with its source");
  shown->add_option("MACHINE", options->name, "its name")->required();
  shown->add_option("--format", options->format, "text, markdown, mermaid or dot")
      ->check(CLI::IsMember({"text", "markdown", "mermaid", "dot"}))
      ->capture_default_str();
  shown->callback([options, &status] { status = show(options->name, options->format); });

  CLI::App* ran = command->add_subcommand(
      "run",
      "drive two endpoints by a script of calls and deliveries (docs/reference/tcp-script.md)");
  ran->add_option("MACHINE", options->name, "tcp-endpoint")->required();
  ran->add_option("SCRIPT", options->script, "the script")->required();
  ran->callback([options, &status] { status = run(options->name, options->script); });
  add_export(*command, status);
}

}  // namespace halfclose::cli
