// A journal held against the model: is every step a cell of its table, does every event that one
// machine owes to another come of it, and does the observer of requests find nothing broken?
#pragma once

#include "runtime/conform/wiring.hpp"
#include "runtime/core/journal.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::runtime {

/// The first step that is none of the model.
struct Divergence {
  std::uint64_t step = 0;           ///< counted from 1 in its loop
  Time at = 0;                      ///< milliseconds since the first step of the loop
  std::string what, rule;           ///< the step, and what it breaks
  std::vector<std::string> before;  ///< the last steps of the same connection, in order
};

struct Replayed {
  std::uint64_t steps = 0, requests = 0, retries = 0, refused = 0, clients = 0, servers = 0;
  std::uint64_t outstanding = 0;  ///< requests without an outcome where the journal ends
};

class Replay {
 public:
  Replay(const Tables& tables, const Wiring& wiring);
  /// @return false when it diverges; then nothing more is taken
  bool take(const JournalEntry& entry);
  const std::optional<Divergence>& divergence() const { return divergence_; }
  /// The step taken last, in words.
  std::string last() const { return text(now_); }
  Replayed result() const;

 private:
  static constexpr std::uint32_t kNobody = UINT32_MAX;

  /// An output, until the machines that it is said to have done what follows of it.
  struct Owed {
    Who who = Who::server;
    machine::OutputId output = 0;
    machine::EventId during = 0;
    unsigned done = 0;  ///< set of those that have
  };
  struct Client {
    machine::LocalId server = 0, exchange = 0;
    bool open = false, refused = false, method = false, cut = false, watched = false;
    std::uint32_t server_slot = kNobody;  ///< the connection that its request has
    machine::Cursor observer;
    std::vector<Owed> owed;
    explicit Client(const machine::Table& table) : observer(table) {}
  };
  struct Server {
    machine::LocalId client = 0;
    bool open = false;
    std::uint32_t client_slot = kNobody;
    std::vector<Owed> owed;
  };
  struct Seen {
    JournalEntry entry;
    machine::LocalId before = 0;
  };

  bool refuse(std::string rule);
  bool take_refused(Client& c);
  bool take_given(const JournalEntry& entry);
  bool take_server(const JournalEntry& entry);
  bool take_exchange(const JournalEntry& entry);
  bool take_client(const JournalEntry& entry);
  /// The step as the table has it, or null: then it is refused.
  const machine::Cell* cell(const machine::Table& table, machine::LocalId local,
                            const JournalEntry& entry);
  bool begin_request(Client& c);
  bool give(Client& c, bool used);
  void take_back(Client& c);
  /// The outputs of a step: the observer is told at once, the machines owe what follows of them.
  bool follow(Who who, machine::EventId during, const std::vector<machine::OutputId>& outputs,
              std::vector<Owed>* owed, Client* observed);
  bool is_owed(Who who, machine::EventId event, std::vector<Owed>& owed);
  bool nothing_owed(const std::vector<Owed>& owed);
  bool observe(Client& c, machine::EventId event);
  bool end_request(Client& c, machine::EventId during);
  Client& client(std::uint32_t handle);
  Server& server(std::uint32_t handle);
  const machine::Table& table_of(Noted what) const;
  std::string text(const Seen& seen) const;

  const Tables& tables_;
  const Wiring& wiring_;
  std::deque<Client> clients_;
  std::deque<Server> servers_;
  std::uint32_t given_ = kNobody;
  std::uint64_t steps_ = 0;
  std::optional<std::uint32_t> first_time_;
  std::uint32_t time_ = 0;
  std::deque<Seen> recent_;  ///< the last steps of all
  Seen now_{};
  Replayed result_{};
  std::optional<Divergence> divergence_;
};

}  // namespace halfclose::runtime
