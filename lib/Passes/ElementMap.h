// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the elements of a value come from: arithmetic that is linear in one source, followed element by element.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Tensor.h"
#include <optional>

namespace edgelm {

/// One summand of an element: `factor`, times an entry of a position table if `table` >= 0, times an element of a
/// source if `source` >= 0.
struct Term {
  int32_t source = -1, table = -1;
  int64_t element = 0;         ///< row-major index into the source
  int64_t row = 0, column = 0; ///< of the table: the token, and the row-major index within its row
  double factor = 1;
};

/// An element as a sum of terms.
using Form = llvm::SmallVector<Term, 2>;

/// Each element of a value as a form over the values that it is moved and combined from.
///
/// What moves elements (reshape, transpose, slice, concat, ...) is evaluated by the reference evaluator on the numbers
/// of the forms; negation, sums, and products with constants and position tables combine forms. Anything else is a
/// source. So it does not matter by which operations an exporter splits heads, repeats them, or rotates halves.
class ElementMap {
public:
  /// Nothing when an element has more than four terms or is not linear in the sources.
  static std::optional<ElementMap> of(mlir::Value value);

  const Form &at(int64_t element) const { return forms[ids[element]]; }
  int64_t size() const { return static_cast<int64_t>(ids.size()); }
  mlir::Value source(int32_t index) const { return sources[index]; }
  size_t numSources() const { return sources.size(); }
  /// The `[context, ...]` operand of the `edgelm.position_rows`.
  mlir::Value table(int32_t index) const { return tables[index]; }
  size_t numTables() const { return tables.size(); }

  /// True when the value has the elements of its single source in their order.
  bool isIdentity() const;

private:
  friend class ElementMapper;
  llvm::SmallVector<mlir::Value> sources, tables;
  std::vector<Form> forms;
  std::vector<int64_t> ids;
};

/// True when an operation moves or combines elements in a way that the map follows.
bool isFollowed(mlir::Operation *op);

/// Replaces chains of moves that change no order by one reshape, and erases what is unused then.
void simplifyMoves(mlir::Operation *function);

} // namespace edgelm
