#include "proofs/witness/rows.hpp"

#include "proofs/witness/words.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

using deployment::HopSettings;
using deployment::ProxySettings;

/// So much time without a step is said in words: more than a segment there and its answer back.
Time quiet_from(const Witness& witness) {
  Time delay = 0;
  if (const auto* hop = std::get_if<HopSettings>(&witness.settings)) {
    delay = hop->delay_max;
  } else {
    const auto& proxy = std::get<ProxySettings>(witness.settings);
    delay = std::max(proxy.upstream.delay_max, proxy.downstream ? proxy.downstream->delay_max : 0);
  }
  return std::max<Time>(100'000, 2 * delay);
}

bool is_errno(std::string_view result) {
  return result.starts_with('E') && result != "EAGAIN" && result != "EINPROGRESS";
}

/// A read or a failed call says already what the application learns from it.
bool told_by_call(const Cast& cast, const WitnessStep& step, std::size_t at) {
  const ActorId app = step.happenings[at].actor;
  const ActorId kernel = cast.actors[app].partner;
  while (at-- > 0) {
    const Happening& before = step.happenings[at];
    if (before.actor == app && before.kind != Happening::Kind::verdict &&
        before.kind != Happening::Kind::remark)
      return false;
    if (before.actor == kernel && before.kind == Happening::Kind::call) {
      return before.text.starts_with("recv") || is_errno(before.result);
    }
  }
  return false;
}

/// Without the ` a` by which the System tells the names of several connections apart.
std::string without_tag(const Actor& actor, const std::string& name) {
  return name.ends_with(actor.name_suffix) ? name.substr(0, name.size() - actor.name_suffix.size())
                                           : name;
}

/// `alb sends a request` is `sends a request` in the words of alb.
std::string own_words(const Actor& actor, const WitnessStep& step, const Happening& happening) {
  const std::string& said = step.stimulus;
  const std::string& prefix = actor.choice_prefix;
  if (prefix.empty() || !said.starts_with(prefix)) return happening.text;
  return without_tag(actor, said.substr(prefix.size()));
}

std::string in_words(const Actor& actor, const WitnessStep& step, const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::call:
      if (happening.result.empty() || happening.result == "held") return happening.text;
      return happening.text + " = " + happening.result;
    case Happening::Kind::decides:
      return own_words(actor, step, happening);
    case Happening::Kind::expires:
      return without_tag(actor, happening.text.substr(happening.text.rfind('.') + 1)) + " expires";
    case Happening::Kind::drops:
      if (happening.text == "unread lost") return "unread bytes lost";
      if (happening.text == "unsent lost") return "unsent bytes lost";
      return happening.text;
    default:
      return happening.text;
  }
}

/// The rows of one step, as they grow.
class StepRows {
 public:
  StepRows(const Witness& witness, const Cast& cast, std::size_t step, std::vector<Row>& rows)
      : witness_(witness),
        cast_(cast),
        step_(step),
        rows_(rows),
        first_(rows.size()),
        touched_(cast.columns.size()),
        spoke_(cast.columns.size()),
        by_segment_(cast.columns.size()) {
    open();
  }

  void write(std::size_t at) {
    const WitnessStep& step = witness_.steps[step_];
    const Happening& happening = step.happenings[at];
    const std::size_t column = cast_.actors[happening.actor].column;
    switch (happening.kind) {
      case Happening::Kind::sends:
      case Happening::Kind::receives: {
        if (last().segment >= 0) open();
        last().segment = happening.segment;
        last().leaves = happening.kind == Happening::Kind::sends;
        if (!last().leaves) touched_[column] = rows_.size() - 1, by_segment_[column] = true;
        break;
      }
      case Happening::Kind::verdict:
        judge(happening);
        break;
      case Happening::Kind::remark:
        say(happening, happening.text);
        break;
      case Happening::Kind::learns:
        if (!told_by_call(cast_, step, at)) say(happening, words_of(happening));
        break;
      case Happening::Kind::drops:
        if (auto& speech = last().speech[cast_.speaks_in(column)];
            speech && speech->kind == Happening::Kind::call && speech->kernel == column) {
          speech->text += ", " + in_words(cast_.actors[happening.actor], step, happening);
          speech->failed = true;
          break;
        }
        [[fallthrough]];
      default:
        say(happening, words_of(happening));
        if (happening.kind == Happening::Kind::call && !by_segment_[column])
          touched_[column] = rows_.size() - 1;
        break;
    }
  }

  void close() {
    const WitnessStep& step = witness_.steps[step_];
    const WitnessStep* before = step_ == 0 ? nullptr : &witness_.steps[step_ - 1];
    for (ActorId a = 0; a < cast_.actors.size(); ++a) {
      if (before != nullptr && before->states[a] == step.states[a]) continue;
      const std::size_t column = cast_.actors[a].column;
      if (cast_.actors[a].kind == ActorKind::kernel) {
        rows_[touched_[column].value_or(first_)].socket[column] = step.states[a];
        if (before == nullptr && !touched_[column]) rows_[first_].old[column] = true;
      } else {
        become(cast_.actors[a], step.states[a]);
        if (before == nullptr && !spoke_[column]) rows_[first_].old[column] = true;
      }
    }
    // The witness's own property first.
    const auto own = std::find_if(verdicts_.begin(), verdicts_.end(), [&](const auto& verdict) {
      return verdict.first == witness_.property;
    });
    if (own != verdicts_.end()) std::rotate(verdicts_.begin(), own, own + 1);
    for (auto& [name, where] : verdicts_)
      last().verdicts.push_back(name + where);
  }

 private:
  Row& last() { return rows_.back(); }
  void open() {
    rows_.push_back({.step = step_, .at = witness_.steps[step_].at});
    last().speech.resize(cast_.columns.size());
    last().socket.resize(cast_.columns.size());
    last().old.resize(cast_.columns.size());
  }

  void judge(const Happening& happening) {
    const Actor& where = cast_.actors[happening.actor];
    const std::string name = cast_.columns[where.column].name();
    verdicts_.emplace_back(happening.text, is_hop(witness_.settings) ? "" : " (at " + name + ")");
  }

  /// What stands in a column of several says for which client or connection.
  std::string words_of(const Happening& happening) const {
    const Actor& actor = cast_.actors[happening.actor];
    const Actor& who = actor.kind == ActorKind::kernel ? cast_.actors[actor.partner] : actor;
    const std::string words = in_words(actor, witness_.steps[step_], happening);
    return who.which.empty() ? words : who.which + ": " + words;
  }

  void say(const Happening& happening, std::string text) {
    const Actor& actor = cast_.actors[happening.actor];
    const std::size_t column = cast_.speaks_in(actor.column);
    // A client without a kernel is told behind what the proxy says, not beside it.
    const bool told = happening.kind == Happening::Kind::learns && actor.partner == kNobody;
    const bool spoken = std::any_of(last().speech.begin(), last().speech.end(),
                                    [](const auto& speech) { return speech.has_value(); });
    if (last().speech[column] || (told && spoken)) open();
    spoke_[column] = rows_.size() - 1;
    last().speech[column] =
        Speech{.kind = happening.kind,
               .text = std::move(text),
               .failed = happening.kind == Happening::Kind::drops || is_errno(happening.result),
               .kernel = actor.kind == ActorKind::kernel ? actor.column
                         : actor.partner == kNobody      ? kNoColumn
                                                         : cast_.actors[actor.partner].column,
               .reads = happening.text.starts_with("recv")};
  }

  /// Of a proxy its exchanges and its pool are shown: they sum up what its connections do.
  void become(const Actor& actor, const std::string& state) {
    const bool part = cast_.has_parts(actor.column);
    if (part && actor.kind == ActorKind::application) return;
    const std::size_t row = spoke_[actor.column].value_or(first_);
    auto& speech = rows_[row].speech[actor.column];
    if (!speech) speech = Speech{.kind = Happening::Kind::learns};
    const std::string which = actor.which.empty() ? "" : " " + actor.which;
    const char* name = actor.kind == ActorKind::pool ? "pool" : "exchange";
    speech->becomes +=
        (speech->becomes.empty() ? "" : "; ") + (part ? name + which + ": " : "") + state;
  }

  const Witness& witness_;
  const Cast& cast_;
  std::size_t step_;
  std::vector<Row>& rows_;
  std::size_t first_;
  // By column: the row where the socket changes; the last speech.
  std::vector<std::optional<std::size_t>> touched_, spoke_;
  std::vector<bool> by_segment_;
  std::vector<std::pair<std::string, std::string>> verdicts_;  ///< name, where
};

std::string interval(Time lo, Time hi) {
  return format_time(lo) + (lo == hi ? "" : ".." + format_time(hi));
}

std::string link_text(const HopSettings& hop) {
  return interval(hop.delay_min, hop.delay_max) + " one way";
}
std::string stall_text(const std::string& name, Time stall) {
  return name + " stalls up to " + format_time(stall);
}

std::string counted(int count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

/// `no retries`, `1 retry on reset, timeout`.
std::string retries_text(const proxy::exchange::Profile& exchange) {
  std::string on;
  auto say = [&](bool is, const char* failure) {
    if (is) on += (on.empty() ? "" : ", ") + std::string(failure);
  };
  say(exchange.on_connect_failure, "connect-failure");
  say(exchange.on_reset, "reset");
  say(exchange.on_empty_response, "empty-response");
  say(exchange.on_timeout, "response-timeout");
  say(exchange.on_unwritten, "unwritten");
  const bool none = (exchange.tries == 0 && !exchange.reused_is_free) || !exchange.method;
  if (none || on.empty()) return "no retries";
  std::string text = std::to_string(exchange.tries) + (exchange.tries == 1 ? " retry" : " retries");
  text += " on " + on;
  if (exchange.reused_is_free) text += ", on a used connection free";
  if (exchange.only_reused) text += ", of used connections only";
  if (exchange.fresh_connection) text += ", on a new connection";
  if (exchange.pauses) text += ", after any pause";
  return text;
}

}  // namespace

std::vector<Row> rows_of(const Witness& witness, const Cast& cast) {
  std::vector<Row> rows;
  Time before = 0;
  for (std::size_t k = 0; k < witness.steps.size(); ++k) {
    const WitnessStep& step = witness.steps[k];
    const std::size_t first = rows.size();
    StepRows of_step(witness, cast, k, rows);
    for (std::size_t i = 0; i < step.happenings.size(); ++i)
      of_step.write(i);
    of_step.close();
    rows[first].opens = k == 0 || step.at != before;
    const bool aged = witness.aging.by > 0 && k == witness.aging.step + 1;
    if (aged) rows[first].busy = witness.aging.by;
    const Time quiet = step.at - before - rows[first].busy;
    if (witness.timed && quiet >= quiet_from(witness)) rows[first].quiet = quiet;
    before = step.at;
  }
  return rows;
}

Flight flight_of(const Segment& segment, const Cast& cast) {
  const Actor& from = cast.actors[segment.from];
  return {from.column, cast.actors[from.far_end].column};
}

std::string segment_name(const Witness& witness, int segment) {
  return std::to_string(segment + 1) + " " + witness.segments[segment].text;
}

std::vector<TimerUse> telling_timers(const Witness& witness) {
  std::vector<TimerUse> telling;
  for (const TimerUse& timer : witness.timers) {
    const bool ran_long = witness.timed && (!timer.cancelled ||
                                            *timer.cancelled - timer.armed >= quiet_from(witness));
    if (timer.expired || ran_long) telling.push_back(timer);
  }
  return telling;
}

Time flight_time(const Witness& witness, const Segment& segment) {
  if (!segment.arrived || !witness.timed) return 0;
  const Time flown = *segment.arrived - segment.sent;
  const Aging& aging = witness.aging;
  if (aging.by == 0 || aging.step >= witness.steps.size()) return flown;
  const Time aged = witness.steps[aging.step].at;
  return segment.sent <= aged && *segment.arrived >= aged + aging.by ? flown - aging.by : flown;
}

std::string format_moment(const Witness& witness, Time at) {
  return witness.timed ? format_time(at) : "step " + std::to_string(at);
}

std::string circumstances(const Witness& witness) {
  const std::string order =
      witness.timed ? "" : "order only, no times: steps are numbered as they follow each other; ";
  if (const auto* hop = std::get_if<HopSettings>(&witness.settings)) {
    return order + "link " + link_text(*hop) + "; " +
           stall_text(hop->client.name, hop->client.loop.stall) + ", " + hop->server.name +
           " up to " + format_time(hop->server.loop.stall);
  }
  const auto& proxy = std::get<ProxySettings>(witness.settings);
  const std::string& name = proxy.upstream.client.name;
  return order + counted(proxy.clients, "client connection") + ", " +
         counted(proxy.connections, "upstream connection") + " at a time; " + name + ": " +
         retries_text(proxy.exchange) +
         "; pool: " + (proxy.pool.fifo ? "first in, first out" : "last used, first used") +
         (proxy.content ? "; requests have content" : "; requests without content");
}

std::string timer_text(const Witness& witness, const TimerUse& timer) {
  const std::string end = timer.expired ? "expires " + format_moment(witness, *timer.expired)
                          : timer.cancelled
                              ? "cancelled " + format_moment(witness, *timer.cancelled)
                              : "still runs at the end";
  if (!witness.timed) {
    return "set to " + interval(timer.lo, timer.hi) + ", armed at " +
           format_moment(witness, timer.armed) + ": " + end;
  }
  return interval(timer.lo, timer.hi) + " after " + format_time(timer.armed) + ": " + end;
}

std::string verdicts_text(const Row& row) {
  std::string said = row.verdicts.front();
  for (std::size_t i = 1; i < row.verdicts.size(); ++i)
    said += (i == 1 ? "; also " : ", ") + row.verdicts[i];
  return said;
}

}  // namespace halfclose::proofs
