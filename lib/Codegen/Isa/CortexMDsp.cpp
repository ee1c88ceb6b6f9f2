// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cortex-M4, M7 and M33: no vectors, but SMLAD adds two products of halfwords in one cycle. SXTB16 widens two of a
// word's bytes, with the rotation for free; an AND with a shifted operand takes two 4-bit codes out of a word, so that
// neither format has an instruction more than one for two products. A word of activations is widened once for the four
// rows of a panel, whose words LDM loads at once. Four sums, four words, two addresses and what is widened are all that
// thirteen registers hold: LLVM's scheduler spills there, so that the two usual formats are written in assembly.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/PanelUnits.h"
#include "Codegen/Isa/SmallSchedules.h"
#include "Dialect/PackedLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <optional>

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

/// Registers that LDM fills with the words of a panel's four rows.
static constexpr llvm::StringRef kWords[] = {"r4", "r5", "r6", "r8"};

// Operands of the assembly: $0 to $3 are the sums, $4 the address of the panel's words, $5 that of the activations, $6
// and $7 are free, $14 is a mask where there is one.

/// One quad of 8-bit codes.
static std::string wideQuad() {
  std::string text = "ldm $4!, {r4, r5, r6, r8}\n ldr $6, [$5], #4\n";
  for (int row = 0; row < 4; ++row) {
    std::string word = kWords[row].str(), sum = "$" + std::to_string(row);
    text += "sxtb16 $7, " + word + "\n";
    text += row == 0 ? "sxtb16 r9, $6\n sxtb16 $6, $6, ror #8\n" : "";
    text += "smlad " + sum + ", $7, r9, " + sum + "\n";
    text += "sxtb16 " + word + ", " + word + ", ror #8\n";
    text += "smlad " + sum + ", " + word + ", $6, " + sum + "\n";
  }
  return text;
}

/// Two quads of 4-bit codes.
static std::string nibbleQuads() {
  std::string text = "ldm $4!, {r4, r5, r6, r8}\n";
  for (int half = 0; half < 4; ++half) {
    bool odd = half % 2;
    int shift = half / 2 * 4 + (odd ? 8 : 0);
    text += odd ? "ldr $6, [$5], #4\n sxtb16 $6, $6, ror #8\n" : "ldr $6, [$5]\n sxtb16 $6, $6\n";
    for (int row = 0; row < 4; ++row) {
      std::string sum = "$" + std::to_string(row);
      text += "and $7, $14, " + kWords[row].str();
      text += shift ? ", lsr #" + std::to_string(shift) + "\n" : "\n";
      text += "smlad " + sum + ", $7, $6, " + sum + "\n";
    }
  }
  return text;
}

/// The four sums with a unit added to them by `step`, which stands for `columns` columns.
static void addByAssembly(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums,
                          const std::string &step, int64_t columns, std::optional<int32_t> mask,
                          llvm::StringRef clobbers) {
  std::string text;
  for (int64_t column = 0; column < kColumnUnit; column += columns)
    text += step;
  mlir::Type word = k.b.getI32Type();
  auto addressOf = [&](mlir::Value bytes, mlir::Value at) {
    mlir::Value view = k.viewAs(bytes, k.wrap(at), k.b.getI8Type());
    mlir::Value address = mlir::memref::ExtractAlignedPointerAsIndexOp::create(k.b, k.loc, view);
    return mlir::arith::IndexCastOp::create(k.b, k.loc, word, address).getResult();
  };
  llvm::SmallVector<mlir::Value> operands(sums.begin(), sums.begin() + 4);
  operands.push_back(addressOf(unit.panel, unit.planes[0]));
  operands.push_back(addressOf(unit.row, unit.column));
  std::string constraints = "=&r,=&r,=&r,=&r,=&r,=&r,=&r,=&r,0,1,2,3,4,5,";
  if (mask) {
    operands.push_back(k.i32(*mask));
    constraints += "r,";
  }
  constraints += "~{r4},~{r5},~{r6},~{r8},~{memory}";
  constraints += clobbers;
  mlir::Type results = mlir::LLVM::LLVMStructType::getLiteral(k.b.getContext(), llvm::SmallVector<mlir::Type>(8, word));
  mlir::LLVM::TailCallKindAttr noTail =
      mlir::LLVM::TailCallKindAttr::get(k.b.getContext(), mlir::LLVM::TailCallKind::None);
  mlir::Value all = mlir::LLVM::InlineAsmOp::create(
                        k.b, k.loc, results, operands, k.b.getStringAttr(text), k.b.getStringAttr(constraints),
                        /*has_side_effects=*/k.b.getUnitAttr(),
                        /*is_align_stack=*/mlir::UnitAttr(), noTail, mlir::LLVM::AsmDialectAttr(), mlir::ArrayAttr())
                        .getResult(0);
  for (int64_t row = 0; row < 4; ++row)
    sums[row] = k.wrap(mlir::LLVM::ExtractValueOp::create(k.b, k.loc, all, row));
}

/// Other formats, and sums of activations.
static void addPlanes(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  for (int64_t quad = 0; quad < kColumnUnit / 4; ++quad) {
    Val x = activationQuad(k, unit, quad);
    for (bool odd : {false, true}) {
      Val pair = widen(k, x, odd);
      for (int64_t row = 0; row < k.isa.panel; ++row) {
        Val codes = panelQuad(k, unit, quad, row);
        addPairs(k, sums[row], (odd ? k.shrU(codes, 8) : codes) & k.i32(0x00ff00ff), pair);
      }
      if (int64_t(sums.size()) > k.isa.panel)
        addPairs(k, sums[k.isa.panel], k.i32(0x00010001), pair);
    }
  }
}

static void addUnit(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  const FormatRow &format = unit.format;
  // A codebook has to be looked up byte by byte.
  if (!format.codebook.empty())
    return addPanelUnitScalar(k, unit, sums);
  bool isAlone = !format.planes[1] && int64_t(sums.size()) == k.isa.panel;
  if (format.planes[0] == 8 && isAlone)
    return addByAssembly(k, unit, sums, wideQuad(), 4, std::nullopt, ",~{r9}");
  if (format.planes[0] == 4 && isAlone)
    return addByAssembly(k, unit, sums, nibbleQuads(), 8, 0x000f000f, "");
  addPlanes(k, unit, sums);
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
    .dot = {{genericDotUnsigned}, 7, {genericDotSigned}, genericLookup},
    .schedules = kSmallSchedules,
};

} // namespace edgelm
