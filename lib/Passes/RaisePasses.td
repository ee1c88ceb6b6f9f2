// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of the phases raise and incremental, in their order.
#ifndef EDGELM_RAISE_PASSES_TD
#define EDGELM_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

def WidenActivations : Pass<"edgelm-widen-activations", "mlir::ModuleOp"> {
  let summary = "Compute in f32 what the export computes in f16 or bf16";
  let description = [{
    Expects any algebra. Afterwards no value that depends on an input is narrower than f32, conversions between float types of such
    values are gone, and weights have the type they came in: an operation reads them as they are where it may (`linear`,
    `embed`, `dequantize`), else through a `cast` to f32. Results differ from the export's by its own rounding.
  }];
  let statistics = [Statistic<"numCastsDropped", "num-casts-dropped", "Conversions that became superfluous">];
}

def RaiseNorm : Pass<"edgelm-raise-norm", "mlir::ModuleOp"> {
  let summary = "Raise normalisation arithmetic to rms_norm and layer_norm";
  let description = [{
    Expects folded constants. Afterwards `x / sqrt(mean(square(x)) + epsilon)` over the last dimension, in any order of
    operands and written with `pow`, `mul`, `sqrt`, `rsqrt`, `reciprocal`, `div`, `sum` or `mean`, is `edgelm.rms_norm`; when x is `u - mean(u)`, it is `edgelm.layer_norm` of
    u. A trained vector multiplied to it is its weight, one added to a layer normalisation its bias; without a weight it is ones.

    Leaves alone: normalisation over other dimensions, or computed in another type than its input's.
  }];
}

def RaiseActivation : Pass<"edgelm-raise-activation", "mlir::ModuleOp"> {
  let summary = "Recognise activation functions by their values";
  let description = [{
    Expects folded constants. A tree of elementwise operations on one value and numbers is a function of one
    variable: it is evaluated at 42 points between -30 and 28 and compared with the activations of the scalar function table. Where all
    differences are below 2e-4 (relative above 1) it becomes `edgelm.unary` of that row; of several possible arguments the farthest is taken. So it
    does not matter how an exporter writes gelu.

    Leaves alone: functions that are not in the table, and those with parameters other than the table's defaults.
  }];
  let statistics = [Statistic<"numRaised", "num-raised", "Functions recognised">];
}

def RaiseGlu : Pass<"edgelm-raise-glu", "mlir::ModuleOp"> {
  let summary = "Raise an activation times another value to glu";
  let description = [{
    Expects raised activations. Afterwards a product of an activation, which has no other use, and a value of the same shape
    is `edgelm.glu`.
  }];
}

def RaiseEmbed : Pass<"edgelm-raise-embed", "mlir::ModuleOp"> {
  let summary = "Raise rows of a trained table to embed";
  let description = [{
    Expects batch 1. Afterwards a `gather` of rows of a trained matrix by computed ids is `edgelm.embed`, which reads the ids before
    any integer conversion. The dequantization of gathered codes with one scale becomes that of the table.
  }];
}

def RaiseLinear : Pass<"edgelm-raise-linear", "mlir::ModuleOp"> {
  let summary = "Raise products with a trained matrix to linear";
  let description = [{
    Expects f32 activations. Afterwards a `matmul` whose right operand is a matrix computed from weights alone is `edgelm.linear`
    with `transposed` telling how the matrix is stored, seen through transposes and float conversions; a trained vector or number that is added to it,
    also behind a reshape that keeps the features, is its bias.
  }];
}

def RaiseRope : Pass<"edgelm-raise-rope", "mlir::ModuleOp"> {
  let summary = "Recognise rotary position embeddings by following elements";
  let description = [{
    Expects position tables as `edgelm.position_rows` of constants or weights. Follows each element of a sum or concatenation to its single source
    through everything that moves elements and through products with the tables: where each head's elements either pass or are turned in pairs
    by the position of their token, the value becomes `edgelm.rope` on `[S, heads, headDim]`, interleaved or by halves, whole or partial. Its tables are the
    columns of the original ones over the full context; equal tables are one constant.

    Leaves alone: other pairings, orders of elements that change.
  }];
  let statistics = [Statistic<"numRaised", "num-raised", "Rotations recognised">];
}

def RaiseAttention : Pass<"edgelm-raise-attention", "mlir::ModuleOp"> {
  let summary = "Raise scaled and masked dot products to attention";
  let description = [{
    Expects classified masks. Reads from each softmax towards the product of queries and keys (scales, additive and selecting masks, conversions, views, lower bounds)
    and forward to the product with the values. Where queries, keys and values lie in their sources is found by following elements, so that
    splits of fused projections, transposes and repeated heads need no patterns: heads that read the same keys are grouped. Afterwards it is
    `edgelm.attention` on `[S, heads, headDim]`, and moves that change no order are single reshapes.

    Says in a remark why a softmax stays.
  }];
  let statistics = [Statistic<"numRaised", "num-raised", "Attentions raised">];
}

def AddCache : Pass<"edgelm-add-cache", "mlir::ModuleOp"> {
  let summary = "Make entry points over a key/value state";
  let description = [{
    Expects a raised `@main` on S tokens of one sequence. Afterwards it, `@probe` and `@context` are gone.

    A decoder (causal attention, or past or present arguments) becomes `@decode` for one token, `@prefill` for `prefill-chunk` tokens
    with the logits of token n - 1, and `@score` with all logits, or alone where the chunk is one token; docs/plan.md section 3 shows their form. Every operation but attention is copied from S to T tokens by a rule that knows where
    its tokens are and that it acts on each alone; attention reads a cache to which the new keys and values are appended. In `@prefill` everything behind the last attention works on
    the selected row. A dynamic quantization of the whole sequence becomes one of each token, which a remark says. An `attention_mask` of
    a causal attention goes: one sequence has no padding.

    The caches hold `kv`: f32, f16 or int8 (`!edgelm.int8_cache`), to which keys and values are rounded when they are appended.

    Tokens with bidirectional attention become `@encode` on `[context, features]`; operations that mix tokens stay as they are there. A model without
    tokens becomes `@invoke`.

    Refuses, by name: an operation of a decoder that mixes tokens (a sum over them, pooling), a mask that no attention has taken up, constants that differ between tokens
    and follow no position table, other inputs of a decoder.
  }];
  let options = [Option<"prefillChunk", "prefill-chunk", "int64_t", "16", "Tokens of @prefill and @score">,
                 Option<"context", "context", "int64_t", "0", "Rows of the caches, tokens of an encoder; 0: as the position tables have">,
                 Option<"kv", "kv", "std::string", "\"f32\"", "Element type of the caches: f32, f16 or int8">];
}

#endif // EDGELM_RAISE_PASSES_TD
