// Another program, run in a directory and measured.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace halfclose::bench {

struct ProcessRun {
  int status = -1;  ///< exit status; 127 when there is no such program, -1 when it was killed
  double cpu_seconds = 0;  ///< user and system
  std::uint64_t peak_bytes = 0;
  std::string output;  ///< standard output and standard error
};

/// Runs `command` to its end in `directory`. Nothing passes through a shell.
ProcessRun run_process(const std::vector<std::string>& command,
                       const std::filesystem::path& directory);

/// A directory of its own under the system's place for temporary files; gone with this object.
class TemporaryDirectory {
 public:
  /// @errors std::runtime_error when none can be made
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// @errors std::runtime_error when it cannot be written
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace halfclose::bench
