// The timers of the two connection machines: which outputs arm and cancel each, what the machine is
// told when it is due, and how long it runs.
#pragma once

#include "model/machine/rows.hpp"
#include "runtime/core/settings.hpp"

#include <array>
#include <cstddef>

namespace halfclose::runtime {

template <class Out, class After> struct Timer {
  Out arm;
  Out cancel;  ///< `arm` again where the machine has no output to cancel it
  machine::EventId expires;
  Time After::*after;
};

/// In the order in which timers that are due together expire.
inline constexpr std::array kServerTimers = [] {
  using namespace http1::server;
  using After = Settings::ServerTimers;
  constexpr auto id = []<class E>(E) { return machine::event_id<ServerConnection, E>(); };
  using T = Timer<Out, After>;
  return std::array{
      T{Out::arm_close, Out::cancel_close, id(timeout::Close{}), &After::close},
      T{Out::arm_linger, Out::arm_linger, id(timeout::Linger{}), &After::linger},
      T{Out::arm_drain, Out::cancel_drain, id(timeout::Drain{}), &After::drain},
      T{Out::arm_age, Out::arm_age, id(timeout::Age{}), &After::age},
      T{Out::arm_idle, Out::cancel_idle, id(timeout::Idle{}), &After::idle},
  };
}();
inline constexpr std::array kClientTimers = [] {
  using namespace http1::client;
  using After = Settings::ClientTimers;
  constexpr auto id = []<class E>(E) { return machine::event_id<ClientConnection, E>(); };
  using T = Timer<Out, After>;
  return std::array{
      T{Out::arm_response, Out::cancel_response, id(timeout::Response{}), &After::response},
      T{Out::arm_expect, Out::cancel_expect, id(timeout::Expect{}), &After::expect},
      T{Out::arm_age, Out::arm_age, id(timeout::Age{}), &After::age},
      T{Out::arm_idle, Out::cancel_idle, id(timeout::Idle{}), &After::idle},
  };
}();

/// When each timer of a machine is due, or kNever.
template <std::size_t N> constexpr std::array<Time, N> no_deadlines() {
  std::array<Time, N> none{};
  none.fill(kNever);
  return none;
}

}  // namespace halfclose::runtime
