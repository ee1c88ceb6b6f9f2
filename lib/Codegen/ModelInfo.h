// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a compiled model is, gathered once for its descriptor, its header and its report.
#pragma once

#include "Codegen/Chat/Chat.h"
#include "Codegen/WeightPacker.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace edgelm {

/// An input or output that lies in the arena.
struct TensorInfo {
  std::string name;
  std::vector<int64_t> dims;
  uint32_t type = 0; ///< number of ONNX' TensorProto.DataType
  uint64_t bytes = 0;
  uint64_t offset = 0; ///< in the arena
};

/// A key or value cache.
struct StateInfo {
  std::string name;
  uint64_t offset = 0;
  uint64_t outer = 0;    ///< key/value heads
  uint64_t rows = 0;     ///< context
  uint64_t rowBytes = 0; ///< of one head's row, scale and padding included
  std::string type;      ///< of the elements
};

/// A part of the arena.
struct RegionInfo {
  std::string name;
  uint64_t offset = 0;
  uint64_t bytes = 0;
};

/// Kernels of one call of an entry.
struct LaunchCounts {
  uint64_t threaded = 0; ///< launches on all threads, each of which ends in a barrier
  uint64_t serial = 0;   ///< kernels that the calling thread runs alone, since they have little to do
  uint64_t layers = 0;   ///< attentions
  uint64_t perLayer = 0; ///< launches on all threads from one attention to the next, of two layers at least
};

/// A function of the product; its symbol is its name.
struct EntryInfo {
  std::string name; ///< decode, prefill, score, encode or invoke
  uint32_t tokens = 0;
  uint64_t macs = 0;          ///< multiply-accumulates of a call against weights
  uint64_t weightBytes = 0;   ///< bytes of weights that a call reads
  LaunchCounts launches = {}; ///< known once kernels are chosen
};

/// Code in the same product for machines that have more.
struct VariantInfo {
  std::string target; ///< a name of the target table
  std::string isa;
  std::string requiredFeatures;
  uint64_t codeBytes = 0;   ///< of its functions, known at the end
  uint64_t weightBytes = 0; ///< of weights that no other code reads
  uint64_t arenaBytes = 0;
};

/// Everything about one compiled model.
struct ModelInfo {
  std::string name;           ///< C identifier of the product
  std::string fingerprint;    ///< 64 hexadecimal digits: weights and shapes of the state
  std::string weightLayout;   ///< 64 hexadecimal digits: where which weight lies in what form
  bool weightsInFile = false; ///< not in the library
  std::vector<EntryInfo> entries;
  std::vector<TensorInfo> inputs;  ///< of invoke
  std::vector<TensorInfo> outputs; ///< of encode and invoke
  std::vector<StateInfo> states;
  std::vector<RegionInfo> regions; ///< of the arena, by offset
  std::vector<WeightPlace> weights;
  uint64_t weightBytes = 0;
  uint64_t arenaBytes = 0;
  uint64_t codeBytes = 0;  ///< code and constants, without weights; known at the end
  uint64_t stackBytes = 0; ///< that a call takes at most on the caller's stack, callbacks not; known at the end
  std::map<std::string, uint64_t> stackOfCalls; ///< the same for each function of the interface
  uint64_t threadStackBytes = 0;                ///< the same for a thread of the library's own pool, on its stack
  uint32_t context = 0;
  uint32_t vocab = 0;
  uint32_t maxThreads = 1;
  std::optional<uint64_t> tokensOffset, maskOffset, typesOffset, logitsOffset;
  std::optional<uint32_t> bosId;
  std::optional<uint32_t> secondType; ///< token type of a second text
  std::vector<int32_t> stopIds;
  std::string tokenizer;             ///< table blob, empty: none
  std::optional<ChatTurns> chat;     ///< only of decoders with a tokenizer
  std::string requiredFeatures;      ///< comma separated, that the processor is checked for
  std::vector<VariantInfo> variants; ///< best first; weights and arena have room for all of them

  /// The entry of that name, or null.
  const EntryInfo *entry(llvm::StringRef name) const;
  /// Tokens of a prompt that one pass over the weights takes: a model without @prefill decodes them one by one.
  uint32_t prefillChunk() const;
  /// The part of the arena of that name, or null.
  const RegionInfo *region(llvm::StringRef name) const;
};

/// Reads all that the IR knows after the memory plan.
llvm::Expected<ModelInfo> gatherModelInfo(mlir::ModuleOp module);

/// Gives `info` the places of a product whose weights several variants read.
void setWeights(ModelInfo &info, std::vector<WeightPlace> places, uint64_t bytes);

/// Counts what the entries of `module` launch, after edgelm-lower-to-kernels.
void countLaunches(mlir::ModuleOp module, ModelInfo &info);

} // namespace edgelm
