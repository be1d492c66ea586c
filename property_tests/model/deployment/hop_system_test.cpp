// Properties of the hops that chains describe (model/deployment/hop_system.hpp): whatever happens
// next, each component has a row for it.
#include "model/deployment/hop_system.hpp"

#include "model/deployment/chain.hpp"
#include "model/monitor/hop_observer.hpp"

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
                        .single_use = flag(),
                        .attaches_later = flag(),
                        .honours_close = flag(),
                        .idle_from_start = flag(),
                        .waits_for_close = flag(),
                        .closes_on_removal = flag(),
                        .expects_continue = flag(),
                        .ages_when_freed = flag(),
                        .omits_content = flag()};
  hop.server.profile = {.early_closes = flag(),
                        .idle_drains = flag(),
                        .idle_408 = flag(),
                        .idle_starts_buffered = flag(),
                        .shutdown_announced = flag(),
                        .reads_during_close = flag(),
                        .aborts_half_closed = flag(),
                        .limits_requests = flag(),
                        .closes_unannounced = flag(),
                        .close_delimited = flag()};
  hop.client.discards_on_rst = flag();
  hop.with_body = flag();
  hop.responses_fit = flag();
  hop.with_shutdown = flag();
  hop.with_waiting = flag();
  hop.with_crash = flag();
  hop.with_removal = flag();
  for (Time* timer : {&hop.client.idle, &hop.client.age, &hop.client.response, &hop.server.idle,
                      &hop.server.drain, &hop.server.close, &hop.server.linger, &hop.content_within,
                      &hop.server.age, &hop.middlebox, &hop.client.keepalive, &hop.client.expect}) {
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
        for (const bool with_all : {false, true}) {
          HopSettings settings = hop_settings(*loaded.chain, 0);
          settings.with_shutdown = settings.with_waiting = settings.with_crash =
              settings.with_removal = with_all;
          INFO(client << " -> " << server << (with_all ? ", with everything" : ""));
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
    hop.server.profile.on_expectation = static_cast<http1::server::OnExpectation>(random() % 3);
    walk(hop_system(hop), random, 2000);
  });
}

//--- one run, step by step
//--------------------------------------------------------------------------------------------------------

/// A run that is named by what happens next.
class Run {
 public:
  explicit Run(const HopSettings& settings)
      : system_(hop_system(settings)), state_(system_.initial()) {}

  /// Takes the one enabled step that is called so.
  void take(const std::string& name) {
    std::vector<Stimulus> enabled;
    system_.enabled(state_, enabled);
    for (const Stimulus stimulus : enabled) {
      if (system_.describe(stimulus) != name) continue;
      StepResult result;
      system_.step(state_, stimulus, result);
      state_ = result.state;
      emitted_ = result.emitted;
      return;
    }
    FAIL(name << " is not enabled in " << system_.describe(state_));
  }
  bool emitted(monitor::Out output) const { return emitted_ >> static_cast<unsigned>(output) & 1; }
  std::string observed() const {
    return system_.components[hop::observer].table->local_name(
        system_.local(state_, hop::observer));
  }

 private:
  System system_;
  State state_;
  std::uint64_t emitted_ = 0;
};

/// A request is outstanding, another waits for its connection; the server answers and closes.
Run answered_and_closed(bool attaches_later) {
  HopSettings hop;
  hop.with_waiting = true;
  hop.client.profile.attaches_later = attaches_later;
  hop.server.profile.closes_unannounced = true;
  Run run(hop);
  for (const char* step :
       {"client sends a request", "deliver client>server", "deliver server>client", "wake client",
        "deliver client>server", "deliver client>server", "wake server",
        "client has a request wait for the connection", "server answers",
        "deliver server>client"}) {
    run.take(step);
  }
  return run;
}

TEST_CASE("hop system: a request that waits for the connection", "[model][system][deployment]") {
  using monitor::Out;
  SECTION("is written behind a FIN that has arrived, where it is attached at once") {
    Run run = answered_and_closed(false);
    run.take("deliver server>client");
    run.take("wake client");
    CHECK(run.emitted(Out::attach_on_complete));
  }
  SECTION("goes elsewhere when the FIN has arrived, where it is attached a loop later") {
    Run run = answered_and_closed(true);
    run.take("deliver server>client");
    run.take("wake client");
    CHECK_FALSE(run.emitted(Out::attach_on_complete));
    CHECK(run.observed() == "over");
  }
  SECTION("is lost to a FIN that is on its way, whenever it is attached") {
    for (const bool later : {false, true}) {
      Run run = answered_and_closed(later);
      run.take("wake client");
      run.take("deliver server>client");
      run.take("wake client");
      CHECK(run.emitted(Out::attach_on_complete));
    }
  }
}

}  // namespace
}  // namespace halfclose::deployment
