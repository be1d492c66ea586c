// A reader of Prometheus' text format 0.0.4 that is stricter than Prometheus: everything has a help
// and a type, right before its samples; counters are whole, end in `_total`, and none is said
// twice.
#pragma once

#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

namespace halfclose::property_tests {

/// @return values by series, as written: `name{label="value"}`
/// @errors std::runtime_error with the line that is wrong
inline std::map<std::string, std::uint64_t> read_prometheus(const std::string& text) {
  static const std::regex help("# HELP ([a-z_]+) (.*[^ ])"), type("# TYPE ([a-z_]+) ([a-z]+)"),
      sample("([a-z_]+)(\\{([^{}]*)\\})? (0|[1-9][0-9]*)"),
      labels("([a-z_]+=\"[^\"\\\\]+\"(,[a-z_]+=\"[^\"\\\\]+\")*)?");
  std::map<std::string, std::uint64_t> values;
  std::set<std::string> families;
  std::string family;
  bool typed = false, sampled = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const auto require = [&](bool holds, const char* what) {
      if (!holds) throw std::runtime_error(std::string(what) + ": " + line);
    };
    require(end != text.npos, "a line without end");
    at = end + 1;
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      require(sampled, "the family before has no sample");
      family = match[1];
      require(families.insert(family).second, "a second help");
      require(family.starts_with("halfclose_"), "not ours");
      typed = sampled = false;
    } else if (std::regex_match(line, match, type)) {
      require(match[1] == family && !typed, "a type without its help");
      require(match[2] == "counter" || match[2] == "gauge", "another type");
      require((match[2] == "counter") == family.ends_with("_total"), "a misleading name");
      typed = true;
    } else {
      require(std::regex_match(line, match, sample), "no sample");
      require(match[1] == family && typed, "a sample apart from its family");
      require(!match[2].matched || match[3].length() > 0, "braces without labels");
      const std::string said = match[3];
      require(std::regex_match(said, labels), "labels that are none");
      require(values.emplace(line.substr(0, line.rfind(' ')), std::stoull(match[4])).second,
              "said twice");
      sampled = true;
    }
  }
  if (!sampled) throw std::runtime_error("the last family has no sample");
  return values;
}

}  // namespace halfclose::property_tests
