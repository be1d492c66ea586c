// The durations of a hop as parameters: which there are, and how the bounds of its System follow
// from them.
#pragma once

#include "model/deployment/hop_settings.hpp"
#include "proofs/parametric/parametric_system.hpp"

#include <optional>
#include <string>
#include <vector>

namespace halfclose::proofs {

/// A duration of HopSettings that a symbol can stand for.
struct HopParameter {
  enum class Of : std::uint8_t { client, server, link, requests };
  std::string name;  ///< `edge.upstream.idle_timeout`, `edge->app.delay.max`
  Of of = Of::client;
  std::string_view key;  ///< of the role or the link: `idle_timeout`
  system::Time& (*in)(deployment::HopSettings& settings);

  system::Time value(const deployment::HopSettings& settings) const;
  /// With whatever else the product sets together with it.
  void set(deployment::HopSettings& settings, system::Time to) const;
};

/// Those that are not off, in the order client, server, link, requests.
std::vector<HopParameter> hop_parameters(const deployment::HopSettings& settings);

/// Whether TCP keepalive keeps a middlebox from forgetting is part of what a System is, not of its
/// bounds. So one System is that of all values for which this holds.
///
/// @return nothing when no parameter decides it
std::optional<Inequality> probes_of(const deployment::HopSettings& settings,
                                    const std::vector<HopParameter>& parameters);

/// The System of `settings` with every bound as a function of `parameters`. The functions are read
/// off Systems made with other values, so there is one place that says what a timeout does.
///
/// @param system  hop_system(settings); has to outlive the result
/// @errors        std::logic_error when a bound is not linear: a bug of ours
ParametricSystem parametric_hop(const system::System& system,
                                const deployment::HopSettings& settings,
                                const std::vector<HopParameter>& parameters);

}  // namespace halfclose::proofs
