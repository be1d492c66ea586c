// A program that runs beside the benchmark on one core, and what the kernel says of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace halfclose::bench {

/// Restricts this thread, and what it starts from now on, to one core.
/// @errors std::runtime_error when there is no such core
void pin_to_core(int core);

/// What a process used so far, over all of its threads.
struct ProcessorTime {
  std::uint64_t ran_ns = 0;
  std::uint64_t waited_ns = 0;  ///< it could have run, and others had the core
};
/// @errors std::runtime_error when there is no such process
ProcessorTime processor_time(pid_t process);
std::uint64_t resident_bytes(pid_t process);

/// Runs until this object goes, or until the benchmark ends in whatever way.
class ChildProcess {
 public:
  /// Starts `command` in `directory`; what it says goes into the file `output` there. Nothing
  /// passes through a shell.
  /// @errors std::runtime_error when no process can be had
  ChildProcess(const std::vector<std::string>& command, const std::filesystem::path& directory,
               int core);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Waits until a connection to `port` is accepted.
  /// @errors std::runtime_error with what it said, when it ends or ten seconds pass
  void wait_for_port(std::uint16_t port);
  /// Sends it `signal` and waits for its end.
  /// @return its exit status; -1 when it was killed, or had ended before
  int end(int signal);
  std::string output() const;

 private:
  std::string name_;
  std::filesystem::path output_;
  pid_t pid_ = -1;
};

}  // namespace halfclose::bench
