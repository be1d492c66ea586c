#include "proofs/witness/json.hpp"

#include "model/deployment/hop_system.hpp"
#include "proofs/witness/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace halfclose::proofs {

namespace {

using deployment::ClientSide;
using deployment::HopSettings;
using deployment::kDurationMax;
using deployment::kOff;
using deployment::Loop;
using deployment::ServerSide;
using http1::server::AgeClose;
using http1::server::CloseStyle;
using system::Stimulus;
using Json = nlohmann::ordered_json;

constexpr std::string_view kFormat = "halfclose-witness/1";
constexpr std::size_t kTextMaxBytes = 16u << 20;
constexpr std::size_t kStepsMax = 10'000;
constexpr int kLineChars = 110;

template <class E> struct Word {
  E value;
  std::string_view word;
};
template <class E> constexpr std::array<Word<E>, 0> kWords{};

template <>
constexpr std::array kWords<CloseStyle>{Word{CloseStyle::plain, "plain"},
                                        Word{CloseStyle::delayed, "delayed"},
                                        Word{CloseStyle::half_close_drain, "half-close-drain"},
                                        Word{CloseStyle::half_close_wait, "half-close-wait"},
                                        Word{CloseStyle::drain_then_fin, "drain-then-fin"}};
template <>
constexpr std::array kWords<AgeClose>{Word{AgeClose::announced, "announced"},
                                      Word{AgeClose::drain_then_close, "drain-then-close"},
                                      Word{AgeClose::plain, "plain"}};
template <>
constexpr std::array kWords<Stimulus::Kind>{
    Word{Stimulus::Kind::deliver, "deliver"}, Word{Stimulus::Kind::wake, "wake"},
    Word{Stimulus::Kind::alert, "alert"}, Word{Stimulus::Kind::expire, "expire"},
    Word{Stimulus::Kind::choose, "choose"}};
template <>
constexpr std::array kWords<Actor>{
    Word{Actor::client, "client"}, Word{Actor::client_kernel, "client-kernel"},
    Word{Actor::server_kernel, "server-kernel"}, Word{Actor::server, "server"}};
template <>
constexpr std::array kWords<Happening::Kind>{
    Word{Happening::Kind::call, "call"},     Word{Happening::Kind::decides, "decides"},
    Word{Happening::Kind::learns, "learns"}, Word{Happening::Kind::expires, "expires"},
    Word{Happening::Kind::sends, "sends"},   Word{Happening::Kind::receives, "receives"},
    Word{Happening::Kind::drops, "drops"},   Word{Happening::Kind::verdict, "verdict"}};

// The schema stands once, in the functions `describe` below; a Writer and a Reader carry it out.

class Writer {
 public:
  static constexpr bool kReads = false;
  Json json = Json::object();

  void text(const char* key, const std::string& value) { json[key] = value; }
  void flag(const char* key, bool value) { json[key] = value; }
  void time(const char* key, Time value) { json[key] = value; }
  void limit(const char* key, Time value) { json[key] = value >= kOff ? Json() : Json(value); }
  void moment(const char* key, const std::optional<Time>& value) {
    json[key] = value ? Json(*value) : Json();
  }
  /// Left out when it says nothing.
  void result(const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  }
  void segment(const char* key, int value) {
    if (value >= 0) json[key] = value;
  }
  void index(const char* key, system::Index value) { json[key] = value; }
  void count(const char* key, std::size_t value) { json[key] = value; }
  template <class E> void word(const char* key, E value) {
    for (const auto& known : kWords<E>) {
      if (known.value == value) json[key] = known.word;
    }
  }
  template <class F> void object(const char* key, F members) {
    Writer inner;
    members(inner);
    json[key] = std::move(inner.json);
  }
  template <class T, class F> void list(const char* key, T& items, F members) {
    Json& array = json[key] = Json::array();
    for (auto& item : items) {
      Writer inner;
      members(inner, item);
      array.push_back(std::move(inner.json));
    }
  }
};

class Reader {
 public:
  static constexpr bool kReads = true;

  Reader(const Json& json, std::string where, std::string& error)
      : json_(json), where_(std::move(where)), error_(error) {
    if (!json.is_object()) fail("is an object");
  }

  void text(const char* key, std::string& value) {
    const Json* found = member(key);
    if (found == nullptr) return;
    if (!found->is_string()) return fail("is a string", key);
    value = found->get_ref<const std::string&>();
  }
  void flag(const char* key, bool& value) {
    const Json* found = member(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return fail("is `true` or `false`", key);
    value = found->get<bool>();
  }
  void time(const char* key, Time& value) {
    if (const Json* found = member(key)) value = whole(*found, key, kForeverMax);
  }
  void limit(const char* key, Time& value) {
    const Json* found = member(key);
    if (found != nullptr) value = found->is_null() ? kOff : whole(*found, key, kDurationMax);
  }
  void moment(const char* key, std::optional<Time>& value) {
    const Json* found = member(key);
    value.reset();
    if (found != nullptr && !found->is_null()) value = whole(*found, key, kForeverMax);
  }
  void result(const char* key, std::string& value) {
    if (has(key)) text(key, value);
  }
  void segment(const char* key, int& value) {
    if (!has(key)) return;
    if (const Json* found = member(key)) value = static_cast<int>(whole(*found, key, 1'000'000));
  }
  void index(const char* key, system::Index& value) {
    if (const Json* found = member(key))
      value = static_cast<system::Index>(whole(*found, key, 254));
  }
  void count(const char* key, std::size_t& value) {
    if (const Json* found = member(key))
      value = static_cast<std::size_t>(whole(*found, key, kStepsMax));
  }
  template <class E> void word(const char* key, E& value) {
    const Json* found = member(key);
    if (found == nullptr) return;
    std::string words;
    for (const auto& known : kWords<E>) {
      if (found->is_string() && found->get_ref<const std::string&>() == known.word) {
        value = known.value;
        return;
      }
      words += (words.empty() ? "" : ", ") + std::string(known.word);
    }
    fail("is one of " + words, key);
  }
  template <class F> void object(const char* key, F members) {
    const Json* found = member(key);
    if (found == nullptr) return;
    Reader inner(*found, path(key), error_);
    members(inner);
    inner.finish();
  }
  template <class T, class F> void list(const char* key, T& items, F members) {
    const Json* found = member(key);
    if (found == nullptr) return;
    if (!found->is_array()) return fail("is a list", key);
    if (found->size() > kStepsMax) return fail("has at most 10000 items", key);
    items.clear();
    for (std::size_t i = 0; i < found->size() && error_.empty(); ++i) {
      Reader inner((*found)[i], path(key) + "[" + std::to_string(i) + "]", error_);
      members(inner, items.emplace_back());
      inner.finish();
    }
  }
  /// No member may be left that nobody asked for.
  void finish() {
    if (!error_.empty()) return;
    for (const auto& [key, value] : json_.items()) {
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
        return fail("has an unknown member `" + printable(key.substr(0, 40)) + "`");
    }
  }
  void fail(const std::string& rule, const char* key = nullptr) {
    if (!error_.empty()) return;
    const std::string where = key == nullptr ? where_ : path(key);
    error_ = "`" + (where.empty() ? "the witness" : where) + "` " + rule;
  }
  bool ok() const { return error_.empty(); }

 private:
  static constexpr Time kForeverMax =
      1'000 * kDurationMax;  // far, and sums of a few do not overflow

  std::string path(const char* key) const { return where_.empty() ? key : where_ + "." + key; }
  bool has(const char* key) const { return json_.is_object() && json_.contains(key); }
  const Json* member(const char* key) {
    if (!error_.empty()) return nullptr;
    asked_.emplace_back(key);
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    fail("is missing", key);
    return nullptr;
  }
  Time whole(const Json& value, const char* key, Time most) {
    const bool fits = value.is_number_unsigned()
                          ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                          : value.is_number_integer() && value.get<std::int64_t>() >= 0;
    if (fits) return value.get<Time>();
    fail("is a whole number from 0 to " + std::to_string(most), key);
    return 0;
  }

  const Json& json_;
  std::string where_;
  std::string& error_;
  std::vector<std::string_view> asked_;
};

/// `T` as the direction has it: const for the writer.
template <class IO, class T> using In = std::conditional_t<IO::kReads, T, const T>&;

//--- the schema
//--------------------------------------------------------------------------------------------------

/// `T` as the direction has it: const for the writer.
template <class IO, class T> using In = std::conditional_t<IO::kReads, T, const T>&;

template <class IO> void describe(IO& io, In<IO, Loop> loop) {
  io.time("stall_us", loop.stall);
  io.flag("timers_first", loop.timers_first);
  io.flag("cached_clock", loop.cached_clock);
}

template <class IO> void describe(IO& io, In<IO, ClientSide> client) {
  io.text("name", client.name);
  io.limit("idle_us", client.idle);
  io.limit("age_us", client.age);
  io.limit("response_us", client.response);
  io.flag("discards_on_rst", client.discards_on_rst);
  io.flag("write_error_fatal", client.profile.write_error_fatal);
  io.flag("closes_when_early", client.profile.closes_when_early);
  io.flag("peeks", client.profile.peeks);
  io.flag("watches", client.profile.watches);
  io.flag("pipelines", client.profile.pipelines);
  io.flag("half_closes", client.profile.half_closes);
  io.flag("reads_while_sending", client.profile.reads_while_sending);
  io.flag("limits_requests", client.profile.limits_requests);
  io.flag("single_use", client.profile.single_use);
  io.flag("attaches_later", client.profile.attaches_later);
  io.flag("honours_close", client.profile.honours_close);
  io.flag("idle_from_start", client.profile.idle_from_start);
  io.flag("waits_for_close", client.profile.waits_for_close);
  io.flag("closes_on_removal", client.profile.closes_on_removal);
  io.limit("keepalive_us", client.keepalive);
  io.object("loop", [&](IO& in) { describe(in, client.loop); });
}

template <class IO> void describe(IO& io, In<IO, ServerSide> server) {
  io.text("name", server.name);
  io.limit("idle_us", server.idle);
  io.time("idle_grace_us", server.idle_grace);
  io.limit("drain_us", server.drain);
  io.limit("close_us", server.close);
  io.limit("linger_us", server.linger);
  io.limit("age_us", server.age);
  io.word("close_style", server.profile.close_style);
  io.word("age_close", server.profile.age_close);
  io.flag("early_closes", server.profile.early_closes);
  io.flag("idle_drains", server.profile.idle_drains);
  io.flag("idle_408", server.profile.idle_408);
  io.flag("idle_starts_buffered", server.profile.idle_starts_buffered);
  io.flag("shutdown_announced", server.profile.shutdown_announced);
  io.flag("reads_during_close", server.profile.reads_during_close);
  io.flag("aborts_half_closed", server.profile.aborts_half_closed);
  io.flag("limits_requests", server.profile.limits_requests);
  io.flag("single_use", server.profile.single_use);
  io.flag("closes_unannounced", server.profile.closes_unannounced);
  io.flag("close_delimited", server.profile.close_delimited);
  io.limit("keepalive_us", server.keepalive);
  io.object("loop", [&](IO& in) { describe(in, server.loop); });
}

template <class IO> void describe(IO& io, In<IO, HopSettings> settings) {
  io.object("client", [&](IO& in) { describe(in, settings.client); });
  io.object("server", [&](IO& in) { describe(in, settings.server); });
  io.time("delay_min_us", settings.delay_min);
  io.time("delay_max_us", settings.delay_max);
  io.limit("middlebox_us", settings.middlebox);
  io.flag("with_body", settings.with_body);
  io.flag("responses_fit", settings.responses_fit);
  io.limit("content_within_us", settings.content_within);
  io.flag("with_shutdown", settings.with_shutdown);
  io.flag("with_waiting", settings.with_waiting);
  io.flag("with_crash", settings.with_crash);
  io.flag("with_removal", settings.with_removal);
}

template <class IO> void describe(IO& io, In<IO, WitnessStep> step) {
  io.time("at_us", step.at);
  io.text("stimulus", step.stimulus);
  io.list("happenings", step.happenings, [](IO& in, In<IO, Happening> happening) {
    in.word("kind", happening.kind);
    in.word("actor", happening.actor);
    in.text("text", happening.text);
    in.result("result", happening.result);
    in.segment("segment", happening.segment);
  });
  io.object("states", [&](IO& in) {
    for (const auto& actor : kWords<Actor>)
      in.text(actor.word.data(), step.states[static_cast<std::size_t>(actor.value)]);
  });
}

template <class IO>
void describe(IO& io, In<IO, Witness> w, In<IO, std::vector<std::string>> names) {
  io.text("property", w.property);
  io.text("statement", w.statement);
  io.text("client_profile", w.client_profile);
  io.text("server_profile", w.server_profile);
  io.object("settings", [&](IO& in) { describe(in, w.settings); });
  std::size_t stimulus = 0;
  io.list("path", w.path, [&](IO& in, In<IO, Stimulus> taken) {
    if constexpr (IO::kReads) names.emplace_back();
    in.word("kind", taken.kind);
    in.index("index", taken.index);
    in.text("name", names[stimulus++]);
  });
  io.object("aging", [&](IO& in) {
    in.count("step", w.aging.step);
    in.time("by_us", w.aging.by);
  });
  io.list("steps", w.steps, [](IO& in, In<IO, WitnessStep> step) { describe(in, step); });
  io.list("segments", w.segments, [](IO& in, In<IO, Segment> segment) {
    in.text("text", segment.text);
    in.word("from", segment.from);
    in.time("sent_us", segment.sent);
    in.moment("arrived_us", segment.arrived);
  });
  io.list("timers", w.timers, [](IO& in, In<IO, TimerUse> timer) {
    in.text("symbol", timer.symbol);
    in.word("owner", timer.owner);
    in.time("lo_us", timer.lo);
    in.time("hi_us", timer.hi);
    in.time("armed_us", timer.armed);
    in.moment("expired_us", timer.expired);
    in.moment("cancelled_us", timer.cancelled);
  });
  auto told = [](IO& in, In<IO, Symptom> symptom) {
    in.text("who", symptom.who);
    in.text("text", symptom.text);
  };
  io.list("observed", w.observed, told);
  io.list("symptoms", w.symptoms, told);
  io.text("fix", w.fix);
}

/// Does not compile when a member was added that the schema above may lack.
[[maybe_unused]] void count_members(const Witness& w) {
  [[maybe_unused]] const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13] = w;
  [[maybe_unused]] const auto& [b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12] = w.settings;
  [[maybe_unused]] const auto& [c1, c2, c3, c4, c5, c6, c7, c8] = w.settings.client;
  [[maybe_unused]] const auto& [d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14] =
      w.settings.client.profile;
  [[maybe_unused]] const auto& [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10] = w.settings.server;
  [[maybe_unused]] const auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13] =
      w.settings.server.profile;
  [[maybe_unused]] const auto& [g1, g2, g3] = w.settings.client.loop;
}

//-----------------------------------------------------------------------------------------------------------------

/// What fits on a line stands on one: a step reads like a step. A negative indent puts everything
/// on one.
std::string print(const Json& json, int indent, int depth) {
  if (!json.is_structured()) return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  const bool is_object = json.is_object();
  auto items = [&](int inner_indent, const std::string& between) {
    std::string text;
    for (const auto& [key, value] : json.items()) {
      if (!text.empty()) text += between;
      if (is_object) text += Json(key).dump() + ": ";
      text += print(value, inner_indent, depth + 1);
    }
    return text;
  };
  const char open = is_object ? '{' : '[', close = is_object ? '}' : ']';
  const std::string line = open + items(-1, ", ") + close;
  if (indent < 0 || json.empty() || static_cast<int>(line.size()) + indent * depth <= kLineChars)
    return line;
  const auto margin = [&](int levels) {
    return "\n" + std::string(static_cast<std::size_t>(indent * levels), ' ');
  };
  return open + margin(depth + 1) + items(indent, "," + margin(depth + 1)) + margin(depth) + close;
}

std::string check(const Witness& w, const std::vector<std::string>& names) {
  if (std::string error = check_settings(w.settings); !error.empty()) return error;
  const system::System system = hop_system(w.settings);
  for (std::size_t k = 0; k < w.path.size(); ++k) {
    const std::string name = system.describe(w.path[k]);
    if (name != names[k]) {
      return "`path[" + std::to_string(k) + "].name` is " +
             (name.empty()
                  ? "of no stimulus of this hop"
                  : "`" + printable(name) + "` on this hop, not `" + printable(names[k]) + "`");
    }
  }
  for (std::size_t k = 0; k < w.steps.size(); ++k) {
    for (const Happening& happening : w.steps[k].happenings) {
      const bool on_wire =
          happening.kind == Happening::Kind::sends || happening.kind == Happening::Kind::receives;
      if (on_wire == (happening.segment >= 0) &&
          happening.segment < static_cast<int>(w.segments.size()))
        continue;
      return "`steps[" + std::to_string(k) +
             "].happenings` name a segment when one is sent or received, and one that is listed";
    }
  }
  return {};
}

LoadedWitness load(std::string_view text) {
  if (text.size() > kTextMaxBytes) return {{}, "a witness is at most 16 MiB of text"};
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return {{}, "the text is not JSON (RFC 8259)"};
  LoadedWitness loaded{.witness = Witness{}};
  Reader reader(json, "", loaded.error);
  std::vector<std::string> names;
  std::string format;
  reader.text("format", format);
  if (reader.ok() && format != kFormat) reader.fail("is `" + std::string(kFormat) + "`", "format");
  describe(reader, *loaded.witness, names);
  reader.finish();
  if (loaded.error.empty()) loaded.error = check(*loaded.witness, names);
  if (!loaded.error.empty()) loaded.witness.reset();
  return loaded;
}

}  // namespace

std::string to_json(const Witness& witness, int indent) {
  const system::System system = hop_system(witness.settings);
  std::vector<std::string> names;
  for (const Stimulus stimulus : witness.path)
    names.push_back(system.describe(stimulus));
  Writer writer;
  writer.text("format", std::string(kFormat));
  describe(writer, witness, names);
  return print(writer.json, indent, 0);
}

std::string check_settings(const HopSettings& settings) {
  if (settings.delay_min < 0 || settings.delay_min > settings.delay_max)
    return "`settings.delay_min_us` is at most delay_max_us";
  return {};
}

LoadedWitness from_json(std::string_view text) {
  try {
    return load(text);
  } catch (const std::exception& refusal) {
    // No memory for it, or settings of which no System can be made.
    return {{}, std::string("the witness cannot be taken: ") + refusal.what()};
  }
}

}  // namespace halfclose::proofs
