// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds a program around the library of a product for another machine.
#pragma once

#include "Product/Process.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace edgelm::tools {

/// What the report beside a product says about it.
struct ProductReport {
  std::filesystem::path folder; ///< of the product
  std::string name;
  std::string target, triple, cpu, emulator;
  bool hosted = true, hardFloat = false;
  uint64_t codeBytes = 0, weightBytes = 0, arenaBytes = 0;

  /// Reads `<folder>/<name>.json`.
  static ProductReport read(const std::filesystem::path &folder, const std::string &name);
};

/// How to run a product on an emulator.
struct EmulationOptions {
  bool emulate = false;           ///< also what this machine could run itself
  std::string cpu;                ///< qemu's name of the processor instead of the target's
  bool countInstructions = false; ///< of prefill, decode and the like
};

/// Compiles and links the program in `work` and returns the emulator's command line. Throws a Failure of status
/// DeviceFailure that names what is missing and the Debian package that has it.
Words buildGuest(const ProductReport &report, const EmulationOptions &options, const std::filesystem::path &work);

/// The file in `work` to which the emulator writes counted instructions, one number a line.
std::filesystem::path countFile(const std::filesystem::path &work);

} // namespace edgelm::tools
