// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic, constants and control flow of the kernel vocabulary, and the frame of a kernel function.
#include "Codegen/Kernels/KernelBuilder.h"
#include "Codegen/Kernels/Math.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace edgelm {

namespace arith = mlir::arith;

static bool isFloat(mlir::Type type) {
  return llvm::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(type));
}

template <typename FloatOp, typename IntOp> static Val binary(Val x, Val y) {
  KernelBuilder &k = *x.builder;
  if (isFloat(x.type()))
    return k.wrap(FloatOp::create(k.b, k.loc, x, y));
  return k.wrap(IntOp::create(k.b, k.loc, x, y));
}

static Val compare(Val x, Val y, arith::CmpFPredicate onFloats, arith::CmpIPredicate onInts) {
  KernelBuilder &k = *x.builder;
  if (isFloat(x.type()))
    return k.wrap(arith::CmpFOp::create(k.b, k.loc, onFloats, x, y));
  return k.wrap(arith::CmpIOp::create(k.b, k.loc, onInts, x, y));
}

Val Val::operator+(Val other) const {
  return binary<arith::AddFOp, arith::AddIOp>(*this, other);
}
Val Val::operator-(Val other) const {
  return binary<arith::SubFOp, arith::SubIOp>(*this, other);
}
Val Val::operator*(Val other) const {
  return binary<arith::MulFOp, arith::MulIOp>(*this, other);
}
Val Val::operator/(Val other) const {
  return binary<arith::DivFOp, arith::DivSIOp>(*this, other);
}
Val Val::operator+(double number) const {
  return *this + builder->like(type(), number);
}
Val Val::operator-(double number) const {
  return *this - builder->like(type(), number);
}
Val Val::operator*(double number) const {
  return *this * builder->like(type(), number);
}
Val Val::operator/(double number) const {
  return *this / builder->like(type(), number);
}
Val Val::operator<(double number) const {
  return *this < builder->like(type(), number);
}
Val Val::operator>(double number) const {
  return *this > builder->like(type(), number);
}
Val Val::operator<(Val other) const {
  return compare(*this, other, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt);
}
Val Val::operator<=(Val other) const {
  return compare(*this, other, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle);
}
Val Val::operator==(Val other) const {
  return compare(*this, other, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq);
}
Val Val::operator&(Val other) const {
  return builder->wrap(arith::AndIOp::create(builder->b, builder->loc, *this, other));
}
Val Val::operator|(Val other) const {
  return builder->wrap(arith::OrIOp::create(builder->b, builder->loc, *this, other));
}
Val Val::operator^(Val other) const {
  return builder->wrap(arith::XOrIOp::create(builder->b, builder->loc, *this, other));
}

mlir::VectorType KernelBuilder::f32Vector(int64_t lanes) {
  return mlir::VectorType::get({lanes}, f32Type());
}

Val KernelBuilder::index(int64_t value) {
  return likeInt(b.getIndexType(), value);
}

Val KernelBuilder::i32(int64_t value) {
  return likeInt(b.getI32Type(), value);
}

Val KernelBuilder::like(mlir::Type type, double value) {
  mlir::Type element = mlir::getElementTypeOrSelf(type);
  if (!llvm::isa<mlir::FloatType>(element))
    return likeInt(type, int64_t(value));
  mlir::TypedAttr attr = b.getFloatAttr(element, value);
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(type))
    attr = mlir::DenseElementsAttr::get(vector, attr);
  return wrap(arith::ConstantOp::create(b, loc, attr));
}

Val KernelBuilder::likeInt(mlir::Type type, int64_t value) {
  mlir::TypedAttr attr = b.getIntegerAttr(mlir::getElementTypeOrSelf(type), value);
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(type))
    attr = mlir::DenseElementsAttr::get(vector, attr);
  return wrap(arith::ConstantOp::create(b, loc, attr));
}

Val KernelBuilder::toIndex(Val integer) {
  return wrap(arith::IndexCastOp::create(b, loc, b.getIndexType(), integer));
}

Val KernelBuilder::splat(Val scalar, int64_t lanes) {
  return wrap(mlir::vector::BroadcastOp::create(b, loc, mlir::VectorType::get({lanes}, scalar.type()), scalar));
}

Val KernelBuilder::extract(Val vector, int64_t lane) {
  return wrap(mlir::vector::ExtractOp::create(b, loc, vector, llvm::ArrayRef<int64_t>{lane}));
}

Val KernelBuilder::extractAt(Val vector, Val lane) {
  return wrap(mlir::vector::ExtractOp::create(b, loc, vector, llvm::ArrayRef<mlir::OpFoldResult>{lane.value}));
}

Val KernelBuilder::bitcast(Val value, mlir::Type element) {
  mlir::Type type = element;
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(value.type()))
    type = vector.clone(element);
  return wrap(arith::BitcastOp::create(b, loc, type, value));
}

Val KernelBuilder::iota(Val startI32, int64_t lanes) {
  llvm::SmallVector<int32_t> steps(lanes);
  for (int64_t lane = 0; lane < lanes; ++lane)
    steps[lane] = int32_t(lane);
  mlir::VectorType type = mlir::VectorType::get({lanes}, b.getI32Type());
  Val offsets = wrap(arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(type, llvm::ArrayRef(steps))));
  return splat(startI32, lanes) + offsets;
}

Val KernelBuilder::fma(Val x, Val y, Val z) {
  if (!isa.hasFma)
    return x * y + z;
  return wrap(mlir::math::FmaOp::create(b, loc, x, y, z));
}

// A compare and a select become one maxps; arith.maximumf would add the order of NaN and zeros.
Val KernelBuilder::max(Val x, Val y) {
  return select(x > y, x, y);
}
Val KernelBuilder::min(Val x, Val y) {
  return select(x < y, x, y);
}

Val KernelBuilder::select(Val condition, Val ifTrue, Val ifFalse) {
  return wrap(arith::SelectOp::create(b, loc, condition, ifTrue, ifFalse));
}

Val KernelBuilder::neg(Val x) {
  return wrap(arith::NegFOp::create(b, loc, x));
}
Val KernelBuilder::abs(Val x) {
  return wrap(mlir::math::AbsFOp::create(b, loc, x));
}
Val KernelBuilder::sqrt(Val x) {
  if (!isa.hasSqrt)
    return sqrtF32(*this, x);
  return wrap(mlir::math::SqrtOp::create(b, loc, x));
}
Val KernelBuilder::shl(Val x, int64_t bits) {
  return wrap(arith::ShLIOp::create(b, loc, x, likeInt(x.type(), bits)));
}
Val KernelBuilder::shrU(Val x, int64_t bits) {
  return wrap(arith::ShRUIOp::create(b, loc, x, likeInt(x.type(), bits)));
}

Val KernelBuilder::shrS(Val x, int64_t bits) {
  return wrap(arith::ShRSIOp::create(b, loc, x, likeInt(x.type(), bits)));
}

Val KernelBuilder::regroup(Val vector, unsigned bits) {
  mlir::VectorType type = llvm::cast<mlir::VectorType>(vector.type());
  int64_t all = type.getNumElements() * type.getElementTypeBitWidth();
  return wrap(
      mlir::vector::BitCastOp::create(b, loc, mlir::VectorType::get({all / bits}, b.getIntegerType(bits)), vector));
}

Val KernelBuilder::toWidth(Val integer, unsigned bits, bool isSigned) {
  mlir::Type type = b.getIntegerType(bits);
  unsigned from = mlir::getElementTypeOrSelf(integer.type()).getIntOrFloatBitWidth();
  if (from == bits)
    return integer;
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(integer.type()))
    type = vector.clone(type);
  if (bits < from)
    return wrap(arith::TruncIOp::create(b, loc, type, integer.value));
  if (isSigned)
    return wrap(arith::ExtSIOp::create(b, loc, type, integer.value));
  return wrap(arith::ExtUIOp::create(b, loc, type, integer.value));
}

Val KernelBuilder::toFloat(Val integer) {
  mlir::Type type = f32Type();
  if (auto vector = llvm::dyn_cast<mlir::VectorType>(integer.type()))
    type = vector.clone(type);
  return wrap(arith::SIToFPOp::create(b, loc, type, integer.value));
}

Val KernelBuilder::constantBytes(llvm::ArrayRef<int8_t> bytes) {
  mlir::VectorType type = mlir::VectorType::get({int64_t(bytes.size())}, b.getI8Type());
  return wrap(arith::ConstantOp::create(b, loc, mlir::DenseElementsAttr::get(type, bytes)));
}

Val KernelBuilder::intrinsic(llvm::StringRef name, mlir::Type result, llvm::ArrayRef<Val> operands) {
  llvm::SmallVector<mlir::Value> values(operands.begin(), operands.end());
  return wrap(mlir::LLVM::CallIntrinsicOp::create(b, loc, result, b.getStringAttr(name), values).getResult(0));
}

Val KernelBuilder::shuffle(Val x, Val y, llvm::ArrayRef<int64_t> lanes) {
  return wrap(mlir::vector::ShuffleOp::create(b, loc, x, y, lanes));
}

static Val halve(KernelBuilder &k, Val vector, llvm::function_ref<Val(Val, Val)> combine) {
  int64_t lanes = llvm::cast<mlir::VectorType>(vector.type()).getNumElements();
  while (lanes > 1) {
    llvm::SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lane + lanes / 2);
    }
    vector = combine(k.shuffle(vector, vector, low), k.shuffle(vector, vector, high));
    lanes /= 2;
  }
  return k.extract(vector, 0);
}

Val KernelBuilder::horizontalSum(Val vector) {
  return halve(*this, vector, [](Val x, Val y) { return x + y; });
}

Val KernelBuilder::horizontalMax(Val vector) {
  return halve(*this, vector, [&](Val x, Val y) { return max(x, y); });
}

void KernelBuilder::loop(Val from, Val to, int64_t step, Body body) {
  mlir::scf::ForOp::create(b, loc, from, to, index(step), mlir::ValueRange{},
                           [&](mlir::OpBuilder &, mlir::Location, mlir::Value iv, mlir::ValueRange) {
                             body(wrap(iv));
                             mlir::scf::YieldOp::create(b, loc);
                           });
}

Vals KernelBuilder::loop(Val from, Val to, Val step, llvm::ArrayRef<Val> init, CarryBody body) {
  llvm::SmallVector<mlir::Value> initial(init.begin(), init.end());
  mlir::scf::ForOp op = mlir::scf::ForOp::create(
      b, loc, from, to, step, initial, [&](mlir::OpBuilder &, mlir::Location, mlir::Value iv, mlir::ValueRange args) {
        Vals carried;
        for (mlir::Value arg : args)
          carried.push_back(wrap(arg));
        Vals next = body(wrap(iv), carried);
        llvm::SmallVector<mlir::Value> yielded(next.begin(), next.end());
        mlir::scf::YieldOp::create(b, loc, yielded);
      });
  Vals results;
  for (mlir::Value result : op.getResults())
    results.push_back(wrap(result));
  return results;
}

void KernelBuilder::ifThen(Val condition, llvm::function_ref<void()> body) {
  mlir::scf::IfOp::create(b, loc, condition, [&](mlir::OpBuilder &, mlir::Location) {
    body();
    mlir::scf::YieldOp::create(b, loc);
  });
}

void KernelBuilder::ifElse(Val condition, llvm::function_ref<void()> then, llvm::function_ref<void()> otherwise) {
  mlir::scf::IfOp::create(
      b, loc, condition,
      [&](mlir::OpBuilder &, mlir::Location) {
        then();
        mlir::scf::YieldOp::create(b, loc);
      },
      [&](mlir::OpBuilder &, mlir::Location) {
        otherwise();
        mlir::scf::YieldOp::create(b, loc);
      });
}

mlir::func::FuncOp getOrCreateKernel(mlir::ModuleOp module, llvm::StringRef name, llvm::ArrayRef<mlir::Type> memrefs,
                                     const IsaRow &isa,
                                     llvm::function_ref<void(KernelBuilder &, const KernelArgs &)> body) {
  if (auto existing = module.lookupSymbol<mlir::func::FuncOp>(name))
    return existing;
  mlir::OpBuilder builder = mlir::OpBuilder::atBlockEnd(module.getBody());
  llvm::SmallVector<mlir::Type> inputs(memrefs);
  inputs.append(4, builder.getI32Type());
  mlir::Location loc = builder.getUnknownLoc();
  mlir::func::FuncOp function =
      mlir::func::FuncOp::create(builder, loc, name, builder.getFunctionType(inputs, mlir::TypeRange{}));
  function.setPrivate();
  function->setAttr(kKernelAttr, builder.getUnitAttr());
  mlir::Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  KernelBuilder k(module, builder, loc, isa);
  KernelArgs args;
  size_t count = memrefs.size();
  args.memrefs.append(entry->args_begin(), entry->args_begin() + count);
  args.pos = k.toIndex(k.wrap(entry->getArgument(count)));
  args.n = k.toIndex(k.wrap(entry->getArgument(count + 1)));
  args.begin = k.toIndex(k.wrap(entry->getArgument(count + 2)));
  args.end = k.toIndex(k.wrap(entry->getArgument(count + 3)));
  body(k, args);
  mlir::func::ReturnOp::create(builder, loc);
  return function;
}

} // namespace edgelm
