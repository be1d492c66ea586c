#include "runtime/core/addresses.hpp"

#include <algorithm>

namespace halfclose::runtime {

std::size_t Addresses::next(Time now, std::size_t but) {
  const std::size_t first = turn_++;
  std::size_t best = kNone;
  int worst = 4;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const std::size_t address = (first + i) % all_.size();
    const int badness = (is_shunned(address, now) ? 2 : 0) + (address == but ? 1 : 0);
    if (badness >= worst) continue;
    best = address;
    worst = badness;
    if (badness == 0) break;
  }
  turn_ = best + 1;
  return best;
}

bool Addresses::all_shunned(Time now) const {
  return std::all_of(all_.begin(), all_.end(),
                     [&](const Health& one) { return one.shunned_until > now; });
}

bool Addresses::refused(std::size_t address, Time now) {
  return shun(all_[address], now);
}

bool Addresses::failed(std::size_t address, Time now) {
  Health& health = all_[address];
  return ++health.failures >= settings_.failures_max && shun(health, now);
}

void Addresses::answered(std::size_t address, Time now) {
  Health& health = all_[address];
  health.failures = 0;
  if (health.shunned_until <= now) health.shunned_for = 0;
}

/// Requests that fail together are one failure: only the first behind a time of shunning makes the
/// next one longer.
bool Addresses::shun(Health& health, Time now) {
  if (health.shunned_until > now) return false;
  health.shunned_for = health.shunned_for == 0
                           ? settings_.shunned
                           : std::min(health.shunned_for * 2, settings_.shunned_max);
  health.shunned_until = now + health.shunned_for;
  return true;
}

}  // namespace halfclose::runtime
