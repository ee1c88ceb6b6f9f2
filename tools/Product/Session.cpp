// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory, threads and the buffers of the calls that answer with a size.
#include "Product/Session.h"
#include "Product/Failure.h"

#include <algorithm>
#include <new>
#include <sys/mman.h>

using namespace edgelm::tools;

static constexpr size_t hugePage = size_t(2) << 20;

/// Monotonic nanoseconds, for edgelm_result.
static uint64_t nanoseconds(void *) {
  return uint64_t(seconds() * 1e9);
}

/// What open says about its refusal.
static void keepMessage(void *user, const char *message) {
  *static_cast<std::string *>(user) = message;
}

Session::Memory Session::allocate(size_t bytes) {
  // An arena below one huge page would only grow by being rounded up to it.
  const size_t unit = bytes < hugePage ? EDGELM_ARENA_ALIGNMENT : hugePage;
  const size_t rounded = (std::max<size_t>(bytes, 1) + unit - 1) / unit * unit;
  Memory memory(std::aligned_alloc(unit, rounded));
  if (!memory)
    throw std::bad_alloc();
  if (unit == hugePage)
    madvise(memory.get(), rounded, MADV_HUGEPAGE); // only a wish
  return memory;
}

Session::Session(const Product &product, uint32_t threads) : product(product), options(product.options()) {
  const edgelm_model *model = product.model();
  options.clock = nanoseconds;
  if (threads > 1) {
    const size_t bytes = edgelm_pool_bytes(model, threads);
    pool = allocate(bytes);
    check(edgelm_pool_start(model, pool.get(), bytes, threads, &options),
          "cannot start " + std::to_string(threads) + " threads");
  }
  arena = allocate(info().arena_bytes);
  options.user = &refusal;
  options.log = keepMessage;
  const edgelm_status status = edgelm_open(model, arena.get(), info().arena_bytes, &options, &session);
  if (status != EDGELM_OK && pool)
    edgelm_pool_stop(model, &options);
  check(status, "cannot open " + product.file().string() + (refusal.empty() ? "" : " (needs " + refusal + ")"));
}

Session::~Session() {
  edgelm_close(session);
  if (pool)
    edgelm_pool_stop(product.model(), &options);
}

std::vector<int32_t> Session::tokenize(std::string_view text, uint32_t flags) const {
  size_t count = 0;
  std::vector<int32_t> ids(text.size() + 16); // a token is rarely shorter than a byte
  edgelm_status status = edgelm_tokenize(session, text.data(), text.size(), flags, ids.data(), ids.size(), &count);
  if (status == EDGELM_BUFFER_TOO_SMALL) {
    ids.resize(count);
    status = edgelm_tokenize(session, text.data(), text.size(), flags, ids.data(), ids.size(), &count);
  }
  check(status, "cannot tokenize the text");
  ids.resize(count);
  return ids;
}

std::string Session::detokenize(std::span<const int32_t> ids, uint32_t flags) const {
  size_t bytes = 0;
  edgelm_status status = edgelm_detokenize(session, ids.data(), ids.size(), flags, nullptr, 0, &bytes);
  std::string text(bytes, '\0');
  if (status == EDGELM_BUFFER_TOO_SMALL)
    status = edgelm_detokenize(session, ids.data(), ids.size(), flags, text.data(), text.size(), &bytes);
  check(status, "cannot detokenize");
  text.resize(bytes);
  return text;
}

void Session::score(std::span<const int32_t> ids, std::span<float> logits) const {
  if (product.is(EDGELM_SCORER))
    return check(edgelm_score(session, ids.data(), ids.size(), logits.data()), "cannot score");
  for (size_t i = 0; i < ids.size(); ++i) {
    check(edgelm_decode(session, ids[i]), "cannot decode");
    const std::span<const float> row(edgelm_logits(session), info().vocab);
    std::copy(row.begin(), row.end(), logits.begin() + i * info().vocab);
  }
}

std::vector<uint8_t> Session::save() const {
  size_t bytes = 0;
  edgelm_status status = edgelm_save(session, nullptr, 0, &bytes);
  std::vector<uint8_t> state(bytes);
  if (status == EDGELM_BUFFER_TOO_SMALL)
    status = edgelm_save(session, state.data(), state.size(), &bytes);
  check(status, "cannot save the state");
  return state;
}

int32_t edgelm::tools::likeliest(std::span<const float> logits) {
  return int32_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}
