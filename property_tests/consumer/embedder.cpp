// A program outside the tree on an exported header: nginx's end of a connection that is idle too
// long.
#include <nginx/machines.hpp>

#include <iostream>

int main() {
  namespace server = nginx::http1_server;
  server::Local at = server::start;
  for (const server::Event event : {server::Event::accepted, server::Event::idle_timeout})
    at = server::step(at, event).next;
  std::cout << name(at.state()) << '\n';
}
