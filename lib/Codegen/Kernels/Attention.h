// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel of scaled dot-product attention over a cache or over a whole sequence.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"
#include "Dialect/SpanRecord.h"

#include <string>
#include <vector>

namespace edgelm {

/// Says everything that distinguishes one attention kernel from another.
///
/// Memrefs: query [rows, heads, headDim]; key [groups, keys, headDim] and value [groups, keys, valueDim] when `cached`,
/// else [keys, groups, ...], both of `keyType`; key mask [keys] when `keyMaskType`, nonzero = visible; output [rows, heads, valueDim];
/// query and output f32. Work items are (head, block of query rows). The keys of a row are visited in blocks at absolute positions with
/// an online softmax (Milakov and Gimelshein 2018), so that the bits of a row depend on its position and not on the
/// rows it came with.
struct AttentionSpec {
  int64_t rows = 1, heads = 1, groups = 1, keys = 1, headDim = 1, valueDim = 1;
  /// Element type of keys and values: f32, f16, or i8 for a cache of compact rows, [groups * keys * bytes of a row].
  mlir::Type keyType;
  /// Row r stands at position pos + r; otherwise at r.
  bool cached = false;
  /// A row sees no key behind its own position.
  bool causal = false;
  /// With causal: a row sees only that many keys, itself included; 0 is all.
  int64_t window = 0;
  double scale = 1.0;
  /// A scaled score s becomes softcap * tanh(s / softcap); 0: it stays.
  double softcap = 0;
  /// ALiBi: slope of each head, or empty.
  std::vector<float> slopes;
  /// The softmax is summed alone over spans of so many keys, at multiples of it, and merged in ascending order; 0: over
  /// all keys at once. Whole blocks of any ISA.
  int64_t span = 0;
  /// One row: what each span gives is written as a record (SpanRecord), [heads, spans, floats], in place of the output; the
  /// merge is another kernel's. Work items are equal shares of (head, span).
  bool parts = false;
  /// Element type of the key mask, or null without one.
  mlir::Type keyMaskType;

  std::string name() const;
  int64_t workItems(const IsaRow &isa) const;
  /// Spans of all keys.
  int64_t spans() const { return (keys + span - 1) / span; }
  mlir::MemRefType partsMemref(mlir::Type f32) const {
    return mlir::MemRefType::get({heads, spans(), SpanRecord::floats(valueDim)}, f32);
  }
  /// Rows of one work item.
  int64_t queryBlock(const IsaRow &isa) const;
};

/// The kernel of that spec in `module`, made on first use.
mlir::func::FuncOp getAttentionKernel(mlir::ModuleOp module, const AttentionSpec &spec, const IsaRow &isa);

/// The kernel that merges the records of a spec with `parts`. Memrefs: records, output [1, heads, valueDim]; work items are heads.
mlir::func::FuncOp getMergeKernel(mlir::ModuleOp module, const AttentionSpec &spec, const IsaRow &isa);

} // namespace edgelm
