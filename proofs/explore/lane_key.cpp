#include "proofs/explore/lane_key.hpp"

#include <algorithm>
#include <bit>

namespace halfclose::proofs {

namespace {

constexpr unsigned kMostBits = 31;  // of a lane: ValueId has 32

}  // namespace

std::vector<std::uint32_t> KeyLayout::most_values() const {
  std::vector<std::uint32_t> most;
  for (const Place& place : lanes)
    most.push_back(static_cast<std::uint32_t>(place.mask()));
  return most;
}

std::optional<KeyLayout> lay_out(std::span<const std::uint32_t> values, unsigned words,
                                 unsigned reserved) {
  KeyLayout layout;
  layout.first_word_bits = 64 - reserved;
  std::vector<unsigned> left(words, 64), lanes_in(words, 0);
  left[0] = layout.first_word_bits;
  for (const std::uint32_t count : values) {
    // One more bit than needed now, or the next value would be the end of this layout.
    const auto bits = std::min(static_cast<unsigned>(std::bit_width(count)) + 1, kMostBits);
    const auto word = static_cast<unsigned>(
        std::find_if(left.begin(), left.end(), [&](unsigned free) { return free >= bits; }) -
        left.begin());
    if (word == words) return std::nullopt;
    left[word] -= bits;
    ++lanes_in[word];
    layout.lanes.push_back({static_cast<std::uint8_t>(word), 0, static_cast<std::uint8_t>(bits)});
  }
  std::vector<unsigned> at(words, 0);
  for (KeyLayout::Place& place : layout.lanes) {
    const unsigned more = left[place.word] / lanes_in[place.word];
    place.bits = static_cast<std::uint8_t>(std::min(place.bits + more, kMostBits));
    place.shift = static_cast<std::uint8_t>(at[place.word]);
    at[place.word] += place.bits;
  }
  return layout;
}

}  // namespace halfclose::proofs
