// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls LLD's driver for ELF.
#include "Codegen/Linker.h"
#include "Codegen/CompileError.h"
#include "lld/Common/CommonLinkerContext.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"

LLD_HAS_DRIVER(elf)

using namespace llvm;

namespace edgelm {

Error runLinker(ArrayRef<std::string> arguments, StringRef what) {
  SmallVector<const char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  std::string words;
  raw_string_ostream stream(words);
  bool linked = lld::elf::link(argv, stream, stream, /*exitEarly=*/false, /*disableOutput=*/false);
  lld::CommonLinkerContext::destroy();
  if (linked)
    return Error::success();
  bool isDisk = StringRef(words).contains("No space left") || StringRef(words).contains("File too large");
  return fail(isDisk ? ExitStatus::BadInput : ExitStatus::Internal,
              "linking " + what + " failed: " + StringRef(words).trim());
}

} // namespace edgelm
