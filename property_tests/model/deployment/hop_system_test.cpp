// Properties of the hops that chains describe (model/deployment/hop_system.hpp): whatever happens
// next, each component has a row for it.
#include "model/deployment/hop_system.hpp"

#include "model/deployment/chain.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <random>
#include <string>
#include <vector>

namespace halfclose::deployment {
namespace {

using system::State;
using system::StepResult;
using system::Stimulus;
using system::System;
//--------------------------------------------------------------------------------------------------------

/// Walks at random and starts again from the beginning when nothing is left to do, or now and then.
void walk(const System& system, std::mt19937& random, int steps) {
  State state = system.initial();
  std::vector<Stimulus> all;
  std::vector<std::string> path;
  StepResult result;
  for (int i = 0; i < steps; ++i) {
    system.enabled(state, all);
    if (all.empty() || random() % 64 == 0) {
      state = system.initial();
      path.clear();
      continue;
    }
    const Stimulus stimulus = all[random() % all.size()];
    path.push_back(system.describe(stimulus));
    try {
      system.step(state, stimulus, result);
    } catch (const std::exception& error) {
      std::string steps_taken;
      for (const std::string& step : path)
        steps_taken += "\n  " + step;
      throw std::logic_error(error.what() + steps_taken + "\n" + system.describe(state));
    }
    state = result.state;
  }
}

template <class Flags> HopSettings hop_of(Flags flag) {
  HopSettings hop;
  hop.client.profile = {.write_error_fatal = flag(),
                        .closes_when_early = flag(),
                        .peeks = flag(),
                        .watches = flag(),
                        .pipelines = flag(),
                        .half_closes = flag(),
                        .reads_while_sending = flag(),
                        .limits_requests = flag(),
                        .single_use = flag()};
  hop.server.profile = {.early_closes = flag(),
                        .idle_drains = flag(),
                        .idle_408 = flag(),
                        .idle_starts_buffered = flag(),
                        .shutdown_announced = flag(),
                        .reads_during_close = flag(),
                        .aborts_half_closed = flag(),
                        .limits_requests = flag()};
  hop.client.discards_on_rst = flag();
  hop.with_body = flag();
  hop.responses_fit = flag();
  hop.with_shutdown = flag();
  for (Time* timer : {&hop.client.idle, &hop.client.age, &hop.client.response, &hop.server.idle,
                      &hop.server.drain, &hop.server.close, &hop.server.linger, &hop.content_within,
                      &hop.server.age}) {
    *timer = flag() ? kOff : 1;
  }
  for (Loop* loop : {&hop.client.loop, &hop.server.loop})
    loop->timers_first = flag();
  return hop;
}

TEST_CASE("hop system: a random walk", "[model][system][deployment]") {
  SECTION("meets no unspecified event, for every pair of shipped profiles") {
    std::mt19937 random(20261123);
    int pairs = 0;
    for (const std::string_view client : profile_names()) {
      for (const std::string_view server : profile_names()) {
        if (!find_profile(client)->client || !find_profile(server)->server) continue;
        const auto loaded =
            parse_chain("chain:\n- {name: c, profile: " + std::string(client) +
                            "}\n- {name: s, profile: " + std::string(server) + "}\n",
                        "pair");
        REQUIRE(loaded.chain.has_value());
        ++pairs;
        for (const bool with_shutdown : {false, true}) {
          HopSettings settings = hop_settings(*loaded.chain, 0);
          settings.with_shutdown = with_shutdown;
          INFO(client << " -> " << server << (with_shutdown ? ", with shutdown" : ""));
          REQUIRE_NOTHROW(walk(hop_system(settings), random, 2000));
        }
      }
    }
    CHECK(pairs > 100);
  }
  rc::prop("meets no unspecified event, whatever the flags", [](std::uint32_t seed) {
    std::mt19937 random(seed);
    HopSettings hop = hop_of([&] { return random() % 2 == 0; });
    hop.server.profile.close_style = static_cast<http1::server::CloseStyle>(random() % 5);
    hop.server.profile.age_close = static_cast<http1::server::AgeClose>(random() % 3);
    walk(hop_system(hop), random, 2000);
  });
}

}  // namespace
}  // namespace halfclose::deployment
