// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of edgelm.h over a connection.
#include "Product/GuestModel.h"
#include "Product/GuestConnection.h"

#include <algorithm>
#include <fstream>
#include <map>

using namespace edgelm::tools;

namespace {
/// The one session of a program.
struct RemoteSession {
  edgelm_session base = {};
  std::vector<float> logits;                      ///< of the last call, once they were asked for
  std::map<size_t, std::vector<uint8_t>> outputs; ///< likewise
};

/// The descriptor as the functions below get it.
struct RemoteModel {
  edgelm_model base;
  struct Remote *remote;
};

/// What a descriptor stands for.
struct Remote {
  GuestConnection connection;
  RemoteModel model;
  edgelm_functions functions;
  RemoteSession session;

  /// A call after which logits and outputs are others.
  edgelm_status change(guest_command command, const Payload &payload = {}) {
    session.logits.clear();
    session.outputs.clear();
    return connection.call(command, payload).status;
  }
};
} // namespace

static Remote &remoteOf(const edgelm_model *model) {
  return *reinterpret_cast<const RemoteModel *>(model)->remote;
}

static Remote &remoteOf(const edgelm_session *session) {
  return remoteOf(session->model);
}

static edgelm_status describe(const edgelm_model *model, edgelm_info *info) {
  *info = remoteOf(model).connection.info();
  return EDGELM_OK;
}

static edgelm_status open(const edgelm_model *model, void *, size_t, const edgelm_options *options,
                          edgelm_session **session) {
  Remote &guest = remoteOf(model);
  if (options && (options->poll || options->on_logits))
    return EDGELM_UNSUPPORTED;
  const edgelm_status status = guest.change(GUEST_OPEN, Payload().add(uint32_t(options ? options->threads : 1)));
  if (status == EDGELM_OK) {
    guest.session.base.model = model;
    *session = &guest.session.base;
  }
  return status;
}

static void close(edgelm_session *session) {
  remoteOf(session).change(GUEST_CLOSE);
  session->model = nullptr;
}

static edgelm_status reset(edgelm_session *session) {
  return remoteOf(session).change(GUEST_RESET);
}

static size_t position(const edgelm_session *session) {
  return remoteOf(session).connection.call(GUEST_POSITION).number<uint32_t>(0);
}

/// Hands out an answer of elements as edgelm.h's functions with a capacity do.
template <typename Element>
static edgelm_status handOut(const Answer &answer, Element *to, size_t capacity, size_t *count) {
  if (answer.status)
    return answer.status;
  *count = answer.bytes.size() / sizeof(Element);
  if (*count > capacity)
    return EDGELM_BUFFER_TOO_SMALL;
  if (*count)
    std::memcpy(to, answer.bytes.data(), answer.bytes.size());
  return EDGELM_OK;
}

static edgelm_status tokenize(edgelm_session *session, const char *text, size_t bytes, uint32_t flags, int32_t *ids,
                              size_t capacity, size_t *count) {
  return handOut(remoteOf(session).connection.call(GUEST_TOKENIZE, Payload().add(flags).add(text, bytes)), ids,
                 capacity, count);
}

static edgelm_status detokenize(edgelm_session *session, const int32_t *ids, size_t count, uint32_t flags, char *text,
                                size_t capacity, size_t *bytes) {
  return handOut(
      remoteOf(session).connection.call(GUEST_DETOKENIZE, Payload().add(flags).add(ids, count * sizeof(*ids))), text,
      capacity, bytes);
}

static edgelm_status prefill(edgelm_session *session, const int32_t *ids, size_t count) {
  return remoteOf(session).change(GUEST_PREFILL, Payload().add(ids, count * sizeof(*ids)));
}

/// In as many calls as the program's memory for logits makes necessary.
static edgelm_status score(edgelm_session *session, const int32_t *ids, size_t count, float *logits) {
  Remote &guest = remoteOf(session);
  guest.session.logits.clear();
  const size_t rowBytes = guest.connection.info().vocab * sizeof(float);
  const size_t most = std::max<size_t>(1, size_t(guest.connection.memoryBytes() / 2 / rowBytes));
  for (size_t done = 0; done < count;) {
    const size_t now = std::min(most, count - done);
    const Answer answer = guest.connection.call(GUEST_SCORE, Payload().add(ids + done, now * sizeof(*ids)));
    if (answer.status)
      return answer.status;
    if (answer.bytes.size() != now * rowBytes)
      throw Failure(DeviceFailure, "the emulated program answered too few logits");
    std::memcpy(logits + done * guest.connection.info().vocab, answer.bytes.data(), answer.bytes.size());
    done += now;
  }
  return EDGELM_OK;
}

static float *logits(edgelm_session *session) {
  Remote &guest = remoteOf(session);
  std::vector<float> &copy = guest.session.logits;
  if (copy.empty()) {
    const Answer answer = guest.connection.call(GUEST_LOGITS);
    copy.resize(answer.bytes.size() / sizeof(float));
    if (!copy.empty())
      std::memcpy(copy.data(), answer.bytes.data(), answer.bytes.size());
  }
  return copy.empty() ? nullptr : copy.data();
}

static edgelm_status seed(edgelm_session *session, uint64_t value) {
  return remoteOf(session).connection.call(GUEST_SEED, Payload().add(value)).status;
}

static Payload &addSampling(Payload &payload, const edgelm_sampling &sampling) {
  return payload.add(sampling.temperature)
      .add(sampling.top_k)
      .add(sampling.top_p)
      .add(sampling.min_p)
      .add(sampling.repeat_penalty)
      .add(sampling.repeat_last_n);
}

static edgelm_status sample(edgelm_session *session, const edgelm_sampling *sampling, int32_t *id) {
  Payload payload;
  addSampling(payload, sampling ? *sampling : edgelm_sampling{});
  const Answer answer = remoteOf(session).connection.call(GUEST_SAMPLE, payload);
  *id = answer.number<int32_t>(0);
  return answer.status;
}

static edgelm_status generate(edgelm_session *session, const void *prompt, size_t bytes, uint32_t flags,
                              const edgelm_generation *generation, edgelm_result *result) {
  const edgelm_generation wanted = generation ? *generation : edgelm_generation{};
  flags |= wanted.flags | (wanted.on_text ? GUEST_WANTS_TEXT : 0);
  Payload payload;
  addSampling(payload, wanted.sampling).add(uint64_t(wanted.max_tokens)).add(flags).add(uint32_t(wanted.stop_count));
  payload.add(wanted.stop_ids, wanted.stop_count * sizeof(int32_t)).add(prompt, bytes);
  Remote &guest = remoteOf(session);
  guest.session.logits.clear();
  const Answer answer = guest.connection.call(GUEST_GENERATE, payload, &wanted);
  if (result)
    *result = {size_t(answer.number<uint64_t>(0)), size_t(answer.number<uint64_t>(1)),
               int32_t(answer.number<uint64_t>(2)), 0, 0};
  return answer.status;
}

static edgelm_status generateText(edgelm_session *session, const char *text, size_t bytes,
                                  const edgelm_generation *generation, edgelm_result *result) {
  return generate(session, text, bytes, GUEST_PROMPT_IS_TEXT, generation, result);
}

static edgelm_status generateIds(edgelm_session *session, const int32_t *ids, size_t count,
                                 const edgelm_generation *generation, edgelm_result *result) {
  return generate(session, ids, count * sizeof(*ids), 0, generation, result);
}

static edgelm_status chat(edgelm_session *session, const char *system, size_t systemBytes, const char *text,
                          size_t bytes) {
  Payload payload;
  payload.add(uint32_t(system ? 1 : 0)).add(uint32_t(systemBytes)).add(system, systemBytes).add(text, bytes);
  return remoteOf(session).change(GUEST_CHAT, payload);
}

static edgelm_status save(const edgelm_session *session, void *buffer, size_t capacity, size_t *bytes) {
  return handOut(remoteOf(session).connection.call(GUEST_SAVE), static_cast<uint8_t *>(buffer), capacity, bytes);
}

static edgelm_status restore(edgelm_session *session, const void *bytes, size_t count) {
  return remoteOf(session).change(GUEST_RESTORE, Payload().add(bytes, count));
}

static const void *output(const edgelm_session *session, size_t index) {
  Remote &guest = remoteOf(session);
  const auto [found, isNew] = guest.session.outputs.try_emplace(index);
  if (isNew)
    found->second = guest.connection.call(GUEST_OUTPUT, Payload().add(uint32_t(index))).bytes;
  return found->second.empty() ? nullptr : found->second.data();
}

static void copyOutputs(edgelm_session *session, void *const outputs[]) {
  const edgelm_info &info = remoteOf(session).connection.info();
  for (size_t i = 0; outputs && i < info.output_count; ++i)
    if (const void *from = outputs[i] ? output(session, i) : nullptr)
      std::memcpy(outputs[i], from, info.outputs[i].bytes);
}

static edgelm_status encode(edgelm_session *session, const int32_t *tokens, const int32_t *mask, const int32_t *types,
                            size_t count, void *const outputs[]) {
  const size_t bytes = count * sizeof(int32_t);
  Payload payload;
  payload.add(uint32_t((mask ? 1 : 0) | (types ? 2 : 0))).add(tokens, bytes);
  if (mask)
    payload.add(mask, bytes);
  if (types)
    payload.add(types, bytes);
  const edgelm_status status = remoteOf(session).change(GUEST_ENCODE, payload);
  if (status == EDGELM_OK)
    copyOutputs(session, outputs);
  return status;
}

static edgelm_status invoke(edgelm_session *session, const void *const inputs[], void *const outputs[]) {
  Remote &guest = remoteOf(session);
  Payload payload;
  for (size_t i = 0; i < guest.connection.info().input_count; ++i)
    payload.add(inputs[i], guest.connection.info().inputs[i].bytes).align(16);
  const edgelm_status status = guest.change(GUEST_INVOKE, payload);
  if (status == EDGELM_OK)
    copyOutputs(session, outputs);
  return status;
}

/// The threads are the program's: only their number is remembered.
static size_t poolBytes(uint32_t) {
  return 1;
}
static edgelm_status poolStart(void *, size_t, uint32_t threads, edgelm_options *options) {
  options->threads = threads;
  return EDGELM_OK;
}
static void poolStop(edgelm_options *options) {
  options->threads = 0;
}

static constexpr edgelm_functions kFunctions = {describe,     open,        close,     reset,    position, tokenize,
                                                detokenize,   prefill,     score,     logits,   seed,     sample,
                                                generateText, generateIds, save,      restore,  encode,   invoke,
                                                output,       poolBytes,   poolStart, poolStop, chat};

struct GuestModel::State {
  TemporaryFolder work;
  Remote remote;
  std::ifstream counts;

  State(const ProductReport &report, const EmulationOptions &options)
      : remote{GuestConnection(buildGuest(report, options, work.path())), {}, kFunctions, {}} {
    remote.model = {{EDGELM_MAGIC, EDGELM_ABI_VERSION, &remote.functions}, &remote};
    if (!(remote.connection.info().kinds & EDGELM_POOL)) {
      remote.functions.pool_bytes = nullptr;
      remote.functions.pool_start = nullptr;
      remote.functions.pool_stop = nullptr;
    }
    if (options.countInstructions)
      counts.open(countFile(work.path()));
  }
};

GuestModel::GuestModel(const ProductReport &report, const EmulationOptions &options)
    : state(std::make_unique<State>(report, options)) {}

GuestModel::~GuestModel() = default;

const edgelm_model *GuestModel::model() const {
  return &state->remote.model.base;
}

std::vector<uint64_t> GuestModel::takeCounts() {
  std::vector<uint64_t> numbers;
  for (uint64_t number; state->counts >> number;)
    numbers.push_back(number);
  state->counts.clear(); // the file grows
  return numbers;
}

uint32_t GuestModel::stackBytes() {
  return state->remote.connection.call(GUEST_STACK_BYTES).number<uint32_t>(0);
}
