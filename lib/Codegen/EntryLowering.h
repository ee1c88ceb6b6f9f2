// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One entry point on its way from values to launches: where each value lies and how a kernel is started.
#pragma once

#include "Codegen/Isa/Isa.h"

#include "Dialect/EdgeLMDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace edgelm {

/// Builds the new body of one entry. Operations of the old body are lowered in order by `lowerOperation`.
class EntryLowering {
public:
  EntryLowering(mlir::func::FuncOp entry, const IsaRow &isa);

  /// Replaces the entry by a function of the signature of docs/plan.md section 1. Fails after one diagnostic.
  mlir::LogicalResult run();

  /// The memory of `value` as a memref of that type: in the arena, the weights or the caller's output.
  mlir::Value buffer(mlir::Value value, mlir::MemRefType type);

  /// The scratch memory that the plan gave `op`, as a memref of that type.
  mlir::Value scratch(mlir::Operation *op, mlir::MemRefType type);

  /// Whether both values start at the same place, `bytes` apart.
  bool liesAt(mlir::Value value, mlir::Value base, int64_t bytes);

  /// Runs `kernel` over `items` work items for the first `rows` rows of what it computes; rows of tokens are limited to
  /// the valid ones. `work` is a rough number of element operations: little work is not worth waking threads.
  void launch(mlir::Location loc, mlir::func::FuncOp kernel, mlir::ValueRange buffers, int64_t rows, int64_t items,
              int64_t work);

  /// As above with `pos` and `n` given.
  void launchAt(mlir::Location loc, mlir::func::FuncOp kernel, mlir::ValueRange buffers, mlir::Value pos, mlir::Value n,
                int64_t items, int64_t work);

  /// Ends the call here when the runtime says so.
  void poll(mlir::Location loc);

  /// A constant of type i32.
  mlir::Value i32(int64_t value);

  /// The new value of a scalar argument (`pos`, `n`), or null when there is none of that role.
  mlir::Value scalar(llvm::StringRef role) const;

  /// Tokens that one call can take.
  int64_t tokens() const { return tokenCount; }

  mlir::ModuleOp module;
  const IsaRow &isa;
  mlir::OpBuilder b;

private:
  /// Where a value starts.
  struct Place {
    enum Base { Arena, Weights, Out } base;
    int64_t offset; ///< bytes
  };
  Place placeOf(mlir::Value value);
  mlir::Value view(mlir::Value base, int64_t offset, mlir::MemRefType type);
  mlir::func::FuncOp createFunction();

  mlir::func::FuncOp entry;
  mlir::Value context, arena, weights, pos, n, out;
  int64_t tokenCount = 0;
  bool hasPos = false;
};

/// Lowers one operation of an entry by launching its kernel. Fails after one diagnostic.
mlir::LogicalResult lowerOperation(EntryLowering &entry, mlir::Operation *op);

} // namespace edgelm
