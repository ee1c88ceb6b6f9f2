// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function for each number format multiplies a panel by a row of activations; the kernels of all shapes call it, so
// that a model has each inner loop once. The sums follow docs/quantization.md.
#include "Codegen/Kernels/PanelLinear.h"
#include "Codegen/Kernels/LinearFrame.h"
#include "Codegen/Kernels/ScalarKernels.h"
#include "Codegen/Kernels/SharedFunction.h"
#include "Dialect/ScalarFunctions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/MathExtras.h"

namespace edgelm {

/// Where things lie that depend on the shape: bytes from the start of the panel or of the row of activations. A format
/// has either zero points, and needs the activations' sums (`evens`, where only their codes are unsigned), or sums of its
/// own, and needs the activations' zeros.
enum Place {
  GroupScales,
  ZeroPoints,
  WeightSums = ZeroPoints,
  Plane0,
  Plane1,
  RowScales,
  RowSums,
  RowZeros = RowSums,
  Units,
  PlaceCount
};

bool usesPanelLoop(const LinearSpec &spec, const IsaRow &isa) {
  return isa.addPanelUnit && spec.format && spec.int8Input;
}

namespace {

/// Builds the function of one format.
class PanelFunction {
public:
  PanelFunction(KernelBuilder &k, const FormatRow &format, mlir::Block *entry);
  void build();

private:
  /// A vector with an element for each row of the panel, widened.
  Val rowVector(Val byte, mlir::Type element);
  Val fromRow(Place place, Val group, mlir::Type element);
  Val integers(llvm::ArrayRef<Val> sums);
  Vals initialSums(Val group);
  PanelUnit unitAt(Val number);
  Vals addUnits(Val first, Val end, llvm::ArrayRef<Val> sums);
  Vals addGroup(Val group, llvm::ArrayRef<Val> sums);
  Val countOfGroup(Val group);
  Val groupScales(Val group);
  void store(Val sums);
  void buildGroups();
  void buildMultiplied();
  void buildRow();
  int64_t unitsOfGroup() const { return format.group / kColumnUnit; }
  Val groups() { return (places[Units] + double(unitsOfGroup() - 1)) / double(unitsOfGroup()); }

  KernelBuilder &k;
  const FormatRow &format;
  int64_t panelRows;
  bool isPaired;
  mlir::Value panel, row, output;
  Vals places;
};

} // namespace

PanelFunction::PanelFunction(KernelBuilder &k, const FormatRow &format, mlir::Block *entry)
    : k(k), format(format), panelRows(k.isa.panel), isPaired(k.isa.pairActivations && takesPairedRows(format)),
      panel(entry->getArgument(0)), row(entry->getArgument(1)), output(entry->getArgument(2)) {
  for (int i = 0; i < PlaceCount; ++i)
    places.push_back(k.toIndex(k.wrap(entry->getArgument(3 + i))));
}

Val PanelFunction::rowVector(Val byte, mlir::Type element) {
  return k.loadVector(k.viewAs(panel, byte, element), {k.index(0)}, panelRows);
}

Val PanelFunction::fromRow(Place place, Val group, mlir::Type element) {
  return k.load(k.viewAs(row, places[place], element), {group});
}

Val PanelFunction::integers(llvm::ArrayRef<Val> sums) {
  llvm::SmallVector<mlir::Value> elements(sums.begin(), sums.begin() + panelRows);
  mlir::Type type = mlir::VectorType::get({panelRows}, k.b.getI32Type());
  return k.wrap(mlir::vector::FromElementsOp::create(k.b, k.loc, type, elements));
}

/// What the sums of a group start with: it undoes the offset of unsigned codes.
Vals PanelFunction::initialSums(Val group) {
  bool isUnsigned = format.bits() < 8 || isPaired;
  if (!isUnsigned || !format.codebook.empty() || format.hasZeroPoints || format.hasRowSums)
    return Vals(panelRows, k.i32(0));
  Val sum = fromRow(RowSums, group, k.b.getI32Type());
  return Vals(panelRows, format.bits() == 8 ? sum : sum * double(-format.offset()));
}

PanelUnit PanelFunction::unitAt(Val number) {
  PanelUnit unit = {format, panel, {}, row, number * double(isPaired ? 2 * kColumnUnit : kColumnUnit), isPaired};
  for (int plane = 0; plane < 2 && format.planes[plane]; ++plane)
    unit.planes[plane] = places[Plane0 + plane] + number * double(format.planes[plane] * panelRows * 4);
  return unit;
}

Vals PanelFunction::addUnits(Val first, Val end, llvm::ArrayRef<Val> sums) {
  return k.loop(first, end, 1, sums, [&](Val number, llvm::ArrayRef<Val> carried) {
    Vals next(carried);
    k.isa.addPanelUnit(k, unitAt(number), next);
    return next;
  });
}

/// All units of a group, of which the last may have fewer.
Vals PanelFunction::addGroup(Val group, llvm::ArrayRef<Val> sums) {
  Val first = group * double(unitsOfGroup()), end = first + double(unitsOfGroup());
  return addUnits(first, unitsOfGroup() == 1 ? end : k.min(end, places[Units]), sums);
}

/// Units of a group, null where each has one.
Val PanelFunction::countOfGroup(Val group) {
  if (unitsOfGroup() == 1)
    return Val();
  return k.min(k.index(unitsOfGroup()), places[Units] - group * double(unitsOfGroup()));
}

Val PanelFunction::groupScales(Val group) {
  if (format.scale == Scale::F32)
    return rowVector(group * double(4 * panelRows), k.f32Type());
  if (format.scale == Scale::F16)
    return rowVector(places[GroupScales] + group * double(2 * panelRows), k.b.getF16Type());
  Val bytes = rowVector(places[GroupScales] + group * double(panelRows), k.b.getI8Type());
  Val super = group / double(kGroupsOfDouble) * double(4 * panelRows);
  return k.toFloat(k.toWidth(bytes, 32)) * rowVector(super, k.f32Type());
}

void PanelFunction::store(Val sums) {
  k.storeVector(output, {k.index(0)}, sums);
}

/// f32 sums of groups with a scale each.
void PanelFunction::buildGroups() {
  Val zero = k.like(k.f32Vector(panelRows), 0.0);
  PanelUnit first = unitAt(k.index(0));
  const PanelSweep &sweep = k.isa.panelSweep;
  bool sweeps = sweep.takes && sweep.takes(first);
  Vals init = {zero};
  if (sweeps)
    sweep.begin(k, first, init);
  Vals sums = k.loop(k.index(0), groups(), 1, init, [&](Val group, llvm::ArrayRef<Val> carried) -> Vals {
    Vals next(carried), sums = initialSums(group);
    if (sweeps)
      sweep.add(k, first, llvm::MutableArrayRef(next).drop_front(), countOfGroup(group), sums);
    else
      sums = addGroup(group, sums);
    Val product = integers(sums);
    if (format.hasZeroPoints) {
      Val zeros = rowVector(places[ZeroPoints] + group * double(panelRows), k.b.getI8Type());
      product = product - k.toWidth(zeros, 32) * k.splat(fromRow(RowSums, group, k.b.getI32Type()), panelRows);
    }
    Val scale = k.splat(fromRow(RowScales, group, k.f32Type()), panelRows);
    next[0] = next[0] + k.toFloat(product) * (scale * groupScales(group));
    return next;
  });
  store(sums[0]);
}

/// One integer sum for the row of groups that have an integer each.
void PanelFunction::buildMultiplied() {
  Val none = k.likeInt(mlir::VectorType::get({panelRows}, k.b.getI32Type()), 0);
  Vals sums = k.loop(k.index(0), groups(), 1, {none}, [&](Val group, llvm::ArrayRef<Val> carried) -> Vals {
    Vals sums = addGroup(group, Vals(panelRows + 1, k.i32(0)));
    Val offset = k.splat(sums.back() * double(format.offset()), panelRows);
    Val bytes = rowVector(places[GroupScales] + group * double(panelRows), k.b.getI8Type());
    return {carried[0] + (integers(sums) - offset) * k.toWidth(bytes, 32)};
  });
  Val scale = k.splat(fromRow(RowScales, k.index(0), k.f32Type()), panelRows);
  store(k.toFloat(sums[0]) * (scale * rowVector(k.index(0), k.f32Type())));
}

void PanelFunction::buildRow() {
  Vals sums = initialSums(k.index(0));
  PanelUnit first = unitAt(k.index(0));
  if (const PanelSweep &sweep = k.isa.panelSweep; sweep.takes && sweep.takes(first)) {
    Vals place;
    sweep.begin(k, first, place);
    sweep.add(k, first, place, places[Units], sums);
  } else {
    sums = addUnits(k.index(0), places[Units], sums);
  }
  Val scale = k.splat(fromRow(RowScales, k.index(0), k.f32Type()), panelRows), product = integers(sums);
  if (format.hasRowSums)
    product = product + rowVector(places[WeightSums], k.b.getI32Type()) *
                            k.splat(fromRow(RowZeros, k.index(0), k.b.getI32Type()), panelRows);
  store(k.toFloat(product) * (scale * rowVector(k.index(0), k.f32Type())));
}

void PanelFunction::build() {
  if (format.scale == Scale::Integer)
    return buildMultiplied();
  return format.group ? buildGroups() : buildRow();
}

/// The function of a format, made on first use.
static mlir::func::FuncOp getPanelFunction(KernelBuilder &k, const FormatRow &format) {
  llvm::SmallVector<mlir::Type> types = {windowType(k), windowType(k), k.memref({k.isa.panel}, k.f32Type())};
  types.append(PlaceCount, k.b.getI32Type());
  return getSharedFunction(
      k, "panel_" + std::string(format.name), types,
      [&](KernelBuilder &inner, mlir::Block *entry) { PanelFunction(inner, format, entry).build(); });
}

namespace {

/// Builds the body of one kernel.
class PanelLinear : LinearFrame {
public:
  using LinearFrame::LinearFrame;
  void build();

private:
  void multiply(mlir::func::FuncOp function, size_t matrix, Val panel, Val row, mlir::Value sums);
  void finishPanel(Val panel, Val row, llvm::ArrayRef<mlir::Value> sums);
  void finishColumn(Val row, Val column, Val value, Val gated);
};

} // namespace

/// sums[panel] = one panel of a matrix times one row.
void PanelLinear::multiply(mlir::func::FuncOp function, size_t matrix, Val panel, Val row, mlir::Value sums) {
  PackedLayout layout = spec.weightLayout(k.isa);
  ActivationLayout activations = spec.inputLayout(k.isa);
  int64_t places[PlaceCount] = {};
  places[GroupScales] = layout.groupScales();
  places[ZeroPoints] = spec.format->hasRowSums ? layout.rowSums() : layout.zeroPoints();
  places[Plane0] = layout.plane(0);
  places[Plane1] = layout.plane(1);
  places[RowScales] = activations.scales();
  places[RowSums] = activations.hasZeros ? activations.zeros()
                    : layout.isPaired    ? activations.evens()
                                         : activations.sums();
  places[Units] = layout.paddedK() / kColumnUnit;
  llvm::SmallVector<mlir::Value> operands = {windowOf(k, weights[matrix], panel * double(layout.panelBytes())),
                                             windowOf(k, input, row * double(activations.rowBytes())), sums};
  for (int64_t place : places)
    operands.push_back(k.i32(place));
  mlir::func::CallOp::create(k.b, k.loc, function, operands);
}

void PanelLinear::finishColumn(Val row, Val column, Val value, Val gated) {
  auto finished = [&](Val value, int64_t part) {
    if (spec.constantBias)
      value = value + *spec.constantBias;
    return spec.bias ? value + k.load(bias, {column + double(part * spec.n)}) : value;
  };
  value = finished(value, 0);
  if (!spec.activation.empty())
    value = applyUnary(k, spec.activation, value, lookupUnary(spec.activation)->defaults);
  if (spec.glu)
    value = value * finished(gated, 1);
  if (spec.residual)
    value = value + k.load(residual, {row, column});
  k.store(output, {row, column}, value);
}

void PanelLinear::finishPanel(Val panel, Val row, llvm::ArrayRef<mlir::Value> sums) {
  // A vector holds a panel: all of its columns at once.
  if (lanes == panelColumns) {
    llvm::SmallVector<Column, 2> columns;
    Vals values;
    for (size_t matrix = 0; matrix < weights.size(); ++matrix) {
      columns.push_back({matrix, 0});
      values.push_back(k.loadVector(sums[matrix], {k.index(0)}, lanes));
    }
    return finish(panel, row, columns, values);
  }
  Val first = panel * double(panelColumns), count = k.index(panelColumns);
  if (spec.n % panelColumns)
    count = k.min(count, k.index(spec.n) - first);
  auto finishAt = [&](Val column) {
    Val gated = spec.glu ? k.load(sums[1], {column}) : Val();
    finishColumn(row, first + column, k.load(sums[0], {column}), gated);
  };
  // A sweep without groups around it is short enough to be inlined, and its sums need not leave their registers.
  bool isInlined = k.isa.panelSweep.takes && spec.format->group == 0;
  if (spec.n % panelColumns || !isInlined)
    return k.loop(k.index(0), count, 1, finishAt);
  for (int64_t column = 0; column < panelColumns; ++column)
    finishAt(k.index(column));
}

void PanelLinear::build() {
  mlir::func::FuncOp function = getPanelFunction(k, *spec.format);
  llvm::SmallVector<mlir::Value, 2> sums;
  for (size_t matrix = 0; matrix < weights.size(); ++matrix)
    sums.push_back(k.stackBuffer({panelColumns}, /*alignment=*/8));
  // Asked once, not for each panel.
  k.ifThen(args.n > k.index(0), [&] {
    k.loop(args.begin, args.end, 1, [&](Val panel) {
      k.loop(k.index(0), args.n, 1, [&](Val row) {
        for (size_t matrix = 0; matrix < weights.size(); ++matrix)
          multiply(function, matrix, panel, row, sums[matrix]);
        finishPanel(panel, row, sums);
      });
    });
  });
}

void buildPanelLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec) {
  PanelLinear(k, args, spec).build();
}

} // namespace edgelm
