// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes the weights out of a serialized ONNX model without copying them.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <string>

namespace edgelm {

/// What `withoutWeights` found out about a file.
enum class WireStatus { Ok, Truncated, Malformed };

/// Copies the serialized ModelProto `file` to `result`, but for the data of tensors (initialisers and attributes,
/// in subgraphs too) that are longer than 64 bytes and little-endian arrays in the file (raw_data, packed float_data
/// and double_data): these tensors become external ones, without a location, whose `offset` and `length` are those in
/// `file`. So a model of any size is parsed in little memory, and the caller treats both kinds alike.
WireStatus withoutWeights(llvm::ArrayRef<uint8_t> file, std::string &result);

} // namespace edgelm
