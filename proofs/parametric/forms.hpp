// Linear forms over the parameters, each kept once, and compared over a domain.
#pragma once

#include "proofs/parametric/region.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace halfclose::proofs {

class Forms {
 public:
  using Id = std::uint32_t;

  /// @param samples  more values of the domain, behind those that are always taken
  /// @errors std::length_error when the domain has more than 4,096 corners
  Forms(const Cell& domain, std::size_t parameters, const std::vector<Point>& samples = {});

  Id of(const Linear& linear);
  Id sum(Id a, Id b);
  Id zero() const { return 0; }
  const Linear& operator[](Id form) const { return forms_[form].linear; }

  /// a <= b for every value of the domain. Exact.
  bool below(Id a, Id b) const;
  /// a >= 0 for every value of the domain.
  bool never_negative(Id a) const { return below(zero(), a); }
  /// a < 0 for every value of the domain.
  bool always_negative(Id a) const;

  /// Some values of the domain, near and far: always the same ones.
  static constexpr std::size_t kSamples = 64;
  std::size_t samples() const { return samples_.size(); }
  std::int64_t at_sample(Id a, std::size_t sample) const {
    return forms_[a].values[generators_.size() + sample];
  }

 private:
  struct Form {
    Linear linear;
    /// At every corner of the domain times its divisor, then along every ray, then at the samples.
    std::vector<std::int64_t> values;
  };
  void take_samples(std::size_t parameters);
  Id add(Linear linear, std::vector<std::int64_t> values);

  std::size_t corners_ = 0;
  std::vector<std::vector<std::int64_t>> generators_;  ///< coefficients; of corners first
  std::vector<std::int64_t> divisors_;
  std::vector<Point> samples_;
  std::vector<Form> forms_;
  std::unordered_map<std::string, Id> known_;
  std::unordered_map<std::uint64_t, Id> sums_;
};

}  // namespace halfclose::proofs
