// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sends commands to the program around a product and reads its messages.
#include "Product/GuestConnection.h"

#include <iostream>

using namespace edgelm::tools;

namespace {
/// Reads a description in the order in which guest.c writes it.
class Description {
public:
  explicit Description(const std::vector<uint8_t> &bytes) : bytes(bytes) {}

  uint64_t number() {
    uint64_t value;
    std::memcpy(&value, take(sizeof(value)), sizeof(value));
    return value;
  }
  std::string text() {
    const size_t count = size_t(number());
    const char *begin = reinterpret_cast<const char *>(take(count));
    return {begin, count};
  }

private:
  const uint8_t *take(size_t count) {
    if (count > bytes.size() - at)
      throw Failure(DeviceFailure, "the emulated program described itself in too few bytes");
    at += count;
    return bytes.data() + at - count;
  }

  const std::vector<uint8_t> &bytes;
  size_t at = 0;
};
} // namespace

/// Tensors as put_tensors() in guest.c writes them.
static void read(Description &from, GuestTensors &tensors) {
  tensors.names.resize(size_t(from.number()));
  tensors.dims.resize(tensors.names.size());
  for (size_t i = 0; i < tensors.names.size(); ++i) {
    tensors.names[i] = from.text();
    edgelm_tensor row = {tensors.names[i].c_str(), nullptr, 0, 0, 0, 0};
    row.type = uint32_t(from.number());
    row.bytes = size_t(from.number());
    row.rank = uint32_t(from.number());
    for (uint32_t d = 0; d < row.rank; ++d)
      tensors.dims[i].push_back(int64_t(from.number()));
    row.dims = tensors.dims[i].data();
    tensors.rows.push_back(row);
  }
}

/// A message that the program sends before it replies.
void GuestConnection::answerEvent(uint32_t kind, const std::vector<uint8_t> &bytes,
                                  const edgelm_generation *generation) {
  const char *text = reinterpret_cast<const char *>(bytes.data());
  edgelm_status status = EDGELM_OK;
  if (kind == GUEST_LOG) {
    std::cerr << "edgelm: " << std::string(text, bytes.size()) << '\n';
    return;
  }
  if (kind == GUEST_ID && generation && generation->on_id) {
    int32_t id;
    std::memcpy(&id, bytes.data(), sizeof(id));
    status = generation->on_id(generation->user, id);
  } else if (kind == GUEST_TEXT && generation && generation->on_text) {
    status = generation->on_text(generation->user, text, bytes.size());
  }
  partner.send(&status, sizeof(status));
}

Answer GuestConnection::call(guest_command command, const Payload &payload, const edgelm_generation *generation) {
  const uint32_t head[] = {uint32_t(command), uint32_t(payload.get().size())};
  partner.send(head, sizeof(head));
  partner.send(payload.get().data(), payload.get().size());
  for (;;) {
    uint32_t kind[2];
    partner.receive(kind, sizeof(kind));
    Answer answer;
    answer.bytes.resize(kind[1]);
    partner.receive(answer.bytes.data(), answer.bytes.size());
    if (kind[0] == GUEST_REPLY) {
      answer.status = answer.number<int32_t>(0);
      answer.bytes.erase(answer.bytes.begin(), answer.bytes.begin() + sizeof(int32_t));
      return answer;
    }
    answerEvent(kind[0], answer.bytes, generation);
  }
}

GuestConnection::GuestConnection(const Words &command) : partner(command) {
  describe();
}

/// In the order of describe() in guest.c.
void GuestConnection::describe() {
  const Answer answer = call(GUEST_DESCRIBE);
  if (answer.status)
    throw Failure(Integrity, std::string("cannot use the product: ") + edgelm_status_text(answer.status));
  Description from(answer.bytes);
  payloadBytes = from.number();
  description.kinds = uint32_t(from.number());
  description.context = uint32_t(from.number());
  description.vocab = uint32_t(from.number());
  description.prefill_chunk = uint32_t(from.number());
  description.max_threads = uint32_t(from.number());
  description.bos_id = int32_t(from.number());
  description.second_type = int32_t(from.number());
  description.arena_bytes = size_t(from.number());
  description.weight_bytes = size_t(from.number());
  name = from.text();
  version = from.text();
  fingerprint = from.text();
  features = from.text();
  const std::string ids = from.text();
  stopIds.resize(ids.size() / sizeof(int32_t));
  std::memcpy(stopIds.data(), ids.data(), ids.size());
  read(from, inputs);
  read(from, outputs);
  description.name = name.c_str();
  description.version = version.c_str();
  description.fingerprint = reinterpret_cast<const uint8_t *>(fingerprint.data());
  description.cpu_features = features.c_str();
  description.stop_ids = stopIds.data();
  description.stop_count = stopIds.size();
  description.inputs = inputs.rows.data();
  description.input_count = inputs.rows.size();
  description.outputs = outputs.rows.data();
  description.output_count = outputs.rows.size();
}
