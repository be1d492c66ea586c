// proxy_bench [ROUNDS]: what a request through a reverse proxy costs, and an idle connection:
// halfclose serve beside nginx and HAProxy. One thread is both the clients and the origin, on core
// 0; the proxies are on core 1, one process with one thread each, and take turns. The better of two
// configurations of a product is chosen by a run that is not counted.
#include "bench/load_generator.hpp"
#include "bench/loopback.hpp"
#include "bench/measure.hpp"
#include "bench/process.hpp"
#include "bench/proxy_products.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>

using namespace halfclose::bench;

namespace {

constexpr int kLoadCore = 0, kProxyCore = 1;
constexpr rlim_t kDescriptors = 20'000;
constexpr double kChoice_s = 0.4;  ///< of the run that chooses a configuration
/// A proxy that is less busy was waiting for the load generator: requests/s are not its limit.
constexpr double kSaturated = 0.97;
/// More of the time taken by other programs disturbs a round.
constexpr double kDisturbed = 0.04;

struct Options {
  int rounds = 5;
  double seconds = 1;
  std::vector<std::size_t> cells{1, 8, 32, 256};
  std::vector<std::string> works{"get", "get16k", "post"};
  std::size_t idle = 9'000;
  bool alone = false;
  std::string with, program = HALFCLOSE_PROGRAM, old;
};

struct Contender {
  Product product;
  std::filesystem::path directory;
  std::unique_ptr<ChildProcess> process{};
  Target target{};

  void start(std::uint16_t origin_port) {
    std::filesystem::create_directories(directory);
    target.port = free_port();
    process = std::make_unique<ChildProcess>(
        command_of(product, directory, target.port, origin_port), directory, kProxyCore);
    process->wait_for_port(target.port);
    target.process = process->pid();
  }
};

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string load_average() {
  std::string line;
  std::getline(std::ifstream("/proc/loadavg"), line);
  return line;
}

/// `1.38 [1.31 to 1.44]`
std::string with_range(const std::vector<double>& values, int digits) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{:.{}f} [{:.{}f} to {:.{}f}]", median(values), digits, *least, digits, *most,
                     digits);
}

template <class Member> std::vector<double> each(const std::vector<Load>& loads, Member member) {
  std::vector<double> values;
  for (const Load& load : loads)
    values.push_back(static_cast<double>(load.*member));
  return values;
}

class Benchmark {
 public:
  explicit Benchmark(const Options& options) : options_(options) {
    if (!options.alone) {
      for (Product& product : baselines())
        add(std::move(product));
    }
    const auto program = std::filesystem::absolute(options.program);
    add(halfclose_serve("halfclose", program, {}));
    if (!options.with.empty()) {
      std::istringstream words(options.with);
      add(halfclose_serve("with", program, {std::istream_iterator<std::string>(words), {}}));
    }
    if (!options.old.empty())
      add(halfclose_serve("old", std::filesystem::absolute(options.old), {}));
  }

  void run() {
    for (Contender& one : contenders_)
      one.start(load_.origin_port());
    say(fmt::format("{:<8}{:>5}  {:<11}{:>24}{:>7}{:>12}{:>10}{:>10}", "work", "c", "proxy",
                    "CPU us/request", "busy", "requests/s", "p50 us", "p99 us"));
    for (const Work work : kWorks) {
      if (std::find(options_.works.begin(), options_.works.end(), name_of(work)) ==
          options_.works.end())
        continue;
      for (const std::size_t clients : options_.cells)
        cell(work, clients);
    }
    for (Contender& one : contenders_)
      one.process.reset();
    say(fmt::format(
        "requests/s with ~: the proxy was busy for less than {:.0f}% of the time, so not it "
        "but the load generator or other programs were the limit\nrounds that other programs "
        "disturbed for "
        "more than {:.0f}% of the time: {} done again, {} counted all the same",
        100 * kSaturated, 100 * kDisturbed, repeated_, disturbed_));
    if (options_.idle > 0) idle();
  }

 private:
  void add(Product product) {
    if (path_of(product).empty())
      throw std::runtime_error(product.package.empty()
                                   ? product.program + " is no program that can be run"
                                   : product.program + " is not installed\nhelp: apt-get install " +
                                         product.package);
    const std::string name = product.name;
    contenders_.push_back({.product = std::move(product), .directory = temporary_.path() / name});
  }

  /// Those that are counted: of each product the configuration that costs less here.
  std::vector<Contender*> chosen(Work work, std::size_t clients) {
    std::vector<Contender*> all;
    std::map<std::string, double> best;
    for (Contender& one : contenders_) {
      const double cost = load_.run(one.target, work, clients, kChoice_s).us_per_request;
      const auto [known, first] = best.try_emplace(one.product.family, cost);
      if (first) {
        all.push_back(&one);
      } else if (cost < known->second) {
        known->second = cost;
        all.back() = &one;  // configurations of a product stand side by side
      }
    }
    return all;
  }

  void cell(Work work, std::size_t clients) {
    const std::vector<Contender*> sides = chosen(work, clients);
    std::vector<std::vector<Load>> loads(sides.size());
    int again = options_.rounds;  // at most
    for (int round = 0; round < options_.rounds;) {
      std::vector<Load> once;
      for (Contender* side : sides)
        once.push_back(load_.run(side->target, work, clients, options_.seconds));
      const bool disturbed = std::any_of(once.begin(), once.end(),
                                         [](const Load& load) { return load.waited > kDisturbed; });
      if (disturbed && again-- > 0) {
        ++repeated_;
        continue;
      }
      disturbed_ += disturbed;
      for (std::size_t i = 0; i < sides.size(); ++i)
        loads[i].push_back(once[i]);
      ++round;
    }
    print(work, clients, sides, loads);
  }

  void print(Work work, std::size_t clients, const std::vector<Contender*>& sides,
             const std::vector<std::vector<Load>>& loads) {
    std::size_t ours = 0, better = sides.size();
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const double busy = median(each(loads[i], &Load::utilisation));
      std::vector<double> rates;
      for (const Load& load : loads[i])
        rates.push_back(static_cast<double>(load.requests) / load.seconds);
      say(fmt::format("{:<8}{:>5}  {:<11}{:>24}{:>7.2f}{:>11.0f}{}{:>10.0f}{:>10.0f}",
                      name_of(work), clients, sides[i]->product.name,
                      with_range(each(loads[i], &Load::us_per_request), 1), busy, median(rates),
                      busy < kSaturated ? '~' : ' ', median(each(loads[i], &Load::p50_us)),
                      median(each(loads[i], &Load::p99_us))));
      if (sides[i]->product.name == "halfclose") ours = i;
      if (!sides[i]->product.package.empty() &&
          (better == sides.size() || median(each(loads[i], &Load::us_per_request)) <
                                         median(each(loads[better], &Load::us_per_request))))
        better = i;
    }
    for (std::size_t i = 0; i < sides.size(); ++i) {
      if (i == ours || (!sides[i]->product.package.empty() && i != better)) continue;
      std::vector<double> costs, tails;
      for (std::size_t round = 0; round < loads[i].size(); ++round) {
        costs.push_back(loads[i][round].us_per_request / loads[ours][round].us_per_request);
        tails.push_back(loads[i][round].p99_us / loads[ours][round].p99_us);
      }
      say(fmt::format("{:15}{} / halfclose: CPU {}, p99 {}", "", sides[i]->product.name,
                      with_range(costs, 2), with_range(tails, 2)));
    }
  }

  /// Memory of a connection that waits for a request: before its first one, and after it.
  void idle() {
    say(fmt::format("\nbytes of memory for each of {} idle connections\n{:<11}{:>10}{:>20}",
                    options_.idle, "proxy", "fresh", "after a request"));
    for (Contender& one : contenders_) {
      one.start(load_.origin_port());
      const auto memory = [&] {
        load_.settle(one.target);
        return static_cast<double>(resident_bytes(one.target.process));
      };
      // What it needs for any connection at all is there already.
      load_.connect_idle(one.target, 64);
      load_.ask_each(Work::get);
      load_.disconnect();
      const double before = memory();
      load_.connect_idle(one.target, options_.idle);
      const double fresh = memory();
      load_.ask_each(Work::get);
      const double used = memory(), clients = static_cast<double>(options_.idle);
      say(fmt::format("{:<11}{:>10.0f}{:>20.0f}", one.product.name, (fresh - before) / clients,
                      (used - before) / clients));
      load_.disconnect();
      one.process.reset();
    }
  }

  const Options& options_;
  TemporaryDirectory temporary_;
  LoadGenerator load_;
  std::deque<Contender> contenders_;
  int repeated_ = 0, disturbed_ = 0;
};

double expected_seconds(const Options& options) {
  const double sides = (options.alone ? 1 : 3) + !options.with.empty() + !options.old.empty();
  const double cells = static_cast<double>(options.cells.size() * options.works.size());
  return cells * (sides * options.rounds * (options.seconds + 0.15) + (sides + 2) * 0.55) +
         (options.idle > 0 ? 4 * (sides + 2) : 0);
}

void prepare() {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = std::min(descriptors.rlim_max, kDescriptors);
  setrlimit(RLIMIT_NOFILE, &descriptors);
  pin_to_core(kProxyCore);  // there is one
  pin_to_core(kLoadCore);
  // Everything is cleaned up on the way out.
  struct sigaction action {};
  action.sa_handler = [](int) { LoadGenerator::stop(); };
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    sigaction(signal, &action, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"CPU per request, latency and memory of reverse proxies, side by side"};
  app.add_option("ROUNDS,--rounds", options.rounds)->check(CLI::Range(1, 1'000));
  app.add_option("--seconds", options.seconds, "of each proxy in each round")
      ->check(CLI::Range(0.05, 60.0));
  app.add_option("--cells", options.cells, "numbers of connections")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, std::size_t{4'096}));
  app.add_option("--work", options.works, "get, get16k, post")
      ->delimiter(',')
      ->check(CLI::IsMember({"get", "get16k", "post"}));
  app.add_option("--idle", options.idle, "idle connections; 0: no memory is measured")
      ->check(CLI::Range(std::size_t{0}, std::size_t{9'000}));
  app.add_flag("--alone", options.alone, "without nginx and HAProxy");
  app.add_option("--with", options.with,
                 "one more contender: halfclose serve with these arguments as well");
  app.add_option("--halfclose", options.program, "the program halfclose")->capture_default_str();
  app.add_option("--old", options.old, "one more contender: another program halfclose");
  CLI11_PARSE(app, argc, argv);
  try {
    prepare();
    Benchmark benchmark(options);
    say(fmt::format("{} rounds of {} s, medians [least to most]; {:.0f} s or more in all; load {}",
                    options.rounds, options.seconds, expected_seconds(options), load_average()));
    benchmark.run();
    say("load " + load_average());
  } catch (const std::exception& failed) {
    fmt::print(stderr, "error: {}\n", failed.what());
    return 2;
  }
  return 0;
}
