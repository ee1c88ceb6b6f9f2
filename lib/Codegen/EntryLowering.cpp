// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the function of one entry point: pointers from planned offsets, launches and polls.
#include "Codegen/EntryLowering.h"
#include "Dialect/Storage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace edgelm {

static constexpr llvm::StringLiteral kOffsetAttr = "edgelm.offset";
static constexpr llvm::StringLiteral kOutAttr = "edgelm.out";

/// Below that many element operations a kernel runs on the calling thread: waking another takes about a microsecond.
static constexpr int64_t kWorkOfOneThread = 16384;

static int64_t moduleNumber(ModuleOp module, StringRef name) {
  IntegerAttr attr = module->getAttrOfType<IntegerAttr>(name);
  return attr ? attr.getInt() : 0;
}

EntryLowering::EntryLowering(func::FuncOp entry, const IsaRow &isa)
    : module(entry->getParentOfType<ModuleOp>()), isa(isa), b(entry.getContext()), entry(entry) {
  for (BlockArgument argument : entry.getArguments()) {
    StringAttr role = entry.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kRoleAttr);
    hasPos |= role && role.getValue() == "pos";
    if (role && role.getValue() == "tokens")
      tokenCount = tensorType(argument).getNumElements();
  }
}

Value EntryLowering::i32(int64_t value) {
  return arith::ConstantOp::create(b, entry.getLoc(), b.getI32IntegerAttr(int32_t(value)));
}

Value EntryLowering::scalar(StringRef role) const {
  for (BlockArgument argument : const_cast<func::FuncOp &>(entry).getArguments()) {
    StringAttr attr =
        const_cast<func::FuncOp &>(entry).getArgAttrOfType<StringAttr>(argument.getArgNumber(), kRoleAttr);
    if (attr && attr.getValue() == role)
      return role == "pos" ? pos : n;
  }
  return {};
}

EntryLowering::Place EntryLowering::placeOf(Value value) {
  auto offsetOf = [](IntegerAttr attr) { return attr ? attr.getInt() : 0; };
  if (BlockArgument argument = dyn_cast<BlockArgument>(value))
    return {Place::Arena, offsetOf(entry.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), kOffsetAttr))};
  Operation *op = value.getDefiningOp();
  if (PackedWeightOp weight = dyn_cast<PackedWeightOp>(op))
    return {Place::Weights, int64_t(weight.getOffset())};
  if (op->hasAttr(kOutAttr))
    return {Place::Out, 0};
  return {Place::Arena, offsetOf(op->getAttrOfType<IntegerAttr>(kOffsetAttr))};
}

Value EntryLowering::buffer(Value value, MemRefType type) {
  Place place = placeOf(value);
  return view(place.base == Place::Arena ? arena : place.base == Place::Weights ? weights : out, place.offset, type);
}

Value EntryLowering::view(Value base, int64_t offset, MemRefType type) {
  Value at = arith::ConstantIndexOp::create(b, entry.getLoc(), offset);
  return memref::ViewOp::create(b, entry.getLoc(), type, base, at, ValueRange{});
}

Value EntryLowering::scratch(Operation *op, MemRefType type) {
  return view(arena, op->getAttrOfType<IntegerAttr>("edgelm.scratch_offset").getInt(), type);
}

bool EntryLowering::liesAt(Value value, Value base, int64_t bytes) {
  Place first = placeOf(value), second = placeOf(base);
  return first.base == second.base && first.offset == second.offset + bytes;
}

void EntryLowering::launch(Location loc, func::FuncOp kernel, ValueRange buffers, int64_t rows, int64_t items,
                           int64_t work) {
  bool ofTokens = hasPos && rows == tokenCount && rows > 1;
  launchAt(loc, kernel, buffers, hasPos ? pos : i32(0), ofTokens ? n : i32(rows), items, work);
}

void EntryLowering::launchAt(Location loc, func::FuncOp kernel, ValueRange buffers, Value pos, Value n, int64_t items,
                             int64_t work) {
  if (items > 1 && work >= kWorkOfOneThread) {
    LaunchOp::create(b, loc, FlatSymbolRefAttr::get(kernel), context, buffers, pos, n,
                     b.getI32IntegerAttr(int32_t(items)));
    return;
  }
  SmallVector<Value> operands(buffers);
  operands.append({pos, n, i32(0), i32(items)});
  func::CallOp::create(b, loc, kernel, operands);
}

void EntryLowering::poll(Location loc) {
  Value status = PollOp::create(b, loc, b.getI32Type(), context);
  Value stop = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, status, i32(0));
  Region *body = b.getBlock()->getParent();
  Block *leave = b.createBlock(body, body->end());
  Block *next = b.createBlock(body, body->end());
  b.setInsertionPointToEnd(leave);
  func::ReturnOp::create(b, loc, status);
  b.setInsertionPointToEnd(leave->getPrevNode());
  cf::CondBranchOp::create(b, loc, stop, leave, next);
  b.setInsertionPointToEnd(next);
}

func::FuncOp EntryLowering::createFunction() {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto bytes = [&](int64_t count) { return MemRefType::get({std::max<int64_t>(count, 1)}, b.getI8Type()); };
  int64_t outBytes = 0;
  for (Operation &op : entry.front())
    if (op.hasAttr(kOutAttr))
      outBytes = bufferBytes(tensorType(op.getResult(0)));
  SmallVector<Type> inputs = {pointer,
                              bytes(moduleNumber(module, "edgelm.arena_bytes")),
                              bytes(moduleNumber(module, "edgelm.weight_bytes")),
                              b.getI32Type(),
                              b.getI32Type(),
                              bytes(outBytes)};
  b.setInsertionPoint(entry);
  func::FuncOp function = func::FuncOp::create(b, entry.getLoc(), (entry.getName() + ".lowered").str(),
                                               b.getFunctionType(inputs, {b.getI32Type()}));
  Block *first = function.addEntryBlock();
  context = first->getArgument(0);
  arena = first->getArgument(1);
  weights = first->getArgument(2);
  pos = first->getArgument(3);
  n = first->getArgument(4);
  out = first->getArgument(5);
  b.setInsertionPointToStart(first);
  return function;
}

LogicalResult EntryLowering::run() {
  if (!entry.getBody().hasOneBlock())
    return entry.emitError("has control flow; entries are straight-line code");
  func::FuncOp function = createFunction();
  for (Operation &op : entry.front().without_terminator())
    if (failed(lowerOperation(*this, &op)))
      return failure();
  func::ReturnOp::create(b, entry.getLoc(), i32(0));
  std::string name = entry.getName().str();
  entry.erase();
  function.setName(name);
  return success();
}

} // namespace edgelm
