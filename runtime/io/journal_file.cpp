#include "runtime/io/journal_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace halfclose::runtime {

namespace {

constexpr std::size_t kEntries = (kChunkBytes - sizeof(ChunkHead)) / sizeof(JournalEntry);
/// Chunks begin on a page.
constexpr std::uint64_t kFirstChunk = 4096;

}  // namespace

class JournalFile::Loop final : public Journal {
 public:
  Loop(JournalFile& file, std::uint32_t loop) : file_(file), loop_(loop) {}
  ~Loop() override { drop(); }

 private:
  void drop() {
    if (mapped_ != nullptr) munmap(mapped_, kChunkBytes);
    mapped_ = nullptr;
  }
  void more() override {
    drop();
    mapped_ = file_.chunk({.loop = loop_});
    if (mapped_ == nullptr) {
      // Nothing is noted any more; the proxy goes on.
      at_ = beyond_.data();
      end_ = at_ + beyond_.size();
      return;
    }
    at_ = reinterpret_cast<JournalEntry*>(static_cast<char*>(mapped_) + sizeof(ChunkHead));
    end_ = at_ + kEntries;
  }

  JournalFile& file_;
  std::uint32_t loop_;
  void* mapped_ = nullptr;
  std::array<JournalEntry, 64> beyond_{};
};

JournalFile::JournalFile(const std::string& path, std::uint64_t bytes_max)
    : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      end_(kFirstChunk),
      bytes_max_(bytes_max) {
  if (fd_ < 0 || write(fd_, kJournalMagic.data(), kJournalMagic.size()) !=
                     static_cast<ssize_t>(kJournalMagic.size())) {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    throw std::system_error(error, std::generic_category());
  }
}
JournalFile::~JournalFile() {
  close(fd_);
}

std::unique_ptr<Journal> JournalFile::loop(std::string_view settings) {
  if (settings.size() > kChunkBytes - sizeof(ChunkHead))
    throw std::length_error("the chain file is larger than a chunk of the journal");
  std::uint32_t loop = 0;
  {
    const std::lock_guard lock(mutex_);
    loop = loops_++;
  }
  void* first = chunk({.loop = loop,
                       .kind = ChunkKind::settings,
                       .bytes = static_cast<std::uint32_t>(settings.size())});
  if (first != nullptr) {
    std::memcpy(static_cast<char*>(first) + sizeof(ChunkHead), settings.data(), settings.size());
    munmap(first, kChunkBytes);
  }
  return std::make_unique<Loop>(*this, loop);
}

std::string JournalFile::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

void* JournalFile::chunk(ChunkHead head) {
  const std::lock_guard lock(mutex_);
  if (!fault_.empty()) return nullptr;
  if (end_ + kChunkBytes > bytes_max_) {
    fault_ = "it has reached its limit";
    return nullptr;
  }
  // Room on the disk is taken now: a mapped page without any would end the process.
  const auto at = static_cast<off_t>(end_);
  if (const int error = posix_fallocate(fd_, at, kChunkBytes); error != 0) {
    fault_ = std::strerror(error);
    return nullptr;
  }
  void* mapped = mmap(nullptr, kChunkBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, at);
  if (mapped == MAP_FAILED) {
    fault_ = std::strerror(errno);
    return nullptr;
  }
  end_ += kChunkBytes;
  std::memcpy(mapped, &head, sizeof head);
  return mapped;
}

//--- reading
//--------------------------------------------------------------------------------------------------

JournalReader::JournalReader(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error(std::strerror(errno));
  struct stat about {};
  if (fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
    size_ = static_cast<std::size_t>(about.st_size);
  if (size_ > 0) bytes_ = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (bytes_ == MAP_FAILED) bytes_ = nullptr;
  const char* const bytes = static_cast<const char*>(bytes_);
  auto refuse = [&](const std::string& why) {
    if (bytes_ != nullptr) munmap(bytes_, size_);
    throw std::runtime_error(why);
  };
  if (bytes == nullptr || size_ < kJournalMagic.size() ||
      std::string_view(bytes, kJournalMagic.size()) != kJournalMagic)
    refuse("not a journal of `halfclose serve --record`");
  for (std::size_t at = kFirstChunk; at < size_; at += kChunkBytes) {
    if (size_ - at < kChunkBytes) refuse("it is cut short at byte " + std::to_string(at));
    ChunkHead head;
    std::memcpy(&head, bytes + at, sizeof head);
    const bool begins = head.kind == ChunkKind::settings;
    // A process that is killed between making room and writing the head leaves the end empty.
    if (head.kind == ChunkKind{}) break;
    if ((head.kind != ChunkKind::steps && !begins) || head.bytes > kChunkBytes - sizeof head ||
        (begins ? head.loop != loops_.size() : head.loop >= loops_.size()))
      refuse("byte " + std::to_string(at) + ": this is no chunk of a journal");
    const char* const content = bytes + at + sizeof head;
    if (begins) {
      loops_.push_back({.settings = std::string(content, head.bytes)});
      continue;
    }
    const std::span all(reinterpret_cast<const JournalEntry*>(content), kEntries);
    const auto end = std::find(all.begin(), all.end(), JournalEntry{});
    loops_[head.loop].chunks.emplace_back(all.begin(), end);
  }
}
JournalReader::~JournalReader() {
  munmap(bytes_, size_);
}

}  // namespace halfclose::runtime
