// A machine's table as types: its states, events and rows in order, and what a row says in print.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/mp11/set.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace halfclose::machine {

namespace detail {
template <class R> using FromOf = typename R::From;
template <class R> using ToOf = typename R::To;
template <class R> using OnOf = typename R::On;
}  // namespace detail

template <class Def> using RowsOf = typename Def::transition_table;
/// Control states: sources in table order, then targets that are never a source.
template <class Def>
using StatesOf = boost::mp11::mp_unique<
    boost::mp11::mp_append<boost::mp11::mp_transform<detail::FromOf, RowsOf<Def>>,
                           boost::mp11::mp_transform<detail::ToOf, RowsOf<Def>>>>;
template <class Def>
using EventsOf = boost::mp11::mp_unique<boost::mp11::mp_transform<detail::OnOf, RowsOf<Def>>>;

/// The number of event `E` in tables of `Def`. A type that is no event of the machine does not
/// compile.
template <class Def, class E> constexpr EventId event_id() {
  static_assert(boost::mp11::mp_contains<EventsOf<Def>, E>::value,
                "no row of the machine is on this event");
  return static_cast<EventId>(boost::mp11::mp_find<EventsOf<Def>, E>::value);
}
template <class Def, class S> constexpr std::uint16_t state_id() {
  static_assert(boost::mp11::mp_contains<StatesOf<Def>, S>::value, "the machine has no such state");
  return static_cast<std::uint16_t>(boost::mp11::mp_find<StatesOf<Def>, S>::value);
}

namespace detail {

template <class T> constexpr std::string_view pretty() {
  return __PRETTY_FUNCTION__;
}

/// `Do<halfclose::tcp::open_fd, halfclose::tcp::Out::syn>` -> `open_fd, syn`; guards keep their
/// word.
std::string unqualified(std::string_view pretty_function);

template <class R> RowText row_text() {
  return {std::string(R::From::name),
          std::string(R::On::name),
          std::is_same_v<typename R::Condition, Always>
              ? ""
              : unqualified(pretty<typename R::Condition>()),
          std::is_same_v<typename R::Effects, Nothing> ? ""
                                                       : unqualified(pretty<typename R::Effects>()),
          std::string(R::To::name),
          std::string(R::Cites::document),
          std::string(R::Cites::clause),
          R::internal};
}

}  // namespace detail

template <class Def> std::vector<RowText> row_texts() {
  std::vector<RowText> texts;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<boost::mp11::mp_identity, RowsOf<Def>>>(
      [&](auto row) { texts.push_back(detail::row_text<typename decltype(row)::type>()); });
  return texts;
}

}  // namespace halfclose::machine
