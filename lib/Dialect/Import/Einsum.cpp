// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX Einsum of one or two operands without repeated or hidden dimensions: sums, a matrix product, a permutation.
#include "Dialect/Import/NodeBinder.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace edgelm;

namespace {
/// A value whose dimensions have names.
struct Labelled {
  Value value;
  std::string labels;

  bool has(char label) const { return labels.find(label) != std::string::npos; }
};
} // namespace

static int64_t positionOf(const Labelled &operand, char label) {
  return operand.labels.find(label);
}

/// Sums over the dimensions that `wanted` refuses.
static Labelled summed(NodeBinder &node, const Labelled &operand, llvm::function_ref<bool(char)> wanted) {
  SmallVector<int64_t> axes;
  std::string kept;
  for (auto [i, label] : llvm::enumerate(operand.labels)) {
    if (wanted(label))
      kept += label;
    else
      axes.push_back(i);
  }
  if (axes.empty())
    return operand;
  return {node.create<ReduceOp>("sum", operand.value, axes, false), kept};
}

static Value permuted(NodeBinder &node, const Labelled &operand, StringRef order) {
  SmallVector<int64_t> perm;
  for (char label : order)
    perm.push_back(positionOf(operand, label));
  return llvm::equal(perm, llvm::seq<int64_t>(0, perm.size())) ? operand.value
                                                               : node.create<TransposeOp>(operand.value, perm);
}

/// The sizes of some dimensions as a vector.
static void appendSizes(NodeBinder &node, const Labelled &operand, StringRef labels, SmallVectorImpl<Value> &sizes) {
  for (char label : labels) {
    int64_t at = positionOf(operand, label);
    sizes.push_back(node.create<ShapeOp>(operand.value, at, at + 1));
  }
}

/// The product of some dimensions' sizes as a vector of one.
static Value groupSize(NodeBinder &node, const Labelled &operand, StringRef labels) {
  SmallVector<Value> sizes;
  appendSizes(node, operand, labels, sizes);
  if (sizes.empty())
    return node.vector(1);
  return node.create<ReduceOp>("prod", node.create<ConcatOp>(ValueRange(sizes), 0), ArrayRef<int64_t>{0}, true);
}

/// `[batch..., rows, columns]` from any order, each group of dimensions as one.
static Value asMatrices(NodeBinder &node, const Labelled &operand, StringRef batch, StringRef rows, StringRef columns) {
  Value value = permuted(node, operand, (batch + rows + columns).str());
  if (rows.size() == 1 && columns.size() == 1)
    return value;
  SmallVector<Value> shape;
  appendSizes(node, operand, batch, shape);
  shape.append({groupSize(node, operand, rows), groupSize(node, operand, columns)});
  return node.create<ReshapeOp>(value, node.create<ConcatOp>(ValueRange(shape), 0), false);
}

static Labelled product(NodeBinder &node, Labelled x, Labelled y, StringRef result) {
  auto inResult = [&](char label) { return result.contains(label); };
  x = summed(node, x, [&](char label) { return inResult(label) || y.has(label); });
  y = summed(node, y, [&](char label) { return inResult(label) || x.has(label); });
  std::string batch, summands, rows, columns;
  for (char label : x.labels)
    (!y.has(label) ? rows : inResult(label) ? batch : summands) += label;
  for (char label : y.labels)
    if (!x.has(label))
      columns += label;
  Value out =
      node.create<MatMulOp>(asMatrices(node, x, batch, rows, summands), asMatrices(node, y, batch, summands, columns));
  if (rows.size() != 1 || columns.size() != 1) {
    SmallVector<Value> shape;
    appendSizes(node, x, batch + rows, shape);
    appendSizes(node, y, columns, shape);
    Value sizes = shape.empty() ? node.vector({}) : node.create<ConcatOp>(ValueRange(shape), 0);
    out = node.create<ReshapeOp>(out, sizes, false);
  }
  return {out, batch + rows + columns};
}

/// The labels of the result when the equation does not say them: those that occur once, in alphabetical order.
static std::string impliedResult(StringRef inputs) {
  std::string labels;
  for (char label : inputs)
    if (label != ',' && inputs.count(label) == 1)
      labels += label;
  llvm::sort(labels);
  return labels;
}

static LogicalResult einsum(NodeBinder &node) {
  std::string text = node.text("equation", "").str();
  llvm::erase(text, ' ');
  auto [inputs, result] = StringRef(text).split("->");
  std::string implied = impliedResult(inputs);
  if (!StringRef(text).contains("->"))
    result = implied;
  SmallVector<StringRef> terms;
  inputs.split(terms, ',');
  if (terms.size() != node.numInputs() || terms.size() > 2 || StringRef(text).contains('.'))
    return node.emitError() << "found the equation \"" << text
                            << "\"; expected one or two operands, and letters for all dimensions";
  SmallVector<Labelled> operands;
  for (auto [i, term] : llvm::enumerate(terms)) {
    bool repeats = llvm::any_of(term, [&](char label) { return term.count(label) > 1; });
    if (repeats || int64_t(term.size()) != tensorType(node.input(i)).getRank())
      return node.emitError() << "the term \"" << term << "\" of the equation does not name each dimension of "
                              << node.input(i).getType() << " once";
    operands.push_back({node.input(i), term.str()});
  }
  for (char label : result)
    if (!inputs.contains(label) || result.count(label) > 1)
      return node.emitError() << "the result \"" << result << "\" of the equation is not made of its operands";
  Labelled whole = operands.size() == 2 ? product(node, operands[0], operands[1], result)
                                        : summed(node, operands[0], [&](char label) { return result.contains(label); });
  return node.finish(permuted(node, whole, result));
}

static const OperatorRow rows[] = {{"", "Einsum", 12, 1, einsum}};

ArrayRef<OperatorRow> edgelm::einsumOperators() {
  return rows;
}
