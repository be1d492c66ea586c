// Properties of chains and profiles (model/deployment): what is read, and each rule that an input
// can break, with the place and the help.
#include "model/deployment/chain.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace halfclose::deployment {
namespace {

constexpr Time kSecond = 1'000'000;

std::string repeated(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += text;
  return all;
}
/// `f.yaml:3:5: error: ...`, or nothing for a chain.
std::string error_of(const std::string& yaml) {
  INFO(yaml.substr(0, 500));
  const LoadedChain loaded = parse_chain(yaml, "f.yaml");
  CHECK(loaded.chain.has_value() == loaded.error.rule.empty());
  return loaded.chain ? "" : loaded.error.text();
}
Chain read(const std::string& yaml) {
  const LoadedChain loaded = parse_chain(yaml, "f.yaml");
  INFO(loaded.error.text());
  REQUIRE(loaded.chain.has_value());
  return *loaded.chain;
}

//--- profiles
//----------------------------------------------------------------------------------------------------

TEST_CASE("profiles: those that are shipped", "[model][deployment]") {
  REQUIRE(profile_names().size() >= 19);
  for (const std::string_view name : profile_names()) {
    INFO(name);
    const Profile* profile = find_profile(name);
    REQUIRE(profile != nullptr);
    CHECK(find_profile(name) == profile);
    CHECK(profile->name == name);
    CHECK_FALSE(profile->product.empty());
    CHECK_FALSE(profile->version.empty());
    CHECK((profile->server || profile->client));
    const auto complete = [](const Role& role, const std::vector<Key>& keys) {
      CHECK(role.values.size() == keys.size());
      for (const Key& key : keys) {
        INFO(key.name);
        REQUIRE(role.values.contains(key.name));
        CHECK_FALSE(role.at(key.name).source.empty());
        CHECK_FALSE(role.at(key.name).text.empty());
        CHECK(role.at(key.name).origin == Origin::profile);
      }
    };
    if (profile->server) complete(*profile->server, server_keys());
    if (profile->client) complete(*profile->client, client_keys());
  }
  CHECK(find_profile("nonesuch") == nullptr);
  CHECK(find_profile("") == nullptr);
}

TEST_CASE("profiles: one that is broken", "[model][deployment]") {
  SECTION("is refused with its line") {
    CHECK(parse_profile("p", "product: [").error.starts_with("p.yaml:"));
    CHECK(parse_profile("p", "version: 1\n").error == "p.yaml:1: `product` is missing");
    CHECK(parse_profile("p", "product: x\nversion: 1\ndownstream: {}\n")
              .error.find("`idle_timeout` is missing") != std::string::npos);
    CHECK_FALSE(parse_profile("p", "").error.empty());
    CHECK_FALSE(parse_profile("p", "- a\n").error.empty());
  }
  rc::prop("never crashes", [](const std::string& text) {
    const ParsedProfile parsed = parse_profile("p", text);
    RC_ASSERT(parsed.profile.has_value() == parsed.error.empty());
  });
}

//--- chains
//------------------------------------------------------------------------------------------------------

TEST_CASE("chain: reading", "[model][deployment]") {
  SECTION("takes nodes in the order of a request, and the links between them") {
    const Chain chain = read(
        "chain:\n- {name: a, profile: node-agent}\n- link: {delay: 1ms..2ms}\n- {name: b, profile: "
        "envoy}\n"
        "- {profile: node}\n");
    REQUIRE(chain.nodes.size() == 3);
    CHECK(chain.nodes[1].name == "b");
    CHECK(chain.nodes[1].line == 4);
    CHECK(chain.nodes[2].name == "node");
    REQUIRE(chain.links.size() == 2);
    CHECK((chain.links[0].delay_min == 1'000 && chain.links[0].delay_max == 2'000 &&
           chain.links[0].stated));
    CHECK((chain.links[1].delay_min == kDefaultDelayMin && !chain.links[1].stated));
    CHECK(chain.methods == std::vector<std::string>{"GET", "POST"});
    CHECK_FALSE(chain.requests_stated);
  }
  SECTION("puts what the chain says over what the profile says, and marks it") {
    const Chain chain = read(
        "chain:\n- {name: a, profile: envoy, upstream: {idle_timeout: 7s, max_requests: off, "
        "retry: {tries: 2, on: "
        "[reset, connect-failure], methods: all}}}\n"
        "- {name: b, profile: node, downstream: {idle_timeout: off, idle_408: true, close_style: "
        "delayed}}\n");
    const Role& client = *chain.nodes[0].client;
    CHECK(client.duration("idle_timeout") == 7 * kSecond);
    CHECK(client.at("idle_timeout").origin == Origin::chain);
    CHECK(client.at("max_requests").count == -1);
    CHECK(client.at("retry.tries").count == 2);
    CHECK(client.at("retry.on").words == std::vector<std::string>{"reset", "connect-failure"});
    CHECK(client.is("retry.methods", "all"));
    CHECK(client.at("write_error").origin == Origin::profile);
    const Role& server = *chain.nodes[1].server;
    CHECK(server.duration("idle_timeout") == kOff);
    CHECK(server.flag("idle_408"));
    CHECK(hop_settings(chain, 0).server.profile.close_style == http1::server::CloseStyle::delayed);
    CHECK(hop_settings(chain, 0).client.idle == 7 * kSecond);
  }
  SECTION("takes what requests there are") {
    const Chain chain = read(
        "requests: {methods: [GET, M-SEARCH], with_body: false, responses_fit: true, "
        "content_within: 2s}\n"
        "chain: [{profile: node-agent}, {profile: node}]\n");
    CHECK(chain.requests_stated);
    CHECK(chain.methods == std::vector<std::string>{"GET", "M-SEARCH"});
    CHECK_FALSE(chain.with_body);
    CHECK(chain.responses_fit);
    CHECK(chain.content_within == 2 * kSecond);
  }
  SECTION("takes JSON, CRLF, a byte order mark, comments and anchors") {
    const std::string json = R"({"chain": [{"profile": "node-agent"}, {"profile": "node"}]})";
    for (const std::string& text :
         {json, "\xef\xbb\xbf" + json, "# a\r\n" + json + "\r\n", "---\n" + json + "\n...\n",
          std::string("chain:\r\n- profile: node-agent\r\n- profile: node\r\n"),
          std::string("chain:\n- &n {name: a, profile: rfc9112, upstream: &u {idle_timeout: 1s}}\n"
                      "- {name: b, profile: rfc9112, upstream: *u}\n")}) {
      CHECK(error_of(text).empty());
    }
  }
  SECTION("takes ten thousand nodes") {
    std::string text = "chain:\n";
    for (int i = 0; i < 10'000; ++i)
      text += "- {name: n" + std::to_string(i) + ", profile: rfc9112}\n";
    CHECK(read(text).links.size() == 9'999);
  }
}

TEST_CASE("chain: a rule that is broken", "[model][deployment]") {
  const std::string client = "- {name: a, profile: node-agent}\n",
                    server = "- {name: b, profile: node}\n";
  const auto in_server = [&](const std::string& text) {
    return error_of("chain:\n" + client + "- name: b\n  profile: node\n  downstream:\n    " + text +
                    "\n");
  };
  const auto in_client = [&](const std::string& text) {
    return error_of("chain:\n- name: a\n  profile: node-agent\n  upstream:\n    " + text + "\n" +
                    server);
  };
  SECTION("of the file") {
    const std::string empty =
        "f.yaml:1:1: error: the file is empty\n  help: a chain file has a list `chain:`";
    for (const char* text : {"", "\n", "# nothing\n", "---\n", "~\n", " \n \n"})
      CHECK(error_of(text) == empty);
    CHECK(error_of("just text\n") == "f.yaml:1:1: error: a chain file is a map of keys");
    CHECK(error_of("- a\n") == "f.yaml:1:1: error: a chain file is a map of keys");
    CHECK(error_of("requests: {}\n") == "f.yaml:1:1: error: a chain file has a list `chain:`");
    CHECK(error_of("chains: []\n") ==
          "f.yaml:1:1: error: unknown key `chains` in a chain file\n  help: did you mean `chain`?");
    CHECK(error_of("chain: []\nchain: []\n")
              .starts_with("f.yaml:1:1: error: a chain has at least two nodes") == false);
    CHECK(error_of("chain:\n" + client + server + "---\nchain: []\n") ==
          "f.yaml:4:1: error: a chain file is one YAML document\n  help: keep one chain per file");
    CHECK(
        error_of("chain:\n" + client + server + "...\njunk\n").starts_with("f.yaml:5:1: error: "));
    CHECK(error_of("chain: [\n").starts_with("f.yaml:2:1: error: not YAML: "));
    CHECK(error_of("chain:\n\t- {profile: node}\n").starts_with("f.yaml:2:2: error: not YAML: "));
  }
  SECTION("of the list of nodes") {
    CHECK(error_of("chain: 5\n") == "f.yaml:1:8: error: `chain` is a list of nodes and links");
    CHECK(error_of("chain:\n") == "f.yaml:2:1: error: `chain` is a list of nodes and links");
    CHECK(error_of("chain: []\n") ==
          "f.yaml:1:1: error: a chain has at least two nodes; found 0\n"
          "  help: a hop is a client and a server: add the neighbour");
    CHECK(error_of("chain:\n" + server)
              .starts_with("f.yaml:1:1: error: a chain has at least two nodes; found 1"));
    CHECK(error_of("chain:\n- node\n") == "f.yaml:2:3: error: a node is a map of keys");
    CHECK(
        error_of("chain:\n" + client + "- {name: a, profile: node}\n") ==
        "f.yaml:3:3: error: two nodes are called `a`\n  help: give each node a `name` of its own");
    CHECK(error_of("chain:\n- {profile: envoy}\n- {profile: envoy}\n")
              .starts_with("f.yaml:3:3: error: two nodes are called `envoy`"));
    CHECK(error_of("chain:\n- {name: s, profile: node}\n" + server) ==
          "f.yaml:3:3: error: `s` is no client: profile `node` has no `upstream`\n"
          "  help: only the last node of a chain can be a server alone");
    CHECK(error_of("chain:\n- {name: c, profile: curl}\n" + client) ==
          "f.yaml:3:3: error: `a` is no server: profile `node-agent` has no `downstream`\n"
          "  help: only the first node of a chain can be a client alone");
  }
  SECTION("of a link") {
    const std::string link = "- link: {delay: 1ms}\n";
    CHECK(error_of("chain:\n" + link + client + server) ==
          "f.yaml:2:3: error: a link stands between two nodes\n  help: move it behind the first "
          "node");
    CHECK(error_of("chain:\n" + client + server + link) ==
          "f.yaml:4:3: error: a link stands between two nodes\n  help: add the node behind it");
    CHECK(error_of("chain:\n" + client + link + link + server) ==
          "f.yaml:4:3: error: two links between the same two nodes\n  help: keep one of them");
    CHECK(error_of("chain:\n" + client + "- link: {delay: 2ms..1ms}\n" + server) ==
          "f.yaml:3:17: error: `delay` is broken: the ends of an interval are in order; found "
          "`2ms..1ms`\n"
          "  help: write for example `delay: 0.2ms..2ms`");
    CHECK(error_of("chain:\n" + client + "- link: {dely: 1ms}\n" + server) ==
          "f.yaml:3:10: error: unknown key `dely` in `link`\n  help: did you mean `delay`?");
    CHECK(error_of("chain:\n" + client + "- link: 1ms\n" + server) ==
          "f.yaml:3:9: error: `link` is a map of keys");
  }
  SECTION("of a node") {
    CHECK(error_of("chain:\n- {name: a}\n") ==
          "f.yaml:2:3: error: a node has a `profile`\n  help: `rfc9112` is the profile of the bare "
          "standard");
    CHECK(error_of("chain:\n- {profile: nginxx}\n") ==
          "f.yaml:2:13: error: unknown profile `nginxx`\n  help: did you mean `nginx`?");
    CHECK(error_of("chain:\n- {profile: qqqqqqqqqqqq}\n").find("\n  help: known: apache aws-alb") !=
          std::string::npos);
    CHECK(error_of("chain:\n- {profile: [node]}\n") ==
          "f.yaml:2:13: error: `profile` is one value");
    CHECK(error_of("chain:\n- {profile: ~}\n") == "f.yaml:2:13: error: `profile` is one value");
    CHECK(error_of("chain:\n- {profile: node, nmae: x}\n") ==
          "f.yaml:2:19: error: unknown key `nmae` in a node\n  help: did you mean `name`?");
    CHECK(error_of("chain:\n- {profile: node, profile: node}\n") ==
          "f.yaml:2:19: error: key `profile` is written twice");
    for (const char* name : {"''", "a b", "\"a\\0b\"", "\"a\\nb\"", "\xc3\xa9", "a/b", "<b>"}) {
      CHECK(error_of("chain:\n- {profile: node, name: " + std::string(name) + "}\n")
                .starts_with("f.yaml:2:25: error: a node's name has 1 to 64 letters, digits, `-`, "
                             "`_` or `.`"));
    }
    CHECK(error_of("chain:\n- {profile: node, name: " + std::string(65, 'n') + "}\n")
              .starts_with("f.yaml:2:25: error: a node's name"));
    CHECK(error_of("chain:\n- {name: c, profile: curl, downstream: {}}\n") ==
          "f.yaml:2:40: error: profile `curl` is no server: it has no `downstream`");
    CHECK(error_of("chain:\n- {profile: node, upstream: {}}\n") ==
          "f.yaml:2:29: error: profile `node` is no client: it has no `upstream`");
  }
  SECTION("of a value") {
    CHECK(in_server("idle_timeoot: 5s") ==
          "f.yaml:6:5: error: unknown key `idle_timeoot` in `downstream` of b\n  help: did you "
          "mean `idle_timeout`?");
    CHECK(in_server("idle_timeout: 60") ==
          "f.yaml:6:19: error: `idle_timeout` wants a duration or count: a duration has a unit: "
          "us, ms, s, m or h, or "
          "`off`; found `60`\n  help: write for example `idle_timeout: 60s`");
    CHECK(in_server("idle_timeout: -5s").find("a duration is not negative") != std::string::npos);
    CHECK(in_server("loop_stall: off").find("a duration is a number with a unit") !=
          std::string::npos);
    CHECK(in_server("idle_timeout: [5s]") ==
          "f.yaml:6:19: error: `idle_timeout` takes one value, not a list; found `5s`\n"
          "  help: write for example `idle_timeout: 60s`");
    CHECK(in_server("idle_timeout: {a: 5s}") ==
          "f.yaml:6:20: error: unknown key `a` in `idle_timeout`\n  help: known: value fixed");
    CHECK(in_server("idle_timeout:").ends_with("error: `idle_timeout` is one value"));
    CHECK(in_server("close_style: plan") ==
          "f.yaml:6:18: error: `close_style` is plain, delayed, half-close-drain, half-close-wait "
          "or drain-then-fin; "
          "found `plan`\n  help: did you mean `plain`?");
    CHECK(in_server("idle_408: yes") ==
          "f.yaml:6:15: error: `idle_408` is `true` or `false`; found `yes`\n  help: write for "
          "example `idle_408: true`");
    for (const char* count : {"-1", "1.5", "many", "99999999999999999999", "0x10", "''"}) {
      CHECK(in_server("max_requests: " + std::string(count))
                .starts_with("f.yaml:6:19: error: `max_requests` wants a duration or count: a "
                             "count is a whole number"));
    }
    CHECK(in_server("idle_timeout: 5s\n    idle_timeout: 6s") ==
          "f.yaml:7:5: error: key `idle_timeout` is written twice");
    CHECK(in_client("retry: {triess: 1}") ==
          "f.yaml:5:13: error: unknown key `triess` in `retry`\n  help: did you mean `tries`?");
    CHECK(in_client("retry: {on: [rest]}") ==
          "f.yaml:5:17: error: `retry.on` is connect-failure, reset, empty-response, "
          "response-timeout, unwritten, refused-stream or "
          "none; found `rest`\n  help: did you mean `reset`?");
    CHECK(in_client("retry: {methods: []}") ==
          "f.yaml:5:22: error: `retry.methods` takes a value; found ``\n  help: write for example "
          "`methods: [GET, HEAD]`");
    CHECK(in_client("retry: 5") == "f.yaml:5:12: error: `retry` is a map of keys");
    CHECK(in_client("close_style: plain")
              .starts_with("f.yaml:5:5: error: unknown key `close_style` in `upstream` of a"));
  }
  SECTION("of the requests") {
    const std::string chain = "chain:\n" + client + server;
    CHECK(error_of("requests: 5\n" + chain) == "f.yaml:1:11: error: `requests` is a map of keys");
    CHECK(error_of("requests: {with_body: maybe}\n" + chain) ==
          "f.yaml:1:23: error: `with_body` is `true` or `false`; found `maybe`");
    CHECK(error_of("requests: {methods: GET}\n" + chain) ==
          "f.yaml:1:21: error: `methods` is a list of methods\n  help: write for example `methods: "
          "[GET, POST]`");
    CHECK(error_of("requests: {methods: []}\n" + chain)
              .starts_with("f.yaml:1:21: error: `methods` is a list"));
    CHECK(error_of("requests: {methods: [get]}\n" + chain) ==
          "f.yaml:1:22: error: a method is written in capitals (RFC 9110 9.1); found `get`");
    CHECK(error_of("requests: {content_within: 5}\n" + chain)
              .starts_with("f.yaml:1:28: error: `content_within`: a duration has a unit"));
  }
  SECTION("is the first of several, and the only one that is named") {
    const std::string error = error_of("chain:\n- {profile: nonesuch, nmae: x}\n- {}\n- 5\n");
    CHECK(error ==
          "f.yaml:2:23: error: unknown key `nmae` in a node\n  help: did you mean `name`?");
  }
}

TEST_CASE("chain: a hostile file", "[model][deployment]") {
  SECTION("of aliases that multiply is refused at once") {
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 40; ++i) {
      const std::string alias = "*a" + std::to_string(i - 1);
      text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
              repeated(alias + ", ", 8) + alias + "]\n";
    }
    CHECK(error_of(text + "chain: *a39\n").starts_with("f.yaml:1:1: error: unknown key `a0`"));
    CHECK(error_of("chain: &a [*a]\n") == "f.yaml:1:8: error: a node is a map of keys");
    CHECK_FALSE(error_of("&a {chain: *a}\n").empty());
    CHECK_FALSE(error_of("chain:\n- &a {name: *a, profile: node}\n").empty());
  }
  SECTION("that nests without end is refused, whatever it nests") {
    for (const char* opening : {"[", "{", "- ", "? ", "[a: ", "{a: "}) {
      INFO(opening);
      CHECK(error_of(repeated(opening, 100'000))
                .find("error: a chain file nests less than 500 deep") != std::string::npos);
    }
  }
  SECTION("of bytes that are no text is refused or harmless") {
    const std::string chain =
        "chain:\n- {name: a, profile: node-agent}\n- {name: b, profile: node}\n";
    for (const char byte : {'\0', '\x04', '\x1b', '\x7f', '\xff'}) {
      CHECK_FALSE(error_of(std::string(1, byte) + chain).empty());
      CHECK_FALSE(
          error_of(std::string("chain:\n- {name: a") + byte + ", profile: node-agent}\n").empty());
    }
    CHECK_FALSE(error_of(std::string(1000, '\0')).empty());
  }
  SECTION("shows no control characters in its error") {
    const std::string error = error_of("chain:\n- {profile: \"\\e[31m\\n\\0x\"}\n");
    CHECK(error.find("unknown profile `?[31m??x`") != std::string::npos);
  }
  SECTION("shows no more than the beginning of a long value") {
    CHECK(error_of("chain:\n- {profile: " + std::string(100'000, 'x') + "}\n").size() < 1'000);
  }
  SECTION("of more than 4 MiB is refused, of 4 MiB is read") {
    const std::string chain = "chain: [{profile: node-agent}, {profile: node}]\n";
    const std::string padding(kChainBytesMax - chain.size(), '\n');
    CHECK(error_of(chain + padding).empty());
    CHECK(error_of(chain + padding + "\n") ==
          "f.yaml: error: a chain file has at most 4194304 bytes\n  help: split it into several "
          "chains");
  }
}

TEST_CASE("chain: a file that cannot be read", "[model][deployment]") {
  const auto rule = [](const std::string& path) {
    const LoadedChain loaded = load_chain(path);
    CHECK_FALSE(loaded.chain.has_value());
    CHECK(loaded.error.text() == path + ": error: " + loaded.error.rule);
    return loaded.error.rule;
  };
  const std::string path =
      (std::filesystem::temp_directory_path() / ("halfclose_chain_" + std::to_string(getpid())))
          .string();
  SECTION("is named with the reason") {
    CHECK(rule("/nonexistent/chain.yaml") == "no such file, or not readable");
    CHECK(rule("") == "no such file, or not readable");
    CHECK(rule("/") == "a directory, not a chain file");
  }
  SECTION("because it is not ours") {
    std::ofstream(path) << "chain: []\n";
    chmod(path.c_str(), 0);
    // Root reads everything.
    if (geteuid() != 0) CHECK(rule(path) == "no such file, or not readable");
    std::filesystem::remove(path);
  }
  SECTION("because it never ends") {
    const LoadedChain loaded = load_chain("/dev/zero");
    CHECK(loaded.error.rule == "a chain file has at most 4194304 bytes");
  }
  SECTION("and one that can is read as its text is") {
    std::ofstream(path) << "chain: [{profile: node-agent}, {profile: node}]\n";
    CHECK(load_chain(path).chain.has_value());
    std::filesystem::remove(path);
  }
}

TEST_CASE("chain: what nobody can change", "[model][deployment]") {
  const Chain chain = read(
      "chain:\n  - { profile: gcp-lb }\n"
      "  - { name: edge, profile: envoy, fixed: true, downstream: { idle_timeout: 9s } }\n"
      "  - { name: app, profile: node, downstream: { idle_timeout: { value: 7s, fixed: true } } "
      "}\n");
  CHECK(chain.nodes[2].server->duration("idle_timeout") == 7 * kSecond);
  CHECK(is_fixed(chain, "gcp-lb.upstream.idle_timeout"));  // says the profile
  CHECK_FALSE(is_fixed(chain, "gcp-lb.upstream.response_timeout"));
  CHECK(is_fixed(chain, "edge.downstream.idle_timeout"));
  CHECK(is_fixed(chain, "edge.upstream.idle_timeout"));
  CHECK(is_fixed(chain, "app.downstream.idle_timeout"));
  CHECK_FALSE(is_fixed(chain, "app.downstream.close_timeout"));
  CHECK_FALSE(is_fixed(chain, "app.downstream.no_such"));
  CHECK_FALSE(is_fixed(chain, "nobody.downstream.idle_timeout"));
  const std::string nodes = "chain:\n  - { profile: nginx, upstream: { idle_timeout: ";
  const std::string rest = " } }\n  - { profile: node }\n";
  CHECK(error_of(nodes + "{ value: 5s, fixed: maybe }" + rest) ==
        "f.yaml:2:69: error: `fixed` of `idle_timeout` is `true` or `false`; found `maybe`");
  CHECK(error_of(nodes + "{ fixed: true }" + rest) ==
        "f.yaml:2:49: error: `idle_timeout` has no `value`\n"
        "  help: write for example `idle_timeout: { value: 60s, fixed: true }`");
  CHECK(error_of(nodes + "{ value: 5s, fix: true }" + rest) ==
        "f.yaml:2:62: error: unknown key `fix` in `idle_timeout`\n  help: did you mean `fixed`?");
}

TEST_CASE("chain: one attribute of a product has one value", "[model][deployment]") {
  const auto chain = [](const std::string& values) {
    return "chain:\n  - { profile: aws-alb, upstream: { " + values +
           " } }\n  - { profile: node }\n";
  };
  CHECK(read(chain("idle_timeout: 7s")).nodes[0].client->duration("response_timeout") ==
        7 * kSecond);
  CHECK(hop_settings(read(chain("idle_timeout: 7s")), 0).client.response == 7 * kSecond);
  CHECK(error_of(chain("idle_timeout: 7s, response_timeout: 7s")).empty());
  CHECK(error_of(chain("response_timeout: 7s")) ==
        "f.yaml:2:35: error: `response_timeout` of aws-alb is the same attribute as "
        "`idle_timeout`: it cannot be `7s` when that is `60s`\n"
        "  help: leave `response_timeout` away");
}

}  // namespace
}  // namespace halfclose::deployment
