// Races by mitigations: what each change does to each race, on a chain in which the race happens.
//
// Every cell is a comparison of two judgements by the engines, one of the chain as it is and one of
// the chain with the change.
#pragma once

#include "proofs/catalogue/catalogue.hpp"
#include "proofs/catalogue/matrix_columns.hpp"
#include "proofs/explore/exploration.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace halfclose::proofs {

enum class Effect : std::uint8_t {
  not_applicable,  ///< there is nothing to change on this chain
  excluded,        ///< the race happens no more, at no time
  masked,          ///< it happens, and a retry hides it from the client with every method
  partly_masked,   ///< a retry hides it with some methods with which nothing hid it before
  narrowed,        ///< of one timer of the race, fewer values than before let it happen
  unaffected,
  worse,      ///< more values let it happen, a retry hides it less, or something else happens now
  undecided,  ///< a limit was hit
};
std::string_view effect_name(Effect effect);

struct MatrixCell {
  Effect effect = Effect::undecided;
  std::string reason;  ///< what was compared, with its numbers
};

struct MatrixRow {
  std::string_view slug, statement;
  std::string chain;  ///< the file
  bool happens = false;
  std::string without;            ///< the race with nothing changed, or why it is not known
  std::vector<MatrixCell> cells;  ///< as matrix_columns()
  /// The smallest sets of columns that together exclude the race and bring nothing else about: all
  /// of the smallest size at which there is one.
  std::vector<std::vector<std::size_t>> minimal_sets{};
  bool sets_undecided = false;  ///< a limit was hit on the way to them
};

struct MatrixOptions {
  Limits limits{};
  std::size_t set_size_max = 3;
  std::function<void(std::string_view done)> progress{};  ///< may be empty
};

/// The slugs of races() and request_races(): the rows.
std::vector<std::string_view> matrix_rows();

/// Judges one race on the first hop of the chain on which it happens.
///
/// What is compared, beside whether it happens in time: the races and guarantees that the
/// unchanged chain does not show; for each timer of the race the last value, the others as they
/// are, at which it happens; and for a chain that retries, now or before, the methods with which
/// the client sees no error.
///
/// @pre   `slug` is one of matrix_rows()
/// @cost  some hundred explorations; equal systems are explored once
MatrixRow matrix_row(std::string_view slug, const deployment::Chain& chain,
                     const MatrixOptions& options = {});

/// Whether the columns, applied together, exclude the race: what the sets are made of.
enum class Excludes : std::uint8_t { no, yes, not_applicable, undecided };
Excludes excludes(std::string_view slug, const deployment::Chain& chain,
                  const std::vector<std::size_t>& columns, const MatrixOptions& options = {});

}  // namespace halfclose::proofs
