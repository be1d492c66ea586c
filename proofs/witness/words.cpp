#include "proofs/witness/words.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

/// Bytes of a word that is too long for a line: up to a joint of a name, or as much as the line
/// takes.
std::size_t break_within(std::string_view word, int width) {
  std::size_t cut = 0, joint = 0;
  for (int taken = 0; taken < width; ++taken) {
    if (word[cut] == '_' || word[cut] == '.') joint = cut + 1;
    while (++cut < word.size() && (word[cut] & 0xc0) == 0x80)
      continue;
  }
  return joint > 0 ? joint : cut;
}

std::string decimal(Time whole, Time unit) {
  std::string text = std::to_string(whole / unit);
  if (const Time rest = whole % unit; rest != 0) {
    text += "." + std::to_string(unit + rest).substr(1);
    while (text.ends_with('0'))
      text.pop_back();
  }
  return text;
}

}  // namespace

std::string format_time(Time time) {
  if (time < 0) return "-" + format_time(-time);
  return time >= 1'000'000 ? decimal(time, 1'000'000) + " s" : decimal(time, 1'000) + " ms";
}

std::string printable(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t bytes = lead < 0x80                   ? 1
                              : lead >= 0xc2 && lead < 0xe0 ? 2
                              : lead >= 0xe0 && lead < 0xf0 ? 3
                              : lead >= 0xf0 && lead < 0xf5 ? 4
                                                            : 0;
    std::uint32_t code = bytes < 2 ? lead : lead & (0x7fu >> bytes);
    bool valid = bytes != 0 && i + bytes <= text.size();
    for (std::size_t k = 1; valid && k < bytes; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      valid = (next & 0xc0) == 0x80;
      code = code << 6 | (next & 0x3f);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    valid = valid && code >= kLeast[bytes] && code <= 0x10ffff &&
            (code < 0xd800 || code > 0xdfff) && (code & 0xfffe) != 0xfffe;
    if (!valid) {
      clean += '?';
      ++i;
      continue;
    }
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    clean += control ? std::string_view(" ") : text.substr(i, bytes);
    i += bytes;
  }
  return clean;
}

int length(std::string_view text) {
  return static_cast<int>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<std::string> wrap(std::string_view text, int width) {
  std::vector<std::string> lines{""};
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    if (!lines.back().empty()) {
      if (length(lines.back()) + 1 + length(word) <= width) {
        lines.back() += ' ';
      } else {
        lines.emplace_back();
      }
    }
    while (length(word) > width) {
      const std::size_t cut = break_within(word, width);
      lines.back() += word.substr(0, cut);
      lines.emplace_back();
      word.remove_prefix(cut);
    }
    lines.back() += word;
  }
  return lines;
}

std::string shorten(const std::string& text, int chars) {
  std::string clean = printable(text);
  if (length(clean) <= chars) return clean;
  while (length(clean) >= chars) {
    while ((clean.back() & 0xc0) == 0x80)
      clean.pop_back();
    clean.pop_back();
  }
  return clean + "\u2026";
}

}  // namespace halfclose::proofs
