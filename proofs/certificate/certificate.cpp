#include "proofs/certificate/certificate.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>

namespace halfclose::proofs {

using machine::Cell;
using machine::LocalId;
using machine::Table;
using system::Action;
using system::Index;
using system::Occurrence;
using system::State;
using system::System;

namespace {

constexpr std::string_view kMagic = "halfclose certificate\n";
constexpr std::uint32_t kVersion = 1;

/// Numbers in little-endian order, texts behind their length, and a checksum of all.
class Sink {
 public:
  explicit Sink(std::ostream& out) : out_(out) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
      std::uint32_t remainder = byte;
      for (int bit = 0; bit < 8; ++bit)
        remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xedb88320u : 0u);
      remainders_[byte] = remainder;
    }
  }
  void bytes(const char* from, std::size_t count) {
    out_.write(from, static_cast<std::streamsize>(count));
    for (std::size_t i = 0; i < count; ++i)
      crc_ = (crc_ >> 8) ^ remainders_[(crc_ ^ static_cast<std::uint8_t>(from[i])) & 0xff];
  }
  template <class T> void number(std::uint64_t value) {
    std::array<char, sizeof(T)> raw;
    for (char& byte : raw) {
      byte = static_cast<char>(value & 0xff);
      value >>= 8;
    }
    bytes(raw.data(), raw.size());
  }
  void u8(std::uint64_t value) { number<std::uint8_t>(value); }
  void u16(std::uint64_t value) { number<std::uint16_t>(value); }
  template <class T> void count(std::size_t value) {
    if (value > static_cast<T>(~T{0}))
      throw std::length_error("a certificate has no room for a list of " + std::to_string(value));
    number<T>(value);
  }
  void text(const std::string& value) {
    count<std::uint16_t>(value.size());
    bytes(value.data(), value.size());
  }
  std::uint32_t crc() const { return ~crc_; }

 private:
  std::ostream& out_;
  std::array<std::uint32_t, 256> remainders_{};
  std::uint32_t crc_ = 0xffffffff;
};

/// Per component the locals whose rows the steps from `states` read, at their beginning or on the
/// way.
std::vector<std::vector<bool>> locals_read(const System& system, const StateSet& states) {
  std::vector<std::vector<bool>> read;
  for (const auto& component : system.components)
    read.emplace_back(component.table->locals.size(), false);
  std::vector<system::Stimulus> stimuli;
  std::vector<Occurrence> occurrences;
  system::StepResult result;
  for (std::size_t s = 0; s < states.size(); ++s) {
    const State state = states[s];
    for (Index c = 0; c < system.components.size(); ++c)
      read[c][system.local(state, c)] = true;
    system.enabled(state, stimuli);
    for (const system::Stimulus stimulus : stimuli) {
      occurrences.clear();
      system.step(state, stimulus, result, &occurrences);
      for (const Occurrence& one : occurrences) {
        if (one.kind == Occurrence::Kind::fired) read[one.index][one.before] = true;
      }
    }
  }
  return read;
}

std::uint8_t number_of(Action::Kind kind) {
  switch (kind) {
    case Action::Kind::raise:
      return 0;
    case Action::Kind::send:
      return 1;
    case Action::Kind::arm:
      return 2;
    case Action::Kind::cancel:
      return 3;
    case Action::Kind::clear:
      return 4;
    case Action::Kind::block:
      return 5;
    case Action::Kind::unblock:
      return 6;
    case Action::Kind::age:
      return 7;
  }
  throw std::logic_error("a kind of action that certificates do not know");
}

void write(Sink& sink, const std::vector<Action>& actions) {
  sink.count<std::uint16_t>(actions.size());
  for (const Action& action : actions) {
    sink.u8(number_of(action.kind));
    sink.u8(action.target);
    sink.u8(action.event);
    sink.u8(action.payload);
    sink.number<std::uint64_t>(action.only_payloads);
    sink.u16(static_cast<std::uint16_t>(action.only_during));
    sink.u8(action.more_in);
    sink.u8(action.event_if_more);
  }
}

void write(Sink& sink, const system::Component& component, const std::vector<bool>& read) {
  const Table& table = *component.table;
  sink.text(component.name);
  sink.u8(component.lane);
  sink.count<std::uint16_t>(table.locals.size());
  sink.u16(component.initial);
  sink.count<std::uint8_t>(table.events.size());
  for (const std::string& event : table.events)
    sink.text(event);
  sink.count<std::uint8_t>(table.outputs.size());
  for (const std::string& output : table.outputs)
    sink.text(output);
  sink.count<std::uint16_t>(table.output_lists.size());
  for (const auto& list : table.output_lists) {
    sink.count<std::uint8_t>(list.size());
    for (const machine::OutputId output : list)
      sink.u8(output);
  }
  sink.u16(static_cast<std::uint16_t>(std::count(read.begin(), read.end(), true)));
  for (std::size_t local = 0; local < read.size(); ++local) {
    if (!read[local]) continue;
    sink.u16(local);
    sink.text(table.local_name(static_cast<LocalId>(local)));
    for (std::size_t event = 0; event < table.events.size(); ++event) {
      const Cell& cell =
          table.at(static_cast<LocalId>(local), static_cast<machine::EventId>(event));
      const bool taken = cell.verdict == machine::Verdict::taken;
      sink.u8(taken ? 1 : 0);
      if (!taken) continue;
      sink.u16(cell.next);
      sink.u16(cell.outputs);
    }
  }
}

void write_parts(Sink& sink, const System& system, const std::vector<std::vector<bool>>& read) {
  sink.count<std::uint8_t>(system.messages.size());
  for (const std::string& message : system.messages)
    sink.text(message);
  sink.number<std::uint64_t>(system.urgent);
  sink.count<std::uint8_t>(system.components.size());
  for (std::size_t c = 0; c < system.components.size(); ++c)
    write(sink, system.components[c], read[c]);
  sink.count<std::uint8_t>(system.queues.size());
  for (const system::Queue& queue : system.queues) {
    sink.text(queue.name);
    sink.u8(queue.kind == system::QueueKind::receive ? 1 : 0);
    sink.u8(queue.alerts ? 1 : 0);
    sink.u8(queue.capacity);
    sink.u8(queue.lane);
  }
  sink.count<std::uint8_t>(system.timers.size());
  for (const system::Timer& timer : system.timers) {
    sink.text(timer.name);
    sink.u8(timer.owner);
    sink.u8(timer.event);
    sink.u8(timer.yields_to);
    sink.u8(timer.off ? 1 : 0);
  }
  sink.count<std::uint8_t>(system.choices.size());
  for (const system::Choice& choice : system.choices) {
    sink.text(choice.name);
    sink.u8(choice.component);
    sink.u8(choice.event);
  }
  sink.count<std::uint8_t>(system.lanes.size());
  for (const system::Lane& lane : system.lanes) {
    sink.text(lane.name);
    sink.count<std::uint8_t>(lane.over_in.size());
    for (const auto& [component, locals] : lane.over_in) {
      sink.u8(component);
      sink.u16(static_cast<std::uint16_t>(std::count(locals.begin(), locals.end(), true)));
      for (std::size_t local = 0; local < locals.size(); ++local) {
        if (locals[local]) sink.u16(local);
      }
    }
    write(sink, lane.on_renewed);
  }
}

/// (first, second, actions) for each pair that does something.
template <class Of> void write_bindings(Sink& sink, std::size_t firsts, Of of) {
  struct Bound {
    std::size_t first, second;
    const std::vector<Action>* actions;
  };
  std::vector<Bound> all;
  for (std::size_t first = 0; first < firsts; ++first) {
    of(first, [&](std::size_t second, const std::vector<Action>& actions) {
      if (!actions.empty()) all.push_back({first, second, &actions});
    });
  }
  sink.count<std::uint16_t>(all.size());
  for (const Bound& bound : all) {
    sink.u8(bound.first);
    sink.u8(bound.second);
    write(sink, *bound.actions);
  }
}

void write_states(Sink& sink, const System& system, const StateSet& states) {
  std::vector<std::uint32_t> order(states.size());
  std::iota(order.begin(), order.end(), 0u);
  const std::size_t width = system.bytes();
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::memcmp(states[a].bytes.data(), states[b].bytes.data(), width) < 0;
  });
  sink.number<std::uint32_t>(width);
  sink.number<std::uint64_t>(states.size());
  for (const std::uint32_t s : order) {
    const State state = states[s];
    sink.bytes(reinterpret_cast<const char*>(state.bytes.data()), width);
  }
}

}  // namespace

void write_certificate(const System& system, const StateSet& states, const Claim& claim,
                       std::ostream& out) {
  Sink sink(out);
  sink.bytes(kMagic.data(), kMagic.size());
  sink.number<std::uint32_t>(kVersion);
  sink.text(claim.title);
  write_parts(sink, system, locals_read(system, states));
  write_bindings(sink, system.components.size(), [&](std::size_t c, auto bound) {
    const auto component = static_cast<Index>(c);
    for (std::size_t o = 0; o < system.components[c].table->outputs.size(); ++o)
      bound(o, system.bindings(component, static_cast<machine::OutputId>(o)));
  });
  write_bindings(sink, system.queues.size(), [&](std::size_t q, auto bound) {
    for (std::size_t m = 0; m < system.messages.size(); ++m)
      bound(m, system.delivery(static_cast<Index>(q), static_cast<system::Message>(m)));
  });
  std::vector<std::pair<Index, std::size_t>> bad;
  for (Index c = 0; c < system.components.size(); ++c) {
    for (std::size_t o = 0; o < system.components[c].table->outputs.size(); ++o) {
      const int place = system.emitted_at(c, static_cast<machine::OutputId>(o));
      if (place >= 0 && (claim.bad >> place & 1) != 0) bad.emplace_back(c, o);
    }
  }
  sink.count<std::uint16_t>(bad.size());
  for (const auto& [component, output] : bad) {
    sink.u8(component);
    sink.u8(output);
  }
  write_states(sink, system, states);
  sink.number<std::uint32_t>(sink.crc());
}

}  // namespace halfclose::proofs
