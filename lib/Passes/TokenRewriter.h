// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies operations from a whole sequence of S tokens to T tokens without batch, proving that each acts on tokens
// alone.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace edgelm {

/// A value of the copy and what it stands for.
struct TokenForm {
  mlir::Value value;
  /// The original's shape; where a number for the whole sequence became one for each token, `[S, 1]`.
  llvm::SmallVector<int64_t> shape;
  /// The dimension of `shape` that is the tokens: all before it are 1, and `value` is `[T, shape after it]`. -1:
  /// `value` is the original, unchanged.
  int64_t axis = -1;
};

/// Options of one copy.
struct TokenRewriterOptions {
  int64_t sequence = 0;      ///< S
  int64_t tokens = 0;        ///< T
  mlir::Value pos;           ///< null where positions start at 0
  bool mayMixTokens = false; ///< T = S, and operations that mix tokens are copied as they are
};

class TokenRewriter {
public:
  TokenRewriter(mlir::OpBuilder &builder, const TokenRewriterOptions &options) : builder(builder), options(options) {}

  /// Says what an argument or result of the original is in the copy.
  void set(mlir::Value original, TokenForm form) { forms[original] = std::move(form); }
  /// `value` of the copy, whose original has its tokens at `axis`.
  void set(mlir::Value original, mlir::Value value, int64_t axis);
  bool contains(mlir::Value original) const { return forms.contains(original); }
  const TokenForm &get(mlir::Value original) const { return forms.at(original); }
  /// The value in the original's layout, for T tokens.
  mlir::Value whole(mlir::Value original);

  /// Copies an operation whose operands have forms, or says in an error at it why that cannot be.
  mlir::LogicalResult rewrite(mlir::Operation *op);

private:
  bool isPlain(mlir::Operation *op) const;
  /// The `[T, rest]` type of `shape` with tokens at `axis`, for elements of `like`.
  mlir::RankedTensorType typeOf(llvm::ArrayRef<int64_t> shape, int64_t axis, mlir::Type like) const;
  mlir::Operation *clone(mlir::Operation *op, mlir::ValueRange operands, mlir::TypeRange types);
  /// Copies with operands in the original's layout, T in place of S tokens; the reason why not, or null.
  const char *copyWhole(mlir::Operation *op);

  /// The reason why the operation cannot be copied token by token, or null when it was.
  const char *rewriteByToken(mlir::Operation *op);
  const char *elementwise(mlir::Operation *op);
  const char *features(mlir::Operation *op);
  const char *embed(EmbedOp op);
  const char *positionRows(PositionRowsOp op);
  const char *rope(RopeOp op);
  const char *matmul(mlir::Operation *op);
  const char *reduce(mlir::Operation *op, llvm::ArrayRef<int64_t> axes);
  const char *softmax(SoftmaxOp op);
  const char *reshape(ReshapeOp op);
  const char *transpose(TransposeOp op);
  const char *slice(SliceOp op);
  const char *concat(ConcatOp op);
  const char *broadcast(BroadcastOp op);
  const char *gather(GatherOp op);
  mlir::Value tokenAt(GatherOp op, const TokenForm &input, int64_t row);
  const char *dynamicQuantize(DynamicQuantizeOp op);

  mlir::OpBuilder &builder;
  TokenRewriterOptions options;
  llvm::DenseMap<mlir::Value, TokenForm> forms;
};

} // namespace edgelm
