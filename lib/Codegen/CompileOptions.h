// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a user asked for; passed to whoever needs it, never global.
#pragma once

#include "Codegen/Chat/Chat.h"
#include "Codegen/Object.h"
#include "Dialect/Targets.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgelm {

/// What is written.
enum class Emit { Library, Shared, Executable, Object, Assembly, Llvm, Mlir };

/// Tokens of a prefill: weights are read once for all of them. Where memory is scarce, activations of fewer.
inline constexpr int64_t defaultPrefillChunk = 128, smallPrefillChunk = 16;

/// One compile for one target.
struct CompileOptions {
  std::string input;  ///< model folder, .onnx file, or .mlir text that an earlier phase printed
  std::string output; ///< folder that gets a folder for the target; a file or "-" with stopAfter
  std::string name;   ///< C identifier; empty: from the input's name
  TargetSpec target;
  std::vector<TargetSpec> variants;    ///< machines with more than the target's, whose code is there too; best first
  std::optional<int64_t> context;      ///< tokens; default: the smaller of the model's and 2048
  std::optional<int64_t> prefillChunk; ///< tokens of a call of @prefill and @score, at most the context; default:
                                       ///< by the target, fewer where a limit of RAM has no room for so many
  std::string kv = "f32";              ///< element type of the key/value cache
  std::string quant;                   ///< format of every matrix; empty: as stored
  std::vector<std::string> quantMap;   ///< REGEX=FORMAT, for matrices by name
  std::string quantEmbedding;          ///< format of the embedding table
  std::string quantHead;               ///< format of the matrix that makes the logits
  bool requantize = false;             ///< may change the format of matrices that came quantized
  bool quantizedActivations = true;    ///< int8 activations where weights have a number format
  uint32_t maxThreads = 64;            ///< that a session can be opened with
  bool weightsInFile = false;          ///< beside the library instead of inside
  std::optional<bool> freestanding;    ///< without threads, with all functions that it calls; default: on bare machines
  std::optional<uint64_t> maxRam, maxFlash; ///< bytes, 0: any number; default: what the target's board has
  std::string weightsSection;               ///< that holds embedded weights; empty: .rodata.edgelm
  std::string codeSection;                  ///< in front of each function's own; empty: .text
  Emit emit = Emit::Library;
  std::string sysroot; ///< a Debian system whose C library a program is linked with; empty: this machine's packages
  std::string chatTemplate = chatAuto.str(); ///< chatAuto, chatNone or a file
  std::string startAfter;                    ///< phase that printed the input, for .mlir
  std::string stopAfter;                     ///< phase whose IR is printed
  bool dryRun = false;                       ///< only print sizes by context
  bool json = false;                         ///< with dryRun: for programs
  bool smallest = false;                     ///< code for size alone
  bool timing = false;
  bool explain = false; ///< print what was made of the model's nodes
  bool verifyEach = true;

  CodeGoal codeGoal() const {
    return smallest ? CodeGoal::Size : target.hosted ? CodeGoal::Speed : CodeGoal::SmallAndFast;
  }
  bool isFreestanding() const { return freestanding.value_or(!target.hosted); }
};

} // namespace edgelm
