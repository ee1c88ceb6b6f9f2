// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses variants by what their rows require, and lays their weights into one piece of memory.
#include "Codegen/Variants.h"
#include "Codegen/CompileError.h"
#include "Codegen/Header.h"
#include "Dialect/EdgeLMDialect.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace edgelm {

/// Weights start at cache lines.
static constexpr uint64_t weightAlignment = 64; // bytes

static StringSet<> featuresOf(const TargetSpec &target) {
  SmallVector<StringRef> names;
  StringRef(target.requiredFeatures).split(names, ',', -1, /*KeepEmpty=*/false);
  StringSet<> features;
  for (StringRef name : names)
    features.insert(name);
  return features;
}

/// Whether a processor that runs code for `target` runs that for `other`.
static bool includes(const TargetSpec &target, const TargetSpec &other) {
  StringSet<> features = featuresOf(target);
  return all_of(featuresOf(other).keys(), [&](StringRef name) { return features.contains(name); });
}

static Error checkVariant(const TargetSpec &base, const TargetSpec &variant) {
  const std::string names = "--variants: " + variant.name + " ";
  if (!base.hosted || !variant.hosted)
    return fail(ExitStatus::NotOnThisTarget, names + "cannot be chosen when " + base.name +
                                                 " opens a model: on bare machines nobody says what the processor has");
  if (Triple(StringRef(base.triple)).getArch() != Triple(StringRef(variant.triple)).getArch() ||
      base.runtime != variant.runtime || base.abi != variant.abi || base.hardFloat != variant.hardFloat)
    return fail(ExitStatus::BadInput, names + "is of another architecture than " + base.name +
                                          "; a library has one, so name it with --target");
  if (!includes(variant, base))
    return fail(ExitStatus::BadInput, names + "lacks features of " + base.name +
                                          ", which --target asks of every processor; name the least with --target");
  if (includes(base, variant))
    return fail(ExitStatus::BadInput, names + "asks a processor for nothing that " + base.name +
                                          " does not, so that it would never be chosen; see --print-targets");
  return Error::success();
}

Expected<std::vector<TargetSpec>> chooseVariants(const TargetSpec &base, ArrayRef<std::string> names) {
  std::vector<std::pair<size_t, TargetSpec>> chosen; // with the place in the table
  for (const std::string &name : names) {
    const auto row = find_if(targetTable(), [&](const TargetRow *row) { return row->name == name; });
    if (row == targetTable().end())
      return fail(ExitStatus::BadInput, "--variants takes targets of --print-targets, not '" + name + "'");
    TargetSpec variant = TargetSpec::of(**row);
    if (Error error = checkVariant(base, variant))
      return std::move(error);
    for (const auto &[place, other] : chosen)
      if (includes(variant, other) && includes(other, variant))
        return fail(ExitStatus::BadInput,
                    "--variants: " + (other.name == name ? name + " is there twice"
                                                         : name + " asks a processor for the same as " + other.name +
                                                               "; leave one of them out"));
    chosen.emplace_back(row - targetTable().begin(), variant);
  }
  // Rows of one architecture ascend.
  llvm::sort(chosen, [](const auto &a, const auto &b) { return a.first > b.first; });
  std::vector<TargetSpec> variants;
  for (auto &[place, variant] : chosen)
    variants.push_back(std::move(variant));
  return variants;
}

std::string variantSuffix(const TargetSpec &target) {
  return "_" + toIdentifier(target.name);
}

/// Offset of `place` among the weights; where it is new, behind all others.
int64_t SharedWeights::placeFor(const WeightPlace &place) {
  for (const WeightPlace &known : places)
    if (known.sources == place.sources && known.transposed == place.transposed && known.type == place.type &&
        known.panel == place.panel && known.columnsApart == place.columnsApart && known.isPaired == place.isPaired)
      return known.offset;
  places.push_back(place);
  places.back().offset = end;
  end += alignTo(place.bytes, weightAlignment);
  return places.back().offset;
}

uint64_t SharedWeights::add(mlir::ModuleOp module) {
  const uint64_t before = end;
  const std::vector<WeightPlace> own = collectWeights(module);
  std::vector<int64_t> offsets;
  for (const WeightPlace &place : own)
    offsets.push_back(placeFor(place));
  module.walk([&](PackedWeightOp op) {
    // An operation may read a part of a place.
    const int64_t offset = op.getOffset();
    size_t index = partition_point(own, [&](const WeightPlace &place) { return place.offset <= offset; }) - own.begin();
    --index;
    op.setOffset(offsets[index] + offset - own[index].offset);
  });
  module->setAttr("edgelm.weight_bytes", mlir::Builder(module.getContext()).getI64IntegerAttr(end));
  return end - before;
}

Expected<Variant> makeVariant(std::unique_ptr<PhaseRun> run, const TargetSpec &target, uint64_t sessionBytes,
                              SharedWeights &weights, function_ref<Expected<ModelInfo>(mlir::ModuleOp)> describe) {
  Variant variant;
  variant.target = target;
  run->setTarget(target, sessionBytes);
  bool isPlanned = false;
  while (run->next()) {
    // Between the plan and the kernels, which have the weights' places in their code.
    if (!isPlanned && run->module()->hasAttr("edgelm.arena_bytes")) {
      isPlanned = true;
      variant.weightBytes = weights.add(run->module());
      Expected<ModelInfo> info = describe(run->module());
      if (!info)
        return info.takeError();
      variant.info = std::move(*info);
      variant.info.requiredFeatures = target.requiredFeatures;
    }
    if (Error error = run->run())
      return std::move(error);
  }
  variant.run = std::move(run);
  return variant;
}

static bool isSameState(const StateInfo &a, const StateInfo &b) {
  return a.outer == b.outer && a.rows == b.rows && a.rowBytes == b.rowBytes && a.type == b.type;
}

Error joinVariants(ModelInfo &info, std::vector<Variant> &variants, SharedWeights weights) {
  setWeights(info, std::move(weights.places), weights.end);
  for (Variant &variant : variants) {
    if (!std::equal(info.states.begin(), info.states.end(), variant.info.states.begin(), variant.info.states.end(),
                    isSameState))
      return fail(ExitStatus::Internal, "the state of " + variant.target.name + " is not that of the other variants");
    info.variants.push_back({variant.target.name, variant.target.isa, variant.target.requiredFeatures, 0,
                             variant.weightBytes, variant.info.arenaBytes});
    info.arenaBytes = std::max(info.arenaBytes, variant.info.arenaBytes);
  }
  return Error::success();
}

} // namespace edgelm
