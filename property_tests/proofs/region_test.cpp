// Regions and forms: their algebra, against every point of a small grid.
#include "proofs/catalogue/hop_region.hpp"
#include "proofs/parametric/forms.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <algorithm>
#include <cfenv>

using namespace halfclose;
using namespace halfclose::proofs;

namespace {

constexpr std::size_t kParameters = 3;
constexpr int kSide = 6;

Linear arbitrary_linear() {
  Linear made{std::vector<std::int64_t>(kParameters), *rc::gen::inRange(-6, 7)};
  for (std::int64_t& coefficient : made.coefficients)
    coefficient = *rc::gen::inRange(-2, 3);
  return made;
}
Cell arbitrary_cell(int most, bool closed = false) {
  Cell cell;
  const int count = *rc::gen::inRange(0, most + 1);
  for (int i = 0; i < count; ++i)
    cell.push_back({arbitrary_linear(), !closed && *rc::gen::arbitrary<bool>()});
  return cell;
}
Region arbitrary_region() {
  Region made{.parameters = kParameters};
  const int cells = *rc::gen::inRange(0, 4);
  for (int i = 0; i < cells; ++i)
    made.cells.push_back(arbitrary_cell(3));
  return made;
}
/// Parameters from 0 on, some with a bound from above, and perhaps one that relates two of them.
Cell arbitrary_domain() {
  Cell domain;
  for (std::size_t p = 0; p < kParameters; ++p) {
    Linear value{std::vector<std::int64_t>(kParameters), 0};
    value.coefficients[p] = 1;
    domain.push_back({value, false});
    if (*rc::gen::arbitrary<bool>()) continue;
    value.coefficients[p] = -1;
    value.constant = kSide;
    domain.push_back({value, false});
  }
  for (const Inequality& more : arbitrary_cell(1, true))
    domain.push_back(more);
  return domain;
}
template <class Check> void at_each_point(const Cell& domain, Check&& check) {
  for (int a = 0; a <= kSide; ++a) {
    for (int b = 0; b <= kSide; ++b) {
      for (int c = 0; c <= kSide; ++c) {
        const Point point = {a, b, c};
        if (contains(domain, point)) check(point);
      }
    }
  }
}
/// By the polyhedra: no value of the domain has `linear` there.
bool nowhere(const Linear& linear, bool strict, const Cell& domain) {
  return equal_within({kParameters, {{{linear, strict}}}}, {kParameters, {}}, domain);
}
Linear difference(const Linear& a, const Linear& b) {
  Linear made = a;
  made.constant -= b.constant;
  for (std::size_t i = 0; i < kParameters; ++i)
    made.coefficients[i] -= b.coefficients[i];
  return made;
}

}  // namespace

TEST_CASE("region: contains", "[proofs][parametric]") {
  const Linear difference{{1, -2}, 3};
  CHECK(difference.at({5, 4}) == 0);
  CHECK(Inequality{difference, false}.holds({5, 4}));
  CHECK_FALSE(Inequality{difference, true}.holds({5, 4}));
  CHECK(Inequality{difference, true}.holds({6, 4}));
  CHECK_FALSE(Inequality{difference, false}.holds({4, 4}));
  CHECK(contains(Cell{}, {1, 1}));
  CHECK_FALSE(Region{2, {}}.contains({1, 1}));
  CHECK(Region{2, {{}}}.contains({1, 1}));
  // One cell is enough; of a cell all of it is needed.
  const Inequality first{{{1, 0}, -5}, false}, second{{{0, 1}, -5}, false};
  CHECK(Region{2, {{first}, {second}}}.contains({5, 0}));
  CHECK_FALSE(Region{2, {{first, second}}}.contains({5, 0}));
}

TEST_CASE("region: outside", "[proofs][parametric]") {
  rc::prop("is what of the domain is in no cell", [] {
    const Region region = arbitrary_region();
    const Cell domain = arbitrary_domain();
    const Region rest = outside(region, domain);
    at_each_point(domain, [&](const Point& point) {
      RC_ASSERT(rest.contains(point) != region.contains(point));
    });
    RC_ASSERT(equal_within(outside(rest, domain), region, domain));
  });
  rc::prop("has no cell and no inequality too many", [] {
    const Cell domain = arbitrary_domain();
    const Region rest = outside(arbitrary_region(), domain);
    for (std::size_t c = 0; c < rest.cells.size(); ++c) {
      Region fewer = rest;
      fewer.cells.erase(fewer.cells.begin() + static_cast<std::ptrdiff_t>(c));
      RC_ASSERT(!equal_within(fewer, rest, domain));
      const Region one{kParameters, {rest.cells[c]}};
      for (std::size_t i = 0; i < rest.cells[c].size(); ++i) {
        Region looser = one;
        looser.cells[0].erase(looser.cells[0].begin() + static_cast<std::ptrdiff_t>(i));
        RC_ASSERT(!equal_within(looser, one, domain));
      }
    }
  });
  rc::prop("does not depend on the order of cells, or on cells within others", [] {
    Region region = arbitrary_region();
    const Cell domain = arbitrary_domain();
    const Region rest = outside(region, domain);
    std::reverse(region.cells.begin(), region.cells.end());
    if (!region.cells.empty()) {
      region.cells.push_back(region.cells[0]);
      region.cells.back().push_back({arbitrary_linear(), true});
    }
    RC_ASSERT(outside(region, domain) == rest);
  });
  SECTION("one inequality is turned around, and strict") {
    const Cell domain = {{{{1, 0}, 0}, false}, {{{0, 1}, 0}, false}};
    CHECK(outside({2, {{{{{-1, 1}, 7}, false}}}}, domain) == Region{2, {{{{{1, -1}, -7}, true}}}});
    CHECK(outside({2, {}}, domain) == Region{2, {{}}});
    CHECK(outside({2, {{}}}, domain) == Region{2, {}});
  }
  SECTION("an empty domain has no outside") {
    CHECK(outside({1, {}}, {{{{1}, 0}, false}, {{{-1}, -1}, false}}) == Region{1, {}});
  }
}

TEST_CASE("region: equal within a domain", "[proofs][parametric]") {
  rc::prop("what differs at a point is not equal", [] {
    const Region a = arbitrary_region(), b = arbitrary_region();
    const Cell domain = arbitrary_domain();
    const bool equal = equal_within(a, b, domain);
    RC_CLASSIFY(equal, "equal");
    at_each_point(domain, [&](const Point& point) {
      if (equal) RC_ASSERT(a.contains(point) == b.contains(point));
    });
    RC_ASSERT(equal_within(b, a, domain) == equal);
    RC_ASSERT(equal_within(a, a, domain));
  });
  SECTION("between whole numbers too") {
    const Cell domain = {{{{1}, 0}, false}};
    CHECK_FALSE(equal_within({1, {{{{{2}, -1}, true}}}}, {1, {{{{{1}, 0}, true}}}}, domain));
    CHECK_FALSE(equal_within({1, {{{{{1}, -1}, true}}}}, {1, {{{{{1}, -1}, false}}}}, domain));
  }
}

TEST_CASE("region: standing", "[proofs][parametric]") {
  rc::prop("is the tightest inequality of the cell with the most to spare", [] {
    const Region region = arbitrary_region();
    const Point at = {*rc::gen::inRange(0, 7), *rc::gen::inRange(0, 7), *rc::gen::inRange(0, 7)};
    const auto where = standing(region, at);
    const bool everything = std::any_of(region.cells.begin(), region.cells.end(),
                                        [](const Cell& cell) { return cell.empty(); });
    RC_ASSERT(where.has_value() == (!everything && !region.cells.empty()));
    if (!where) return;
    std::vector<std::int64_t> slacks;
    for (const Cell& cell : region.cells) {
      std::int64_t least = INT64_MAX;
      for (const Inequality& inequality : cell)
        least = std::min(least, inequality.value.at(at));
      slacks.push_back(least);
    }
    RC_ASSERT(where->slack == *std::max_element(slacks.begin(), slacks.end()));
    RC_ASSERT(region.cells[where->cell][where->inequality].value.at(at) == where->slack);
  });
}

TEST_CASE("forms: compared over a domain", "[proofs][parametric]") {
  rc::prop("a form is below another when it is so everywhere", [] {
    const Cell domain = arbitrary_domain();
    Forms forms(domain, kParameters);
    const Linear x = arbitrary_linear(), y = arbitrary_linear();
    const Forms::Id a = forms.of(x), b = forms.of(y);
    RC_ASSERT(forms[a] == x);
    RC_ASSERT(forms.of(x) == a);
    RC_ASSERT(forms.below(a, b) == nowhere(difference(x, y), true, domain));
    RC_ASSERT(forms.never_negative(a) == nowhere(difference({{0, 0, 0}, 0}, x), true, domain));
    const bool negative = nowhere(x, false, domain);
    RC_CLASSIFY(negative, "negative");
    RC_ASSERT(forms.always_negative(a) == negative);
  });
  rc::prop("a sum is one everywhere", [] {
    const Cell domain = arbitrary_domain();
    Forms forms(domain, kParameters, {{1, 2, 3}});
    const Linear x = arbitrary_linear(), y = arbitrary_linear();
    const Forms::Id a = forms.of(x), b = forms.of(y), sum = forms.sum(a, b);
    RC_ASSERT(forms.sum(b, a) == sum);
    RC_ASSERT(forms.sum(a, forms.zero()) == a);
    Linear expected = x;
    expected.constant += y.constant;
    for (std::size_t i = 0; i < kParameters; ++i)
      expected.coefficients[i] += y.coefficients[i];
    RC_ASSERT(forms[sum] == expected);
    RC_ASSERT(forms.of(expected) == sum);
    for (std::size_t s = 0; s < forms.samples(); ++s)
      RC_ASSERT(forms.at_sample(sum, s) == forms.at_sample(a, s) + forms.at_sample(b, s));
    RC_ASSERT(forms.at_sample(a, forms.samples() - 1) == x.at({1, 2, 3}));
  });
}

// The polyhedra library rounds upwards unless told otherwise (proofs/parametric/polyhedra.cpp).
TEST_CASE("region: a program with regions rounds to the nearest", "[proofs][parametric]") {
  CHECK(std::fegetround() == FE_TONEAREST);
  outside(Region{1, {{{{{1}, -1}, false}}}}, {{{{1}, 0}, false}});
  CHECK(std::fegetround() == FE_TONEAREST);
}
