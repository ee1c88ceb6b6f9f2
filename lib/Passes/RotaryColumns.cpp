// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers the columns of position tables by content.
#include "Passes/RotaryColumns.h"
#include "Dialect/Reference/Evaluate.h"
#include "Passes/Match.h"

#include <cmath>

using namespace mlir;

namespace edgelm {

/// The numbers of a parameter, or nothing where it depends on an input.
static std::optional<Tensor> evaluated(Value value) {
  if (!isTrained(value))
    return std::nullopt;
  SmallVector<Tensor> operands;
  for (Value operand : value.getDefiningOp()->getOperands()) {
    std::optional<Tensor> tensor = evaluated(operand);
    if (!tensor)
      return std::nullopt;
    operands.push_back(*tensor);
  }
  FailureOr<SmallVector<Tensor>> results = evaluate(value.getDefiningOp(), operands);
  if (failed(results))
    return std::nullopt;
  return (*results)[cast<OpResult>(value).getResultNumber()];
}

std::optional<SignedColumn> RotaryColumns::number(std::vector<double> column) {
  auto equal = [&](const std::vector<double> &other, double sign) {
    for (auto [a, b] : llvm::zip_equal(column, other))
      if (!(std::fabs(a - sign * b) <= 1e-6))
        return false;
    return true;
  };
  for (auto [id, other] : llvm::enumerate(values)) {
    if (other.size() != column.size())
      return std::nullopt;
    if (equal(other, 1))
      return SignedColumn{static_cast<int64_t>(id), 1};
    if (equal(other, -1))
      return SignedColumn{static_cast<int64_t>(id), -1};
  }
  values.push_back(std::move(column));
  return SignedColumn{static_cast<int64_t>(values.size()) - 1, 1};
}

std::optional<SignedColumn> RotaryColumns::of(const Term &term) {
  if (term.table < 0)
    return std::nullopt;
  auto found = known.find({term.table, term.column});
  if (found == known.end()) {
    tables.resize(map.numTables());
    std::vector<double> &table = tables[term.table];
    if (table.empty())
      if (std::optional<Tensor> numbers = evaluated(map.table(term.table)))
        table = numbers->toDoubles();
    if (table.empty())
      return std::nullopt;
    int64_t rows = tensorType(map.table(term.table)).getDimSize(0), width = static_cast<int64_t>(table.size()) / rows;
    std::vector<double> column;
    for (int64_t row = 0; row < rows; ++row)
      column.push_back(table[row * width + term.column]);
    std::optional<SignedColumn> numbered = number(std::move(column));
    if (!numbered)
      return std::nullopt;
    found = known.try_emplace({term.table, term.column}, *numbered).first;
  }
  return term.factor < 0 ? -found->second : found->second;
}

} // namespace edgelm
