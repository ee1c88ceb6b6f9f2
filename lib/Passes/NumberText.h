// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers in diagnostics, short.
#pragma once

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <string>

namespace edgelm {

/// At most six digits, no trailing zeros.
inline std::string numberText(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", number);
  return text;
}

} // namespace edgelm
