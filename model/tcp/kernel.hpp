// One kernel: the endpoint table with the numbers around it that it abstracts from.
//
// The table decides (the state, what a call returns, whether a RST kills); this file counts:
// SND.UNA, SND.NXT, RCV.NXT, both queues, reassembly, what window, Nagle and MSS let leave. It
// turns an arriving segment into the events of the table and the outputs of the table into
// segments. Abstracts from: congestion control, delayed ACKs (every segment is acknowledged at
// once, as with the route metric `quickack 1`), the limit of the send queue, more than one
// connection per listener.
#pragma once

#include "model/machine/rows.hpp"
#include "model/tcp/endpoint.hpp"
#include "model/tcp/segment.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::tcp {

inline constexpr std::uint32_t kWindowBytes = 65535;
inline constexpr std::uint32_t kWindowMaxBytes = 1 << 20;
inline constexpr std::uint32_t kMssBytes = 1448;   // Ethernet with timestamps
inline constexpr std::uint32_t kMssMinBytes = 48;  // Linux, tcp_min_snd_mss
inline constexpr std::uint32_t kMssMaxBytes = 65495;
inline constexpr std::uint32_t kSendMaxBytes = 1 << 20;

enum class Call : std::uint8_t {
  connect,
  listen,
  send,
  recv,
  peek,
  shutdown_write,
  shutdown_read,
  close,
  abort,  ///< close(2) with SO_LINGER {1, 0}
};
enum class Timer : std::uint8_t { fin_wait_2, time_wait, retransmit, give_up };

struct CallResult {
  std::optional<Out> said;  ///< empty: the table has no row for the call, the descriptor is bad
  std::uint32_t bytes = 0;  ///< taken by send, given by recv and peek
  /// `13`, `0` for end of file, `ok`, or the name of the error.
  std::string text() const;
};

/// What poll(2) reports.
struct Readiness {
  bool in = false, out = false, err = false, hup = false, rdhup = false;
  /// `IN,OUT,RDHUP`, or `none`.
  std::string text() const;
};

class Kernel {
 public:
  Kernel() : table_(&endpoint_table()), cursor_(*table_) {}

  void set_nodelay();
  // These return false, and nothing changes, after connect or listen.
  bool set_window(std::uint32_t bytes);
  bool set_mss(std::uint32_t bytes);
  bool set_discards_on_rst();

  /// @param bytes  of send, at least 1; of recv, the most it takes, 0 for all there is
  CallResult call(Call call, std::uint32_t bytes = 0);
  /// @return  false when that timer is not running
  bool expire(Timer timer);
  void arrive(const Segment& segment);
  /// The segments the last stimuli made, in order.
  std::vector<Segment> take_emitted();

  std::string_view state() const { return table_->state_name(cursor_.local()); }
  machine::LocalId local() const { return cursor_.local(); }
  Readiness readiness() const;
  /// SIOCINQ: bytes in the receive queue.
  std::uint32_t unread() const { return rcv_.unread; }
  /// SIOCOUTQ: bytes in the send queue that are not acknowledged, sent or not.
  std::uint32_t unacknowledged() const;

 private:
  template <class S> bool in() const {
    return table_->locals[cursor_.local()].state == machine::state_id<Endpoint, S>();
  }
  template <class E> const machine::Cell& look() const {
    return table_->at(cursor_.local(), machine::event_id<Endpoint, E>());
  }
  template <class E> bool fire() { return step(machine::event_id<Endpoint, E>()); }
  bool emits(const machine::Cell& cell, Out output) const;
  std::optional<Out> result_of(const machine::Cell& cell) const;
  bool step(machine::EventId event);
  void perform(Out output);

  void begin_incarnation();
  void synchronize(const Segment& syn);

  std::uint32_t send(std::uint32_t bytes);
  std::uint32_t receive(std::uint32_t bytes);
  void update_window();

  void arrive_unconnected(const Segment& segment);
  void arrive_syn_sent(const Segment& segment);
  void arrive_connected(const Segment& segment);
  void take_syn(const Segment& segment);
  void take_late_syn(const Segment& segment);
  void take_rst(const Segment& segment);
  bool take_ack(const Segment& segment);
  void take_text(const Segment& segment);

  void push();
  void send_fin();
  std::uint32_t sendable() const;
  std::uint32_t send_mss() const;
  void transmit(std::uint32_t bytes);
  void retransmit();
  void reply_rst();
  std::uint32_t advertise();
  void emit(Segment segment);

  const machine::Table* table_;
  machine::Cursor cursor_;
  std::vector<Segment> emitted_;
  std::optional<Out> said_;  ///< by the call that is running
  Segment arriving_;         ///< what `reply_rst` answers
  bool ack_due_ = false;

  std::uint32_t window_ = kWindowBytes;  ///< the receive buffer
  std::uint32_t mss_ = kMssBytes;
  bool nodelay_ = false;

  // The send side and the receive side of one incarnation, by the names of RFC 9293 3.3.1.
  struct Send {
    Sequence isn = 0, una = 0, nxt = 0;
    Sequence edge = 0;       ///< first number the remote does not yet let us send
    Sequence small_end = 0;  ///< end of the last segment shorter than the MSS, for Nagle
    std::uint32_t unsent = 0;
    std::uint32_t remote_mss = kMssBytes;
    std::uint32_t remote_window_max = 0;  ///< largest window seen
    bool fin_due = false;                 ///< waits for the window to open
    bool fin_sent = false;
  };
  struct Receive {
    Sequence isn = 0, nxt = 0;
    Sequence edge = 0;   ///< first number beyond the window we advertised; never moves back
    Sequence acked = 0;  ///< largest number we have acknowledged
    std::uint32_t unread = 0;
    std::map<Sequence, Sequence> out_of_order;  ///< start -> end
    std::optional<Sequence> fin_at;             ///< the number of a FIN that arrived
  };
  std::uint32_t incarnation_ = 0;
  Send snd_;
  Receive rcv_;
};

}  // namespace halfclose::tcp
