// The verdicts of a chain in words: per hop and race what happens, why, by how much, and what to
// do.
#pragma once

#include "model/deployment/chain.hpp"
#include "proofs/catalogue/analysis.hpp"
#include "proofs/catalogue/eventualities.hpp"
#include "proofs/catalogue/request_analysis.hpp"
#include "proofs/witness/witness.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

struct RaceVerdict {
  std::string hop;  ///< `alb->edge`
  const Race* race = nullptr;
  Verdict verdict = Verdict::undecided;
  std::optional<system::Time> margin{};  ///< absent, where time decides: microseconds
  bool thin = false;  ///< the margin is less than what delays and stalls leave open
  std::string reason;
  std::vector<std::string> fixes{};  ///< each excludes the race by itself
  std::string masked_for{};          ///< the methods of which a retry hides it: `GET, HEAD`
  std::optional<Witness> witness{};  ///< when it happens
};

struct GuaranteeVerdict {
  std::string hop;
  const Guarantee* guarantee = nullptr;
  Verdict verdict = Verdict::undecided;  ///< present: broken
  std::string reason;
  std::optional<Witness> witness{};
};

/// A race or a guarantee that one moment of one connection does not show: of requests that are
/// retried over a pool of connections, of runs without end.
struct PropertyVerdict {
  std::string hop;
  std::string_view slug, statement;
  bool is_guarantee = false;
  bool over_pool = false;  ///< of requests over a pool of connections, else of one connection
  Verdict verdict = Verdict::undecided;  ///< of a guarantee present means broken
  std::string reason;
  std::vector<std::string> fixes{};
  std::optional<Witness> witness{};  ///< when it happens
};

/// A value that a verdict rests on and that the chain does not state.
struct Assumption {
  std::string what;  ///< `edge.upstream.loop_stall = 10ms`
  std::string source;
  bool sourced = true;
};

struct ChainReport {
  std::string chain;  ///< the file
  std::vector<RaceVerdict> verdicts;
  std::vector<GuaranteeVerdict> guarantees;
  std::vector<PropertyVerdict> properties;
  std::vector<Assumption> assumptions;
  std::vector<std::string>
      notes;  ///< what the model leaves out, and stated values that no hop uses
};

/// Slugs of the races and guarantees among PropertyVerdict.
const std::vector<std::string_view>& property_slugs();

/// Judges every hop of the chain; hops with equal settings are explored once.
ChainReport judge(const deployment::Chain& chain, const AnalysisOptions& options = {});

/// The fixes in one sentence.
std::string joined(const std::vector<std::string>& fixes);

/// 0 nothing happens, 1 something does, 3 nothing does but something is undecided.
int exit_code(const ChainReport& report);

}  // namespace halfclose::proofs
