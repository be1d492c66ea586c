// halfclose matrix: what every mitigation does to every race, each on the example chain of the
// race.
#include "cli/command.hpp"
#include "cli/embedded_examples.hpp"
#include "cli/exploration_options.hpp"
#include "cli/matrix_pages.hpp"
#include "model/deployment/chain.hpp"
#include "model/deployment/role.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace halfclose::cli {

namespace {

using proofs::Effect;
using proofs::MatrixRow;

struct Options {
  std::vector<std::string> races;
  std::string format = "text";
  bool reasons = false;
  std::size_t set_size_max = 3;
  ExplorationOptions exploration;
};

/// A race without an example, or with one that cannot be read, is a bug of ours.
deployment::Chain example_of(std::string_view slug) {
  for (const auto& [name, text] : embedded_examples()) {
    if (name != slug) continue;
    const deployment::LoadedChain loaded =
        deployment::parse_chain(text, "examples/races/" + std::string(slug) + ".yaml");
    if (!loaded.chain) throw std::logic_error(loaded.error.text());
    return *loaded.chain;
  }
  throw std::logic_error("no example chain of " + std::string(slug));
}

std::string unknown_row(const std::string& slug) {
  const std::vector<std::string_view> slugs = proofs::matrix_rows();
  std::string all;
  for (const std::string_view one : slugs)
    all += " " + std::string(one);
  const std::string near = deployment::nearest(slug, slugs);
  return "error: unknown race `" + slug +
         "`\n  help: " + (near.empty() ? "races:" + all : "did you mean `" + near + "`?");
}

bool is_undecided(const MatrixRow& row) {
  return row.sets_undecided ||
         std::any_of(row.cells.begin(), row.cells.end(), [](const proofs::MatrixCell& cell) {
           return cell.effect == Effect::undecided;
         });
}

int run(const Options& options) {
  const std::vector<std::string_view> all = proofs::matrix_rows();
  for (const std::string& slug : options.races) {
    if (std::find(all.begin(), all.end(), slug) == all.end()) return refuse(unknown_row(slug));
  }
  std::vector<std::string_view> wanted;
  for (const std::string_view slug : all) {
    if (options.races.empty() ||
        std::find(options.races.begin(), options.races.end(), slug) != options.races.end())
      wanted.push_back(slug);
  }
  const bool talks = isatty(STDERR_FILENO) != 0;
  std::vector<MatrixRow> rows;
  bool undecided = false;
  for (const std::string_view slug : wanted) {
    proofs::MatrixOptions matrix{.limits = options.exploration.analysis().limits,
                                 .set_size_max = options.set_size_max};
    if (talks) {
      matrix.progress = [&](std::string_view done) {
        std::fprintf(stderr, "\r%zu of %zu races: %.*s, %.*s\x1b[K", rows.size() + 1, wanted.size(),
                     static_cast<int>(slug.size()), slug.data(), static_cast<int>(done.size()),
                     done.data());
      };
    }
    rows.push_back(proofs::matrix_row(slug, example_of(slug), matrix));
    undecided |= is_undecided(rows.back());
  }
  if (talks) std::fprintf(stderr, "\r\x1b[K");
  const std::string page = options.format == "md" ? matrix_markdown(rows)
                           : options.format == "html"
                               ? matrix_html(rows)
                               : matrix_text(rows, colour_wanted(), options.reasons);
  return finish(page, undecided ? kUndecided : kHolds);
}

}  // namespace

void add_matrix(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "matrix", "what every mitigation does to every race, each on the race's example chain");
  command->add_option("--race", options->races, "only this race; may be repeated");
  command->add_option("--format", options->format, "text, md or html")
      ->check(CLI::IsMember({"text", "md", "html"}))
      ->capture_default_str();
  command->add_flag("--reasons", options->reasons, "tell below the table what each cell compared");
  command
      ->add_option("--max-set", options->set_size_max,
                   "mitigations in a set that is tried as a whole")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4}))
      ->capture_default_str();
  options->exploration.add_to(*command);
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace halfclose::cli
