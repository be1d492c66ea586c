#include "cli/machine_entries.hpp"

#include "model/http1/client_connection.hpp"
#include "model/http1/server_connection.hpp"
#include "model/monitor/bearer.hpp"
#include "model/monitor/hop_observer.hpp"
#include "model/monitor/request_observer.hpp"
#include "model/net/middlebox.hpp"
#include "model/proxy/caller.hpp"
#include "model/proxy/exchange.hpp"
#include "model/proxy/origin.hpp"
#include "model/proxy/pool.hpp"
#include "model/tcp/endpoint.hpp"

namespace halfclose::cli {

namespace {

using machine::Table;

std::vector<Table> server_tables() {
  using namespace http1::server;
  std::vector<Table> tables;
  for (const CloseStyle style :
       {CloseStyle::plain, CloseStyle::delayed, CloseStyle::half_close_drain,
        CloseStyle::half_close_wait, CloseStyle::drain_then_fin}) {
    for (const AgeClose age : {AgeClose::announced, AgeClose::drain_then_close, AgeClose::plain}) {
      for (const bool flag : {false, true}) {
        const auto expectation = flag ? OnExpectation::at_once : OnExpectation::close;
        tables.push_back(connection_table({.close_style = style,
                                           .age_close = age,
                                           .early_closes = flag,
                                           .idle_drains = flag,
                                           .idle_408 = flag,
                                           .idle_starts_buffered = flag,
                                           .shutdown_announced = flag,
                                           .reads_during_close = flag,
                                           .aborts_half_closed = flag,
                                           .limits_requests = flag,
                                           .closes_unannounced = !flag,
                                           .close_delimited = flag,
                                           .on_expectation = expectation}));
        tables.push_back(connection_table({.close_style = style,
                                           .age_close = age,
                                           .early_closes = !flag,
                                           .idle_drains = flag,
                                           .idle_starts_buffered = !flag}));
      }
    }
  }
  return tables;
}

std::vector<Table> client_tables() {
  using namespace http1::client;
  return {
      connection_table({}),
      connection_table({.write_error_fatal = false,
                        .closes_when_early = true,
                        .peeks = true,
                        .limits_requests = true,
                        .attaches_later = true,
                        .honours_close = false}),
      connection_table(
          {.watches = false, .pipelines = true, .half_closes = true, .limits_requests = true}),
      connection_table({.write_error_fatal = false, .pipelines = true}),
      connection_table({.peeks = true, .waits_for_close = true, .closes_on_removal = true}),
      connection_table({.ages_when_freed = true}),
      connection_table({.pipelines = true,
                        .attaches_later = true,
                        .honours_close = false,
                        .idle_from_start = true}),
      connection_table({.peeks = true, .honours_close = false}),
      connection_table({.honours_close = false}),
      connection_table({.expects_continue = true}),
      connection_table({.expects_continue = true, .omits_content = true}),
      connection_table({.honours_close = false, .expects_continue = true}),
      connection_table({.honours_close = false, .expects_continue = true, .omits_content = true}),
      connection_table({.write_error_fatal = false,
                        .closes_when_early = true,
                        .peeks = true,
                        .limits_requests = true,
                        .honours_close = false,
                        .waits_for_close = true,
                        .closes_on_removal = true,
                        .expects_continue = true}),
      connection_table({.limits_requests = true,
                        .waits_for_close = true,
                        .closes_on_removal = true,
                        .expects_continue = true})};
}

std::vector<Table> exchange_tables() {
  using namespace proxy::exchange;
  const Profile retries{.on_connect_failure = true,
                        .on_reset = true,
                        .on_empty_response = true,
                        .on_timeout = true,
                        .on_unwritten = true,
                        .fresh_connection = true,
                        .tries = 2};
  Profile buffers = retries;
  buffers.buffers_request = buffers.reused_is_free = buffers.fails_silently = true;
  buffers.fresh_connection = false;
  Profile careful = retries;
  careful.on_reset = careful.on_timeout = false;
  careful.only_reused = true;
  Profile patient = retries;
  patient.keeps_content = patient.pauses = true;
  Profile other_method = retries;
  other_method.method = false;
  return {
      exchange_table({}),
      exchange_table(retries),
      exchange_table(buffers),
      exchange_table(careful),
      exchange_table(patient),
      exchange_table(other_method),
      exchange_table(
          {.forwards_close = true, .mirrors_origin_close = true, .mirrors_client_close = true})};
}

std::vector<Table> pool_tables() {
  using namespace proxy::pool;
  std::vector<Table> tables;
  for (const std::uint8_t slots : {std::uint8_t{kSlots}, std::uint8_t{1}}) {
    for (const bool queues : {true, false}) {
      for (const bool next_loop : {false, true}) {
        for (const bool fifo : {false, true})
          tables.push_back(
              pool_table({.fifo = fifo, .next_loop = next_loop, .queues = queues, .slots = slots}));
      }
    }
  }
  tables.push_back(pool_table({.keeps_cancelled = true}));
  return tables;
}

std::vector<Table> caller_tables() {
  using namespace proxy::caller;
  return {caller_table({}), caller_table({.content = true}),
          caller_table({.content = true, .goes_away = false, .manages = false})};
}

std::vector<Table> request_observer_tables() {
  using namespace monitor::request;
  return {request_observer_table({}), request_observer_table({.attempts = 1}),
          request_observer_table({.attempts = 3}), request_observer_table({.chained = true}),
          request_observer_table({.attempts = 1, .only_new = true})};
}

}  // namespace

const std::vector<MachineEntry>& machine_entries() {
  static const std::vector<MachineEntry> all = {
      {"tcp-endpoint", "one end of a TCP connection: RFC 9293 with the rules of Linux",
       [] {
         return std::vector<Table>{tcp::endpoint_table(false), tcp::endpoint_table(true)};
       }},
      {"http1-server", "the server's end of an HTTP/1.1 connection", server_tables},
      {"http1-client", "the client's end of an HTTP/1.1 connection", client_tables},
      {"hop-observer", "what one hop shows: its outputs are the races and guarantees",
       [] { return std::vector<Table>{monitor::hop_observer_table()}; }},
      {"proxy-exchange", "one request across a proxy: sent, answered, retried, failed",
       exchange_tables},
      {"proxy-pool", "a proxy's pool: which request gets which connection, and when", pool_tables},
      {"proxy-caller", "any client of a proxy: asks, sends its content late, goes away",
       caller_tables},
      {"proxy-origin", "any upstream connection of a proxy: answers, ends, fails",
       [] { return std::vector<Table>{proxy::origin::origin_table()}; }},
      {"middlebox", "what stands on the way and forgets silent connections",
       [] {
         return std::vector<Table>{net::middlebox_table(false), net::middlebox_table(true)};
       }},
      {"request-observer", "what becomes of one request: its outputs are guarantees and races",
       request_observer_tables},
      {"bearer", "which connections behind an inner proxy have the watched request",
       [] { return std::vector<Table>{monitor::bearer::bearer_table()}; }},
  };
  return all;
}

const MachineEntry* find_machine(std::string_view name) {
  for (const MachineEntry& entry : machine_entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace halfclose::cli
