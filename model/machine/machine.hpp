// The words machines are written in: State, Event, Row, Table, If, Unless, All, Do.
//
// A machine is a Boost.MSM front-end whose rows carry their guard, effect and source as types. Only
// the front-end is included here; the back-end belongs to model/machine/tabulate.hpp, in one
// translation unit per machine. Every trap of Boost.MSM 1.81 that can be caught while compiling is
// caught here.
#pragma once

#include "model/machine/citation.hpp"
#include "model/machine/fixed_string.hpp"

#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/mp11/mpl.hpp>  // without it MSM silently sees an empty table
#include <boost/msm/front/functor_row.hpp>
#include <boost/msm/front/state_machine_def.hpp>
#include <boost/msm/front/states.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace halfclose::machine {

/// A control state; `Name` is the standard's spelling and is what every reader prints.
template <FixedString Name> struct State : boost::msm::front::state<> {
  static constexpr std::string_view name = Name.view();
};

struct AnyEvent {};
/// An event without payload: payload classes are events of their own.
template <FixedString Name> struct Event : AnyEvent {
  static constexpr std::string_view name = Name.view();
};

template <class T>
concept IsState = requires {
  { T::name } -> std::convertible_to<std::string_view>;
}
&&!std::derived_from<T, AnyEvent>;
// MSM accepts `int` as an event and then never takes the row.
template <class T>
concept IsEvent = std::derived_from<T, AnyEvent>;

/// What effects append: at most `kOutputsMax` outputs per step, in order.
inline constexpr std::size_t kOutputsMax = 12;

template <class Out> struct Outputs {
  std::array<Out, kOutputsMax> items{};
  std::uint8_t count = 0;
  bool overflowed = false;

  constexpr void append(Out output) {
    if (count == kOutputsMax) {
      overflowed = true;
      return;
    }
    items[count++] = output;
  }
  constexpr bool operator==(const Outputs&) const = default;
};

namespace detail {

struct AnyGuard {};
struct AnyEffect {};

template <auto Predicate, class Context> constexpr bool test(const Context& context) {
  if constexpr (std::is_member_object_pointer_v<decltype(Predicate)>) {
    return static_cast<bool>(context.*Predicate);
  } else {
    static_assert(std::is_invocable_r_v<bool, decltype(Predicate), const Context&>,
                  "a guard is `bool f(const Context&)` or `&Context::flag`");
    return Predicate(context);
  }
}

template <auto Step, class Context, class Out>
constexpr void perform(Context& context, Outputs<Out>& outputs) {
  if constexpr (std::is_same_v<decltype(Step), Out>) {
    outputs.append(Step);
  } else if constexpr (std::is_invocable_r_v<void, decltype(Step), Context&>) {
    Step(context);
  } else {
    static_assert(
        std::is_invocable_r_v<void, decltype(Step), Context&, Outputs<Out>&>,
        "an effect is an output, `void f(Context&)` or `void f(Context&, Outputs<Out>&)`");
    Step(context, outputs);
  }
}

}  // namespace detail

/// Guards. `If<a, b>` needs both; `Unless<a, b>` needs neither; `All<...>` joins guards.
template <auto... Predicates> struct If : detail::AnyGuard {
  template <class Context> static constexpr bool holds(const Context& context) {
    return (detail::test<Predicates>(context) && ...);
  }
};
template <auto... Predicates> struct Unless : detail::AnyGuard {
  template <class Context> static constexpr bool holds(const Context& context) {
    return !(detail::test<Predicates>(context) || ...);
  }
};
template <class... Guards> struct All : detail::AnyGuard {
  template <class Context> static constexpr bool holds(const Context& context) {
    return (Guards::holds(context) && ...);
  }
};
using Always = If<>;

/// Effects in order: an enumerator of the machine's outputs is appended, a function changes the
/// context. A function of context and outputs is for a rule that is the same in many states, such
/// as what recv() returns.
template <auto... Steps> struct Do : detail::AnyEffect {
  template <class Context, class Out>
  static constexpr void apply(Context& context, Outputs<Out>& outputs) {
    (detail::perform<Steps>(context, outputs), ...);
  }
};
using Nothing = Do<>;

/// The To column of a row that stays where it is (an internal row).
struct Stay {};

/// One transition: from, on, if, do, to, source.
template <class FromState, class OnEvent, class When, class Effect, class ToState, class Cited>
struct Row {
  static_assert(IsState<FromState>, "From is a State<\"...\">");
  static_assert(IsEvent<OnEvent>, "On is an Event<\"...\">: MSM never takes a row on another type");
  static_assert(std::derived_from<When, detail::AnyGuard>, "If is If<>, Unless<>, All<> or Always");
  static_assert(std::derived_from<Effect, detail::AnyEffect>, "Do is Do<> or Nothing");
  static_assert(std::is_same_v<ToState, Stay> || IsState<ToState>,
                "To is a State<\"...\"> or Stay");
  static_assert(IsCitation<Cited>, "every row has a source");

  static constexpr bool internal = std::is_same_v<ToState, Stay>;
  using From = FromState;
  using On = OnEvent;
  using Condition = When;
  using Effects = Effect;
  using To = std::conditional_t<internal, FromState, ToState>;
  using Cites = Cited;

  // What Boost.MSM reads of a row.
  using Source = FromState;
  using Evt = OnEvent;
  using Target = To;
  using Action = Effect;
  using Guard = When;
  using row_type_tag = std::conditional_t<internal, boost::msm::irow_tag, boost::msm::row_tag>;

  template <class E, class Fsm, class S, class T, class AllStates>
  static boost::msm::back::HandledEnum action_call(Fsm& fsm, const E&, S&, T&, AllStates&) {
    fsm.template fired<Row>();
    Effect::apply(fsm.context, fsm.outputs);
    return boost::msm::back::HANDLED_TRUE;
  }
  template <class E, class Fsm, class S, class T, class AllStates>
  static bool guard_call(Fsm& fsm, const E&, S&, T&, AllStates&) {
    return When::holds(fsm.context);
  }
};

template <class... R> using Rows = boost::mp11::mp_list<R...>;

/// The base of every machine. `Def` declares `initial_state`, `transition_table`, `name`,
/// `output_names` and `describe(const Context&)`.
template <class Def, class ContextOf, class OutOf>
struct Machine : boost::msm::front::state_machine_def<Def> {
  static_assert(std::is_trivially_copyable_v<ContextOf>,
                "a context is plain data: it is snapshot as bytes");
  static_assert(std::has_unique_object_representations_v<ContextOf>,
                "a context has no padding: equal contexts must be equal bytes");
  static_assert(std::is_enum_v<OutOf> && sizeof(OutOf) == 1, "outputs are an enumeration of bytes");

  using Context = ContextOf;
  using Out = OutOf;
  // Actions never post events, and never throw: no queue, no try block.
  using no_message_queue = int;
  using no_exception_thrown = int;

  Context context{};
  Outputs<Out> outputs{};
  int row = -1;
  bool refused = false;

  template <class R> void fired() {
    row = static_cast<int>(boost::mp11::mp_find<typename Def::transition_table, R>::value);
  }
  template <class Fsm, class E> void no_transition(const E&, Fsm& fsm, int) { fsm.refused = true; }
};

}  // namespace halfclose::machine
