#include "model/tcp/kernel.hpp"

#include <algorithm>
#include <utility>

namespace halfclose::tcp {

namespace {
constexpr std::uint32_t kTinyWindowBytes = 536;  // Linux, TCP_MSS_DEFAULT
}

std::string CallResult::text() const {
  if (!said) return "EBADF";
  if (*said == Out::eof) return "0";
  if (bytes > 0) return std::to_string(bytes);
  return std::string(Endpoint::output_names[static_cast<std::size_t>(*said)]);
}

std::string Readiness::text() const {
  std::string text;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!text.empty()) text += ',';
    text += word;
  };
  say(in, "IN");
  say(out, "OUT");
  say(err, "ERR");
  say(hup, "HUP");
  say(rdhup, "RDHUP");
  return text.empty() ? "none" : text;
}

void Kernel::set_nodelay() {
  nodelay_ = true;
  push();
}

bool Kernel::set_window(std::uint32_t bytes) {
  if (!in<Closed>()) return false;
  window_ = bytes;
  return true;
}

bool Kernel::set_mss(std::uint32_t bytes) {
  if (!in<Closed>()) return false;
  mss_ = bytes;
  return true;
}

bool Kernel::set_discards_on_rst() {
  if (cursor_.local() != machine::Cursor(*table_).local() || incarnation_ > 0) return false;
  table_ = &endpoint_table(true);
  cursor_ = machine::Cursor(*table_);
  return true;
}

CallResult Kernel::call(Call call, std::uint32_t bytes) {
  said_.reset();
  std::uint32_t moved = 0;
  switch (call) {
    case Call::connect:
      fire<user::Open>();
      break;
    case Call::listen:
      fire<user::Listen>();
      break;
    case Call::send:
      moved = send(bytes);
      break;
    case Call::recv:
      moved = receive(bytes);
      break;
    case Call::peek:
      fire<user::Peek>();
      if (said_ == Out::bytes) moved = rcv_.unread;
      break;
    case Call::shutdown_write:
      fire<user::ShutdownWrite>();
      break;
    case Call::shutdown_read:
      fire<user::ShutdownRead>();
      break;
    case Call::close:
    case Call::abort:
      call == Call::close ? fire<user::Close>() : fire<user::Abort>();
      if (said_) rcv_.unread = 0;
      break;
  }
  push();  // a FIN that waits behind the send queue turns Nagle off
  return {said_, moved};
}

bool Kernel::expire(Timer timer) {
  switch (timer) {
    case Timer::fin_wait_2:
      return fire<timeout::FinWait2>();
    case Timer::time_wait:
      return fire<timeout::TimeWait>();
    case Timer::retransmit:
      return (snd_.una < snd_.nxt || snd_.unsent > 0 || snd_.fin_due) &&
             fire<timeout::Retransmit>();
    case Timer::give_up:
      return fire<timeout::GiveUp>();
  }
  return false;
}

void Kernel::arrive(const Segment& segment) {
  arriving_ = segment;
  if (in<Closed>() || in<Listen>()) {
    arrive_unconnected(segment);
  } else if (in<SynSent>()) {
    arrive_syn_sent(segment);
  } else {
    arrive_connected(segment);
  }
  push();
  // One ACK for all that the segment brought, unless data or a FIN has carried it.
  if (ack_due_) emit({.seq = snd_.nxt, .acks = true});
}

std::vector<Segment> Kernel::take_emitted() {
  return std::exchange(emitted_, {});
}

// What the calls would return, asked of the table without making them.
Readiness Kernel::readiness() const {
  const machine::Cell& recv = look<user::Recv>();
  const machine::Cell& recv_again =
      table_->at(recv.next, machine::event_id<Endpoint, user::Recv>());
  const machine::Cell& send = look<user::Send>();
  const auto received = result_of(recv);
  const auto drained = received == Out::bytes ? result_of(recv_again) : received;
  const auto sent = result_of(send);
  if (!received) return {};

  Readiness ready;
  ready.in = received != Out::would_block;
  ready.out = sent != Out::would_block;
  ready.rdhup = drained != Out::would_block;
  ready.hup = ready.rdhup && sent != Out::ok && sent != Out::held;
  // A send that tells a pending error leaves another local state behind.
  ready.err = in<Closed>() && send.next != cursor_.local();
  return ready;
}

std::uint32_t Kernel::unacknowledged() const {
  if (snd_.una == snd_.nxt) return snd_.unsent;
  const Sequence control = (snd_.una == snd_.isn ? 1 : 0) + (snd_.fin_sent ? 1 : 0);
  return static_cast<std::uint32_t>(snd_.nxt - snd_.una - control) + snd_.unsent;
}

bool Kernel::emits(const machine::Cell& cell, Out output) const {
  const auto& outputs = table_->outputs_of(cell);
  return std::find(outputs.begin(), outputs.end(), static_cast<machine::OutputId>(output)) !=
         outputs.end();
}

std::optional<Out> Kernel::result_of(const machine::Cell& cell) const {
  for (const machine::OutputId id : table_->outputs_of(cell)) {
    const auto output = static_cast<Out>(id);
    if (output >= Out::ok && output <= Out::enotconn) return output;
  }
  return std::nullopt;
}

bool Kernel::step(machine::EventId event) {
  const machine::Cell& cell = cursor_.step(event);
  for (const machine::OutputId output : table_->outputs_of(cell)) {
    perform(static_cast<Out>(output));
  }
  if (const auto result = result_of(cell)) said_ = result;
  if (in<Closed>()) {
    snd_.unsent = 0;
    snd_.fin_due = false;
    snd_.una = snd_.nxt;
    rcv_.out_of_order.clear();
    rcv_.fin_at.reset();
  }
  return cell.verdict == machine::Verdict::taken;
}

void Kernel::perform(Out output) {
  switch (output) {
    case Out::syn:
      begin_incarnation();
      emit({.seq = snd_.isn, .mss = mss_, .syn = true});
      snd_.nxt = snd_.isn + 1;
      break;
    case Out::syn_ack:
      emit({.seq = snd_.isn, .mss = mss_, .syn = true, .acks = true});
      snd_.nxt = snd_.isn + 1;
      break;
    case Out::ack:
    case Out::dup_ack:
      ack_due_ = true;
      break;
    case Out::data:
      transmit(sendable());
      break;
    case Out::unsent_data:
      transmit(snd_.unsent);
      break;
    case Out::fin:
      snd_.fin_due = true;
      send_fin();
      break;
    case Out::rst:
      emit({.seq = snd_.nxt, .acks = true, .rst = true});
      break;
    case Out::rst_reply:
      reply_rst();
      break;
    case Out::retransmission:
      retransmit();
      break;
    case Out::unread_lost:
      rcv_.unread = 0;
      break;
    default:
      break;  // results, readiness, observations and timers count nothing
  }
}

void Kernel::begin_incarnation() {
  snd_ = {};
  rcv_ = {};
  snd_.isn = snd_.una = snd_.nxt = isn_of(++incarnation_);
}

void Kernel::synchronize(const Segment& syn) {
  rcv_.isn = syn.seq;
  rcv_.nxt = syn.seq + 1;
  rcv_.edge = rcv_.nxt + window_;
  snd_.edge = snd_.isn + 1 + syn.window;
  snd_.remote_mss = syn.mss;
  snd_.remote_window_max = syn.window;
}

// --- the calls that move bytes
// ---------------------------------------------------------------------

std::uint32_t Kernel::send(std::uint32_t bytes) {
  snd_.unsent += bytes;
  if (emits(look<user::Send>(), Out::data) && sendable() == 0) {
    fire<user::SendHeld>();
  } else {
    fire<user::Send>();
    // What window, Nagle or MSS keep back is a second, held send to the table.
    if (said_ == Out::ok && snd_.unsent > 0) fire<user::SendHeld>();
  }
  if (said_ == Out::ok || said_ == Out::held) return bytes;
  if (snd_.unsent >= bytes) snd_.unsent -= bytes;
  return 0;
}

std::uint32_t Kernel::receive(std::uint32_t bytes) {
  const bool part = bytes > 0 && bytes < rcv_.unread;
  const std::uint32_t taken = part ? bytes : rcv_.unread;
  part ? fire<user::RecvPart>() : fire<user::Recv>();
  if (said_ != Out::bytes) return 0;
  rcv_.unread -= taken;
  update_window();
  return taken;
}

// The rule of Linux tcp_cleanup_rbuf: tell a window that was half shut and has doubled.
void Kernel::update_window() {
  if (!emits(look<seg::Data>(), Out::ack)) return;
  const Sequence told = rcv_.edge - rcv_.nxt;
  if (2 * told > window_) return;
  const std::uint32_t now = advertise();
  if (now > 0 && now >= 2 * told) emit({.seq = snd_.nxt, .acks = true, .news = true});
}

// --- a segment becomes events
// ----------------------------------------------------------------------

void Kernel::arrive_unconnected(const Segment& segment) {
  if (segment.rst) {
    fire<seg::Rst>();
  } else if (segment.syn) {
    segment.acks ? void(fire<seg::SynAck>()) : take_syn(segment);
  } else if (segment.length > 0) {
    fire<seg::Data>();
  } else {
    segment.fin ? fire<seg::Fin>() : fire<seg::Ack>();
  }
}

// RFC 9293 3.10.7.3.
void Kernel::arrive_syn_sent(const Segment& segment) {
  if (segment.acks && segment.ack != snd_.nxt) {
    if (!segment.rst) fire<seg::Unacceptable>();
  } else if (segment.rst) {
    if (segment.acks) fire<seg::Rst>();
  } else if (segment.syn && segment.acks) {
    synchronize(segment);
    snd_.una = segment.ack;
    fire<seg::SynAck>();
  } else if (segment.syn) {
    take_syn(segment);
  }
}

// RFC 9293 3.10.7.4, in its order: RST, SYN, sequence number, ACK, text and FIN.
void Kernel::arrive_connected(const Segment& segment) {
  if (segment.rst) return take_rst(segment);
  if (segment.syn) return take_late_syn(segment);
  if (segment.end() < rcv_.nxt || segment.seq > rcv_.edge) {
    fire<seg::Unacceptable>();
    return;
  }
  if (take_ack(segment) && segment.end() > segment.seq) take_text(segment);
}

// A SYN without ACK. LISTEN and TIME-WAIT begin with it, SYN-SENT opens simultaneously.
void Kernel::take_syn(const Segment& segment) {
  if (emits(look<seg::Syn>(), Out::syn_ack)) {
    if (!in<SynSent>()) begin_incarnation();
    synchronize(segment);
  }
  fire<seg::Syn>();
}

void Kernel::take_late_syn(const Segment& segment) {
  if (in<SynReceived>() && segment.seq == rcv_.isn && !segment.acks) {
    fire<seg::Syn>();
  } else if (in<SynReceived>() && segment.seq == rcv_.isn && segment.ack == snd_.nxt) {
    snd_.una = segment.ack;
    fire<seg::SynAck>();
  } else if (in<TimeWait>() && !segment.acks && segment.seq > rcv_.nxt) {
    take_syn(segment);
  } else {
    fire<seg::Unacceptable>();
  }
}

// RFC 5961 3.2, and Linux tcp_reset_check for the number before RCV.NXT. Any other RST is ignored.
void Kernel::take_rst(const Segment& segment) {
  if (segment.seq == rcv_.nxt) {
    fire<seg::Rst>();
  } else if (segment.seq + 1 == rcv_.nxt) {
    fire<seg::RstBelow>();
  } else if (segment.seq > rcv_.nxt && segment.seq <= rcv_.edge) {
    fire<seg::Unacceptable>();
  }
}

// Returns whether the text of the segment counts too.
bool Kernel::take_ack(const Segment& segment) {
  if (!segment.acks) return false;
  const bool opens = in<SynReceived>();
  // Never beyond SND.NXT: numbers only grow, so the remote has no later ones of ours to
  // acknowledge. Open: in SYN-RECEIVED 3.10.7.4 answers an old ACK by RST; the table knows only the
  // challenge.
  if (opens && segment.ack != snd_.nxt) {
    fire<seg::Unacceptable>();
    return false;
  }
  const bool new_to_us = segment.ack > snd_.una;
  snd_.una = std::max(snd_.una, segment.ack);
  snd_.edge = std::max(snd_.edge, segment.ack + segment.window);
  snd_.remote_window_max = std::max(snd_.remote_window_max, segment.window);
  if (new_to_us && snd_.fin_sent && snd_.una == snd_.nxt) {
    fire<seg::AckFin>();
  } else {
    fire<seg::Ack>();
  }
  return !in<Closed>();
}

void Kernel::take_text(const Segment& segment) {
  if (segment.end() <= rcv_.nxt) {
    fire<seg::Unacceptable>();
    return;
  }
  // An orphan does not wait for the bytes before: new data kills it, in order or not.
  if (segment.length > 0 && segment.text_end() > rcv_.nxt &&
      emits(look<seg::Data>(), Out::orphan_data)) {
    fire<seg::Data>();
    return;
  }
  if (segment.length > 0) {
    Sequence& end = rcv_.out_of_order[segment.seq];
    end = std::max(end, segment.text_end());
  }
  if (segment.fin) rcv_.fin_at = segment.text_end();

  const Sequence before = rcv_.nxt;
  while (!rcv_.out_of_order.empty() && rcv_.out_of_order.begin()->first <= rcv_.nxt) {
    rcv_.nxt = std::max(rcv_.nxt, rcv_.out_of_order.begin()->second);
    rcv_.out_of_order.erase(rcv_.out_of_order.begin());
  }
  const auto arrived = static_cast<std::uint32_t>(rcv_.nxt - before);
  const bool ended = rcv_.fin_at == rcv_.nxt;
  if (arrived == 0 && !ended) {
    fire<seg::Unacceptable>();
    return;
  }
  if (arrived > 0) {
    rcv_.unread += arrived;
    fire<seg::Data>();
  }
  if (ended) {
    ++rcv_.nxt;
    rcv_.fin_at.reset();
    fire<seg::Fin>();
  }
}

// --- outputs become segments
// -----------------------------------------------------------------------

// Lets the send queue move. Only when all of it may leave does the table learn of it: to the table
// the queue is empty or not.
void Kernel::push() {
  send_fin();
  if (snd_.unsent == 0 || !emits(look<seg::Window>(), Out::unsent_data)) return;
  const std::uint32_t bytes = sendable();
  if (bytes == snd_.unsent) {
    fire<seg::Window>();
  } else {
    transmit(bytes);
  }
}

// A FIN takes one number of the window, as in Linux tcp_snd_wnd_test: it waits for a shut one to
// open.
void Kernel::send_fin() {
  if (!snd_.fin_due || snd_.nxt >= snd_.edge) return;
  // As in tcp_send_fin, it rides on the data it waited behind.
  if (!emitted_.empty() && emitted_.back().length > 0 && emitted_.back().end() == snd_.nxt) {
    emitted_.back().fin = true;
  } else {
    emit({.seq = snd_.nxt, .acks = true, .fin = true});
  }
  ++snd_.nxt;
  snd_.fin_due = false;
  snd_.fin_sent = true;
}

std::uint32_t Kernel::sendable() const {
  const bool fin_waits = emits(look<seg::Window>(), Out::fin);
  // Minshall's form of Nagle, as in Linux tcp_nagle_check: one short segment unacknowledged at a
  // time.
  const bool holds_short = !nodelay_ && !fin_waits && snd_.small_end > snd_.una;
  const std::uint32_t mss = send_mss();
  std::uint32_t bytes = 0;
  while (bytes < snd_.unsent) {
    const std::uint32_t length = std::min(snd_.unsent - bytes, mss);
    if (snd_.nxt + bytes + length > snd_.edge) break;
    if (length < mss && holds_short) break;
    bytes += length;
  }
  return bytes;
}

// Linux tcp_bound_to_half_wnd: two segments fit any window, unless it is tiny.
std::uint32_t Kernel::send_mss() const {
  const std::uint32_t most = snd_.remote_window_max;
  const std::uint32_t bound = most > kTinyWindowBytes ? most / 2 : std::max(most, 1U);
  return std::min({mss_, snd_.remote_mss, bound});
}

void Kernel::transmit(std::uint32_t bytes) {
  const std::uint32_t mss = send_mss();
  while (bytes > 0) {
    const std::uint32_t length = std::min(bytes, mss);
    emit({.seq = snd_.nxt, .length = length, .acks = true});
    snd_.nxt += length;
    snd_.unsent -= length;
    bytes -= length;
    if (length < mss) snd_.small_end = snd_.nxt;
  }
}

// The oldest segment that is not acknowledged; a window probe when only the window is waited for.
void Kernel::retransmit() {
  const Sequence data_end = snd_.nxt - (snd_.fin_sent ? 1 : 0);
  if (snd_.una == snd_.isn) {
    emit({.seq = snd_.isn, .mss = mss_, .syn = true, .acks = in<SynReceived>()});
  } else if (snd_.una == snd_.nxt) {
    emit({.seq = snd_.una - 1, .acks = true});
  } else if (snd_.una < data_end) {
    const auto left = static_cast<std::uint32_t>(data_end - snd_.una);
    emit({.seq = snd_.una, .length = std::min(left, send_mss()), .acks = true});
  } else {
    emit({.seq = snd_.una, .acks = true, .fin = true});
  }
}

// RFC 9293 3.10.7.1.
void Kernel::reply_rst() {
  Segment reply{.rst = true};
  if (arriving_.acks) {
    reply.seq = arriving_.ack;
  } else {
    reply.acks = true;
    reply.ack = arriving_.end();
  }
  emitted_.push_back(reply);
}

std::uint32_t Kernel::advertise() {
  const std::uint32_t unread = std::min(rcv_.unread, window_);
  const std::uint32_t free = window_ - unread;
  // Linux __tcp_select_window: less than a segment is not worth telling.
  const bool worth = free >= std::min(mss_, window_);
  if (worth) rcv_.edge = std::max(rcv_.edge, rcv_.nxt + free);
  return rcv_.edge > rcv_.nxt ? static_cast<std::uint32_t>(rcv_.edge - rcv_.nxt) : 0;
}

void Kernel::emit(Segment segment) {
  segment.window = segment.acks ? advertise() : window_;
  if (segment.acks) {
    segment.ack = rcv_.nxt;
    segment.news = segment.news || (segment.pure_ack() && rcv_.nxt > rcv_.acked);
    rcv_.acked = std::max(rcv_.acked, rcv_.nxt);
    ack_due_ = false;
  }
  emitted_.push_back(segment);
}

}  // namespace halfclose::tcp
