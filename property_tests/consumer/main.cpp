// A program outside the tree on the installed library: an endpoint whose user opens a connection.
#include "model/tcp/endpoint.hpp"

#include <iostream>

int main() {
  const halfclose::machine::Table& table = halfclose::tcp::endpoint_table();
  halfclose::machine::Cursor endpoint{table};
  for (const char* name : {"OPEN", "< SYN,ACK"}) {
    const int event = table.find_event(name);
    if (event < 0) {
      std::cerr << "the endpoint has no event " << name << '\n';
      return 1;
    }
    endpoint.step(static_cast<halfclose::machine::EventId>(event));
  }
  std::cout << table.state_name(endpoint.local()) << '\n';
}
