// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `--target` and the flags beside it come to.
#pragma once

#include "Dialect/Targets.h"
#include "llvm/Support/Error.h"
#include <string>

namespace edgelm {

/// The flags beside --target, spelled as clang's; empty where not given.
struct TargetFlags {
  std::string cpu;        ///< --mcpu
  std::string features;   ///< --mattr, "+a,-b"
  std::string abi;        ///< --mabi
  std::string floatAbi;   ///< --mfloat-abi, "hard" or "soft"
  bool unchecked = false; ///< --no-cpu-check
};

/// The target of that name: a row of the table, `host`, or an LLVM triple.
///
/// For a name the row decides which instructions may be used; --mcpu only says whose pipelines the code is scheduled
/// for. For a triple --mcpu decides; kernels and runtime are those of the last row of the same architecture and calling
/// convention all of whose features that CPU has. In both cases the product checks for what --mattr adds.
llvm::Expected<TargetSpec> chooseTarget(const std::string &name, const TargetFlags &flags);

} // namespace edgelm
