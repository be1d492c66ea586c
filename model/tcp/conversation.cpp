#include "model/tcp/conversation.hpp"

#include <utility>

namespace halfclose::tcp {

bool Conversation::set(Side side, Option option, std::uint32_t value) {
  Kernel& kernel = end(side).kernel;
  switch (option) {
    case Option::nodelay:
      kernel.set_nodelay();
      collect(side);
      return true;
    case Option::window:
      return kernel.set_window(value);
    case Option::mss:
      return kernel.set_mss(value);
    case Option::discards_on_rst:
      return kernel.set_discards_on_rst();
  }
  return false;
}

CallResult Conversation::call(Side side, Call call, std::uint32_t bytes) {
  const CallResult result = end(side).kernel.call(call, bytes);
  collect(side);
  return result;
}

bool Conversation::expire(Side side, Timer timer) {
  const bool expired = end(side).kernel.expire(timer);
  collect(side);
  return expired;
}

bool Conversation::deliver(Side from, const Selector& selector) {
  auto& in_flight = end(from).in_flight;
  const auto index = selector.find_in(in_flight);
  if (!index) return false;
  const Segment segment = in_flight[*index];
  in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(*index));
  arrive(from, segment);
  return true;
}

bool Conversation::drop(Side from, const Selector& selector) {
  auto& in_flight = end(from).in_flight;
  const auto index = selector.find_in(in_flight);
  if (!index) return false;
  happenings_.push_back({Happening::What::lost, from, in_flight[*index]});
  in_flight.erase(in_flight.begin() + static_cast<std::ptrdiff_t>(*index));
  return true;
}

bool Conversation::duplicate(Side from, const Selector& selector) {
  const auto index = selector.find_in(end(from).sent);
  if (!index) return false;
  const Segment copy = end(from).sent[*index];
  if (record(from, copy)) end(from).in_flight.push_back(copy);
  return true;
}

bool Conversation::deliver_all() {
  for (std::size_t deliveries = 0; deliveries < kDeliveriesMax; ++deliveries) {
    const bool first = deliver(Side::first);
    const bool second = deliver(Side::second);
    if (!first && !second) return true;
  }
  return false;
}

std::vector<Happening> Conversation::take_happenings() {
  return std::exchange(happenings_, {});
}

bool Conversation::record(Side from, const Segment& segment) {
  auto& sent = end(from).sent;
  if (sent.size() == kSegmentsMax) {
    overflowed_ = from;
    return false;
  }
  sent.push_back(segment);
  happenings_.push_back({Happening::What::leaves, from, segment});
  return true;
}

void Conversation::collect(Side from) {
  std::vector<Segment> at_once;
  for (const Segment& segment : end(from).kernel.take_emitted()) {
    if (!record(from, segment)) continue;
    const bool waits = acks_held_ || !segment.news;
    (waits ? end(from).in_flight : at_once).push_back(segment);
  }
  for (const Segment& segment : at_once)
    arrive(from, segment);
}

void Conversation::arrive(Side from, const Segment& segment) {
  Kernel& receiver = end(other(from)).kernel;
  const machine::LocalId before = receiver.local();
  const std::size_t arrival = happenings_.size();
  happenings_.push_back({Happening::What::arrives, from, segment});
  receiver.arrive(segment);
  collect(other(from));
  if (segment.rst && receiver.local() == before && happenings_.size() == arrival + 1) {
    happenings_[arrival].what = Happening::What::arrives_in_vain;
  }
}

}  // namespace halfclose::tcp
