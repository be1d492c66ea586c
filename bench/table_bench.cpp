// table_bench [REPETITIONS]: ns per event of a machine's table, of Boost.MSM and of a nested switch
// generated from the same rows, on accepted and on uniform random traces. The three are first
// checked to do the same.
#include "bench/measure.hpp"
#include "bench/switches.hpp"
#include "model/machine/rows.hpp"
#include "model/machine/table.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace halfclose;
using machine::Cursor;
using machine::EventId;
using machine::Running;
using machine::Table;
using machine::Verdict;

namespace {

constexpr std::size_t kEvents = 1u << 18;
constexpr std::size_t kConversation = 64;

/// Conversations one after another: `starts[i]` is the first event of the i-th, which begins in the
/// initial state.
struct Trace {
  std::vector<EventId> events;
  std::vector<std::size_t> starts;

  template <class F> void each(F&& conversation) const {
    for (std::size_t i = 0; i < starts.size(); ++i) {
      const std::size_t end = i + 1 < starts.size() ? starts[i + 1] : events.size();
      conversation(i, events.data() + starts[i], events.data() + end);
    }
  }
};

/// Each event is one that the machine takes; a conversation ends where nothing leads on.
Trace accepted_trace(const Table& table) {
  std::mt19937 random(1);
  Trace trace;
  while (trace.events.size() < kEvents) {
    trace.starts.push_back(trace.events.size());
    Cursor cursor(table);
    for (std::size_t n = 0; n < kConversation; ++n) {
      std::vector<EventId> taken;
      bool leads_on = false;
      for (EventId e = 0; e < table.events.size(); ++e) {
        if (table.at(cursor.local(), e).verdict != Verdict::taken) continue;
        taken.push_back(e);
        leads_on |= table.at(cursor.local(), e).next != cursor.local();
      }
      if (!leads_on) break;
      trace.events.push_back(taken[random() % taken.size()]);
      cursor.step(trace.events.back());
    }
  }
  return trace;
}

Trace random_trace(const Table& table) {
  std::mt19937 random(2);
  Trace trace;
  for (std::size_t i = 0; i < kEvents; ++i) {
    if (i % kConversation == 0) trace.starts.push_back(i);
    trace.events.push_back(static_cast<EventId>(random() % table.events.size()));
  }
  return trace;
}

struct Machine {
  const Table& table;
  std::function<std::unique_ptr<Running>()> run;
};

template <class Switch>
void check(const Machine& machine, const Switch& fresh, const Trace& trace) {
  trace.each([&](std::size_t, const EventId* event, const EventId* end) {
    Cursor cursor(machine.table);
    const auto running = machine.run();
    Switch switched = fresh;
    for (; event != end; ++event) {
      const machine::Cell& cell = cursor.step(*event);
      const Running::Result result = running->step(*event);
      const Verdict verdict = switched.fire(*event);
      const auto& outputs = machine.table.outputs_of(cell);
      bool same = result.verdict == cell.verdict && verdict == cell.verdict &&
                  result.outputs == outputs && switched.out.count == outputs.size() &&
                  switched.state == machine.table.locals[cursor.local()].state &&
                  result.local == machine.table.local_name(cursor.local());
      for (std::size_t i = 0; same && i < outputs.size(); ++i) {
        same = static_cast<machine::OutputId>(switched.out.items[i]) == outputs[i];
      }
      if (same) continue;
      fmt::print(stderr, "error: {} in {} on {}: the table, Boost.MSM and the switch differ\n",
                 machine.table.machine, machine.table.local_name(cursor.local()),
                 machine.table.events[*event]);
      std::exit(4);
    }
  });
}

template <class Switch>
void compare(const Machine& machine, const Switch& fresh, const char* kind, const Trace& trace,
             int repetitions) {
  check(machine, fresh, trace);
  std::uint64_t taken[3] = {};
  auto ns = [&](double seconds) {
    return seconds * 1e9 / static_cast<double>(trace.events.size());
  };
  const std::vector<double> medians = bench::interleave(
      repetitions, {[&] {
                      return ns(bench::cpu_seconds_of([&] {
                        trace.each([&](std::size_t, const EventId* event, const EventId* end) {
                          Cursor cursor(machine.table);
                          for (; event != end; ++event) {
                            const machine::Cell& cell = cursor.step(*event);
                            bench::keep(machine.table.outputs_of(cell));
                            taken[0] += cell.verdict == Verdict::taken;
                          }
                        });
                      }));
                    },
                    [&] {
                      std::vector<std::unique_ptr<Running>> all;
                      for (std::size_t i = 0; i < trace.starts.size(); ++i)
                        all.push_back(machine.run());
                      return ns(bench::cpu_seconds_of([&] {
                        trace.each([&](std::size_t i, const EventId* event, const EventId* end) {
                          for (; event != end; ++event)
                            taken[1] += all[i]->fire(*event) == Verdict::taken;
                        });
                      }));
                    },
                    [&] {
                      return ns(bench::cpu_seconds_of([&] {
                        trace.each([&](std::size_t, const EventId* event, const EventId* end) {
                          Switch switched = fresh;
                          for (; event != end; ++event) {
                            taken[2] += switched.fire(*event) == Verdict::taken;
                            bench::keep(switched.out);
                          }
                        });
                      }));
                    }});
  if (taken[0] != taken[1] || taken[0] != taken[2]) std::abort();
  fmt::print("{:<14}{:<10}{:>6.0f}%{:>9.2f}{:>9.2f}{:>9.2f}{:>14.2f}{:>14.2f}\n",
             machine.table.machine, kind,
             100.0 * static_cast<double>(taken[0]) / static_cast<double>(repetitions) /
                 static_cast<double>(trace.events.size()),
             medians[0], medians[1], medians[2], medians[0] / medians[1], medians[0] / medians[2]);
}

template <class Switch> void compare(const Machine& machine, const Switch& fresh, int repetitions) {
  compare(machine, fresh, "accepted", accepted_trace(machine.table), repetitions);
  compare(machine, fresh, "random", random_trace(machine.table), repetitions);
}

}  // namespace

int main(int argc, char** argv) {
  const int repetitions = argc > 1 ? std::atoi(argv[1]) : 15;
  // A server with every kind of close: draining on idle and on age, a delayed close, a request
  // limit.
  const http1::server::Profile profile{.close_style = http1::server::CloseStyle::delayed,
                                       .age_close = http1::server::AgeClose::drain_then_close,
                                       .idle_drains = true,
                                       .limits_requests = true};
  const Table server = http1::server::connection_table(profile);

  fmt::print("ns an event, median of {}\n{:<14}{:<10}{:>7}{:>9}{:>9}{:>9}{:>14}{:>14}\n",
             repetitions, "machine", "trace", "taken", "table", "MSM", "switch", "table/MSM",
             "table/switch");
  compare(Machine{tcp::endpoint_table(), [] { return tcp::running_endpoint(); }},
          bench::EndpointSwitch{}, repetitions);
  compare(Machine{server, [&] { return http1::server::running_connection(profile); }},
          bench::ServerSwitch{.c = {.profile = profile}}, repetitions);
  return 0;
}
