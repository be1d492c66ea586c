// Properties of model/proxy/pool.hpp: arbitrary sequences of events that its surroundings can raise
// mean to it what they mean to a pool written with lists.
#include "model/proxy/pool.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace halfclose::proxy::pool {
namespace {

using machine::Cursor;
using machine::Table;
using machine::Verdict;
using Names = std::vector<std::string>;

std::string name_of(int owner) {
  return std::to_string(owner + 1);
}
std::string letter_of(int slot) {
  return slot == 0 ? "a" : "b";
}

/// The reference: connections and requests as lists, events and outputs by name.
class ListPool {
 public:
  explicit ListPool(const Profile& profile) : profile_(profile) {}

  /// Events that the exchanges and connections may raise now.
  Names legal() const {
    Names names;
    // The exchange has its response: its end of the connection says at once whether it is reusable.
    if (answered_)
      return {letter_of(*answered_) + ": reusable", letter_of(*answered_) + ": closed"};
    for (int i = 0; i < kOwners; ++i) {
      const std::string who = name_of(i);
      if (slot_of(i) >= 0) {
        names.insert(names.end(), {who + " gives up", "content of " + who});
      } else if (waits(i)) {
        names.push_back(who + " gives up");
      } else {
        names.insert(names.end(), {who + " wants a connection", who + " wants a connection, close",
                                   who + " wants a new connection", who + " drops a connection"});
      }
    }
    for (int k = 0; k < profile_.slots; ++k) {
      const std::string which = letter_of(k);
      if (slots_[k].owner) {
        for (const char* what :
             {"head sent", "response begun", "response", "response, close", "connect failed",
              "ended, no response", "reset, no response", "first write failed", "write failed",
              "response timeout", "response truncated", "dead before use"})
          names.push_back(which + ": " + what);
      } else if (slots_[k].dying) {
        names.insert(names.end(), {which + ": gone on both sides", which + ": closed"});
      } else if (is_ready(k)) {
        names.push_back(which + ": closed");
      }
      if (slots_[k].turns > 0) names.push_back(which + ": next turn of the loop");
    }
    return names;
  }

  Names on(const std::string& event) {
    said_.clear();
    const bool of_slot = event[1] == ':';
    if (of_slot) {
      slot_event(event[0] == 'a' ? 0 : 1, event.substr(3));
    } else if (event.rfind("content of", 0) == 0) {
      say("content to " + letter_of(slot_of(event.back() - '1')));
    } else {
      owner_event(event[0] - '1', event.substr(2));
    }
    return said_;
  }

  bool someone_waits() const { return !waiting_.empty(); }
  bool has_unused() const { return unused().has_value(); }
  /// Nobody has it, and no turn of the loop is due that would hand it over.
  bool has_forgotten_ready() const {
    return std::any_of(ready_.begin(), ready_.end(), [&](int k) { return slots_[k].turns == 0; });
  }
  /// As the machine describes the connections.
  std::string slots() const {
    std::string text;
    for (int k = 0; k < profile_.slots; ++k) {
      text += (k == 0 ? "a " : ", b ") + (slots_[k].owner   ? name_of(*slots_[k].owner)
                                          : slots_[k].dying ? "dying"
                                          : is_ready(k)     ? "ready"
                                                            : "-");
    }
    return text;
  }

 private:
  struct Connection {
    std::optional<int> owner{};
    bool dying = false;
    int turns = 0;  ///< of the loop that were asked for and have not come
  };
  struct Waiter {
    int owner;
    bool new_only;
  };

  void say(std::string text) { said_.push_back(std::move(text)); }
  bool is_ready(int k) const { return std::count(ready_.begin(), ready_.end(), k) > 0; }
  bool waits(int i) const {
    return std::any_of(waiting_.begin(), waiting_.end(), [&](Waiter w) { return w.owner == i; });
  }
  int slot_of(int i) const {
    for (int k = 0; k < kSlots; ++k) {
      if (slots_[k].owner == i) return k;
    }
    return -1;
  }
  std::optional<int> unused() const {
    for (int k = 0; k < profile_.slots; ++k) {
      if (!slots_[k].owner && !slots_[k].dying && !is_ready(k)) return k;
    }
    return {};
  }
  int best_ready() const { return profile_.fifo ? ready_.front() : ready_.back(); }
  void remove_ready(int k) {
    ready_.erase(std::remove(ready_.begin(), ready_.end(), k), ready_.end());
  }

  void give(int i, int k, bool last) {
    const bool used = is_ready(k);
    remove_ready(k);
    slots_[k].owner = i;
    say(name_of(i) + " gets " + letter_of(k) + (last ? ", close" : ""));
    say(name_of(i) + (used ? ": used connection" : ": new connection"));
  }
  void abandon(int k) {
    remove_ready(k);
    slots_[k].owner.reset();
    slots_[k].dying = true;
    say("abandon " + letter_of(k));
  }

  void owner_event(int i, const std::string& what) {
    if (what == "gives up") {
      if (const int k = slot_of(i); k >= 0) return abandon(k);
      waiting_.erase(
          std::find_if(waiting_.begin(), waiting_.end(), [&](Waiter w) { return w.owner == i; }));
      return;
    }
    if (what == "drops a connection") {
      if (!ready_.empty()) abandon(best_ready());
      return;
    }
    const bool new_only = what == "wants a new connection";
    const bool last = what == "wants a connection, close";
    if (!new_only && !ready_.empty()) return give(i, best_ready(), last);
    if (const auto k = unused()) return give(i, *k, last);
    if (!profile_.queues) return say(name_of(i) + ": no room");
    waiting_.push_back({i, new_only});
    if (new_only && !ready_.empty()) abandon(best_ready());
  }

  void slot_event(int k, const std::string& what) {
    Connection& slot = slots_[k];
    const std::string who = slot.owner ? name_of(*slot.owner) + ": " : "";
    auto fails = [&](const std::string& how) {
      say(who + how);
      slot.owner.reset();
      slot.dying = true;
    };
    if (what == "head sent" || what == "response begun") return say(who + what);
    if (what == "response" || what == "response, close") {
      answered_ = k;
      return say(who + what);
    }
    if (what == "ended, no response") return fails("ended");
    if (what == "reset, no response") return fails("reset");
    if (what == "response truncated") return fails("truncated");
    if (what == "reusable") {
      answered_.reset();
      slot.owner.reset();
      ready_.push_back(k);
      if (waiting_.empty()) return;
      if (waiting_.front().new_only) return abandon(k);
      if (!profile_.next_loop) return serve(k);
      ++slot.turns;
      return say(letter_of(k) + ": wait for the loop");
    }
    if (what == "next turn of the loop") {
      --slot.turns;
      if (!waiting_.empty() && !waiting_.front().new_only && is_ready(k)) serve(k);
      return;
    }
    if (what == "closed") {
      answered_.reset();
      remove_ready(k);
      slot.owner.reset();
      slot.dying = true;
      return;
    }
    if (what == "gone on both sides") {
      slot.dying = false;
      slot.turns = 0;
      if (!waiting_.empty()) serve(k);
      return;
    }
    fails(what);
  }
  void serve(int k) {
    const Waiter first = waiting_.front();
    waiting_.pop_front();
    give(first.owner, k, false);
  }

  Profile profile_;
  Connection slots_[kSlots];
  std::vector<int> ready_;  // in the order in which they became ready
  std::deque<Waiter> waiting_;
  std::optional<int> answered_;
  Names said_;
};

Profile any_profile() {
  const auto coin = [] { return *rc::gen::arbitrary<bool>(); };
  return {.fifo = coin(),
          .next_loop = coin(),
          .queues = *rc::gen::inRange(0, 8) != 0,
          .slots = static_cast<std::uint8_t>(*rc::gen::inRange(1, kSlots + 1))};
}

TEST_CASE("pool: any events its surroundings can raise", "[model][proxy]") {
  rc::prop("mean the same to the machine and to lists; nobody waits beside a free connection", [] {
    const Profile profile = any_profile();
    RC_LOG() << "fifo " << profile.fifo << " next loop " << profile.next_loop << " queues "
             << profile.queues << " slots " << static_cast<int>(profile.slots) << '\n';
    const Table table = pool_table(profile);
    Cursor machine(table);
    ListPool lists(profile);
    bool waited = false, promised = false;
    const auto choices = *rc::gen::scale(3, rc::gen::arbitrary<std::vector<std::uint8_t>>());
    for (const std::uint8_t choice : choices) {
      const Names legal = lists.legal();
      const std::string& event = legal[choice % legal.size()];
      const int id = table.find_event(event);
      RC_LOG() << event << '\n';
      RC_ASSERT(id >= 0);
      const auto& cell = machine.step(static_cast<machine::EventId>(id));
      RC_ASSERT(cell.verdict == Verdict::taken);
      Names said;
      for (const machine::OutputId output : table.outputs_of(cell))
        said.push_back(table.outputs[output]);
      RC_ASSERT(said == lists.on(event));
      RC_ASSERT(table.locals[machine.local()].context.rfind(lists.slots(), 0) == 0);
      RC_ASSERT(!lists.someone_waits() || !lists.has_unused());
      RC_ASSERT(!lists.someone_waits() || !lists.has_forgotten_ready());
      waited |= lists.someone_waits();
      promised |= !said.empty() && said.back().find("wait for the loop") != std::string::npos;
    }
    RC_CLASSIFY(waited, "someone waited");
    RC_CLASSIFY(promised, "a turn of the loop was waited for");
  });
}

TEST_CASE("pool: a freed connection", "[model][proxy]") {
  const auto told = [](const Profile& profile, const Names& events) {
    const Table table = pool_table(profile);
    Cursor cursor(table);
    Names said;
    for (const std::string& event : events) {
      said.clear();
      for (const auto output :
           table.outputs_of(cursor.step(static_cast<machine::EventId>(table.find_event(event)))))
        said.push_back(table.outputs[output]);
    }
    return said;
  };
  const Names busy = {"1 wants a connection", "2 wants a connection", "a: response", "a: reusable"};
  const auto then = [&](Names more) {
    Names all = busy;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  SECTION("goes to who waits") {
    CHECK(told({.slots = 1}, busy) == Names{"2 gets a", "2: used connection"});
  }
  SECTION("goes to who waits a turn of the loop later, unless somebody else asks before") {
    const Profile next{.next_loop = true, .slots = 1};
    CHECK(told(next, busy) == Names{"a: wait for the loop"});
    CHECK(told(next, then({"a: next turn of the loop"})) ==
          Names{"2 gets a", "2: used connection"});
    CHECK(told(next, then({"1 wants a connection"})) == Names{"1 gets a", "1: used connection"});
    CHECK(told(next, then({"1 wants a connection, close"})) ==
          Names{"1 gets a, close", "1: used connection"});
    CHECK(told(next, then({"1 wants a connection", "a: next turn of the loop"})).empty());
  }
  SECTION("is given up when who waits wants a new one") {
    CHECK(told({.slots = 1}, {"1 wants a connection", "2 wants a new connection", "a: response",
                              "a: reusable"}) == Names{"abandon a"});
  }
  SECTION("is the first or the last one to be used again") {
    const Names both = {"1 wants a connection", "2 wants a connection", "b: response",
                        "b: reusable",          "a: response",          "a: reusable",
                        "1 wants a connection"};
    CHECK(told({.fifo = true}, both).front() == "1 gets b");
    CHECK(told({.fifo = false}, both).front() == "1 gets a");
  }
}

}  // namespace
}  // namespace halfclose::proxy::pool
