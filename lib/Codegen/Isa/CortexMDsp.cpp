// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cortex-M4, M7 and M33: no vectors, but SMLAD adds two products of halfwords in one cycle. Weights multiply as the
// halfwords that they lie as, two codes each; UXTB16 and SXTB16, with the rotation for free, leave the upper code of two
// halfwords, whose activations take back what the first product had too much of it (`ActivationLayout::isPaired`). So
// four products of 8-bit codes are three instructions, and of 4-bit codes, which an AND takes out of the word, four. The
// four rows of a panel, whose words LDM loads at once, share what LDRD loads of the activations. Four sums, four words,
// two addresses and two words of activations are nearly all that thirteen registers hold: LLVM's scheduler spills there,
// so that the two usual formats are written in assembly.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/PanelUnits.h"
#include "Codegen/Isa/SmallSchedules.h"
#include "Dialect/PackedLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <array>
#include <string>

namespace edgelm {

/// Bytes 0 and 2, or 1 and 3, as signed halfwords.
static Val widen(KernelBuilder &k, Val word, bool odd) {
  if (odd)
    word = k.shrU(word, 8) | k.shl(word, 24);
  return k.intrinsic("llvm.arm.sxtb16", k.b.getI32Type(), {word});
}

static void addPairs(KernelBuilder &k, Val &sum, Val x, Val y) {
  sum = k.intrinsic("llvm.arm.smlad", k.b.getI32Type(), {x, y, sum});
}

static std::array<Val, 2> pairActivations(KernelBuilder &k, Val codes, Val &evens) {
  Val even = widen(k, codes, false), timesByte = k.shl(codes, 8) & k.i32(0xff00ff00);
  addPairs(k, evens, even, k.i32(int32_t(0xff80ff80)));
  return {even, k.intrinsic("llvm.arm.ssub16", k.b.getI32Type(), {widen(k, codes, true), timesByte})};
}

// Registers of the assembly; LLVM keeps r7.
using Registers = std::array<llvm::StringRef, 4>;
static constexpr Registers kSums = {"r0", "r1", "r2", "r3"};
/// What sums are added to first where all start with the same: that lies in the last one's register.
static constexpr Registers kOneStart = {"r3", "r3", "r3", "r3"};
/// What LDM fills with the words of a panel's four rows.
static constexpr Registers kWords = {"r4", "r5", "r6", "r8"};
/// Addresses of the panel's words and of the activations, which are loaded to r11 and r12; lr counts or is free.
static constexpr llvm::StringLiteral kLoadWords = "ldm r9!, {r4, r5, r6, r8}\n";
static constexpr llvm::StringLiteral kLoadPairs = "ldrd r11, r12, [r10], #8\n";

static std::string add(int row, llvm::StringRef x, llvm::StringRef y, llvm::StringRef to) {
  return ("smlad " + kSums[row] + ", " + x + ", " + y + ", " + to + "\n").str();
}

/// The products of a row's codes with r11, and of their `upper` with r12.
static std::string products(int row, llvm::StringRef codes, llvm::StringRef upper, const Registers &start = kSums) {
  return add(row, codes, "r11", start[row]) + (upper + " " + codes + ", " + codes + ", ror #8\n").str() +
         add(row, codes, "r12", kSums[row]);
}

/// One quad of paired 8-bit codes, of which the upper ones are signed.
static std::string pairedQuad(const Registers &start) {
  std::string text = (kLoadWords + kLoadPairs).str();
  for (int row = 0; row < 4; ++row)
    text += products(row, kWords[row], "sxtb16", start);
  return text;
}

/// Two quads of 4-bit codes.
static std::string nibbleQuads(const Registers &start) {
  std::string text = (kLoadWords + kLoadPairs).str();
  for (int row = 0; row < 4; ++row)
    text += ("and lr, " + kWords[row] + ", #0x0f0f0f0f\n").str() + products(row, "lr", "uxtb16", start);
  text += (kLoadPairs + "mov.w lr, #0x0f0f0f0f\n").str();
  for (int row = 0; row < 4; ++row)
    text += ("and " + kWords[row] + ", lr, " + kWords[row] + ", lsr #4\n").str() + products(row, kWords[row], "uxtb16");
  return text;
}

/// One quad of 8-bit codes and of activations, both as bytes.
static std::string wideQuad(const Registers &start) {
  std::string text = (kLoadWords + "ldr r12, [r10], #4\nsxtb16 r11, r12\nsxtb16 r12, r12, ror #8\n").str();
  for (int row = 0; row < 4; ++row) {
    text += ("sxtb16 lr, " + kWords[row] + "\n").str() + add(row, "lr", "r11", start[row]);
    text += ("sxtb16 lr, " + kWords[row] + ", ror #8\n").str() + add(row, "lr", "r12", kSums[row]);
  }
  return text;
}

/// The assembly for one unit.
static std::string unitText(const PanelUnit &unit, Registers start) {
  bool isNibble = unit.format.planes[0] == 4;
  std::string text;
  for (int64_t column = 0; column < kColumnUnit; column += isNibble ? 8 : 4, start = kSums)
    text += isNibble ? nibbleQuads(start) : unit.isPaired ? pairedQuad(start) : wideQuad(start);
  return text;
}

/// Adds to the sums, or with `start` to that, by assembly that moves both addresses on, and counts down to zero where
/// there is a count.
static void addByAssembly(KernelBuilder &k, llvm::StringRef text, Val start, llvm::MutableArrayRef<Val> place,
                          Val count, llvm::MutableArrayRef<Val> sums) {
  mlir::Type word = k.b.getI32Type();
  llvm::SmallVector<mlir::Value> operands;
  std::string constraints = "={r0},={r1},={r2},={r3},={r9},={r10},={lr},";
  auto use = [&](mlir::Value value, int result) {
    operands.push_back(value);
    constraints += std::to_string(result) + ",";
  };
  if (start.value)
    use(start, 3);
  for (int row = 0; row < 4 && !start.value; ++row)
    use(sums[row], row);
  use(place[0], 4);
  use(place[1], 5);
  if (count.value)
    use(mlir::arith::IndexCastOp::create(k.b, k.loc, word, count), 6);
  constraints += "~{r4},~{r5},~{r6},~{r8},~{r11},~{r12},~{memory},~{cc}";
  mlir::Type results = mlir::LLVM::LLVMStructType::getLiteral(k.b.getContext(), llvm::SmallVector<mlir::Type>(7, word));
  mlir::LLVM::TailCallKindAttr noTail =
      mlir::LLVM::TailCallKindAttr::get(k.b.getContext(), mlir::LLVM::TailCallKind::None);
  mlir::Value all = mlir::LLVM::InlineAsmOp::create(
                        k.b, k.loc, results, operands, k.b.getStringAttr(text), k.b.getStringAttr(constraints),
                        /*has_side_effects=*/k.b.getUnitAttr(),
                        /*is_align_stack=*/mlir::UnitAttr(), noTail, mlir::LLVM::AsmDialectAttr(), mlir::ArrayAttr())
                        .getResult(0);
  for (int64_t i = 0; i < 6; ++i) {
    Val &value = i < 4 ? sums[i] : place[i - 4];
    value = k.wrap(mlir::LLVM::ExtractValueOp::create(k.b, k.loc, all, i));
  }
}

/// Codes in one plane.
static bool takesUnits(const PanelUnit &unit) {
  const FormatRow &format = unit.format;
  return !format.planes[1] && format.codebook.empty() &&
         (format.planes[0] == 8 || (format.planes[0] == 4 && unit.isPaired));
}

/// The addresses of words and activations.
static void beginUnits(KernelBuilder &k, const PanelUnit &first, llvm::SmallVectorImpl<Val> &place) {
  auto addressOf = [&](mlir::Value bytes, mlir::Value at) {
    mlir::Value view = k.viewAs(bytes, k.wrap(at), k.b.getI8Type());
    mlir::Value address = mlir::memref::ExtractAlignedPointerAsIndexOp::create(k.b, k.loc, view);
    place.push_back(k.wrap(mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), address)));
  };
  addressOf(first.panel, first.planes[0]);
  addressOf(first.row, first.column);
}

static void addUnits(KernelBuilder &k, const PanelUnit &like, llvm::MutableArrayRef<Val> place, Val count,
                     llvm::MutableArrayRef<Val> sums) {
  if (!count.value)
    return addByAssembly(k, unitText(like, kOneStart), sums[0], place, count, sums);
  std::string text = unitText(like, kSums);
  if (like.format.planes[0] == 8 && like.isPaired)
    return addByAssembly(k, ".Lunits${:uid}:\n" + text + "subs lr, lr, #1\nbne .Lunits${:uid}\n", Val(), place, count,
                         sums);
  // Here no register is left to count with.
  Vals carried(sums);
  carried.append(place.begin(), place.end());
  carried = k.loop(k.index(0), count, 1, carried, [&](Val, llvm::ArrayRef<Val> before) {
    Vals next(before);
    llvm::MutableArrayRef<Val> values = next;
    addByAssembly(k, text, Val(), values.take_back(2), Val(), values.drop_back(2));
    return next;
  });
  llvm::copy(llvm::ArrayRef(carried).drop_back(2), sums.begin());
  llvm::copy(llvm::ArrayRef(carried).take_back(2), place.begin());
}

/// What `addUnits` does not take.
static void addUnit(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  // A codebook has to be looked up byte by byte.
  if (!unit.isPaired)
    return addPanelUnitScalar(k, unit, sums);
  for (int64_t quad = 0; quad < kColumnUnit / 4; ++quad) {
    Val even = activationWord(k, unit, 2 * quad), mixed = activationWord(k, unit, 2 * quad + 1);
    for (int64_t row = 0; row < int64_t(sums.size()); ++row) {
      // The activations themselves count once each.
      Val codes = row < k.isa.panel ? panelQuad(k, unit, quad, row) : k.i32(0x01010101);
      addPairs(k, sums[row], codes, even);
      addPairs(k, sums[row], k.shrU(codes, 8) & k.i32(0x00ff00ff), mixed);
    }
  }
}

const IsaRow kCortexMDsp = {
    .name = "cortex-m-dsp",
    .lanes = 1,
    .panel = 4,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .isSmall = true,
    .addPanelUnit = addUnit,
    .panelSweep = {takesUnits, beginUnits, addUnits},
    .pairActivations = pairActivations,
    .dot = {{genericDotUnsigned}, 7, {genericDotSigned}, genericLookup},
    .schedules = kSmallSchedules,
};

} // namespace edgelm
