// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the kernel of each transformer operation; everything else goes to elementwise or generic kernels.
#include "Codegen/EntryLowering.h"
#include "Codegen/Kernels/Attention.h"
#include "Codegen/Kernels/Elementwise.h"
#include "Codegen/Kernels/Generic.h"
#include "Codegen/Kernels/Linear.h"
#include "Codegen/Kernels/Norm.h"
#include "Codegen/Kernels/Rows.h"
#include "Codegen/LowerAlgebra.h"
#include "Dialect/Storage.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace edgelm {

using E = EntryLowering;

static MemRefType f32Memref(E &e, ArrayRef<int64_t> shape) {
  return MemRefType::get(shape, e.b.getF32Type());
}

static int64_t rowsOf(Value value) {
  RankedTensorType type = tensorType(value);
  return type.getNumElements() / type.getShape().back();
}

/// Kernels compute in f32; 16-bit activations are for a later format.
static LogicalResult requireF32(Operation *op, ArrayRef<Value> values) {
  for (Value value : values)
    if (!tensorType(value).getElementType().isF32())
      return op->emitOpError("computes in f32, found an operand or result of type ") << value.getType();
  return success();
}

/// The row of the number format that a value's elements have, or null.
static const FormatRow *formatOf(Value value) {
  QType type = dyn_cast<QType>(tensorType(value).getElementType());
  return type ? &type.row() : nullptr;
}

/// How the rows of quantized activations lie, if that is what `value` is.
static std::optional<ActivationLayout> quantizedRowsOf(Value value) {
  RankedTensorType type = tensorType(value);
  if (!isa<Int8RowsType>(type.getElementType()))
    return std::nullopt;
  return activationLayout(type);
}

static LogicalResult lower(E &e, LinearOp op) {
  if (failed(requireF32(op, {op.getResult()})))
    return failure();
  int64_t k = tensorType(op.getInput()).getShape().back();
  LinearSpec spec;
  spec.rows = rowsOf(op.getInput());
  spec.k = k;
  spec.n = tensorType(op.getResult()).getShape().back();
  spec.glu = op.getGlu();
  spec.format = formatOf(op.getWeights()[0]);
  std::optional<ActivationLayout> input = quantizedRowsOf(op.getInput());
  spec.int8Input = input.has_value();
  if (!spec.format)
    spec.weightType = tensorType(op.getWeights()[0]).getElementType();
  if (!spec.int8Input && failed(requireF32(op, {op.getInput()})))
    return failure();
  if (input && input->isPaired != spec.inputLayout(e.isa).isPaired)
    return op.emitOpError("needs activations that are ")
           << (input->isPaired ? "not " : "")
           << "paired; run edgelm-quantize-activations=paired=" << (input->isPaired ? "false" : "true");
  spec.residual = bool(op.getResidual());
  spec.activation = op.getActivation().value_or("").str();
  if (op.getWeights().size() != (spec.glu ? 2 : 1) || op.getBiases().size() > 1)
    return op.emitOpError(
        "is not packed: expected one weight (two with glu) and at most one bias; run edgelm-pack-weights");
  SmallVector<Value> buffers = {e.buffer(op.getInput(), spec.inputMemref(e.b.getContext(), e.isa))};
  for (Value weight : op.getWeights()) {
    PackedWeightOp packed = weight.getDefiningOp<PackedWeightOp>();
    bool columnsApart = spec.format && e.isa.dot.columnsApart;
    if (!packed || int64_t(packed.getPanel()) != e.isa.panel || packed.getColumnsApart() != columnsApart)
      return op.emitOpError("needs weights packed in panels of ")
             << e.isa.panel << (columnsApart ? ", columns apart" : "")
             << "; run edgelm-pack-weights=panel=" << e.isa.panel << (columnsApart ? ",columns-apart" : "");
    if (bool paired = spec.format && spec.weightLayout(e.isa).isPaired; packed.getPaired() != paired)
      return op.emitOpError("needs weights that are ")
             << (paired ? "" : "not ") << "paired; run edgelm-pack-weights=paired=" << (paired ? "true" : "false");
    buffers.push_back(e.buffer(weight, spec.weightMemref(e.b.getContext(), e.isa)));
  }
  for (Value bias : op.getBiases()) {
    spec.constantBias = constantOf(bias);
    spec.bias = !spec.constantBias;
    if (spec.bias)
      buffers.push_back(e.buffer(bias, f32Memref(e, {tensorType(bias).getNumElements()})));
  }
  if (op.getResidual())
    buffers.push_back(e.buffer(op.getResidual(), f32Memref(e, {spec.rows, spec.n})));
  buffers.push_back(e.buffer(op.getResult(), f32Memref(e, {spec.rows, spec.n})));
  e.launch(op.getLoc(), getLinearKernel(e.module, spec, e.isa), buffers, spec.rows, spec.workItems(e.isa),
           spec.rows * spec.n * k);
  return success();
}

static LogicalResult lower(E &e, EmbedOp op) {
  EmbedSpec spec;
  spec.rows = tensorType(op.getTokens()).getNumElements();
  spec.vocabulary = tensorType(op.getTable()).getDimSize(0);
  spec.columns = tensorType(op.getTable()).getDimSize(1);
  spec.tokenType = memrefOf(op.getTokens().getType()).getElementType();
  spec.format = formatOf(op.getTable());
  if (!spec.format)
    spec.tableType = tensorType(op.getTable()).getElementType();
  if (PackedWeightOp packed = op.getTable().getDefiningOp<PackedWeightOp>())
    spec.panel = packed.getPanel();
  func::FuncOp kernel = getEmbedKernel(e.module, spec, e.isa);
  MemRefType table = cast<MemRefType>(kernel.getArgumentTypes()[1]);
  SmallVector<Value> buffers = {e.buffer(op.getTokens(), MemRefType::get({spec.rows}, spec.tokenType)),
                                e.buffer(op.getTable(), table),
                                e.buffer(op.getResult(), f32Memref(e, {spec.rows, spec.columns}))};
  e.launch(op.getLoc(), kernel, buffers, spec.rows, spec.rows, spec.rows * spec.columns);
  return success();
}

static LogicalResult lower(E &e, PositionRowsOp op) {
  RankedTensorType table = tensorType(op.getTable()), result = tensorType(op.getResult());
  // With the tokens outermost a row is copied as it is.
  bool outermost = true;
  for (int64_t dim = 0; dim < int64_t(op.getAxis()); ++dim)
    outermost &= result.getDimSize(dim) == 1;
  if (!outermost || !table.getElementType().isF32())
    return lowerAlgebra(e, op);
  CopyRowsSpec spec;
  spec.kind = CopyRowsSpec::AtPosition;
  spec.inputRows = table.getDimSize(0);
  spec.rows = result.getDimSize(op.getAxis());
  spec.columns = result.getNumElements() / spec.rows;
  SmallVector<Value> buffers = {e.buffer(op.getTable(), f32Memref(e, {spec.inputRows, spec.columns})),
                                e.buffer(op.getResult(), f32Memref(e, {spec.rows, spec.columns}))};
  func::FuncOp kernel = getCopyRowsKernel(e.module, spec, e.isa);
  int64_t work = spec.rows * spec.columns;
  if (op.getPos())
    e.launch(op.getLoc(), kernel, buffers, spec.rows, spec.rows, work);
  else
    e.launchAt(op.getLoc(), kernel, buffers, e.i32(0), e.i32(spec.rows), spec.rows, work);
  return success();
}

static LogicalResult lowerNorm(E &e, Operation *op, NormSpec spec, ArrayRef<Value> parameters) {
  Value input = op->getOperand(0), result = op->getResult(0);
  spec.quantized = quantizedRowsOf(result);
  if (failed(requireF32(op, {input})) || (!spec.quantized && failed(requireF32(op, {result}))))
    return failure();
  spec.columns = tensorType(input).getShape().back();
  spec.rows = rowsOf(input);
  SmallVector<Value> buffers = {e.buffer(input, f32Memref(e, {spec.rows, spec.columns}))};
  for (auto [index, parameter] : llvm::enumerate(parameters)) {
    std::optional<double> &constant = index == 0 ? spec.constantWeight : spec.constantBias;
    constant = constantOf(parameter);
    if (!constant)
      buffers.push_back(e.buffer(parameter, f32Memref(e, {spec.columns})));
  }
  func::FuncOp kernel = getNormKernel(e.module, spec, e.isa);
  buffers.push_back(e.buffer(result, cast<MemRefType>(kernel.getArgumentTypes()[buffers.size()])));
  e.launch(op->getLoc(), kernel, buffers, spec.rows, spec.rows, 4 * spec.rows * spec.columns);
  return success();
}

static LogicalResult lower(E &e, QuantizeRowsOp op) {
  QuantizeRowsSpec spec = {rowsOf(op.getInput()), *quantizedRowsOf(op.getResult())};
  func::FuncOp kernel = getQuantizeRowsKernel(e.module, spec, e.isa);
  SmallVector<Value> buffers = {e.buffer(op.getInput(), cast<MemRefType>(kernel.getArgumentTypes()[0])),
                                e.buffer(op.getResult(), cast<MemRefType>(kernel.getArgumentTypes()[1]))};
  e.launch(op.getLoc(), kernel, buffers, spec.rows, spec.rows, 4 * spec.rows * spec.layout.k);
  return success();
}

static LogicalResult lower(E &e, RmsNormOp op) {
  NormSpec spec;
  spec.kind = NormKind::Rms;
  spec.epsilon = op.getEpsilon().convertToDouble();
  return lowerNorm(e, op, spec, {op.getWeight()});
}

static LogicalResult lower(E &e, LayerNormOp op) {
  NormSpec spec;
  spec.kind = NormKind::Layer;
  spec.epsilon = op.getEpsilon().convertToDouble();
  spec.bias = bool(op.getBias());
  SmallVector<Value> parameters = {op.getWeight()};
  if (op.getBias())
    parameters.push_back(op.getBias());
  return lowerNorm(e, op, spec, parameters);
}

static LogicalResult lower(E &e, SoftmaxOp op) {
  RankedTensorType type = tensorType(op.getInput());
  if (int64_t(op.getAxis()) != type.getRank() - 1 || !type.getElementType().isF32())
    return lowerAlgebra(e, op);
  NormSpec spec;
  spec.kind = op.getLog() ? NormKind::LogSoftmax : NormKind::Softmax;
  return lowerNorm(e, op, spec, {});
}

static LogicalResult lower(E &e, RopeOp op) {
  RankedTensorType type = tensorType(op.getInput()), table = tensorType(op.getCos());
  RopeSpec spec;
  spec.rows = type.getDimSize(0);
  spec.heads = type.getDimSize(1);
  spec.headDim = type.getDimSize(2);
  spec.context = table.getDimSize(0);
  spec.pairs = table.getDimSize(1);
  spec.interleaved = op.getInterleaved();
  spec.cached = bool(op.getPos());
  MemRefType rows = f32Memref(e, type.getShape()), tables = f32Memref(e, table.getShape());
  SmallVector<Value> buffers = {e.buffer(op.getInput(), rows), e.buffer(op.getCos(), tables),
                                e.buffer(op.getSin(), tables), e.buffer(op.getResult(), rows)};
  e.launch(op.getLoc(), getRopeKernel(e.module, spec, e.isa), buffers, spec.rows, spec.rows * spec.heads,
           type.getNumElements() * 2);
  return success();
}

/// Kernels see a quantized cache as bytes.
static MemRefType cacheMemref(E &e, Value cache) {
  RankedTensorType type = tensorType(cache);
  if (!isa<Int8CacheType>(type.getElementType()))
    return memrefOf(type);
  return MemRefType::get({bufferBytes(type)}, e.b.getI8Type());
}

static LogicalResult lower(E &e, CacheAppendOp op) {
  RankedTensorType cache = tensorType(op.getCache()), rows = tensorType(op.getRows());
  CacheAppendSpec spec = {rows.getDimSize(0), rows.getDimSize(1), cache.getDimSize(1), cache.getDimSize(2),
                          cacheMemref(e, op.getCache()).getElementType()};
  SmallVector<Value> buffers = {e.buffer(op.getRows(), f32Memref(e, rows.getShape())),
                                e.buffer(op.getResult(), cacheMemref(e, op.getResult()))};
  e.launch(op.getLoc(), getCacheAppendKernel(e.module, spec, e.isa), buffers, spec.rows, spec.rows * spec.groups,
           rows.getNumElements());
  return success();
}

template <typename Op> static void setScale(AttentionSpec &spec, Op op) {
  spec.scale = op.getScale().convertToDouble();
  spec.softcap = op.getSoftcap() ? op.getSoftcap()->convertToDouble() : 0;
}

static void setMask(AttentionSpec &spec, MaskAttr mask) {
  spec.causal = mask.getKind() != MaskKind::Bidirectional;
  spec.window = mask.getWindow();
  if (mask.getSlopes())
    spec.slopes.assign(mask.getSlopes().asArrayRef().begin(), mask.getSlopes().asArrayRef().end());
}

static LogicalResult lower(E &e, CachedAttentionOp op) {
  RankedTensorType query = tensorType(op.getQuery()), keys = tensorType(op.getKeyCache());
  AttentionSpec spec;
  spec.rows = query.getDimSize(0);
  spec.heads = query.getDimSize(1);
  spec.headDim = query.getDimSize(2);
  spec.groups = keys.getDimSize(0);
  spec.keys = keys.getDimSize(1);
  spec.valueDim = tensorType(op.getValueCache()).getDimSize(2);
  spec.keyType = cacheMemref(e, op.getKeyCache()).getElementType();
  spec.cached = true;
  setScale(spec, op);
  setMask(spec, op.getMask());
  if (IntegerAttr span = op->getAttrOfType<IntegerAttr>("edgelm.span"))
    spec.span = span.getInt();
  spec.parts = op->hasAttr("edgelm.scratch_bytes");
  e.poll(op.getLoc());
  MemRefType f32Result = f32Memref(e, tensorType(op.getResult()).getShape());
  Value result = e.buffer(op.getResult(), f32Result);
  Value records = spec.parts ? e.scratch(op, spec.partsMemref(e.b.getF32Type())) : Value();
  SmallVector<Value> buffers = {e.buffer(op.getQuery(), f32Memref(e, query.getShape())),
                                e.buffer(op.getKeyCache(), cacheMemref(e, op.getKeyCache())),
                                e.buffer(op.getValueCache(), cacheMemref(e, op.getValueCache())),
                                spec.parts ? records : result};
  e.launch(op.getLoc(), getAttentionKernel(e.module, spec, e.isa), buffers, spec.rows, spec.workItems(e.isa),
           spec.rows * spec.heads * spec.headDim * spec.keys);
  if (spec.parts)
    e.launch(op.getLoc(), getMergeKernel(e.module, spec, e.isa), {records, result}, 1, spec.heads,
             spec.heads * spec.spans() * spec.valueDim);
  return success();
}

static LogicalResult lower(E &e, AttentionOp op) {
  RankedTensorType query = tensorType(op.getQuery()), keys = tensorType(op.getKey());
  AttentionSpec spec;
  spec.rows = query.getDimSize(0);
  spec.heads = query.getDimSize(1);
  spec.headDim = query.getDimSize(2);
  spec.keys = keys.getDimSize(0);
  spec.groups = keys.getDimSize(1);
  spec.valueDim = tensorType(op.getValue()).getDimSize(2);
  spec.keyType = keys.getElementType();
  setScale(spec, op);
  setMask(spec, op.getMask());
  SmallVector<Value> buffers = {e.buffer(op.getQuery(), f32Memref(e, query.getShape())),
                                e.buffer(op.getKey(), f32Memref(e, keys.getShape())),
                                e.buffer(op.getValue(), f32Memref(e, tensorType(op.getValue()).getShape()))};
  if (Value mask = op.getKeyMask()) {
    spec.keyMaskType = memrefOf(mask.getType()).getElementType();
    buffers.push_back(e.buffer(mask, MemRefType::get({spec.keys}, spec.keyMaskType)));
  }
  buffers.push_back(e.buffer(op.getResult(), f32Memref(e, tensorType(op.getResult()).getShape())));
  e.poll(op.getLoc());
  func::FuncOp kernel = getAttentionKernel(e.module, spec, e.isa);
  int64_t work = spec.rows * spec.heads * spec.headDim * spec.keys;
  // Without a mask the valid tokens are all that there is to say which keys are real.
  Value n = e.scalar("n");
  if (n && !spec.keyMaskType && spec.rows == e.tokens() && spec.keys == spec.rows)
    e.launchAt(op.getLoc(), kernel, buffers, e.i32(0), n, spec.workItems(e.isa), work);
  else
    e.launchAt(op.getLoc(), kernel, buffers, e.i32(0), e.i32(spec.rows), spec.workItems(e.isa), work);
  return success();
}

static LogicalResult lower(E &e, SelectRowOp op) {
  RankedTensorType input = tensorType(op.getInput());
  CopyRowsSpec spec;
  spec.kind = CopyRowsSpec::LastRow;
  spec.inputRows = input.getDimSize(0);
  spec.columns = input.getNumElements() / spec.inputRows;
  SmallVector<Value> buffers = {e.buffer(op.getInput(), f32Memref(e, {spec.inputRows, spec.columns})),
                                e.buffer(op.getResult(), f32Memref(e, {1, spec.columns}))};
  Value n = e.scalar("n");
  e.launchAt(op.getLoc(), getCopyRowsKernel(e.module, spec, e.isa), buffers, e.i32(0), n ? n : e.i32(spec.inputRows), 1,
             0);
  return success();
}

LogicalResult lowerOperation(E &e, Operation *op) {
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<PackedWeightOp, ConstantOp>([](Operation *) { return success(); })
      .Case<LinearOp, EmbedOp, PositionRowsOp, RmsNormOp, LayerNormOp, SoftmaxOp, RopeOp, CacheAppendOp,
            CachedAttentionOp, AttentionOp, QuantizeRowsOp, SelectRowOp>([&](auto typed) { return lower(e, typed); })
      .Default([&](Operation *other) { return lowerAlgebra(e, other); });
}

} // namespace edgelm
