#include "proofs/catalogue/region_cache.hpp"

#include "proofs/catalogue/reasons.hpp"
#include "proofs/catalogue/region_file.hpp"
#include "proofs/witness/json.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace halfclose::proofs {

using deployment::HopSettings;
using deployment::kOff;
using system::Time;

namespace {

/// A value that stands for all: of a delay or a stall one that lets the domain reach to this one.
Time stand_in(const HopParameter& parameter, const HopSettings& settings) {
  constexpr Time kTimer = 60'000'000, kStall = 10'000, kDelayMin = 100, kDelayMax = 5'000;
  const Time value = parameter.value(settings);
  if (parameter.key == "middlebox_timeout") {
    // Whether probes keep it from forgetting is part of what the system is.
    const Time probed = std::min(settings.client.keepalive, settings.server.keepalive);
    if (probed == kOff) return kTimer;
    return probed + settings.delay_max < value ? 2 * probed + 4 * settings.delay_max : probed;
  }
  if (!is_uncertainty(parameter)) return kTimer;
  if (value <= kSymbolicUncertainty)
    return parameter.key == "delay.min"   ? kDelayMin
           : parameter.key == "delay.max" ? kDelayMax
                                          : kStall;
  Time reach = 2 * kSymbolicUncertainty;
  while (reach < value)
    reach *= 2;
  return reach;
}

/// The same for all hops that have this region.
HopSettings without_values(const HopSettings& of, const Race& race,
                           const std::set<std::string>& also) {
  HopSettings settings = of;
  settings.client.name = "{client}";
  settings.server.name = "{server}";
  for (const HopParameter& parameter : region_parameters(settings, race, also))
    parameter.set(settings, stand_in(parameter, of));
  return settings;
}

}  // namespace

RegionCache::RegionCache(const SynthesisLimits& limits, std::string directory)
    : limits_(limits), directory_(std::move(directory)) {}

const HopRegion& RegionCache::at(const HopSettings& of, const Race& race,
                                 const std::set<std::string>& also) {
  const HopSettings settings = without_values(of, race, also);
  std::string key =
      std::string(race.slug) + (settings.client.response_is_idle ? "=" : " ") + to_json(settings);
  for (const std::string& name : also)
    key += " " + name;
  Entry* entry = nullptr;
  {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Entry>& found = entries_[key];
    if (!found) found = std::make_unique<Entry>();
    entry = found.get();
  }
  std::call_once(entry->once, [&] { fill(entry->region, settings, race, also, key); });
  return entry->region;
}

void RegionCache::fill(HopRegion& region, const HopSettings& settings, const Race& race,
                       const std::set<std::string>& also, const std::string& key) {
  region.race = &race;
  region.parameters = region_parameters(settings, race, also);
  if (!directory_.empty() && read_region(directory_, key, region)) {
    ++read_;
    return;
  }
  {
    static std::mutex one_at_a_time;  // the Parma Polyhedra Library knows no threads
    const std::lock_guard lock(one_at_a_time);
    region = region_of(settings, race, limits_, also);
  }
  ++computed_;
  if (!directory_.empty() && region.exact) write_region(directory_, key, region);
}

HopRegion named(const HopRegion& region, const HopSettings& settings) {
  HopRegion made = region;
  made.parameters = region_parameters(settings, *region.race);
  made.at.clear();
  for (const HopParameter& parameter : made.parameters)
    made.at.push_back(parameter.value(settings));
  if (made.parameters.size() != region.parameters.size() || !contains(made.domain, made.at))
    throw std::logic_error("a region of the cache is not that of this hop");
  for (std::string& text : made.fixed)
    text = filled(text, settings);
  return made;
}

std::string region_directory() {
  if (const char* stated = std::getenv("HALFCLOSE_CACHE")) return stated;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/halfclose";
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/halfclose";
  return {};
}

}  // namespace halfclose::proofs
