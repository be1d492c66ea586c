#include "model/system/system.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::system {

using machine::Cell;
using machine::Table;
using machine::Verdict;

void System::bind(Index component, OutputId output, std::vector<Action> actions) {
  if (bindings_.size() < components.size()) bindings_.resize(components.size());
  auto& of_component = bindings_[component];
  if (of_component.empty()) of_component.resize(components[component].table->outputs.size());
  auto& bound = of_component[output];
  bound.insert(bound.end(), actions.begin(), actions.end());
}

void System::deliver(Index queue, Message message, std::vector<Action> actions) {
  if (deliveries_.size() < queues.size()) deliveries_.resize(queues.size());
  deliveries_[queue][message] = std::move(actions);
}

void System::seal() {
  if (messages.size() > 64) throw std::length_error("a system has at most 64 kinds of message");
  bindings_.resize(components.size());
  for (std::size_t c = 0; c < components.size(); ++c)
    bindings_[c].resize(components[c].table->outputs.size());
  deliveries_.resize(queues.size());
  if (components.size() > kComponentsMax || queues.size() > kQueuesMax ||
      timers.size() > kTimersMax) {
    throw std::length_error("this system has too many components, queues or timers");
  }
  if (observer != kNone) observers.push_back({observer});
  check_observers();
  check_lanes();
  std::size_t at = 2 * components.size();
  queue_at_.clear();
  for (const Queue& queue : queues) {
    queue_at_.push_back(at);
    at += 1u + queue.capacity;
  }
  timers_at_ = at;
  bytes_ = at + (timers.size() + 7) / 8;
  if (bytes_ > kStateBytes) {
    throw std::length_error("a state of this system takes " + std::to_string(bytes_) +
                            " bytes, more than " + std::to_string(kStateBytes));
  }
}

void System::check_observers() {
  for (Observer& one : observers)
    one.shown = std::min(one.shown, components[one.component].table->outputs.size());
  for (const Observer& one : observers) {
    if (one.at + one.shown > 64)
      throw std::logic_error("the outputs of " + components[one.component].name + " do not fit");
    for (const Observer& other : observers) {
      const bool apart = other.at + other.shown <= one.at || one.at + one.shown <= other.at;
      if (&other == &one || apart) continue;
      if (other.at != one.at ||
          components[other.component].table->outputs != components[one.component].table->outputs)
        throw std::logic_error("the outputs of two kinds of observer share a place");
    }
  }
}

void System::check_lanes() const {
  if (lanes.empty()) return;
  auto check_read = [&](Index lane, Index queue) {
    if (queue != kNone && queues[queue].lane != lane)
      throw std::logic_error("lane " + lanes[lane].name + " looks into a queue of another lane");
  };
  auto check = [&](Index lane, const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      check_read(lane, action.more_in);
      if (action.kind == Action::Kind::raise || action.kind == Action::Kind::age) continue;
      const bool is_timer = action.kind == Action::Kind::arm || action.kind == Action::Kind::cancel;
      if (lane != (is_timer ? lane_of_timer(action.target) : queues[action.target].lane)) {
        throw std::logic_error("lane " + lanes[lane].name +
                               " does more to another lane than raise an event");
      }
    }
  };
  for (Index c = 0; c < components.size(); ++c) {
    for (const auto& bound : bindings_[c])
      check(components[c].lane, bound);
  }
  for (Index q = 0; q < queues.size(); ++q) {
    for (const auto& bound : deliveries_[q])
      check(queues[q].lane, bound);
  }
  for (Index t = 0; t < timers.size(); ++t)
    check_read(lane_of_timer(t), timers[t].yields_to);
  for (Index l = 0; l < lanes.size(); ++l) {
    check(l, lanes[l].on_renewed);
    for (const auto& [component, locals] : lanes[l].over_in) {
      if (components[component].lane != l)
        throw std::logic_error("lane " + lanes[l].name + " ends with a component of another lane");
    }
  }
}

int System::emitted_at(Index component, OutputId output) const {
  for (const Observer& one : observers) {
    if (one.component == component && output < one.shown) return static_cast<int>(one.at + output);
  }
  return -1;
}

std::vector<std::string_view> System::observed() const {
  std::vector<std::string_view> names;
  for (const Observer& one : observers) {
    const auto& outputs = components[one.component].table->outputs;
    names.insert(names.end(), outputs.begin(),
                 outputs.begin() + static_cast<std::ptrdiff_t>(one.shown));
  }
  return names;
}

Index System::lane_of(Stimulus stimulus) const {
  switch (stimulus.kind) {
    case Stimulus::Kind::expire:
      return lane_of_timer(stimulus.index);
    case Stimulus::Kind::choose:
      return components[choices[stimulus.index].component].lane;
    default:
      return queues[stimulus.index].lane;
  }
}

bool System::over(const State& state, Index lane) const {
  const Lane& of = lanes[lane];
  if (of.over_in.empty()) return false;
  for (const auto& [component, locals] : of.over_in) {
    if (!locals[local(state, component)]) return false;
  }
  for (Index q = 0; q < queues.size(); ++q) {
    if (queues[q].lane == lane && queued(state, q) > 0) return false;
  }
  for (Index t = 0; t < timers.size(); ++t) {
    if (lane_of_timer(t) == lane && armed(state, t)) return false;
  }
  for (Index c = 0; c < components.size(); ++c) {
    if (components[c].lane == lane && local(state, c) != components[c].initial) return true;
  }
  return false;
}

State System::initial() const {
  State state;  // queues are empty and read, no timer is armed
  for (Index c = 0; c < components.size(); ++c) {
    std::memcpy(&state.bytes[2u * c], &components[c].initial, sizeof components[c].initial);
  }
  return state;
}

LocalId System::local(const State& state, Index component) const {
  LocalId local = 0;
  std::memcpy(&local, &state.bytes[2u * component], sizeof local);
  return local;
}

void System::set_local(State& state, Index component, LocalId local) const {
  std::memcpy(&state.bytes[2u * component], &local, sizeof local);
}

bool System::attention(const State& state, Index queue) const {
  const Index count = queued(state, queue);
  if (!blocked(state, queue)) return count > 0;
  if (!queues[queue].alerts) return false;
  for (Index i = 0; i < count; ++i) {
    if (urgent >> item(state, queue, i) & 1) return true;
  }
  return false;
}

void System::enabled(const State& state, std::vector<Stimulus>& out) const {
  out.clear();
  for (Index q = 0; q < queues.size(); ++q) {
    if (queues[q].kind == QueueKind::wire) {
      if (queued(state, q) > 0) out.push_back({Stimulus::Kind::deliver, q});
    } else if (attention(state, q)) {
      out.push_back({blocked(state, q) ? Stimulus::Kind::alert : Stimulus::Kind::wake, q});
    }
  }
  for (Index t = 0; t < timers.size(); ++t) {
    if (!armed(state, t)) continue;
    if (timers[t].yields_to != kNone && attention(state, timers[t].yields_to)) continue;
    out.push_back({Stimulus::Kind::expire, t});
  }
  for (Index c = 0; c < choices.size(); ++c) {
    const Choice& choice = choices[c];
    const Cell& cell =
        components[choice.component].table->at(local(state, choice.component), choice.event);
    if (cell.verdict == Verdict::taken) out.push_back({Stimulus::Kind::choose, c});
  }
}

void System::clocks(const State& state, std::vector<Clock>& out) const {
  out.clear();
  for (Index t = 0; t < timers.size(); ++t) {
    if (armed(state, t)) out.push_back({Clock::Kind::timer, t, 0, timers[t].lo, timers[t].hi});
  }
  for (Index q = 0; q < queues.size(); ++q) {
    if (queues[q].kind == QueueKind::wire) {
      for (Index i = 0; i < queued(state, q); ++i) {
        out.push_back({Clock::Kind::message, q, i, queues[q].lo, queues[q].hi});
      }
    } else if (attention(state, q)) {
      out.push_back({Clock::Kind::attention, q, 0, queues[q].lo, queues[q].hi});
    }
  }
}

int System::clock_of(const std::vector<Clock>& clocks, Stimulus stimulus) const {
  for (std::size_t i = 0; i < clocks.size(); ++i) {
    const Clock& clock = clocks[i];
    if (clock.index != stimulus.index) continue;
    switch (stimulus.kind) {
      case Stimulus::Kind::expire:
        if (clock.kind == Clock::Kind::timer) return static_cast<int>(i);
        break;
      case Stimulus::Kind::deliver:
        if (clock.kind == Clock::Kind::message && clock.position == 0) return static_cast<int>(i);
        break;
      case Stimulus::Kind::wake:
      case Stimulus::Kind::alert:
        if (clock.kind == Clock::Kind::attention) return static_cast<int>(i);
        break;
      case Stimulus::Kind::choose:
        break;
    }
  }
  return -1;
}

/// One step in progress: the state unpacked, the origin of every clock, and the events still to be
/// processed.
class Stepping {
 public:
  Stepping(const System& system, const State& state, StepResult& result,
           std::vector<Occurrence>* occurrences)
      : system_(system), result_(result), occurrences_(occurrences) {
    for (Index c = 0; c < system.components.size(); ++c)
      local_[c] = system.local(state, c);
    std::int16_t clock = 0;
    for (Index t = 0; t < system.timers.size(); ++t)
      timer_[t] = system.armed(state, t) ? clock++ : kNotArmed;
    for (Index q = 0; q < system.queues.size(); ++q) {
      Line& line = lines_[q];
      line.count = system.queued(state, q);
      line.blocked = system.blocked(state, q);
      for (Index i = 0; i < line.count; ++i) {
        line.item[i] = system.item(state, q, i);
        if (system.queues[q].kind == QueueKind::wire) line.origin[i] = clock++;
      }
      if (system.attention(state, q) && system.queues[q].kind == QueueKind::receive)
        line.attention = clock++;
    }
  }

  void perform(Stimulus stimulus) {
    while (may_begin(stimulus)) {
      begin(stimulus);
      settle();
      if (stimulus.kind != Stimulus::Kind::wake) break;
    }
    renew();
  }

  /// Only a wake goes on, and while it does its application still has something to take.
  bool may_begin(Stimulus stimulus) const {
    if (stimulus.kind != Stimulus::Kind::wake) return true;
    const Line& line = lines_[stimulus.index];
    return line.count > 0 && !line.blocked;
  }
  /// What the stimulus does in its own lane, until that has settled; of a wake, one item.
  void begin(Stimulus stimulus) {
    lane_ = system_.lane_of(stimulus);
    switch (stimulus.kind) {
      case Stimulus::Kind::deliver:
      case Stimulus::Kind::wake: {
        const Message message = pop(stimulus.index, 0);
        run(system_.deliveries_[stimulus.index][message], message, kAlways);
        break;
      }
      case Stimulus::Kind::alert: {
        Line& line = lines_[stimulus.index];
        Index at = 0;
        while (!(system_.urgent >> line.item[at] & 1))
          ++at;
        const Message message = pop(stimulus.index, at);
        run(system_.deliveries_[stimulus.index][message], message, kOnAlert);
        break;
      }
      case Stimulus::Kind::expire: {
        const Timer& timer = system_.timers[stimulus.index];
        timer_[stimulus.index] = kNotArmed;
        raise(timer.owner, timer.event, kNoMessage);
        break;
      }
      case Stimulus::Kind::choose: {
        const Choice& choice = system_.choices[stimulus.index];
        raise(choice.component, choice.event, kNoMessage);
        break;
      }
    }
    run_inward();
  }
  /// What an event from another lane does in its own, until that has settled.
  void receive(const Raised& raised) {
    lane_ = system_.components[raised.component].lane;
    inward_.items[inward_.tail++] = raised;
    run_inward();
  }
  /// A lane that is over starts again, and says so.
  void restart(Index lane) {
    for (Index c = 0; c < system_.components.size(); ++c) {
      if (system_.components[c].lane == lane) local_[c] = system_.components[c].initial;
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      if (system_.queues[q].lane == lane) lines_[q].blocked = false;
    }
    note({.kind = Occurrence::Kind::renewed, .index = lane});
    lane_ = lane;
    run(system_.lanes[lane].on_renewed, kNoMessage, kAlways);
    run_inward();
  }
  /// The events raised at other lanes that nobody has received.
  std::vector<Raised> raised() const {
    return {outward_.items.begin() + static_cast<std::ptrdiff_t>(outward_.head),
            outward_.items.begin() + static_cast<std::ptrdiff_t>(outward_.tail)};
  }

  void pack() {
    State& state = result_.state;
    state = {};
    result_.clock_origins.clear();
    for (Index c = 0; c < system_.components.size(); ++c) {
      std::memcpy(&state.bytes[2u * c], &local_[c], sizeof local_[c]);
    }
    for (Index t = 0; t < system_.timers.size(); ++t) {
      if (timer_[t] == kNotArmed) continue;
      state.bytes[system_.timers_at_ + t / 8u] |= static_cast<std::uint8_t>(1u << t % 8u);
      result_.clock_origins.push_back(timer_[t]);
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      const Line& line = lines_[q];
      const std::size_t at = system_.queue_at(q);
      state.bytes[at] = static_cast<std::uint8_t>(line.count | (line.blocked ? 0x80 : 0));
      for (Index i = 0; i < line.count; ++i) {
        state.bytes[at + 1 + i] = line.item[i];
        if (system_.queues[q].kind == QueueKind::wire)
          result_.clock_origins.push_back(line.origin[i]);
      }
      if (system_.queues[q].kind == QueueKind::receive && attention(q)) {
        result_.clock_origins.push_back(line.attention);
      }
    }
  }

 private:
  static constexpr std::int16_t kNotArmed = -2;

  struct Line {
    Index count = 0;
    bool blocked = false;
    std::array<Message, kQueueItems> item;  ///< `count` of them
    std::array<std::int16_t, kQueueItems> origin;
    std::int16_t attention = kFresh;
  };
  bool attention(Index queue) const {
    const Line& line = lines_[queue];
    if (!line.blocked) return line.count > 0;
    if (!system_.queues[queue].alerts) return false;
    for (Index i = 0; i < line.count; ++i) {
      if (system_.urgent >> line.item[i] & 1) return true;
    }
    return false;
  }
  bool more(Index queue) const {
    if (queue == kNone) return false;
    const Line& line = lines_[queue];
    for (Index i = 0; i < line.count; ++i) {
      if (!(system_.urgent >> line.item[i] & 1)) return true;
    }
    return false;
  }
  /// An application that has nothing to take any more starts waiting anew.
  void refresh(Index queue) {
    if (!attention(queue)) lines_[queue].attention = kFresh;
  }

  Message pop(Index queue, Index at) {
    Line& line = lines_[queue];
    const Message message = line.item[at];
    for (Index i = at; i + 1 < line.count; ++i) {
      line.item[i] = line.item[i + 1];
      line.origin[i] = line.origin[i + 1];
    }
    line.item[--line.count] = 0;
    refresh(queue);
    note({.kind = Occurrence::Kind::taken, .index = queue, .message = message});
    return message;
  }

  void raise(Index component, EventId event, Message payload) {
    Raises& raises = system_.components[component].lane == lane_ ? inward_ : outward_;
    if (raises.tail == kRaisedMax) throw std::logic_error("a step raises more than 64 events");
    raises.items[raises.tail++] = {component, event, payload};
  }

  /// What the lane raised elsewhere is processed one event at a time, and so is what follows.
  void settle() {
    while (outward_.head < outward_.tail)
      receive(outward_.items[outward_.head++]);
    outward_.head = outward_.tail = 0;
  }

  void renew() {
    for (Index l = 0; l < system_.lanes.size(); ++l) {
      if (!over(l)) continue;
      restart(l);
      settle();
    }
  }

  bool over(Index lane) const {
    const auto& over_in = system_.lanes[lane].over_in;
    if (over_in.empty()) return false;
    for (const auto& [component, locals] : over_in) {
      if (!locals[local_[component]]) return false;
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      if (system_.queues[q].lane == lane && lines_[q].count > 0) return false;
    }
    for (Index t = 0; t < system_.timers.size(); ++t) {
      if (timer_[t] != kNotArmed && system_.lane_of_timer(t) == lane) return false;
    }
    for (Index c = 0; c < system_.components.size(); ++c) {
      if (system_.components[c].lane == lane && local_[c] != system_.components[c].initial)
        return true;
    }
    return false;
  }

  void run_inward() {
    while (inward_.head < inward_.tail) {
      const Raised next = inward_.items[inward_.head++];
      const Table& table = *system_.components[next.component].table;
      const Cell& cell = table.at(local_[next.component], next.event);
      if (cell.verdict != Verdict::taken) {
        throw std::logic_error(system_.components[next.component].name + " in " +
                               table.local_name(local_[next.component]) + " has no row for `" +
                               table.events[next.event] + "`");
      }
      note({.kind = Occurrence::Kind::fired,
            .index = next.component,
            .event = next.event,
            .before = local_[next.component],
            .after = cell.next,
            .outputs = cell.outputs,
            .row = cell.row,
            .message = next.payload});
      local_[next.component] = cell.next;
      for (const OutputId output : table.outputs_of(cell)) {
        const int place = system_.emitted_at(next.component, output);
        if (place >= 0) result_.emitted |= 1ull << place;
        run(system_.bindings_[next.component][output], next.payload, next.event);
      }
    }
    inward_.head = inward_.tail = 0;
  }

  void run(const std::vector<Action>& actions, Message current, int during) {
    for (const Action& action : actions) {
      if (action.only_during == kAlways ? during == kOnAlert : action.only_during != during)
        continue;
      if (current != kNoMessage && !(action.only_payloads >> current & 1)) continue;
      const Message payload = action.payload == kNoMessage ? current : action.payload;
      switch (action.kind) {
        case Action::Kind::raise:
          raise(action.target, more(action.more_in) ? action.event_if_more : action.event, payload);
          break;
        case Action::Kind::send: {
          Line& line = lines_[action.target];
          if (line.count == system_.queues[action.target].capacity) {
            throw std::logic_error("queue " + system_.queues[action.target].name + " overflows");
          }
          line.item[line.count] = payload;
          line.origin[line.count++] = kFresh;
          note({.kind = Occurrence::Kind::sent, .index = action.target, .message = payload});
          break;
        }
        case Action::Kind::arm:
          if (system_.timers[action.target].off) break;
          timer_[action.target] = kFresh;
          note({.kind = Occurrence::Kind::armed, .index = action.target});
          break;
        case Action::Kind::cancel:
          if (timer_[action.target] == kNotArmed) break;
          timer_[action.target] = kNotArmed;
          note({.kind = Occurrence::Kind::cancelled, .index = action.target});
          break;
        case Action::Kind::clear: {
          Line& line = lines_[action.target];
          line = {.blocked = line.blocked};
          note({.kind = Occurrence::Kind::cleared, .index = action.target});
          break;
        }
        case Action::Kind::block:
          lines_[action.target].blocked = true;
          refresh(action.target);
          break;
        case Action::Kind::unblock:
          lines_[action.target].blocked = false;
          break;
        case Action::Kind::age:
          result_.aged = true;
          break;
      }
    }
  }

  void note(const Occurrence& occurrence) {
    if (occurrences_ != nullptr) occurrences_->push_back(occurrence);
  }

  static constexpr std::size_t kRaisedMax = 64;
  const System& system_;
  StepResult& result_;
  std::vector<Occurrence>* occurrences_;
  // Not zeroed: that would be half the cost of a step. The constructor fills what the system has.
  std::array<LocalId, kComponentsMax> local_;
  std::array<std::int16_t, kTimersMax> timer_;
  std::array<Line, kQueuesMax> lines_;
  struct Raises {
    std::array<Raised, kRaisedMax> items;
    std::size_t head = 0, tail = 0;
  };
  Raises inward_, outward_;
  Index lane_ = 0;  ///< the one that runs
};

void System::step(const State& state, Stimulus stimulus, StepResult& result,
                  std::vector<Occurrence>* occurrences) const {
  result.emitted = 0;
  result.aged = false;
  Stepping stepping(*this, state, result, occurrences);
  stepping.perform(stimulus);
  stepping.pack();
}

void System::step_lane(const State& state, Stimulus stimulus, LaneStep& result) const {
  lane_step(state, result, [&](Stepping& stepping) { stepping.begin(stimulus); });
}
void System::step_lane(const State& state, const Raised& raised, LaneStep& result) const {
  lane_step(state, result, [&](Stepping& stepping) { stepping.receive(raised); });
}
void System::restart_lane(const State& state, Index lane, LaneStep& result) const {
  lane_step(state, result, [&](Stepping& stepping) { stepping.restart(lane); });
}

template <class Part>
void System::lane_step(const State& state, LaneStep& result, Part&& part) const {
  result.emitted = 0;
  result.aged = false;
  Stepping stepping(*this, state, result, nullptr);
  part(stepping);
  stepping.pack();
  result.raised = stepping.raised();
}

std::size_t System::lane_bytes(Index lane) const {
  std::size_t bytes = 0, bits = 0;
  for (const Component& component : components) {
    if (component.lane == lane) bytes += sizeof(LocalId);
  }
  for (const Queue& queue : queues) {
    if (queue.lane == lane) bytes += 1u + queue.capacity;
  }
  for (Index t = 0; t < timers.size(); ++t)
    bits += lane_of_timer(t) == lane;
  return bytes + (bits + 7) / 8;
}

void System::pack_lane(const State& state, Index lane, std::uint8_t* value) const {
  for (Index c = 0; c < components.size(); ++c) {
    if (components[c].lane != lane) continue;
    std::memcpy(value, &state.bytes[2u * c], sizeof(LocalId));
    value += sizeof(LocalId);
  }
  for (Index q = 0; q < queues.size(); ++q) {
    if (queues[q].lane != lane) continue;
    std::memcpy(value, &state.bytes[queue_at(q)], 1u + queues[q].capacity);
    value += 1u + queues[q].capacity;
  }
  unsigned bit = 0;
  for (Index t = 0; t < timers.size(); ++t) {
    if (lane_of_timer(t) != lane) continue;
    if (bit % 8 == 0) value[bit / 8] = 0;
    if (armed(state, t)) value[bit / 8] = static_cast<std::uint8_t>(value[bit / 8] | 1u << bit % 8);
    ++bit;
  }
}

void System::unpack_lane(const std::uint8_t* value, Index lane, State& state) const {
  for (Index c = 0; c < components.size(); ++c) {
    if (components[c].lane != lane) continue;
    std::memcpy(&state.bytes[2u * c], value, sizeof(LocalId));
    value += sizeof(LocalId);
  }
  for (Index q = 0; q < queues.size(); ++q) {
    if (queues[q].lane != lane) continue;
    std::memcpy(&state.bytes[queue_at(q)], value, 1u + queues[q].capacity);
    value += 1u + queues[q].capacity;
  }
  unsigned bit = 0;
  for (Index t = 0; t < timers.size(); ++t) {
    if (lane_of_timer(t) != lane) continue;
    std::uint8_t& byte = state.bytes[timers_at_ + t / 8u];
    const unsigned mask = 1u << t % 8u;
    byte = static_cast<std::uint8_t>(value[bit / 8] >> bit % 8 & 1 ? byte | mask : byte & ~mask);
    ++bit;
  }
}

std::string System::describe(const State& state) const {
  std::string text;
  for (Index c = 0; c < components.size(); ++c) {
    text += components[c].name + ": " + components[c].table->local_name(local(state, c)) + "\n";
  }
  for (Index q = 0; q < queues.size(); ++q) {
    if (queued(state, q) == 0 && !blocked(state, q)) continue;
    text += queues[q].name + ":";
    for (Index i = 0; i < queued(state, q); ++i)
      text += " " + messages[item(state, q, i)];
    if (blocked(state, q)) text += " (not read)";
    text += "\n";
  }
  for (Index t = 0; t < timers.size(); ++t) {
    if (armed(state, t)) text += timers[t].name + " armed\n";
  }
  return text;
}

std::string System::describe(Stimulus stimulus) const {
  const std::size_t count = stimulus.kind == Stimulus::Kind::expire   ? timers.size()
                            : stimulus.kind == Stimulus::Kind::choose ? choices.size()
                                                                      : queues.size();
  if (stimulus.index >= count) return {};
  switch (stimulus.kind) {
    case Stimulus::Kind::deliver:
      return "deliver " + queues[stimulus.index].name;
    case Stimulus::Kind::wake:
      return "wake " + components[queues[stimulus.index].to].name;
    case Stimulus::Kind::alert:
      return "alert " + components[queues[stimulus.index].to].name;
    case Stimulus::Kind::expire:
      return "expire " + timers[stimulus.index].name;
    case Stimulus::Kind::choose:
      return choices[stimulus.index].name;
  }
  return {};
}

}  // namespace halfclose::system
