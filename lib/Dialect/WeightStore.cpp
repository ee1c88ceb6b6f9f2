// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeps the mapped weight files of a context in an interface of its dialect.
#include "Dialect/WeightStore.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgelm;

namespace {
/// Gives the store the lifetime of the context.
class WeightStoreInterface : public DialectInterface::Base<WeightStoreInterface> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(WeightStoreInterface)
  explicit WeightStoreInterface(Dialect *dialect) : Base(dialect) {}
  WeightStore &getStore() const { return store; }

private:
  mutable WeightStore store;
};
} // namespace

std::unique_ptr<DialectInterface> edgelm::makeWeightStore(Dialect *dialect) {
  return std::make_unique<WeightStoreInterface>(dialect);
}

WeightStore &WeightStore::get(MLIRContext *context) {
  Dialect *dialect = context->getOrLoadDialect<EdgeLMDialect>();
  return dialect->getRegisteredInterface<WeightStoreInterface>()->getStore();
}

StringRef edgelm::modelDirOf(Operation *op) {
  for (; op; op = op->getParentOp())
    if (StringAttr folder = op->getAttrOfType<StringAttr>(kModelDirAttr))
      return folder.getValue();
  return ".";
}

MappedFile *WeightStore::map(StringRef path, std::string &error) {
  std::lock_guard lock(mutex);
  std::unique_ptr<MappedFile> &file = files[path];
  if (!file)
    file = MappedFile::open(path, error);
  return file.get();
}

FailureOr<ArrayRef<uint8_t>> WeightStore::bytes(WeightAttr source, StringRef modelDir, EmitError emitError) {
  SmallString<256> path(modelDir);
  llvm::sys::path::append(path, source.getFile());
  std::string error;
  MappedFile *file = map(path, error);
  if (!file)
    return emitError() << "cannot read the weight file " << path << ": " << error;
  size_t offset = source.getOffset(), length = source.getLength(), size = file->bytes().size();
  if (source.getOffset() < 0 || source.getLength() < 0 || offset > size || length > size - offset)
    return emitError() << "weight file " << path << " is too short: found " << size << " bytes, expected " << length
                       << " at offset " << source.getOffset();
  ArrayRef<uint8_t> part = file->bytes().slice(offset, length);

  std::pair<Attribute, Attribute> key(source, StringAttr::get(source.getContext(), modelDir));
  {
    std::lock_guard lock(mutex);
    if (verified.contains(key))
      return part;
  }
  std::string found = sha256(part);
  if (found != source.getSha256())
    return emitError() << "weight file " << path << " has changed: " << length << " bytes at offset " << offset
                       << " have the SHA-256 " << found << ", expected " << source.getSha256();
  std::lock_guard lock(mutex);
  verified.insert(key);
  return part;
}

FailureOr<ArrayRef<uint8_t>> WeightStore::bytes(WeightAttr source, Operation *user) {
  return bytes(source, modelDirOf(user), [&] { return user->emitError(); });
}

void WeightStore::release(ArrayRef<uint8_t> bytes) {
  std::lock_guard lock(mutex);
  for (const auto &entry : files)
    if (entry.second && bytes.begin() >= entry.second->bytes().begin() && bytes.end() <= entry.second->bytes().end())
      entry.second->release(bytes);
}

void WeightStore::trust(WeightAttr source, StringRef modelDir) {
  std::lock_guard lock(mutex);
  verified.insert({source, StringAttr::get(source.getContext(), modelDir)});
}
