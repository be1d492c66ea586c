// The journal of a process as a file: chunks of entries, each of one loop, written in place.
//
//   file    16 bytes "halfclose steps1", then chunks of kChunkBytes
//   chunk   ChunkHead, then what `kind` says: the settings of the loop as text, before its first
//           step; or entries, up to the first that is empty or the end of the chunk
//
// Numbers are little-endian, as the machines are that it runs on. The chunks are mapped memory:
// what was noted is in the file even when the process is killed.
#pragma once

#include "runtime/core/journal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::runtime {

inline constexpr std::string_view kJournalMagic = "halfclose steps1";
inline constexpr std::size_t kChunkBytes = 256 * 1024;

enum class ChunkKind : std::uint32_t { settings = 1, steps = 2 };
struct ChunkHead {
  std::uint32_t loop = 0;
  ChunkKind kind = ChunkKind::steps;
  std::uint32_t bytes = 0;  ///< of settings
  std::uint32_t unused = 0;
};
static_assert(sizeof(ChunkHead) == 16);

class JournalFile {
 public:
  /// @param bytes_max  nothing is noted beyond
  /// @errors std::system_error: the file cannot be made. What stood in it is lost
  JournalFile(const std::string& path, std::uint64_t bytes_max);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  /// Another loop's journal. @param settings  what `conform` makes the tables from
  /// @errors std::length_error: the settings do not fit in a chunk
  std::unique_ptr<Journal> loop(std::string_view settings);
  /// Why steps are missing at its end: the limit, or what the system said. Empty: none are.
  std::string fault() const;

 private:
  class Loop;
  /// A chunk, all zero but for its head; null when there is no room.
  void* chunk(ChunkHead head);

  mutable std::mutex mutex_;
  int fd_ = -1;
  std::uint64_t end_ = 0, bytes_max_ = 0;
  std::uint32_t loops_ = 0;
  std::string fault_;
};

/// What one loop wrote, in order.
struct LoopJournal {
  std::string settings;
  std::vector<std::span<const JournalEntry>> chunks;
};

/// A journal that is read: its loops, and the bytes they point into.
class JournalReader {
 public:
  /// @errors std::runtime_error with what is wrong: no journal, or a damaged one
  explicit JournalReader(const std::string& path);
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  const std::vector<LoopJournal>& loops() const { return loops_; }

 private:
  void* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::vector<LoopJournal> loops_;
};

}  // namespace halfclose::runtime
