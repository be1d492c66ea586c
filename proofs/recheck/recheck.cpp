#include "proofs/recheck/recheck.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>

namespace halfclose::recheck {

namespace {

/// A step that the certificate does not allow.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// No step of a sound system does more.
constexpr int kWorkMax = 10'000;

enum class Kind { deliver, wake, alert, expire, choose };
struct Stimulus {
  Kind kind;
  std::uint8_t index;
};

struct Line {
  std::vector<std::uint8_t> items;
  bool blocked = false;
};

/// A state unpacked, and a step in progress.
class Machine {
 public:
  explicit Machine(const Certificate& of) : of_(of) {}

  void start() {
    local_.clear();
    for (const Component& component : of_.components)
      local_.push_back(component.initial);
    lines_.assign(of_.queues.size(), {});
    armed_.assign(of_.timers.size(), false);
  }
  /// @return false when the bytes are no state of the system
  bool unpack(const unsigned char* bytes) {
    start();
    for (std::size_t c = 0; c < local_.size(); ++c, bytes += 2)
      local_[c] = static_cast<std::uint16_t>(bytes[0] | bytes[1] << 8);
    for (std::size_t q = 0; q < lines_.size(); ++q) {
      const std::size_t capacity = of_.queues[q].capacity, count = bytes[0] & 0x7f;
      if (count > capacity) return false;
      lines_[q] = {{bytes + 1, bytes + 1 + count}, bytes[0] >= 0x80};
      bytes += 1 + capacity;
    }
    for (std::size_t t = 0; t < armed_.size(); ++t)
      armed_[t] = bytes[t / 8] >> (t % 8) & 1;
    for (std::size_t c = 0; c < local_.size(); ++c) {
      if (local_[c] >= of_.components[c].row_of.size()) return false;
    }
    for (const Line& line : lines_) {
      for (const std::uint8_t item : line.items) {
        if (item >= of_.messages.size()) return false;
      }
    }
    return true;
  }
  std::string pack() const {
    std::string bytes;
    for (const std::uint16_t local : local_)
      bytes += {static_cast<char>(local & 0xff), static_cast<char>(local >> 8)};
    for (std::size_t q = 0; q < lines_.size(); ++q) {
      const Line& line = lines_[q];
      bytes += static_cast<char>(line.items.size() | (line.blocked ? 0x80u : 0u));
      bytes.append(line.items.begin(), line.items.end());
      bytes.append(of_.queues[q].capacity - line.items.size(), '\0');
    }
    const std::size_t at = bytes.size();
    bytes.append((armed_.size() + 7) / 8, '\0');
    for (std::size_t t = 0; t < armed_.size(); ++t) {
      if (armed_[t]) bytes[at + t / 8] = static_cast<char>(bytes[at + t / 8] | 1 << t % 8);
    }
    return bytes;
  }

  std::vector<Stimulus> enabled() const {
    std::vector<Stimulus> all;
    for (std::uint8_t q = 0; q < lines_.size(); ++q) {
      if (!of_.queues[q].receive) {
        if (!lines_[q].items.empty()) all.push_back({Kind::deliver, q});
      } else if (attention(q)) {
        all.push_back({lines_[q].blocked ? Kind::alert : Kind::wake, q});
      }
    }
    for (std::uint8_t t = 0; t < armed_.size(); ++t) {
      const std::uint8_t first = of_.timers[t].yields_to;
      if (armed_[t] && (first == kNone || !attention(first))) all.push_back({Kind::expire, t});
    }
    for (std::uint8_t c = 0; c < of_.choices.size(); ++c) {
      if (cell(of_.choices[c].component, of_.choices[c].event).taken)
        all.push_back({Kind::choose, c});
    }
    return all;
  }

  void step(Stimulus stimulus) {
    work_ = 0;
    inside_.clear();
    outside_.clear();
    const std::uint8_t i = stimulus.index;
    if (stimulus.kind == Kind::expire) {
      lane_ = of_.components[of_.timers[i].owner].lane;
      armed_[i] = false;
      raise(of_.timers[i].owner, of_.timers[i].event, kNone);
      settle();
    } else if (stimulus.kind == Kind::choose) {
      lane_ = of_.components[of_.choices[i].component].lane;
      raise(of_.choices[i].component, of_.choices[i].event, kNone);
      settle();
    } else if (stimulus.kind == Kind::wake) {
      while (!lines_[i].items.empty() && !lines_[i].blocked)
        deliver(i, 0, kAlways);
    } else {
      std::size_t at = 0;
      while (stimulus.kind == Kind::alert && !urgent(lines_[i].items[at]))
        ++at;
      deliver(i, at, stimulus.kind == Kind::alert ? kOnAlert : kAlways);
    }
    for (std::uint8_t lane = 0; lane < of_.lanes.size(); ++lane)
      renew(lane);
  }

  std::string describe() const {
    std::string text;
    for (std::size_t c = 0; c < local_.size(); ++c) {
      const Component& component = of_.components[c];
      const std::int32_t row = component.row_of[local_[c]];
      text += "  " + component.name + ": " +
              (row < 0 ? "local " + std::to_string(local_[c])
                       : component.rows[static_cast<std::size_t>(row)].name) +
              "\n";
    }
    for (std::size_t q = 0; q < lines_.size(); ++q) {
      if (lines_[q].items.empty() && !lines_[q].blocked) continue;
      text += "  " + of_.queues[q].name + ":";
      for (const std::uint8_t item : lines_[q].items)
        text += " " + of_.messages[item];
      text += lines_[q].blocked ? " (not read)\n" : "\n";
    }
    for (std::size_t t = 0; t < armed_.size(); ++t) {
      if (armed_[t]) text += "  " + of_.timers[t].name + " armed\n";
    }
    return text;
  }
  std::string describe(Stimulus stimulus) const {
    if (stimulus.kind == Kind::expire) return "expire " + of_.timers[stimulus.index].name;
    if (stimulus.kind == Kind::choose) return of_.choices[stimulus.index].name;
    return (stimulus.kind == Kind::deliver ? "deliver "
            : stimulus.kind == Kind::wake  ? "wake "
                                           : "alert ") +
           of_.queues[stimulus.index].name;
  }

 private:
  struct Raised {
    std::uint8_t component, event, payload;
  };

  bool urgent(std::uint8_t message) const { return of_.urgent >> message & 1; }
  bool attention(std::uint8_t queue) const {
    const Line& line = lines_[queue];
    if (!line.blocked) return !line.items.empty();
    return of_.queues[queue].alerts && std::any_of(line.items.begin(), line.items.end(),
                                                   [&](std::uint8_t m) { return urgent(m); });
  }
  /// A cell that the file leaves out may be anything: whoever needs it has no proof.
  const Cell& cell(std::uint8_t component, std::uint8_t event) const {
    const Component& of = of_.components[component];
    const std::int32_t row = of.row_of[local_[component]];
    if (row < 0)
      throw Wrong("the table of " + of.name + " has no row for local " +
                  std::to_string(local_[component]));
    return of.rows[static_cast<std::size_t>(row)].cells[event];
  }

  void deliver(std::uint8_t queue, std::size_t at, int during) {
    lane_ = of_.queues[queue].lane;
    auto& items = lines_[queue].items;
    const std::uint8_t message = items[at];
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(at));
    run(of_.queues[queue].deliveries[message], message, during);
    settle();
  }
  void raise(std::uint8_t component, std::uint8_t event, std::uint8_t payload) {
    spend();
    (of_.components[component].lane == lane_ ? inside_ : outside_)
        .push_back({component, event, payload});
  }
  /// What the lane raised at itself first; then what it raised at others, one at a time.
  void settle() {
    while (!inside_.empty() || !outside_.empty()) {
      auto& next_from = inside_.empty() ? outside_ : inside_;
      const Raised next = next_from.front();
      next_from.pop_front();
      lane_ = of_.components[next.component].lane;
      process(next);
    }
    spend();
  }
  void spend() {
    if (++work_ > kWorkMax) throw Wrong("the step does not end");
  }
  void process(const Raised& raised) {
    const Component& component = of_.components[raised.component];
    const Cell& found = cell(raised.component, raised.event);
    if (!found.taken)
      throw Wrong(component.name + " has no row for `" + component.events[raised.event] + "`");
    local_[raised.component] = found.next;
    for (const std::uint8_t output : component.lists[found.outputs]) {
      if (component.bad[output])
        throw Wrong(component.name + " emits `" + component.outputs[output] + "`");
      run(component.bindings[output], raised.payload, raised.event);
    }
  }
  void run(const Actions& actions, std::uint8_t current, int during) {
    for (const Action& action : actions) {
      const bool applies =
          action.only_during == kAlways ? during != kOnAlert : action.only_during == during;
      if (!applies || (current != kNone && !(action.only_payloads >> current & 1))) continue;
      const std::uint8_t payload = action.payload == kNone ? current : action.payload;
      switch (action.what) {
        case Do::raise:
          raise(action.target, more(action.more_in) ? action.event_if_more : action.event, payload);
          break;
        case Do::send: {
          auto& items = lines_[action.target].items;
          if (payload == kNone) throw Wrong("a message is sent that is none");
          if (items.size() >= of_.queues[action.target].capacity)
            throw Wrong("queue " + of_.queues[action.target].name + " overflows");
          items.push_back(payload);
          break;
        }
        case Do::arm:
          if (!of_.timers[action.target].off) armed_[action.target] = true;
          break;
        case Do::cancel:
          armed_[action.target] = false;
          break;
        case Do::clear:
          lines_[action.target].items.clear();
          break;
        case Do::block:
          lines_[action.target].blocked = true;
          break;
        case Do::unblock:
          lines_[action.target].blocked = false;
          break;
        case Do::age:
          break;
      }
    }
  }
  bool more(std::uint8_t queue) const {
    if (queue == kNone) return false;
    const auto& items = lines_[queue].items;
    return !std::all_of(items.begin(), items.end(), [&](std::uint8_t m) { return urgent(m); });
  }

  /// A lane that is over goes back to its initial value within the same step.
  void renew(std::uint8_t lane) {
    if (!over(lane)) return;
    for (std::size_t c = 0; c < local_.size(); ++c) {
      if (of_.components[c].lane == lane) local_[c] = of_.components[c].initial;
    }
    for (std::size_t q = 0; q < lines_.size(); ++q) {
      if (of_.queues[q].lane == lane) lines_[q].blocked = false;
    }
    lane_ = lane;
    run(of_.lanes[lane].on_renewed, kNone, kAlways);
    settle();
  }
  bool over(std::uint8_t lane) const {
    const Lane& of = of_.lanes[lane];
    for (const auto& [component, locals] : of.over_in) {
      if (std::find(locals.begin(), locals.end(), local_[component]) == locals.end()) return false;
    }
    for (std::size_t q = 0; q < lines_.size(); ++q) {
      if (of_.queues[q].lane == lane && !lines_[q].items.empty()) return false;
    }
    for (std::size_t t = 0; t < armed_.size(); ++t) {
      if (armed_[t] && of_.components[of_.timers[t].owner].lane == lane) return false;
    }
    bool moved = false;
    for (std::size_t c = 0; c < local_.size(); ++c)
      moved |= of_.components[c].lane == lane && local_[c] != of_.components[c].initial;
    return moved && !of.over_in.empty();
  }

  const Certificate& of_;
  std::vector<std::uint16_t> local_;
  std::vector<Line> lines_;
  std::vector<bool> armed_;
  std::deque<Raised> inside_, outside_;
  std::uint8_t lane_ = 0;
  int work_ = 0;
};

class Check {
 public:
  Check(const Certificate& of, std::int64_t milliseconds)
      : of_(of), allowed_(milliseconds), machine_(of) {}

  Outcome run() {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t s = 0; s < of_.count; ++s)
      check_form(s);
    machine_.start();
    if (!contains(machine_.pack())) {
      outcome_.verdict = Outcome::Verdict::invalid;
      outcome_.reason = "the initial state is not in the set:\n" + machine_.describe();
      return outcome_;
    }
    for (; outcome_.states < of_.count; ++outcome_.states) {
      const auto elapsed = std::chrono::steady_clock::now() - start;
      if ((outcome_.states & 0xfff) == 0 && elapsed > std::chrono::milliseconds(allowed_)) {
        outcome_.reason = std::to_string(allowed_) + " ms";
        return outcome_;
      }
      if (!closed(static_cast<std::size_t>(outcome_.states))) return outcome_;
    }
    outcome_.verdict = Outcome::Verdict::valid;
    return outcome_;
  }

 private:
  const unsigned char* at(std::size_t state) const {
    return reinterpret_cast<const unsigned char*>(of_.states.data()) + state * of_.width;
  }
  void check_form(std::size_t state) {
    if (!machine_.unpack(at(state)) ||
        std::memcmp(machine_.pack().data(), at(state), of_.width) != 0)
      throw Unreadable(state * of_.width, "these bytes are no state of the system");
    if (state > 0 && std::memcmp(at(state - 1), at(state), of_.width) >= 0)
      throw Unreadable(state * of_.width, "the states are not in ascending order");
  }
  bool contains(const std::string& packed) const {
    std::size_t low = 0, high = of_.count;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      const int order = std::memcmp(at(middle), packed.data(), of_.width);
      if (order == 0) return true;
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    return false;
  }
  bool closed(std::size_t state) {
    std::string step = "finding its steps";
    try {
      machine_.unpack(at(state));
      for (const Stimulus stimulus : machine_.enabled()) {
        step = "`" + machine_.describe(stimulus) + "`";
        machine_.unpack(at(state));
        machine_.step(stimulus);
        ++outcome_.steps;
        if (contains(machine_.pack())) continue;
        throw Wrong("the state it leads to is not in the set:\n" + machine_.describe());
      }
      return true;
    } catch (const Wrong& wrong) {
      const std::string what = wrong.what();
      machine_.unpack(at(state));
      outcome_.verdict = Outcome::Verdict::invalid;
      outcome_.reason = "state " + std::to_string(state) + " of the set:\n" + machine_.describe() +
                        "step " + step + ": " + what + (what.back() == '\n' ? "" : "\n");
      return false;
    }
  }

  const Certificate& of_;
  std::int64_t allowed_;
  Machine machine_;
  Outcome outcome_;
};

}  // namespace

Outcome check(const Certificate& certificate, std::int64_t milliseconds) {
  return Check(certificate, milliseconds).run();
}

}  // namespace halfclose::recheck
