#include "proofs/likelihood/reuse_window.hpp"

#include "model/deployment/hop_system.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <stdexcept>

namespace halfclose::proofs {

using deployment::HopSettings;
using deployment::kOff;
using system::System;
using system::Time;

namespace {

namespace hop = deployment::hop;

HopSettings between_requests(const HopSettings& of, Spread spread) {
  HopSettings hop = with_needs(of, Needs::nothing);
  hop.client.age = hop.server.age = hop.client.response = kOff;
  hop.client.idle = 0;  // it becomes the gap
  hop.client.profile.idle_from_start = false;
  hop.client.profile.pipelines = false;
  hop.client.profile.expects_continue = false;
  hop.with_body = false;
  // That a tail waits is a delay without a usual length.
  if (spread == Spread::middle) hop.responses_fit = true;
  return hop;
}

machine::EventId asks(const System& system, const HopSettings& settings) {
  for (const system::Choice& choice : system.choices) {
    if (choice.component == hop::client && choice.name == settings.client.name + " sends a request")
      return choice.event;
  }
  throw std::logic_error("a hop without requests");
}

/// A pooled connection is asked when the idle timer says so, and only then.
System reused_after_gap(const HopSettings& settings) {
  System system;
  deployment::name_messages(system);
  add_hop(system, settings, {.ages = false});
  system.observer = hop::observer;
  const machine::EventId ask = asks(system, settings), idle = system.timers[hop::client_idle].event;
  machine::Table table = *system.components[hop::client].table;
  for (machine::LocalId local = 0; local < table.locals.size(); ++local) {
    machine::Cell& asked = table.cells[local * table.events.size() + ask];
    machine::Cell& idled = table.cells[local * table.events.size() + idle];
    if (asked.verdict != machine::Verdict::taken || idled.verdict != machine::Verdict::taken)
      continue;
    idled = asked;
    asked = {.next = local};
  }
  system.components[hop::client].table = std::make_shared<const machine::Table>(std::move(table));
  // Nothing is served first: whoever asks does not wait for what the client has to read.
  system.timers[hop::client_idle].yields_to = system::kNone;
  system.seal();
  return system;
}

/// The System's bounds, with the gap as the only parameter.
ParametricSystem with_gap(const System& system) {
  const Linear gap{{1}, 0};
  ParametricSystem made{.system = system, .parameters = {"gap"}, .domain = {{gap, false}}};
  auto add = [](std::vector<ParametricBounds>& to, Time lo, Time hi) {
    to.push_back({{{0}, lo}, {{0}, hi}});
  };
  for (const system::Timer& timer : system.timers)
    add(made.timers, timer.off ? 0 : timer.lo, timer.off ? 0 : timer.hi);
  for (const system::Queue& queue : system.queues)
    add(made.queues, queue.lo, queue.hi);
  made.timers[hop::client_idle] = {gap, gap};
  return made;
}

/// The bounds that leave room.
std::vector<ParametricBounds*> loose(ParametricSystem& parametric) {
  std::vector<ParametricBounds*> all;
  for (std::vector<ParametricBounds>* bounds : {&parametric.timers, &parametric.queues}) {
    for (ParametricBounds& one : *bounds) {
      if (one.lo.constant != one.hi.constant) all.push_back(&one);
    }
  }
  return all;
}

/// The gaps of a cell, whose inequalities are not strict.
GapWindow window_of(const Cell& cell) {
  GapWindow window{0, system::kForever};
  for (const Inequality& inequality : cell) {
    const std::int64_t times = inequality.value.coefficients[0],
                       constant = inequality.value.constant;
    if (times > 0) window.from = std::max(window.from, -constant / times);
    if (times < 0) window.to = std::min(window.to, constant / -times);
  }
  return window;
}

/// When the client closes the connection itself.
std::pair<Time, Time> given_up(const HopSettings& settings) {
  if (settings.client.idle >= kOff) return {system::kForever, system::kForever};
  const System system = hop_system(settings);
  const system::Timer& idle = system.timers[hop::client_idle];
  return {idle.lo, idle.hi};
}

/// As disjoint windows, ascending.
std::vector<GapWindow> merged(std::vector<GapWindow> all) {
  std::erase_if(all, [](const GapWindow& one) { return one.from > one.to; });
  std::sort(all.begin(), all.end(),
            [](const GapWindow& a, const GapWindow& b) { return a.from < b.from; });
  std::vector<GapWindow> made;
  for (const GapWindow& window : all) {
    if (!made.empty() && window.from <= made.back().to)
      made.back().to = std::max(made.back().to, window.to);
    else
      made.push_back(window);
  }
  return made;
}

/// The windows of a hop whose client never closes a connection by itself.
class Uncut {
 public:
  Uncut(const HopSettings& settings, std::uint64_t goals, const SynthesisLimits& limits)
      : system_(reused_after_gap(settings)),
        graph_(system_, {.states = limits.polyhedra * 10, .milliseconds = limits.milliseconds}),
        goals_(goals),
        limits_(limits) {}

  /// For each bound that leaves room: between which values.
  std::vector<std::pair<Time, Time>> ranges() const {
    ParametricSystem parametric = with_gap(system_);
    std::vector<std::pair<Time, Time>> all;
    for (const ParametricBounds* one : loose(parametric))
      all.emplace_back(one->lo.constant, one->hi.constant);
    return all;
  }
  ReuseWindows anywhere() const { return windows(with_gap(system_)); }
  /// With each of these bounds at one value.
  ReuseWindows at(const std::vector<Time>& values) const {
    ParametricSystem parametric = with_gap(system_);
    const std::vector<ParametricBounds*> bounds = loose(parametric);
    for (std::size_t i = 0; i < bounds.size(); ++i)
      bounds[i]->lo.constant = bounds[i]->hi.constant = values[i];
    return windows(parametric);
  }

 private:
  ReuseWindows windows(const ParametricSystem& parametric) const {
    ReuseWindows made{.exact = graph_.complete(), .limit = graph_.limit()};
    if (!made.exact || (graph_.emitted() & goals_) == 0) return made;
    const Synthesis found = synthesize(parametric, graph_, goals_, limits_);
    made.exact = found.exact;
    made.limit = found.limit;
    for (const Cell& cell : found.racy.cells)
      made.windows.push_back(window_of(cell));
    made.windows = merged(std::move(made.windows));
    return made;
  }

  System system_;
  UntimedGraph graph_;
  std::uint64_t goals_;
  SynthesisLimits limits_;
};

std::vector<Time> middles(const std::vector<std::pair<Time, Time>>& ranges) {
  std::vector<Time> all;
  for (const auto& [lo, hi] : ranges)
    all.push_back((lo + hi) / 2);
  return all;
}

/// One window whose ends are linear in the bounds that leave room.
class LinearWindow {
 public:
  /// Nothing when the window is none such.
  static std::optional<LinearWindow> of(const Uncut& hop) {
    LinearWindow made;
    const auto ranges = hop.ranges();
    made.centre_ = middles(ranges);
    const std::optional<GapWindow> base = only(hop.at(made.centre_));
    if (!base) return std::nullopt;
    made.base_ = *base;
    made.has_end_ = base->to < system::kForever;
    std::vector<Time> lowest, highest, mixed;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      std::vector<Time> values = made.centre_;
      values[i] = ranges[i].second;
      const std::optional<GapWindow> moved = only(hop.at(values));
      if (!moved) return std::nullopt;
      const auto by = static_cast<double>(values[i] - made.centre_[i]);
      made.from_.push_back(static_cast<double>(moved->from - base->from) / by);
      made.to_.push_back(static_cast<double>(moved->to - base->to) / by);
      lowest.push_back(ranges[i].first);
      highest.push_back(ranges[i].second);
      mixed.push_back(i % 2 == 0 ? ranges[i].first : ranges[i].second);
    }
    for (const std::vector<Time>& corner : {lowest, highest, mixed}) {
      const std::optional<GapWindow> there = only(hop.at(corner));
      const GapWindow linear = made.at(corner);
      if (!there || std::abs(there->from - linear.from) > 1 || std::abs(there->to - linear.to) > 1)
        return std::nullopt;
    }
    return made;
  }

  GapWindow at(const std::vector<Time>& values) const {
    double from = static_cast<double>(base_.from), to = static_cast<double>(base_.to);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto by = static_cast<double>(values[i] - centre_[i]);
      from += from_[i] * by;
      to += to_[i] * by;
    }
    return {std::llround(from), has_end_ ? std::llround(to) : system::kForever};
  }

 private:
  static std::optional<GapWindow> only(const ReuseWindows& found) {
    if (!found.exact || found.windows.size() != 1) return std::nullopt;
    return found.windows[0];
  }

  GapWindow base_{};
  bool has_end_ = true;
  std::vector<Time> centre_;
  std::vector<double> from_, to_;  ///< per bound: by how much an end moves with it
};

}  // namespace

Time ReuseWindows::length() const {
  Time sum = 0;
  for (const GapWindow& window : windows) {
    if (window.to >= system::kForever) return system::kForever;
    sum += window.length();
  }
  return sum;
}

std::vector<const Race*> reuse_races() {
  std::vector<const Race*> all;
  for (const Race& race : races()) {
    const bool idle = std::any_of(race.knobs.begin(), race.knobs.end(),
                                  [](const Knob& knob) { return knob.timer == hop::server_idle; });
    if (race.reuse && idle && race.needs == Needs::nothing) all.push_back(&race);
  }
  return all;
}

ReuseWindows reuse_windows(const HopSettings& of, std::uint64_t goals, Spread spread,
                           const SynthesisLimits& limits) {
  const Uncut hop(between_requests(of, spread), goals, limits);
  ReuseWindows made = spread == Spread::middle ? hop.at(middles(hop.ranges())) : hop.anywhere();
  const auto [earliest, latest] = given_up(of);
  const Time end = spread == Spread::middle && latest < kOff ? (earliest + latest) / 2 : latest;
  for (GapWindow& window : made.windows) {
    made.cut |= window.from <= latest && window.to > earliest;
    window.to = std::min(window.to, end);
  }
  made.windows = merged(std::move(made.windows));
  return made;
}

double UsualWindows::length() const {
  double sum = 0;
  for (const WeightedWindow& one : windows) {
    if (one.window.to >= system::kForever) return std::numeric_limits<double>::infinity();
    sum += one.share * static_cast<double>(one.window.length());
  }
  return sum;
}

UsualWindows usual_windows(const HopSettings& of, std::uint64_t goals, const ReuseWindows& worst,
                           const SynthesisLimits& limits) {
  UsualWindows made;
  const ReuseWindows middle = reuse_windows(of, goals, Spread::middle, limits);
  made.exact = worst.exact && middle.exact;
  if (!made.exact || worst.windows.empty()) return made;
  std::optional<LinearWindow> linear;
  if (worst.cut)
    linear = LinearWindow::of(Uncut(between_requests(of, Spread::middle), goals, limits));
  if (!linear) {
    for (const GapWindow& window : middle.windows)
      made.windows.push_back({window});
    return made;
  }
  constexpr int kPieces = 16, kDraws = 4'000;
  for (const GapWindow& window : worst.windows) {
    for (int i = 0; i < kPieces; ++i) {
      auto edge = [&](int n) { return window.from + window.length() / kPieces * n; };
      made.windows.push_back({{edge(i), i + 1 < kPieces ? edge(i + 1) : window.to}, 0});
    }
  }
  std::mt19937_64 random;  // the same draws each time
  auto between = [&](Time lo, Time hi) {
    return lo + static_cast<Time>(static_cast<double>(random() >> 11) * 0x1p-53 *
                                  static_cast<double>(hi - lo));
  };
  const auto ranges = Uncut(between_requests(of, Spread::middle), goals, limits).ranges();
  const auto [earliest, latest] = given_up(of);
  for (int draw = 0; draw < kDraws; ++draw) {
    std::vector<Time> values;
    for (const auto& [lo, hi] : ranges)
      values.push_back(between(lo, hi));
    GapWindow lost = linear->at(values);
    lost.to = std::min(lost.to, between(earliest, latest));
    for (WeightedWindow& piece : made.windows) {
      const Time both = std::min(lost.to, piece.window.to) - std::max(lost.from, piece.window.from);
      if (both > 0)
        piece.share +=
            static_cast<double>(both) / static_cast<double>(piece.window.length()) / kDraws;
    }
  }
  return made;
}

}  // namespace halfclose::proofs
