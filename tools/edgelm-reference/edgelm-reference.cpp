// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a module of any phase in the reference evaluator on the data sets of a model's folder and prints differences.
#include "Runs.h"

#include "Dialect/EdgeLMDialect.h"
#include "Product/CommandLine.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/SourceMgr.h"
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

using namespace edgelm::tools;
using namespace mlir;

namespace fs = std::filesystem;

/// A data set like `set` of `folder` whose logits are those that were found.
static void write(const fs::path &folder, const DataSet &set, const Difference &found, const fs::path &to) {
  auto logits = set.outputs.find("logits");
  if (logits == set.outputs.end() || found.values.size() != logits->second.floats.size())
    throw Failure(WrongInput, "--write needs a function that gives the logits of every token, such as score");
  fs::path from = fs::exists(folder / set.name) ? folder / set.name : folder;
  fs::create_directories(to / set.name);
  for (const fs::directory_entry &file : fs::directory_iterator(from))
    if (file.path().filename().string().starts_with("input_"))
      fs::copy_file(file, to / set.name / file.path().filename(), fs::copy_options::overwrite_existing);
  Tensor output = logits->second;
  output.floats = found.values;
  writeTensor(to / set.name / "output_0.pb", output);
}

int main(int argc, char **argv) {
  CLI::App app("Runs a module in the reference evaluator on ONNX test data sets");
  std::string file = "-", data, name = "main", output;
  double tolerance = -1;
  int64_t chunk = 1 << 30;
  app.add_option("module", file, "Module of any phase, - for standard input");
  app.add_option("--data", data, "Folder with test_data_set_N, or one of them")->required();
  app.add_option("--function", name, "main, or an entry over caches")->capture_default_str();
  app.add_option("--chunk", chunk, "Tokens of each call of an entry over caches");
  app.add_option("--tolerance", tolerance,
                 "Fail (status 4) when a difference is greater, or when nothing was compared");
  app.add_option("--write", output, "Folder for the same data sets with the logits that the module gives");
  return runTool(app, argc, argv, [&]() -> int {
    MLIRContext context;
    context.loadDialect<edgelm::EdgeLMDialect, func::FuncDialect>();
    auto sources = std::make_shared<llvm::SourceMgr>();
    SourceMgrDiagnosticHandler handler(*sources, &context);
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, sources, &context);
    if (!module)
      return WrongInput;
    func::FuncOp function = module->lookupSymbol<func::FuncOp>(name);
    if (!function || function.isExternal())
      throw Failure(WrongInput, file + ": no function @" + name);
    bool incremental = false;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      incremental |= argText(function, i, edgelm::kRoleAttr) == "pos";
    size_t compared = 0;
    bool within = true;
    for (const DataSet &set : readDataSets(data)) {
      FailureOr<Difference> difference =
          incremental ? runIncremental(function, set, chunk) : runFunction(function, set);
      if (failed(difference))
        return WrongInput;
      if (!difference->skipped.empty()) {
        std::printf("%s: skipped, %s\n", set.name.c_str(), difference->skipped.c_str());
        continue;
      }
      compared += difference->compared;
      if (!output.empty())
        write(data, set, *difference, output);
      within &= difference->greatest <= tolerance;
      std::printf("%s: max_abs_diff %.3g max_rel_diff %.3g of %zu values\n", set.name.c_str(), difference->greatest,
                  difference->greatest / difference->reference, difference->compared);
    }
    return tolerance >= 0 && (compared == 0 || !within) ? BelowGate : Done;
  });
}
