// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Isa/X86Dot.h"

namespace edgelm {

namespace {

/// The names of one operation's intrinsics by register width.
struct Intrinsic {
  llvm::StringLiteral bits128, bits256, bits512;
};

constexpr Intrinsic kMaddBytes = {"llvm.x86.ssse3.pmadd.ub.sw.128", "llvm.x86.avx2.pmadd.ub.sw",
                                  "llvm.x86.avx512.pmaddubs.w.512"};
constexpr Intrinsic kMaddWords = {"llvm.x86.sse2.pmadd.wd", "llvm.x86.avx2.pmadd.wd", "llvm.x86.avx512.pmaddw.d.512"};
constexpr Intrinsic kSignBytes = {"llvm.x86.ssse3.psign.b.128", "llvm.x86.avx2.psign.b", ""};
constexpr Intrinsic kShuffleBytes = {"llvm.x86.ssse3.pshuf.b.128", "llvm.x86.avx2.pshuf.b",
                                     "llvm.x86.avx512.pshuf.b.512"};
constexpr Intrinsic kDotBytes = {"llvm.x86.avx512.vpdpbusd.128", "llvm.x86.avx512.vpdpbusd.256",
                                 "llvm.x86.avx512.vpdpbusd.512"};

} // namespace

static int64_t lanesOf(Val vector) {
  return llvm::cast<mlir::VectorType>(vector.type()).getNumElements();
}

static Val call(KernelBuilder &k, const Intrinsic &names, mlir::Type result, llvm::ArrayRef<Val> operands) {
  llvm::StringRef name = k.isa.lanes == 4 ? names.bits128 : k.isa.lanes == 8 ? names.bits256 : names.bits512;
  return k.intrinsic(name, result, operands);
}

/// Sums of two products each, in 16 bits.
static Val maddBytes(KernelBuilder &k, Val weights, Val activations) {
  mlir::Type words = mlir::VectorType::get({lanesOf(weights) / 2}, k.b.getI16Type());
  return call(k, kMaddBytes, words, {weights, activations});
}

static Val addWords(KernelBuilder &k, Val sum, Val words) {
  return sum + call(k, kMaddWords, sum.type(), {words, k.likeInt(words.type(), 1)});
}

static Val madd(KernelBuilder &k, Val sum, Val weights, Val activations) {
  return addWords(k, sum, maddBytes(k, weights, activations));
}

Val x86MaddUnsigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return madd(k, sum, weights(first), x.quad(first));
}

Val x86MaddFew(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  Val words = maddBytes(k, weights(first), x.quad(first));
  for (int64_t slice = first + 1; slice < first + kMaddFewSlices; ++slice)
    words = words + maddBytes(k, weights(slice), x.quad(slice));
  return addWords(k, sum, words);
}

Val x86MaddSigned(KernelBuilder &k, Val sum, Slices slices, Activations &x, int64_t first) {
  Val weights = slices(first), activations = x.quad(first);
  if (k.isa.lanes < 16)
    return madd(k, sum, call(k, kSignBytes, weights.type(), {weights, weights}),
                call(k, kSignBytes, weights.type(), {activations, weights}));
  // 512-bit registers have no psignb; a select becomes a masked subtraction.
  Val zero = k.likeInt(weights.type(), 0);
  Val isNegative = weights < zero;
  return madd(k, sum, k.select(isNegative, zero - weights, weights),
              k.select(isNegative, zero - activations, activations));
}

Val x86MaddWords(KernelBuilder &k, Val sum, Slices slices, Activations &x, int64_t first) {
  Val weights = k.regroup(slices(first), 16), activations = k.regroup(x.quad(first), 16);
  auto even = [&](Val bytes) { return k.shrS(k.shl(bytes, 8), 8); };
  sum = sum + call(k, kMaddWords, sum.type(), {even(weights), even(activations)});
  return sum + call(k, kMaddWords, sum.type(), {k.shrS(weights, 8), k.shrS(activations, 8)});
}

Val x86Vnni(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return call(k, kDotBytes, sum.type(), {sum, weights(first), x.quad(first)});
}

Val x86Lookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table) {
  // The shuffle works within 16 bytes.
  llvm::SmallVector<int8_t> repeated;
  for (int64_t i = 0; i < lanesOf(codes); ++i)
    repeated.push_back(table[i % 16]);
  return call(k, kShuffleBytes, codes.type(), {k.constantBytes(repeated), codes});
}

} // namespace edgelm
