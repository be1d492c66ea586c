// The rows walked as types, without Boost.MSM: the cross-check of every table.
//
// It knows what MSM knows (the last row whose guard holds wins, an internal row keeps the state)
// and it can see what MSM cannot say: that two guards held at once.
#pragma once

#include "model/machine/rows.hpp"

#include <vector>

namespace halfclose::machine {

template <class Def> struct Walked {
  std::uint16_t state = 0;
  typename Def::Context context{};
  Outputs<typename Def::Out> outputs{};
  Verdict verdict = Verdict::refused;
  std::uint16_t row = kNoRow;
  std::uint16_t shadowed_row = kNoRow;  ///< another row whose guard held too
};

/// One event from one local state, by scanning the rows in table order.
template <class Def>
constexpr Walked<Def> walk(std::uint16_t state, const typename Def::Context& context,
                           EventId event) {
  using All = RowsOf<Def>;
  Walked<Def> result{state, context};
  boost::mp11::mp_for_each<boost::mp11::mp_iota<boost::mp11::mp_size<All>>>([&](auto index) {
    using R = boost::mp11::mp_at<All, decltype(index)>;
    if (state != state_id<Def, typename R::From>() || event != event_id<Def, typename R::On>())
      return;
    if (!R::Condition::holds(context)) {
      if (result.verdict == Verdict::refused) result.verdict = Verdict::guard_rejected;
      return;
    }
    result.shadowed_row = result.row;
    result.row = static_cast<std::uint16_t>(index);
    result.verdict = Verdict::taken;
    result.state = state_id<Def, typename R::To>();
    result.context = context;
    result.outputs = {};
    R::Effects::apply(result.context, result.outputs);
  });
  return result;
}

}  // namespace halfclose::machine
