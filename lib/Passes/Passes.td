// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every pass, in the order of the phases.
#ifndef EDGELM_PASSES_TD
#define EDGELM_PASSES_TD

include "mlir/Pass/PassBase.td"
include "Passes/RaisePasses.td"

def DropUnused : Pass<"edgelm-drop-unused", "mlir::ModuleOp"> {
  let summary = "Remove operations whose results nobody uses";
  let description = [{
    Erases every pure operation of the module's functions that has no use, in one sweep from the end to the start.
  }];
  let statistics = [Statistic<"numDropped", "num-dropped", "Operations removed">];
}

def Bind : Pass<"edgelm-bind", "mlir::ModuleOp"> {
  let summary = "Bind batch, sequence and state to numbers";
  let description = [{
    Expects an imported `@main` whose arguments have roles. Afterwards every shape is static, and shape arithmetic is
    constant. With `tokens` of any length, `@main` reads `tokens` tokens, its private clone `@probe` `probe-tokens` and
    `@context` `context`, all of batch 1; operations that correspond have one `edgelm.id` (result r of an operation has its number plus r).
    Past keys and values are empty, and neither they nor their successors are arguments and results any more; `position_ids` are 0, 1, …; an
    `attention_mask` beside a past is all ones, without a past it stays an argument. Any other model keeps its arguments, their unknown dimensions bound by `dims` or, the
    first one, to 1.

    Refuses shapes that depend on values of the input, and dimensions that nobody gives.
  }];
  let options = [Option<"mainTokens", "tokens", "int64_t", "12", "Tokens of @main">,
                 Option<"probeTokens", "probe-tokens", "int64_t", "19", "Tokens of @probe">,
                 Option<"contextTokens", "context", "int64_t", "0", "Tokens of @context; 0: the smaller of the model's and 2048">,
                 ListOption<"dims", "dims", "std::string", "Sizes of other dimensions, name:number">];
  let statistics = [Statistic<"numFolded", "num-folded", "Operations that became constants">];
}

def FoldConstants : Pass<"edgelm-fold-constants", "mlir::ModuleOp"> {
  let summary = "Evaluate what depends on no argument";
  let description = [{
    Expects static shapes, as `edgelm-bind` leaves them. Afterwards what depends on no argument is an
    `edgelm.constant`, or an `edgelm.weight` where it is a contiguous part of one; a trained matrix behind transposes, casts or a dequantization stays as it
    is. `unsqueeze` and `squeeze` are `reshape`, `split` is `slice`, bounds and shapes are no operands any more; identities
    and what nobody uses are gone. In `@context` only results of up to 64 elements are evaluated. A replacement has the `edgelm.id` and
    the location of what it replaces.

    Refuses operations that the reference evaluator refuses, such as an index outside its table.
  }];
  let statistics = [Statistic<"numFolded", "num-folded", "Operations that became constants">,
                    Statistic<"numSimplified", "num-simplified", "Operations replaced by simpler ones">,
                    Statistic<"numErased", "num-erased", "Operations that nobody used">];
}

def ClassifyMasks : Pass<"edgelm-classify-masks", "mlir::ModuleOp"> {
  let summary = "Name attention masks by their values and make position tables";
  let description = [{
    Expects the clones of `edgelm-bind`, folded. Every attention (a softmax over the last of two dimensions of tokens) is probed: what lies between its
    scores and the softmax is evaluated at both lengths, with and without padded keys. Afterwards the scores are only scaled and have an `edgelm.mask`
    added (causal, sliding window, ALiBi, padded keys) or nothing (bidirectional). A causal model loses its attention mask argument.
    A constant with one dimension of tokens became `edgelm.position_rows` of its table at the full context. `@probe`, `@context` and
    `edgelm.id` are gone. docs/specialise.md tells more.

    Refuses, saying what was seen, a mask of another kind, and a mask, table or constant that depends on the total number of tokens. A window longer than
    `@probe` looks causal.
  }];
  let statistics = [Statistic<"numMasks", "num-masks", "Attentions whose mask was classified">,
                    Statistic<"numTables", "num-tables", "Tables of positions">];
}

def AdoptProducts : Pass<"edgelm-adopt-products", "mlir::ModuleOp"> {
  let summary = "Make integer products of dynamically quantized tokens linears";
  let description = [{
    Expects entries. Where tokens go through `edgelm.dynamic_quantize`, each with a scale and a zero point of its own, then through an
    `edgelm.matmul_integer` with a trained matrix, and its integers times both scales are the result, perhaps with a trained bias, all of that becomes an
    `edgelm.quantize_rows` with zero points and an `edgelm.linear` of a number format that has the sums of its rows. Codes and
    scales of the matrix are kept, and the result has the same bits.

    ```
    x, s, z = edgelm.dynamic_quantize t {per_token}             r = edgelm.quantize_rows t
    y = cast(edgelm.matmul_integer x, W lhs_zero(z)) * (s * w)  y = edgelm.linear r weights(edgelm.coded_weight of W and w)
    ```

    A product whose matrix fits no such format stays, and is computed by its definition.
  }];
  let statistics = [Statistic<"numAdopted", "num-adopted", "Products that become linears">];
}

def ExpandQuantize : Pass<"edgelm-expand-quantize", "mlir::ModuleOp"> {
  let summary = "Write the dynamic quantizations that are left as algebra";
  let description = [{
    `edgelm.dynamic_quantize` becomes the reductions, the arithmetic and the `edgelm.quantize` that ONNX DynamicQuantizeLinear is defined
    by, rounded in the same places.
  }];
}

def AdoptCodes : Pass<"edgelm-adopt-codes", "mlir::ModuleOp"> {
  let summary = "Keep the codes of matrices that were quantized when they were exported";
  let description = [{
    Expects raised entries. A matrix of an `edgelm.linear`, and a table of `edgelm.embed`, that is an `edgelm.dequantize` or
    `edgelm.dequantize_blocks` of weights becomes an `edgelm.coded_weight`: of the smallest number format that has each of its codes and
    scales as they are, or, where none does, of f32, with a remark. No weight is rounded.

    Refuses codes, scales and zero points that do not fit each other.
  }];
  let statistics = [Statistic<"numAdopted", "num-adopted", "Matrices whose codes are kept">,
                    Statistic<"numWidened", "num-widened", "Matrices that become f32">];
}

def AssignFormats : Pass<"edgelm-assign-formats", "mlir::ModuleOp"> {
  let summary = "Give each trained matrix a number format";
  let description = [{
    Expects raised entries. Afterwards every matrix that an `edgelm.linear` multiplies by, and every table of `edgelm.embed`, goes
    through `edgelm.quantize_weight` where one of the options gives it a format other than the type it is stored in. From general to
    specific: `format` for all of them; `embedding` for tables and `head` for the matrix that makes the logits (one that is both
    has the head's); `map`, a list of REGEX=FORMAT, for those whose own name or whose node's name the POSIX extended expression
    finds, the last match counting.

    Refuses unknown formats, expressions that are invalid or find nothing, a format whose group is longer than the matrix has columns,
    one in which the matrix takes more bytes than as it is stored, and, without `requantize`, another format for a matrix that was quantized
    when it was exported.
  }];
  let options = [Option<"format", "format", "std::string", "", "Format of every matrix; empty: as stored">,
                 ListOption<"map", "map", "std::string", "REGEX=FORMAT for matrices by name">,
                 Option<"embedding", "embedding", "std::string", "", "Format of embedding tables">,
                 Option<"head", "head", "std::string", "", "Format of the matrix that makes the logits">,
                 Option<"requantize", "requantize", "bool", /*default=*/"false", "Quantize what is quantized already">,
                 Option<"panel", "panel", "int64_t", "32", "Output columns of a panel; a property of the ISA">];
  let statistics = [Statistic<"numAssigned", "num-assigned", "Matrices that have a format">];
}

def ShareTables : Pass<"edgelm-share-tables", "mlir::ModuleOp"> {
  let summary = "Use the embedding table where the logits come from a copy of it";
  let description = [{
    Exporters write a head that is tied to the embedding as a second, transposed matrix. Where a linear's matrix has the numbers of an
    embedding table, bit for bit, stored the same way round or transposed, the linear reads the table instead, and a product holds it once.
  }];
  let statistics = [Statistic<"numShared", "num-shared", "Matrices that are an embedding table">];
}

def QuantizeWeights : Pass<"edgelm-quantize-weights", "mlir::ModuleOp"> {
  let summary = "Read every matrix that has a format, and measure what the format changes";
  let description = [{
    Afterwards every `edgelm.quantize_weight` has the relative error of its matrix; each matrix was read once, a few rows at a time. The
    codes are not kept: whoever writes the product makes them, and measures the same error on the way. So a compile that goes on to the
    product does not `measure` here.

    Refuses matrices that are computed at run time; where it measures, also elements that are NaN or infinite, or larger than the format
    holds.
  }];
  let options = [Option<"measure", "measure", "bool", /*default=*/"true", "Read the matrices">];
  let statistics = [Statistic<"numRead", "num-read", "Matrices read">];
}

def QuantizeActivations : Pass<"edgelm-quantize-activations", "mlir::ModuleOp"> {
  let summary = "Quantize what linears of a number format read";
  let description = [{
    Afterwards the input of a linear whose weights have a number format comes from an `edgelm.quantize_rows` with the format's group of
    activations, one for all linears that read the same value. An input that the export itself quantizes, with `edgelm.dequantize`, stays f32: it
    would be rounded twice. With `paired` the rows are, where the format can read such rows.
  }];
  let options = [Option<"paired", "paired", "bool", /*default=*/"false",
                        "Pair the codes of activations; a property of the ISA">];
  let statistics = [Statistic<"numQuantized", "num-quantized", "Values that are quantized">];
}

def FuseNormQuantize : Pass<"edgelm-fuse-norm-quantize", "mlir::ModuleOp"> {
  let summary = "Let norms write quantized activations";
  let description = [{
    A norm that is read by one `edgelm.quantize_rows` and nobody else has the result of that operation, which is gone.
  }];
  let statistics = [Statistic<"numFused", "num-fused", "Norms that quantize">];
}

def SplitAttention : Pass<"edgelm-split-attention", "mlir::ModuleOp"> {
  let summary = "Let threads share the keys of attention";
  let description = [{
    Where the heads of `edgelm.cached_attention` are not a multiple of `threads` and the context is long, the softmax is summed over
    spans of `span` positions, which are merged in ascending order: the attribute `edgelm.span` says so in every entry, so that a row has the same
    bits in each. Where an entry has one row, `edgelm.scratch_bytes` asks for memory of one record for each head and span, and threads share
    the spans rather than the heads.
  }];
  let options = [Option<"span", "span", "int64_t", "256", "Positions of a span; a multiple of every vector's lanes">,
                 Option<"threads", "threads", "int64_t", "8", "Heads that this divides are shared evenly already">,
                 Option<"minContext", "min-context", "int64_t", "1024", "Shorter contexts are left alone">];
  let statistics = [Statistic<"numSplit", "num-split", "Attentions whose spans threads share">];
}

def FuseProjections : Pass<"edgelm-fuse-projections", "mlir::ModuleOp"> {
  let summary = "Merge linears that read one token's activations";
  let description = [{
    Expects the incremental form. Where an entry computes one row, linears of one input (queries, keys and values) become one, whose result is cut by
    `edgelm.slice`: one launch in place of three, and the slices are names only. Merged are linears without
    epilogue and of one number format whose features fill whole panels, so that entries of many tokens, which stay as they are, read the parts
    from the same place in the product.
  }];
  let options = [Option<"panel", "panel", "int64_t", "32", "Output columns of a panel; a property of the ISA">];
  let statistics = [Statistic<"numMerged", "num-merged", "Linears merged into another">];
}

def FuseEpilogues : Pass<"edgelm-fuse-epilogues", "mlir::ModuleOp"> {
  let summary = "Let linears apply activations, gates and residuals";
  let description = [{
    Afterwards an activation of a linear's result, a gated unit of two linears of one input and the addition of a residual belong to the linear when nobody else reads
    what it computed: `edgelm.linear` has the order activation, gate, residual.

    Leaves alone: activations with parameters, gated units with biases.
  }];
  let statistics = [Statistic<"numFused", "num-fused", "Operations that became an epilogue">];
}

def PackWeights : Pass<"edgelm-pack-weights", "mlir::ModuleOp"> {
  let summary = "Give every weight its layout and its place in the product";
  let description = [{
    Expects entries in which each weight is an `edgelm.weight` or `edgelm.constant`, possibly behind a float `cast`, a matrix
    `transpose` or a `reshape`. Afterwards each is an `edgelm.packed_weight` (docs/plan.md section 5): the weights of a
    linear are one matrix in panels, everything else is row-major; what several operations or entries read is stored
    once, in the order of first use. Constants of one value stay. No byte is read here: the product's writer does that. The module gets
    `edgelm.weight_bytes`.

    Refuses a linear whose matrix is computed at run time.
  }];
  let options = [Option<"panel", "panel", "int64_t", "32", "Output columns of a panel; a property of the ISA">,
                 Option<"columnsApart", "columns-apart", "bool", "false",
                        "Codes of one column of K lie side by side rather than those of four columns of a row; a property of the ISA">,
                 Option<"paired", "paired", "bool", /*default=*/"false",
                        "Pair the codes of matrices of 8 bits; a property of the ISA">];
  let statistics = [Statistic<"numPacked", "num-packed", "Places in the product">,
                    Statistic<"numShared", "num-shared", "Weights found at a place that exists already">];
}

def PlanMemory : Pass<"edgelm-plan-memory", "mlir::ModuleOp"> {
  let summary = "Give every buffer a fixed offset in one arena";
  let description = [{
    Expects packed entries with static shapes. Afterwards operations, arguments and results carry `edgelm.offset`
    (docs/plan.md section 5) and the module `edgelm.arena_bytes` and `edgelm.regions`, the offset and size of what lies there besides
    tensors. Buffers that outlive a call come first: session, regions, tokens and inputs, caches, outputs. Behind
    them all entries share one area, in which each entry's buffers are placed largest first, at the best fitting gap among those that live at the same time.
    Renaming operations share their operand's buffer, elementwise ones reuse an operand that dies there, and with `one-thread` rows of int8
    do that with their rows of f32, which lie further up by a row of int8 and what all of them are longer.

    Refuses dynamic shapes.
  }];
  let options = [Option<"sessionBytes", "session-bytes", "int64_t", "0", "Bytes of the runtime's session at offset 0">,
                 Option<"samplerBytes", "sampler-bytes", "int64_t", "0", "Bytes of the sampler's buffer">,
                 Option<"tokenizerBytes", "tokenizer-bytes", "int64_t", "0", "Bytes of the tokenizer's scratch">,
                 Option<"textBytes", "text-bytes", "int64_t", "0", "Bytes of the buffer of decoded text">,
                 Option<"oneThread", "one-thread", "bool", "false", "Kernels run on one thread, rows in ascending order">];
  let statistics = [Statistic<"numBuffers", "num-buffers", "Buffers placed">,
                    Statistic<"numReused", "num-reused", "Results that took over a dying operand's buffer">];
}

#endif // EDGELM_PASSES_TD
