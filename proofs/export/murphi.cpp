#include "proofs/export/murphi.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace halfclose::proofs {

using machine::Cell;
using machine::EventId;
using system::Action;
using system::Index;
using system::kNoMessage;
using system::kNone;
using system::Message;
using system::QueueKind;
using system::System;

namespace {

class Murphi {
 public:
  Murphi(const System& system, const ExportOptions& options)
      : outline_(system, options), system_(system) {}

  std::string text() {
    head();
    variables();
    for (const ExportedTable& table : outline_.tables) {
      cells(table, "next", table.locals.size(),
            [&](const Cell& cell) { return table.local_number[cell.next]; });
      cells(table, "says", 0, [](const Cell& cell) { return cell.outputs; });
    }
    raising();
    for (Index q = 0; q < system_.queues.size(); ++q)
      queue(q);
    for (Index c = 0; c < system_.components.size(); ++c)
      component(c);
    settling();
    for (Index q = 0; q < system_.queues.size(); ++q)
      arrivals(q);
    renewal();
    start();
    rules();
    return std::move(text_);
  }

 private:
  void head();
  void variables();
  template <class Value>
  void cells(const ExportedTable& table, const char* what, std::size_t otherwise, Value value);
  void raising();
  void queue(Index queue);
  void component(Index component);
  void settling();
  void arrivals(Index queue);
  void renewal();
  void start();
  void rules();
  void stimuli();
  /// @param again  when it is to be taken once more within the step
  void stimulus(const std::string& id, const std::string& words, const std::string& guard,
                Index lane, const std::string& body, const std::string& again = {});

  std::string actions(const std::vector<Action>& actions, const Place& place) const;
  std::string condition(const When& when) const;
  std::string effect(const Action& action, const Place& place) const;
  std::string raised(const char* indent, Index component, EventId event,
                     const std::string& message) const;

  std::string at(Index component) const { return "at_" + outline_.component_ids[component]; }
  std::string of(const char* what, Index queue) const {
    return std::string(what) + "_" + outline_.queue_ids[queue];
  }
  std::string armed(Index timer) const { return "armed_" + outline_.timer_ids[timer]; }
  std::string next(Index component, const std::string& event) const {
    return fmt::format("next_{}({}, {})", outline_.table_of(component).id, at(component), event);
  }
  std::size_t no_row(Index component) const { return outline_.table_of(component).locals.size(); }
  /// `m` is one of the messages.
  static std::string is_one_of(const std::string& m, std::uint64_t messages) {
    std::string text;
    for (int i = 0; i < 64; ++i) {
      if (messages >> i & 1) text += fmt::format("{}{} = {}", text.empty() ? "" : " | ", m, i);
    }
    return text.empty() ? "false" : text;
  }

  Outline outline_;
  const System& system_;
  std::string text_;
  std::string ids_, guards_, bodies_, lanes_, repeats_;  ///< of the stimuli: cases of switches
  bool renews_ = false;
};

void Murphi::head() {
  std::size_t events = 1;
  for (const ExportedTable& table : outline_.tables)
    events = std::max(events, table.events.size());
  text_ += fmt::format(
      R"(-- {}, exported by halfclose for Rumur: components {}, queues {}, timers {}, choices {}, lanes {}.
--
-- rumur --deadlock-detection off --output model.c FILE
-- gcc -std=c11 -O2 -w -o model model.c -lpthread
-- ./model
--
-- The states are our states and the rules fired our transitions. Asserted outputs are error statements:
-- the first one ends the run with a trace and exit status 1, so counts are those of a model without.
--
-- Abstracts from time: an armed timer may expire at any moment, unless it yields to a queue with
-- something to take. A rule is a step: a message arrives, an application wakes, a timer expires, the
-- environment chooses. A raised event is handled within the step: first all those of the lane that
-- raises them, then one after the other those of other lanes.

const
  NO_MESSAGE: {};
type
  message_t: 0..{};
  event_t: 0..{};
  lane_t: 0..{};
  raised_t: record component: 0..{}; event: event_t; message: message_t; end;
  events_t: record head: 0..64; tail: 0..64; at: array[0..63] of raised_t; end;
  -- What a step needs and forgets: not part of a state.
  step_t: record lane: lane_t; inward: events_t; outward: events_t; end;
)",
      in_comment(outline_.options.name), system_.components.size(), system_.queues.size(),
      system_.timers.size(), system_.choices.size(), outline_.lanes(), system_.messages.size(),
      system_.messages.size(), events - 1, outline_.lanes() - 1, system_.components.size() - 1);
}

void Murphi::variables() {
  text_ += "\nvar\n";
  for (Index c = 0; c < system_.components.size(); ++c)
    text_ += fmt::format("  {}: 0..{};\n", at(c), no_row(c) - 1);
  for (Index q = 0; q < system_.queues.size(); ++q) {
    text_ += fmt::format(
        "  {0}: 0..{1};\n  {2}: array[0..{3}] of message_t; -- 0 beyond the count\n",
        of("count", q), system_.queues[q].capacity, of("items", q), system_.queues[q].capacity - 1);
    if (outline_.can_stop[q]) text_ += "  " + of("stopped", q) + ": boolean;\n";
  }
  for (Index t = 0; t < system_.timers.size(); ++t) {
    if (outline_.can_arm[t]) text_ += "  " + armed(t) + ": boolean;\n";
  }
}

/// One value of the cells as a function of local and event; locals of equal value share a case.
template <class Value>
void Murphi::cells(const ExportedTable& table, const char* what, std::size_t otherwise,
                   Value value) {
  const std::size_t most = std::max(table.locals.size(), table.table->output_lists.size());
  text_ += fmt::format(
      "\n-- {0}\nfunction {1}_{2}(local: 0..{3}; e: event_t): 0..{4};\nbegin\n  switch e\n",
      in_comment(table.table->machine), what, table.id, table.locals.size() - 1, most);
  for (std::size_t e = 0; e < table.events.size(); ++e) {
    std::map<int, std::string> cases;
    for (std::size_t l = 0; l < table.locals.size(); ++l) {
      const Cell* cell = table.at(table.locals[l], table.events[e]);
      if (cell == nullptr || static_cast<std::size_t>(value(*cell)) == otherwise) continue;
      std::string& locals = cases[value(*cell)];
      locals += fmt::format("{}{}", locals.empty() ? "" : ", ", l);
    }
    if (cases.empty()) continue;
    text_ += fmt::format("  case {}: -- {}\n    switch local\n", e,
                         in_comment(table.table->events[table.events[e]]));
    for (const auto& [result, locals] : cases)
      text_ += fmt::format("    case {}: return {};\n", locals, result);
    text_ += "    end;\n";
  }
  text_ += fmt::format("  end;\n  return {};\nend;\n", otherwise);
}

void Murphi::raising() {
  text_ += R"(
procedure append(var list: events_t; component: 0..)" +
           std::to_string(system_.components.size() - 1) + R"(; e: event_t; m: message_t);
begin
  if list.tail = 64 then
    error "a step raises more than 64 events";
  else
    list.at[list.tail].component := component;
    list.at[list.tail].event := e;
    list.at[list.tail].message := m;
    list.tail := list.tail + 1;
  end;
end;
)";
  for (std::size_t lane = 0; lane < outline_.lanes(); ++lane) {
    text_ += fmt::format(
        R"(
procedure raise_in_{0}(var s: step_t; component: 0..{1}; e: event_t; m: message_t);
begin
  if s.lane = {0} then append(s.inward, component, e, m); else append(s.outward, component, e, m); end;
end;
)",
        lane, system_.components.size() - 1);
  }
}

void Murphi::queue(Index q) {
  const system::Queue& queue = system_.queues[q];
  const std::string &id = outline_.queue_ids[q], count = of("count", q), items = of("items", q);
  text_ += fmt::format(
      R"(
-- {0}: {1}
procedure put_in_{2}(m: message_t);
begin
  if {3} = {5} then error "{0} overflows"; else
    {4}[{3}] := m;
    {3} := {3} + 1;
  end;
end;
procedure take_from_{2}(i: 0..{6}; var m: message_t);
begin
  m := {4}[i];
  for j := i to {6} do
    if j + 1 < {3} then {4}[j] := {4}[j + 1]; end;
  end;
  {3} := {3} - 1;
  {4}[{3}] := 0;
end;
procedure empty_{2}();
begin
  for j := 0 to {6} do {4}[j] := 0; end;
  {3} := 0;
end;
function is_urgent_in_{2}(i: 0..{6}): boolean;
begin
  return {7};
end;
function more_in_{2}(): boolean;
begin
  for j := 0 to {6} do
    if j < {3} & !is_urgent_in_{2}(j) then return true; end;
  end;
  return false;
end;
function waits_in_{2}(): boolean;
begin
)",
      in_comment(queue.name),
      queue.kind == QueueKind::wire ? "a wire" : "what an application has to take", id, count,
      items, queue.capacity, queue.capacity - 1,
      is_one_of(items + "[i]", system_.urgent & outline_.messages()));
  if (!outline_.can_stop[q]) {
    text_ += "  return " + count + " > 0;\nend;\n";
    return;
  }
  text_ += "  if !" + of("stopped", q) + " then return " + count + " > 0; end;\n";
  if (queue.alerts)
    text_ += fmt::format(
        "  for j := 0 to {} do\n    if j < {} & is_urgent_in_{}(j) then return true; end;\n  "
        "end;\n",
        queue.capacity - 1, count, id);
  text_ += "  return false;\nend;\n";
}

std::string Murphi::condition(const When& when) const {
  std::vector<std::string> all;
  if (when.event >= 0) all.push_back(fmt::format("e = {}", when.event));
  if (when.tests_message) all.push_back("(m = NO_MESSAGE | " + is_one_of("m", when.messages) + ")");
  if (when.tests_alert) all.emplace_back(when.alert ? "alert" : "!alert");
  std::string text;
  for (const std::string& one : all)
    text += (text.empty() ? "" : " & ") + one;
  return text;
}

std::string Murphi::raised(const char* indent, Index component, EventId event,
                           const std::string& message) const {
  const int number = outline_.event_of(component, event);
  const system::Component& to = system_.components[component];
  const std::string words = in_comment(to.name + ": " + to.table->events[event]);
  if (number < 0) return fmt::format("{}error \"no row for {}\";\n", indent, words);
  return fmt::format("{}raise_in_{}(s, {}, {}, {}); -- {}\n", indent, outline_.lane_of(component),
                     component, number, message, words);
}

std::string Murphi::effect(const Action& action, const Place& place) const {
  const std::string current = place.kind == Place::Kind::binding    ? "m"
                              : place.kind == Place::Kind::delivery ? std::to_string(place.message)
                                                                    : "NO_MESSAGE";
  const std::string message =
      action.payload == kNoMessage ? current : std::to_string(action.payload);
  switch (action.kind) {
    case Action::Kind::raise:
      if (action.more_in == kNone) return raised("  ", action.target, action.event, message);
      return fmt::format("  if more_in_{}() then\n{}  else\n{}  end;\n",
                         outline_.queue_ids[action.more_in],
                         raised("    ", action.target, action.event_if_more, message),
                         raised("    ", action.target, action.event, message));
    case Action::Kind::send:
      return fmt::format("  put_in_{}({});\n", outline_.queue_ids[action.target], message);
    case Action::Kind::arm:
      return outline_.can_arm[action.target] ? "  " + armed(action.target) + " := true;\n" : "";
    case Action::Kind::cancel:
      return outline_.can_arm[action.target] ? "  " + armed(action.target) + " := false;\n" : "";
    case Action::Kind::clear:
      return "  empty_" + outline_.queue_ids[action.target] + "();\n";
    case Action::Kind::block:
      return "  " + of("stopped", action.target) + " := true;\n";
    case Action::Kind::unblock:
      return outline_.can_stop[action.target] ? "  " + of("stopped", action.target) + " := false;\n"
                                              : "";
    case Action::Kind::age:
      return "";
  }
  return "";
}

std::string Murphi::actions(const std::vector<Action>& list, const Place& place) const {
  std::string code;
  for (const Action& action : list) {
    const When when = outline_.when(action, place);
    const std::string what = when.never ? "" : effect(action, place), test = condition(when);
    if (what.empty()) continue;
    code += test.empty() ? what : "  if " + test + " then\n" + what + "  end;\n";
  }
  return code;
}

/// What a component does with an event: its output procedures, then the one that fires.
void Murphi::component(Index c) {
  const ExportedTable& table = outline_.table_of(c);
  const std::string& id = outline_.component_ids[c];
  const auto& outputs = table.table->outputs;
  const std::vector<bool> used = outline_.output_lists_of(c);
  std::vector<bool> says(outputs.size());
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const auto output = static_cast<machine::OutputId>(o);
    std::string body;
    for (const std::size_t n : outline_.nevers_at(c, output))
      body += "  error \"" + in_comment(outline_.options.never[n].name) + "\";\n";
    body += actions(system_.bindings(c, output), {.kind = Place::Kind::binding, .component = c});
    if (body.empty()) continue;
    says[o] = true;
    text_ += fmt::format(
        "\n-- {}: {}\nprocedure {}_says_{}(var s: step_t; e: event_t; m: "
        "message_t);\nbegin\n{}end;\n",
        in_comment(system_.components[c].name), in_comment(outputs[o]), id, o, body);
  }
  std::string lists;
  for (std::size_t list = 0; list < used.size(); ++list) {
    if (!used[list]) continue;
    std::string calls;
    for (const machine::OutputId output : table.table->output_lists[list]) {
      if (says[output]) calls += fmt::format(" {}_says_{}(s, e, m);", id, output);
    }
    if (!calls.empty()) lists += fmt::format("    case {}:{}\n", list, calls);
  }
  text_ += fmt::format(
      R"(
procedure fire_{0}(var s: step_t; e: event_t; m: message_t);
var n: 0..{1}; all: 0..{2};
begin
  n := {3};
  if n = {4} then error "{5} has no row"; else
    all := says_{6}({7}, e);
    {7} := n;
)",
      id, std::max(table.locals.size(), table.table->output_lists.size()),
      std::max(table.locals.size(), table.table->output_lists.size()), next(c, "e"), no_row(c),
      in_comment(system_.components[c].name), table.id, at(c));
  if (!lists.empty()) text_ += "    switch all\n" + lists + "    end;\n";
  text_ += "  end;\nend;\n";
}

void Murphi::settling() {
  text_ += "\nprocedure handle(var s: step_t; component: 0.." +
           std::to_string(system_.components.size() - 1) +
           "; e: event_t; m: message_t);\nbegin\n  switch component\n";
  for (Index c = 0; c < system_.components.size(); ++c)
    text_ += fmt::format("  case {}: fire_{}(s, e, m);\n", c, outline_.component_ids[c]);
  text_ += R"(  end;
end;

-- The lane first, in the order of raising; then what it raised elsewhere, one event at a time.
procedure settle(var s: step_t);
var i: 0..63;
begin
  while s.inward.head < s.inward.tail | s.outward.head < s.outward.tail do
    if s.inward.head = s.inward.tail then
      i := s.outward.head;
      s.outward.head := s.outward.head + 1;
      s.inward.head := 0;
      s.inward.tail := 0;
      append(s.inward, s.outward.at[i].component, s.outward.at[i].event, s.outward.at[i].message);
      switch s.outward.at[i].component
)";
  for (Index c = 0; c < system_.components.size(); ++c)
    text_ += fmt::format("      case {}: s.lane := {};\n", c, outline_.lane_of(c));
  text_ += R"(      end;
    end;
    i := s.inward.head;
    s.inward.head := s.inward.head + 1;
    handle(s, s.inward.at[i].component, s.inward.at[i].event, s.inward.at[i].message);
  end;
  s.inward.head := 0; s.inward.tail := 0;
  s.outward.head := 0; s.outward.tail := 0;
end;
)";
}

/// What a message does when it arrives or is taken.
void Murphi::arrivals(Index q) {
  std::string cases;
  for (std::size_t i = 0; i < system_.messages.size(); ++i) {
    const auto message = static_cast<Message>(i);
    const std::string body =
        actions(system_.delivery(q, message),
                {.kind = Place::Kind::delivery, .queue = q, .message = message});
    if (!body.empty())
      cases += fmt::format("  case {}: -- {}\n{}", i, in_comment(system_.messages[i]), body);
  }
  text_ += fmt::format(
      "\n-- out of {}\nprocedure taken_from_{}(var s: step_t; m: message_t; alert: "
      "boolean);\nbegin\n",
      in_comment(system_.queues[q].name), outline_.queue_ids[q]);
  if (!cases.empty()) text_ += "  switch m\n" + cases + "  end;\n";
  text_ += "end;\n";
}

/// Lanes that are over begin anew, in order of their index.
void Murphi::renewal() {
  std::string tests, calls;
  for (Index l = 0; l < system_.lanes.size(); ++l) {
    const system::Lane& lane = system_.lanes[l];
    if (lane.over_in.empty()) continue;
    std::string over, reset, moved;
    for (const auto& [component, locals] : lane.over_in) {
      std::string any = "false";
      for (const auto& [first, last] : outline_.runs_of(component, locals))
        any += fmt::format(" | ({0} >= {1} & {0} <= {2})", at(component), first, last);
      over += "  if !(" + any + ") then return false; end;\n";
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      if (system_.queues[q].lane != l) continue;
      over += "  if " + of("count", q) + " > 0 then return false; end;\n";
      if (outline_.can_stop[q]) reset += "  " + of("stopped", q) + " := false;\n";
    }
    for (Index t = 0; t < system_.timers.size(); ++t) {
      if (system_.lane_of_timer(t) == l && outline_.can_arm[t])
        over += "  if " + armed(t) + " then return false; end;\n";
    }
    for (Index c = 0; c < system_.components.size(); ++c) {
      if (outline_.lane_of(c) != l) continue;
      moved += fmt::format("{}{} != {}", moved.empty() ? "" : " | ", at(c), outline_.initial_of(c));
      reset += fmt::format("  {} := {};\n", at(c), outline_.initial_of(c));
    }
    text_ += fmt::format(
        "\n-- lane {1}\nfunction is_over_{0}(): boolean;\nbegin\n{2}  return {3};\nend;\n"
        "procedure renew_{0}(var s: step_t);\nbegin\n{4}  s.lane := {0};\n{5}end;\n",
        l, in_comment(lane.name), over, moved.empty() ? "false" : moved, reset,
        actions(lane.on_renewed, {.kind = Place::Kind::renewal}));
    tests += fmt::format("  case {0}: return is_over_{0}();\n", l);
    calls += fmt::format("      case {0}: renew_{0}(s);\n", l);
  }
  if (calls.empty()) return;
  text_ +=
      "\nfunction is_over(l: lane_t): boolean;\nbegin\n  switch l\n" + tests +
      "  end;\n  return false;\nend;\n\nprocedure renew(var s: step_t);\nbegin\n  for l: lane_t "
      "do\n    if is_over(l) then\n      switch l\n" +
      calls + "      end;\n      settle(s);\n    end;\n  end;\nend;\n";
  renews_ = true;
}

void Murphi::start() {
  text_ += "\nstartstate begin\n";
  for (Index c = 0; c < system_.components.size(); ++c)
    text_ += fmt::format("  {} := {};\n", at(c), outline_.initial_of(c));
  for (Index q = 0; q < system_.queues.size(); ++q) {
    text_ += "  empty_" + outline_.queue_ids[q] + "();\n";
    if (outline_.can_stop[q]) text_ += "  " + of("stopped", q) + " := false;\n";
  }
  for (Index t = 0; t < system_.timers.size(); ++t) {
    if (outline_.can_arm[t]) text_ += "  " + armed(t) + " := false;\n";
  }
  text_ += "end;\n";
}

void Murphi::stimulus(const std::string& id, const std::string& words, const std::string& guard,
                      Index lane, const std::string& body, const std::string& again) {
  ids_ += (ids_.empty() ? "" : ",\n    ") + id;
  guards_ += fmt::format("  case {}: return {}; -- {}\n", id, guard, in_comment(words));
  bodies_ += fmt::format("  case {}:\n{}", id, body);
  lanes_ += fmt::format("  case {}: s.lane := {};\n", id, lane);
  if (!again.empty()) repeats_ += fmt::format("  case {}: return {};\n", id, again);
}

void Murphi::stimuli() {
  for (Index q = 0; q < system_.queues.size(); ++q) {
    const system::Queue& queue = system_.queues[q];
    const std::string &id = outline_.queue_ids[q], count = of("count", q);
    const std::string first =
        fmt::format("    take_from_{0}(0, m);\n    taken_from_{0}(s, m, false);\n", id);
    if (queue.kind == QueueKind::wire) {
      stimulus("deliver_" + id, "deliver " + queue.name, count + " > 0", queue.lane, first);
      continue;
    }
    const std::string reads =
        count + " > 0" + (outline_.can_stop[q] ? " & !" + of("stopped", q) : "");
    stimulus("wake_" + id, "the application of " + queue.name + " wakes", reads, queue.lane, first,
             reads);
    if (!outline_.can_alert(q)) continue;
    text_ += fmt::format(
        "\nfunction first_urgent_in_{0}(): 0..{1};\nbegin\n  for j := 0 to {1} do\n    if j < {2} "
        "& "
        "is_urgent_in_{0}(j) then return j; end;\n  end;\n  return 0;\nend;\n",
        id, queue.capacity - 1, count);
    stimulus(
        "alert_" + id, "the application of " + queue.name + " is told without reading",
        of("stopped", q) + " & waits_in_" + id + "()", queue.lane,
        fmt::format(
            "    take_from_{0}(first_urgent_in_{0}(), m);\n    taken_from_{0}(s, m, true);\n", id));
  }
  for (Index t = 0; t < system_.timers.size(); ++t) {
    const system::Timer& timer = system_.timers[t];
    if (!outline_.can_arm[t]) continue;
    const std::string waits = timer.yields_to == kNone
                                  ? ""
                                  : " & !waits_in_" + outline_.queue_ids[timer.yields_to] + "()";
    stimulus("expire_" + outline_.timer_ids[t], "expire " + timer.name, armed(t) + waits,
             system_.lane_of_timer(t),
             "    " + armed(t) + " := false;\n" +
                 raised("    ", timer.owner, timer.event, "NO_MESSAGE"));
  }
  for (Index i = 0; i < system_.choices.size(); ++i) {
    const system::Choice& choice = system_.choices[i];
    if (!outline_.can_choose[i]) continue;
    const ExportedTable& table = outline_.table_of(choice.component);
    std::string takes;
    for (std::size_t l = 0; l < table.locals.size(); ++l) {
      if (table.at(table.locals[l], choice.event) != nullptr)
        takes += fmt::format("{}{}", takes.empty() ? "" : ", ", l);
    }
    text_ += fmt::format(
        "\nfunction takes_{}(): boolean; -- {}\nbegin\n  switch {}\n  case {}: return true;\n  "
        "end;\n  return false;\nend;\n",
        i, in_comment(choice.name), at(choice.component), takes);
    stimulus("choose_" + outline_.choice_ids[i], choice.name, fmt::format("takes_{}()", i),
             outline_.lane_of(choice.component),
             raised("    ", choice.component, choice.event, "NO_MESSAGE"));
  }
}

/// One rule over all stimuli, and one call of `settle` in it: Rumur copies a procedure to each of
/// its calls, so that a rule per stimulus would cost seconds.
void Murphi::rules() {
  stimuli();
  text_ += "\ntype\n  stimulus_t: enum {\n    " + ids_ + "\n  };\n";
  text_ += "\nfunction can(stimulus: stimulus_t): boolean;\nbegin\n  switch stimulus\n" + guards_ +
           "  end;\n  return false;\nend;\n";
  text_ +=
      "\nprocedure take(var s: step_t; stimulus: stimulus_t);\nvar m: message_t;\nbegin\n"
      "  switch stimulus\n" +
      lanes_ + "  end;\n  switch stimulus\n" + bodies_ + "  end;\nend;\n";
  text_ +=
      "\n-- An application that wakes takes one item after the other.\n"
      "function goes_on(stimulus: stimulus_t): boolean;\nbegin\n";
  if (!repeats_.empty()) text_ += "  switch stimulus\n" + repeats_ + "  end;\n";
  text_ += "  return false;\nend;\n";
  text_ += fmt::format(R"(
ruleset stimulus: stimulus_t do
  rule "step" can(stimulus) ==>
  var s: step_t; more: boolean;
  begin
    s.inward.head := 0; s.inward.tail := 0;
    s.outward.head := 0; s.outward.tail := 0;
    more := true;
    while more do
      take(s, stimulus);
      settle(s);
      more := goes_on(stimulus);
    end;
{}  end;
end;
)",
                       renews_ ? "    renew(s);\n" : "");
}

}  // namespace

std::string murphi(const System& system, const ExportOptions& options) {
  return Murphi(system, options).text();
}

}  // namespace halfclose::proofs
