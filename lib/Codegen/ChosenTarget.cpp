// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asks LLVM what a CPU has, and the target table what that is enough for.
#include "Codegen/ChosenTarget.h"
#include "Codegen/CompileError.h"
#include "Codegen/HostTarget.h"
#include "Codegen/Object.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/TargetParser/Triple.h"

#include <memory>

using namespace llvm;

namespace edgelm {

/// The comma separated words of `list`.
static SmallVector<StringRef> wordsOf(StringRef list) {
  SmallVector<StringRef> words;
  list.split(words, ',', -1, /*KeepEmpty=*/false);
  return words;
}

/// Those of `names` that are spelled most like `name`, for a message; all when none is.
static std::string nearNames(StringRef name, ArrayRef<StringRef> names) {
  unsigned least = std::max<unsigned>(1, name.size() / 3);
  SmallVector<StringRef> near;
  for (StringRef other : names) {
    const unsigned distance = other.edit_distance(name, /*AllowReplacements=*/true, least);
    if (distance < least)
      near.clear();
    if (distance <= least)
      near.push_back(other);
    least = std::min(least, distance);
  }
  return near.empty() ? "known are " + join(names, ", ") : "did you mean " + join(near, ", ") + "?";
}

/// LLVM's description of a CPU; a bad name is an error.
static Expected<std::unique_ptr<MCSubtargetInfo>> describeCpu(const Triple &triple, StringRef cpu, StringRef features) {
  initializeBackEnds();
  std::string reason;
  const Target *target = TargetRegistry::lookupTarget(triple, reason);
  if (!target || !triple.isOSBinFormatELF())
    return fail(ExitStatus::BadInput,
                "unknown target '" + triple.str() + "'; EdgeLM makes ELF code for x86-64, AArch64, ARM and RISC-V");
  // The triple alone: a bad CPU would be reported by LLVM on its own.
  std::unique_ptr<MCSubtargetInfo> info(target->createMCSubtargetInfo(triple, "", ""));
  if (!info)
    return fail(ExitStatus::NotOnThisTarget, "LLVM has no instruction set for '" + triple.str() + "'");
  if (!cpu.empty() && !info->isCPUStringValid(cpu)) {
    SmallVector<StringRef> names;
    for (const SubtargetSubTypeKV &row : info->getAllProcessorDescriptions())
      names.push_back(row.Key);
    return fail(ExitStatus::BadInput, "unknown CPU '" + cpu + "' for " + triple.str() + "; " + nearNames(cpu, names));
  }
  return std::unique_ptr<MCSubtargetInfo>(target->createMCSubtargetInfo(triple, cpu, features));
}

static bool has(const MCSubtargetInfo &cpu, StringRef feature) {
  return cpu.checkFeatures(("+" + feature).str());
}

/// Whether a CPU has what the kernels of `row` use.
static bool suffices(const MCSubtargetInfo &cpu, const TargetRow &row) {
  for (StringRef name : wordsOf(row.requiredFeatures))
    if (!has(cpu, name))
      return false;
  for (StringRef name : wordsOf(row.features))
    if (name.consume_front("+") && !has(cpu, name))
      return false;
  return true;
}

/// Architecture, its version and the system.
static bool isSameMachine(const Triple &a, const Triple &b) {
  return a.getArch() == b.getArch() && a.getSubArch() == b.getSubArch() && a.getOS() == b.getOS();
}

/// Every name that a row of the architecture checks and the CPU has.
static std::string checkedFeatures(const MCSubtargetInfo &cpu, const Triple &triple) {
  SmallVector<StringRef> names;
  for (const TargetRow *row : targetTable())
    if (isSameMachine(Triple(StringRef(row->triple)), triple))
      for (StringRef name : wordsOf(row->requiredFeatures))
        if (has(cpu, name) && !is_contained(names, name))
          names.push_back(name);
  return join(names, ",");
}

/// Whether floats are passed in registers of their own; an error where flag and triple say different things.
static Expected<bool> wantsHardFloat(const Triple &triple, const std::string &flag) {
  bool isInTriple = triple.getEnvironment() == Triple::EABIHF || triple.getEnvironment() == Triple::GNUEABIHF;
  if (flag == "soft" && isInTriple)
    return fail(ExitStatus::BadInput, "--mfloat-abi=soft contradicts the triple " + triple.str());
  if (flag == "hard" && !triple.isARM() && !triple.isThumb())
    return fail(ExitStatus::BadInput,
                "--mfloat-abi is for 32-bit ARM; on " + triple.str() + " the calling convention is --mabi");
  return isInTriple || flag == "hard";
}

static Expected<TargetSpec> fromTriple(StringRef name, const TargetFlags &flags) {
  const Triple triple(Triple::normalize(name));
  // Without --mcpu the least machine of the table is meant.
  std::string least = flags.cpu, features = flags.features;
  for (const TargetRow *row : targetTable())
    if (least.empty() && isSameMachine(Triple(StringRef(row->triple)), triple)) {
      least = row->cpu;
      features = std::string(row->features) + "," + features;
    }
  Expected<std::unique_ptr<MCSubtargetInfo>> cpu = describeCpu(triple, least, features);
  if (!cpu)
    return cpu.takeError();
  Expected<bool> hardFloat = wantsHardFloat(triple, flags.floatAbi);
  if (!hardFloat)
    return hardFloat.takeError();
  // Rows of one architecture ascend, so the last that fits is the best.
  const TargetRow *best = nullptr;
  SmallVector<std::string> conventions;
  for (const TargetRow *row : targetTable()) {
    if (!isSameMachine(Triple(StringRef(row->triple)), triple) || !suffices(**cpu, *row))
      continue;
    std::string convention = row->abi.empty() ? (row->hardFloat ? "--mfloat-abi=hard" : "--mfloat-abi=soft")
                                              : ("--mabi=" + std::string(row->abi));
    if (!is_contained(conventions, convention))
      conventions.push_back(convention);
    if (row->hardFloat == *hardFloat && (flags.abi.empty() || flags.abi == row->abi))
      best = row;
  }
  if (!best && !conventions.empty())
    return fail(ExitStatus::NotOnThisTarget, "there is no runtime for that calling convention of " + triple.str() +
                                                 "; there is one for " + join(conventions, ", "));
  if (!best)
    return fail(ExitStatus::NotOnThisTarget, "there are no kernels that run on " + triple.str() +
                                                 (least.empty() ? "" : " with CPU " + least) + "; see --print-targets");
  TargetSpec spec = TargetSpec::of(*best);
  spec.name = triple.str() + (flags.cpu.empty() ? "" : "-" + flags.cpu);
  spec.triple = triple.str();
  if (*hardFloat)
    spec.triple = best->triple; // also where only --mfloat-abi said so
  if (!flags.cpu.empty()) {
    spec.cpu = flags.cpu;
    spec.tuneCpu = "";
    spec.features = best->abi.empty() ? "" : std::string(best->features);
  }
  spec.requiredFeatures = checkedFeatures(**cpu, triple);
  spec.ramBytes = spec.flashBytes = 0;
  return spec;
}

static Expected<TargetSpec> fromName(const std::string &name, const TargetFlags &flags) {
  std::optional<TargetSpec> target = resolveTarget(name);
  if (!target) {
    SmallVector<StringRef> names = {"host"};
    for (const TargetRow *row : targetTable())
      names.push_back(row->name);
    return fail(ExitStatus::BadInput, "unknown target '" + name + "'; " + nearNames(name, names));
  }
  if (!flags.abi.empty() && flags.abi != target->abi)
    return fail(ExitStatus::BadInput,
                "--mabi=" + flags.abi + " contradicts the target " + name +
                    (target->abi.empty() ? ", which has no --mabi" : ", whose calling convention is " + target->abi));
  if (!flags.floatAbi.empty() && (flags.floatAbi == "hard") != target->hardFloat)
    return fail(ExitStatus::BadInput, "--mfloat-abi=" + flags.floatAbi + " contradicts the target " + name);
  if (!flags.cpu.empty()) {
    if (Error error = describeCpu(Triple(StringRef(target->triple)), flags.cpu, "").takeError())
      return std::move(error);
    target->tuneCpu = flags.cpu;
  }
  return *target;
}

Expected<TargetSpec> chooseTarget(const std::string &name, const TargetFlags &flags) {
  const SmallVector<StringRef> added = wordsOf(flags.features);
  for (StringRef feature : added)
    if (!feature.starts_with("+") && !feature.starts_with("-"))
      return fail(ExitStatus::BadInput, "expected '+" + feature + "' or '-" + feature + "' in --mattr");
  const bool isTriple = StringRef(name).count('-') >= 2 && Triple(name).getArch() != Triple::UnknownArch;
  Expected<TargetSpec> target = isTriple ? fromTriple(name, flags) : fromName(name, flags);
  if (!target)
    return target;
  for (StringRef feature : added) {
    target->features += (target->features.empty() ? "" : ",") + feature.str();
    if (feature.consume_front("+") && !is_contained(wordsOf(target->requiredFeatures), feature))
      target->requiredFeatures += (target->requiredFeatures.empty() ? "" : ",") + feature.str();
  }
  if (flags.unchecked && target->hosted)
    return fail(ExitStatus::BadInput, "--no-cpu-check is for targets without an operating system, not for '" + name +
                                          "', where any program may ask for the processor's features");
  if (flags.unchecked)
    target->requiredFeatures.clear();
  return target;
}

} // namespace edgelm
