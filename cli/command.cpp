#include "cli/command.hpp"

#include "model/deployment/role.hpp"
#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/judge.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace halfclose::cli {

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    if (column > 0 && column + 1 + word.size() > width - indent) {
      result += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    text = space == std::string_view::npos ? std::string_view{} : text.substr(space + 1);
  }
  return result;
}

bool colour_wanted() {
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::string coloured(std::string_view text, Colour colour, bool wanted) {
  if (!wanted) return std::string(text);
  constexpr std::string_view kCodes[] = {"31;1", "32", "33;1", "1", "2"};
  return "\x1b[" + std::string(kCodes[static_cast<int>(colour)]) + "m" + std::string(text) +
         "\x1b[0m";
}

int finish(const std::string& result, int status) {
  const bool written = std::fwrite(result.data(), 1, result.size(), stdout) == result.size() &&
                       std::fflush(stdout) == 0;
  if (written) return status;
  return refuse("error: standard output cannot be written");
}

int refuse(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kUsage;
}

bool is_guarantee(std::string_view slug) {
  const auto& all = proofs::guarantees();
  return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.slug == slug; });
}
bool is_property(std::string_view slug) {
  const auto& all = proofs::property_slugs();
  return std::find(all.begin(), all.end(), slug) != all.end();
}

std::string unknown_race(const std::string& slug) {
  std::vector<std::string_view> slugs;
  std::string all;
  for (const proofs::Race& race : proofs::races()) {
    slugs.push_back(race.slug);
    all += " " + std::string(race.slug);
  }
  auto add = [&](std::string_view one) {
    if (std::find(slugs.begin(), slugs.end(), one) != slugs.end()) return;
    slugs.push_back(one);
    all += " " + std::string(one);
  };
  for (const std::string_view property : proofs::property_slugs())
    add(property);
  for (const proofs::Guarantee& guarantee : proofs::guarantees())
    add(guarantee.slug);
  const std::string near = deployment::nearest(slug, slugs);
  return "error: unknown race `" + slug + "`\n  help: " +
         (near.empty() ? "races and guarantees:" + all : "did you mean `" + near + "`?");
}

}  // namespace halfclose::cli
