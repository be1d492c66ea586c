#include "proofs/witness/json.hpp"

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
using deployment::ProxySettings;
using deployment::ServerSide;
using http1::server::AgeClose;
using http1::server::CloseStyle;
using http1::server::OnExpectation;
using system::Stimulus;
using Json = nlohmann::ordered_json;

constexpr std::string_view kHopFormat = "halfclose-witness/1";  // one hop, with times
constexpr std::string_view kFormat = "halfclose-witness/2";     // any run
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
constexpr std::array kWords<OnExpectation>{Word{OnExpectation::when_read, "when-read"},
                                           Word{OnExpectation::at_once, "at-once"},
                                           Word{OnExpectation::close, "close"}};
template <>
constexpr std::array kWords<Stimulus::Kind>{
    Word{Stimulus::Kind::deliver, "deliver"}, Word{Stimulus::Kind::wake, "wake"},
    Word{Stimulus::Kind::alert, "alert"}, Word{Stimulus::Kind::expire, "expire"},
    Word{Stimulus::Kind::choose, "choose"}};
enum class Kind : std::uint8_t { hop, proxy };            // of system
enum class Times : std::uint8_t { microseconds, order };  // of a run
template <> constexpr std::array kWords<Kind>{Word{Kind::hop, "hop"}, Word{Kind::proxy, "proxy"}};
template <>
constexpr std::array kWords<Times>{Word{Times::microseconds, "microseconds"},
                                   Word{Times::order, "order"}};
template <>
constexpr std::array kWords<ActorKind>{
    Word{ActorKind::application, "application"}, Word{ActorKind::kernel, "kernel"},
    Word{ActorKind::pool, "pool"}, Word{ActorKind::exchange, "exchange"}};
template <>
constexpr std::array kWords<Happening::Kind>{
    Word{Happening::Kind::call, "call"},     Word{Happening::Kind::decides, "decides"},
    Word{Happening::Kind::learns, "learns"}, Word{Happening::Kind::expires, "expires"},
    Word{Happening::Kind::sends, "sends"},   Word{Happening::Kind::receives, "receives"},
    Word{Happening::Kind::drops, "drops"},   Word{Happening::Kind::verdict, "verdict"},
    Word{Happening::Kind::remark, "remark"}};

// The schema stands once, in the functions `describe` below; a Writer and a Reader carry it out.

class Writer {
 public:
  static constexpr bool kReads = false;
  static bool ok() { return true; }
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
  void number(const char* key, int value, int, int) { json[key] = value; }
  void actor(const char* key, ActorId value, const Cast& cast) {
    json[key] = cast.actors[value].id;
  }
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
  template <class T, class F> void maybe(const char* key, T& value, F members) {
    if (!value) {
      json[key] = Json();
      return;
    }
    object(key, [&](Writer& in) { members(in, *value); });
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
  template <class T> void number(const char* key, T& value, int least, int most) {
    const Json* found = member(key);
    if (found == nullptr) return;
    const Time read = whole(*found, key, most);
    if (ok() && read < least) return fail("is at least " + std::to_string(least), key);
    value = static_cast<T>(read);
  }
  void actor(const char* key, ActorId& value, const Cast& cast) {
    const Json* found = member(key);
    if (found == nullptr) return;
    const auto named = std::find_if(cast.actors.begin(), cast.actors.end(), [&](const Actor& a) {
      return found->is_string() && found->get_ref<const std::string&>() == a.id;
    });
    if (named == cast.actors.end()) return fail("is the id of an actor", key);
    value = static_cast<ActorId>(named - cast.actors.begin());
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
  template <class T, class F> void maybe(const char* key, T& value, F members) {
    const Json* found = member(key);
    value.reset();
    if (found == nullptr || found->is_null()) return;
    object(key, [&](Reader& in) { members(in, value.emplace()); });
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
  io.flag("expects_continue", client.profile.expects_continue);
  io.flag("omits_content", client.profile.omits_content);
  io.flag("ages_when_freed", client.profile.ages_when_freed);
  io.limit("keepalive_us", client.keepalive);
  io.limit("expect_us", client.expect);
  io.object("loop", [&](IO& in) { describe(in, client.loop); });
}

template <class IO> void describe(IO& io, In<IO, ServerSide> server) {
  io.text("name", server.name);
  io.limit("idle_us", server.idle);
  io.time("idle_grace_us", server.idle_grace);
  io.time("idle_early_us", server.idle_early);
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
  io.word("on_expectation", server.profile.on_expectation);
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

template <class IO> void describe(IO& io, In<IO, proxy::exchange::Profile> exchange) {
  io.flag("on_connect_failure", exchange.on_connect_failure);
  io.flag("on_reset", exchange.on_reset);
  io.flag("on_empty_response", exchange.on_empty_response);
  io.flag("on_timeout", exchange.on_timeout);
  io.flag("on_unwritten", exchange.on_unwritten);
  io.flag("method", exchange.method);
  io.flag("only_reused", exchange.only_reused);
  io.flag("fresh_connection", exchange.fresh_connection);
  io.flag("reused_is_free", exchange.reused_is_free);
  io.number("tries", exchange.tries, 0, 3);
  io.flag("buffers_request", exchange.buffers_request);
  io.flag("keeps_content", exchange.keeps_content);
  io.flag("pauses", exchange.pauses);
  io.flag("fails_silently", exchange.fails_silently);
  io.flag("forwards_close", exchange.forwards_close);
  io.flag("mirrors_origin_close", exchange.mirrors_origin_close);
  io.flag("mirrors_client_close", exchange.mirrors_client_close);
}

/// The pool has as many slots as there are connections.
template <class IO> void describe(IO& io, In<IO, proxy::pool::Profile> pool) {
  io.flag("fifo", pool.fifo);
  io.flag("next_loop", pool.next_loop);
  io.flag("queues", pool.queues);
  io.flag("keeps_cancelled", pool.keeps_cancelled);
}

template <class IO> void describe(IO& io, In<IO, ProxySettings> settings) {
  io.maybe("downstream", settings.downstream, [](IO& in, auto& hop) { describe(in, hop); });
  io.object("upstream", [&](IO& in) { describe(in, settings.upstream); });
  io.object("exchange", [&](IO& in) { describe(in, settings.exchange); });
  io.object("pool", [&](IO& in) { describe(in, settings.pool); });
  io.number("clients", settings.clients, 1, 2);
  io.number("connections", settings.connections, 1, 2);
  io.flag("content", settings.content);
  io.flag("aborts", settings.aborts);
  io.flag("manages", settings.manages);
  io.number("attempts_claimed", settings.attempts_claimed, 0, 255);
}

/// Which system it is, and whether its steps have times. The first format knows one answer.
template <class IO> void describe_run(IO& io, In<IO, Witness> w) {
  Kind kind = is_hop(w.settings) ? Kind::hop : Kind::proxy;
  Times times = w.timed ? Times::microseconds : Times::order;
  io.word("system", kind);
  io.word("times", times);
  if constexpr (IO::kReads) {
    w.timed = times == Times::microseconds;
    if (kind == Kind::proxy) w.settings = ProxySettings{};
  }
}

/// Names the members that hold a time after what they count.
class Units {
 public:
  explicit Units(bool timed) : timed_(timed) {}
  const char* at() const { return timed_ ? "at_us" : "at_step"; }
  const char* sent() const { return timed_ ? "sent_us" : "sent_step"; }
  const char* arrived() const { return timed_ ? "arrived_us" : "arrived_step"; }
  const char* armed() const { return timed_ ? "armed_us" : "armed_step"; }
  const char* expired() const { return timed_ ? "expired_us" : "expired_step"; }
  const char* cancelled() const { return timed_ ? "cancelled_us" : "cancelled_step"; }

 private:
  bool timed_;
};

template <class IO>
void describe(IO& io, In<IO, WitnessStep> step, const Cast& cast, const Units& units) {
  io.time(units.at(), step.at);
  io.text("stimulus", step.stimulus);
  io.list("happenings", step.happenings, [&](IO& in, In<IO, Happening> happening) {
    in.word("kind", happening.kind);
    in.actor("actor", happening.actor, cast);
    in.text("text", happening.text);
    in.result("result", happening.result);
    in.segment("segment", happening.segment);
  });
  if constexpr (IO::kReads) step.states.resize(cast.actors.size());
  io.object("states", [&](IO& in) {
    for (std::size_t a = 0; a < cast.actors.size(); ++a)
      in.text(cast.actors[a].id.c_str(), step.states[a]);
  });
}

/// For readers that do not know the settings.
template <class IO> void describe(IO& io, In<IO, Cast> cast) {
  io.list("columns", cast.columns, [](IO& in, In<IO, Column> column) {
    in.text("base", column.base);
    in.flag("kernel", column.kernel);
    in.text("tag", column.tag);
  });
  io.list("actors", cast.actors, [](IO& in, In<IO, Actor> actor) {
    in.text("id", actor.id);
    in.text("name", actor.name);
    in.word("role", actor.kind);
    in.count("column", actor.column);
  });
}

/// What a witness says beside its members, to be compared with what they say.
struct Said {
  std::vector<std::string> stimuli{};  ///< names of those in the path
  Cast cast{};
};

template <class IO>
void describe(IO& io, In<IO, Witness> w, In<IO, Said> said, std::string_view format) {
  io.text("property", w.property);
  io.text("statement", w.statement);
  io.text("client_profile", w.client_profile);
  if (format != kHopFormat) io.text("proxy_profile", w.proxy_profile);
  io.text("server_profile", w.server_profile);
  if (format != kHopFormat) describe_run(io, w);
  io.object("settings",
            [&](IO& in) { std::visit([&](auto& one) { describe(in, one); }, w.settings); });
  if (!io.ok()) return;
  const Cast cast = cast_of(w.settings);
  const Units units(w.timed);
  if (format != kHopFormat) describe(io, said.cast);
  std::size_t stimulus = 0;
  io.list("path", w.path, [&](IO& in, In<IO, Stimulus> taken) {
    if constexpr (IO::kReads) said.stimuli.emplace_back();
    in.word("kind", taken.kind);
    in.index("index", taken.index);
    in.text("name", said.stimuli[stimulus++]);
  });
  io.object("aging", [&](IO& in) {
    in.count("step", w.aging.step);
    in.time("by_us", w.aging.by);
  });
  io.list("steps", w.steps,
          [&](IO& in, In<IO, WitnessStep> step) { describe(in, step, cast, units); });
  io.list("segments", w.segments, [&](IO& in, In<IO, Segment> segment) {
    in.text("text", segment.text);
    in.actor("from", segment.from, cast);
    in.time(units.sent(), segment.sent);
    in.moment(units.arrived(), segment.arrived);
  });
  io.list("timers", w.timers, [&](IO& in, In<IO, TimerUse> timer) {
    in.text("symbol", timer.symbol);
    in.actor("owner", timer.owner, cast);
    in.time("lo_us", timer.lo);
    in.time("hi_us", timer.hi);
    in.time(units.armed(), timer.armed);
    in.moment(units.expired(), timer.expired);
    in.moment(units.cancelled(), timer.cancelled);
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
[[maybe_unused]] void count_members(const HopSettings& settings) {
  [[maybe_unused]] const auto& [b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12] = settings;
  // response_is_idle, who sets what, is no part of a run.
  [[maybe_unused]] const auto& [c1, c2, c3, c4, c5, c6, c7, c8, c9, c10] = settings.client;
  [[maybe_unused]] const auto& [d1, d2, d3, d4, d5, d6, d7, d8, d9, d10, d11, d12, d13, d14, d15,
                                d16, d17] = settings.client.profile;
  [[maybe_unused]] const auto& [e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11] = settings.server;
  [[maybe_unused]] const auto& [f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14] =
      settings.server.profile;
  [[maybe_unused]] const auto& [g1, g2, g3] = settings.client.loop;
}
[[maybe_unused]] void count_members(const ProxySettings& settings) {
  [[maybe_unused]] const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11] = settings;
  [[maybe_unused]] const auto& [b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15,
                                b16, b17] = settings.exchange;
  [[maybe_unused]] const auto& [c1, c2, c3, c4, c5] = settings.pool;
}
[[maybe_unused]] void count_members(const Witness& w) {
  [[maybe_unused]] const auto& [a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15] =
      w;
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

/// A picture asks a kernel for its far end, and a call for the application that made it.
std::string check_roles(const Witness& w, const Cast& cast) {
  auto is_kernel = [&](ActorId actor) { return cast.actors[actor].kind == ActorKind::kernel; };
  for (const Segment& segment : w.segments) {
    if (!is_kernel(segment.from)) return "`segments` are sent by kernels";
  }
  for (std::size_t k = 0; k < w.steps.size(); ++k) {
    for (const Happening& happening : w.steps[k].happenings) {
      using enum Happening::Kind;
      const bool of_kernel = happening.kind == call || happening.kind == sends ||
                             happening.kind == receives || happening.kind == drops;
      // A timer may be that of a middlebox, which stands beside a kernel.
      if (of_kernel != is_kernel(happening.actor) && happening.kind != verdict &&
          happening.kind != remark && happening.kind != expires) {
        return "`steps[" + std::to_string(k) + "].happenings` have a kernel where it acts, and " +
               "nowhere else";
      }
    }
  }
  return {};
}

/// The cast that is written is the one that the settings have.
std::string check_cast(const Cast& said, const Cast& cast) {
  auto column = [](const Column& a, const Column& b) {
    return a.base == b.base && a.kernel == b.kernel && a.tag == b.tag;
  };
  auto actor = [](const Actor& a, const Actor& b) {
    return a.id == b.id && a.name == b.name && a.kind == b.kind && a.column == b.column;
  };
  if (!std::equal(said.columns.begin(), said.columns.end(), cast.columns.begin(),
                  cast.columns.end(), column))
    return "`columns` are not those of the settings";
  if (!std::equal(said.actors.begin(), said.actors.end(), cast.actors.begin(), cast.actors.end(),
                  actor))
    return "`actors` are not those of the settings";
  return {};
}

std::string check(const Witness& w, const Said& said, bool with_cast) {
  if (std::string error = check_settings(w.settings); !error.empty()) return error;
  const Cast cast = cast_of(w.settings);
  if (std::string error = check_roles(w, cast); !error.empty()) return error;
  if (with_cast) {
    if (std::string error = check_cast(said.cast, cast); !error.empty()) return error;
  }
  const system::System system = stage_of(w.settings).system;
  for (std::size_t k = 0; k < w.path.size(); ++k) {
    const std::string name = system.describe(w.path[k]);
    if (name != said.stimuli[k]) {
      const std::string kind = is_hop(w.settings) ? "hop" : "system";
      return "`path[" + std::to_string(k) + "].name` is " +
             (name.empty() ? "of no stimulus of this " + kind
                           : "`" + printable(name) + "` on this " + kind + ", not `" +
                                 printable(said.stimuli[k]) + "`");
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
  Said said;
  std::string format;
  reader.text("format", format);
  if (reader.ok() && format != kHopFormat && format != kFormat) {
    reader.fail("is `" + std::string(kHopFormat) + "` or `" + std::string(kFormat) + "`", "format");
  }
  describe(reader, *loaded.witness, said, format);
  reader.finish();
  if (loaded.error.empty()) loaded.error = check(*loaded.witness, said, format != kHopFormat);
  if (!loaded.error.empty()) loaded.witness.reset();
  return loaded;
}

std::string check_delays(const HopSettings& settings, const std::string& where) {
  if (settings.delay_min < 0 || settings.delay_min > settings.delay_max)
    return "`" + where + ".delay_min_us` is at most delay_max_us";
  return {};
}

}  // namespace

std::string to_json(const HopSettings& settings) {
  Writer writer;
  describe(writer, settings);
  return print(writer.json, -1, 0);
}

std::string to_json(const Witness& witness, int indent) {
  const system::System system = stage_of(witness.settings).system;
  Said said{.cast = cast_of(witness.settings)};
  for (const Stimulus stimulus : witness.path)
    said.stimuli.push_back(system.describe(stimulus));
  const bool first = is_hop(witness.settings) && witness.timed && witness.proxy_profile.empty();
  const std::string_view format = first ? kHopFormat : kFormat;
  Writer writer;
  writer.text("format", std::string(format));
  describe(writer, witness, said, format);
  return print(writer.json, indent, 0);
}

std::string check_settings(const Settings& settings) {
  if (const auto* hop = std::get_if<HopSettings>(&settings)) return check_delays(*hop, "settings");
  const auto& proxy = std::get<ProxySettings>(settings);
  auto is_one_or_two = [](int count) { return count == 1 || count == 2; };
  if (!is_one_or_two(proxy.clients) || !is_one_or_two(proxy.connections))
    return "`settings.clients` and `settings.connections` are 1 or 2";
  if (proxy.downstream) {
    if (std::string error = check_delays(*proxy.downstream, "settings.downstream"); !error.empty())
      return error;
  }
  return check_delays(proxy.upstream, "settings.upstream");
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
