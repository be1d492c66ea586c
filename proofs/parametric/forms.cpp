#include "proofs/parametric/forms.hpp"

#include "proofs/parametric/polyhedra.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

namespace halfclose::proofs {

Forms::Forms(const Cell& domain, std::size_t parameters, const std::vector<Point>& samples) {
  constexpr std::size_t kGeneratorsMax = 4'096;
  const ppl::C_Polyhedron values(polyhedron_of(domain, parameters));
  std::vector<std::vector<std::int64_t>> rays;
  for (const ppl::Generator& g : values.minimized_generators()) {
    std::vector<std::int64_t> coefficients(parameters);
    for (std::size_t i = 0; i < parameters && i < g.space_dimension(); ++i)
      coefficients[i] = g.coefficient(ppl::Variable(i)).get_si();
    if (g.is_point()) {
      generators_.push_back(coefficients);
      divisors_.push_back(g.divisor().get_si());
      continue;
    }
    rays.push_back(coefficients);
    if (g.is_line()) {
      for (std::int64_t& coefficient : coefficients)
        coefficient = -coefficient;
      rays.push_back(coefficients);
    }
  }
  corners_ = generators_.size();
  generators_.insert(generators_.end(), rays.begin(), rays.end());
  if (generators_.size() > kGeneratorsMax)
    throw std::length_error("a domain of parameters has more than 4,096 corners");
  take_samples(parameters);
  samples_.insert(samples_.end(), samples.begin(), samples.end());
  of({std::vector<std::int64_t>(parameters), 0});
}

void Forms::take_samples(std::size_t parameters) {
  std::mt19937_64 random(1);  // the same on every machine
  for (std::size_t s = 0; s < kSamples; ++s) {
    Point point(parameters);
    // Between three corners, and some way along the rays: from a millisecond to some hours.
    for (int i = 0; i < 3 && corners_ > 0; ++i) {
      const std::size_t corner = random() % corners_;
      for (std::size_t p = 0; p < parameters; ++p)
        point[p] += generators_[corner][p] / divisors_[corner] / 3;
    }
    for (std::size_t ray = corners_; ray < generators_.size(); ++ray) {
      const auto along = static_cast<std::int64_t>(1'000 + random() % (1ull << (random() % 35)));
      for (std::size_t p = 0; p < parameters; ++p)
        point[p] += along * generators_[ray][p];
    }
    samples_.push_back(std::move(point));
  }
}

Forms::Id Forms::of(const Linear& linear) {
  std::vector<std::int64_t> values;
  values.reserve(generators_.size());
  for (std::size_t g = 0; g < generators_.size(); ++g) {
    std::int64_t value = g < corners_ ? linear.constant * divisors_[g] : 0;
    for (std::size_t i = 0; i < linear.coefficients.size(); ++i)
      value += linear.coefficients[i] * generators_[g][i];
    values.push_back(value);
  }
  for (const Point& sample : samples_)
    values.push_back(linear.at(sample));
  return add(linear, std::move(values));
}

Forms::Id Forms::sum(Id a, Id b) {
  if (a == zero()) return b;
  if (b == zero()) return a;
  if (a > b) std::swap(a, b);
  const auto [known, fresh] = sums_.try_emplace(std::uint64_t{a} << 32 | b);
  if (!fresh) return known->second;
  Linear linear = forms_[a].linear;
  linear.constant += forms_[b].linear.constant;
  for (std::size_t i = 0; i < linear.coefficients.size(); ++i)
    linear.coefficients[i] += forms_[b].linear.coefficients[i];
  std::vector<std::int64_t> values = forms_[a].values;
  for (std::size_t g = 0; g < values.size(); ++g)
    values[g] += forms_[b].values[g];
  const Id made = add(std::move(linear), std::move(values));
  sums_[std::uint64_t{a} << 32 | b] = made;
  return made;
}

Forms::Id Forms::add(Linear linear, std::vector<std::int64_t> values) {
  std::string key(reinterpret_cast<const char*>(linear.coefficients.data()),
                  linear.coefficients.size() * sizeof(std::int64_t));
  key.append(reinterpret_cast<const char*>(&linear.constant), sizeof linear.constant);
  const auto [known, fresh] = known_.try_emplace(std::move(key), static_cast<Id>(forms_.size()));
  if (fresh) forms_.push_back({std::move(linear), std::move(values)});
  return known->second;
}

bool Forms::below(Id a, Id b) const {
  if (a == b) return true;
  const std::vector<std::int64_t>&x = forms_[a].values, &y = forms_[b].values;
  return std::equal(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(generators_.size()),
                    y.begin(), [](std::int64_t of_a, std::int64_t of_b) { return of_a <= of_b; });
}

bool Forms::always_negative(Id a) const {
  const std::vector<std::int64_t>& values = forms_[a].values;
  const auto rays = values.begin() + static_cast<std::ptrdiff_t>(corners_);
  const auto samples = values.begin() + static_cast<std::ptrdiff_t>(generators_.size());
  return std::all_of(values.begin(), rays, [](std::int64_t at) { return at < 0; }) &&
         std::all_of(rays, samples, [](std::int64_t along) { return along <= 0; });
}

}  // namespace halfclose::proofs
