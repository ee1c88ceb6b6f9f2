// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognises how heads lie within features, and takes them out.
#include "Passes/Heads.h"
#include "Passes/Match.h"

using namespace mlir;

namespace edgelm {

TokenAxis::TokenAxis(Value source) : shape(tensorType(source).getShape()), possible(shape.size(), true) {}

void TokenAxis::see(int64_t element, int64_t token) {
  for (size_t axis = shape.size(); axis-- > 0; element /= shape[axis])
    if (element % shape[axis] != token)
      possible[axis] = false;
}

int64_t TokenAxis::get() const {
  const bool *found = llvm::find(possible, true);
  return found == possible.end() ? -1 : found - possible.begin();
}

int64_t TokenAxis::featureOf(int64_t element, int64_t axis) const {
  int64_t inner = 1;
  for (size_t i = axis + 1; i < shape.size(); ++i)
    inner *= shape[i];
  return element / inner / shape[axis] * inner + element % inner;
}

bool fillHeads(Heads &heads, ArrayRef<int64_t> bases) {
  int64_t readers = bases.size();
  heads.offset = bases[0];
  heads.repeats = 1;
  while (heads.repeats < readers && bases[heads.repeats] == bases[0])
    ++heads.repeats;
  if (readers % heads.repeats != 0)
    return false;
  heads.heads = readers / heads.repeats;
  heads.stride = heads.heads > 1 ? bases[heads.repeats] - bases[0] : heads.headDim;
  for (int64_t reader = 0; reader < readers; ++reader)
    if (bases[reader] != heads.offset + reader / heads.repeats * heads.stride)
      return false;
  return heads.stride >= heads.headDim;
}

HeadsOrReason recogniseHeads(const ElementMap &map, int64_t readers, int64_t tokens, int64_t headDim,
                             function_ref<int64_t(int64_t, int64_t, int64_t)> elementAt) {
  if (map.numSources() != 1)
    return {{}, "is made of more than one value"};
  Heads heads{map.source(0)};
  heads.tokens = tokens;
  heads.headDim = headDim;
  TokenAxis axis(heads.source);
  std::optional<double> factor;
  for (int64_t reader = 0; reader < readers; ++reader)
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t i = 0; i < headDim; ++i) {
        const Form &form = map.at(elementAt(reader, token, i));
        if (form.size() != 1 || form[0].source != 0 || form[0].table >= 0)
          return {{}, "is more than moved elements"};
        if (factor && *factor != form[0].factor)
          return {{}, "is scaled by different factors"};
        factor = form[0].factor;
        axis.see(form[0].element, token);
      }
  heads.factor = factor.value_or(1);
  heads.tokenAxis = axis.get();
  if (heads.tokenAxis < 0 || tensorType(heads.source).getDimSize(heads.tokenAxis) != tokens)
    return {{}, "mixes tokens"};
  SmallVector<int64_t> bases;
  for (int64_t reader = 0; reader < readers; ++reader) {
    bases.push_back(axis.featureOf(map.at(elementAt(reader, 0, 0))[0].element, heads.tokenAxis));
    for (int64_t token = 0; token < tokens; ++token)
      for (int64_t i = 0; i < headDim; ++i)
        if (axis.featureOf(map.at(elementAt(reader, token, i))[0].element, heads.tokenAxis) != bases.back() + i)
          return {{}, "has heads that are not consecutive features of a token"};
  }
  if (!fillHeads(heads, bases))
    return {{}, "has heads that do not lie at equal distances"};
  return {heads, nullptr};
}

static Value slice(OpBuilder &builder, Location loc, Value input, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes) {
  RankedTensorType type = tensorType(input);
  if (type.getShape() == sizes)
    return input;
  SmallVector<int64_t> steps(starts.size(), 1);
  return SliceOp::create(builder, loc, type.clone(sizes), input, ValueRange(), builder.getDenseI64ArrayAttr(starts),
                         builder.getDenseI64ArrayAttr(sizes), builder.getDenseI64ArrayAttr(steps));
}

Value takeHeads(OpBuilder &builder, Location loc, const Heads &heads) {
  RankedTensorType type = tensorType(heads.source);
  int64_t features = type.getNumElements() / heads.tokens, width = heads.heads * heads.headDim;
  Value tokenMajor = heads.source;
  bool isFirst = llvm::all_of(type.getShape().take_front(heads.tokenAxis), [](int64_t dim) { return dim == 1; });
  if (!isFirst) {
    SmallVector<int64_t> perm = {heads.tokenAxis}, shape = {heads.tokens};
    for (int64_t axis = 0; axis < type.getRank(); ++axis)
      if (axis != heads.tokenAxis) {
        perm.push_back(axis);
        shape.push_back(type.getDimSize(axis));
      }
    tokenMajor = TransposeOp::create(builder, loc, type.clone(shape), tokenMajor, perm);
  }
  if (heads.stride == heads.headDim) {
    if (width != features)
      tokenMajor = slice(builder, loc, reshapeTo(builder, loc, tokenMajor, {heads.tokens, features}), {0, heads.offset},
                         {heads.tokens, width});
    return reshapeTo(builder, loc, tokenMajor, {heads.tokens, heads.heads, heads.headDim});
  }
  int64_t within = heads.offset % heads.stride;
  if (features % heads.stride != 0 || within + heads.headDim > heads.stride)
    return {};
  Value strided = reshapeTo(builder, loc, tokenMajor, {heads.tokens, features / heads.stride, heads.stride});
  return slice(builder, loc, strided, {0, heads.offset / heads.stride, within},
               {heads.tokens, heads.heads, heads.headDim});
}

Value putHeads(OpBuilder &builder, Location loc, Value value, RankedTensorType type, int64_t tokenAxis) {
  SmallVector<int64_t> split = {type.getDimSize(tokenAxis)}, perm;
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    perm.push_back(axis == tokenAxis ? 0 : axis < tokenAxis ? axis + 1 : axis);
    if (axis != tokenAxis)
      split.push_back(type.getDimSize(axis));
  }
  Value apart = reshapeTo(builder, loc, value, split);
  bool isFirst = llvm::all_of(type.getShape().take_front(tokenAxis), [](int64_t dim) { return dim == 1; });
  if (isFirst)
    return reshapeTo(builder, loc, apart, type.getShape());
  return TransposeOp::create(builder, loc, type, apart, perm);
}

} // namespace edgelm
