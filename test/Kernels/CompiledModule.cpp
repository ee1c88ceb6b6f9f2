// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pack, plan and lower a module, then run its entries and the reference on the same tensors.
#include "CompiledModule.h"
#include "Codegen/CodegenPasses.h"
#include "Codegen/WeightPacker.h"
#include "Passes/Passes.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Evaluator.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;

namespace edgelm {

static llvm::ExitOnError check("compiled module: ");

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registry.insert<EdgeLMDialect>();
  registerKernelDialects(registry);
  return registry;
}

/// A 64-byte aligned start within `memory`, which is sized for it and filled with NaN, as a caller's arena may be.
static uint8_t *alignedStart(std::vector<uint8_t> &memory, size_t bytes) {
  memory.assign(bytes + 64, 0xff);
  uintptr_t start = (reinterpret_cast<uintptr_t>(memory.data()) + 63) & ~uintptr_t(63);
  return reinterpret_cast<uint8_t *>(start);
}

static bool isScalar(func::FuncOp entry, unsigned index) {
  StringAttr role = entry.getArgAttrOfType<StringAttr>(index, kRoleAttr);
  return role && (role.getValue() == "pos" || role.getValue() == "n");
}

CompiledModule::CompiledModule(const TargetSpec &target, llvm::StringRef text)
    : context(makeRegistry(), MLIRContext::Threading::DISABLED) {
  context.loadAllAvailableDialects();
  original = parseSourceString<ModuleOp>(text, &context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    check(llvm::createStringError("the text does not parse"));
  int64_t panel = findIsa(target.isa)->panel;
  PassManager plan(&context);
  FuseProjectionsOptions fuse;
  fuse.panel = panel;
  plan.addPass(createFuseProjections(fuse));
  plan.addPass(createFuseEpilogues());
  PackWeightsOptions pack;
  pack.panel = panel;
  plan.addPass(createPackWeights(pack));
  plan.addPass(createPlanMemory());
  if (failed(plan.run(*module)))
    check(llvm::createStringError("no plan"));

  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  IntegerAttr weightBytes = (*module)->getAttrOfType<IntegerAttr>("edgelm.weight_bytes");
  std::vector<WeightPlace> places = collectWeights(*module);
  check(writeWeights(places, ".", weightBytes.getInt(), os));
  weights = alignedStart(weightMemory, bytes.size());
  std::memcpy(weights, bytes.data(), bytes.size());
  arena = alignedStart(arenaMemory, (*module)->getAttrOfType<IntegerAttr>("edgelm.arena_bytes").getInt());

  for (func::FuncOp entry : module->getOps<func::FuncOp>()) {
    EntryInfo &info = entries[entry.getName().str()];
    for (BlockArgument argument : entry.getArguments())
      if (!isScalar(entry, argument.getArgNumber()))
        info.arguments.push_back(
            {tensorType(argument),
             entry.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), "edgelm.offset").getInt()});
    for (unsigned i = 0; i < entry.getNumResults(); ++i) {
      IntegerAttr offset = entry.getResultAttrOfType<IntegerAttr>(i, "edgelm.offset");
      RankedTensorType type = cast<RankedTensorType>(entry.getResultTypes()[i]);
      info.results.push_back({type, offset ? offset.getInt() : -1});
      if (!offset)
        out.resize(Tensor(type.getShape(), type.getElementType()).size() * 4);
    }
  }
  PassManager lower(&context);
  LowerToKernelsOptions options;
  options.isa = target.isa;
  lower.addPass(createLowerToKernels(options));
  if (failed(lower.run(*module)))
    check(llvm::createStringError("no kernels"));
  jit = std::make_unique<KernelJit>(target, *module);
}

std::vector<RankedTensorType> CompiledModule::argumentTypes(llvm::StringRef entry) const {
  std::vector<RankedTensorType> types;
  for (const Slot &slot : entries.at(entry.str()).arguments)
    types.push_back(slot.type);
  return types;
}

std::vector<Tensor> CompiledModule::call(llvm::StringRef entry, llvm::ArrayRef<Tensor> arguments, int32_t pos,
                                         int32_t n) {
  const EntryInfo &info = entries.at(entry.str());
  for (auto [slot, tensor] : llvm::zip_equal(info.arguments, arguments))
    if (tensor)
      std::memcpy(arena + slot.offset, tensor.bytes(), tensor.size() * tensor.elementBytes());
  if (jit->entry(entry)(nullptr, arena, weights, pos, n, out.data()) != 0)
    check(llvm::createStringError("the entry returned a status"));
  std::vector<Tensor> results;
  for (const Slot &slot : info.results) {
    Tensor result(slot.type.getShape(), slot.type.getElementType());
    std::memcpy(result.writableBytes(), slot.offset < 0 ? out.data() : arena + slot.offset,
                result.size() * result.elementBytes());
    results.push_back(result);
  }
  return results;
}

std::vector<Tensor> CompiledModule::reference(llvm::StringRef entry, llvm::ArrayRef<Tensor> arguments, int32_t pos,
                                              int32_t n) {
  func::FuncOp function = original->lookupSymbol<func::FuncOp>(entry);
  Evaluator evaluator(function.front());
  const Tensor *next = arguments.begin();
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    if (!isScalar(function, index)) {
      evaluator.set(argument, *next++);
      continue;
    }
    bool isPos = function.getArgAttrOfType<StringAttr>(index, kRoleAttr).getValue() == "pos";
    evaluator.set(argument, Tensor::fromIntegers({}, IntegerType::get(&context, 32), {isPos ? pos : n}));
  }
  FailureOr<llvm::SmallVector<Tensor>> results = evaluator.run();
  if (failed(results))
    check(llvm::createStringError("no reference"));
  return std::vector<Tensor>(results->begin(), results->end());
}

} // namespace edgelm
