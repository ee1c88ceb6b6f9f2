// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A product that runs in another process: a descriptor whose functions speak the protocol of Guest/, so that everything
// that uses edgelm.h works on it too.
#pragma once

#include "Product/GuestProgram.h"
#include "edgelm.h"

#include <memory>
#include <vector>

namespace edgelm::tools {

/// Owns the emulator. What it lends is valid as long as it lives. A call throws a Failure of status DeviceFailure when
/// the emulator ends.
class GuestModel {
public:
  GuestModel(const ProductReport &report, const EmulationOptions &options);
  ~GuestModel();

  /// What edgelm_describe and edgelm_open take. The sessions have neither poll nor on_logits.
  const edgelm_model *model() const;

  /// Numbers of instructions of the calls since the last time: each prefill, decode, score, encode or invoke.
  std::vector<uint64_t> takeCounts();
  /// The most stack that one of these calls took so far.
  uint32_t stackBytes();

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace edgelm::tools
