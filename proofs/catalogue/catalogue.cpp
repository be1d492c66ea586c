#include "proofs/catalogue/catalogue.hpp"

namespace halfclose::proofs {

using namespace deployment;
using monitor::Out;

namespace {

const std::vector<Knob> kIdleOrder = {{hop::client_idle, -1}, {hop::server_idle, +1}};
const std::vector<std::string_view> kReuseClient = {"idle_timeout", "reuse_check", "max_requests",
                                                    "loop_stall"};
const std::vector<std::string_view> kIdleServer = {
    "idle_timeout",  "idle_grace", "idle_timer_starts", "idle_close",
    "drain_timeout", "loop_order", "timer_clock",       "loop_stall"};

}  // namespace

const std::vector<Race>& races() {
  static const std::vector<Race> all = {
      {"keepalive-reuse", "R1, R2", Out::keepalive_reuse,
       "a request sent on a kept-alive connection crosses the server's close of the idle "
       "connection and is lost; no "
       "FIN had reached the client's kernel",
       "RFC 9112 9.5", Outcome::request_lost, true, false, kIdleOrder, kReuseClient, kIdleServer},
      {"stale-in-kernel",
       "R3",
       Out::stale_in_kernel,
       "a request is written to a connection whose FIN the client's kernel already had, and is "
       "lost",
       "RFC 9112 9.5; envoyproxy/envoy#6815",
       Outcome::request_lost,
       true,
       false,
       {{hop::client_idle, -1},
        {hop::server_idle, +1},
        {hop::client_age, -1},
        {hop::server_age, +1}},
       kReuseClient,
       kIdleServer},
      {"early-response-reset",
       "R6",
       Out::early_response_reset,
       "the server answers before it has read the request to its end and closes; the response, "
       "though written, is "
       "not received",
       "RFC 9112 9.6; envoyproxy/envoy#2929",
       Outcome::response_truncated,
       false,
       false,
       {{hop::server_close, +1}, {hop::server_linger, +1}, {hop::content, -1}},
       {"write_error", "reads_while_sending", "on_early_response", "receive_queue_after_rst",
        "loop_stall"},
       {"early_response", "close_style", "close_timeout", "linger_time", "reads_during_close"}},
      {"delayed-close-truncation",
       "R7",
       Out::delayed_close_truncation,
       "the server's close timer fires while a part of its response is still in its buffer: the "
       "client gets a "
       "truncated response",
       "envoyproxy/envoy#6392",
       Outcome::response_truncated,
       false,
       false,
       {{hop::server_close, +1}},
       {"loop_stall"},
       {"close_style", "close_timeout", "idle_timeout", "idle_timer_starts"}},
      {"closing-dead-zone",
       "R8",
       Out::closing_dead_zone,
       "a request arrives while the server's descriptor is open but the server no longer reads: it "
       "is acknowledged, "
       "never served, and lost",
       "envoyproxy/envoy#19664",
       Outcome::request_lost,
       true,
       false,
       kIdleOrder,
       kReuseClient,
       {"idle_timeout", "idle_close", "drain_timeout", "close_style", "close_timeout",
        "max_connection_duration", "max_age_close"}},
      {"max-age-close",
       "R9",
       Out::max_age_close,
       "a request is lost to the server's close of a connection that reached its maximum age",
       "envoyproxy/envoy#13388",
       Outcome::request_lost,
       true,
       false,
       {{hop::client_age, -1}, {hop::server_age, +1}},
       {"max_connection_duration", "reuse_check", "max_requests"},
       {"max_connection_duration", "max_age_close", "drain_timeout"}},
      {"bytes-behind-close",
       "R11",
       Out::bytes_behind_close,
       "a later request meets the close of a server that announced it, and destroys a response "
       "that was written "
       "completely",
       "RFC 9112 9.6",
       Outcome::response_truncated,
       false,
       false,
       {},
       {"pipelining"},
       {"close_style"}},
      {"shutdown-close",
       "R12",
       Out::shutdown_close,
       "a request is lost to the server's graceful shutdown, which closes idle connections",
       "RFC 9112 9.5; nginx reload, HAProxy idle-close-on-response",
       Outcome::request_lost,
       true,
       true,
       {},
       {"reuse_check", "max_requests"},
       {"shutdown_close"}},
      {"timer-beats-data",
       "R13",
       Out::timer_beats_data,
       "the request was readable when the server looked at its timers, and the idle timer closed "
       "the connection first",
       "nodejs/node#43456",
       Outcome::request_lost,
       true,
       false,
       kIdleOrder,
       kReuseClient,
       {"idle_timeout", "idle_grace", "idle_close", "loop_order", "loop_stall"}},
      {"unsolicited-response",
       "R25",
       Out::unsolicited_response,
       "the 408 that a server sends before it closes an idle connection is taken for the answer to "
       "a new request",
       "RFC 9110 15.5.9; RFC 9112 9.2",
       Outcome::wrong_response,
       true,
       false,
       kIdleOrder,
       kReuseClient,
       {"idle_408", "idle_timeout"}},
  };
  return all;
}

HopSettings judged_with(HopSettings hop, const Race& race) {
  hop.with_shutdown = race.needs_shutdown;
  return hop;
}

const Race* find_race(std::string_view slug) {
  for (const Race& race : races()) {
    if (race.slug == slug) return &race;
  }
  return nullptr;
}

const std::vector<Guarantee>& guarantees() {
  static const std::vector<Guarantee> all = {
      {"one-outcome", Out::one_outcome,
       "every request has exactly one outcome: a response, or an error the client sees",
       "RFC 9110 3.3"},
      {"response-kept", Out::response_kept,
       "a response that the server wrote completely is read completely by the client",
       "RFC 9112 9.6"},
      {"no-other-loss", Out::no_other_loss, "a request is lost only to one of the races named here",
       "halfclose"},
      {"right-response", Out::right_response,
       "no response is taken for the answer to another request", "RFC 9112 9.2"},
  };
  return all;
}

}  // namespace halfclose::proofs
