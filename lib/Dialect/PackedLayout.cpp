// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Dialect/PackedLayout.h"

namespace edgelm {

static int64_t roundedUp(int64_t bytes, int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

int64_t PackedLayout::groupScales() const {
  switch (format->scale) {
  case Scale::F32:
    return roundedUp(groups() * panel * 4, partAlignment());
  case Scale::Integer:
    return roundedUp(panel * 4, partAlignment());
  case Scale::Double:
    return roundedUp(supers() * panel * 4, partAlignment());
  case Scale::None:
  case Scale::F16:
    break;
  }
  return 0;
}

int64_t PackedLayout::zeroPoints() const {
  int64_t width = format->scale == Scale::F16 ? 2 : format->scale == Scale::F32 ? 0 : 1;
  return groupScales() + roundedUp(groups() * panel * width, partAlignment());
}

int64_t PackedLayout::rowSums() const {
  return zeroPoints() + (format->hasZeroPoints ? roundedUp(groups() * panel, partAlignment()) : 0);
}

int64_t PackedLayout::plane(int index) const {
  int64_t at = rowSums() + (format->hasRowSums ? roundedUp(panel * 4, partAlignment()) : 0);
  for (int before = 0; before < index; ++before)
    at += roundedUp(paddedK() * panel * format->planes[before] / 8, partAlignment());
  return at;
}

int64_t PackedLayout::panelBytes() const {
  return plane(format->planes[1] ? 2 : 1);
}

int64_t ActivationLayout::scales() const {
  return isCompact ? paddedK() : roundedUp(codeBytes(), kRowAlignment);
}

int64_t ActivationLayout::sums() const {
  return scales() + roundedUp(groups() * 4, kRowAlignment);
}

int64_t ActivationLayout::evens() const {
  return sums() + roundedUp(groups() * 4, kRowAlignment);
}

int64_t ActivationLayout::zeros() const {
  return evens() + (isPaired ? roundedUp(groups() * 4, kRowAlignment) : 0);
}

int64_t ActivationLayout::rowBytes() const {
  if (isCompact)
    return scales() + groups() * 4;
  return zeros() + (hasZeros ? roundedUp(groups() * 4, kRowAlignment) : 0);
}

} // namespace edgelm
