// A composition of machines as data: components, queues, timers, bindings, choices.
//
// One description that every engine reads: the untimed explorer, the zones, the brute-force
// simulation of the tests, the witness. `System::step` is the only meaning of a step there is; time
// is left to the engines, which read the bounds of queues and timers from here.
//
//   wire      kernel to kernel: FIFO, every message takes between `lo` and `hi`
//   receive   kernel to application: FIFO, emptied by one wake of the application, at most `hi`
//   after it has
//             something to take. While the application does not read it is woken for urgent items
//             only.
//   timer     expires between `lo` and `hi` after it was armed; may yield to a receive queue (I/O
//   before timers) age       at some steps a part of the past is left out: any time may have passed
//   for the timers in `aging`
//             and none for the others, as when the same exchange was repeated for as long as one
//             likes
//   choice    an event the environment may raise whenever the component's table takes it
//   lane      a part of the system that touches the others only by raising events at them: such an
//             event waits until the lane that raises it has settled. A lane that is over serves
//             anew.
#pragma once

#include "model/machine/table.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::system {

using machine::EventId;
using machine::LocalId;
using machine::OutputId;

using Index = std::uint8_t;    ///< of a component, queue, timer or choice
using Message = std::uint8_t;  ///< index into `System::messages`
using Time = std::int64_t;     ///< microseconds

inline constexpr Message kNoMessage = 0xff;
inline constexpr Index kNone = 0xff;
inline constexpr Time kForever = INT64_MAX / 8;
inline constexpr std::size_t kStateBytes = 256;
inline constexpr std::size_t kQueueItems = 8;
inline constexpr std::size_t kComponentsMax = 48, kQueuesMax = 32, kTimersMax = 64;

/// A state, packed: locals, queues, armed timers. Equal states are equal bytes.
struct State {
  std::array<std::uint8_t, kStateBytes> bytes{};
  bool operator==(const State&) const = default;
};

struct Component {
  std::string name;
  std::shared_ptr<const machine::Table> table;
  LocalId initial = 0;
  Index lane = 0;
};

enum class QueueKind : std::uint8_t { wire, receive };

struct Queue {
  std::string name;
  QueueKind kind = QueueKind::wire;
  Index from = kNone, to = kNone;  ///< components; of a receive queue `to` is the application
  Index capacity = kQueueItems;
  Time lo = 0, hi = 0;  ///< delay of a wire; stall bound of a receive queue (lo is 0)
  bool alerts = false;  ///< receive: urgent items wake an application that does not read
  Index lane = 0;
};

struct Timer {
  std::string name;  ///< the symbol: `edge.downstream.idle_timeout`
  Index owner = kNone;
  EventId event = 0;
  Time after = 0;           ///< as configured
  Time lo = 0, hi = 0;      ///< when it may expire; `lo` may lie below zero
  Index yields_to = kNone;  ///< a receive queue that is served first
  bool off = false;         ///< never armed
};

struct Choice {
  std::string name;
  Index component = kNone;
  EventId event = 0;
};

inline constexpr int kAlways = -1;
/// For deliveries of a receive queue: when the application is told of the item without reading it.
inline constexpr int kOnAlert = -2;

/// What a binding does. `payload` of a raise or send: a message, or the one of the event being
/// processed.
struct Action {
  enum class Kind : std::uint8_t { raise, send, arm, cancel, clear, block, unblock, age };
  Kind kind = Kind::raise;
  Index target = kNone;                 ///< component, queue or timer
  EventId event = 0;                    ///< of a raise
  Message payload = kNoMessage;         ///< kNoMessage: the current one
  std::uint64_t only_payloads = ~0ull;  ///< set of messages for which the action applies
  int only_during = kAlways;            ///< the event being processed, kAlways or kOnAlert
  /// A raise says `event_if_more` instead while `more_in` still holds an item that is not urgent.
  Index more_in = kNone;
  EventId event_if_more = 0;
};

/// What happens to a message: at the end of a wire, or when the application takes it.
struct Delivery {
  Index queue = kNone;
  Message message = kNoMessage;
  std::vector<Action> actions;
};

/// What one connection owns: applications at both ends, kernels, queues, timers.
struct Lane {
  std::string name;
  /// Lanes of one kind (not kNone) have the same components, queues and timers in the same order.
  Index kind = kNone;
  /// The lane is over when its queues are empty, no timer is armed and each of these components is
  /// in one of its locals; it then goes back to its initial value within the same step. Empty:
  /// never.
  std::vector<std::pair<Index, std::vector<bool>>> over_in{};
  std::vector<Action> on_renewed{};  ///< raises, after the lane went back
};

/// A claim that lanes may trade places: when the lanes of each pair trade their values, and each
/// component named here takes the events and says the outputs of its image, then the system does
/// the same as before. An engine that uses it verifies it first. Lanes traded are of one kind.
struct Symmetry {
  struct Outside {
    Index component = kNone;
    Index image = kNone;  ///< in the same lane; kNone: itself
    /// Per event and output, the one it becomes; empty: each stays itself.
    std::vector<EventId> events{};
    std::vector<OutputId> outputs{};
  };
  std::vector<std::pair<Index, Index>> lanes;
  std::vector<Outside> outside{};  ///< what is not named stays as it is
};

struct Stimulus {
  enum class Kind : std::uint8_t { deliver, wake, alert, expire, choose };
  Kind kind = Kind::deliver;
  Index index = 0;  ///< queue, queue, queue, timer, choice
  bool operator==(const Stimulus&) const = default;
};

/// One thing that happened within a step, for witnesses.
struct Occurrence {
  enum class Kind : std::uint8_t { fired, sent, taken, armed, cancelled, cleared, renewed };
  Kind kind = Kind::fired;
  Index index = kNone;  ///< component, queue, timer or lane
  EventId event = 0;
  LocalId before = 0, after = 0;
  std::uint16_t outputs = 0;  ///< index into the component's output lists
  std::uint16_t row = machine::kNoRow;
  Message message = kNoMessage;
};

/// Where the clocks of a state after a step come from: a clock before the step, or reset by it.
inline constexpr std::int16_t kFresh = -1;

struct StepResult {
  State state;
  std::uint64_t emitted = 0;  ///< set of the observers' outputs
  bool aged = false;          ///< the timers in System::aging may have run on by any one time
  std::vector<std::int16_t>
      clock_origins;  ///< one per clock of `state`: its clock in the state before, or kFresh
};

/// An event raised at a component.
struct Raised {
  Index component = kNone;
  EventId event = 0;
  Message payload = kNoMessage;
  bool operator==(const Raised&) const = default;
};

/// The part of a step that one lane makes until it has settled.
struct LaneStep : StepResult {
  std::vector<Raised> raised;  ///< at other lanes, in order; they have not received them
};

/// A clock that runs in a state.
struct Clock {
  enum class Kind : std::uint8_t { timer, message, attention };
  Kind kind = Kind::timer;
  Index index = 0;     ///< timer or queue
  Index position = 0;  ///< of a message, 0 is the head
  Time lo = 0, hi = 0;
};

/// A component whose outputs are collected in `StepResult::emitted`. Several may share a place when
/// they are of one kind: one of them emitted it.
struct Observer {
  Index component = 0;
  unsigned at = 0;  ///< the place of its first output
  std::size_t shown =
      64;  ///< how many of its outputs are collected, the first ones; capped by seal
};

class System {
 public:
  std::vector<Component> components;
  std::vector<Queue> queues;
  std::vector<Timer> timers;
  std::vector<Choice> choices;
  std::vector<std::string> messages;
  std::vector<Lane> lanes;  ///< may stay empty: then all is one lane
  std::vector<Symmetry> symmetries;
  std::uint64_t urgent = 0;  ///< set of messages that wake an application that does not read
  std::uint64_t aging = 0;   ///< set of timers that an `age` action moves
  Index observer = kNone;    ///< the only observer of a system that has but one
  std::vector<Observer> observers;

  void bind(Index component, OutputId output, std::vector<Action> actions);
  void deliver(Index queue, Message message, std::vector<Action> actions);
  /// Fixes the layout of states. Call once, after the last bind.
  /// @errors std::length_error when a state does not fit in kStateBytes; std::logic_error when one
  ///         lane does more to another than raise an event, or the outputs of observers do not fit
  void seal();

  State initial() const;
  LocalId local(const State& state, Index component) const;
  void set_local(State& state, Index component, LocalId local) const;
  Index queued(const State& state, Index queue) const {
    return state.bytes[queue_at(queue)] & 0x7f;
  }
  bool blocked(const State& state, Index queue) const {
    return state.bytes[queue_at(queue)] & 0x80;
  }
  Message item(const State& state, Index queue, Index position) const {
    return state.bytes[queue_at(queue) + 1u + position];
  }
  bool armed(const State& state, Index timer) const {
    return state.bytes[timers_at_ + timer / 8u] >> (timer % 8u) & 1;
  }
  /// The application has something to take: it will be woken.
  bool attention(const State& state, Index queue) const;
  std::size_t bytes() const { return bytes_; }
  /// The lane is over (Lane::over_in) and has not gone back to its initial value.
  bool over(const State& state, Index lane) const;
  Index lane_of_timer(Index timer) const { return components[timers[timer].owner].lane; }
  Index lane_of(Stimulus stimulus) const;
  const std::vector<Action>& bindings(Index component, OutputId output) const {
    return bindings_[component][output];
  }
  const std::vector<Action>& delivery(Index queue, Message message) const {
    return deliveries_[queue][message];
  }
  /// The place of an output in `StepResult::emitted`; -1 when it is not collected there.
  int emitted_at(Index component, OutputId output) const;
  /// The names of the outputs that observers show.
  std::vector<std::string_view> observed() const;

  /// Stimuli that the discrete state allows, in a fixed order. The timed engines add their bounds.
  void enabled(const State& state, std::vector<Stimulus>& out) const;
  /// @pre the stimulus is enabled
  /// @errors std::logic_error when a component refuses an event raised at it, or a queue overflows:
  /// the
  ///         system is wrong, not the run
  void step(const State& state, Stimulus stimulus, StepResult& result,
            std::vector<Occurrence>* occurrences = nullptr) const;
  /// The parts of a step, for engines that store lanes apart. A step is: `step_lane` of the
  /// stimulus; then of every event raised at another lane, first raised first received; of a wake
  /// once more, while it is enabled; at last, in the order of lanes, `restart_lane` of every lane
  /// that is over, each with the events it raises. Other lanes than the one that acts may hold any
  /// value.
  /// @pre, @errors  as for `step`; a step of more than 64 raised events is wrong here too, but the
  ///                caller counts those that lanes raise at each other
  void step_lane(const State& state, Stimulus stimulus, LaneStep& result) const;
  void step_lane(const State& state, const Raised& raised, LaneStep& result) const;
  void restart_lane(const State& state, Index lane, LaneStep& result) const;
  /// What of a state belongs to one lane, as bytes: its components, its queues, its timers, each in
  /// order. Equal values are equal bytes.
  std::size_t lane_bytes(Index lane) const;
  void pack_lane(const State& state, Index lane, std::uint8_t* value) const;
  void unpack_lane(const std::uint8_t* value, Index lane, State& state) const;
  /// The clocks that run in `state`: armed timers, messages on wires, applications to be woken; in
  /// this order.
  void clocks(const State& state, std::vector<Clock>& out) const;
  /// The clock that must have reached its `lo` for the stimulus; -1 when it is free.
  int clock_of(const std::vector<Clock>& clocks, Stimulus stimulus) const;

  bool ages(const Clock& clock) const {
    return clock.kind == Clock::Kind::timer && aging >> clock.index & 1;
  }

  std::string describe(const State& state) const;
  /// Empty when the system has no such stimulus.
  std::string describe(Stimulus stimulus) const;

 private:
  friend class Stepping;
  void check_observers();
  void check_lanes() const;
  template <class Part> void lane_step(const State& state, LaneStep& result, Part&& part) const;
  std::size_t queue_at(Index queue) const { return queue_at_[queue]; }

  std::vector<std::vector<std::vector<Action>>> bindings_;       // [component][output]
  std::vector<std::array<std::vector<Action>, 64>> deliveries_;  // [queue][message]
  std::vector<std::size_t> queue_at_;
  std::size_t timers_at_ = 0, bytes_ = 0;
};

}  // namespace halfclose::system
