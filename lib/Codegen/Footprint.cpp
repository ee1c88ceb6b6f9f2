// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sorts the parts of arena and weights into groups that an option can make smaller.
#include "Codegen/Footprint.h"
#include "Codegen/ByteText.h"
#include "Codegen/Isa/Isa.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

std::string bytesText(uint64_t bytes) {
  std::string text;
  raw_string_ostream os(text);
  if (bytes >= 1 << 20)
    os << format("%.1f MiB", bytes / 1048576.0);
  else
    os << format("%.1f KiB", bytes / 1024.0);
  return text;
}

void MemoryUses::add(StringRef what, uint64_t bytes) {
  if (!bytes)
    return;
  auto place = partition_point(uses, [&](const MemoryUse &use) { return use.bytes >= bytes; });
  uses.insert(place, {what.str(), bytes});
}

uint64_t MemoryUses::bytes() const {
  uint64_t sum = 0;
  for (const MemoryUse &use : uses)
    sum += use.bytes;
  return sum;
}

uint64_t MemoryUses::bytes(StringRef what) const {
  for (const MemoryUse &use : uses)
    if (use.what == what)
      return use.bytes;
  return 0;
}

static MemoryUses ramOf(const ModelInfo &info, uint64_t stackBytes) {
  MemoryUses ram;
  uint64_t rest = info.arenaBytes;
  auto add = [&](StringRef what, uint64_t bytes) {
    ram.add(what, bytes);
    rest -= bytes;
  };
  auto region = [&](StringRef name) { return info.region(name) ? info.region(name)->bytes : 0; };
  uint64_t cache = 0, tensors = 0;
  for (const StateInfo &state : info.states)
    cache += state.outer * state.rows * state.rowBytes;
  for (const TensorInfo &tensor : info.inputs)
    tensors += tensor.bytes;
  for (const TensorInfo &tensor : info.outputs)
    tensors += tensor.bytes;
  add(kCacheUse, cache);
  add("activations", region("shared"));
  if (info.logitsOffset)
    add("logits", uint64_t(info.vocab) * sizeof(float));
  add("sampler", region("sampler"));
  add("tokenizer", region("tokenizer") + region("text"));
  add("inputs and outputs", std::min(rest, tensors));
  add("session and tokens", rest);
  ram.add(kStackUse, stackBytes);
  return ram;
}

static MemoryUses flashOf(const ModelInfo &info, uint64_t codeBytes) {
  MemoryUses flash;
  uint64_t table = 0, head = 0, matrices = 0, rest = info.weightBytes;
  for (const WeightPlace &place : info.weights) {
    if (!place.isMatrix)
      continue;
    rest -= place.bytes;
    if (place.isTable)
      table += place.bytes;
    else if (info.vocab && place.type.getDimSize(0) == info.vocab)
      head += place.bytes;
    else
      matrices += place.bytes;
  }
  flash.add("embedding table", table);
  flash.add(kHeadUse, head);
  flash.add("matrices of the layers", matrices);
  flash.add("vectors and other tables", rest);
  flash.add(kCodeUse, codeBytes);
  flash.add(kTokenizerUse, info.tokenizer.size());
  return flash;
}

namespace {

/// Fits what products of the models of the tests came to.
struct CodeFit {
  uint64_t codeBytes, bytesPerOperation; ///< runtime and entries; LLVM's code for an operation of a kernel
  uint64_t stackBytes;                   ///< calls from the interface down to a kernel
};

} // namespace

CodeSizes estimateCode(mlir::ModuleOp module, const IsaRow &isa) {
  static constexpr CodeFit small = {22500, 4, 1800}, large = {40000, 4, 2048};
  const CodeFit &fit = isa.isSmall ? small : large;
  CodeSizes sizes = {fit.codeBytes, 0};
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>()) {
    uint64_t scratch = 0;
    function.walk([&](mlir::Operation *op) {
      sizes.codeBytes += fit.bytesPerOperation;
      if (mlir::memref::AllocaOp alloca = dyn_cast<mlir::memref::AllocaOp>(op))
        scratch += alloca.getType().getNumElements() * divideCeil(alloca.getType().getElementTypeBitWidth(), 8);
    });
    sizes.stackBytes = std::max(sizes.stackBytes, scratch);
  }
  sizes.stackBytes += fit.stackBytes;
  return sizes;
}

Footprint footprintOf(const ModelInfo &info, const CodeSizes &code) {
  return {ramOf(info, code.stackBytes), flashOf(info, code.codeBytes)};
}

} // namespace edgelm
