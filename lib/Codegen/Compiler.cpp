// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compilation for all targets: alone, side by side, or only measured.
#include "Codegen/Compiler.h"
#include "Codegen/Compilation.h"
#include "Codegen/CompileError.h"
#include "Codegen/RuntimeLink.h"
#include "Codegen/RuntimeProgram.h"
#include "Codegen/SideBySide.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

/// Before the import, which may take long: a target without what the product needs is refused at once.
static Error checkTarget(const TargetSpec &target, const CompileOptions &options) {
  LLVMContext context;
  if (options.emit == Emit::Shared && !target.hosted)
    return fail(ExitStatus::NotOnThisTarget,
                "there is no operating system for shared libraries on " + target.name + "; use --emit=lib");
  if (options.emit == Emit::Executable)
    if (Error error = findSystemLibraries(target, options.sysroot).takeError())
      return error;
  return loadRuntime(target, /*freestanding=*/true, context).takeError();
}

/// The sizes of all targets on standard output; then an error where the context that was asked for fits one of them not.
static Error printDryRuns(const CompileOptions &options, ArrayRef<TargetSpec> targets, Compilation &compilation) {
  std::vector<DryRun> runs;
  for (const TargetSpec &target : targets) {
    Expected<DryRun> run = compilation.measure(target);
    if (!run)
      return run.takeError();
    runs.push_back(std::move(*run));
  }
  if (options.json)
    outs() << dryRunJson(runs);
  for (const DryRun &run : runs)
    if (!options.json)
      outs() << dryRunText(run);
  for (const DryRun &run : runs)
    if (Error error = checkAsked(run, options.context))
      return error;
  return Error::success();
}

Error compile(const CompileOptions &options, ArrayRef<TargetSpec> targets, unsigned jobs) {
  for (const TargetSpec &target : targets)
    if (Error error = checkTarget(target, options))
      return error;
  Compilation compilation(options);
  if (Error error = compilation.prepare())
    return error;
  if (options.dryRun)
    return printDryRuns(options, targets, compilation);
  if (targets.size() == 1)
    return compilation.finish(targets.front());
  // A child has no thread but the one that started it.
  if (Error error = compilation.waitForHashes())
    return error;
  std::vector<std::function<Error()>> tasks;
  for (const TargetSpec &target : targets)
    tasks.push_back([&compilation, &target] { return compilation.finish(target); });
  return runSideBySide(tasks, jobs);
}

Error compile(const CompileOptions &options) {
  return compile(options, options.target, 1);
}

} // namespace edgelm
