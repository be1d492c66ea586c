// Who stands around the proxy in a simulation: clients that know what they sent and what came of
// it, and a server that does to each request what its target says.
#pragma once

#include "property_tests/runtime/simulation/network.hpp"

#include <array>
#include <optional>
#include <string>

namespace halfclose::runtime::simulation {

/// How the server behaves, by a word in the target.
inline constexpr std::array kManners = {
    "whole",      ///< answers, and keeps the connection
    "announced",  ///< says close, and closes
    "closes",     ///< answers without a word, and closes
    "later",      ///< answers, and closes some time later, when it is idle
    "early",      ///< answers before it has read the content, says close, and closes
    "dies",       ///< closes without an answer
    "aborts",     ///< resets the connection without an answer
    "parts",      ///< answers in two parts
    "half",       ///< closes within the answer
};

struct Message {
  std::string first, content;  ///< the first line, and the content
  std::size_t bytes = 0;       ///< of all of it
  bool close = false, head = false, whole = false;
};
/// What stands at the beginning of `bytes`: a Content-Length frames the content.
inline Message message_of(std::string_view bytes) {
  Message message;
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return message;
  const std::string_view head = bytes.substr(0, end + 2);
  message.head = true;
  message.first = head.substr(0, head.find("\r\n"));
  message.close = head.find("\r\nConnection: close\r\n") != head.npos;
  std::size_t length = 0;
  if (const std::size_t at = head.find("Content-Length: "); at != head.npos)
    length = std::stoul(std::string(head.substr(at + 16)));
  message.bytes = end + 4 + length;
  message.whole = bytes.size() >= message.bytes;
  message.content = bytes.substr(end + 4, length);
  return message;
}

/// The server's end of one connection.
class Server {
 public:
  Server(std::shared_ptr<Connection> connection, std::map<std::string, int>& executed)
      : connection_(std::move(connection)), executed_(executed) {}

  /// Does one thing. @return whether there was one to do
  bool act(Choices& choices) {
    if (connection_->closed(Side::second) || !connection_->established(Side::second)) return false;
    if (!out_.empty()) {
      const std::size_t taken = connection_->send(Side::second, out_);
      if (taken == Transport::kFailed) return close();
      out_.erase(0, taken);
      return taken > 0;
    }
    if (closes_) return close();
    if (!rest_.empty()) {
      out_.swap(rest_);
      return true;
    }
    if (idle_closes_ && choices.of(3) == 1) return close();
    std::string bytes;
    switch (connection_->receive(Side::second, 64 * 1024, bytes)) {
      case Got::nothing:
        return false;
      case Got::end:
      case Got::reset:
        return close();
      case Got::bytes:
        in_ += bytes;
    }
    const Message message = message_of(in_);
    if (!message.head) return true;
    // GET /7/early HTTP/1.1
    const std::size_t id = message.first.find('/') + 1, manner = message.first.find('/', id) + 1;
    const std::string name = message.first.substr(id, manner - 1 - id);
    const std::string how = message.first.substr(manner, message.first.find(' ', manner) - manner);
    if (!message.whole && how != "early") return true;
    in_.erase(0, std::min(in_.size(), message.bytes));
    ++executed_[name];
    if (how == "dies") return close();
    if (how == "aborts") {
      connection_->close(Side::second, true);
      return true;
    }
    closes_ = how == "announced" || how == "closes" || how == "early" || how == "half";
    idle_closes_ = how == "later";
    const std::string content = "this is for " + name;
    out_ = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(content.size()) +
           (how == "announced" || how == "early" ? "\r\nConnection: close" : "") + "\r\n\r\n" +
           (how == "half" ? content.substr(0, 4) : content);
    if (how == "parts") {
      rest_ = out_.substr(out_.size() - 5);
      out_.resize(out_.size() - 5);
    }
    return true;
  }

 private:
  bool close() {
    connection_->close(Side::second);
    return true;
  }
  std::shared_ptr<Connection> connection_;
  std::map<std::string, int>& executed_;
  std::string in_, out_, rest_;
  bool closes_ = false, idle_closes_ = false;
};

/// What a client knows of one request.
struct Asked {
  std::string name, manner, method;
  std::size_t content = 0;
  unsigned status = 0;   ///< of a whole response; 0: none came
  bool own = false;      ///< the response is the server's, and to this request
  bool cut = false;      ///< a part of a response came
  bool gave_up = false;  ///< the client closed first
  bool first = false;    ///< on its connection
};

/// Sends its requests one after the other, on one connection for as long as that lasts.
class Client {
 public:
  Client(Network& network, std::vector<Asked> requests, bool patient)
      : network_(network), requests_(std::move(requests)), patient_(patient) {}

  bool act(Choices& choices) {
    if (at_ == requests_.size()) {
      if (connection_ == nullptr) return false;
      connection_->close(Side::first);
      connection_.reset();
      return true;
    }
    if (connection_ == nullptr) {
      connection_ = network_.connect_client();
      requests_[at_].first = true;
      begin();
      return true;
    }
    if (connection_->refused()) return lose();
    if (!connection_->established(Side::first)) return false;
    if (!patient_ && !choices.over() && choices.of(40) == 1) {
      requests_[at_].gave_up = true;
      in_.clear();
      connection_->close(Side::first, choices.of(2) == 1);
      connection_.reset();
      ++at_;
      return true;
    }
    if (!out_.empty() && choices.of(3) != 1) {
      const std::size_t most = choices.of(2) == 1 ? 1 + choices.of(500) : out_.size();
      const std::size_t taken =
          connection_->send(Side::first, std::string_view(out_).substr(0, most));
      // The response may be there all the same.
      if (taken == Transport::kFailed)
        out_.clear();
      else
        out_.erase(0, taken);
      if (taken > 0) return true;
    }
    std::string bytes;
    switch (connection_->receive(Side::first, 64 * 1024, bytes)) {
      case Got::nothing:
        return false;
      case Got::end:
      case Got::reset:
        return lose();
      case Got::bytes:
        in_ += bytes;
    }
    const Message message = message_of(in_);
    Asked& asked = requests_[at_];
    asked.cut = !in_.empty();
    if (!message.whole) return true;
    asked.status = static_cast<unsigned>(std::stoul(message.first.substr(9, 3)));
    asked.own = message.content == "this is for " + asked.name;
    asked.cut = false;
    in_.erase(0, message.bytes);
    ++at_;
    // Behind an early response it stops, as RFC 9112 9.6 asks.
    if (message.close || !out_.empty()) {
      connection_->close(Side::first);
      connection_.reset();
    } else if (at_ < requests_.size()) {
      begin();
    }
    return true;
  }
  const std::vector<Asked>& requests() const { return requests_; }
  bool done() const { return at_ == requests_.size() && connection_ == nullptr; }
  bool has_unread() const { return !in_.empty(); }

 private:
  void begin() {
    const Asked& asked = requests_[at_];
    out_ = asked.method + " /" + asked.name + "/" + asked.manner + " HTTP/1.1\r\nHost: h\r\n";
    if (asked.method == "POST") out_ += "Content-Length: " + std::to_string(asked.content) + "\r\n";
    out_ += "\r\n" + std::string(asked.content, 'c');
  }
  /// The connection ended before the response.
  bool lose() {
    in_.clear();
    connection_->close(Side::first);
    connection_.reset();
    ++at_;
    return true;
  }

  Network& network_;
  std::vector<Asked> requests_;
  bool patient_ = true;
  std::size_t at_ = 0;
  std::shared_ptr<Connection> connection_{};
  std::string in_, out_;
};

}  // namespace halfclose::runtime::simulation
