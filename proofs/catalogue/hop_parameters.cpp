#include "proofs/catalogue/hop_parameters.hpp"

#include "model/deployment/hop_system.hpp"

#include <algorithm>
#include <stdexcept>

namespace halfclose::proofs {

using deployment::HopSettings;
using deployment::kOff;
using system::Time;

Time HopParameter::value(const HopSettings& settings) const {
  HopSettings copy = settings;
  return in(copy);
}

void HopParameter::set(HopSettings& settings, Time to) const {
  in(settings) = to;
  if (settings.client.response_is_idle) settings.client.response = settings.client.idle;
}

std::vector<HopParameter> hop_parameters(const HopSettings& settings) {
  using Of = HopParameter::Of;
  const std::string client = settings.client.name, server = settings.server.name;
  const std::string up = client + ".upstream.", down = server + ".downstream.",
                    link = client + "->" + server + ".";
  std::vector<HopParameter> all;
  auto add = [&](Of of, const std::string& prefix, std::string_view key,
                 Time& (*in)(HopSettings&)) {
    HopParameter parameter{prefix + std::string(key), of, key, in};
    if (parameter.value(settings) < kOff) all.push_back(std::move(parameter));
  };
#define HALFCLOSE_IN(field) [](HopSettings& s) -> Time& { return s.field; }
  add(Of::client, up, "idle_timeout", HALFCLOSE_IN(client.idle));
  add(Of::client, up, "max_connection_duration", HALFCLOSE_IN(client.age));
  if (!settings.client.response_is_idle)
    add(Of::client, up, "response_timeout", HALFCLOSE_IN(client.response));
  if (settings.client.profile.expects_continue)
    add(Of::client, up, "expect_timeout", HALFCLOSE_IN(client.expect));
  add(Of::client, up, "loop_stall", HALFCLOSE_IN(client.loop.stall));
  add(Of::server, down, "idle_timeout", HALFCLOSE_IN(server.idle));
  add(Of::server, down, "drain_timeout", HALFCLOSE_IN(server.drain));
  add(Of::server, down, "close_timeout", HALFCLOSE_IN(server.close));
  add(Of::server, down, "linger_time", HALFCLOSE_IN(server.linger));
  add(Of::server, down, "max_connection_duration", HALFCLOSE_IN(server.age));
  add(Of::server, down, "loop_stall", HALFCLOSE_IN(server.loop.stall));
  add(Of::link, link, "delay.min", HALFCLOSE_IN(delay_min));
  add(Of::link, link, "delay.max", HALFCLOSE_IN(delay_max));
  add(Of::link, link, "middlebox_timeout", HALFCLOSE_IN(middlebox));
  add(Of::requests, "requests.", "content_within", HALFCLOSE_IN(content_within));
#undef HALFCLOSE_IN
  return all;
}

namespace {

/// The bounds of a System in one row: lo and hi of every timer that is on, then of every queue.
std::vector<Time> bounds_of(const system::System& system) {
  std::vector<Time> row;
  for (const system::Timer& timer : system.timers) {
    row.push_back(timer.off ? 0 : timer.lo);
    row.push_back(timer.off ? 0 : timer.hi);
  }
  for (const system::Queue& queue : system.queues) {
    row.push_back(queue.lo);
    row.push_back(queue.hi);
  }
  return row;
}

}  // namespace

std::optional<Inequality> probes_of(const HopSettings& settings,
                                    const std::vector<HopParameter>& parameters) {
  const Time probed = std::min(settings.client.keepalive, settings.server.keepalive);
  if (probed >= kOff || settings.middlebox >= kOff) return std::nullopt;
  const Time room = settings.middlebox - probed - settings.delay_max;
  Linear value{std::vector<std::int64_t>(parameters.size()), room};
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (parameters[p].key == "middlebox_timeout") value.coefficients[p] = 1;
    if (parameters[p].key == "delay.max") value.coefficients[p] = -1;
    value.constant -= value.coefficients[p] * parameters[p].value(settings);
  }
  if (value.coefficients == std::vector<std::int64_t>(parameters.size())) return std::nullopt;
  if (room > 0) return Inequality{value, true};
  for (std::int64_t& coefficient : value.coefficients)
    coefficient = -coefficient;
  return Inequality{{value.coefficients, -value.constant}, false};
}

ParametricSystem parametric_hop(const system::System& system, const HopSettings& settings,
                                const std::vector<HopParameter>& parameters) {
  constexpr Time kShift = 1'000'000;
  const std::vector<Time> base = bounds_of(system);
  std::vector<Linear> linear(base.size());
  for (std::size_t i = 0; i < base.size(); ++i)
    linear[i] = {std::vector<std::int64_t>(parameters.size()), base[i]};
  HopSettings all_shifted = settings;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    HopSettings shifted = settings;
    const Time value = parameters[p].value(settings);
    parameters[p].set(shifted, value + kShift);
    parameters[p].set(all_shifted, value + kShift * static_cast<Time>(p + 2));
    const std::vector<Time> row = bounds_of(hop_system(shifted));
    for (std::size_t i = 0; i < row.size(); ++i) {
      linear[i].coefficients[p] = (row[i] - base[i]) / kShift;
      linear[i].constant -= linear[i].coefficients[p] * value;
    }
  }
  Point shifted;
  for (const HopParameter& parameter : parameters)
    shifted.push_back(parameter.value(all_shifted));
  const std::vector<Time> row = bounds_of(hop_system(all_shifted));
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (linear[i].at(shifted) != row[i])
      throw std::logic_error("a bound of a hop is not linear in its durations");
  }

  ParametricSystem made{.system = system};
  for (std::size_t i = 0; i < linear.size(); i += 2) {
    (i < 2 * system.timers.size() ? made.timers : made.queues)
        .push_back({linear[i], linear[i + 1]});
  }
  std::size_t delay_min = parameters.size(), delay_max = parameters.size();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    made.parameters.push_back(parameters[p].name);
    Linear value{std::vector<std::int64_t>(parameters.size()), 0};
    value.coefficients[p] = 1;
    made.domain.push_back({value, false});
    if (parameters[p].key == "delay.min") delay_min = p;
    if (parameters[p].key == "delay.max") delay_max = p;
  }
  if (delay_min < parameters.size() && delay_max < parameters.size()) {
    Linear wider{std::vector<std::int64_t>(parameters.size()), 0};
    wider.coefficients[delay_max] = 1;
    wider.coefficients[delay_min] = -1;
    made.domain.push_back({wider, false});
  }
  if (auto probes = probes_of(settings, parameters)) {
    // Whole microseconds: more than zero is one at least.
    if (probes->strict) *probes = {{probes->value.coefficients, probes->value.constant - 1}, false};
    made.domain.push_back(*probes);
  }
  return made;
}

}  // namespace halfclose::proofs
