// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Isa/GenericDot.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/ADT/StringExtras.h"

namespace edgelm {

/// Byte `byte` of every word, widened with its sign.
static Val signedByte(KernelBuilder &k, Val words, int64_t byte) {
  return k.shrS(byte == 3 ? words : k.shl(words, 24 - 8 * byte), 24);
}

static Val unsignedByte(KernelBuilder &k, Val words, int64_t byte) {
  Val shifted = byte == 0 ? words : k.shrU(words, 8 * byte);
  return byte == 3 ? shifted : shifted & k.likeInt(words.type(), 0xff);
}

Val genericDotUnsigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  Val w = k.regroup(weights(first), 32), a = k.regroup(x.quad(first), 32);
  for (int64_t byte = 0; byte < 4; ++byte)
    sum = sum + unsignedByte(k, w, byte) * signedByte(k, a, byte);
  return sum;
}

Val genericDotSigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  Val w = k.regroup(weights(first), 32), a = k.regroup(x.quad(first), 32);
  for (int64_t byte = 0; byte < 4; ++byte)
    sum = sum + signedByte(k, w, byte) * signedByte(k, a, byte);
  return sum;
}

/// A constant of the module with the table's bytes; tables of the same bytes share one.
static mlir::Value tableOf(KernelBuilder &k, llvm::ArrayRef<int8_t> table) {
  mlir::MemRefType type = k.memref({int64_t(table.size())}, k.b.getI8Type());
  std::string name =
      "table_" + llvm::toHex(llvm::StringRef(reinterpret_cast<const char *>(table.data()), table.size()));
  if (!k.module.lookupSymbol(name)) {
    mlir::OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointToStart(k.module.getBody());
    mlir::DenseElementsAttr bytes =
        mlir::DenseElementsAttr::get(mlir::RankedTensorType::get(type.getShape(), k.b.getI8Type()), table);
    mlir::memref::GlobalOp::create(k.b, k.loc, name, k.b.getStringAttr("private"), type, bytes, /*constant=*/true,
                                   /*alignment=*/mlir::IntegerAttr());
  }
  return mlir::memref::GetGlobalOp::create(k.b, k.loc, type, name);
}

Val lookupByte(KernelBuilder &k, Val index, llvm::ArrayRef<int8_t> table) {
  return k.load(tableOf(k, table), {k.toIndex(index)});
}

Val genericLookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table) {
  mlir::Value bytes = tableOf(k, table);
  Val result = codes;
  for (int64_t i = 0, end = llvm::cast<mlir::VectorType>(codes.type()).getNumElements(); i < end; ++i) {
    Val at = k.toIndex(k.toWidth(k.extract(codes, i), 32));
    result = k.wrap(mlir::vector::InsertOp::create(k.b, k.loc, k.load(bytes, {at}), result, i));
  }
  return result;
}

} // namespace edgelm
