// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles single kernels in this process and calls them, for tests and measurements only.
#pragma once

#include "Codegen/Isa/Isa.h"
#include "Dialect/Targets.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <memory>
#include <string>
#include <vector>

namespace edgelm {

/// The signature of a task, as in docs/plan.md.
using Task = void (*)(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end);

/// The signature of an entry point, as in docs/plan.md.
using Entry = int32_t (*)(void *context, uint8_t *arena, const uint8_t *weights, int32_t pos, int32_t n, void *out);

/// Adds what modules of kernels need.
void registerKernelDialects(mlir::DialectRegistry &registry);

/// Owns compiled kernels of one module.
class KernelJit {
public:
  /// Lets `build` fill a module (a kernel builder with this ISA) and compiles it for `target`; stops the test program
  /// on failure. EDGELM_DUMP_MLIR and EDGELM_DUMP_ASM in the environment print what was built.
  KernelJit(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build,
            const IsaRow *isa = nullptr);

  /// Compiles a module of entries and kernels in place. Launches run their work items in several parts, one after the
  /// other.
  KernelJit(const TargetSpec &target, mlir::ModuleOp module);

  /// Whether the kernels work on tiles of a matrix unit that `target` does not have; functions stand for it then.
  bool emulatesTiles = false;

  /// The task of the kernel of that name.
  Task task(llvm::StringRef kernel);

  /// The entry point of that name.
  Entry entry(llvm::StringRef name);

private:
  void compile(const TargetSpec &target, mlir::ModuleOp module);

  std::unique_ptr<llvm::orc::LLJIT> jit;
};

/// The assembly of what `build` fills a module with, for any target.
std::string kernelAssembly(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build);

/// The same as an object.
std::string kernelObject(const TargetSpec &target, llvm::function_ref<void(mlir::ModuleOp, const IsaRow &)> build);

/// The targets whose code runs on this machine.
std::vector<TargetSpec> runnableTargets();

/// Values in [-1, 1) that depend on `seed` alone.
std::vector<float> randomFloats(size_t count, uint32_t seed);

/// Packs a row-major [n, k] matrix into panels, zero padded.
std::vector<float> packPanels(const std::vector<float> &matrix, int64_t n, int64_t k, int64_t panel);

/// f32 to f16 bits, to nearest even.
uint16_t toF16(float value);
/// f16 bits to f32.
float fromF16(uint16_t bits);

} // namespace edgelm
