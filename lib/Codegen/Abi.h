// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes a model's descriptor as the runtime reads it.
#pragma once

#include "Codegen/ModelInfo.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace llvm {
class Module;
} // namespace llvm

namespace edgelm {

/// Name of the symbol that the weights of the product `name` have in its objects.
std::string weightSymbol(llvm::StringRef name);

/// Code of the same model for machines that have more.
struct VariantEntries {
  const ModelInfo &info; ///< its arena, its entries, what it requires
  std::string suffix;    ///< of its functions' names
};

/// Adds to `module` the constant descriptor of `info`, laid out by the module's data layout, exported as `info.name`,
/// and those of `variants`, best first. The entries and the runtime's function table are found in the module by their
/// names.
llvm::Error addDescriptor(llvm::Module &module, const ModelInfo &info, llvm::ArrayRef<VariantEntries> variants);

/// Version of the interface between a product and edgelm.h.
uint32_t abiVersion();

/// Arena bytes of the sampler's buffer, and of the buffer in which a piece of text is decoded.
uint64_t samplerBytes(uint64_t vocab, uint64_t context);
uint64_t textBytes(uint64_t longestPiece);

/// Arena bytes of the tokenizer's scratch: enough for the fast way with words of any ordinary language.
uint64_t tokenizerScratchBytes();

/// Version of EdgeLM that products carry.
llvm::StringRef edgelmVersion();

} // namespace edgelm
