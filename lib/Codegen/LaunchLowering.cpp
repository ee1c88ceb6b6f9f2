// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches become calls of edgelm_rt_launch with a task and an array of pointers, polls calls of edgelm_rt_poll.
#include "Codegen/LaunchLowering.h"

#include "Dialect/EdgeLMDialect.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace edgelm {

static constexpr llvm::StringLiteral kLaunch = "edgelm_rt_launch";
static constexpr llvm::StringLiteral kPoll = "edgelm_rt_poll";
/// Marks the array that all launches of one entry share: a launch ends before the next begins.
static constexpr llvm::StringLiteral kBuffersAttr = "edgelm.buffers";

static LLVM::LLVMPointerType pointerType(MLIRContext *context) {
  return LLVM::LLVMPointerType::get(context);
}

static LLVM::LLVMFunctionType taskType(MLIRContext *context) {
  Type i32 = IntegerType::get(context, 32);
  return LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointerType(context), i32, i32, i32, i32});
}

std::string taskName(llvm::StringRef kernel) {
  return ("task_" + kernel).str();
}

/// The address of slot `index` of an array of pointers.
static Value slot(OpBuilder &b, Location loc, Value array, unsigned index) {
  Type pointer = pointerType(b.getContext());
  return LLVM::GEPOp::create(b, loc, pointer, pointer, array, llvm::ArrayRef<LLVM::GEPArg>{int32_t(index)});
}

void addTask(LLVM::LLVMFuncOp kernel) {
  OpBuilder b(kernel);
  Location loc = kernel.getLoc();
  LLVM::LLVMFuncOp task =
      LLVM::LLVMFuncOp::create(b, loc, taskName(kernel.getName()), taskType(b.getContext()), LLVM::Linkage::Internal);
  Block *entry = task.addEntryBlock(b);
  b.setInsertionPointToStart(entry);
  SmallVector<Value> args;
  for (unsigned i = 0; i + 4 < kernel.getNumArguments(); ++i)
    args.push_back(LLVM::LoadOp::create(b, loc, pointerType(b.getContext()), slot(b, loc, entry->getArgument(0), i)));
  for (unsigned i = 1; i < 5; ++i)
    args.push_back(entry->getArgument(i));
  LLVM::CallOp::create(b, loc, kernel, args);
  LLVM::ReturnOp::create(b, loc, ValueRange{});
}

void declareRuntime(ModuleOp module) {
  MLIRContext *context = module.getContext();
  Type pointer = pointerType(context), i32 = IntegerType::get(context, 32);
  bool launches = false, polls = false;
  module.walk([&](Operation *op) {
    launches |= isa<LaunchOp>(op);
    polls |= isa<PollOp>(op);
  });
  OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
  if (launches && !module.lookupSymbol(kLaunch))
    LLVM::LLVMFuncOp::create(
        b, module.getLoc(), kLaunch,
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(context), {pointer, pointer, pointer, i32, i32, i32}));
  if (polls && !module.lookupSymbol(kPoll))
    LLVM::LLVMFuncOp::create(b, module.getLoc(), kPoll, LLVM::LLVMFunctionType::get(i32, {pointer}));
}

namespace {

struct LaunchPattern : ConvertOpToLLVMPattern<LaunchOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(LaunchOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    Location loc = op.getLoc();
    Value array = buffersOf(op, b);
    for (auto [index, buffer, memref] : llvm::enumerate(adaptor.getBuffers(), op.getBuffers())) {
      MemRefDescriptor descriptor(buffer);
      Value pointer = descriptor.bufferPtr(b, loc, *getTypeConverter(), cast<MemRefType>(memref.getType()));
      LLVM::StoreOp::create(b, loc, pointer, slot(b, loc, array, index));
    }
    Value task = LLVM::AddressOfOp::create(b, loc, pointerType(b.getContext()), taskName(op.getKernel()));
    Value items = LLVM::ConstantOp::create(b, loc, b.getI32Type(), adaptor.getItemsAttr());
    LLVM::CallOp::create(b, loc, TypeRange{}, kLaunch,
                         ValueRange{adaptor.getContext(), task, array, adaptor.getPos(), adaptor.getN(), items});
    b.eraseOp(op);
    return success();
  }

private:
  /// The entry's array of pointers, made on first use in its first block.
  Value buffersOf(LaunchOp op, ConversionPatternRewriter &b) const {
    Region *body = op->getParentRegion();
    while (!isa<FunctionOpInterface>(body->getParentOp()))
      body = body->getParentRegion();
    for (Operation &first : body->front())
      if (first.hasAttr(kBuffersAttr))
        return first.getResult(0);
    unsigned most = 0;
    body->walk([&](LaunchOp launch) { most = std::max<unsigned>(most, launch.getBuffers().size()); });
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&body->front());
    Value count = LLVM::ConstantOp::create(b, op.getLoc(), b.getI32Type(), b.getI32IntegerAttr(most));
    Type pointer = pointerType(b.getContext());
    LLVM::AllocaOp array = LLVM::AllocaOp::create(b, op.getLoc(), pointer, pointer, count, /*alignment=*/16);
    array->setAttr(kBuffersAttr, b.getUnitAttr());
    return array;
  }
};

struct PollPattern : ConvertOpToLLVMPattern<PollOp> {
  using ConvertOpToLLVMPattern::ConvertOpToLLVMPattern;

  LogicalResult matchAndRewrite(PollOp op, OpAdaptor adaptor, ConversionPatternRewriter &b) const override {
    b.replaceOpWithNewOp<LLVM::CallOp>(op, TypeRange{b.getI32Type()}, kPoll, ValueRange{adaptor.getContext()});
    return success();
  }
};

} // namespace

void populateLaunchConversionPatterns(const LLVMTypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LaunchPattern, PollPattern>(types);
}

} // namespace edgelm
