// Properties of witnesses of a proxy between its hops (proofs/witness): arbitrary runs of small
// systems, and a run in which a retry executes a request twice.
#include "model/monitor/request_observer.hpp"
#include "proofs/explore/explorer.hpp"
#include "proofs/timed/schedule.hpp"
#include "proofs/witness/mermaid.hpp"
#include "proofs/witness/svg.hpp"
#include "proofs/witness/text.hpp"
#include "property_tests/proofs/hop_settings_generator.hpp"
#include "property_tests/proofs/witness_defects.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

namespace halfclose::proofs {
namespace {

using deployment::HopSettings;
using deployment::ProxySettings;
using test::change;
using test::contains;
using test::refusal;
using test::xml_defect;
using Json = nlohmann::ordered_json;

constexpr Time kMs = 1'000, kSecond = 1'000'000;

//--- systems and runs ---------------------------------------------------------------------------

HopSettings hop_between(const std::string& client, const std::string& server) {
  HopSettings hop;
  hop.client.name = client;
  hop.server.name = server;
  hop.client.idle = 60 * kSecond;
  hop.server.idle = 5 * kSecond;
  hop.delay_max = 5 * kMs;
  hop.responses_fit = true;
  return hop;
}

/// A browser, a proxy that retries when no response comes in time, and an origin.
ProxySettings retries_timeouts() {
  ProxySettings proxy;
  proxy.downstream = hop_between("browser", "edge");
  proxy.upstream = hop_between("edge", "app");
  proxy.upstream.client.response = kSecond;
  proxy.connections = 2;
  proxy.exchange.tries = 1;
  proxy.exchange.on_timeout = true;
  return proxy;
}

bool coin() {
  return *rc::gen::arbitrary<bool>();
}

ProxySettings any_proxy() {
  ProxySettings proxy;
  proxy.clients = *rc::gen::inRange(1, 3);
  proxy.connections = *rc::gen::inRange(1, 3);
  auto hop = [](const std::string& client, const std::string& server) {
    HopSettings made = test::small_hop();
    made.client.name = client;
    made.server.name = server;
    return made;
  };
  if (coin()) proxy.downstream = hop("browser", "edge");
  proxy.upstream = hop("edge", "app");
  proxy.exchange = {.on_connect_failure = coin(),
                    .on_reset = coin(),
                    .on_empty_response = coin(),
                    .on_timeout = coin(),
                    .on_unwritten = coin(),
                    .method = coin(),
                    .only_reused = coin(),
                    .fresh_connection = coin(),
                    .reused_is_free = coin(),
                    .tries = static_cast<std::uint8_t>(*rc::gen::inRange(0, 4)),
                    .buffers_request = coin(),
                    .keeps_content = coin(),
                    .pauses = coin(),
                    .fails_silently = coin(),
                    .forwards_close = coin(),
                    .mirrors_origin_close = coin(),
                    .mirrors_client_close = coin()};
  proxy.pool = {.fifo = coin(), .next_loop = coin(), .queues = coin()};
  proxy.content = coin();
  proxy.aborts = coin();
  proxy.manages = coin();
  proxy.attempts_claimed = *rc::gen::inRange(0, 4);
  return proxy;
}

/// A run of any enabled stimuli. A step for which the model has no row is not its business: the run
/// ends before it.
Path any_path(const Settings& settings, int most) {
  const system::System system = stage_of(settings).system;
  Path path;
  system::State state = system.initial();
  system::StepResult result;
  std::vector<system::Stimulus> enabled;
  for (int k = *rc::gen::inRange(1, most); k > 0; --k) {
    system.enabled(state, enabled);
    if (enabled.empty()) break;
    const system::Stimulus stimulus = *rc::gen::elementOf(enabled);
    try {
      system.step(state, stimulus, result);
    } catch (const std::logic_error&) {
      break;
    }
    state = result.state;
    path.push_back(stimulus);
  }
  return path;
}

Witness any_run(int most = 50) {
  const ProxySettings proxy = any_proxy();
  Witness witness = make_witness(proxy, any_path(proxy, most));
  witness.property = "duplicate-execution";
  witness.proxy_profile = "envoy";
  return witness;
}

/// The shortest run to an output of the request observer.
Witness shortest(const ProxySettings& proxy, monitor::request::Out output) {
  deployment::ProxyParts parts;
  const system::System system = deployment::proxy_system(proxy, &parts);
  const auto goal = static_cast<machine::OutputId>(output);
  const Exploration found =
      explore(system, {.goals = 1ull << goal, .limits = {.states = 500'000, .bytes = 1ull << 30}});
  const Path* path = found.path_to(goal);
  REQUIRE(path != nullptr);
  Witness witness = make_witness(proxy, *path);
  witness.property = system.components[parts.observer].table->outputs[goal];
  return witness;
}

const Witness& twice_executed() {
  static const Witness witness = shortest(retries_timeouts(), monitor::request::Out::at_most_once);
  return witness;
}

std::size_t verdicts(const Witness& witness, const std::string& text, const std::string& where) {
  const Cast cast = cast_of(witness.settings);
  std::size_t count = 0;
  for (const WitnessStep& step : witness.steps) {
    for (const Happening& happening : step.happenings)
      count += happening.kind == Happening::Kind::verdict && happening.text == text &&
               cast.actors[happening.actor].id == where;
  }
  return count;
}

bool says(const Witness& witness, const std::string& who, const std::string& text) {
  const Cast cast = cast_of(witness.settings);
  for (const WitnessStep& step : witness.steps) {
    for (const Happening& happening : step.happenings) {
      if (cast.actors[happening.actor].id == who && happening.text == text) return true;
    }
  }
  return false;
}

}  // namespace

TEST_CASE("composed witness: the cast", "[proofs][witness]") {
  SECTION("stands in the order a request travels") {
    std::vector<std::string> columns;
    for (const Column& column : cast_of(retries_timeouts()).columns)
      columns.push_back(column.name());
    CHECK(columns == std::vector<std::string>{"browser", "browser kernel", "edge kernel", "edge",
                                              "edge kernel a", "app kernel a", "app a",
                                              "edge kernel b", "app kernel b", "app b"});
  }
  rc::prop("finds every component that is no observer, once, and what it is", [] {
    const Stage stage = stage_of(any_proxy());
    std::set<ActorId> found;
    for (std::size_t c = 0; c < stage.system.components.size(); ++c) {
      const ActorId actor = stage.actor_of[c];
      RC_ASSERT((actor == kNobody) == stage.observes[c]);
      // A middlebox stands beside the server's kernel.
      if (actor == kNobody || stage.system.components[c].table->machine == "middlebox") continue;
      RC_ASSERT(found.insert(actor).second);
      RC_ASSERT(stage.component_of[actor] == c);
      const std::string& machine = stage.system.components[c].table->machine;
      const ActorKind kind = stage.cast.actors[actor].kind;
      RC_ASSERT((kind == ActorKind::kernel) == (machine == "tcp-endpoint"));
      RC_ASSERT((kind == ActorKind::pool) == (machine == "proxy-pool"));
      RC_ASSERT((kind == ActorKind::exchange) == (machine == "proxy-exchange"));
    }
    RC_ASSERT(found.size() == stage.cast.actors.size());
  });
  rc::prop("has wires between neighbours, and a name of its own for each", [] {
    const Stage stage = stage_of(any_proxy());
    std::set<std::string> ids, names;
    for (const Actor& actor : stage.cast.actors) {
      RC_ASSERT(ids.insert(actor.id).second);
      if (actor.kind != ActorKind::kernel) continue;
      const Actor& far = stage.cast.actors[actor.far_end];
      RC_ASSERT(far.column + 1 == actor.column || far.column == actor.column + 1);
      RC_ASSERT(names.insert(actor.name).second);
    }
    for (const system::Queue& queue : stage.system.queues) {
      if (queue.kind != system::QueueKind::wire) continue;
      RC_ASSERT(stage.cast.actors[stage.actor_of[queue.from]].far_end == stage.actor_of[queue.to]);
    }
  });
}

TEST_CASE("composed witness: a request that a retry executes twice", "[proofs][witness]") {
  const Witness& witness = twice_executed();
  CHECK(re_execute(witness) == "");
  CHECK(says(witness, "client", "the observer watches the next request"));
  CHECK(says(witness, "pool", "opens connection a"));
  CHECK(says(witness, "exchange", "retries the request"));
  CHECK(says(witness, "pool", "opens connection b"));
  CHECK(verdicts(witness, "at-most-once", "origin-b") == 1);
  const std::string text = to_text(witness);
  CHECK(contains(text, "order only, no times"));
  CHECK(contains(text, "=> at-most-once (at app b)"));
  CHECK(contains(text, "edge: retries the request"));
  CHECK(contains(text, "armed at step"));
  CHECK(contains(to_mermaid(witness), "participant p9 as app b"));
  CHECK(contains(to_svg(witness), ">at-most-once (at app b)"));
}

TEST_CASE("composed witness: times", "[proofs][witness]") {
  SECTION("are kept when there are some") {
    const Witness& order = twice_executed();
    const auto schedule = proofs::schedule(stage_of(order.settings).system, order.path);
    REQUIRE(schedule.has_value());
    Witness witness = make_witness(order.settings, order.path, schedule->times, schedule->aging);
    witness.property = order.property;
    CHECK(refusal(to_json(witness)) == "");
    CHECK(!contains(to_text(witness), "order only"));
    witness.steps.back().at += 3600 * kSecond;
    CHECK(contains(re_execute(witness), "is later than"));
  }
  SECTION("are not claimed of one hop either") {
    const HopSettings hop = hop_between("alb", "app");
    const Exploration found = explore(deployment::hop_system(hop), {.goals = 1});
    REQUIRE(found.path_to(0) != nullptr);
    Witness witness = make_witness(hop, *found.path_to(0));
    witness.property = "keepalive-reuse";
    const std::string json = to_json(witness);
    CHECK(contains(json, "halfclose-witness/2"));
    CHECK(!contains(json, "at_us"));
    CHECK(refusal(json) == "");
    CHECK(contains(to_text(witness), "order only, no times"));
  }
  SECTION("that count steps leave nothing out") {
    Witness witness = twice_executed();
    witness.aging = {.step = 0, .by = kSecond};
    CHECK(re_execute(witness) == "aging: a run without times leaves nothing out");
  }
}

TEST_CASE("composed witness: JSON", "[proofs][witness]") {
  rc::prop("of any run is read again as it was, and is true", [] {
    const Witness witness = any_run();
    RC_CLASSIFY(witness.segments.empty(), "nothing on a wire");
    const std::string text = to_json(witness);
    const LoadedWitness loaded = from_json(text);
    RC_ASSERT(loaded.error == "");
    RC_ASSERT(to_json(*loaded.witness) == text);
    RC_ASSERT(re_execute(*loaded.witness) == "");
  });
  rc::prop("is refused when one value is another", [] {
    Json json = Json::parse(to_json(coin() ? twice_executed() : any_run(25))).flatten();
    std::vector<std::string> run;
    for (const auto& [place, value] : json.items()) {
      for (const char* part :
           {"/columns/", "/actors/", "/path/", "/steps/", "/segments/", "/timers/", "/observed/"}) {
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
    Json json = Json::parse(to_json(twice_executed()));
    Json& list = json[*rc::gen::element<std::string>("columns", "actors", "path", "steps",
                                                     "segments", "timers")];
    const auto at = static_cast<std::ptrdiff_t>(*rc::gen::inRange<std::size_t>(0, list.size()));
    if (coin()) {
      list.erase(list.begin() + at);
    } else {
      list.push_back(Json(list[at]));
    }
    RC_ASSERT(refusal(json.dump()) != "");
  });
  rc::prop("is refused when a member is missing, unknown or of another type", [] {
    Json json = Json::parse(to_json(twice_executed()));
    Json* object = &json;
    while (coin()) {
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
  SECTION("is refused when the settings are those of another system") {
    const Json json = Json::parse(to_json(twice_executed()));
    auto refused = [&](const char* pointer, const Json& value) {
      Json other = json;
      other[Json::json_pointer(pointer)] = value;
      return refusal(other.dump());
    };
    CHECK(contains(refused("/settings/clients", 0), "`settings.clients` is at least 1"));
    CHECK(contains(refused("/settings/clients", 3), "`settings.clients` is a whole number"));
    CHECK(refused("/settings/connections", 1) != "");
    CHECK(refused("/settings/exchange/tries", 0) != "");
    CHECK(contains(refused("/settings/exchange/tries", 4), "from 0 to 3"));
    CHECK(refused("/settings/downstream", Json()) != "");
    CHECK(contains(refused("/columns/0/base", "other"), "`columns` are not those"));
    CHECK(contains(refused("/actors/0/role", "pool"), "`actors` are not those"));
    CHECK(contains(refused("/settings/upstream/delay_min_us", 6'000), "at most delay_max_us"));
    CHECK(contains(refused("/system", "hop"), "`settings.client` is missing"));
    CHECK(contains(refused("/format", "halfclose-witness/3"), "halfclose-witness/2"));
    CHECK(refused("/format", "halfclose-witness/1") != "");
    CHECK(contains(refused("/property", "right-response"), "`right-response` does not happen"));
  }
  rc::prop("survives broken text, and so does whatever is drawn of it", [] {
    static const std::string whole = to_json(twice_executed(), -1);
    std::string text = whole;
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
}

TEST_CASE("composed witness: pictures", "[proofs][witness]") {
  rc::prop("of any run have every segment, and nothing that ends a label early", [] {
    Witness witness = any_run();
    auto& proxy = std::get<ProxySettings>(witness.settings);
    if (coin()) proxy.upstream.server.name = "a\"<&'>;#end: \x01 %% ]]>\xff";
    const std::string svg = to_svg(witness);
    RC_ASSERT(xml_defect(svg) == "");
    const std::string text = to_text(witness, {.width = 300});  // no line is broken
    for (int s = 0; s < static_cast<int>(witness.segments.size()); ++s) {
      RC_ASSERT(contains(svg, segment_name(witness, s) + ": sent"));
      RC_ASSERT(contains(text, " sends " + segment_name(witness, s)));
    }
    std::istringstream lines(to_mermaid(witness));
    std::string line;
    std::getline(lines, line);
    RC_ASSERT(line == "sequenceDiagram");
    std::size_t arrows = 0;
    while (std::getline(lines, line)) {
      if (line.starts_with("    p") && contains(line.substr(0, 14), "-")) {
        const std::string label = line.substr(line.find(": ") + 2);
        arrows += std::isdigit(static_cast<unsigned char>(label[0])) != 0 &&
                  label.find(' ') == label.find_first_not_of("0123456789");
      }
      for (std::size_t at = 0; (at = line.find(';', at)) != std::string::npos; ++at)
        RC_ASSERT(line.find_last_not_of("0123456789", at - 1) == line.rfind('#', at));
    }
    RC_ASSERT(arrows == witness.segments.size());
  });
  rc::prop("keep within the width that the columns need", [] {
    const Witness witness = any_run();
    const std::size_t columns = cast_of(witness.settings).columns.size();
    const int width = *rc::gen::inRange(60, 160);
    std::istringstream lines(to_text(witness, {.width = width, .ascii = coin()}));
    const int needed = std::max(width, static_cast<int>(7 * columns) + 60);
    for (std::string line; std::getline(lines, line);)
      RC_ASSERT(length(line) <= needed);
  });
}

}  // namespace halfclose::proofs
