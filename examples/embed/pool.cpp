// A client whose pool hands out no dead connection silently: one table says what becomes of a
// connection, one what becomes of a request. usage: pool PORT < lines of `METHOD /path`
#include "connection.hpp"

#include <iostream>
#include <list>

namespace exchange = halfclose::embed::proxy_exchange;
using Means = exchange::Event;

class Client {
 public:
  explicit Client(int port) : server_(loopback(port)) {}
  /// Its outcome; there always is one.
  std::string ask(const std::string& method, const std::string& path) {
    request_ = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    at_ = method == "GET" || method == "HEAD" ? exchange::start_retried : exchange::start;
    outcome_.clear();
    tell(Means::request);
    while (outcome_.empty())
      busy_->hear();
    connections_.remove_if([](const Connection& c) { return c.fd < 0; });
    return outcome_;
  }

 private:
  void tell(Means event) {
    const exchange::Step step = exchange::step(at_, event);
    at_ = step.next;
    for (const exchange::Output output : step.outputs) {
      using Out = exchange::Output;
      if (output == Out::want_a_connection || output == Out::want_a_new_connection)
        attach(output == Out::want_a_new_connection);
      else if (output == Out::respond)
        outcome_ = busy_->response.substr(9, 3);
      else if (output == Out::respond_with_an_error || output == Out::close_downstream)
        outcome_ = failure_;
      else
        failure_ = name(output);  // `UC: connection ended`
    }
  }
  void attach(bool fresh) {
    for (Connection& c : connections_)
      c.expire();  // nobody looked at the clock since
    const auto used = std::find_if(connections_.begin(), connections_.end(), [&](const auto& c) {
      return !fresh && c.at.state() == client::State::ready;
    });
    if (used == connections_.end())
      connections_.push_front({server_, [this](auto out, auto event) { told(out, event); }});
    else
      connections_.splice(connections_.begin(), connections_, used);
    busy_ = &connections_.front();
    busy_->request = &request_;
    tell(used == connections_.end() ? Means::new_connection : Means::used_connection);
    busy_->tell(Said::request);
  }
  void told(client::Output output, Said event) {
    using Out = client::Output;
    if (output == Out::completed) tell(Means::response);
    if (output == Out::truncated) tell(Means::response_truncated);
    if (output == Out::timed_out) tell(Means::response_timeout);
    if (output == Out::connect_failed) tell(Means::connect_failed);
    if (output == Out::dead_on_peek) tell(Means::dead_before_use);
    if (output == Out::lost && event == Said::eof) tell(Means::connection_ended);
    if (output == Out::lost && event == Said::error) tell(Means::connection_reset);
    if (output == Out::lost && event == Said::write_error) tell(Means::first_write_failed);
  }
  sockaddr_in server_;
  std::list<Connection> connections_;
  Connection* busy_ = nullptr;
  exchange::Local at_;
  std::string request_, failure_, outcome_;
};

int main(int, char** arguments) {
  Client pool(std::stoi(arguments[1]));
  for (std::string method, path; std::cin >> method >> path;)
    std::cout << method << ' ' << path << ": " << pool.ask(method, path) << std::endl;
}
