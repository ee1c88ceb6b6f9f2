// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts files into the tool's constants; CMake gives their paths.
#include "Product/Embedded.h"

using namespace edgelm::tools;

#define EMBED(symbol, path)                                                                                            \
  __asm__(".section .rodata\nedgelm_" #symbol ":\n.incbin \"" path "\"\nedgelm_" #symbol "_end:\n.previous\n");        \
  extern "C" const char edgelm_##symbol[], edgelm_##symbol##_end[];

EMBED(guest_c, EDGELM_GUEST_DIR "/guest.c")
EMBED(guest_h, EDGELM_GUEST_DIR "/guest.h")
EMBED(protocol_h, EDGELM_GUEST_DIR "/protocol.h")
EMBED(linux_c, EDGELM_GUEST_DIR "/linux.c")
EMBED(bare_metal_c, EDGELM_GUEST_DIR "/bare_metal.c")
EMBED(count_plugin, EDGELM_COUNT_PLUGIN)

#define BYTES(symbol) {edgelm_##symbol, static_cast<size_t>(edgelm_##symbol##_end - edgelm_##symbol)}

std::span<const EmbeddedFile> edgelm::tools::guestSources() {
  static const EmbeddedFile files[] = {{"guest.c", BYTES(guest_c)},
                                       {"guest.h", BYTES(guest_h)},
                                       {"protocol.h", BYTES(protocol_h)},
                                       {"linux.c", BYTES(linux_c)},
                                       {"bare_metal.c", BYTES(bare_metal_c)}};
  return files;
}

EmbeddedFile edgelm::tools::countPlugin() {
  return {"count.so", BYTES(count_plugin)};
}
