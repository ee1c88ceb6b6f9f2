// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/SharedFunction.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace edgelm {

static constexpr int64_t kWindowBytes = 1 << 30;

mlir::MemRefType windowType(KernelBuilder &k) {
  return k.memref({kWindowBytes}, k.b.getI8Type());
}

mlir::Value windowOf(KernelBuilder &k, mlir::Value bytes, Val at) {
  return mlir::memref::ViewOp::create(k.b, k.loc, windowType(k), bytes, at, mlir::ValueRange{});
}

mlir::func::FuncOp getSharedFunction(KernelBuilder &k, llvm::StringRef name, llvm::ArrayRef<mlir::Type> types,
                                     llvm::function_ref<void(KernelBuilder &, mlir::Block *)> build) {
  if (auto existing = k.module.lookupSymbol<mlir::func::FuncOp>(name))
    return existing;
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(k.module.getBody());
  mlir::func::FuncOp function = mlir::func::FuncOp::create(b, k.loc, name, b.getFunctionType(types, mlir::TypeRange{}));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  KernelBuilder inner(k.module, b, k.loc, k.isa);
  build(inner, &function.getBody().front());
  mlir::func::ReturnOp::create(b, k.loc);
  return function;
}

} // namespace edgelm
