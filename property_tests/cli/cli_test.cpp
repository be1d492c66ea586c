// The command as a user meets it: exit statuses, the two streams, what is printed and what is
// refused (style 2.9).
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

using Json = nlohmann::json;
using Catch::Contains;
using Catch::StartsWith;

const std::string kExample = HALFCLOSE_SOURCE_DIR "/examples/alb-envoy-node.yaml";
const std::vector<std::string> kRaces = {"keepalive-reuse",
                                         "stale-in-kernel",
                                         "early-response-reset",
                                         "closing-dead-zone",
                                         "max-age-close",
                                         "shutdown-close",
                                         "bytes-behind-close",
                                         "timer-beats-data",
                                         "delayed-close-truncation",
                                         "unsolicited-response",
                                         "attach-on-complete",
                                         "persistence-missignalled",
                                         "reads-paused-in-pool",
                                         "early-upstream-response",
                                         "timer-armed-early",
                                         "half-closed-client",
                                         "close-delimited-truncation",
                                         "close-latency",
                                         "removed-while-pooled",
                                         "silent-drop",
                                         "expect-continue"};

/// A directory that goes away with its files.
class Directory {
 public:
  Directory() {
    std::string path = (std::filesystem::temp_directory_path() / "halfclose_cli_XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { std::filesystem::remove_all(path_); }

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  std::filesystem::path path_;
};

struct Run {
  int status = -1;  ///< 128 and more: a signal
  std::string out, err;
};

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Runs the command with both streams in files; `out` names another file for standard output.
Run run(std::vector<std::string> arguments, const std::string& out = {}) {
  const Directory directory;
  const std::string out_path = out.empty() ? directory / "out" : out, err_path = directory / "err";
  arguments.insert(arguments.begin(), HALFCLOSE_COMMAND);
  std::vector<char*> argv;
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out_path.c_str(), O_WRONLY | O_CREAT,
                                   0600);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, err_path.c_str(), O_WRONLY | O_CREAT,
                                   0600);
  pid_t child = 0;
  const int spawned = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  REQUIRE(spawned == 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          out.empty() ? contents(out_path) : "", contents(err_path)};
}

/// Exit 2, nothing on standard output, one error on standard error.
Run refused(const std::vector<std::string>& arguments) {
  Run result = run(arguments);
  INFO(result.err);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  std::size_t errors = 0;
  for (std::size_t at = 0; (at = result.err.find("error: ", at)) != std::string::npos; ++at)
    ++errors;
  CHECK(errors == 1);
  return result;
}

std::set<std::string> keys(const Json& json) {
  std::set<std::string> all;
  for (const auto& [key, value] : json.items())
    all.insert(key);
  return all;
}

//--- check
//-------------------------------------------------------------------------------------------------------

TEST_CASE("halfclose check: the example chain", "[cli]") {
  SECTION("has races, and the text ends with what to do about each") {
    const Run result = run({"check", kExample});
    CHECK(result.status == 1);
    CHECK(result.err.empty());
    CHECK_THAT(result.out, StartsWith("alb -> edge   (aws-alb as client of envoy"));
    CHECK_THAT(result.out, Contains("  present         keepalive-reuse"));
    CHECK_THAT(result.out,
               Contains("halfclose explain keepalive-reuse " + kExample + " --hop 'edge->app'"));
    CHECK(result.out.find('\x1b') == std::string::npos);  // colour is for terminals
  }
  SECTION("shows keepalive-reuse on the hop to node, and by how much the hop to envoy is safe") {
    const Run result = run({"check", kExample, "--format", "json", "--race", "keepalive-reuse"});
    CHECK(result.status == 1);
    const Json report = Json::parse(result.out);
    REQUIRE(report["verdicts"].size() == 2);
    const Json& safe = report["verdicts"][0];
    CHECK(safe["hop"] == "alb->edge");
    CHECK(safe["verdict"] == "absent");
    CHECK(safe["margin_s"].get<double>() == Approx(5.0).margin(0.5));
    CHECK(safe["witness"].is_null());
    const Json& racy = report["verdicts"][1];
    CHECK(racy["hop"] == "edge->app");
    CHECK(racy["verdict"] == "present");
    CHECK(racy["margin_s"].is_null());
    CHECK_FALSE(racy["fix"].get<std::string>().empty());
    CHECK(racy["witness"].is_object());
  }
  SECTION("has in JSON the documented keys, for every race of every hop") {
    const Json report = Json::parse(run({"check", kExample, "--format", "json"}).out);
    CHECK(keys(report) ==
          std::set<std::string>{"chain", "verdicts", "guarantees", "assumptions", "notes"});
    CHECK(report["verdicts"].size() == 2 * (kRaces.size() + 3));
    const std::set<std::string> verdict_keys = {"hop",   "race",   "verdict",    "margin_s",
                                                "thin",  "reason", "masked_for", "fix",
                                                "fixes", "witness"};
    const std::set<std::string> verdicts = {"present", "masked", "absent", "not-excludable",
                                            "undecided"};
    for (const Json& verdict : report["verdicts"]) {
      CHECK(keys(verdict) == verdict_keys);
      CHECK(verdicts.contains(verdict["verdict"]));
      CHECK((verdict["margin_s"].is_null() || verdict["margin_s"].is_number()));
      CHECK(verdict["witness"].is_object() ==
            (verdict["verdict"] == "present" || verdict["verdict"] == "not-excludable"));
    }
    std::set<std::tuple<Json, Json, Json>> judged;
    for (const Json& guarantee : report["guarantees"]) {
      CHECK(keys(guarantee) ==
            std::set<std::string>{"hop", "guarantee", "scope", "verdict", "reason", "witness"});
      CHECK((guarantee["scope"] == "connection" || guarantee["scope"] == "pool"));
      CHECK(judged.emplace(guarantee["hop"], guarantee["guarantee"], guarantee["scope"]).second);
    }
    CHECK(judged.contains({"edge->app", "one-outcome", "connection"}));
    CHECK(judged.contains({"edge->app", "one-outcome", "pool"}));
    CHECK(judged.contains({"edge->app", "no-endless-wait", "connection"}));
    for (const Json& assumption : report["assumptions"]) {
      CHECK(keys(assumption) == std::set<std::string>{"what", "source", "sourced"});
    }
    CHECK(report["guarantees"].size() == 22);
  }
  SECTION("names the source of every assumption where it is asked for") {
    CHECK_THAT(run({"check", kExample, "--sources"}).out, Contains("  [default of halfclose]"));
  }
}

TEST_CASE("halfclose check: limits", "[cli]") {
  SECTION("that are hit make verdicts undecided, and exit 3") {
    const Run result = run({"check", kExample, "--race", "keepalive-reuse", "--max-zones", "1"});
    CHECK(result.status == 3);
    CHECK_THAT(result.out, Contains("undecided"));
    CHECK_THAT(result.out, !Contains("  present ") && !Contains("  absent "));
  }
  SECTION("that make no sense are refused") {
    for (const char* limit : {"--max-zones", "--max-memory", "--max-time"}) {
      for (const char* value : {"0", "-1", "many", "99999999999999999999999", ""})
        refused({"check", kExample, limit, value});
    }
  }
}

TEST_CASE("halfclose check: what is asked for decides the exit status", "[cli]") {
  const Directory directory;
  const std::string chain = directory.write(
      "chain.yaml",
      "chain:\n  - { name: web, profile: nginx }\n  - { name: app, profile: rfc9112, downstream: "
      "{ idle_timeout: 2m } }\n");
  SECTION("a race that does not happen, beside a guarantee that is broken") {
    const Run race = run({"check", chain, "--race", "keepalive-reuse"});
    CHECK(race.status == 0);
    CHECK_THAT(race.out, !Contains("VIOLATED") && Contains("none of these races was found"));
    const Run guarantee = run({"check", chain, "--race", "response-kept"});
    CHECK(guarantee.status == 1);
    CHECK_THAT(guarantee.out, Contains("response-kept VIOLATED") && !Contains("keepalive-reuse"));
    CHECK_THAT(guarantee.out, !Contains("none of these races was found"));
  }
  SECTION("without what is accepted") {
    CHECK_THAT(run({"check", chain, "--without", "response-kept"}).out,
               !Contains("response-kept") && Contains("one-outcome"));
  }
}

TEST_CASE("halfclose check: a chain that is wrong", "[cli]") {
  const Directory directory;
  const auto error_of = [&](const std::string& text) {
    const std::string path = directory.write("c.yaml", text);
    const Run result = refused({"check", path});
    CHECK_THAT(result.err, StartsWith(path));
    return result.err.substr(std::min(path.size(), result.err.size()));
  };
  CHECK(error_of("chain:\n- {profile: nginxx}\n") ==
        ":2:13: error: unknown profile `nginxx`\n  help: did you mean `nginx`?\n");
  CHECK(error_of("chain:\n- {profile: node, nmae: a}\n") ==
        ":2:19: error: unknown key `nmae` in a node\n  help: did you mean `name`?\n");
  CHECK_THAT(error_of("chain:\n- {profile: envoy, upstream: {idle_timeout: 60}}\n"),
             StartsWith(":2:45: error: "));
  CHECK_THAT(error_of(""), Contains("the file is empty"));
  CHECK_THAT(error_of(std::string(100'000, '[')), Contains("error: "));
  CHECK_THAT(refused({"check", "/nonexistent.yaml"}).err, StartsWith("/nonexistent.yaml: error: "));
  CHECK_THAT(refused({"check", "/"}).err, StartsWith("/: error: a directory"));
  refused({"explain", "keepalive-reuse", "/nonexistent.yaml"});
}

TEST_CASE("halfclose check: a file whose name is no text", "[cli]") {
  const Directory directory;
  const std::string path = directory.write("\xff\"\n.yaml", contents(kExample));
  CHECK(run({"check", path, "--race", "keepalive-reuse"}).status == 1);
  const Run result = run({"check", path, "--race", "keepalive-reuse", "--format", "json"});
  CHECK(result.status == 1);
  CHECK(Json::accept(result.out));
}

TEST_CASE("halfclose check: ten thousand nodes", "[cli][slow]") {
  const Directory directory;
  const auto chain = [&](int nodes) {
    std::string text = "requests: {with_body: false}\nchain:\n";
    for (int i = 0; i < nodes; ++i) {
      text += "- {name: n" + std::to_string(i) + ", profile: " + (i % 2 == 0 ? "envoy" : "nginx") +
              "}\n";
    }
    return directory.write("long.yaml", text);
  };
  const auto checked = [&](int nodes, const char* format) {
    return run({"check", chain(nodes), "--race", "keepalive-reuse", "--format", format});
  };
  CHECK_THAT(checked(10'000, "text").out, Contains("n9998->n9999"));
  // Every hop has its witness in it: a hundred megabytes for ten thousand.
  CHECK_THAT(checked(1'000, "json").out, Contains("n998 -> n999") || Contains("n998->n999"));
}

//--- the command line
//--------------------------------------------------------------------------------------------

TEST_CASE("halfclose: a command line that is wrong", "[cli]") {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"chck", kExample},
           {"check"},
           {"check", kExample, "more"},
           {"check", kExample, "--frmat", "json"},
           {"check", kExample, "--format", "xml"},
           {"explain"},
           {"explain", "keepalive-reuse", "--format", "png"},
           {"machines"},
           {"machines", "draw"},
           {"machines", "show"},
           {"machines", "show", "tcp-endpoint", "--format", "x"},
           {"machines", "run", "tcp-endpoint"},
           {"machines", "export"},
           {"machines", "export", "hop/plain"},
           {"machines", "export", "hop/plain", "--promela", "--murphi"},
           {"machines", "export", "tcp-pair/small", "--promela", "--never", "keepalive-reuse"},
           {"machines", "export", kExample, "--promela"},
           {"machines", "export", "none.yaml", "--promela"},
           {"machines", "export", "hop/plain", "--promela", "-o", "/nonexistent/model.pml"},
           {"machines", "export", "hop/plain", "tcp-pair", "--promela"},
           {"machines", "export", "--header", "--promela"},
           {"machines", "export", "--header", "--never", "one-outcome"},
           {"machines", "export", "hop/plain", "--promela", "--profile", "nginx"},
           {"machines", "export", "--header", "--profile", "nginx", "--node", kExample + ":edge"},
           {"machines", "export", "--header", "--node", "none.yaml:edge"},
           {"machines", "export", "--header", "--namespace", "3d"},
           {"machines", "export", "--header", "--namespace", "a::"},
           {"machines", "export", "--header", "-o", "/nonexistent/machines.hpp"},
           {""}}) {
    refused(arguments);
  }
  CHECK_THAT(refused({"check", kExample, "--race", "keepalive-resue"}).err,
             Contains("did you mean `keepalive-reuse`?"));
  CHECK_THAT(refused({"explain", "keepalive-resue"}).err,
             Contains("did you mean `keepalive-reuse`?"));
  CHECK_THAT(refused({"explain", "qqqqqqqqqqqqqqqq"}).err, Contains("unsolicited-response"));
  CHECK_THAT(refused({"explain", "keepalive-reuse", kExample, "--hop", "a->b"}).err,
             Contains("'edge->app'"));
  CHECK_THAT(refused({"machines", "show", "http1-sever"}).err,
             Contains("did you mean `http1-server`?"));
  CHECK_THAT(refused({"machines", "export", "hop/plane", "--promela"}).err,
             Contains("did you mean `hop/plain`?"));
  CHECK_THAT(refused({"machines", "export", kExample + ":alb->app", "--promela"}).err,
             Contains(":edge->app'"));
  CHECK_THAT(refused({"machines", "export", "hop/plain", "--promela", "--never", "one-outcom"}).err,
             Contains("did you mean `one-outcome`?"));
  CHECK_THAT(refused({"machines", "export", "--header", "http1-sever"}).err,
             Contains("did you mean `http1-server`?"));
  CHECK_THAT(refused({"machines", "export", "--header", "--profile", "ngnix"}).err,
             Contains("did you mean `nginx`?"));
  CHECK_THAT(refused({"machines", "export", "--header", "--profile", "node", "http1-client"}).err,
             Contains("profile node is no client"));
  CHECK_THAT(refused({"machines", "export", "--header", "--node", kExample}).err,
             Contains("--node wants CHAIN.yaml:NODE"));
  CHECK_THAT(refused({"machines", "export", "--header", "--node", kExample + ":egde"}).err,
             Contains("its nodes are alb edge app"));
}

TEST_CASE("halfclose: help and version", "[cli]") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"},
                                             {"check", "--help"},
                                             {"explain", "--help"},
                                             {"machines", "--help"},
                                             {"--version"}}) {
    const Run result = run(arguments);
    CHECK(result.status == 0);
    CHECK_FALSE(result.out.empty());
    CHECK(result.err.empty());
  }
}

TEST_CASE("halfclose: a standard output that is full", "[cli]") {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"check", kExample, "--race", "keepalive-reuse"},
                                             {"explain", "keepalive-reuse"},
                                             {"machines", "list"}}) {
    const Run result = run(arguments, "/dev/full");
    CHECK(result.status == 2);
    CHECK(result.err == "error: standard output cannot be written\n");
  }
}

TEST_CASE("halfclose serve: what is wrong is refused before anything listens", "[cli]") {
  const Directory directory;
  const std::string upstream = "127.0.0.1:9";
  CHECK_THAT(refused({"serve", "--upstream", "localhost"}).err, Contains("--upstream localhost"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--listen", "127.0.0.1:99999"}).err,
             Contains("--listen 127.0.0.1:99999"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--admin", "here"}).err,
             Contains("--admin here"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin",
                      "192.0.2.1:1"})
                 .err,
             Contains("cannot listen on 192.0.2.1:1"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--connect-timeout", "0"}).err,
             Contains("--connect-timeout"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--listen", "192.0.2.1:1"}).err,
             Contains("cannot listen on 192.0.2.1:1"));
  CHECK_THAT(refused({"serve",
                      directory.write("unserved.yaml",
                                      "chain:\n  - { profile: curl }\n"
                                      "  - { profile: halfclose, name: edge,\n"
                                      "      downstream: { on_expectation: when-read },\n"
                                      "      upstream: { request_buffering: true } }\n"
                                      "  - { profile: node }\n"),
                      "--upstream", upstream})
                 .err,
             Contains("node edge has values that are not served") &&
                 Contains("downstream.on_expectation: when-read, not at-once") &&
                 Contains("upstream.request_buffering: true, not false"));
  CHECK_THAT(refused({"serve", kExample, "--upstream", upstream, "--node", "alb"}).err,
             Contains("--node `alb` is none of these") && Contains("edge"));
  CHECK_THAT(refused({"serve",
                      directory.write("two.yaml",
                                      "chain:\n  - { profile: curl }\n  - { "
                                      "profile: node }\n"),
                      "--upstream", upstream})
                 .err,
             Contains("no node of the chain has one before it and one behind it"));
  CHECK_THAT(refused({"serve", "--upstream", upstream, "--log", directory / "none/log"}).err,
             Contains("cannot be written"));
}

TEST_CASE("halfclose conform: what is no journal is refused", "[cli]") {
  const Directory directory;
  CHECK_THAT(refused({"conform", directory / "none"}).err, Contains("none: error: No such file"));
  CHECK_THAT(refused({"conform", directory.write("text", "chain:\n")}).err,
             Contains("text: error: not a journal of `halfclose serve --record`"));
  CHECK_THAT(
      refused({"serve", "--upstream", "127.0.0.1:9", "--record", directory / "none/at/all"}).err,
      Contains("error: --record") && Contains("No such file"));
}

//--- explain
//-----------------------------------------------------------------------------------------------------

TEST_CASE("halfclose: words that are empty or unknown are named", "[cli]") {
  const std::vector<std::vector<std::string>> empty = {
      {"check", ""},
      {"prove", "--manifest", ""},
      {"explain", "keepalive-reuse", "--hop="},
      {"recheck", ""},
      {"machines", "export", "hop/plain", "--promela", "--never", ""},
      {"matrix", "--race", ""}};
  for (const auto& words : empty) {
    const Run result = run(words);
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains("an argument is empty"));
  }
  const Run near = run({"chek", kExample});
  CHECK(near.status == 2);
  CHECK_THAT(near.err, Contains("unknown command `chek`") && Contains("did you mean `check`?"));
  CHECK_THAT(run({"simulate"}).err, Contains("unknown command `simulate`"));
}

TEST_CASE("halfclose explain: names that no verdict has are refused", "[cli]") {
  for (const char* name : {"no-leak", "endless-wait", "keepalive"}) {
    const Run result = run({"explain", name});
    CHECK(result.status == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Contains("unknown race `" + std::string(name) + "`"));
  }
}

TEST_CASE("halfclose likely: windows and figures", "[cli]") {
  const Run result = run({"likely", kExample, "--rate", "50/s", "--format", "json"});
  CHECK(result.status == 1);
  const Json json = Json::parse(result.out);
  CHECK(json["hops"][0]["races"].empty());
  CHECK(json["hops"][0]["any"].is_null());
  const Json& any = json["hops"][1]["any"];
  CHECK(any["windows"][0]["from_s"] == 5.96);
  CHECK(any["per_day"] < any["per_day_at_most"]);
  // The same requests over ten pools: each of them as at a tenth of the rate.
  const Json pools = Json::parse(
      run({"likely", kExample, "--rate", "3000/min", "--pools", "10", "--format", "json"}).out);
  CHECK(pools["hops"][1]["any"]["per_day"].get<double>() ==
        Approx(10 * json["hops"][1]["other_rates"][1]["per_day"].get<double>()));
  CHECK(run({"likely", kExample, "--rate", "50/s", "--race", "closing-dead-zone"}).status == 0);
}

TEST_CASE("halfclose likely: what is wrong is refused", "[cli]") {
  for (const char* rate : {"50", "0/s", "-1/s", "nan/s", "inf/s", "1e99/s", "5/week", "/s", "5 /s"})
    CHECK_THAT(refused({"likely", kExample, "--rate", rate}).err, Contains("50/s"));
  refused({"likely", kExample});
  refused({"likely", "none.yaml", "--rate", "1/s"});
  refused({"likely", kExample, "--rate", "1/s", "--response-time", "0s"});
  refused({"likely", kExample, "--rate", "1/s", "--pools", "0"});
  CHECK_THAT(refused({"likely", kExample, "--rate", "1/s", "--race", "max-age-close"}).err,
             Contains("keepalive-reuse"));
  CHECK_THAT(refused({"likely", kExample, "--rate", "1/s", "--race", "keepalive-resue"}).err,
             Contains("did you mean `keepalive-reuse`?"));
  CHECK_THAT(refused({"likely", kExample, "--rate", "1000000/s"}).err, Contains("--pools"));
  CHECK_THAT(refused({"likely", kExample, "--rate", "100/s", "--connections", "2"}).err,
             Contains("cannot serve"));
  const Directory directory;
  const std::string fifo =
      directory.write("fifo.yaml",
                      "chain:\n"
                      "  - { name: a, profile: envoy, upstream: { pool_order: fifo } }\n"
                      "  - { name: b, profile: node }\n");
  CHECK_THAT(refused({"likely", fifo, "--rate", "1/s"}).err, Contains("--connections"));
  CHECK(run({"likely", fifo, "--rate", "1/s", "--connections", "6"}).status == 1);
}

TEST_CASE("halfclose check: what the pool's model leaves of the policy is said", "[cli]") {
  const Directory directory;
  const std::string chain =
      directory.write("policy.yaml",
                      "chain:\n"
                      "  - name: edge\n    profile: rfc9112\n    upstream:\n"
                      "      { idle_timeout: 10s, response_timeout: 1m, pipelining: false,\n"
                      "        max_connection_duration: 1h, retry: { on: [reset], tries: 7 } }\n"
                      "  - { name: app, profile: rfc9112, downstream: { idle_timeout: 30s } }\n");
  const Run result = run({"check", chain, "--format", "json"});
  INFO(result.err);
  const std::string notes = Json::parse(result.out)["notes"].dump();
  CHECK_THAT(notes, Contains("edge.upstream.retry.tries: judged as 3, not 7"));
  CHECK_THAT(notes, Contains("edge->app: over the pool a connection may become too old"));
}

TEST_CASE("halfclose explain: every race has an example in which it happens", "[cli]") {
  for (const std::string& race : kRaces) {
    INFO(race);
    const auto drawn = [&](const std::string& format) {
      const Run result = run({"explain", race, "--format", format});
      CHECK(result.status == 1);
      CHECK(result.err.empty());
      return result.out;
    };
    const Json witness = Json::parse(drawn("json"));
    CHECK(witness["property"] == race);
    if (race == "stale-in-kernel" || race == "shutdown-close") continue;  // a second or two each
    CHECK_THAT(drawn("text"), Contains(race));
    CHECK_THAT(drawn("mermaid"), Contains("sequenceDiagram"));
    CHECK_THAT(drawn("svg"), Contains("<svg") && Contains("</svg>"));
  }
}

TEST_CASE("halfclose explain: a race that does not happen", "[cli]") {
  SECTION("is explained in words") {
    const Run result = run({"explain", "keepalive-reuse", kExample, "--hop", "alb->edge"});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, StartsWith("alb->edge: keepalive-reuse is absent, margin "));
  }
  SECTION("is not drawn: standard output stays empty") {
    const Run result =
        run({"explain", "keepalive-reuse", kExample, "--hop", "alb->edge", "--format", "svg"});
    CHECK(result.status == 0);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, StartsWith("there is nothing to draw"));
  }
  SECTION("is plain ASCII where that is asked for") {
    for (const char c : run({"explain", "keepalive-reuse", "--ascii"}).out)
      CHECK(static_cast<unsigned char>(c) < 0x80);
  }
}

//--- machines
//----------------------------------------------------------------------------------------------------

TEST_CASE("halfclose machines: list, show and report", "[cli]") {
  const Run list = run({"machines", "list"});
  CHECK(list.status == 0);
  for (const char* machine :
       {"tcp-endpoint", "http1-server", "http1-client", "hop-observer", "middlebox"}) {
    INFO(machine);
    CHECK_THAT(list.out, Contains(machine));
    const auto shown = [&](const std::string& format) {
      const Run result = run({"machines", "show", machine, "--format", format});
      CHECK(result.status == 0);
      return result.out;
    };
    CHECK_THAT(shown("text"), StartsWith("from"));
    CHECK_THAT(shown("markdown"), StartsWith("# " + std::string(machine)));
    CHECK_THAT(shown("mermaid"), StartsWith("stateDiagram-v2"));
    CHECK_THAT(shown("dot"), StartsWith("digraph"));
  }
  SECTION("the report finds no row that never fires and no overlap") {
    const Run report = run({"machines", "report"});
    INFO(report.out);
    CHECK(report.status == 0);
    CHECK_THAT(report.out, !Contains("never fires") && Contains(" 0 overlaps"));
  }
}

TEST_CASE("halfclose recheck: a certificate", "[cli]") {
  const std::string folder = HALFCLOSE_SOURCE_DIR "/examples/certificates/";
  const std::string whole = contents(folder + "pooled-hop.certificate");
  const Directory directory;
  SECTION("that proves its claim") {
    const Run result = run({"recheck", folder + "pooled-hop.certificate"});
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK_THAT(result.out, Contains("valid: the initial state is among the 22 states"));
  }
  SECTION("that does not: the state and the step are named") {
    const Run result = run({"recheck", folder + "pooled-hop-incomplete.certificate"});
    CHECK(result.status == 1);
    CHECK_THAT(result.out, Contains("invalid: state 7 of the set:\n  lb: waiting"));
    CHECK_THAT(result.out, Contains("step `deliver lb>app`: the state it leads to is not"));
  }
  SECTION("that is none: the place is named") {
    std::string changed = whole;
    changed[whole.size() / 2] = static_cast<char>(changed[whole.size() / 2] ^ 1);
    for (const std::string& text :
         {whole.substr(0, 100), changed, std::string("# a page\n"), std::string()}) {
      const Run result = refused({"recheck", directory.write("file", text)});
      CHECK_THAT(result.err, Contains("file: error: byte "));
    }
    CHECK_THAT(refused({"recheck", directory.write("file", whole.substr(0, 100))}).err,
               Contains("byte 100: the file ends too early"));
  }
  SECTION("that forbids nothing: its title proves nothing") {
    constexpr std::size_t kBad = 13'608;
    REQUIRE(whole.substr(kBad, 6) == std::string("\2\0\4\0\4\n", 6));
    const std::string empty = whole.substr(0, kBad) + std::string(2, '\0') +
                              whole.substr(kBad + 6, whole.size() - kBad - 10) +
                              "\xa7\xeb\x50\xc0";  // its CRC-32
    CHECK_THAT(refused({"recheck", directory.write("file", empty)}).err,
               Contains("file: error: it forbids nothing"));
  }
  SECTION("that is not there") {
    refused({"recheck", directory / "none"});
    refused({"recheck", HALFCLOSE_SOURCE_DIR});
  }
  SECTION("that takes too long, or is too large") {
    const Run late = run({"recheck", folder + "pooled-hop.certificate", "--max-time", "0"});
    CHECK(late.status == 3);
    CHECK_THAT(late.err, Contains("--max-time"));
    const Run large = run(
        {"recheck", directory.write("file", std::string((1 << 20) + 1, ' ')), "--max-memory", "1"});
    CHECK(large.status == 3);
    CHECK_THAT(large.err, Contains("--max-memory"));
  }
}

TEST_CASE("halfclose machines run: a script", "[cli]") {
  const Directory directory;
  const auto ran = [&](const std::string& text) {
    return run({"machines", "run", "tcp-endpoint", directory.write("s.tcp", text)});
  };
  const std::string opening = "endpoints C S\nS listen\nC connect -> EINPROGRESS\ndeliver all\n";
  CHECK(ran(opening + "state C ESTABLISHED\n").status == 0);
  SECTION("with a wrong expectation exits 1") {
    CHECK(ran(opening + "state C CLOSED\n").status == 1);
  }
  SECTION("that is malformed exits 2, with its line") {
    const Run result = ran(opening + "C dance\n");
    CHECK(result.status == 2);
    CHECK_THAT(result.err, Contains("s.tcp:5"));
  }
  SECTION("that does not exist, and a machine that runs none, exit 2") {
    refused({"machines", "run", "tcp-endpoint", directory / "none.tcp"});
    refused({"machines", "run", "http1-server", directory.write("s.tcp", opening)});
    refused({"machines", "run", "tcp", directory / "s.tcp"});
  }
}

TEST_CASE("halfclose machines export: a system", "[cli]") {
  const Directory directory;
  const std::string file = directory / "model";
  SECTION("goes to standard output, or to a file") {
    const Run shown = run({"machines", "export", "--murphi", "hop/plain"});
    CHECK(shown.status == 0);
    CHECK(run({"machines", "export", "--murphi", "hop/plain", "-o", file}).status == 0);
    CHECK(contents(file) == shown.out);
  }
  SECTION("may be a hop of a chain, and asserts what is asked for") {
    const Run result = run({"machines", "export", "--promela", "--used-cells", "--never",
                            "keepalive-reuse", kExample + ":edge->app"});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, StartsWith("/*") && Contains("!never_keepalive_reuse") &&
                               !Contains("never_one_outcome"));
  }
  SECTION("asserts the guarantees otherwise") {
    const Run result = run({"machines", "export", "--promela", "--used-cells", "hop/plain"});
    CHECK_THAT(result.out, Contains("!never_one_outcome"));
  }
  SECTION("is not written when a limit comes first") {
    const Run result = run({"machines", "export", "--murphi", "tcp-pair", "--max-states", "1000"});
    CHECK(result.status == 3);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, StartsWith("undecided:"));
  }
  SECTION("has a name that is listed") {
    const Run list = run({"machines", "export", "--list"});
    CHECK(list.status == 0);
    CHECK_THAT(list.out, Contains("hop/plain") && Contains("tcp-pair"));
  }
}

TEST_CASE("halfclose machines export --header: a header", "[cli]") {
  const auto header = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"machines", "export", "--header"});
    const Run result = run(words);
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    return result.out;
  };
  SECTION("has the machines that the node runs: those of its roles") {
    CHECK_THAT(header({}), Contains("profile halfclose") && Contains("namespace http1_server {") &&
                               Contains("namespace http1_client {") &&
                               Contains("namespace proxy_exchange {"));
    CHECK_THAT(header({"--profile", "node"}), !Contains("namespace http1_client {"));
    CHECK_THAT(header({"--node", kExample + ":alb"}), !Contains("namespace http1_server {"));
  }
  SECTION("has the machines asked for, once, in the namespace asked for") {
    const std::string text =
        header({"tcp-endpoint", "tcp-endpoint", "--namespace", "acme::machines"});
    CHECK_THAT(text, Contains("namespace acme::machines {") &&
                         Contains("#ifndef ACME_MACHINES_HPP") &&
                         !Contains("namespace http1_server {"));
    CHECK(text.find("namespace tcp_endpoint {") == text.rfind("namespace tcp_endpoint {"));
  }
  SECTION("has the flags and timers of the node") {
    const Directory directory;
    const auto with = [&](const std::string& value) {
      return header(
          {"--node", directory.write("site.yaml",
                                     "chain:\n  - { name: c, profile: rfc9112 }\n  - { name: s, "
                                     "profile: halfclose, downstream: { " +
                                         value + " } }\n") +
                         ":s"});
    };
    CHECK(with("close_style: plain") != with("close_style: delayed"));
    CHECK_THAT(with("idle_timeout: 7s"), Contains("Event::idle_timeout, 7000}"));
    CHECK_THAT(with("idle_timeout: off"), Contains("Event::idle_timeout, -1}"));
  }
  SECTION("goes to a file") {
    const Directory directory;
    CHECK(header({"-o", directory / "machines.hpp"}).empty());
    CHECK(contents(directory / "machines.hpp") == header({}));
  }
}

//--- prove
//----------------------------------------------------------------------------------------------------

const std::string kManifest =
    "# two claims\n"
    "property,system,verdict,states,transitions,depth\n"
    "always one-outcome,hop/rfc9112,holds,677,1289,21\n"
    "sometimes keepalive-reuse,hop/rfc9112,holds,677,1289,9\n";
const std::string kWrong =
    "property,system,verdict,states,transitions,depth\n"
    "always one-outcome,hop/rfc9112,broken,676,1290,20\n";

TEST_CASE("halfclose prove: a manifest that is right", "[cli]") {
  const Directory directory;
  const std::string file = directory.write("m.csv", kManifest);
  const Run text = run({"prove", "--manifest", file});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, StartsWith("property"));
  CHECK_THAT(text.out, Contains("2 of 2 claims as expected, 0 differ, 0 undecided"));
  CHECK(text.err.empty());  // progress is for terminals

  const Json json = Json::parse(run({"prove", "--manifest", file, "--format", "json"}).out);
  REQUIRE(json["claims"].size() == 2);
  CHECK(json["claims"][1]["property"] == "sometimes keepalive-reuse");
  CHECK(json["claims"][1]["status"] == "same");
  CHECK(json["claims"][1]["found"] == json["claims"][1]["expected"]);
  CHECK(json["claims"][1]["found"]["depth"] == 9);
  CHECK(json["claims"][1]["limit"].is_null());

  CHECK_THAT(run({"prove", "--manifest", file, "--only", "keepalive"}).out,
             Contains("1 of 1 claims"));
  refused({"prove", "--manifest", file, "--only", "nothing"});
}

TEST_CASE("halfclose prove: the manifest inside the program is the file", "[cli]") {
  const auto claims = [](std::vector<std::string> more) {
    more.insert(more.begin(), {"prove", "--format", "json"});
    const Run result = run(more);
    CHECK(result.status == 0);
    Json all = Json::parse(result.out)["claims"];
    for (Json& claim : all)
      claim.erase("seconds");
    return all;
  };
  const Json inside = claims({});
  CHECK(inside.size() > 2000);
  CHECK(inside == claims({"--manifest", HALFCLOSE_SOURCE_DIR "/proofs/manifest.csv"}));
}

TEST_CASE("halfclose prove: a difference exits 1 and says both values", "[cli]") {
  const Directory directory;
  const std::string file = directory.write("m.csv", kWrong);
  const Run result = run({"prove", "--manifest", file});
  CHECK(result.status == 1);
  CHECK_THAT(result.out, Contains("differs: verdict holds, not broken; states 677, not 676; "
                                  "transitions 1289, not 1290; depth 21, not 20"));
  SECTION("and --update writes what was found, comments and all") {
    const Run updated = run({"prove", "--manifest", file, "--update"});
    CHECK(updated.status == 0);
    CHECK_THAT(updated.out, Contains("1 of 1 claims changed"));
    CHECK(run({"prove", "--manifest", file}).status == 0);
    const std::string right = directory.write("r.csv", kManifest);
    CHECK_THAT(run({"prove", "--manifest", right, "--update"}).out, Contains("0 of 2"));
    CHECK(contents(right) == kManifest);
  }
}

TEST_CASE("halfclose prove --certificate: what was proved is checked again", "[cli]") {
  const Directory directory;
  const std::string file = directory / "proof";
  const auto certify = [&](const std::string& only, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"prove", "--only", only, "--certificate", file};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  const auto nothing_else = [&] { CHECK_FALSE(std::filesystem::exists(file + ".new")); };
  SECTION("of a hop, and of a proxy") {
    for (const std::string system : {"hop/plain", "hop/probed", "proxy/1x1"}) {
      const Run proved = run(certify("* on " + system));
      INFO(proved.err);
      REQUIRE(proved.status == 0);
      CHECK_THAT(proved.out, Contains(file + ": certificate of "));
      const Run checked = run({"recheck", file});
      CHECK(checked.status == 0);
      CHECK_THAT(checked.out, StartsWith(system + ": ") && Contains("\nvalid: "));
      nothing_else();
    }
  }
  SECTION("of what holds, and of nothing that is broken, in time or seen to happen") {
    const Json json = Json::parse(run(certify("* on hop/rfc9112", {"--format", "json"})).out);
    CHECK(json["certificate"]["states"] == 677);
    const auto& properties = json["certificate"]["properties"];
    CHECK(std::count(properties.begin(), properties.end(), "always one-outcome") == 1);
    CHECK(std::count(properties.begin(), properties.end(), "never attach-on-complete") == 1);
    for (const std::string property : properties) {
      CHECK(property != "always response-kept");
      CHECK_THAT(property, !Contains("in time") && !Contains("sometimes"));
    }
  }
  SECTION("no byte of it can be changed") {
    REQUIRE(run(certify("always one-outcome on hop/plain")).status == 0);
    const std::string whole = contents(file);
    for (std::size_t at = 0; at < whole.size(); at += 97) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      INFO("byte " << at);
      CHECK(run({"recheck", directory.write("changed", changed)}).status != 0);
    }
    CHECK(run({"recheck", directory.write("cut", whole.substr(0, whole.size() - 1))}).status != 0);
  }
  SECTION("is of one system, and of something that never happens") {
    CHECK_THAT(refused(certify("always one-outcome on hop/*")).err, Contains("of one system"));
    for (const char* only : {"sometimes keepalive-reuse on hop/plain", "in time on hop/plain"})
      CHECK_THAT(refused(certify(only)).err, Contains("no such claim"));
    refused(certify("on hop/plain", {"--mutants"}));
    CHECK_FALSE(std::filesystem::exists(file));
  }
  SECTION("replaces a file whole or not at all") {
    directory.write("proof", "before");
    CHECK(run(certify("always one-outcome on hop/plain", {"--max-states", "10"})).status == 3);
    CHECK(run(certify("always response-kept on hop/rfc9112")).status == 1);
    CHECK(contents(file) == "before");
    nothing_else();
    REQUIRE(run(certify("always one-outcome on hop/plain")).status == 0);
    CHECK(run({"recheck", file}).status == 0);
  }
  SECTION("is not written where it cannot be") {
    for (const std::string& path :
         {directory / "none/proof", directory / ".", std::string("/dev/null")}) {
      const Run result =
          refused({"prove", "--only", "always one-outcome on hop/plain", "--certificate", path});
      CHECK_THAT(result.err, Contains("nothing was written"));
    }
    CHECK_FALSE(std::filesystem::is_regular_file("/dev/null"));
  }
}

TEST_CASE("halfclose prove: a limit exits 3 with what was covered", "[cli]") {
  const Directory directory;
  const std::string file = directory.write("m.csv", kManifest);
  const Run result = run({"prove", "--manifest", file, "--max-states", "100"});
  CHECK(result.status == 3);
  CHECK_THAT(result.out, Contains("undecided: limit of 100 states: 10") && Contains("2 undecided"));
  SECTION("and --update writes nothing") {
    CHECK(run({"prove", "--manifest", file, "--update", "--max-states", "100"}).status == 3);
    CHECK(contents(file) == kManifest);
  }
  SECTION("unless something differs: that is 1") {
    const std::string both =
        directory.write("b.csv", kManifest + "always one-outcome,hop/single-use,holds,1,1,1\n");
    CHECK(run({"prove", "--manifest", both, "--max-states", "670"}).status == 1);
  }
}

TEST_CASE("halfclose prove: what is wrong is refused", "[cli]") {
  const Directory directory;
  const Run broken =
      refused({"prove", "--manifest", directory.write("m.csv", kManifest + "always x\n")});
  CHECK_THAT(broken.err, Contains("m.csv:5:1: error: "));
  refused({"prove", "--manifest", directory / "none.csv"});
  refused({"prove", "--manifest", "/"});
  refused({"prove", "--update"});
  refused({"prove", "--max-states", "0"});
  refused({"prove", "--format", "yaml"});
  const Run mistyped = refused({"prove", "--manifest", directory.write("t.csv", kWrong + "x\n")});
  CHECK_THAT(mistyped.err, Contains("t.csv:3:1: error: "));
}

TEST_CASE("halfclose prove: the kinds of claim", "[cli]") {
  const Directory directory;
  const std::string head = "property,system,verdict,states,transitions,depth\n";
  const auto proved = [&](const std::string& row) {
    return run({"prove", "--manifest", directory.write("m.csv", head + row + "\n")});
  };
  CHECK(proved("emits keepalive-reuse,hop/plain,holds,6,6,9").status == 0);
  CHECK(proved("fits,tcp-pair/small,holds,4392,34454,21").status == 0);
  CHECK(proved("moves left from TIME-WAIT to CLOSED,tcp-pair/small,holds,96,150,11").status == 0);
  CHECK(proved("moves left from CLOSED to TIME-WAIT,tcp-pair/small,broken,0,0,0").status == 0);
  // Within one control state a step that changes nothing of the component is none.
  CHECK(proved("moves client from ready to ready,hop/removed-kept,holds,10,10,11").status == 0);
  CHECK(proved("moves client from ready to ready,hop/never-idle,broken,0,0,0").status == 0);
  CHECK(proved("emits keepalive-reuse in time,hop/plain,holds,6,6,9").status == 2);
  CHECK(proved("fits well,hop/plain,holds,6,6,9").status == 2);
  CHECK(proved("moves left to CLOSED,tcp-pair/small,holds,1,1,1").status == 2);
  CHECK(proved("moves left from CLOSED to OPEN,tcp-pair/small,holds,1,1,1").status == 2);
  CHECK(proved("moves middle from CLOSED to CLOSED,tcp-pair/small,holds,1,1,1").status == 2);
  CHECK_THAT(run({"prove", "--systems"}).out, Contains("tcp-pair/small  "));
}

TEST_CASE("halfclose prove --mutants: a part of them", "[cli]") {
  const Directory directory;
  const std::string file = directory.write("m.csv", kManifest);
  const std::vector<std::string> part = {"prove",     "--mutants",    "--manifest", file,
                                         "--machine", "http1-client", "--every",    "20"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = part;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  };
  const Run text = with({});
  CHECK(text.status == (text.out.find("\nhelp") == std::string::npos &&
                                text.out.find(" 0 unexplained") != std::string::npos
                            ? 0
                            : 1));
  CHECK_THAT(text.out, StartsWith("machine ") && Contains("\nhttp1-client ") &&
                           Contains("survive, no reachable state depends on it:"));
  CHECK(text.out == with({"--jobs", "1"}).out);

  const Json json = Json::parse(with({"--format", "json"}).out);
  REQUIRE(json["mutants"].size() > 20);
  for (const Json& mutant : json["mutants"]) {
    CHECK(mutant["machine"] == "http1-client");
    CHECK(mutant["properties"].empty() == (mutant["fate"] != "killed"));
  }
  CHECK(json["kills"].contains("sometimes keepalive-reuse"));

  const Run small = with({"--largest", "10"});
  CHECK(small.status == 3);
  CHECK_THAT(small.out, Contains("left out for their size (--largest): hop/rfc9112"));

  const Run cut = with({"--max-states", "100"});
  CHECK(cut.status == 3);
  CHECK(cut.out.empty());
  CHECK_THAT(refused({"prove", "--mutants", "--machine", "http1-clint"}).err,
             Contains("did you mean `http1-client`?"));
  // Every machine there is can be mutated in a system that claims are made of.
  const std::string all =
      refused({"prove", "--mutants", "--machine", "no-machine-is-called-so"}).err;
  std::istringstream machines(run({"machines", "list"}).out);
  std::size_t count = 0;
  for (std::string line; std::getline(machines, line);) {
    if (line.empty() || line.front() == ' ') continue;
    ++count;
    CHECK_THAT(all, Contains(" " + line.substr(0, line.find(' '))));
  }
  CHECK(count >= 11);
  refused({"prove", "--machine", "http1-client"});
  refused({"prove", "--mutants", "--update", "--manifest", file});
}

}  // namespace

TEST_CASE("matrix: the three formats", "[cli]") {
  const std::string slug = "bytes-behind-close";
  SECTION("text is at most 110 columns wide and names the smallest sets") {
    const Run printed = run({"matrix", "--race", slug, "--reasons"});
    CHECK(printed.status == 0);
    CHECK_THAT(printed.out, StartsWith(" "));
    CHECK_THAT(printed.out, Contains("excluded") && Contains("no-pipelining"));
    std::istringstream lines(printed.out);
    for (std::string line; std::getline(lines, line);)
      CHECK(line.size() <= 110);
  }
  SECTION("html loads nothing, and each cell has its reason") {
    const Run printed = run({"matrix", "--race", slug, "--format", "html"});
    CHECK(printed.status == 0);
    CHECK_THAT(printed.out, StartsWith("<!doctype html>"));
    CHECK_THAT(printed.out, !Contains("http://") && !Contains("https://") && !Contains("<script"));
    CHECK_THAT(printed.out, Contains("title=\"no-pipelining: excluded. "));
  }
  SECTION("Markdown has a row for the race and one for each of its cells") {
    const Run printed = run({"matrix", "--race", slug, "--format", "md"});
    CHECK(printed.status == 0);
    CHECK_THAT(printed.out, Contains("| `no-pipelining` | excluded | "));
  }
  SECTION("a limit makes it undecided") {
    CHECK(run({"matrix", "--race", slug, "--max-zones", "10"}).status == 3);
  }
  SECTION("an unknown race is refused, with the nearest name") {
    const Run printed = run({"matrix", "--race", "stale-pool-cascad"});
    CHECK(printed.status == 2);
    CHECK_THAT(printed.err, Contains("did you mean `stale-pool-cascade`?"));
    CHECK(printed.out.empty());
  }
}

//--- solve
//-------------------------------------------------------------------------------------------------------

namespace {

using Timeouts = std::map<std::string, std::string>;  ///< `edge.upstream.idle_timeout` to `60s`

/// Two nodes, with these timeouts.
std::string two_nodes(const std::string& client, const std::string& server, const Timeouts& of) {
  auto role = [&](const std::string& prefix) {
    std::string text;
    for (const auto& [name, value] : of) {
      if (name.rfind(prefix, 0) == 0)
        text += (text.empty() ? "" : ", ") + name.substr(prefix.size()) + ": " + value;
    }
    return "{ " + text + " }";
  };
  return "chain:\n  - { name: edge, profile: " + client + ", upstream: " + role("edge.upstream.") +
         " }\n  - { name: app, profile: " + server + ", downstream: " + role("app.downstream.") +
         " }\n";
}
const std::string kAtOdds = two_nodes("rfc9112", "rfc9112", {});  // 60 s against 60 s

Json solved(const std::string& chain, std::vector<std::string> more = {}, int status = 1) {
  more.insert(more.begin(), {"solve", chain, "--format", "json"});
  const Run result = run(more);
  INFO(result.err);
  CHECK(result.status == status);
  CHECK(result.err.empty());
  return Json::parse(result.out);
}
std::set<std::string> changed_names(const Json& hop) {
  std::set<std::string> names;
  for (const Json& alternative : hop.at("changes")) {
    for (const Json& change : alternative)
      names.insert(change.at("name"));
  }
  return names;
}

}  // namespace

TEST_CASE("halfclose solve: text", "[cli][solve]") {
  const Directory directory;
  const std::string chain = directory.write("chain.yaml", kAtOdds);
  SECTION("a race that happens: its inequality, by how much, and what to change") {
    const Run result = run({"solve", chain, "--race", "keepalive-reuse"});
    CHECK(result.status == 1);
    CHECK_THAT(result.out,
               StartsWith("edge->app\n"
                          "  present    keepalive-reuse, short by 40ms; safe if\n"
                          "         app.downstream.idle_timeout > edge.upstream.idle_timeout + 2 x "
                          "edge.upstream.loop_stall +\n"
                          "             app.downstream.loop_stall + 2 x edge->app.delay.max   <- "
                          "binds\n"
                          "  change      app.downstream.idle_timeout 1m -> 61s\n"
                          "          or  edge.upstream.idle_timeout 1m -> 59s\n"
                          "\nassumed: "));
    CHECK_THAT(result.out, !Contains("stale-in-kernel"));
  }
  SECTION("only the races that are named, each of them") {
    const Run result =
        run({"solve", chain, "--race", "stale-in-kernel", "--race", "shutdown-close"});
    CHECK(result.status == 1);
    CHECK_THAT(result.out, Contains("stale-in-kernel, short by 30ms") &&
                               Contains("shutdown-close: no timeouts exclude it"));
    CHECK_THAT(result.out, !Contains("keepalive-reuse"));
  }
  SECTION("all of a chain's hops without one") {
    const Run result = run({"solve", kExample});
    CHECK(result.status == 1);
    CHECK_THAT(result.out, StartsWith("alb->edge\n") && Contains("\nedge->app\n"));
    CHECK_THAT(result.out, Contains("edge.downstream.drain_timeout = 5s"));
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);)
      CHECK(line.size() <= 125);
  }
  SECTION("one that does not happen exits 0, and says how far it is") {
    const std::string safe = directory.write(
        "safe.yaml", two_nodes("rfc9112", "rfc9112", {{"app.downstream.idle_timeout", "61s"}}));
    const Run result = run({"solve", safe, "--race", "keepalive-reuse"});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Contains("absent     keepalive-reuse, margin 960ms; safe if"));
    CHECK_THAT(result.out, !Contains("  change ") && !Contains("(thin)"));
    const std::string thin = directory.write(
        "thin.yaml", two_nodes("rfc9112", "rfc9112", {{"app.downstream.idle_timeout", "60050ms"}}));
    CHECK_THAT(run({"solve", thin, "--race", "keepalive-reuse"}).out,
               Contains("margin 10ms (thin)"));
  }
  SECTION("one that no schedule leads to") {
    const Run result = run({"solve", chain, "--race", "expect-continue"});
    CHECK(result.status == 0);
    CHECK_THAT(result.out, Contains("no schedule leads to any of these races"));
  }
  SECTION("too little time is said, and exits 3") {
    const std::string drains = directory.write("drains.yaml", two_nodes("aws-alb", "envoy", {}));
    const Run result =
        run({"solve", drains, "--race", "keepalive-reuse", "--max-seconds", "0.0015"});
    CHECK(result.status == 3);
    CHECK_THAT(result.out,
               Contains("undecided  keepalive-reuse: its region is not known, the limit "
                        "of 1 ms was hit"));
    CHECK_THAT(result.out, !Contains("  change "));
  }
}

TEST_CASE("halfclose solve: JSON", "[cli][solve]") {
  const Directory directory;
  const std::string chain = directory.write("chain.yaml", kAtOdds);
  const Json report = solved(chain, {"--race", "keepalive-reuse"});
  CHECK(keys(report) == std::set<std::string>{"chain", "hops", "written", "assumptions"});
  CHECK(report["written"].empty());
  CHECK(report["chain"] == chain);
  REQUIRE(report["hops"].size() == 1);
  const Json& hop = report["hops"][0];
  CHECK(keys(hop) == std::set<std::string>{"hop", "races", "changes"});
  CHECK(hop["hop"] == "edge->app");
  REQUIRE(hop["races"].size() == 1);
  const Json& race = hop["races"][0];
  CHECK(keys(race) == std::set<std::string>{"race", "verdict", "exact", "limit", "safe_if", "cells",
                                            "domain", "with", "mitigations", "margin_s", "thin",
                                            "binds"});
  CHECK(race["race"] == "keepalive-reuse");
  CHECK(race["verdict"] == "present");
  CHECK(race["exact"] == true);
  CHECK(race["margin_s"] == -0.04);
  CHECK(race["safe_if"] == Json::array({Json::array({race["binds"]})}));
  CHECK(race["cells"] == Json::parse(R"([[{
      "constant_s": 0.0, "strict": true,
      "terms": {"edge.upstream.idle_timeout": -1, "edge.upstream.loop_stall": -2,
                "app.downstream.idle_timeout": 1, "app.downstream.loop_stall": -1,
                "edge->app.delay.max": -2}}]])"));
  for (const Json& inequality : race["domain"])
    CHECK(inequality["strict"] == false);
  CHECK(hop["changes"] == Json::parse(R"([
      [{"name": "app.downstream.idle_timeout", "from_s": 60.0, "to_s": 61.0}],
      [{"name": "edge.upstream.idle_timeout", "from_s": 60.0, "to_s": 59.0}]])"));

  const Json never = solved(chain, {"--race", "shutdown-close"})["hops"][0];
  CHECK(never["races"][0]["cells"].empty());
  CHECK(never["races"][0]["margin_s"].is_null());
  CHECK(never["changes"].empty());
}

TEST_CASE("halfclose solve: what may be changed, and by how much", "[cli][solve]") {
  const Directory directory;
  const std::string chain = directory.write("chain.yaml", kAtOdds);
  const std::string server = "app.downstream.idle_timeout", client = "edge.upstream.idle_timeout";
  auto changes = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--race", "keepalive-reuse"});
    return solved(chain, more)["hops"][0];
  };
  SECTION("a node, a role or a value is left alone") {
    CHECK(changed_names(changes({})) == std::set<std::string>{client, server});
    CHECK(changed_names(changes({"--fixed", "edge"})) == std::set<std::string>{server});
    CHECK(changed_names(changes({"--fixed", "app.downstream"})) == std::set<std::string>{client});
    CHECK(changed_names(changes({"--fixed", client})) == std::set<std::string>{server});
    CHECK(changed_names(changes({"--fixed", "edge.upstream.max_requests"})).size() == 2);
  }
  SECTION("when nothing may be changed, that is said") {
    const Run result =
        run({"solve", chain, "--race", "keepalive-reuse", "--fixed", "edge", "--fixed", server});
    CHECK(result.status == 1);
    CHECK_THAT(result.out, Contains("no one or two timeouts that may be changed exclude"));
  }
  SECTION("a margin is what is left behind the change") {
    const Json alternatives = changes({"--margin", "5s"})["changes"];
    CHECK(alternatives.size() == 2);
    for (const Json& alternative : alternatives) {
      REQUIRE(alternative.size() == 1);
      Timeouts after;
      after[alternative[0]["name"]] =
          std::to_string(static_cast<long>(alternative[0]["to_s"].get<double>() * 1e6)) + "us";
      const std::string better =
          directory.write("better.yaml", two_nodes("rfc9112", "rfc9112", after));
      const double margin =
          solved(better, {"--race", "keepalive-reuse"}, 0)["hops"][0]["races"][0]["margin_s"];
      CHECK(margin >= 5.0);
      CHECK(margin < 6.0);
    }
  }
  SECTION("a chain that is safe by less is still to be changed") {
    const std::string thin = directory.write(
        "thin.yaml", two_nodes("rfc9112", "rfc9112", {{"app.downstream.idle_timeout", "61s"}}));
    CHECK(solved(thin, {"--race", "keepalive-reuse"}, 0)["hops"][0]["changes"].empty());
    CHECK(changed_names(solved(thin, {"--race", "keepalive-reuse", "--margin", "2s"},
                               0)["hops"][0]) == std::set<std::string>{client, server});
  }
}

TEST_CASE("halfclose solve: halfclose check agrees with the advice", "[cli][solve]") {
  struct Case {
    std::string client, server, race;
    Timeouts before;
  };
  for (const auto& [client, server, race, before] : std::vector<Case>{
           {"rfc9112", "rfc9112", "keepalive-reuse", {}},
           {"envoy", "node", "timer-beats-data", {}},
           {"nginx", "gunicorn", "keepalive-reuse", {}},
           {"go-transport", "apache", "stale-in-kernel", {}},
           {"aws-alb", "envoy", "closing-dead-zone", {{"app.downstream.idle_timeout", "50s"}}},
           {"aws-alb", "envoy", "early-response-reset", {{"app.downstream.close_timeout", "20ms"}}},
           {"aws-alb",
            "envoy",
            "max-age-close",
            {{"app.downstream.max_connection_duration", "10m"}}}}) {
    CAPTURE(client, server, race);
    const Directory directory;
    const std::string chain = directory.write("before.yaml", two_nodes(client, server, before));
    CHECK(run({"check", chain, "--race", race}).status == 1);
    const Json hop = solved(chain, {"--race", race})["hops"][0];
    CHECK(hop["races"][0]["verdict"] == "present");
    CHECK(hop["changes"].empty() == hop["races"][0]["cells"].empty());
    for (const Json& alternative : hop["changes"]) {
      CAPTURE(alternative.dump());
      Timeouts after = before;
      for (const Json& change : alternative) {
        after[change["name"]] =
            std::to_string(static_cast<long>(change["to_s"].get<double>() * 1e6 + 0.5)) + "us";
      }
      const std::string changed = directory.write("after.yaml", two_nodes(client, server, after));
      const Run checked = run({"check", changed, "--race", race, "--format", "json"});
      CHECK(checked.status == 0);
      CHECK(Json::parse(checked.out)["verdicts"][0]["verdict"] == "absent");
      CHECK(solved(changed, {"--race", race}, 0)["hops"][0]["changes"].empty());
    }
  }
}

TEST_CASE("halfclose solve: what is wrong is refused", "[cli][solve]") {
  const Directory directory;
  const std::string chain = directory.write("chain.yaml", kAtOdds);
  auto error_of = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"solve", chain});
    return refused(more).err;
  };
  CHECK_THAT(error_of({"--race", "keepalive-resue"}), Contains("did you mean `keepalive-reuse`?"));
  CHECK_THAT(error_of({"--race", "response-kept"}), Contains("`response-kept` has no region"));
  CHECK_THAT(error_of({"--race", "no-socket-leak"}), Contains("error: "));
  CHECK_THAT(error_of({"--race", ""}), Contains("an argument is empty"));
  for (const std::string margin : {"off", "soon", "-1s", "5"})
    CHECK_THAT(error_of({"--margin", margin}), Contains("`" + margin + "` is not a duration"));
  for (const std::string fixed : {"alb", "app.downstream.idle_timout", "app.idle_timeout", "app.",
                                  "app.downstream.idle", "edge->app"})
    CHECK_THAT(error_of({"--fixed", fixed}), Contains("`" + fixed + "` is no node of the chain"));
  CHECK_THAT(error_of({"--format", "xml"}), Contains("--format"));
  CHECK_THAT(error_of({"--max-seconds", "0"}), Contains("--max-seconds"));
  CHECK_THAT(error_of({"another.yaml"}), Contains("another.yaml"));
  CHECK_THAT(refused({"solve"}).err, Contains("CHAIN is required"));
  CHECK_THAT(refused({"solve", "/nonexistent.yaml"}).err, StartsWith("/nonexistent.yaml: error: "));
  const std::string wrong = directory.write("wrong.yaml", "chain:\n- {profile: nginxx}\n");
  CHECK_THAT(refused({"solve", wrong}).err, Contains("did you mean `nginx`?"));
  CHECK(run({"solve", kExample}, "/dev/full").status == 2);
}
