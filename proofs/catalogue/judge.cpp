#include "proofs/catalogue/judge.hpp"

#include "proofs/catalogue/reasons.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace halfclose::proofs {

using namespace deployment;
using system::Time;

namespace {

/// With slots for the names (`filled`), so that equal hops are explored once.
HopSettings nameless(HopSettings hop) {
  hop.client.name = "{client}";
  hop.server.name = "{server}";
  return hop;
}

/// What is known of hops with these settings.
template <class Key, class Value> class Known {
 public:
  template <class Make> const Value& at(const Key& key, Make&& make) {
    for (const auto& [known, value] : all_) {
      if (known == key) return value;
    }
    return all_.emplace_back(key, make()).second;
  }

 private:
  std::deque<std::pair<Key, Value>> all_;
};

class ChainJudge {
 public:
  ChainJudge(const Chain& chain, const AnalysisOptions& options)
      : chain_(chain), options_(options) {
    report_.chain = chain.file;
  }

  ChainReport run() {
    for (std::size_t hop = 0; hop + 1 < chain_.nodes.size(); ++hop)
      judge_hop(hop);
    notes();
    return std::move(report_);
  }

 private:
  void judge_hop(std::size_t index) {
    const HopSettings settings = hop_settings(chain_, index);
    const HopAnalysis& analysis =
        analyses_.at(nameless(settings), [&] { return analyse(settings, options_); });
    std::uint64_t happening = 0;  // or may, when a limit was hit
    for (const RaceAnalysis& judged : analysis.races) {
      if (judged.verdict != Verdict::absent) happening |= goal(judged.race->output);
    }
    const RequestAnalysis requests =
        options_.properties ? requests_of(index, happening) : RequestAnalysis{};
    const Node& client = chain_.nodes[index];
    const Node& server = chain_.nodes[index + 1];
    const std::string hop = client.name + "->" + server.name;

    auto witness = [&](const Path& path, const Schedule& schedule, Needs needs) {
      Witness made =
          make_witness(with_needs(settings, needs), path, schedule.times, schedule.aging);
      made.client_profile = client.profile->name;
      made.server_profile = server.profile->name;
      return made;
    };
    for (const RaceAnalysis& judged : analysis.races) {
      const Race& race = *judged.race;
      RaceVerdict verdict{.hop = hop, .race = &race, .verdict = judged.verdict, .reason = {}};
      switch (judged.verdict) {
        case Verdict::present:
        case Verdict::not_excludable:
          verdict.reason = happens_reason(race, settings, judged.verdict);
          verdict.fixes = fixes_of(judged, settings);
          verdict.witness = witness(judged.path, judged.schedule, race.needs);
          verdict.witness->property = race.slug;
          verdict.witness->statement = race.statement;
          verdict.witness->symptoms = symptoms_of(race, client, server);
          verdict.witness->fix = joined(verdict.fixes);
          mask(verdict, requests, client.name);
          break;
        case Verdict::masked:  // decided here, not by the hop
        case Verdict::absent:
          verdict.reason = absent_reason(judged, settings);
          if (judged.margin && within_reach(*judged.margin, settings)) {
            verdict.margin = std::abs(judged.margin->delta);
            verdict.thin = *verdict.margin < uncertainty(settings);
          }
          break;
        case Verdict::undecided:
          verdict.reason = "stopped after " + judged.limit;
          verdict.fixes = {"raise that limit"};
          break;
      }
      assume(index, race);
      report_.verdicts.push_back(std::move(verdict));
    }
    for (const GuaranteeAnalysis& judged : analysis.guarantees) {
      GuaranteeVerdict verdict{
          .hop = hop, .guarantee = judged.guarantee, .verdict = judged.verdict, .reason = {}};
      if (judged.verdict == Verdict::present) {
        verdict.witness = witness(judged.path, judged.schedule, judged.guarantee->needs);
        verdict.reason = "see `halfclose explain " + std::string(judged.guarantee->slug) + "`";
        verdict.witness->property = judged.guarantee->slug;
        verdict.witness->statement = judged.guarantee->statement;
      }
      if (judged.verdict == Verdict::undecided) verdict.reason = "stopped after " + judged.limit;
      report_.guarantees.push_back(std::move(verdict));
    }
    if (!options_.properties) return;
    judge_requests(hop, requests, client.name);
    judge_eventualities(hop, settings);
  }

  /// Hops with equal settings, pools and retries are explored once.
  RequestAnalysis requests_of(std::size_t index, std::uint64_t happening) {
    std::string policy = std::to_string(happening);
    for (const auto& [key, value] : chain_.nodes[index].client->values)
      policy += "," + key + "=" + value.text;
    RequestAnalysis analysis =
        requests_.at({nameless(hop_settings(chain_, index)), std::move(policy)},
                     [&] { return analyse_requests(chain_, index, happening, options_.limits); });
    const HopSettings hop = hop_settings(chain_, index);
    for (RequestFinding& found : analysis.found) {
      found.settings.upstream.client.name = hop.client.name;
      found.settings.upstream.server.name = hop.server.name;
    }
    return analysis;
  }

  static bool happens(Verdict verdict) {
    return verdict == Verdict::present || verdict == Verdict::not_excludable;
  }

  /// A race after which no client sees an error, with any of the methods, is hidden by the retry.
  static void mask(RaceVerdict& verdict, const RequestAnalysis& requests,
                   const std::string& client) {
    if (!requests.retries || verdict.race->outcome != Outcome::request_lost) return;
    const std::uint64_t race = goal(verdict.race->output);
    std::string hidden, seen;
    for (const Masking& one : requests.maskings) {
      const bool hides = (one.seen & race) && !(one.reaches_client & race);
      std::string& list = hides ? hidden : seen;
      list += (list.empty() ? "" : ", ") + one.method;
    }
    if (hidden.empty()) return;
    verdict.masked_for = hidden;
    if (seen.empty()) {
      verdict.verdict = Verdict::masked;
      verdict.reason += "; " + client + "'s retry hides it (" + hidden + ")";
    } else {
      verdict.reason += "; " + client + "'s retry hides it for " + hidden + ", not for " + seen;
    }
  }

  void judge_requests(const std::string& hop, const RequestAnalysis& analysis,
                      const std::string& client) {
    for (const RequestRace& race : request_races()) {
      PropertyVerdict verdict{.hop = hop,
                              .slug = race.slug,
                              .statement = race.statement,
                              .over_pool = true,
                              .reason = {}};
      const RequestFinding* found = analysis.find(race.output);
      if (!analysis.retries) {
        verdict.verdict = Verdict::absent;
        verdict.reason = client + " sends no request again";
      } else if (found == nullptr) {
        const bool open = analysis.open & goal(race.output);
        verdict.verdict = open ? Verdict::undecided : Verdict::absent;
        verdict.reason =
            open ? "stopped after " + analysis.limit : "no schedule in time leads there";
      } else {
        verdict.verdict = Verdict::present;
        verdict.witness = witness_of(*found);
        verdict.reason =
            race.output == monitor::request::Out::cascaded
                ? client + "'s retry may meet another dead connection of its pool"
                : client + " sends a " + found->method +
                      " again that its origin may have executed; nothing tells it apart";
        verdict.fixes = request_fixes(race.output, client);
        name(verdict);
      }
      report_.properties.push_back(std::move(verdict));
    }
    for (const RequestGuarantee& guarantee : request_guarantees()) {
      PropertyVerdict verdict{.hop = hop,
                              .slug = guarantee.slug,
                              .statement = guarantee.statement,
                              .is_guarantee = true,
                              .over_pool = true,
                              .reason = {}};
      if (const RequestFinding* found = analysis.find(guarantee.output)) {
        verdict.verdict = Verdict::present;
        verdict.witness = witness_of(*found);
        verdict.reason = "with " + found->method;
        name(verdict);
      } else {
        const bool open = analysis.open & goal(guarantee.output);
        verdict.verdict = open ? Verdict::undecided : Verdict::absent;
        if (open) verdict.reason = "stopped after " + analysis.limit;
      }
      report_.properties.push_back(std::move(verdict));
    }
    report_.notes.push_back(hop + ": retries and the pool are judged in time, with up to " +
                            std::to_string(analysis.bounds.requests) + " request" +
                            (analysis.bounds.requests > 1 ? "s" : "") + " and " +
                            std::to_string(analysis.bounds.connections) + " connection" +
                            (analysis.bounds.connections > 1 ? "s" : "") +
                            " at a time, any number one after another");
  }

  static Witness witness_of(const RequestFinding& found) {
    return make_witness(found.settings, found.path, found.schedule.times, found.schedule.aging);
  }
  /// The way there and one round of the cycle, if there is one.
  static Witness witness_of(const EndlessStay& stay, const HopSettings& settings) {
    Path path = stay.lasso.prefix;
    path.insert(path.end(), stay.lasso.cycle.begin(), stay.lasso.cycle.end());
    return make_witness(settings, path, stay.schedule.times, stay.schedule.aging);
  }
  static void name(PropertyVerdict& verdict) {
    verdict.witness->property = verdict.slug;
    verdict.witness->statement = verdict.statement;
    verdict.witness->fix = joined(verdict.fixes);
  }

  /// Without the middlebox: what TCP's own timeouts do about segments that it drops is left out.
  void judge_eventualities(const std::string& hop, HopSettings settings) {
    settings.middlebox = kOff;
    for (const Eventuality& eventuality : eventualities()) {
      PropertyVerdict verdict{.hop = hop,
                              .slug = eventuality.shown(),
                              .statement = eventuality.statement,
                              .is_guarantee = !eventuality.is_race(),
                              .reason = {}};
      const EventualityAnalysis& judged = endless_.at({nameless(settings), eventuality.slug}, [&] {
        return proofs::analyse(eventuality, nameless(settings), {}, options_.limits);
      });
      switch (judged.verdict) {
        case Eventually::holds:
          verdict.verdict = Verdict::absent;
          verdict.reason = "every run that goes on leaves it";
          break;
        case Eventually::violated:
          verdict.verdict = Verdict::present;
          for (const EndlessStay& stay : judged.found)
            verdict.reason += (verdict.reason.empty() ? "" : "; ") + filled(stay.stay, settings);
          verdict.fixes = {
              "give the side that stays a timer for it (idle_timeout, close_timeout, "
              "response_timeout)"};
          verdict.witness = witness_of(judged.found.front(), settings);
          name(verdict);
          break;
        case Eventually::undecided:
          verdict.reason = "stopped after " + judged.limit;
          break;
      }
      report_.properties.push_back(std::move(verdict));
    }
  }

  static std::vector<std::string> request_fixes(monitor::request::Out output,
                                                const std::string& client) {
    if (output == monitor::request::Out::cascaded)
      return {"have " + client + " retry on a new connection (`retry.fresh_connection: true`)",
              "let a failure on a used connection cost no try (`retry.reused_is_free: true`)"};
    return {"have " + client + " retry idempotent methods only (`retry.methods`)",
            "have " + client + " retry only what was never written (`retry.on: [unwritten]`)"};
  }

  /// The values a race depends on that the profile gave, not the chain.
  void assume(std::size_t index, const Race& race) {
    const Node& client = chain_.nodes[index];
    const Node& server = chain_.nodes[index + 1];
    auto from_profile = [&](const Node& node, const char* role_name, const Role& role,
                            const std::vector<std::string_view>& keys) {
      for (const std::string_view key : keys) {
        const Value& value = role.at(key);
        if (value.origin != Origin::profile) continue;
        add({node.name + "." + role_name + "." + std::string(key) + " = " + value.text,
             "profile " + node.profile->name + ": " + value.source, value.source != "unsourced"});
      }
    };
    from_profile(client, "upstream", *client.client, race.client_keys);
    from_profile(server, "downstream", *server.server, race.server_keys);
    if (!chain_.links[index].delay_stated) {
      add({client.name + "->" + server.name +
               " link delay = " + format_duration(chain_.links[index].delay_min) + ".." +
               format_duration(chain_.links[index].delay_max),
           "default of halfclose", false});
    }
  }
  void add(Assumption assumption) {
    if (assumed_.insert(assumption.what).second)
      report_.assumptions.push_back(std::move(assumption));
  }

  void notes() {
    auto& notes = report_.notes;
    notes.push_back(
        "each hop is judged by itself, on one connection opened for its first request, any number "
        "of requests on it" +
        std::string(chain_.with_body ? ", with and without content" : ", without content"));
    notes.push_back(
        "*masked* is said of a race after which no retry leaves the client with that error, though "
        "it meets the same race again; what else it may meet is judged by its own race");
    notes.push_back(
        "socket-leak and no-endless-wait are judged without a middlebox: what it drops is left to "
        "TCP's own timeouts, which the model leaves out");
    notes.push_back(
        "no-endless-wait and socket-leak trust the applications: a request that was read is "
        "answered some time, and the content of one follows its head");
    notes.push_back(
        "a server that was shut down, removed or has crashed takes new connections at once: what a "
        "retry meets while it does not is not judged");
    notes.push_back(
        "the link delay covers retransmission and the time a response takes to leave the server's "
        "kernel");
    notes.push_back(
        "what a server does to the next request when it gives up on the content of one it has "
        "answered is not judged");
    notes.push_back(chain_.responses_fit
                        ? "every response leaves its server at once (requests.responses_fit: true)"
                        : "a response may be too long to leave at once: a part may wait in the "
                          "server's kernel or buffer");
    if (chain_.with_body) {
      notes.push_back(chain_.content_within >= kOff
                          ? "a client may pause before the content of a request for as long as it "
                            "likes (requests.content_within: off)"
                          : "a client sends the content of a request within " +
                                format_duration(chain_.content_within) + " of its head");
    }
    notes.push_back(
        "shutdown-close assumes that a graceful shutdown may come at any moment, "
        "removed-while-pooled a removal from the load-balancing set too, "
        "close-delimited-truncation and whole-or-error a crash; the other races assume none");
    for (std::size_t hop = 0; hop + 1 < chain_.nodes.size(); ++hop)
      notes_of_pool(hop);
    auto unused = [&](const Node& node, const std::optional<Role>& role, const char* name,
                      const char* why) {
      if (!role) return;
      for (const auto& [key, value] : role->values) {
        if (value.origin == Origin::chain)
          notes.push_back(node.name + "." + name + "." + key + " is not used: " + why);
      }
    };
    auto idle = [&](const Node& node, const std::optional<Role>& role, const char* name,
                    const std::vector<Key>& keys) {
      for (const Key& key : keys) {
        if (!key.decides && role && role->at(key.name).origin == Origin::chain) {
          notes.push_back(node.name + "." + name + "." + std::string(key.name) +
                          " is read, and changes nothing with one pooled connection at a time");
        }
      }
    };
    for (const Node& node : chain_.nodes) {
      idle(node, node.server, "downstream", server_keys());
      idle(node, node.client, "upstream", client_keys());
    }
    unused(chain_.nodes.front(), chain_.nodes.front().server, "downstream",
           "nothing stands before the first node");
    unused(chain_.nodes.back(), chain_.nodes.back().client, "upstream",
           "nothing stands behind the last node");
  }

  /// Where the composed system says less than the chain.
  void notes_of_pool(std::size_t index) {
    const Node& client = chain_.nodes[index];
    const std::int64_t tries = client.client->at("retry.tries").count;
    if (tries > kTriesMax) {
      report_.notes.push_back(client.name + ".upstream.retry.tries: judged as " +
                              std::to_string(kTriesMax) + ", not " + std::to_string(tries));
    }
    const HopSettings hop = hop_settings(chain_, index);
    if (hop.client.age < kOff || hop.server.age < kOff) {
      report_.notes.push_back(hop.client.name + "->" + hop.server.name +
                              ": over the pool a connection may become too old at any moment, "
                              "whatever max_connection_duration is");
    }
  }

  const Chain& chain_;
  const AnalysisOptions& options_;
  Known<HopSettings, HopAnalysis> analyses_;
  Known<std::pair<HopSettings, std::string>, RequestAnalysis> requests_;
  Known<std::pair<HopSettings, std::string_view>, EventualityAnalysis> endless_;
  std::set<std::string> assumed_;
  ChainReport report_;
};

}  // namespace

std::string joined(const std::vector<std::string>& fixes) {
  std::string text;
  for (const std::string& fix : fixes)
    text += (text.empty() ? "" : "; or ") + fix;
  return text;
}

const std::vector<std::string_view>& property_slugs() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> slugs;
    for (const RequestRace& race : request_races())
      slugs.push_back(race.slug);
    for (const Eventuality& eventuality : eventualities())
      slugs.push_back(eventuality.shown());
    for (const RequestGuarantee& guarantee : request_guarantees())
      slugs.push_back(guarantee.slug);
    return slugs;
  }();
  return all;
}

ChainReport judge(const Chain& chain, const AnalysisOptions& options) {
  return ChainJudge(chain, options).run();
}

int exit_code(const ChainReport& report) {
  bool happens = false, open = false;
  auto count = [&](Verdict verdict) {
    happens |= verdict == Verdict::present || verdict == Verdict::not_excludable;
    open |= verdict == Verdict::undecided;
  };
  for (const RaceVerdict& verdict : report.verdicts)
    count(verdict.verdict);
  for (const GuaranteeVerdict& verdict : report.guarantees)
    count(verdict.verdict);
  for (const PropertyVerdict& verdict : report.properties)
    count(verdict.verdict);
  return happens ? 1 : open ? 3 : 0;
}

}  // namespace halfclose::proofs
