// The states an exploration has seen: packed, exact, in order of discovery.
#pragma once

#include "model/system/system.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace halfclose::proofs {

/// Open addressing over 32-bit indices into one array of packed states. No lossy hashing.
class StateSet {
 public:
  explicit StateSet(std::size_t state_bytes)
      : width_(std::max(state_bytes, kWord)), slots_(1u << 12, kEmpty) {}

  /// The index of `state`, and whether it is new.
  std::pair<std::uint32_t, bool> insert(const system::State& state) {
    return insert(state, hash(state.bytes.data()));
  }
  /// The same in three parts, for a batch: hash all, then look at all, then insert all. Nearly
  /// every state costs a cache miss in the slots and one in the packed states, and this way those
  /// of a batch overlap.
  std::uint64_t hash_ahead(const system::State& state) const {
    const std::uint64_t h = hash(state.bytes.data());
    __builtin_prefetch(&slots_[h & (slots_.size() - 1)]);
    return h;
  }
  void look_ahead(std::uint64_t hash) const {
    const std::uint32_t index = slots_[hash & (slots_.size() - 1)];
    if (index != kEmpty) __builtin_prefetch(at(index));
  }
  std::pair<std::uint32_t, bool> insert(const system::State& state, std::uint64_t hash) {
    if ((count_ + 1) * 10 > slots_.size() * 6) grow();
    const std::uint8_t* bytes = state.bytes.data();
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != kEmpty) {
      if (equal(at(slots_[slot]), bytes)) return {slots_[slot], false};
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = static_cast<std::uint32_t>(count_);
    packed_.insert(packed_.end(), bytes, bytes + width_);
    return {static_cast<std::uint32_t>(count_++), true};
  }
  bool contains(const system::State& state) const {
    const std::uint8_t* bytes = state.bytes.data();
    std::size_t slot = hash(bytes) & (slots_.size() - 1);
    while (slots_[slot] != kEmpty) {
      if (equal(at(slots_[slot]), bytes)) return true;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    return false;
  }
  system::State operator[](std::size_t index) const {
    system::State state;
    std::memcpy(state.bytes.data(), at(index), width_);
    return state;
  }
  std::size_t size() const { return count_; }
  std::size_t bytes() const {
    return packed_.capacity() + slots_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t kEmpty = 0xffffffff;
  static constexpr std::size_t kWord = 8;

  const std::uint8_t* at(std::size_t index) const { return packed_.data() + index * width_; }
  std::uint64_t hash(const std::uint8_t* bytes) const {
    std::uint64_t h = 0x9e3779b97f4a7c15ull ^ width_;
    for (std::size_t i = 0; i < width_; i += kWord)
      h = mix(h ^ word(bytes, i));
    return h;
  }
  bool equal(const std::uint8_t* a, const std::uint8_t* b) const {
    for (std::size_t i = 0; i < width_; i += kWord) {
      if (word(a, i) != word(b, i)) return false;
    }
    return true;
  }
  /// Eight bytes of a state from the `i`-th on; the last word overlaps the one before.
  std::uint64_t word(const std::uint8_t* bytes, std::size_t i) const {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + std::min(i, width_ - kWord), kWord);
    return word;
  }
  static std::uint64_t mix(std::uint64_t x) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(x) * 0xd6e8feb86659fd93ull;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  void grow() {
    std::vector<std::uint32_t> old(slots_.size() * 2, kEmpty);
    old.swap(slots_);
    for (const std::uint32_t index : old) {
      if (index == kEmpty) continue;
      std::size_t slot = hash(at(index)) & (slots_.size() - 1);
      while (slots_[slot] != kEmpty)
        slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = index;
    }
  }

  std::size_t width_, count_ = 0;
  std::vector<std::uint8_t> packed_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace halfclose::proofs
