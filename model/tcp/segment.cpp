#include "model/tcp/segment.hpp"

#include <string_view>

namespace halfclose::tcp {

std::string Segment::text() const {
  std::string flags;
  auto say = [&](bool is, std::string_view word) {
    if (!is) return;
    if (!flags.empty()) flags += ',';
    flags += word;
  };
  say(length > 0, "DATA");
  say(syn, "SYN");
  say(fin, "FIN");
  say(rst, "RST");
  say(acks && length == 0, "ACK");  // every DATA has it

  std::string text = flags + " seq=" + std::to_string(relative(seq));
  if (acks) text += " ack=" + std::to_string(relative(ack));
  if (length > 0) text += " len=" + std::to_string(length);
  if (pure_ack() && window == 0) text += " win=0";
  return text;
}

bool Selector::matches(const Segment& segment) const {
  if (syn && !segment.syn) return false;
  if (data && segment.length == 0) return false;
  if (fin && !segment.fin) return false;
  if (rst && !segment.rst) return false;
  const bool ack_alone = ack && !syn && !data && !fin && !rst;
  if (ack_alone ? !segment.pure_ack() : ack && !segment.acks) return false;
  if (seq && *seq != relative(segment.seq)) return false;
  if (ack_number && (!segment.acks || *ack_number != relative(segment.ack))) return false;
  return !length || *length == segment.length;
}

std::optional<std::size_t> Selector::find_in(const std::vector<Segment>& segments) const {
  std::size_t matched = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (matches(segments[i]) && ++matched == occurrence) return i;
  }
  return std::nullopt;
}

}  // namespace halfclose::tcp
