// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Looks up rows of the operator table.
#include "Dialect/Import/Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

using namespace edgelm;
using llvm::StringRef;

static auto key(const OperatorRow *row) {
  return std::make_tuple(StringRef(row->domain), StringRef(row->name), row->since);
}

std::vector<const OperatorRow *> edgelm::allOperators() {
  std::vector<const OperatorRow *> rows;
  for (llvm::ArrayRef<OperatorRow> family :
       {elementwiseOperators(), shapeOperators(), sliceOperators(), reduceOperators(), linearOperators(),
        quantizeOperators(), attentionOperators(), einsumOperators(), windowOperators(), convolutionOperators(),
        normalizationOperators(), generatorOperators(), recurrentOperators()})
    for (const OperatorRow &row : family)
      rows.push_back(&row);
  llvm::sort(rows, [](const OperatorRow *a, const OperatorRow *b) { return key(a) < key(b); });
  return rows;
}

const OperatorRow *edgelm::lookupOperator(StringRef domain, StringRef name, int64_t opset) {
  static const std::vector<const OperatorRow *> rows = allOperators();
  const OperatorRow *best = nullptr;
  for (const OperatorRow *row : rows)
    if (row->domain == domain && row->name == name && row->since <= opset)
      best = row;
  return best;
}

std::string edgelm::similarOperators(StringRef name) {
  std::string lower = name.lower();
  std::set<std::string> similar;
  for (const OperatorRow *row : allOperators()) {
    std::string other = row->name.lower();
    unsigned limit = std::max<size_t>(1, name.size() / 3);
    bool contains = other.size() >= 4 && (StringRef(lower).contains(other) || StringRef(other).contains(lower));
    if (contains || StringRef(lower).edit_distance(other, /*AllowReplacements=*/true, limit) <= limit)
      similar.insert(row->domain.empty() ? row->name.str() : (row->domain + "." + row->name).str());
  }
  return llvm::join(similar, ", ");
}
