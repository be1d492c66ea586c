#include "proofs/catalogue/mitigations.hpp"

namespace halfclose::proofs {

using namespace deployment;
using http1::server::AgeClose;
using http1::server::CloseStyle;
using http1::server::OnExpectation;

namespace {

template <class T> bool change(T& setting, T value) {
  if (setting == value) return false;
  setting = value;
  return true;
}

bool bound_client_idle(HopSettings& hop) {
  if (hop.client.idle < kOff || hop.server.idle >= kOff) return false;
  hop.client.idle = hop.server.idle / 2;
  return true;
}
bool bound_client_age(HopSettings& hop) {
  if (hop.client.age < kOff || hop.server.age >= kOff) return false;
  hop.client.age = hop.server.age / 2;
  return true;
}
bool never_idle_out(HopSettings& hop) {
  return change(hop.server.idle, kOff);
}
bool peek(HopSettings& hop) {
  return change(hop.client.profile.peeks, true);
}
bool watch(HopSettings& hop) {
  return change(hop.client.profile.watches, true);
}
bool single_use(HopSettings& hop) {
  return change(hop.client.profile.single_use, true);
}
bool no_pipelining(HopSettings& hop) {
  return change(hop.client.profile.pipelines, false);
}
bool read_after_write_error(HopSettings& hop) {
  return change(hop.client.profile.write_error_fatal, false);
}
bool announce_age(HopSettings& hop) {
  return hop.server.age < kOff && change(hop.server.profile.age_close, AgeClose::announced);
}
bool announce_shutdown(HopSettings& hop) {
  return change(hop.server.profile.shutdown_announced, true);
}
bool io_first(HopSettings& hop) {
  return change(hop.server.loop.timers_first, false);
}
bool no_408(HopSettings& hop) {
  return change(hop.server.profile.idle_408, false);
}
bool drain_and_keep(HopSettings& hop) {
  const bool changed = change(hop.server.profile.early_closes, false);
  // The timeout of a delayed close is needed elsewhere.
  if (hop.server.profile.close_style != CloseStyle::delayed)
    hop.server.close = hop.server.linger = kOff;
  return changed;
}
bool drain_then_fin(HopSettings& hop) {
  const bool changed = change(hop.server.profile.close_style, CloseStyle::drain_then_fin);
  hop.server.close = hop.server.linger = kOff;
  return changed;
}
bool linger(HopSettings& hop) {
  const bool changed = change(hop.server.profile.close_style, CloseStyle::half_close_drain);
  hop.server.close = hop.server.linger = kOff;
  return changed;
}
/// It still closes: only now it says so.
bool announce_closes(HopSettings& hop) {
  if (!change(hop.server.profile.closes_unannounced, false)) return false;
  hop.server.profile.single_use = true;
  return true;
}
bool honour_close(HopSettings& hop) {
  return change(hop.client.profile.honours_close, true);
}
bool attach_later(HopSettings& hop) {
  return change(hop.client.profile.attaches_later, true);
}
bool arm_after_response(HopSettings& hop) {
  return change(hop.client.profile.idle_from_start, false);
}
bool no_half_close(HopSettings& hop) {
  return change(hop.client.profile.half_closes, false);
}
bool serve_half_closed(HopSettings& hop) {
  return change(hop.server.profile.aborts_half_closed, false);
}
/// It still closes behind each response: only the end of one is no longer the end of the
/// connection.
bool with_length(HopSettings& hop) {
  if (!change(hop.server.profile.close_delimited, false)) return false;
  hop.server.profile.single_use = true;
  return true;
}
bool close_without_waiting(HopSettings& hop) {
  return change(hop.client.profile.waits_for_close, false);
}
bool close_on_removal(HopSettings& hop) {
  return change(hop.client.profile.closes_on_removal, true);
}
bool idle_below_middlebox(HopSettings& hop) {
  if (hop.client.idle < kOff || hop.middlebox >= kOff) return false;
  hop.client.idle = hop.middlebox / 2;
  return true;
}
bool probe(HopSettings& hop) {
  return hop.middlebox < kOff && change(hop.client.keepalive, hop.middlebox / 2);
}
bool no_expectation(HopSettings& hop) {
  return change(hop.client.profile.expects_continue, false);
}
bool no_omission(HopSettings& hop) {
  return hop.client.profile.expects_continue && change(hop.client.profile.omits_content, false);
}
bool continue_at_once(HopSettings& hop) {
  return hop.client.profile.expects_continue &&
         change(hop.server.profile.on_expectation, OnExpectation::at_once);
}
bool close_instead_of_100(HopSettings& hop) {
  return hop.client.profile.expects_continue &&
         change(hop.server.profile.on_expectation, OnExpectation::close);
}
bool no_delayed_close(HopSettings& hop) {
  return hop.server.profile.close_style == CloseStyle::delayed &&
         change(hop.server.profile.close_style, CloseStyle::plain);
}

}  // namespace

const std::vector<Mitigation>& mitigations() {
  static const std::vector<Mitigation> all = {
      {"bound-client-idle", "give {client} an idle timeout well below that of {server}",
       bound_client_idle},
      {"bound-client-age", "give {client} a maximum connection age well below that of {server}",
       bound_client_age},
      {"announce-age", "have {server} announce the close by age (`max_age_close: announced`)",
       announce_age},
      {"announce-shutdown",
       "have {server} announce the shutdown and wait (`shutdown_close: announced`)",
       announce_shutdown},
      {"peek", "have {client} look at the socket right before reuse (`reuse_check: peek`)", peek},
      {"watch", "have {client} watch its pooled connections (`reuse_check: event`)", watch},
      {"io-first", "have {server} read before it runs timers (`loop_order: io-first`)", io_first},
      {"drain-and-keep",
       "have {server} read the rest of the request and keep the connection (`early_response: "
       "drain`), unbounded",
       drain_and_keep},
      {"drain-then-fin",
       "have {server} read the rest of the request before its FIN (`close_style: drain-then-fin`), "
       "unbounded",
       drain_then_fin},
      {"linger",
       "have {server} shut down, then read to the client's FIN (`close_style: half-close-drain`), "
       "unbounded",
       linger},
      {"read-after-write-error",
       "have {client} read the response after a failed write (`write_error: reads-response`)",
       read_after_write_error},
      {"no-delayed-close", "have {server} close without delay (`close_style: plain`)",
       no_delayed_close},
      {"announce-closes",
       "have {server} put the close option on each response it closes behind (`max_requests: 1`, "
       "`unannounced_close: never`)",
       announce_closes},
      {"honour-close", "have {client} honour the close option (`honours_close: true`)",
       honour_close},
      {"attach-later",
       "have {client} look at a connection again before a waiting request gets it (`attach: "
       "next-loop`)",
       attach_later},
      {"arm-after-response",
       "have {client} arm its idle timer behind a response (`idle_timer_starts: response-read`)",
       arm_after_response},
      {"no-half-close", "have {client} keep its write side open (`half_close: false`)",
       no_half_close},
      {"serve-half-closed",
       "have {server} answer a client that has shut its write side down (`half_closed_client: "
       "serve`)",
       serve_half_closed},
      {"with-length",
       "have {server} send every response with its length, or chunked (`framing: length`)",
       with_length},
      {"close-without-waiting",
       "have {client} close by itself behind an announced close (`waits_for_close: false`)",
       close_without_waiting},
      {"close-on-removal",
       "have {client} close its connections to a server that is removed (`on_removal: close`)",
       close_on_removal},
      {"idle-below-middlebox", "give {client} an idle timeout well below the middlebox's",
       idle_below_middlebox},
      {"tcp-keepalive",
       "have {client} send TCP keepalives well within the middlebox's timeout (`tcp_keepalive`)",
       probe},
      {"no-expectation", "have {client} send the content without asking (`expect_continue: false`)",
       no_expectation},
      {"no-omission",
       "have {client} send, or close behind, content for which a final response came "
       "(`omit_content: false`)",
       no_omission},
      {"continue-at-once",
       "have {server} send the 100 before anything else (`on_expectation: at-once`)",
       continue_at_once},
      {"close-instead-of-100",
       "have {server} announce a close with a final response instead of the 100 "
       "(`on_expectation: close`)",
       close_instead_of_100},
      {"no-pipelining", "have {client} wait for each response (`pipelining: false`)",
       no_pipelining},
      {"no-408", "have {server} close idle connections without a 408 (`idle_408: false`)", no_408},
      {"never-idle-out", "have {server} never close idle connections (`idle_timeout: off`)",
       never_idle_out},
      {"no-reuse", "use each connection of {client} once (`max_requests: 1`)", single_use},
  };
  return all;
}

}  // namespace halfclose::proofs
