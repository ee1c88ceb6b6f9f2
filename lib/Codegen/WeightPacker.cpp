// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs matrices into panels and widens elements on the way to the product.
#include "Codegen/WeightPacker.h"
#include "Codegen/CompileError.h"
#include "Dialect/CodedRows.h"
#include "Dialect/Reference/Elements.h"
#include "Dialect/RoundRows.h"
#include "Dialect/Storage.h"
#include "Passes/Sources.h"
#include "llvm/Support/Parallel.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <map>

using namespace llvm;

namespace edgelm {

static int64_t widthOf(mlir::Type type) {
  return divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// The name of each source; a location that does not tell them apart stands for all.
static std::vector<std::string> namesOf(PackedWeightOp op) {
  size_t count = op.getSources().size();
  mlir::FusedLoc fused = dyn_cast<mlir::FusedLoc>(op.getLoc());
  if (!fused || fused.getLocations().size() != count)
    return std::vector<std::string>(count, nameOf(op.getLoc()).str());
  std::vector<std::string> names;
  for (mlir::Location loc : fused.getLocations())
    names.push_back(nameOf(loc).str());
  return names;
}

PackedLayout WeightPlace::layout() const {
  return packedLayout(type, panel, columnsApart, isPaired);
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
    place.columnsApart = op.getColumnsApart();
    place.isPaired = op.getPaired();
    place.offset = op.getOffset();
    place.bytes = packedBytes(place.type, place.panel);
    for (mlir::Operation *user : op->getUsers()) {
      place.isTable |= isa<EmbedOp>(user);
      place.isMatrix |= place.isTable || (isa<LinearOp>(user) && place.panel);
    }
    place.names = namesOf(op);
    // At one offset the larger is the whole of which the other is a part.
    auto [known, isNew] = byOffset.try_emplace(place.offset, place);
    place.isTable |= known->second.isTable;
    if (!isNew && known->second.bytes < place.bytes)
      known->second = place;
    known->second.isTable = place.isTable;
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

/// Elements behind each other in one entry of the first dimension; a tensor may have none.
static int64_t elementsOfRow(mlir::RankedTensorType type) {
  int64_t rows = type.getRank() ? type.getDimSize(0) : 1;
  return rows ? type.getNumElements() / rows : 0;
}

/// Row-major: rows of the sources one after the other.
static void writePlain(const WeightPlace &place, ArrayRef<WeightRows> sources, raw_ostream &os) {
  mlir::Type type = place.type.getElementType();
  int64_t perRow = elementsOfRow(place.type);
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
  int64_t n = place.type.getDimSize(0), k = place.type.getDimSize(1), panel = place.panel, width = widthOf(type);
  std::vector<char> buffer(k * panel * width);
  for (int64_t first = 0; first < n; first += panel) {
    std::fill(buffer.begin(), buffer.end(), 0);
    int64_t sourceBegin = 0;
    for (const WeightRows &source : sources) {
      int64_t begin = std::max(first, sourceBegin), end = std::min({first + panel, n, sourceBegin + source.n});
      int64_t row = begin - sourceBegin;
      sourceBegin += source.n;
      if (begin >= end)
        continue;
      char *to = buffer.data() + (begin - first) * width;
      if (source.transposed) {
        for (int64_t i = 0; i < k; ++i)
          copyElements(source.data + (i * source.n + row) * width, 1, type, to + i * panel * width, 1, type,
                       end - begin);
        continue;
      }
      for (int64_t column = begin; column < end; ++column, ++row)
        copyElements(source.data + row * k * width, 1, type, to + (column - begin) * width, panel, type, k);
    }
    os.write(buffer.data(), buffer.size());
  }
}

/// Whether the elements of a matrix are rounded on the way, or have codes.
static bool isRounded(const WeightPlace &place) {
  mlir::Type type = place.type.getElementType();
  return isa<QType>(type) || any_of(place.sources, [](mlir::Attribute source) { return isa<CodesAttr>(source); }) ||
         ((place.isMatrix || place.panel) &&
          any_of(place.storedAs, [&](mlir::Type storedAs) { return storedAs != type; }));
}

namespace {

/// Writes a matrix in another element type, and measures what that changes. Blocks of rows are independent.
class RoundingWriter {
public:
  RoundingWriter(WeightPlace &place, ArrayRef<WeightRows> sources)
      : place(place), sources(sources), type(place.type.getElementType()), n(place.type.getDimSize(0)),
        k(place.type.getDimSize(1)), blockRows(place.panel ? place.panel : kPlainRows) {}

  Error write(raw_ostream &os);

private:
  /// Blocks that are rounded side by side, and so lie in memory together.
  static constexpr int64_t kBlocksAtOnce = 64;
  static constexpr int64_t kPlainRows = 32;

  int64_t rowsOf(int64_t block) const { return std::min(blockRows, n - block * blockRows); }
  int64_t bytesOf(int64_t block) const {
    if (isa<QType>(type))
      return place.layout().panelBytes();
    return (place.panel ? place.panel : rowsOf(block)) * k * widthOf(type);
  }
  std::optional<int64_t> roundPart(size_t source, int64_t first, int64_t count, RoundedRows &out) const;
  std::optional<int64_t> round(int64_t block, char *out);
  void store(int64_t rows, const RoundedRows &rounded, char *out) const;
  Error refusal(int64_t element) const;

  WeightPlace &place;
  ArrayRef<WeightRows> sources;
  mlir::Type type;
  int64_t n, k, blockRows;
  std::vector<RoundingError> errors; ///< [n]
};

} // namespace

void RoundingWriter::store(int64_t rows, const RoundedRows &rounded, char *out) const {
  if (isa<QType>(type))
    return packPanel(place.layout(), rounded.quantized, reinterpret_cast<uint8_t *>(out));
  int64_t rowStride = place.panel ? 1 : k, columnStride = place.panel ? place.panel : 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < k; ++column)
      narrow(rounded.values[row * k + column], type, out + (row * rowStride + column * columnStride) * widthOf(type));
}

/// Some rows of one source. Returns row * K + column of an element that the type cannot hold.
std::optional<int64_t> RoundingWriter::roundPart(size_t source, int64_t first, int64_t count, RoundedRows &out) const {
  const WeightRows &rows = sources[source];
  if (isa<QType>(type) && place.storedAs[source] == type) {
    rows.coded->read(first, count, cast<QType>(type).row(), out.quantized);
    out.errors.assign(count, RoundingError());
    return std::nullopt;
  }
  std::vector<float> weights(count * k);
  rows.read(first, count, weights.data());
  if (std::optional<int64_t> refused = roundRows(type, weights, k, out))
    return first * k + *refused;
  return std::nullopt;
}

/// Writes the block's bytes to `out`, which holds zeros. Returns row * K + column of an element that the type cannot hold.
std::optional<int64_t> RoundingWriter::round(int64_t block, char *out) {
  int64_t first = block * blockRows, rows = rowsOf(block), sourceBegin = 0;
  RoundedRows rounded;
  if (QType format = dyn_cast<QType>(type))
    rounded.quantized.resize(format.row(), 0, k);
  for (auto [index, source] : enumerate(sources)) {
    int64_t begin = std::max(first, sourceBegin), end = std::min(first + rows, sourceBegin + source.n);
    if (begin < end) {
      RoundedRows part;
      if (std::optional<int64_t> refused = roundPart(index, begin - sourceBegin, end - begin, part))
        return sourceBegin * k + *refused;
      if (isa<QType>(type))
        rounded.quantized.append(part.quantized);
      append_range(rounded.values, part.values);
      append_range(rounded.errors, part.errors);
    }
    sourceBegin += source.n;
  }
  store(rows, rounded, out);
  copy(rounded.errors, errors.begin() + first);
  return std::nullopt;
}

Error RoundingWriter::refusal(int64_t element) const {
  int64_t row = element / k, column = element % k;
  size_t source = 0;
  for (; row >= sources[source].n; ++source)
    row -= sources[source].n;
  std::vector<float> weights(k);
  sources[source].read(row, 1, weights.data());
  return fail(ExitStatus::BadInput,
              "weight '" + place.names[source] + "' " + refusedWeight(type, weights[column], row, column));
}

Error RoundingWriter::write(raw_ostream &os) {
  errors.resize(n);
  int64_t blocks = divideCeil(n, blockRows);
  std::vector<char> bytes(std::min(blocks, kBlocksAtOnce) * bytesOf(0));
  for (int64_t first = 0; first < blocks; first += kBlocksAtOnce) {
    int64_t count = std::min(kBlocksAtOnce, blocks - first);
    std::fill(bytes.begin(), bytes.end(), 0);
    std::vector<std::optional<int64_t>> refused(count);
    parallelFor(0, count, [&](size_t i) { refused[i] = round(first + i, bytes.data() + i * bytesOf(0)); });
    for (std::optional<int64_t> element : refused)
      if (element)
        return refusal(*element);
    // Only the last block can be shorter.
    os.write(bytes.data(), (count - 1) * bytesOf(0) + bytesOf(first + count - 1));
  }
  ArrayRef<RoundingError> rest = errors;
  for (const WeightRows &source : sources) {
    RoundingError total;
    for (const RoundingError &row : rest.take_front(source.n))
      total.add(row);
    place.relativeErrors.push_back(total.relative());
    rest = rest.drop_front(source.n);
  }
  return Error::success();
}

/// The rows of one source; what is wrong with them becomes our error.
static Expected<WeightSource> openSource(const WeightPlace &place, size_t index, StringRef modelDir) {
  mlir::MLIRContext *context = place.sources.getContext();
  std::string message;
  mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  int64_t perRow = elementsOfRow(place.type);
  mlir::FailureOr<WeightSource> source =
      WeightSource::open(place.sources[index], perRow, place.transposed[index], place.storedAs[index], modelDir,
                         [&] { return mlir::emitError(mlir::UnknownLoc::get(context)); });
  if (mlir::succeeded(source))
    return std::move(*source);
  bool hasChanged = StringRef(message).contains("has changed");
  return fail(hasChanged ? ExitStatus::Integrity : ExitStatus::BadInput,
              "weight '" + place.names[index] + "': " + message);
}

static Error writePlace(WeightPlace &place, StringRef modelDir, raw_ostream &os) {
  std::vector<WeightRows> sources;
  std::vector<WeightSource> opened;
  opened.reserve(place.sources.size());
  int64_t rows = 0;
  for (size_t index = 0; index < place.sources.size(); ++index) {
    if (!canConvert(place.storedAs[index], place.type.getElementType()))
      return fail(ExitStatus::Internal, "weight '" + place.name() + "' cannot be converted to the product's type");
    Expected<WeightSource> source = openSource(place, index, modelDir);
    if (!source)
      return source.takeError();
    opened.push_back(std::move(*source));
    sources.push_back(opened.back().rows());
    rows += sources.back().n;
  }
  if (place.type.getRank() && rows != place.type.getDimSize(0))
    return fail(ExitStatus::Internal, "weight '" + place.name() + "' has " + Twine(rows) + " rows in the model and " +
                                          Twine(place.type.getDimSize(0)) + " in the product");
  if (isRounded(place)) {
    if (Error error = RoundingWriter(place, sources).write(os))
      return error;
  } else if (place.panel) {
    writePanels(place, sources, os);
  } else {
    writePlain(place, sources, os);
  }
  for (const WeightSource &source : opened)
    source.release(place.sources.getContext());
  return Error::success();
}

Error writeWeights(std::vector<WeightPlace> &places, StringRef modelDir, int64_t totalBytes, raw_ostream &os) {
  int64_t end = 0;
  for (WeightPlace &place : places) {
    if (place.offset < end)
      return fail(ExitStatus::Internal, "weight '" + place.name() + "' overlaps the one before it");
    os.write_zeros(place.offset - end);
    if (Error error = writePlace(place, modelDir, os))
      return error;
    end = place.offset + place.bytes;
  }
  os.write_zeros(totalBytes - end);
  return Error::success();
}

} // namespace edgelm
