// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs matrices into panels and widens elements on the way to the product.
#include "Codegen/WeightPacker.h"
#include "Codegen/CompileError.h"
#include "Dialect/Codec.h"
#include "Dialect/Reference/Elements.h"
#include "Dialect/Storage.h"
#include "Dialect/WeightRows.h"
#include "Passes/Sources.h"
#include "llvm/Support/Parallel.h"
#include "llvm/Support/raw_ostream.h"
#include <atomic>
#include <cstring>
#include <map>

using namespace llvm;

namespace edgelm {

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
    if (mlir::DenseF64ArrayAttr errors = op->getAttrOfType<mlir::DenseF64ArrayAttr>(kRelativeErrorsAttr))
      place.relativeErrors = errors.asArrayRef().vec();
    for (mlir::Operation *user : op->getUsers())
      place.isMatrix |= isa<EmbedOp>(user) || (isa<LinearOp>(user) && place.panel);
    place.name = nameOf(op.getLoc()).str();
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

static bool canConvert(mlir::Type from, mlir::Type to) {
  return from == to || (isa<mlir::FloatType>(from) && (to.isF32() || to.isF16() || to.isBF16() || isa<QType>(to)));
}

/// Writes `value` as an element of a float type.
static void narrow(float value, mlir::Type type, char *to) {
  if (type.isF32()) {
    std::memcpy(to, &value, sizeof value);
    return;
  }
  uint16_t bits = type.isF16() ? elementFromDouble<Half>(value).bits : elementFromDouble<BFloat>(value).bits;
  std::memcpy(to, &bits, sizeof bits);
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
    for (int64_t i = 0; i < count; ++i)
      narrow(widened(from + i * fromStride * fromWidth, storedAs), type, to + i * toStride * toWidth);
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
static void writePlain(const WeightPlace &place, ArrayRef<WeightRows> sources, raw_ostream &os) {
  mlir::Type type = place.type.getElementType();
  int64_t perRow = place.type.getRank() ? place.type.getNumElements() / place.type.getDimSize(0) : 1;
  for (const WeightRows &source : sources) {
    if (source.storedAs == type && !source.transposed) {
      os.write(source.data, source.n * perRow * widthOf(type));
      continue;
    }
    std::vector<char> row(perRow * widthOf(type));
    for (int64_t r = 0; r < source.n; ++r) {
      const char *from = source.data + r * (source.transposed ? 1 : perRow) * widthOf(source.storedAs);
      copyElements(from, source.transposed ? source.n : 1, source.storedAs, row.data(), 1, type, perRow);
      os.write(row.data(), row.size());
    }
  }
}

/// [ceil(N / panel)][K][panel], zero padded; a panel may end one source and begin the next.
static void writePanels(const WeightPlace &place, ArrayRef<WeightRows> sources, raw_ostream &os) {
  mlir::Type type = place.type.getElementType();
  int64_t n = place.type.getDimSize(0), k = place.type.getDimSize(1), panel = place.panel;
  std::vector<char> buffer(k * panel * widthOf(type));
  for (int64_t first = 0; first < n; first += panel) {
    std::fill(buffer.begin(), buffer.end(), 0);
    int64_t sourceBegin = 0;
    for (const WeightRows &source : sources) {
      int64_t begin = std::max(first, sourceBegin), end = std::min({first + panel, n, sourceBegin + source.n});
      int64_t row = begin - sourceBegin, width = widthOf(source.storedAs);
      sourceBegin += source.n;
      if (begin >= end)
        continue;
      char *to = buffer.data() + (begin - first) * widthOf(type);
      if (source.transposed) {
        for (int64_t i = 0; i < k; ++i)
          copyElements(source.data + (i * source.n + row) * width, 1, source.storedAs, to + i * panel * widthOf(type),
                       1, type, end - begin);
        continue;
      }
      for (int64_t column = begin; column < end; ++column, ++row)
        copyElements(source.data + row * k * width, 1, source.storedAs, to + (column - begin) * widthOf(type), panel,
                     type, k);
    }
    os.write(buffer.data(), buffer.size());
  }
}

/// Rows of several sources one after the other, [first, first + count), as f32.
static void readAcross(ArrayRef<WeightRows> sources, int64_t first, int64_t count, float *out) {
  for (const WeightRows &source : sources) {
    int64_t begin = std::max<int64_t>(first, 0), end = std::min(first + count, source.n);
    if (begin < end)
      source.read(begin, end - begin, out + (begin - first) * source.k);
    first -= source.n;
  }
}

/// Panels that are quantized side by side, and so lie in memory together.
static constexpr int64_t kPanelsAtOnce = 16;

/// Panels as PackedLayout says.
static Error writeQuantized(const WeightPlace &place, ArrayRef<WeightRows> sources, raw_ostream &os) {
  PackedLayout layout = packedLayout(place.type, place.panel);
  std::vector<uint8_t> bytes(std::min(layout.panels(), kPanelsAtOnce) * layout.panelBytes());
  for (int64_t first = 0; first < layout.panels(); first += kPanelsAtOnce) {
    int64_t count = std::min(kPanelsAtOnce, layout.panels() - first);
    std::atomic<bool> refused = false;
    parallelFor(0, count, [&](size_t i) {
      int64_t row = (first + i) * layout.panel, rows = std::min(layout.panel, layout.n - row);
      std::vector<float> values(rows * layout.k);
      readAcross(sources, row, rows, values.data());
      QuantizedRows quantized;
      if (quantizeRows(*layout.format, values.data(), rows, layout.k, layout.k, quantized))
        refused = true;
      else
        packPanel(layout, quantized, bytes.data() + i * layout.panelBytes());
    });
    if (refused)
      return fail(ExitStatus::BadInput, "weight '" + place.name + "' has an element that is NaN or infinite");
    os.write(reinterpret_cast<const char *>(bytes.data()), count * layout.panelBytes());
  }
  return Error::success();
}

/// The bytes of one source; what the store reports becomes our error.
static Expected<SourceBytes> openSource(mlir::Attribute source, StringRef modelDir, const WeightPlace &place) {
  mlir::MLIRContext *context = source.getContext();
  std::string message;
  mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  mlir::FailureOr<SourceBytes> bytes =
      SourceBytes::open(source, modelDir, [&] { return mlir::emitError(mlir::UnknownLoc::get(context)); });
  if (mlir::succeeded(bytes))
    return std::move(*bytes);
  bool hasChanged = StringRef(message).contains("has changed");
  return fail(hasChanged ? ExitStatus::Integrity : ExitStatus::BadInput, "weight '" + place.name + "': " + message);
}

static Error writePlace(const WeightPlace &place, StringRef modelDir, raw_ostream &os) {
  std::vector<WeightRows> sources;
  std::vector<SourceBytes> opened;
  opened.reserve(place.sources.size());
  int64_t perRow = place.type.getRank() ? place.type.getNumElements() / place.type.getDimSize(0) : 1;
  int64_t rows = 0;
  for (auto [index, attribute] : enumerate(place.sources)) {
    mlir::Type storedAs = place.storedAs[index];
    if (!canConvert(storedAs, place.type.getElementType()))
      return fail(ExitStatus::Internal, "weight '" + place.name + "' cannot be converted to the product's type");
    Expected<SourceBytes> bytes = openSource(attribute, modelDir, place);
    if (!bytes)
      return bytes.takeError();
    opened.push_back(std::move(*bytes));
    ArrayRef<char> data = opened.back().get();
    int64_t n = data.size() / widthOf(storedAs) / std::max<int64_t>(perRow, 1);
    sources.push_back({data.data(), n, perRow, place.transposed[index], storedAs});
    rows += n;
  }
  if (place.type.getRank() && rows != place.type.getDimSize(0))
    return fail(ExitStatus::Internal, "weight '" + place.name + "' has " + Twine(rows) + " rows in the model and " +
                                          Twine(place.type.getDimSize(0)) + " in the product");
  if (isa<QType>(place.type.getElementType())) {
    if (Error error = writeQuantized(place, sources, os))
      return error;
  } else if (place.panel) {
    writePanels(place, sources, os);
  } else {
    writePlain(place, sources, os);
  }
  for (const SourceBytes &bytes : opened)
    bytes.release(place.sources.getContext());
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
