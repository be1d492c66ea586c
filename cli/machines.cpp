// halfclose machines: list, show, report, run; export is in export.cpp.
#include "cli/machines.hpp"

#include "cli/command.hpp"
#include "cli/machine_pages.hpp"
#include "model/deployment/role.hpp"
#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/monitor/hop_observer.hpp"
#include "model/net/middlebox.hpp"
#include "model/tcp/endpoint.hpp"
#include "model/tcp/script.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <functional>
#include <sstream>

namespace halfclose::cli {

namespace {

using machine::Table;

struct Entry {
  std::string_view name, summary;
  /// Its tables: one per setting of the flags that between them let every row fire.
  std::function<std::vector<Table>()> tables;
};

std::vector<Table> server_tables() {
  using namespace http1::server;
  std::vector<Table> tables;
  for (const CloseStyle style :
       {CloseStyle::plain, CloseStyle::delayed, CloseStyle::half_close_drain,
        CloseStyle::half_close_wait, CloseStyle::drain_then_fin}) {
    for (const AgeClose age : {AgeClose::announced, AgeClose::drain_then_close, AgeClose::plain}) {
      for (const bool flag : {false, true}) {
        tables.push_back(connection_table({.close_style = style,
                                           .age_close = age,
                                           .early_closes = flag,
                                           .idle_drains = flag,
                                           .idle_408 = flag,
                                           .idle_starts_buffered = flag,
                                           .shutdown_announced = flag,
                                           .reads_during_close = flag,
                                           .aborts_half_closed = flag,
                                           .limits_requests = flag,
                                           .closes_unannounced = !flag,
                                           .close_delimited = flag}));
        tables.push_back(connection_table({.close_style = style,
                                           .age_close = age,
                                           .early_closes = !flag,
                                           .idle_drains = flag,
                                           .idle_starts_buffered = !flag}));
      }
    }
  }
  return tables;
}

std::vector<Table> client_tables() {
  using namespace http1::client;
  return {connection_table({}),
          connection_table({.write_error_fatal = false,
                            .closes_when_early = true,
                            .peeks = true,
                            .limits_requests = true,
                            .attaches_later = true,
                            .honours_close = false}),
          connection_table(
              {.watches = false, .pipelines = true, .half_closes = true, .limits_requests = true}),
          connection_table({.write_error_fatal = false, .pipelines = true}),
          connection_table({.peeks = true, .waits_for_close = true, .closes_on_removal = true}),
          connection_table({.pipelines = true,
                            .attaches_later = true,
                            .honours_close = false,
                            .idle_from_start = true}),
          connection_table({.peeks = true, .honours_close = false}),
          connection_table({.honours_close = false})};
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = {
      {"tcp-endpoint", "one end of a TCP connection: RFC 9293 with the rules of Linux",
       [] {
         return std::vector<Table>{tcp::endpoint_table(false), tcp::endpoint_table(true)};
       }},
      {"http1-server", "the server's end of an HTTP/1.1 connection", server_tables},
      {"http1-client", "the client's end of an HTTP/1.1 connection", client_tables},
      {"hop-observer", "what one hop shows: its outputs are the races and guarantees",
       [] { return std::vector<Table>{monitor::hop_observer_table()}; }},
      {"middlebox", "what stands on the way and forgets silent connections",
       [] {
         return std::vector<Table>{net::middlebox_table(false), net::middlebox_table(true)};
       }},
  };
  return all;
}

const Entry* find(const std::string& name) {
  for (const Entry& entry : entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

int unknown_machine(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries())
    names.push_back(entry.name);
  const std::string near = deployment::nearest(name, names);
  return refuse(
      "error: unknown machine `" + name + "`\n  help: " +
      (near.empty() ? "`halfclose machines list` names them" : "did you mean `" + near + "`?"));
}

int list() {
  std::string text;
  for (const Entry& entry : entries()) {
    const Table table = entry.tables().front();
    text += std::string(entry.name) + std::string(16 - entry.name.size(), ' ') +
            std::string(entry.summary) + "\n" + std::string(16, ' ') +
            std::to_string(table.rows.size()) + " rows, " + std::to_string(table.states.size()) +
            " states, " + std::to_string(table.events.size()) +
            " events; table with default flags: " + std::to_string(table.locals.size()) +
            " local states, " + std::to_string(table.bytes()) + " bytes\n";
  }
  return finish(text, kHolds);
}

int show(const std::string& name, const std::string& format) {
  const Entry* entry = find(name);
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
  for (const Entry& entry : entries()) {
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
  if (find(name) == nullptr) return unknown_machine(name);
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
