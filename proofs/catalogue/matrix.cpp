#include "proofs/catalogue/matrix.hpp"

#include "proofs/catalogue/boundary.hpp"
#include "proofs/catalogue/request_analysis.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/timed/zone_explorer.hpp"

#include <algorithm>
#include <list>
#include <optional>
#include <set>
#include <utility>

namespace halfclose::proofs {

using namespace deployment;
using system::System;
using system::Time;
using Columns = std::vector<std::size_t>;

namespace {

std::string listed(const std::set<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::set<std::string> beyond(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::set<std::string> rest;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(rest, rest.end()));
  return rest;
}

/// The values of one timer, the others as they are, at which a race happens end here.
struct TimerEdge {
  std::string timer;
  int safer = 0;
  std::optional<Time> value{};  ///< the last one; none: every value lets it happen
  bool undecided = false;
};

struct HopPicture {
  HopSettings settings;  ///< what was explored
  System system;
  std::uint64_t emitted = 0;
  std::uint64_t zones = 0;
  std::string limit{};  ///< nothing when it was explored to the end
  std::optional<std::vector<TimerEdge>> edges{};
};

struct RequestPicture {
  HopSettings settings;
  std::string policy;  ///< every value of the client's role
  RequestAnalysis analysis;
};

/// A chain with some columns applied, and the settings of the hop that result.
struct Variant {
  Chain chain;
  HopSettings hop;
};

/// One race on one hop, and every change of it that is asked about.
class RowJudge {
 public:
  RowJudge(std::string_view slug, const Chain& chain, std::size_t hop, const MatrixOptions& options)
      : slug_(slug), chain_(chain), hop_(hop), options_(options), race_(find_race(slug)) {
    for (const RequestRace& race : request_races()) {
      if (race.slug == slug) request_race_ = &race;
    }
  }

  bool happens_unchanged() { return happens(unchanged()); }

  MatrixRow run() {
    MatrixRow row{.slug = slug_,
                  .statement = race_ != nullptr ? race_->statement : request_race_->statement,
                  .chain = chain_.file,
                  .happens = happens(unchanged()),
                  .without = {},
                  .cells = {}};
    row.without = without();
    for (std::size_t column = 0; column < matrix_columns().size(); ++column) {
      row.cells.push_back(judge(column));
      if (options_.progress) options_.progress(matrix_columns()[column].slug);
    }
    if (row.happens) minimal_sets(row);
    return row;
  }

  Excludes excludes(const Columns& columns) {
    const std::optional<Variant> changed = apply(columns);
    if (!changed) return Excludes::not_applicable;
    // The unchanged chain's races are needed to know what is new.
    const HopPicture& before = hop_picture(unchanged());
    const HopPicture& after = hop_picture(*changed);
    if (!before.limit.empty()) return Excludes::undecided;
    if (race_ != nullptr && (after.emitted & goal(race_->output))) return Excludes::no;
    if (!new_on_hop(before, after).empty()) return Excludes::no;
    if (!after.limit.empty()) return Excludes::undecided;
    if (judges_requests(*changed)) {
      if (request_race_ != nullptr && happens(*changed)) return Excludes::no;
      if (!request_limit(unchanged()).empty() || !request_limit(*changed).empty())
        return Excludes::undecided;
      if (!new_of_requests(*changed).empty()) return Excludes::no;
    }
    return Excludes::yes;
  }

 private:
  const Variant& unchanged() {
    if (!unchanged_) unchanged_ = Variant{chain_, hop_settings(chain_, hop_)};
    return *unchanged_;
  }

  /// Nothing when one of them has nothing to change, behind those before it.
  std::optional<Variant> apply(const Columns& columns) {
    Variant changed{chain_, {}};
    std::vector<bool> done;
    for (const std::size_t column : columns) {
      const MatrixColumn& one = matrix_columns()[column];
      done.push_back(one.edit != nullptr && one.edit(changed.chain, hop_));
    }
    changed.hop = hop_settings(changed.chain, hop_);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const MatrixColumn& one = matrix_columns()[columns[i]];
      const bool applied = one.apply != nullptr && one.apply(changed.hop);
      if (!applied && !done[i]) return std::nullopt;
    }
    return changed;
  }

  //--- the hop -----------------------------------------------------------------------------------

  Needs needs() const { return race_ != nullptr ? race_->needs : Needs::nothing; }
  HopPicture& hop_picture(const Variant& variant) { return hop_picture(variant, needs()); }
  HopPicture& hop_picture(const Variant& variant, Needs needs) {
    const HopSettings settings = with_needs(variant.hop, needs);
    for (HopPicture& known : hops_) {
      if (known.settings == settings) return known;
    }
    HopPicture& picture =
        hops_.emplace_back(HopPicture{.settings = settings, .system = hop_system(settings)});
    const Exploration all = explore_timed(
        picture.system, {.goals = ~0ull, .stop_when_found = false, .limits = options_.limits});
    for (const Found& found : all.found)
      picture.emitted |= 1ull << found.output;
    picture.zones = all.zones;
    if (!all.complete) picture.limit = all.limit;
    return picture;
  }

  /// For each timer of the race that runs on this hop, the edge of its values.
  const std::vector<TimerEdge>& edges(HopPicture& picture) {
    if (picture.edges) return *picture.edges;
    std::vector<TimerEdge> edges;
    for (const Knob& knob : race_->knobs) {
      if (knob.timer >= picture.system.timers.size()) continue;  // of a part this hop does not have
      const system::Timer& timer = picture.system.timers[knob.timer];
      if (timer.off) continue;
      const Time bound = knob.safer > 0 ? beyond_all(picture.system) : -timer.after;
      const Edge edge = find_edge(picture.system, knob.timer, goal(race_->output), 0, knob.safer,
                                  bound, options_.limits);
      TimerEdge found{.timer = timer.name, .safer = knob.safer, .undecided = edge.undecided};
      if (edge.present_at) found.value = timer.after + *edge.present_at;
      edges.push_back(std::move(found));
    }
    picture.edges = std::move(edges);
    return *picture.edges;
  }

  /// Races that are judged where this one is, and guarantees, that the chain shows only now.
  std::set<std::string> new_on_hop(const HopPicture& before, const HopPicture& after) const {
    const std::uint64_t fresh = after.emitted & ~before.emitted;
    std::set<std::string> slugs;
    for (const Race& race : races()) {
      if ((fresh & goal(race.output)) && with_needs(after.settings, race.needs) == after.settings)
        slugs.emplace(race.slug);
    }
    for (const Guarantee& guarantee : guarantees()) {
      if ((fresh & goal(guarantee.output)) &&
          with_needs(after.settings, guarantee.needs) == after.settings)
        slugs.insert("not " + std::string(guarantee.slug));
    }
    return slugs;
  }

  //--- the pool and the retries ------------------------------------------------------------------

  std::string policy(const Chain& chain) const {
    std::string text;
    for (const auto& [key, value] : chain.nodes[hop_].client->values)
      text += key + "=" + value.text + "\n";
    return text;
  }

  /// On a hop without retries, nothing of the pool changes what becomes of a request, unless the
  /// rules of the pool themselves are changed.
  bool judges_requests(const Variant& variant) {
    return request_race_ != nullptr || retries(chain_, hop_) || retries(variant.chain, hop_) ||
           policy(variant.chain) != policy(chain_);
  }

  const RequestAnalysis& requests(const Variant& variant) {
    const std::string key = policy(variant.chain);
    for (const RequestPicture& known : requests_) {
      if (known.settings == variant.hop && known.policy == key) return known.analysis;
    }
    return requests_
        .emplace_back(RequestPicture{variant.hop, key,
                                     analyse_requests(variant.chain, hop_, happening(variant),
                                                      options_.limits, &variant.hop)})
        .analysis;
  }

  /// The races of the hop that are judged as this one is, or with nothing besides the exchange.
  std::uint64_t happening(const Variant& variant) {
    std::uint64_t set = 0;
    for (const Race& race : races()) {
      if (race.needs == Needs::nothing || race.needs == needs())
        set |= hop_picture(variant, race.needs).emitted & goal(race.output);
    }
    return set;
  }

  const std::string& request_limit(const Variant& variant) { return requests(variant).limit; }

  bool shows(const Variant& variant, monitor::request::Out output) {
    return requests(variant).find(output) != nullptr;
  }

  std::set<std::string> of_requests(const Variant& variant) {
    std::set<std::string> slugs;
    for (const RequestRace& race : request_races()) {
      if (shows(variant, race.output)) slugs.emplace(race.slug);
    }
    for (const RequestGuarantee& guarantee : request_guarantees()) {
      if (shows(variant, guarantee.output)) slugs.insert("not " + std::string(guarantee.slug));
    }
    return slugs;
  }
  std::set<std::string> new_of_requests(const Variant& variant) {
    return beyond(of_requests(variant), of_requests(unchanged()));
  }

  struct Methods {
    std::set<std::string> hidden, seen;  ///< the client sees no error after the race; it sees one
  };
  Methods methods(const Variant& variant) {
    Methods methods;
    if (race_ == nullptr || race_->outcome != Outcome::request_lost ||
        !retries(variant.chain, hop_))
      return methods;
    for (const Masking& one : requests(variant).maskings) {
      const bool hides =
          (one.seen & goal(race_->output)) && !(one.reaches_client & goal(race_->output));
      (hides ? methods.hidden : methods.seen).insert(one.method);
    }
    return methods;
  }

  //--- the comparison ----------------------------------------------------------------------------

  bool happens(const Variant& variant) {
    if (race_ != nullptr) return hop_picture(variant).emitted & goal(race_->output);
    return shows(variant, request_race_->output);
  }

  std::string without() {
    const Variant& chain = unchanged();
    HopPicture& picture = hop_picture(chain);
    if (!happens(chain)) {
      return picture.limit.empty() ? "it does not happen on this chain"
                                   : "stopped after " + picture.limit;
    }
    if (race_ == nullptr) return "it happens";
    std::string text;
    for (const TimerEdge& edge : edges(picture))
      text += (text.empty() ? "" : "; ") + edge_text(edge);
    text = "it happens" + (text.empty() ? std::string{", whatever its timers"} : ": " + text);
    text += hidden_text(chain);
    return text;
  }

  static std::string edge_text(const TimerEdge& edge) {
    if (edge.undecided) return "the edge of " + edge.timer + " is not known";
    if (!edge.value) return "no value of " + edge.timer + " excludes it";
    return "with " + edge.timer + " " + (edge.safer > 0 ? "up to " : "from ") +
           format_duration(*edge.value);
  }

  MatrixCell judge(std::size_t column) {
    const std::optional<Variant> changed = apply({column});
    if (!changed) return {Effect::not_applicable, "there is nothing to change on this chain"};
    HopPicture& before = hop_picture(unchanged());
    HopPicture& after = hop_picture(*changed);
    for (const HopPicture* picture : {&before, &after}) {
      if (!picture->limit.empty()) return {Effect::undecided, "stopped after " + picture->limit};
    }
    std::set<std::string> fresh = new_on_hop(before, after);
    const bool with_requests = judges_requests(*changed);
    if (with_requests) {
      for (const Variant* variant : {&unchanged(), &*changed}) {
        if (const std::string limit = request_limit(*variant); !limit.empty())
          return {Effect::undecided, "stopped after " + limit};
      }
      fresh.merge(new_of_requests(*changed));
    }
    const bool was = happens(unchanged()), is = happens(*changed);
    if (!is && was && fresh.empty()) return {Effect::excluded, excluded_reason(*changed, after)};
    if (!fresh.empty()) {
      return {Effect::worse,
              std::string(was && !is ? "it is excluded, but now happens: " : "now happens: ") +
                  listed(fresh) + hidden_text(*changed)};
    }
    if (!is) return {Effect::unaffected, "it does not happen, with or without"};
    if (!was) return {Effect::worse, "it happens now"};
    if (race_ == nullptr) return {Effect::unaffected, "it happens as before, explored over a pool"};
    return compare_timers(before, after, *changed);
  }

  std::string excluded_reason(const Variant& changed, const HopPicture& after) {
    if (race_ != nullptr)
      return "no run in time leads to it any more: " + std::to_string(after.zones) + " zones";
    return "no run over a pool leads to it any more: " + std::to_string(requests(changed).states) +
           " states";
  }

  std::string hidden_text(const Variant& changed) {
    const Methods now = methods(changed);
    return now.hidden.empty() ? "" : "; a retry hides it with " + listed(now.hidden);
  }

  MatrixCell compare_timers(HopPicture& before, HopPicture& after, const Variant& changed) {
    std::string fewer, more, same;
    auto put = [](std::string& list, const std::string& text) {
      list += (list.empty() ? "" : "; ") + text;
    };
    for (const TimerEdge& now : edges(after)) {
      for (const TimerEdge& then : edges(before)) {
        if (then.timer != now.timer || then.safer != now.safer) continue;
        if (then.undecided || now.undecided)
          return {Effect::undecided, edge_text(then.undecided ? then : now)};
        if (then.value == now.value) {
          put(same, edge_text(now));
          continue;
        }
        const bool less = now.value && (!then.value || (*now.value - *then.value) * now.safer < 0);
        put(less ? fewer : more, edge_text(now) + ", was " + edge_text(then));
      }
    }
    const Methods then = methods(unchanged()), now = methods(changed);
    const std::set<std::string> hidden = beyond(now.hidden, then.hidden);
    if (const std::set<std::string> lost = beyond(then.hidden, now.hidden); !lost.empty())
      put(more, "no retry hides it any more with " + listed(lost));
    if (!more.empty()) return {Effect::worse, more};
    if (!hidden.empty()) {
      if (now.seen.empty())
        return {Effect::masked, "it happens; a retry hides it with " + listed(now.hidden)};
      return {Effect::partly_masked,
              "masked for " + listed(now.hidden) + "; not for " + listed(now.seen)};
    }
    if (!fewer.empty()) return {Effect::narrowed, fewer};
    return {Effect::unaffected,
            same.empty() ? "it happens as before" : "it happens as before: " + same};
  }

  //--- sets of columns ---------------------------------------------------------------------------

  void minimal_sets(MatrixRow& row) {
    Columns candidates;
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
      const Effect effect = row.cells[column].effect;
      if (effect == Effect::not_applicable) continue;
      row.sets_undecided |= effect == Effect::undecided;
      if (effect == Effect::excluded) {
        row.minimal_sets.push_back({column});
      } else {
        candidates.push_back(column);
      }
    }
    for (std::size_t size = 2; size <= options_.set_size_max && row.minimal_sets.empty(); ++size) {
      Columns chosen;
      extend(row, candidates, 0, size, chosen);
    }
  }

  void extend(MatrixRow& row, const Columns& candidates, std::size_t from, std::size_t size,
              Columns& chosen) {
    if (chosen.size() == size) {
      const Excludes answer = excludes(chosen);
      if (answer == Excludes::yes) row.minimal_sets.push_back(chosen);
      row.sets_undecided |= answer == Excludes::undecided;
      return;
    }
    for (std::size_t i = from; i < candidates.size(); ++i) {
      chosen.push_back(candidates[i]);
      extend(row, candidates, i + 1, size, chosen);
      chosen.pop_back();
      if (chosen.empty() && options_.progress) options_.progress("sets of " + std::to_string(size));
    }
  }

  std::string_view slug_;
  const Chain& chain_;
  std::size_t hop_;
  const MatrixOptions& options_;
  const Race* race_;
  const RequestRace* request_race_ = nullptr;
  std::optional<Variant> unchanged_;
  std::list<HopPicture> hops_;  // references into them are kept
  std::list<RequestPicture> requests_;
};

/// The first hop on which the race happens, or the first.
std::size_t hop_of(std::string_view slug, const Chain& chain, const MatrixOptions& options) {
  for (std::size_t hop = 0; hop + 2 < chain.nodes.size(); ++hop) {
    if (RowJudge(slug, chain, hop, options).happens_unchanged()) return hop;
  }
  const std::size_t last = chain.nodes.size() - 2;
  return last > 0 && !RowJudge(slug, chain, last, options).happens_unchanged() ? 0 : last;
}

}  // namespace

std::string_view effect_name(Effect effect) {
  switch (effect) {
    case Effect::not_applicable:
      return "-";
    case Effect::excluded:
      return "excluded";
    case Effect::masked:
      return "masked";
    case Effect::partly_masked:
      return "masked in part";
    case Effect::narrowed:
      return "narrowed";
    case Effect::unaffected:
      return "unaffected";
    case Effect::worse:
      return "made worse";
    case Effect::undecided:
      return "undecided";
  }
  return {};
}

std::vector<std::string_view> matrix_rows() {
  std::vector<std::string_view> slugs;
  for (const Race& race : races())
    slugs.push_back(race.slug);
  for (const RequestRace& race : request_races())
    slugs.push_back(race.slug);
  return slugs;
}

MatrixRow matrix_row(std::string_view slug, const Chain& chain, const MatrixOptions& options) {
  return RowJudge(slug, chain, hop_of(slug, chain, options), options).run();
}

Excludes excludes(std::string_view slug, const Chain& chain, const Columns& columns,
                  const MatrixOptions& options) {
  return RowJudge(slug, chain, hop_of(slug, chain, options), options).excludes(columns);
}

}  // namespace halfclose::proofs
