#include "runtime/core/metrics.hpp"

#include <iterator>
#include <string_view>

namespace halfclose::runtime {

namespace {

/// Series of one name stand next to each other, and the first has the help.
template <class Numbers> struct Series {
  const char* name;
  const char* labels;
  const char* help;
  Counter Numbers::*number;
};
constexpr Series<Counters> kCounters[] = {
    {"clients_accepted_total", "", "Connections of clients that were accepted",
     &Counters::clients_accepted},
    {"clients_refused_total", "", "Connections of clients closed at once: there were too many",
     &Counters::clients_refused},
    {"requests_total", "", "Requests read, malformed ones included", &Counters::requests},
    {"responses_total", "", "Requests that had a response, whole or cut short",
     &Counters::responses},
    {"upstream_connects_total", "", "Connections to servers begun", &Counters::connects},
    {"upstream_connect_timeouts_total", "", "Connections to servers that took too long",
     &Counters::connect_timeouts},
    {"upstream_no_room_total", "",
     "Times that no connection to a server could be begun: no descriptor, port or memory was left",
     &Counters::no_room},
    {"upstream_shunned_total", "", "Times that an address began to be passed over",
     &Counters::shunned},
    {"upstream_reuses_total", "", "Requests that took a pooled connection", &Counters::reuses},
    {"retries_total", "", "Requests sent again", &Counters::retries},
    {"waits_total", "", "Requests that waited for a connection to a server", &Counters::waited},
    {"upstream_failures_total", "reason=\"connect\"",
     "Requests that failed on their way, for good: UF, UC, UR, UT, UO and UPE of the access log",
     &Counters::failed_connect},
    {"upstream_failures_total", "reason=\"ended\"", "", &Counters::failed_ended},
    {"upstream_failures_total", "reason=\"reset\"", "", &Counters::failed_reset},
    {"upstream_failures_total", "reason=\"timeout\"", "", &Counters::failed_timeout},
    {"upstream_failures_total", "reason=\"overflow\"", "", &Counters::failed_overflow},
    {"upstream_failures_total", "reason=\"truncated\"", "", &Counters::failed_truncated},
    {"clients_gone_total", "", "Clients that were gone before their response was (DC)",
     &Counters::clients_gone},
    {"cut_off_total", "", "Requests that the end of a grace cut off (LR)", &Counters::cut_off},
    {"malformed_total", "", "Messages that are not HTTP, of clients and servers",
     &Counters::malformed},
    {"stale_connections_total", "seen=\"in-pool\"",
     "Pooled connections whose server had ended them: seen before their next use, by a look right "
     "before it, or by the request that was lost on them",
     &Counters::stale_in_pool},
    {"stale_connections_total", "seen=\"on-peek\"", "", &Counters::stale_on_peek},
    {"stale_connections_total", "seen=\"in-use\"", "", &Counters::stale_in_use},
    {"unsolicited_total", "", "Pooled connections on which a server spoke unasked",
     &Counters::unsolicited},
    {"informational_total", "", "Informational responses passed on", &Counters::informational},
    {"upstream_announced_total", "",
     "Responses of servers that end their connection, by the close option or without length",
     &Counters::told_to_close},
    {"closes_total", "reason=\"idle\"",
     "Connections of clients that the proxy closed; announced: a response had said so",
     &Counters::closes_idle},
    {"closes_total", "reason=\"age\"", "", &Counters::closes_age},
    {"closes_total", "reason=\"announced\"", "", &Counters::closes_announced},
    {"closes_total", "reason=\"shutdown\"", "", &Counters::closes_shutdown},
    {"lingering_closes_total", "", "Closes that read on behind their FIN", &Counters::lingered},
    {"early_responses_total", "", "Responses sent before their request was read to the end",
     &Counters::answered_early},
};
constexpr Series<Gauges> kGauges[] = {
    {"open_connections", "side=\"client\"", "Connections that are open", &Gauges::clients},
    {"open_connections", "side=\"server\"", "", &Gauges::servers},
    {"pooled_connections", "", "Connections to servers that have no request", &Gauges::pooled},
    {"waiting_requests", "", "Requests that wait for a connection to a server", &Gauges::waiting},
};
constexpr const char* kResets = "connection_resets_total";

// A number without a line here would be counted for nobody.
static_assert(sizeof(Counters) == sizeof(Counter) * std::size(kCounters) +
                                      sizeof(Counters::client_resets) +
                                      sizeof(Counters::server_resets));
static_assert(sizeof(Gauges) == sizeof(Counter) * std::size(kGauges));

void write_meaning(std::string& out, std::string_view name, const char* help, const char* type) {
  out.append("# HELP halfclose_").append(name).append(" ").append(help);
  out.append("\n# TYPE halfclose_").append(name).append(" ").append(type).append("\n");
}
void write_value(std::string& out, std::string_view name, std::string_view labels,
                 std::uint64_t value) {
  out.append("halfclose_").append(name);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(" ").append(std::to_string(value)).append("\n");
}

template <class Numbers, std::size_t N>
void write_all(std::string& out, const Series<Numbers> (&all)[N], const Numbers& numbers,
               const char* type) {
  for (const Series<Numbers>& one : all) {
    if (*one.help != '\0') write_meaning(out, one.name, one.help, type);
    write_value(out, one.name, one.labels, numbers.*one.number);
  }
}

/// In the words of the machine that stood there: docs/reference/machines has its states.
template <class Machine>
void write_resets(std::string& out, std::string_view side, const ByState<Machine>& resets) {
  std::size_t at = 0;
  boost::mp11::mp_for_each<
      boost::mp11::mp_transform<boost::mp11::mp_identity, machine::StatesOf<Machine>>>(
      [&](auto state) {
        const std::string labels = "side=\"" + std::string(side) + "\",state=\"" +
                                   std::string(decltype(state)::type::name) + "\"";
        write_value(out, kResets, labels, resets[at++]);
      });
}

}  // namespace

void Counters::add(const Counters& more) {
  for (const auto& one : kCounters)
    this->*one.number += more.*one.number;
  for (std::size_t i = 0; i < client_resets.size(); ++i)
    client_resets[i] += more.client_resets[i];
  for (std::size_t i = 0; i < server_resets.size(); ++i)
    server_resets[i] += more.server_resets[i];
}

void Gauges::add(const Gauges& more) {
  for (const auto& one : kGauges)
    this->*one.number += more.*one.number;
}

std::string metrics_text(const Totals& totals) {
  std::string out;
  write_all(out, kCounters, totals.counters, "counter");
  write_meaning(out, kResets, "Connections that broke, by side and by state of our end", "counter");
  write_resets<http1::server::ServerConnection>(out, "client", totals.counters.client_resets);
  write_resets<http1::client::ClientConnection>(out, "server", totals.counters.server_resets);
  write_meaning(out, "reloads_total", "Reloads of the chain file", "counter");
  write_value(out, "reloads_total", "result=\"taken\"", totals.reloads);
  write_value(out, "reloads_total", "result=\"refused\"", totals.reloads_refused);
  write_all(out, kGauges, totals.gauges, "gauge");
  write_meaning(out, "draining", "Whether it takes no new connections any more", "gauge");
  write_value(out, "draining", "", totals.draining ? 1 : 0);
  return out;
}

}  // namespace halfclose::runtime
