#include "bench/pan.hpp"

#include "bench/process.hpp"

#include <cstdlib>
#include <sstream>

namespace halfclose::bench {

namespace {

/// The word that ends before `at` as a number; zero when it is none.
double number_before(const std::string& line, std::size_t at) {
  std::size_t end = at;
  while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
    --end;
  std::size_t begin = end;
  while (begin > 0 && line[begin - 1] != ' ' && line[begin - 1] != '\t')
    --begin;
  return std::strtod(line.substr(begin, end - begin).c_str(), nullptr);
}
/// The number that begins at `at`.
double number_at(const std::string& line, std::size_t at) {
  return std::strtod(line.c_str() + at, nullptr);
}

void read_report(const std::string& output, PanRun& run) {
  bool reported = false, cut = false;
  double megabytes = 0;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    auto find = [&](std::string_view what) { return line.find(what); };
    auto has = [&](std::string_view what) { return find(what) != std::string::npos; };
    if (has(" states, stored")) {
      run.states = static_cast<std::uint64_t>(number_before(line, find(" states, stored")));
      reported = true;
    } else if (has(" transitions (=")) {
      run.transitions = static_cast<std::uint64_t>(number_before(line, find(" transitions (=")));
    } else if (has("depth reached ")) {
      run.depth = static_cast<std::uint64_t>(number_at(line, find("depth reached ") + 14));
      run.errors = static_cast<std::uint64_t>(number_at(line, find("errors: ") + 8));
    } else if (has("actual memory usage for states")) {
      megabytes = number_before(line, find("actual memory usage"));
    } else if (has("assertion violated")) {
      run.violated.push_back(line);
    }
    cut |= has("max search depth too small") || has("reached -DMEMLIM bound") ||
           has("Search not completed") || has("out of memory");
  }
  if (!reported) {
    run.error = "pan reported no number of states";
    return;
  }
  run.complete = !cut;
  if (run.states > 0) run.bytes_per_state = megabytes * 1048576 / static_cast<double>(run.states);
}

}  // namespace

PanRun run_pan(const std::string& model, const PanOptions& options) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "model.pml", model);
  PanRun run;
  auto did = [&](const std::vector<std::string>& command, const std::string& package) {
    const ProcessRun program = run_process(command, directory.path());
    run.output = program.output;
    if (program.status == 127) {
      run.error = command.front() + " is not installed: apt-get install " + package;
    } else if (program.status != 0) {
      run.error = command.front() + " failed with status " + std::to_string(program.status);
    }
    run.build_seconds += program.cpu_seconds;
    return run.error.empty();
  };
  std::vector<std::string> compile{"gcc", "-w", "-DMEMLIM=" + std::to_string(options.memory_mib)};
  compile.insert(compile.end(), options.compiler.begin(), options.compiler.end());
  compile.insert(compile.end(), {"-o", "pan", "pan.c"});
  if (!did({"spin", "-a", "model.pml"}, "spin") || !did(compile, "gcc")) return run;

  std::vector<std::string> pan{"./pan", "-m" + std::to_string(options.depth),
                               "-w" + std::to_string(options.hash_bits)};
  pan.insert(pan.end(), options.arguments.begin(), options.arguments.end());
  const ProcessRun verified = run_process(pan, directory.path());
  run.output = verified.output;
  run.seconds = verified.cpu_seconds;
  run.peak_bytes = verified.peak_bytes;
  // The exit status says nothing: pan leaves with 0 on a violation.
  read_report(verified.output, run);
  return run;
}

}  // namespace halfclose::bench
