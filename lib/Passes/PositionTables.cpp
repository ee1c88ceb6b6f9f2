// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares constants at three lengths and makes tables of those that grow.
#include "Passes/PositionTables.h"
#include "Dialect/MappedFile.h"
#include "Dialect/Reference/Evaluator.h"
#include "Dialect/WeightStore.h"
#include "Passes/MaskSites.h"
#include "Passes/NumberText.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace edgelm;

std::optional<int64_t> edgelm::tokensOf(func::FuncOp function) {
  BlockArgument tokens = argumentWithRole(function, "tokens");
  if (!tokens || tensorType(tokens).getRank() == 0)
    return std::nullopt;
  return tensorType(tokens).getShape().back();
}

/// Every numbered result: those of one operation count up from its number.
static llvm::DenseMap<int64_t, Value> numberedValues(func::FuncOp function) {
  llvm::DenseMap<int64_t, Value> values;
  for (Operation &op : function.front())
    if (IntegerAttr id = op.getAttrOfType<IntegerAttr>(kIdAttr))
      for (OpResult result : op.getResults())
        values[id.getInt() + result.getResultNumber()] = result;
  return values;
}

/// [rows, ...]: the token dimension first, no other dimension of size 1.
static Tensor rowsFirst(const Tensor &tensor, int64_t axis) {
  int64_t outer = elementCount(tensor.shape().take_front(axis)), rows = tensor.dim(axis);
  int64_t inner = elementCount(tensor.shape().drop_front(axis + 1));
  ShapeVector shape = {rows};
  for (int64_t d = 0; d < tensor.rank(); ++d)
    if (d != axis && tensor.dim(d) != 1)
      shape.push_back(tensor.dim(d));
  if (outer == 1)
    return tensor.reshaped(shape);
  Tensor result(shape, tensor.elementType());
  int64_t width = inner * tensor.elementBytes();
  for (int64_t i = 0; i < outer; ++i)
    for (int64_t row = 0; row < rows; ++row)
      std::memcpy(result.writableBytes() + (row * outer + i) * width, tensor.bytes() + (i * rows + row) * width, width);
  return result;
}

namespace {
class TableMaker {
public:
  explicit TableMaker(BoundClones bound)
      : clones(bound), builder(bound.main), inProbe(numberedValues(bound.probe)),
        inContext(numberedValues(bound.context)), mainValues(bound.main.front()), probeValues(bound.probe.front()),
        contextValues(bound.context.front()) {}

  /// Sets `isTable` when the constant became a table.
  LogicalResult visit(Operation *constant, bool &isTable);

private:
  LogicalResult checkSame(Operation *constant, Value atProbe);
  LogicalResult checkPrefix(Operation *constant, const Tensor &rows, const Tensor &table, int64_t tokens);
  /// The weight that `constant` is the start of, with all rows of `table`, or null.
  Value longerWeight(Operation *constant, const Tensor &table);

  BoundClones clones;
  OpBuilder builder;
  llvm::DenseMap<int64_t, Value> inProbe, inContext;
  Evaluator mainValues, probeValues, contextValues;
};
} // namespace

LogicalResult TableMaker::checkSame(Operation *constant, Value atProbe) {
  WeightOp weight = dyn_cast<WeightOp>(constant), longer = atProbe.getDefiningOp<WeightOp>();
  if (weight && longer && weight.getSource() == longer.getSource())
    return success();
  FailureOr<Tensor> one = mainValues.valueOf(constant->getResult(0)), other = probeValues.valueOf(atProbe);
  if (failed(one) || failed(other))
    return failure();
  if (*one == *other)
    return success();
  return constant->emitError("this constant depends on the total number of tokens: it has other values at ")
         << clones.mainTokens << " and at " << clones.probeTokens
         << " tokens; a model whose positions are rescaled for long inputs is not supported";
}

LogicalResult TableMaker::checkPrefix(Operation *constant, const Tensor &rows, const Tensor &table, int64_t tokens) {
  std::vector<double> found = rows.toDoubles(), expected = table.toDoubles();
  double tolerance = rows.elementType().isF32() ? 1e-6 : 1e-3;
  size_t rowElements = found.size() / tokens;
  for (size_t i = 0; i < found.size(); ++i)
    if (!(std::fabs(found[i] - expected[i]) <= tolerance * std::fmax(1, std::fabs(expected[i]))))
      return constant->emitError("this table of positions depends on the total number of tokens: its row ")
             << i / rowElements << " begins to differ between " << tokens << " tokens (" << numberText(found[i])
             << ") and " << clones.contextTokens << " (" << numberText(expected[i])
             << "); a model whose positions are rescaled for long inputs is not supported at this context, try one of "
                "at most the "
                "length that it was trained with";
  return success();
}

Value TableMaker::longerWeight(Operation *constant, const Tensor &table) {
  WeightOp weight = dyn_cast<WeightOp>(constant);
  if (!weight)
    return {};
  WeightAttr part = weight.getSource();
  StringRef folder = modelDirOf(constant);
  WeightStore &store = WeightStore::get(constant->getContext());
  ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(table.bytes()), table.size() * table.elementBytes());
  std::string path = (folder + "/" + part.getFile()).str(), error;
  MappedFile *file = store.map(path, error);
  size_t offset = part.getOffset();
  if (!file || offset > file->bytes().size() || bytes.size() > file->bytes().size() - offset ||
      file->bytes().slice(offset, bytes.size()) != bytes)
    return {};
  WeightAttr source =
      WeightAttr::get(constant->getContext(), part.getFile(), part.getOffset(), bytes.size(), sha256(bytes));
  store.trust(source, folder);
  return WeightOp::create(builder, constant->getLoc(), table.getType(), source);
}

LogicalResult TableMaker::visit(Operation *constant, bool &isTable) {
  IntegerAttr id = constant->getAttrOfType<IntegerAttr>(kIdAttr);
  if (!id)
    return success(); // made by classification
  Value atProbe = inProbe.lookup(id.getInt()), atContext = inContext.lookup(id.getInt());
  if (!atProbe || !atContext)
    return constant->emitError("cannot be followed from ")
           << clones.mainTokens << " to " << clones.probeTokens << " tokens";
  RankedTensorType type = tensorType(constant->getResult(0)), probeType = tensorType(atProbe);
  SmallVector<int64_t> growing;
  for (int64_t d = 0; d < type.getRank() && type.getRank() == probeType.getRank(); ++d)
    if (type.getDimSize(d) != probeType.getDimSize(d))
      growing.push_back(d);
  if (growing.empty())
    return checkSame(constant, atProbe);
  int64_t axis = growing.front();
  if (growing.size() > 1 || type.getDimSize(axis) != clones.mainTokens ||
      probeType.getDimSize(axis) != clones.probeTokens)
    return constant->emitError("this constant is ")
           << type << " for " << clones.mainTokens << " tokens and " << probeType << " for " << clones.probeTokens
           << "; expected tables of positions with one dimension of tokens, and masks of attention scores";

  FailureOr<Tensor> rows = mainValues.valueOf(constant->getResult(0)), more = probeValues.valueOf(atProbe);
  FailureOr<Tensor> all = contextValues.valueOf(atContext);
  if (failed(rows) || failed(more) || failed(all))
    return failure();
  if (all->rank() != type.getRank() || all->dim(axis) != clones.contextTokens)
    return constant->emitError("this table of positions is ")
           << all->getType() << " for a context of " << clones.contextTokens << " tokens; choose a shorter context";
  Tensor table = rowsFirst(*all, axis);
  if (failed(checkPrefix(constant, rowsFirst(*rows, axis), table, clones.mainTokens)) ||
      failed(checkPrefix(constant, rowsFirst(*more, axis), table, clones.probeTokens)))
    return failure();
  builder.setInsertionPoint(constant);
  Value tableValue = longerWeight(constant, table);
  if (!tableValue)
    tableValue = ConstantOp::create(builder, constant->getLoc(), table.toAttribute());
  Value replacement = PositionRowsOp::create(builder, constant->getLoc(), type, tableValue, Value(), axis);
  constant->getResult(0).replaceAllUsesWith(replacement);
  isTable = true;
  return success();
}

LogicalResult edgelm::makePositionTables(const BoundClones &clones, int64_t &count) {
  TableMaker maker(clones);
  func::FuncOp main = clones.main;
  for (Operation &op : llvm::make_early_inc_range(main.front())) {
    if (!isa<ConstantOp, WeightOp>(op) || op.use_empty())
      continue;
    bool isTable = false;
    if (failed(maker.visit(&op, isTable)))
      return failure();
    count += isTable;
  }
  return success();
}
