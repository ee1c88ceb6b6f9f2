// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementwise functions row by row in vectors.
#include "Codegen/Kernels/Elementwise.h"
#include "Codegen/Kernels/RowLoop.h"
#include "Codegen/Kernels/ScalarKernels.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <bit>

namespace edgelm {

static void printNumber(llvm::raw_ostream &os, double value) {
  os << llvm::format("%016llx", (unsigned long long)std::bit_cast<uint64_t>(value));
}

std::string ElementwiseSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_"
     << (kind == Unary    ? "unary_"
         : kind == Binary ? "binary_"
                          : "glu_")
     << function << '_' << rows << 'x' << columns;
  for (double param : params) {
    os << "_p";
    printNumber(os, param);
  }
  for (const Operand &operand : operands) {
    os << '_' << "mrcs"[operand.shape];
    if (operand.constant)
      printNumber(os, *operand.constant);
  }
  return text;
}

mlir::func::FuncOp getElementwiseKernel(mlir::ModuleOp module, const ElementwiseSpec &spec, const IsaRow &isa) {
  mlir::Type f32 = mlir::Float32Type::get(module.getContext());
  using Operand = ElementwiseSpec::Operand;
  llvm::SmallVector<mlir::Type> types;
  for (const Operand &operand : spec.operands) {
    if (operand.constant)
      continue;
    switch (operand.shape) {
    case Operand::Matrix:
      types.push_back(mlir::MemRefType::get({spec.rows, spec.columns}, f32));
      break;
    case Operand::Row:
      types.push_back(mlir::MemRefType::get({spec.columns}, f32));
      break;
    case Operand::Column:
      types.push_back(mlir::MemRefType::get({spec.rows}, f32));
      break;
    case Operand::Scalar:
      types.push_back(mlir::MemRefType::get({1}, f32));
      break;
    }
  }
  types.push_back(mlir::MemRefType::get({spec.rows, spec.columns}, f32));
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    int64_t lanes = isa.lanes;
    k.loop(args.begin, k.min(args.end, args.n), 1, [&](Val row) {
      forRow(k, spec.columns, [&](Val column, int64_t count) {
        const mlir::Value *memref = args.memrefs.begin();
        Vals values;
        for (const Operand &operand : spec.operands) {
          if (operand.constant) {
            values.push_back(k.like(k.f32Vector(lanes), *operand.constant));
            continue;
          }
          mlir::Value from = *memref++;
          if (operand.shape == Operand::Matrix)
            values.push_back(k.loadFirst(from, {row, column}, lanes, count));
          else if (operand.shape == Operand::Row)
            values.push_back(k.loadFirst(from, {column}, lanes, count));
          else
            values.push_back(k.splat(k.load(from, {operand.shape == Operand::Column ? row : k.index(0)}), lanes));
        }
        Val result;
        if (spec.kind == ElementwiseSpec::Binary)
          result = applyBinary(k, spec.function, values[0], values[1]);
        else
          result = applyUnary(k, spec.function, values[0], spec.params);
        if (spec.kind == ElementwiseSpec::Glu)
          result = result * values[1];
        k.storeFirst(args.memrefs.back(), {row, column}, result, count);
      });
    });
  });
}

} // namespace edgelm
