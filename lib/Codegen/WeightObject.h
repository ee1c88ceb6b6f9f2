// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes weights into a relocatable ELF object without holding them in memory.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace edgelm {

/// The one section of a weight object and the symbol at its start.
struct WeightSection {
  std::string name = {};   ///< of the section; empty: as weightSectionName says
  std::string symbol;      ///< hidden: seen by the product's other object, not exported
  uint64_t bytes = 0;      ///< size of the payload
  uint64_t alignment = 64; ///< power of two
};

/// Usual name of the section that holds the weights of `bytes` bytes: `.rodata.edgelm`, or `.lrodata.edgelm` where code
/// could not reach its own data across them. An error where the machine of `codeObject` has no such section.
llvm::Expected<std::string> weightSectionName(llvm::StringRef codeObject, uint64_t bytes);

/// Writes a relocatable object for the machine of `codeObject` (an ELF object for the same target, whose class, byte
/// order, machine and ABI flags are taken over). `writePayload` must write exactly `section.bytes` bytes.
llvm::Error writeWeightObject(llvm::raw_ostream &os, llvm::StringRef codeObject, const WeightSection &section,
                              llvm::function_ref<llvm::Error(llvm::raw_ostream &)> writePayload);

/// Offset of the payload inside an object that writeWeightObject wrote with this alignment.
uint64_t weightPayloadOffset(const WeightSection &section);

/// Same as writeWeightObject, but only reserves the bytes (SHT_NOBITS). One byte before them is real, so that a linker
/// reserves room in its output file too, where copyWeights then puts them: no linker has to map the weights.
llvm::Error writeWeightPlaceholder(llvm::raw_ostream &os, llvm::StringRef codeObject, const WeightSection &section);

} // namespace edgelm
