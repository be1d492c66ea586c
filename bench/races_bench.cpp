// races_bench [REQUESTS]: races on real sockets. `halfclose serve --record` runs chains that
// `check` calls safe, and chains that it does not; an origin and clients provoke the race, and what
// the clients and the origin saw is held against the verdicts. Exit status 1 when they disagree.
#include "bench/child_process.hpp"
#include "bench/loopback.hpp"
#include "bench/process.hpp"
#include "bench/race_clients.hpp"
#include "bench/race_origin.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>

using namespace halfclose::bench;

namespace {

constexpr int kProxyCore = 1;
constexpr std::size_t kRequests = 1'000'000;

/// What is done to a process while clients ask.
enum class Disturbance { none, origin_restart, origin_kill, proxy_reload };

struct Scenario {
  std::string name;
  std::string upstream, app;  ///< keys of the proxy as a client, and of the origin as a server
  std::vector<std::string> races;
  bool safe;
  double share;  ///< of all requests
  OriginManner origin{};
  ClientManner clients{};
  Disturbance disturbance = Disturbance::none;
};

struct Finding {
  Outcomes outcomes;
  std::uint64_t doubled = 0;     ///< POSTs executed more than once
  std::uint64_t unexecuted = 0;  ///< answered with 200 by the origin, and not executed
  std::uint64_t lost = 0;        ///< answered by the proxy in place of the origin
  std::string verdicts;
  bool loss_predicted = false, doubling_predicted = false, conforms = false;
};

const std::string kRetryAll =
    "idle_timeout: 60s, retry: { on: [connect-failure, reset, empty-response, unwritten], methods: "
    "all, tries: 1 }";

/// Gaps around both idle timeouts: the proxy's when it is the shorter one, and the origin's.
double gap_around_timeouts() {
  static std::mt19937 random(1);
  const double centre = random() % 4 == 0 ? 80 : 202;
  return std::uniform_real_distribution<double>(centre - 6, centre + 6)(random);
}

std::vector<Scenario> scenarios() {
  const std::vector<std::string> unannounced{"persistence-missignalled", "attach-on-complete"},
      idle{"keepalive-reuse", "stale-in-kernel"}, early{"early-response-reset"},
      shutdown{"shutdown-close", "removed-while-pooled"}, doubling{"duplicate-execution"};
  const std::string pooled = "idle_timeout: 60s", closes = "unannounced_close: after-response";
  const OriginManner each_fourth{.closes_after = 4}, idles{.idle_ms = 200};
  const ClientManner bursts{.clients = 128, .seconds = 12, .gap_ms = gap_around_timeouts};
  const ClientManner large{.gets = false, .content = 128 * 1024};
  const ClientManner restarting{.every_ms = 100};
  const OriginManner lingering{.early_413 = true}, plain{.early_413 = true, .lingers = false};
  return {
      {"silent close", "max_requests: 1", closes, unannounced, true, .15, each_fourth},
      {"silent close", pooled, closes, unannounced, false, .15, each_fourth},
      {"idle close", "idle_timeout: 80ms", "idle_timeout: 200ms", idle, true, .02, idles, bursts},
      {"idle close", "idle_timeout: 300ms", "idle_timeout: 200ms", idle, false, .02, idles, bursts},
      {"early 413", pooled, "close_style: half-close-drain", early, true, .03, lingering, large},
      {"early 413", pooled, "close_style: plain", early, false, .03, plain, large},
      {"restart",
       pooled,
       "shutdown_close: announced",
       shutdown,
       true,
       .12,
       {},
       restarting,
       Disturbance::origin_restart},
      {"restart",
       pooled,
       "shutdown_close: plain",
       shutdown,
       false,
       .12,
       {.announces_shutdown = false},
       restarting,
       Disturbance::origin_restart},
      {"kill",
       pooled,
       "idle_timeout: 75s",
       doubling,
       true,
       .12,
       {.work_us = 500},
       restarting,
       Disturbance::origin_kill},
      {"kill",
       kRetryAll,
       "idle_timeout: 75s",
       doubling,
       false,
       .12,
       {.work_us = 500},
       restarting,
       Disturbance::origin_kill},
      {"reload",
       pooled,
       "idle_timeout: 75s",
       {"keepalive-reuse", "shutdown-close"},
       true,
       .12,
       {},
       {.every_ms = 300},
       Disturbance::proxy_reload},
  };
}

std::string chain_of(const Scenario& scenario) {
  return fmt::format(
      "chain:\n"
      "  - {{ name: clients, profile: halfclose, upstream: {{ idle_timeout: 10s }} }}\n"
      "  - {{ name: edge, profile: halfclose, upstream: {{ {} }} }}\n"
      "  - {{ name: app, profile: halfclose, downstream: {{ {} }} }}\n"
      "requests: {{ methods: [GET, POST] }}\n",
      scenario.upstream, scenario.app);
}

/// Of the hop from the proxy to the origin: those of the clients' hop are absent by the chain.
void read_verdicts(const Scenario& scenario, const std::filesystem::path& directory,
                   Finding& finding) {
  const ProcessRun run =
      run_process({HALFCLOSE_PROGRAM, "check", "chain.yaml", "--format", "json"}, directory);
  if (run.status != 0 && run.status != 1) throw std::runtime_error("check failed: " + run.output);
  const auto report = nlohmann::json::parse(run.output);
  for (const auto& verdict : report.at("verdicts")) {
    const std::string race = verdict.at("race"), word = verdict.at("verdict"),
                      hop = verdict.at("hop");
    const bool concerned =
        std::find(scenario.races.begin(), scenario.races.end(), race) != scenario.races.end();
    if (!concerned || hop != "edge->app") continue;
    finding.verdicts += (finding.verdicts.empty() ? "" : ", ") + race + " " + word;
    if (word == "absent" || word == "masked") continue;
    (race == "duplicate-execution" ? finding.doubling_predicted : finding.loss_predicted) = true;
  }
}

/// The processes of the origin: those before the last serve what their shutdown leaves.
class Origins {
 public:
  Origins(const OriginManner& manner, const Executions& executions)
      : manner_(manner), executions_(executions), listener_(listen_loopback(port_)) {
    start();
  }
  ~Origins() {
    for (const pid_t process : processes_) {
      kill(process, SIGKILL);
      waitpid(process, nullptr, 0);
    }
    close(listener_);
  }
  Origins(const Origins&) = delete;
  Origins& operator=(const Origins&) = delete;

  std::uint16_t port() const { return port_; }
  void restart() {
    const pid_t last = processes_.back();
    start();
    kill(last, SIGTERM);
  }
  void replace_killed() {
    kill(processes_.back(), SIGKILL);
    waitpid(processes_.back(), nullptr, 0);
    processes_.pop_back();
    start();
  }

 private:
  void start() { processes_.push_back(start_origin(listener_, manner_, executions_)); }

  OriginManner manner_;
  const Executions& executions_;
  std::uint16_t port_ = 0;
  int listener_;
  std::vector<pid_t> processes_;
};

Finding run(const Scenario& scenario, std::size_t requests) {
  const TemporaryDirectory directory;
  Finding finding;
  write_file(directory.path() / "chain.yaml", chain_of(scenario));
  read_verdicts(scenario, directory.path(), finding);

  ClientManner clients = scenario.clients;
  clients.requests = static_cast<std::size_t>(static_cast<double>(requests) * scenario.share);
  const Executions executions(clients.requests + 1);
  Origins origins(scenario.origin, executions);
  const std::uint16_t port = free_port();
  ChildProcess proxy(
      {HALFCLOSE_PROGRAM, "serve", "chain.yaml", "--node", "edge", "--listen",
       fmt::format("127.0.0.1:{}", port), "--upstream", fmt::format("127.0.0.1:{}", origins.port()),
       "--record", "journal", "--grace", "2"},
      directory.path(), kProxyCore);
  proxy.wait_for_port(port);
  clients.meanwhile = [&] {
    if (scenario.disturbance == Disturbance::origin_restart) origins.restart();
    if (scenario.disturbance == Disturbance::origin_kill) origins.replace_killed();
    if (scenario.disturbance == Disturbance::proxy_reload) kill(proxy.pid(), SIGHUP);
  };
  finding.outcomes = run_clients(port, clients);
  if (proxy.end(SIGTERM) != 0) throw std::runtime_error("the proxy failed: " + proxy.output());

  const ProcessRun conform =
      run_process({HALFCLOSE_PROGRAM, "conform", "journal"}, directory.path());
  finding.conforms = conform.status == 0;
  if (!finding.conforms) fmt::print("{}", conform.output);

  const int expected = scenario.origin.early_413 ? 413 : 200;
  for (const auto* statuses : {&finding.outcomes.gets, &finding.outcomes.posts}) {
    for (const auto& [status, count] : *statuses)
      finding.lost += status == expected ? 0 : count;
  }
  std::uint64_t executed = 0;
  for (std::size_t id = 0; id < finding.outcomes.requests; ++id) {
    const unsigned times = executions.counts()[id];
    executed += times > 0 ? 1 : 0;
    if (times > 1 && !is_get(clients, id)) ++finding.doubled;
  }
  const std::uint64_t answered = finding.outcomes.gets[200] + finding.outcomes.posts[200];
  finding.unexecuted = answered > executed ? answered - executed : 0;
  return finding;
}

/// A request that was under way when the origin was killed is answered with an error, unless it may
/// be sent again: no timer and no configuration saves a POST from that, and no race has its name.
bool loss_allowed(const Scenario& scenario, const Finding& finding) {
  if (scenario.disturbance != Disturbance::origin_kill) return finding.loss_predicted;
  return finding.outcomes.gets.size() <= 1;
}

/// What is wrong, or nothing.
std::string disagreement(const Scenario& scenario, const Finding& finding) {
  if (scenario.safe && (finding.loss_predicted || finding.doubling_predicted))
    return "check calls the safe chain unsafe";
  if (!scenario.safe && !finding.loss_predicted && !finding.doubling_predicted)
    return "check calls the unsafe chain safe";
  if (finding.verdicts.empty()) return "check has no verdict of these races";
  if (!finding.conforms) return "the journal does not conform";
  if (finding.outcomes.none > 0) return "requests without outcome";
  if (finding.outcomes.wrong > 0) return "responses to other requests";
  if (finding.unexecuted > 0) return "responses to requests that were not executed";
  if (finding.doubled > 0 && !finding.doubling_predicted) return "POSTs executed twice";
  if (finding.lost > 0 && !loss_allowed(scenario, finding)) return "responses lost";
  return {};
}

std::string print_statuses(const std::map<int, std::uint64_t>& statuses) {
  std::string text;
  for (const auto& [status, count] : statuses) {
    if (count > 0) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", status, count);
  }
  return text.empty() ? "none" : text;
}

std::optional<std::size_t> requests_of(int argc, char** argv) {
  if (argc == 1) return kRequests;
  char* end = nullptr;
  const unsigned long long requests = std::strtoull(argv[1], &end, 10);
  if (argc > 2 || *end != '\0' || requests < 1'000 || requests > 100'000'000) return std::nullopt;
  return requests;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto requests = requests_of(argc, argv);
  if (!requests) {
    std::fputs(
        "error: races wants one number of requests, from 1000 to 100000000\n"
        "help: `./dev bench races 100000`; without one it is 1000000\n",
        stderr);
    return 2;
  }
  const auto began = std::chrono::steady_clock::now();
  bool agree = true;
  std::uint64_t total = 0;
  fmt::print(
      "| scenario | chain | requests | GET | POST | lost | no outcome | POSTs twice | verdicts | "
      "conform |\n|---|---|---|---|---|---|---|---|---|---|\n");
  for (const Scenario& scenario : scenarios()) {
    const Finding finding = run(scenario, *requests);
    const Outcomes& seen = finding.outcomes;
    total += seen.requests;
    fmt::print("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", scenario.name,
               scenario.safe ? "safe" : "unsafe", seen.requests, print_statuses(seen.gets),
               print_statuses(seen.posts), finding.lost, seen.none, finding.doubled,
               finding.verdicts, finding.conforms ? "yes" : "NO");
    const std::string wrong = disagreement(scenario, finding);
    if (!wrong.empty())
      fmt::print("error: {}, {}: {}\n", scenario.name, scenario.safe ? "safe" : "unsafe", wrong);
    std::fflush(stdout);
    agree = agree && wrong.empty();
  }
  fmt::print("\n{} requests in {:.0f} s: {}\n", total,
             std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(),
             agree ? "as the verdicts say" : "NOT as the verdicts say");
  return agree ? 0 : 1;
} catch (const std::exception& failure) {
  fmt::print(stderr, "error: {}\n", failure.what());
  return 4;
}
