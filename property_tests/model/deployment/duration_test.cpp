// Properties of durations (model/deployment/duration.hpp): every unit, every way to get one wrong,
// and back again.
#include "model/deployment/duration.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <string>

namespace halfclose::deployment {
namespace {

constexpr Time kMs = 1'000, kSecond = 1'000'000;

TEST_CASE("duration: reading", "[model][deployment]") {
  const auto read = [](std::string_view text) {
    INFO(text);
    const ParsedDuration parsed = parse_duration(text);
    REQUIRE(parsed.value.has_value());
    CHECK(parsed.rule.empty());
    return *parsed.value;
  };
  SECTION("knows five units") {
    CHECK(read("7us") == 7);
    CHECK(read("7ms") == 7 * kMs);
    CHECK(read("7s") == 7 * kSecond);
    CHECK(read("7m") == 7 * 60 * kSecond);
    CHECK(read("7h") == 7 * 3600 * kSecond);
  }
  SECTION("takes decimals down to a microsecond") {
    CHECK(read("0.2ms") == 200);
    CHECK(read("5.95s") == 5'950 * kMs);
    CHECK(read("0.5m") == 30 * kSecond);
    CHECK(read("0.000001s") == 1);
    CHECK(read("1.000us") == 1);
  }
  SECTION("takes zero, leading zeros and the longest duration there is") {
    CHECK(read("0s") == 0);
    CHECK(read("0us") == 0);
    CHECK(read("0000000000000000000000000000060s") == 60 * kSecond);
    CHECK(read("8784h") == kDurationMax);
  }
}

TEST_CASE("duration: refusing", "[model][deployment]") {
  const auto rule = [](std::string_view text) {
    INFO(text);
    const ParsedDuration parsed = parse_duration(text);
    CHECK_FALSE(parsed.value.has_value());
    return parsed.rule;
  };
  const std::string number = "a duration is a number with a unit: us, ms, s, m or h";
  const std::string unit = "a duration has a unit: us, ms, s, m or h";
  const std::string longest = "a duration is at most 366 days";
  SECTION("names the missing unit") {
    CHECK(rule("60") == unit);
    CHECK(rule("0") == unit);
    CHECK(rule("1.5") == unit);
  }
  SECTION("names the rule that anything else breaks") {
    for (const char* text : {"",      "s",    "ms",   ".",      "off",  "never", "1 s",
                             " 1s",   "1s ",  "+1s",  "1S",     "1sec", "5d",    "1e3s",
                             "1s2ms", "1,5s", "0x1s", "1.2.3s", "inf",  "nan s", "1\xc2\xb5s"}) {
      CHECK(rule(text) == number);
    }
  }
  SECTION("names negative durations") {
    CHECK(rule("-1s") == "a duration is not negative");
    CHECK(rule("-0s") == "a duration is not negative");
  }
  SECTION("names parts of a microsecond and more than nine decimals") {
    CHECK(rule("0.5us") == "a duration is a whole number of microseconds");
    CHECK(rule("0.0000001s") == "a duration is a whole number of microseconds");
    CHECK(rule("0.0000000001h") == "a duration has at most nine decimals");
  }
  SECTION("names what is too long, whatever the unit and however absurd") {
    CHECK(rule("8785h") == longest);
    CHECK(rule("8784.000001h") == longest);
    CHECK(rule("8784.5h") == longest);
    CHECK(rule("31622400000001us") == longest);
    CHECK(rule("99999999999999999999999999s") == longest);
    CHECK(rule(std::string(1'000'000, '9') + "us") == longest);
  }
  rc::prop("never reads arbitrary text as anything out of range", [](const std::string& text) {
    const ParsedDuration parsed = parse_duration(text);
    RC_ASSERT(parsed.value.has_value() == parsed.rule.empty());
    if (parsed.value) RC_ASSERT(*parsed.value >= 0 && *parsed.value <= kDurationMax);
  });
  rc::prop("reads text made of digits, dots and units like any other", [] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789..-ushm")));
    const ParsedDuration parsed = parse_duration(text);
    RC_ASSERT(parsed.value.has_value() == parsed.rule.empty());
    if (parsed.value) RC_ASSERT(*parsed.value >= 0 && *parsed.value <= kDurationMax);
  });
}

TEST_CASE("duration: printing", "[model][deployment]") {
  SECTION("chooses the shortest exact spelling") {
    CHECK(format_duration(0) == "0s");
    CHECK(format_duration(200) == "200us");
    CHECK(format_duration(1'500) == "1.5ms");
    CHECK(format_duration(5'950 * kMs) == "5.95s");
    CHECK(format_duration(60 * kSecond) == "1m");
    CHECK(format_duration(90 * kSecond) == "90s");
    CHECK(format_duration(3600 * kSecond) == "1h");
    CHECK(format_duration(kDurationMax) == "8784h");
    CHECK(format_duration(kOff) == "off");
    CHECK(format_duration(-5 * kMs) == "-5ms");
  }
  rc::prop("is read back as the same duration", [] {
    const Time unit = *rc::gen::element<Time>(1, 10, kMs, kSecond, 60 * kSecond, 3600 * kSecond);
    const Time time = unit * *rc::gen::inRange<Time>(0, kDurationMax / unit + 1);
    RC_ASSERT(parse_duration(format_duration(time)).value == time);
  });
}

TEST_CASE("interval: reading", "[model][deployment]") {
  SECTION("takes two ends or one duration for both") {
    CHECK(parse_interval("0.2ms..2ms").value == std::pair<Time, Time>(200, 2'000));
    CHECK(parse_interval("2ms").value == std::pair<Time, Time>(2'000, 2'000));
    CHECK(parse_interval("2ms..2ms").value == std::pair<Time, Time>(2'000, 2'000));
    CHECK(parse_interval("0s..1h").value == std::pair<Time, Time>(0, 3600 * kSecond));
  }
  SECTION("refuses ends out of order") {
    CHECK_FALSE(parse_interval("2ms..1ms").value.has_value());
    CHECK(parse_interval("2ms..1ms").rule == "the ends of an interval are in order");
  }
  SECTION("refuses an end that is no duration") {
    for (const char* text :
         {"", "..", "1ms..", "..1ms", "1..2ms", "1ms..2", "1ms..2ms..3ms", "1ms...2ms", "off",
          "1ms..off", "-1ms..1ms", "1ms .. 2ms", "1ms-2ms"}) {
      INFO(text);
      CHECK_FALSE(parse_interval(text).value.has_value());
      CHECK_FALSE(parse_interval(text).rule.empty());
    }
  }
  rc::prop("keeps its ends", [] {
    const Time lo = *rc::gen::inRange<Time>(0, kDurationMax);
    const Time hi = *rc::gen::inRange<Time>(lo, kDurationMax);
    RC_ASSERT(parse_interval(format_duration(lo) + ".." + format_duration(hi)).value ==
              std::pair(lo, hi));
  });
}

}  // namespace
}  // namespace halfclose::deployment
