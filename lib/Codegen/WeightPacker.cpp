// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs matrices into panels and widens elements on the way to the product.
#include "Codegen/WeightPacker.h"
#include "Codegen/CompileError.h"
#include "Dialect/SmallFloat.h"
#include "Dialect/Storage.h"
#include "Dialect/WeightStore.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <map>

using namespace llvm;

namespace edgelm {

namespace {

/// The bytes of one source, row-major.
struct SourceBytes {
  const char *data;
  int64_t rows = 1; ///< of the product's matrix: its N
  bool transposed;
  mlir::Type storedAs;
};

} // namespace

static int64_t widthOf(mlir::Type type) {
  return divideCeil(type.getIntOrFloatBitWidth(), 8);
}

std::vector<WeightPlace> collectWeights(mlir::ModuleOp module) {
  std::map<int64_t, WeightPlace> byOffset;
  module.walk([&](PackedWeightOp op) {
    WeightPlace place;
    place.sources = op.getSources();
    place.transposed.assign(op.getTransposed().begin(), op.getTransposed().end());
    place.type = tensorType(op.getResult());
    for (size_t i = 0; i < place.sources.size(); ++i)
      place.storedAs.push_back(op.getStoredAs() ? cast<mlir::TypeAttr>((*op.getStoredAs())[i]).getValue()
                                                : place.type.getElementType());
    place.panel = op.getPanel();
    place.offset = op.getOffset();
    place.bytes = packedBytes(place.type, place.panel);
    op.getLoc()->walk([&](mlir::Location loc) {
      mlir::NameLoc name = dyn_cast<mlir::NameLoc>(loc);
      if (!name)
        return mlir::WalkResult::advance();
      place.name = name.getName().str();
      return mlir::WalkResult::interrupt();
    });
    // At one offset the larger is the whole of which the other is a part.
    auto [known, isNew] = byOffset.try_emplace(place.offset, place);
    if (!isNew && known->second.bytes < place.bytes)
      known->second = place;
  });
  std::vector<WeightPlace> places;
  for (auto &[offset, place] : byOffset) {
    bool isPart = !places.empty() && offset + place.bytes <= places.back().offset + places.back().bytes;
    if (!isPart)
      places.push_back(std::move(place));
  }
  return places;
}

/// One element at `from`, as f32.
static float widen(const char *from, mlir::Type type) {
  if (type.isF64()) {
    double value;
    std::memcpy(&value, from, sizeof value);
    return static_cast<float>(value);
  }
  if (type.isF32()) {
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, from, sizeof bits);
  return type.isF16() ? float(Half{bits}) : float(BFloat{bits});
}

static bool canConvert(mlir::Type from, mlir::Type to) {
  return from == to || (to.isF32() && (from.isF64() || from.isF16() || from.isBF16()));
}

template <typename Element>
static void copyStrided(const char *from, int64_t fromStride, char *to, int64_t toStride, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * toStride * sizeof(Element), from + i * fromStride * sizeof(Element), sizeof(Element));
}

/// Copies `count` elements that lie `fromStride` apart to places `toStride` apart.
static void copyElements(const char *from, int64_t fromStride, mlir::Type storedAs, char *to, int64_t toStride,
                         mlir::Type type, int64_t count) {
  int64_t fromWidth = widthOf(storedAs), toWidth = widthOf(type);
  if (storedAs != type) {
    for (int64_t i = 0; i < count; ++i) {
      float value = widen(from + i * fromStride * fromWidth, storedAs);
      std::memcpy(to + i * toStride * toWidth, &value, sizeof value);
    }
    return;
  }
  if (fromStride == 1 && toStride == 1) {
    std::memcpy(to, from, count * toWidth);
    return;
  }
  // Constant widths, so that the loops are moves and not calls.
  switch (toWidth) {
  case 1:
    return copyStrided<uint8_t>(from, fromStride, to, toStride, count);
  case 2:
    return copyStrided<uint16_t>(from, fromStride, to, toStride, count);
  case 4:
    return copyStrided<uint32_t>(from, fromStride, to, toStride, count);
  default:
    return copyStrided<uint64_t>(from, fromStride, to, toStride, count);
  }
}

/// Row-major: rows of the sources one after the other.
static void writePlain(const WeightPlace &place, ArrayRef<SourceBytes> sources, raw_ostream &os) {
  mlir::Type type = place.type.getElementType();
  int64_t perRow = place.type.getRank() ? place.type.getNumElements() / place.type.getDimSize(0) : 1;
  for (const SourceBytes &source : sources) {
    if (source.storedAs == type && !source.transposed) {
      os.write(source.data, source.rows * perRow * widthOf(type));
      continue;
    }
    std::vector<char> row(perRow * widthOf(type));
    for (int64_t r = 0; r < source.rows; ++r) {
      const char *from = source.data + r * (source.transposed ? 1 : perRow) * widthOf(source.storedAs);
      copyElements(from, source.transposed ? source.rows : 1, source.storedAs, row.data(), 1, type, perRow);
      os.write(row.data(), row.size());
    }
  }
}

/// [ceil(N / panel)][K][panel], zero padded; a panel may end one source and begin the next.
static void writePanels(const WeightPlace &place, ArrayRef<SourceBytes> sources, raw_ostream &os) {
  mlir::Type type = place.type.getElementType();
  int64_t n = place.type.getDimSize(0), k = place.type.getDimSize(1), panel = place.panel;
  std::vector<char> buffer(k * panel * widthOf(type));
  for (int64_t first = 0; first < n; first += panel) {
    std::fill(buffer.begin(), buffer.end(), 0);
    int64_t sourceBegin = 0;
    for (const SourceBytes &source : sources) {
      int64_t begin = std::max(first, sourceBegin), end = std::min({first + panel, n, sourceBegin + source.rows});
      int64_t row = begin - sourceBegin, width = widthOf(source.storedAs);
      sourceBegin += source.rows;
      if (begin >= end)
        continue;
      char *to = buffer.data() + (begin - first) * widthOf(type);
      if (source.transposed) {
        for (int64_t i = 0; i < k; ++i)
          copyElements(source.data + (i * source.rows + row) * width, 1, source.storedAs,
                       to + i * panel * widthOf(type), 1, type, end - begin);
        continue;
      }
      for (int64_t column = begin; column < end; ++column, ++row)
        copyElements(source.data + row * k * width, 1, source.storedAs, to + (column - begin) * widthOf(type), panel,
                     type, k);
    }
    os.write(buffer.data(), buffer.size());
  }
}

/// Bytes of a folded constant; a splat is spread out into `storage`.
static Error readElements(mlir::ElementsAttr elements, std::string &storage) {
  mlir::DenseElementsAttr dense = dyn_cast<mlir::DenseElementsAttr>(elements);
  if (!dense)
    return fail(ExitStatus::Internal, "a constant has elements that cannot be read");
  if (dense.getElementType().isInteger(1)) {
    for (bool value : dense.getValues<bool>())
      storage.push_back(value);
    return Error::success();
  }
  ArrayRef<char> raw = dense.getRawData();
  for (int64_t copies = dense.isSplat() ? dense.getNumElements() : 1; copies > 0; --copies)
    storage.append(raw.begin(), raw.end());
  return Error::success();
}

/// Resolves a weight's bytes; what the store reports becomes our error.
static Expected<ArrayRef<uint8_t>> readWeight(WeightAttr weight, StringRef modelDir, const WeightPlace &place) {
  mlir::MLIRContext *context = weight.getContext();
  std::string message;
  mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  mlir::FailureOr<ArrayRef<uint8_t>> bytes = WeightStore::get(context).bytes(
      weight, modelDir, [&] { return mlir::emitError(mlir::UnknownLoc::get(context)); });
  if (mlir::succeeded(bytes))
    return *bytes;
  bool hasChanged = StringRef(message).contains("has changed");
  return fail(hasChanged ? ExitStatus::Integrity : ExitStatus::BadInput, "weight '" + place.name + "': " + message);
}

static Error writePlace(const WeightPlace &place, StringRef modelDir, raw_ostream &os) {
  std::vector<SourceBytes> sources;
  std::vector<std::string> constants(place.sources.size());
  std::vector<ArrayRef<uint8_t>> mapped;
  int64_t perRow = place.type.getRank() ? place.type.getNumElements() / place.type.getDimSize(0) : 1;
  int64_t rows = 0;
  for (auto [index, attribute] : enumerate(place.sources)) {
    SourceBytes source = {nullptr, 0, place.transposed[index], place.storedAs[index]};
    if (!canConvert(source.storedAs, place.type.getElementType()))
      return fail(ExitStatus::Internal, "weight '" + place.name + "' cannot be converted to the product's type");
    int64_t size = 0;
    if (WeightAttr weight = dyn_cast<WeightAttr>(attribute)) {
      Expected<ArrayRef<uint8_t>> bytes = readWeight(weight, modelDir, place);
      if (!bytes)
        return bytes.takeError();
      mapped.push_back(*bytes);
      source.data = reinterpret_cast<const char *>(bytes->data());
      size = bytes->size();
    } else {
      if (Error error = readElements(cast<mlir::ElementsAttr>(attribute), constants[index]))
        return error;
      source.data = constants[index].data();
      size = constants[index].size();
    }
    source.rows = size / widthOf(source.storedAs) / std::max<int64_t>(perRow, 1);
    rows += source.rows;
    sources.push_back(source);
  }
  if (place.type.getRank() && rows != place.type.getDimSize(0))
    return fail(ExitStatus::Internal, "weight '" + place.name + "' has " + Twine(rows) + " rows in the model and " +
                                          Twine(place.type.getDimSize(0)) + " in the product");
  if (place.panel)
    writePanels(place, sources, os);
  else
    writePlain(place, sources, os);
  for (ArrayRef<uint8_t> bytes : mapped)
    WeightStore::get(place.sources.getContext()).release(bytes);
  return Error::success();
}

Error writeWeights(const std::vector<WeightPlace> &places, StringRef modelDir, int64_t totalBytes, raw_ostream &os) {
  int64_t end = 0;
  for (const WeightPlace &place : places) {
    if (place.offset < end)
      return fail(ExitStatus::Internal, "weight '" + place.name + "' overlaps the one before it");
    os.write_zeros(place.offset - end);
    if (Error error = writePlace(place, modelDir, os))
      return error;
    end = place.offset + place.bytes;
  }
  os.write_zeros(totalBytes - end);
  return Error::success();
}

} // namespace edgelm
