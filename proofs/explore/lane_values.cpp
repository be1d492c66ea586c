#include "proofs/explore/lane_values.hpp"

#include <cstring>

namespace halfclose::proofs {

ValueId LaneValues::intern(const std::uint8_t* value) {
  if ((count_ + 1u) * 2 > slots_.size()) grow();
  std::size_t slot = hash(value) & (slots_.size() - 1);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (std::memcmp((*this)[slots_[slot]], value, width_) == 0) return slots_[slot];
  }
  packed_.insert(packed_.end(), value, value + width_);
  return slots_[slot] = ++count_;
}

std::uint64_t LaneValues::hash(const std::uint8_t* value) const {
  std::uint64_t h =
      0xcbf29ce484222325ull;  // FNV-1a: values are short, and this runs on a miss only
  for (std::size_t i = 0; i < width_; ++i)
    h = (h ^ value[i]) * 0x100000001b3ull;
  return h ^ h >> 32;
}

void LaneValues::grow() {
  slots_.assign(slots_.size() * 2, 0);
  for (ValueId id = 1; id <= count_; ++id) {
    std::size_t slot = hash((*this)[id]) & (slots_.size() - 1);
    while (slots_[slot] != 0)
      slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = id;
  }
}

}  // namespace halfclose::proofs
