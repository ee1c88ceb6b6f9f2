// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds scalar loops over a result's elements, each computed by the operation's definition.
#include "Codegen/Kernels/Generic.h"
#include "Codegen/Kernels/GenericElements.h"
#include "Codegen/Kernels/Math.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/KnownValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MD5.h"
#include "llvm/Support/raw_ostream.h"

namespace edgelm {

mlir::MemRefType memrefOf(mlir::Type tensor) {
  mlir::RankedTensorType type = llvm::cast<mlir::RankedTensorType>(tensor);
  mlir::Type element = type.getElementType();
  // ONNX's unsigned integers lie in memory as signless ones of their width, codes of 4 bits each in a byte.
  if (llvm::isa<mlir::IntegerType>(element)) {
    unsigned bits = element.getIntOrFloatBitWidth();
    element = mlir::IntegerType::get(tensor.getContext(), bits == 1 ? 1 : std::max(bits, 8u));
  }
  return mlir::MemRefType::get(type.getShape(), element);
}

std::optional<double> constantOf(mlir::Value value) {
  mlir::DenseElementsAttr elements;
  if (!matchPattern(value, mlir::m_Constant(&elements)))
    return std::nullopt;
  if (!elements.isSplat() && elements.getNumElements() != 1)
    return std::nullopt;
  if (llvm::isa<mlir::FloatType>(elements.getElementType()))
    return (*elements.value_begin<mlir::APFloat>()).convertToDouble();
  return double((*elements.value_begin<mlir::APInt>()).getSExtValue());
}

int64_t genericWorkItems(mlir::Operation *op) {
  mlir::RankedTensorType type = tensorType(op->getResult(0));
  return type.getRank() == 0 ? 1 : type.getDimSize(0);
}

/// Name, attributes and types, hashed; attributes that the memory plan adds do not count.
static std::string nameOf(mlir::Operation *op) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (mlir::NamedAttribute attribute : op->getAttrs())
    if (!attribute.getName().strref().starts_with("edgelm."))
      os << attribute.getName().strref() << '=' << attribute.getValue() << ';';
  for (mlir::Value operand : op->getOperands()) {
    os << operand.getType() << ',';
    if (std::optional<double> constant = constantOf(operand))
      os << *constant << ',';
  }
  os << op->getResultTypes();
  llvm::MD5::MD5Result digest = llvm::MD5::hash(llvm::arrayRefFromStringRef(text));
  return ("kernel_generic_" + op->getName().stripDialect() + "_" +
          llvm::toHex(llvm::ArrayRef<uint8_t>(digest.data(), 8), true))
      .str();
}

void storeElement(KernelBuilder &k, mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val value) {
  mlir::Type element = llvm::cast<mlir::MemRefType>(memref.getType()).getElementType();
  if (value.type() == element)
    return k.store(memref, indices, value);
  if (element.isF16())
    return k.store(memref, indices, k.bitcast(f16BitsOf(k, value), element));
  if (element.isBF16())
    return k.store(memref, indices, k.bitcast(bf16BitsOf(k, value), element));
  k.store(memref, indices, value);
}

void forEachElement(KernelBuilder &k, llvm::ArrayRef<int64_t> shape, Val begin, Val end,
                    llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body) {
  llvm::SmallVector<mlir::Value> indices;
  std::function<void(size_t)> nest = [&](size_t dim) {
    if (dim == shape.size())
      return body(indices);
    Val from = dim == 0 ? begin : k.index(0), to = dim == 0 ? end : k.index(shape[dim]);
    k.loop(from, to, 1, [&](Val index) {
      indices.push_back(index);
      nest(dim + 1);
      indices.pop_back();
    });
  };
  nest(0);
}

Val GenericOperands::load(unsigned operand, llvm::ArrayRef<mlir::Value> indices) const {
  if (std::optional<double> constant = constantOf(op->getOperand(operand))) {
    mlir::Type element = memrefOf(op->getOperand(operand).getType()).getElementType();
    // Loads widen 16-bit floats, so constants do too.
    return k.like(llvm::isa<mlir::FloatType>(element) && element.getIntOrFloatBitWidth() == 16 ? k.f32Type() : element,
                  *constant);
  }
  return k.load(memrefs[operand], indices);
}

Val GenericOperands::loadBroadcast(unsigned operand, llvm::ArrayRef<mlir::Value> indices) const {
  llvm::ArrayRef<int64_t> shape = tensorType(op->getOperand(operand)).getShape();
  llvm::SmallVector<mlir::Value> own;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    own.push_back(shape[dim] == 1 ? k.index(0).value : indices[indices.size() - shape.size() + dim]);
  return load(operand, own);
}

mlir::func::FuncOp getGenericKernel(mlir::ModuleOp module, mlir::Operation *op, const IsaRow &isa) {
  if (op->getNumResults() != 1 || !hasGenericDefinition(op))
    return nullptr;
  llvm::SmallVector<mlir::Type> types;
  for (mlir::Value operand : op->getOperands())
    if (!constantOf(operand))
      types.push_back(memrefOf(operand.getType()));
  types.push_back(memrefOf(op->getResult(0).getType()));
  return getOrCreateKernel(module, nameOf(op), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    GenericOperands operands{k, op, {}};
    const mlir::Value *next = args.memrefs.begin();
    for (mlir::Value operand : op->getOperands())
      operands.memrefs.push_back(constantOf(operand) ? mlir::Value() : *next++);
    mlir::Value result = args.memrefs.back();
    llvm::ArrayRef<int64_t> shape = tensorType(op->getResult(0)).getShape();
    if (buildWholeOp(operands, args, result))
      return;
    forEachElement(k, shape, args.begin, args.end, [&](llvm::ArrayRef<mlir::Value> indices) {
      storeElement(k, result, indices, elementOf(operands, args, indices));
    });
  });
}

} // namespace edgelm
