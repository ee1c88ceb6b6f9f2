// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise operations: each result is computed in double (integers in int64) and rounded once to its element type.
#include "Dialect/Reference/Families.h"
#include "Dialect/ScalarFunctions.h"

using namespace mlir;
using namespace edgelm;

TensorOr edgelm::evaluateOp(UnaryOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  const UnaryFunction *function = lookupUnary(op.getFn());
  ArrayRef<double> params = op.getParams();
  SmallVector<double, 2> complete(function->defaults);
  std::copy_n(params.begin(), std::min(params.size(), complete.size()), complete.begin());
  bool isFloat = isa<FloatType>(input.elementType());
  if (isFloat ? !function->onFloat : !function->onInteger)
    return op.emitError("function \"") << op.getFn() << "\" has no meaning on " << input.elementType();
  Tensor result(input.shape(), resultElementType(op));
  visitElementType(input.elementType(), [&](auto from) {
    visitElementType(result.elementType(), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      const From *x = input.values<From>().data();
      To *out = result.writable<To>().data();
      int64_t count = result.size();
      if constexpr (isFloatElement<From>)
        for (int64_t i = 0; i < count; ++i)
          out[i] = elementFromDouble<To>(function->onFloat(x[i], complete));
      else
        for (int64_t i = 0; i < count; ++i)
          out[i] = elementFromInteger<To>(function->onInteger(static_cast<int64_t>(x[i])));
    });
  });
  return result;
}

TensorOr edgelm::evaluateOp(BinaryOp op, const Operands &in) {
  FailureOr<ShapeVector> shape = broadcastShapes(op, {in[op.getLhs()].shape(), in[op.getRhs()].shape()});
  if (failed(shape))
    return failure();
  Tensor lhs = broadcastTo(in[op.getLhs()], *shape), rhs = broadcastTo(in[op.getRhs()], *shape);
  const BinaryFunction *function = lookupBinary(op.getFn());
  bool isFloat = isa<FloatType>(lhs.elementType());
  if (lhs.elementType() != rhs.elementType())
    return op.emitError("expects operands of one element type, got ")
           << lhs.elementType() << " and " << rhs.elementType();
  if (isFloat ? !function->onFloat : !function->onInteger)
    return op.emitError("function \"") << op.getFn() << "\" has no meaning on " << lhs.elementType();
  Tensor result(*shape, lhs.elementType());
  visitElementType(lhs.elementType(), [&](auto tag) {
    using T = decltype(tag);
    const T *x = lhs.values<T>().data(), *y = rhs.values<T>().data();
    T *out = result.writable<T>().data();
    int64_t count = result.size();
    if constexpr (isFloatElement<T>)
      for (int64_t i = 0; i < count; ++i)
        out[i] = elementFromDouble<T>(function->onFloat(x[i], y[i]));
    else
      for (int64_t i = 0; i < count; ++i)
        out[i] = elementFromInteger<T>(function->onInteger(static_cast<int64_t>(x[i]), static_cast<int64_t>(y[i])));
  });
  return result;
}

template <typename Compare>
static void compareAll(const Tensor &lhs, const Tensor &rhs, Tensor &result, Compare compare) {
  visitElementType(lhs.elementType(), [&](auto tag) {
    using T = decltype(tag);
    const T *x = lhs.values<T>().data(), *y = rhs.values<T>().data();
    bool *out = result.writable<bool>().data();
    for (int64_t i = 0, count = result.size(); i < count; ++i) {
      if constexpr (isFloatElement<T>)
        out[i] = compare(static_cast<double>(x[i]), static_cast<double>(y[i]));
      else
        out[i] = compare(x[i], y[i]);
    }
  });
}

TensorOr edgelm::evaluateOp(CompareOp op, const Operands &in) {
  FailureOr<ShapeVector> shape = broadcastShapes(op, {in[op.getLhs()].shape(), in[op.getRhs()].shape()});
  if (failed(shape))
    return failure();
  Tensor lhs = broadcastTo(in[op.getLhs()], *shape), rhs = broadcastTo(in[op.getRhs()], *shape);
  if (lhs.elementType() != rhs.elementType())
    return op.emitError("expects operands of one element type, got ")
           << lhs.elementType() << " and " << rhs.elementType();
  Tensor result(*shape, resultElementType(op));
  StringRef predicate = op.getPredicate();
  if (predicate == "eq")
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x == y; });
  else if (predicate == "ne")
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x != y; });
  else if (predicate == "lt")
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x < y; });
  else if (predicate == "le")
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x <= y; });
  else if (predicate == "gt")
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x > y; });
  else
    compareAll(lhs, rhs, result, [](auto x, auto y) { return x >= y; });
  return result;
}

TensorOr edgelm::evaluateOp(SelectOp op, const Operands &in) {
  FailureOr<ShapeVector> shape =
      broadcastShapes(op, {in[op.getCondition()].shape(), in[op.getLhs()].shape(), in[op.getRhs()].shape()});
  if (failed(shape))
    return failure();
  Tensor condition = broadcastTo(in[op.getCondition()], *shape);
  Tensor lhs = broadcastTo(in[op.getLhs()], *shape), rhs = broadcastTo(in[op.getRhs()], *shape);
  if (lhs.elementType() != rhs.elementType())
    return op.emitError("expects operands of one element type, got ")
           << lhs.elementType() << " and " << rhs.elementType();
  Tensor result(*shape, lhs.elementType());
  ArrayRef<bool> choose = condition.values<bool>();
  visitElementType(lhs.elementType(), [&](auto tag) {
    using T = decltype(tag);
    const T *x = lhs.values<T>().data(), *y = rhs.values<T>().data();
    T *out = result.writable<T>().data();
    for (size_t i = 0; i < choose.size(); ++i)
      out[i] = choose[i] ? x[i] : y[i];
  });
  return result;
}

/// Keeps the low 4 bits of codes, each in a byte of its own.
static void wrapCodes(Tensor &codes) {
  bool isUnsigned = codes.elementType().isUnsignedInteger();
  for (uint8_t &code : codes.writable<uint8_t>())
    code = isUnsigned ? code & 15 : uint8_t(int8_t(uint8_t(code << 4)) >> 4);
}

TensorOr edgelm::evaluateOp(CastOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  if (input.elementType() == op.getTo())
    return input;
  Tensor result(input.shape(), op.getTo());
  bool wraps = op.getTo().getIntOrFloatBitWidth() == 4;
  visitElementType(input.elementType(), [&](auto from) {
    visitElementType(op.getTo(), [&](auto to) {
      using From = decltype(from);
      using To = decltype(to);
      const From *x = input.values<From>().data();
      To *out = result.writable<To>().data();
      for (int64_t i = 0, count = result.size(); i < count; ++i) {
        if constexpr (isFloatElement<From>)
          out[i] = wraps ? elementFromInteger<To>(elementFromDouble<int64_t>(x[i])) : elementFromDouble<To>(x[i]);
        else
          out[i] = elementFromInteger<To>(static_cast<int64_t>(x[i]));
      }
    });
  });
  if (wraps)
    wrapCodes(result);
  return result;
}
