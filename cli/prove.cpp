// halfclose prove: every claim of the manifest, proved again; exit 1 on any other verdict or count.
#include "cli/command.hpp"
#include "cli/manifest_options.hpp"
#include "cli/prove_certificate.hpp"
#include "cli/prove_mutants.hpp"
#include "cli/replace_file.hpp"
#include "proofs/catalogue/product_hops.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <optional>

namespace halfclose::cli {

namespace {

using proofs::Evidence;
using proofs::Finding;
using proofs::Manifest;
using proofs::ManifestRow;
using proofs::RowProof;
using Json = nlohmann::ordered_json;

struct Options {
  ManifestOptions manifest;
  std::string format = "text", certificate;
  bool update = false, systems = false, mutants = false;
  MutantOptions mutant;
};

bool undecided(const RowProof& proof) {
  return proof.found.finding == Finding::undecided;
}
std::string_view status_of(const RowProof& proof) {
  if (undecided(proof)) return "undecided";
  return proof.as_expected() ? "same" : "differs";
}

/// `verdict holds, not broken; states 12, not 13`.
std::string differences(const RowProof& proof) {
  const Evidence &now = proof.found, &then = proof.row->expected;
  std::string text;
  auto compare = [&](std::string_view name, const auto& found, const auto& expected) {
    if (found == expected) return;
    text += fmt::format("{}{} {}, not {}", text.empty() ? "" : "; ", name, found, expected);
  };
  compare("verdict", proofs::finding_name(now.finding), proofs::finding_name(then.finding));
  compare("states", now.states, then.states);
  compare("transitions", now.transitions, then.transitions);
  compare("depth", now.depth, then.depth);
  return text;
}

std::string covered(const RowProof& proof) {
  return fmt::format("limit of {}: {} states, {} transitions seen", proof.found.limit,
                     proof.found.states, proof.found.transitions);
}

class Table {
 public:
  explicit Table(const std::vector<const ManifestRow*>& rows) : colour_(colour_wanted()) {
    for (const ManifestRow* row : rows) {
      property_ = std::max(property_, row->property.size());
      system_ = std::max(system_, row->system.size());
    }
  }
  std::string head() const {
    return coloured(fmt::format("{:<{}}  {:<{}}  {:<9}  {:>10}  {:>11}  {:>5}  {:>8}", "property",
                                property_, "system", system_, "verdict", "states", "transitions",
                                "depth", "seconds"),
                    Colour::bold, colour_) +
           "\n";
  }
  std::string line(const RowProof& proof) const {
    const Evidence& found = proof.found;
    std::string text =
        fmt::format("{:<{}}  {:<{}}  {:<9}  {:>10}  {:>11}  {:>5}  {:>8.3f}", proof.row->property,
                    property_, proof.row->system, system_, proofs::finding_name(found.finding),
                    found.states, found.transitions, found.depth, proof.seconds);
    if (undecided(proof)) {
      text += coloured("\n  undecided: " + covered(proof), Colour::yellow, colour_);
    } else if (!proof.as_expected()) {
      text += coloured("\n  differs: " + differences(proof), Colour::red, colour_);
    }
    return text + "\n";
  }

 private:
  bool colour_;
  std::size_t property_ = 8, system_ = 6;
};

struct Totals {
  std::size_t differ = 0, undecided = 0, systems = 0;
  double seconds = 0;
};

Totals totals_of(const std::vector<RowProof>& proofs) {
  Totals totals;
  std::vector<std::string_view> systems;
  for (const RowProof& proof : proofs) {
    totals.differ += status_of(proof) == "differs";
    totals.undecided += undecided(proof);
    totals.seconds += proof.seconds;
    systems.push_back(proof.row->system);
  }
  std::sort(systems.begin(), systems.end());
  totals.systems =
      static_cast<std::size_t>(std::unique(systems.begin(), systems.end()) - systems.begin());
  return totals;
}

std::string in_text(const std::vector<RowProof>& proofs,
                    const std::vector<const ManifestRow*>& rows) {
  const Table table(rows);
  std::string text = table.head();
  for (const RowProof& proof : proofs)
    text += table.line(proof);
  const Totals totals = totals_of(proofs);
  text +=
      fmt::format("\n{} of {} claims as expected, {} differ, {} undecided; systems: {}; {:.3f} s\n",
                  proofs.size() - totals.differ - totals.undecided, proofs.size(), totals.differ,
                  totals.undecided, totals.systems, totals.seconds);
  if (totals.differ > 0) {
    text +=
        "  help: find out why a model changed before a manifest does; then --update --manifest "
        "FILE writes what was found\n";
  } else if (totals.undecided > 0) {
    text += "  help: raise the limit that was hit\n";
  }
  return text;
}

Json json_of(const Evidence& evidence) {
  return {{"verdict", proofs::finding_name(evidence.finding)},
          {"states", evidence.states},
          {"transitions", evidence.transitions},
          {"depth", evidence.depth}};
}

Json in_json(const std::vector<RowProof>& proofs, const Manifest& manifest) {
  Json rows = Json::array();
  for (const RowProof& proof : proofs) {
    rows.push_back({{"property", proof.row->property},
                    {"system", proof.row->system},
                    {"status", status_of(proof)},
                    {"found", json_of(proof.found)},
                    {"expected", json_of(proof.row->expected)},
                    {"limit", proof.found.limit.empty() ? Json(nullptr) : Json(proof.found.limit)},
                    {"seconds", proof.seconds}});
  }
  const Totals totals = totals_of(proofs);
  return {{"manifest", manifest.file},     {"claims", rows},
          {"systems", totals.systems},     {"differ", totals.differ},
          {"undecided", totals.undecided}, {"seconds", totals.seconds}};
}

/// Writes what was found into the manifest. Nothing is written while anything is undecided.
int update(Manifest manifest, const std::vector<RowProof>& proofs, const std::string& path) {
  std::size_t changed = 0;
  for (const RowProof& proof : proofs) {
    if (undecided(proof)) {
      refuse("undecided: `" + proof.row->property + "` on `" + proof.row->system + "`, " +
             covered(proof) + "\n  help: raise the limit; nothing was written");
      return kUndecided;
    }
    if (proof.as_expected()) continue;
    ++changed;
    for (ManifestRow& row : manifest.rows) {
      if (row.line == proof.row->line) row.expected = proof.found;
    }
  }
  if (changed > 0) {
    const std::string error =
        replace_file(path, [&](std::ostream& file) { file << manifest.text(); });
    if (!error.empty()) return refuse(path + ": error: " + error + "\n  help: nothing was changed");
  }
  return finish(fmt::format("{}: {} of {} claims changed\n", path, changed, proofs.size()), kHolds);
}

int list_systems() {
  std::size_t width = 0;
  for (const proofs::NamedSystem* system : proofs::provable_systems())
    width = std::max(width, system->name.size());
  std::string text;
  for (const proofs::NamedSystem* system : proofs::provable_systems())
    text += fmt::format("{:<{}}  {}\n", system->name, width, system->summary);
  return finish(text, kHolds);
}

int run(const Options& options) {
  if (options.systems) return list_systems();
  if (options.update && options.manifest.manifest.empty()) {
    return refuse(
        "error: --update wants --manifest FILE: the manifest inside the program cannot be "
        "written\n  help: the file it is made from is proofs/manifest.csv");
  }
  const proofs::LoadedManifest loaded = options.manifest.load();
  if (!loaded.manifest) return refuse(loaded.error.text());
  const Manifest& manifest = *loaded.manifest;
  const std::vector<const ManifestRow*> rows = options.manifest.selected(manifest);
  if (rows.empty()) {
    return refuse("error: --only selects no claim of " + manifest.file + ": `" +
                  options.manifest.only +
                  "`\n  help: it is looked for in `PROPERTY on SYSTEM`, as in `" +
                  manifest.rows.front().property + " on " + manifest.rows.front().system + "`");
  }

  if (!options.certificate.empty()) {
    const std::string wrong = wrong_for_certificate(rows);
    if (!wrong.empty()) return refuse(wrong);
  }
  if (options.mutants) {
    MutantOptions mutant = options.mutant;
    mutant.json = options.format == "json";
    return prove_mutants(manifest, rows, options.manifest.limits(), mutant);
  }

  const bool talks = isatty(STDERR_FILENO) != 0;
  std::size_t done = 0;
  proofs::Search search{.limits = options.manifest.limits()};
  if (talks) {
    search.progress = [&](const proofs::Progress& now) {
      fmt::print(stderr, "\rproving {} of {}: {} states, {} open, depth {}    ", done + 1,
                 rows.size(), now.states, now.open, now.depth);
    };
  }
  const std::vector<RowProof> proofs =
      proofs::prove(manifest, rows, search, [&](const RowProof& proof) {
        ++done;
        if (talks)
          fmt::print(stderr, "\rproved {} of {}: {}\x1b[K", done, rows.size(), proof.row->system);
      });
  if (talks) fmt::print(stderr, "\r\x1b[K");

  if (options.update) return update(manifest, proofs, options.manifest.manifest);
  const Totals totals = totals_of(proofs);
  const int status = totals.differ > 0 ? kHappens : totals.undecided > 0 ? kUndecided : kHolds;
  std::optional<Certified> certified;
  if (!options.certificate.empty()) {
    certified =
        write_certificate_file(manifest, proofs, options.manifest.limits(), options.certificate);
    if (certified->status != kHolds) return certified->status;
  }
  if (options.format == "json") {
    Json report = in_json(proofs, manifest);
    if (certified) {
      report["certificate"] = {{"file", options.certificate},
                               {"properties", certified->properties},
                               {"states", certified->states}};
    }
    return finish(report.dump(2) + "\n", status);
  }
  std::string text = in_text(proofs, rows);
  if (certified) {
    text += fmt::format(
        "{}: certificate of {} claims on {} states; check it with `halfclose recheck`\n",
        options.certificate, certified->properties.size(), certified->states);
  }
  return finish(text, status);
}

}  // namespace

void add_prove(CLI::App& app, int& status) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "prove", "prove every claim of the manifest again: verdict, states, transitions, depth");
  options->manifest.add_to(*command);
  command->add_flag("--update", options->update, "write what was found into --manifest FILE");
  CLI::Option* certificate = command->add_option("--certificate", options->certificate,
                                                 "write a certificate of the selected `always` and "
                                                 "`never` that hold, for `halfclose recheck`");
  CLI::Option* mutants =
      command->add_flag("--mutants", options->mutants,
                        "mutate every machine and say which claim notices; prove nothing else");
  command->add_option("--machine", options->mutant.machine, "mutate this machine only")
      ->needs(mutants);
  command->add_option("--every", options->mutant.every, "make each so manyth mutant only")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}))
      ->needs(mutants);
  command
      ->add_option("--largest", options->mutant.largest,
                   "leave out systems with more states than this")
      ->capture_default_str()
      ->needs(mutants);
  command->add_option("--jobs", options->mutant.jobs, "threads; 0 is one per processor")
      ->check(CLI::Range(0u, 256u))
      ->needs(mutants);
  mutants->excludes(command->get_option("--update"));
  certificate->excludes(mutants)->excludes(command->get_option("--update"));
  command->add_flag("--systems", options->systems, "list the systems that a claim may name");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([options, &status] { status = run(*options); });
}

}  // namespace halfclose::cli
