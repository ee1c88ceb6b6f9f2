// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tries one option after the other, mildest value first.
#include "Codegen/Remedies.h"
#include "Codegen/ByteText.h"
#include "Dialect/Formats.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

namespace {

/// One change of the options.
struct Change {
  std::string flag; ///< as a user writes it
  CompileOptions options;
};

/// A change and what it leads to.
struct Remedy {
  std::string flag;
  CompileOptions options;
  Footprint footprint;
};

/// Changes of one option, mildest first.
struct Family {
  std::vector<Change> (*changes)(const CompileOptions &options);
  bool isForRam; ///< otherwise for flash
};

} // namespace

static std::vector<Change> smallerChunks(const CompileOptions &options) {
  std::vector<Change> changes;
  for (int64_t chunk : {64, 32, 16, 8, 4, 1})
    if (chunk < options.prefillChunk.value_or(defaultPrefillChunk)) {
      changes.push_back({"--prefill-chunk " + std::to_string(chunk), options});
      changes.back().options.prefillChunk = chunk;
    }
  return changes;
}

static std::vector<Change> smallerCaches(const CompileOptions &options) {
  std::vector<Change> changes;
  for (StringRef type : {"int8", "f16", "f32"}) { // narrowest first
    if (type == options.kv)
      break;
    changes.insert(changes.begin(), {("--kv " + type).str(), options});
    changes.front().options.kv = type.str();
  }
  return changes;
}

/// Formats that take a tenth less each than the one before it, the first than `now`; as stored where that is empty.
static std::vector<Change> smallerFormats(const CompileOptions &options, StringRef flag,
                                          std::string CompileOptions::*member, StringRef now) {
  constexpr int64_t columns = 4096; // of a matrix whose bits are compared
  std::vector<Change> changes;
  const FormatRow *row = findFormat(std::string_view(now));
  double least = row ? row->bitsPerWeight(columns) : 32;
  for (const FormatRow &format : formatTable()) {
    double bits = format.bitsPerWeight(columns);
    if (bits > 0.9 * least)
      continue;
    least = bits;
    changes.push_back({(flag + " " + StringRef(format.name)).str(), options});
    changes.back().options.*member = std::string(format.name);
  }
  return changes;
}

static std::vector<Change> smallerTables(const CompileOptions &options) {
  return smallerFormats(options, "--quant-embedding", &CompileOptions::quantEmbedding,
                        options.quantEmbedding.empty() ? options.quant : options.quantEmbedding);
}

static std::vector<Change> smallerHeads(const CompileOptions &options) {
  return smallerFormats(options, "--quant-head", &CompileOptions::quantHead,
                        options.quantHead.empty() ? options.quant : options.quantHead);
}

static std::vector<Change> smallerMatrices(const CompileOptions &options) {
  return smallerFormats(options, "--quant", &CompileOptions::quant, options.quant);
}

// What costs time only, then what costs accuracy. A shorter context, which the model would miss, is named behind them.
static constexpr Family families[] = {{smallerChunks, true},
                                      {smallerCaches, true},
                                      {smallerMatrices, false},
                                      {smallerTables, false},
                                      {smallerHeads, false}};

namespace {

/// Looks for changes that make a product fit.
class RemedySearch {
public:
  RemedySearch(const BudgetCheck &check, PlanFootprint plan)
      : check(check), plan(plan), limits(limitsOf(check.options)) {}

  std::string text();

private:
  bool isOver(const Family &family, const Footprint &footprint) const;
  std::optional<Remedy> best(const CompileOptions &from, const Family &family);
  std::optional<Remedy> shorten(const CompileOptions &from);
  void sayAlone(raw_ostream &os, const Remedy &remedy, const Footprint &before) const;
  std::string sizes(const Footprint &footprint) const;
  std::string together(const Footprint &before);

  const BudgetCheck &check;
  PlanFootprint plan;
  Limits limits;
};

} // namespace

/// Whether the memory that the family makes smaller does not fit.
bool RemedySearch::isOver(const Family &family, const Footprint &footprint) const {
  const Limits one = family.isForRam ? Limits{limits.ram, 0} : Limits{0, limits.flash};
  return !one.hold(footprint);
}

/// The mildest change after which the memory that the family is for fits, else the one that saves most; none where the
/// model refuses them all.
std::optional<Remedy> RemedySearch::best(const CompileOptions &from, const Family &family) {
  std::optional<Remedy> found;
  auto bytes = [&](const Footprint &footprint) { return (family.isForRam ? footprint.ram : footprint.flash).bytes(); };
  const uint64_t limit = family.isForRam ? limits.ram : limits.flash;
  for (Change &change : family.changes(from)) {
    Expected<Footprint> footprint = plan(change.options);
    if (!footprint) {
      consumeError(footprint.takeError());
      continue;
    }
    bool fits = bytes(*footprint) <= limit;
    if (!found || bytes(*footprint) < bytes(found->footprint))
      found = Remedy{change.flag, change.options, std::move(*footprint)};
    if (fits)
      break;
  }
  return found;
}

/// The longest context that fits, if any.
std::optional<Remedy> RemedySearch::shorten(const CompileOptions &from) {
  if (check.context <= leastContext)
    return std::nullopt;
  Expected<std::optional<FittingContext>> fitting = largestContext(from, leastContext, check.context - 1, plan);
  if (!fitting) {
    consumeError(fitting.takeError());
    return std::nullopt;
  }
  if (!*fitting)
    return std::nullopt;
  CompileOptions options = from;
  options.context = (*fitting)->context;
  return Remedy{"--context " + std::to_string(options.context.value()), options, (*fitting)->footprint};
}

/// The sizes that have a limit.
std::string RemedySearch::sizes(const Footprint &footprint) const {
  std::string text;
  raw_string_ostream os(text);
  if (limits.ram)
    os << "RAM " << bytesText(footprint.ram.bytes());
  if (limits.flash)
    os << (limits.ram ? ", " : "") << "flash " << bytesText(footprint.flash.bytes());
  return text;
}

void RemedySearch::sayAlone(raw_ostream &os, const Remedy &remedy, const Footprint &before) const {
  constexpr uint64_t leastSaving = 1024; // bytes, that are worth a line
  auto saved = [](const MemoryUses &before, const MemoryUses &after) {
    return before.bytes() > after.bytes() ? before.bytes() - after.bytes() : 0;
  };
  uint64_t ram = saved(before.ram, remedy.footprint.ram), flash = saved(before.flash, remedy.footprint.flash);
  if (limits.hold(remedy.footprint))
    os << "\n  " << remedy.flag << " makes it fit: " << sizes(remedy.footprint);
  else if (ram >= leastSaving && !Limits{limits.ram, 0}.hold(check.footprint))
    os << "\n  " << remedy.flag << " saves " << bytesText(ram) << " of RAM";
  else if (flash >= leastSaving && !Limits{0, limits.flash}.hold(check.footprint))
    os << "\n  " << remedy.flag << " saves " << bytesText(flash) << " of flash";
}

/// All changes one on top of the other, until it fits.
std::string RemedySearch::together(const Footprint &before) {
  Remedy sum = {"", check.options, before};
  auto add = [&](std::optional<Remedy> more) {
    bool helps = more && (more->footprint.ram.bytes() < sum.footprint.ram.bytes() ||
                          more->footprint.flash.bytes() < sum.footprint.flash.bytes());
    if (helps)
      sum = {sum.flag + (sum.flag.empty() ? "" : " ") + more->flag, more->options, more->footprint};
  };
  for (const Family &family : families)
    if (isOver(family, sum.footprint))
      add(best(sum.options, family));
  if (sum.flag.empty())
    return "";
  if (!limits.hold(sum.footprint))
    add(shorten(sum.options));
  return "\n  " + sum.flag + (limits.hold(sum.footprint) ? " makes it fit: " : " is not enough: ") +
         sizes(sum.footprint);
}

std::string RemedySearch::text() {
  Expected<Footprint> before = plan(check.options);
  if (!before) {
    consumeError(before.takeError());
    return "";
  }
  std::string text;
  raw_string_ostream os(text);
  bool isEnough = false;
  auto say = [&](const std::optional<Remedy> &remedy) {
    if (!remedy)
      return;
    sayAlone(os, *remedy, *before);
    isEnough |= limits.hold(remedy->footprint);
  };
  for (const Family &family : families)
    if (isOver(family, check.footprint))
      say(best(check.options, family));
  if (!isEnough)
    os << together(*before);
  say(shorten(check.options));
  return text;
}

std::string remediesText(const BudgetCheck &check, PlanFootprint plan) {
  return RemedySearch(check, plan).text();
}

} // namespace edgelm
