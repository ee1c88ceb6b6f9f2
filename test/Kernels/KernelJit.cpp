// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel modules through the product's lowering into ORC.
#include "KernelJit.h"
#include "Codegen/HostTarget.h"
#include "Codegen/LaunchLowering.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/Object.h"
#include "EmulateTiles.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"

#include "llvm/ExecutionEngine/Orc/ThreadSafeModule.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Utils/Cloning.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace edgelm {

static llvm::ExitOnError check("kernel test: ");

static void optimise(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graph;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graph, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

static std::string assemblyOf(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::SmallVector<char> text;
  llvm::raw_svector_ostream os(text);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
    check(llvm::createStringError("no assembly for this target"));
  passes.run(module);
  return os.str().str();
}

static std::string kernelCode(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build,
                              CodeForm form) {
  mlir::DialectRegistry registry;
  registerKernelDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  build(*module, *findIsa(target.isa));
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::Module> code = lowerToLlvm(*module, target, llvmContext);
  if (!code)
    check(llvm::createStringError("lowering failed"));
  for (llvm::Function &function : *code)
    if (function.getName().starts_with("task_"))
      function.setLinkage(llvm::Function::ExternalLinkage);
  Machine machine = {target.triple, target.cpu, target.features, target.abi, target.hardFloat};
  std::unique_ptr<llvm::TargetMachine> targetMachine = check(createTargetMachine(machine));
  setTarget(*code, machine, *targetMachine);
  optimize(*code, *targetMachine);
  llvm::SmallVector<char> bytes;
  llvm::raw_svector_ostream os(bytes);
  check(emitCode(*code, *targetMachine, form, os));
  return os.str().str();
}

std::string kernelAssembly(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build) {
  return kernelCode(target, build, CodeForm::Assembly);
}

std::string kernelObject(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build) {
  return kernelCode(target, build, CodeForm::Object);
}

/// What the runtime does, on one thread, but in uneven parts that show a kernel which depends on its range.
static void launchInParts(void *, Task task, void *const *buffers, int32_t pos, int32_t n, int32_t items) {
  int32_t first = items / 3;
  task(buffers, pos, n, first, items);
  task(buffers, pos, n, 0, first);
}

static int32_t neverStop(void *) {
  return 0;
}

void registerKernelDialects(mlir::DialectRegistry &registry) {
  registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
  registerLlvmLowering(registry);
}

KernelJit::KernelJit(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build,
                     const IsaRow *isa) {
  mlir::DialectRegistry registry;
  registerKernelDialects(registry);
  mlir::MLIRContext context(registry);
  context.loadAllAvailableDialects();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  build(*module, isa ? *isa : *findIsa(target.isa));
  compile(target, *module);
}

KernelJit::KernelJit(const TargetSpec &target, mlir::ModuleOp module) {
  compile(target, module);
}

void KernelJit::compile(const TargetSpec &target, mlir::ModuleOp module) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  if (getenv("EDGELM_DUMP_MLIR"))
    module->dump();
  if (mlir::failed(mlir::verify(module)))
    check(llvm::createStringError("invalid kernel"));

  std::unique_ptr<llvm::LLVMContext> llvmContext = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = lowerToLlvm(module, target, *llvmContext);
  if (!code)
    check(llvm::createStringError("lowering failed"));
  for (llvm::Function &function : *code)
    if (!function.isDeclaration() && function.getName().starts_with("task_"))
      function.setLinkage(llvm::Function::ExternalLinkage);

  if (!llvm::StringRef(target.requiredFeatures).contains("amx-tile"))
    emulatesTiles = emulateTiles(*code);

  llvm::orc::JITTargetMachineBuilder builder{llvm::Triple(target.triple)};
  builder.setCPU(target.cpu).setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  std::unique_ptr<llvm::TargetMachine> machine = check(builder.createTargetMachine());
  optimise(*code, *machine);
  if (getenv("EDGELM_DUMP_ASM"))
    llvm::errs() << assemblyOf(*llvm::CloneModule(*code), *machine);
  jit = check(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(builder).create());
  llvm::orc::SymbolMap runtime;
  runtime[jit->mangleAndIntern("edgelm_rt_launch")] = {llvm::orc::ExecutorAddr::fromPtr(&launchInParts),
                                                       llvm::JITSymbolFlags::Exported};
  runtime[jit->mangleAndIntern("edgelm_rt_poll")] = {llvm::orc::ExecutorAddr::fromPtr(&neverStop),
                                                     llvm::JITSymbolFlags::Exported};
  addTileEmulation(*jit, runtime);
  check(jit->getMainJITDylib().define(llvm::orc::absoluteSymbols(runtime)));
  check(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(code), std::move(llvmContext))));
}

Task KernelJit::task(llvm::StringRef kernel) {
  return check(jit->lookup(taskName(kernel))).toPtr<Task>();
}

Entry KernelJit::entry(llvm::StringRef name) {
  return check(jit->lookup(name)).toPtr<Entry>();
}

/// As the runtime's: Linux saves tiles only for processes that asked for it.
static bool mayRun(const TargetSpec &target) {
#if defined(__linux__) && defined(__x86_64__)
  if (llvm::StringRef(target.requiredFeatures).contains("amx-tile"))
    return syscall(SYS_arch_prctl, /*ARCH_REQ_XCOMP_PERM*/ 0x1023, /*XFEATURE_XTILEDATA*/ 18) == 0;
#endif
  return true;
}

std::vector<TargetSpec> runnableTargets() {
  std::vector<TargetSpec> targets;
  for (const TargetRow *row : targetTable())
    if (TargetSpec spec = TargetSpec::of(*row); runsHere(spec) && mayRun(spec))
      targets.push_back(spec);
  return targets;
}

std::vector<float> randomFloats(size_t count, uint32_t seed) {
  std::minstd_rand random(seed + 1);
  std::vector<float> values(count);
  for (float &value : values)
    value = float(random() % 65536) / 32768.0f - 1.0f;
  return values;
}

std::vector<float> packPanels(const std::vector<float> &matrix, int64_t n, int64_t k, int64_t panel) {
  std::vector<float> packed((n + panel - 1) / panel * panel * k);
  for (int64_t row = 0; row < n; ++row)
    for (int64_t i = 0; i < k; ++i)
      packed[(row / panel * k + i) * panel + row % panel] = matrix[row * k + i];
  return packed;
}

float fromF16(uint16_t bits) {
  _Float16 half;
  std::memcpy(&half, &bits, 2);
  return float(half);
}

uint16_t toF16(float value) {
  _Float16 half = _Float16(value);
  uint16_t bits;
  std::memcpy(&bits, &half, 2);
  return bits;
}

} // namespace edgelm
