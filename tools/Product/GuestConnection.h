// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tool's side of Guest/protocol.h: commands and answers.
#pragma once

#include "Product/Failure.h"
#include "Product/Guest/protocol.h"
#include "Product/Process.h"
#include "edgelm.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace edgelm::tools {

/// The payload of a command.
class Payload {
public:
  template <typename Number> Payload &add(Number value) { return add(&value, sizeof(value)); }
  Payload &add(const void *from, size_t count) {
    const uint8_t *begin = static_cast<const uint8_t *>(from);
    bytes.insert(bytes.end(), begin, begin + count);
    return *this;
  }
  Payload &align(size_t alignment) {
    bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
  const std::vector<uint8_t> &get() const { return bytes; }

private:
  std::vector<uint8_t> bytes;
};

/// What a command answers.
struct Answer {
  edgelm_status status = EDGELM_OK;
  std::vector<uint8_t> bytes;

  template <typename Number> Number number(size_t index) const {
    Number value = {};
    if ((index + 1) * sizeof(value) > bytes.size())
      throw Failure(DeviceFailure, "the emulated program answered too little");
    std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
    return value;
  }
};

/// Inputs or outputs with what their pointers point to.
struct GuestTensors {
  std::vector<std::string> names;
  std::vector<std::vector<int64_t>> dims;
  std::vector<edgelm_tensor> rows;
};

/// A running program around a product.
class GuestConnection {
public:
  /// Starts `command` and asks what the product is.
  explicit GuestConnection(const Words &command);

  /// `generation` takes the events of GUEST_GENERATE.
  Answer call(guest_command command, const Payload &payload = {}, const edgelm_generation *generation = nullptr);

  /// What the product is; the pointers are to members of this object.
  const edgelm_info &info() const { return description; }
  /// Memory that the program has for the payload of a command and of its answer.
  uint64_t memoryBytes() const { return payloadBytes; }

private:
  void describe();
  void answerEvent(uint32_t kind, const std::vector<uint8_t> &bytes, const edgelm_generation *generation);

  Partner partner;
  uint64_t payloadBytes = 0;
  std::string name, version, fingerprint, features;
  std::vector<int32_t> stopIds;
  GuestTensors inputs, outputs;
  edgelm_info description = {};
};

} // namespace edgelm::tools
