// Every mutation of every machine against every claim of a manifest: can the claims fail?
//
// A mutant is one mutation applied to all tables of its machine, in each system. It is killed by
// the claims whose verdict it changes; systems are tried from the smallest on, claims in time last,
// and the first system that kills it is enough. A mutant that nothing notices has a computed
// reason, or is a defect of the manifest.
#pragma once

#include "model/machine/mutation.hpp"
#include "proofs/manifest/manifest.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace halfclose::proofs {

enum class Fate : std::uint8_t {
  killed,     ///< a claim has another verdict
  refused,    ///< a component refuses an event, or a queue overflows: it no longer fits together
  counted,    ///< verdicts stay, counts do not
  unreached,  ///< survives: no reachable state of any system depends on what it changes
  same,       ///< survives: every system behaves the same, clocks included (Likeness::timed)
  clocks,     ///< survives: the same runs; a clock is reset elsewhere and no claim in time sees it
  unexplained,  ///< survives, and behaves differently: no claim looks there
};
inline constexpr std::size_t kFates = 7;
std::string_view fate_name(Fate fate);

struct Mutant {
  std::string machine;
  machine::Mutation mutation;
  std::string row, change;  ///< in words: `idle on request`, `dropped`
  Fate fate = Fate::unexplained;
  std::string system{};  ///< where it was noticed; of `unexplained`, where it differs
  std::vector<std::string> properties{};  ///< killed: those whose verdict changed there
  std::string detail{};                   ///< refused: by whom
};

/// A claim of kind `always`, and what shows that it can fail.
struct Breakable {
  std::string property;
  /// A mutant that breaks it where it holds, `MACHINE: ROW: CHANGE`; empty when there is none.
  std::string broken_by{};
};

struct CampaignOptions {
  std::string machine{};           ///< this machine only; empty: all
  std::size_t every = 1;           ///< each so manyth mutant
  unsigned jobs = 1;               ///< threads
  std::uint64_t largest = 20'000;  ///< states: larger systems are left out
  Limits limits{};                 ///< of an exploration of a system that is not mutated
  std::function<void(std::size_t done, std::size_t all)>
      progress{};  ///< from any thread, one at a time
};

struct CampaignReport {
  std::vector<Mutant> mutants;               ///< by machine, row, kind
  std::map<std::string, std::size_t> kills;  ///< per property; also those that kill none
  std::vector<Breakable> always;             ///< empty when only a part of the mutants was made
  std::vector<std::string> left_out;  ///< systems that were too large; nothing is said of them
  std::string limit;                  ///< a system could not be explored: nothing was done
  bool sound() const;  ///< no mutant is unexplained, every `always` was broken by one
};

/// The machines of the manifest's systems that have rows, in order of appearance.
std::vector<std::string> machines_of(const Manifest& manifest);

/// @errors std::logic_error when a system that is not mutated is wrong
/// @cost   mutants x systems explorations at worst
CampaignReport run_campaign(const Manifest& manifest, const std::vector<const ManifestRow*>& rows,
                            const CampaignOptions& options);

}  // namespace halfclose::proofs
