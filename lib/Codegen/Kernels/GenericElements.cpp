// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One element of a result by each algebra operation's definition (lib/Dialect/Reference says the same in C++).
#include "Codegen/Kernels/GenericElements.h"
#include "Codegen/Kernels/Generic.h"
#include "Codegen/Kernels/GenericIndexing.h"
#include "Codegen/Kernels/GenericQuantized.h"
#include "Codegen/Kernels/Math.h"
#include "Codegen/Kernels/ScalarKernels.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/KnownValues.h"
#include "Dialect/ScalarFunctions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/TypeSwitch.h"

#include <limits>

namespace edgelm {

namespace arith = mlir::arith;
using Indices = llvm::SmallVector<mlir::Value>;
using IndexRef = llvm::ArrayRef<mlir::Value>;

static bool isFloat(mlir::Type type) {
  return llvm::isa<mlir::FloatType>(type);
}

static bool isUnsigned(mlir::Value tensor) {
  return tensorType(tensor).getElementType().isUnsignedInteger();
}

static Val unary(const GenericOperands &o, UnaryOp op, IndexRef at) {
  Val x = o.loadBroadcast(0, at);
  if (!isFloat(x.type()))
    return applyUnaryInteger(o.k, op.getFn(), x, isUnsigned(op.getInput()));
  llvm::SmallVector<double> params(op.getParams());
  llvm::ArrayRef<double> defaults = lookupUnary(op.getFn())->defaults;
  for (size_t i = params.size(); i < defaults.size(); ++i)
    params.push_back(defaults[i]);
  Val result = applyUnary(o.k, op.getFn(), x, params);
  if (!tensorType(op.getResult()).getElementType().isInteger(1))
    return result;
  return result > 0.0;
}

static Val compare(const GenericOperands &o, CompareOp op, IndexRef at) {
  Val x = o.loadBroadcast(0, at), y = o.loadBroadcast(1, at);
  struct Row {
    llvm::StringLiteral name;
    arith::CmpFPredicate onFloat;
    arith::CmpIPredicate onSigned, onUnsigned;
  };
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static const Row rows[] = {{"eq", F::OEQ, I::eq, I::eq},   {"ne", F::UNE, I::ne, I::ne},
                             {"lt", F::OLT, I::slt, I::ult}, {"le", F::OLE, I::sle, I::ule},
                             {"gt", F::OGT, I::sgt, I::ugt}, {"ge", F::OGE, I::sge, I::uge}};
  for (const Row &row : rows) {
    if (row.name != op.getPredicate())
      continue;
    if (isFloat(x.type()))
      return o.k.wrap(arith::CmpFOp::create(o.k.b, o.k.loc, row.onFloat, x, y));
    bool unsignedOrder = isUnsigned(op.getLhs()) || x.type().isInteger(1);
    return o.k.wrap(arith::CmpIOp::create(o.k.b, o.k.loc, unsignedOrder ? row.onUnsigned : row.onSigned, x, y));
  }
  return {};
}

static Val cast(const GenericOperands &o, CastOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  Val x = o.load(0, at);
  mlir::Type to = memrefOf(op.getResult().getType()).getElementType();
  bool isNarrowFloat = isFloat(to) && to.getIntOrFloatBitWidth() == 16;
  // Codes of 4 bits wrap in their byte.
  if (unsigned bits = tensorType(op.getResult()).getElementTypeBitWidth(); bits < 8 && bits > 1) {
    Val wideCode = isFloat(x.type()) ? k.wrap(arith::FPToSIOp::create(k.b, k.loc, k.b.getI32Type(), x.value))
                                     : k.toWidth(x, 32, !isUnsigned(op.getInput()) && !x.type().isInteger(1));
    Val high = k.shl(wideCode, 32 - bits);
    return k.toWidth(isUnsigned(op.getResult()) ? k.shrU(high, 32 - bits) : k.shrS(high, 32 - bits), 8);
  }
  mlir::Type wide = isNarrowFloat ? k.f32Type() : to;
  if (x.type() == wide)
    return x;
  if (to.isInteger(1)) {
    if (isFloat(x.type()))
      return k.wrap(arith::CmpFOp::create(k.b, k.loc, arith::CmpFPredicate::UNE, x, k.like(x.type(), 0)));
    return k.wrap(arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ne, x, k.likeInt(x.type(), 0)));
  }
  mlir::Type from = x.type();
  bool fromUnsigned = isUnsigned(op.getInput()) || from.isInteger(1);
  if (isFloat(from) && isFloat(wide)) {
    if (from.getIntOrFloatBitWidth() < wide.getIntOrFloatBitWidth())
      return k.wrap(arith::ExtFOp::create(k.b, k.loc, wide, x.value));
    return k.wrap(arith::TruncFOp::create(k.b, k.loc, wide, x.value));
  }
  if (isFloat(from))
    return isUnsigned(op.getResult()) ? k.wrap(arith::FPToUIOp::create(k.b, k.loc, wide, x.value))
                                      : k.wrap(arith::FPToSIOp::create(k.b, k.loc, wide, x.value));
  if (isFloat(wide))
    return fromUnsigned ? k.wrap(arith::UIToFPOp::create(k.b, k.loc, wide, x.value))
                        : k.wrap(arith::SIToFPOp::create(k.b, k.loc, wide, x.value));
  if (from.getIntOrFloatBitWidth() > wide.getIntOrFloatBitWidth())
    return k.wrap(arith::TruncIOp::create(k.b, k.loc, wide, x.value));
  return fromUnsigned ? k.wrap(arith::ExtUIOp::create(k.b, k.loc, wide, x.value))
                      : k.wrap(arith::ExtSIOp::create(k.b, k.loc, wide, x.value));
}

static Val gather(const GenericOperands &o, GatherOp op, IndexRef at) {
  int64_t axis = op.getAxis(), indexRank = tensorType(op.getIndices()).getRank();
  int64_t size = tensorType(op.getInput()).getDimSize(axis);
  Val row = wrappedIndex(o.k, o.load(1, at.slice(axis, indexRank)), size);
  Indices from(at.take_front(axis));
  from.push_back(row);
  from.append(at.begin() + axis + indexRank, at.end());
  return o.load(0, from);
}

static Val gatherElements(const GenericOperands &o, GatherElementsOp op, IndexRef at) {
  Indices from(at);
  from[op.getAxis()] = wrappedIndex(o.k, o.load(1, at), tensorType(op.getInput()).getDimSize(op.getAxis()));
  return o.load(0, from);
}

static Val slice(const GenericOperands &o, SliceOp op, IndexRef at) {
  Indices from;
  for (size_t dim = 0; dim < at.size(); ++dim)
    from.push_back(o.k.wrap(at[dim]) * double((*op.getSteps())[dim]) + double((*op.getStarts())[dim]));
  return o.load(0, from);
}

static Val transpose(const GenericOperands &o, TransposeOp op, IndexRef at) {
  Indices from(at.size());
  for (auto [dim, source] : llvm::enumerate(op.getPerm()))
    from[source] = at[dim];
  return o.load(0, from);
}

/// Any rank-preserving or changing copy: the element with the same row-major number.
static Val reshape(const GenericOperands &o, IndexRef at) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> to = tensorType(o.op->getResult(0)).getShape();
  llvm::ArrayRef<int64_t> from = tensorType(o.op->getOperand(0)).getShape();
  Val number = k.index(0);
  for (size_t dim = 0; dim < to.size(); ++dim)
    number = number * double(to[dim]) + k.wrap(at[dim]);
  Indices indices(from.size());
  for (size_t dim = from.size(); dim-- > 0;) {
    Val rest = number / double(from[dim]);
    indices[dim] = number - rest * double(from[dim]);
    number = rest;
  }
  return o.load(0, indices);
}

/// The table row of the token at `axis`; its elements in row-major order of the other dimensions.
static Val positionRows(const GenericOperands &o, const KernelArgs &args, PositionRowsOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> to = tensorType(op.getResult()).getShape();
  llvm::ArrayRef<int64_t> table = tensorType(op.getTable()).getShape();
  Val number = k.index(0);
  for (size_t dim = 0; dim < to.size(); ++dim)
    if (dim != op.getAxis())
      number = number * double(to[dim]) + k.wrap(at[dim]);
  Indices indices(table.size());
  for (size_t dim = table.size(); dim-- > 1;) {
    Val rest = number / double(table[dim]);
    indices[dim] = number - rest * double(table[dim]);
    number = rest;
  }
  Val row = k.wrap(at[op.getAxis()]);
  if (op.getPos())
    row = row + args.pos;
  indices[0] = k.min(row, k.index(table[0] - 1));
  return o.load(0, indices);
}

static Val matmul(const GenericOperands &o, MatMulOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> left = tensorType(op.getLhs()).getShape(), right = tensorType(op.getRhs()).getShape();
  bool leftVector = left.size() == 1, rightVector = right.size() == 1;
  IndexRef batch = at.drop_back(int(!leftVector) + int(!rightVector));
  auto indices = [&](llvm::ArrayRef<int64_t> shape, Val row, Val column) {
    Indices own;
    int64_t batches = int64_t(shape.size()) - 2;
    for (int64_t dim = 0; dim < batches; ++dim)
      own.push_back(shape[dim] == 1 ? k.index(0).value : batch[batch.size() - batches + dim]);
    if (row.value)
      own.push_back(row);
    if (column.value)
      own.push_back(column);
    return own;
  };
  Val row = leftVector ? Val() : k.wrap(at[at.size() - 1 - int(!rightVector)]);
  Val column = rightVector ? Val() : k.wrap(at.back());
  mlir::Type type = memrefOf(op.getResult().getType()).getElementType();
  bool narrow = isFloat(type) && type.getIntOrFloatBitWidth() == 16;
  Val zero = k.like(narrow ? k.f32Type() : type, 0);
  return k.loop(k.index(0), k.index(left.back()), 1, {zero}, [&](Val i, llvm::ArrayRef<Val> sum) -> Vals {
    Val x = o.load(0, indices(left, row, i)), y = o.load(1, indices(right, i, column));
    return {isFloat(x.type()) ? k.fma(x, y, sum[0]) : x * y + sum[0]};
  })[0];
}

/// Result indices to operand indices, with loops over the reduced axes.
static Val reduce(const GenericOperands &o, ReduceOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  mlir::RankedTensorType input = tensorType(op.getInput());
  llvm::SmallVector<int64_t> axes(op.getAxes());
  if (axes.empty())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, input.getRank()));
  Indices from(input.getRank());
  size_t next = 0;
  int64_t count = 1;
  for (int64_t dim = 0; dim < input.getRank(); ++dim) {
    if (!llvm::is_contained(axes, dim))
      from[dim] = at[next++];
    else if (op.getKeepDims())
      ++next;
    if (llvm::is_contained(axes, dim))
      count *= input.getDimSize(dim);
  }
  auto fold = [&](Val init, llvm::function_ref<Val(Val, Val)> combine) {
    std::function<Val(size_t, Val)> nest = [&](size_t axis, Val value) -> Val {
      if (axis == axes.size())
        return combine(value, o.load(0, from));
      return k.loop(k.index(0), k.index(input.getDimSize(axes[axis])), 1, {value},
                    [&](Val i, llvm::ArrayRef<Val> carried) -> Vals {
                      from[axes[axis]] = i;
                      return {nest(axis + 1, carried[0])};
                    })[0];
    };
    return nest(0, init);
  };
  mlir::Type type = memrefOf(op.getInput().getType()).getElementType();
  bool onFloat = isFloat(type);
  if (onFloat && type.getIntOrFloatBitWidth() == 16)
    type = k.f32Type();
  Val zero = k.like(type, 0);
  bool noSign = isUnsigned(op.getInput()) || type.isInteger(1);
  auto extreme = [&](llvm::StringRef which) {
    for (int64_t axis : axes)
      from[axis] = k.index(0);
    Val init = o.load(0, from);
    return fold(init, [&](Val x, Val y) {
      if (onFloat)
        return which == "max" ? k.max(x, y) : k.min(x, y);
      return applyBinary(k, which, x, y, noSign);
    });
  };
  llvm::StringRef fn = op.getFn();
  if (fn == "sum")
    return fold(zero, [](Val x, Val y) { return x + y; });
  if (fn == "mean")
    return fold(zero, [](Val x, Val y) { return x + y; }) / double(count);
  if (fn == "prod")
    return fold(k.like(type, 1), [](Val x, Val y) { return x * y; });
  if (fn == "sum_square")
    return fold(zero, [](Val x, Val y) { return x + y * y; });
  if (fn == "max")
    return extreme("max");
  if (fn == "min")
    return extreme("min");
  if (fn == "l1")
    return fold(zero, [&](Val x, Val y) { return x + (onFloat ? k.abs(y) : k.max(y, zero - y)); });
  if (!onFloat)
    return {};
  if (fn == "l2")
    return k.sqrt(fold(zero, [](Val x, Val y) { return x + y * y; }));
  if (fn == "log_sum")
    return logF32(k, fold(zero, [](Val x, Val y) { return x + y; }));
  if (fn == "log_sum_exp") {
    Val shift = extreme("max");
    return shift + logF32(k, fold(zero, [&](Val x, Val y) { return x + expF32(k, y - shift); }));
  }
  return {};
}

static Val argReduce(const GenericOperands &o, ArgReduceOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  Indices from(at);
  int64_t axis = op.getAxis();
  if (op.getKeepDims())
    from[axis] = k.index(0);
  else
    from.insert(from.begin() + axis, k.index(0));
  Val first = o.load(0, from);
  Vals best = k.loop(k.index(0), k.index(tensorType(op.getInput()).getDimSize(axis)), 1, {first, k.index(0)},
                     [&](Val i, llvm::ArrayRef<Val> carried) -> Vals {
                       from[axis] = i;
                       Val x = o.load(0, from);
                       bool isMax = op.getFn() == "max";
                       Val better = isMax ? x > carried[0] : x < carried[0];
                       if (op.getSelectLast())
                         better = isMax ? x >= carried[0] : x <= carried[0];
                       return {k.select(better, x, carried[0]), k.select(better, i, carried[1])};
                     });
  return k.wrap(arith::IndexCastOp::create(k.b, k.loc, k.b.getI64Type(), best[1].value));
}

/// Whether the scalar function table has the function for this element type.
static bool hasScalarForm(mlir::Operation *op) {
  bool floats = isFloat(tensorType(op->getOperand(0)).getElementType());
  if (UnaryOp unary = llvm::dyn_cast<UnaryOp>(op)) {
    const UnaryFunction *row = lookupUnary(unary.getFn());
    return row && (floats ? row->onFloat != nullptr : row->onInteger != nullptr);
  }
  if (BinaryOp binary = llvm::dyn_cast<BinaryOp>(op)) {
    const BinaryFunction *row = lookupBinary(binary.getFn());
    return row && (floats ? row->onFloat != nullptr : row->onInteger != nullptr);
  }
  return true;
}

/// Polynomials are of f32.
static bool needsF32(mlir::Operation *op) {
  if (UnaryOp unary = llvm::dyn_cast<UnaryOp>(op))
    return !llvm::is_contained({"abs", "neg", "sqrt", "reciprocal", "relu", "floor", "ceil", "round", "sign"},
                               unary.getFn());
  if (ReduceOp reduce = llvm::dyn_cast<ReduceOp>(op))
    return reduce.getFn().starts_with("log");
  return llvm::isa<SoftmaxOp, GluOp, QuantizeOp, DequantizeOp>(op);
}

bool hasGenericDefinition(mlir::Operation *op) {
  auto isDouble = [](mlir::Value value) { return tensorType(value).getElementType().isF64(); };
  if (needsF32(op) && (llvm::any_of(op->getOperands(), isDouble) || llvm::any_of(op->getResults(), isDouble)))
    return false;
  if (llvm::isa<UnaryOp, BinaryOp>(op))
    return hasScalarForm(op);
  if (SliceOp slice = llvm::dyn_cast<SliceOp>(op))
    return slice.getStarts() && slice.getSteps();
  if (PadOp pad = llvm::dyn_cast<PadOp>(op))
    return pad.getPads() && tensorType(pad.getInput()).getNumElements() > 0;
  if (MatMulIntegerOp product = llvm::dyn_cast<MatMulIntegerOp>(op))
    return hasSimpleZeroPoints(product);
  return llvm::isa<CompareOp, SelectOp, CastOp, GluOp, TransposeOp, BroadcastOp, ReshapeOp, UnsqueezeOp, SqueezeOp,
                   GatherOp, GatherElementsOp, ReduceOp, ArgReduceOp, MatMulOp, PositionRowsOp, ConcatOp, SoftmaxOp,
                   CumSumOp, TriluOp, TileOp, GatherNDOp, ScatterNDOp, QuantizeOp, DequantizeOp>(op);
}

Val elementOf(const GenericOperands &o, const KernelArgs &args, IndexRef at) {
  KernelBuilder &k = o.k;
  return llvm::TypeSwitch<mlir::Operation *, Val>(o.op)
      .Case([&](UnaryOp op) { return unary(o, op, at); })
      .Case([&](BinaryOp op) {
        return applyBinary(k, op.getFn(), o.loadBroadcast(0, at), o.loadBroadcast(1, at), isUnsigned(op.getLhs()));
      })
      .Case([&](CompareOp op) { return compare(o, op, at); })
      .Case([&](SelectOp) { return k.select(o.loadBroadcast(0, at), o.loadBroadcast(1, at), o.loadBroadcast(2, at)); })
      .Case([&](CastOp op) { return cast(o, op, at); })
      .Case([&](GluOp op) {
        return applyUnary(k, op.getFn(), o.load(0, at), lookupUnary(op.getFn())->defaults) * o.load(1, at);
      })
      .Case([&](TransposeOp op) { return transpose(o, op, at); })
      .Case([&](BroadcastOp) { return o.loadBroadcast(0, at); })
      .Case<ReshapeOp, UnsqueezeOp, SqueezeOp>([&](mlir::Operation *) { return reshape(o, at); })
      .Case([&](GatherOp op) { return gather(o, op, at); })
      .Case([&](GatherElementsOp op) { return gatherElements(o, op, at); })
      .Case([&](SliceOp op) { return slice(o, op, at); })
      .Case([&](ReduceOp op) { return reduce(o, op, at); })
      .Case([&](ArgReduceOp op) { return argReduce(o, op, at); })
      .Case([&](MatMulOp op) { return matmul(o, op, at); })
      .Case([&](PositionRowsOp op) { return positionRows(o, args, op, at); })
      .Case([&](TriluOp op) { return triangle(o, op, at); })
      .Case([&](PadOp op) { return padded(o, op, at); })
      .Case([&](TileOp op) { return tiled(o, op, at); })
      .Case([&](GatherNDOp op) { return gatherND(o, op, at); })
      .Case([&](QuantizeOp op) { return quantized(o, op, at); })
      .Case([&](DequantizeOp op) { return dequantized(o, op, at); })
      .Case([&](MatMulIntegerOp op) { return integerProduct(o, op, at); })
      .Default([](mlir::Operation *) { return Val(); });
}

} // namespace edgelm
