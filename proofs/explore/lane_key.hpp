// A global state as one exact key: the numbers of the lanes' values side by side, in one word or
// two.
#pragma once

#include "proofs/explore/lane_values.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace halfclose::proofs {

template <unsigned Words> struct Key {
  std::array<std::uint64_t, Words> word{};
  bool operator==(const Key& other) const {
    if constexpr (Words == 1)
      return word[0] == other.word[0];  // of an array, a call of memcmp
    else
      return word == other.word;
  }
};

/// Where each lane stands in a key. A lane does not cross words, no value is number 0, and the
/// first lane is in the first word: so a first word of zero is no key. What the lanes leave free at
/// the top of the first word is for the set that holds the keys.
struct KeyLayout {
  struct Place {
    std::uint8_t word = 0, shift = 0, bits = 0;
    std::uint64_t mask() const { return (std::uint64_t{1} << bits) - 1; }
  };
  std::vector<Place> lanes;
  unsigned first_word_bits = 0;  ///< that the lanes may take of the first word

  std::uint64_t first_word_mask() const { return (std::uint64_t{1} << first_word_bits) - 1; }
  std::vector<std::uint32_t> most_values() const;
};

/// The widest places for lanes that have so many values by now, in `words` words of which the first
/// keeps `reserved` bits free; nothing when they do not fit.
std::optional<KeyLayout> lay_out(std::span<const std::uint32_t> values, unsigned words,
                                 unsigned reserved);

template <unsigned Words> ValueId value_in(const Key<Words>& key, KeyLayout::Place place) {
  return static_cast<ValueId>(key.word[Words == 1 ? 0 : place.word] >> place.shift & place.mask());
}
template <unsigned Words>
Key<Words> key_of(std::span<const ValueId> values, const KeyLayout& layout) {
  Key<Words> key;
  for (std::size_t l = 0; l < values.size(); ++l) {
    const KeyLayout::Place place = layout.lanes[l];
    key.word[Words == 1 ? 0 : place.word] |= std::uint64_t{values[l]} << place.shift;
  }
  return key;
}

}  // namespace halfclose::proofs
