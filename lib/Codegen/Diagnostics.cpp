// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Formats locations and collects errors.
#include "Codegen/Diagnostics.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace edgelm {

std::string describeLocation(Location loc) {
  std::string text;
  loc->walk([&](Location part) {
    if (NameLoc name = dyn_cast<NameLoc>(part)) {
      text = "'" + name.getName().str() + "'";
      return WalkResult::interrupt();
    }
    if (FileLineColLoc place = dyn_cast<FileLineColLoc>(part)) {
      text = (place.getFilename().getValue() + ":" + Twine(place.getLine()) + ":" + Twine(place.getColumn())).str();
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return text;
}

static std::string format(Diagnostic &diagnostic) {
  std::string where = describeLocation(diagnostic.getLocation());
  return where.empty() ? diagnostic.str() : where + ": " + diagnostic.str();
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error) {
          llvm::errs() << format(diagnostic) << "\n";
          return success();
        }
        if (!text.empty())
          return success();
        text = format(diagnostic);
        for (Diagnostic &note : diagnostic.getNotes())
          // MLIR repeats the whole operation, which may hold large constants.
          if (!StringRef(note.str()).starts_with("see current operation"))
            text += "\n  note: " + format(note);
        return success();
      }) {}

llvm::Error DiagnosticCollector::error(ExitStatus status, const llvm::Twine &fallback) const {
  return text.empty() ? fail(ExitStatus::Internal, fallback) : fail(status, text);
}

} // namespace edgelm
