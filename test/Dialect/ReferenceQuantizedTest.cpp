// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linears and embeddings over codes against the sums of docs/quantization.md written out, in every format.
#include "Dialect/Codec.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Evaluator.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace edgelm;

namespace {

// More groups than one, the last of them short, in every format.
constexpr int64_t kN = 5, kK = 300, kRows = 3;

struct Problem {
  std::vector<float> w, x; ///< [kN, kK], [kRows, kK]

  explicit Problem(unsigned seed) : w(kN * kK), x(kRows * kK) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (float &value : w)
      value = normal(random);
    for (float &value : x)
      value = normal(random);
    std::fill_n(w.begin() + kK, 64, 0.0f); // groups of zeros
    std::fill_n(x.begin() + 2 * kK, kK, 0.0f);
  }

  /// W as [kK, kN].
  std::vector<float> transposed() const {
    std::vector<float> result(w.size());
    for (int64_t n = 0; n < kN; ++n)
      for (int64_t k = 0; k < kK; ++k)
        result[k * kN + n] = w[n * kK + k];
    return result;
  }
};

class ReferenceQuantized : public testing::Test {
protected:
  void SetUp() override { context.loadDialect<EdgeLMDialect, mlir::func::FuncDialect>(); }

  /// Evaluates the function of `text`, whose arguments are f32 but for one of i32.
  std::vector<float> run(const std::string &text, const std::vector<std::vector<float>> &arguments) {
    mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module));
    mlir::func::FuncOp function = *module->getOps<mlir::func::FuncOp>().begin();
    Evaluator evaluator(function.front());
    for (auto [argument, values] : llvm::zip_equal(function.getArguments(), arguments)) {
      mlir::RankedTensorType type = tensorType(argument);
      std::vector<double> wide(values.begin(), values.end());
      evaluator.set(argument, Tensor::fromDoubles(type.getShape(), type.getElementType(), wide));
    }
    mlir::FailureOr<llvm::SmallVector<Tensor>> results = evaluator.run();
    EXPECT_TRUE(mlir::succeeded(results));
    return results->front().toFloats();
  }

  mlir::MLIRContext context;
};

QuantizedRows quantized(const FormatRow &format, const Problem &problem) {
  QuantizedRows rows;
  EXPECT_FALSE(quantizeRows(format, problem.w.data(), kN, kK, kK, rows).has_value());
  return rows;
}

std::string qType(const FormatRow &format, bool transposed) {
  return "tensor<" + std::string(transposed ? "300x5" : "5x300") + "x!edgelm.q<\"" + std::string(format.name) + "\">>";
}

/// A function that multiplies x by W in the format.
std::string linearText(const FormatRow &format, bool transposed, bool quantizeInput) {
  std::string w = transposed ? "tensor<300x5xf32>" : "tensor<5x300xf32>", q = qType(format, transposed);
  std::string rows = "tensor<3x300x!edgelm.int8_rows<" + std::to_string(format.activationGroup()) +
                     (format.hasRowSums ? " zeros = true>>" : ">>");
  std::string text = "func.func @f(%x: tensor<3x300xf32>, %w: " + w + ") -> tensor<3x5xf32> {\n";
  text += "%q = edgelm.quantize_weight %w along " + std::string(transposed ? "0" : "1") + " : " + w + " to " + q + "\n";
  if (quantizeInput)
    text += "%r = edgelm.quantize_rows %x : tensor<3x300xf32> to " + rows + "\n";
  text += "%y = edgelm.linear " + std::string(quantizeInput ? "%r" : "%x") +
          " weights(%q) {transposed = array<i1: " + (transposed ? "true" : "false") + ">} : (" +
          (quantizeInput ? rows : "tensor<3x300xf32>") + ", " + q + ") -> tensor<3x5xf32>\n";
  return text + "return %y : tensor<3x5xf32> }";
}

/// Codes and scales of a row of activations, as PackedLayout.h defines them.
struct Codes {
  std::vector<int> codes;
  std::vector<float> scales;
};

Codes quantizedRow(const float *x, int64_t group) {
  Codes row;
  for (int64_t first = 0; first < kK; first += group) {
    int64_t end = std::min(first + group, kK);
    float greatest = 0;
    for (int64_t k = first; k < end; ++k)
      greatest = std::max(greatest, std::fabs(x[k]));
    row.scales.push_back(greatest / 127.0f);
    float inverse = 127.0f / greatest;
    for (int64_t k = first; k < end; ++k)
      row.codes.push_back(greatest == 0 ? 0 : static_cast<int>(std::nearbyint(x[k] * inverse)));
  }
  return row;
}

/// A row as DynamicQuantizeLinear has it, codes less their zero point.
Codes quantizedWithZero(const float *x) {
  float least = std::min(0.0f, *std::min_element(x, x + kK)), greatest = std::max(0.0f, *std::max_element(x, x + kK));
  float scale = (greatest - least) / 255;
  int zero = static_cast<int>(std::nearbyint(-least / scale));
  Codes row = {{}, {scale}};
  for (int64_t k = 0; k < kK; ++k)
    row.codes.push_back(std::clamp(static_cast<int>(std::nearbyint(x[k] / scale)) + zero, 0, 255) - zero);
  return row;
}

/// One output by the formulas of docs/quantization.md.
float expectedOutput(const QuantizedRows &weights, int64_t n, const Codes &row) {
  int64_t group = weights.format->activationGroup() ? weights.format->group : kK;
  volatile float acc = 0;
  for (int64_t first = 0; first < kK; first += group) {
    int32_t sum = 0;
    for (int64_t k = first; k < std::min(first + group, kK); ++k)
      sum += weights.integer(n, k) * row.codes[k];
    volatile float scale = row.scales[first / group] * weights.scale(n, first / group);
    volatile float term = static_cast<float>(sum) * scale;
    if (group == kK)
      return term;
    acc = acc + term;
  }
  return acc;
}

std::vector<const FormatRow *> quantizedFormats() {
  std::vector<const FormatRow *> rows;
  for (const FormatRow &row : formatTable())
    if (!row.isFloat())
      rows.push_back(&row);
  return rows;
}

} // namespace

TEST_F(ReferenceQuantized, linear_of_codes_in_every_format) {
  for (const FormatRow *format : quantizedFormats()) {
    Problem problem(1);
    QuantizedRows weights = quantized(*format, problem);
    std::vector<float> expected;
    for (int64_t row = 0; row < kRows; ++row) {
      int64_t group = format->activationGroup() ? format->activationGroup() : kK;
      const float *x = problem.x.data() + row * kK;
      Codes codes = format->hasRowSums ? quantizedWithZero(x) : quantizedRow(x, group);
      for (int64_t n = 0; n < kN; ++n)
        expected.push_back(expectedOutput(weights, n, codes));
    }
    EXPECT_EQ(run(linearText(*format, false, true), {problem.x, problem.w}), expected) << format->name;
    EXPECT_EQ(run(linearText(*format, true, true), {problem.x, problem.transposed()}), expected) << format->name;
  }
}

TEST_F(ReferenceQuantized, linear_of_floats_in_every_format) {
  for (const FormatRow *format : quantizedFormats()) {
    Problem problem(2);
    std::vector<float> values(kN * kK), expected;
    dequantizeRows(quantized(*format, problem), values.data());
    for (int64_t row = 0; row < kRows; ++row)
      for (int64_t n = 0; n < kN; ++n) {
        float acc = 0;
        for (int64_t k = 0; k < kK; ++k)
          acc = std::fma(problem.x[row * kK + k], values[n * kK + k], acc);
        expected.push_back(acc);
      }
    EXPECT_EQ(run(linearText(*format, false, false), {problem.x, problem.w}), expected) << format->name;
    EXPECT_EQ(run(linearText(*format, true, false), {problem.x, problem.transposed()}), expected) << format->name;
  }
}

TEST_F(ReferenceQuantized, embedding_rows_are_dequantized) {
  for (const FormatRow *format : quantizedFormats()) {
    Problem problem(3);
    std::vector<float> values(kN * kK);
    dequantizeRows(quantized(*format, problem), values.data());
    std::vector<float> expected(values.begin() + 4 * kK, values.end());
    expected.insert(expected.end(), values.begin() + kK, values.begin() + 2 * kK);
    expected.insert(expected.end(), values.begin(), values.begin() + kK); // an id outside the table
    std::string q = qType(*format, false);
    std::string text = "func.func @f(%t: tensor<3xi32>, %w: tensor<5x300xf32>) -> tensor<3x300xf32> {\n"
                       "%q = edgelm.quantize_weight %w along 1 : tensor<5x300xf32> to " +
                       q +
                       "\n"
                       "%y = edgelm.embed %t, %q : (tensor<3xi32>, " +
                       q +
                       ") -> tensor<3x300xf32>\n"
                       "return %y : tensor<3x300xf32> }";
    EXPECT_EQ(run(text, {{4, 1, 99}, problem.w}), expected) << format->name;
  }
}

TEST_F(ReferenceQuantized, a_norm_that_quantizes_gives_the_codes_of_its_floats) {
  Problem problem(4);
  const char *linear = " weights(%q) {transposed = array<i1: false>} : (tensor<3x300x!edgelm.int8_rows<32>>, "
                       "tensor<5x300x!edgelm.q<\"int4_g32\">>) -> tensor<3x5xf32>\nreturn %y : tensor<3x5xf32> }";
  std::string head = "func.func @f(%x: tensor<3x300xf32>, %w: tensor<5x300xf32>, %s: tensor<300xf32>) -> "
                     "tensor<3x5xf32> {\n%q = edgelm.quantize_weight %w along 1 : tensor<5x300xf32> to "
                     "tensor<5x300x!edgelm.q<\"int4_g32\">>\n%r = edgelm.rms_norm %x, %s {epsilon = 1.0e-5 : f64} : "
                     "(tensor<3x300xf32>, tensor<300xf32>) -> ";
  std::string fused = head + "tensor<3x300x!edgelm.int8_rows<32>>\n%y = edgelm.linear %r" + linear;
  std::string apart = head +
                      "tensor<3x300xf32>\n%c = edgelm.quantize_rows %r : tensor<3x300xf32> to "
                      "tensor<3x300x!edgelm.int8_rows<32>>\n%y = edgelm.linear %c" +
                      linear;
  std::vector<float> scale(kK, 0.5f);
  EXPECT_EQ(run(fused, {problem.x, problem.w, scale}), run(apart, {problem.x, problem.w, scale}));
}
