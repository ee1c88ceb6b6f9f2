// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resolves `#edgelm.weight` to bytes: maps the files that modules name and checks each hash once.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/MappedFile.h"
#include "mlir/IR/DialectInterface.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include <mutex>

namespace edgelm {

/// The mapped weight files of a context. Every function may be called from several threads at once.
class WeightStore {
public:
  using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

  /// The store of `context`; the bytes that it gave stay valid as long as the context.
  static WeightStore &get(mlir::MLIRContext *context);

  /// Bytes of `source`, whose file is relative to `modelDir`. Emits one error when the file is missing or too short, or
  /// when the hash differs.
  mlir::FailureOr<llvm::ArrayRef<uint8_t>> bytes(WeightAttr source, llvm::StringRef modelDir, EmitError emitError);

  /// As above for an attribute below a module that has `edgelm.model_dir`; errors are at `user`.
  mlir::FailureOr<llvm::ArrayRef<uint8_t>> bytes(WeightAttr source, mlir::Operation *user);
  mlir::FailureOr<llvm::ArrayRef<uint8_t>> bytes(WeightOp weight) { return bytes(weight.getSource(), weight); }

  /// Lets the system take back the memory of these bytes, which came from `bytes`; they may be read again.
  void release(llvm::ArrayRef<uint8_t> bytes);

  /// Maps `path` once; on failure returns null and the reason in `error`.
  MappedFile *map(llvm::StringRef path, std::string &error);

  /// Notes that the hash of `source` was just computed from this file, so that it is not checked again.
  void trust(WeightAttr source, llvm::StringRef modelDir);

private:
  std::mutex mutex;
  llvm::StringMap<std::unique_ptr<MappedFile>> files;                   ///< by path
  llvm::DenseSet<std::pair<mlir::Attribute, mlir::Attribute>> verified; ///< (source, model folder)
};

/// The interface of the dialect that holds the store, so that it lives as long as the context.
std::unique_ptr<mlir::DialectInterface> makeWeightStore(mlir::Dialect *dialect);

/// The folder that the weights below `op` are relative to: `edgelm.model_dir` of the module around it, or the current
/// folder.
llvm::StringRef modelDirOf(mlir::Operation *op);

} // namespace edgelm
