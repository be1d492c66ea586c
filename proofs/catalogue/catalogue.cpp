#include "proofs/catalogue/catalogue.hpp"

namespace halfclose::proofs {

using namespace deployment;
using monitor::Out;

namespace {

const std::vector<Knob> kIdleOrder = {{hop::client_idle, -1}, {hop::server_idle, +1}};
const std::vector<std::string_view> kReuseClient = {"idle_timeout", "reuse_check", "max_requests",
                                                    "loop_stall"};
const std::vector<std::string_view> kIdleServer = {
    "idle_timeout",  "idle_grace", "idle_early",  "idle_timer_starts", "idle_close",
    "drain_timeout", "loop_order", "timer_clock", "loop_stall"};

}  // namespace

const std::vector<Race>& races() {
  static const std::vector<Race> all = {
      {"keepalive-reuse", "R1, R2", Out::keepalive_reuse,
       "a request sent on a kept-alive connection crosses the server's close of the idle "
       "connection and is lost; no "
       "FIN had reached the client's kernel",
       "RFC 9112 9.5", Outcome::request_lost, true, Needs::nothing, kIdleOrder, kReuseClient,
       kIdleServer},
      {"stale-in-kernel",
       "R3",
       Out::stale_in_kernel,
       "a request is written to a connection whose FIN the client's kernel already had, and is "
       "lost",
       "RFC 9112 9.5; envoyproxy/envoy#6815",
       Outcome::request_lost,
       true,
       Needs::nothing,
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
       Needs::nothing,
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
       Needs::nothing,
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
       Needs::nothing,
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
       Needs::nothing,
       {{hop::client_age, -1}, {hop::server_age, +1}},
       {"max_connection_duration", "max_age_check", "reuse_check", "max_requests"},
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
       Needs::nothing,
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
       Needs::shutdown,
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
       Needs::nothing,
       kIdleOrder,
       kReuseClient,
       {"idle_timeout", "idle_grace", "idle_early", "idle_close", "loop_order", "loop_stall"}},
      {"unsolicited-response",
       "R25",
       Out::unsolicited_response,
       "the 408 that a server sends before it closes an idle connection is taken for the answer to "
       "a new request",
       "RFC 9110 15.5.9; RFC 9112 9.2",
       Outcome::wrong_response,
       true,
       Needs::nothing,
       kIdleOrder,
       kReuseClient,
       {"idle_408", "idle_timeout"}},
      {"attach-on-complete",
       "R4",
       Out::attach_on_complete,
       "a request that waited while the connection was busy takes it over as the response "
       "completes, and is lost to a close that the server made unannounced right behind that "
       "response",
       "envoyproxy/envoy#2715",
       Outcome::request_lost,
       true,
       Needs::waiting,
       {},
       {"reuse_check", "attach", "max_requests", "loop_stall"},
       {"unannounced_close"}},
      {"persistence-missignalled",
       "R24",
       Out::persistence_missignalled,
       "a request is lost on a connection that the server closed behind a response that did not "
       "say so, or that said so to a client that does not honour it",
       "RFC 9112 9.3; RFC 9112 9.6; envoyproxy/envoy#7124",
       Outcome::request_lost,
       true,
       Needs::nothing,
       {},
       {"honours_close", "reuse_check", "max_requests"},
       {"unannounced_close", "max_requests"}},
      {"reads-paused-in-pool",
       "R5",
       Out::reads_paused_in_pool,
       "a request is written behind a FIN that the client's kernel had told to a pool that does "
       "not read, and is lost",
       "envoyproxy/envoy#6190",
       Outcome::request_lost,
       true,
       Needs::nothing,
       {{hop::client_idle, -1},
        {hop::server_idle, +1},
        {hop::client_age, -1},
        {hop::server_age, +1}},
       kReuseClient,
       kIdleServer},
      {"early-upstream-response",
       "R10",
       Out::early_upstream_response,
       "the client reports a failed write although a response of the server had been written "
       "completely",
       "RFC 9112 9.5; envoyproxy/envoy#2929",
       Outcome::request_lost,
       false,
       Needs::nothing,
       {{hop::server_close, +1}, {hop::server_linger, +1}, {hop::content, -1}},
       {"write_error", "reads_while_sending", "on_early_response", "loop_stall"},
       {"early_response", "close_style", "close_timeout", "linger_time", "reads_during_close"}},
      {"timer-armed-early",
       "R14",
       Out::timer_armed_early,
       "the client's own idle timer, armed when it began to connect, ends a connection that a "
       "request waits for",
       "envoyproxy/envoy#42753",
       Outcome::request_lost,
       false,
       Needs::nothing,
       {{hop::client_idle, +1}},
       {"idle_timeout", "idle_timer_starts", "loop_order", "loop_stall"},
       {}},
      {"half-closed-client",
       "R15",
       Out::half_closed_client,
       "the server takes the FIN that a client sent behind its request for an abort, and does not "
       "answer",
       "RFC 9112 9.6; envoyproxy/envoy#5594",
       Outcome::request_lost,
       false,
       Needs::nothing,
       {},
       {"half_close"},
       {"half_closed_client"}},
      {"close-delimited-truncation",
       "R16",
       Out::close_delimited_truncation,
       "a response without length is cut off by the end of the server's process, or by its close "
       "timer, and the client takes what it has for the whole",
       "RFC 9112 6.3; RFC 9112 8",
       Outcome::response_truncated,
       false,
       Needs::crash,
       {},
       {},
       {"framing"}},
      {"close-latency",
       "R26",
       Out::close_latency,
       "a client that has its response and waits for the announced close is kept waiting until the "
       "server's close timer fires",
       "RFC 9112 9.6; envoyproxy/envoy#15280",
       Outcome::kept_waiting,
       false,
       Needs::nothing,
       {{hop::server_close, -1}, {hop::server_linger, -1}},
       {"waits_for_close", "loop_stall"},
       {"close_style", "close_timeout", "linger_time", "early_response"}},
      {"removed-while-pooled",
       "R27",
       Out::removed_while_pooled,
       "a client that was told that the server left the load-balancing set keeps the connection, "
       "and loses a later request to the server's shutdown",
       "haproxy/haproxy#1236",
       Outcome::request_lost,
       true,
       Needs::removal,
       {},
       {"on_removal", "reuse_check", "max_requests"},
       {"shutdown_close"}},
      {"silent-drop",
       "R23",
       Out::silent_drop,
       "a request is sent into a connection that a middlebox on the way has forgotten: it is "
       "dropped, "
       "neither end is told, and no answer comes",
       "istio/istio#12533; RFC 9293 3.8.4",
       Outcome::kept_waiting,
       false,
       Needs::nothing,
       {{hop::client_idle, -1}, {hop::forget, +1}},
       {"idle_timeout", "tcp_keepalive", "response_timeout", "loop_stall"},
       {"tcp_keepalive"}},
      {"expect-continue",
       "R21",
       Out::expect_continue,
       "a client leaves out content for which a final response came instead of the 100, and sends "
       "the next request behind it: a server that keeps the connection takes that request for the "
       "content, or gives up on the content and closes, and the request is lost",
       "RFC 9110 10.1.1; RFC 9112 6.3; golang/go#67555; hyperium/hyper#2791",
       Outcome::request_lost,
       false,
       Needs::nothing,
       {{hop::expect, -1}},
       {"expect_continue", "expect_timeout", "omit_content", "max_requests", "loop_stall"},
       {"on_expectation", "early_response", "close_timeout", "linger_time"}},
  };
  return all;
}

HopSettings with_needs(HopSettings hop, Needs needs) {
  hop.with_waiting = needs == Needs::waiting;
  hop.with_shutdown = needs == Needs::shutdown || needs == Needs::removal;
  hop.with_crash = needs == Needs::crash;
  hop.with_removal = needs == Needs::removal;
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
      {"whole-or-error", Out::whole_or_error,
       "what the client takes for a complete response is one, even when the server crashes",
       "RFC 9112 8", Needs::crash},
  };
  return all;
}

}  // namespace halfclose::proofs
