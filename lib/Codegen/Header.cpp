// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints a product's header and carries edgelm.h.
#include "Codegen/Header.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

// The paths of runtime/edgelm.h and runtime/hosted/edgelm_map.h, made macros by CMake.
__asm__(".section .rodata\n"
        "edgelm_public_header:\n"
        ".incbin \"" EDGELM_PUBLIC_HEADER "\"\n"
        "edgelm_public_header_end:\n"
        "edgelm_map_header:\n"
        ".incbin \"" EDGELM_MAP_HEADER "\"\n"
        "edgelm_map_header_end:\n"
        ".previous\n");
extern "C" const char edgelm_public_header[], edgelm_public_header_end[];
extern "C" const char edgelm_map_header[], edgelm_map_header_end[];

namespace edgelm {

std::string_view publicHeaderText() {
  return {edgelm_public_header, static_cast<size_t>(edgelm_public_header_end - edgelm_public_header)};
}

std::string_view mapHeaderText() {
  return {edgelm_map_header, static_cast<size_t>(edgelm_map_header_end - edgelm_map_header)};
}

std::string toIdentifier(StringRef text) {
  std::string name;
  for (char c : text)
    name += isAlnum(c) ? c : '_';
  if (!name.empty() && isDigit(name[0]))
    name.insert(0, "_");
  return name.find_first_not_of('_') == std::string::npos ? "" : name;
}

std::string headerText(const ModelInfo &info) {
  std::string macro = StringRef(info.name).upper(), text;
  raw_string_ostream os(text);
  os << "// Made by EdgeLM. The compiled model " << info.name << ".\n"
     << "#pragma once\n\n#include \"edgelm.h\"\n\n";
  auto define = [&](StringRef what, uint64_t value, StringRef comment) {
    os << "#define " << macro << "_" << what << " " << value << " /* " << comment << " */\n";
  };
  define("ARENA_BYTES", info.arenaBytes, "memory of a session, aligned to EDGELM_ARENA_ALIGNMENT");
  define("WEIGHT_BYTES", info.weightBytes, "constant");
  define("CODE_BYTES", info.codeBytes, "code and tables, constant");
  define("STACK_BYTES", info.stackBytes, "of the caller that a call takes at most, callbacks and the C library not");
  if (info.context)
    define("CONTEXT", info.context, info.entry("encode") ? "tokens of a call" : "tokens that a session holds");
  if (info.vocab)
    define("VOCAB", info.vocab, "token ids are below");
  if (info.prefillChunk())
    define("PREFILL_CHUNK", info.prefillChunk(), "tokens that one pass over the weights takes");
  define("MAX_THREADS", info.maxThreads, "of a session");
  os << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
     << "extern const edgelm_model " << info.name << ";\n\n"
     << "#ifdef __cplusplus\n}\n#endif\n";
  return text;
}

} // namespace edgelm
