// What a search still looks for, and what it has found.
#pragma once

#include "proofs/explore/exploration.hpp"

namespace halfclose::proofs {

class Goals {
 public:
  explicit Goals(const Search& search) : search_(search), missing_(search.goals) {}

  /// Notes what a step emits. `path()` is asked for only when that was missing.
  template <class PathTo> void see(std::uint64_t emitted, Exploration& result, PathTo&& path) {
    if ((emitted & search_.together) != search_.together) return;
    for (std::uint64_t hit = emitted & missing_; hit != 0; hit &= hit - 1)
      result.found.push_back({static_cast<machine::OutputId>(__builtin_ctzll(hit)), path()});
    missing_ &= ~emitted;
  }
  bool over(const Exploration& result) const {
    return (search_.stop_when_found && search_.goals != 0 && missing_ == 0) ||
           (search_.stop_at_first && !result.found.empty());
  }

 private:
  const Search& search_;
  std::uint64_t missing_;
};

}  // namespace halfclose::proofs
