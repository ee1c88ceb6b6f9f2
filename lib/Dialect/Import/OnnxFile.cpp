// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens and parses ONNX files; version checks.
#include "Dialect/Import/OnnxFile.h"
#include "Dialect/Import/WireFormat.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgelm;

std::string OnnxFile::path() const {
  SmallString<256> path(folder);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

std::optional<int64_t> edgelm::findOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                         StringRef domain) {
  for (const onnx::OperatorSetIdProto &entry : imports)
    if (entry.domain() == domain || (domain.empty() && entry.domain() == "ai.onnx"))
      return entry.version();
  return std::nullopt;
}

std::optional<int64_t> OnnxFile::opset(StringRef domain) const {
  return findOpset(model.opset_import(), domain);
}

static LogicalResult checkVersions(const OnnxFile &file, Location location) {
  if (!file.model.has_graph() || file.model.ir_version() == 0)
    return emitError(location) << "is not an ONNX model: it has no graph";
  if (file.model.ir_version() > kMaxIrVersion)
    return emitError(location) << "has the ONNX IR version " << file.model.ir_version() << "; expected at most "
                               << kMaxIrVersion << "; export it again with an older version";
  std::optional<int64_t> opset = file.opset("");
  if (!opset && !file.model.graph().node().empty() && file.model.opset_import().empty())
    return emitError(location) << "does not say its opset; expected an opset_import entry";
  if (opset && (*opset < kMinOpset || *opset > kMaxOpset))
    return emitError(location) << "uses opset " << *opset << "; expected " << kMinOpset << " to " << kMaxOpset
                               << "; export it again with opset_version=17, for example";
  return success();
}

FailureOr<std::unique_ptr<OnnxFile>> edgelm::openOnnxFile(StringRef path, MLIRContext *context) {
  Location location = NameLoc::get(StringAttr::get(context, path));
  SmallString<256> absolute(path);
  if (std::error_code code = llvm::sys::fs::make_absolute(absolute))
    return emitError(location) << "cannot be read: " << code.message();
  llvm::sys::path::remove_dots(absolute, /*remove_dot_dot=*/true);

  std::string reason;
  MappedFile *mapped = WeightStore::get(context).map(absolute, reason);
  if (!mapped)
    return emitError(location) << "cannot be read: " << reason;
  std::unique_ptr<OnnxFile> file = std::make_unique<OnnxFile>();
  file->folder = llvm::sys::path::parent_path(absolute).str();
  file->name = llvm::sys::path::filename(absolute).str();

  std::string skeleton;
  WireStatus status = withoutWeights(mapped->bytes(), skeleton);
  if (status == WireStatus::Truncated)
    return emitError(location) << "is truncated: the model does not end within its " << mapped->bytes().size()
                               << " bytes";
  if (status == WireStatus::Malformed || skeleton.size() > INT32_MAX || !file->model.ParseFromString(skeleton))
    return emitError(location) << "is not an ONNX model: it cannot be parsed";
  if (failed(checkVersions(*file, location)))
    return failure();
  return file;
}
