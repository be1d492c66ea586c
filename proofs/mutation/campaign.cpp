#include "proofs/mutation/campaign.hpp"

#include "proofs/mutation/coverage.hpp"
#include "proofs/mutation/lockstep.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace halfclose::proofs {

using machine::Patch;
using machine::Table;
using system::System;

namespace {

struct Claim {
  const ManifestRow* row;
  Evidence evidence;  ///< of the system that is not mutated
};

/// A system of the manifest with what is claimed of it.
struct Target {
  std::string name;
  const System* system;
  std::vector<Claim> untimed, timed;
  Coverage coverage;
  std::uint64_t states = 0, zones = 0;
};

/// A mutant may have more states than the original, but not without end: then that is what is
/// noticed.
Limits limits_beyond(std::uint64_t states, const Limits& limits) {
  Limits wide = limits;
  wide.states = 20 * states + 20'000;
  return wide;
}

/// What became of one mutant in one system.
struct Reaction {
  std::vector<std::string> changed;  ///< properties with another verdict
  bool counts = false;               ///< something else differs
  bool refused = false;
  std::string detail;
};

Reaction react(const System& mutated, const std::vector<Claim>& claims, std::uint64_t states,
               const Limits& limits) {
  Reaction reaction;
  Subject subject(mutated, {.limits = limits_beyond(states, limits)});
  try {
    for (const Claim& claim : claims) {
      const Evidence found = claim.row->kind->prove(subject, claim.row->object);
      if (found == claim.evidence) continue;
      if (found.finding != claim.evidence.finding && found.finding != Finding::undecided) {
        reaction.changed.push_back(claim.row->property);
      } else {
        reaction.counts = true;
      }
    }
  } catch (const std::logic_error& error) {
    reaction = {};
    reaction.refused = true;
    reaction.detail = error.what();
  }
  return reaction;
}

/// The tables of one machine with one mutation, made when a system needs them.
class Mutated {
 public:
  explicit Mutated(const machine::Mutation& mutation) : mutation_(mutation) {}

  bool touches(const Target& target, const std::string& machine) {
    const System& system = *target.system;
    for (std::size_t c = 0; c < system.components.size(); ++c) {
      const Table* table = system.components[c].table.get();
      if (table->machine != machine) continue;
      for (const auto& [index, cell] : made(table).patch.cells) {
        if (target.coverage.consulted[c][index]) return true;
      }
    }
    return false;
  }
  System apply(const System& system, const std::string& machine) {
    System mutated = system;
    for (system::Component& component : mutated.components) {
      if (component.table->machine != machine) continue;
      Made& made_of_table = made(component.table.get());
      if (made_of_table.table == nullptr) {
        made_of_table.table =
            std::make_shared<const Table>(machine::patched(*component.table, made_of_table.patch));
      }
      component.table = made_of_table.table;
    }
    return mutated;
  }

 private:
  struct Made {
    Patch patch;
    std::shared_ptr<const Table> table;
  };
  Made& made(const Table* table) {
    const auto known = made_.find(table);
    if (known != made_.end()) return known->second;
    return made_.emplace(table, Made{machine::patch_of(*table, mutation_), nullptr}).first->second;
  }

  machine::Mutation mutation_;
  std::map<const Table*, Made> made_;
};

class Campaign {
 public:
  Campaign(const Manifest& manifest, const CampaignOptions& options)
      : manifest_(manifest), options_(options) {}

  CampaignReport run(std::vector<const ManifestRow*> rows) {
    if (!prepare(rows)) return std::move(report_);
    std::erase_if(rows, [&](const ManifestRow* row) {
      return std::count(report_.left_out.begin(), report_.left_out.end(), row->system) > 0;
    });
    list_mutants();
    in_parallel(report_.mutants.size(), [&](std::size_t i) { judge(report_.mutants[i]); });
    for (const ManifestRow* row : rows)
      report_.kills.emplace(row->property, 0);
    for (const Mutant& mutant : report_.mutants) {
      for (const std::string& property : mutant.properties)
        ++report_.kills[property];
    }
    if (options_.every == 1 && options_.machine.empty()) break_every_always(rows);
    return std::move(report_);
  }

 private:
  /// Proves what is not mutated. @return false when a limit was hit
  bool prepare(const std::vector<const ManifestRow*>& rows) {
    for (const RowProof& proof : prove(manifest_, rows, {.limits = options_.limits})) {
      if (proof.found.finding == Finding::undecided) {
        report_.limit = proof.found.limit;
        return false;
      }
      Target& target = target_of(proof.row->system);
      const bool timed = is_in_time(proof.row->object);
      (timed ? target.timed : target.untimed).push_back({proof.row, proof.found});
      // Some claims count less than all states.
      std::uint64_t& size = timed ? target.zones : target.states;
      size = std::max(size, proof.found.states);
    }
    for (const Target& target : targets_) {
      if (target.states > options_.largest) report_.left_out.push_back(target.name);
    }
    std::erase_if(targets_, [&](const Target& target) { return target.states > options_.largest; });
    for (Target& target : targets_) {
      target.coverage = coverage_of(*target.system, options_.limits);
      if (!target.coverage.complete) {
        report_.limit = "the coverage of " + target.name;
        return false;
      }
    }
    std::stable_sort(targets_.begin(), targets_.end(), [](const Target& a, const Target& b) {
      return std::max(a.states, a.zones) < std::max(b.states, b.zones);
    });
    return true;
  }

  Target& target_of(const std::string& name) {
    for (Target& target : targets_) {
      if (target.name == name) return target;
    }
    return targets_.emplace_back(Target{name, &manifest_.systems.find(name)->second, {}, {}, {}});
  }

  void list_mutants() {
    std::size_t number = 0;
    for (const std::string& machine : machines_of(manifest_)) {
      if (!options_.machine.empty() && machine != options_.machine) continue;
      std::vector<const Table*> tables;
      for (const Target& target : targets_) {
        for (const system::Component& component : target.system->components) {
          const Table* table = component.table.get();
          if (table->machine == machine &&
              std::find(tables.begin(), tables.end(), table) == tables.end())
            tables.push_back(table);
        }
      }
      if (tables.empty()) continue;
      for (const machine::Mutation& mutation : machine::mutations_of(tables)) {
        if (number++ % options_.every != 0) continue;
        report_.mutants.push_back({machine, mutation, machine::row_of(mutation, *tables.front()),
                                   machine::change_of(mutation, *tables.front())});
      }
    }
  }

  template <class F> void in_parallel(std::size_t count, F&& work) {
    std::atomic<std::size_t> next = 0;
    std::size_t done = 0;
    std::mutex telling;
    std::exception_ptr problem;
    auto worker = [&] {
      for (std::size_t i = next++; i < count; i = next++) {
        try {
          work(i);
        } catch (...) {
          const std::lock_guard lock(telling);
          problem = std::current_exception();
          next = count;
        }
        const std::lock_guard lock(telling);
        if (options_.progress) options_.progress(++done, count);
      }
    };
    std::vector<std::thread> threads;
    for (unsigned t = 1; t < options_.jobs; ++t)
      threads.emplace_back(worker);
    worker();
    for (std::thread& thread : threads)
      thread.join();
    if (problem) std::rethrow_exception(problem);
  }

  void judge(Mutant& mutant) const {
    Mutated mutated(mutant.mutation);
    std::vector<const Target*> touched;
    for (const Target& target : targets_) {
      if (mutated.touches(target, mutant.machine)) touched.push_back(&target);
    }
    if (touched.empty()) {
      mutant.fate = Fate::unreached;
      return;
    }
    mutant.fate = Fate::same;  // so far
    for (const Target* target : touched) {
      const System system = mutated.apply(*target->system, mutant.machine);
      if (settles(mutant, *target, react(system, target->untimed, target->states, options_.limits)))
        return;
    }
    for (const Target* target : touched) {
      const System system = mutated.apply(*target->system, mutant.machine);
      const Likeness likeness =
          proofs::likeness(*target->system, system, limits_beyond(target->states, options_.limits));
      if (likeness == Likeness::timed) continue;  // no claim in time can tell them apart
      if (settles(mutant, *target, react(system, target->timed, target->zones, options_.limits)))
        return;
      if (mutant.fate == Fate::counted) continue;
      if (likeness == Likeness::differ) {
        mutant.fate = Fate::unexplained;
        mutant.system = target->name;
      } else if (mutant.fate == Fate::same) {
        mutant.fate = Fate::clocks;
      }
    }
  }

  /// Takes down what a system says. @return whether the mutant is dead
  static bool settles(Mutant& mutant, const Target& target, Reaction reaction) {
    if (!reaction.changed.empty()) {
      mutant.fate = Fate::killed;
      mutant.properties = std::move(reaction.changed);
    } else if (reaction.refused) {
      mutant.fate = Fate::refused;
      mutant.detail = std::move(reaction.detail);
    } else if (reaction.counts && mutant.fate != Fate::counted) {
      mutant.fate = Fate::counted;
    } else {
      return false;
    }
    mutant.system = target.name;
    return mutant.fate != Fate::counted;
  }

  /// A mutant is judged by the first system that kills it, so a property that killed none may still
  /// be one that can fail: it is tried by itself.
  void break_every_always(const std::vector<const ManifestRow*>& rows) {
    for (const ManifestRow* row : rows) {
      if (row->kind->word != "always") continue;
      const auto known =
          std::any_of(report_.always.begin(), report_.always.end(),
                      [&](const Breakable& b) { return b.property == row->property; });
      if (!known) report_.always.push_back({row->property});
    }
    for (Breakable& breakable : report_.always) {
      // Mutants that broke the same object are the likeliest; those break it in time too.
      std::vector<const Mutant*> candidates;
      for (const Mutant& mutant : report_.mutants) {
        if (mutant.fate != Fate::unreached && mutant.fate != Fate::same)
          candidates.push_back(&mutant);
      }
      std::stable_partition(candidates.begin(), candidates.end(), [&](const Mutant* mutant) {
        return std::any_of(
            mutant->properties.begin(), mutant->properties.end(),
            [&](const std::string& killer) { return breakable.property.starts_with(killer); });
      });
      for (const Mutant* mutant : candidates) {
        if (!breaks(*mutant, breakable.property)) continue;
        breakable.broken_by = mutant->machine + ": " + mutant->row + ": " + mutant->change;
        break;
      }
    }
  }

  bool breaks(const Mutant& mutant, const std::string& property) const {
    Mutated mutated(mutant.mutation);
    for (const Target& target : targets_) {
      for (const auto* claims : {&target.untimed, &target.timed}) {
        for (const Claim& claim : *claims) {
          if (claim.row->property != property || claim.evidence.finding != Finding::holds ||
              !mutated.touches(target, mutant.machine))
            continue;
          const Reaction reaction = react(mutated.apply(*target.system, mutant.machine), {claim},
                                          std::max(target.states, target.zones), options_.limits);
          if (!reaction.changed.empty()) return true;
        }
      }
    }
    return false;
  }

  const Manifest& manifest_;
  const CampaignOptions& options_;
  std::vector<Target> targets_;
  CampaignReport report_;
};

}  // namespace

std::string_view fate_name(Fate fate) {
  constexpr std::string_view kNames[kFates] = {"killed", "refused", "counted",    "unreached",
                                               "same",   "clocks",  "unexplained"};
  return kNames[static_cast<std::size_t>(fate)];
}

bool CampaignReport::sound() const {
  return std::none_of(mutants.begin(), mutants.end(),
                      [](const Mutant& mutant) { return mutant.fate == Fate::unexplained; }) &&
         std::none_of(always.begin(), always.end(),
                      [](const Breakable& breakable) { return breakable.broken_by.empty(); });
}

std::vector<std::string> machines_of(const Manifest& manifest) {
  std::vector<std::string> machines;
  for (const auto& [name, system] : manifest.systems) {
    for (const system::Component& component : system.components) {
      if (!component.table->rows.empty() &&
          std::find(machines.begin(), machines.end(), component.table->machine) == machines.end())
        machines.push_back(component.table->machine);
    }
  }
  return machines;
}

CampaignReport run_campaign(const Manifest& manifest, const std::vector<const ManifestRow*>& rows,
                            const CampaignOptions& options) {
  return Campaign(manifest, options).run(rows);
}

}  // namespace halfclose::proofs
