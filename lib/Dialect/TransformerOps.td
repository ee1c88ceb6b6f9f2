// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transformer operations: what is left after raising; each becomes one kernel launch.
#ifndef EDGELM_TRANSFORMER_OPS_TD
#define EDGELM_TRANSFORMER_OPS_TD

include "Dialect/EdgeLMBase.td"

def EdgeLM_EmbedOp : EdgeLM_Op<"embed"> {
  let summary = "Rows of an embedding table by token id";
  let description = [{
    `result[..., s, :] = table[tokens[..., s], :]` as f32; an id outside the table is the caller's error and reads row 0.
    `tokens` is `[S]` or `[1, S]`, `table` `[V, D]`, of floats or of a number format, whose groups lie along D.
  }];
  let arguments = (ins EdgeLM_Tensor:$tokens, EdgeLM_WeightTensor:$table);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_MaskOp : EdgeLM_Op<"mask"> {
  let summary = "Attention mask that classification recognised";
  let description = [{
    Stands for a constant (or, with `key_mask`, computed) mask until attention is raised: i1 (true = visible) or additive
    float (0 or very negative, plus the ALiBi term) whose last two dimensions are queries and keys. `key_mask` (`[1, S]`, nonzero = a real token) hides padded keys.
  }];
  let arguments = (ins Optional<EdgeLM_Tensor>:$key_mask, EdgeLM_MaskAttr:$mask);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "($key_mask^)? $mask attr-dict `:` functional-type(operands, results)";
}

def EdgeLM_PositionRowsOp : EdgeLM_Op<"position_rows"> {
  let summary = "Rows of a table by token position";
  let description = [{
    `table` is `[context, ...]`. The result has its token dimension at `axis`; its slice at token s holds, in row-major order,
    the elements of `table[pos + s]`. Without `pos` positions start at 0.
  }];
  let arguments = (ins EdgeLM_Tensor:$table, Optional<EdgeLM_Tensor>:$pos, I64Attr:$axis);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "$table (`at` $pos^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_RmsNormOp : EdgeLM_InferringOp<"rms_norm"> {
  let summary = "Root mean square normalisation over the last dimension";
  let description = [{
    `result = input / sqrt(mean(input^2) + epsilon) * weight` (Zhang and Sennrich 2019), computed in f32; `weight` is `[D]`.
    A result of `!edgelm.int8_rows` is quantized as by `edgelm.quantize_rows`.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$weight, F64Attr:$epsilon);
  let results = (outs EdgeLM_ActivationTensor:$result);
  let assemblyFormat = "$input `,` $weight attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_LayerNormOp : EdgeLM_InferringOp<"layer_norm"> {
  let summary = "Layer normalisation over the last dimension";
  let description = [{
    `result = (input - mean) / sqrt(variance + epsilon) * weight + bias` (ONNX LayerNormalization), computed in f32; `weight` and `bias` are `[D]`.
    A result of `!edgelm.int8_rows` is quantized as by `edgelm.quantize_rows`.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$weight, Optional<EdgeLM_Tensor>:$bias, F64Attr:$epsilon);
  let results = (outs EdgeLM_ActivationTensor:$result);
  let assemblyFormat = "$input `,` $weight (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_RopeOp : EdgeLM_Op<"rope"> {
  let summary = "Rotary position embedding";
  let description = [{
    Su et al. 2021. `input` is `[S, heads, headDim]`; `cos` and `sin` are `[context, R/2]`, rows by position. With p the
    position of a token (`pos` + its row; without `pos` its row), for pair i < R/2:
    ```
    (a, b) = interleaved ? (2i, 2i + 1) : (i, i + R/2)
    result[a] = input[a] * cos[p, i] - input[b] * sin[p, i]
    result[b] = input[b] * cos[p, i] + input[a] * sin[p, i]
    ```
    Elements R and above pass unchanged. f32.

    Constraints:
    * (C1) `R = 2 * dim(cos, 1) <= headDim`, `cos` and `sin` have one type.
  }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$cos, EdgeLM_Tensor:$sin, Optional<EdgeLM_Tensor>:$pos,
      UnitAttr:$interleaved);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "$input `,` $cos `,` $sin (`at` $pos^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_AttentionOp : EdgeLM_Op<"attention"> {
  let summary = "Scaled dot-product attention over a whole sequence";
  let description = [{
    `query` is `[S, H, D]`, `key` `[L, G, D]`, `value` `[L, G, E]` with H a multiple of G: query head h reads key head
    `h / (H / G)`. `softmax(scale * q · k + mask)` in f32, times the values: `[S, H, E]`. With a `softcap` c (Gemma 2, section 2) the score
    s in front of the mask becomes `c * tanh(s / c)`. `key_mask` (`[1, L]` or `[L]`, nonzero
    = a real token) hides padded keys; a query all of whose keys are hidden gives the mean of the values, as a very negative finite mask does.

    Constraints:
    * (C1) H is a multiple of G.
    * (C2) head and key dimensions agree.
    * (C3) `softcap` is a positive number.
  }];
  let arguments = (ins EdgeLM_Tensor:$query, EdgeLM_Tensor:$key, EdgeLM_Tensor:$value, Optional<EdgeLM_Tensor>:$key_mask,
      F64Attr:$scale, EdgeLM_MaskAttr:$mask, OptionalAttr<F64Attr>:$softcap);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = [{$query `,` $key `,` $value (`masked_by` $key_mask^)? `,` $mask attr-dict
    `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_CacheAppendOp : EdgeLM_Op<"cache_append"> {
  let summary = "Write new rows into a key or value cache";
  let description = [{
    `cache` is `[G, context, D]`, `rows` `[T, G, D]`: the result is `cache` with `result[g, pos + t, :] = rows[t, g, :]` for t < n.
    Rows are rounded to the cache's element type, half to even, or quantized to `!edgelm.int8_cache`.
    `pos` and `n` are i32 scalars, `pos + n <= context`. The memory plan makes result and operand one buffer.
  }];
  let arguments = (ins EdgeLM_CacheTensor:$cache, EdgeLM_Tensor:$rows, EdgeLM_Tensor:$pos, EdgeLM_Tensor:$n);
  let results = (outs EdgeLM_CacheTensor:$result);
  let assemblyFormat = "$cache `,` $rows `at` $pos `count` $n attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_CachedAttentionOp : EdgeLM_Op<"cached_attention"> {
  let summary = "Attention of new tokens over the cache";
  let description = [{
    `query` is `[T, H, D]`, the caches `[G, context, D]` and `[G, context, E]`. Row t < n stands at position `pos + t` and sees the
    keys at j <= pos + t that `mask` lets it see (`bidirectional` does not occur here). Otherwise as `edgelm.attention`. Rows t >= n are undefined.
  }];
  let arguments = (ins EdgeLM_Tensor:$query, EdgeLM_CacheTensor:$key_cache, EdgeLM_CacheTensor:$value_cache, EdgeLM_Tensor:$pos,
      EdgeLM_Tensor:$n, F64Attr:$scale, EdgeLM_MaskAttr:$mask, OptionalAttr<F64Attr>:$softcap);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = [{$query `,` $key_cache `,` $value_cache `at` $pos `count` $n `,` $mask attr-dict
    `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_LinearOp : EdgeLM_Op<"linear", [AttrSizedOperandSegments]> {
  let summary = "Activations times trained matrices, with epilogue";
  let description = [{
    ```
    y      = input · Wᵀ + bias       for every (W, bias); several are concatenated along the last dimension
    y      = activation(y)           when given, a row of the scalar function table
    y      = activation(y0) * y1     with `glu`: exactly two weights, gate first, of equal shape
    result = y + residual            when given
    ```
    `input` is `[..., K]`, f32; a weight is `[N, K]`, or `[K, N]` where its entry of `transposed` is true. Accumulation in f32, k ascending,
    one fused multiply-add a step; f16 and bf16 weights are widened exactly. There are either no biases or one for each weight.

    Weights may be of a number format, with groups along K; then `input` may also be `!edgelm.int8_rows`, and products of integers
    are summed exactly. docs/quantization.md has the order of the sums.

    Constraints:
    * (C1) every weight's K is the last dimension of `input`.
    * (C2) the number of biases is zero or that of the weights; likewise entries of `transposed`.
    * (C3) with `glu` there are two weights of one shape.
    * (C4) the result's last dimension is the sum of the weights' N (with `glu`, one N), the others are those of `input`.
    * (C5) weights are all of one number format, or none is.
    * (C6) an `input` of `!edgelm.int8_rows` has the group of the weights' format: 0 where one scale serves a whole sum; it has zero points where the format has the sums of its rows.
    * (C7) with such an input K is at most 131,072, with zero points 65,536, so that sums of products fit 32 bits.
  }];
  let arguments = (ins EdgeLM_ActivationTensor:$input, Variadic<EdgeLM_WeightTensor>:$weights, Variadic<EdgeLM_Tensor>:$biases,
      Optional<EdgeLM_Tensor>:$residual, DenseBoolArrayAttr:$transposed, OptionalAttr<StrAttr>:$activation, UnitAttr:$glu);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = [{$input `weights` `(` $weights `)` (`biases` `(` $biases^ `)`)? (`residual` `(` $residual^ `)`)? attr-dict
    `:` functional-type(operands, results)}];
  let hasVerifier = 1;
}

def EdgeLM_CodedWeightOp : EdgeLM_Op<"coded_weight"> {
  let summary = "Trained matrix that was quantized when it was exported";
  let description = [{
    The matrix W[N, K] of `source`. A result of `!edgelm.q` has the codes and scales of the source, none of them rounded; one of f32
    has the products of both.

    Constraints:
    * (C1) `source` has codes, scales and perhaps zero points, and a type for each.
    * (C2) the result is a matrix of f32 or of a number format.
  }];
  let arguments = (ins EdgeLM_CodesAttr:$source);
  let results = (outs EdgeLM_WeightTensor:$result);
  let assemblyFormat = "$source attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def EdgeLM_QuantizeWeightOp : EdgeLM_Op<"quantize_weight"> {
  let summary = "Trained matrix in a number format";
  let description = [{
    The result has the elements of `weight`, rounded to the nearest numbers that the format of its type can hold: `!edgelm.q`, in groups along
    `axis`, or a float type. `relative_error`, where known, is `‖weight - result‖ / ‖weight‖`.

    Constraints:
    * (C1) `weight` is a matrix of floats.
    * (C2) the result has its shape.
    * (C3) `axis` is 0 or 1.
  }];
  let arguments = (ins EdgeLM_Tensor:$weight, I64Attr:$axis, OptionalAttr<F64Attr>:$relative_error);
  let results = (outs EdgeLM_WeightTensor:$result);
  let assemblyFormat = "$weight `along` $axis (`error` $relative_error^)? attr-dict `:` type($weight) `to` type($result)";
  let hasVerifier = 1;
}

def EdgeLM_QuantizeRowsOp : EdgeLM_Op<"quantize_rows"> {
  let summary = "Activations in int8, with scales chosen for each row";
  let description = [{
    For each group of columns of each row, with the largest magnitude a: scale = a / 127, code = x * (127 / a) rounded half to even.
    Where rows have zero points, scale, zero point and codes (less 128) are those of ONNX DynamicQuantizeLinear for each row alone.

    Constraints:
    * (C1) `input` is f32.
    * (C2) the result has its shape and elements of `!edgelm.int8_rows`.
  }];
  let arguments = (ins EdgeLM_Tensor:$input);
  let results = (outs EdgeLM_ActivationTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `to` type($result)";
  let hasVerifier = 1;
}

def EdgeLM_GluOp : EdgeLM_Op<"glu"> {
  let summary = "Gated linear unit: an activated gate times the other branch";
  let description = [{ `result = fn(gate) * up` (Shazeer 2020); `fn` is a row of the scalar function table. }];
  let arguments = (ins StrAttr:$fn, EdgeLM_Tensor:$gate, EdgeLM_Tensor:$up);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "$fn $gate `,` $up attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def EdgeLM_SelectRowOp : EdgeLM_Op<"select_row"> {
  let summary = "One row by index";
  let description = [{ `input` is `[T, D]`, `n` an i32 scalar: the result `[1, D]` is row `n - 1`, the last valid one. }];
  let arguments = (ins EdgeLM_Tensor:$input, EdgeLM_Tensor:$n);
  let results = (outs EdgeLM_Tensor:$result);
  let assemblyFormat = "$input `,` $n attr-dict `:` functional-type(operands, results)";
}

def EdgeLM_PackedWeightOp : EdgeLM_Op<"packed_weight"> {
  let summary = "Weight at its place and in its layout in the product";
  let description = [{
    Stands for the concatenation along dimension 0 of `sources`, each an `#edgelm.weight`, an elements attribute or `#edgelm.codes`, a matrix
    whose entry of `transposed` is true being `[K, N]` in its source. The elements, of the types `stored_as` or else of the result's, are
    converted to the result's element type and lie at byte `offset` of the product's weights: with `panel` 0 in row-major order, else `[N, K]` as `[ceil(N / panel)][K][panel]`,
    zero padded. A result of `!edgelm.q` lies as `PackedLayout` says, perhaps with `columns_apart` or `paired`; it has the codes of a source that is stored as this type, and is quantized from
    the f32 values of any other, in groups along K.

    Constraints:
    * (C1) `sources`, `transposed` and, when given, `stored_as` have one length, at least 1.
    * (C2) with a `panel`, or where an entry of `transposed` is true, the result is a matrix.
    * (C3) `offset` is a multiple of 64.
    * (C4) a result of `!edgelm.q` has a `panel` and `stored_as`; no other has `columns_apart`.
    * (C5) what is `paired` has codes of 8 bits without row sums.
  }];
  let arguments = (ins ArrayAttr:$sources, DenseBoolArrayAttr:$transposed, I64Attr:$panel, I64Attr:$offset,
      OptionalAttr<TypeArrayAttr>:$stored_as, UnitAttr:$columns_apart, UnitAttr:$paired);
  let results = (outs EdgeLM_StoredTensor:$result);
  let assemblyFormat = "$sources (`stored_as` $stored_as^)? `panel` $panel (`columns_apart` $columns_apart^)? (`paired` $paired^)? `at` $offset attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif // EDGELM_TRANSFORMER_OPS_TD
