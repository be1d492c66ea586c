// One end of a TCP connection: RFC 9293 section 3.3.2 with the rules of the Linux kernel.
//
// Abstracts from: sequence numbers, windows, congestion, checksums. Whoever drives the machine
// classifies a segment first: new data, FIN, the ACK of our SYN or FIN, an ACK that lets the send
// queue move, a segment that is out of order, and RST by the place of its sequence number
// (model/tcp/conversation.hpp does it with numbers; the System does it by construction).
// Out-of-window RSTs never reach the machine. Departs from the RFC, as Linux does: close() with
// unread input sends RST (RFC 2525 2.17); data for a closed descriptor is answered by RST;
// FIN-WAIT-2 without a descriptor times out; a pending error is told once.
#pragma once

#include "model/machine/machine.hpp"
#include "model/machine/table.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace halfclose::tcp {

using namespace machine;  // the vocabulary: Row, If, Do, ...

// clang-format off
struct Closed      : State<"CLOSED">       {};   struct Listen      : State<"LISTEN">      {};
struct SynSent     : State<"SYN-SENT">     {};   struct SynReceived : State<"SYN-RECEIVED"> {};
struct Established : State<"ESTABLISHED">  {};   struct CloseWait   : State<"CLOSE-WAIT">  {};
struct FinWait1    : State<"FIN-WAIT-1">   {};   struct FinWait2    : State<"FIN-WAIT-2">  {};
struct Closing     : State<"CLOSING">      {};   struct LastAck     : State<"LAST-ACK">    {};
struct TimeWait    : State<"TIME-WAIT">    {};

namespace user {
struct Open          : Event<"OPEN">           {};   // connect(2)
struct Listen        : Event<"LISTEN">         {};   // listen(2)
struct Send          : Event<"SEND">           {};   // send(2) whose bytes leave at once
struct SendHeld      : Event<"SEND held">      {};   // send(2) whose bytes wait: window, Nagle
struct Recv          : Event<"RECV">           {};   // recv(2) that takes all there is
struct RecvPart      : Event<"RECV part">      {};   // recv(2) that leaves bytes in the queue
struct Peek          : Event<"PEEK">           {};   // recv(2) with MSG_PEEK
struct ShutdownWrite : Event<"SHUTDOWN WR">    {};   // shutdown(2)
struct ShutdownRead  : Event<"SHUTDOWN RD">    {};
struct Close         : Event<"CLOSE">          {};   // close(2)
struct Abort         : Event<"ABORT">          {};   // close(2) with SO_LINGER {1, 0}
}
namespace seg {
struct Syn          : Event<"< SYN">           {};
struct SynAck       : Event<"< SYN,ACK">       {};
struct Ack          : Event<"< ACK">           {};   // acknowledges our SYN, or nothing new
struct AckFin       : Event<"< ACK of FIN">    {};
struct Window       : Event<"< ACK, window">   {};   // lets the send queue move
struct Data         : Event<"< DATA">          {};   // in order
struct Fin          : Event<"< FIN">           {};   // in order
struct Unacceptable : Event<"< unacceptable">  {};   // old, out of order, RST in window but not at its edge
struct Rst          : Event<"< RST">           {};   // sequence number exactly RCV.NXT
struct RstBelow     : Event<"< RST below">     {};   // RCV.NXT - 1
struct RstReply     : Event<"< RST to data">   {};   // answers our last data: its number is what we had acknowledged then
}
namespace timeout {
struct FinWait2   : Event<"FIN-WAIT-2 timeout"> {};
struct TimeWait   : Event<"TIME-WAIT timeout">  {};
struct Retransmit : Event<"retransmission timeout"> {};
struct GiveUp     : Event<"user timeout">       {};  // retransmissions exhausted
}

enum class Out : std::uint8_t {
  syn, syn_ack, ack, dup_ack, data, unsent_data, fin, rst, rst_reply, retransmission,    // segments
  ok, held, bytes, eof, would_block, in_progress,                                         // results
  econnreset, epipe, econnrefused, etimedout, enotconn,
  connected, accepted, readable, peer_closed, hang_up,                                    // readiness
  late_write, unread_lost, unsent_lost, orphan_data,                                      // observations
  arm_fin_wait_2, arm_time_wait,                                                          // timers
  writable,                                                                               // readiness: the send queue has room again
};

enum Error : std::uint8_t { no_error, reset, pipe, refused, timed_out };
/// What arrived since our last data left: it decides which number a RST that answers that data carries.
enum Heard : std::uint8_t { nothing, fin_only, new_data };

struct Context {
  bool fd_open = false;
  bool passive = false;         ///< came from LISTEN
  bool unread = false;          ///< bytes in the receive queue
  bool unsent = false;          ///< bytes in the send queue that have not left
  bool fin_received = false;    ///< SOCK_DONE
  bool deaf = false;            ///< shutdown(RD)
  std::uint8_t error = no_error;
  std::uint8_t heard = nothing;
  bool discards_on_rst = false; ///< platform: a RST empties the receive queue (Linux keeps it)
};

using Outs = Outputs<Out>;

constexpr bool has_fd(const Context& c)       { return c.fd_open; }
constexpr bool has_unread(const Context& c)   { return c.unread; }
constexpr bool has_unsent(const Context& c)   { return c.unsent; }
constexpr bool is_passive(const Context& c)   { return c.passive; }
constexpr bool has_error(const Context& c)    { return c.error != no_error; }
constexpr bool nobody_reads(const Context& c) { return !c.fd_open || c.deaf; }
constexpr bool was_refused(const Context& c)  { return c.error == refused; }
constexpr bool heard_nothing(const Context& c){ return c.heard == nothing; }
constexpr bool heard_data(const Context& c)   { return c.heard == new_data; }

constexpr void forget(Context& c)         { c = {.discards_on_rst = c.discards_on_rst}; }
constexpr void open_fd(Context& c)        { forget(c); c.fd_open = true; }
constexpr void listen_fd(Context& c)      { open_fd(c); c.passive = true; }
constexpr void reborn(Context& c)         { forget(c); c.passive = true; }
constexpr void close_fd(Context& c)       { c.fd_open = false; c.unread = false; c.deaf = false; c.error = no_error; c.heard = nothing; }
constexpr void hold(Context& c)           { c.unsent = true; }
constexpr void flush(Context& c)          { c.unsent = false; }
constexpr void spoke(Context& c)          { c.heard = nothing; }
constexpr void stop_listening_to_peer(Context& c) { c.deaf = true; }
constexpr void queue_data(Context& c)     { c.unread = true; c.heard = new_data; }
constexpr void note_fin(Context& c)       { c.fin_received = true; if (c.heard == nothing) c.heard = fin_only; }

/// A FIN is news for a descriptor only.
constexpr void tell_fin(Context& c, Outs& out) { if (c.fd_open) out.append(Out::peer_closed); }

/// recv(2): queued bytes first, then end of file if a FIN came, then a pending error once, then 0 after a shutdown.
constexpr void read(Context& c, Outs& out, bool keep_bytes, bool closed) {
  if (c.unread)            { c.unread = keep_bytes; out.append(Out::bytes); return; }
  if (c.fin_received)      { out.append(Out::eof); return; }
  if (c.error != no_error) {
    constexpr Out kTold[] = {Out::ok, Out::econnreset, Out::epipe, Out::econnrefused, Out::etimedout};
    out.append(kTold[c.error]);
    c.error = no_error;
    return;
  }
  out.append(closed || c.deaf ? Out::eof : Out::would_block);
}
constexpr void answer_recv(Context& c, Outs& out)        { read(c, out, false, false); }
constexpr void answer_peek(Context& c, Outs& out)        { read(c, out, true, false); }
constexpr void answer_recv_closed(Context& c, Outs& out) { read(c, out, false, true); }
constexpr void answer_peek_closed(Context& c, Outs& out) { read(c, out, true, true); }
constexpr void answer_part(Context&, Outs& out)          { out.append(Out::bytes); }
/// send(2) on a dead connection: the pending error once, EPIPE afterwards.
constexpr void answer_send_closed(Context& c, Outs& out) {
  constexpr Out kTold[] = {Out::epipe, Out::econnreset, Out::epipe, Out::econnrefused, Out::etimedout};
  out.append(kTold[c.error]);
  c.error = no_error;
}
/// What every death of a connection does to the queues; `told` is the error an open descriptor will report.
constexpr void die(Context& c, Outs& out, Error told) {
  if (c.unsent) out.append(Out::unsent_lost);
  if (c.unread && c.discards_on_rst) { c.unread = false; out.append(Out::unread_lost); }
  c.unsent = false;
  c.heard = nothing;
  c.error = c.fd_open ? told : no_error;
  if (c.fd_open) out.append(Out::hang_up); else forget(c);
}
constexpr void die_reset(Context& c, Outs& out)     { die(c, out, reset); }
constexpr void die_pipe(Context& c, Outs& out)      { die(c, out, pipe); }
constexpr void die_refused(Context& c, Outs& out)   { die(c, out, refused); }
constexpr void die_timed_out(Context& c, Outs& out) { die(c, out, timed_out); }
constexpr void die_quietly(Context& c)              { c.unsent = false; c.heard = nothing; if (!c.fd_open) forget(c); }
/// close() with bytes unread: both queues go (RFC 2525 2.17).
constexpr void drop_queues(Context& c, Outs& out) {
  if (c.unread) out.append(Out::unread_lost);
  if (c.unsent) out.append(Out::unsent_lost);
  forget(c);
}

/// recv, peek in any state that has a descriptor.
template <class S>
using Reads = Rows<
  Row<S, user::Recv,     If<has_fd>,             Do<answer_recv>,  Stay, Linux<"tcp_recvmsg_locked">>,
  Row<S, user::RecvPart, If<has_fd, has_unread>, Do<answer_part>,  Stay, Linux<"tcp_recvmsg_locked">>,
  Row<S, user::Peek,     If<has_fd>,             Do<answer_peek>,  Stay, Linux<"tcp_recvmsg_locked MSG_PEEK">>,
  Row<S, user::ShutdownRead, If<has_fd>, Do<stop_listening_to_peer, Out::ok>, Stay, Linux<"inet_shutdown RCV_SHUTDOWN">>>;

/// A write side that is already shut.
template <class S>
using WritesFail = Rows<
  Row<S, user::Send,          If<has_fd>, Do<Out::epipe>, Stay, Linux<"tcp_sendmsg_locked SEND_SHUTDOWN">>,
  Row<S, user::SendHeld,      If<has_fd>, Do<Out::epipe>, Stay, Linux<"tcp_sendmsg_locked SEND_SHUTDOWN">>,
  Row<S, user::ShutdownWrite, If<has_fd>, Do<Out::ok>,    Stay, Linux<"inet_shutdown">>>;

/// A write side that is open.
template <class S, auto... Observed>
using Writes = Rows<
  Row<S, user::Send,     All<If<has_fd>, Unless<has_unsent>>, Do<Observed..., spoke, Out::data, Out::ok>, Stay, Rfc9293<"3.10.2">>,
  Row<S, user::Send,     If<has_fd, has_unsent>,              Do<Observed..., Out::held>,                 Stay, Linux<"tcp_write_xmit">>,
  Row<S, user::SendHeld, If<has_fd>,                          Do<Observed..., hold, Out::held>,           Stay, Linux<"tcp_write_xmit">>>;

/// close(2) with bytes unread, and the abort: RST, whatever the state.
template <class S>
using Aborts = Rows<
  Row<S, user::Close, If<has_fd, has_unread>, Do<Out::rst, drop_queues, Out::ok>, Closed, Rfc2525<"2.17">>,
  Row<S, user::Abort, If<has_fd>,             Do<Out::rst, drop_queues, Out::ok>, Closed, Linux<"tcp_disconnect, SO_LINGER 0">>>;

/// RST at the left edge of the window; RST that answers data of ours.
template <class S, auto Die>
using Resets = Rows<
  Row<S, seg::Rst,      Always,               Do<Die>,      Closed, Rfc9293<"3.10.7.4">>,
  Row<S, seg::RstReply, If<heard_nothing>,    Do<Die>,      Closed, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Unacceptable, Always,           Do<Out::dup_ack>, Stay, Rfc5961<"3.2">>,
  Row<S, timeout::GiveUp, Always,             Do<die_timed_out>, Closed, Rfc9293<"3.8.3">>>;
/// Before the FIN of the peer a number below the window is simply old.
template <class S>
using KeepsWindow = Rows<
  Row<S, seg::RstBelow, Always,               Nothing,      Stay,   Rfc9293<"3.10.7.4">>,
  Row<S, seg::RstReply, Unless<heard_nothing>, Do<Out::ack>, Stay,  Rfc9293<"3.10.7.4">>>;
/// After it Linux takes RCV.NXT - 1 too.
template <class S, auto Die>
using TakesBelow = Rows<
  Row<S, seg::RstBelow, Always,               Do<Die>,      Closed, Linux<"tcp_reset_check">>,
  Row<S, seg::RstReply, Unless<heard_nothing, heard_data>, Do<Die>, Closed, Linux<"tcp_reset_check">>,
  Row<S, seg::RstReply, If<heard_data>,       Do<Out::ack>, Stay,   Rfc9293<"3.10.7.4">>>;

/// An acknowledgment that changes nothing.
template <class S>
using IgnoresAcks = Rows<
  Row<S, seg::Ack,    Always, Nothing, Stay, Rfc9293<"3.10.7.4">>,
  Row<S, seg::AckFin, Always, Nothing, Stay, Rfc9293<"3.10.7.4">>>;
/// The send queue moves: room for an application that may still write.
template <class S>
using Flushes = Rows<
  Row<S, seg::Window, If<has_unsent>,     Do<flush, spoke, Out::unsent_data>,           Stay, Linux<"tcp_write_xmit">>,
  Row<S, seg::Window, Unless<has_unsent>, Do<Out::writable>,                            Stay, Linux<"tcp_check_space">>>;
/// The send queue moves, and behind it goes the FIN that waited.
template <class S>
using FlushesBeforeFin = Rows<
  Row<S, seg::Window, If<has_unsent>,     Do<flush, spoke, Out::unsent_data, Out::fin>, Stay, Linux<"tcp_write_xmit">>,
  Row<S, seg::Window, Unless<has_unsent>, Nothing,                                      Stay, Rfc9293<"3.10.7.4">>>;
template <class S>
using Retransmits = Rows<
  Row<S, timeout::Retransmit, Always, Do<Out::retransmission>, Stay, Rfc9293<"3.8.1">>>;
/// Where there is no connection, every segment but RST is answered by RST.
template <class S>
using Strange = Rows<
  Row<S, seg::SynAck,       Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Ack,          Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::AckFin,       Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Window,       Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Data,         Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Fin,          Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Unacceptable, Always, Do<Out::rst_reply>, Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::Rst,          Always, Nothing,            Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::RstBelow,     Always, Nothing,            Stay, Rfc9293<"3.10.7.1">>,
  Row<S, seg::RstReply,     Always, Nothing,            Stay, Rfc9293<"3.10.7.1">>>;

struct Endpoint : Machine<Endpoint, Context, Out> {
  static constexpr std::string_view name = "tcp-endpoint";
  static constexpr std::string_view output_names[] = {
    "SYN", "SYN,ACK", "ACK", "dup ACK", "DATA", "unsent DATA", "FIN", "RST", "RST reply", "retransmission",
    "ok", "held", "bytes", "eof", "EAGAIN", "EINPROGRESS",
    "ECONNRESET", "EPIPE", "ECONNREFUSED", "ETIMEDOUT", "ENOTCONN",
    "connected", "accepted", "readable", "peer closed", "hang up",
    "late write", "unread lost", "unsent lost", "data for nobody",
    "arm FIN-WAIT-2", "arm TIME-WAIT", "writable"};
  static std::string describe(const Context& context);

  using initial_state = Closed;
  using transition_table = boost::mp11::mp_append<
    Rows<
    //  From         On                   If                 Do                                   To           Source
    Row<Closed,      user::Open,          Unless<has_fd>,    Do<open_fd, Out::syn, Out::in_progress>, SynSent, Rfc9293<"3.10.1">>,
    Row<Closed,      user::Open,          If<has_fd, was_refused>, Do<answer_send_closed>,        Stay,        Linux<"__inet_stream_connect: sock_error">>,
    Row<Closed,      user::Listen,        Unless<has_fd>,    Do<listen_fd, Out::ok>,              Listen,      Rfc9293<"3.10.1">>,
    Row<Closed,      user::Recv,          If<has_fd>,        Do<answer_recv_closed>,              Stay,        Linux<"tcp_recvmsg_locked">>,
    Row<Closed,      user::RecvPart,      If<has_fd, has_unread>, Do<answer_part>,                Stay,        Linux<"tcp_recvmsg_locked">>,
    Row<Closed,      user::Peek,          If<has_fd>,        Do<answer_peek_closed>,              Stay,        Linux<"tcp_recvmsg_locked MSG_PEEK">>,
    Row<Closed,      user::Send,          If<has_fd>,        Do<answer_send_closed>,              Stay,        Linux<"sk_stream_error">>,
    Row<Closed,      user::SendHeld,      If<has_fd>,        Do<answer_send_closed>,              Stay,        Linux<"sk_stream_error">>,
    Row<Closed,      user::ShutdownWrite, If<has_fd>,        Do<Out::enotconn>,                   Stay,        Linux<"inet_shutdown">>,
    Row<Closed,      user::ShutdownRead,  If<has_fd>,        Do<Out::enotconn>,                   Stay,        Linux<"inet_shutdown">>,
    Row<Closed,      user::Close,         If<has_fd>,        Do<forget, Out::ok>,                 Stay,        Rfc9293<"3.10.4">>,
    Row<Closed,      user::Abort,         If<has_fd>,        Do<forget, Out::ok>,                 Stay,        Linux<"tcp_close">>,
    Row<Closed,      seg::Syn,            Always,            Do<Out::rst_reply>,                  Stay,        Rfc9293<"3.10.7.1">>>,
    Strange<Closed>,
    //--- LISTEN ------------------------------------------------------------------------------------------------
    Rows<
    Row<Listen,      seg::Syn,            Always,            Do<Out::syn_ack>,                    SynReceived, Rfc9293<"3.10.7.2">>,
    Row<Listen,      user::Close,         Always,            Do<forget, Out::ok>,                 Closed,      Rfc9293<"3.10.4">>>,
    Strange<Listen>,
    //--- SYN-SENT ----------------------------------------------------------------------------------------------
    Rows<
    Row<SynSent,     seg::SynAck,         Always,            Do<Out::ack, Out::connected>,        Established, Rfc9293<"3.10.7.3">>,
    Row<SynSent,     seg::Syn,            Always,            Do<Out::syn_ack>,                    SynReceived, Rfc9293<"3.10.7.3">>,
    Row<SynSent,     seg::Rst,            Always,            Do<die_refused>,                     Closed,      Linux<"tcp_reset SYN_SENT">>,
    Row<SynSent,     seg::Unacceptable,   Always,            Do<Out::rst_reply>,                  Stay,        Rfc9293<"3.10.7.3">>,
    Row<SynSent,     user::Close,         Always,            Do<forget, Out::ok>,                 Closed,      Rfc9293<"3.10.4">>,
    Row<SynSent,     user::Abort,         Always,            Do<forget, Out::ok>,                 Closed,      Linux<"tcp_disconnect">>,
    Row<SynSent,     user::Recv,          Always,            Do<Out::would_block>,                Stay,        Linux<"tcp_recvmsg_locked">>,
    Row<SynSent,     user::Send,          Always,            Do<Out::would_block>,                Stay,        Linux<"sk_stream_wait_connect">>,
    Row<SynSent,     timeout::GiveUp,     Always,            Do<die_timed_out>,                   Closed,      Rfc9293<"3.8.3">>>,
    Retransmits<SynSent>,
    //--- SYN-RECEIVED ------------------------------------------------------------------------------------------
    Rows<
    Row<SynReceived, seg::Ack,            If<is_passive>,    Do<open_fd, Out::accepted>,          Established, Rfc9293<"3.10.7.4">>,
    Row<SynReceived, seg::Ack,            Unless<is_passive>, Do<Out::connected>,                 Established, Rfc9293<"3.10.7.4">>,
    Row<SynReceived, seg::SynAck,         Unless<is_passive>, Do<Out::ack, Out::connected>,       Established, Rfc9293<"3.10.7.4">>,
    Row<SynReceived, seg::Rst,            If<is_passive>,    Nothing,                             Listen,      Rfc9293<"3.10.7.4">>,
    Row<SynReceived, seg::Rst,            Unless<is_passive>, Do<die_reset>,                      Closed,      Linux<"tcp_reset">>,
    Row<SynReceived, seg::Syn,            Always,            Do<Out::syn_ack>,                    Stay,        Linux<"tcp_check_req">>,
    Row<SynReceived, seg::Unacceptable,   Always,            Do<Out::dup_ack>,                    Stay,        Rfc5961<"4.2">>,
    Row<SynReceived, user::Close,         Always,            Do<forget, Out::ok>,                 Closed,      Linux<"inet_csk_listen_stop">>,
    Row<SynReceived, timeout::GiveUp,     Always,            Do<forget>,                          Closed,      Rfc9293<"3.8.3">>>,
    Retransmits<SynReceived>,
    //--- ESTABLISHED -------------------------------------------------------------------------------------------
    Rows<
    Row<Established, seg::Data,           Always,            Do<queue_data, Out::ack, Out::readable>, Stay,    Rfc9293<"3.10.7.4">>,
    Row<Established, seg::Fin,            Always,            Do<note_fin, Out::ack, tell_fin>, CloseWait, Rfc9293<"3.10.7.4">>,
    Row<Established, user::Close,         Unless<has_unread, has_unsent>, Do<close_fd, Out::fin, Out::ok>, FinWait1, Rfc9293<"3.10.4">>,
    Row<Established, user::Close,         All<If<has_unsent>, Unless<has_unread>>, Do<close_fd, Out::ok>, FinWait1, Linux<"__tcp_close: FIN waits behind the send queue">>,
    Row<Established, user::ShutdownWrite, Unless<has_unsent>, Do<Out::fin, Out::ok>,              FinWait1,    Rfc9293<"3.10.4">>,
    Row<Established, user::ShutdownWrite, If<has_unsent>,    Do<Out::ok>,                         FinWait1,    Linux<"tcp_shutdown">>>,
    Reads<Established>, Writes<Established>, Aborts<Established>, Resets<Established, die_reset>,
    KeepsWindow<Established>, IgnoresAcks<Established>, Flushes<Established>, Retransmits<Established>,
    //--- we closed first ---------------------------------------------------------------------------------------
    Rows<
    Row<FinWait1,    seg::AckFin,         All<If<has_fd>, Unless<has_unsent>>, Nothing,           FinWait2,    Rfc9293<"3.10.7.4">>,
    Row<FinWait1,    seg::AckFin,         Unless<has_fd, has_unsent>, Do<Out::arm_fin_wait_2>,    FinWait2,    Linux<"tcp_fin_timeout">>,
    Row<FinWait1,    seg::Ack,            Always,            Nothing,                             Stay,        Rfc9293<"3.10.7.4">>,
    Row<FinWait1,    seg::Data,           Unless<nobody_reads>, Do<queue_data, Out::ack, Out::readable>, Stay, Rfc9293<"3.10.7.4">>,
    Row<FinWait1,    seg::Data,           If<nobody_reads>,  Do<Out::orphan_data, Out::rst_reply, die_reset>, Closed, Linux<"tcp_rcv_state_process: TCPAbortOnData">>,
    Row<FinWait1,    seg::Fin,            Always,            Do<note_fin, Out::ack, tell_fin>, Closing, Rfc9293<"3.10.7.4">>,
    Row<FinWait1,    user::Close,         All<If<has_fd>, Unless<has_unread>>, Do<close_fd, Out::ok>, Stay,    Linux<"__tcp_close">>,
    Row<FinWait2,    seg::Data,           Unless<nobody_reads>, Do<queue_data, Out::ack, Out::readable>, Stay, Rfc9293<"3.10.7.4">>,
    Row<FinWait2,    seg::Data,           If<nobody_reads>,  Do<Out::orphan_data, Out::rst_reply, die_reset>, Closed, Linux<"tcp_rcv_state_process: TCPAbortOnData">>,
    Row<FinWait2,    seg::Fin,            Always,            Do<note_fin, Out::ack, tell_fin, Out::arm_time_wait>, TimeWait, Rfc9293<"3.10.7.4">>,
    Row<FinWait2,    seg::Window,         Always,            Nothing,                             Stay,        Rfc9293<"3.10.7.4">>,
    Row<FinWait2,    user::Close,         All<If<has_fd>, Unless<has_unread>>, Do<close_fd, Out::arm_fin_wait_2, Out::ok>, Stay, Linux<"__tcp_close, tcp_fin_timeout">>,
    Row<FinWait2,    timeout::FinWait2,   Unless<has_fd>,    Do<forget>,                          Closed,      Linux<"tcp(7) tcp_fin_timeout">>,
    Row<Closing,     seg::AckFin,         Unless<has_unsent>, Do<Out::arm_time_wait>,             TimeWait,    Rfc9293<"3.10.7.4">>,
    Row<Closing,     seg::Ack,            Always,            Nothing,                             Stay,        Rfc9293<"3.10.7.4">>,
    Row<Closing,     user::Close,         All<If<has_fd>, Unless<has_unread>>, Do<close_fd, Out::ok>, Stay,    Linux<"__tcp_close">>>,
    Reads<FinWait1>, WritesFail<FinWait1>, Aborts<FinWait1>, Resets<FinWait1, die_reset>, KeepsWindow<FinWait1>,
    FlushesBeforeFin<FinWait1>, Retransmits<FinWait1>,
    Reads<FinWait2>, WritesFail<FinWait2>, Aborts<FinWait2>, Resets<FinWait2, die_reset>, KeepsWindow<FinWait2>,
    IgnoresAcks<FinWait2>,
    Reads<Closing>, WritesFail<Closing>, Aborts<Closing>, Resets<Closing, die_reset>, TakesBelow<Closing, die_reset>,
    FlushesBeforeFin<Closing>, Retransmits<Closing>,
    //--- the peer closed first ---------------------------------------------------------------------------------
    Rows<
    Row<CloseWait,   user::Close,         All<If<has_fd>, Unless<has_unread, has_unsent>>, Do<close_fd, Out::fin, Out::ok>, LastAck, Rfc9293<"3.10.4">>,
    Row<CloseWait,   user::Close,         All<If<has_fd, has_unsent>, Unless<has_unread>>, Do<close_fd, Out::ok>, LastAck, Linux<"__tcp_close: FIN waits behind the send queue">>,
    Row<CloseWait,   user::ShutdownWrite, Unless<has_unsent>, Do<Out::fin, Out::ok>,              LastAck,     Rfc9293<"3.10.4">>,
    Row<CloseWait,   user::ShutdownWrite, If<has_unsent>,    Do<Out::ok>,                         LastAck,     Linux<"tcp_shutdown">>,
    Row<LastAck,     seg::AckFin,         Unless<has_unsent>, Do<die_quietly>,                    Closed,      Rfc9293<"3.10.7.4">>,
    Row<LastAck,     seg::Ack,            Always,            Nothing,                             Stay,        Rfc9293<"3.10.7.4">>,
    Row<LastAck,     user::Close,         All<If<has_fd>, Unless<has_unread>>, Do<close_fd, Out::ok>, Stay,    Linux<"__tcp_close">>>,
    Reads<CloseWait>, Writes<CloseWait, Out::late_write>, Aborts<CloseWait>, Resets<CloseWait, die_pipe>,
    TakesBelow<CloseWait, die_pipe>, IgnoresAcks<CloseWait>, Flushes<CloseWait>, Retransmits<CloseWait>,
    Reads<LastAck>, WritesFail<LastAck>, Aborts<LastAck>, Resets<LastAck, die_reset>, TakesBelow<LastAck, die_reset>,
    FlushesBeforeFin<LastAck>, Retransmits<LastAck>,
    //--- TIME-WAIT: the descriptor, if open, is already that of a closed socket --------------------------------
    Rows<
    Row<TimeWait,    seg::Syn,            Unless<has_fd>,    Do<reborn, Out::syn_ack>,            SynReceived, Linux<"tcp_timewait_state_process TCP_TW_SYN">>,
    Row<TimeWait,    seg::Unacceptable,   Always,            Do<Out::dup_ack, Out::arm_time_wait>, Stay,       Rfc9293<"3.10.7.4">>,
    Row<TimeWait,    seg::Rst,            Always,            Do<die_quietly>,                     Closed,      Linux<"tcp_timewait_state_process, tcp_rfc1337 = 0">>,
    Row<TimeWait,    seg::RstBelow,       Always,            Nothing,                             Stay,        Linux<"tcp_timewait_state_process">>,
    Row<TimeWait,    seg::RstReply,       If<heard_nothing>, Do<die_quietly>,                     Closed,      Linux<"tcp_timewait_state_process">>,
    Row<TimeWait,    seg::RstReply,       Unless<heard_nothing>, Nothing,                         Stay,        Linux<"tcp_timewait_state_process">>,
    Row<TimeWait,    seg::Window,         Always,            Nothing,                             Stay,        Rfc9293<"3.10.7.4">>,
    Row<TimeWait,    user::Close,         If<has_fd>,        Do<close_fd, Out::ok>,               Stay,        Linux<"__tcp_close on TCP_CLOSE">>,
    Row<TimeWait,    user::Abort,         If<has_fd>,        Do<close_fd, Out::ok>,               Stay,        Linux<"__tcp_close on TCP_CLOSE">>,
    Row<TimeWait,    timeout::TimeWait,   Always,            Do<die_quietly>,                     Closed,      Rfc9293<"3.10.8">>>,
    Reads<TimeWait>, WritesFail<TimeWait>, IgnoresAcks<TimeWait>
  >;
};
// clang-format on

/// The table of an endpoint whose platform keeps (Linux) or discards its receive queue on RST.
const machine::Table& endpoint_table(bool discards_on_rst = false);
std::unique_ptr<machine::Running> running_endpoint(bool discards_on_rst = false);

}  // namespace halfclose::tcp
