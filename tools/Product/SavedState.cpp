// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Looks into the FlatBuffer of lib/Codegen/Schema/State.fbs.
#include "Product/SavedState.h"
#include "Dialect/Codec.h"
#include "Product/Failure.h"
#include "Product/TensorFile.h"
#include "State_generated.h"

#include <cstring>

using namespace edgelm::tools;

/// The root; accessors of FlatBuffers 2 that find a vector to write to want a pointer that may be written through.
static edgelm::schema::State *root(const std::vector<uint8_t> &buffer) {
  return edgelm::schema::GetMutableState(const_cast<uint8_t *>(buffer.data()));
}

static edgelm::schema::StateTensor *tensor(const std::vector<uint8_t> &buffer, size_t index) {
  return root(buffer)->mutable_tensors()->GetMutableObject(flatbuffers::uoffset_t(index));
}

SavedState::SavedState(const Session &session) : buffer(session.save()) {
  flatbuffers::Verifier verifier(buffer.data(), buffer.size());
  if (!edgelm::schema::VerifyStateBuffer(verifier))
    throw Failure(OwnFault, "edgelm_save wrote no valid state");
}

size_t SavedState::count() const {
  return root(buffer)->tensors()->size();
}
size_t SavedState::position() const {
  return root(buffer)->position();
}
std::vector<int32_t> SavedState::tokens() const {
  const flatbuffers::Vector<int32_t> *list = root(buffer)->tokens();
  return list ? std::vector<int32_t>(list->begin(), list->end()) : std::vector<int32_t>();
}
size_t SavedState::heads(size_t index) const {
  return tensor(buffer, index)->outer();
}
size_t SavedState::rowBytes(size_t index) const {
  return tensor(buffer, index)->row_bytes();
}

uint8_t *SavedState::rowAt(size_t index, size_t head, size_t row) const {
  edgelm::schema::StateTensor *state = tensor(buffer, index);
  return state->mutable_data()->data() + (head * position() + row) * state->row_bytes();
}

/// How a row in int8 lies.
static edgelm::ActivationLayout int8Row(size_t columns) {
  return {int64_t(columns), /*group=*/0, /*isCompact=*/true};
}

bool SavedState::holds(size_t index, size_t columns) const {
  const size_t bytes = rowBytes(index);
  return columns && (bytes == 4 * columns || bytes == 2 * columns || bytes == size_t(int8Row(columns).rowBytes()));
}

void SavedState::get(size_t index, size_t head, size_t row, std::span<float> values) const {
  const uint8_t *from = rowAt(index, head, row);
  if (rowBytes(index) == 4 * values.size()) {
    std::memcpy(values.data(), from, values.size_bytes());
  } else if (rowBytes(index) == 2 * values.size()) {
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t half;
      std::memcpy(&half, from + 2 * i, sizeof(half));
      values[i] = halfToFloat(half);
    }
  } else {
    float scale;
    std::memcpy(&scale, from + int8Row(values.size()).scales(), sizeof(scale));
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = scale * float(int8_t(from[i]));
  }
}

void SavedState::set(size_t index, size_t head, size_t row, std::span<const float> values) {
  uint8_t *to = rowAt(index, head, row);
  if (rowBytes(index) == 4 * values.size()) {
    std::memcpy(to, values.data(), values.size_bytes());
  } else if (rowBytes(index) == 2 * values.size()) {
    for (size_t i = 0; i < values.size(); ++i) {
      const uint16_t half = floatToHalf(values[i]);
      std::memcpy(to + 2 * i, &half, sizeof(half));
    }
  } else {
    edgelm::quantizeActivations(int8Row(values.size()), values.data(), to);
  }
}
