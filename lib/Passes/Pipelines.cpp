// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Phases that are always the same passes in the same order.
#include "Passes/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;

namespace edgelm {

void addRaisePasses(OpPassManager &passes) {
  passes.addPass(createWidenActivations());
  passes.addPass(createRaiseEmbed());
  passes.addPass(createRaiseNorm());
  // Biases first, so that an activation's argument is one value.
  passes.addPass(createRaiseLinear());
  passes.addPass(createRaiseActivation());
  passes.addPass(createRaiseGlu());
  // Rotations first, so that attention finds their results as the sources of queries and keys.
  passes.addPass(createRaiseRope());
  passes.addPass(createRaiseAttention());
  passes.addPass(createShareTables());
  passes.addPass(createDropUnused());
}

void registerEdgeLMPipelines() {
  static PassPipelineRegistration<> raise("edgelm-raise", "All passes of the phase raise, in order", addRaisePasses);
}

} // namespace edgelm
