// The port of the operator: GET and HEAD of a few pages, in a thread of its own. A connection has
// five seconds, 8 KiB and one request, and there are few connections, so that whoever connects
// costs the proxy nothing.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace halfclose::runtime {

class Admin {
 public:
  struct Page {
    unsigned status = 404;
    const char* type = "text/plain; charset=utf-8";
    std::string content = "not found\n";
  };
  /// The page of a path, without its query. Called in the thread of the port.
  using Pages = std::function<Page(std::string_view path)>;

  /// @param listener  a listening socket, non-blocking, which is the port's from now on
  /// @param patience  how long a connection may be open, and take the place of others
  /// @errors std::system_error when an eventfd cannot be had
  Admin(int listener, Pages pages, std::chrono::milliseconds patience = std::chrono::seconds(5));
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

 private:
  struct Connection;
  void run();
  void accept_all();
  bool go_on(Connection& one, short events);
  bool read(Connection& one);
  bool write(Connection& one);
  std::string answer(std::string_view head) const;

  int listener_, wake_;
  Pages pages_;
  std::chrono::milliseconds patience_;
  std::vector<Connection> connections_;
  std::thread thread_;
};

}  // namespace halfclose::runtime
