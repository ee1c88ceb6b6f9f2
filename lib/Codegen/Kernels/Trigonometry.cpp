// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Polynomials and reductions from Cephes (S. Moshier): atanf.c, asinf.c, asinhf.c, acoshf.c, atanhf.c.
#include "Codegen/Kernels/Trigonometry.h"
#include "Codegen/Kernels/Math.h"

#include <numbers>

namespace edgelm {

static constexpr double kPi = std::numbers::pi, kHalfPi = kPi / 2, kLn2 = std::numbers::ln2;
/// Above it the 1 in x^2 + 1 does not change a root, and below it x^2 does not overflow.
static constexpr double kLarge = 1500;

/// `value` with the sign of `x`.
static Val withSignOf(KernelBuilder &k, Val x, Val value) {
  return k.select(x < 0.0, k.neg(value), value);
}

/// x + x * z * p(z).
static Val oddPolynomial(KernelBuilder &k, Val x, Val z, llvm::ArrayRef<double> p) {
  return k.fma(polynomial(k, z, p) * z, x, x);
}

Val atanF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x), one = k.like(x.type(), 1);
  // tan(3 pi / 8) and tan(pi / 8).
  Val isLarge = a > 2.414213562373095, isMiddle = a > 0.4142135623730950;
  Val reduced = k.select(isLarge, k.neg(one / a), k.select(isMiddle, (a - 1.0) / (a + 1.0), a));
  Val start = k.select(isLarge, k.like(x.type(), kHalfPi),
                       k.select(isMiddle, k.like(x.type(), kHalfPi / 2), k.like(x.type(), 0)));
  Val rest = oddPolynomial(k, reduced, reduced * reduced,
                           {8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1});
  return withSignOf(k, x, start + rest);
}

/// asin(a) of `a` up to 1/2, and asin(sqrt((1 - a) / 2)) = (pi / 2 - asin(a)) / 2 above.
static Val reducedAsin(KernelBuilder &k, Val a, Val isLarge) {
  Val z = k.select(isLarge, (k.like(a.type(), 1) - a) * 0.5, a * a);
  Val root = k.select(isLarge, k.sqrt(z), a);
  return oddPolynomial(k, root, z,
                       {4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1});
}

Val asinF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x), isLarge = a > 0.5, part = reducedAsin(k, a, isLarge);
  return withSignOf(k, x, k.select(isLarge, k.like(x.type(), kHalfPi) - part * 2.0, part));
}

Val acosF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x), isLarge = a > 0.5, part = reducedAsin(k, a, isLarge), isNegative = x < 0.0;
  Val outer = k.select(isNegative, k.like(x.type(), kPi) - part * 2.0, part * 2.0);
  Val inner = k.like(x.type(), kHalfPi) - withSignOf(k, x, part);
  return k.select(isLarge, outer, inner);
}

/// e^x / 2 as two factors, which overflow no earlier than what they are for, and its inverse.
static std::pair<Val, Val> halfExponentials(KernelBuilder &k, Val x) {
  Val root = expF32(k, x * 0.5), square = root * root;
  return {root * 0.5 * root, k.like(x.type(), 0.5) / square};
}

Val sinhF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x);
  auto [grows, falls] = halfExponentials(k, a);
  // Taylor's series.
  Val small = oddPolynomial(k, a, a * a, {1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6});
  return withSignOf(k, x, k.select(a > 1.0, grows - falls, small));
}

Val coshF32(KernelBuilder &k, Val x) {
  auto [grows, falls] = halfExponentials(k, k.abs(x));
  return grows + falls;
}

Val asinhF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x), square = a * a;
  Val small = oddPolynomial(k, a, square, {2.0122003309e-2, -4.2699340972e-2, 7.4847586088e-2, -1.6666288134e-1});
  Val isLarge = a > kLarge;
  Val logarithm = logF32(k, k.select(isLarge, a, a + k.sqrt(square + 1.0)));
  logarithm = k.select(isLarge, logarithm + kLn2, logarithm);
  return withSignOf(k, x, k.select(a < 0.5, small, logarithm));
}

Val acoshF32(KernelBuilder &k, Val x) {
  Val above = x - 1.0, isLarge = x > kLarge;
  Val near = k.sqrt(above) *
             polynomial(k, above, {1.7596881071e-3, -7.5272886713e-3, 2.6454905019e-2, -1.1784741703e-1, 1.4142135263});
  Val logarithm = logF32(k, k.select(isLarge, x, x + k.sqrt(above * (x + 1.0))));
  logarithm = k.select(isLarge, logarithm + kLn2, logarithm);
  return k.select(above < 0.5, near, logarithm);
}

Val atanhF32(KernelBuilder &k, Val x) {
  Val a = k.abs(x), one = k.like(x.type(), 1);
  Val small = oddPolynomial(k, a, a * a,
                            {1.81740078349e-1, 8.24370301058e-2, 1.46691431730e-1, 1.99782164500e-1, 3.33337300303e-1});
  Val logarithm = logF32(k, (one + a) / (one - a)) * 0.5;
  return withSignOf(k, x, k.select(a < 0.5, small, logarithm));
}

} // namespace edgelm
