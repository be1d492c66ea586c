// Properties of the exported header (proofs/export/header.hpp): it says of every state and event
// what the model's table says, by the same names and with the same sources.
//
// The headers are written by the command while the tests are built, and compiled alone, as C++17
// with every warning an error (exported_machines.cpp).
#include "proofs/export/header.hpp"

#include "model/deployment/chain.hpp"
#include "model/deployment/proxy_settings.hpp"
#include "model/net/middlebox.hpp"
#include "model/proxy/pool.hpp"
#include "model/tcp/endpoint.hpp"
#include "property_tests/proofs/exported_machines.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <map>
#include <set>
#include <stdexcept>

using namespace halfclose;
using machine::Table;

namespace {

deployment::Chain chain_of(const std::string& profile) {
  const auto loaded = deployment::parse_chain(
      "chain:\n  - { name: c, profile: rfc9112 }\n  - { name: n, profile: " + profile +
          " }\n  - { name: s, profile: rfc9112 }\n",
      profile);
  return loaded.chain.value();
}

/// The model's table that an exported machine has to agree with.
Table table_of(const exported::Machine& machine) {
  const deployment::Chain chain = chain_of(machine.profile);
  auto proxy = deployment::proxy_settings(chain, 1, "GET", true);
  if (machine.name == "http1-server")
    return http1::server::connection_table(deployment::hop_settings(chain, 0).server.profile);
  if (machine.name == "http1-client")
    return http1::client::connection_table(proxy.upstream.client.profile);
  if (machine.name == "proxy-pool") return proxy::pool::pool_table(proxy.pool);
  if (machine.name == "tcp-endpoint") return tcp::endpoint_table(false);
  if (machine.name == "middlebox") return net::middlebox_table(false);
  proxy.exchange.method = machine.name == "proxy-exchange retried";
  return proxy::exchange::exchange_table(proxy.exchange);
}

/// `halfclose http1-server: idle (draining) on eof`: where the two differ.
std::set<std::string> differences(const exported::Machine& machine, const Table& table) {
  std::set<std::string> found;
  const std::string who = machine.profile + " " + machine.name + ": ";
  for (std::size_t local = 0; local < table.locals.size(); ++local) {
    const auto number = static_cast<std::uint16_t>(machine.start + local);
    const machine::Local& described = table.locals[local];
    if (machine.state(number) != table.states[described.state] ||
        machine.context(number) != described.context)
      found.insert(who + table.local_name(static_cast<machine::LocalId>(local)));
    for (std::size_t event = 0; event < table.events.size(); ++event) {
      const machine::Cell& cell =
          table.at(static_cast<machine::LocalId>(local), static_cast<machine::EventId>(event));
      const exported::Cell other = machine.cell(number, static_cast<std::uint8_t>(event));
      const std::string source = cell.row == machine::kNoRow ? ""
                                                             : table.rows[cell.row].document + " " +
                                                                   table.rows[cell.row].clause;
      if (other.next != machine.start + cell.next || other.row != cell.row ||
          other.verdict != static_cast<std::uint8_t>(cell.verdict) ||
          other.outputs != table.outputs_of(cell) || other.source != source)
        found.insert(who + table.local_name(static_cast<machine::LocalId>(local)) + " on " +
                     table.events[event]);
    }
  }
  for (std::size_t event = 0; event < table.events.size(); ++event) {
    if (machine.event(static_cast<std::uint8_t>(event)) != table.events[event])
      found.insert(who + "event " + table.events[event]);
  }
  for (std::size_t output = 0; output < table.outputs.size(); ++output) {
    if (machine.output(static_cast<std::uint8_t>(output)) != table.outputs[output])
      found.insert(who + "output " + table.outputs[output]);
  }
  return found;
}

}  // namespace

TEST_CASE("exported header: the tables", "[proofs][export]") {
  SECTION("are those of the model, in every cell") {
    for (const exported::Machine& machine : exported::machines())
      CHECK(differences(machine, table_of(machine)) == std::set<std::string>{});
  }
  rc::prop("differ wherever one cell of the model is another: the comparison can fail", [] {
    const auto all = exported::machines();
    const exported::Machine& machine = all[*rc::gen::inRange<std::size_t>(0, all.size())];
    Table table = table_of(machine);
    machine::Cell& cell = table.cells[*rc::gen::inRange<std::size_t>(0, table.cells.size())];
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        cell.next = static_cast<machine::LocalId>(cell.next + 1);
        break;
      case 1:
        cell.verdict = static_cast<machine::Verdict>((static_cast<int>(cell.verdict) + 1) % 3);
        break;
      default:
        table.output_lists.push_back(table.outputs_of(cell));
        table.output_lists.back().push_back(0);
        cell.outputs = static_cast<std::uint16_t>(table.output_lists.size() - 1);
    }
    RC_ASSERT(differences(machine, table).size() == 1);
  });
}

TEST_CASE("exported header: the timers run as long as the profile says", "[proofs][export]") {
  for (const exported::Machine& machine : exported::machines()) {
    const deployment::Chain chain = chain_of(machine.profile);
    const auto server = deployment::hop_settings(chain, 0).server;
    const auto client = deployment::hop_settings(chain, 1).client;
    std::map<std::string, system::Time> wanted;
    if (machine.name == "http1-server")
      wanted = {{"idle timeout", server.idle},
                {"drain timeout", server.drain >= deployment::kOff ? 0 : server.drain},
                {"close timeout", server.close},
                {"linger time", server.linger},
                {"max connection duration", server.age}};
    if (machine.name == "http1-client")
      wanted = {{"idle timeout", client.idle},
                {"max connection duration", client.age},
                {"response timeout", client.response},
                {"expect timeout", client.expect}};
    CHECK(machine.timers.size() == wanted.size());
    for (const exported::Timer& timer : machine.timers) {
      INFO(machine.profile << ' ' << machine.name << ' ' << timer.expiry);
      REQUIRE(wanted.count(timer.expiry) == 1);
      const system::Time time = wanted[timer.expiry];
      CHECK(timer.ms == (time >= deployment::kOff ? -1 : time / 1000));
    }
  }
}

TEST_CASE("exported header: names", "[proofs][export]") {
  SECTION("become identifiers") {
    CHECK(proofs::header_identifier("FIN-WAIT-1") == "fin_wait_1");
    CHECK(proofs::header_identifier("< SYN,ACK") == "recv_syn_ack");
    CHECK(proofs::header_identifier("shutdown(WR)") == "shutdown_wr");
    CHECK(proofs::header_identifier("408") == "_408");
  }
  SECTION("that become the same identifier are refused, not merged") {
    Table table = tcp::endpoint_table(false);
    table.events.front() = "a-b";
    table.events.back() = "a b";
    CHECK_THROWS_AS(proofs::header({{.name = "x", .settings = {{table}}}}), std::logic_error);
  }
  SECTION("of a timer that the table does not have are refused") {
    CHECK_THROWS_AS(proofs::header({{.name = "x",
                                     .settings = {{tcp::endpoint_table(false)}},
                                     .timers = {{"arm nothing", "", "CLOSE", 1}}}}),
                    std::logic_error);
  }
}
