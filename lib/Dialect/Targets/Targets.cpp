// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Joins the parts of the target table and finds its rows.
#include "Dialect/Targets.h"
#include "Dialect/Targets/Rows.h"

#include <vector>

namespace edgelm {

TargetSpec TargetSpec::of(const TargetRow &row) {
  TargetSpec spec;
  spec.name = row.name;
  spec.triple = row.triple;
  spec.cpu = row.cpu;
  spec.tuneCpu = row.tuneCpu;
  spec.features = row.features;
  spec.abi = row.abi;
  spec.hardFloat = row.hardFloat;
  spec.isa = row.isa;
  spec.runtime = row.runtime;
  spec.requiredFeatures = row.requiredFeatures;
  spec.hosted = row.hosted;
  spec.ramBytes = row.ramBytes;
  spec.flashBytes = row.flashBytes;
  spec.emulator = row.emulator;
  return spec;
}

std::span<const TargetRow *const> targetTable() {
  static const std::vector<const TargetRow *> rows = [] {
    std::vector<const TargetRow *> all;
    for (std::span<const TargetRow> part :
         {x86Targets(), armLinuxTargets(), riscvLinuxTargets(), cortexMTargets(), rv32Targets()})
      for (const TargetRow &row : part)
        all.push_back(&row);
    return all;
  }();
  return rows;
}

const TargetRow *findTarget(std::string_view name) {
  for (const TargetRow *row : targetTable())
    if (row->name == name)
      return row;
  return nullptr;
}

std::string targetNames() {
  std::string names = "host";
  for (const TargetRow *row : targetTable())
    names.append(", ").append(row->name);
  return names;
}

} // namespace edgelm
