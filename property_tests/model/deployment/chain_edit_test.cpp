// Properties of chain_edit (model/deployment): the asked values are what the chain then says, and
// no other byte of the file is another one.
#include "model/deployment/chain_edit.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

namespace halfclose::deployment {
namespace {

constexpr Time kSecond = 1'000'000;

std::string edited(const std::string& yaml, const std::vector<ChainEdit>& edits) {
  INFO(yaml);
  const EditedChain result = edit_chain(yaml, edits);
  INFO(result.error);
  CHECK(result.error.empty());
  return result.text;
}
const std::vector<ChainEdit> kIdle = {{"app.downstream.idle_timeout", 70 * kSecond}};

std::string around(const std::string& app) {
  return "# h\xC3\xA9\nchain:\n  - { name: edge, profile: envoy }   # first\n" + app + "# last\n";
}

TEST_CASE("chain_edit: a value is replaced where it is written", "[model][deployment]") {
  for (const std::string value :
       {"5s", "'5s'", "\"5s\"", "5000ms", "{ fixed: false, value: 5s }"}) {
    const auto app = [](const std::string& written) {
      return around(
          "  - name: app  # 5s\n    profile: node\n    downstream:\n      loop_stall: 5ms\n"
          "      idle_timeout: " +
          written + " # 5s\n");
    };
    const std::string to = value.starts_with('{') ? "{ fixed: false, value: 70s }" : "70s";
    CHECK(edited(app(value), kIdle) == app(to));
  }
}

TEST_CASE("chain_edit: a value that is not there is added", "[model][deployment]") {
  CHECK(edited(around("  - name: app\n    profile: node  # 20\n"), kIdle) ==
        around("  - name: app\n    profile: node  # 20\n    downstream: { idle_timeout: 70s }\n"));
  CHECK(edited(around("  - { name: app, profile: node }\n"), kIdle) ==
        around("  - { name: app, profile: node, downstream: { idle_timeout: 70s } }\n"));
  CHECK(edited(around("  - { name: app, profile: node, downstream: {} }\n"), kIdle) ==
        around("  - { name: app, profile: node, downstream: { idle_timeout: 70s } }\n"));
  CHECK(edited(around("  - { name: app, profile: node, downstream: { loop_stall: 1ms } }\n"),
               kIdle) == around("  - { name: app, profile: node, downstream: { idle_timeout: 70s, "
                                "loop_stall: 1ms } }\n"));
  CHECK(edited(around("  - name: app\n    profile: node\n    downstream:  # server\n"
                      "      loop_stall: 1ms\n"),
               kIdle) == around("  - name: app\n    profile: node\n    downstream:  # server\n"
                                "      idle_timeout: 70s\n      loop_stall: 1ms\n"));
}

TEST_CASE("chain_edit: several values, a byte order mark, line ends of two bytes",
          "[model][deployment]") {
  const auto chain = [](const std::string& up, const std::string& down) {
    return "\xEF\xBB\xBF"
           "chain:\r\n  - profile: envoy\r\n    upstream: { idle_timeout: " +
           up + " }\r\n  - profile: node\r\n    downstream: { idle_timeout: " + down + " }\r\n";
  };
  CHECK(edited(chain("1h", "5s"), {{"envoy.upstream.idle_timeout", 4 * kSecond},
                                   {"node.downstream.idle_timeout", 6 * kSecond}}) ==
        chain("4s", "6s"));
}

TEST_CASE("chain_edit: what one attribute sets is written once", "[model][deployment]") {
  const auto chain = [](const std::string& idle) {
    return "chain:\n  - { profile: aws-alb, upstream: { idle_timeout: " + idle +
           " } }\n  - { profile: node }\n";
  };
  CHECK(edited(chain("60s"), {{"aws-alb.upstream.idle_timeout", 4 * kSecond}}) == chain("4s"));
}

TEST_CASE("chain_edit: what cannot be written is refused", "[model][deployment]") {
  for (const std::string& yaml : {
           // One value, two nodes that say it.
           std::string(
               "chain:\n  - { name: a, profile: envoy, upstream: { idle_timeout: &t 5s } }\n"
               "  - { name: app, profile: node, downstream: { idle_timeout: *t } }\n"),
           std::string(
               "chain:\n  - { name: a, profile: nginx, downstream: &d { idle_timeout: 9s } }\n"
               "  - { name: app, profile: node, downstream: *d }\n"),
           std::string(
               "chain:\n  - { name: a, profile: nginx }\n"
               "  - { name: app, profile: node, downstream: { idle_timeout: >\n 5s\n } }\n"),
           std::string("chain:\n  - { name: a, profile: nginx }\n  - { name: b, profile: node }\n"),
       }) {
    INFO(yaml);
    const EditedChain result = edit_chain(yaml, kIdle);
    CHECK(result.text.empty());
    CHECK_FALSE(result.error.empty());
  }
}

TEST_CASE("chain_edit: whatever is written is what is read", "[model][deployment]") {
  rc::prop("one value more or less, and all others as before", [] {
    const auto time = *rc::gen::inRange<Time>(0, 10'000'000'000);
    const std::string side = *rc::gen::element<std::string>("a.upstream.", "b.downstream.");
    const std::string key =
        side == "a.upstream."
            ? *rc::gen::element<std::string>("idle_timeout", "response_timeout", "loop_stall")
            : *rc::gen::element<std::string>("idle_timeout", "close_timeout", "linger_time");
    const bool flow = *rc::gen::arbitrary<bool>();
    const std::string yaml =
        flow ? "chain: [{ name: a, profile: nginx, upstream: { idle_timeout: 1s } }, "
               "{ name: b, profile: nginx, downstream: { close_timeout: 5s, linger_time: 30s } }]\n"
             : "chain:\n- name: a\n  profile: nginx\n  upstream:\n    idle_timeout: 1s\n- name: b\n"
               "  profile: nginx\n  downstream:\n    close_timeout: 5s\n    linger_time: 30s\n";
    const EditedChain result = edit_chain(yaml, {{side + key, time}});
    RC_ASSERT(result.error.empty());
    const Chain before = *parse_chain(yaml, "").chain;
    const LoadedChain after = parse_chain(result.text, "");
    RC_ASSERT(after.chain.has_value());
    for (std::size_t n = 0; n < 2; ++n) {
      for (const bool server : {true, false}) {
        const auto& was = server ? before.nodes[n].server : before.nodes[n].client;
        const auto& is = server ? after.chain->nodes[n].server : after.chain->nodes[n].client;
        for (const auto& [name, value] : was->values) {
          const bool asked =
              before.nodes[n].name + (server ? ".downstream." : ".upstream.") + name == side + key;
          RC_ASSERT(is->at(name).duration == (asked ? time : value.duration));
        }
      }
    }
  });
}

}  // namespace
}  // namespace halfclose::deployment
