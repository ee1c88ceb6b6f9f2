// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the lengths that a model is bound to, and runs one phase after the other.
#include "Codegen/PhaseRun.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/ModelContext.h"
#include "Passes/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace llvm;

namespace edgelm {

/// Tokens that a model is bound to while it is raised, and a second number that shows what depends on it. Small, since
/// masks are evaluated at both; @context has the real number.
static constexpr int64_t bindTokens = 12, bindProbeTokens = 19;

Expected<std::unique_ptr<PhaseRun>> PhaseRun::start(mlir::OwningOpRef<mlir::ModuleOp> module,
                                                    const CompileOptions &options, uint64_t longestPieceBytes) {
  int64_t context = options.context.value_or(defaultContext(*module));
  mlir::IntegerAttr limit = (*module)->getAttrOfType<mlir::IntegerAttr>(kContextAttr);
  if (limit && context > limit.getInt())
    return fail(ExitStatus::BadInput, "the model has positions for " + Twine(limit.getInt()) +
                                          " tokens, but --context asks for " + Twine(context));
  std::unique_ptr<PhaseRun> run(new PhaseRun(options));
  run->inputs.context = context;
  run->inputs.probeTokens = std::min(bindProbeTokens, context);
  run->inputs.mainTokens = std::min(bindTokens, run->inputs.probeTokens - 1);
  run->inputs.longestPieceBytes = longestPieceBytes;
  if (!StringRef(options.input).ends_with(".mlir"))
    run->imported = (*module).clone();
  // Text goes on behind the phase that printed it.
  else if (!options.startAfter.empty() && options.startAfter != "import")
    run->nextPhase = findPhase(options.startAfter) - phaseTable().data() + 1;
  run->current = std::move(module);
  return run;
}

Expected<std::unique_ptr<PhaseRun>> PhaseRun::again(const CompileOptions &other) const {
  Expected<std::unique_ptr<PhaseRun>> run = start((*imported).clone(), other, inputs.longestPieceBytes);
  if (run)
    (*run)->inputs.sessionBytes = inputs.sessionBytes;
  return run;
}

std::unique_ptr<PhaseRun> PhaseRun::branch() const {
  std::unique_ptr<PhaseRun> other(new PhaseRun(options));
  other->inputs.context = inputs.context;
  other->inputs.mainTokens = inputs.mainTokens;
  other->inputs.probeTokens = inputs.probeTokens;
  other->inputs.longestPieceBytes = inputs.longestPieceBytes;
  other->inputs.sessionBytes = inputs.sessionBytes;
  if (imported)
    other->imported = (*imported).clone();
  other->current = (*current).clone();
  other->nextPhase = nextPhase;
  other->isBoundToContext = isBoundToContext;
  return other;
}

void PhaseRun::setTarget(const TargetSpec &target, uint64_t sessionBytes) {
  options.target = target;
  inputs.sessionBytes = sessionBytes;
}

const Phase *PhaseRun::next() const {
  return nextPhase < phaseTable().size() ? &phaseTable()[nextPhase] : nullptr;
}

/// An encoder does not become incremental: it is raised for all the tokens of a call, which its operations may mix.
static bool isEncoderOfOtherLength(mlir::ModuleOp module, int64_t tokens) {
  mlir::func::FuncOp main = module.lookupSymbol<mlir::func::FuncOp>("main");
  if (!main || !isEncoder(main))
    return false;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (mlir::StringAttr role = main.getArgAttrOfType<mlir::StringAttr>(i, kRoleAttr);
        role && role.getValue() == "tokens")
      return tensorType(main.getArgument(i)).getShape().back() != tokens;
  return false;
}

Error PhaseRun::run() {
  const Phase &phase = *next();
  if (Error error = runPhase(phase, *current, inputs))
    return error;
  ++nextPhase;
  bool beginsAgain =
      imported && !isBoundToContext && phase.name == "raise" && isEncoderOfOtherLength(*current, inputs.context);
  if (!beginsAgain)
    return Error::success();
  current = (*imported).clone();
  inputs.mainTokens = inputs.context;
  inputs.probeTokens = std::min(bindTokens, inputs.context - 1);
  isBoundToContext = true;
  nextPhase = 0;
  return Error::success();
}

} // namespace edgelm
