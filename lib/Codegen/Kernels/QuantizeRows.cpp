// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/QuantizeRows.h"
#include "Codegen/Kernels/RowLoop.h"
#include "Codegen/Kernels/SharedFunction.h"

#include "llvm/Support/raw_ostream.h"

namespace edgelm {

/// Groups of up to that many columns stay in registers between the search for the largest and the division.
static constexpr int64_t kColumnsInRegisters = 128;
/// Added to 1.5 * 2^23, a number is rounded half to even, and its integer is in the low bits.
static constexpr double kRoundingShift = 0x1.8p23;

namespace {

/// Quantizes groups of one row.
class RowQuantizer {
public:
  RowQuantizer(KernelBuilder &k, const ActivationLayout &layout, mlir::Value output, Val row,
               llvm::function_ref<Val(Val, int64_t)> value)
      : k(k), layout(layout), output(output), base(row * double(layout.rowBytes())), value(value), lanes(k.isa.lanes) {}
  void run();

private:
  void group(Val number, int64_t columns);
  void wideGroup(Val number, int64_t columns);
  void rowWithZero();
  /// `count` values from `column` on, the other lanes zero.
  Val load(Val column, int64_t count);
  /// Stores the scale of a group; returns what values are multiplied by.
  Val storeScale(Val number, Val largest);
  /// The nearest integers, i32, half to even; of numbers below 2^22.
  Val rounded(Val values);
  /// Stores codes and returns them as i32.
  Val storeCodes(Val column, Val values, Val inverse);
  /// Stores the sum of a group's codes, where the layout has one.
  void storeSum(Val number, Val sum);
  void pairCodes();
  mlir::Value bytes() { return k.viewAs(output, base + double(layout.codes()), k.b.getI8Type()); }

  KernelBuilder &k;
  const ActivationLayout &layout;
  mlir::Value output;
  Val base;
  llvm::function_ref<Val(Val, int64_t)> value;
  int64_t lanes;
};

} // namespace

Val RowQuantizer::load(Val column, int64_t count) {
  Val values = value(column, count);
  if (count == lanes)
    return values;
  Val used = k.iota(k.i32(0), lanes) < k.splat(k.i32(count), lanes);
  return k.select(used, values, k.like(values.type(), 0));
}

Val RowQuantizer::storeScale(Val number, Val largest) {
  Val isZero = largest < kSmallestActivation;
  Val scale = k.select(isZero, k.f32(0), largest / 127.0);
  k.store(k.viewAs(output, base + double(layout.scales()), k.f32Type()), {number}, scale);
  return k.splat(k.select(isZero, k.f32(0), k.f32(127) / largest), lanes);
}

Val RowQuantizer::rounded(Val values) {
  mlir::Type i32 = k.b.getI32Type();
  return k.bitcast(values + kRoundingShift, i32) - k.bitcast(k.like(values.type(), kRoundingShift), i32);
}

Val RowQuantizer::storeCodes(Val column, Val values, Val inverse) {
  Val codes = rounded(values * inverse);
  k.storeVector(bytes(), {column}, k.toWidth(codes, 8));
  return codes;
}

void RowQuantizer::storeSum(Val number, Val sum) {
  if (!layout.isCompact)
    k.store(k.viewAs(output, base + double(layout.sums()), k.b.getI32Type()), {number}, sum);
}

void RowQuantizer::group(Val number, int64_t columns) {
  Val first = number * double(layout.groupColumns());
  Vals values;
  Val largest, sum;
  for (int64_t column = 0; column < columns; column += lanes) {
    values.push_back(load(first + double(column), std::min(lanes, columns - column)));
    Val magnitude = k.abs(values.back());
    largest = column ? k.max(largest, magnitude) : magnitude;
  }
  Val inverse = storeScale(number, k.horizontalMax(largest));
  for (size_t i = 0; i < values.size(); ++i) {
    Val codes = storeCodes(first + double(int64_t(i) * lanes), values[i], inverse);
    sum = i ? sum + codes : codes;
  }
  storeSum(number, k.horizontalSum(sum));
}

void RowQuantizer::wideGroup(Val number, int64_t columns) {
  Val first = number * double(layout.groupColumns());
  mlir::Type vector = k.f32Vector(lanes);
  Val largest = reduceRow(
      k, columns, k.like(vector, 0),
      [&](Val column, int64_t count, Val most) { return k.max(most, k.abs(load(first + column, count))); },
      [&](Val x, Val y) { return k.max(x, y); });
  Val inverse = storeScale(number, largest);
  Val zero = k.likeInt(mlir::VectorType::get({lanes}, k.b.getI32Type()), 0);
  Val sum = reduceRow(
      k, columns, zero,
      [&](Val column, int64_t count, Val sum) {
        return sum + storeCodes(first + column, load(first + column, count), inverse);
      },
      [](Val x, Val y) { return x + y; });
  storeSum(number, sum);
}

/// The whole row as ONNX DynamicQuantizeLinear has it, codes less 128.
void RowQuantizer::rowWithZero() {
  mlir::Type i32 = k.b.getI32Type();
  Val zeros = k.like(k.f32Vector(lanes), 0);
  auto largest = [&](llvm::function_ref<Val(Val)> of) {
    return reduceRow(
        k, layout.k, zeros, [&](Val column, int64_t count, Val most) { return k.max(most, of(load(column, count))); },
        [&](Val x, Val y) { return k.max(x, y); });
  };
  Val greatest = largest([&](Val x) { return x; }), least = k.f32(0) - largest([&](Val x) { return k.neg(x); });
  Val range = (greatest - least) / 255.0;
  Val scale = k.select(range == k.f32(0), k.f32(1), range);
  k.store(k.viewAs(output, base + double(layout.scales()), k.f32Type()), {k.index(0)}, scale);
  Val exact = k.min(k.max(k.f32(0) - least / scale, k.f32(0)), k.f32(255));
  Val zero = rounded(exact);
  k.store(k.viewAs(output, base + double(layout.zeros()), i32), {k.index(0)}, k.i32(128) - zero);

  mlir::Type integers = mlir::VectorType::get({lanes}, i32);
  Val scales = k.splat(scale, lanes), added = k.splat(zero, lanes), none = k.likeInt(integers, 0);
  Val sum = reduceRow(
      k, layout.k, none,
      [&](Val column, int64_t count, Val sum) {
        Val codes = rounded(load(column, count) / scales) + added;
        codes = k.min(k.max(codes, none), k.likeInt(integers, 255)) - k.likeInt(integers, 128);
        if (count < lanes)
          codes = k.select(k.iota(k.i32(0), lanes) < k.splat(k.i32(count), lanes), codes, none);
        k.storeVector(bytes(), {column}, k.toWidth(codes, 8));
        return sum + codes;
      },
      [](Val x, Val y) { return x + y; });
  storeSum(k.index(0), sum);
}

/// Fills the function that makes pairs of the codes of a row, the first ones first: what is written never reaches what is
/// still to be read. Arguments: the row; where its codes lie, which is also how many they are; where `evens` lie;
/// columns of a group.
static void buildPairing(KernelBuilder &k, mlir::Block *entry) {
  mlir::Value row = entry->getArgument(0);
  auto argument = [&](unsigned number) { return k.toIndex(k.wrap(entry->getArgument(number))); };
  Val codes = argument(1), evens = argument(2), group = argument(3);
  auto words = [&](Val at) { return k.viewAs(row, at, k.b.getI32Type()); };
  Val zero = k.index(0);
  k.loop(zero, codes, group, {zero}, [&](Val first, llvm::ArrayRef<Val> number) -> Vals {
    Val end = k.min(first + group, codes);
    Vals sums = k.loop(first, end, 4, {k.i32(0)}, [&](Val column, llvm::ArrayRef<Val> carried) -> Vals {
      Val sum = carried[0];
      std::array<Val, 2> pairs = k.isa.pairActivations(k, k.load(words(codes + column), {k.index(0)}), sum);
      for (size_t i = 0; i < pairs.size(); ++i)
        k.store(words(column * 2.0), {k.index(i)}, pairs[i]);
      return {sum};
    });
    k.store(words(evens), {number[0]}, sums[0]);
    return {number[0] + 1.0};
  });
}

void RowQuantizer::pairCodes() {
  llvm::SmallVector<mlir::Type> types = {windowType(k)};
  types.append(3, k.b.getI32Type());
  llvm::SmallVector<mlir::Value> operands = {windowOf(k, output, base)};
  int64_t group = layout.groups() == 1 ? layout.paddedK() : layout.groupColumns();
  for (int64_t value : {layout.codes(), layout.evens(), group})
    operands.push_back(k.i32(value));
  mlir::func::CallOp::create(k.b, k.loc, getSharedFunction(k, "pair_codes", types, buildPairing), operands);
}

void RowQuantizer::run() {
  int64_t each = layout.groupColumns(), full = layout.k / each;
  auto quantize = [&](Val number, int64_t columns) {
    bool fits = !k.isa.isSmall && columns <= kColumnsInRegisters;
    return fits ? group(number, columns) : wideGroup(number, columns);
  };
  if (layout.hasZeros)
    rowWithZero();
  else if (full == 1)
    quantize(k.index(0), each);
  else
    k.loop(k.index(0), k.index(full), 1, [&](Val number) { quantize(number, each); });
  if (layout.k % each)
    quantize(k.index(full), layout.k % each);
  // Vectors behind the last column.
  for (int64_t column = llvm::divideCeil(layout.k, lanes) * lanes; column < layout.paddedK(); column += lanes)
    k.storeVector(bytes(), {k.index(column)}, k.likeInt(mlir::VectorType::get({lanes}, k.b.getI8Type()), 0));
  if (layout.isPaired)
    pairCodes();
}

void quantizeRow(KernelBuilder &k, const ActivationLayout &layout, mlir::Value output, Val row,
                 llvm::function_ref<Val(Val, int64_t)> value) {
  RowQuantizer(k, layout, output, row, value).run();
}

std::string QuantizeRowsSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_quantize_rows_" << rows << 'x' << layout.k << "_g" << layout.group << (layout.hasZeros ? "_zeros" : "")
     << (layout.isPaired ? "_paired" : "");
  return text;
}

mlir::func::FuncOp getQuantizeRowsKernel(mlir::ModuleOp module, const QuantizeRowsSpec &spec, const IsaRow &isa) {
  mlir::Builder b(module.getContext());
  llvm::SmallVector<mlir::Type> types = {mlir::MemRefType::get({spec.rows, spec.layout.k}, b.getF32Type()),
                                         mlir::MemRefType::get({spec.rows * spec.layout.rowBytes()}, b.getI8Type())};
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    k.loop(args.begin, k.min(args.end, args.n), 1, [&](Val row) {
      quantizeRow(k, spec.layout, args.memrefs[1], row, [&](Val column, int64_t count) {
        return k.loadFirst(args.memrefs[0], {row, column}, k.isa.lanes, count);
      });
    });
  });
}

} // namespace edgelm
