#include "cli/prove_mutants.hpp"

#include "cli/command.hpp"
#include "model/deployment/role.hpp"
#include "proofs/mutation/campaign.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace halfclose::cli {

namespace {

using proofs::CampaignReport;
using proofs::Fate;
using proofs::Mutant;
using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, proofs::kFates> kReasons = {
    "a claim has another verdict",
    "a component refuses an event, or a queue overflows",
    "the verdicts stay, the counts do not",
    "no reachable state depends on it",
    "every system behaves the same, clocks included",
    "the same runs; a clock is reset elsewhere, and no claim in time sees it",
    "unexplained: it behaves differently where no claim looks",
};
std::string_view reason(Fate fate) {
  return kReasons[static_cast<std::size_t>(fate)];
}
bool survives(Fate fate) {
  return fate >= Fate::unreached;
}

std::string by_machine(const CampaignReport& report) {
  std::vector<std::string> machines;
  for (const Mutant& mutant : report.mutants) {
    if (machines.empty() || machines.back() != mutant.machine) machines.push_back(mutant.machine);
  }
  std::string text = fmt::format("{:<16}{:>9}", "machine", "mutants");
  for (std::size_t f = 0; f < proofs::kFates; ++f)
    text += fmt::format("{:>13}", proofs::fate_name(static_cast<Fate>(f)));
  text += "\n";
  for (const std::string& machine : machines) {
    std::array<std::size_t, proofs::kFates> counts{};
    for (const Mutant& mutant : report.mutants) {
      if (mutant.machine == machine) ++counts[static_cast<std::size_t>(mutant.fate)];
    }
    std::size_t all = 0;
    std::string columns;
    for (const std::size_t count : counts) {
      all += count;
      columns += fmt::format("{:>13}", count);
    }
    text += fmt::format("{:<16}{:>9}{}\n", machine, all, columns);
  }
  for (std::size_t f = 0; f < proofs::kFates; ++f) {
    const std::string_view name = proofs::fate_name(static_cast<Fate>(f));
    if (name != "unexplained") text += fmt::format("  {:<12}{}\n", name, kReasons[f]);
  }
  return text;
}

std::string by_property(const CampaignReport& report) {
  std::size_t width = 8;
  for (const auto& [property, count] : report.kills)
    width = std::max(width, property.size());
  std::string text = fmt::format("{:<{}}{:>9}\n", "property", width, "kills");
  for (const auto& [property, count] : report.kills)
    text += fmt::format("{:<{}}{:>9}\n", property, width, count);
  return text;
}

/// A line per row, with what was done to it.
std::string survivors(const CampaignReport& report) {
  std::string text;
  for (std::size_t f = 0; f < proofs::kFates; ++f) {
    const Fate fate = static_cast<Fate>(f);
    if (!survives(fate)) continue;
    std::string list;
    const Mutant* before = nullptr;
    for (const Mutant& mutant : report.mutants) {
      if (mutant.fate != fate) continue;
      const bool same_row = before != nullptr && before->machine == mutant.machine &&
                            before->mutation.row == mutant.mutation.row;
      list += same_row
                  ? "; "
                  : (before == nullptr ? "  " : "\n  ") + mutant.machine + ": " + mutant.row + ": ";
      list += mutant.change + (mutant.system.empty() ? "" : " (" + mutant.system + ")");
      before = &mutant;
    }
    if (!list.empty()) text += "\nsurvive, " + std::string(reason(fate)) + ":\n" + list + "\n";
  }
  return text;
}

std::string in_text(const CampaignReport& report) {
  std::string text = by_machine(report) + "\n" + by_property(report) + survivors(report) + "\n";
  for (const proofs::Breakable& breakable : report.always) {
    text += breakable.broken_by.empty()
                ? "CANNOT FAIL: no mutant breaks `" + breakable.property + "`\n"
                : "`" + breakable.property + "` is broken by " + breakable.broken_by + "\n";
  }
  std::string left_out;
  for (const std::string& system : report.left_out)
    left_out += (left_out.empty() ? "" : ", ") + system;
  if (!left_out.empty()) text += "left out for their size (--largest): " + left_out + "\n";
  const auto unexplained =
      std::count_if(report.mutants.begin(), report.mutants.end(),
                    [](const Mutant& mutant) { return mutant.fate == Fate::unexplained; });
  text += fmt::format("{} mutants, {} unexplained\n", report.mutants.size(), unexplained);
  if (!report.sound())
    text +=
        "  help: add a claim that sees the difference to the manifest, or a system that has it\n";
  return text;
}

std::string in_json(const CampaignReport& report, const std::string& manifest) {
  Json mutants = Json::array(), kills = Json::object(), always = Json::object();
  for (const Mutant& mutant : report.mutants) {
    mutants.push_back({{"machine", mutant.machine},
                       {"row", mutant.mutation.row},
                       {"on", mutant.row},
                       {"mutation", mutant.change},
                       {"fate", proofs::fate_name(mutant.fate)},
                       {"system", mutant.system.empty() ? Json(nullptr) : Json(mutant.system)},
                       {"properties", mutant.properties},
                       {"detail", mutant.detail.empty() ? Json(nullptr) : Json(mutant.detail)}});
  }
  for (const auto& [property, count] : report.kills)
    kills[property] = count;
  for (const proofs::Breakable& breakable : report.always) {
    always[breakable.property] =
        breakable.broken_by.empty() ? Json(nullptr) : Json(breakable.broken_by);
  }
  return Json{{"manifest", manifest},
              {"mutants", mutants},
              {"kills", kills},
              {"always_broken_by", always},
              {"left_out", report.left_out}}
             .dump(2) +
         "\n";
}

int unknown_machine(const std::string& name, const std::vector<std::string>& machines) {
  const std::string near = deployment::nearest(name, {machines.begin(), machines.end()});
  std::string all;
  for (const std::string& machine : machines)
    all += " " + machine;
  return refuse("error: the systems of the manifest have no machine `" + name + "`\n  help: " +
                (near.empty() ? "machines:" + all : "did you mean `" + near + "`?"));
}

}  // namespace

int prove_mutants(const proofs::Manifest& manifest,
                  const std::vector<const proofs::ManifestRow*>& rows, const proofs::Limits& limits,
                  const MutantOptions& options) {
  const std::vector<std::string> machines = proofs::machines_of(manifest);
  if (!options.machine.empty() &&
      std::find(machines.begin(), machines.end(), options.machine) == machines.end())
    return unknown_machine(options.machine, machines);

  const bool talks = isatty(STDERR_FILENO) != 0;
  proofs::CampaignOptions campaign{
      .machine = options.machine,
      .every = options.every,
      .jobs = options.jobs > 0 ? options.jobs : std::max(1u, std::thread::hardware_concurrency()),
      .largest = options.largest,
      .limits = limits};
  if (talks) {
    campaign.progress = [](std::size_t done, std::size_t all) {
      if (done % 16 == 0 || done == all) fmt::print(stderr, "\rmutants: {} of {} ", done, all);
    };
  }
  const CampaignReport report = proofs::run_campaign(manifest, rows, campaign);
  if (talks) fmt::print(stderr, "\r\x1b[K");
  if (!report.limit.empty()) {
    refuse("undecided: limit of " + report.limit +
           ", before anything was mutated\n  help: raise the limit, or select claims by --only");
    return kUndecided;
  }
  // Nothing was shown by mutants that were not made.
  const int status = !report.sound() ? kHappens : report.mutants.empty() ? kUndecided : kHolds;
  return finish(options.json ? in_json(report, manifest.file) : in_text(report), status);
}

}  // namespace halfclose::cli
