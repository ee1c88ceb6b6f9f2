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
  std::vector<int32_t> tokens() const;
  /// Heads of state `index`.
  size_t heads(size_t index) const;
  /// Whether the rows of state `index` can hold `columns` elements, the head's size, which a reference knows: as f32 or f16,
  /// or as int8 codes, padded to a multiple of 16, and one f32 scale.
  bool holds(size_t index, size_t columns) const;
  /// Row `row` of head `head`, of as many elements as `values`.
  void get(size_t index, size_t head, size_t row, std::span<float> values) const;
  void set(size_t index, size_t head, size_t row, std::span<const float> values);

  std::span<const uint8_t> bytes() const { return buffer; }

private:
  size_t rowBytes(size_t index) const;
  uint8_t *rowAt(size_t index, size_t head, size_t row) const;

  std::vector<uint8_t> buffer;
};

} // namespace edgelm::tools
