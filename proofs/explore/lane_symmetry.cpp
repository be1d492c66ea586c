#include "proofs/explore/lane_symmetry.hpp"

#include <algorithm>
#include <numeric>

namespace halfclose::proofs {

using machine::EventId;
using machine::LocalId;
using machine::OutputId;
using machine::Verdict;
using system::Action;
using system::Index;
using system::Symmetry;

namespace {

constexpr LocalId kUnknown = 0xffff;

/// Thrown within this file only; the text is for whoever declared the symmetry.
struct Refused {
  std::string why;
};

std::vector<Index> identity(std::size_t size) {
  std::vector<Index> same(size);
  std::iota(same.begin(), same.end(), Index{0});
  return same;
}

class Verification {
 public:
  Verification(const system::System& system, const Symmetry& symmetry) : system_(system) {
    found_.lanes = identity(std::max<std::size_t>(system.lanes.size(), 1));
    found_.components = identity(system.components.size());
    queues_ = identity(system.queues.size());
    timers_ = identity(system.timers.size());
    for (const system::Component& component : system.components) {
      events_.push_back(identity(component.table->events.size()));
      outputs_.push_back(identity(component.table->outputs.size()));
      found_.locals.emplace_back(component.table->locals.size(), kUnknown);
    }
    for (const auto& [left, right] : symmetry.lanes)
      trade(left, right);
    for (const Symmetry::Outside& outside : symmetry.outside)
      place(outside);
  }

  Automorphism verify() {
    one_to_one(found_.components, "components");
    for (Index c = 0; c < system_.components.size(); ++c)
      walk(c);
    for (Index q = 0; q < system_.queues.size(); ++q)
      check_queue(q);
    for (Index t = 0; t < system_.timers.size(); ++t)
      check_timer(t);
    for (const system::Choice& choice : system_.choices)
      check_choice(choice);
    for (Index l = 0; l < system_.lanes.size(); ++l)
      check_lane(l);
    map_emitted();
    return std::move(found_);
  }

 private:
  template <class Parts, class LaneOf>
  std::vector<Index> in_lane(const Parts& parts, Index lane, LaneOf&& lane_of) const {
    std::vector<Index> all;
    for (Index i = 0; i < parts.size(); ++i) {
      if (lane_of(i) == lane) all.push_back(i);
    }
    return all;
  }
  /// The parts of two lanes stand in the same order.
  void trade(Index left, Index right) {
    if (left >= system_.lanes.size() || right >= system_.lanes.size() || left == right)
      throw Refused{"it names lanes that are not two lanes of the system"};
    const std::string names = system_.lanes[left].name + " and " + system_.lanes[right].name;
    if (system_.lanes[left].kind == system::kNone ||
        system_.lanes[left].kind != system_.lanes[right].kind)
      throw Refused{names + " are not of one kind"};
    if (found_.lanes[left] != left || found_.lanes[right] != right)
      throw Refused{names + ": a lane trades places twice"};
    std::swap(found_.lanes[left], found_.lanes[right]);
    auto swap_all = [&](std::vector<Index>& images, const std::vector<Index>& of_left,
                        const std::vector<Index>& of_right) {
      if (of_left.size() != of_right.size()) throw Refused{names + " have different parts"};
      for (std::size_t i = 0; i < of_left.size(); ++i)
        std::swap(images[of_left[i]], images[of_right[i]]);
    };
    auto component = [&](Index c) { return system_.components[c].lane; };
    auto queue = [&](Index q) { return system_.queues[q].lane; };
    auto timer = [&](Index t) { return system_.lane_of_timer(t); };
    swap_all(found_.components, in_lane(system_.components, left, component),
             in_lane(system_.components, right, component));
    swap_all(queues_, in_lane(system_.queues, left, queue), in_lane(system_.queues, right, queue));
    swap_all(timers_, in_lane(system_.timers, left, timer), in_lane(system_.timers, right, timer));
  }
  void place(const Symmetry::Outside& outside) {
    const Index c = outside.component;
    const Index image = outside.image == system::kNone ? c : outside.image;
    if (c >= system_.components.size() || image >= system_.components.size())
      throw Refused{"it names a component that is not there"};
    const std::string& name = system_.components[c].name;
    if (found_.lanes[system_.components[c].lane] != system_.components[c].lane ||
        system_.components[image].lane != system_.components[c].lane)
      throw Refused{name + " or its image is not outside of the lanes that trade places"};
    found_.components[c] = image;
    if (!outside.events.empty()) events_[c] = {outside.events.begin(), outside.events.end()};
    if (!outside.outputs.empty()) outputs_[c] = {outside.outputs.begin(), outside.outputs.end()};
  }
  void one_to_one(const std::vector<Index>& images, const std::string& of) const {
    std::vector<bool> taken(images.size(), false);
    for (const Index image : images) {
      if (image >= images.size() || taken[image])
        throw Refused{"its images of the " + of + " are no permutation"};
      taken[image] = true;
    }
  }

  const machine::Table& table(Index c) const { return *system_.components[c].table; }
  const std::string& name(Index c) const { return system_.components[c].name; }
  bool in_traded_lane(Index c) const {
    return found_.lanes[system_.components[c].lane] != system_.components[c].lane;
  }

  /// The component and its image side by side from their initial locals, over all events.
  void walk(Index c) {
    const Index image = found_.components[c];
    const machine::Table& left = table(c);
    const machine::Table& right = table(image);
    if (left.events.size() != right.events.size() || left.outputs.size() != right.outputs.size() ||
        left.locals.size() != right.locals.size())
      throw Refused{name(c) + " and " + name(image) + " have different tables"};
    one_to_one(events_[c], "events of " + name(c));
    one_to_one(outputs_[c], "outputs of " + name(c));
    std::vector<LocalId>& locals = found_.locals[c];
    std::vector<bool> taken(right.locals.size(), false);
    std::vector<LocalId> open;
    auto pair = [&](LocalId of, LocalId to) {
      if (locals[of] == to) return;
      if (locals[of] != kUnknown || taken[to])
        throw Refused{name(c) + " in " + left.local_name(of) + " has no single image"};
      if (in_traded_lane(c) && of != to)
        throw Refused{name(c) + " and " + name(image) + " number their locals differently"};
      locals[of] = to;
      taken[to] = true;
      open.push_back(of);
    };
    pair(system_.components[c].initial, system_.components[image].initial);
    while (!open.empty()) {
      const LocalId of = open.back();
      open.pop_back();
      for (EventId e = 0; e < left.events.size(); ++e) {
        const machine::Cell& here = left.at(of, e);
        const machine::Cell& there = right.at(locals[of], events_[c][e]);
        const auto& says = left.outputs_of(here);
        const auto& image_says = right.outputs_of(there);
        const bool taken_here = here.verdict == Verdict::taken;
        if (taken_here != (there.verdict == Verdict::taken) ||
            (taken_here &&
             !std::equal(says.begin(), says.end(), image_says.begin(), image_says.end(),
                         [&](OutputId a, OutputId b) { return outputs_[c][a] == b; })))
          throw Refused{name(c) + " in " + left.local_name(of) + " on `" + left.events[e] +
                        "` does something else than its image"};
        if (taken_here) pair(here.next, there.next);
      }
    }
    for (OutputId o = 0; o < left.outputs.size(); ++o) {
      same_actions(system_.bindings(c, o), system_.bindings(image, outputs_[c][o]), c,
                   name(c) + " on `" + left.outputs[o] + "`");
    }
  }

  /// @param of  the component whose events `only_during` speaks of; kNone when it speaks of none
  void same_actions(const std::vector<Action>& actions, const std::vector<Action>& images, Index of,
                    const std::string& where) const {
    const bool same = std::equal(
        actions.begin(), actions.end(), images.begin(), images.end(),
        [&](const Action& a, const Action& b) {
          if (a.kind != b.kind || a.payload != b.payload || a.only_payloads != b.only_payloads)
            return false;
          const int during = a.only_during < 0 || of == system::kNone
                                 ? a.only_during
                                 : events_[of][static_cast<std::size_t>(a.only_during)];
          if (during != b.only_during) return false;
          switch (a.kind) {
            case Action::Kind::raise:
              return found_.components[a.target] == b.target &&
                     events_[a.target][a.event] == b.event &&
                     (a.more_in == system::kNone) == (b.more_in == system::kNone) &&
                     (a.more_in == system::kNone ||
                      (queues_[a.more_in] == b.more_in &&
                       events_[a.target][a.event_if_more] == b.event_if_more));
            case Action::Kind::arm:
            case Action::Kind::cancel:
              return timers_[a.target] == b.target;
            case Action::Kind::age:
              return true;
            default:
              return queues_[a.target] == b.target;
          }
        });
    if (!same) throw Refused{where + " does not act as its image does"};
  }

  void check_queue(Index q) const {
    const system::Queue& here = system_.queues[q];
    const system::Queue& there = system_.queues[queues_[q]];
    if (here.kind != there.kind || here.capacity != there.capacity || here.alerts != there.alerts)
      throw Refused{"queues " + here.name + " and " + there.name + " differ"};
    for (system::Message m = 0; m < system_.messages.size(); ++m) {
      same_actions(system_.delivery(q, m), system_.delivery(queues_[q], m), system::kNone,
                   "queue " + here.name);
    }
  }
  void check_timer(Index t) const {
    const system::Timer& here = system_.timers[t];
    const system::Timer& there = system_.timers[timers_[t]];
    const Index yields = here.yields_to == system::kNone ? system::kNone : queues_[here.yields_to];
    if (found_.components[here.owner] != there.owner ||
        events_[here.owner][here.event] != there.event || yields != there.yields_to ||
        here.off != there.off)
      throw Refused{"timers " + here.name + " and " + there.name + " differ"};
  }
  void check_choice(const system::Choice& choice) const {
    const Index component = found_.components[choice.component];
    const EventId event = events_[choice.component][choice.event];
    auto count = [&](Index of, EventId what) {
      return std::count_if(system_.choices.begin(), system_.choices.end(),
                           [&](const system::Choice& other) {
                             return other.component == of && other.event == what;
                           });
    };
    if (count(component, event) != count(choice.component, choice.event))
      throw Refused{"the choice `" + choice.name + "` has no image"};
  }
  void check_lane(Index l) const {
    const system::Lane& here = system_.lanes[l];
    const system::Lane& there = system_.lanes[found_.lanes[l]];
    // A lane that is over says so in the order of the lanes: the search looks out for two at once.
    same_actions(here.on_renewed, there.on_renewed, system::kNone, "the end of " + here.name);
    bool same = here.over_in.size() == there.over_in.size();
    for (std::size_t i = 0; same && i < here.over_in.size(); ++i) {
      const auto& [component, locals] = here.over_in[i];
      const auto image = std::find_if(
          there.over_in.begin(), there.over_in.end(),
          [&](const auto& other) { return other.first == found_.components[component]; });
      same = image != there.over_in.end();
      for (LocalId local = 0; same && local < locals.size(); ++local) {
        const LocalId to = found_.locals[component][local];
        same = to == kUnknown || locals[local] == image->second[to];
      }
    }
    if (!same) throw Refused{here.name + " and " + there.name + " are over at different times"};
  }
  void map_emitted() {
    for (unsigned bit = 0; bit < 64; ++bit)
      found_.emitted[bit] = static_cast<std::uint8_t>(bit);
    for (const system::Observer& one : system_.observers) {
      for (OutputId o = 0; o < one.shown; ++o) {
        const int to = system_.emitted_at(found_.components[one.component],
                                          static_cast<OutputId>(outputs_[one.component][o]));
        if (to < 0) throw Refused{"an observer has no observer as its image"};
        found_.emitted[one.at + o] = static_cast<std::uint8_t>(to);
      }
    }
  }

  const system::System& system_;
  Automorphism found_;
  std::vector<Index> queues_, timers_;
  std::vector<std::vector<Index>> events_, outputs_;  // [component]: images
};

/// First `first`, then `second`.
Automorphism product(const Automorphism& first, const Automorphism& second) {
  Automorphism both = first;
  for (Index& lane : both.lanes)
    lane = second.lanes[lane];
  for (std::size_t c = 0; c < first.components.size(); ++c) {
    const Index between = first.components[c];
    both.components[c] = second.components[between];
    for (LocalId& local : both.locals[c])
      local = local == kUnknown ? kUnknown : second.locals[between][local];
  }
  for (std::uint8_t& bit : both.emitted)
    bit = second.emitted[bit];
  return both;
}

}  // namespace

std::optional<Automorphism> verified(const system::System& system, const Symmetry& symmetry,
                                     std::string& refusal) {
  try {
    return Verification(system, symmetry).verify();
  } catch (const Refused& refused) {
    refusal = refused.why;
    return std::nullopt;
  }
}

std::optional<std::vector<Automorphism>> group_of(const std::vector<Automorphism>& generators,
                                                  std::size_t most) {
  std::vector<Automorphism> group;
  auto moves_nothing = [](const Automorphism& one) {
    bool same = true;
    for (std::size_t l = 0; l < one.lanes.size(); ++l)
      same &= one.lanes[l] == l;
    for (std::size_t c = 0; c < one.components.size(); ++c) {
      same &= one.components[c] == c;
      for (std::size_t x = 0; x < one.locals[c].size(); ++x)
        same &= one.locals[c][x] == kUnknown || one.locals[c][x] == x;
    }
    return same;
  };
  auto add = [&](Automorphism one) {
    if (!moves_nothing(one) && std::find(group.begin(), group.end(), one) == group.end())
      group.push_back(std::move(one));
  };
  for (const Automorphism& generator : generators)
    add(generator);
  for (std::size_t next = 0; next < group.size(); ++next) {
    for (const Automorphism& generator : generators) {
      if (group.size() > most) return std::nullopt;
      add(product(group[next], generator));
    }
  }
  return group;
}

}  // namespace halfclose::proofs
