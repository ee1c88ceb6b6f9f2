// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NEON of Armv7 (Cortex-A7): 16 registers of four floats, and a fused multiply-add since VFPv4. vmull and vmlal make
// 16-bit products of half a register, vpadal adds neighbours into 32 bits; there is no pairwise sum of whole
// registers, so that every sum takes two registers of two i32 a row. A panel of two vectors leaves room for them.
#include "Codegen/Isa/ArmSchedules.h"
#include "Codegen/Isa/ArmWidening.h"
#include "Codegen/Isa/Isa.h"

namespace edgelm {

static constexpr int64_t kLow[] = {0, 1, 2, 3}, kHigh[] = {4, 5, 6, 7}, kBoth[] = {0, 1, 2, 3, 4, 5, 6, 7};

static Val add(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first, int64_t count) {
  Vals slices, activations;
  for (int64_t slice = first; slice < first + count; ++slice) {
    slices.push_back(weights(slice));
    activations.push_back(x.quad(slice));
  }
  auto half = [&](llvm::ArrayRef<int64_t> lanes, bool isHigh) {
    Val from = k.shuffle(sum, sum, lanes);
    return k.intrinsic("llvm.arm.neon.vpadals", from.type(), {from, wideningSums(k, slices, activations, isHigh)});
  };
  return k.shuffle(half(kLow, false), half(kHigh, true), kBoth);
}

static Val addNibbles(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return add(k, sum, weights, x, first, kSlicesOfNibbles);
}

static Val addBytes(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return add(k, sum, weights, x, first, kSlicesOfBytes);
}

static Val collapse(KernelBuilder &k, Val sum) {
  mlir::Type pair = mlir::VectorType::get({2}, k.b.getI32Type());
  auto rows = [&](int64_t at) {
    Val first = k.shuffle(sum, sum, {at, at + 1}), second = k.shuffle(sum, sum, {at + 2, at + 3});
    return k.intrinsic("llvm.arm.neon.vpadd", pair, {first, second});
  };
  return k.shuffle(rows(0), rows(4), {0, 1, 2, 3});
}

static Val addAnyBytes(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return add(k, sum, weights, x, first, 1);
}

static Val lookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table) {
  auto half = [&](int64_t at) {
    Val some = k.shuffle(codes, codes, {at, at + 1, at + 2, at + 3, at + 4, at + 5, at + 6, at + 7});
    return k.intrinsic("llvm.arm.neon.vtbl2", some.type(),
                       {k.constantBytes(table.take_front(8)), k.constantBytes(table.drop_front(8)), some});
  };
  llvm::SmallVector<int64_t> all;
  for (int64_t i = 0; i < 16; ++i)
    all.push_back(i);
  return k.shuffle(half(0), half(8), all);
}

/// A panel is two vectors.
static constexpr Schedules schedules() {
  Schedules result = kArmSchedules;
  result.linear.tileVectors = 2;
  return result;
}

const IsaRow kArmv7Neon = {
    .name = "armv7-neon",
    .lanes = 4,
    .panel = 8,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = {.ofUnsigned = {.add = addNibbles, .slices = kSlicesOfNibbles, .partials = 2, .collapse = collapse},
            .unsignedBits = kNibbleBits,
            .ofSigned = {.add = addBytes, .slices = kSlicesOfBytes, .partials = 2, .collapse = collapse},
            .lookup = lookup,
            .shiftsBytes = true,
            .ofAnySigned = {.add = addAnyBytes, .partials = 2, .collapse = collapse}},
    .schedules = schedules(),
};

} // namespace edgelm
