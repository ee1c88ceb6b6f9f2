// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Dialect/PackedLayout.h"

namespace edgelm {

static int64_t aligned(int64_t bytes) {
  return (bytes + kPartAlignment - 1) / kPartAlignment * kPartAlignment;
}

int64_t PackedLayout::groupScales() const {
  switch (format->scale) {
  case Scale::F32:
    return aligned(groups() * panel * 4);
  case Scale::Integer:
    return aligned(panel * 4);
  case Scale::Double:
    return aligned(supers() * panel * 4);
  case Scale::None:
  case Scale::F16:
    break;
  }
  return 0;
}

int64_t PackedLayout::zeroPoints() const {
  int64_t width = format->scale == Scale::F16 ? 2 : format->scale == Scale::F32 ? 0 : 1;
  return groupScales() + aligned(groups() * panel * width);
}

int64_t PackedLayout::plane(int index) const {
  int64_t at = zeroPoints() + (format->hasZeroPoints ? aligned(groups() * panel) : 0);
  for (int before = 0; before < index; ++before)
    at += aligned(paddedK() * panel * format->planes[before] / 8);
  return at;
}

int64_t PackedLayout::panelBytes() const {
  return plane(format->planes[1] ? 2 : 1);
}

int64_t ActivationLayout::scales() const {
  return isCompact ? paddedK() : aligned(paddedK());
}

int64_t ActivationLayout::sums() const {
  return scales() + aligned(groups() * 4);
}

int64_t ActivationLayout::rowBytes() const {
  return isCompact ? scales() + groups() * 4 : sums() + aligned(groups() * 4);
}

} // namespace edgelm
