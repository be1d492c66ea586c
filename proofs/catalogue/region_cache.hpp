// Regions that are computed once: for one pair of products and whatever values their timeouts have.
#pragma once

#include "proofs/catalogue/hop_region.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace halfclose::proofs {

/// Thread-safe. What is kept in files is of the program that wrote it: another build computes anew.
class RegionCache {
 public:
  /// @param directory  keeps regions from one run to the next; empty: in memory only
  explicit RegionCache(const SynthesisLimits& limits = {}, std::string directory = {});

  /// @param also  names of further parameters that are symbols in it, such as
  ///              `{client}.upstream.idle_timeout`
  ///
  /// In terms of `{client}` and `{server}`, and true for all values of its parameters that are in
  /// its domain; those of `settings` are. `at` is where no hop stands.
  ///
  /// @return  valid as long as this is
  /// @cost    region_of, the first time
  const HopRegion& at(const deployment::HopSettings& settings, const Race& race,
                      const std::set<std::string>& also = {});

  std::uint64_t computed() const { return computed_; }
  std::uint64_t read() const { return read_; }

 private:
  struct Entry {
    std::once_flag once;
    HopRegion region;
  };
  void fill(HopRegion& region, const deployment::HopSettings& settings, const Race& race,
            const std::set<std::string>& also, const std::string& key);

  SynthesisLimits limits_;
  std::string directory_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::atomic<std::uint64_t> computed_ = 0, read_ = 0;
};

/// A region of a cache in the words of `settings`, which stand at `at`.
HopRegion named(const HopRegion& region, const deployment::HopSettings& settings);

/// A directory of regions of this user, as the XDG base directories have it; empty when there is
/// none, or when HALFCLOSE_CACHE is set to nothing.
std::string region_directory();

}  // namespace halfclose::proofs
