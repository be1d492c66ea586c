#include "proofs/manifest/claim.hpp"

#include "model/deployment/role.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/timed/zone_explorer.hpp"

namespace halfclose::proofs {

using system::System;

namespace {

struct Named {
  std::string_view output, component;  ///< the component may be empty: any
  bool in_time = false;
};

Named named(std::string_view object) {
  constexpr std::string_view kInTime = " in time", kAt = " at ";
  Named result;
  result.in_time = object.ends_with(kInTime);
  if (result.in_time) object.remove_suffix(kInTime.size());
  const std::size_t at = object.find(kAt);
  result.output = object.substr(0, at);
  if (at != std::string_view::npos) result.component = object.substr(at + kAt.size());
  return result;
}

std::string wrong_output(const System& system, std::string_view object) {
  if (outputs_named(system, object) != 0) return {};
  std::vector<std::string_view> outputs;
  for (const auto& [component, at] : system.observers) {
    for (const std::string& output : system.components[component].table->outputs)
      outputs.push_back(output);
  }
  const std::string near = deployment::nearest(named(object).output, outputs);
  return "no observer of the system has an output `" + std::string(object) + "`" +
         (near.empty() || near == object ? "" : "; did you mean `" + near + "`?");
}

/// The shortest run that emits one of the outputs; nullptr when none was found.
const Path* path_to_any(const Exploration& exploration, std::uint64_t outputs) {
  const Path* shortest = nullptr;
  for (const Found& found : exploration.found) {
    if (!(outputs >> found.output & 1)) continue;
    if (shortest == nullptr || found.path.size() < shortest->size()) shortest = &found.path;
  }
  return shortest;
}

/// A run that emits the object decides the claim at once; that there is none takes all states.
Evidence by_reaching(Subject& subject, std::string_view object, Finding when_reached,
                     Finding when_not) {
  const Exploration& reachable =
      named(object).in_time ? subject.reachable_in_time() : subject.reachable();
  const Path* path = path_to_any(reachable, outputs_named(subject.system(), object));
  Evidence evidence{
      .states = named(object).in_time ? reachable.zones : reachable.states,
      .transitions = reachable.transitions,
      .depth = path != nullptr ? static_cast<std::uint32_t>(path->size()) : reachable.depth};
  // The counts are part of the claim: without all of them it is not decided.
  if (reachable.complete) evidence.finding = path != nullptr ? when_reached : when_not;
  return evidence;
}

Evidence excluded(Subject& subject, std::string_view object) {
  return by_reaching(subject, object, Finding::broken, Finding::holds);
}
Evidence reached(Subject& subject, std::string_view object) {
  return by_reaching(subject, object, Finding::holds, Finding::broken);
}

}  // namespace

Subject::Subject(const System& system, Search search)
    : system_(system), search_(std::move(search)) {
  search_.goals = ~0ull;
  search_.stop_when_found = search_.stop_at_first = false;
}

std::string_view finding_name(Finding finding) {
  switch (finding) {
    case Finding::holds:
      return "holds";
    case Finding::broken:
      return "broken";
    case Finding::undecided:
      return "undecided";
  }
  return {};
}

const Exploration& Subject::reachable() {
  if (!reachable_) reachable_ = explore(system_, search_);
  return *reachable_;
}

const Exploration& Subject::reachable_in_time() {
  if (!reachable_in_time_) reachable_in_time_ = explore_timed(system_, search_);
  return *reachable_in_time_;
}

std::string Subject::limit() const {
  std::string text = reachable_ ? reachable_->limit : std::string{};
  if (reachable_in_time_ && !reachable_in_time_->limit.empty())
    text += (text.empty() ? "" : ", ") + reachable_in_time_->limit;
  return text;
}

const std::vector<ClaimKind>& claim_kinds() {
  static const std::vector<ClaimKind> all = {
      {"always", "GUARANTEE [at COMPONENT] [in time]",
       "no run breaks it: the observers never emit the output of its name", wrong_output, excluded},
      {"never", "OUTPUT [at COMPONENT] [in time]", "no run makes an observer emit it", wrong_output,
       excluded},
      {"sometimes", "OUTPUT [at COMPONENT] [in time]", "a run makes an observer emit it",
       wrong_output, reached},
  };
  return all;
}

const ClaimKind* find_claim_kind(std::string_view word) {
  for (const ClaimKind& kind : claim_kinds()) {
    if (kind.word == word) return &kind;
  }
  return nullptr;
}

std::uint64_t outputs_named(const System& system, std::string_view object) {
  const Named wanted = named(object);
  std::uint64_t set = 0;
  for (const auto& [index, at] : system.observers) {
    const system::Component& component = system.components[index];
    if (!wanted.component.empty() && component.name != wanted.component) continue;
    for (std::size_t o = 0; o < component.table->outputs.size(); ++o) {
      if (component.table->outputs[o] == wanted.output) set |= 1ull << (at + o);
    }
  }
  return set;
}

}  // namespace halfclose::proofs
