// The clocks of a discrete state for all values of the parameters at once.
//
// A zone says x_i - x_j <= m for clocks, as in a difference-bound matrix, where m is the least of
// several linear forms over the parameters; and which values of the parameters it is for: those for
// which no cycle of bounds is negative. Guards, time and resets only ever take sums and least ones
// of forms, so this stays exact without telling cases apart: no two forms of a cell have to be
// compared.
#pragma once

#include "proofs/parametric/forms.hpp"
#include "proofs/parametric/parametric_system.hpp"
#include "proofs/parametric/untimed_graph.hpp"

#include <span>
#include <vector>

namespace halfclose::proofs {

/// A set of forms none of which is below another: in a cell the least of them counts, as conditions
/// all of them are not negative.
using FormSet = std::vector<Forms::Id>;

class SymbolicZone {
 public:
  explicit SymbolicZone(std::size_t clocks = 0)
      : size_(clocks + 1), cells_((clocks + 1) * (clocks + 1)) {}

  std::size_t size() const { return size_; }  ///< clocks, and the reference in row and column 0
  /// Of i and j that differ. No form: there is no bound.
  FormSet& at(std::size_t i, std::size_t j) { return cells_[i * size_ + j]; }
  const FormSet& at(std::size_t i, std::size_t j) const { return cells_[i * size_ + j]; }
  FormSet conditions{};  ///< on the parameters
  bool empty = false;    ///< for all values

 private:
  std::size_t size_;
  std::vector<FormSet> cells_;
};

class SymbolicSteps {
 public:
  /// @param kept  whose clocks count; the clocks of all others take any time
  /// @param exact  false: forms that are the least at no sample of the parameters may be left out,
  ///               which is faster and only adds to zones
  SymbolicSteps(const ParametricSystem& system, const UntimedGraph& graph, Forms& forms,
                const BoundSet& kept, bool exact);

  /// Where everything begins, with time elapsed.
  SymbolicZone initial() const;
  /// What a step makes of `zone`, which is at `state`, with time elapsed.
  SymbolicZone after(std::uint32_t state, const UntimedGraph::Step& step,
                     const SymbolicZone& zone) const;
  /// Only what can take the step. The clocks are still those of `state`.
  void guard(std::uint32_t state, const UntimedGraph::Step& step, SymbolicZone& zone) const;
  /// All of `zone` is in `other`. May say no where the conditions would say yes.
  bool includes(const SymbolicZone& other, const SymbolicZone& zone) const;
  /// Every condition of `of` follows from the domain or one of `from`. May say no likewise.
  bool implies(const FormSet& from, const FormSet& of) const;

 private:
  void constrain(SymbolicZone& zone, std::size_t i, std::size_t j, Forms::Id bound) const;
  void reduce(SymbolicZone& zone) const;
  void reduce_conditions(SymbolicZone& zone) const;
  void reduce_cell(const SymbolicZone& zone, FormSet& cell) const;
  void sample_cell(const std::vector<std::size_t>& samples, FormSet& cell) const;
  void elapse(std::uint32_t state, SymbolicZone& zone) const;
  bool below(Forms::Id a, Forms::Id b, const FormSet& conditions) const;
  void insert_least(FormSet& set, Forms::Id form) const;
  void insert_least(FormSet& set, Forms::Id form, const FormSet& conditions) const;
  /// The row of a clock of `state` in its zones; 0 when it is not kept.
  std::size_t row_of(std::uint32_t state, std::size_t clock) const;
  std::size_t rows(std::uint32_t state) const;

  const Cell& domain_;
  std::size_t parameters_;
  const UntimedGraph& graph_;
  Forms& forms_;
  BoundSet kept_;
  bool exact_;
  std::vector<Forms::Id> minus_lo_, hi_;  ///< by bound
};

}  // namespace halfclose::proofs
