// Properties of witnesses and their renderers (proofs/witness): every race that a few hops admit,
// hostile text.
#include "proofs/witness/witness.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/timed/zone_explorer.hpp"
#include "proofs/witness/json.hpp"
#include "proofs/witness/mermaid.hpp"
#include "proofs/witness/re_execute.hpp"
#include "proofs/witness/svg.hpp"
#include "proofs/witness/text.hpp"
#include "property_tests/proofs/witness_defects.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

namespace halfclose::proofs {
namespace {

using deployment::HopSettings;
using deployment::kOff;
using http1::server::AgeClose;
using http1::server::CloseStyle;
using http1::server::OnExpectation;
using Json = nlohmann::ordered_json;
using test::change;
using test::contains;
using test::refusal;
using test::xml_defect;

constexpr Time kMs = 1'000, kSecond = 1'000'000;

//--- witnesses
//---------------------------------------------------------------------------------------------------

HopSettings equal_idle_timeouts() {
  HopSettings hop;
  hop.client = {.name = "alb", .idle = 60 * kSecond, .loop = {.stall = 10 * kMs}};
  hop.server = {
      .name = "app", .idle = 60 * kSecond, .loop = {.stall = 10 * kMs, .timers_first = true}};
  hop.delay_min = 100;
  hop.delay_max = 5 * kMs;
  return hop;
}

std::vector<HopSettings> hops() {
  std::vector<HopSettings> hops(11, equal_idle_timeouts());
  hops[0].client.profile.pipelines = true;
  hops[0].server.profile.limits_requests = true;

  // Envoy: a drain, then a second in which nothing is read.
  hops[1].client.idle = 3600 * kSecond;
  hops[1].client.profile.waits_for_close = true;
  hops[1].server.drain = 5 * kSecond;
  hops[1].server.close = kSecond;
  hops[1].server.profile = {.close_style = CloseStyle::delayed, .idle_drains = true};
  hops[1].server.loop.timers_first = false;

  hops[2].with_shutdown = hops[2].with_removal = true;
  hops[2].client.idle = 3600 * kSecond;
  hops[2].client.response =
      30 * kSecond;  // only a connection that was used again and again gets old
  hops[2].client.profile.write_error_fatal = false;
  hops[2].server.age = 600 * kSecond;
  hops[2].server.close = 5 * kSecond;
  hops[2].server.linger = 30 * kSecond;
  hops[2].server.profile.close_style = CloseStyle::half_close_drain;

  hops[3].server.close = 500 * kMs;
  hops[3].server.profile = {
      .close_style = CloseStyle::half_close_wait, .idle_408 = true, .limits_requests = true};

  hops[4].client.profile.peeks = true;
  hops[4].client.discards_on_rst = true;
  hops[4].server.profile.idle_starts_buffered = true;

  // The response is still in the application's buffer when the delayed close ends.
  hops[5].server.close = 2 * kMs;
  hops[5].server.profile = {
      .close_style = CloseStyle::delayed, .idle_starts_buffered = true, .limits_requests = true};
  hops[5].server.idle = 5 * kMs;
  hops[5].client.loop.stall = 50 * kMs;

  // Names that every format has to escape.
  hops[6].client.name = "a\"<&'>;#end: \x01 %% ]]>";
  hops[6].server.name = "end\n\xce\xb4\xe2\x86\x92\\{}";
  hops[6].client.profile.watches = false;

  // A request takes over the connection that a server closes behind its response.
  hops[7].with_waiting = true;
  hops[7].client.profile.attaches_later = true;
  hops[7].server.profile.closes_unannounced = true;

  // A crash in a response without length; a timer that runs while the connection is opened.
  hops[8].with_crash = hops[8].with_removal = hops[8].with_shutdown = true;
  hops[8].client.idle = kMs;
  hops[8].client.profile.idle_from_start = true;
  hops[8].client.profile.half_closes = true;
  hops[8].server.profile.close_delimited = hops[8].server.profile.aborts_half_closed = true;

  // Something on the way forgets the connection before anybody closes it.
  hops[9].middlebox = 30 * kSecond;

  // A final response where a 100 was awaited, and a server that still reads for the content.
  hops[10].client.profile.expects_continue = true;
  hops[10].client.profile.omits_content = true;
  hops[10].client.expect = kSecond;
  hops[10].server.profile.early_closes = false;
  return hops;
}

std::vector<Witness> witnesses_of(const HopSettings& hop) {
  std::vector<Witness> witnesses;
  const system::System system = deployment::hop_system(hop);
  Search search;
  search.goals = ~0ull;
  search.stop_when_found = false;
  for (const Found& found : explore_timed(system, search).found) {
    const auto schedule = proofs::schedule(system, found.path);
    REQUIRE(schedule.has_value());
    Witness& witness =
        witnesses.emplace_back(make_witness(hop, found.path, schedule->times, schedule->aging));
    witness.property = system.components[system.observer].table->outputs[found.output];
    witness.statement = "A request crosses the close of its connection, & nobody is to blame.";
    witness.client_profile = "aws-alb";
    witness.server_profile = "node";
    witness.symptoms = {{"aws-alb", "502, target_status_code `-`"}, {"node", "nothing"}};
    witness.fix = "raise app.downstream.idle_timeout to 60.03s";
  }
  return witnesses;
}

const std::vector<Witness>& witnesses() {
  static const std::vector<Witness> all = [] {
    std::vector<Witness> found;
    for (const HopSettings& hop : hops()) {
      for (Witness& witness : witnesses_of(hop))
        found.push_back(std::move(witness));
    }
    return found;
  }();
  return all;
}

const Witness& any_witness() {
  return witnesses()[*rc::gen::inRange<std::size_t>(0, witnesses().size())];
}

bool same(const http1::client::Profile& a, const http1::client::Profile& b) {
  return a == b;
}
bool same(const HopSettings& a, const HopSettings& b) {
  auto client = [](const deployment::ClientSide& c) {
    return std::tie(c.name, c.idle, c.age, c.response, c.discards_on_rst, c.loop, c.keepalive,
                    c.expect);
  };
  auto server = [](const deployment::ServerSide& s) {
    return std::tie(s.name, s.profile, s.idle, s.idle_grace, s.drain, s.close, s.linger, s.age,
                    s.loop, s.keepalive);
  };
  return client(a.client) == client(b.client) && same(a.client.profile, b.client.profile) &&
         server(a.server) == server(b.server) && a.delay_min == b.delay_min &&
         a.delay_max == b.delay_max && a.middlebox == b.middlebox && a.with_body == b.with_body &&
         a.responses_fit == b.responses_fit && a.content_within == b.content_within &&
         a.with_shutdown == b.with_shutdown && a.with_waiting == b.with_waiting &&
         a.with_crash == b.with_crash && a.with_removal == b.with_removal;
}
const HopSettings& hop_of(const Witness& witness) {
  return std::get<HopSettings>(witness.settings);
}
bool same(const Witness& a, const Witness& b) {
  auto rest = [](const Witness& w) {
    return std::tie(w.property, w.statement, w.client_profile, w.server_profile, w.path, w.aging,
                    w.steps, w.segments, w.timers, w.observed, w.symptoms, w.fix);
  };
  return same(hop_of(a), hop_of(b)) && rest(a) == rest(b);
}

//--- hostile values
//------------------------------------------------------------------------------------------------

std::string any_text() {
  return *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("ab>-. \"\\\n\t\x01<&;#:%{}[]")));
}
Time any_duration() {
  return *rc::gen::inRange<Time>(0, 10 * kSecond);
}
Time any_limit() {
  return *rc::gen::arbitrary<bool>() ? kOff : any_duration();
}
bool any_flag() {
  return *rc::gen::arbitrary<bool>();
}
deployment::Loop any_loop() {
  return {any_duration(), any_flag(), any_flag()};
}

HopSettings any_settings() {
  HopSettings hop;
  hop.client = {any_text(), {}, any_limit(), any_limit(), any_limit(), any_flag(), any_loop()};
  hop.client.profile = {any_flag(), any_flag(), any_flag(), any_flag(), any_flag(), any_flag(),
                        any_flag(), any_flag(), any_flag(), any_flag(), any_flag(), any_flag(),
                        any_flag(), any_flag(), any_flag(), any_flag(), any_flag()};
  hop.server = {any_text(),  {},          any_limit(), any_duration(), any_duration(),
                any_limit(), any_limit(), any_limit(), any_limit(),    any_loop()};
  hop.server.profile = {static_cast<CloseStyle>(*rc::gen::inRange(0, 5)),
                        static_cast<AgeClose>(*rc::gen::inRange(0, 3)),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        any_flag(),
                        static_cast<OnExpectation>(*rc::gen::inRange(0, 3))};
  hop.client.keepalive = any_limit();
  hop.server.keepalive = any_limit();
  hop.client.expect = any_limit();
  hop.middlebox = any_limit();
  hop.delay_min = any_duration();
  hop.delay_max = hop.delay_min + any_duration();
  hop.with_body = any_flag();
  hop.responses_fit = any_flag();
  hop.content_within = any_limit();
  hop.with_shutdown = any_flag();
  hop.with_waiting = any_flag();
  hop.with_crash = any_flag();
  hop.with_removal = any_flag();
  return hop;
}

}  // namespace

TEST_CASE("witness: the races of the hops", "[proofs][witness]") {
  SECTION("are all there to be drawn") {
    std::set<std::string> reached;
    for (const Witness& witness : witnesses())
      reached.insert(witness.property);
    std::set<std::string> expected{"response-kept", "right-response", "whole-or-error"};
    for (const Race& race : races())
      expected.insert(std::string(race.slug));
    CHECK(reached == expected);
  }
}

TEST_CASE("witness: a connection that grew old", "[proofs][witness]") {
  std::size_t aged = 0;
  for (const Witness& witness : witnesses()) {
    if (witness.aging.by == 0) continue;
    ++aged;
    CHECK(contains(to_text(witness),
                   "... other requests are served for " + format_time(witness.aging.by)));
    for (const Segment& segment : witness.segments)
      CHECK(flight_time(witness, segment) <= hop_of(witness).delay_max);
    Witness elsewhere = witness, longer = witness;
    elsewhere.aging.step = 0;
    CHECK(re_execute(elsewhere) == "step 0, aging: no part of the past can be left out there");
    longer.aging.by *= 2;
    CHECK(re_execute(longer) != "");
  }
  CHECK(aged > 0);
}

TEST_CASE("witness: running it again", "[proofs][witness]") {
  SECTION("gives what is recorded") {
    for (const Witness& witness : witnesses())
      CHECK(re_execute(witness) == "");
  }
  SECTION("refuses a step that is an hour late, or before the one before it") {
    for (const Witness& witness : witnesses()) {
      for (std::size_t k = 0; k < witness.steps.size(); ++k) {
        Witness late = witness, early = witness;
        late.steps[k].at += 3600 * kSecond;
        CHECK(re_execute(late) != "");
        if (k == 0 || witness.steps[k - 1].at == 0) continue;
        early.steps[k].at = witness.steps[k - 1].at - 1;
        CHECK(contains(re_execute(early), "step " + std::to_string(k) + ", at"));
      }
    }
  }
  SECTION("refuses a step that cannot happen, and names it") {
    for (Witness witness : witnesses()) {
      if (witness.path.size() < 3) continue;        // it ends before there is a SYN,ACK
      std::swap(witness.path[1], witness.path[2]);  // the SYN,ACK before the SYN
      CHECK(contains(re_execute(witness), "step 1, stimulus"));
    }
  }
  SECTION("names the bound that a time breaks") {
    Witness witness = witnesses().front();
    witness.steps[1].at = 99;
    CHECK(re_execute(witness) ==
          "step 1, at: 0.099 ms is earlier than the delay of alb>app allows, 0.1 ms");
    witness.steps[1].at = 5'001;
    CHECK(re_execute(witness) ==
          "step 1, at: 5.001 ms is later than the delay of alb>app allows, 5 ms");
  }
  SECTION("refuses a property that does not happen") {
    Witness witness = witnesses().front();
    witness.property = "shutdown-close";
    CHECK(re_execute(witness) == "property: `shutdown-close` does not happen");
  }
}

TEST_CASE("witness: JSON", "[proofs][witness]") {
  SECTION("holds all of it") {
    for (const Witness& witness : witnesses()) {
      for (const int indent : {-1, 2}) {
        const LoadedWitness loaded = from_json(to_json(witness, indent));
        CHECK(loaded.error == "");
        REQUIRE(loaded.witness.has_value());
        CHECK(same(*loaded.witness, witness));
      }
    }
  }
  SECTION("of the reference page is a true witness") {
    std::ostringstream page;
    page << std::ifstream(HALFCLOSE_SOURCE_DIR "/docs/reference/witness.md").rdbuf();
    const std::size_t begin = page.str().find("```json\n") + 8;
    const std::string example = page.str().substr(begin, page.str().find("```", begin) - begin);
    CHECK(refusal(example) == "");
    CHECK(to_json(from_json(example).witness.value()) + "\n" == example);
  }
  rc::prop("holds every setting, whatever its value", [] {
    Witness witness;
    witness.settings = any_settings();
    witness.property = any_text();
    witness.fix = any_text();
    const LoadedWitness loaded = from_json(to_json(witness));
    RC_ASSERT(loaded.error == "");
    RC_ASSERT(same(*loaded.witness, witness));
  });
  rc::prop("is refused when one value of the run is another", [] {
    Json json = Json::parse(to_json(any_witness())).flatten();
    std::vector<std::string> run;
    for (const auto& [place, value] : json.items()) {
      // A step's time alone may have another value that is as true; the bounds are tested above.
      if (place.ends_with("at_us")) continue;
      for (const char* part : {"/path/", "/steps/", "/segments/", "/timers/", "/observed/"}) {
        if (place.starts_with(part)) run.push_back(place);
      }
    }
    const std::string place = *rc::gen::elementOf(run);
    change(json[place]);
    const std::string why = refusal(json.unflatten().dump());
    RC_LOG(place + ": " + why);
    RC_ASSERT(why != "");
    RC_ASSERT(!contains(why, "\n"));
  });
  rc::prop("is refused when an item of a list is missing or twice there", [] {
    Json json = Json::parse(to_json(any_witness()));
    Json& list =
        json[*rc::gen::element<std::string>("path", "steps", "segments", "timers", "observed")];
    RC_PRE(!list.empty());
    const auto at = static_cast<std::ptrdiff_t>(*rc::gen::inRange<std::size_t>(0, list.size()));
    if (any_flag()) {
      list.erase(list.begin() + at);
    } else {
      list.push_back(Json(list[at]));
    }
    RC_ASSERT(refusal(json.dump()) != "");
  });
  rc::prop("is refused when a member is missing, unknown or of another type", [] {
    Json json = Json::parse(to_json(any_witness()));
    Json* object = &json;
    while (any_flag()) {
      std::vector<Json*> inner;
      for (Json& value : *object) {
        if (value.is_array() && !value.empty())
          inner.push_back(&value[*rc::gen::inRange<std::size_t>(0, value.size())]);
        if (value.is_object()) inner.push_back(&value);
      }
      if (inner.empty()) break;
      object = *rc::gen::elementOf(inner);
    }
    auto member = object->begin();
    std::advance(member, *rc::gen::inRange<std::size_t>(0, object->size()));
    switch (*rc::gen::inRange(0, 3)) {
      // `result` and `segment` may be absent by themselves, and then the run differs.
      case 0:
        object->erase(member);
        break;
      case 1:
        (*object)["unheard of"] = 1;
        break;
      default:
        *member = Json::array({member->type_name()});
        break;
    }
    RC_ASSERT(refusal(json.dump()) != "");
  });
  rc::prop("survives arbitrary bytes",
           [](const std::string& bytes) { RC_ASSERT(!from_json(bytes).witness); });
  rc::prop("survives broken text, and so does whatever is drawn of it", [] {
    std::string text = to_json(any_witness(), -1);
    for (int edits = *rc::gen::inRange(1, 4); edits > 0; --edits) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size());
      text[at] =
          *rc::gen::elementOf(std::string("0123456789\"{}[],:-.eE \xff\x80"
                                          "abz"));
    }
    const LoadedWitness loaded = from_json(text);
    RC_CLASSIFY(loaded.witness.has_value(), "loaded");
    if (!loaded.witness) return RC_ASSERT(loaded.error != "");
    re_execute(*loaded.witness);
    to_text(*loaded.witness);
    to_mermaid(*loaded.witness);
    RC_ASSERT(xml_defect(to_svg(*loaded.witness)) == "");
  });
  SECTION("has no bottom and no giants") {
    CHECK(!from_json(std::string(1'000'000, '[')).witness);
    CHECK(!from_json(std::string(1'000'000, '[') + std::string(1'000'000, ']')).witness);
    CHECK(!from_json(std::string(17u << 20, ' ')).witness);
    Json json = Json::parse(to_json(witnesses().front()));
    json["steps"][0]["at_us"] = UINT64_MAX;
    CHECK(contains(from_json(json.dump()).error, "`steps[0].at_us` is a whole number from 0 to"));
  }
}

TEST_CASE("witness: text", "[proofs][witness]") {
  SECTION("says every segment, the verdict and all sections, within its width") {
    for (const Witness& witness : witnesses()) {
      for (const bool ascii : {false, true}) {
        const std::string text = to_text(witness, {.ascii = ascii});
        for (int s = 0; s < static_cast<int>(witness.segments.size()); ++s) {
          CHECK(contains(text, "─ " + segment_name(witness, s)) != ascii);
          CHECK(contains(text, "- " + segment_name(witness, s)) == ascii);
        }
        CHECK(contains(text, "=> " + witness.property));
        CHECK(contains(text, "\nsymptoms\n"));
        CHECK(contains(text, "\nfix\n  raise app.downstream.idle_timeout"));
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);)
          CHECK(length(line) <= 120);
      }
    }
  }
  SECTION("colours only when it is told to, and is otherwise the same") {
    for (const Witness& witness : witnesses()) {
      std::string coloured = to_text(witness, {.colour = true});
      const std::string plain = to_text(witness);
      CHECK(!contains(plain, "\x1b"));
      CHECK(contains(coloured, "\x1b[31m"));
      for (std::size_t at; (at = coloured.find('\x1b')) != std::string::npos;)
        coloured.erase(at, coloured.find('m', at) - at + 1);
      std::string trimmed;
      std::istringstream lines(coloured);
      for (std::string line; std::getline(lines, line);)
        trimmed += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      CHECK(trimmed == plain);
    }
  }
  SECTION("writes times as people do") {
    CHECK(format_time(0) == "0 ms");
    CHECK(format_time(300) == "0.3 ms");
    CHECK(format_time(999'999) == "999.999 ms");
    CHECK(format_time(60'000'300) == "60.0003 s");
  }
  rc::prop("wraps without losing a word", [] {
    const std::string text = printable(any_text());
    const int width = *rc::gen::inRange(1, 12);
    std::string again;
    for (const std::string& line : wrap(text, width)) {
      RC_ASSERT(length(line) <= width);
      again += line;
    }
    auto letters = [](std::string s) {
      s.erase(std::remove(s.begin(), s.end(), ' '), s.end());
      return s;
    };
    RC_ASSERT(letters(again) == letters(text));
  });
}

TEST_CASE("witness: pictures", "[proofs][witness]") {
  SECTION("the SVG is well formed and says every segment, call and verdict") {
    for (const Witness& witness : witnesses()) {
      const std::string svg = to_svg(witness);
      CHECK(xml_defect(svg) == "");
      for (int s = 0; s < static_cast<int>(witness.segments.size()); ++s)
        CHECK(contains(svg, segment_name(witness, s) + ": sent"));
      CHECK(contains(svg, ">" + witness.property));
    }
  }
  rc::prop("the SVG is well formed whatever the names", [] {
    Witness witness = any_witness();
    witness.property = any_text();
    witness.statement = any_text();
    std::get<HopSettings>(witness.settings).client.name = *rc::gen::arbitrary<std::string>();
    witness.steps.front().happenings.front().text = *rc::gen::arbitrary<std::string>();
    witness.segments.front().text = any_text();
    witness.symptoms.push_back({any_text(), *rc::gen::arbitrary<std::string>()});
    RC_ASSERT(xml_defect(to_svg(witness)) == "");
  });
  SECTION(
      "the Mermaid diagram has an arrow for every segment, and nothing that ends a label early") {
    for (const Witness& witness : witnesses()) {
      std::istringstream lines(to_mermaid(witness));
      std::string line;
      std::getline(lines, line);
      CHECK(line == "sequenceDiagram");
      std::size_t arrows = 0;
      while (std::getline(lines, line)) {
        for (const char* wire : {"ck->>sk", "sk->>ck", "ck-xsk", "sk-xck", "ck-)sk", "sk-)ck"})
          arrows += line.starts_with("    " + std::string(wire));
        for (std::size_t at = 0; (at = line.find(';', at)) != std::string::npos; ++at) {
          CHECK(line.find_last_not_of("0123456789", at - 1) == line.rfind('#', at));
        }
      }
      CHECK(arrows == witness.segments.size());
    }
  }
}

}  // namespace halfclose::proofs
