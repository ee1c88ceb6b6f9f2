// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row for each scalar function: how its name becomes arithmetic.
#include "Codegen/Kernels/ScalarKernels.h"
#include "Codegen/Kernels/Math.h"
#include "Codegen/Kernels/Trigonometry.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace edgelm {

namespace arith = mlir::arith;
namespace math = mlir::math;

using Params = llvm::ArrayRef<double>;
using K = KernelBuilder;

template <typename Op> static Val op1(K &k, Val x) {
  return k.wrap(Op::create(k.b, k.loc, x));
}
template <typename Op> static Val op2(K &k, Val x, Val y) {
  return k.wrap(Op::create(k.b, k.loc, x, y));
}

static Val constant(K &k, Val x, double value) {
  return k.like(x.type(), value);
}
static Val oneWhere(K &k, Val condition, Val x) {
  return k.select(condition, constant(k, x, 1), constant(k, x, 0));
}
static Val expm1(K &k, Val x) {
  return expF32(k, x) - 1.0;
}
static Val silu(K &k, Val x) {
  return x / (expF32(k, k.neg(x)) + 1.0);
}

/// log(1 + e^x) without overflow.
static Val softplus(K &k, Val x) {
  Val zero = constant(k, x, 0);
  return logF32(k, expF32(k, k.neg(k.abs(x))) + 1.0) + k.max(x, zero);
}

static Val clampUnit(K &k, Val x) {
  return k.min(k.max(x, constant(k, x, 0)), constant(k, x, 1));
}

static Val geluTanh(K &k, Val x) {
  // sqrt(2 / pi) * (x + 0.044715 x^3); 0.5 (1 + tanh(u)) is sigmoid(2 u).
  Val cubic = k.fma(x * x * 0.044715, x, x);
  return x / (expF32(k, cubic * (-2.0 * 0.79788456080286536)) + 1.0);
}

struct UnaryRow {
  llvm::StringLiteral name;
  Val (*build)(K &, Val, Params);
};

static const UnaryRow kUnary[] = {
    {"abs", [](K &k, Val x, Params) { return k.abs(x); }},
    {"neg", [](K &k, Val x, Params) { return k.neg(x); }},
    {"sign",
     [](K &k, Val x, Params) {
       Val zero = constant(k, x, 0);
       return oneWhere(k, x > zero, x) - oneWhere(k, x < zero, x);
     }},
    {"exp", [](K &k, Val x, Params) { return expF32(k, x); }},
    {"log", [](K &k, Val x, Params) { return logF32(k, x); }},
    {"sqrt", [](K &k, Val x, Params) { return k.sqrt(x); }},
    {"rsqrt", [](K &k, Val x, Params) { return constant(k, x, 1) / k.sqrt(x); }},
    {"reciprocal", [](K &k, Val x, Params) { return constant(k, x, 1) / x; }},
    {"sin", [](K &k, Val x, Params) { return op1<math::SinOp>(k, x); }},
    {"cos", [](K &k, Val x, Params) { return op1<math::CosOp>(k, x); }},
    {"tan", [](K &k, Val x, Params) { return op1<math::SinOp>(k, x) / op1<math::CosOp>(k, x); }},
    {"asin", [](K &k, Val x, Params) { return asinF32(k, x); }},
    {"acos", [](K &k, Val x, Params) { return acosF32(k, x); }},
    {"atan", [](K &k, Val x, Params) { return atanF32(k, x); }},
    {"sinh", [](K &k, Val x, Params) { return sinhF32(k, x); }},
    {"cosh", [](K &k, Val x, Params) { return coshF32(k, x); }},
    {"asinh", [](K &k, Val x, Params) { return asinhF32(k, x); }},
    {"acosh", [](K &k, Val x, Params) { return acoshF32(k, x); }},
    {"atanh", [](K &k, Val x, Params) { return atanhF32(k, x); }},
    {"tanh", [](K &k, Val x, Params) { return tanhF32(k, x); }},
    {"erf", [](K &k, Val x, Params) { return erfF32(k, x); }},
    {"floor", [](K &k, Val x, Params) { return op1<math::FloorOp>(k, x); }},
    {"ceil", [](K &k, Val x, Params) { return op1<math::CeilOp>(k, x); }},
    {"round", [](K &k, Val x, Params) { return op1<math::RoundEvenOp>(k, x); }},
    {"relu", [](K &k, Val x, Params) { return k.max(x, constant(k, x, 0)); }},
    {"leaky_relu", [](K &k, Val x, Params p) { return k.select(x < 0.0, x * p[0], x); }},
    {"elu", [](K &k, Val x, Params p) { return k.select(x < 0.0, expm1(k, x) * p[0], x); }},
    {"selu", [](K &k, Val x, Params p) { return k.select(x > 0.0, x, expm1(k, x) * p[0]) * p[1]; }},
    {"hard_sigmoid", [](K &k, Val x, Params p) { return clampUnit(k, x * p[0] + p[1]); }},
    {"hard_swish", [](K &k, Val x, Params) { return x * clampUnit(k, x / 6.0 + 0.5); }},
    {"sigmoid", [](K &k, Val x, Params) { return sigmoidF32(k, x); }},
    {"silu", [](K &k, Val x, Params) { return silu(k, x); }},
    {"softplus", [](K &k, Val x, Params) { return softplus(k, x); }},
    {"softsign", [](K &k, Val x, Params) { return x / (k.abs(x) + 1.0); }},
    {"mish", [](K &k, Val x, Params) { return x * tanhF32(k, softplus(k, x)); }},
    {"gelu", [](K &k, Val x, Params) { return x * 0.5 * (erfF32(k, x * 0.70710678118654752) + 1.0); }},
    {"gelu_tanh", [](K &k, Val x, Params) { return geluTanh(k, x); }},
    {"gelu_quick", [](K &k, Val x, Params) { return x / (expF32(k, x * -1.702) + 1.0); }},
    {"is_nan", [](K &k, Val x, Params) { return oneWhere(k, op1<math::IsNaNOp>(k, x), x); }},
    {"is_inf",
     [](K &k, Val x, Params) {
       return oneWhere(k, k.abs(x) == constant(k, x, std::numeric_limits<double>::infinity()), x);
     }},
};

Val applyUnary(K &k, llvm::StringRef name, Val x, Params params) {
  for (const UnaryRow &row : kUnary)
    if (row.name == name)
      return row.build(k, x, params);
  return {};
}

/// The remainder with the sign of the divisor, from that with the sign of the dividend.
static Val floorRemainder(K &k, Val remainder, Val divisor) {
  Val zero = constant(k, remainder, 0);
  Val differs = k.wrap(arith::XOrIOp::create(k.b, k.loc, remainder < zero, divisor < zero));
  Val nonzero = (remainder < zero) | (zero < remainder);
  return k.select(differs & nonzero, remainder + divisor, remainder);
}

struct BinaryRow {
  llvm::StringLiteral name;
  Val (*onFloat)(K &, Val, Val);
  Val (*onInteger)(K &, Val, Val);
  Val (*onUnsigned)(K &, Val, Val) = nullptr; ///< null: as on signed integers
};

/// ONNX has no integer division by zero; one keeps the machine from trapping.
static Val safeDivisor(K &k, Val y) {
  return k.select(y == k.likeInt(y.type(), 0), k.likeInt(y.type(), 1), y);
}

static Val maxNan(K &k, Val x, Val y) {
  return op2<arith::MaximumFOp>(k, x, y);
}
static Val minNan(K &k, Val x, Val y) {
  return op2<arith::MinimumFOp>(k, x, y);
}
static Val fmod(K &k, Val x, Val y) {
  return op2<arith::RemFOp>(k, x, y);
}
static Val remainder(K &k, Val x, Val y) {
  return op2<arith::RemSIOp>(k, x, safeDivisor(k, y));
}

static Val divideUnsigned(K &k, Val x, Val y) {
  return op2<arith::DivUIOp>(k, x, safeDivisor(k, y));
}
static Val remainderUnsigned(K &k, Val x, Val y) {
  return op2<arith::RemUIOp>(k, x, safeDivisor(k, y));
}

/// Squares and multiplies, bit by bit of the exponent, which a negative one does not have: 1 / base, truncated.
static Val integerPower(K &k, Val base, Val exponent) {
  int64_t bits = base.type().getIntOrFloatBitWidth();
  Val one = constant(k, base, 1), zero = constant(k, base, 0);
  Vals result = k.loop(k.index(0), k.index(bits), 1, {one, base, exponent}, [&](Val, llvm::ArrayRef<Val> v) -> Vals {
    Val odd = (v[2] & one) == one;
    return {k.select(odd, v[0] * v[1], v[0]), v[1] * v[1], k.shrU(v[2], 1)};
  });
  Val minusOne = zero - one, isOdd = (exponent & one) == one;
  Val inverse = k.select(base == one, one, k.select(base == minusOne, k.select(isOdd, minusOne, one), zero));
  return k.select(exponent < zero, inverse, result[0]);
}

/// A shift of unsigned integers; from all bits on it leaves none, where a machine's does as it likes.
template <typename Op> static Val shift(K &k, Val x, Val distance) {
  Val zero = k.likeInt(x.type(), 0), bits = k.likeInt(x.type(), x.type().getIntOrFloatBitWidth());
  Val fits = k.wrap(arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, distance, bits));
  return k.select(fits, op2<Op>(k, x, k.select(fits, distance, zero)), zero);
}

static const BinaryRow kBinary[] = {
    {"add", [](K &, Val x, Val y) { return x + y; }, [](K &, Val x, Val y) { return x + y; }},
    {"sub", [](K &, Val x, Val y) { return x - y; }, [](K &, Val x, Val y) { return x - y; }},
    {"mul", [](K &, Val x, Val y) { return x * y; }, [](K &, Val x, Val y) { return x * y; }},
    {"div", [](K &, Val x, Val y) { return x / y; }, [](K &k, Val x, Val y) { return x / safeDivisor(k, y); },
     divideUnsigned},
    {"pow", op2<math::PowFOp>, integerPower},
    {"mod", [](K &k, Val x, Val y) { return floorRemainder(k, fmod(k, x, y), y); },
     [](K &k, Val x, Val y) { return floorRemainder(k, remainder(k, x, y), y); }, remainderUnsigned},
    {"fmod", fmod, remainder, remainderUnsigned},
    {"max", maxNan, op2<arith::MaxSIOp>, op2<arith::MaxUIOp>},
    {"min", minNan, op2<arith::MinSIOp>, op2<arith::MinUIOp>},
    {"and", nullptr, op2<arith::AndIOp>},
    {"or", nullptr, op2<arith::OrIOp>},
    {"xor", nullptr, op2<arith::XOrIOp>},
    {"shift_left", nullptr, shift<arith::ShLIOp>},
    {"shift_right", nullptr, shift<arith::ShRUIOp>},
};

Val applyBinary(K &k, llvm::StringRef name, Val x, Val y, bool isUnsigned) {
  bool isFloat = llvm::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(x.type()));
  for (const BinaryRow &row : kBinary)
    if (row.name == name)
      if (Val(*build)(K &, Val, Val) = isFloat                        ? row.onFloat
                                       : isUnsigned && row.onUnsigned ? row.onUnsigned
                                                                      : row.onInteger)
        return build(k, x, y);
  return {};
}

Val applyUnaryInteger(K &k, llvm::StringRef name, Val x, bool isUnsigned) {
  Val zero = k.likeInt(x.type(), 0), one = k.likeInt(x.type(), 1);
  if (name == "neg")
    return zero - x;
  if (isUnsigned && (name == "abs" || name == "relu"))
    return x;
  if (isUnsigned && name == "sign")
    return k.select(x == zero, zero, one);
  if (name == "abs")
    return k.max(x, zero - x);
  if (name == "not")
    return k.select(x == zero, one, zero);
  if (name == "sign")
    return k.select(x > zero, one, k.select(x < zero, zero - one, zero));
  if (name == "relu")
    return k.max(x, zero);
  return {};
}

} // namespace edgelm
