// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One function for each number format multiplies a panel by a row of activations; the kernels of all shapes call it, so
// that a model has each inner loop once. The sums follow docs/quantization.md.
#include "Codegen/Kernels/PanelLinear.h"
#include "Codegen/Kernels/LinearFrame.h"
#include "Codegen/Kernels/ScalarKernels.h"
#include "Dialect/ScalarFunctions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include "llvm/Support/MathExtras.h"

namespace edgelm {

/// A view of what begins at some byte and ends anywhere: the function of a format does not know the shape.
static constexpr int64_t kWindowBytes = 1 << 30;

/// Where things lie that depend on the shape: bytes from the start of the panel or of the row of activations. A format
/// has either zero points, and needs the activations' sums, or sums of its own, and needs the activations' zeros.
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
  Vals addUnits(Val first, Val end, llvm::ArrayRef<Val> sums);
  Vals addGroup(Val group, llvm::ArrayRef<Val> sums);
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
  mlir::Value panel, row, output;
  Vals places;
};

} // namespace

PanelFunction::PanelFunction(KernelBuilder &k, const FormatRow &format, mlir::Block *entry)
    : k(k), format(format), panelRows(k.isa.panel), panel(entry->getArgument(0)), row(entry->getArgument(1)),
      output(entry->getArgument(2)) {
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

Vals PanelFunction::addUnits(Val first, Val end, llvm::ArrayRef<Val> sums) {
  return k.loop(first, end, 1, sums, [&](Val number, llvm::ArrayRef<Val> carried) {
    Vals next(carried);
    PanelUnit unit = {format, panel, {}, row, number * double(kColumnUnit)};
    for (int plane = 0; plane < 2 && format.planes[plane]; ++plane)
      unit.planes[plane] = places[Plane0 + plane] + number * double(format.planes[plane] * panelRows * 4);
    k.isa.addPanelUnit(k, unit, next);
    return next;
  });
}

/// All units of a group, of which the last may have fewer.
Vals PanelFunction::addGroup(Val group, llvm::ArrayRef<Val> sums) {
  Val first = group * double(unitsOfGroup()), end = first + double(unitsOfGroup());
  return addUnits(first, unitsOfGroup() == 1 ? end : k.min(end, places[Units]), sums);
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
  Vals sums = k.loop(k.index(0), groups(), 1, {zero}, [&](Val group, llvm::ArrayRef<Val> carried) -> Vals {
    Val total = fromRow(RowSums, group, k.b.getI32Type()), start = k.i32(0);
    if (format.bits() < 8 && format.codebook.empty() && !format.hasZeroPoints)
      start = total * double(-format.offset());
    Val product = integers(addGroup(group, Vals(panelRows, start)));
    if (format.hasZeroPoints) {
      Val zeros = rowVector(places[ZeroPoints] + group * double(panelRows), k.b.getI8Type());
      product = product - k.toWidth(zeros, 32) * k.splat(total, panelRows);
    }
    Val scale = k.splat(fromRow(RowScales, group, k.f32Type()), panelRows);
    return {carried[0] + k.toFloat(product) * (scale * groupScales(group))};
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
  Vals sums = addUnits(k.index(0), places[Units], Vals(panelRows, k.i32(0)));
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
  mlir::ModuleOp module = k.b.getInsertionBlock()->getParentOp()->getParentOfType<mlir::ModuleOp>();
  std::string name = "panel_" + std::string(format.name);
  if (auto existing = module.lookupSymbol<mlir::func::FuncOp>(name))
    return existing;
  mlir::OpBuilder b = mlir::OpBuilder::atBlockEnd(module.getBody());
  mlir::Type window = mlir::MemRefType::get({kWindowBytes}, b.getI8Type());
  llvm::SmallVector<mlir::Type> types = {window, window, mlir::MemRefType::get({k.isa.panel}, b.getF32Type())};
  types.append(PlaceCount, b.getI32Type());
  mlir::func::FuncOp function = mlir::func::FuncOp::create(b, k.loc, name, b.getFunctionType(types, mlir::TypeRange{}));
  function.setPrivate();
  b.setInsertionPointToStart(function.addEntryBlock());
  KernelBuilder inner(module, b, k.loc, k.isa);
  PanelFunction(inner, format, &function.getBody().front()).build();
  mlir::func::ReturnOp::create(b, k.loc);
  return function;
}

namespace {

/// Builds the body of one kernel.
class PanelLinear : LinearFrame {
public:
  using LinearFrame::LinearFrame;
  void build();

private:
  void multiply(mlir::func::FuncOp function, size_t matrix, Val panel, Val row, mlir::Value sums);
  void finishColumn(Val row, Val column, Val value, Val gated);
};

} // namespace

static mlir::Value window(KernelBuilder &k, mlir::Value bytes, Val at) {
  mlir::MemRefType type = k.memref({kWindowBytes}, k.b.getI8Type());
  return mlir::memref::ViewOp::create(k.b, k.loc, type, bytes, at, mlir::ValueRange{});
}

/// sums[panel] = one panel of a matrix times one row.
void PanelLinear::multiply(mlir::func::FuncOp function, size_t matrix, Val panel, Val row, mlir::Value sums) {
  PackedLayout layout = spec.weightLayout(k.isa);
  ActivationLayout activations = spec.inputLayout();
  int64_t places[PlaceCount] = {};
  places[GroupScales] = layout.groupScales();
  places[ZeroPoints] = spec.format->hasRowSums ? layout.rowSums() : layout.zeroPoints();
  places[Plane0] = layout.plane(0);
  places[Plane1] = layout.plane(1);
  places[RowScales] = activations.scales();
  places[RowSums] = activations.hasZeros ? activations.zeros() : activations.sums();
  places[Units] = layout.paddedK() / kColumnUnit;
  llvm::SmallVector<mlir::Value> operands = {window(k, weights[matrix], panel * double(layout.panelBytes())),
                                             window(k, input, row * double(activations.rowBytes())), sums};
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

void PanelLinear::build() {
  mlir::func::FuncOp function = getPanelFunction(k, *spec.format);
  llvm::SmallVector<mlir::Value, 2> sums;
  for (size_t matrix = 0; matrix < weights.size(); ++matrix)
    sums.push_back(k.stackBuffer({panelColumns}, /*alignment=*/8));
  k.loop(args.begin, args.end, 1, [&](Val panel) {
    Val first = panel * double(panelColumns);
    Val columns = k.min(k.index(panelColumns), k.index(spec.n) - first);
    k.loop(k.index(0), args.n, 1, [&](Val row) {
      for (size_t matrix = 0; matrix < weights.size(); ++matrix)
        multiply(function, matrix, panel, row, sums[matrix]);
      k.loop(k.index(0), columns, 1, [&](Val column) {
        Val gated = spec.glu ? k.load(sums[1], {column}) : Val();
        finishColumn(row, first + column, k.load(sums[0], {column}), gated);
      });
    });
  });
}

void buildPanelLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec) {
  PanelLinear(k, args, spec).build();
}

} // namespace edgelm
