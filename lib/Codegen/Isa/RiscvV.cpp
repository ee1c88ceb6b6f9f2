// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RVV 1.0 through vectors of fixed length that fit the 128 bits which the V extension guarantees, alone or in groups
// of registers: LLVM sets the vector length to their number of elements, so that results do not depend on VLEN.
// A vector is a group of four registers, eight for sums of i32 alone, since one instruction for all of it is what
// the ISA is good at. No instruction adds neighbours up, so that a slice of weights is one column: vwmul and vwmacc
// multiply it by one activation from an integer register into 16 bits, vwadd.wv adds to 32.
#include "Codegen/Isa/Isa.h"
#include "Codegen/Kernels/Activations.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace edgelm {

/// Columns whose products add up in 16 bits: 2 * 128 * 127 < 2^15, 16 * 15 * 127 < 2^15.
static constexpr int64_t kColumnsOfBytes = 2, kColumnsOfNibbles = 16;
/// Such chains that run side by side.
static constexpr int64_t kChainsOfBytes = 4;
static constexpr int kNibbleBits = 4;

/// One chain of products in 16 bits.
static Val chain(KernelBuilder &k, Slices weights, Activations &x, int64_t first, int64_t count) {
  Val words;
  for (int64_t column = first; column < first + count; ++column) {
    Val slice = k.toWidth(weights(column), 16, /*isSigned=*/true);
    int64_t lanes = llvm::cast<mlir::VectorType>(slice.type()).getNumElements();
    Val product = slice * k.splat(k.toWidth(x.column(column), 16, /*isSigned=*/true), lanes);
    words = words.value ? words + product : product;
  }
  return words;
}

static Val addNibbles(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return sum + k.toWidth(chain(k, weights, x, first, kColumnsOfNibbles), 32, /*isSigned=*/true);
}

/// All chains first: each change of the elements' width is an instruction.
static Val addBytes(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  Vals chains;
  for (int64_t i = 0; i < kChainsOfBytes; ++i)
    chains.push_back(chain(k, weights, x, first + i * kColumnsOfBytes, kColumnsOfBytes));
  for (Val words : chains)
    sum = sum + k.toWidth(words, 32, /*isSigned=*/true);
  return sum;
}

static Val addOne(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return sum + k.toWidth(chain(k, weights, x, first, 1), 32, /*isSigned=*/true);
}

/// vrgather, which LLVM has for scalable vectors alone: those that hold `bytes` in the smallest registers.
static Val lookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table) {
  constexpr int64_t smallestRegisters = 128, scale = 64; // bits; vscale counts the latter
  int64_t bytes = llvm::cast<mlir::VectorType>(codes.type()).getNumElements();
  mlir::VectorType scalable = mlir::VectorType::get({bytes * scale / smallestRegisters}, k.b.getI8Type(), {true});
  auto widened = [&](Val fixed) {
    mlir::Value any = k.wrap(
        mlir::arith::ConstantOp::create(k.b, k.loc, mlir::DenseElementsAttr::get(scalable, k.b.getI8IntegerAttr(0))));
    return k.wrap(mlir::vector::ScalableInsertOp::create(k.b, k.loc, fixed, any, 0));
  };
  llvm::SmallVector<int8_t> padded(table);
  padded.resize(bytes);
  Val found = k.intrinsic(
      "llvm.riscv.vrgather.vv", scalable,
      {widened(codes), widened(k.constantBytes(padded)), widened(codes), k.likeInt(k.b.getI64Type(), bytes)});
  return k.wrap(mlir::vector::ScalableExtractOp::create(k.b, k.loc, codes.type(), found, 0));
}

static constexpr Schedules kSchedules = {
    .linear = {.tileRows = {4, 2, 1, 0}, .tileVectors = 1, .minItems = 32, .decodeUnrollK = 4},
    .quantized = {.tileRows = {2, 1, 0, 0}, .tileVectors = 1, .minItems = 32, .scratchBytes = 64 << 10},
    .attention = {.queryBlock = 8, .rowsTogether = 2}};

const IsaRow kRiscvV = {
    .name = "riscv-v",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .dot = {.ofUnsigned = {.add = addNibbles, .slices = kColumnsOfNibbles},
            .unsignedBits = kNibbleBits,
            .ofSigned = {.add = addBytes, .slices = kChainsOfBytes * kColumnsOfBytes},
            .lookup = lookup,
            .shiftsBytes = true,
            .columnsApart = true,
            .rowScaleLanes = 32,
            .loopsOverCalls = true,
            .ofAnySigned = {.add = addOne}},
    .schedules = kSchedules,
};

} // namespace edgelm
