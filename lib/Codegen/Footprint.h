// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory that a product takes, by what takes it.
#pragma once

#include "Codegen/ModelInfo.h"
#include "mlir/IR/BuiltinOps.h"
#include <cstdint>
#include <string>
#include <vector>

namespace edgelm {

struct IsaRow;

/// What is known exactly once code is generated.
struct CodeSizes {
  uint64_t codeBytes = 0;  ///< code and constants, without weights and tables of the tokenizer
  uint64_t stackBytes = 0; ///< that a call takes at most
};

/// The same from what kernels say before LLVM sees them: within about a third for the code; the stack is what kernels
/// ask for and a usual depth of calls. `module` is behind edgelm-lower-to-kernels.
CodeSizes estimateCode(mlir::ModuleOp module, const IsaRow &isa);

/// A part of a memory.
struct MemoryUse {
  std::string what;
  uint64_t bytes = 0;
};

/// A kind of memory; the largest part is first.
class MemoryUses {
public:
  /// Nothing is not listed.
  void add(llvm::StringRef what, uint64_t bytes);

  const std::vector<MemoryUse> &parts() const { return uses; }
  uint64_t bytes() const;
  /// Bytes of the part of that name, or 0.
  uint64_t bytes(llvm::StringRef what) const;

private:
  std::vector<MemoryUse> uses;
};

/// Parts that are asked for by name.
inline constexpr llvm::StringLiteral kCacheUse = "key/value cache", kStackUse = "stack",
                                     kHeadUse = "matrix of the logits", kCodeUse = "code",
                                     kTokenizerUse = "tables of the tokenizer";

/// All memory of a product with one session.
struct Footprint {
  MemoryUses ram;   ///< arena and stack: a product has no other memory that changes
  MemoryUses flash; ///< all that is loaded, and weights that lie in a file
};

/// Adds up what `info` says and `code`.
Footprint footprintOf(const ModelInfo &info, const CodeSizes &code);

} // namespace edgelm
