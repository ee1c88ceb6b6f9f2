// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dynamic quantization as ONNX defines it, in operations that have kernels.
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_EXPANDQUANTIZE
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
/// Builds the definition of one operation.
class Expansion {
public:
  explicit Expansion(DynamicQuantizeOp op)
      : op(op), builder(op), loc(op.getLoc()), type(tensorType(op.getScale())), codes(tensorType(op.getResult())) {}
  void run();

private:
  Value number(double value) {
    RankedTensorType scalar = RankedTensorType::get({}, type.getElementType());
    return ConstantOp::create(builder, loc, DenseElementsAttr::get(scalar, builder.getF32FloatAttr(float(value))));
  }
  Value binary(StringRef fn, Value x, Value y) { return BinaryOp::create(builder, loc, type, fn, x, y); }
  /// The range's end, which includes 0.
  Value extreme(StringRef fn) {
    SmallVector<int64_t> axes;
    int64_t rank = codes.getRank();
    for (int64_t axis = op.getPerToken() ? rank - 1 : 0; axis < rank; ++axis)
      axes.push_back(axis);
    // A scalar is its own extreme.
    Value found = axes.empty() ? op.getInput()
                               : Value(ReduceOp::create(builder, loc, type, fn, op.getInput(), axes, op.getPerToken()));
    return binary(fn, found, number(0));
  }

  DynamicQuantizeOp op;
  OpBuilder builder;
  Location loc;
  RankedTensorType type, codes;
};
} // namespace

void Expansion::run() {
  Value least = extreme("min"), greatest = extreme("max");
  Value step = binary("div", binary("sub", greatest, least), number(255));
  Value isZero = CompareOp::create(builder, loc, type.clone(builder.getI1Type()), "eq", step, number(0));
  Value scale = SelectOp::create(builder, loc, type, isZero, number(1), step);
  Value exact = binary("sub", number(0), binary("div", least, scale));
  Value clamped = binary("min", binary("max", exact, number(0)), number(255));
  Value rounded = UnaryOp::create(builder, loc, type, "round", clamped, ArrayRef<double>());
  Type code = codes.getElementType();
  Value zero = CastOp::create(builder, loc, type.clone(code), rounded, code);
  // A scale of each row is one of a block that is as long as the row.
  int64_t rank = codes.getRank(), axis = op.getPerToken() ? rank - 1 : 0;
  int64_t block = op.getPerToken() ? codes.getShape().back() : 0;
  Value result = QuantizeOp::create(builder, loc, codes, op.getInput(), scale, zero, axis, block, code);
  op.replaceAllUsesWith(ValueRange{result, scale, zero});
  op.erase();
}

namespace {
struct ExpandQuantize : edgelm::impl::ExpandQuantizeBase<ExpandQuantize> {
  void runOnOperation() override {
    getOperation().walk([](DynamicQuantizeOp op) { Expansion(op).run(); });
  }
};
} // namespace
