// The columns of the matrix: every mitigation of a hop, and what else a chain's client can be told.
#pragma once

#include "model/deployment/chain.hpp"

#include <string_view>
#include <vector>

namespace halfclose::proofs {

/// One change. It may touch what the chain says of a node (the policy of retries, say), the
/// settings of the hop that follow from it, or both.
struct MatrixColumn {
  std::string_view slug;
  std::string_view text;  ///< what to do; `{client}` and `{server}` stand for the nodes
  /// Changes what the client of hop `index` is told. @return false when there is nothing to change
  bool (*edit)(deployment::Chain&, std::size_t index) = nullptr;
  /// Changes the settings. @return false when there is nothing to change
  bool (*apply)(deployment::HopSettings&) = nullptr;
};

/// mitigations(), then those that only the matrix has. A slug that both have is one column, which
/// does both.
const std::vector<MatrixColumn>& matrix_columns();

/// The hop's client sends some requests again.
bool retries(const deployment::Chain& chain, std::size_t index);

}  // namespace halfclose::proofs
