// region_smt: what `halfclose solve --format json` says of one race, as SMT-LIB: the parameters in
// microseconds, `domain` and `safe`.
//
// Standard input has one hop and one race; exits 1 when its region is not exact.
#include <nlohmann/json.hpp>

#include <cmath>
#include <iostream>
#include <set>
#include <string>

namespace {

using Json = nlohmann::json;

std::string number(long long value) {
  return value < 0 ? "(- " + std::to_string(-value) + ".0)" : std::to_string(value) + ".0";
}

std::string formula(const Json& inequality) {
  std::string sum = "(+ " + number(std::llround(inequality.at("constant_s").get<double>() * 1e6));
  for (const auto& [name, coefficient] : inequality.at("terms").items())
    sum += " (* " + number(coefficient.get<long long>()) + " |" + name + "|)";
  return std::string(inequality.at("strict").get<bool>() ? "(> " : "(>= ") + sum + ") 0.0)";
}
std::string all_of(const Json& cell) {
  std::string text = "(and true";
  for (const Json& inequality : cell)
    text += "\n    " + formula(inequality);
  return text + ")";
}

}  // namespace

int main() {
  const Json race = Json::parse(std::cin).at("hops").at(0).at("races").at(0);
  if (!race.at("exact").get<bool>()) return 1;
  std::set<std::string> names;
  for (const Json& inequality : race.at("domain")) {
    for (const auto& [name, coefficient] : inequality.at("terms").items())
      names.insert(name);
  }
  for (const std::string& name : names)
    std::cout << "(declare-const |" << name << "| Real)\n";
  std::cout << "(define-fun domain () Bool\n  " << all_of(race.at("domain")) << ")\n";
  std::cout << "(define-fun safe () Bool\n  (or false";
  for (const Json& cell : race.at("cells"))
    std::cout << "\n  " << all_of(cell);
  std::cout << "))\n";
}
