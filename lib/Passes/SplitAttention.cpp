// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in spans of keys, where threads could not share its heads evenly.
#include "Dialect/SpanRecord.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_SPLITATTENTION
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
struct SplitAttention : edgelm::impl::SplitAttentionBase<SplitAttention> {
  using SplitAttentionBase::SplitAttentionBase;

  void runOnOperation() override {
    Builder builder(&getContext());
    getOperation().walk([&](CachedAttentionOp op) {
      RankedTensorType query = tensorType(op.getQuery()), values = tensorType(op.getValueCache());
      int64_t heads = query.getDimSize(1), context = values.getDimSize(1);
      if (heads % threads == 0 || context < minContext)
        return;
      // Every entry merges in the same order, whether or not threads share the spans.
      op->setAttr("edgelm.span", builder.getI64IntegerAttr(span));
      if (query.getDimSize(0) != 1)
        return;
      int64_t records = heads * ((context + span - 1) / span);
      op->setAttr("edgelm.scratch_bytes",
                  builder.getI64IntegerAttr(records * SpanRecord::floats(values.getDimSize(2)) * 4));
      ++numSplit;
    });
  }
};
} // namespace
