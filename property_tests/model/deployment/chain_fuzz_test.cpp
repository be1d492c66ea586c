// Chains that nobody wrote: arbitrary bytes, arbitrary YAML-like text, and a good chain with small
// damage. The answer is a chain or one error with a place inside the file.
#include "model/deployment/chain.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace halfclose::deployment {
namespace {

const std::string& good_chain() {
  static const std::string text = [] {
    std::ostringstream read;
    read << std::ifstream(HALFCLOSE_SOURCE_DIR "/examples/alb-envoy-node.yaml").rdbuf();
    return read.str();
  }();
  return text;
}

/// A chain of at least two nodes with settings for each hop, or one error within the text.
bool answers(const std::string& text) {
  RC_LOG() << "---\n" << text << std::endl;
  const LoadedChain loaded = parse_chain(text, "f.yaml");
  if (loaded.chain) {
    RC_ASSERT(loaded.error.rule.empty());
    RC_ASSERT(loaded.chain->nodes.size() >= 2u);
    RC_ASSERT(loaded.chain->links.size() + 1 == loaded.chain->nodes.size());
    for (std::size_t hop = 0; hop < loaded.chain->links.size(); ++hop) {
      const HopSettings settings = hop_settings(*loaded.chain, hop);
      RC_ASSERT(0 <= settings.delay_min && settings.delay_min <= settings.delay_max);
    }
    return true;
  }
  RC_ASSERT_FALSE(loaded.error.rule.empty());
  RC_ASSERT(loaded.error.rule.find('\n') == std::string::npos);
  RC_ASSERT(loaded.error.line >= 0 && loaded.error.column >= 0);
  const auto lines =
      std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r');
  RC_ASSERT(loaded.error.line <= lines + 2);
  return false;
}

std::size_t place_in(const std::string& text) {
  return *rc::gen::inRange<std::size_t>(0, text.size() + 1);
}

/// One small change: a byte or a few deleted, inserted, replaced; a line twice, gone, indented,
/// swapped.
void damage(std::string& text) {
  static const std::vector<std::string> kPieces = {
      ":",    ": ",   "- ",     "[",     "]",        "{",          "}",     ",",
      "#",    "&a ",  "*a",     "\n",    "\t",       " ",          "'",     "\"",
      "|",    ">",    "? ",     "~",     "<<: ",     "!!int ",     "off",   "0",
      "-1",   "60",   "\r",     "%",     "\\",       "@",          "---\n", "...\n",
      "\xff", "\x01", "chain:", "link:", "profile:", "upstream: ", "5s",    std::string(1, '\0')};
  const std::size_t at = place_in(text);
  const std::size_t length = *rc::gen::inRange<std::size_t>(0, 5);
  const auto line_at = [&](std::size_t place) {
    const std::size_t begin = place == 0 ? 0 : text.rfind('\n', place - 1) + 1;
    return std::pair(begin, std::min(text.find('\n', place), text.size() - 1) + 1);
  };
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      text.erase(at, length);
      break;
    case 1:
      text.insert(at, *rc::gen::elementOf(kPieces));
      break;
    case 2:
      text.replace(at, std::min(length, text.size() - at), *rc::gen::elementOf(kPieces));
      break;
    case 3:
      text.insert(at, text.substr(place_in(text), length * 4));
      break;
    case 4:
      if (const auto [begin, end] = line_at(at); begin < end)
        text.insert(begin, text.substr(begin, end - begin));
      break;
    default:
      if (const auto [begin, end] = line_at(at); begin < end) text.erase(begin, end - begin);
      break;
  }
}

TEST_CASE("chain: text that nobody wrote", "[model][deployment]") {
  rc::prop("of arbitrary bytes is no chain, and says so",
           [](const std::string& text) { RC_ASSERT_FALSE(answers(text)); });
  rc::prop("of the characters of YAML is answered", [] {
    const std::string alphabet = ":-[]{},#&*!|>'\"%@` \n\n\n\t?~<=.a0";
    answers(*rc::gen::container<std::string>(rc::gen::elementOf(alphabet)));
  });
  rc::prop("is answered behind the beginning of a chain", [](const std::string& text) {
    const std::string& good = good_chain();
    answers(good.substr(0, place_in(good)) + text);
  });
}

TEST_CASE("chain: a good chain with small damage", "[model][deployment]") {
  REQUIRE(parse_chain(good_chain(), "f.yaml").chain.has_value());
  rc::prop("is read or refused with one error", [] {
    // More damage leaves fewer chains readable.
    const int changes = *rc::gen::element(1, 1, 1, 1, 2, 4, 8);
    int read = 0;
    for (int chain = 0; chain < 10; ++chain) {
      std::string text = good_chain();
      for (int i = 0; i < changes; ++i)
        damage(text);
      read += answers(text) ? 1 : 0;
    }
    RC_CLASSIFY(read > 0, "some were still chains");
  });
}

}  // namespace
}  // namespace halfclose::deployment
