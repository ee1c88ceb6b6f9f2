// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Carries the runtime's bitcode files inside the compiler: one row of bitcode_rows.inc for each, made by CMake.
#include "RuntimeBitcode.h"

#include <cstddef>

#define ROW(name, part, file, symbol)                                                                                  \
  __asm__(".section .rodata\n"                                                                                         \
          ".balign 16\n"                                                                                               \
          "edgelm_bitcode_" #symbol ":\n"                                                                              \
          ".incbin \"" file "\"\n"                                                                                     \
          "edgelm_bitcode_end_" #symbol ":\n"                                                                          \
          ".previous\n");                                                                                              \
  extern "C" const char edgelm_bitcode_##symbol[], edgelm_bitcode_end_##symbol[];
#include <bitcode_rows.inc>
#undef ROW

using edgelm::RuntimePart;

namespace {
struct Row {
  std::string_view name;
  RuntimePart part;
  const char *begin;
  const char *end;
};
} // namespace

static const Row rows[] = {
#define ROW(name, part, file, symbol) {name, RuntimePart::part, edgelm_bitcode_##symbol, edgelm_bitcode_end_##symbol},
#include <bitcode_rows.inc>
#undef ROW
};

std::string_view edgelm::findRuntimeBitcode(std::string_view name, RuntimePart part) {
  for (const Row &row : rows)
    if (row.name == name && row.part == part)
      return {row.begin, static_cast<std::size_t>(row.end - row.begin)};
  return {};
}
