// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The files of Guest/ that the tools carry inside, since they are compiled where a product is run.
#pragma once

#include <span>
#include <string_view>

namespace edgelm::tools {

/// A file by the name it is written with.
struct EmbeddedFile {
  std::string_view name, bytes;
};

/// The sources of the program around a product.
std::span<const EmbeddedFile> guestSources();

/// The compiled plugin that counts instructions, a shared library for this machine.
EmbeddedFile countPlugin();

} // namespace edgelm::tools
