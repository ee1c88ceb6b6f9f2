// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled model, opened from its shared library.
#pragma once

#include "edgelm.h"

#include <filesystem>
#include <string>

namespace edgelm::tools {

/// Throws a Failure with the API's sentence about `status` unless it is EDGELM_OK; `what` says what was tried.
void check(edgelm_status status, const std::string &what);

/// Seconds of a clock that never goes back.
double seconds();

/// The descriptor of the product in a folder such as out/host (its one lib<name>.so), or of a lib<name>.so itself.
class Product {
public:
  /// Throws a Failure when there is no such product or it belongs to another ABI.
  explicit Product(const std::filesystem::path &path);
  ~Product();
  Product(const Product &) = delete;
  Product &operator=(const Product &) = delete;

  const edgelm_model *model() const { return descriptor; }
  const edgelm_info &info() const { return description; }
  const std::filesystem::path &file() const { return library; }
  /// What sessions are opened with: the weights that lie in a file beside the library, if there is one.
  const edgelm_options &options() const { return mapped; }
  /// Whether the model is all of these EDGELM_DECODER, EDGELM_ENCODER, ... bits.
  bool is(uint32_t kinds) const { return (description.kinds & kinds) == kinds; }

private:
  std::filesystem::path library;
  void *handle = nullptr;
  const edgelm_model *descriptor = nullptr;
  edgelm_info description = {};
  edgelm_options mapped = {};
};

} // namespace edgelm::tools
