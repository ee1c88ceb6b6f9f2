// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations whose elements depend on a whole line of their operand: concat, softmax along any axis, running sums.
#include "Codegen/Kernels/Generic.h"
#include "Codegen/Kernels/GenericElements.h"
#include "Codegen/Kernels/GenericIndexing.h"
#include "Codegen/Kernels/Math.h"

#include "Dialect/EdgeLMDialect.h"

#include "llvm/ADT/TypeSwitch.h"

namespace edgelm {

using Indices = llvm::SmallVector<mlir::Value>;
using IndexRef = llvm::ArrayRef<mlir::Value>;

/// Work items of a whole operation are not split: the first caller does all.
static void once(KernelBuilder &k, const KernelArgs &args, llvm::function_ref<void()> body) {
  k.ifThen((args.begin == k.index(0)) & (args.begin < args.end), body);
}

static void concat(const GenericOperands &o, ConcatOp op, mlir::Value result) {
  KernelBuilder &k = o.k;
  int64_t start = 0, axis = op.getAxis();
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    llvm::ArrayRef<int64_t> shape = tensorType(op->getOperand(i)).getShape();
    forEachElement(k, shape, k.index(0), k.index(shape[0]), [&](IndexRef at) {
      Indices to(at);
      to[axis] = k.wrap(at[axis]) + double(start);
      storeElement(k, result, to, o.load(i, at));
    });
    start += shape[axis];
  }
}

/// Calls `body` with the indices of each line along `axis`; the axis' own index is for `body` to set.
static void forEachLine(KernelBuilder &k, llvm::ArrayRef<int64_t> shape, int64_t axis,
                        llvm::function_ref<void(Indices &)> body) {
  llvm::SmallVector<int64_t> others(shape);
  others[axis] = 1;
  forEachElement(k, others, k.index(0), k.index(others[0]), [&](IndexRef at) {
    Indices indices(at);
    body(indices);
  });
}

static void softmax(const GenericOperands &o, SoftmaxOp op, mlir::Value result) {
  KernelBuilder &k = o.k;
  int64_t axis = op.getAxis();
  llvm::ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  forEachLine(k, shape, axis, [&](Indices &at) {
    auto along = [&](Val init, llvm::function_ref<Val(Val, Val)> combine) {
      return k.loop(k.index(0), k.index(shape[axis]), 1, {init}, [&](Val i, llvm::ArrayRef<Val> carried) -> Vals {
        at[axis] = i;
        return {combine(carried[0], o.load(0, at))};
      })[0];
    };
    at[axis] = k.index(0);
    Val first = o.load(0, at);
    Val largest = along(first, [&](Val x, Val y) { return k.max(x, y); });
    Val sum = along(k.f32(0), [&](Val x, Val y) { return x + expF32(k, y - largest); });
    Val logarithm = op.getLog() ? logF32(k, sum) : Val();
    k.loop(k.index(0), k.index(shape[axis]), 1, [&](Val i) {
      at[axis] = i;
      Val x = o.load(0, at) - largest;
      storeElement(k, result, at, op.getLog() ? x - logarithm : expF32(k, x) / sum);
    });
  });
}

static void cumulativeSum(const GenericOperands &o, CumSumOp op, mlir::Value result) {
  KernelBuilder &k = o.k;
  int64_t axis = op.getAxis();
  llvm::ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  forEachLine(k, shape, axis, [&](Indices &at) {
    at[axis] = k.index(0);
    Val zero = k.like(o.load(0, at).type(), 0);
    k.loop(k.index(0), k.index(shape[axis]), 1, {zero}, [&](Val i, llvm::ArrayRef<Val> carried) -> Vals {
      at[axis] = op.getReverse() ? k.index(shape[axis] - 1) - i : i;
      Val next = carried[0] + o.load(0, at);
      storeElement(k, result, at, op.getExclusive() ? carried[0] : next);
      return {next};
    });
  });
}

bool buildWholeOp(const GenericOperands &o, const KernelArgs &args, mlir::Value result) {
  return llvm::TypeSwitch<mlir::Operation *, bool>(o.op)
      .Case([&](ConcatOp op) {
        once(o.k, args, [&] { concat(o, op, result); });
        return true;
      })
      .Case([&](SoftmaxOp op) {
        once(o.k, args, [&] { softmax(o, op, result); });
        return true;
      })
      .Case([&](CumSumOp op) {
        once(o.k, args, [&] { cumulativeSum(o, op, result); });
        return true;
      })
      .Case([&](ScatterNDOp op) {
        once(o.k, args, [&] { scatterND(o, op, result); });
        return true;
      })
      .Default([](mlir::Operation *) { return false; });
}

} // namespace edgelm
