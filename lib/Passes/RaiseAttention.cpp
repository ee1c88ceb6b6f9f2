// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises softmax(cap(scale * q · k) + mask) · v, however it is spelled, to `edgelm.attention` on token-major operands.
#include "Passes/Heads.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "Passes/Scores.h"

namespace edgelm {
#define GEN_PASS_DEF_RAISEATTENTION
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

/// The product with the values that reads a softmax through views and float conversions.
MatMulOp findValueProduct(SoftmaxOp softmax) {
  Value value = softmax.getResult();
  ArrayRef<int64_t> matrix = tensorType(value).getShape().take_back(2);
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (auto product = dyn_cast<MatMulOp>(user))
      return product.getLhs() == value ? product : MatMulOp();
    if (!isa<ReshapeOp, CastOp>(user) || user->getOperand(0) != value || tensorType(user->getResult(0)).getRank() < 2 ||
        tensorType(user->getResult(0)).getShape().take_back(2) != matrix)
      return {};
    value = user->getResult(0);
  }
  return {};
}

/// A [.., rows, columns] operand of a batched product, seen under the batch of the result.
class Operand {
public:
  Operand(Value operand, MatMulOp product)
      : shape(tensorType(operand).getShape()), batch(tensorType(product.getResult()).getShape().drop_back(2)) {}

  int64_t elementAt(int64_t head, int64_t row, int64_t column) const {
    int64_t index = 0, stride = 1, ownBatch = shape.size() - 2;
    for (int64_t back = 1, e = batch.size(); back <= e; ++back) {
      int64_t coordinate = head % batch[e - back];
      head /= batch[e - back];
      if (back > ownBatch)
        continue;
      int64_t dim = shape[ownBatch - back];
      index += dim == 1 ? 0 : coordinate * stride;
      stride *= dim;
    }
    return (index * shape[shape.size() - 2] + row) * shape.back() + column;
  }
  int64_t rows() const { return shape[shape.size() - 2]; }
  int64_t columns() const { return shape.back(); }
  int64_t heads() const { return ShapedType::getNumElements(batch); }

private:
  SmallVector<int64_t> shape, batch;
};

struct RaiseAttention : edgelm::impl::RaiseAttentionBase<RaiseAttention> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      for (SoftmaxOp softmax : llvm::make_early_inc_range(function.getOps<SoftmaxOp>()))
        if (const char *reason = raise(softmax))
          softmax.emitRemark("is not raised to attention: ") << reason;
      simplifyMoves(function);
    }
  }

  /// The reason why not, or null on success.
  const char *raise(SoftmaxOp softmax) {
    if (tensorType(softmax).getRank() < 3 ||
        static_cast<int64_t>(softmax.getAxis()) != tensorType(softmax).getRank() - 1 || softmax.getLog())
      return "the softmax is not over the last dimension of heads";
    MatMulOp product = findValueProduct(softmax);
    if (!product)
      return "its only use is not a product with values";
    std::optional<Scores> scores = matchScores(softmax.getInput());
    if (!scores)
      return "its operand is not a masked, scaled product of queries and keys";
    Operand q(scores->product.getLhs(), scores->product), k(scores->product.getRhs(), scores->product),
        v(product.getRhs(), product);
    if (v.heads() != q.heads() || q.rows() != tensorType(softmax).getShape().drop_back().back())
      return "the two products have different heads";

    HeadsOrReason query, key, value;
    if (const char *reason = read(scores->product.getLhs(), query, q.heads(), q.rows(), q.columns(),
                                  [&](int64_t h, int64_t s, int64_t i) { return q.elementAt(h, s, i); }))
      return reason;
    if (const char *reason = read(scores->product.getRhs(), key, k.heads(), k.columns(), k.rows(),
                                  [&](int64_t h, int64_t s, int64_t i) { return k.elementAt(h, i, s); }))
      return reason;
    if (const char *reason = read(product.getRhs(), value, v.heads(), v.rows(), v.columns(),
                                  [&](int64_t h, int64_t s, int64_t i) { return v.elementAt(h, s, i); }))
      return reason;
    if (query.heads->repeats != 1 || key.heads->heads != value.heads->heads)
      return "keys and values are shared by different heads";

    OpBuilder builder(product);
    Location loc = softmax.getLoc();
    Value taken[] = {takeHeads(builder, loc, *query.heads), takeHeads(builder, loc, *key.heads),
                     takeHeads(builder, loc, *value.heads)};
    if (llvm::is_contained(taken, Value()))
      return "heads do not lie at multiples of their distance";
    auto f32 = builder.getF32Type();
    for (Value operand : taken)
      if (tensorType(operand).getElementType() != f32)
        return "operands are not f32";
    double scale = scores->scale * query.heads->factor * key.heads->factor;
    auto type = RankedTensorType::get({q.rows(), q.heads(), v.columns()}, f32);
    Value attention = AttentionOp::create(builder, loc, type, taken[0], taken[1], taken[2], scores->keyMask,
                                          builder.getF64FloatAttr(scale), scores->mask,
                                          scores->softcap ? builder.getF64FloatAttr(scores->softcap) : FloatAttr());
    if (value.heads->factor != 1) {
      auto scalar = RankedTensorType::get({}, f32);
      Value factor =
          ConstantOp::create(builder, loc, DenseElementsAttr::get(scalar, static_cast<float>(value.heads->factor)));
      attention = BinaryOp::create(builder, loc, type, "mul", attention, factor);
    }
    // [S, H, E] to [.., S, E]: the batch of the product is the heads.
    auto headMajor = RankedTensorType::get({q.heads(), q.rows(), v.columns()}, f32);
    Value result = putHeads(builder, loc, attention, headMajor, 1);
    product.replaceAllUsesWith(reshapeTo(builder, loc, result, tensorType(product).getShape()));
    product.erase();
    ++numRaised;
    return nullptr;
  }

  static const char *read(Value operand, HeadsOrReason &result, int64_t heads, int64_t tokens, int64_t headDim,
                          llvm::function_ref<int64_t(int64_t, int64_t, int64_t)> elementAt) {
    std::optional<ElementMap> map = ElementMap::of(operand);
    if (!map)
      return "an operand is not moved from one value";
    result = recogniseHeads(*map, heads, tokens, headDim, elementAt);
    return result.heads ? nullptr : result.reason;
  }
};
} // namespace
