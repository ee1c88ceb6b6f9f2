// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Makes the runtime a part of a model's LLVM module.
#pragma once

#include "Codegen/Object.h"
#include "Dialect/Targets.h"
#include "RuntimeBitcode.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace edgelm {

/// The runtime's bitcode for the architecture of `target`, with the thread pool unless `freestanding`.
llvm::Expected<std::unique_ptr<llvm::Module>> loadRuntime(const TargetSpec &target, bool freestanding,
                                                          llvm::LLVMContext &context);

/// A part of the runtime that becomes an object of its own, for the target as the model is.
llvm::Expected<std::unique_ptr<llvm::Module>> loadRuntimePart(const TargetSpec &target, RuntimePart part,
                                                              const Machine &machine,
                                                              const llvm::TargetMachine &targetMachine,
                                                              llvm::LLVMContext &context);

/// Value of an integer constant of the runtime.
llvm::Expected<uint64_t> runtimeConstant(const llvm::Module &runtime, llvm::StringRef name);

/// Links `runtime` into `module` and compiles both for the target, but what runs before the CPU check stays at the
/// architecture's baseline.
llvm::Error linkRuntime(llvm::Module &module, std::unique_ptr<llvm::Module> runtime, const TargetSpec &target);

/// Makes everything but `exported` internal and removes what nothing uses.
void keepOnly(llvm::Module &module, llvm::StringRef exported);

} // namespace edgelm
