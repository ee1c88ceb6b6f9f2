// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Helium (Cortex-M55): eight registers of 128 bits. VMLADAVA adds sixteen products of bytes to a general register. VLD4
// takes sixteen words of a panel apart, one register for each of its four rows, and VLD2 does to the activations what
// puts them in the order of 4-bit codes, so that the layout of panels needs no shuffle.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/PanelUnits.h"
#include "Codegen/Isa/SmallSchedules.h"
#include "Dialect/PackedLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace edgelm {

/// Words `first`, `first + count`, ... of what starts at byte `at`, for each first below count.
static Vals deinterleave(KernelBuilder &k, mlir::Value bytes, Val at, int64_t count) {
  mlir::Type words = mlir::VectorType::get({4}, k.b.getI32Type());
  mlir::Value view = k.viewAs(bytes, at, k.b.getI8Type());
  mlir::Value address = mlir::memref::ExtractAlignedPointerAsIndexOp::create(k.b, k.loc, view);
  address = mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), address);
  mlir::Type pointer = mlir::LLVM::LLVMPointerType::get(k.b.getContext());
  mlir::Value from = mlir::LLVM::IntToPtrOp::create(k.b, k.loc, pointer, address);
  mlir::Type result =
      mlir::LLVM::LLVMStructType::getLiteral(k.b.getContext(), llvm::SmallVector<mlir::Type>(count, words));
  llvm::StringRef name = count == 4 ? "llvm.arm.mve.vld4q" : "llvm.arm.mve.vld2q";
  mlir::Value loaded =
      mlir::LLVM::CallIntrinsicOp::create(k.b, k.loc, result, k.b.getStringAttr(name), mlir::ValueRange{from})
          .getResult(0);
  Vals parts;
  for (int64_t i = 0; i < count; ++i)
    parts.push_back(k.regroup(k.wrap(mlir::LLVM::ExtractValueOp::create(k.b, k.loc, loaded, i)), 8));
  return parts;
}

/// sum + sixteen products of signed bytes.
static Val addBytes(KernelBuilder &k, Val sum, Val x, Val y) {
  Val no = k.i32(0);
  return k.intrinsic("llvm.arm.mve.vmldava", k.b.getI32Type(), {no, no, no, sum, x, y});
}

static void addUnit(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  const FormatRow &format = unit.format;
  bool isNibble = format.planes[0] == 4 && !format.planes[1] && format.codebook.empty();
  if (format.bits() != 8 && !isNibble)
    return addPanelUnitScalar(k, unit, sums);
  Val codes = k.wrap(unit.planes[0]);
  Vals activations;
  if (isNibble) {
    activations = deinterleave(k, unit.row, k.wrap(unit.column), 2);
    Vals rows = deinterleave(k, unit.panel, codes, 4);
    for (int64_t row = 0; row < k.isa.panel; ++row) {
      Val low = rows[row] & k.likeInt(rows[row].type(), 15);
      sums[row] = addBytes(k, sums[row], low, activations[0]);
      sums[row] = addBytes(k, sums[row], k.shrU(rows[row], 4), activations[1]);
    }
  } else {
    for (int64_t half = 0; half < 2; ++half) {
      activations.push_back(k.loadVector(unit.row, {k.wrap(unit.column) + double(16 * half)}, 16));
      Vals rows = deinterleave(k, unit.panel, codes + double(64 * half), 4);
      for (int64_t row = 0; row < k.isa.panel; ++row)
        sums[row] = addBytes(k, sums[row], rows[row], activations[half]);
    }
  }
  if (int64_t(sums.size()) > k.isa.panel)
    for (Val part : activations)
      sums[k.isa.panel] = addBytes(k, sums[k.isa.panel], k.likeInt(part.type(), 1), part);
}

const IsaRow kHelium = {
    .name = "helium",
    .lanes = 4,
    .panel = 4,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .isSmall = true,
    .addPanelUnit = addUnit,
    .dot = {{genericDotUnsigned}, 7, {genericDotSigned}, genericLookup},
    .schedules = kSmallSchedules,
};

} // namespace edgelm
