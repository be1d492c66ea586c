#include "proofs/decoupling/text.hpp"

#include <algorithm>
#include <cassert>

namespace halfclose::proofs {

namespace {

struct Line {
  std::string text;
  bool seen = false;  ///< an observation; else what happens
};

std::vector<Line> lines(const std::vector<Moment>& run) {
  std::vector<Line> result;
  for (const Moment& moment : run) {
    result.push_back({(moment.hidden ? "* " : "  ") + moment.what});
    for (const std::string& seen : moment.observed)
      result.push_back({"    > " + seen, true});
  }
  return result;
}

/// Takes the lines before the next observation.
std::vector<std::string> happenings(const std::vector<Line>& lines, std::size_t& at) {
  std::vector<std::string> result;
  for (; at < lines.size() && !lines[at].seen; ++at)
    result.push_back(lines[at].text);
  return result;
}

}  // namespace

std::string render(const Interface& interface, const DecouplingResult& result) {
  assert(result.pair);
  const PairOfRuns& pair = *result.pair;
  const std::vector<Line> left = lines(pair.with), right = lines(pair.without);
  const std::string title = "with (* is management of " + interface.private_side + ")";
  std::size_t width = title.size() + 2;
  for (const Line& line : left)
    width = std::max(width, line.text.size() + 2);
  std::string text = "refuted: " + interface.statement + "\n";
  auto row = [&](const std::string& with, const std::string& without) {
    std::string one = "  " + with;
    if (!without.empty()) one += std::string(width - with.size(), ' ') + without;
    text += one + "\n";
  };
  row(title, "without");
  std::size_t l = 0, r = 0;
  for (std::size_t seen = 0; l < left.size() || r < right.size(); ++seen) {
    const auto with = happenings(left, l), without = happenings(right, r);
    for (std::size_t i = 0; i < std::max(with.size(), without.size()); ++i)
      row(i < with.size() ? with[i] : "", i < without.size() ? without[i] : "");
    if (l == left.size() && r == right.size()) break;
    std::string a = l < left.size() ? left[l++].text : "";
    std::string b = r < right.size() ? right[r++].text : "";
    if (seen == pair.shared) {
      text += "  " + std::string(width, '-') + "\n";
      if (!b.empty()) b = "      " + b.substr(6);
    }
    row(a, b);
  }
  text += "  `" + pair.impossible + "` is what " + interface.public_side +
          " can see there only because of management of " + interface.private_side + "\n";
  text += "  without it, what they can see next:";
  for (std::size_t i = 0; i < pair.possible.size(); ++i)
    text += (i == 0 ? " " : ", ") + pair.possible[i];
  if (pair.possible.empty()) text += " nothing";
  return text + "\n";
}

}  // namespace halfclose::proofs
