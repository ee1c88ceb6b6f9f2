// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a module of kernels to the files of a product.
#pragma once

#include "Codegen/CompileOptions.h"
#include "Codegen/FileHash.h"
#include "Codegen/Footprint.h"
#include "Codegen/ModelInfo.h"
#include "Codegen/Variants.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <functional>
#include <memory>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace edgelm {

class StageTimer;

/// What the emitter needs besides the module.
struct EmitInputs {
  const CompileOptions &options;
  llvm::ArrayRef<Variant> variants;                             ///< whose kernels are there too, best first
  std::string modelDir;                                         ///< folder that weight files are relative to
  std::function<llvm::Expected<std::vector<FileHash>>()> files; ///< hashes of what was read; called once, at the end
  std::function<llvm::Error(const CodeSizes &)>
      accept; ///< refuses a product that is too large; called once, before it is written
  StageTimer &timer;
};

/// Compiles `module` (entries and kernels) together with `runtime` and those of the variants and writes what options.emit says into
/// `<options.output>/<target>`. `info` gets the size of the code.
llvm::Error emitProduct(mlir::ModuleOp module, ModelInfo &info, std::unique_ptr<llvm::Module> runtime,
                        llvm::LLVMContext &context, const EmitInputs &inputs);

} // namespace edgelm
