// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Polynomials for exp, log, tanh and erf, and rounding to 16-bit floats.
#include "Codegen/Kernels/Math.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <limits>

namespace edgelm {

static mlir::Type withElement(Val value, mlir::Type element) {
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(value.type()))
    return vector.clone(element);
  return element;
}

Val polynomial(KernelBuilder &k, Val x, llvm::ArrayRef<double> c) {
  Val sum = k.like(x.type(), c.front());
  for (double coefficient : c.drop_front())
    sum = k.fma(sum, x, k.like(x.type(), coefficient));
  return sum;
}

/// 2^n for the integers n of a vector within the exponents of normal floats.
static Val powerOfTwo(KernelBuilder &k, Val n) {
  return k.bitcast(k.shl(n + k.likeInt(n.type(), 127), 23), k.f32Type());
}

// Coefficients and the split of ln 2: Cephes, expf.c (S. Moshier).
Val expF32(KernelBuilder &k, Val x) {
  mlir::Type type = x.type();
  // Comparisons are written so that NaN passes through. The bounds give zero and infinity after scaling.
  Val low = k.like(type, -104.0), high = k.like(type, 89.0);
  Val clamped = k.select(x < low, low, x);
  clamped = k.select(clamped > high, high, clamped);
  // Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits.
  Val magic = k.like(type, 0x1.8p23);
  Val shifted = k.fma(clamped, k.like(type, 1.44269504088896341), magic);
  Val whole = shifted - magic;
  Val n = k.bitcast(shifted, k.b.getI32Type()) - k.bitcast(magic, k.b.getI32Type());
  Val r = k.fma(whole, k.like(type, -0.693359375), clamped);
  r = k.fma(whole, k.like(type, 2.12194440e-4), r);
  Val p = polynomial(
      k, r, {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1});
  Val y = k.fma(p, r * r, r) + 1.0;
  // Two factors, since 2^128 and 2^-150 are no normal floats.
  Val half = k.wrap(mlir::arith::ShRSIOp::create(k.b, k.loc, n, k.likeInt(n.type(), 1)));
  return y * powerOfTwo(k, half) * powerOfTwo(k, n - half);
}

// Rational approximation over [-7.9, 7.9], as in Eigen's MathFunctionsImpl.h (ptanh).
Val tanhF32(KernelBuilder &k, Val x) {
  mlir::Type type = x.type();
  Val bound = k.like(type, 7.90531110763549805);
  Val clamped = k.select(x > bound, bound, x);
  clamped = k.select(clamped < k.neg(bound), k.neg(bound), clamped);
  Val square = clamped * clamped;
  Val p = polynomial(k, square,
                     {-2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-08,
                      1.48572235717979e-05, 6.37261928875436e-04, 4.89352455891786e-03}) *
          clamped;
  Val q =
      polynomial(k, square, {1.19825839466702e-06, 1.18534705686654e-04, 2.26843463243900e-03, 4.89352518554385e-03});
  return p / q;
}

// Rational approximation over [-4, 4], as in Eigen's MathFunctionsImpl.h (perf).
Val erfF32(KernelBuilder &k, Val x) {
  mlir::Type type = x.type();
  Val bound = k.like(type, 4.0);
  Val clamped = k.select(x > bound, bound, x);
  clamped = k.select(clamped < k.neg(bound), k.neg(bound), clamped);
  Val square = clamped * clamped;
  Val p = polynomial(k, square,
                     {-2.72614225801306e-10, 2.77068142495902e-08, -2.10102402082508e-06, -5.69250639462346e-05,
                      -7.34990630326855e-04, -2.95459980854025e-03, -1.60960333262415e-02}) *
          clamped;
  Val q = polynomial(k, square,
                     {-1.45660718464996e-05, -2.13374055278905e-04, -1.68282697438203e-03, -7.37332916720468e-03,
                      -1.42647390514189e-02});
  return p / q;
}

Val sigmoidF32(KernelBuilder &k, Val x) {
  return k.like(x.type(), 1.0) / (expF32(k, k.neg(x)) + 1.0);
}

// Cephes, logf.c (S. Moshier): the mantissa is brought to [sqrt(1/2), sqrt(2)).
Val logF32(KernelBuilder &k, Val x) {
  mlir::Type type = x.type();
  mlir::Type integer = withElement(x, k.b.getI32Type());
  Val bits = k.bitcast(x, k.b.getI32Type());
  // Subtracting the bits of sqrt(1/2) puts the wanted exponent into the top bits.
  Val offset = bits - k.likeInt(integer, 0x3f3504f3);
  Val exponent = k.wrap(mlir::arith::ShRSIOp::create(k.b, k.loc, offset, k.likeInt(integer, 23)));
  Val mantissa = k.bitcast(bits - k.shl(exponent, 23), k.f32Type());
  Val e = k.wrap(mlir::arith::SIToFPOp::create(k.b, k.loc, type, exponent));
  Val f = mantissa - 1.0;
  Val p = polynomial(k, f,
                     {7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
                      -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1});
  Val square = f * f;
  Val y = k.fma(e, k.like(type, -2.12194440e-4), p * f * square);
  y = k.fma(square, k.like(type, -0.5), y);
  y = k.fma(e, k.like(type, 0.693359375), f + y);
  double infinity = std::numeric_limits<double>::infinity();
  y = k.select(x == k.like(type, infinity), x, y);
  y = k.select(x == k.like(type, 0.0), k.like(type, -infinity), y);
  return k.select(x >= k.like(type, 0.0), y, k.like(type, std::numeric_limits<double>::quiet_NaN()));
}

// Newton's iteration for the reciprocal square root; Lomont's constant starts it within 0.18 %.
Val sqrtF32(KernelBuilder &k, Val x) {
  mlir::Type type = x.type(), integer = withElement(x, k.b.getI32Type());
  // Subnormals have too few bits for the start.
  Val isSmall = x < 0x1p-100;
  Val scaled = k.select(isSmall, x * 0x1p48, x);
  Val start = k.likeInt(integer, 0x5f375a86) - k.shrU(k.bitcast(scaled, k.b.getI32Type()), 1);
  Val inverse = k.bitcast(start, k.f32Type()), half = scaled * 0.5;
  for (int i = 0; i < 3; ++i)
    inverse = inverse * (k.like(type, 1.5) - half * inverse * inverse);
  // A last step on the root itself, which loses less than another one on its reciprocal.
  Val root = scaled * inverse;
  root = root + (scaled - root * root) * (inverse * 0.5);
  root = k.select(isSmall, root * 0x1p-24, root);
  double infinity = std::numeric_limits<double>::infinity();
  Val isPlain = (x > 0.0) & (x < infinity);
  Val special = k.select(x < 0.0, k.like(type, std::numeric_limits<double>::quiet_NaN()), x);
  return k.select(isPlain, root, special);
}

Val f16BitsOf(KernelBuilder &k, Val x) {
  mlir::Type integer = withElement(x, k.b.getI32Type());
  Val bits = k.bitcast(x, k.b.getI32Type());
  Val sign = k.shrU(bits, 16) & k.likeInt(integer, 0x8000);
  Val magnitude = bits & k.likeInt(integer, 0x7fffffff);
  // Normal: rebase the exponent and round to even by adding half less one plus the last kept bit.
  Val odd = k.shrU(magnitude, 13) & k.likeInt(integer, 1);
  Val normal = k.shrU(magnitude - k.likeInt(integer, (127 - 15) << 23) + k.likeInt(integer, 0xfff) + odd, 13);
  // Subnormal: adding 0.5 lets the FPU round at the place of an f16's last bit.
  Val absolute = k.bitcast(magnitude, k.f32Type());
  Val subnormal = k.bitcast(absolute + 0.5, k.b.getI32Type()) - k.likeInt(integer, 0x3f000000);
  Val result = k.select(magnitude < k.likeInt(integer, 113 << 23), subnormal, normal);
  Val large =
      k.select(k.likeInt(integer, 0x7f800000) < magnitude, k.likeInt(integer, 0x7e00), k.likeInt(integer, 0x7c00));
  // 65520 and above rounds to infinity.
  result = k.select(magnitude < k.likeInt(integer, 0x477ff000), result, large);
  return k.wrap(mlir::arith::TruncIOp::create(k.b, k.loc, withElement(x, k.b.getI16Type()), result | sign));
}

Val bf16BitsOf(KernelBuilder &k, Val x) {
  mlir::Type integer = withElement(x, k.b.getI32Type());
  Val bits = k.bitcast(x, k.b.getI32Type());
  Val odd = k.shrU(bits, 16) & k.likeInt(integer, 1);
  Val rounded = k.shrU(bits + k.likeInt(integer, 0x7fff) + odd, 16);
  // Rounding must not carry a NaN into infinity or zero.
  Val isNan = k.likeInt(integer, 0x7f800000) < (bits & k.likeInt(integer, 0x7fffffff));
  Val result = k.select(isNan, k.shrU(bits, 16) | k.likeInt(integer, 0x40), rounded);
  return k.wrap(mlir::arith::TruncIOp::create(k.b, k.loc, withElement(x, k.b.getI16Type()), result));
}

} // namespace edgelm
