// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plans several contexts and prints what they take.
#include "Codegen/DryRun.h"
#include "Codegen/ByteText.h"
#include "Codegen/CompileError.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <nlohmann/json.hpp>
#include <set>

using namespace llvm;
using Json = nlohmann::ordered_json;

namespace edgelm {

/// Contexts worth a row.
static std::set<int64_t> contextsUpTo(int64_t most, std::optional<int64_t> asked) {
  std::set<int64_t> contexts = {most};
  for (int64_t context = 32; context < most; context *= 2)
    contexts.insert(context);
  if (asked)
    contexts.insert(*asked);
  return contexts;
}

Expected<DryRun> dryRun(const CompileOptions &options, StringRef name, int64_t most, PlanFootprint plan) {
  DryRun run = {name.str(), options.target.name, limitsOf(options), {}, std::nullopt};
  for (int64_t context : contextsUpTo(most, options.context)) {
    CompileOptions other = options;
    if (context)
      other.context = context;
    Expected<Footprint> footprint = plan(other);
    if (!footprint)
      return footprint.takeError();
    run.rows.push_back({context, std::move(*footprint)});
  }
  if (!run.limits.any())
    return run;
  // Between the last row that fits and the first that does not.
  int64_t least = std::min(leastContext, most), end = most;
  for (const FittingContext &row : run.rows)
    if (run.limits.hold(row.footprint)) {
      run.largest = row;
      least = row.context;
    } else if (row.context > least) {
      end = row.context;
      break;
    }
  if (!most || least == most)
    return run;
  Expected<std::optional<FittingContext>> largest = largestContext(options, least, end, plan);
  if (!largest)
    return largest.takeError();
  run.largest = std::move(*largest);
  return run;
}

Error checkAsked(const DryRun &run, std::optional<int64_t> asked) {
  if (!run.limits.any() || (run.largest && asked.value_or(0) <= run.largest->context))
    return Error::success();
  std::string what = run.name + " does not fit " + run.target;
  if (!run.largest)
    return fail(ExitStatus::OverBudget, what + (run.rows.front().context ? " with any context" : ""));
  return fail(ExitStatus::OverBudget, what + " with a context of " + Twine(*asked) +
                                          " tokens; the largest that fits has " + Twine(run.largest->context));
}

/// Bytes of the arena: what is known exactly of the RAM.
static uint64_t arenaBytes(const Footprint &footprint) {
  return footprint.ram.bytes() - footprint.ram.bytes(kStackUse);
}

static uint64_t weightBytes(const Footprint &footprint) {
  return footprint.flash.bytes() - footprint.flash.bytes(kCodeUse) - footprint.flash.bytes(kTokenizerUse);
}

std::string dryRunText(const DryRun &run) {
  std::string text;
  raw_string_ostream os(text);
  os << run.name << " for " << run.target;
  if (run.limits.ram)
    os << ", RAM of " << bytesText(run.limits.ram);
  if (run.limits.flash)
    os << ", flash of " << bytesText(run.limits.flash);
  os << "\n";
  auto line = [&](ArrayRef<std::string> cells) {
    for (const std::string &cell : cells)
      os << right_justify(cell, 14);
    os << "\n";
  };
  line({"context", "cache", "arena", "RAM, about", "weights", "flash, about", run.limits.any() ? "fits" : ""});
  for (const FittingContext &row : run.rows)
    line({row.context ? std::to_string(row.context) : "-", bytesText(row.footprint.ram.bytes(kCacheUse)),
          bytesText(arenaBytes(row.footprint)), bytesText(row.footprint.ram.bytes()),
          bytesText(weightBytes(row.footprint)), bytesText(row.footprint.flash.bytes()),
          !run.limits.any()                ? ""
          : run.limits.hold(row.footprint) ? "yes"
                                           : "no"});
  if (run.limits.any() && run.rows.front().context)
    os << (run.largest ? "the largest context that fits has " + std::to_string(run.largest->context) + " tokens\n"
                       : "no context fits\n");
  return text;
}

static Json usesJson(const MemoryUses &uses) {
  Json parts = Json::object();
  for (const MemoryUse &use : uses.parts())
    parts[use.what] = use.bytes;
  return parts;
}

static Json runJson(const DryRun &run) {
  Json rows = Json::array();
  for (const FittingContext &row : run.rows)
    rows.push_back({{"context", row.context},
                    {"arena_bytes", arenaBytes(row.footprint)},
                    {"weight_bytes", weightBytes(row.footprint)},
                    {"ram_bytes_about", row.footprint.ram.bytes()},
                    {"flash_bytes_about", row.footprint.flash.bytes()},
                    {"fits", run.limits.hold(row.footprint)},
                    {"ram", usesJson(row.footprint.ram)},
                    {"flash", usesJson(row.footprint.flash)}});
  Json json = {{"name", run.name}, {"target", run.target}};
  json["max_ram"] = run.limits.ram ? Json(run.limits.ram) : Json();
  json["max_flash"] = run.limits.flash ? Json(run.limits.flash) : Json();
  json["contexts"] = rows;
  if (run.limits.any())
    json["largest_context"] = run.largest ? Json(run.largest->context) : Json();
  return json;
}

std::string dryRunJson(ArrayRef<DryRun> runs) {
  Json targets = Json::array();
  for (const DryRun &run : runs)
    targets.push_back(runJson(run));
  return Json{{"targets", targets}}.dump(2) + "\n";
}

} // namespace edgelm
