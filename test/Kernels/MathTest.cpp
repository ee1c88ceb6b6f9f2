// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures the errors of the polynomials over their ranges and checks the bounds that Math.h states.
#include "Codegen/Kernels/Math.h"
#include "Codegen/Kernels/ScalarKernels.h"
#include "Codegen/Kernels/Trigonometry.h"
#include "KernelJit.h"

#include "Dialect/ScalarFunctions.h"
#include "gtest/gtest.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <limits>

using namespace edgelm;

namespace {

constexpr int64_t kCount = 1 << 16;

/// y[i] = fn(x[i]) for `kCount` elements.
std::vector<float> apply(const TargetSpec &target, llvm::function_ref<Val(KernelBuilder &, Val)> fn,
                         const std::vector<float> &x) {
  KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
    mlir::Type type = mlir::MemRefType::get({kCount}, mlir::Float32Type::get(module.getContext()));
    getOrCreateKernel(module, "kernel_map", {type, type}, isa, [&](KernelBuilder &k, const KernelArgs &args) {
      k.loop(k.index(0), k.index(kCount), isa.lanes,
             [&](Val i) { k.storeVector(args.memrefs[1], {i}, fn(k, k.loadVector(args.memrefs[0], {i}, isa.lanes))); });
    });
  });
  std::vector<float> y(kCount);
  void *buffers[] = {const_cast<float *>(x.data()), y.data()};
  jit.task("kernel_map")(buffers, 0, 0, 0, 1);
  return y;
}

std::vector<float> spread(double from, double to) {
  std::vector<float> x(kCount);
  for (int64_t i = 0; i < kCount; ++i)
    x[i] = float(from + (to - from) * double(i) / (kCount - 1));
  return x;
}

double ulpOf(double value) {
  return std::exp2(std::max(-149.0, std::floor(std::log2(std::fabs(value))) - 23));
}

double worstUlp(const std::vector<float> &x, const std::vector<float> &y, double (*reference)(double)) {
  double worst = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    double expected = reference(x[i]);
    if (std::fabs(expected) <= std::numeric_limits<float>::max() && expected != 0)
      worst = std::max(worst, std::fabs(y[i] - expected) / ulpOf(expected));
  }
  return worst;
}

double worstAbsolute(const std::vector<float> &x, const std::vector<float> &y, llvm::function_ref<double(double)> fn) {
  double worst = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    // Written so that NaN is the worst.
    double error = std::fabs(y[i] - fn(x[i]));
    if (!(error <= worst))
      worst = error;
  }
  return worst;
}

TEST(Math, ErrorsStayWithinTheStatedBounds) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    std::vector<float> wide = spread(-103.9, 88.7), narrow = spread(-10, 10);
    EXPECT_LE(worstUlp(wide, apply(target, expF32, wide), std::exp), 2.0);
    EXPECT_LE(worstAbsolute(narrow, apply(target, tanhF32, narrow), [](double x) { return std::tanh(x); }), 4e-7);
    EXPECT_LE(worstAbsolute(narrow, apply(target, erfF32, narrow), [](double x) { return std::erf(x); }), 4e-7);
    EXPECT_LE(worstAbsolute(narrow, apply(target, sigmoidF32, narrow), [](double x) { return 1 / (1 + std::exp(-x)); }),
              2e-7);
    std::vector<float> positive = spread(1e-3, 1e4);
    EXPECT_LE(worstUlp(positive, apply(target, logF32, positive), std::log), 4.0);
    for (double scale : {1.0, 0x1p-140, 0x1p110}) {
      std::vector<float> any = spread(1e-3 * scale, 1e4 * scale);
      EXPECT_LE(worstUlp(any, apply(target, sqrtF32, any), std::sqrt), 1.0) << scale;
    }
  }
}

TEST(Math, TrigonometryStaysWithinTheStatedBounds) {
  struct Row {
    const char *name;
    Val (*fn)(KernelBuilder &, Val);
    double (*reference)(double);
    double from, to, ulps;
  };
  static const Row rows[] = {{"atan", atanF32, std::atan, -20, 20, 4},    {"asin", asinF32, std::asin, -1, 1, 6},
                             {"acos", acosF32, std::acos, -1, 1, 6},      {"sinh", sinhF32, std::sinh, -89, 89, 8},
                             {"cosh", coshF32, std::cosh, -89, 89, 8},    {"asinh", asinhF32, std::asinh, -20, 20, 8},
                             {"asinh", asinhF32, std::asinh, 0, 1e30, 8}, {"acosh", acoshF32, std::acosh, 1, 20, 8},
                             {"acosh", acoshF32, std::acosh, 1, 1e30, 8}, {"atanh", atanhF32, std::atanh, -1, 1, 8}};
  for (const TargetSpec &target : runnableTargets())
    for (const Row &row : rows) {
      std::vector<float> x = spread(row.from, row.to);
      EXPECT_LE(worstUlp(x, apply(target, row.fn, x), row.reference), row.ulps) << target.name << ' ' << row.name;
    }
}

TEST(Math, TrigonometryIsNanOutsideOfItsDomain) {
  std::vector<float> x(kCount, 2.0f), below(kCount, 0.5f);
  x[0] = -1.5f;
  x[1] = std::numeric_limits<float>::quiet_NaN();
  for (const TargetSpec &target : runnableTargets()) {
    for (Val (*fn)(KernelBuilder &, Val) : {asinF32, acosF32, atanhF32}) {
      std::vector<float> y = apply(target, fn, x);
      EXPECT_TRUE(std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2])) << target.name;
    }
    EXPECT_TRUE(std::isnan(apply(target, acoshF32, below)[0])) << target.name;
    for (Val (*fn)(KernelBuilder &, Val) : {atanF32, sinhF32, coshF32, asinhF32})
      EXPECT_TRUE(std::isnan(apply(target, fn, x)[1])) << target.name;
  }
}

TEST(Math, ExponentialKeepsTheEndsOfItsRange) {
  std::vector<float> x(kCount, 0.0f);
  float infinity = std::numeric_limits<float>::infinity();
  x[0] = -infinity;
  x[1] = infinity;
  x[2] = std::numeric_limits<float>::quiet_NaN();
  x[3] = -1e30f;
  x[4] = 0.0f;
  for (const TargetSpec &target : runnableTargets()) {
    std::vector<float> y = apply(target, expF32, x);
    EXPECT_EQ(y[0], 0.0f);
    EXPECT_EQ(y[1], infinity);
    EXPECT_TRUE(std::isnan(y[2]));
    EXPECT_EQ(y[3], 0.0f);
    EXPECT_EQ(y[4], 1.0f);
  }
}

TEST(Math, SquareRootKeepsTheEndsOfItsRange) {
  std::vector<float> x(kCount, 0.0f);
  x[1] = std::numeric_limits<float>::infinity();
  x[2] = -1.0f;
  x[3] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> y = apply(runnableTargets().back(), sqrtF32, x);
  EXPECT_EQ(y[0], 0.0f);
  EXPECT_EQ(y[1], x[1]);
  EXPECT_TRUE(std::isnan(y[2]) && std::isnan(y[3]));
}

TEST(Math, RoundsToF16AsTheProcessorDoes) {
  std::vector<float> x = randomFloats(kCount, 3);
  for (int64_t i = 0; i < kCount; ++i)
    x[i] = std::ldexp(x[i], int(i % 48) - 28);
  x[0] = std::numeric_limits<float>::infinity();
  x[1] = 65519.0f;
  x[2] = 65520.0f;
  auto roundTrip = [](KernelBuilder &k, Val value) {
    Val bits = f16BitsOf(k, value);
    return k.toF32(k.bitcast(bits, k.b.getF16Type()));
  };
  for (const TargetSpec &target : runnableTargets()) {
    std::vector<float> y = apply(target, roundTrip, x);
    for (int64_t i = 0; i < kCount; ++i)
      ASSERT_EQ(y[i], fromF16(toF16(x[i]))) << target.name << ' ' << x[i];
  }
}

TEST(Math, EveryUnaryFunctionMatchesItsReference) {
  std::vector<float> x = spread(0.05, 6);
  for (int64_t i = 0; i < kCount; i += 2)
    x[i] = -x[i];
  const TargetSpec target = runnableTargets().back();
  llvm::SmallVector<llvm::StringRef> names;
  std::string all = unaryFunctionNames();
  llvm::StringRef(all).split(names, ", ");
  for (llvm::StringRef name : names) {
    const UnaryFunction *row = lookupUnary(name);
    if (!row->onFloat)
      continue;
    std::vector<float> in = x;
    for (float &value : in) {
      if (name == "log" || name == "sqrt" || name == "rsqrt")
        value = std::fabs(value);
      if (name == "acosh")
        value = 1 + std::fabs(value);
      // Within -0.95 .. 0.95: a pole, and the ends of domains, are at 1 or a little above.
      if (name == "asin" || name == "acos" || name == "atanh" || name == "tan")
        value *= 0.95f / 6;
    }
    std::vector<float> y =
        apply(target, [&](KernelBuilder &k, Val value) { return applyUnary(k, name, value, row->defaults); }, in);
    double worst = worstAbsolute(in, y, [&](double value) { return row->onFloat(value, row->defaults); });
    // Values reach 403 (exp, sinh, cosh) and 20 (reciprocal): a few units in the last place of these.
    bool isLarge = name == "exp" || name == "sinh" || name == "cosh";
    EXPECT_LE(worst, isLarge ? 1e-4 : 4e-6) << name.str();
  }
}

} // namespace
