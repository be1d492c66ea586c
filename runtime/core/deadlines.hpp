// Deadlines of many things, most of which move before they are due: a hashed wheel that looks at a
// thing when the earliest deadline it had comes, and puts it back if that has moved.
#pragma once

#include "runtime/core/transport.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace halfclose::runtime {

class Deadlines {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr Time kTick = 16;  // milliseconds
  static constexpr std::size_t kSlots = 1024;

  Deadlines() { heads_.fill(kNone); }

  /// `thing` is to be looked at no later than one tick behind `at`. Later than before changes
  /// nothing: it will be asked.
  void set(std::uint32_t thing, Time at) {
    if (thing >= links_.size()) links_.resize(thing + 1);
    Link& link = links_[thing];
    if (link.tick != kIdle) {
      if (tick_of(at) >= link.tick) return;
      unlink(thing);
    }
    link.tick = std::max(tick_of(at), next_);
    std::uint32_t& head = heads_[static_cast<std::size_t>(link.tick) % kSlots];
    link.before = kNone;
    link.after = head;
    if (head != kNone) links_[head].before = thing;
    head = thing;
    ++count_;
  }
  void forget(std::uint32_t thing) {
    if (thing < links_.size() && links_[thing].tick != kIdle) unlink(thing);
  }
  /// Calls `look(thing)` for everything due at `now`; it sets what it still wants again.
  template <class Look> void run(Time now, Look look) {
    const Time until = now / kTick;
    if (until - next_ > static_cast<Time>(kSlots)) next_ = until - static_cast<Time>(kSlots);
    while (next_ <= until) {
      const Time tick = next_++;
      std::uint32_t thing = std::exchange(heads_[static_cast<std::size_t>(tick) % kSlots], kNone);
      while (thing != kNone) {
        const Link link = links_[thing];
        links_[thing].tick = kIdle;
        --count_;
        if (link.after != kNone) links_[link.after].before = kNone;
        later_ = link.after;
        if (link.tick > tick)
          set_again(thing, link.tick);
        else
          look(thing);
        thing = later_;
      }
      later_ = kNone;
    }
  }
  bool empty() const { return count_ == 0; }
  /// Nothing is to be looked at before. @pre not empty
  Time next() const {
    for (std::size_t i = 0; i < kSlots; ++i) {
      if (heads_[(static_cast<std::size_t>(next_) + i) % kSlots] != kNone)
        return (next_ + static_cast<Time>(i)) * kTick;
    }
    return next_ * kTick;
  }

 private:
  static constexpr Time kIdle = -1;
  struct Link {
    Time tick = kIdle;
    std::uint32_t before = kNone, after = kNone;
  };
  static Time tick_of(Time at) { return (at + kTick - 1) / kTick; }
  void set_again(std::uint32_t thing, Time tick) { set(thing, tick * kTick); }
  void unlink(std::uint32_t thing) {
    Link& link = links_[thing];
    if (later_ == thing) later_ = link.after;  // it was next in the list that is being run
    if (link.before != kNone)
      links_[link.before].after = link.after;
    else if (std::uint32_t& head = heads_[static_cast<std::size_t>(link.tick) % kSlots];
             head == thing)
      head = link.after;
    if (link.after != kNone) links_[link.after].before = link.before;
    link.tick = kIdle;
    --count_;
  }

  std::array<std::uint32_t, kSlots> heads_;
  std::vector<Link> links_;
  Time next_ = 0;
  std::size_t count_ = 0;
  std::uint32_t later_ = kNone;
};

}  // namespace halfclose::runtime
