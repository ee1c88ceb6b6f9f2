// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Imports, evaluates, compiles and runs one case in the modes that it has.
#include "BackendRun.h"
#include "BackendCase.h"
#include "KernelJit.h"

#include "Codegen/Diagnostics.h"
#include "Codegen/HostTarget.h"
#include "Codegen/Pipeline.h"
#include "Codegen/WeightPacker.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Evaluator.h"
#include "Dialect/WeightStore.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;
using namespace edgelm::backend;

/// The text of an error in one line.
static std::string oneLine(llvm::Error error) {
  std::string text = llvm::toString(std::move(error));
  std::replace(text.begin(), text.end(), '\n', ' ');
  return StringRef(text).trim().str();
}

static constexpr double kAbsolute = 1e-6;

/// Relative difference that the rounding of an element type explains (1e-3 is that of the ONNX project's own runner);
/// integers are exact.
static double toleranceOf(Type element) {
  if (!isa<FloatType>(element))
    return 0;
  return element.isF16() ? 2e-3 : element.isBF16() ? 1.6e-2 : 1e-3;
}

/// What a difference is measured by: each element, or the greatest one of its tensor.
enum class Measure { Element, Tensor };
/// Of the greatest element.
static constexpr double kTensorTolerance = 1e-4;

static double greatestOf(ArrayRef<double> values) {
  double greatest = 0;
  for (double value : values)
    greatest = std::isfinite(value) ? std::max(greatest, std::fabs(value)) : greatest;
  return greatest;
}

/// How `actual` differs from what the case expects, or "".
static std::string difference(ArrayRef<Tensor> actual, ArrayRef<Tensor> expected, Measure measure) {
  if (actual.size() != expected.size())
    return llvm::formatv("{0} results, expected {1}", actual.size(), expected.size());
  for (auto [index, pair] : llvm::enumerate(llvm::zip_equal(actual, expected))) {
    auto &[got, wanted] = pair;
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "result " << index << " ";
    if (got.getType() != wanted.getType()) {
      os << "is " << got.getType() << ", expected " << wanted.getType();
      return text;
    }
    std::vector<double> a = got.toDoubles(), b = wanted.toDoubles();
    double relative = toleranceOf(wanted.elementType()), absolute = relative == 0 ? 0 : kAbsolute;
    if (measure == Measure::Tensor) {
      absolute += kTensorTolerance * greatestOf(b);
      relative = 0;
    }
    for (size_t i = 0; i < a.size(); ++i) {
      bool same = a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]));
      if (same || std::fabs(a[i] - b[i]) <= absolute + relative * std::fabs(b[i]))
        continue;
      os << llvm::formatv("has {0} at {1}, expected {2}", StringRef(std::to_string(a[i])), i,
                          StringRef(std::to_string(b[i])));
      return text;
    }
  }
  return "";
}

namespace {
/// A module on its way through the phases, and its entry `@invoke` when it is compiled.
class Product {
public:
  /// Activations are rounded to int8 only where each element may differ by a thousandth.
  Product(ModuleOp module, const TargetSpec &target, Measure measure) : module(module) {
    options.target = target;
    options.quantizedActivations = measure == Measure::Element;
  }

  /// All phases, weights in memory, machine code.
  llvm::Error compile();
  /// Calls the entry. `expected` tells the float types that results are compared in.
  std::vector<Tensor> run(ArrayRef<Tensor> arguments, ArrayRef<Tensor> expected);

private:
  struct Slot {
    RankedTensorType type;
    int64_t offset;
  };

  llvm::Error phasesUntil(StringRef end);
  void readSlots(func::FuncOp entry);

  ModuleOp module;
  CompileOptions options;
  size_t nextPhase = 0;
  std::vector<Slot> argumentSlots, resultSlots;
  std::vector<char> weightMemory, arenaMemory;
  std::unique_ptr<KernelJit> jit;
};
} // namespace

/// 64-byte aligned bytes within `memory`.
static char *aligned(std::vector<char> &memory) {
  return reinterpret_cast<char *>(llvm::alignTo(reinterpret_cast<uintptr_t>(memory.data()), 64));
}

llvm::Error Product::phasesUntil(StringRef end) {
  PhaseInputs inputs = {options};
  inputs.context = 32;
  inputs.mainTokens = 12;
  inputs.probeTokens = 19;
  while (nextPhase < phaseTable().size()) {
    const Phase &phase = phaseTable()[nextPhase++];
    if (llvm::Error error = runPhase(phase, module, inputs))
      return error;
    if (phase.name == end)
      break;
  }
  return llvm::Error::success();
}

void Product::readSlots(func::FuncOp entry) {
  for (BlockArgument argument : entry.getArguments())
    argumentSlots.push_back(
        {tensorType(argument), entry.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), "edgelm.offset").getInt()});
  for (unsigned i = 0; i < entry.getNumResults(); ++i)
    resultSlots.push_back({cast<RankedTensorType>(entry.getResultTypes()[i]),
                           entry.getResultAttrOfType<IntegerAttr>(i, "edgelm.offset").getInt()});
}

llvm::Error Product::compile() {
  if (llvm::Error error = phasesUntil("plan"))
    return error;
  func::FuncOp entry = module.lookupSymbol<func::FuncOp>("invoke");
  if (!entry)
    return llvm::createStringError("is no graph of fixed shapes: it has no entry point @invoke");
  readSlots(entry);
  std::string bytes;
  llvm::raw_string_ostream os(bytes);
  int64_t weightBytes = module->getAttrOfType<IntegerAttr>("edgelm.weight_bytes").getInt();
  std::vector<WeightPlace> places = collectWeights(module);
  if (llvm::Error error = writeWeights(places, modelDirOf(module), weightBytes, os))
    return error;
  weightMemory.resize(bytes.size() + 64);
  std::memcpy(aligned(weightMemory), bytes.data(), bytes.size());
  // A caller's arena holds anything.
  arenaMemory.assign(module->getAttrOfType<IntegerAttr>("edgelm.arena_bytes").getInt() + 64, char(0xff));
  if (llvm::Error error = phasesUntil("kernels"))
    return error;
  jit = std::make_unique<KernelJit>(options.target, module);
  return llvm::Error::success();
}

/// A product's interface has f32 where the model has a narrower float.
static Tensor withType(const Tensor &tensor, Type element) {
  bool widens = isa<FloatType>(element) && isa<FloatType>(tensor.elementType()) && element != tensor.elementType() &&
                (element.isF32() || tensor.elementType().isF32());
  return widens ? Tensor::fromDoubles(tensor.shape(), element, tensor.toDoubles()) : tensor;
}

std::vector<Tensor> Product::run(ArrayRef<Tensor> arguments, ArrayRef<Tensor> expected) {
  char *arena = aligned(arenaMemory);
  for (auto [slot, tensor] : llvm::zip_equal(argumentSlots, arguments)) {
    Tensor own = withType(tensor, slot.type.getElementType());
    std::memcpy(arena + slot.offset, own.bytes(), own.size() * own.elementBytes());
  }
  jit->entry("invoke")(nullptr, reinterpret_cast<uint8_t *>(arena),
                       reinterpret_cast<const uint8_t *>(aligned(weightMemory)), 0, 0, nullptr);
  std::vector<Tensor> results;
  for (const Slot &slot : resultSlots) {
    Tensor &result = results.emplace_back(slot.type.getShape(), slot.type.getElementType());
    std::memcpy(result.writableBytes(), arena + slot.offset, result.size() * result.elementBytes());
    result = withType(result, expected[results.size() - 1].elementType());
  }
  return results;
}

/// The result of one mode: how far it came, and what was said.
namespace {
enum class Rung { Refused, Evaluated, Wrong, Passed };
struct Attempt {
  Rung rung;
  std::string text;
};
} // namespace

static Attempt attempt(const BackendCase &test, Mode mode, Measure measure, MLIRContext *context) {
  OwningOpRef<ModuleOp> module;
  std::vector<Tensor> arguments, expected;
  FailureOr<SmallVector<Tensor>> evaluated = failure();
  {
    DiagnosticCollector collector(context);
    module = test.import(mode, context);
    if (module) {
      arguments = test.arguments(mode, context);
      expected = test.outputs(context);
      Block &body = module->lookupSymbol<func::FuncOp>("main").front();
      if (arguments.size() == body.getNumArguments() && expected.empty() != test.hasOutputs()) {
        Evaluator evaluator(body);
        for (auto [argument, tensor] : llvm::zip_equal(body.getArguments(), arguments))
          evaluator.set(argument, tensor);
        evaluated = evaluator.run();
      }
    }
    if (failed(evaluated))
      return {Rung::Refused, oneLine(collector.error(ExitStatus::BadInput, "no error was given"))};
  }
  if (!test.hasOutputs())
    expected.assign(evaluated->begin(), evaluated->end());
  if (std::string text = difference(*evaluated, expected, measure); !text.empty())
    return {Rung::Wrong, "the reference: " + text};
  Product product(*module, *hostTarget(), measure);
  if (llvm::Error error = product.compile())
    return {Rung::Evaluated, oneLine(std::move(error))};
  if (std::string text = difference(product.run(arguments, expected), expected, measure); !text.empty())
    return {Rung::Wrong, "the product: " + text};
  return {Rung::Passed, ""};
}

namespace {
/// A context that can compile.
struct Dialects {
  DialectRegistry registry;
  MLIRContext context{MLIRContext::Threading::DISABLED};

  Dialects() {
    registry.insert<EdgeLMDialect, func::FuncDialect>();
    registerKernelDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    registerPassManagerCLOptions(); // the phases read MLIR's flags
  }
};
} // namespace

static std::string textOf(const Attempt &attempt) {
  switch (attempt.rung) {
  case Rung::Refused:
    return "refused: " + attempt.text;
  case Rung::Evaluated:
    return "evaluated; not compiled: " + attempt.text;
  case Rung::Wrong:
    return "WRONG: " + attempt.text;
  case Rung::Passed:
    return "pass";
  }
  llvm_unreachable("all rungs are listed");
}

std::string backend::outcomeOf(const BackendCase &test) {
  Dialects dialects;
  return textOf(attempt(test, Mode::Arguments, Measure::Tensor, &dialects.context));
}

std::string backend::outcomeOf(StringRef folder) {
  std::string error;
  BackendCase test(folder, error);
  if (!error.empty())
    return "WRONG: the case " + error;
  if (std::string reason = test.notApplicable(); !reason.empty())
    return "not applicable: " + reason;
  Dialects dialects;
  std::optional<Attempt> best;
  for (Mode mode : kModes) {
    if (!test.isDistinct(mode))
      continue;
    Attempt now = attempt(test, mode, Measure::Element, &dialects.context);
    if (now.rung == Rung::Wrong)
      return textOf(now);
    // A constant says nothing about kernels, so what the inputs lack is told too.
    if (now.rung == Rung::Passed)
      return passText(mode).str() + (mode == Mode::Folded && best ? "; with inputs: " + best->text : "");
    // The later modes say more about what is missing; folding everything says nothing about a product.
    if (!best || now.rung > best->rung || (now.rung == best->rung && mode != Mode::Folded))
      best = now;
  }
  return textOf(*best);
}
