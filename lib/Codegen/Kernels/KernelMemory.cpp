// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads, stores and element conversions of the kernel vocabulary.
#include "Codegen/Kernels/KernelBuilder.h"
#include "Codegen/Kernels/Math.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace edgelm {

namespace arith = mlir::arith;

static mlir::Type elementType(mlir::Value memref) {
  return llvm::cast<mlir::MemRefType>(memref.getType()).getElementType();
}

/// f16 to f32 by integer operations: the exponent is rebased by a multiplication, which also normalises subnormals.
Val KernelBuilder::widenF16(Val half) {
  mlir::Type wide = b.getI32Type();
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(half.type()))
    wide = vector.clone(wide);
  Val bits = wrap(arith::ExtUIOp::create(b, loc, wide, bitcast(half, b.getI16Type())));
  Val sign = shl(bits & likeInt(wide, 0x8000), 16);
  Val magnitude = shl(bits & likeInt(wide, 0x7fff), 13);
  Val scaled = bitcast(bitcast(magnitude, f32Type()) * 0x1p112, b.getI32Type());
  // Infinity and NaN keep an exponent of all ones.
  Val special = magnitude >= likeInt(wide, 0x7c00 << 13);
  Val exponent = select(special, likeInt(wide, 0x7f800000), likeInt(wide, 0));
  return bitcast(sign | scaled | exponent, f32Type());
}

Val KernelBuilder::fromF32(Val value, mlir::Type element) {
  if (!mlir::getElementTypeOrSelf(value.type()).isF32() || !element.isF16())
    return value;
  if (!isa.hasF16Convert)
    return bitcast(f16BitsOf(*this, value), element);
  auto vector = llvm::dyn_cast<mlir::VectorType>(value.type());
  return wrap(arith::TruncFOp::create(b, loc, vector ? mlir::Type(vector.clone(element)) : element, value.value));
}

Val KernelBuilder::toF32(Val value) {
  mlir::Type element = mlir::getElementTypeOrSelf(value.type());
  if (element.isF32() || element.isF64() || !llvm::isa<mlir::FloatType>(element))
    return value;
  auto vector = llvm::dyn_cast<mlir::VectorType>(value.type());
  if (element.isBF16()) {
    mlir::Type wide = vector ? mlir::Type(vector.clone(b.getI32Type())) : b.getI32Type();
    Val bits = wrap(arith::ExtUIOp::create(b, loc, wide, bitcast(value, b.getI16Type())));
    return bitcast(shl(bits, 16), f32Type());
  }
  if (element.isF16() && !isa.hasF16Convert)
    return widenF16(value);
  mlir::Type wide = vector ? mlir::Type(vector.clone(f32Type())) : f32Type();
  return wrap(arith::ExtFOp::create(b, loc, wide, value.value));
}

Val KernelBuilder::load(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices) {
  Val value = wrap(mlir::memref::LoadOp::create(b, loc, memref, mlir::ValueRange(indices)));
  return toF32(value);
}

void KernelBuilder::store(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val value) {
  mlir::memref::StoreOp::create(b, loc, fromF32(value, elementType(memref)), memref, indices);
}

Val KernelBuilder::loadVector(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int64_t lanes) {
  mlir::VectorType type = mlir::VectorType::get({lanes}, elementType(memref));
  return toF32(wrap(mlir::vector::LoadOp::create(b, loc, type, memref, mlir::ValueRange(indices))));
}

void KernelBuilder::storeVector(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val vector) {
  mlir::vector::StoreOp::create(b, loc, fromF32(vector, elementType(memref)), memref, mlir::ValueRange(indices));
}

mlir::Value KernelBuilder::firstLanes(int64_t lanes, int64_t count) {
  mlir::VectorType type = mlir::VectorType::get({lanes}, b.getI1Type());
  llvm::SmallVector<bool> mask(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    mask[lane] = lane < count;
  return arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(type, llvm::ArrayRef(mask)));
}

static llvm::SmallVector<mlir::Value> shifted(KernelBuilder &k, llvm::ArrayRef<mlir::Value> indices, int64_t by) {
  llvm::SmallVector<mlir::Value> result(indices);
  result.back() = k.wrap(indices.back()) + double(by);
  return result;
}

Val KernelBuilder::loadFirst(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int64_t lanes, int64_t count) {
  if (count >= lanes)
    return loadVector(memref, indices, lanes);
  mlir::VectorType type = mlir::VectorType::get({lanes}, elementType(memref));
  if (isa.hasMaskedMemory && elementType(memref).isF32())
    return wrap(
        mlir::vector::MaskedLoadOp::create(b, loc, type, memref, indices, firstLanes(lanes, count), like(type, 0.0)));
  Val vector = like(f32Vector(lanes), 0.0);
  for (int64_t lane = 0; lane < count; ++lane)
    vector = wrap(mlir::vector::InsertOp::create(b, loc, load(memref, shifted(*this, indices, lane)), vector,
                                                 llvm::ArrayRef<int64_t>{lane}));
  return vector;
}

void KernelBuilder::storeFirst(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val vector, int64_t count) {
  int64_t lanes = llvm::cast<mlir::VectorType>(vector.type()).getNumElements();
  if (count >= lanes)
    return storeVector(memref, indices, vector);
  if (isa.hasMaskedMemory && elementType(memref).isF32()) {
    mlir::vector::MaskedStoreOp::create(b, loc, memref, indices, firstLanes(lanes, count), vector);
    return;
  }
  for (int64_t lane = 0; lane < count; ++lane)
    store(memref, shifted(*this, indices, lane), extract(vector, lane));
}

void KernelBuilder::prefetch(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int locality) {
  mlir::memref::PrefetchOp::create(b, loc, memref, indices, /*isWrite=*/false, /*localityHint=*/locality,
                                   /*isDataCache=*/true);
}

mlir::Value KernelBuilder::stackBuffer(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t alignment) {
  return mlir::memref::AllocaOp::create(b, loc, memref(shape, element), b.getI64IntegerAttr(alignment));
}

mlir::Value KernelBuilder::viewAs(mlir::Value bytes, Val at, mlir::Type element) {
  int64_t size = llvm::cast<mlir::MemRefType>(bytes.getType()).getNumElements();
  mlir::MemRefType type = memref({size * 8 / element.getIntOrFloatBitWidth()}, element);
  return mlir::memref::ViewOp::create(b, loc, type, bytes, at, mlir::ValueRange{});
}

} // namespace edgelm
