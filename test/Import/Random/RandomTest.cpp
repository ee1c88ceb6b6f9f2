// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares random models with ONNX Runtime: the reference evaluation of their import, and the compiled product.
//
//   random-models LIBRARY [--count=N] [--first=SEED] [--write=FILE]
//
// LIBRARY is the libonnxruntime of npm's onnxruntime-node. Where it is absent the product is compared with the
// reference evaluation only. --write saves the model of the first seed and runs nothing.
#include "BackendRun.h"
#include "ForkedCases.h"
#include "OnnxRuntime.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <fstream>
#include <map>

using namespace edgelm;
using random::OnnxRuntime;

/// So many cases that ONNX Runtime refuses: forms of its own that the generator does not know.
static constexpr double kMostSkipped = 0.05;

static std::string outcomeOf(uint32_t seed, const OnnxRuntime *peer) {
  random::Model model = random::randomModel(seed);
  std::vector<onnx::TensorProto> outputs;
  if (std::string refusal = peer ? peer->run(model, outputs) : ""; !refusal.empty())
    return "skipped: ONNX Runtime says: " + refusal + " (" + model.recipe + ")";
  std::string outcome = backend::outcomeOf(
      backend::BackendCase("random-" + std::to_string(seed), model.proto, model.inputs, std::move(outputs)));
  return outcome == "pass" ? outcome : outcome + " (" + model.recipe + ")";
}

static bool writeModel(uint32_t seed, const std::string &path) {
  random::Model model = random::randomModel(seed);
  std::ofstream file(path, std::ios::binary);
  llvm::outs() << model.recipe << "\n";
  return model.proto.SerializeToOstream(&file);
}

int main(int argc, char **argv) {
  std::string library, file;
  unsigned count = 100, first = 1;
  bool isRight = true;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument.consume_front("--count="))
      isRight &= !argument.getAsInteger(10, count);
    else if (argument.consume_front("--first="))
      isRight &= !argument.getAsInteger(10, first);
    else if (argument.consume_front("--write="))
      file = argument.str();
    else
      library = argument.str();
  }
  if (!isRight || library.empty()) {
    llvm::errs() << "usage: random-models LIBRARY [--count=N] [--first=SEED] [--write=FILE]\n";
    return 1;
  }
  if (!file.empty())
    return writeModel(first, file) ? 0 : 1;
  std::string reason;
  std::unique_ptr<OnnxRuntime> peer = OnnxRuntime::open(library, reason);
  if (!peer)
    llvm::outs() << "ONNX Runtime is absent (" << reason
                 << "; bench/run.sh installs it): products are compared with the reference evaluation only\n";
  std::vector<std::string> outcomes =
      outcomesOfForked(count, [&](size_t index) { return outcomeOf(uint32_t(first + index), peer.get()); });
  unsigned passed = 0, skipped = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    passed += outcomes[i] == "pass";
    skipped += llvm::StringRef(outcomes[i]).starts_with("skipped");
    if (outcomes[i] != "pass")
      llvm::outs() << "seed " << first + i << ": " << outcomes[i] << "\n";
  }
  llvm::outs() << passed << " of " << count << " random models agree within 1e-4, " << skipped << " skipped\n";
  return passed + skipped == count && skipped <= kMostSkipped * count ? 0 : 1;
}
