// The headers come first, so that they stand alone; two of them in one program.
#include "property_tests/proofs/exported_machines.hpp"

#include "property_tests/exported/halfclose.hpp"
#include "property_tests/exported/nginx.hpp"

namespace exported {

namespace {

namespace client = halfclose::embed::http1_client;
namespace server = halfclose::embed::http1_server;

// It is usable while compiling.
constexpr client::Step kOpens = client::step(client::start, client::Event::request);
static_assert(kOpens.taken() && kOpens.next.state() == client::State::connecting);
static_assert(kOpens.outputs.size() == 1 && kOpens.outputs[0] == client::Output::connect);
static_assert(client::step(client::start, client::Event::eof).verdict ==
              halfclose::embed::Verdict::refused);
static_assert(client::step(client::start, client::Event::eof).next == client::start);
static_assert(sizeof(client::Local) == 2);

constexpr server::Deadlines after(server::Deadlines due, server::Output output, std::int64_t now) {
  due.perform(output, now);
  return due;
}
constexpr server::Event taken(server::Deadlines due, std::int64_t now) {
  server::Event expiry{};
  return due.take(now, expiry) ? expiry : server::Event::accepted;
}
constexpr server::Deadlines kIdle = after({}, server::Output::arm_idle, 5);
constexpr server::Deadlines kCloses = after(kIdle, server::Output::arm_close, 5);
constexpr server::Deadlines kLingers = after({}, server::Output::arm_linger, 5);
static_assert(server::Deadlines{}.next() == server::Deadlines::never);
static_assert(kIdle.next() == 75'005 && kCloses.next() == 5'005 && kLingers.next() == 30'005);
static_assert(after({}, server::Output::arm_age, 5).next() == server::Deadlines::never);
static_assert(after(kCloses, server::Output::cancel_close, 6).next() == 75'005);
static_assert(after(kLingers, server::Output::cancel_close, 6).next() == server::Deadlines::never);
static_assert(after(kCloses, server::Output::close, 6).next() == server::Deadlines::never);
static_assert(taken(kCloses, 5'004) == server::Event::accepted);
static_assert(taken(kCloses, 5'005) == server::Event::close_timeout);
static_assert(taken(kIdle, 80'000) == server::Event::idle_timeout);

template <class Timers> std::vector<Timer> timers_of(const Timers& timers) {
  std::vector<Timer> all;
  for (const auto& timer : timers)
    all.push_back({name(timer.arm), timer.has_cancel ? name(timer.cancel) : "", name(timer.expiry),
                   timer.ms});
  return all;
}

}  // namespace

// NOLINTNEXTLINE: a namespace cannot be the argument of a template
#define EXPORTED_MACHINE(space, first, ...)                                                      \
  first,                                                                                         \
      [](std::uint16_t local, std::uint8_t event) {                                              \
        const space::Step step = space::step({local}, static_cast<space::Event>(event));         \
        Cell cell{step.next.number,                                                              \
                  step.row,                                                                      \
                  static_cast<std::uint8_t>(step.verdict),                                       \
                  {},                                                                            \
                  step.source()};                                                                \
        for (const space::Output output : step.outputs)                                          \
          cell.outputs.push_back(static_cast<std::uint8_t>(output));                             \
        return cell;                                                                             \
      },                                                                                         \
      [](std::uint16_t local) { return std::string(name(space::Local{local}.state())); },        \
      [](std::uint16_t local) { return std::string(space::Local{local}.context()); },            \
      [](std::uint8_t event) { return std::string(name(static_cast<space::Event>(event))); },    \
      [](std::uint8_t output) { return std::string(name(static_cast<space::Output>(output))); }, \
      __VA_ARGS__

std::vector<Machine> machines() {
  namespace ours = halfclose::embed;
  namespace nginx = acme::nginx;
  return {
      {"halfclose", "http1-server",
       EXPORTED_MACHINE(ours::http1_server, 0, timers_of(ours::http1_server::timers))},
      {"halfclose", "http1-client",
       EXPORTED_MACHINE(ours::http1_client, 0, timers_of(ours::http1_client::timers))},
      {"halfclose", "proxy-exchange",
       EXPORTED_MACHINE(ours::proxy_exchange, ours::proxy_exchange::start.number, {})},
      {"halfclose", "proxy-exchange retried",
       EXPORTED_MACHINE(ours::proxy_exchange, ours::proxy_exchange::start_retried.number, {})},
      {"halfclose", "proxy-pool", EXPORTED_MACHINE(ours::proxy_pool, 0, {})},
      {"halfclose", "tcp-endpoint", EXPORTED_MACHINE(ours::tcp_endpoint, 0, {})},
      {"halfclose", "middlebox", EXPORTED_MACHINE(ours::middlebox, 0, {})},
      {"nginx", "http1-server",
       EXPORTED_MACHINE(nginx::http1_server, 0, timers_of(nginx::http1_server::timers))},
      {"nginx", "http1-client",
       EXPORTED_MACHINE(nginx::http1_client, 0, timers_of(nginx::http1_client::timers))},
      {"nginx", "proxy-exchange", EXPORTED_MACHINE(nginx::proxy_exchange, 0, {})},
      {"nginx", "proxy-exchange retried",
       EXPORTED_MACHINE(nginx::proxy_exchange, nginx::proxy_exchange::start_retried.number, {})},
  };
}

}  // namespace exported
