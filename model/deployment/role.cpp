#include "model/deployment/role.hpp"

#include <algorithm>
#include <charconv>

namespace halfclose::deployment {

const std::vector<Key>& server_keys() {
  using enum KeyKind;
  static const std::vector<Key> keys = {
      {"idle_timeout", duration_or_off, {}, "when an idle connection is closed"},
      {"idle_grace", duration, {}, "what the product adds to it silently"},
      {"idle_early", duration, {}, "how much earlier than that it may close", true, "0s"},
      {"idle_timer_starts",
       word,
       {"response-written", "response-buffered"},
       "when the idle timer is armed"},
      {"idle_close", word, {"plain", "drain-then-close"}, "what happens when it expires"},
      {"idle_408", flag, {}, "sends an unsolicited 408 when it expires"},
      {"drain_timeout", duration_or_off, {}, "how long a draining connection still serves"},
      {"close_style",
       word,
       {"plain", "delayed", "half-close-drain", "half-close-wait", "drain-then-fin"},
       "how a connection is closed behind a response that left before its request was read"},
      {"close_timeout",
       duration_or_off,
       {},
       "bound of the delayed close, or of one wait while lingering"},
      {"linger_time", duration_or_off, {}, "total bound of lingering"},
      {"early_response",
       word,
       {"drain", "close"},
       "after an early response: read the rest and keep, or close"},
      {"max_connection_duration", duration_or_off, {}, "age at which a connection is ended"},
      {"max_age_close",
       word,
       {"announced", "drain-then-close", "plain"},
       "what happens at that age"},
      {"max_requests", count_or_off, {}, "requests after which a connection is ended, announced"},
      {"shutdown_close",
       word,
       {"announced", "plain"},
       "what graceful shutdown does to idle connections"},
      {"loop_order", word, {"io-first", "timers-first"}, "what runs first when both are due"},
      {"timer_clock",
       word,
       {"cached", "precise"},
       "whether timers count from the last poll or from now"},
      {"loop_stall", duration, {}, "the longest the application does not look at its sockets"},
      {"reads_during_close", flag, {}, "reads and drops bytes during a delayed close"},
      {"half_closed_client", word, {"serve", "abort"}, "what a FIN behind a complete request does"},
      {"unannounced_close",
       word,
       {"never", "after-response"},
       "whether it closes behind a response that does not say so",
       true,
       "never"},
      {"framing",
       word,
       {"length", "close-delimited"},
       "whether a response says where it ends, or ends with the connection",
       true,
       "length"},
      {"on_expectation",
       word,
       {"when-read", "at-once", "close"},
       "sends the 100 that a client waits for when the content is wanted, or before anything else; "
       "or announces a close with a final response instead",
       true,
       "when-read"},
      {"tcp_keepalive",
       duration_or_off,
       {},
       "silence after which its kernel sends a keepalive probe",
       true,
       "off"},
  };
  return keys;
}

const std::vector<Key>& client_keys() {
  using enum KeyKind;
  static const std::vector<Key> keys = {
      {"idle_timeout", duration_or_off, {}, "when an idle pooled connection is dropped"},
      {"idle_timer_starts",
       word,
       {"response-read", "connection-start"},
       "when that timer is first armed"},
      {"reuse_check", word, {"none", "event", "peek"}, "how a dead pooled connection is noticed"},
      {"attach",
       word,
       {"same-loop", "next-loop"},
       "when a waiting request gets a connection that became free"},
      {"pool_order", word, {"mru", "fifo"}, "which pooled connection is taken", false},
      {"max_connection_duration",
       duration_or_off,
       {},
       "age at which a connection is not used again"},
      {"max_age_check",
       word,
       {"timer", "when-freed"},
       "when that age is looked at: at any time, or only when a response is over",
       true,
       "timer"},
      {"max_requests", count_or_off, {}, "requests after which a connection is not used again"},
      {"response_timeout", duration_or_off, {}, "how long a response is waited for"},
      {"write_error",
       word,
       {"reads-response", "fatal"},
       "whether a response is still read after a failed write"},
      {"on_early_response",
       word,
       {"finish-body", "close"},
       "what follows a response to an unfinished request"},
      {"reads_while_sending", flag, {}, "notices a response before its request is sent completely"},
      {"half_close", flag, {}, "shuts its write side down after a request"},
      {"pipelining", flag, {}, "sends a request before the last one is answered"},
      {"receive_queue_after_rst",
       word,
       {"kept", "discarded"},
       "what its kernel does with unread bytes on RST"},
      {"request_buffering", flag, {}, "reads the whole request before it sends any of it"},
      {"on_failure",
       word,
       {"error", "close"},
       "tells of a request that failed on a reused connection by a response, or by closing the "
       "connection it came on"},
      {"honours_close",
       flag,
       {},
       "does not use a connection again whose server said that it closes",
       true,
       "true"},
      {"waits_for_close",
       flag,
       {},
       "behind a response that announces a close, waits for the server to close",
       true,
       "false"},
      {"on_removal",
       word,
       {"keep", "close"},
       "what happens to pooled connections when the server leaves the load-balancing set",
       true,
       "keep"},
      {"tcp_keepalive",
       duration_or_off,
       {},
       "silence after which its kernel sends a keepalive probe",
       true,
       "off"},
      {"expect_continue",
       flag,
       {},
       "asks for a 100 before it sends the content of a request",
       true,
       "false"},
      {"expect_timeout",
       duration_or_off,
       {},
       "how long it waits for that 100 before it sends the content without",
       true,
       "1s"},
      {"omit_content",
       flag,
       {},
       "behind a final response instead of that 100, leaves the content out and uses the "
       "connection again; else `on_early_response` says what follows",
       true,
       "false"},
      {"retry.on",
       words,
       {"connect-failure", "reset", "empty-response", "response-timeout", "unwritten",
        "refused-stream", "none"},
       "failures that are retried"},
      {"retry.methods", words, {}, "methods that are retried, or all"},
      {"retry.only_reused", flag, {}, "retries only what failed on a reused connection"},
      {"retry.fresh_connection", flag, {}, "a retry takes a new connection"},
      {"retry.tries", count, {}, "number of retries"},
      {"retry.reused_is_free",
       flag,
       {},
       "a failure on a reused connection, but for a timeout, counts as no try"},
      {"retry.keeps_content",
       flag,
       {},
       "keeps the content that it passes on, to send it again",
       true,
       "false"},
      {"loop_order", word, {"io-first", "timers-first"}, "what runs first when both are due"},
      {"timer_clock",
       word,
       {"cached", "precise"},
       "whether timers count from the last poll or from now"},
      {"loop_stall", duration, {}, "the longest the application does not look at its sockets"},
  };
  return keys;
}

namespace {

std::string one_of(const std::vector<std::string_view>& allowed) {
  std::string text;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == allowed.size() ? " or " : ", ") + std::string(allowed[i]);
  }
  return text;
}

}  // namespace

ParsedValue parse_value(const Key& key, const std::vector<std::string>& scalars, bool is_list) {
  ParsedValue parsed;
  auto broken = [&](std::string rule) {
    parsed.rule = std::move(rule);
    return parsed;
  };
  for (const std::string& scalar : scalars)
    parsed.value.text += (parsed.value.text.empty() ? "" : ", ") + scalar;
  if (is_list && key.kind != KeyKind::words) return broken("takes one value, not a list");
  if (scalars.empty()) return broken("takes a value");
  const std::string& scalar = scalars.front();
  switch (key.kind) {
    case KeyKind::duration_or_off:
      if (scalar == "off") {
        parsed.value.duration = kOff;
        break;
      }
      [[fallthrough]];
    case KeyKind::duration: {
      const ParsedDuration duration = parse_duration(scalar);
      if (!duration.value)
        return broken(duration.rule + (key.kind == KeyKind::duration_or_off ? ", or `off`" : ""));
      parsed.value.duration = *duration.value;
      break;
    }
    case KeyKind::count:
    case KeyKind::count_or_off: {
      const bool may_be_off = key.kind == KeyKind::count_or_off;
      if (may_be_off && scalar == "off") {
        parsed.value.count = -1;
        break;
      }
      const auto [end, error] =
          std::from_chars(scalar.data(), scalar.data() + scalar.size(), parsed.value.count);
      if (error != std::errc{} || end != scalar.data() + scalar.size() ||
          parsed.value.count < (may_be_off ? 1 : 0)) {
        return broken(may_be_off ? "a count is a whole number from 1, or `off`"
                                 : "a count is a whole number from 0");
      }
      break;
    }
    case KeyKind::flag:
      if (scalar != "true" && scalar != "false") return broken("is `true` or `false`");
      parsed.value.flag = scalar == "true";
      break;
    case KeyKind::word:
    case KeyKind::words:
      for (const std::string& word : scalars) {
        const auto& allowed = key.allowed;
        if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), word) == allowed.end()) {
          return broken("is " + one_of(allowed));
        }
        parsed.value.words.push_back(word);
      }
      if (scalars.size() > 1 && std::find(scalars.begin(), scalars.end(), "none") != scalars.end())
        return broken("is `none` or a list of the others");
      break;
  }
  parsed.ok = true;
  return parsed;
}

std::string nearest(std::string_view wrong, const std::vector<std::string_view>& names) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const std::string_view name : names) {
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j)
      row[j] = j;
    for (std::size_t i = 1; i <= wrong.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        const std::size_t replaced = diagonal + (wrong[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row[name.size()] < best_distance) {
      best_distance = row[name.size()];
      best = name;
    }
  }
  return std::string(best);
}

}  // namespace halfclose::deployment
