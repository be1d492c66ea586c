// The values that the lanes of one kind have taken: packed bytes, exact, numbered from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace halfclose::proofs {

using ValueId = std::uint32_t;  ///< 0 is no value

class LaneValues {
 public:
  explicit LaneValues(std::size_t value_bytes) : width_(value_bytes), slots_(64) {}

  /// The number of the value, a new one when it was not seen before.
  ValueId intern(const std::uint8_t* value);
  const std::uint8_t* operator[](ValueId id) const { return packed_.data() + (id - 1) * width_; }
  std::uint64_t hash(const std::uint8_t* value) const;
  std::uint32_t size() const { return count_; }
  std::size_t width() const { return width_; }
  std::size_t bytes() const { return packed_.capacity() + slots_.capacity() * sizeof(ValueId); }

 private:
  void grow();

  std::size_t width_;
  std::uint32_t count_ = 0;
  std::vector<std::uint8_t> packed_;
  std::vector<ValueId> slots_;
};

}  // namespace halfclose::proofs
