// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares with limits, and words what is over them.
#include "Codegen/Budget.h"
#include "Codegen/ByteText.h"
#include "Codegen/CompileError.h"
#include "Codegen/Remedies.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

static bool holds(uint64_t limit, uint64_t bytes) {
  return !limit || bytes <= limit;
}

bool Limits::hold(const Footprint &footprint) const {
  return holds(ram, footprint.ram.bytes()) && holds(flash, footprint.flash.bytes());
}

Limits limitsOf(const CompileOptions &options) {
  return {options.maxRam.value_or(options.target.ramBytes), options.maxFlash.value_or(options.target.flashBytes)};
}

/// Where a line through two footprints meets the limits, as a context between theirs.
static int64_t contextAtLimits(const Limits &limits, const FittingContext &low, const FittingContext &high) {
  int64_t best = high.context - 1;
  auto meet = [&](uint64_t limit, uint64_t lowBytes, uint64_t highBytes) {
    if (holds(limit, highBytes))
      return;
    double part = double(limit - lowBytes) / double(highBytes - lowBytes);
    best = std::min(best, low.context + int64_t(part * double(high.context - low.context)));
  };
  meet(limits.ram, low.footprint.ram.bytes(), high.footprint.ram.bytes());
  meet(limits.flash, low.footprint.flash.bytes(), high.footprint.flash.bytes());
  return std::max(best, low.context + 1);
}

Expected<std::optional<FittingContext>> largestContext(const CompileOptions &options, int64_t least, int64_t most,
                                                       PlanFootprint plan) {
  Limits limits = limitsOf(options);
  auto at = [&](int64_t context) -> Expected<FittingContext> {
    CompileOptions other = options;
    other.context = context;
    Expected<Footprint> footprint = plan(other);
    if (!footprint)
      return footprint.takeError();
    return FittingContext{context, std::move(*footprint)};
  };
  Expected<FittingContext> low = at(least);
  if (!low)
    return low.takeError();
  if (!limits.hold(low->footprint))
    return std::optional<FittingContext>();
  Expected<FittingContext> high = at(std::max(least, most));
  if (!high)
    return high.takeError();
  if (limits.hold(high->footprint))
    return std::optional<FittingContext>(std::move(*high));
  // Sizes are nearly linear, so that a few steps find the place; halving ends it where they are not.
  for (int step = 0; high->context - low->context > 1; ++step) {
    Expected<FittingContext> middle =
        at(step < 4 ? contextAtLimits(limits, *low, *high) : (low->context + high->context) / 2);
    if (!middle)
      return middle.takeError();
    *(limits.hold(middle->footprint) ? low : high) = std::move(*middle);
  }
  return std::optional<FittingContext>(std::move(*low));
}

/// "RAM: 300.0 KiB, 44.0 KiB over the limit of 256.0 KiB; most is ..." for a memory that is over its limit.
static void sayOver(raw_ostream &os, StringRef what, const MemoryUses &uses, uint64_t limit, bool isWhole) {
  if (holds(limit, uses.bytes()))
    return;
  os << "\n  " << what << ": " << (isWhole ? "" : "at least ") << bytesText(uses.bytes()) << ", "
     << bytesText(uses.bytes() - limit) << " over the limit of " << bytesText(limit) << "; most is ";
  for (size_t i = 0; i < std::min<size_t>(3, uses.parts().size()); ++i)
    os << (i ? ", " : "") << uses.parts()[i].what << " " << bytesText(uses.parts()[i].bytes);
}

Error checkBudget(const BudgetCheck &check, PlanFootprint plan) {
  Limits limits = limitsOf(check.options);
  if (limits.hold(check.footprint))
    return Error::success();
  std::string text;
  raw_string_ostream os(text);
  os << check.name << " does not fit " << check.options.target.name;
  if (check.context)
    os << " with a context of " << check.context << " tokens";
  sayOver(os, "RAM", check.footprint.ram, limits.ram, check.isWhole);
  sayOver(os, "flash", check.footprint.flash, limits.flash, check.isWhole);
  if (plan)
    os << remediesText(check, plan);
  return fail(ExitStatus::OverBudget, text);
}

} // namespace edgelm
