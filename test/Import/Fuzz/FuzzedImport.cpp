// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes bytes to a file, imports it and counts the errors.
#include "FuzzedImport.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Import/Import.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <filesystem>

using namespace mlir;
using namespace edgelm;

static constexpr uint64_t kZeros = 1 << 20;

namespace {
/// A folder that lives as long as the process.
class ScratchFolder {
public:
  ScratchFolder() {
    // In memory where the system has such a place: a fuzzer writes thousands of files a second.
    std::filesystem::path base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    std::string name = (base / "edgelm-fuzz-XXXXXX").string();
    if (!mkdtemp(name.data()))
      llvm::report_fatal_error("cannot create a folder for the imported files");
    folder = name;
    write("zeros.bin", "");
    std::filesystem::resize_file(folder / "zeros.bin", kZeros);
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  std::string write(StringRef name, StringRef bytes) const {
    std::string path = (folder / name.str()).string();
    std::error_code code;
    llvm::raw_fd_ostream os(path, code);
    os << bytes;
    return path;
  }

private:
  std::filesystem::path folder;
};
} // namespace

std::string edgelm::brokenPromise(StringRef bytes) {
  static const ScratchFolder folder;
  std::string path = folder.write("model.onnx", bytes);
  MLIRContext context(MLIRContext::Threading::DISABLED);
  SmallVector<std::string> errors;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors.push_back(diagnostic.str());
    return success();
  });
  OwningOpRef<ModuleOp> module = importModel(path, {}, &context);
  if (module ? errors.empty() : errors.size() == 1 && !errors.front().empty())
    return "";
  return (llvm::Twine(module ? "a module came with errors: " : "expected exactly one error, found ") +
          llvm::Twine(errors.size()) + (errors.empty() ? "" : ":\n  ") + llvm::join(errors, "\n  "))
      .str();
}
