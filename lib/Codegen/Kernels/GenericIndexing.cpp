// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of operations that choose by position or by index tuples: triangles, padding, repetition, gather_nd.
#include "Codegen/Kernels/GenericIndexing.h"
#include "Codegen/Kernels/ScalarKernels.h"

namespace edgelm {

using Indices = llvm::SmallVector<mlir::Value>;
using IndexRef = llvm::ArrayRef<mlir::Value>;

Val triangle(const GenericOperands &o, TriluOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  Val row = k.wrap(at[at.size() - 2]), column = k.wrap(at.back()), diagonal = k.index(0);
  if (op.getK())
    diagonal = k.toIndex(o.load(1, Indices(tensorType(op.getK()).getRank(), k.index(0).value)));
  Val kept = op.getUpper() ? row + diagonal <= column : column <= row + diagonal;
  Val x = o.load(0, at);
  return k.select(kept, x, k.like(x.type(), 0));
}

/// x modulo a positive number, not negative.
static Val floorModulo(KernelBuilder &k, Val x, int64_t divisor) {
  Val rest = x - x / double(divisor) * double(divisor);
  return k.select(rest < k.index(0), rest + double(divisor), rest);
}

Val padded(const GenericOperands &o, PadOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  llvm::ArrayRef<int64_t> pads = *op.getPads();
  bool fills = op.getMode() == "constant", mirrors = op.getMode() == "reflect", wraps = op.getMode() == "wrap";
  Val inside;
  Indices from;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    Val i = k.wrap(at[dim]) - double(pads[dim]), zero = k.index(0), last = k.index(shape[dim] - 1);
    if (fills) {
      Val here = (zero <= i) & (i <= last);
      inside = inside.value ? inside & here : here;
    }
    if (mirrors && shape[dim] > 1) {
      int64_t period = 2 * (shape[dim] - 1);
      i = floorModulo(k, i, period);
      i = k.select(last < i, k.index(period) - i, i);
    }
    if (wraps)
      i = floorModulo(k, i, shape[dim]);
    from.push_back(k.max(k.min(i, last), zero));
  }
  Val x = o.load(0, from);
  if (!inside.value)
    return x;
  Val fill = k.like(x.type(), 0);
  if (op.getValue())
    fill = o.load(op->getNumOperands() - 1, Indices(tensorType(op.getValue()).getRank(), k.index(0).value));
  return k.select(inside, x, fill);
}

Val tiled(const GenericOperands &o, TileOp op, IndexRef at) {
  Indices from;
  for (auto [dim, size] : llvm::enumerate(tensorType(op.getInput()).getShape()))
    from.push_back(floorModulo(o.k, o.k.wrap(at[dim]), size));
  return o.load(0, from);
}

Val wrappedIndex(KernelBuilder &k, Val integer, int64_t size) {
  Val index = k.toIndex(integer);
  return k.select(index < k.index(0), index + double(size), index);
}

/// The start of the slice that the tuple `which` of operand 1 names, behind the leading `first` indices.
static Indices tupleStart(const GenericOperands &o, IndexRef first, IndexRef which, llvm::ArrayRef<int64_t> shape,
                          int64_t length) {
  Indices from(first);
  Indices place(which);
  place.push_back({});
  for (int64_t i = 0; i < length; ++i) {
    place.back() = o.k.index(i);
    from.push_back(wrappedIndex(o.k, o.load(1, place), shape[from.size()]));
  }
  return from;
}

Val gatherND(const GenericOperands &o, GatherNDOp op, IndexRef at) {
  llvm::ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  llvm::ArrayRef<int64_t> tuples = tensorType(op.getIndices()).getShape();
  IndexRef which = at.take_front(tuples.size() - 1);
  Indices from = tupleStart(o, at.take_front(op.getBatchDims()), which, shape, tuples.back());
  llvm::append_range(from, at.drop_front(which.size()));
  return o.load(0, from);
}

void scatterND(const GenericOperands &o, ScatterNDOp op, mlir::Value result) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  auto all = [&](llvm::ArrayRef<int64_t> dims, llvm::function_ref<void(IndexRef)> body) {
    forEachElement(k, dims, k.index(0), k.index(dims.empty() ? 1 : dims[0]), body);
  };
  all(shape, [&](IndexRef at) { storeElement(k, result, at, o.load(0, at)); });
  llvm::ArrayRef<int64_t> tuples = tensorType(op.getIndices()).getShape();
  all(tensorType(op.getUpdates()).getShape(), [&](IndexRef at) {
    IndexRef which = at.take_front(tuples.size() - 1);
    Indices to = tupleStart(o, {}, which, shape, tuples.back());
    llvm::append_range(to, at.drop_front(which.size()));
    Val update = o.load(2, at);
    if (op.getReduction())
      update = applyBinary(k, *op.getReduction(), k.load(result, to), update,
                           tensorType(op.getInput()).getElementType().isUnsignedInteger());
    storeElement(k, result, to, update);
  });
}

} // namespace edgelm
