// Tabulation: the Boost.MSM back-end executed on every reachable (local state, event).
//
// Include this in ONE translation unit per machine: the back-end is what makes compiling slow.
// Every cell is checked against the compile-time walk while it is made; a disagreement is a bug of
// ours and throws.
#pragma once

#include "model/machine/walk.hpp"

#include <boost/msm/back/metafunctions.hpp>
#include <boost/msm/back/mpl_graph_fsm_check.hpp>
#include <boost/msm/back/state_machine.hpp>

#include <cstring>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace halfclose::machine {

namespace detail {

template <class Def>
using Backend = boost::msm::back::state_machine<Def, boost::msm::back::mpl_graph_fsm_check>;

template <class Def> constexpr void check_definition() {
  using All = RowsOf<Def>;
  static_assert(boost::mpl::is_sequence<All>::value, "MSM would see an empty table");
  static_assert(boost::mp11::mp_size<All>::value > 0, "a machine has rows");
  static_assert(boost::mp11::mp_is_set<All>::value, "a row is written twice");
  static_assert(IsState<typename Def::initial_state>, "one region: compose machines instead");
  static_assert(boost::mp11::mp_size<StatesOf<Def>>::value < 256);
  static_assert(boost::mp11::mp_size<EventsOf<Def>>::value < 256);
}

/// The back-end with its control state set and read; it numbers states in its own way.
template <class Def> class Stepper {
 public:
  using Context = typename Def::Context;

  explicit Stepper(const Context& context) {
    machine_.start();
    machine_.context = context;
  }

  void load(std::uint16_t state, const Context& context) {
    // current_state() is read-only in the interface; the object itself is not const.
    const_cast<int*>(machine_.current_state())[0] = msm_ids()[state];
    machine_.context = context;
  }
  Verdict fire(EventId event) {
    machine_.outputs = {};
    machine_.row = -1;
    machine_.refused = false;
    const auto result = kFire[event](machine_);
    if (result & boost::msm::back::HANDLED_TRUE) return Verdict::taken;
    return machine_.refused ? Verdict::refused : Verdict::guard_rejected;
  }
  std::uint16_t state() const {
    const int id = machine_.current_state()[0];
    for (std::uint16_t s = 0; s < msm_ids().size(); ++s) {
      if (msm_ids()[s] == id) return s;
    }
    throw std::logic_error("Boost.MSM reports a state the table does not have");
  }
  const Context& context() const { return machine_.context; }
  const Outputs<typename Def::Out>& outputs() const { return machine_.outputs; }
  std::uint16_t row() const {
    return machine_.row < 0 ? kNoRow : static_cast<std::uint16_t>(machine_.row);
  }

 private:
  using Fire = boost::msm::back::HandledEnum (*)(Backend<Def>&);
  template <class E> static boost::msm::back::HandledEnum fire_one(Backend<Def>& machine) {
    return machine.process_event(E{});
  }
  template <class List> struct FireAll;
  template <class... E> struct FireAll<boost::mp11::mp_list<E...>> {
    static constexpr Fire all[] = {&fire_one<E>...};
  };
  static constexpr const auto& kFire = FireAll<EventsOf<Def>>::all;

  static const std::vector<int>& msm_ids() {
    static const std::vector<int> ids = [] {
      std::vector<int> made;
      boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, StatesOf<Def>>>(
          [&](auto state) {
            made.push_back(boost::msm::back::get_state_id<typename Backend<Def>::stt,
                                                          typename decltype(state)::type>::value);
          });
      return made;
    }();
    return ids;
  }

  Backend<Def> machine_;
};

template <class Def>
std::string context_key(std::uint16_t state, const typename Def::Context& context) {
  std::string key(sizeof state + sizeof context, '\0');
  std::memcpy(key.data(), &state, sizeof state);
  std::memcpy(key.data() + sizeof state, &context, sizeof context);
  return key;
}

}  // namespace detail

/// Executes the machine from `initial_state` with `context` until no new local state appears.
///
/// @errors  std::length_error past 65535 locals or kOutputsMax outputs in a step; std::logic_error
/// when Boost.MSM and
///          the compile-time walk disagree on a cell
/// @cost    locals x events calls of process_event, well under a millisecond for the machines here
template <class Def> Table tabulate(const typename Def::Context& context = {}) {
  detail::check_definition<Def>();
  Table table;
  table.machine = Def::name;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, StatesOf<Def>>>(
      [&](auto s) { table.states.emplace_back(decltype(s)::type::name); });
  boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, EventsOf<Def>>>(
      [&](auto e) { table.events.emplace_back(decltype(e)::type::name); });
  for (std::string_view name : Def::output_names)
    table.outputs.emplace_back(name);
  table.rows = row_texts<Def>();
  table.output_lists.emplace_back();

  std::vector<std::pair<std::uint16_t, typename Def::Context>> locals;
  std::map<std::string, LocalId> known;
  auto local_id = [&](std::uint16_t state, const typename Def::Context& at) {
    const auto [found, fresh] =
        known.try_emplace(detail::context_key<Def>(state, at), static_cast<LocalId>(locals.size()));
    if (fresh) {
      if (locals.size() == 0xffff)
        throw std::length_error(table.machine + ": more than 65535 local states");
      locals.emplace_back(state, at);
      table.locals.push_back({state, Def::describe(at)});
    }
    return found->second;
  };
  std::map<std::vector<OutputId>, std::uint16_t> lists;
  lists.emplace(std::vector<OutputId>{}, std::uint16_t{0});
  auto list_id = [&](const Outputs<typename Def::Out>& outputs) {
    if (outputs.overflowed)
      throw std::length_error(table.machine + ": a row has more than " +
                              std::to_string(kOutputsMax) + " outputs");
    std::vector<OutputId> list;
    for (std::uint8_t i = 0; i < outputs.count; ++i)
      list.push_back(static_cast<OutputId>(outputs.items[i]));
    const auto [found, fresh] =
        lists.try_emplace(list, static_cast<std::uint16_t>(table.output_lists.size()));
    if (fresh) table.output_lists.push_back(list);
    return found->second;
  };

  detail::Stepper<Def> stepper(context);
  local_id(state_id<Def, typename Def::initial_state>(), context);
  for (std::size_t l = 0; l < locals.size(); ++l) {
    for (std::size_t e = 0; e < table.events.size(); ++e) {
      const auto [state, at] = locals[l];  // a copy: local_id() may reallocate
      const auto event = static_cast<EventId>(e);
      stepper.load(state, at);
      const Verdict verdict = stepper.fire(event);
      const Walked<Def> walked = walk<Def>(state, at, event);
      if (walked.verdict != verdict || walked.state != stepper.state() ||
          walked.row != stepper.row() || !(walked.outputs == stepper.outputs()) ||
          std::memcmp(&walked.context, &stepper.context(), sizeof at) != 0) {
        throw std::logic_error(table.machine + ": Boost.MSM and the walk of the rows disagree in " +
                               table.states[state] + " on " + table.events[e]);
      }
      if (walked.shadowed_row != kNoRow) {
        table.overlaps.push_back({static_cast<LocalId>(l), event, walked.shadowed_row, walked.row});
      }
      const LocalId next = local_id(stepper.state(), stepper.context());
      table.cells.push_back({next, list_id(stepper.outputs()), stepper.row(), verdict});
    }
  }
  return table;
}

/// Boost.MSM behind machine::Running.
template <class Def> class RunningOf final : public Running {
 public:
  explicit RunningOf(const typename Def::Context& context) : stepper_(context) {}

  Result step(EventId event) override {
    Result result;
    result.verdict = stepper_.fire(event);
    const auto& outputs = stepper_.outputs();
    for (std::uint8_t i = 0; i < outputs.count; ++i) {
      result.outputs.push_back(static_cast<OutputId>(outputs.items[i]));
    }
    std::string_view state;
    boost::mp11::mp_with_index<boost::mp11::mp_size<StatesOf<Def>>::value>(
        stepper_.state(),
        [&](auto s) { state = boost::mp11::mp_at<StatesOf<Def>, decltype(s)>::name; });
    const std::string context = Def::describe(stepper_.context());
    result.local = std::string(state) + (context.empty() ? "" : " (" + context + ")");
    return result;
  }
  Verdict fire(EventId event) override { return stepper_.fire(event); }

 private:
  detail::Stepper<Def> stepper_;
};

}  // namespace halfclose::machine
