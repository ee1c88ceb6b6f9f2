// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of machines that EdgeLM compiles for, one row each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace edgelm {

/// One target as written in the table. Common code asks a row's property, never its name.
struct TargetRow {
  /// What `--target` takes and what names the output folder.
  std::string_view name;
  /// One phrase for `--help`.
  std::string_view summary;
  /// LLVM target triple.
  std::string_view triple;
  /// LLVM CPU name that decides which instructions may be used.
  std::string_view cpu;
  /// CPU whose pipelines are scheduled for; empty means that of `cpu`.
  std::string_view tuneCpu = "";
  /// LLVM subtarget features on top of the CPU's, comma separated with + or -.
  std::string_view features = "";
  /// LLVM's name of the calling convention where an architecture has several (RISC-V), as clang's -mabi.
  std::string_view abi = "";
  /// Floats are passed in floating-point registers (32-bit ARM), as clang's -mfloat-abi=hard.
  bool hardFloat = false;
  /// Name of the row in the ISA table (lib/Codegen/Isa) that kernels are written for.
  std::string_view isa;
  /// Name of the runtime's bitcode (runtime/CMakeLists.txt): the architecture's baseline and its calling convention.
  std::string_view runtime;
  /// CPU features, comma separated, that the product must find when it is opened; LLVM's feature names.
  std::string_view requiredFeatures = "";
  /// Whether an operating system with a C library is there (threads, files, shared objects).
  bool hosted = true;
  /// Bytes of RAM and of flash that a board has; 0 where that is not fixed.
  uint64_t ramBytes = 0, flashBytes = 0;
  /// The command of qemu's that runs programs of this target elsewhere: a user-mode emulator for a hosted target, a
  /// machine for firmware; words separated by blanks.
  std::string_view emulator = "";
};

/// A target as a compile uses it: a row of the table, or the machine that the compiler runs on.
struct TargetSpec {
  std::string name;
  std::string triple;
  std::string cpu;
  /// CPU whose pipelines are scheduled for; empty means that of `cpu`.
  std::string tuneCpu;
  std::string features;
  std::string abi;
  bool hardFloat = false;
  std::string isa;
  std::string runtime;
  std::string requiredFeatures;
  bool hosted = true;
  uint64_t ramBytes = 0, flashBytes = 0;
  std::string emulator;

  /// Copies a row.
  static TargetSpec of(const TargetRow &row);
};

/// All rows, in the order of `--help`. The name `host` is not among them: it is resolved by Codegen.
std::span<const TargetRow *const> targetTable();

/// The row of that name, or null.
const TargetRow *findTarget(std::string_view name);

/// The names of all rows and `host`, comma separated, for messages.
std::string targetNames();

} // namespace edgelm
