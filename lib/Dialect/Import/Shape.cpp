// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX operators on shapes: constants, reshapes, permutations, repetition.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

static int64_t rankOf(Value value) {
  return tensorType(value).getRank();
}

static LogicalResult constant(NodeBinder &node) {
  Builder &types = node.types();
  if (const onnx::TensorProto *tensor = node.tensor("value"))
    return node.finish(node.constant(*tensor));
  if (node.has("value_int"))
    return node.finish(node.scalar(node.integer("value_int", 0), types.getI64Type()));
  if (node.has("value_float"))
    return node.finish(node.scalar(node.number("value_float", 0), types.getF32Type()));
  if (node.has("value_ints"))
    return node.finish(node.vector(node.integers("value_ints")));
  if (node.has("value_floats")) {
    SmallVector<float> values = node.numbers("value_floats");
    RankedTensorType type = RankedTensorType::get(values.size(), types.getF32Type());
    return node.finish(node.constant(DenseElementsAttr::get(type, ArrayRef<float>(values))));
  }
  return node.emitError() << "expected a value of numbers";
}

static LogicalResult constantOfShape(NodeBinder &node) {
  Builder &types = node.types();
  ElementsAttr value = DenseElementsAttr::get(RankedTensorType::get(1, types.getF32Type()), 0.0f);
  if (const onnx::TensorProto *tensor = node.tensor("value")) {
    ConstantOp element = node.constant(*tensor).getDefiningOp<ConstantOp>();
    if (!element || element.getValue().getNumElements() != 1)
      return node.emitError() << "expected a value of one element";
    value = element.getValue();
  }
  return node.finish(node.create<FillOp>(node.input(0), value));
}

/// Shape; start and end (opset 15) count from the back when negative, and are clamped.
static LogicalResult shape(NodeBinder &node) {
  int64_t rank = rankOf(node.input(0));
  auto position = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = position(node.integer("start", 0)), end = position(node.integer("end", rank));
  return node.finish(node.create<ShapeOp>(node.input(0), start, std::max(start, end)));
}

static LogicalResult size(NodeBinder &node) {
  Value shape = node.create<ShapeOp>(node.input(0), 0, rankOf(node.input(0)));
  return node.finish(node.create<ReduceOp>("prod", shape, ArrayRef<int64_t>(), false));
}

static LogicalResult reshape(NodeBinder &node) {
  return node.finish(node.create<ReshapeOp>(node.input(0), node.input(1), node.integer("allowzero", 0) != 0));
}

/// Flatten: [d0 * … * d(axis-1), the rest].
static LogicalResult flatten(NodeBinder &node) {
  int64_t rank = rankOf(node.input(0)), axis = node.integer("axis", 1);
  axis = axis == rank ? rank : node.axis(axis, std::max<int64_t>(rank, 1));
  Value whole = node.create<ShapeOp>(node.input(0), 0, axis);
  Value rows = node.create<ReduceOp>("prod", whole, ArrayRef<int64_t>{0}, true);
  Value shape = node.create<ConcatOp>(ValueRange{rows, node.vector(-1)}, 0);
  return node.finish(node.create<ReshapeOp>(node.input(0), shape, false));
}

/// Axes of Squeeze and Unsqueeze: an attribute before opset 13, then an input.
static SmallVector<int64_t> axesOf(NodeBinder &node, int64_t rank) {
  if (node.opset() < 13)
    return node.axes(node.integers("axes"), rank);
  return node.input(1) ? node.axes(node.constantInput(1, "axes"), rank) : SmallVector<int64_t>();
}

static LogicalResult unsqueeze(NodeBinder &node) {
  int64_t added = node.opset() < 13 ? node.integers("axes").size() : node.constantInput(1, "axes").size();
  SmallVector<int64_t> axes = axesOf(node, rankOf(node.input(0)) + added);
  return node.finish(node.create<UnsqueezeOp>(node.input(0), axes));
}

static LogicalResult squeeze(NodeBinder &node) {
  return node.finish(node.create<SqueezeOp>(node.input(0), axesOf(node, rankOf(node.input(0)))));
}

static LogicalResult transpose(NodeBinder &node) {
  SmallVector<int64_t> perm = node.integers("perm");
  if (!node.has("perm"))
    perm = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rankOf(node.input(0)))));
  return node.finish(node.create<TransposeOp>(node.input(0), perm));
}

static LogicalResult expand(NodeBinder &node) {
  return node.finish(node.create<BroadcastOp>(node.input(0), node.input(1)));
}

static LogicalResult tile(NodeBinder &node) {
  return node.finish(node.create<TileOp>(node.input(0), node.input(1)));
}

static LogicalResult concat(NodeBinder &node) {
  return node.finish(
      node.create<ConcatOp>(node.allInputs(), node.axis(node.integer("axis", 1), rankOf(node.input(0)))));
}

static LogicalResult range(NodeBinder &node) {
  return node.finish(node.create<IotaOp>(node.input(0), node.input(1), node.input(2)));
}

static LogicalResult trilu(NodeBinder &node) {
  return node.finish(node.create<TriluOp>(node.input(0), node.input(1), node.integer("upper", 1) != 0));
}

static LogicalResult nonZero(NodeBinder &node) {
  return node.finish(node.create<NonZeroOp>(node.input(0)));
}

/// DepthToSpace, and SpaceToDepth (the row's function is "inverse"): blocks of places of one plane, and channels.
static LogicalResult blocksOfPlaces(NodeBinder &node) {
  bool isInverse = node.function() == "inverse", rowsFirst = node.text("mode", "DCR") == "CRD";
  RankedTensorType type = tensorType(node.input(0));
  int64_t block = node.integer("blocksize", 0), most = 1 << 15;
  if (type.getRank() != 4 || block < 1 || block > most ||
      llvm::any_of(type.getShape().drop_front(), ShapedType::isDynamic))
    return node.emitError() << "expected a tensor of known channels, height and width and a block of 1 to " << most
                            << ", found " << type << " and " << block;
  int64_t channels = type.getDimSize(1), height = type.getDimSize(2), width = type.getDimSize(3);
  bool fits = isInverse ? height % block == 0 && width % block == 0 : channels % (block * block) == 0;
  if (!fits)
    return node.emitError() << "expected a multiple of the block of " << block << ", found " << type;
  SmallVector<int64_t> parts, perm, shape;
  if (isInverse) {
    parts = {0, channels, height / block, block, width / block, block};
    perm = {0, 3, 5, 1, 2, 4};
    shape = {0, channels * block * block, height / block, width / block};
  } else {
    int64_t kept = channels / (block * block);
    parts = rowsFirst ? SmallVector<int64_t>{0, kept, block, block, height, width}
                      : SmallVector<int64_t>{0, block, block, kept, height, width};
    perm = rowsFirst ? SmallVector<int64_t>{0, 1, 4, 2, 5, 3} : SmallVector<int64_t>{0, 3, 4, 1, 5, 2};
    shape = {0, kept, height * block, width * block};
  }
  Value apart = node.create<ReshapeOp>(node.input(0), node.vector(parts), false);
  return node.finish(node.create<ReshapeOp>(node.create<TransposeOp>(apart, perm), node.vector(shape), false));
}

static const OperatorRow rows[] = {
    {"", "DepthToSpace", 1, 1, blocksOfPlaces},
    {"", "SpaceToDepth", 1, 1, blocksOfPlaces, "inverse"},
    {"", "Constant", 1, 0, constant},
    {"", "ConstantOfShape", 9, 1, constantOfShape},
    {"", "Shape", 1, 1, shape},
    {"", "Size", 1, 1, size},
    {"", "Reshape", 5, 2, reshape},
    {"", "Flatten", 1, 1, flatten},
    {"", "Unsqueeze", 1, 1, unsqueeze},
    {"", "Unsqueeze", 13, 2, unsqueeze},
    {"", "Squeeze", 1, 1, squeeze},
    {"", "Transpose", 1, 1, transpose},
    {"", "Expand", 8, 2, expand},
    {"", "Tile", 6, 2, tile},
    {"", "Concat", 4, 1, concat},
    {"", "Range", 11, 3, range},
    {"", "Trilu", 14, 1, trilu},
    {"", "NonZero", 9, 1, nonZero},
};

ArrayRef<OperatorRow> edgelm::shapeOperators() {
  return rows;
}
