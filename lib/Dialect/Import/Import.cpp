// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Imports a model folder or file: open, build the module, verify.
#include "Dialect/Import/Import.h"
#include "Dialect/Import/GraphImporter.h"
#include "Dialect/ModelContext.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace edgelm;

OwningOpRef<ModuleOp> edgelm::importModel(StringRef path, const ImportOptions &options, MLIRContext *context) {
  FailureOr<ModelFolder> folder = openModelFolder(path, context);
  if (failed(folder))
    return {};
  return importModel(*folder, options, context);
}

OwningOpRef<ModuleOp> edgelm::importModel(const ModelFolder &folder, const ImportOptions &options,
                                          MLIRContext *context) {
  context->loadDialect<EdgeLMDialect, func::FuncDialect>();
  FailureOr<std::unique_ptr<OnnxFile>> file = openOnnxFile(folder.onnxPath, context);
  if (failed(file))
    return {};
  OwningOpRef<ModuleOp> module = ModuleOp::create(NameLoc::get(StringAttr::get(context, (*file)->name)));
  (*module)->setAttr(kModelDirAttr, StringAttr::get(context, (*file)->folder));
  (*module)->setAttr(kModelNameAttr, StringAttr::get(context, options.name.empty() ? folder.name : options.name));
  if (folder.contextLength)
    (*module)->setAttr(kContextAttr, Builder(context).getI64IntegerAttr(*folder.contextLength));
  if (failed(GraphImporter(**file, *module).run()) || failed(verify(*module)))
    return {};
  return module;
}
