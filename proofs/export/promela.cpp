#include "proofs/export/promela.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace halfclose::proofs {

using machine::Cell;
using machine::EventId;
using machine::LocalId;
using system::Action;
using system::Index;
using system::kNoMessage;
using system::kNone;
using system::Message;
using system::QueueKind;
using system::System;

namespace {

/// Spin reads embedded C in blocks of less than 64 KiB.
constexpr std::size_t kBlockBytes = 48'000;

class Promela {
 public:
  Promela(const System& system, const ExportOptions& options)
      : outline_(system, options), system_(system) {}

  std::string text() {
    head();
    for (std::size_t lane = 0; lane < outline_.lanes(); ++lane)
      process(static_cast<Index>(lane));
    block(scratch());
    for (const ExportedTable& table : outline_.tables)
      cells(table);
    for (Index q = 0; q < system_.queues.size(); ++q)
      block(queue(q));
    for (Index c = 0; c < system_.components.size(); ++c)
      component(c);
    block(settling());
    for (Index q = 0; q < system_.queues.size(); ++q)
      block(arrivals(q));
    renewal();
    for (std::size_t lane = 0; lane < outline_.lanes(); ++lane) {
      for (const Stimulus& one : stimuli(static_cast<Index>(lane)))
        block(one.functions);
    }
    flush();
    return std::move(text_);
  }

 private:
  /// One way on: the name of its functions `can_...` and `do_...`, and what it is in words.
  struct Stimulus {
    std::string id, words, functions;
  };

  void head();
  void process(Index lane);
  void cells(const ExportedTable& table);
  void component(Index component);
  std::string scratch() const;
  std::string queue(Index queue) const;
  std::string settling() const;
  std::string arrivals(Index queue) const;
  void renewal();
  void within(const std::string& name,
              const std::vector<std::pair<std::size_t, std::size_t>>& runs);
  std::vector<Stimulus> stimuli(Index lane) const;

  std::string actions(const std::vector<Action>& actions, const Place& place) const;
  std::string condition(const When& when) const;
  std::string effect(const Action& action, const Place& place) const;
  std::string raised(Index component, EventId event) const;

  std::string at(Index component) const {
    return fmt::format("L{}()->at_{}", outline_.lane_of(component),
                       outline_.component_ids[component]);
  }
  std::string of_queue(const char* what, Index queue) const {
    return fmt::format("L{}()->{}_{}", system_.queues[queue].lane, what, outline_.queue_ids[queue]);
  }
  std::string armed(Index timer) const {
    return fmt::format("L{}()->armed_{}", system_.lane_of_timer(timer), outline_.timer_ids[timer]);
  }
  std::string attention(Index queue) const {
    return "waits_in_" + outline_.queue_ids[queue] + "()";
  }
  std::string urgent() const {
    return fmt::format("{:#x}ULL", system_.urgent & outline_.messages());
  }
  /// Adds C code, in as few blocks as Spin's reader allows.
  void block(const std::string& code) {
    if (block_.size() + code.size() > kBlockBytes) flush();
    block_ += code;
  }
  void flush() {
    if (!block_.empty()) text_ += "\nc_code {\n" + block_ + "}\n";
    block_.clear();
  }

  Outline outline_;
  const System& system_;
  std::string text_, block_;
};

void Promela::head() {
  text_ += fmt::format(
      R"(/* {}, exported by halfclose for Spin: components {}, queues {}, timers {}, choices {}, lanes {}.

   spin -a FILE
   gcc -O2 -w -DSAFETY -DNOREDUCE -o pan pan.c
   ./pan -m1000000 -c0

   pan then prints our number of states, our number of transitions plus one (the initial state), and
   as errors how often a step breaks an assertion. Without -c0 it stops at the first, and ./pan -r
   shows the way there: [D_STEP57] is the step of line 57 of this file. pan exits 0 in any case.
     -A     ignore the assertions and see everything
     -E     not needed: every state is a valid end state
     -mN    longest path; `max search depth too small` means that not everything was seen
   gcc -DCOLLAPSE stores the part of each lane once; without -DNOREDUCE the lanes that never raise an
   event at another are reduced, and the counts are no longer ours. Not to be compared: -DBFS, -DHC,
   -DBITSTATE.

   Abstracts from time: an armed timer may expire at any moment, unless it yields to a queue with
   something to take. A process is a lane; a step is one d_step: a message arrives, an application
   wakes, a timer expires, the environment chooses. A raised event is handled within the step: first
   all those of the lane that raises them, then one after the other those of other lanes.
   `wrong` is a mistake of the model: an event without a row, a queue that overflows. */
)",
      in_comment(outline_.options.name), system_.components.size(), system_.queues.size(),
      system_.timers.size(), system_.choices.size(), outline_.lanes());
  text_ += "\ninline verdict() {\n  assert(c_expr { !wrong });\n";
  for (const std::string& id : outline_.never_ids)
    text_ += "  assert(c_expr { !never_" + id + " });\n";
  text_ += "}\n";
}

void Promela::process(Index lane) {
  const std::string& name = outline_.lane_ids[lane];
  text_ += fmt::format("\nactive proctype lane_{}() {{\n", name);
  for (Index c = 0; c < system_.components.size(); ++c) {
    if (outline_.lane_of(c) != lane) continue;
    const std::size_t locals = outline_.table_of(c).locals.size();
    const std::string id = "at_" + outline_.component_ids[c];
    text_ += locals <= 0x100    ? "  byte " + id
             : locals <= 0x8000 ? "  short " + id
                                : "  unsigned " + id + " : 16";
    text_ += fmt::format(" = {};\n", outline_.initial_of(c));
  }
  for (Index q = 0; q < system_.queues.size(); ++q) {
    if (system_.queues[q].lane != lane) continue;
    const std::string& id = outline_.queue_ids[q];
    text_ +=
        fmt::format("  unsigned count_{} : 4;\n  byte items_{}[{}];  /* 0 beyond the count */\n",
                    id, id, system_.queues[q].capacity);
    if (outline_.can_stop[q]) text_ += fmt::format("  bit stopped_{};\n", id);
  }
  for (Index t = 0; t < system_.timers.size(); ++t) {
    if (outline_.can_arm[t] && system_.lane_of_timer(t) == lane)
      text_ += fmt::format("  bit armed_{};\n", outline_.timer_ids[t]);
  }
  text_ += "end:\n  do\n";
  // Spin takes embedded C for local when it begins with a parenthesis, and any other call for
  // global.
  const bool alone = outline_.alone[lane];
  for (const Stimulus& one : stimuli(lane)) {
    text_ += fmt::format("  :: d_step {{ c_expr {} -> c_code {}; verdict() }}  /* {} */\n",
                         alone ? "{(can_" + one.id + "())}" : "{ (can_" + one.id + "()) }",
                         alone ? "{(do_" + one.id + "());}" : "{ do_" + one.id + "(); }",
                         in_comment(one.words));
  }
  if (stimuli(lane).empty()) text_ += "  :: false\n";
  text_ += "  od\n}\n";
}

std::string Promela::scratch() const {
  std::string code = R"(/* What a step needs and forgets: not part of a state. */
enum { NO_ROW = 65535, NO_MESSAGE = 255 };
static int wrong, lane;
/* L0() and so on are the variables of each lane: processes that never end, so they stay in place. */
static struct events { int head, tail; struct { int component, event, message; } at[64]; } inward, outward;
)";
  for (const std::string& id : outline_.never_ids)
    code += "static int never_" + id + ";\n";
  for (std::size_t l = 0; l < outline_.lanes(); ++l)
    code += fmt::format(
        "static P{0} *L{0}(void) {{ static P{0} *p; return p ? p : (p = (P{0} *)Pptr(BASE + {0})); "
        "}}\n",
        l);
  code += "static const int lane_of[] = {";
  for (Index c = 0; c < system_.components.size(); ++c)
    code += fmt::format("{}{}", c == 0 ? "" : ", ", outline_.lane_of(c));
  code += R"(};

static void raise_at(int component, int event, int message) {
  struct events *to = lane_of[component] == lane ? &inward : &outward;
  if (to->tail == 64) { wrong = 1; return; }
  to->at[to->tail].component = component;
  to->at[to->tail].event = event;
  to->at[to->tail++].message = message;
}
static void begin(int of) {
  wrong = 0;
  lane = of;
  inward.head = inward.tail = outward.head = outward.tail = 0;
)";
  for (const std::string& id : outline_.never_ids)
    code += "  never_" + id + " = 0;\n";
  return code + "}\n";
}

/// Next local and outputs for each local and event, some rows to a block.
void Promela::cells(const ExportedTable& table) {
  const std::size_t width = std::max<std::size_t>(1, table.events.size());
  std::size_t rows = 1;
  while (rows * 2 * width * 12 < kBlockBytes)
    rows *= 2;
  std::string names;
  for (const EventId event : table.events)
    names += (names.empty() ? "" : ", ") + in_comment(table.table->events[event]);
  block(fmt::format(
      "\n/* {}: for each local and event the next local and the outputs.\n   Events: {} "
      "*/\n",
      in_comment(table.table->machine), names));
  std::string chunks;
  for (std::size_t first = 0; first < table.locals.size(); first += rows) {
    const std::size_t count = std::min(rows, table.locals.size() - first);
    std::string code = fmt::format("static const unsigned short cells_{}_{}[{}][{}][2] = {{\n",
                                   table.id, first / rows, count, width);
    for (std::size_t l = first; l < first + count; ++l) {
      code += "  {";
      for (const EventId event : table.events) {
        const Cell* cell = table.at(table.locals[l], event);
        code += cell == nullptr
                    ? "{NO_ROW,0},"
                    : fmt::format("{{{},{}}},", table.local_number[cell->next], cell->outputs);
      }
      code += fmt::format(
          "}}, /* {} {} */\n", l,
          table.locals.size() > 1000 ? "" : in_comment(table.table->local_name(table.locals[l])));
    }
    block(code + "};\n");
    chunks += fmt::format("{}cells_{}_{}", first == 0 ? "" : ", ", table.id, first / rows);
  }
  block(fmt::format(
      "static const unsigned short (*const cells_{0}[])[{1}][2] = {{{2}}};\n"
      "static const unsigned short *cell_{0}(int local, int event) {{ return cells_{0}[local / "
      "{3}][local % {3}][event]; }}\n",
      table.id, width, chunks, rows));
}

std::string Promela::queue(Index q) const {
  const system::Queue& queue = system_.queues[q];
  const std::string& id = outline_.queue_ids[q];
  const std::string count = of_queue("count", q), items = of_queue("items", q),
                    stopped = of_queue("stopped", q);
  std::string code = fmt::format(
      R"(
/* {0}: {1} */
static void put_in_{2}(int message) {{
  if ({3} == {5}) {{ wrong = 1; return; }}
  {4}[{3}] = message;
  {3}++;
}}
static int take_from_{2}(int i) {{
  const int message = {4}[i];
  {3}--;
  for (; i < {3}; i++) {4}[i] = {4}[i + 1];
  {4}[i] = 0;
  return message;
}}
static void empty_{2}(void) {{
  while ({3} > 0) {{ {3}--; {4}[{3}] = 0; }}
}}
static int is_urgent_in_{2}(int i) {{ return {6} >> {4}[i] & 1; }}
static int more_in_{2}(void) {{
  int i;
  for (i = 0; i < {3}; i++) if (!is_urgent_in_{2}(i)) return 1;
  return 0;
}}
)",
      in_comment(queue.name),
      queue.kind == QueueKind::wire ? "a wire" : "what an application has to take", id, count,
      items, queue.capacity, urgent());
  code += "static int waits_in_" + id + "(void) {\n";
  if (!outline_.can_stop[q]) {
    code += "  return " + count + " > 0;\n";
  } else {
    code += "  int i;\n  if (!" + stopped + ") return " + count + " > 0;\n";
    if (queue.alerts)
      code += "  for (i = 0; i < " + count + "; i++) if (is_urgent_in_" + id + "(i)) return 1;\n";
    code += "  return 0;\n";
  }
  return code + "}\n";
}

std::string Promela::raised(Index component, EventId event) const {
  return std::to_string(outline_.event_of(component, event));
}

std::string Promela::condition(const When& when) const {
  std::vector<std::string> all;
  if (when.event >= 0) all.push_back(fmt::format("e == {}", when.event));
  if (when.tests_message)
    all.push_back(fmt::format("(m == NO_MESSAGE || {:#x}ULL >> m & 1)", when.messages));
  if (when.tests_alert) all.emplace_back(when.alert ? "alert" : "!alert");
  std::string text;
  for (const std::string& one : all)
    text += (text.empty() ? "" : " && ") + one;
  return text;
}

std::string Promela::effect(const Action& action, const Place& place) const {
  const std::string current = place.kind == Place::Kind::binding    ? "m"
                              : place.kind == Place::Kind::delivery ? std::to_string(place.message)
                                                                    : "NO_MESSAGE";
  const std::string message =
      action.payload == kNoMessage ? current : std::to_string(action.payload);
  switch (action.kind) {
    case Action::Kind::raise: {
      std::string event = raised(action.target, action.event);
      const bool more = action.more_in != kNone;
      if (more)
        event = fmt::format("more_in_{}() ? {} : {}", outline_.queue_ids[action.more_in],
                            raised(action.target, action.event_if_more), event);
      const auto& names = system_.components[action.target].table->events;
      return fmt::format("raise_at({}, {}, {}); /* {}: {}{} */", action.target, event, message,
                         in_comment(system_.components[action.target].name),
                         more ? in_comment(names[action.event_if_more]) + " or " : "",
                         in_comment(names[action.event]));
    }
    case Action::Kind::send:
      return fmt::format("put_in_{}({});{}", outline_.queue_ids[action.target], message,
                         action.payload == kNoMessage
                             ? ""
                             : " /* " + in_comment(system_.messages[action.payload]) + " */");
    case Action::Kind::arm:
      return outline_.can_arm[action.target] ? armed(action.target) + " = 1;" : "";
    case Action::Kind::cancel:
      return outline_.can_arm[action.target] ? armed(action.target) + " = 0;" : "";
    case Action::Kind::clear:
      return "empty_" + outline_.queue_ids[action.target] + "();";
    case Action::Kind::block:
      return of_queue("stopped", action.target) + " = 1;";
    case Action::Kind::unblock:
      return outline_.can_stop[action.target] ? of_queue("stopped", action.target) + " = 0;" : "";
    case Action::Kind::age:
      return "";
  }
  return "";
}

std::string Promela::actions(const std::vector<Action>& list, const Place& place) const {
  std::string code;
  for (const Action& action : list) {
    const When when = outline_.when(action, place);
    const std::string what = when.never ? "" : effect(action, place), test = condition(when);
    if (what.empty()) continue;
    code += "    " + (test.empty() ? "" : "if (" + test + ") ") + what + "\n";
  }
  return code;
}

/// What a component does with an event: its output functions, then the one that fires.
void Promela::component(Index c) {
  const ExportedTable& table = outline_.table_of(c);
  const std::string& id = outline_.component_ids[c];
  const auto& outputs = table.table->outputs;
  const std::vector<bool> used = outline_.output_lists_of(c);
  std::vector<bool> says(outputs.size());
  block("\n/* " + in_comment(system_.components[c].name) + ": " + in_comment(table.table->machine) +
        " */\n");
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    const auto output = static_cast<machine::OutputId>(o);
    bool occurs = false;
    for (std::size_t list = 0; list < used.size(); ++list) {
      const auto& all = table.table->output_lists[list];
      occurs |= used[list] && std::find(all.begin(), all.end(), output) != all.end();
    }
    if (!occurs) continue;
    std::string body;
    for (const std::size_t n : outline_.nevers_at(c, output))
      body += "    never_" + outline_.never_ids[n] + " = 1;\n";
    body += actions(system_.bindings(c, output), {.kind = Place::Kind::binding, .component = c});
    if (body.empty()) continue;
    says[o] = true;
    block(fmt::format("static void {}_says_{}(int e, int m) {{ /* {} */\n{}}}\n", id, o,
                      in_comment(outputs[o]), body));
  }
  std::string lists;
  for (std::size_t list = 0; list < used.size(); ++list) {
    if (!used[list]) continue;
    std::string calls;
    for (const machine::OutputId output : table.table->output_lists[list]) {
      if (says[output]) calls += fmt::format(" {}_says_{}(e, m);", id, output);
    }
    if (!calls.empty()) lists += fmt::format("    case {}:{} break;\n", list, calls);
  }
  block(fmt::format("static void fire_{0}(int e, int m) {{\n", id) +
        (table.events.empty() ? "  wrong = 1;\n}\n"
                              : fmt::format("  const unsigned short *cell;\n"
                                            "  if (e < 0) {{ wrong = 1; return; }}\n"
                                            "  cell = cell_{}({}, e);\n"
                                            "  if (cell[0] == NO_ROW) {{ wrong = 1; return; }}\n"
                                            "  {} = cell[0];\n  switch (cell[1]) {{\n{}  }}\n}}\n",
                                            table.id, at(c), at(c), lists)));
}

std::string Promela::settling() const {
  std::string code = R"(
static void handle(int component, int e, int m) {
  switch (component) {
)";
  for (Index c = 0; c < system_.components.size(); ++c)
    code += fmt::format("    case {}: fire_{}(e, m); break;\n", c, outline_.component_ids[c]);
  return code + R"(  }
}
/* The lane first, in the order of raising; then what it raised elsewhere, one event at a time. */
static void settle(void) {
  for (;;) {
    while (inward.head < inward.tail && !wrong) {
      const int i = inward.head++;
      handle(inward.at[i].component, inward.at[i].event, inward.at[i].message);
    }
    inward.head = inward.tail = 0;
    if (outward.head == outward.tail || wrong) break;
    lane = lane_of[outward.at[outward.head].component];
    inward.at[inward.tail++] = outward.at[outward.head++];
  }
  outward.head = outward.tail = 0;
}
)";
}

/// What a message does when it arrives or is taken.
std::string Promela::arrivals(Index q) const {
  std::string cases;
  for (std::size_t i = 0; i < system_.messages.size(); ++i) {
    const auto message = static_cast<Message>(i);
    const std::string body =
        actions(system_.delivery(q, message),
                {.kind = Place::Kind::delivery, .queue = q, .message = message});
    if (!body.empty())
      cases += fmt::format("  case {}: /* {} */\n{}    break;\n", i,
                           in_comment(system_.messages[i]), body);
  }
  return fmt::format(
      "\n/* out of {} */\nstatic void taken_from_{}(int message, int alert) {{\n  switch (message) "
      "{{\n{}  }}\n  settle();\n}}\n",
      in_comment(system_.queues[q].name), outline_.queue_ids[q], cases);
}

/// The function `name` says whether a local is in one of the runs; there may be too many for one
/// block.
void Promela::within(const std::string& name,
                     const std::vector<std::pair<std::size_t, std::size_t>>& runs) {
  constexpr std::size_t kRunsInBlock = 1'000;
  std::string parts = "0";
  for (std::size_t begin = 0; begin < runs.size(); begin += kRunsInBlock) {
    const std::string part = fmt::format("{}_part_{}", name, begin / kRunsInBlock);
    std::string code = "static int " + part + "(int at) {\n  return 0";
    for (std::size_t i = begin; i < std::min(begin + kRunsInBlock, runs.size()); ++i)
      code += fmt::format("\n    || (at >= {} && at <= {})", runs[i].first, runs[i].second);
    block(code + ";\n}\n");
    parts += " || " + part + "(at)";
  }
  block("static int " + name + "(int at) { return " + parts + "; }\n");
}

/// Lanes that are over begin anew, in order of their index.
void Promela::renewal() {
  std::string code, calls;
  for (Index l = 0; l < system_.lanes.size(); ++l) {
    const system::Lane& lane = system_.lanes[l];
    if (lane.over_in.empty()) continue;
    std::string over, reset, moved;
    for (std::size_t i = 0; i < lane.over_in.size(); ++i) {
      const auto& [component, locals] = lane.over_in[i];
      over += fmt::format("  if (!is_over_{}_{}({})) return 0;\n", l, i, at(component));
      within(fmt::format("is_over_{}_{}", l, i), outline_.runs_of(component, locals));
    }
    for (Index q = 0; q < system_.queues.size(); ++q) {
      if (system_.queues[q].lane != l) continue;
      over += "  if (" + of_queue("count", q) + " > 0) return 0;\n";
      if (outline_.can_stop[q]) reset += "  " + of_queue("stopped", q) + " = 0;\n";
    }
    for (Index t = 0; t < system_.timers.size(); ++t) {
      if (system_.lane_of_timer(t) == l && outline_.can_arm[t])
        over += "  if (" + armed(t) + ") return 0;\n";
    }
    for (Index c = 0; c < system_.components.size(); ++c) {
      if (outline_.lane_of(c) != l) continue;
      moved +=
          fmt::format("{}{} != {}", moved.empty() ? "" : " || ", at(c), outline_.initial_of(c));
      reset += fmt::format("  {} = {};\n", at(c), outline_.initial_of(c));
    }
    code += fmt::format(
        "\nstatic int is_over_{0}(void) {{ /* lane {1} */\n{2}  return {3};\n}}\n"
        "static void renew_{0}(void) {{\n{4}  lane = {0};\n{5}  settle();\n}}\n",
        l, in_comment(lane.name), over, moved.empty() ? "0" : moved, reset,
        actions(lane.on_renewed, {.kind = Place::Kind::renewal}));
    calls += fmt::format("  if (!wrong && is_over_{0}()) renew_{0}();\n", l);
  }
  block(code);
  block("static void renew(void) {\n" + calls + "}\n\n/* The steps. */\n");
}

std::vector<Promela::Stimulus> Promela::stimuli(Index lane) const {
  std::vector<Stimulus> all;
  auto add = [&](std::string id, std::string words, const std::string& guard,
                 const std::string& body) {
    std::string functions = fmt::format(
        "static int can_{0}(void) {{ return {1}; }}\n"
        "static void do_{0}(void) {{\n  begin({2});\n{3}  renew();\n}}\n",
        id, guard, lane, body);
    all.push_back({std::move(id), std::move(words), std::move(functions)});
  };
  for (Index q = 0; q < system_.queues.size(); ++q) {
    const system::Queue& queue = system_.queues[q];
    if (queue.lane != lane) continue;
    const std::string &id = outline_.queue_ids[q], count = of_queue("count", q),
                      stopped = of_queue("stopped", q);
    if (queue.kind == QueueKind::wire) {
      add("deliver_" + id, "deliver " + queue.name, count + " > 0",
          fmt::format("  taken_from_{0}(take_from_{0}(0), 0);\n", id));
      continue;
    }
    const std::string reads = outline_.can_stop[q] ? " && !" + stopped : "";
    add("wake_" + id, "the application of " + queue.name + " wakes", count + " > 0" + reads,
        fmt::format("  while ({1} > 0{2} && !wrong) {{\n    lane = {3};\n"
                    "    taken_from_{0}(take_from_{0}(0), 0);\n  }}\n",
                    id, count, reads, lane));
    if (outline_.can_alert(q)) {
      add("alert_" + id, "the application of " + queue.name + " is told without reading",
          stopped + " && " + attention(q),
          fmt::format("  int i = 0;\n  while (!is_urgent_in_{0}(i)) i++;\n"
                      "  taken_from_{0}(take_from_{0}(i), 1);\n",
                      id));
    }
  }
  for (Index t = 0; t < system_.timers.size(); ++t) {
    const system::Timer& timer = system_.timers[t];
    if (system_.lane_of_timer(t) != lane || !outline_.can_arm[t]) continue;
    const std::string waits = timer.yields_to == kNone ? "" : " && !" + attention(timer.yields_to);
    add("expire_" + outline_.timer_ids[t], "expire " + timer.name, armed(t) + waits,
        fmt::format("  {} = 0;\n  raise_at({}, {}, NO_MESSAGE);\n  settle();\n", armed(t),
                    timer.owner, raised(timer.owner, timer.event)));
  }
  for (Index i = 0; i < system_.choices.size(); ++i) {
    const system::Choice& choice = system_.choices[i];
    if (outline_.lane_of(choice.component) != lane || !outline_.can_choose[i]) continue;
    const std::string event = raised(choice.component, choice.event);
    add("choose_" + outline_.choice_ids[i], choice.name,
        fmt::format("cell_{}({}, {})[0] != NO_ROW", outline_.table_of(choice.component).id,
                    at(choice.component), event),
        fmt::format("  raise_at({}, {}, NO_MESSAGE);\n  settle();\n", choice.component, event));
  }
  return all;
}

}  // namespace

std::string promela(const System& system, const ExportOptions& options) {
  return Promela(system, options).text();
}

}  // namespace halfclose::proofs
