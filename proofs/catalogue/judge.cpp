#include "proofs/catalogue/judge.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace halfclose::proofs {

using namespace deployment;
using system::Time;

namespace {

/// Everything of the settings but the names, so that equal hops are explored once.
std::string key_of(const HopSettings& hop) {
  std::string key;
  auto put = [&](auto... values) {
    ((key += std::to_string(static_cast<std::int64_t>(values)) + ","), ...);
  };
  const auto& c = hop.client;
  const auto& s = hop.server;
  put(c.profile.write_error_fatal, c.profile.closes_when_early, c.profile.peeks, c.profile.watches,
      c.profile.pipelines, c.profile.half_closes, c.profile.reads_while_sending,
      c.profile.limits_requests, c.profile.single_use, c.profile.attaches_later,
      c.profile.honours_close, c.profile.idle_from_start, c.profile.waits_for_close,
      c.profile.closes_on_removal, c.idle, c.age, c.response, c.discards_on_rst, c.loop.stall,
      c.loop.timers_first, c.loop.cached_clock);
  put(s.profile.close_style, s.profile.age_close, s.profile.early_closes, s.profile.idle_drains,
      s.profile.idle_408, s.profile.idle_starts_buffered, s.profile.shutdown_announced,
      s.profile.reads_during_close, s.profile.aborts_half_closed, s.profile.limits_requests,
      s.profile.single_use, s.profile.closes_unannounced, s.profile.close_delimited, s.idle,
      s.idle_grace, s.drain, s.close, s.linger, s.age, s.loop.stall, s.loop.timers_first,
      s.loop.cached_clock);
  put(c.keepalive, s.keepalive, hop.middlebox, hop.delay_min, hop.delay_max, hop.with_body,
      hop.responses_fit, hop.content_within);
  return key;
}

std::string filled(std::string_view text, const HopSettings& hop) {
  std::string result(text);
  for (const auto& [slot, name] : {std::pair{std::string("{client}"), hop.client.name},
                                   std::pair{std::string("{server}"), hop.server.name}}) {
    for (std::size_t at = 0; (at = result.find(slot, at)) != std::string::npos; at += name.size())
      result.replace(at, slot.size(), name);
  }
  return result;
}

struct KnobText {
  std::string symbol;
  Time configured = kOff;
};
KnobText knob_text(hop::Timer timer, const HopSettings& hop) {
  const std::string up = "`" + hop.client.name + ".upstream.",
                    down = "`" + hop.server.name + ".downstream.";
  switch (timer) {
    case hop::client_idle:
      return {up + "idle_timeout`", hop.client.idle};
    case hop::client_age:
      return {up + "max_connection_duration`", hop.client.age};
    case hop::client_response:
      return {up + "response_timeout`", hop.client.response};
    case hop::server_idle:
      return {down + "idle_timeout`", hop.server.idle};
    case hop::server_drain:
      return {down + "drain_timeout`", hop.server.drain};
    case hop::server_close:
      return {down + "close_timeout`", hop.server.close};
    case hop::server_linger:
      return {down + "linger_time`", hop.server.linger};
    case hop::server_age:
      return {down + "max_connection_duration`", hop.server.age};
    case hop::content:
      return {"`requests.content_within`", hop.content_within};
    case hop::forget:
      return {"`link.middlebox_timeout` of " + hop.client.name + "->" + hop.server.name,
              hop.middlebox};
  }
  return {};
}

std::string threshold_text(const Threshold& threshold, const HopSettings& hop) {
  const KnobText knob = knob_text(threshold.knob.timer, hop);
  const Time edge = knob.configured + threshold.delta;
  if (edge < 0 || edge > kDurationMax) return {};  // nothing a chain could say
  return (threshold.knob.safer > 0 ? "raise " : "lower ") + knob.symbol +
         (threshold.knob.safer > 0 ? " above " : " below ") + format_duration(edge) + " (now " +
         format_duration(knob.configured) + ")";
}

/// What the server waits for before it closes an idle connection, in words.
std::string server_idle_text(const HopSettings& hop) {
  const auto& s = hop.server;
  if (s.idle >= kOff) return s.name + " never closes an idle connection";
  std::string text = s.name + " closes an idle connection after " +
                     format_duration(s.idle + s.idle_grace +
                                     (s.profile.idle_drains && s.drain < kOff ? s.drain : 0));
  std::vector<std::string> parts;
  if (s.idle_grace > 0) parts.push_back("grace " + format_duration(s.idle_grace));
  if (s.profile.idle_drains && s.drain < kOff) parts.push_back("drain " + format_duration(s.drain));
  if (!parts.empty()) {
    text += " (idle " + format_duration(s.idle);
    for (const std::string& part : parts)
      text += " + " + part;
    text += ")";
  }
  return text;
}
std::string client_idle_text(const HopSettings& hop) {
  const auto& c = hop.client;
  return c.idle >= kOff ? c.name + " reuses an idle connection without bound"
                        : c.name + " reuses one for up to " + format_duration(c.idle);
}

std::string happens_reason(const Race& race, const HopSettings& hop, Verdict verdict) {
  const auto& c = hop.client;
  const auto& s = hop.server;
  std::string text;
  switch (race.output) {
    case monitor::Out::max_age_close:
      text = s.name + " ends a connection after " + format_duration(s.age) + ", idle or not; " +
             (c.age >= kOff ? c.name + " has no maximum age"
                            : c.name + " stops using one after " + format_duration(c.age));
      break;
    case monitor::Out::shutdown_close:
      text = s.name + " closes idle connections at shutdown without a word";
      break;
    case monitor::Out::early_response_reset:
      text =
          s.name + " may answer before it has read the request, and closes; " +
          (c.discards_on_rst             ? "the RST discards what " + c.name + " has not read"
           : c.profile.write_error_fatal ? "a write error is fatal to " + c.name
                                         : "what had not left " + s.name + "'s kernel is dropped");
      break;
    case monitor::Out::delayed_close_truncation:
      text = s.name + " waits " + format_duration(s.close) +
             " for a response to leave its buffer, then closes";
      break;
    case monitor::Out::bytes_behind_close:
      text = c.name + " pipelines; " + s.name +
             " closes behind the response that announces it, with the next request unread";
      break;
    case monitor::Out::attach_on_complete:
      text = s.name + " closes behind a response that does not say so; a request that waits in " +
             c.name +
             (c.profile.attaches_later
                  ? " gets the connection a loop later, before a FIN that is still on its way"
                  : " gets the connection as the response completes");
      break;
    case monitor::Out::persistence_missignalled:
      text = s.profile.closes_unannounced
                 ? s.name + " closes behind a response that does not say so"
                 : c.name + " uses a connection again whose server said that it closes";
      break;
    case monitor::Out::early_upstream_response:
      text = s.name + " may answer before it has read the request, and closes; " + c.name +
             " reports the write that failed and does not read the response";
      break;
    case monitor::Out::timer_armed_early:
      text = "the idle timer of " + c.name + ", " + format_duration(c.idle) +
             ", runs from the start of a connection, which takes up to " +
             format_duration(2 * hop.delay_max) + " to open";
      break;
    case monitor::Out::half_closed_client:
      text = c.name + " shuts its write side down behind a request; " + s.name +
             " takes that for an abort";
      break;
    case monitor::Out::close_delimited_truncation:
      text = s.name +
             " sends responses without length: the FIN of a process that ended looks like "
             "the end of one";
      break;
    case monitor::Out::close_latency:
      text = c.name + " waits for " + s.name + " to close; " + s.name + " waits for " + c.name +
             ", for up to " + format_duration(s.close);
      break;
    case monitor::Out::silent_drop:
      text =
          "a middlebox forgets a connection that was silent for " + format_duration(hop.middlebox) +
          "; " + client_idle_text(hop) +
          (c.response >= kOff ? ", and waits for a response without bound"
                              : ", and waits " + format_duration(c.response) + " for a response");
      break;
    case monitor::Out::removed_while_pooled:
      text = c.name + " keeps its connections to " + s.name + " when that is removed; " + s.name +
             " closes idle connections at shutdown without a word";
      break;
    default:
      text = server_idle_text(hop) + "; " + client_idle_text(hop);
      if (race.output == monitor::Out::reads_paused_in_pool)
        text += "; " + c.name + " does not read pooled connections";
      if (race.output != monitor::Out::keepalive_reuse && s.age < kOff)
        text += "; " + s.name + " ends a connection after " + format_duration(s.age);
      break;
  }
  if (verdict == Verdict::not_excludable) {
    text += race.knobs.empty() ? "; no timer is involved"
                               : "; no length of " + s.name + "'s timers excludes it";
  }
  return text;
}

std::string absent_reason(const RaceAnalysis& judged, const HopSettings& hop) {
  if (judged.absent_untimed) return "no schedule leads there, whatever the timing";
  if (!judged.margin) return "time excludes it; no single timer was found that brings it back";
  const KnobText knob = knob_text(judged.margin->knob.timer, hop);
  return "it would happen with " + knob.symbol + " at " +
         format_duration(std::max<Time>(0, knob.configured + judged.margin->delta)) +
         (judged.margin->knob.safer > 0 ? " or less" : " or more") + " (now " +
         format_duration(knob.configured) + ")";
}

std::vector<std::string> fixes_of(const RaceAnalysis& judged, const HopSettings& hop) {
  std::vector<std::string> ways;
  for (const Threshold& threshold : judged.thresholds) {
    if (std::string way = threshold_text(threshold, hop); !way.empty())
      ways.push_back(std::move(way));
  }
  for (const Mitigation* mitigation : judged.excluded_by)
    ways.push_back(filled(mitigation->text, hop));
  if (ways.empty() && judged.advice_cut)
    ways.push_back("no fix is known: the limits stopped the search for one");
  if (ways.empty())
    ways.push_back("nothing on this hop alone excludes it: only a safe retry by " +
                   hop.client.name + " hides it");
  return ways;
}

std::vector<Symptom> symptoms_of(const Race& race, const Node& client, const Node& server) {
  std::vector<Symptom> symptoms;
  const Symptoms& of_client = client.profile->symptoms;
  const std::string& told = race.outcome == Outcome::response_truncated
                                ? of_client.response_truncated
                                : of_client.request_lost;
  if (race.output == monitor::Out::silent_drop) {
    symptoms.push_back(
        {client.name, "no answer and no error: the request hangs until it times out"});
  } else if (race.outcome == Outcome::kept_waiting) {
    symptoms.push_back({client.name, "the exchange takes as long as the server's close timer"});
  } else if (race.outcome == Outcome::wrong_response) {
    symptoms.push_back(
        {client.name, "takes the 408 for the answer to a request the server never read"});
  } else if (!told.empty()) {
    symptoms.push_back({client.name + " (" + client.profile->product + ")", told});
  }
  if (!server.profile->symptoms.as_server.empty() && race.outcome == Outcome::request_lost) {
    symptoms.push_back(
        {server.name + " (" + server.profile->product + ")", server.profile->symptoms.as_server});
  }
  return symptoms;
}

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
    const auto [known, fresh] = analyses_.try_emplace(key_of(settings));
    if (fresh) known->second = analyse(settings, options_);
    const HopAnalysis& analysis = known->second;
    std::uint64_t happening = 0;
    for (const RaceAnalysis& judged : analysis.races) {
      if (happens(judged.verdict)) happening |= goal(judged.race->output);
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
          if (judged.margin) verdict.margin = std::abs(judged.margin->delta);
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
    judge_requests(hop, requests, happening, client.name);
    judge_eventualities(hop, settings);
  }

  /// Hops with equal settings, pools and retries are explored once.
  RequestAnalysis requests_of(std::size_t index, std::uint64_t happening) {
    std::string key = key_of(hop_settings(chain_, index)) + std::to_string(happening);
    for (const std::string_view name :
         {"attach", "pool_order", "request_buffering", "on_failure", "retry.on", "retry.methods",
          "retry.only_reused", "retry.fresh_connection", "retry.tries", "retry.reused_is_free"})
      key += "," + chain_.nodes[index].client->at(name).text;
    const auto [known, fresh] = requests_.try_emplace(std::move(key));
    if (fresh) known->second = analyse_requests(chain_, index, happening, options_.limits);
    RequestAnalysis analysis = known->second;
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
    if (seen.empty()) {
      verdict.verdict = Verdict::masked;
      verdict.reason += "; " + client + "'s retry hides it (" + hidden + ")";
    } else {
      verdict.reason += "; " + client + "'s retry hides it for " + hidden + ", not for " + seen;
    }
  }

  void judge_requests(const std::string& hop, const RequestAnalysis& analysis,
                      std::uint64_t happening, const std::string& client) {
    for (const RequestRace& race : request_races()) {
      PropertyVerdict verdict{
          .hop = hop, .slug = race.slug, .statement = race.statement, .reason = {}};
      const RequestFinding* found = analysis.find(race.output);
      if (!analysis.retries) {
        verdict.verdict = Verdict::absent;
        verdict.reason = client + " sends no request again";
      } else if (found == nullptr) {
        const bool open = analysis.open & goal(race.output);
        verdict.verdict = open ? Verdict::undecided : Verdict::absent;
        verdict.reason =
            open ? "stopped after " + analysis.limit : "no schedule in time leads there";
      } else if (race.output == monitor::request::Out::cascaded && !goes_stale(happening)) {
        verdict.verdict = Verdict::absent;
        verdict.reason = "no connection of the pool is dead before it is used again, in time";
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
      const bool is_race = !eventuality.race.empty() && !eventuality.number.empty();
      PropertyVerdict verdict{.hop = hop,
                              .slug = is_race ? eventuality.race : eventuality.slug,
                              .statement = eventuality.statement,
                              .is_guarantee = !is_race,
                              .reason = {}};
      const auto [known, fresh] =
          endless_.try_emplace(std::string(eventuality.slug) + key_of(settings));
      if (fresh) known->second = proofs::analyse(eventuality, settings, {}, options_.limits);
      const EventualityAnalysis& judged = known->second;
      switch (judged.verdict) {
        case Eventually::holds:
          verdict.verdict = Verdict::absent;
          verdict.reason = "every run that goes on leaves it";
          break;
        case Eventually::violated:
          verdict.verdict = Verdict::present;
          for (const EndlessStay& stay : judged.found)
            verdict.reason += (verdict.reason.empty() ? "" : "; ") + stay.stay;
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
        "*masked* is said of a race after which no retry leaves the client with an error; what the "
        "retry meets in its turn is judged by its own race");
    notes.push_back(
        "socket-leak and no-endless-wait are judged without a middlebox: what it drops is left to "
        "TCP's own timeouts, which the model leaves out");
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
                          " is read, and changes nothing on a hop judged by itself");
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

  const Chain& chain_;
  const AnalysisOptions& options_;
  std::map<std::string, HopAnalysis> analyses_;
  std::map<std::string, EventualityAnalysis> endless_;
  std::map<std::string, RequestAnalysis> requests_;
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
    for (const Eventuality& eventuality : eventualities()) {
      slugs.push_back(eventuality.slug);
      slugs.push_back(eventuality.race);
    }
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
