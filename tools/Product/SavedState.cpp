// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Looks into the FlatBuffer of lib/Codegen/Schema/State.fbs.
#include "Product/SavedState.h"
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
size_t SavedState::heads(size_t index) const {
  return tensor(buffer, index)->outer();
}
size_t SavedState::rowBytes(size_t index) const {
  return tensor(buffer, index)->row_bytes();
}

uint8_t *SavedState::element(size_t index, size_t head, size_t row, size_t at) const {
  edgelm::schema::StateTensor *state = tensor(buffer, index);
  return state->mutable_data()->data() + (head * position() + row) * state->row_bytes() + at * elementBytes;
}

float SavedState::get(size_t index, size_t head, size_t row, size_t at) const {
  const uint8_t *from = element(index, head, row, at);
  if (elementBytes == sizeof(uint16_t)) {
    uint16_t half;
    std::memcpy(&half, from, sizeof(half));
    return halfToFloat(half);
  }
  float value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

void SavedState::set(size_t index, size_t head, size_t row, size_t at, float value) {
  uint8_t *to = element(index, head, row, at);
  if (elementBytes == sizeof(uint16_t)) {
    const uint16_t half = floatToHalf(value);
    std::memcpy(to, &half, sizeof(half));
    return;
  }
  std::memcpy(to, &value, sizeof(value));
}
