#include "proofs/witness/re_execute.hpp"

#include "proofs/witness/json.hpp"
#include "proofs/witness/text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace halfclose::proofs {

using system::Stimulus;
using Json = nlohmann::ordered_json;

namespace {

std::string clock_name(const system::System& system, const system::Clock& clock) {
  switch (clock.kind) {
    case system::Clock::Kind::timer:
      return system.timers[clock.index].name;
    case system::Clock::Kind::message:
      return "the delay of " + system.queues[clock.index].name;
    case system::Clock::Kind::attention:
      return "the stall bound of " + system.queues[clock.index].name;
  }
  return {};
}

/// A run: where it stands and, if it has times, when each clock that runs there was started.
class Replay {
 public:
  Replay(const system::System& system, const Witness& witness)
      : system_(system), w_(witness), state_(system.initial()) {
    if (!w_.timed) return;
    system_.clocks(state_, clocks_);
    started_.assign(clocks_.size(), 0);
  }

  /// The first step that cannot happen when it is said to, in words; empty when there is none.
  std::string run() {
    for (std::size_t k = 0; k < w_.path.size(); ++k) {
      if (std::string error = take(k); !error.empty())
        return "step " + std::to_string(k) + ", " + error;
    }
    return {};
  }

 private:
  std::string take(std::size_t k) {
    const Stimulus stimulus = w_.path[k];
    std::vector<Stimulus> enabled;
    system_.enabled(state_, enabled);
    if (std::find(enabled.begin(), enabled.end(), stimulus) == enabled.end()) {
      return "stimulus: `" + system_.describe(stimulus) + "` cannot happen there";
    }
    system::StepResult result;
    if (!w_.timed) {
      system_.step(state_, stimulus, result);
      state_ = result.state;
      return {};
    }
    const Time at = w_.steps[k].at;
    if (at < now_)
      return "at: " + format_time(at) + " is before " + format_time(now_) +
             ", when the run has got so far";
    now_ = at;
    if (std::string error = late("at"); !error.empty()) return error;
    const int guarded = system_.clock_of(clocks_, stimulus);
    if (guarded >= 0 && now_ - started_[guarded] < clocks_[guarded].lo) {
      return forbidden("at", " is earlier than ", guarded, clocks_[guarded].lo);
    }
    system_.step(state_, stimulus, result);
    std::vector<Time> moved;
    for (const std::int16_t origin : result.clock_origins) {
      moved.push_back(origin == system::kFresh ? now_ : started_[origin]);
    }
    started_ = std::move(moved);
    state_ = result.state;
    system_.clocks(state_, clocks_);
    if (w_.aging.by == 0 || w_.aging.step != k) return {};
    return result.aged ? grow_older() : "aging: no part of the past can be left out there";
  }

  /// Time passes for the timers of age and for nobody else.
  std::string grow_older() {
    now_ += w_.aging.by;
    for (std::size_t c = 0; c < clocks_.size(); ++c) {
      if (!system_.ages(clocks_[c])) started_[c] += w_.aging.by;
    }
    return late("aging");
  }

  std::string late(const char* field) const {
    for (std::size_t c = 0; c < clocks_.size(); ++c) {
      if (now_ - started_[c] > clocks_[c].hi)
        return forbidden(field, " is later than ", c, clocks_[c].hi);
    }
    return {};
  }
  std::string forbidden(const char* field, const char* relation, std::size_t clock,
                        Time bound) const {
    return field + (": " + format_time(now_)) + relation + clock_name(system_, clocks_[clock]) +
           " allows, " + format_time(started_[clock] + bound);
  }

  const system::System& system_;
  const Witness& w_;
  system::State state_;
  std::vector<system::Clock> clocks_;
  std::vector<Time> started_;
  Time now_ = 0;
};

/// Where two descriptions first differ, in words; empty when they are equal.
std::string difference(const Json& recorded, const Json& again, const std::string& where) {
  if (recorded == again) return {};
  if (recorded.is_array() && again.is_array()) {
    for (std::size_t i = 0; i < std::min(recorded.size(), again.size()); ++i) {
      const std::string found =
          difference(recorded[i], again[i], where + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return where + ": " + std::to_string(recorded.size()) + " are recorded, " +
           std::to_string(again.size()) + " happen";
  }
  if (recorded.is_object() && again.is_object()) {
    for (const Json* keys : {&recorded, &again}) {
      for (const auto& [key, value] : keys->items()) {
        const std::string found =
            difference(recorded.value(key, Json()), again.value(key, Json()), where + "." + key);
        if (!found.empty()) return found;
      }
    }
  }
  auto shown = [](const Json& json) {
    return json.is_null()
               ? "nothing"
               : "`" + printable(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "`";
  };
  return where + ": " + shown(recorded) + " is recorded, " + shown(again) + " happens";
}

std::string compare(const Witness& recorded, const Witness& again) {
  const Json first = Json::parse(to_json(recorded)), second = Json::parse(to_json(again));
  for (const char* part : {"steps", "segments", "timers", "observed"}) {
    std::string found = difference(first.at(part), second.at(part), part);
    if (!found.empty()) return found;
  }
  return {};
}

/// A race that nobody sees is none.
std::string check_property(const system::System& system, const Witness& w) {
  const bool known =
      std::any_of(system.observers.begin(), system.observers.end(), [&](const auto& observer) {
        const std::vector<std::string>& names =
            system.components[observer.component].table->outputs;
        return std::find(names.begin(), names.end(), w.property) != names.end();
      });
  if (!known) return {};
  for (const WitnessStep& step : w.steps) {
    for (const Happening& happening : step.happenings) {
      if (happening.kind == Happening::Kind::verdict && happening.text == w.property) return {};
    }
  }
  return "property: `" + w.property + "` does not happen";
}

}  // namespace

std::string re_execute(const Witness& witness) {
  if (std::string error = check_settings(witness.settings); !error.empty()) return error;
  try {
    return re_execute(witness, stage_of(witness.settings));
  } catch (const std::exception& refusal) {
    return std::string("the model cannot run it: ") + refusal.what();
  }
}

std::string re_execute(const Witness& witness, const Stage& stage) {
  if (witness.steps.size() != witness.path.size()) {
    return "steps: " + std::to_string(witness.steps.size()) + " are recorded, the path has " +
           std::to_string(witness.path.size());
  }
  if (!witness.timed && witness.aging != Aging{})
    return "aging: a run without times leaves nothing out";
  try {
    if (std::string error = Replay(stage.system, witness).run(); !error.empty())
      return printable(error);
    std::vector<Time> times;
    for (const WitnessStep& step : witness.steps)
      times.push_back(step.at);
    const Witness again = witness.timed
                              ? make_witness(witness.settings, witness.path, times, witness.aging)
                              : make_witness(witness.settings, stage, witness.path);
    if (std::string error = compare(witness, again); !error.empty()) return error;
    return check_property(stage.system, witness);
  } catch (const std::exception& refusal) {
    return std::string("the model cannot run it: ") + refusal.what();
  }
}

}  // namespace halfclose::proofs
