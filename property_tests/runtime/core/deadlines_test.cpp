// Deadlines (runtime/core/deadlines.hpp): nothing is looked at early for good, nor forgotten.
#include "runtime/core/deadlines.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <map>

using namespace halfclose::runtime;

TEST_CASE("runtime deadlines: each is met within a tick", "[runtime]") {
  rc::prop("of those that were set last", [] {
    Deadlines deadlines;
    std::map<std::uint32_t, Time> due;
    Time now = *rc::gen::inRange(0, 100'000);
    deadlines.run(now, [](std::uint32_t) {});
    const auto steps =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>());
    for (const std::uint32_t step : steps) {
      const std::uint32_t thing = step % 7;
      switch (step / 7 % 4) {
        case 0:
        case 1:
          due[thing] = now + step / 28 % 40'000;
          deadlines.set(thing, due[thing]);
          break;
        case 2:
          due.erase(thing);
          deadlines.forget(thing);
          break;
        case 3:
          now += step / 28 % 5'000;
          deadlines.run(now, [&](std::uint32_t looked) {
            const auto known = due.find(looked);
            if (known == due.end()) return;
            if (known->second > now)
              deadlines.set(looked, known->second);
            else
              due.erase(known);
          });
          for (const auto& [left, at] : due)
            RC_ASSERT(at > now - Deadlines::kTick);
          if (!due.empty()) {
            RC_ASSERT_FALSE(deadlines.empty());
            for (const auto& [left, at] : due)
              RC_ASSERT(deadlines.next() <= at + Deadlines::kTick);
          }
          break;
      }
    }
  });
}
