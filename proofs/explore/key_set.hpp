// The keys an exploration has seen, each with the level it was seen on. Exact: no lossy hashing.
#pragma once

#include "proofs/explore/lane_key.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

namespace halfclose::proofs {

/// Memory straight from the system: zero, in large pages, and given back piece by piece.
class Pages {
 public:
  Pages() = default;
  explicit Pages(std::size_t words) : bytes_(words * sizeof(std::uint64_t)) {
    void* got = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) throw std::bad_alloc();
    words_ = static_cast<std::uint64_t*>(got);
    if (bytes_ >= kHugeFrom) madvise(got, bytes_, MADV_HUGEPAGE);
  }
  Pages(Pages&& other) noexcept
      : words_(std::exchange(other.words_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(words_, other.words_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Pages() {
    if (words_ != nullptr) munmap(words_, bytes_);
  }
  std::uint64_t* words() const { return words_; }
  std::size_t bytes() const { return bytes_; }
  /// The words [from, to) are not needed any more.
  /// @pre `from` is a multiple of a page
  void release(std::size_t from, std::size_t to) {
    madvise(words_ + from, (to - from) * sizeof(std::uint64_t), MADV_DONTNEED);
  }

 private:
  static constexpr std::size_t kHugeFrom = 8u << 20;
  std::uint64_t* words_ = nullptr;
  std::size_t bytes_ = 0;
};

/// Open addressing, linear probing. A key's first slot grows with its hash, so that a larger table
/// is filled from a smaller one in one pass over both. Any number of threads may insert at once.
template <unsigned Words> class KeySet {
 public:
  /// Bits of the first word that are not for lanes, given the highest level.
  static unsigned reserved(unsigned level_bits) { return level_bits + (Words > 1 ? 1u : 0u); }

  KeySet() = default;
  KeySet(std::size_t capacity, const KeyLayout& layout)
      : slots_(capacity * Words),
        capacity_(capacity),
        lane_mask_(layout.first_word_mask()),
        level_shift_(layout.first_word_bits) {}

  std::size_t capacity() const { return capacity_; }
  std::size_t bytes() const { return slots_.bytes(); }
  static std::uint64_t hash(const Key<Words>& key) {
    std::uint64_t mixed = folded(key.word[0] * kOdd1, kOdd2);
    if constexpr (Words > 1) mixed = folded(mixed ^ key.word[1], kOdd1);
    return mixed;
  }
  std::size_t home(std::uint64_t hash) const { return high(hash, capacity_); }
  std::size_t home(const Key<Words>& key) const { return home(hash(key)); }
  /// A probe often goes on into the next cache line: both are fetched (a fifth faster, measured).
  void look_ahead(std::size_t home) const {
    __builtin_prefetch(&slots_.words()[home * Words], 1);
    __builtin_prefetch(&slots_.words()[home * Words + kAhead], 1);
  }

  /// @param home    of the key
  /// @param shared  other threads may be inserting
  /// @return        the key is new
  /// @pre           there is a free slot
  bool insert(const Key<Words>& key, std::size_t home, std::uint64_t level, bool shared) {
    const std::uint64_t entry = key.word[0] | level << level_shift_;
    for (std::size_t slot = home;; slot = slot + 1 == capacity_ ? 0 : slot + 1) {
      std::uint64_t* words = &slots_.words()[slot * Words];
      std::atomic_ref<std::uint64_t> first(words[0]);
      std::uint64_t there = first.load(std::memory_order_acquire);
      if (there == 0) {
        if (!shared) {
          first.store(entry, std::memory_order_relaxed);
          if constexpr (Words > 1) words[1] = key.word[1];
          return true;
        }
        // The second word follows the first: until it has, the entry is marked as half there.
        const std::uint64_t begun = Words > 1 ? entry | kHalf : entry;
        if (first.compare_exchange_strong(there, begun, std::memory_order_acq_rel)) {
          if constexpr (Words > 1) {
            words[1] = key.word[1];
            first.store(entry, std::memory_order_release);
          }
          return true;
        }
      }
      if ((there & lane_mask_) != key.word[0]) continue;
      if constexpr (Words > 1) {
        while (there & kHalf)
          there = first.load(std::memory_order_acquire);
        if (words[1] != key.word[1]) continue;
      }
      return false;
    }
  }

  /// Calls `visit(key, level)` for every key in the slots [from, to).
  template <class Visit> void visit(std::size_t from, std::size_t to, Visit&& visit) const {
    for (std::size_t slot = from; slot < to; ++slot) {
      const std::uint64_t* words = &slots_.words()[slot * Words];
      if (words[0] == 0) continue;
      Key<Words> key;
      key.word[0] = words[0] & lane_mask_;
      if constexpr (Words > 1) key.word[1] = words[1];
      visit(key, (words[0] & ~kHalf) >> level_shift_);
    }
  }
  template <class Visit> void visit(Visit&& all) const {
    visit(0, capacity_, std::forward<Visit>(all));
  }
  /// The slots [from, to) were read for the last time.
  /// @pre `from` is a multiple of kReleased
  static constexpr std::size_t kReleased = (4u << 20) / sizeof(Key<Words>);
  void release(std::size_t from, std::size_t to) { slots_.release(from * Words, to * Words); }

 private:
  static constexpr std::uint64_t kOdd1 = 0x9e3779b97f4a7c15ull, kOdd2 = 0xd6e8feb86659fd93ull;
  static constexpr std::uint64_t kHalf = Words > 1 ? std::uint64_t{1} << 63 : 0;
  static constexpr std::size_t kAhead = 5;  // words: most probes end before
  __extension__ using Wide = unsigned __int128;
  static std::uint64_t folded(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static std::uint64_t high(std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
  }

  Pages slots_;
  std::size_t capacity_ = 0;
  std::uint64_t lane_mask_ = 0;
  unsigned level_shift_ = 0;
};

}  // namespace halfclose::proofs
