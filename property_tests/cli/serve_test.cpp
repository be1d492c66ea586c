// `halfclose serve` as its operator meets it: signals, the port for metrics, the log.
#include "property_tests/runtime/io/peers.hpp"
#include "property_tests/runtime/prometheus_text.hpp"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace {

using Catch::Contains;
using Catch::StartsWith;
using halfclose::property_tests::Peer;
using halfclose::property_tests::read_prometheus;
using halfclose::property_tests::Server;

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A directory that goes away with its files.
class Directory {
 public:
  Directory() {
    std::string path = (std::filesystem::temp_directory_path() / "halfclose_serve_XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}
std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}
std::string chain(const std::string& idle_timeout) {
  return "chain:\n  - { name: c, profile: rfc9112 }\n"
         "  - { name: edge, profile: halfclose, downstream: { idle_timeout: " +
         idle_timeout + " } }\n  - { name: s, profile: rfc9112 }\n";
}

/// The command, in front of a server. What it says on standard error is read line by line.
class Serving {
 public:
  Serving(const Server& server, std::vector<std::string> more, int out = -1) {
    std::vector<std::string> words = {
        HALFCLOSE_COMMAND, "serve",
        "--listen",        "127.0.0.1:0",
        "--admin",         "127.0.0.1:0",
        "--upstream",      "127.0.0.1:" + std::to_string(server.port())};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words)
      argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (out >= 0) posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    const int spawned = posix_spawn(&child_, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    error_ = fdopen(ends[0], "r");
    REQUIRE(spawned == 0);
    port = port_behind("listening on 127.0.0.1:");
    admin = port_behind("admin on 127.0.0.1:");
  }
  ~Serving() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    fclose(error_);
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  /// The next line of standard error; empty at its end.
  std::string line() {
    char text[1000];
    return fgets(text, sizeof text, error_) == nullptr ? "" : text;
  }
  void signal(int number) { REQUIRE(kill(child_, number) == 0); }
  /// Its exit status; 128 and more: a signal.
  int wait() {
    int status = 0;
    REQUIRE(waitpid(std::exchange(child_, 0), &status, 0) > 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// How many descriptors it may have from now on. @return how many it could have
  rlim_t descriptors(rlim_t most) {
    rlimit before{};
    REQUIRE(prlimit(child_, RLIMIT_NOFILE, nullptr, &before) == 0);
    const rlimit now{.rlim_cur = most, .rlim_max = before.rlim_max};
    REQUIRE(prlimit(child_, RLIMIT_NOFILE, &now, nullptr) == 0);
    return before.rlim_cur;
  }
  /// Time on any processor, of all its threads.
  double seconds_of_work() const {
    const std::string stat = read("/proc/" + std::to_string(child_) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
      fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  /// The most memory that it ever had.
  std::size_t peak_kib() const {
    const std::string status = read("/proc/" + std::to_string(child_) + "/status");
    return std::stoul(status.substr(status.find("VmHWM:") + 6));
  }
  std::string page(const std::string& path) const {
    Peer peer(admin);
    peer.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    return peer.rest();
  }
  std::map<std::string, std::uint64_t> metrics() const {
    const std::string text = page("/metrics");
    REQUIRE_THAT(text, StartsWith("HTTP/1.1 200"));
    return read_prometheus(text.substr(text.find("\r\n\r\n") + 4));
  }

  std::uint16_t port = 0, admin = 0;

 private:
  std::uint16_t port_behind(const std::string& words) {
    const std::string said = line();
    REQUIRE_THAT(said, StartsWith(words));
    return static_cast<std::uint16_t>(std::stoul(said.substr(words.size())));
  }
  pid_t child_ = 0;
  FILE* error_ = nullptr;
};

void answer_all(Peer& peer) {
  while (!peer.message().empty() && peer.send(kOk)) {
  }
}

}  // namespace

TEST_CASE("halfclose serve: SIGHUP reads the chain file again and loses no request", "[cli]") {
  const Directory directory;
  const std::string file = directory / "site.yaml";
  write(file, chain("20s"));
  Server server(answer_all);
  Serving serving(server, {file, "--threads", "2"});
  std::atomic<bool> stopping = false;
  std::atomic<std::uint64_t> asked = 0, lost = 0;
  std::vector<std::thread> clients;
  for (const bool keeps : {true, false}) {
    clients.emplace_back([&, keeps] {
      std::unique_ptr<Peer> peer;
      while (!stopping) {
        if (peer == nullptr) peer = std::make_unique<Peer>(serving.port);
        const std::string response = peer->send(kGet) ? peer->message() : "";
        ++asked;
        if (!response.starts_with("HTTP/1.1 200")) ++lost;
        if (!keeps || response.empty() || response.find("Connection: close") != response.npos)
          peer.reset();
      }
    });
  }
  const auto ask_more = [&] {
    const std::uint64_t until = asked + 50;
    while (asked < until)
      std::this_thread::yield();
  };
  for (int i = 0; i < 4; ++i) {
    ask_more();
    write(file, chain(std::to_string(21 + i) + "s"));
    serving.signal(SIGHUP);
    CHECK(serving.line() == "read again: " + file + "\n");
    // What is wrong changes nothing.
    write(file, chain("soon"));
    ask_more();
    serving.signal(SIGHUP);
    CHECK_THAT(serving.line(), Contains("error: ") && Contains("idle_timeout"));
    while (serving.line() != "  it is served as before\n") {
    }
  }
  ask_more();
  stopping = true;
  for (std::thread& client : clients)
    client.join();
  CHECK(lost == 0);
  // A response counts when its last byte is written: its client may be here before the counter.
  auto metrics = serving.metrics();
  for (int i = 0; i < 100 && metrics["halfclose_responses_total"] < asked; ++i)
    metrics = serving.metrics();
  CHECK(metrics["halfclose_requests_total"] == asked);
  CHECK(metrics["halfclose_responses_total"] == asked);
  CHECK(metrics["halfclose_reloads_total{result=\"taken\"}"] == 4);
  CHECK(metrics["halfclose_reloads_total{result=\"refused\"}"] == 4);
  CHECK(metrics["halfclose_closes_total{reason=\"announced\"}"] >= 1);
  serving.signal(SIGTERM);
  CHECK(serving.wait() == 0);
  CHECK(serving.line().empty());
}

TEST_CASE("halfclose serve: it says that it drains", "[cli]") {
  std::mutex answers;
  std::atomic<bool> asked = false;
  Server server([&](Peer& peer) {
    while (!peer.message().empty()) {
      asked = true;
      const std::lock_guard wait(answers);
      if (!peer.send(kOk)) return;
    }
  });
  Serving serving(server, {});
  CHECK_THAT(serving.page("/healthz"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(serving.page("/"), StartsWith("HTTP/1.1 404"));
  answers.lock();
  Peer client(serving.port);
  REQUIRE(client.send(kGet));
  while (!asked)
    std::this_thread::yield();
  auto metrics = serving.metrics();
  CHECK(metrics["halfclose_draining"] == 0);
  CHECK(metrics["halfclose_open_connections{side=\"client\"}"] == 1);
  serving.signal(SIGTERM);
  serving.signal(SIGTERM);
  while (serving.page("/healthz").starts_with("HTTP/1.1 200"))
    std::this_thread::yield();
  CHECK_THAT(serving.page("/healthz"), StartsWith("HTTP/1.1 503"));
  CHECK(serving.metrics()["halfclose_draining"] == 1);
  serving.signal(SIGHUP);
  answers.unlock();
  CHECK_THAT(client.message(), StartsWith("HTTP/1.1 200") && Contains("Connection: close"));
  CHECK(serving.wait() == 0);
  CHECK(serving.line().empty());
}

TEST_CASE("halfclose serve: when it has no descriptors left", "[cli]") {
  const Directory directory;
  const std::string file = directory / "site.yaml";
  write(file, chain("20s"));
  const std::string kLast = "GET /last HTTP/1.1\r\nHost: h\r\n\r\n";
  Server server([&](Peer& peer) {
    for (std::string request; !(request = peer.message()).empty();) {
      const bool last = request.find("/last") != request.npos;
      if (!peer.send(last ? "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n" : kOk) || last)
        return;
    }
  });
  Serving serving(server, {file, "--threads", "2"});
  const auto ask = [](Peer& client) { return client.send(kGet) ? client.message() : ""; };
  SECTION("beforehand: whom it takes it serves") {
    serving.descriptors(100);
    serving.signal(SIGHUP);
    REQUIRE(serving.line() == "read again: " + file + "\n");
    std::vector<std::unique_ptr<Peer>> clients;
    std::size_t served = 0, refused = 0;
    for (int i = 0; i < 200; ++i) {
      clients.push_back(std::make_unique<Peer>(serving.port));
      const std::string response = ask(*clients.back());
      if (!response.empty()) CHECK_THAT(response, StartsWith("HTTP/1.1 200"));
      ++(response.empty() ? refused : served);
    }
    CHECK(served > 20);
    auto metrics = serving.metrics();
    CHECK(metrics["halfclose_clients_refused_total"] == refused);
    CHECK(metrics["halfclose_upstream_no_room_total"] == 0);
    clients.clear();
    while (serving.metrics()["halfclose_open_connections{side=\"client\"}"] > 0)
      std::this_thread::yield();
    Peer late(serving.port);
    CHECK_THAT(ask(late), StartsWith("HTTP/1.1 200"));
  }
  SECTION("at once: it goes on with those that it has, and rests") {
    Peer early(serving.port);
    REQUIRE_THAT(ask(early), StartsWith("HTTP/1.1 200"));
    const rlim_t before = serving.descriptors(5);
    std::vector<std::unique_ptr<Peer>> clients;
    for (int i = 0; i < 100; ++i)
      clients.push_back(std::make_unique<Peer>(serving.port));
    CHECK_THAT(ask(early), StartsWith("HTTP/1.1 200"));
    const double worked = serving.seconds_of_work();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    CHECK(serving.seconds_of_work() - worked < 0.1);
    CHECK_THAT(ask(early), StartsWith("HTTP/1.1 200"));
    serving.descriptors(before);
    for (const auto& client : clients) {
      const std::string response = ask(*client);
      if (!response.empty()) CHECK_THAT(response, StartsWith("HTTP/1.1 200"));
    }
    Peer late(serving.port);
    CHECK_THAT(ask(late), StartsWith("HTTP/1.1 200"));
    CHECK(serving.metrics()["halfclose_upstream_shunned_total"] == 0);
  }
  SECTION("for a connection to a server, which is not blamed") {
    // One that is not kept, so that the next request needs another.
    Peer client(serving.port);
    REQUIRE(client.send(kLast));
    REQUIRE_THAT(client.message(), StartsWith("HTTP/1.1 204"));
    const rlim_t before = serving.descriptors(5);
    CHECK_THAT(ask(client), StartsWith("HTTP/1.1 503"));
    serving.descriptors(before);
    CHECK_THAT(ask(client), StartsWith("HTTP/1.1 200"));
    auto metrics = serving.metrics();
    CHECK(metrics["halfclose_upstream_no_room_total"] == 1);
    CHECK(metrics["halfclose_upstream_failures_total{reason=\"overflow\"}"] == 1);
    CHECK(metrics["halfclose_upstream_shunned_total"] == 0);
  }
  serving.signal(SIGTERM);
  CHECK(serving.wait() == 0);
}

TEST_CASE("halfclose serve: clients that say nothing, or half a head, and more than it takes",
          "[cli]") {
  constexpr std::size_t kClients = 1'000, kMore = 2'000;
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  // It shares its own with connections to servers.
  if (limit.rlim_max < 2 * (kClients + kMore)) {
    WARN("not with so few descriptors");
    return;
  }
  const Directory directory;
  const std::string file = directory / "site.yaml";
  write(file, chain("2s"));
  Server server(answer_all);
  Serving serving(server, {file, "--max-clients", std::to_string(kClients)});
  const auto ask = [](Peer& client) { return client.send(kGet) ? client.message() : ""; };
  Peer early(serving.port);
  REQUIRE_THAT(ask(early), StartsWith("HTTP/1.1 200"));
  [[maybe_unused]] const std::size_t before_kib = serving.peak_kib();
  std::vector<std::unique_ptr<Peer>> clients;
  for (std::size_t i = 1; i < kClients + kMore; ++i) {
    clients.push_back(std::make_unique<Peer>(serving.port));
    // Beyond the limit it may be gone already.
    if (i % 2 == 0) clients.back()->send(kGet.substr(0, kGet.size() - 2));
    if (i % 500 == 0) CHECK_THAT(ask(early), StartsWith("HTTP/1.1 200"));
  }
  auto metrics = serving.metrics();
  for (int i = 0; i < 1'000 && metrics["halfclose_clients_refused_total"] < kMore; ++i)
    metrics = serving.metrics();
  CHECK(metrics["halfclose_open_connections{side=\"client\"}"] == kClients);
  CHECK(metrics["halfclose_clients_refused_total"] == kMore);
  CHECK_THAT(ask(early), StartsWith("HTTP/1.1 200"));
#ifndef __SANITIZE_ADDRESS__
  CHECK(serving.peak_kib() - before_kib < 8 * 1'024);
#endif
  // Half a head does not count as a request: its time runs from the beginning.
  for (const auto& client : clients)
    CHECK_THAT(client->rest(), !Contains("200"));
  Peer late(serving.port);
  CHECK_THAT(ask(late), StartsWith("HTTP/1.1 200"));
  late.close();
  serving.signal(SIGTERM);
  CHECK(serving.wait() == 0);
}

TEST_CASE("halfclose serve: the log", "[cli]") {
  Server server(answer_all);
  const auto ask = [&](const Serving& serving) {
    Peer client(serving.port);
    REQUIRE(client.send(kGet));
    REQUIRE_THAT(client.message(), StartsWith("HTTP/1.1 200"));
  };
  SECTION("that was moved away is begun anew at SIGHUP") {
    const Directory directory;
    Serving serving(server, {"--log", directory / "log"});
    ask(serving);
    while (read(directory / "log").empty())
      std::this_thread::yield();
    std::filesystem::rename(directory / "log", directory / "log.1");
    serving.signal(SIGHUP);
    CHECK_THAT(serving.line(), Contains("there is no chain file"));
    ask(serving);
    serving.signal(SIGTERM);
    CHECK(serving.wait() == 0);
    CHECK_THAT(read(directory / "log.1"), Contains(" GET / 200 2 "));
    CHECK_THAT(read(directory / "log"), Contains(" GET / 200 2 "));
  }
  SECTION("has what the end of the grace cuts off") {
    std::atomic<int> asked = 0;
    std::mutex answers;
    Server silent([&](Peer& peer) {
      peer.drop(1);
      if (asked++ == 0) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
      peer.rest();
    });
    const Directory directory;
    Serving serving(silent, {"--log", directory / "log", "--grace", "1"});
    Peer waits(serving.port), reads(serving.port), writes(serving.port), idle(serving.port);
    REQUIRE(reads.send("GET /begun HTTP/1.1\r\nHost: h\r\n\r\n"));
    while (asked < 1)
      std::this_thread::yield();
    REQUIRE(waits.send("GET /waits HTTP/1.1\r\nHost: h\r\n\r\n"));
    REQUIRE(writes.send("POST /half HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf"));
    while (asked < 3)
      std::this_thread::yield();
    serving.signal(SIGTERM);
    CHECK_THAT(reads.rest(), Contains("half"));
    CHECK(serving.wait() == 0);
    CHECK_THAT(serving.line(), Contains("3 clients were still connected") ||
                                   Contains("4 clients were still connected"));
    const std::string lines = read(directory / "log");
    CHECK_THAT(lines, Contains(" GET /waits 0 0 ") && Contains(" GET /begun 200 4 ") &&
                          Contains(" POST /half 0 0 "));
    std::size_t cut = 0;
    for (std::size_t at = 0; (at = lines.find(" retries=0 LR\n", at)) != lines.npos; ++at)
      ++cut;
    CHECK(cut == 3);
  }
  SECTION("that nobody reads any more does not end the proxy") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    Serving serving(server, {"--log", "-"}, ends[1]);
    close(ends[0]);
    close(ends[1]);
    ask(serving);
    CHECK_THAT(serving.line(), StartsWith("error: the access log cannot be written: Broken pipe"));
    CHECK_THAT(serving.line(), Contains("served without it"));
    ask(serving);
    serving.signal(SIGTERM);
    CHECK(serving.wait() == 0);
    CHECK(serving.line().empty());
  }
}
