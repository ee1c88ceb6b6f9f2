// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session with its memory and its threads.
#pragma once

#include "Product/Product.h"

#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace edgelm::tools {

/// Opens a product's session on `threads` threads and closes all of it again.
class Session {
public:
  Session(const Product &product, uint32_t threads);
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  operator edgelm_session *() const { return session; }
  const edgelm_info &info() const { return product.info(); }

  /// The ids of `text`; `flags` of edgelm_tokenize.
  std::vector<int32_t> tokenize(std::string_view text, uint32_t flags) const;
  /// What `ids` stand for; `flags` of edgelm_detokenize.
  std::string detokenize(std::span<const int32_t> ids, uint32_t flags) const;
  /// Appends `ids` and writes the logits after each of them to `logits` [ids.size(), vocab], also for models that
  /// were compiled without scoring.
  void score(std::span<const int32_t> ids, std::span<float> logits) const;
  /// The state as edgelm_save writes it.
  std::vector<uint8_t> save() const;

private:
  struct Release {
    void operator()(void *memory) const { std::free(memory); }
  };
  using Memory = std::unique_ptr<void, Release>;
  static Memory allocate(size_t bytes);

  const Product &product;
  Memory arena, pool;
  /// The processor feature that open did not find.
  std::string refusal;
  edgelm_options options;
  edgelm_session *session = nullptr;
};

/// The index of the greatest of `logits`; the lowest among equals.
int32_t likeliest(std::span<const float> logits);

} // namespace edgelm::tools
