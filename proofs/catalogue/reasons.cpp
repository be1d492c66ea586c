#include "proofs/catalogue/reasons.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::proofs {

using namespace deployment;
using system::Time;

namespace {

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
    case hop::expect:
      return {up + "expect_timeout`", hop.client.expect};
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
  if (s.idle_early > 0) text += ", or " + format_duration(s.idle_early) + " earlier";
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

}  // namespace

std::string filled(std::string_view text, const HopSettings& hop) {
  std::string result(text);
  for (const auto& [slot, name] : {std::pair{std::string("{client}"), hop.client.name},
                                   std::pair{std::string("{server}"), hop.server.name}}) {
    for (std::size_t at = 0; (at = result.find(slot, at)) != std::string::npos; at += name.size())
      result.replace(at, slot.size(), name);
  }
  return result;
}

std::string happens_reason(const Race& race, const HopSettings& hop, Verdict verdict) {
  const auto& c = hop.client;
  const auto& s = hop.server;
  std::string text;
  switch (race.output) {
    case monitor::Out::max_age_close:
      text = s.name + " ends a connection after " + format_duration(s.age) + ", idle or not; " +
             (c.age >= kOff ? c.name + " has no maximum age"
                            : c.name + " stops using one after " + format_duration(c.age) +
                                  (c.profile.ages_when_freed ? ", by its next response" : ""));
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
             ", until a timer of its own closes the connection";
      if (s.drain < kOff) text += " (drain_timeout " + format_duration(s.drain) + ")";
      if (s.close < kOff) text += " (close_timeout " + format_duration(s.close) + ")";
      break;
    case monitor::Out::silent_drop:
      text =
          "a middlebox forgets a connection that was silent for " + format_duration(hop.middlebox) +
          "; " + client_idle_text(hop) +
          (c.response >= kOff ? ", and waits for a response without bound"
                              : ", and waits " + format_duration(c.response) + " for a response");
      break;
    case monitor::Out::expect_continue:
      text = c.name + " leaves content out for which a final response came instead of the 100" +
             (c.expect >= kOff
                  ? std::string()
                  : ", unless it has begun to send it after " + format_duration(c.expect)) +
             ", and uses the connection again; " + s.name +
             " keeps the connection and takes what comes next for that content";
      break;
    case monitor::Out::removed_while_pooled:
      text = c.name + " keeps its connections to " + s.name + " when that is removed; " + s.name +
             " closes idle connections at shutdown without a word";
      break;
    default:
      text = server_idle_text(hop) + "; " + client_idle_text(hop);
      if (race.output == monitor::Out::reads_paused_in_pool)
        text += "; " + c.name + " does not read pooled connections";
      if (race.output != monitor::Out::keepalive_reuse &&
          race.output != monitor::Out::timer_beats_data && s.age < kOff)
        text += "; " + s.name + " ends a connection after " + format_duration(s.age);
      break;
  }
  if (verdict == Verdict::not_excludable) {
    text += race.knobs.empty() ? "; no timer is involved"
                               : "; no length of " + s.name + "'s timers excludes it";
  }
  return text;
}

bool within_reach(const Threshold& threshold, const HopSettings& hop) {
  return knob_text(threshold.knob.timer, hop).configured + threshold.delta >= 0;
}

std::string absent_reason(const RaceAnalysis& judged, const HopSettings& hop) {
  if (judged.absent_untimed) return "no schedule leads there, whatever the timing";
  if (!judged.margin) return "time excludes it; no single timer was found that brings it back";
  if (!within_reach(*judged.margin, hop)) return "time excludes it, whatever a timer is set to";
  const KnobText knob = knob_text(judged.margin->knob.timer, hop);
  return "it would happen with " + knob.symbol + " at " +
         format_duration(knob.configured + judged.margin->delta) +
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
  } else if (race.output == monitor::Out::expect_continue) {
    symptoms.push_back({client.name, "no answer: the request hangs until either side gives up"});
  } else if (race.outcome == Outcome::kept_waiting) {
    symptoms.push_back({client.name, "the exchange takes as long as the server's timers"});
  } else if (race.outcome == Outcome::wrong_response) {
    symptoms.push_back(
        {client.name, "takes the 408 for the answer to a request the server never read"});
  } else if (race.outcome == Outcome::request_lost && !race.reuse) {
    // What products print of a reused connection that was closed is not what they print here.
  } else if (!told.empty()) {
    symptoms.push_back({client.name + " (" + client.profile->product + ")", told});
  }
  if (!server.profile->symptoms.as_server.empty() && race.outcome == Outcome::request_lost &&
      race.reuse) {
    symptoms.push_back(
        {server.name + " (" + server.profile->product + ")", server.profile->symptoms.as_server});
  }
  return symptoms;
}

}  // namespace halfclose::proofs
