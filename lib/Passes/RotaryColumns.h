// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Columns of position tables, told apart by their numbers over the whole context.
#pragma once

#include "Passes/ElementMap.h"
#include "llvm/ADT/DenseMap.h"

namespace edgelm {

/// `sign` times the column of that number.
struct SignedColumn {
  int64_t id = -1;
  int sign = 1;
  bool operator==(const SignedColumn &other) const = default;
  SignedColumn operator-() const { return {id, -sign}; }
};

/// Gives equal columns one number, and a column that is the negative of another one its number with a sign.
class RotaryColumns {
public:
  explicit RotaryColumns(const ElementMap &map) : map(map) {}

  /// The column that a term reads; the sign of its factor is in the sign. Nothing when its table depends on an input.
  std::optional<SignedColumn> of(const Term &term);

  int64_t context() const { return values.empty() ? 0 : static_cast<int64_t>(values[0].size()); }
  double valueOf(SignedColumn column, int64_t row) const { return column.sign * values[column.id][row]; }

private:
  std::optional<SignedColumn> number(std::vector<double> column);

  const ElementMap &map;
  std::vector<std::vector<double>> tables; ///< by the map's table index, empty until read
  std::vector<std::vector<double>> values; ///< by column number
  llvm::DenseMap<std::pair<int32_t, int64_t>, SignedColumn> known;
};

} // namespace edgelm
