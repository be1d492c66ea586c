#include "proofs/witness/proxy_words.hpp"

#include "model/machine/rows.hpp"
#include "model/proxy/exchange.hpp"
#include "model/proxy/pool.hpp"

#include <algorithm>

namespace halfclose::proofs {

namespace {

namespace ex = proxy::exchange;
namespace po = proxy::pool;

void append(std::string& words, const std::string& more) {
  words += (words.empty() ? "" : "; ") + more;
}

std::string words_of(ex::Out output) {
  using enum ex::Out;
  switch (output) {
    case respond:
      return "passes the response on";
    case respond_error:
      return "answers with an error";
    case respond_part:
      return "passes the first part of the response on";
    case respond_rest:
      return "passes the rest of the response on";
    case cut:
      return "cuts the response short";
    case close_downstream:
      return "closes the client's connection";
    case say_close:
      return "says close to the client";
    case drop_upstream:
      return "drops a pooled connection";
    case retried:
      return "retries the request";
    case fail_connect:
    case fail_ended:
    case fail_reset:
    case fail_timeout:
    case fail_overflow:
    case fail_truncated:
    case aborted:
      return std::string(ex::Exchange::output_names[static_cast<std::size_t>(output)]);
    case want:
    case want_last:
    case want_fresh:
    case send_content:
    case cancel:
      return {};  // the pool and the connection say what becomes of it
  }
  return {};
}

/// Which of a run of outputs, one for each client or connection or pair; -1 when it is none of
/// them.
int nth(po::Out output, po::Out first, int count) {
  const int n = static_cast<int>(output) - static_cast<int>(first);
  return n >= 0 && n < count ? n : -1;
}

/// The client that the event makes wait, unless the pool does something else with it; or -1.
template <int I> bool wants(machine::EventId event) {
  using machine::event_id;
  return event == event_id<po::Pool, po::owner::Want<I>>() ||
         event == event_id<po::Pool, po::owner::WantLast<I>>() ||
         event == event_id<po::Pool, po::owner::WantFresh<I>>();
}

std::string connection(int k) {
  return std::string("connection ") + (k == 0 ? "a" : "b");
}

}  // namespace

std::string exchange_words(const std::vector<machine::OutputId>& outputs) {
  std::string words;
  for (const machine::OutputId output : outputs) {
    if (const std::string said = words_of(static_cast<ex::Out>(output)); !said.empty())
      append(words, said);
  }
  return words;
}

std::string pool_words(machine::EventId event, const std::vector<machine::OutputId>& outputs,
                       bool two_clients) {
  auto client = [&](int i) { return two_clients ? " for client " + std::to_string(i + 1) : ""; };
  auto has = [&](po::Out output) {
    return std::find(outputs.begin(), outputs.end(), static_cast<machine::OutputId>(output)) !=
           outputs.end();
  };
  std::string words;
  int waits = wants<0>(event) ? 0 : wants<1>(event) ? 1 : -1;
  for (const machine::OutputId each : outputs) {
    const auto output = static_cast<po::Out>(each);
    const int plain = nth(output, po::Out::attach_1a, 4);
    const int last = nth(output, po::Out::attach_last_1a, 4);
    if (const int pair = std::max(plain, last); pair >= 0) {
      const int i = pair / 2;
      const bool used = has(po::of(po::Out::reused_1, i));
      append(words, (used ? "takes pooled " : "opens ") + connection(pair % 2) + client(i) +
                        (last >= 0 ? ", and says close on it" : ""));
      if (i == waits) waits = -1;
    }
    if (const int k = nth(output, po::Out::abandon_a, 2); k >= 0)
      append(words, "gives " + connection(k) + " up");
    if (const int k = nth(output, po::Out::next_loop_a, 2); k >= 0)
      append(words, connection(k) + " is free from the next turn of the loop on");
    if (const int i = nth(output, po::Out::overflow_1, 2); i >= 0) {
      append(words, "has no room" + client(i));
      if (i == waits) waits = -1;
    }
  }
  if (waits >= 0) append(words, "has no connection yet" + client(waits));
  return words;
}

}  // namespace halfclose::proofs
