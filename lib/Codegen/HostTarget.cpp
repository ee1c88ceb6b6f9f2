// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the row of the target table that fits the machine this compiler runs on.
#include "Codegen/HostTarget.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

namespace edgelm {

bool runsHere(const TargetSpec &target) {
  if (!target.hosted || llvm::Triple(target.triple).getArch() != llvm::Triple(llvm::sys::getProcessTriple()).getArch())
    return false;
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  llvm::SmallVector<llvm::StringRef> names;
  llvm::StringRef(target.requiredFeatures).split(names, ',', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef name : names)
    if (!features.lookup(name))
      return false;
  return true;
}

std::optional<TargetSpec> hostTarget() {
  std::optional<TargetSpec> best;
  // Rows of one architecture ascend, so the last that fits is the best.
  for (const TargetRow *row : targetTable())
    if (TargetSpec spec = TargetSpec::of(*row); runsHere(spec))
      best = spec;
  if (!best)
    return std::nullopt;
  best->name = "host";
  best->tuneCpu = llvm::sys::getHostCPUName().str();
  return best;
}

std::optional<TargetSpec> resolveTarget(std::string_view name) {
  if (name == "host")
    return hostTarget();
  const TargetRow *row = findTarget(name);
  if (!row)
    return std::nullopt;
  return TargetSpec::of(*row);
}

} // namespace edgelm
