// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The meaning of the tile instructions, byte by byte (Intel SDM vol. 2: TILELOADD, TDPBSSD and its kin, TILESTORED).
#include "EmulateTiles.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

using namespace llvm;

namespace edgelm {

namespace {

constexpr int kRows = 16, kRowBytes = 64;

/// A tile register.
struct Tile {
  uint8_t bytes[kRows][kRowBytes];
};

void requireShape(int rows, int bytes) {
  // No such tile: a kernel that asks for it would stop the processor.
  if (rows < 1 || rows > kRows || bytes < 4 || bytes > kRowBytes || bytes % 4)
    abort();
}

/// Everything outside of the shape is set to what no test expects.
void loadTile(Tile *tile, int16_t rows, int16_t bytes, const uint8_t *from, int64_t stride) {
  requireShape(rows, bytes);
  memset(tile, 0xaa, sizeof *tile);
  for (int row = 0; row < rows; ++row)
    memcpy(tile->bytes[row], from + row * stride, bytes);
}

void storeTile(const Tile *tile, int16_t rows, int16_t bytes, uint8_t *to, int64_t stride) {
  requireShape(rows, bytes);
  for (int row = 0; row < rows; ++row)
    memcpy(to + row * stride, tile->bytes[row], bytes);
}

int factor(uint8_t byte, bool isUnsigned) {
  return isUnsigned ? byte : int8_t(byte);
}

void multiplyTile(Tile *sums, const Tile *left, const Tile *right, int16_t rows, int16_t columnBytes, int16_t depth,
                  int32_t leftUnsigned, int32_t rightUnsigned) {
  requireShape(rows, columnBytes);
  requireShape(depth / 4, depth);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columnBytes / 4; ++column) {
      uint32_t sum;
      memcpy(&sum, &sums->bytes[row][4 * column], 4);
      for (int k = 0; k < depth; ++k)
        sum +=
            factor(left->bytes[row][k], leftUnsigned) * factor(right->bytes[k / 4][4 * column + k % 4], rightUnsigned);
      memcpy(&sums->bytes[row][4 * column], &sum, 4);
    }
}

/// Rewrites one function.
class Rewriter {
public:
  explicit Rewriter(Function &function)
      : function(function), b(function.getContext()), type(FixedVectorType::get(b.getInt32Ty(), sizeof(Tile) / 4)) {}
  bool run();

private:
  Value *replacement(CallInst &call, StringRef name);
  AllocaInst *inMemory(Value *tile);
  void callHelper(StringRef name, ArrayRef<Value *> args);

  Function &function;
  IRBuilder<> b;
  FixedVectorType *type;
};

} // namespace

/// A tile's place on the stack, holding `tile` unless that is null.
AllocaInst *Rewriter::inMemory(Value *tile) {
  IRBuilder<> entry(&*function.getEntryBlock().getFirstInsertionPt());
  AllocaInst *place = entry.CreateAlloca(type);
  if (tile)
    b.CreateStore(tile, place);
  return place;
}

void Rewriter::callHelper(StringRef name, ArrayRef<Value *> args) {
  SmallVector<Type *> types;
  for (Value *arg : args)
    types.push_back(arg->getType());
  b.CreateCall(function.getParent()->getOrInsertFunction(name, FunctionType::get(b.getVoidTy(), types, false)), args);
}

/// What takes the place of an operation on tiles; null when it has no result.
Value *Rewriter::replacement(CallInst &call, StringRef name) {
  b.SetInsertPoint(&call);
  auto arg = [&](unsigned index) { return call.getArgOperand(index); };
  if (name.consume_front("tilezero"))
    return Constant::getNullValue(type);
  if (name.consume_front("tileloadd64")) {
    AllocaInst *place = inMemory(nullptr);
    callHelper("emulated_load", {place, arg(0), arg(1), arg(2), arg(3)});
    return b.CreateLoad(type, place);
  }
  if (name.consume_front("tilestored64")) {
    callHelper("emulated_store", {inMemory(arg(4)), arg(0), arg(1), arg(2), arg(3)});
    return nullptr;
  }
  if (!name.consume_front("tdpb"))
    report_fatal_error("no emulation of llvm.x86." + name);
  AllocaInst *sums = inMemory(arg(3));
  callHelper("emulated_multiply", {sums, inMemory(arg(4)), inMemory(arg(5)), arg(0), arg(1), arg(2),
                                   b.getInt32(name[0] == 'u'), b.getInt32(name[1] == 'u')});
  return b.CreateLoad(type, sums);
}

bool Rewriter::run() {
  SmallVector<CallInst *> calls;
  for (Instruction &instruction : instructions(function)) {
    CallInst *call = dyn_cast<CallInst>(&instruction);
    bool hasTile = instruction.getType()->isX86_AMXTy();
    for (Value *operand : instruction.operands())
      hasTile |= operand->getType()->isX86_AMXTy();
    if (call && (hasTile || (call->getCalledFunction() && call->getCalledFunction()->getName().contains(".tile"))))
      calls.push_back(call);
  }
  for (Instruction &instruction : instructions(function))
    if (instruction.getType()->isX86_AMXTy())
      instruction.mutateType(type);
  for (CallInst *call : calls) {
    StringRef name = call->getCalledFunction()->getName();
    name.consume_front("llvm.x86.");
    if (Value *with = replacement(*call, name))
      call->replaceAllUsesWith(with);
    call->eraseFromParent();
  }
  return !calls.empty();
}

bool emulateTiles(Module &module) {
  bool found = false;
  for (Function &function : module)
    if (!function.isDeclaration())
      found |= Rewriter(function).run();
  return found;
}

void addTileEmulation(orc::LLJIT &jit, orc::SymbolMap &symbols) {
  auto add = [&](StringRef name, auto *function) {
    symbols[jit.mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(function), JITSymbolFlags::Exported};
  };
  add("emulated_load", &loadTile);
  add("emulated_store", &storeTile);
  add("emulated_multiply", &multiplyTile);
}

} // namespace edgelm
