// Arbitrary hops with small bounds, for properties over all settings.
#pragma once

#include "model/deployment/hop_settings.hpp"

#include <rapidcheck.h>

namespace halfclose::test {

using deployment::HopSettings;
using deployment::kOff;

/// A timeout of 0 to `most`, or off now and then.
inline system::Time small_time(int most, int off_in = 4) {
  if (*rc::gen::inRange(0, off_in) == 0) return kOff;
  return *rc::gen::inRange(0, most + 1);
}

inline HopSettings small_hop() {
  auto coin = [] { return *rc::gen::arbitrary<bool>(); };
  HopSettings hop;
  auto& c = hop.client;
  auto& s = hop.server;
  c.profile = {.write_error_fatal = coin(),
               .closes_when_early = coin(),
               .peeks = *rc::gen::inRange(0, 4) == 0,
               .watches = *rc::gen::inRange(0, 4) != 0,
               .pipelines = *rc::gen::inRange(0, 4) == 0,
               .half_closes = *rc::gen::inRange(0, 6) == 0,
               .reads_while_sending = coin(),
               .limits_requests = *rc::gen::inRange(0, 4) == 0,
               .single_use = *rc::gen::inRange(0, 6) == 0,
               .attaches_later = coin(),
               .honours_close = *rc::gen::inRange(0, 4) != 0,
               .idle_from_start = *rc::gen::inRange(0, 4) == 0,
               .waits_for_close = *rc::gen::inRange(0, 4) == 0,
               .closes_on_removal = coin(),
               .expects_continue = *rc::gen::inRange(0, 3) == 0,
               .ages_when_freed = coin(),
               .omits_content = coin()};
  c.idle = small_time(5);
  c.age = small_time(6, 2);
  c.response = small_time(4, 2);
  c.expect = small_time(3);
  c.discards_on_rst = coin();
  c.loop = {.stall = *rc::gen::inRange(0, 2), .timers_first = coin(), .cached_clock = coin()};
  using enum http1::server::CloseStyle;
  s.profile = {.close_style = *rc::gen::element(plain, delayed, half_close_drain, half_close_wait,
                                                drain_then_fin),
               .age_close = *rc::gen::element(http1::server::AgeClose::announced,
                                              http1::server::AgeClose::drain_then_close,
                                              http1::server::AgeClose::plain),
               .early_closes = coin(),
               .idle_drains = *rc::gen::inRange(0, 3) == 0,
               .idle_408 = *rc::gen::inRange(0, 6) == 0,
               .idle_starts_buffered = coin(),
               .shutdown_announced = coin(),
               .reads_during_close = *rc::gen::inRange(0, 4) == 0,
               .aborts_half_closed = coin(),
               .limits_requests = *rc::gen::inRange(0, 4) == 0,
               .closes_unannounced = *rc::gen::inRange(0, 4) == 0,
               .close_delimited = *rc::gen::inRange(0, 4) == 0,
               .on_expectation = *rc::gen::element(http1::server::OnExpectation::when_read,
                                                   http1::server::OnExpectation::at_once,
                                                   http1::server::OnExpectation::close)};
  s.idle = small_time(6);
  s.idle_grace = *rc::gen::inRange(0, 2);
  s.idle_early = *rc::gen::inRange(0, 2);
  s.drain = *rc::gen::inRange(0, 3);
  s.close = small_time(3);
  s.linger = small_time(4, 2);
  s.age = small_time(6, 2);
  s.loop = {.stall = *rc::gen::inRange(0, 2), .timers_first = coin(), .cached_clock = coin()};
  hop.delay_min = *rc::gen::inRange(0, 2);
  hop.delay_max = hop.delay_min + *rc::gen::inRange(0, 2);
  hop.middlebox = small_time(6, 2);
  c.keepalive = small_time(4, 2);
  s.keepalive = small_time(4, 2);
  hop.with_body = coin();
  hop.responses_fit = coin();
  hop.content_within = small_time(3, 2);
  hop.with_shutdown = *rc::gen::inRange(0, 4) == 0;
  hop.with_waiting = *rc::gen::inRange(0, 4) == 0;
  hop.with_crash = *rc::gen::inRange(0, 6) == 0;
  hop.with_removal = *rc::gen::inRange(0, 6) == 0;
  return hop;
}

/// What a failing case prints.
inline std::string shown(const HopSettings& hop) {
  auto time = [](system::Time t) { return t >= kOff ? std::string("off") : std::to_string(t); };
  const auto& c = hop.client;
  const auto& s = hop.server;
  return "client idle " + time(c.idle) + " age " + time(c.age) + " response " + time(c.response) +
         " stall " + time(c.loop.stall) + " flags " + std::to_string(c.profile.write_error_fatal) +
         std::to_string(c.profile.closes_when_early) + std::to_string(c.profile.peeks) +
         std::to_string(c.profile.watches) + std::to_string(c.profile.pipelines) +
         std::to_string(c.profile.half_closes) + std::to_string(c.profile.reads_while_sending) +
         std::to_string(c.profile.limits_requests) + std::to_string(c.profile.single_use) +
         std::to_string(c.profile.attaches_later) + std::to_string(c.profile.honours_close) +
         std::to_string(c.profile.idle_from_start) + std::to_string(c.profile.waits_for_close) +
         std::to_string(c.profile.closes_on_removal) + std::to_string(c.profile.expects_continue) +
         std::to_string(c.profile.ages_when_freed) + std::to_string(c.profile.omits_content) +
         " expect " + time(c.expect) + " loop " + std::to_string(c.loop.timers_first) +
         std::to_string(c.loop.cached_clock) + "; server idle " + time(s.idle) + "+" +
         time(s.idle_grace) + "-" + time(s.idle_early) + " drain " + time(s.drain) + " close " +
         time(s.close) + " linger " + time(s.linger) + " age " + time(s.age) + " stall " +
         time(s.loop.stall) + " style " + std::to_string(static_cast<int>(s.profile.close_style)) +
         " age close " + std::to_string(static_cast<int>(s.profile.age_close)) + " flags " +
         std::to_string(s.profile.early_closes) + std::to_string(s.profile.idle_drains) +
         std::to_string(s.profile.idle_408) + std::to_string(s.profile.idle_starts_buffered) +
         std::to_string(s.profile.shutdown_announced) +
         std::to_string(s.profile.reads_during_close) +
         std::to_string(s.profile.aborts_half_closed) + std::to_string(s.profile.limits_requests) +
         std::to_string(s.profile.closes_unannounced) + std::to_string(s.profile.close_delimited) +
         " on expectation " + std::to_string(static_cast<int>(s.profile.on_expectation)) +
         " loop " + std::to_string(s.loop.timers_first) + std::to_string(s.loop.cached_clock) +
         "; keepalive " + time(c.keepalive) + " " + time(s.keepalive) + " middlebox " +
         time(hop.middlebox) + "; delay " + time(hop.delay_min) + ".." + time(hop.delay_max) +
         " body " + std::to_string(hop.with_body) + " within " + time(hop.content_within) +
         " fit " + std::to_string(hop.responses_fit) + " shutdown " +
         std::to_string(hop.with_shutdown) + " waiting " + std::to_string(hop.with_waiting) +
         " crash " + std::to_string(hop.with_crash) + " removal " +
         std::to_string(hop.with_removal);
}

}  // namespace halfclose::test
