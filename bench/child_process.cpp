#include "bench/child_process.hpp"

#include "bench/loopback.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace halfclose::bench {

void pin_to_core(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) != 0)
    throw std::runtime_error("core " + std::to_string(core) + " cannot be had: two are needed");
}

ProcessorTime processor_time(pid_t process) {
  ProcessorTime sum;
  const std::filesystem::path tasks = "/proc/" + std::to_string(process) + "/task";
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator(tasks, gone)) {
    ProcessorTime one;
    std::ifstream(task.path() / "schedstat") >> one.ran_ns >> one.waited_ns;
    sum.ran_ns += one.ran_ns;
    sum.waited_ns += one.waited_ns;
  }
  if (gone || sum.ran_ns == 0) throw std::runtime_error("a process that was measured has ended");
  return sum;
}

std::uint64_t resident_bytes(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(file >> size >> resident))
    throw std::runtime_error("a process that was measured has ended");
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& directory, int core)
    : name_(command.front()), output_(directory / "output") {
  std::vector<char*> arguments;
  for (const std::string& word : command)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("no further process can be started");
  if (pid_ != 0) return;
  // It ends with the benchmark, also where that is killed.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  const int file = open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (getppid() != parent || sched_setaffinity(0, sizeof cores, &cores) != 0 || file < 0 ||
      dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0 ||
      chdir(directory.c_str()) != 0)
    _exit(126);
  execvp(arguments.front(), arguments.data());
  _exit(127);
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void ChildProcess::wait_for_port(std::uint16_t port) {
  for (int i = 0; i < 1000; ++i) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      throw std::runtime_error(name_ + " has ended: " + output());
    }
    if (const int fd = connect_loopback(port); fd >= 0) {
      close(fd);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  throw std::runtime_error(name_ + " does not listen: " + output());
}

int ChildProcess::end(int signal) {
  if (pid_ < 0) return -1;
  int status = 0;
  kill(pid_, signal);
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string ChildProcess::output() const {
  std::ostringstream text;
  text << std::ifstream(output_, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace halfclose::bench
