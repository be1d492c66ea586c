// Arbitrary schedules.
#pragma once

#include "property_tests/interleavings/schedules.hpp"

#include <rapidcheck.h>

#include <random>

namespace halfclose::test {

/// Of so many choices. It does not shrink: shortened() does better, on the path.
inline Schedule any_schedule(std::size_t choices) {
  Schedule schedule;
  schedule.adversary = static_cast<Adversary>(*rc::gen::inRange(0, kAdversaries));
  schedule.seed = *rc::gen::inRange<std::uint8_t>(0, 4);
  const auto seed = *rc::gen::noShrink(rc::gen::arbitrary<std::uint32_t>());
  std::mt19937 random(seed);
  schedule.choices.resize(choices);
  for (std::uint8_t& choice : schedule.choices)
    choice = static_cast<std::uint8_t>(random());
  return schedule;
}

}  // namespace halfclose::test
