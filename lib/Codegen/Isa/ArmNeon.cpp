// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NEON of Armv8.0 (Cortex-A53, A72): 32 registers of four floats, and no product of bytes that adds up in 32 bits. smull
// and smlal make 16-bit products of half a register, sadalp adds neighbours into 32 bits; a sum of bytes therefore
// takes two registers of two i32 a row, while the pairs of nibbles' products still fit 16 bits and take one.
#include "Codegen/Isa/ArmLookup.h"
#include "Codegen/Isa/ArmSchedules.h"
#include "Codegen/Isa/ArmWidening.h"
#include "Codegen/Isa/Isa.h"

namespace edgelm {

static Val addPairs(KernelBuilder &k, Val words) {
  mlir::Type sums = mlir::VectorType::get({4}, k.b.getI32Type());
  return k.intrinsic("llvm.aarch64.neon.saddlp", sums, {words});
}

/// Four activations in every lane. LLVM would see that half a broadcast is as good as the other half, and then miss the
/// instructions that multiply the upper halves of two registers; it does not look into a table lookup.
static Val repeated(KernelBuilder &k, Activations &x, int64_t quad) {
  int64_t lane = quad % 4;
  llvm::SmallVector<int8_t> places;
  for (int64_t i = 0; i < 16; ++i)
    places.push_back(int8_t(4 * lane + i % 4));
  Val bytes = x.bytes(4 * (quad - lane), 16);
  return k.intrinsic("llvm.aarch64.neon.tbl1", bytes.type(), {bytes, k.constantBytes(places)});
}

/// The sums in 16 bits of `count` slices, of the lower and the upper half of the lanes.
static std::pair<Val, Val> halves(KernelBuilder &k, Slices weights, Activations &x, int64_t first, int64_t count) {
  Vals slices, activations;
  for (int64_t slice = first; slice < first + count; ++slice) {
    slices.push_back(weights(slice));
    activations.push_back(repeated(k, x, slice));
  }
  return {wideningSums(k, slices, activations, false), wideningSums(k, slices, activations, true)};
}

static Val addNibbles(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  auto [low, high] = halves(k, weights, x, first, kSlicesOfNibbles);
  return sum + addPairs(k, k.intrinsic("llvm.aarch64.neon.addp", low.type(), {low, high}));
}

static constexpr int64_t kLow[] = {0, 1, 2, 3}, kHigh[] = {4, 5, 6, 7}, kBoth[] = {0, 1, 2, 3, 4, 5, 6, 7};

static Val addSlices(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first, int64_t count) {
  auto [low, high] = halves(k, weights, x, first, count);
  return k.shuffle(k.shuffle(sum, sum, kLow) + addPairs(k, low), k.shuffle(sum, sum, kHigh) + addPairs(k, high), kBoth);
}

static Val addBytes(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return addSlices(k, sum, weights, x, first, kSlicesOfBytes);
}

static Val addAnyBytes(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return addSlices(k, sum, weights, x, first, 1);
}

static Val collapse(KernelBuilder &k, Val sum) {
  Val low = k.shuffle(sum, sum, kLow), high = k.shuffle(sum, sum, kHigh);
  return k.intrinsic("llvm.aarch64.neon.addp", low.type(), {low, high});
}

const IsaRow kArmNeon = {
    .name = "arm-neon",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = {.ofUnsigned = {.add = addNibbles, .slices = kSlicesOfNibbles},
            .unsignedBits = kNibbleBits,
            .ofSigned = {.add = addBytes, .slices = kSlicesOfBytes, .partials = 2, .collapse = collapse},
            .lookup = armLookup,
            .shiftsBytes = true,
            .ofAnySigned = {.add = addAnyBytes, .partials = 2, .collapse = collapse}},
    .schedules = kArmSchedules,
};

} // namespace edgelm
