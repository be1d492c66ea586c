// The proxy over simulated kernels: any order of deliveries, turns of the loop, short reads and
// writes, ends and resets. What is promised to each request must hold in every run.
#include "property_tests/runtime/simulation/peers.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <random>

using namespace halfclose;
using namespace halfclose::runtime;
using namespace halfclose::runtime::simulation;

namespace {

struct Plan {
  std::size_t manners = 0;  ///< the first ones of kManners
  bool patient = true;      ///< clients wait for their responses
  bool refuses = false;     ///< now and then no server listens
  bool full = false;        ///< now and then no connection can be opened
  bool stops = false;       ///< the proxy is told to go, sooner or later
  Settings settings = usual();
};

/// One run, and the rules that it broke.
class Run {
 public:
  Run(const Plan& plan, std::vector<std::uint16_t> numbers)
      : plan_(plan), choices_(std::move(numbers)), network_(plan_.settings, choices_) {
    const std::size_t clients = 1 + choices_.of(3);
    for (std::size_t c = 0; c < clients; ++c) {
      std::vector<Asked> requests(1 + choices_.of(3));
      for (Asked& asked : requests) {
        asked.name = std::to_string(++names_);
        asked.manner = kManners[choices_.of(plan_.manners)];
        asked.method = choices_.of(2) == 0 ? "GET" : "POST";
        if (asked.method == "POST") asked.content = choices_.of(6'000);
      }
      clients_.emplace_back(network_, requests, plan_.patient);
    }
  }

  void go() {
    while (!choices_.over())
      step();
    network_.refuses = false;
    for (int round = 0; round < 400 && !all_done(); ++round) {
      settle();
      // What nobody does anything about is a matter of time.
      if (round > 200) network_.pass(1'000);
    }
    for (int second = 0; second < 130; ++second) {
      network_.pass(1'000);
      settle();
    }
    judge();
  }
  const std::string& broken() const { return broken_; }

 private:
  void step() {
    switch (choices_.of(10)) {
      case 0:
      case 1:
      case 2:
        return deliver();
      case 3:
      case 4:
        return network_.turn();
      case 5:
      case 6:
        clients_[choices_.of(clients_.size())].act(choices_);
        return;
      case 7:
      case 8:
        meet_servers();
        if (!servers_.empty()) servers_[choices_.of(servers_.size())].act(choices_);
        return;
      default:
        // Never as long as any timeout but those of the loop's own order.
        if (passed_ < 4'000) {
          const auto time = static_cast<Time>(choices_.of(300));
          passed_ += time;
          network_.pass(time);
        }
        if (plan_.refuses && choices_.of(4) == 1) network_.refuses = !network_.refuses;
        if (plan_.full && choices_.of(4) == 1) network_.full = !network_.full;
        if (plan_.stops && choices_.of(8) == 1) network_.proxy().shut_down();
    }
  }
  void deliver() {
    std::vector<std::pair<Connection*, Side>> waiting;
    for (const auto& connection : network_.all()) {
      for (const Side from : {Side::first, Side::second}) {
        if (connection->in_flight(from) > 0) waiting.emplace_back(connection.get(), from);
      }
    }
    if (waiting.empty()) return;
    const auto [connection, from] = waiting[choices_.of(waiting.size())];
    connection->deliver(from);
  }
  void meet_servers() {
    while (servers_.size() < network_.to_servers().size())
      servers_.emplace_back(network_.to_servers()[servers_.size()], executed_);
  }
  void settle() {
    for (const auto& connection : network_.all()) {
      for (const Side from : {Side::first, Side::second}) {
        while (connection->in_flight(from) > 0)
          connection->deliver(from);
        connection->probe(from);
      }
    }
    network_.turn();
    meet_servers();
    for (Server& server : servers_)
      server.act(choices_);
    for (Client& client : clients_)
      client.act(choices_);
  }
  bool all_done() const {
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const Client& client) { return client.done(); });
  }

  void judge() {
    for (const Client& client : clients_) {
      if (!client.done()) broken_ += "a client waits for ever\n";
      if (client.has_unread()) broken_ += "a client has bytes that belong to no response\n";
      for (const Asked& asked : client.requests())
        judge(asked);
    }
    if (network_.proxy().clients() != 0) broken_ += "connections of clients are left\n";
    if (network_.proxy().upstreams() != 0) broken_ += "connections to servers are left\n";
    const std::string diverged = divergence_of(network_.journal().entries(), plan_.settings);
    if (!diverged.empty()) broken_ += diverged + "\n";
    if (broken_.empty()) return;
    for (const std::string& line : network_.log())
      broken_ += "log: " + line + "\n";
    broken_ += story_of(network_.journal().entries(), plan_.settings);
  }
  void judge(const Asked& asked) {
    const auto rule = [&](bool holds, const char* what) {
      if (!holds)
        broken_ += asked.method + " " + asked.name + " (" + asked.manner + ", status " +
                   std::to_string(asked.status) + "): " + what + "\n";
    };
    const auto found = executed_.find(asked.name);
    const int times = found == executed_.end() ? 0 : found->second;
    const bool is_post = asked.method == "POST";
    rule(times <= (is_post ? 1 : 2), is_post ? "at-most-once" : "bounded-retry");
    if (asked.gave_up) return;
    const auto is = [&](std::initializer_list<std::string_view> manners) {
      return std::find(manners.begin(), manners.end(), asked.manner) != manners.end();
    };
    // Behind a proxy that was told to go, who comes new is turned away.
    if (plan_.stops && asked.first && asked.status == 0 && times == 0 && !asked.cut) return;
    rule(asked.status != 0 || (asked.cut && is({"half"})), "one-outcome");
    rule(asked.status != 200 || asked.own, "right-response");
    rule(asked.status != 200 || times > 0, "a response to nothing");
    // A connection from the pool may die under a request. What may be sent again is, on a new one.
    if (!is_post && !plan_.refuses && !plan_.full &&
        is({"whole", "announced", "closes", "later", "parts"}))
      rule(asked.status == 200, "a retry masks the end of a reused connection");
    if (plan_.manners <= 2 && !plan_.refuses && !plan_.full)
      rule(asked.status == 200, "an announced close loses nothing");
  }

  Plan plan_;
  Choices choices_;
  Network network_;
  std::map<std::string, int> executed_;
  std::vector<Client> clients_;
  std::vector<Server> servers_;
  std::size_t names_ = 0;
  Time passed_ = 0;
  std::string broken_;
};

void holds(const Plan& plan) {
  const auto numbers = *rc::gen::scale(6.0, rc::gen::arbitrary<std::vector<std::uint16_t>>());
  Run run(plan, numbers);
  run.go();
  RC_ASSERT(run.broken() == "");
}

/// A proxy that does wrong, and the rule that some run finds it to break.
bool is_found(const Plan& plan, std::string_view rule) {
  std::mt19937 random(20261123);
  for (int run = 0; run < 2'000; ++run) {
    std::vector<std::uint16_t> numbers(50 + random() % 400);
    for (std::uint16_t& number : numbers)
      number = static_cast<std::uint16_t>(random());
    Run one(plan, std::move(numbers));
    one.go();
    if (one.broken().find(rule) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("simulation: a proxy that does wrong is found out", "[runtime][simulation]") {
  Plan plan{.manners = kManners.size()};
  SECTION("it sends again what it must not") {
    plan.settings.retries_any_method = true;
    CHECK(is_found(plan, "at-most-once"));
  }
  SECTION("it closes behind an early response without lingering") {
    plan.settings.server.close_style = http1::server::CloseStyle::plain;
    CHECK(is_found(plan, "one-outcome"));
  }
  SECTION("it sends nothing again") {
    plan.settings.exchange.on_reset = plan.settings.exchange.on_empty_response = false;
    CHECK(is_found(plan, "a retry masks"));
  }
  SECTION("it sends again on another connection that may be dead") {
    plan.settings.exchange.fresh_connection = false;
    CHECK(is_found(plan, "a retry masks"));
  }
  SECTION("it is told to go, and closes what is idle") {
    plan.stops = true;
    plan.settings.server.shutdown_announced = false;
    CHECK(is_found(plan, "one-outcome"));
  }
}
TEST_CASE("simulation: servers that announce their closes", "[runtime][simulation]") {
  rc::prop("every request is answered, and executed once", [] { holds({.manners = 2}); });
}
TEST_CASE("simulation: servers that close, die and answer early", "[runtime][simulation]") {
  rc::prop("every request has one outcome", [] { holds({.manners = kManners.size()}); });
}
TEST_CASE("simulation: clients that go away", "[runtime][simulation]") {
  rc::prop("nobody gets what was theirs",
           [] { holds({.manners = kManners.size(), .patient = false}); });
}
TEST_CASE("simulation: servers that do not listen", "[runtime][simulation]") {
  rc::prop("every request has one outcome",
           [] { holds({.manners = kManners.size(), .refuses = true}); });
}
TEST_CASE("simulation: a host without room for a connection", "[runtime][simulation]") {
  rc::prop("every request has one outcome",
           [] { holds({.manners = kManners.size(), .full = true}); });
}
TEST_CASE("simulation: a proxy that is told to go", "[runtime][simulation]") {
  rc::prop("no request that it took is lost",
           [] { holds({.manners = kManners.size(), .stops = true}); });
}
