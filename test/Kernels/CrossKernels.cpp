// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes kernels of another instruction set, their operands and the expected results, for a program that runs there.
//
// usage: edgelm-cross-kernels TARGET DIR; makes DIR/kernels.o, DIR/data.bin and DIR/cases.inc, the rows of the table in
// Inputs/run_kernels.c.
#include "Codegen/Kernels/QuantizeRows.h"
#include "Codegen/Object.h"
#include "Dialect/Codec.h"
#include "KernelJit.h"
#include "LinearCase.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace edgelm;

namespace {

/// Collects data at multiples of 64 bytes.
class Blob {
public:
  int64_t add(const void *data, size_t bytes) {
    int64_t at = int64_t(all.size());
    all.append(static_cast<const char *>(data), bytes);
    all.resize((all.size() + 63) / 64 * 64);
    return at;
  }
  std::string all;
};

/// Writes one file of the folder.
void write(llvm::StringRef folder, llvm::StringRef name, llvm::StringRef bytes) {
  std::error_code error;
  llvm::raw_fd_ostream os((folder + "/" + name).str(), error);
  if (!error)
    os << bytes;
  if (error || os.has_error()) {
    llvm::errs() << "cannot write '" << folder << "/" << name << "'\n";
    exit(1);
  }
}

/// A row of the table: the matmul on its valid rows.
std::string rowOf(const LinearCase &data, const LinearSpec &spec, const IsaRow &isa, int64_t rows, Blob &blob) {
  std::vector<int64_t> buffers = {blob.add(data.input(), data.inputBytes())};
  for (const PackedMatrix &matrix : data.matrices)
    buffers.push_back(blob.add(matrix.bytes.data(), matrix.bytes.size()));
  if (data.shape.residual)
    buffers.push_back(blob.add(data.residual.data(), data.residual.size() * sizeof(float)));
  std::vector<float> expected;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < data.shape.n; ++column)
      expected.push_back(data.expected(row, column, isa.hasFma));
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "CASE(task_" << spec.name() << ", " << rows << ", " << spec.workItems(isa) << ", " << data.shape.n << ", "
     << blob.add(expected.data(), expected.size() * sizeof(float)) << ", " << buffers.size();
  for (int64_t buffer : buffers)
    os << ", " << buffer;
  os << ")\n";
  return text;
}

/// A row of the table: quantized activations, whose bytes are compared four at a time. What is between a row's parts
/// stays as the program filled it.
std::string rowOf(const QuantizeRowsSpec &spec, int64_t rows, Blob &blob) {
  const ActivationLayout &layout = spec.layout;
  std::vector<float> input = randomFloats(spec.rows * layout.k, 3);
  std::vector<float> expected(rows * layout.rowBytes() / 4, 77.0f);
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<uint8_t> quantized(layout.rowBytes());
    quantizeActivations(layout, &input[row * layout.k], quantized.data());
    uint8_t *to = reinterpret_cast<uint8_t *>(expected.data()) + row * layout.rowBytes();
    auto copy = [&](int64_t part, int64_t bytes) { std::memcpy(to + part, &quantized[part], bytes); };
    copy(0, layout.codeBytes());
    copy(layout.scales(), layout.groups() * 4);
    copy(layout.sums(), layout.groups() * 4);
    if (layout.isPaired)
      copy(layout.evens(), layout.groups() * 4);
  }
  std::string text;
  llvm::raw_string_ostream os(text);
  int64_t from = blob.add(input.data(), input.size() * sizeof(float));
  os << "CASE(task_" << spec.name() << ", " << rows << ", " << spec.rows << ", " << layout.rowBytes() / 4 << ", "
     << blob.add(expected.data(), expected.size() * sizeof(float)) << ", 1, " << from << ")\n";
  return text;
}

} // namespace

int main(int argc, char **argv) {
  const TargetRow *row = argc == 3 ? findTarget(argv[1]) : nullptr;
  if (!row) {
    llvm::errs() << "usage: edgelm-cross-kernels TARGET DIR; targets: " << targetNames() << "\n";
    return 1;
  }
  TargetSpec target = TargetSpec::of(*row);
  const IsaRow &isa = *findIsa(target.isa);
  std::vector<LinearCase> cases;
  for (const FormatRow *format : integerFormats()) {
    cases.emplace_back(*format, kOddShape, /*int8Input=*/true, isa);
    // Widened to floats, codes of 8 bits, of two planes and of a codebook differ.
    if (llvm::is_contained({"int8", "int5_g64", "nf4_g64"}, format->name))
      cases.emplace_back(*format, kTinyShape, /*int8Input=*/false, isa);
  }
  // Columns and group; the last group may have fewer columns.
  std::vector<QuantizeRowsSpec> quantized;
  for (auto [columns, group] : {std::pair(331, 0), std::pair(330, 32), std::pair(20, 64)})
    quantized.push_back({3, {columns, group, /*isCompact=*/false, /*hasZeros=*/false, bool(isa.pairActivations)}});
  Blob blob;
  std::string rows;
  std::string object = kernelObject(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
    for (const LinearCase &data : cases) {
      getLinearKernel(module, data.many, isa);
      getLinearKernel(module, data.one, isa);
    }
    for (const QuantizeRowsSpec &spec : quantized)
      getQuantizeRowsKernel(module, spec, isa);
  });
  for (const QuantizeRowsSpec &spec : quantized)
    rows += rowOf(spec, spec.rows - 1, blob);
  for (const LinearCase &data : cases) {
    rows += rowOf(data, data.many, isa, data.shape.rows - 1, blob);
    rows += rowOf(data, data.one, isa, 1, blob);
  }
  write(argv[2], "kernels.o", object);
  write(argv[2], "data.bin", blob.all);
  write(argv[2], "cases.inc", rows);
  return 0;
}
