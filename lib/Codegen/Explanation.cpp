// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts what folded, and describes masks, position tables and raised operations.
#include "Codegen/Explanation.h"
#include "Codegen/Diagnostics.h"

#include "Dialect/EdgeLMDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <map>

using namespace mlir;

namespace edgelm {

/// What computes, in the order of the function.
static SmallVector<Operation *> operationsOf(func::FuncOp function) {
  SmallVector<Operation *> operations;
  for (Operation &op : function.front().without_terminator())
    if (!isa<ConstantOp, WeightOp>(op))
      operations.push_back(&op);
  return operations;
}

/// Nodes that an operation stands for; one node may be several operations.
static size_t countNodes(func::FuncOp function) {
  llvm::StringSet<> names;
  for (Operation *op : operationsOf(function))
    names.insert(describeLocation(op->getLoc()));
  return names.size();
}

static std::string sizesOf(Value value) {
  std::string text;
  for (int64_t size : tensorType(value).getShape())
    text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

/// `causal`, `sliding_window window = 512`, ... as the attribute is written.
static std::string textOf(MaskAttr mask) {
  if (mask.getSlopes())
    return llvm::formatv("{0} with ALiBi slopes of {1} heads", stringifyMaskKind(mask.getKind()),
                         mask.getSlopes().size());
  if (mask.getWindow())
    return llvm::formatv("{0} of {1} tokens", stringifyMaskKind(mask.getKind()), mask.getWindow());
  return stringifyMaskKind(mask.getKind()).str();
}

/// In the order in which keys are met first.
template <typename Key, typename Value> using InOrder = llvm::MapVector<Key, Value, std::map<Key, unsigned>>;

/// The nodes at which something was found, by what it is and how it is described.
using Lines = InOrder<std::pair<std::string, std::string>, SmallVector<std::string>>;

static void print(raw_ostream &os, const Lines &lines) {
  for (const auto &[what, nodes] : lines) {
    os << "  " << what.first << ": " << what.second << "; at " << nodes.front();
    if (nodes.size() > 1)
      os << " and " << nodes.size() - 1 << " more, up to " << nodes.back();
    os << "\n";
  }
}

static std::string describe(LinearOp op) {
  std::string text;
  for (auto [weight, transposed] : llvm::zip_equal(op.getWeights(), op.getTransposed())) {
    RankedTensorType type = tensorType(weight);
    text += llvm::formatv("{0}{1} to {2} features", text.empty() ? "" : ", ", type.getDimSize(transposed ? 0 : 1),
                          type.getDimSize(transposed ? 1 : 0));
  }
  return text + (op.getBiases().empty() ? "" : " with a bias");
}

static std::string describe(AttentionOp op) {
  RankedTensorType query = tensorType(op.getQuery()), key = tensorType(op.getKey());
  std::string text = llvm::formatv("{0} heads of {1}", query.getDimSize(1), query.getDimSize(2));
  if (key.getDimSize(1) != query.getDimSize(1))
    text += llvm::formatv(", {0} of keys and values", key.getDimSize(1));
  return text + ", " + textOf(op.getMask()) + (op.getKeyMask() ? ", padded keys are hidden" : "");
}

static std::string describe(RopeOp op) {
  return llvm::formatv("{0} of {1} elements of each head, pairs are {2}", 2 * tensorType(op.getCos()).getDimSize(1),
                       tensorType(op.getInput()).getDimSize(2), op.getInterleaved() ? "neighbours" : "halves");
}

/// What a raised operation is, or "" for plain algebra.
static std::string describe(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<LinearOp, AttentionOp, RopeOp>([](auto raised) { return describe(raised); })
      .Case([](EmbedOp embed) { return "table of " + sizesOf(embed.getTable()); })
      .Case([](PositionRowsOp rows) { return "table of " + sizesOf(rows.getTable()); })
      .Case([](RmsNormOp norm) { return sizesOf(norm.getWeight()) + " features"; })
      .Case([](LayerNormOp norm) { return sizesOf(norm.getWeight()) + " features"; })
      .Case([](GluOp glu) { return glu.getFn().str(); })
      .Default([](Operation *) { return std::string(); });
}

/// The operation's kind, with its function where it has one.
static std::string kindOf(Operation *op) {
  StringAttr function = op->getAttrOfType<StringAttr>("fn");
  return (op->getName().stripDialect() + (function ? " " + function.getValue() : "")).str();
}

static std::string describeSpecialised(func::FuncOp main, size_t before) {
  std::string text;
  llvm::raw_string_ostream os(text);
  size_t left = countNodes(main);
  os << "specialise: " << left << " nodes are left; " << before - std::min(before, left)
     << " were folded into constants or not needed\n";
  Lines lines;
  for (Operation *op : operationsOf(main)) {
    std::string node = describeLocation(op->getLoc());
    if (MaskOp mask = dyn_cast<MaskOp>(op))
      lines[{"mask", textOf(mask.getMask()) + (mask.getKeyMask() ? ", padded keys are hidden" : "")}].push_back(node);
    if (PositionRowsOp rows = dyn_cast<PositionRowsOp>(op))
      lines[{"rows by position", describe(op)}].push_back(node);
  }
  print(os, lines);
  return text;
}

static std::string describeRaised(func::FuncOp main) {
  std::string text;
  llvm::raw_string_ostream os(text);
  Lines lines;
  InOrder<std::string, unsigned> algebra;
  SmallVector<Operation *> operations = operationsOf(main);
  for (Operation *op : operations) {
    if (std::string what = describe(op); !what.empty())
      lines[{op->getName().stripDialect().str(), what}].push_back(describeLocation(op->getLoc()));
    else
      ++algebra[kindOf(op)];
  }
  os << "raise: " << operations.size() << " operations\n";
  print(os, lines);
  if (!algebra.empty())
    os << "  plain algebra:";
  StringRef separator = " ";
  for (const auto &[kind, count] : algebra) {
    os << separator << count << " " << kind;
    separator = ", ";
  }
  if (!algebra.empty())
    os << "\n";
  return text;
}

void Explanation::note(llvm::StringRef phase, ModuleOp module) {
  func::FuncOp main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return;
  if (phase == "import") {
    importedNodes = countNodes(main);
    imported = llvm::formatv("import: {0} {1}\n", importedNodes, importedNodes == 1 ? "node" : "nodes");
  } else if (phase == "specialise") {
    specialised = describeSpecialised(main, importedNodes);
  } else if (phase == "raise") {
    raised = describeRaised(main);
  }
}

} // namespace edgelm
