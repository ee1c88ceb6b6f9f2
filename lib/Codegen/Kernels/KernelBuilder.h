// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A thin vocabulary over OpBuilder in which kernels read like the loops they are.
#pragma once

#include "Codegen/Isa/Isa.h"

#include "Codegen/LowerToLlvm.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

namespace edgelm {

class KernelBuilder;

/// An SSA value with arithmetic: index and integers are signed, floats may be vectors; a C++ number becomes a constant
/// of the other operand's type.
class Val {
public:
  Val() = default;
  Val(KernelBuilder *builder, mlir::Value value) : builder(builder), value(value) {}
  operator mlir::Value() const { return value; }
  mlir::Type type() const { return value.getType(); }

  Val operator+(Val other) const;
  Val operator-(Val other) const;
  Val operator*(Val other) const;
  /// Truncating on integers.
  Val operator/(Val other) const;
  Val operator+(double number) const;
  Val operator-(double number) const;
  Val operator*(double number) const;
  Val operator/(double number) const;

  // Comparisons are ordered: false where an operand is NaN.
  Val operator<(Val other) const;
  Val operator<=(Val other) const;
  Val operator>(Val other) const { return other < *this; }
  Val operator>=(Val other) const { return other <= *this; }
  Val operator==(Val other) const;
  Val operator<(double number) const;
  Val operator>(double number) const;

  // Bits of integers, or of i1.
  Val operator&(Val other) const;
  Val operator|(Val other) const;
  Val operator^(Val other) const;

  KernelBuilder *builder = nullptr;
  mlir::Value value;
};

/// Values of one loop iteration.
using Vals = llvm::SmallVector<Val>;

/// Builds the body of one kernel for one ISA.
class KernelBuilder {
public:
  KernelBuilder(mlir::ModuleOp module, mlir::OpBuilder &builder, mlir::Location loc, const IsaRow &isa)
      : module(module), b(builder), loc(loc), isa(isa) {}

  // Types.
  mlir::Type f32Type() { return b.getF32Type(); }
  mlir::VectorType f32Vector(int64_t lanes);
  mlir::MemRefType memref(llvm::ArrayRef<int64_t> shape, mlir::Type element) {
    return mlir::MemRefType::get(shape, element);
  }

  // Constants.
  Val index(int64_t value);
  Val i32(int64_t value);
  Val f32(double value) { return like(f32Type(), value); }
  /// A constant of any integer, index, float or vector type.
  Val like(mlir::Type type, double value);
  /// As above for integers, exact.
  Val likeInt(mlir::Type type, int64_t value);
  Val wrap(mlir::Value value) { return Val(this, value); }

  // Conversions.
  Val toIndex(Val integer);
  Val splat(Val scalar, int64_t lanes);
  Val extract(Val vector, int64_t lane);
  Val extractAt(Val vector, Val lane);
  Val bitcast(Val value, mlir::Type element);
  /// A vector of lanes start, start + 1, ... of type i32.
  Val iota(Val startI32, int64_t lanes);
  /// The same bits as a vector of integers of another width.
  Val regroup(Val vector, unsigned bits);
  /// Integers of another width: bits are cut off, or zeros (signed: copies of the sign) put in front.
  Val toWidth(Val integer, unsigned bits, bool isSigned = false);
  /// Signed integers to the nearest f32.
  Val toFloat(Val integer);
  /// Vector of i8.
  Val constantBytes(llvm::ArrayRef<int8_t> bytes);

  // Arithmetic.
  /// a * b + c, rounded once where the ISA can.
  Val fma(Val x, Val y, Val z);
  Val max(Val x, Val y);
  Val min(Val x, Val y);
  Val select(Val condition, Val ifTrue, Val ifFalse);
  Val neg(Val x);
  Val abs(Val x);
  Val sqrt(Val x);
  Val shl(Val x, int64_t bits);
  Val shrU(Val x, int64_t bits);
  Val shrS(Val x, int64_t bits);
  Val shuffle(Val x, Val y, llvm::ArrayRef<int64_t> lanes);
  /// The sum (or maximum) of all lanes by halving, the same order on every machine of that width.
  Val horizontalSum(Val vector);
  Val horizontalMax(Val vector);

  /// An LLVM intrinsic without side effects.
  Val intrinsic(llvm::StringRef name, mlir::Type result, llvm::ArrayRef<Val> operands);

  // Memory. Elements of f16 and bf16 become f32 on load; values of f32 become f16 when stored as such.
  Val load(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices);
  void store(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val value);
  Val loadVector(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int64_t lanes);
  void storeVector(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val vector);
  /// The first `count` (index) lanes; others read as zero and are not touched.
  Val loadFirst(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int64_t lanes, int64_t count);
  void storeFirst(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val vector, int64_t count);
  /// Fetches the cache line at the element into the first level (3) or the second (2).
  void prefetch(mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, int locality);
  mlir::Value stackBuffer(llvm::ArrayRef<int64_t> shape, int64_t alignment = 64) {
    return stackBuffer(shape, f32Type(), alignment);
  }
  mlir::Value stackBuffer(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t alignment = 64);
  /// What lies from byte `at` of a memref of i8 as elements of another type.
  mlir::Value viewAs(mlir::Value bytes, Val at, mlir::Type element);
  /// Floats as stored become f32; integers stay.
  Val toF32(Val value);
  /// Values of f32 become `element` (f32 or f16), rounded half to even.
  Val fromF32(Val value, mlir::Type element);

  // Control.
  using Body = llvm::function_ref<void(Val)>;
  using CarryBody = llvm::function_ref<Vals(Val, llvm::ArrayRef<Val>)>;
  void loop(Val from, Val to, int64_t step, Body body);
  Vals loop(Val from, Val to, int64_t step, llvm::ArrayRef<Val> init, CarryBody body) {
    return loop(from, to, index(step), init, body);
  }
  Vals loop(Val from, Val to, Val step, llvm::ArrayRef<Val> init, CarryBody body);
  void ifThen(Val condition, llvm::function_ref<void()> body);
  void ifElse(Val condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise);

  /// Where constants in memory go; a loop that is being built has no parent yet.
  mlir::ModuleOp module;
  mlir::OpBuilder &b;
  mlir::Location loc;
  const IsaRow &isa;

private:
  Val widenF16(Val half);
  mlir::Value firstLanes(int64_t lanes, int64_t count);
};

/// The trailing arguments of every kernel.
struct KernelArgs {
  llvm::SmallVector<mlir::Value> memrefs;
  /// Tokens that were in the cache before this call, index.
  Val pos;
  /// Valid rows, index.
  Val n;
  /// First work item and the one after the last, index.
  Val begin, end;
};

/// Returns the private function `name` of `module`; when absent makes it with `memrefs` and the trailing arguments
/// (pos, n, begin, end: i32) and lets `body` fill it.
mlir::func::FuncOp getOrCreateKernel(mlir::ModuleOp module, llvm::StringRef name, llvm::ArrayRef<mlir::Type> memrefs,
                                     const IsaRow &isa,
                                     llvm::function_ref<void(KernelBuilder &, const KernelArgs &)> body);

} // namespace edgelm
