// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole entries against the reference evaluator: small decoders and encoders, and every algebra operation.
#include "CompiledModule.h"

#include "gtest/gtest.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

using namespace edgelm;

namespace {

std::string readFile(const std::string &path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << path;
  return text.str();
}

/// Fails where two tensors differ by more than `tolerance` times the largest reference value (at least 1), or exactly
/// for integers, within the first `rows` of dimension 0.
void expectNear(const Tensor &actual, const Tensor &expected, double tolerance, int64_t rows = -1) {
  ASSERT_EQ(actual.size(), expected.size());
  std::vector<double> a = actual.toDoubles(), e = expected.toDoubles();
  double largest = 1;
  for (double value : e)
    if (std::isfinite(value))
      largest = std::max(largest, std::fabs(value));
  size_t count = rows < 0 ? a.size() : a.size() / expected.dim(0) * rows;
  for (size_t i = 0; i < count; ++i)
    if (!(a[i] == e[i] || (std::isnan(a[i]) && std::isnan(e[i]))))
      ASSERT_NEAR(a[i], e[i], tolerance * largest) << "element " << i;
}

Tensor randomTensor(mlir::RankedTensorType type, uint32_t seed) {
  size_t count = type.getNumElements();
  std::vector<float> values = randomFloats(count, seed);
  if (llvm::isa<mlir::FloatType>(type.getElementType()))
    return Tensor::fromDoubles(type.getShape(), type.getElementType(),
                               std::vector<double>(values.begin(), values.end()));
  std::vector<int64_t> integers(count);
  for (size_t i = 0; i < count; ++i)
    integers[i] = type.getElementType().isInteger(1) ? values[i] > 0 : int64_t(values[i] * 4);
  return Tensor::fromIntegers(type.getShape(), type.getElementType(), integers);
}

class Decoders : public testing::TestWithParam<const char *> {};

TEST_P(Decoders, DecodePrefillAndScoreEqualTheReference) {
  std::string text = readFile(std::string(EDGELM_SOURCE_DIR "/test/Passes/Inputs/") + GetParam());
  const int64_t prompt[] = {3, 17, 5, 30, 9, 11, 2};
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    CompiledModule module(target, text);
    std::vector<mlir::RankedTensorType> types = module.argumentTypes("prefill");
    int64_t chunk = types[0].getNumElements();
    mlir::Type i32 = types[0].getElementType();
    // Empty caches as the reference sees them; the arena's stay as they are, full of NaN.
    std::vector<Tensor> state = {Tensor()}, kept(types.size());
    for (size_t i = 1; i < types.size(); ++i)
      state.push_back(Tensor(types[i].getShape(), types[i].getElementType()));
    std::vector<std::vector<float>> chunked;
    for (int64_t pos = 0; pos < int64_t(std::size(prompt)); pos += chunk) {
      int64_t valid = std::min<int64_t>(chunk, std::size(prompt) - pos);
      std::vector<int64_t> tokens(chunk, 1);
      std::copy_n(prompt + pos, valid, tokens.begin());
      state[0] = kept[0] = Tensor::fromIntegers(types[0].getShape(), i32, tokens);
      std::vector<Tensor> expected = module.reference("prefill", state, pos, valid);
      std::vector<Tensor> all = module.call("score", kept, pos, valid);
      expectNear(all[0], module.reference("score", state, pos, valid)[0], 1e-5, valid);
      std::vector<Tensor> actual = module.call("prefill", kept, pos, valid);
      expectNear(actual[0], expected[0], 1e-5);
      for (int64_t row = 0; row < valid; ++row) {
        std::vector<float> logits = all[0].toFloats();
        size_t vocab = logits.size() / chunk;
        chunked.emplace_back(logits.begin() + row * vocab, logits.begin() + (row + 1) * vocab);
      }
      std::copy(expected.begin() + 1, expected.end(), state.begin() + 1);
    }
    // Token by token: the same bits as in chunks.
    mlir::RankedTensorType one = module.argumentTypes("decode")[0];
    for (int64_t pos = 0; pos < int64_t(std::size(prompt)); ++pos) {
      kept[0] = Tensor::fromIntegers(one.getShape(), i32, {prompt[pos]});
      std::vector<float> logits = module.call("decode", kept, pos, 1)[0].toFloats();
      ASSERT_EQ(0, std::memcmp(logits.data(), chunked[pos].data(), logits.size() * 4)) << "position " << pos;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Decoders, testing::Values("incremental-llama.mlir", "incremental-opt.mlir"));

TEST(Entries, EncoderEqualsTheReference) {
  std::string text = readFile(EDGELM_SOURCE_DIR "/test/Passes/Inputs/incremental-encoder.mlir");
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    CompiledModule module(target, text);
    std::vector<mlir::RankedTensorType> types = module.argumentTypes("encode");
    std::vector<Tensor> arguments = {
        Tensor::fromIntegers(types[0].getShape(), types[0].getElementType(), {3, 17, 5, 30, 9, 0, 0, 0}),
        Tensor::fromIntegers(types[1].getShape(), types[1].getElementType(), {1, 1, 1, 1, 1, 0, 0, 0})};
    expectNear(module.call("encode", arguments, 0, 8)[0], module.reference("encode", arguments, 0, 8)[0], 1e-5);
  }
}

/// One operation: its text on arguments %0, %1, ... of `types`, and the type of its result.
struct OneOp {
  const char *op;
  std::vector<const char *> types;
  const char *result;
};

const OneOp kOps[] = {
    {"edgelm.unary \"gelu\" %0 : (tensor<3x37xf32>) -> ", {"tensor<3x37xf32>"}, "tensor<3x37xf32>"},
    {"edgelm.unary \"leaky_relu\" %0 {params = array<f64: 2.5e-1>} : (tensor<19xf32>) -> ",
     {"tensor<19xf32>"},
     "tensor<19xf32>"},
    {"edgelm.unary \"neg\" %0 : (tensor<2x3xi64>) -> ", {"tensor<2x3xi64>"}, "tensor<2x3xi64>"},
    {"edgelm.unary \"exp\" %0 : (tensor<2x3xf16>) -> ", {"tensor<2x3xf16>"}, "tensor<2x3xf16>"},
    {"edgelm.binary \"sub\" %0, %1 : (tensor<3x5x7xf32>, tensor<5x7xf32>) -> ",
     {"tensor<3x5x7xf32>", "tensor<5x7xf32>"},
     "tensor<3x5x7xf32>"},
    {"edgelm.binary \"div\" %0, %1 : (tensor<3x5x7xf32>, tensor<3x1x1xf32>) -> ",
     {"tensor<3x5x7xf32>", "tensor<3x1x1xf32>"},
     "tensor<3x5x7xf32>"},
    {"edgelm.binary \"mul\" %0, %1 : (tensor<3x1x7xf32>, tensor<5x1xf32>) -> ",
     {"tensor<3x1x7xf32>", "tensor<5x1xf32>"},
     "tensor<3x5x7xf32>"},
    {"edgelm.binary \"mod\" %0, %1 : (tensor<4xi32>, tensor<4xi32>) -> ",
     {"tensor<4xi32>", "tensor<4xi32>"},
     "tensor<4xi32>"},
    {"edgelm.compare \"le\" %0, %1 : (tensor<4x5xf32>, tensor<5xf32>) -> ",
     {"tensor<4x5xf32>", "tensor<5xf32>"},
     "tensor<4x5xi1>"},
    {"edgelm.select %0, %1, %2 : (tensor<4x1xi1>, tensor<4x5xf32>, tensor<5xf32>) -> ",
     {"tensor<4x1xi1>", "tensor<4x5xf32>", "tensor<5xf32>"},
     "tensor<4x5xf32>"},
    {"edgelm.cast %0 to f16 : (tensor<3x9xf32>) -> ", {"tensor<3x9xf32>"}, "tensor<3x9xf16>"},
    {"edgelm.cast %0 to f32 : (tensor<3x9xi64>) -> ", {"tensor<3x9xi64>"}, "tensor<3x9xf32>"},
    {"edgelm.cast %0 to i1 : (tensor<3x9xf32>) -> ", {"tensor<3x9xf32>"}, "tensor<3x9xi1>"},
    {"edgelm.reduce \"mean\" %0 {axes = array<i64: 1>, keep_dims} : (tensor<3x6x2xf32>) -> ",
     {"tensor<3x6x2xf32>"},
     "tensor<3x1x2xf32>"},
    {"edgelm.reduce \"max\" %0 {axes = array<i64: 0, 2>} : (tensor<3x6x2xf32>) -> ",
     {"tensor<3x6x2xf32>"},
     "tensor<6xf32>"},
    {"edgelm.reduce \"log_sum_exp\" %0 {axes = array<i64: 2>} : (tensor<3x6x2xf32>) -> ",
     {"tensor<3x6x2xf32>"},
     "tensor<3x6xf32>"},
    {"edgelm.arg_reduce \"max\" %0 {axis = 1 : i64} : (tensor<3x6xf32>) -> ", {"tensor<3x6xf32>"}, "tensor<3xi64>"},
    {"edgelm.cumsum %0 {axis = 1 : i64, exclusive} : (tensor<3x6xf32>) -> ", {"tensor<3x6xf32>"}, "tensor<3x6xf32>"},
    {"edgelm.matmul %0, %1 : (tensor<2x3x4xf32>, tensor<4x5xf32>) -> ",
     {"tensor<2x3x4xf32>", "tensor<4x5xf32>"},
     "tensor<2x3x5xf32>"},
    {"edgelm.matmul %0, %1 : (tensor<4xf32>, tensor<2x4x5xf32>) -> ",
     {"tensor<4xf32>", "tensor<2x4x5xf32>"},
     "tensor<2x5xf32>"},
    {"edgelm.softmax %0 {axis = 1 : i64} : (tensor<3x6x2xf32>) -> ", {"tensor<3x6x2xf32>"}, "tensor<3x6x2xf32>"},
    {"edgelm.softmax %0 {axis = 1 : i64, log} : (tensor<3x33xf32>) -> ", {"tensor<3x33xf32>"}, "tensor<3x33xf32>"},
    {"edgelm.transpose %0 {perm = array<i64: 2, 0, 1>} : (tensor<3x6x2xf32>) -> ",
     {"tensor<3x6x2xf32>"},
     "tensor<2x3x6xf32>"},
    {"edgelm.broadcast %0 : (tensor<3x1x2xf32>) -> ", {"tensor<3x1x2xf32>"}, "tensor<3x4x2xf32>"},
    {"edgelm.concat %0, %1 {axis = 1 : i64} : (tensor<3x2xf32>, tensor<3x5xf32>) -> ",
     {"tensor<3x2xf32>", "tensor<3x5xf32>"},
     "tensor<3x7xf32>"},
    {"edgelm.slice %0 {starts = array<i64: 1, 4>, sizes = array<i64: 2, 2>, steps = array<i64: 1, -2>} : "
     "(tensor<3x6xf32>) -> ",
     {"tensor<3x6xf32>"},
     "tensor<2x2xf32>"},
    {"edgelm.gather %0, %1 {axis = 1 : i64} : (tensor<3x6x2xf32>, tensor<2x2xi64>) -> ",
     {"tensor<3x6x2xf32>", "tensor<2x2xi64>"},
     "tensor<3x2x2x2xf32>"},
    {"edgelm.gather_elements %0, %1 {axis = 1 : i64} : (tensor<3x6xf32>, tensor<3x2xi64>) -> ",
     {"tensor<3x6xf32>", "tensor<3x2xi64>"},
     "tensor<3x2xf32>"},
    {"edgelm.position_rows %0 {axis = 1 : i64} : (tensor<9x2x3xf32>) -> ", {"tensor<9x2x3xf32>"}, "tensor<2x5x3xf32>"},
    {"edgelm.glu \"silu\" %0, %1 : (tensor<3x37xf32>, tensor<3x37xf32>) -> ",
     {"tensor<3x37xf32>", "tensor<3x37xf32>"},
     "tensor<3x37xf32>"},
};

TEST(Entries, EveryAlgebraOperationEqualsTheReference) {
  for (const TargetSpec &target : runnableTargets())
    for (const OneOp &one : kOps) {
      SCOPED_TRACE(target.name + " " + one.op);
      std::string arguments;
      for (size_t i = 0; i < one.types.size(); ++i)
        arguments += (i ? ", %" : "%") + std::to_string(i) + ": " + one.types[i];
      std::string text = "func.func @invoke(" + arguments + ") -> " + one.result + " {\n  %r = " + one.op + one.result +
                         "\n  return %r : " + one.result + "\n}\n";
      CompiledModule module(target, text);
      std::vector<Tensor> tensors;
      for (mlir::RankedTensorType type : module.argumentTypes("invoke"))
        tensors.push_back(randomTensor(type, uint32_t(tensors.size())));
      // A few roundings of f32, or one of f16.
      bool isHalf = llvm::StringRef(one.result).contains("f16");
      expectNear(module.call("invoke", tensors)[0], module.reference("invoke", tensors)[0], isHalf ? 1e-3 : 2e-6);
    }
}

} // namespace
