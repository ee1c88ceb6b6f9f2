// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A compiled model: opened from its shared library, or run by an emulator.
#pragma once

#include "Product/GuestModel.h"
#include "edgelm.h"

#include <filesystem>
#include <memory>
#include <string>

namespace edgelm::tools {

/// Throws a Failure with the API's sentence about `status` unless it is EDGELM_OK; `what` says what was tried.
void check(edgelm_status status, const std::string &what);

/// Seconds of a clock that never goes back.
double seconds();

/// The descriptor of the product in a folder such as out/host, or of a lib<name>.so or .a itself. What was compiled for
/// another machine is run by its target's emulator.
class Product {
public:
  /// Throws a Failure when there is no such product, it belongs to another ABI, or there is no way to run it.
  explicit Product(const std::filesystem::path &path, const EmulationOptions &emulation = {});
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

  /// The emulated product; null when this machine runs it.
  GuestModel *guest() const { return emulated.get(); }

private:
  void openHere();

  std::filesystem::path library;
  void *handle = nullptr;
  const edgelm_model *descriptor = nullptr;
  edgelm_info description = {};
  edgelm_options mapped = {};
  std::unique_ptr<GuestModel> emulated;
};

} // namespace edgelm::tools
