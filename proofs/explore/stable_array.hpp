// An array that grows without moving what it holds: one writer at a time, any number of readers.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace halfclose::proofs {

/// Indices start at 1. Bucket k holds the indices of k bits, so an index is found with one shift.
template <class T> class StableArray {
 public:
  /// @pre `reach(index)` happened before, seen through whatever published the index
  T& operator[](std::uint32_t index) const {
    const auto bits = static_cast<unsigned>(std::bit_width(index));
    return buckets_[bits].load(std::memory_order_acquire)[index - (1u << (bits - 1))];
  }
  /// Null when `reach` has not gone so far.
  T* find(std::uint32_t index) const {
    const auto bits = static_cast<unsigned>(std::bit_width(index));
    T* bucket = buckets_[bits].load(std::memory_order_acquire);
    return bucket == nullptr ? nullptr : &bucket[index - (1u << (bits - 1))];
  }
  /// Makes room for `index`. One writer at a time.
  void reach(std::uint32_t index) {
    const auto bits = static_cast<unsigned>(std::bit_width(index));
    if (owned_[bits] != nullptr) return;
    const std::size_t size = std::size_t{1} << (bits - 1);
    owned_[bits] = std::make_unique<T[]>(size);
    buckets_[bits].store(owned_[bits].get(), std::memory_order_release);
    bytes_ += size * sizeof(T);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  std::array<std::atomic<T*>, 33> buckets_{};
  std::array<std::unique_ptr<T[]>, 33> owned_{};
  std::size_t bytes_ = 0;
};

}  // namespace halfclose::proofs
