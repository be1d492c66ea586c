// What must not last on a hop (proofs/catalogue/eventualities.hpp): the cases that the literature
// tells of, each with the change that cures it.
#include "proofs/catalogue/eventualities.hpp"

#include "property_tests/proofs/hop_settings_generator.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace halfclose::proofs {
namespace {

using Catch::Contains;
using deployment::HopSettings;
using deployment::kOff;
using http1::server::CloseStyle;

constexpr system::Time kSecond = 1'000'000;

/// Both ends close what is idle, and both look at their sockets.
HopSettings tidy_hop() {
  HopSettings hop;
  hop.client.idle = 30 * kSecond;
  hop.server.idle = 60 * kSecond;
  hop.client.loop.stall = hop.server.loop.stall = 10'000;
  hop.delay_min = 100;
  hop.delay_max = 5'000;
  return hop;
}

EventualityAnalysis judge(const char* slug, const HopSettings& hop, const Trust& trust = {}) {
  auto judged = analyse(*find_eventuality(slug), hop, trust);
  CHECK(judged.limit == "");
  CHECK((judged.verdict == Eventually::violated) == !judged.found.empty());
  for (const EndlessStay& found : judged.found) {
    CHECK(found.schedule.times.size() == found.lasso.prefix.size() + found.lasso.cycle.size());
  }
  return judged;
}
bool holds(const char* slug, const HopSettings& hop, const Trust& trust = {}) {
  return judge(slug, hop, trust).verdict == Eventually::holds;
}
const EndlessStay* find_stay(const EventualityAnalysis& judged, const std::string& name) {
  for (const EndlessStay& found : judged.found) {
    if (found.stay.find(name) != std::string::npos) return &found;
  }
  return nullptr;
}

/// Where the prefix of a lasso ends.
std::string end_of(const HopSettings& hop, const Lasso& lasso) {
  const system::System system = deployment::hop_system(hop);
  system::State state = system.initial();
  system::StepResult step;
  for (const system::Stimulus stimulus : lasso.prefix) {
    system.step(state, stimulus, step);
    state = step.state;
  }
  return system.describe(state);
}
std::string shown(const HopSettings& hop, const Lasso& lasso) {
  const system::System system = deployment::hop_system(hop);
  std::string text;
  for (const system::Stimulus stimulus : lasso.prefix)
    text += system.describe(stimulus) + "\n";
  text += "and again and again:\n";
  for (const system::Stimulus stimulus : lasso.cycle)
    text += system.describe(stimulus) + "\n";
  return text;
}
/// The number of bad states of each question: a property that holds must not hold for want of any.
std::vector<std::uint64_t> bad_states(const char* slug, const HopSettings& hop) {
  const system::System system = deployment::hop_system(hop);
  const ReachableStates reachable(system);
  std::vector<std::uint64_t> all;
  for (const Stay& stay : find_eventuality(slug)->stays(system, {}))
    all.push_back(reachable.can_stay(stay).bad_states);
  return all;
}
//--------------------------------------------------------------------------------------------------

TEST_CASE("no leak: a hop with idle timeouts on both sides", "[proofs][liveness]") {
  HopSettings hop = tidy_hop();
  hop.server.close = kSecond;
  hop.server.linger = 5 * kSecond;
  for (const auto style : {CloseStyle::plain, CloseStyle::delayed, CloseStyle::half_close_drain,
                           CloseStyle::half_close_wait, CloseStyle::drain_then_fin}) {
    hop.server.profile.close_style = style;
    hop.with_shutdown = !hop.with_shutdown;
    INFO(static_cast<int>(style));
    CHECK(holds("no-leak", hop));
  }
}

TEST_CASE("no leak: each way to stay", "[proofs][liveness]") {
  // It is entered on some hop, and left again on it: a promise about nothing is worth nothing.
  HopSettings hop = tidy_hop();
  hop.server.close = kSecond;
  hop.server.linger = 5 * kSecond;
  hop.client.response = 2 * kSecond;
  hop.server.profile.limits_requests = true;  // it announces closes
  std::vector<std::uint64_t> most(9, 0);
  for (const auto style : {CloseStyle::half_close_drain, CloseStyle::half_close_wait}) {
    for (const bool half_closes : {false, true}) {
      hop.server.profile.close_style = style;
      hop.client.profile.half_closes = half_closes;
      hop.client.profile.waits_for_close = !half_closes;
      CHECK(holds("no-leak", hop));
      const auto bad = bad_states("no-leak", hop);
      REQUIRE(bad.size() == most.size());
      for (std::size_t i = 0; i < bad.size(); ++i)
        most[i] = std::max(most[i], bad[i]);
    }
  }
  for (const std::uint64_t bad : most)
    CHECK(bad > 0);
}

TEST_CASE("no leak: a pooled connection that nobody watches", "[proofs][liveness][R22]") {
  HopSettings hop = tidy_hop();
  hop.client.profile.watches = false;
  hop.client.idle = kOff;
  const auto judged = judge("no-leak", hop);
  const EndlessStay* found = find_stay(judged, "client kernel stays in CLOSE-WAIT");
  REQUIRE(found != nullptr);
  CHECK(found->lasso.cycle.empty());
  const std::string end = end_of(hop, found->lasso);
  CHECK_THAT(end, Contains("client: ready"));
  CHECK_THAT(end, Contains("client kernel: CLOSE-WAIT"));
  CHECK_THAT(end, Contains("server: closed"));

  SECTION("is closed by the client's own idle timeout") {
    hop.client.idle = 90 * kSecond;
    CHECK(holds("no-leak", hop));
  }
  SECTION("is closed by a client that watches it") {
    hop.client.profile.watches = true;
    CHECK(holds("no-leak", hop));
  }
}

TEST_CASE("no leak: a server that shut down and waits for no time", "[proofs][liveness][R22]") {
  HopSettings hop = tidy_hop();
  hop.server.profile.close_style = CloseStyle::half_close_wait;
  hop.server.close = kOff;
  SECTION("keeps the descriptor after its client has gone") {
    CHECK(find_stay(judge("no-leak", hop), "server kernel keeps the descriptor") != nullptr);
    hop.server.close = kSecond;
    CHECK(holds("no-leak", hop));
  }
  SECTION("stays in FIN-WAIT-2 for a client that stops in the middle of its request") {
    hop.client.profile.reads_while_sending = false;
    const Trust stops{.client_finishes = false};
    const auto judged = judge("no-leak", hop, stops);
    const EndlessStay* found = find_stay(judged, "server kernel stays in FIN-WAIT-2");
    REQUIRE(found != nullptr);
    CHECK_THAT(end_of(hop, found->lasso), Contains("server kernel: FIN-WAIT-2 (fd"));
    hop.server.close = kSecond;
    CHECK(find_stay(judge("no-leak", hop, stops), "server kernel") == nullptr);
  }
}

TEST_CASE("no leak: a server that is answering", "[proofs][liveness][R22]") {
  HopSettings hop = tidy_hop();
  hop.client.response = 10 * kSecond;
  const Trust never{.server_answers = false};
  // It does not read, and its origin keeps it waiting: the FIN of its client is not looked at.
  const auto judged = judge("no-leak", hop, never);
  const EndlessStay* found = find_stay(judged, "server kernel stays in CLOSE-WAIT");
  REQUIRE(found != nullptr);
  CHECK_THAT(end_of(hop, found->lasso), Contains("server: answering"));
  SECTION("is told of the FIN and gives up") {
    hop.server.profile.aborts_half_closed = true;
    CHECK(holds("no-leak", hop, never));
  }
  SECTION("answers in the end") {
    CHECK(holds("no-leak", hop));
  }
}

TEST_CASE("no endless wait: a server that never answers", "[proofs][liveness]") {
  HopSettings hop = tidy_hop();
  const Trust never{.server_answers = false};
  const auto judged = judge("no-endless-wait", hop, never);
  REQUIRE(judged.found.size() == 1);
  CHECK_THAT(end_of(hop, judged.found.front().lasso), Contains("client: waiting"));
  SECTION("is given up by the response timeout") {
    hop.client.response = 10 * kSecond;
    CHECK(holds("no-endless-wait", hop, never));
  }
  SECTION("answers in the end") {
    CHECK(holds("no-endless-wait", hop));
  }
  CHECK(bad_states("no-endless-wait", hop).front() > 0);
}

TEST_CASE("no endless wait: a client that always has a request on its way", "[proofs][liveness]") {
  HopSettings hop = tidy_hop();
  hop.client.profile.pipelines = true;
  CHECK(holds("no-endless-wait", hop));
  // Each request gets its turn: without that clause the next would be taken for the same.
  const system::System system = deployment::hop_system(hop);
  const ReachableStates reachable(system);
  Stay stay = find_eventuality("no-endless-wait")->stays(system, {}).front();
  stay.until_emitted.clear();
  const StayAnswer answer = reachable.can_stay(stay, promises_of(system, {}, {}));
  REQUIRE(answer.verdict == Eventually::violated);
  CHECK_FALSE(answer.lasso->cycle.empty());
}

TEST_CASE("eventualities: a limit", "[proofs][liveness]") {
  const auto judged = analyse(*find_eventuality("socket-leak"), tidy_hop(), {}, {.states = 10});
  CHECK(judged.verdict == Eventually::undecided);
  CHECK(judged.limit == "10 states");
}

TEST_CASE("eventualities: arbitrary hops", "[proofs][liveness]") {
  rc::prop("with every timer on, give every socket back and end every request", [] {
    HopSettings hop = test::small_hop();
    hop.middlebox = deployment::kOff;  // what it drops is left to timeouts of TCP's own
    auto on = [](system::Time& time) { time = *rc::gen::inRange(0, 5); };
    for (system::Time* time : {&hop.client.idle, &hop.client.response, &hop.server.idle,
                               &hop.server.close, &hop.server.linger})
      on(*time);
    // A kernel of the model keeps one held tail; a second long response behind it would be lost.
    if (hop.client.profile.pipelines) hop.responses_fit = true;
    RC_LOG() << test::shown(hop) << "\n";
    for (const Eventuality& eventuality : eventualities()) {
      const auto judged =
          analyse(eventuality, hop, {.server_answers = eventuality.slug == std::string("no-leak")});
      for (const auto& found : judged.found)
        RC_LOG() << found.stay << "\n" << shown(hop, found.lasso) << end_of(hop, found.lasso);
      RC_LOG() << judged.limit << "\n";
      RC_ASSERT(judged.verdict == Eventually::holds);
    }
  });
}
}  // namespace
}  // namespace halfclose::proofs
