// A program outside the tree on the installed libraries, one after the other: an endpoint whose
// user opens a connection, the states of a hop, and a proxy that stops before anybody comes.
#include "model/tcp/endpoint.hpp"
#include "proofs/catalogue/named_systems.hpp"
#include "proofs/explore/explorer.hpp"
#include "runtime/io/loop.hpp"

#include <iostream>

namespace {

bool of_model() {
  const halfclose::machine::Table& table = halfclose::tcp::endpoint_table();
  halfclose::machine::Cursor endpoint{table};
  for (const char* name : {"OPEN", "< SYN,ACK"}) {
    const int event = table.find_event(name);
    if (event < 0) {
      std::cerr << "the endpoint has no event " << name << '\n';
      return false;
    }
    endpoint.step(static_cast<halfclose::machine::EventId>(event));
  }
  std::cout << table.state_name(endpoint.local()) << '\n';
  return true;
}

void of_proofs() {
  const auto hop = halfclose::proofs::find_named_system("hop/plain")->make();
  std::cout << halfclose::proofs::explore(hop, {.stop_when_found = false}).states << " states\n";
}

void of_runtime() {
  const auto address = halfclose::runtime::parse_address("127.0.0.1:0");
  const std::vector<halfclose::runtime::Address> servers{*address};
  halfclose::runtime::Loop loop({}, halfclose::runtime::listen_on(*address, false), servers);
  loop.stop();
  std::cout << loop.run(0) << " clients\n";
}

}  // namespace

int main() {
  if (!of_model()) return 1;
  of_proofs();
  of_runtime();
}
