// What the benchmarks share: medians of interleaved repetitions, and runs in a process of their
// own.
#pragma once

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <type_traits>
#include <vector>

namespace halfclose::bench {

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

/// Processor time of this process: on a machine that others use, wall time measures them.
template <class F> double cpu_seconds_of(F&& work) {
  auto now = [] {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

/// Makes the compiler compute `value`.
template <class T> void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

/// Runs every side in turn, `repetitions` times over, so that what else the machine does falls on
/// all of them.
/// @return  for each side, the median of what it returned
inline std::vector<double> interleave(int repetitions,
                                      const std::vector<std::function<double()>>& sides) {
  std::vector<std::vector<double>> values(sides.size());
  for (int r = 0; r < repetitions; ++r) {
    for (std::size_t s = 0; s < sides.size(); ++s)
      values[s].push_back(sides[s]());
  }
  std::vector<double> medians;
  for (auto& side : values)
    medians.push_back(median(std::move(side)));
  return medians;
}

/// `work()` in a child process: a heap of its own, and a peak of its own.
template <class F> auto in_child(F&& work, std::uint64_t& peak_bytes) {
  using Result = std::invoke_result_t<F>;
  static_assert(std::is_trivially_copyable_v<Result>);
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    const Result result = work();
    _exit(write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  close(ends[1]);
  Result result;
  const bool whole = read(ends[0], &result, sizeof result) == sizeof result;
  close(ends[0]);
  int status = 0;
  rusage usage{};
  if (wait4(child, &status, 0, &usage) != child || status != 0 || !whole) std::abort();
  peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return result;
}

}  // namespace halfclose::bench
