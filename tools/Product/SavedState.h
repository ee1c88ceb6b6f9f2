// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The key and value rows inside a saved session.
#pragma once

#include "Product/Session.h"

namespace edgelm::tools {

/// What edgelm_save wrote, with its rows as numbers; edgelm_restore takes the changed bytes.
class SavedState {
public:
  /// Saves `session`; throws a Failure when the result is no saved session.
  explicit SavedState(const Session &session);

  /// Number of states: key and value of each layer, in this order.
  size_t count() const;
  /// Tokens in the context.
  size_t position() const;
  /// Heads of state `index`.
  size_t heads(size_t index) const;
  /// Elements of a row of state `index` when one takes `elementBytes`.
  size_t rowElements(size_t index) const { return rowBytes(index) / elementBytes; }
  /// Element `at` of row `row` of head `head`.
  float get(size_t index, size_t head, size_t row, size_t at) const;
  void set(size_t index, size_t head, size_t row, size_t at, float value);

  /// States hold f32 (4) or f16 (2); the head's size, which a reference knows, tells them apart.
  void setElementBytes(size_t bytes) { elementBytes = bytes; }
  size_t rowBytes(size_t index) const;

  std::span<const uint8_t> bytes() const { return buffer; }

private:
  uint8_t *element(size_t index, size_t head, size_t row, size_t at) const;

  std::vector<uint8_t> buffer;
  size_t elementBytes = sizeof(float);
};

} // namespace edgelm::tools
