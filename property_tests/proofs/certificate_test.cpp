// Certificates (proofs/certificate) and their checker (proofs/recheck): what was explored checks,
// and nothing that was tampered with does.
#include "proofs/certificate/certificate.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/recheck/recheck.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"
#include "property_tests/proofs/small_system.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <sstream>

namespace halfclose::proofs {
namespace {

using recheck::Outcome;
using recheck::Unreadable;
using system::Action;
using system::Index;
using system::System;

struct Proof {
  System system;
  StateSet states;
  Exploration explored;
  std::uint64_t emitted = 0;

  explicit Proof(System made) : system(std::move(made)), states(system.bytes()) {
    explored = explore(system, {.goals = ~0ull, .stop_when_found = false}, &states);
    for (const Found& found : explored.found)
      emitted |= 1ull << found.output;
  }
  std::string certificate(std::uint64_t bad) const { return certificate(states, bad); }
  std::string certificate(const StateSet& set, std::uint64_t bad) const {
    std::ostringstream out;
    write_certificate(system, set, {"nothing bad happens", bad}, out);
    return out.str();
  }
  /// What is never emitted.
  std::string certificate() const { return certificate(~emitted); }
  StateSet without(std::size_t left_out) const {
    StateSet set(system.bytes());
    for (std::size_t s = 0; s < states.size(); ++s) {
      if (s != left_out) set.insert(states[s]);
    }
    return set;
  }
};

Outcome check(const std::string& bytes) {
  return recheck::check(recheck::read(bytes), 60'000);
}
bool valid(const std::string& bytes) {
  return check(bytes).verdict == Outcome::Verdict::valid;
}

deployment::HopSettings plain_hop() {
  deployment::HopSettings hop;
  hop.client.idle = hop.server.idle = 60'000'000;
  hop.server.profile.close_style = http1::server::CloseStyle::drain_then_fin;
  return hop;
}

/// Some step leads from `state` neither to itself nor into the set, and every step is possible.
bool leads_elsewhere(const Proof& proof, const system::State& state) {
  std::vector<system::Stimulus> stimuli;
  system::StepResult result;
  proof.system.enabled(state, stimuli);
  bool elsewhere = false;
  try {
    for (const system::Stimulus stimulus : stimuli) {
      proof.system.step(state, stimulus, result);
      elsewhere |= result.state != state && !proof.states.contains(result.state);
    }
  } catch (const std::logic_error&) {
    return false;
  }
  return elsewhere;
}

/// Two lanes that raise events at each other, one of which is renewed. Nearly every order of
/// processing but the right one meets an event that nobody takes.
System lanes() {
  enum : machine::EventId { ask, note, ack, free, start, finish, kEvents };
  struct Rule {
    machine::LocalId from;
    machine::EventId event;
    machine::LocalId to;
    bool speaks;
  };
  auto table = [](int locals, const std::vector<Rule>& rules) {
    auto made = std::make_shared<machine::Table>();
    made->outputs = {"ask", "note", "ack", "free", "start", "finish"};
    made->events = made->outputs;
    made->output_lists = {{}};
    for (machine::OutputId output = 0; output < kEvents; ++output)
      made->output_lists.push_back({output});
    for (int i = 0; i < locals; ++i) {
      made->states.push_back("s" + std::to_string(i));
      made->locals.push_back({static_cast<std::uint16_t>(i), ""});
    }
    made->cells.resize(static_cast<std::size_t>(locals) * kEvents);
    for (const Rule& rule : rules) {
      made->cells[rule.from * std::size_t{kEvents} + rule.event] = {
          .next = rule.to,
          .outputs = static_cast<std::uint16_t>(rule.speaks ? rule.event + 1 : 0),
          .row = 0,
          .verdict = machine::Verdict::taken};
    }
    return made;
  };
  auto raise = [](Index component, machine::EventId event) {
    return Action{.kind = Action::Kind::raise, .target = component, .event = event};
  };
  System made;
  made.components = {
      {"asker",
       table(4, {{0, ask, 1, true}, {1, note, 2, false}, {2, ack, 3, false}, {3, free, 0, true}}),
       0, 0},
      {"line", table(3, {{0, start, 1, true}, {1, finish, 2, true}}), 0, 1}};
  made.timers = {{.name = "pause", .owner = 1, .event = finish}};
  made.choices = {{"ask", 0, ask}};
  made.lanes = {{"asker"}, {"line", 0, {{1, {false, false, true}}}, {raise(0, free)}}};
  made.bind(0, ask, {raise(1, start), raise(0, note)});
  made.bind(1, start, {raise(0, ack), {.kind = Action::Kind::arm, .target = 0}});
  made.observer = 0;
  made.seal();
  return made;
}
//--------------------------------------------------------------------------------------------------

TEST_CASE("certificates: a hop", "[proofs][recheck]") {
  const Proof proof(deployment::hop_system(plain_hop()));
  const std::string bytes = proof.certificate();
  const Outcome outcome = check(bytes);
  INFO(outcome.reason);
  CHECK(outcome.verdict == Outcome::Verdict::valid);
  CHECK(outcome.states == proof.explored.states);
  CHECK(outcome.steps == proof.explored.transitions);

  SECTION("proves nothing about what is emitted") {
    for (const Found& found : proof.explored.found) {
      const Outcome refuted = check(proof.certificate(1ull << found.output));
      CHECK(refuted.verdict == Outcome::Verdict::invalid);
      const auto& outputs = proof.system.components[deployment::hop::observer].table->outputs;
      CHECK_THAT(refuted.reason, Catch::Contains("observer emits `" + outputs[found.output] + "`"));
      CHECK_THAT(refuted.reason, Catch::Contains("state ") && Catch::Contains("step `"));
    }
    CHECK_FALSE(proof.explored.found.empty());
  }
  SECTION("is undecided without time") {
    const Outcome none = recheck::check(recheck::read(bytes), -1);
    CHECK(none.verdict == Outcome::Verdict::undecided);
    CHECK_FALSE(none.reason.empty());
  }
  SECTION("needs every one of its states") {
    for (std::size_t s = 0; s < proof.states.size(); ++s)
      CHECK(check(proof.certificate(proof.without(s), 0)).verdict == Outcome::Verdict::invalid);
  }
  SECTION("refuses a state from which a step leads elsewhere") {
    int refused = 0;
    for (std::size_t s = 0; s < proof.states.size() && refused < 20; ++s) {
      // A timer that runs although it was never armed there.
      system::State state = proof.states[s];
      state.bytes[proof.system.bytes() - 2] |= static_cast<std::uint8_t>(1 << s % 8);
      if (proof.states.contains(state) || !leads_elsewhere(proof, state)) continue;
      StateSet more = proof.without(proof.states.size());
      more.insert(state);
      CHECK(check(proof.certificate(more, 0)).verdict == Outcome::Verdict::invalid);
      ++refused;
    }
    CHECK(refused == 20);
  }
  SECTION("is refused with any byte changed, at the end at the latest") {
    for (std::size_t at = 0; at < bytes.size(); at += 1 + at % 97) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
      CHECK_THROWS_AS(recheck::read(changed), Unreadable);
    }
  }
  SECTION("is refused when it is cut short or goes on, and says where") {
    for (std::size_t length = 0; length < bytes.size(); length += 1 + length % 89) {
      try {
        recheck::read(std::string_view(bytes).substr(0, length));
        FAIL("read with " << length << " bytes");
      } catch (const Unreadable& error) {
        CHECK(error.offset <= length);
      }
    }
    try {
      recheck::read(bytes + "x");
      FAIL("read with a byte too many");
    } catch (const Unreadable& error) {
      CHECK(error.offset == bytes.size());
    }
  }
}

TEST_CASE("certificates: lanes that raise at each other and are renewed", "[proofs][recheck]") {
  const Proof proof(lanes());
  REQUIRE(proof.explored.states == 2);
  CHECK(valid(proof.certificate()));
  // The renewal is seen: its event is the only way to the output `free`.
  constexpr std::uint64_t kFree = 1 << 3;
  CHECK((proof.emitted & kFree) != 0);
  CHECK_FALSE(valid(proof.certificate(kFree)));
  for (std::size_t s = 0; s < proof.states.size(); ++s)
    CHECK_FALSE(valid(proof.certificate(proof.without(s), 0)));
}

TEST_CASE("certificates: arbitrary systems", "[proofs][recheck]") {
  rc::prop("check, with as many steps as the engine made, and need each of their states", [] {
    const Proof proof(test::small_system());
    const Outcome outcome = check(proof.certificate());
    RC_LOG() << outcome.reason;
    RC_ASSERT(outcome.verdict == Outcome::Verdict::valid);
    RC_ASSERT(outcome.steps == proof.explored.transitions);
    const auto any = *rc::gen::inRange<std::size_t>(0, proof.states.size());
    RC_ASSERT_FALSE(valid(proof.certificate(proof.without(any), 0)));
  });
  rc::prop("check for arbitrary hops", [] {
    const auto hop = test::small_hop();
    RC_LOG() << test::shown(hop);
    Proof proof(deployment::hop_system(hop));
    if (proof.states.size() > 3'000) return;
    const Outcome outcome = check(proof.certificate());
    RC_LOG() << outcome.reason;
    RC_ASSERT(outcome.verdict == Outcome::Verdict::valid);
    RC_ASSERT(outcome.steps == proof.explored.transitions);
  });
}

/// The checksum set right again, so that what lies before it is read with care.
std::string with_checksum(std::string bytes) {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i + 4 < bytes.size(); ++i) {
    crc ^= static_cast<std::uint8_t>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  for (std::size_t i = 0; i < 4; ++i)
    bytes[bytes.size() - 4 + i] = static_cast<char>(~crc >> 8 * i & 0xff);
  return bytes;
}

/// Reads and checks. @return false when the bytes are no certificate
bool readable(const std::string& bytes) {
  try {
    recheck::check(recheck::read(bytes), 1'000);
    return true;
  } catch (const Unreadable& error) {
    RC_ASSERT(error.offset <= bytes.size());
    return false;
  }
}

TEST_CASE("certificates: arbitrary bytes", "[proofs][recheck]") {
  rc::prop("are read without harm", [](const std::string& bytes) {
    RC_ASSERT_FALSE(readable(bytes));
    readable(std::string("halfclose certificate\n\1\0\0\0", 26) + bytes);
  });
}

TEST_CASE("certificates: arbitrary bytes in a certificate", "[proofs][recheck]") {
  int read = 0;
  rc::prop("are read and checked without harm", [&] {
    std::string bytes = Proof(lanes()).certificate();
    REQUIRE(with_checksum(bytes) == bytes);
    for (int round = 0; round < 200; ++round) {
      std::string changed = bytes;
      const int changes = *rc::gen::inRange(1, 4);
      for (int i = 0; i < changes; ++i)
        changed[*rc::gen::inRange<std::size_t>(26, bytes.size() - 4)] = *rc::gen::arbitrary<char>();
      if (readable(with_checksum(changed))) ++read;
    }
  });
  // Some of them are certificates of something: then the checker itself was put to the test.
  CHECK(read > 100);
}
}  // namespace
}  // namespace halfclose::proofs
