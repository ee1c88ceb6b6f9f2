// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads masks: visibility first, then what is added.
#include "Passes/MaskKinds.h"
#include "Passes/NumberText.h"

#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace mlir;
using namespace edgelm;

/// Differences of biases that are rounding.
static constexpr double kTolerance = 1e-4;

std::string MaskClaim::text() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << stringifyMaskKind(kind);
  if (kind == MaskKind::SlidingWindow)
    stream << " with a window of " << window;
  if (!slopes.empty())
    stream << " with ALiBi slopes from " << numberText(slopes.front()) << " to " << numberText(slopes.back());
  return text;
}

MaskAttr MaskClaim::attribute(MLIRContext *context) const {
  DenseF32ArrayAttr list = slopes.empty() ? DenseF32ArrayAttr() : DenseF32ArrayAttr::get(context, slopes);
  return MaskAttr::get(context, kind, window, list);
}

static bool isVisible(const MaskClaim &claim, int64_t query, int64_t key) {
  if (claim.kind == MaskKind::Bidirectional)
    return true;
  return key <= query && (claim.kind == MaskKind::Causal || query - key < claim.window);
}

/// Row `query` of head `head` as a list of visible keys.
static std::string seenKeys(const EffectiveMask &mask, int64_t head, int64_t query) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  bool any = false;
  for (int64_t key = 0; key < mask.tokens; ++key) {
    if (mask.hidden[mask.index(head, query, key)])
      continue;
    stream << (any ? ", " : "") << key;
    any = true;
  }
  return any ? text : "none";
}

static FailureOr<MaskClaim> classifyVisibility(const EffectiveMask &mask, Operation *user) {
  int64_t last = mask.tokens - 1, visible = 0;
  for (int64_t key = 0; key < mask.tokens; ++key)
    visible += !mask.hidden[mask.index(0, last, key)];
  MaskClaim claim;
  bool hidesFuture = mask.hidden[mask.index(0, 0, last)];
  if (hidesFuture)
    claim.kind = visible == mask.tokens ? MaskKind::Causal : MaskKind::SlidingWindow;
  claim.window = claim.kind == MaskKind::SlidingWindow ? visible : 0;
  for (int64_t head = 0; head < mask.heads; ++head)
    for (int64_t query = 0; query < mask.tokens; ++query)
      for (int64_t key = 0; key < mask.tokens; ++key)
        if (isVisible(claim, query, key) == static_cast<bool>(mask.hidden[mask.index(head, query, key)]))
          return user->emitError(
                     "the attention mask is of no known kind (bidirectional, causal, sliding window, ALiBi): row ")
                 << query << " of the mask of head " << head << " sees keys " << seenKeys(mask, head, query);
  return claim;
}

FailureOr<MaskClaim> edgelm::classifyMask(const EffectiveMask &mask, Operation *user) {
  FailureOr<MaskClaim> claim = classifyVisibility(mask, user);
  if (failed(claim))
    return failure();
  // A softmax does not see what is added to a whole row, so that only differences within a row count.
  bool anySlope = false;
  for (int64_t head = 0; head < mask.heads; ++head) {
    std::optional<double> slope;
    for (int64_t query = mask.tokens - 1; query >= 0; --query) {
      int64_t first = 0, last = mask.tokens - 1;
      while (first < last && mask.hidden[mask.index(head, query, first)])
        ++first;
      while (last > first && mask.hidden[mask.index(head, query, last)])
        --last;
      double start = mask.bias[mask.index(head, query, first)];
      if (!slope && last > first)
        slope = (mask.bias[mask.index(head, query, last)] - start) / static_cast<double>(last - first);
      for (int64_t key = first; key <= last; ++key) {
        double found = mask.bias[mask.index(head, query, key)],
               expected = start + slope.value_or(0) * static_cast<double>(key - first);
        if (!(std::fabs(found - expected) <= kTolerance * std::fmax(1, std::fabs(expected))))
          return user->emitError(
                     "the attention mask is of no known kind (bidirectional, causal, sliding window, ALiBi): row ")
                 << query << " of the mask of head " << head << " adds " << numberText(found) << " at key " << key
                 << ", but " << numberText(start) << " at key " << first;
      }
    }
    double value = std::fabs(slope.value_or(0)) < 1e-7 ? 0 : *slope;
    anySlope |= value != 0;
    claim->slopes.push_back(static_cast<float>(value));
  }
  if (!anySlope)
    claim->slopes.clear();
  return claim;
}

std::optional<MaskClaim> edgelm::combineClaims(const MaskClaim &atFewer, const MaskClaim &atMore, int64_t fewer) {
  bool longWindow =
      atFewer.kind == MaskKind::Causal && atMore.kind == MaskKind::SlidingWindow && atMore.window >= fewer;
  if (!longWindow && (atFewer.kind != atMore.kind || atFewer.window != atMore.window))
    return std::nullopt;
  if (atFewer.slopes.size() != atMore.slopes.size())
    return std::nullopt;
  for (auto [a, b] : llvm::zip_equal(atFewer.slopes, atMore.slopes))
    if (std::fabs(a - b) > kTolerance * std::fabs(b))
      return std::nullopt;
  return atMore;
}
